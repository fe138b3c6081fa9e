# SPDX-License-Identifier: GPL-2.0-only
"""System calls: whatever a moved process asks, the answer is what it gets at home.

The programs are tests/probes/calls_*.c, tables of small cases that print a line for each call. On the route
`there` a case sends itself away again before each call; on `about` it is moved all the time, whatever it is doing.
"""

import difflib
import functools

from .failed import Failed, expect
from .kit import probe
from .scenario import add, unmoved

THEMES = {
    "faults": "faults of the program, and mappings of many kinds",
    "files": "files by their names, and who holds them",
    "io": "buffers, vectors, pipes, polling",
    "ipc": "semaphores, messages, segments, queues",
    "memory": "the address space",
    "limits": "the address space under limits",
    "net": "sockets and network interfaces",
    "processes": "who they are, what they may, whose children they are",
    "programs": "making processes, beginning programs, and what /proc says",
    "signals": "signals, and calls that wait for something",
    "terminals": "settings, lines made of bytes, sessions",
    "time": "clocks, sleeping, timers, time limits",
}

ABOUT = {"there": "called away", "about": "called while moving about"}
MOST = 60  # lines of a difference that are shown


def run(home, theme, *route):
    """What the program printed, line by line."""
    with home.start([probe("calls_" + theme), *route]) as process:
        result = process.finish(600)
    expect("stderr", "", result["err"]["text"], home.number, process.command)
    expect("exit status", 0, result["status"], home.number, process.command)
    expect("all of the output was kept", len(result["out"]["text"]), result["out"]["size"])
    return result["out"]["text"].splitlines()


def calls(theme, route, cluster):
    """A theme on a route."""
    home = cluster[1]
    reference = unmoved(cluster, ("calls", theme), lambda: run(home, theme))
    result = run(home, theme, route, "2")
    if result != reference:
        lines = list(difflib.unified_diff(reference, result, "unmoved", "moved", n=1, lineterm=""))
        raise Failed("\n".join(["answers differ:"] + lines[:MOST]), home.number, probe("calls_" + theme))


def register():
    """All themes on all routes."""
    for theme, what in THEMES.items():
        for route, about in ABOUT.items():
            add("calls/%s/%s" % (theme, route), "%s: %s" % (what, about), functools.partial(calls, theme, route))
