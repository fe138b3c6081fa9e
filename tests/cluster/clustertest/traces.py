# SPDX-License-Identifier: GPL-2.0-only
"""Tracepoints tell the same as the files: what was decided, who moved, who is there, and what nodes tell each other."""

import contextlib
import re

from .balance import balanced, burning, places, why
from .failed import expect
from .members import SOON, about, switched
from .patience import until
from .scenario import single

TRACING = "/sys/kernel/tracing/"
EVENTS = TRACING + "events/openmosix/"
LINE = re.compile(r"(openmosix_\w+): (.*)$")


@contextlib.contextmanager
def traced(node):
    """All events of openMosix are written down; afterwards none."""
    node.shell("mountpoint -q %s || mount -t tracefs tracefs %s" % (TRACING, TRACING))
    try:
        node.shell(": > %strace" % TRACING)
        node.write(EVENTS + "enable", "1")
        yield
    finally:
        node.write(EVENTS + "enable", "0")


def events(node, name):
    """What was written down of an event, oldest first."""
    found = map(LINE.search, node.read(TRACING + "trace").splitlines())
    return [match.group(2) for match in found if match and match.group(1) == name]


def traces(cluster):
    """Every decision, move, change of nodes and message of gossip is traced as it is told elsewhere."""
    home = cluster[1]
    with traced(home):
        with balanced(cluster), burning(home, 3) as jobs:
            at = {}

            def one_each():
                at.clear()
                at.update(zip(places(jobs), jobs))
                return set(at) == {"0", "2", "3"}
            until(lambda: sorted(at), one_each)
            moved = at["2"]
            moved.node.write("/proc/%d/goto" % moved.pid, "3")
            home.until("/proc/%d/where" % moved.pid, "^3$", 60)
            pages = re.search(r"(?m)^pages: *(\d+)", moved.proc("migration")).group(1)
            last = "pid=%d from=2 to=3 pages=%s" % (moved.pid, pages)
            until(lambda: "not %r: %s" % (last, of(home, "openmosix_move", moved)),
                  lambda: last in of(home, "openmosix_move", moved)[-1:])
            for job in jobs:
                # Meanwhile something may be decided: they agree at some time.
                until(lambda j=job: (decided(j), of(home, "openmosix_decide", j)), lambda j=job: agree(home, j))
        said = {text.partition(" bytes=")[0] for text in events(home, "openmosix_gossip") if text.endswith(" sent")}
        heard = {text.partition(" bytes=")[0] for text in events(home, "openmosix_gossip") if text.endswith(" heard")}
        expect("nodes that were told something, and that told something", [{"node=2", "node=3"}] * 2, [said, heard], 1)
        cluster.cut(3)
        try:
            home.until(about(3, "status"), r"^1$", SOON)
            until(lambda: events(home, "openmosix_member"), lambda: "node=3 gone" in events(home, "openmosix_member"))
        finally:
            cluster.heal(3)
        cluster.whole()
        until(lambda: events(home, "openmosix_member"), lambda: "node=3 joined" in events(home, "openmosix_member"))


def guests(cluster):
    """A node traces whom it lets in, whom it refuses, and who has to leave."""
    home, there = cluster[1], cluster[2]
    with traced(there), burning(home, 1) as (job,):
        def told(what):
            until(lambda: events(there, "openmosix_guest"),
                  lambda: "node=1 pid=%d %s" % (job.pid, what) in events(there, "openmosix_guest"))
        with switched(there, block=1):
            home.write("/proc/%d/goto" % job.pid, "2")
            told("refused why=takes no guests")
        home.until("/proc/%d/migration" % job.pid, r"(?s)result: *failed", 60)
        job.move(2)
        told("accepted why=ordered")
        # That it is expelled blocks it, too.
        with switched(there, block=0, expel=1):
            told("pushed why=expel")
            home.until("/proc/%d/where" % job.pid, "^[03]$", 60)


def of(home, name, job):
    """The events of a process."""
    return [text for text in events(home, name) if text.startswith("pid=%d " % job.pid)]


def decided(job):
    """What was decided for a process, oldest first: from, to, why."""
    return [tuple(past[1:4]) for past in reversed(why(job)[1])]


def agree(home, job):
    """Whether its files and the events tell the same of a process."""
    told, seen = decided(job), [decision(text) for text in of(home, "openmosix_decide", job)]
    return told == seen[-len(told):] and int(job.proc("nmigs")) == len(of(home, "openmosix_move", job))


def decision(text):
    """A traced decision, as why tells it: from, to, why."""
    _, start, to, reason = (part.partition("=")[2] for part in text.split(" "))
    return start, "-" if to == "0" else to, reason


def register():
    """One for those of processes and nodes, and one for those of guests."""
    single("balance/traces", traces, 3, alone=True)
    single("balance/guests", guests, 3)
