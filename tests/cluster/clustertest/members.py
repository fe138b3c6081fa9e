# SPDX-License-Identifier: GPL-2.0-only
"""Who is in the cluster and how loaded it is, while nodes come and go; and the administrator's hand on guests."""

import contextlib
import re

from .failed import Failed, expect
from .kit import probe
from .patience import until
from .scenario import single
from .strangers import refused

ADMIN = "/proc/hpc/admin/"
SOON = 60     # seconds until gossip has told everybody
STANDARD = 10000
LIMITS = {"llimitmode": 2, "loadlimit": 300, "climitmode": 1, "cpulimit": 150, "maxguests": 7}


def about(number, name):
    """A file about a node."""
    return "/proc/hpc/nodes/%d/%s" % (number, name)


def log_says(cluster, number, pattern, before):
    """Wait until a line of a node's log after the first BEFORE matches."""
    until(lambda: "node %d's log does not say %r" % (number, pattern),
          lambda: any(re.search(pattern, line) for line in cluster.log(number).splitlines()[before:]), SOON)


def configure(node, table):
    """A node has this configuration, and the key of its key file."""
    key = node.must(["sha256sum", "/etc/openmosix/key"]).split()[0]
    node.write(ADMIN + "config", "\n".join(table + ["key " + key]) + "\n")


@contextlib.contextmanager
def left(cluster, numbers):
    """These nodes have left the cluster; afterwards they are back with their configurations."""
    old = {number: cluster[number].read(ADMIN + "config").splitlines() for number in numbers}
    try:
        for number in numbers:
            cluster[number].write(ADMIN + "mospe", "0")
        yield
    finally:
        for number, table in old.items():
            configure(cluster[number], table)
        cluster.whole()


@contextlib.contextmanager
def tables(cluster, lines):
    """The nodes have these configurations, by number; afterwards their old ones."""
    with left(cluster, lines):
        for number, table in lines.items():
            configure(cluster[number], table)
        yield


@contextlib.contextmanager
def switched(node, **values):
    """Files of /proc/hpc/admin get these values, in this order; afterwards their old ones."""
    old = {name: node.read(ADMIN + name).strip() for name in values}
    try:
        for name, value in values.items():
            node.write(ADMIN + name, str(value))
        yield
    finally:
        # A limit before what it counts.
        for name, value in reversed(old.items()):
            node.write(ADMIN + name, value)


def gossip(cluster):
    """What a node does is known on all nodes within seconds."""
    speeds = {number: node.read(ADMIN + "speed").strip() for number, node in cluster.nodes.items()}
    try:
        for node in cluster.nodes.values():
            node.write(ADMIN + "speed", str(STANDARD))
        with cluster[2].start([probe("compute")]) as process:
            process.ready()
            for node in cluster.nodes.values():
                node.until(about(2, "speed"), r"^%d$" % STANDARD, SOON)
                node.until(about(2, "load"), r"^(8\d|9\d|1[0-4]\d)$", SOON)
            process.finish()
        for node in cluster.nodes.values():
            node.until(about(2, "load"), r"^[0-3]?\d$", SOON)
            for other in cluster.nodes:
                node.until(about(other, "age"), r"^[0-4]?\d{1,3}$", SOON)
                # Nobody waits for memory.
                node.until(about(other, "util"), r"^(9[5-9]|100)$", SOON)
                for name in ("mem", "rmem", "tmem", "CPUs"):
                    expect("%s is a number above 0" % name, True, int(node.read(about(other, name))) > 0, node.number)
        with switched(cluster[2], **LIMITS):
            for node in cluster.nodes.values():
                for name, value in LIMITS.items():
                    node.until(about(2, name), "^%d$" % value, SOON)
    finally:
        for number, speed in speeds.items():
            cluster[number].write(ADMIN + "speed", speed)


def quiet(cluster):
    """Quiet nodes do not gossip; once they do again, everybody knows all."""
    with contextlib.ExitStack() as ends_all:
        for node in cluster.nodes.values():
            ends_all.enter_context(switched(node, quiet=1))
        cluster[1].until(about(2, "age"), r"^([7-9]|\d\d+)\d{3}$", SOON)
        cluster[1].until(about(1, "status"), r"^35$", SOON)
    for node in cluster.nodes.values():
        for other in cluster.nodes:
            node.until(about(other, "age"), r"^[0-4]?\d{1,3}$", SOON)
            node.until(about(other, "status"), r"^3$", SOON)


