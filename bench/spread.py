# SPDX-License-Identifier: GPL-2.0-only
"""Makespans: how long many jobs of one node take, beside the least time that these nodes could need.

Each mix of jobs runs three times: placed by the balancer, all at home, and started on each node in turn.
"""

import random
import time

from policy import policy

SPEED = "/proc/hpc/admin/speed"
# A small program: TCG translates its code once for each guest, because no two of them share pages.
JOB = "i=0; while [ $i -lt $1 ]; do i=$((i + 1)); done"
PLACE = "/tmp/job"
BURN = ["python3", "-c", "while True: pass"]
# Looks for guests without making the node look busy.
WATCH = ["python3", "-c", "import os, time\n"
         "print('none', flush=True)\n"
         "while not os.listdir('/proc/hpc/remote'): time.sleep(0.05)\n"
         "print('some', flush=True)"]
IDLE = r"^[0-4]?\d$"  # a load
SAMPLES = 3     # jobs, one after the other, that tell how long one takes
TRIES = 5       # of an idle node; the mean counts


def bound(jobs, alone, together, nodes):
    """The least makespan of jobs (arrival, size).

    None is faster than on a computer that has nothing else to do, where size 1 takes ALONE seconds; nor are all of
    them faster than NODES that are busy until the end, where it takes TOGETHER seconds.
    """
    longest = max(arrival + size * alone for arrival, size in jobs)
    shared = max(start + sum(size for arrival, size in jobs if arrival >= start) * together / nodes
                 for start, _ in jobs)
    return max(longest, shared)


def mixes(unit):
    """Name to jobs as (arrival in seconds, size); size 1 takes UNIT seconds."""
    chance = random.Random(1)
    return {
        "equal": [(0, 1)] * 16,
        "mixed": [(0, size) for size in chance.choices((0.5, 1, 2, 4), k=10)],
        "arriving": [(number * unit / 2, 1) for number in range(12)],
    }


class Spread:
    """Measures on a cluster whose nodes are equal, and share a computer."""

    def __init__(self, bench, steps):
        self.bench, self.cluster, self.steps = bench, bench.cluster, steps
        self.home = self.cluster[1]
        for node in self.cluster.nodes.values():
            node.must(["tee", PLACE], stdin=JOB)
            # What each has measured of itself while the other one was booting is noise.
            node.write(SPEED, "10000")

    def job(self, size):
        """The command line of a job."""
        return "sh %s %d" % (PLACE, size * self.steps)

    def script(self, jobs, turns):
        """What a shell does: starts each job at its time, and waits for all."""
        lines, now = [], 0
        for number, (arrival, size) in enumerate(jobs):
            if arrival > now:
                lines.append("sleep %.2f" % (arrival - now))
                now = arrival
            node = number % len(self.cluster.nodes) + 1
            where = "mosrun -%d " % node if turns and node > 1 else ""
            lines.append("%s%s &" % (where, self.job(size)))
        return "\n".join(lines + ["wait"])

    @staticmethod
    def timed(node, script):
        """How long a shell takes for it: seconds."""
        begin = time.monotonic()
        node.shell(script, 1800)
        return time.monotonic() - begin

    def units(self):
        """Seconds of a job of size 1 on one node, with nothing to do for the others, and on all at once."""
        script = "\n".join([self.job(1)] * SAMPLES)
        alone = self.timed(self.home, script) / SAMPLES
        each = self.cluster.each(lambda node: self.timed(node, script) / SAMPLES)
        # Nodes that share a computer slow each other down; in a second they do this much together.
        together = len(each) / sum(1 / seconds for seconds in each.values())
        return alone, together

    def makespans(self):
        """All mixes, by all ways to place them."""
        ways = (("", "on", False), ("_at_home", "off", False), ("_in_turn", "off", True))
        wanted = [name for name in mixes(1) if any(self.bench.wants("makespan_" + name + way[0]) for way in ways)]
        if not wanted:
            return
        alone, together = self.units()
        for name in wanted:
            jobs = mixes(alone)[name]
            least = bound(jobs, alone, together, len(self.cluster.nodes))
            for suffix, choice, turns in ways:
                if self.bench.wants("makespan_" + name + suffix):
                    with policy(self.cluster, choice):
                        seconds = self.timed(self.home, self.script(jobs, turns))
                    self.bench.result("makespan_" + name + suffix, seconds, least, "s")

    def idle(self):
        """Seconds until an idle node has one of two jobs, beside the balancer's period."""
        if not self.bench.wants("idle_until_work"):
            return
        times = []
        with policy(self.cluster, "on"):
            for _ in range(TRIES):
                for number, node in self.cluster.nodes.items():
                    node.until("/proc/hpc/nodes/%d/load" % number, IDLE, 60)
                    self.home.until("/proc/hpc/nodes/%d/load" % number, IDLE, 60)
                with self.cluster[2].start(WATCH) as watch:
                    watch.expect("none")
                    begin = time.monotonic()
                    with self.home.start(BURN), self.home.start(BURN):
                        watch.expect("some", 300)
                        times.append(time.monotonic() - begin)
        self.bench.result("idle_until_work", sum(times) / len(times), 1.0, "s")
