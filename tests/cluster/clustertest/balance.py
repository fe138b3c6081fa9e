# SPDX-License-Identifier: GPL-2.0-only
"""Processes move by themselves to where they run best, and where their owners and the administrator let them."""

import contextlib
import re
import time

from .failed import Failed, expect
from .members import ADMIN, switched
from .patience import LONG, until
from .scenario import add, single

STANDARD = 10000
BURN = ["python3", "-c", "while True: pass"]
FACTOR, TERM, MODULUS = 1103515245, 12345, 1 << 48
JOB = """
import sys
x = seed = int(sys.argv[1])
for i in range(%d):
    x = (x * %d + %d + i) %% %d
print(seed, x)
"""
HOG = """
import time
held = []
while True:
    memory = dict(line.split()[:2] for line in open("/proc/meminfo"))
    if int(memory["MemAvailable:"]) > int(memory["MemTotal:"]) // 20:
        held.append(bytearray(b"x" * (4 << 20)))
    time.sleep(0.05)
"""
IDLER = """
import signal
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
held = bytearray(range(256)) * (64 << 12)
print("ready", flush=True)
signal.sigwait([signal.SIGUSR1])
assert held == bytearray(range(256)) * (64 << 12)
print("right", flush=True)
"""
# Tells how many pages had been swapped out when the first of these processes was away.
WATCH = """
import sys, time
while all(open("/proc/%s/where" % pid).read() == "0\\n" for pid in sys.argv[1:]):
    time.sleep(0.01)
print(next(line for line in open("/proc/vmstat") if line.startswith("pswpout")), end="")
"""
SWAP = "/swap"
STEPS = 4000000
# Together less than two processors, so that they are kept wherever there are two.
QUOTAS = {1: 30, 2: 60, 3: 90}
# How many of six processes are on nodes as fast as 1, 2 and 3: exactly, or within one process.
FAIR = ([1, 2, 3], [0, 2, 4], [0, 3, 3], [1, 1, 4])
JOBS = 8
TRIES = 3        # for what a slow computer may disturb


@contextlib.contextmanager
def balanced(cluster, policy="on", **speeds):
    """Node 1 places its processes; all nodes are equal, or have these speeds."""
    with contextlib.ExitStack() as ends_all:
        for number, node in cluster.nodes.items():
            speed = speeds.get("node%d" % number, STANDARD)
            ends_all.enter_context(switched(node, speed=speed))
            cluster[1].until("/proc/hpc/nodes/%d/speed" % number, "^%d$" % speed, 30)
        ends_all.enter_context(switched(cluster[1], balance=policy))
        yield


@contextlib.contextmanager
def burning(node, count, rules=""):
    """So many processes that compute, with these rules: what a shell does before it becomes the process."""
    with contextlib.ExitStack() as ends_all:
        yield [ends_all.enter_context(node.start(["sh", "-ec", rules + " exec \"$@\"", "sh"] + BURN))
               for _ in range(count)]


def places(processes):
    """Where processes are; "0" is home."""
    return [process.where() for process in processes]


def why(process):
    """What is told about a process: the values, and the decisions, newest first."""
    values, decisions = {}, []
    for line in process.proc("why").splitlines():
        key, value = line.split(": ", 1)
        if key == "decided":
            decisions.append(value.split(" ", 4))
        else:
            values[key] = value
    return values, decisions


def fates(processes):
    """Where processes are, and what was decided for them."""
    return "".join("\nprocess %d is at %s\n%s" % (process.pid, process.where(), process.proc("why"))
                   for process in processes)


def moving(processes):
    """Pids of those that are on their way."""
    return [process.pid for process in processes if any(past[4] == "moving" for past in why(process)[1])]


def reason(process, word, seconds=LONG):
    """Wait until a process is where it is for this reason."""
    until(lambda: process.proc("why"), lambda: why(process)[0]["why"] == word, seconds)


def results():
    """What the jobs have to print."""
    lines = set()
    for seed in range(1, JOBS + 1):
        x = seed
        for i in range(STEPS):
            x = (x * FACTOR + TERM + i) % MODULUS
        lines.add("%d %d" % (seed, x))
    return lines