def two(cluster):
    """The tables of a cluster of the first two nodes, and how the third joins it."""
    address = {number: node.read(about(number, "address")).strip() for number, node in cluster.nodes.items()}
    pair = ["node %d %s 1" % (number, address[number]) for number in (1, 2)]
    return {1: ["me 1"] + pair, 2: ["me 2"] + pair, 3: ["me 3", "join " + address[2]]}


def join(cluster):
    """A node that knows one address joins, is known to all, takes a process, and leaves."""
    with cluster[1].start([probe("pipe")]) as process, tables(cluster, two(cluster)):
        process.ready()
        cluster.whole(SOON)
        for hop in (3, 2, 3, "home"):
            process.move(hop)
            process.alive()
        with cluster[3].start([probe("compute")]) as other:
            other.ready()
            other.move(1)
            other.alive()
            other.move("home")
        cluster[3].write(ADMIN + "mospe", "0")
        for number in (1, 2):
            cluster[number].until("/proc/hpc/nodes", r"^1\s+2\s*$", SOON)
        process.move(2)
        process.alive()
        expect("exit status", 0, process.finish()["status"], 1, process.command)


def conflict(cluster):
    """A node whose id another one has is refused by name, and told so."""
    wish = two(cluster)
    wish[3][0] = "me 2"
    before, lines = refused(cluster[2])["conflict"], len(cluster.log(3).splitlines())
    with cluster[1].start([probe("pipe")]) as process, tables(cluster, wish):
        process.ready()
        cluster[2].until(ADMIN + "refused", r"(?m)^conflict (?!%d$)" % before, SOON)
        cluster[1].until(about(2, "status"), r"^3$", SOON)
        process.move(2)
        process.alive()
        expect("exit status", 0, process.finish()["status"], 1, process.command)
        log_says(cluster, 3, "another node has its id", lines)


def closed(cluster):
    """A closed cluster lets in only nodes of its map."""
    wish = two(cluster)
    wish[2] += ["closed"]
    before, lines = refused(cluster[2])["unknown-node"], len(cluster.log(3).splitlines())
    with tables(cluster, wish):
        cluster[2].until(ADMIN + "refused", r"(?m)^unknown-node (?!%d$)" % before, SOON)
        expect("nodes", {"1", "2"}, set(cluster[2].list("/proc/hpc/nodes")), 2)
        log_says(cluster, 3, "its cluster is closed", lines)


def crash(cluster):
    """A crash is noticed within seconds, and disturbs no process of other nodes."""
    with cluster[1].start([probe("pipe")]) as process:
        process.ready()
        process.move(2)
        cluster.kill(3)
        try:
            for number in (1, 2):
                cluster[number].until(about(3, "status"), r"^1$", SOON)
            process.alive()
        finally:
            cluster.start(3)
            cluster.whole()
        process.move(3)
        process.alive()
        expect("exit status", 0, process.finish()["status"], 1, process.command)


def split(cluster):
    """Both halves of a split cluster go on, and merge when the network heals."""
    with cluster[1].start([probe("pipe")]) as process, cluster[3].start([probe("compute")]) as alone:
        process.ready()
        alone.ready()
        process.move(2)
        cluster.cut(3)
        try:
            for number, other in ((1, 3), (2, 3), (3, 1), (3, 2)):
                cluster[number].until(about(other, "status"), r"^1$", SOON)
            process.alive()
            alone.alive()
            process.move("home")
            process.move(2)
        finally:
            cluster.heal(3)
        cluster.whole(SOON)
        process.move(3)
        alone.move(2)
        process.alive()
        alone.alive()
        for job in (process, alone):
            expect("exit status", 0, job.finish()["status"], job.node.number, job.command)


def block(cluster):
    """A blocked node and a full one refuse guests and say why."""
    with cluster[1].start([probe("pipe")]) as one, cluster[1].start([probe("pipe")]) as other:
        one.ready()
        other.ready()
        with switched(cluster[2], block=1):
            cluster[1].until(about(2, "status"), r"^19$", SOON)
            expect("why", "takes no guests", one.try_move(2)["migration"]["reason"], 1, one.command)
            one.alive()
        with switched(cluster[2], maxguests=1):
            one.move(2)
            expect("why", "a limit is reached", other.try_move(2)["migration"]["reason"], 1, other.command)
            other.alive()
        other.move(2)
        for job in (one, other):
            job.alive()
            expect("exit status", 0, job.finish()["status"], 1, job.command)


