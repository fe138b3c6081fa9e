# SPDX-License-Identifier: GPL-2.0-only
"""Nodes come and go while all of them have much to do: no job is lost but those on a lost node."""

import contextlib
import os
import shlex

from .balance import STANDARD, moving, places, why
from .failed import expect
from .jobs import jobs, lost, right
from .members import ADMIN, SOON, about, switched
from .patience import until
from .place import TOP
from .scenario import single

SERVICE = os.path.join(TOP, "tools", "etc", "openmosix.service")
CONF = "/etc/openmosix/openmosix.conf"


class Busy:
    """Jobs of nodes 1 and 3: of each two that the balancer places, one on node 2, and one on the other node."""

    def __init__(self, cluster, ends_all):
        self.cluster = cluster
        self.homes = (cluster[1], cluster[3])
        for node in cluster.nodes.values():
            ends_all.enter_context(switched(node, speed=STANDARD))
        self.jobs = []
        for node, other in (self.homes, self.homes[::-1]):
            free = ends_all.enter_context(jobs(node, range(node.number * 10, node.number * 10 + 2)))
            near, far = ends_all.enter_context(jobs(node, range(node.number * 10 + 2, node.number * 10 + 4)))
            near.move(2)
            far.move(other.number)
            self.jobs += free + [near, far]
        self.balance("on")

    def balance(self, policy):
        """The homes of the jobs place them, or not. A node that is off cannot be told."""
        for node in self.homes:
            if self.cluster.state(node.number) == "up":
                node.write(ADMIN + "balance", policy)

    def at_rest(self):
        """Have all jobs stay where they are, and wait for those that move; where they are."""
        self.balance("off")
        seen = []

        def calm():
            # A decision may just have been made: nothing has to happen for two periods.
            seen.append(None if moving(self.jobs) else places(self.jobs))
            return len(seen) > 4 and seen[-1] and all(look == seen[-1] for look in seen[-5:])
        until(lambda: seen[-1:], calm)
        return seen[-1]

    def parted(self, node):
        """All jobs at rest: those that live if this node is lost, and those that end: their homes are beyond."""
        alive, ending = [], []
        for job, where in zip(self.jobs, self.at_rest()):
            place = job.node.number if where == "0" else int(where)
            side = alive if (job.node.number == node) == (place == node) else ending
            side.append(job)
        return alive, ending


@contextlib.contextmanager
def busy(cluster):
    """All nodes are busy."""
    with contextlib.ExitStack() as ends_all:
        scene = Busy(cluster, ends_all)
        try:
            yield scene
        finally:
            scene.balance("off")


def noticed(cluster, lost_node, numbers):
    """These nodes know that a node is lost, and have no guest of it."""
    for number in numbers:
        node = cluster[number]
        node.until(about(lost_node, "status"), r"^1$", SOON)

        def homes(of=node):
            return [(of.read("/proc/hpc/remote/%s/from" % pid) or "").strip() for pid in of.guests()]
        until(homes, lambda: str(lost_node) not in homes())


def shared(all_jobs):
    """Wait until a job of node 1 is on node 3."""
    until(lambda: places(all_jobs), lambda: "3" in places(all_jobs))


def split(cluster):
    """Both halves of a split cluster go on with their jobs and balance them, and share them when the network heals."""
    with busy(cluster) as scene, contextlib.ExitStack() as ends_all:
        alive, ending = scene.parted(3)
        cluster.cut(3)
        try:
            scene.balance("on")
            for job in ending:
                lost(job)
            noticed(cluster, 3, (1, 2))
            for number in (1, 2):
                noticed(cluster, number, (3,))
            ours, theirs = ([job for job in alive if job.node.number == number] for number in (1, 3))
            for half in (ours, theirs):
                if half:
                    right(half.pop())
            ours += ends_all.enter_context(jobs(cluster[1], range(50, 53)))
        finally:
            cluster.heal(3)
        cluster.whole(SOON)
        shared(ours)
        for job in ours + theirs:
            right(job)


def crash(cluster):
    """With a node that crashes its own jobs and those that were there are lost; back again, it takes jobs."""
    with busy(cluster) as scene, contextlib.ExitStack() as ends_all:
        alive, ending = scene.parted(3)
        cluster.kill(3)
        try:
            scene.balance("on")
            for job in ending:
                if job.node.number == 1:
                    lost(job)
            noticed(cluster, 3, (1, 2))
            ours = [job for job in alive if job.node.number == 1]
            right(ours.pop())
            ours += ends_all.enter_context(jobs(cluster[1], range(50, 53)))
        finally:
            cluster.start(3)
            cluster.whole()
        cluster[3].write(ADMIN + "speed", str(STANDARD))
        shared(ours)
        for job in ours:
            right(job)


def commands(word):
    """The command lines that the unit has behind a word. On these nodes programs are in another directory."""
    with open(SERVICE, encoding="utf-8") as unit:
        lines = [line.strip().partition("=")[2] for line in unit if line.startswith(word + "=")]
    return [shlex.split(line.removeprefix("-").replace("/usr/bin/", "")) for line in lines]


def service(cluster):
    """The commands of openmosix.service take a busy node out of the cluster and back again, and lose no job."""
    node = cluster[3]
    with busy(cluster) as scene, switched(node, maxguests=0, block=0, lstay=0):
        stop, start = commands("ExecStop"), commands("ExecStart")
        expect("the unit starts and stops something", True, len(stop) > 2 and len(start) == 1)
        try:
            for argv in stop:
                node.must(argv, 90)
            expect("mospe", "0", node.read(ADMIN + "mospe").strip(), 3)
            expect("guests", [], node.guests(), 3)
            # Not up; that it blocked, stayed and expelled are its last words.
            cluster[1].until(about(3, "status"), r"^153$", SOON)
            ours, theirs = ([job for job in scene.jobs if job.node.number == number] for number in (1, 3))
            expect("where the jobs of node 3 are", ["0"] * len(theirs), places(theirs), 3)
            expect("jobs of node 1 on node 3", 0, places(ours).count("3"), 1)
            words = {why(job)[0]["why"] for job in theirs}
            expect("why they are there", {"off"}, words - {"ordered"}, 3)
            right(theirs.pop())
        finally:
            node.shell("printf 'map = /etc/openmosix.map\nmaxguests = 20\n' > %s" % CONF)
            for argv in start:
                node.must(argv)
            node.must(["rm", CONF])
            cluster.whole()
        expect("what the configuration sets", "20", node.read(ADMIN + "maxguests").strip(), 3)
        for name in ("block", "lstay"):
            expect(name, "0", node.read(ADMIN + name).strip(), 3)
        ours[-1].move(3)
        for job in ours + theirs:
            right(job)


def register():
    """The crash comes last."""
    for name, run in (("service", service), ("split", split), ("crash", crash)):
        single("busy/" + name, run, 3, alone=True)