def spread(cluster):
    """Eight unchanged jobs, started by a shell on node 1, run on all nodes and have the right results."""
    program = JOB % (STEPS, FACTOR, TERM, MODULUS)
    script = "for seed in $(seq %d); do python3 -c \"$1\" $seed & done; wait" % JOBS
    with balanced(cluster), cluster[1].start(["sh", "-ec", script, "sh", program]) as shell:
        for number in cluster.nodes:
            if number > 1:
                cluster[number].until("/proc/hpc/remote", r"\d+\s+\d+", LONG)
        done = shell.finish(900)
        expect("exit status", 0, done["status"], 1, "the shell")
        expect("results", results(), set(done["out"]["text"].splitlines()), 1, "the jobs")


def speeds(cluster):
    """Nodes get as many processes as they are fast."""
    with balanced(cluster, node1=5000, node2=10000, node3=20000), burning(cluster[1], 7) as jobs:
        def shares():
            at = places(jobs)
            return [at.count(where) for where in ("0", "2", "3")]

        def fair():
            slow, middle, fast = shares()
            return slow <= 1 and 1 <= middle <= 3 and fast in (4, 5) and middle < fast
        until(lambda: fates(jobs), fair)


def quota(cluster):
    """Nodes that get unequal parts of a processor find out how fast they are, and get as many processes."""
    home = cluster[1]
    with contextlib.ExitStack() as ends_all:
        for number in QUOTAS:
            ends_all.callback(measured, cluster, number, 100)
        for _ in range(TRIES):
            for number, percent in QUOTAS.items():
                measured(cluster, number, percent)
            told = [int(node.read(ADMIN + "speed")) for _, node in sorted(cluster.nodes.items())]
            slow, middle, fast = told
            if 1.5 < middle / slow < 2.6 and 2.2 < fast / slow < 4:
                break
        else:
            raise Failed("speeds of nodes with quotas of %s: %s" % (sorted(QUOTAS.values()), told))
        for number, speed in enumerate(told, 1):
            home.until("/proc/hpc/nodes/%d/speed" % number, "^%d$" % speed, 30)
        ends_all.enter_context(switched(home, balance="on"))
        jobs = ends_all.enter_context(burning(home, 6))

        def shares():
            at = places(jobs)
            return [at.count(where) for where in ("0", "2", "3")]
        until(lambda: fates(jobs), lambda: shares() in FAIR)


def measured(cluster, number, percent):
    """A node gets this part of the time, and measures its speed."""
    cluster.quota(number, percent)
    cluster[number].write(ADMIN + "speed", "0")


@contextlib.contextmanager
def swapping(node):
    """The node has a file to swap to."""
    node.shell("dd if=/dev/zero of=%s bs=1M count=256 status=none; chmod 600 %s; mkswap -q %s; swapon %s" % ((SWAP,) * 4), 120)
    try:
        yield
    finally:
        node.shell("swapoff %s; rm %s" % (SWAP, SWAP), 120)


def vmstat(node, key):
    """A counter of the node's memory management."""
    return int(re.search(r"(?m)^%s (\d+)$" % key, node.read("/proc/vmstat")).group(1))


def usher(cluster):
    """Before a node begins to swap, processes go to where there is memory."""
    home = cluster[1]
    with contextlib.ExitStack() as ends_all:
        ends_all.enter_context(swapping(home))
        # They compute nothing: only their memory is a reason to move them.
        others = [ends_all.enter_context(home.start(["python3", "-c", IDLER])) for _ in range(2)]
        for process in others:
            process.expect("ready")
        ends_all.enter_context(balanced(cluster))
        kills, swapped = vmstat(home, "oom_kill"), vmstat(home, "pswpout")
        watch = ends_all.enter_context(home.start(["python3", "-c", WATCH, *(str(process.pid) for process in others)]))
        ends_all.enter_context(home.start(
            ["sh", "-ec", "echo 1 > /proc/$$/lock; exec python3 -c \"$1\"", "sh", HOG]))
        until(lambda: fates(others), lambda: places(others) != ["0", "0"])
        moved = next(process for process in others if process.where() != "0")
        expect("why", "memory", next(past[3] for past in why(moved)[1] if past[4] == "moved"), 1, moved.command)
        expect("pages swapped out", "pswpout %d\n" % swapped, watch.finish()["out"]["text"], 1, "when the first had left")
        expect("processes killed because memory ran out", kills, vmstat(home, "oom_kill"), 1)
        for process in others:
            home.must(["kill", "-USR1", str(process.pid)])
            process.expect("right")


