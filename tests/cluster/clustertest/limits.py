# SPDX-License-Identifier: GPL-2.0-only
"""A node carries no more than it should: above a limit processes leave, and nobody comes."""

import contextlib
import re

from .balance import IDLER, balanced, burning, places, vmstat, why
from .failed import Failed, expect
from .members import switched
from .patience import until
from .scenario import single

FAST = 20000     # the speed of node 2: a process is half the load there, and all of one in hundredths of a processor
KNOWN_MS = 8000
LOCKED = "echo 1 > /proc/$$/lock;"
ONLY = "echo %d > /proc/$$/mignodes; echo 1 > /proc/$$/migpolicy; echo 1 > /proc/$$/migfilter;"

# What makes one of two guests leave, beside a local process: load 150, 100 of it guests; the processor 200 of guests.
GUESTS = {
    "total": {"llimitmode": 0, "loadlimit": 120},
    "guests": {"llimitmode": 2, "loadlimit": 75},
    "cpu-guests": {"climitmode": 2, "cpulimit": 150},
    "number": {"maxguests": 1},
}
# What makes one of two local processes leave, and no guest.
LOCAL = {
    "local": {"llimitmode": 1, "loadlimit": 75},
    "cpu-local": {"climitmode": 1, "cpulimit": 150},
}
WATCH = """
import os, time
most = 0
print("watching", flush=True)
while not os.path.exists("/tmp/watched"):
    most = max(most, len(os.listdir("/proc/hpc/remote")))
    time.sleep(0.01)
print("most", most)
"""
# Leaves 260 MiB.
FULL = """
import mmap, re, signal
def available():
    return int(re.search(r"MemAvailable:\\s*(\\d+)", open("/proc/meminfo").read()).group(1)) << 10
held = mmap.mmap(-1, available() - (260 << 20))
for at in range(0, len(held), 4096):
    held[at] = 1
print("full", flush=True)
signal.pause()
"""
# Each has 50 MiB, of which node 2 has room for some.
LARGE = IDLER.replace("64 << 12", "40 << 12")


@contextlib.contextmanager
def crowd(cluster):
    """Node 2 is fast, node 1 is full: whoever may goes from node 1 to node 2, where there is a local process."""
    with contextlib.ExitStack() as ends_all:
        ends_all.enter_context(balanced(cluster, node2=FAST))
        ends_all.enter_context(burning(cluster[1], 3, LOCKED))
        ends_all.enter_context(burning(cluster[2], 1, LOCKED))
        yield


def comes(process, where):
    """Wait until the balancer has brought a process there."""
    until(lambda: process.proc("why"), lambda: process.where() == where)


def last_reason(process):
    """Why it made its last move."""
    return next((past[3] for past in why(process)[1] if past[4] == "moved"), None)


@contextlib.contextmanager
def case(name):
    """A failure tells which one it was."""
    try:
        yield
    except Failed as failure:
        failure.text = "%s: %s" % (name, failure.text)
        raise


def guests(cluster):
    """Above a limit of all processes or of guests, the guest that came last leaves."""
    home, node = cluster[1], cluster[2]
    with crowd(cluster), burning(home, 1, ONLY % 2) as (first,):
        comes(first, "2")
        for name, values in GUESTS.items():
            with case(name), burning(home, 1, ONLY % 2) as (last,):
                comes(last, "2")
                with switched(node, **values):
                    comes(last, "0")
                    expect("why it has left", "limit", last_reason(last), 1, last.command)
        expect("moves of the first one", "1", first.proc("nmigs"), 1, first.command)


def local(cluster):
    """Above a limit of local processes one of them leaves, and no guest."""
    home, node = cluster[1], cluster[2]
    with crowd(cluster), switched(node, balance="on"), burning(home, 1, ONLY % 2) as (guest,):
        comes(guest, "2")
        for name, values in LOCAL.items():
            with case(name), burning(node, 1, ONLY % 1) as (own,):
                until(lambda p=own: p.proc("why"), lambda p=own: "cost" in why(p)[0])
                expect("where it is without a limit", "0", own.where(), 2, own.command)
                with switched(node, **values):
                    comes(own, "1")
                    expect("why it has left", "limit", last_reason(own), 2, own.command)
        expect("moves of the guest", "1", guest.proc("nmigs"), 1, guest.command)


def door(cluster):
    """However many come at once, a node lets in no more than its limit allows; then nobody asks, and orders fail."""
    node, homes = cluster[2], (cluster[1], cluster[3])
    with contextlib.ExitStack() as ends_all:
        ends_all.enter_context(balanced(cluster))
        ends_all.enter_context(switched(cluster[3], balance="on"))
        ends_all.enter_context(switched(node, llimitmode=2, loadlimit=225))
        node.run(["rm", "-f", "/tmp/watched"])
        watch = ends_all.enter_context(node.start(["python3", "-c", WATCH]))
        watch.expect("^watching$")
        with switched(homes[0], lstay=1), switched(homes[1], lstay=1):
            jobs = [job for home in homes for job in ends_all.enter_context(burning(home, 4, ONLY % 2))]
            # Until it is known that they want all of a processor: what is promised is what counts.
            until(lambda: places(jobs), lambda: all(known(job) for job in jobs))
        until(lambda: places(jobs), lambda: places(jobs).count("2") == 2)
        for home in homes:
            ours = [job for job in jobs if job.node is home]
            until(lambda jobs=ours: [why(job) for job in jobs],
                  lambda jobs=ours: any(why(job)[0]["why"] == "nowhere" for job in jobs))
            other = next(job for job in ours if job.where() == "0")
            expect("why", "a limit is reached", other.try_move(2)["migration"]["reason"], home.number, other.command)
        node.shell(": > /tmp/watched")
        most = int(re.search(r"most (\d+)", watch.finish()["out"]["text"]).group(1))
        expect("the most guests at any time", 2, most, 2)
        until(lambda: places(jobs), lambda: places(jobs).count("2") == 2)


def known(process):
    """Whether a process has been looked at for some seconds, and stays where it is."""
    values = why(process)[0]
    return values["why"] == "stay" and int(values["since_ms"]) > KNOWN_MS


def full(cluster):
    """Two homes send more at once than a node has memory for: some are refused, nobody dies, and all go on."""
    node, homes = cluster[2], (cluster[1], cluster[3])
    with contextlib.ExitStack() as ends_all:
        jobs = [ends_all.enter_context(home.start(["python3", "-c", LARGE])) for home in homes for _ in range(4)]
        for job in jobs:
            job.expect("ready", 120)
        kills = vmstat(node, "oom_kill")
        with node.start(["python3", "-c", FULL]) as hog:
            hog.expect("^full$", 120)
            for job in jobs:
                job.node.write("/proc/%d/goto" % job.pid, "2")
            records = [job.do("wait_moved", 120, to="2", seconds=120) for job in jobs]
        refused = [record["why"] for record in records if record["why"]]
        if not refused or len(refused) == len(jobs):
            raise Failed("%d of %d were refused: %s" % (len(refused), len(jobs), refused), 2)
        expect("reasons that do not speak of memory", [], [reason for reason in refused if "memory" not in reason], 2)
        expect("processes killed because memory ran out", kills, vmstat(node, "oom_kill"), 2)
        for job in jobs:
            job.node.must(["kill", "-USR1", str(job.pid)])
            job.expect("right", 120)


def register():
    """The family."""
    for name, run in (("guests", guests), ("local", local), ("door", door), ("memory", full)):
        single("limits/" + name, run, 3, alone=True)
