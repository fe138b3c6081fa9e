# SPDX-License-Identifier: GPL-2.0-only
"""Failures: whatever goes wrong before COMMIT, the process runs on where it was; after it, nothing is left behind."""

import functools

from .failed import Failed, expect
from .kit import probe
from .lifecycle import TRACER
from .members import log_says
from .scenario import add, same, single, unmoved

FAULT = "/proc/hpc/admin/fault"
PROMPTLY = 60    # seconds until everybody has noticed a lost peer

TRIES = 3        # for what a slow computer may be too late for

# Points whose fault is that of a link in use: the process may end, as it does when a peer is lost.
MAY_END = {"send", "receive", "fetch", "call", "depart-committed", "arrive-committed"}

# Where the process is before, and where it is asked to go.
WAYS = {"there": ((), "2"), "back": (("2",), "home"), "third": (("2",), "3")}

# The points that each way has reached.
REACHED = {}


def points(node):
    """The kernel's fault points: name to how often it is armed."""
    lines = (node.read(FAULT) or "").splitlines()
    return {line.split()[0]: int((line.split() + ["0"])[1]) for line in lines if line.strip()}


def reference(cluster, argv):
    """The unmoved result."""
    def run():
        with cluster[1].start(argv) as process:
            process.ready()
            process.alive()
            return process.finish()
    return unmoved(cluster, tuple(argv), run)


def strike(point, struck, way, cluster):
    """One move with one fault armed on one node. Whether the fault was reached."""
    home, (hops, target), argv = cluster[1], WAYS[way], [probe("memory"), "4"]
    command = "echo %s > %s on node %d, process goes %s" % (point, FAULT, struck, way)
    # The last fault may have met a link between two nodes: they have to find each other again.
    cluster.whole()
    with home.start(argv) as process:
        process.ready()
        for hop in hops:
            process.move(hop)
        before = process.where()
        cluster[struck].write(FAULT, "%s 1" % point)
        try:
            record = process.try_move(target, 90)
            died = process.where() is None or dead(process)
            if not died:
                died = not verified(process)
        finally:
            reached = points(cluster[struck])[point] == 0
            cluster[struck].write(FAULT, "%s 0" % point)
        if died:
            if not reached or point not in MAY_END:
                raise Failed("the process did not survive: %s" % record["why"], 1, command)
            status = process.finish(PROMPTLY)["status"]
            if status >= 0:
                raise Failed("it ended with status %d, as if by itself" % status, 1, command)
        elif record["why"]:
            if not reached:
                raise Failed("the fault was not reached, but the move failed: %s" % record["why"], 1, command)
            expect("where the process is after the failed move", before, process.where(), 1, command)
            if not record["migration"].get("reason") or record["migration"].get("result") != "failed":
                raise Failed("the record does not say why: %s" % record["migration"], 1, command)
            cluster.whole()
            process.move(target)   # without the fault it must go
            process.alive()
        if not died:
            same(home, command, reference(cluster, argv), process.finish())
    for node in cluster.nodes.values():
        node.until("/proc/hpc/remote", r"^\s*$", PROMPTLY)
    return reached


def dead(process):
    """Whether the process has ended, reaped or not."""
    return (process.proc("status") or "State: Z").partition("State:")[2].split()[0] in "ZX"


def verified(process):
    """Whether the process gives a sign of life; if it has ended, it does not. A wrong state is a failure."""
    try:
        process.alive()
        return True
    except Failed:
        if dead(process):
            return False
        raise


def all_points(way, cluster):
    """Each point, on each node that takes part: the process goes on, and goes once the fault has passed."""
    known = points(cluster[1])
    if not known:
        raise Failed("the kernel has no fault points", 1, "cat " + FAULT)
    failures, reached = [], set()
    for point in sorted(known):
        for struck in (1, 2, 3) if way == "third" else (1, 2):
            try:
                if strike(point, struck, way, cluster):
                    reached.add(point)
            except Failed as error:
                failures.append("%s on node %d: %s" % (point, struck, "\n    ".join(error.lines())))
    REACHED[way] = reached
    if failures:
        raise Failed("\n".join(failures))


def complete(cluster):
    """Every fault point that the kernel has was reached on some way."""
    for way in WAYS:
        if way not in REACHED:
            all_points(way, cluster)
    unreached = set(points(cluster[1])).difference(*REACHED.values())
    expect("points that no move reached", set(), unreached, 1, "cat " + FAULT)


def copying(process):
    """Wait until a queued move transfers memory."""
    process.node.until("/proc/%d/migration" % process.pid, r"(?s)stage: *copy.*result: *(running|moving)", 60)