def obeyed(cluster):
    """Lock, node mask, lstay, stay and block are obeyed, however much there is to do."""
    home = cluster[1]
    only_3 = "echo 3 > /proc/$$/mignodes; echo 1 > /proc/$$/migpolicy; echo 1 > /proc/$$/migfilter;"
    not_2 = "echo 0x2 > /proc/$$/mignodes; echo 1 > /proc/$$/migfilter;"
    with contextlib.ExitStack() as ends_all:
        ends_all.enter_context(balanced(cluster))
        with switched(home, lstay=0):
            with switched(home, stay=1):
                locked, = ends_all.enter_context(burning(home, 1, "echo 1 > /proc/$$/lock;"))
                masked = ends_all.enter_context(burning(home, 1, only_3)) + ends_all.enter_context(burning(home, 1, not_2))
                for process in masked:
                    reason(process, "stay")
                # One switch takes over from the other.
                home.write(ADMIN + "lstay", "1")
            free = ends_all.enter_context(burning(home, 2))
            for process in free:
                reason(process, "stay")
            reason(locked, "locked")
            expect("where they are", ["0"] * 5, places([locked] + masked + free), 1)
        until(lambda: fates(masked + free), lambda: {"2", "3"} <= set(places(masked + free)))
        expect("processes on node 2 that must not go there", [], [one.pid for one in masked if one.where() == "2"], 1)
        reason(locked, "locked")
        expect("where the locked process is", "0", locked.where(), 1, locked.command)
        with switched(cluster[2], block=1):
            home.until("/proc/hpc/nodes/2/status", "^19$", 30)
            # Who was let in before may still be on his way.
            until(lambda: moving(masked + free), lambda: not moving(masked + free))
            before = set(cluster[2].guests())
            # So many that it pays to leave, even if three of the others are on node 3.
            more = ends_all.enter_context(burning(home, 5))
            until(lambda: fates(more), lambda: "3" in places(more))
            expect("guests that came to a blocked node", set(), set(cluster[2].guests()) - before, 2)
        expect("moves of the locked process", "0", locked.proc("nmigs"), 1, locked.command)


def io_job(cluster):
    """Who says that it does input and output stays at home, however much there is to do."""
    home = cluster[1]
    with balanced(cluster), burning(home, 1, "echo 1 > /proc/hpc/decay/iojob;") as (talker,), burning(home, 3) as others:
        until(lambda: talker.proc("why"), lambda: why(talker)[0]["why"] not in ("unseen", "young"))
        until(lambda: fates(others), lambda: {"2", "3"} <= set(places(others)))
        expect("where it is", "0", talker.where(), 1, talker.command)
        expect("its moves", "0", talker.proc("nmigs"), 1, talker.command)


def ordered(cluster):
    """What was ordered by hand stands, until it is left to the balancer again."""
    with balanced(cluster), burning(cluster[1], 3) as jobs:
        for process in jobs:
            process.node.write("/proc/%d/goto" % process.pid, "2")
            process.node.until("/proc/%d/where" % process.pid, "^2$", 60)
        for process in jobs:
            until(lambda p=process: p.proc("why"), lambda p=process: any("ordered" in past for past in why(p)[1]))
            reason(process, "ordered")
        expect("where they are", ["2"] * 3, places(jobs), 1)
        # Whatever is decided at once, it is told; a target may refuse.
        done = jobs[0].node.run(["migrate", str(jobs[0].pid), "balance"])
        said = r"(migrate: )?process %d (moved to|stays where it is:|did not move to) " % jobs[0].pid
        expect("migrate tells what was decided", True, bool(re.match(said, done["out"] + done["err"])), 1, str(done))
        until(lambda: jobs[0].proc("why"), lambda: jobs[0].where() != "2")
        expect("where the others are", ["2"] * 2, places(jobs[1:]), 1)
        # An order that fails is none. Wherever it has gone, and may go on to: it does not come back.
        with switched(cluster[2], block=1):
            jobs[0].node.write("/proc/%d/goto" % jobs[0].pid, "2")
            jobs[0].node.until("/proc/%d/migration" % jobs[0].pid, r"(?s)result: *failed.*takes no guests", 60)
            expect("why", False, why(jobs[0])[0]["why"] == "ordered", 1, "echo 2 > goto")


def steady(cluster):
    """Once processes have spread they stay where they are, most of the time."""
    with balanced(cluster), burning(cluster[1], 6) as jobs:
        until(lambda: fates(jobs), lambda: all(places(jobs).count(where) in (1, 2, 3) for where in ("0", "2", "3")))
        moves = sum(int(process.proc("nmigs")) for process in jobs)
        # It is the number of moves in a time that counts here.
        time.sleep(30)
        more = sum(int(process.proc("nmigs")) for process in jobs) - moves
        if more > len(jobs):
            raise Failed("%d moves of %d processes in 30 s" % (more, len(jobs)), 1)


