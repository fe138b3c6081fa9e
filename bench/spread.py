# SPDX-License-Identifier: GPL-2.0-only
"""Makespans: how long many jobs of one node take, beside the least time that these nodes could need.

Each mix of jobs runs three times: placed by the balancer, all at home, and one after the other to each node in turn.
"""

import random
import time

POLICY = "/proc/hpc/admin/balance"
SPEED = "/proc/hpc/admin/speed"
JOB = ("import hashlib, sys\n"
       "value = b''\n"
       "for _ in range(int(sys.argv[1])): value = hashlib.sha256(value).digest()")
PLACE = "/tmp/job.py"


def bound(jobs, nodes):
    """The least makespan of jobs (arrival, seconds): none is faster than itself, nor all than all nodes together."""
    longest = max(arrival + seconds for arrival, seconds in jobs)
    shared = max(start + sum(seconds for arrival, seconds in jobs if arrival >= start) / nodes for start, _ in jobs)
    return max(longest, shared)


def mixes(unit):
    """Name to jobs as (arrival, units of work); UNIT seconds each, at home and alone."""
    chance = random.Random(1)
    return {
        "equal": [(0, 1)] * 16,
        "mixed": [(0, size) for size in chance.choices((0.5, 1, 2, 4), k=10)],
        "arriving": [(number * unit / 2, 1) for number in range(12)],
    }


class Spread:
    """Measures on a cluster whose nodes are equal."""

    def __init__(self, cluster, result, steps):
        self.cluster, self.result, self.steps = cluster, result, steps
        self.home = cluster[1]
        self.home.must(["tee", PLACE], stdin=JOB)
        for node in cluster.nodes.values():
            # They share a computer: what each has measured of itself is noise.
            node.write(SPEED, "10000")

    def script(self, jobs, turns):
        """What a shell does: starts each job at its time, and waits for all."""
        lines, now = [], 0
        for number, (arrival, size) in enumerate(jobs):
            if arrival > now:
                lines.append("sleep %.2f" % (arrival - now))
                now = arrival
            node = number % len(self.cluster.nodes) + 1
            where = "mosrun -%d " % node if turns and node > 1 else ""
            lines.append("%spython3 %s %d &" % (where, PLACE, size * self.steps))
        return "\n".join(lines + ["wait"])

    def seconds(self, jobs, policy, turns=False):
        """How long they take."""
        for node in self.cluster.nodes.values():
            node.write(POLICY, policy)
        begin = time.monotonic()
        self.home.must(["sh", "-c", self.script(jobs, turns)], 1800)
        took = time.monotonic() - begin
        for node in self.cluster.nodes.values():
            node.write(POLICY, "off")
        return took

    def run(self):
        """All mixes, and how soon an idle node has work."""
        unit = self.seconds([(0, 1)], "off")
        for name, jobs in mixes(unit).items():
            least = bound([(arrival, size * unit) for arrival, size in jobs], len(self.cluster.nodes))
            self.result("makespan_%s" % name, self.seconds(jobs, "on"), least, "s")
            self.result("makespan_%s_at_home" % name, self.seconds(jobs, "off"), least, "s")
            self.result("makespan_%s_in_turn" % name, self.seconds(jobs, "off", True), least, "s")
        self.idle()

    def idle(self):
        """Seconds until an idle node has one of two jobs, beside the balancer's period."""
        for node in self.cluster.nodes.values():
            node.write(POLICY, "on")
        begin = time.monotonic()
        burn = ["python3", "-c", "while True: pass"]
        with self.home.start(burn), self.home.start(burn):
            self.cluster[2].until("/proc/hpc/remote", r"\d", 300)
            took = time.monotonic() - begin
        for node in self.cluster.nodes.values():
            node.write(POLICY, "off")
        self.result("idle_until_work", took, 1.0, "s")
