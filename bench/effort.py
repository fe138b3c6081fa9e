# SPDX-License-Identifier: GPL-2.0-only
"""What balancing costs: CPU time of its workers, and bytes of gossip."""

import contextlib
import json
import subprocess
import time

from policy import policy, quiet

BURNERS = 16
SPENT = "/proc/hpc/admin/spent"
MESSAGES = 4                # that a node sends in a second, on average (Documentation/openmosix/gossip.rst)
MESSAGE = 24 + 8 + 16 * 80  # bytes at most: header of the frame, and a window of vectors
SPREAD = 120                # seconds until the burners are on both nodes


class Effort:
    """Measures on a cluster of two for so many seconds at a time, and in the simulator."""

    def __init__(self, bench, seconds):
        self.bench, self.cluster, self.seconds = bench, bench.cluster, seconds

    def spent(self):
        """The node's counters, and its time since boot."""
        text = self.bench.home.shell("cat /proc/uptime %s" % SPENT)
        uptime, *lines = text.splitlines()
        counters = {key: int(value) for key, value in (line.split() for line in lines)}
        return float(uptime.split()[0]), counters

    def rates(self):
        """What the node spends in a second, by name of the counter."""
        begin, before = self.spent()
        time.sleep(self.seconds)
        end, after = self.spent()
        return {key: (after[key] - before[key]) / (end - begin) for key in after}

    def both(self):
        """The rates while the node balances, and while it does not."""
        with policy(self.cluster, "on"):
            balancing = self.rates()
        with quiet(self.cluster):
            return balancing, self.rates()

    def balancer(self):
        """CPU time and gossip of a node that has nothing to do, and of one with more processes than processors."""
        names = ("balancer_cpu_idle", "balancer_cpu_busy", "gossip_bytes")
        if not any(self.bench.wants(name) for name in names):
            return
        idle = self.both()
        with contextlib.ExitStack() as ends_all:
            for _ in range(BURNERS):
                ends_all.enter_context(self.bench.home.start(["python3", "-c", "while True: pass"]))
            with policy(self.cluster, "on"):
                self.cluster[2].until("/proc/hpc/remote", r"(\b\d+\b\s*){%d}" % (BURNERS // 2 - 1), SPREAD)
            busy = self.both()
        for name, (balancing, still) in zip(names, (idle, busy)):
            self.bench.result(name, balancing["cpu_us"] / 1e4, still["cpu_us"] / 1e4, "% of a CPU")
        self.bench.result("gossip_bytes", busy[0]["sent_bytes"], self.simulated(2), "B/s")

    def simulated(self, nodes):
        """Bytes that a node of so many sends in a second, says the simulator."""
        done = subprocess.run([*self.bench.omsim, "--nodes", str(nodes), "--jobs", str(nodes), "--work", "5",
                               "--strategy", "openmosix", "--json"], stdout=subprocess.PIPE, check=True)
        return json.loads(done.stdout)["simulations"][0]["bytes"]

    def gossip(self):
        """Bytes of gossip in small and in large clusters, beside so many full messages."""
        for nodes in (10, 10000):
            name = "gossip_bytes_%d" % nodes
            if self.bench.wants(name):
                self.bench.result(name, self.simulated(nodes), MESSAGES * MESSAGE, "B/s")