def tells(cluster):
    """What why tells is so: where, since when, at what cost, and what has become of decisions."""
    with balanced(cluster), burning(cluster[1], 3) as jobs:
        until(lambda: fates(jobs), lambda: set(places(jobs)) == {"0", "2", "3"})
        for process in jobs:
            values, decisions, where = settled(process)
            expect("node", where.replace("0", "1"), values["node"], 1, process.command)
            expect("both costs are told", True, float(values["cost"]) > 0 and float(values["best_cost"]) > 0, 1)
            expect("the best other node is another one", True, values["best"] != values["node"], 1)
            if where != "0":
                ago, start, to, word, outcome = next(past for past in decisions if past[4] == "moved")
                expect("the last move", ["balance", where], [word, to], 1, process.command)
                expect("it came when it moved", True, int(ago) >= int(values["since_ms"]), 1)
                expect("it came from another node", True, start != to, 1)
                expect("moves are counted", True, int(process.proc("nmigs")) >= 1, 1, outcome)


def settled(process):
    """What is told about a process, and where it is: all of one moment, in which there is another place for it."""
    seen = []

    def look():
        before = process.where(), process.proc("nmigs")
        seen[:] = [*why(process), before[0]]
        return "best" in seen[0] and before == (process.where(), process.proc("nmigs"))
    until(lambda: process.proc("why"), look)
    return seen


def decay(node):
    """A pace of its own can be read back; how a process is seen ends with an exec, or at its children."""
    # What the shell reads itself is about itself; what cat reads, about a child that runs another program.
    begin = "cd /proc/hpc/decay; show() { read line < $1; echo \"$1 $line\"; }; echo 1 > cpujob; "
    for what, does, says in (
            ("a pace of its own", "echo 5 900 > own; show own; show slow; cat own", "own 5 900\nslow 0\n5 900\n"),
            ("none any more", "echo 5 900 > own; echo 1 > fast; show own; show fast", "own 0\nfast 1\n"),
            ("what lasts", "show exec; show inherit; exec cat cpujob", "exec 1\ninherit 1\n1\n"),
            ("until the next program", "echo 0 > exec; show cpujob; exec cat cpujob exec", "cpujob 1\n0\n1\n"),
            ("until the one after", "echo exec 0 > exec; exec sh -c 'read line < cpujob; echo $line; exec cat cpujob'",
             "1\n0\n"),
            ("not for children", "echo 0 > inherit; cat cpujob; show cpujob; exec cat cpujob", "0\ncpujob 1\n1\n")):
        expect(what, says, node.shell(begin + does), 1, does)
    for command, says in (("mosrun -k -t 5 -d 900 -E", "5 900\n0\n"), ("mosrun -k -t 5 -d 900 -R", "5 900\n5 900\n")):
        own = command + " sh -c 'read line < /proc/hpc/decay/own; echo $line; exec cat /proc/hpc/decay/own'"
        expect("a program and the next", says, node.shell(own), 1, own)
    own = "mosrun -k -t 5 -d 900 -R sh -c 'cat /proc/hpc/decay/own; true'"
    expect("a child", "0\n", node.shell(own), 1, own)
    for name, bad in (("own", "5"), ("own", "0 900"), ("own", "3601 900"), ("own", "5 1001"), ("own", "x 1"),
                      ("exec", "2"), ("exec", "exec 1"), ("inherit", "no"), ("cpujob", "0")):
        done = node.run(["sh", "-c", "echo '%s' > /proc/hpc/decay/%s" % (bad, name)])
        if done["status"] == 0:
            raise Failed("it took %r" % bad, 1, name)


# Its second thread begins another program, while the first one waits, or when that has ended.
THREADS = """
import ctypes, os, sys, threading, time
lock = "/proc/%d/lock" % os.getpid()
with open(lock, "w") as file:
    file.write("1")
def state():
    with open("/proc/self/task/%d/stat" % os.getpid()) as file:
        return file.read().rpartition(") ")[2][0]
def become():
    while state() != ("Z" if sys.argv[1] == "ends" else "S"):
        time.sleep(0.01)
    with open(lock) as file:
        print(file.read().strip(), flush=True)
    os.execvp("sh", ["sh", "-c", "cat /proc/$$/lock; sh -c 'cat /proc/$$/lock; true'; true"])
threading.Thread(target=become).start()
if sys.argv[1] == "ends":
    ctypes.CDLL(None).syscall(60, 0)
time.sleep(1000)
"""


