# SPDX-License-Identifier: GPL-2.0-only
"""The results as a picture: a bar for each ratio, on a logarithmic scale to both sides of 1, the reference."""

import html
import math

GROUPS = (
    ("A system call from another node", ("forwarded_",)),
    ("A move", ("freeze_", "image_")),
    ("Computing, and calls of who never moved", ("cpu_bound", "unmoved_call")),
    ("Many jobs of one node", ("makespan_", "idle_")),
    ("What balancing costs", ("balancer_", "gossip_")),
)
WIDTH, LEFT, RIGHT = 960, 210, 240      # of all, of the names, of the numbers
ROW, BAR, HEAD, TOP, BOTTOM = 22, 12, 34, 78, 64
BETTER, WORSE, OTHER = "#2f8f6b", "#d1783c", "#b4b4b4"
INK, FAINT, LINE = "#222", "#777", "#e4e4e4"
OTHERS = ("_at_home", "_in_turn")       # what is measured to compare with
KEY = ((0, BETTER, "as good as the reference, or better"), (270, WORSE, "not as good"), (390, OTHER, "without the balancer"))
TICKS = (1, 2, 5)


def more_is_better(one):
    """A rate of data: of all other figures less is better."""
    return one["unit"] == "MB/s"


def reach(results):
    """The ticks that all ratios lie between, 1 among them."""
    ratios = [1.0] + [one["ratio"] for one in results if one["ratio"] > 0]
    low, high = math.floor(math.log10(min(ratios + [0.5]))), math.ceil(math.log10(max(ratios + [2.0])))
    ticks = [tick * 10.0 ** power for power in range(low, high + 1) for tick in TICKS]
    first = max(tick for tick in ticks if tick <= min(ratios + [0.5]))
    last = min(tick for tick in ticks if tick >= max(ratios + [2.0]))
    return [tick for tick in ticks if first <= tick <= last]


def rows(results):
    """Headings, and below them their results: (text or result)."""
    left = list(results)
    for title, names in GROUPS:
        mine = [one for one in left if one["name"].startswith(names)]
        if mine:
            yield title
            yield from mine
        left = [one for one in left if one not in mine]
    yield from left


def text(x, y, words, colour=INK, anchor="start", extra=""):
    """A line of text."""
    return '<text x="%.1f" y="%.1f" fill="%s" text-anchor="%s"%s>%s</text>' % (
        x, y, colour, anchor, extra, html.escape(words))


def draw(results, caption):
    """An SVG of the list of results."""
    ticks = reach(results)
    span = math.log(ticks[-1] / ticks[0])

    def place(ratio):
        return LEFT + math.log(ratio / ticks[0]) / span * (WIDTH - LEFT - RIGHT)
    lines = list(rows(results))
    end = TOP + sum(HEAD if isinstance(line, str) else ROW for line in lines)
    out = ['<svg xmlns="http://www.w3.org/2000/svg" width="%d" height="%d" viewBox="0 0 %d %d" '
           'font-family="sans-serif" font-size="12.5">' % (WIDTH, end + BOTTOM, WIDTH, end + BOTTOM),
           '<rect width="100%" height="100%" fill="white"/>',
           text(16, 30, "openMosix beside its references", extra=' font-size="19"'),
           text(16, 51, caption, FAINT)]
    for tick in ticks:
        one = tick == 1
        out.append('<line x1="%.1f" x2="%.1f" y1="%d" y2="%d" stroke="%s" stroke-width="%s"/>' % (
            place(tick), place(tick), TOP, end + 6, INK if one else LINE, 1.5 if one else 1))
        out.append(text(place(tick), end + 22, "reference" if one else "%g ×" % tick, INK if one else FAINT, "middle"))
    y = TOP
    for line in lines:
        if isinstance(line, str):
            out.append(text(16, y + 24, line, extra=' font-weight="bold"'))
            y += HEAD
        else:
            out += bar(line, y, place)
            y += ROW
    key = end + 48
    for x, colour, words in KEY:
        out.append('<rect x="%d" y="%d" width="12" height="12" rx="2" fill="%s"/>' % (LEFT + x, key - 10, colour))
        out.append(text(LEFT + x + 18, key, words, FAINT))
    out.append("</svg>\n")
    return "\n".join(out)


def bar(one, y, place):
    """A result at a height."""
    ratio, middle = one["ratio"], y + ROW / 2 + 4
    out = [text(LEFT - 14, middle, one["name"], anchor="end"),
           text(WIDTH - RIGHT + 78, middle, "%s : %s %s" % (short(one["value"]), short(one["reference"]), one["unit"]),
                FAINT)]
    if ratio <= 0:
        return out
    good = ratio >= 0.995 if more_is_better(one) else ratio <= 1.005
    colour = OTHER if one["name"].endswith(OTHERS) else BETTER if good else WORSE
    left, right = sorted((place(1), place(ratio)))
    out.append('<rect x="%.1f" y="%.1f" width="%.1f" height="%d" rx="2" fill="%s"/>' % (
        left, y + (ROW - BAR) / 2, max(right - left, 3), BAR, colour))
    out.append(text(WIDTH - RIGHT + 66, middle, "%.2f ×" % ratio, anchor="end"))
    return out


def short(value):
    """Three digits are enough."""
    return "%.3g" % value if abs(value) < 1000 else "%.0f" % value