def broken_off(how, source, cluster):
    """The target is lost in the middle of a move: the process runs on at its source."""
    home, argv = cluster[1], [probe("memory"), "384"]
    wanted = reference(cluster, argv)
    target = {"0": 2, "2": 3}[source]
    with home.start(argv) as process:
        process.ready(300)
        if source != "0":
            process.move(source)
        home.write("/proc/%d/goto" % process.pid, str(target))
        copying(process)
        getattr(cluster, how)(target)
        try:
            record = process.do("wait_moved", 120, to=str(target), seconds=120)
            if not record["why"]:
                raise Failed("it went all the same: too quick to show anything", 1, how)
            expect("where it is", source, process.where(), 1, how)
            process.alive()
        finally:
            restore(cluster, how, target)
        process.move(target, 300)
        process.alive()
        same(home, " ".join(argv), wanted, process.finish())


def restore(cluster, how, node=2):
    """Undo an accident of a node."""
    if how == "cut":
        cluster.heal(node)
    else:
        cluster.start(node)
    cluster.whole()


def lost(how, name, cluster):
    """The node that a process is on is lost: the process ends promptly and says so, nothing is left."""
    home = cluster[1]
    with home.start([probe(name)]) as process:
        process.ready()
        process.move(2)
        process.alive()
        lines = len(cluster.log(1).splitlines())
        getattr(cluster, how)(2)
        try:
            status = process.finish(PROMPTLY)["status"]
            if status >= 0:
                raise Failed("it ended with status %d, as if nothing had happened" % status, 1, how)
            if how == "cut":
                cluster[2].until("/proc/hpc/remote", r"^\s*$", PROMPTLY)
            log_says(cluster, 1, r"(?i)openmosix.*\b%d\b" % process.pid, lines)
        finally:
            restore(cluster, how)


def home_lost(how, cluster):
    """The home of a guest is lost: the guest ends promptly, and the node is free for others."""
    with cluster[1].start([probe("compute")]) as process:
        process.ready()
        process.move(2)
        process.alive()
        if how == "kill":
            cluster.kill(1)
        else:
            cluster.cut(1)
        try:
            cluster[2].until("/proc/hpc/remote", r"^\s*$", PROMPTLY)
            if how == "cut" and process.finish(PROMPTLY)["status"] >= 0:
                raise Failed("it ended as if nothing had happened", 1, how)
        finally:
            if how == "kill":
                cluster.start(1)
            else:
                cluster.heal(1)
            cluster.whole()


def memory(cluster):
    """A target without enough memory refuses, or gives up in time; the process runs on."""
    home, argv = cluster[1], [probe("memory"), "384"]
    wanted = reference(cluster, argv)
    script = ("import mmap, re, sys\n"
              "text = open('/proc/meminfo').read()\n"
              "size = int(re.search(r'MemAvailable:\\s*(\\d+)', text).group(1)) * 1024 - (200 << 20)\n"
              "hog = mmap.mmap(-1, size)\n"
              "for at in range(0, size, 4096): hog[at] = 1\n"
              "print('full', flush=True)\n"
              "sys.stdin.read()\n"
              "import signal\nsignal.pause()\n")
    with home.start(argv) as process:
        process.ready(300)
        with cluster[2].start(["python3", "-c", script]) as hog:
            hog.expect(r"^full$", 120)
            record = process.try_move(2, 120)
            if not record["why"]:
                raise Failed("384 MiB went to a node with 200", 1, process.command)
            if "memory" not in record["why"]:
                raise Failed("the reason does not speak of memory: %s" % record["why"], 1, process.command)
            expect("where it is", "0", process.where(), 1, process.command)
            process.alive()
            if cluster[2].run(["kill", "-0", str(hog.pid)])["status"]:
                raise Failed("a process of the target had to die for the move", 2, process.command)
        process.move(2, 300)
        process.alive()
        same(home, " ".join(argv), wanted, process.finish())


MASKED = """
import ctypes, signal
blocked = {signal.SIGUSR1, signal.SIGUSR2}
signal.signal(signal.SIGUSR1, lambda *_: None)
signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
print("ready", flush=True)
ctypes.CDLL(None).sigsuspend(ctypes.create_string_buffer(128))
assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == blocked, signal.pthread_sigmask(signal.SIG_BLOCK, [])
"""


def masked(point, struck, cluster):
    """A process in sigsuspend() that cannot come home at first keeps the mask from before it."""
    home = cluster[1]
    with home.start(["python3", "-c", MASKED]) as process:
        process.expect("ready")
        home.until("/proc/%d/syscall" % process.pid, "^130 ")
        process.move(2)
        cluster[struck].write(FAULT, "%s 1" % point)
        try:
            # Who attaches waits until it is home, which it tries again by itself.
            home.must(["python3", "-c", TRACER, str(process.pid)], 120)
            expect("is the fault still armed?", 0, points(cluster[struck])[point], struck)
        finally:
            cluster[struck].write(FAULT, "%s 0" % point)
        expect("where it is", "0", process.where(), 1, process.command)
        home.until("/proc/%d/syscall" % process.pid, "^130 ")
        home.must(["kill", "-USR1", str(process.pid)])
        result = process.finish(60)
        expect("exit status; stderr: %s" % result["err"]["text"], 0, result["status"], 1, process.command)