def inherited(cluster):
    """Children are bound by the rules of their parents; only the owner sets them, and only to what they may be."""
    node = cluster[1]
    rules = "cd /proc/$$; echo 1 > lock; echo 1,3-5 > mignodes; echo 1 > migpolicy; echo 1 > migfilter; " \
            "echo 1 > /proc/hpc/decay/cpujob; echo 1 > /proc/hpc/decay/fast; " \
            "sh -c 'cd /proc/$$; echo $(cat lock mignodes migpolicy migfilter /proc/hpc/decay/cpujob " \
            "/proc/hpc/decay/iojob /proc/hpc/decay/fast /proc/hpc/decay/slow); true'"
    expect("rules of a child", "1 1,3-5 1 1 1 0 1 0\n", node.shell(rules), 1, rules)
    decay(node)
    cleared = "echo 1 > /proc/hpc/decay/iojob; echo 1 > /proc/hpc/decay/clear; cat /proc/hpc/decay/iojob"
    expect("after clear", "0\n", node.shell(cleared), 1, cleared)
    own = ["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "sh", "-c",
           "echo 1 > /proc/hpc/decay/iojob && cat /proc/hpc/decay/iojob"]
    expect("what a user says of his process", "1\n", node.must(own), 1, " ".join(own))
    for name, bad in (("lock", "2"), ("migfilter", "x"), ("migpolicy", ""), ("mignodes", "3-1"),
                      ("mignodes", "0"), ("mignodes", "0xg"), ("goto", "balanced")):
        done = node.run(["sh", "-c", "echo '%s' > /proc/$$/%s" % (bad, name)])
        if done["status"] == 0:
            raise Failed("it took %r" % bad, 1, name)
    for first in ("waits", "ends"):
        argv = ["python3", "-c", THREADS, first]
        expect("lock, before and after execve(), and of a child", "1\n1\n1\n", node.must(argv), 1, argv[3])
    with burning(node, 1) as (process,):
        for name in ("lock", "mignodes", "goto"):
            done = node.run(["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "sh", "-c",
                             "echo 1 > /proc/%d/%s" % (process.pid, name)])
            if done["status"] == 0:
                raise Failed("somebody else could write it", 1, name)


def at_exec(cluster):
    """With the policy exec a program begins where it runs best."""
    with balanced(cluster, "exec"), contextlib.ExitStack() as ends_all:
        ends_all.enter_context(burning(cluster[1], 2, "echo 1 > /proc/$$/lock;"))
        cluster[1].until("/proc/hpc/nodes/1/load", r"^(1[5-9]\d|[2-9]\d\d)$", 60)
        # It computes too little to be placed in any other way. What is known when one begins may be old: then the next.
        sleeps = []

        def away():
            sleeps.append(ends_all.enter_context(cluster[1].start(["sh", "-c", "exec sleep 600"])))
            return any(process.where() != "0" for process in sleeps)
        until(lambda: sleeps[-1].proc("why"), away)
        process = next(process for process in sleeps if process.where() != "0")
        expect("why", "balance", next(past[3] for past in why(process)[1] if past[4] == "moved"), 1)


def mid_run(cluster):
    """A node that comes while there is much to do gets some of it."""
    cluster.kill(3)
    try:
        with balanced_pair(cluster), burning(cluster[1], 4) as jobs:
            until(lambda: fates(jobs), lambda: places(jobs).count("2") in (1, 2, 3))
            cluster.start(3)
            with switched(cluster[3], speed=STANDARD):
                until(lambda: fates(jobs), lambda: "3" in places(jobs))
    finally:
        if cluster.state(3) == "off":
            cluster.start(3)
        cluster.whole()


@contextlib.contextmanager
def balanced_pair(cluster):
    """Node 1 places its processes; the third node is off."""
    with switched(cluster[1], speed=STANDARD, balance="on"), switched(cluster[2], speed=STANDARD):
        yield


def register():
    """Those that restart a node come last."""
    for name, run in (("spread", spread), ("speeds", speeds), ("quota", quota), ("obeyed", obeyed),
                      ("io", io_job), ("ordered", ordered),
                      ("steady", steady), ("tells", tells), ("inherited", inherited), ("exec", at_exec),
                      ("usher", usher), ("mid-run", mid_run)):
        single("balance/" + name, run, 3, alone=True)
    add("balance/four", "Eight unchanged jobs of a shell run on all of four nodes and have the right results", spread, 4, alone=True)
