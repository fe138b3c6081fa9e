# SPDX-License-Identifier: GPL-2.0-only
"""The results as a picture: one bar for each ratio, on a logarithmic scale around 1, the reference."""

import html
import math

LEFT, WIDTH, ROW, TOP = 190, 520, 34, 70
COLOURS = {"more": "#2a7f62", "less": "#3b6ea5"}


def draw(results, caption):
    """An SVG of the list of results."""
    reach = max([1.0] + [abs(math.log10(one["ratio"])) for one in results if one["ratio"] > 0])
    reach = math.ceil(reach)
    middle = LEFT + WIDTH / 2

    def x(ratio):
        return middle + math.log10(ratio) / reach * WIDTH / 2
    height = TOP + ROW * len(results) + 50
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" font-family="sans-serif" font-size="13">'
           % (LEFT + WIDTH + 200, height),
           '<rect width="100%" height="100%" fill="white"/>',
           '<text x="16" y="28" font-size="17">openMosix beside its references</text>',
           '<text x="16" y="48" fill="#666">%s</text>' % html.escape(caption)]
    for power in range(-reach, reach + 1):
        at = x(10.0 ** power)
        out.append('<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="%s"/>' % (
            at, at, TOP, height - 40, "#000" if power == 0 else "#ddd"))
        out.append('<text x="%.1f" y="%d" text-anchor="middle" fill="#666">%s</text>' % (
            at, height - 22, "1 = reference" if power == 0 else "%g" % 10.0 ** power))
    for row, one in enumerate(results):
        y = TOP + ROW * row + 8
        better = "more" if one["unit"].endswith("/s") else "less"
        if one["ratio"] > 0:
            left, right = sorted((middle, x(one["ratio"])))
            out.append('<rect x="%.1f" y="%d" width="%.1f" height="%d" fill="%s"/>' % (
                left, y, max(right - left, 2), ROW - 16, COLOURS[better]))
        out.append('<text x="%d" y="%d" text-anchor="end">%s</text>' % (LEFT - 10, y + 14, html.escape(one["name"])))
        out.append('<text x="%d" y="%d">%s : %s %s (%s is better)</text>' % (
            LEFT + WIDTH + 8, y + 14, short(one["value"]), short(one["reference"]), html.escape(one["unit"]), better))
    out.append("</svg>\n")
    return "\n".join(out)


def short(value):
    """Three digits are enough."""
    return "%.3g" % value if abs(value) < 1000 else "%.0f" % value