@contextlib.contextmanager
def frozen(process):
    """A process is in a control group that is frozen, so that it carries out no order."""
    node, group = process.node, "/sys/fs/cgroup/frozen"
    node.shell("mkdir {0}; echo {1} > {0}/cgroup.procs; echo 1 > {0}/cgroup.freeze".format(group, process.pid))
    try:
        node.until(group + "/cgroup.events", r"(?m)^frozen 1$", SOON)
        yield
    finally:
        node.shell("echo {1} > {0}/../cgroup.procs; rmdir {0}".format(group, process.pid))


def expel(cluster):
    """Expel sends all guests away and waits for that, and can be interrupted."""
    node = cluster[2]
    with contextlib.ExitStack() as ends_all:
        jobs = [ends_all.enter_context(cluster[number].start([probe("pipe")])) for number in (1, 1, 3)]
        for job in jobs:
            job.ready()
            job.move(2)
        try:
            with frozen(jobs[0]):
                done = node.run(["timeout", "-s", "INT", "8", "sh", "-c", "echo 1 > %sexpel" % ADMIN])
                expect("status of the interrupted expel", 124, done["status"], 2)
                # The others have been told to leave.
                node.until(ADMIN + "expel", r"^1$", SOON)
                expect("block", "1", node.read(ADMIN + "block").strip(), 2)
                # Who takes guests again ends it for who waits.
                back = ("cd %s; echo 0 > block; (until [ $(cat block) = 1 ]; do :; done; echo 0 > block) & "
                        "exec timeout -s INT 20 sh -c 'echo 1 > expel'" % ADMIN)
                expect("status of an expel that is taken back", 1, node.run(["sh", "-c", back])["status"], 2)
            node.shell("echo 1 > %sexpel" % ADMIN)
            expect("guests", [], node.guests(), 2)
        finally:
            node.write(ADMIN + "expel", "0")
        for job in jobs:
            job.alive()
            expect("where it is", "0", job.where(), job.node.number, job.command)
            job.move(2)
            job.alive()
            expect("exit status", 0, job.finish()["status"], job.node.number, job.command)


def bring(cluster):
    """Bring fetches all processes of a node home, and waits for that."""
    with contextlib.ExitStack() as ends_all:
        jobs = [ends_all.enter_context(cluster[1].start([probe("pipe")])) for _ in range(3)]
        for job, hop in zip(jobs, (2, 3, 2)):
            job.ready()
            job.move(hop)
        expect("processes that are away", "3", cluster[1].read(ADMIN + "bring").strip(), 1)
        try:
            cluster[1].shell("echo 1 > %sbring" % ADMIN)
            expect("processes that are away", "0", cluster[1].read(ADMIN + "bring").strip(), 1)
            expect("lstay", "1", cluster[1].read(ADMIN + "lstay").strip(), 1)
        finally:
            cluster[1].write(ADMIN + "bring", "0")
        for job in jobs:
            job.alive()
            expect("they are the balancer's again", False, "why: ordered" in job.proc("why"), 1, job.command)
            expect("exit status", 0, job.finish()["status"], 1, job.command)


def switches(cluster):
    """Switches take what they should and nothing else, and only from the administrator."""
    node = cluster[1]
    for name, good, bad in (("stay", "1", "2"), ("lstay", "1", "x"), ("block", "1", "-1"), ("quiet", "1", ""),
                            ("speed", "12345", "fast"), ("decay-interval", "2", "0"), ("slow-decay", "990", "1001"),
                            ("fast-decay", "900", "1001"), ("loadlimit", "300", "-1"), ("llimitmode", "2", "3"),
                            ("cpulimit", "150", "1.5"), ("climitmode", "1", "3"), ("maxguests", "7", "65536"),
                            ("balance", "exec", "maybe")):
        with switched(node, **{name: good}):
            expect(name, good, node.read(ADMIN + name).strip(), 1)
            done = node.run(["sh", "-c", "echo '%s' > %s%s" % (bad, ADMIN, name)])
            if done["status"] == 0:
                raise Failed("it took %r" % bad, 1, ADMIN + name)
            expect(name, good, node.read(ADMIN + name).strip(), 1)
            done = node.run(["setpriv", "--bounding-set=-sys_admin", "--inh-caps=-all", "sh", "-c",
                             "echo %s > %s%s" % (good, ADMIN, name)])
            if done["status"] == 0:
                raise Failed("it took it from somebody who is not the administrator", 1, ADMIN + name)


def register():
    """Accidents come last."""
    for name, run in (("gossip", gossip), ("quiet", quiet), ("join", join), ("conflict", conflict), ("closed", closed),
                      ("block", block), ("expel", expel), ("bring", bring), ("switches", switches),
                      ("split", split), ("crash", crash)):
        single("member/" + name, run, 3, alone=True)