BORROWED = """
import hashlib, os, signal
signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})
data = os.urandom(3 << 20)
print("ready", flush=True)
for number in range(6):
    signal.sigwait({signal.SIGUSR1})
    got = bytearray(len(data))
    with open("/tmp/borrowed", "w+b", buffering=0) as file:
        assert file.write(data) == len(data)
        file.seek(0)
        assert file.readinto(got) == len(data)
    assert got == data, hashlib.sha256(got).hexdigest()
    print("same", number, flush=True)
"""


def short(cluster):
    """Memory that is short for a moment, at home or there, while calls borrow pages: nothing is lost."""
    home = cluster[1]
    with home.start(["python3", "-c", BORROWED]) as process:
        process.expect("ready")
        process.move(2)
        for number in range(6):
            struck = 1 + number % 2
            cluster[struck].write(FAULT, "memory 40")
            try:
                home.must(["kill", "-USR1", str(process.pid)])
                process.expect("same %d" % number, 120)
                expect("is the fault still armed?", 0, points(cluster[struck])["memory"], struck)
            finally:
                cluster[struck].write(FAULT, "memory 0")
        result = process.finish(60)
        expect("exit status; stderr: %s" % result["err"]["text"], 0, result["status"], 1, process.command)


def down(cluster):
    """A target that is off refuses by silence: the process runs on; once it is back, it goes."""
    with cluster[1].start([probe("compute")]) as process:
        process.ready()
        cluster.kill(2)
        try:
            record = process.try_move(2, 60)
            expect("result of a move to a node that is off", "failed", record["migration"].get("result"), 1,
                   process.command)
            process.alive()
        finally:
            restore(cluster, "kill")
        process.move(2)
        process.alive()
        expect("exit status", 0, process.finish()["status"], 1, process.command)


def alive_meanwhile(process, source, target):
    """Ask a target that was just cut off. Whether the process gave a sign of life before there was an answer."""
    home, record = process.node, "/proc/%d/migration" % process.pid
    this = r"(?s)^epoch: (?!%s\n).*stage: *prepare.*result: *" % home.read(record).split()[1]
    home.write("/proc/%d/goto" % process.pid, str(target))
    home.until(record, this + "(running|failed)")
    process.alive()
    meanwhile = "running" in home.read(record)
    home.until(record, this + "failed", 60)
    expect("where it is", source, process.where(), 1, process.command)
    return meanwhile


def asked(source, cluster):
    """While a target that was just cut off is asked, the process goes on; when it does not answer, it never noticed."""
    target = {"0": 2, "2": 3}[source]
    with cluster[1].start([probe("compute")]) as process:
        process.ready()
        if source != "0":
            process.move(source)
        # A slow computer may have noticed by then that the target is gone, which is an answer, too.
        for _ in range(TRIES):
            cluster.cut(target)
            try:
                if alive_meanwhile(process, source, target):
                    break
            finally:
                restore(cluster, "cut", target)
        else:
            raise Failed("it was never alive before the answer", 1, process.command)
        process.move(target)
        process.alive()
        expect("exit status", 0, process.finish()["status"], 1, process.command)


def register():
    """The families. Accidents come after all that needs quiet nodes."""
    for way in WAYS:
        add("fault/points/%s" % way, "every fault point, process going %s" % way, functools.partial(all_points, way), 3)
    for how, about in (("cut", "is cut off"), ("kill", "loses power")):
        add("fault/%s-moving" % how, "the target %s during a move: runs on" % about,
            functools.partial(broken_off, how, "0"))
        add("fault/%s-moving-on" % how, "the third node %s during a move: runs on at the second" % about,
            functools.partial(broken_off, how, "2"), 3)
        for name in ("compute", "sleep", "pipe"):
            add("fault/%s-there/%s" % (how, name), "the node %s after the move: ends, nothing left" % about,
                functools.partial(lost, how, name))
        add("fault/%s-home" % how, "the home %s: the guest ends" % about, functools.partial(home_lost, how))
    add("fault/asked", "a target that is cut off is asked: the process goes on meanwhile", functools.partial(asked, "0"))
    add("fault/asked-on", "the third node is cut off and asked: the process goes on at the second",
        functools.partial(asked, "2"), 3)
    single("fault/memory", memory)
    for name, point, struck, about in (("fault/masked", "return-memory", 1, "home has no memory"),
                                       ("fault/masked-there", "leave-copy", 2, "it cannot be sent")):
        add(name, "a process in sigsuspend() cannot come home at first, as %s: keeps its mask" % about,
            functools.partial(masked, point, struck))
    single("fault/short", short)
    single("fault/down", down)
    single("fault/complete", complete, 3)
