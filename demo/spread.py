# SPDX-License-Identifier: GPL-2.0-only
"""The last act: four jobs of an ordinary shell spread over both nodes by themselves."""

import time

POLICY = "/proc/hpc/admin/balance"
JOB = ("import hashlib, sys\n"
       "value = sys.argv[1].encode()\n"
       "for _ in range(1200000): value = hashlib.sha256(value).digest()\n"
       "print(sys.argv[1], value.hex())")
SHELL = ["sh", "-c", "for job in 1 2 3 4; do python3 /tmp/job.py $job & done | sort; wait"]
TYPED = "for job in 1 2 3 4; do python3 job.py $job & done; wait"


class Spread:
    """Runs the jobs twice: with balancing, and on their home node alone."""

    def __init__(self, cluster, screen):
        self.cluster, self.screen = cluster, screen

    def jobs(self, policy, look=None):
        """The jobs' results, and how many seconds they took."""
        for node in self.cluster.nodes.values():
            node.write(POLICY, policy)
        begin = time.monotonic()
        with self.cluster[1].start(SHELL) as shell:
            if look:
                look()
            result = shell.finish(900)
        return result, time.monotonic() - begin

    def look(self):
        """Where the jobs are, once two of them have gone."""
        self.cluster[2].until("/proc/hpc/remote", r"\d+ \d+", 300)
        for command in (["mosmon", "--once"], ["mps", "--away"]):
            lines = self.cluster[1].must(command).splitlines()
            self.screen.command(1, " ".join(command), "\n".join(line[:100] for line in lines))

    def run(self):
        """Whether the results are right."""
        screen = self.screen
        screen.step("Nobody types a node's number now: four jobs start in a shell on node 1")
        screen.command(1, TYPED)
        spread, together = self.jobs("on", self.look)
        screen.step("The same four jobs once more, on node 1 alone")
        alone, single = self.jobs("off")
        screen.say("  on both nodes %.1f s, on one node %.1f s: %.1f times as fast" % (together, single, single / together))
        for how, result in (("spread", spread), ("alone", alone)):
            screen.say("  %-8s %8d bytes, sha256 %s…, status %d" % (
                how, result["out"]["size"], result["out"]["sha256"][:24], result["status"]))
        return spread == alone and spread["status"] == 0
