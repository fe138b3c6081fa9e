# SPDX-License-Identifier: GPL-2.0-only
"""Stay reasons: what cannot move says why, stays where it is, and may move once the reason has gone."""

import functools

from .failed import Failed, Skip, expect
from .kit import probe
from .scenario import add, single

# Name of the reason: whether a process can get rid of it.
REASONS = {
    "clone_vm": True, "mlock": True, "monkey": True, "shm": True, "hugetlb": True, "io_uring": True,
    "aio": True, "ptrace": True, "rt_sched": True, "seccomp": False, "userfaultfd": True, "ldt": False,
    "guard": True, "pkey": True, "direct_io": True, "debug": True, "mmap_dev": True, "time_ns": False, "perf": True,
    "mseal": False, "amx": False, "lam": False,
}


def refused(process, reason):
    """It must not move, and say why."""
    record = process.try_move(2)
    if not record["why"]:
        raise Failed("it moved in spite of %s" % reason, process.node.number, process.command)
    expect("why it did not move", reason, record["migration"].get("reason"), process.node.number, process.command)
    expect("where it is", "0", process.where(), process.node.number, process.command)


def stays(reason, passing, cluster):
    """Take up the reason; be refused; get rid of it; move."""
    home = cluster[1]
    with home.start([probe("stay"), reason]) as process:
        try:
            process.ready()
        except Failed:
            result = process.finish()
            if result["status"] == 4:
                raise Skip(result["out"]["text"]) from None
            raise
        expect("stay reasons", [reason], process.proc("cantmove").split(), home.number, process.command)
        refused(process, reason)
        process.alive()
        if passing:
            # A closed ring goes away in the background.
            home.until("/proc/%d/cantmove" % process.pid, r"^\s*$", 60)
            process.move(2)
            process.alive()
        result = process.finish()
        expect("exit status; stderr: %s" % result["err"]["text"], 0, result["status"], home.number, process.command)


def init(cluster):
    """Process 1 never moves."""
    if "init" not in (cluster[1].read("/proc/1/cantmove") or "").split():
        raise Failed("cantmove: %r" % cluster[1].read("/proc/1/cantmove"), 1, "cat /proc/1/cantmove")


def system(cluster):
    """Kernel threads never move."""
    if "system" not in (cluster[1].read("/proc/2/cantmove") or "").split():
        raise Failed("cantmove: %r" % cluster[1].read("/proc/2/cantmove"), 1, "cat /proc/2/cantmove")


def guest(cluster):
    """A guest is steered at its home, not where it is."""
    with cluster[1].start([probe("compute")]) as process:
        process.ready()
        process.move(2)
        pid = cluster[2].guests()[0]
        expect("stay reasons of the guest", "guest\n", cluster[2].read("/proc/%s/cantmove" % pid), 2)
        done = cluster[2].run(["sh", "-c", "echo home > /proc/%s/goto" % pid])
        if done["status"] == 0:
            raise Failed("the order was taken", 2, "echo home > /proc/%s/goto" % pid)
        process.alive()
        expect("where it is", "2", process.where(), 1, process.command)
        expect("exit status", 0, process.finish()["status"], 1, process.command)


def named(cluster):
    """The program migrate fails and names the reason, or says what it waits for."""
    home = cluster[1]

    def fails(node, pid, target, reason):
        done = node.run(["migrate", str(pid), target])
        expect("exit status; stderr: %s" % done["err"], 1, done["status"], node.number, "migrate %s %s" % (pid, target))
        if "(%s)" % reason not in done["err"]:
            raise Failed("it said %r" % done["err"], node.number, "migrate %s %s" % (pid, target))

    for target in ("2", "home", "balance"):
        fails(home, 1, target, "init")
        fails(home, 2, target, "system")
    with home.start([probe("stay"), "mlock"]) as process:
        process.ready()
        fails(home, process.pid, "2", "mlock")
        process.alive()
        expect("exit status", 0, process.finish()["status"], 1, process.command)
    stopped = "rm -f /tmp/told; kill -STOP %d; migrate %d 2 2> /tmp/told & " \
              "until grep -q 'it is stopped' /tmp/told; do sleep 0.1; done; kill -CONT %d; wait $!"
    with home.start([probe("compute")]) as process:
        process.ready()
        said = home.shell(stopped % ((process.pid,) * 3))
        if not said.startswith("process %d moved to node 2: " % process.pid):
            raise Failed("it said %r" % said, 1, "migrate")
        fails(cluster[2], cluster[2].guests()[0], "1", "guest")
        process.alive()
        expect("exit status", 0, process.finish()["status"], 1, process.command)


def nowhere(cluster):
    """A node that does not exist, and one that is no number, are refused."""
    home = cluster[1]
    with home.start([probe("compute")]) as process:
        process.ready()
        for target in ("77", "-1", "x", "", "4294967298", "2 3"):
            record = process.try_move(target, 20)
            if not record["why"]:
                raise Failed("it went to node %r" % target, 1, process.command)
            expect("where it is", "0", process.where(), 1, process.command)
        process.alive()
        expect("exit status", 0, process.finish()["status"], 1, process.command)


def stranger(cluster):
    """Another user may not move my process."""
    home = cluster[1]
    with home.start([probe("compute")]) as process:
        process.ready()
        done = home.run(["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "sh", "-c",
                         "echo 2 > /proc/%d/goto" % process.pid])
        if done["status"] == 0:
            raise Failed("the write was allowed", 1, "echo 2 > /proc/%d/goto as another user" % process.pid)
        process.alive()
        expect("where it is", "0", process.where(), 1, process.command)
        process.finish()


def owner(cluster):
    """An ordinary user moves the own process."""
    home = cluster[1]
    with home.start([probe("paths")], user=1000) as process:
        process.ready()
        home.must(["setpriv", "--reuid=1000", "--regid=1000", "--clear-groups", "sh", "-c",
                   "echo 2 > /proc/%d/goto" % process.pid])
        home.until("/proc/%d/where" % process.pid, r"^2$")
        process.alive()
        expect("exit status", 0, process.finish()["status"], 1, process.command)


def given(cluster):
    """A process that somebody gives a reason to stay while it is away comes home."""
    home = cluster[1]
    with home.start([probe("compute")]) as process:
        process.ready()
        process.move(2)
        process.alive()
        home.must(["chrt", "--rr", "-p", "1", str(process.pid)])
        home.until("/proc/%d/where" % process.pid, "^0$", 30)
        expect("why it stays", "rt_sched", process.proc("cantmove").strip(), 1, process.command)
        home.must(["chrt", "--other", "-p", "0", str(process.pid)])
        process.move(2)
        process.alive()
        expect("exit status", 0, process.finish()["status"], 1, process.command)


def compat(cluster):
    """A program of 32 bits stays."""
    home = cluster[1]
    if home.run(["zgrep", "-q", "^CONFIG_IA32_EMULATION=y", "/proc/config.gz"])["status"]:
        raise Skip("this kernel runs no programs of 32 bits")
    with home.start([probe("compat")]) as process:
        process.expect("^ready$")
        expect("stay reasons", ["compat"], process.proc("cantmove").split(), 1, process.command)
        refused(process, "compat")
        home.shell("kill %d" % process.pid)


def ended(cluster):
    """A process that has ended, and for which nobody has waited yet, can be asked all the same."""
    home = cluster[1]
    with home.start([probe("compute")]) as process:
        process.ready()
        home.shell("kill -9 %d" % process.pid)
        home.until("/proc/%d/status" % process.pid, r"State:\s+Z")
        expect("where it is", "0", process.where(), 1, process.command)
        expect("why it stays", "", process.proc("cantmove"), 1, process.command)
        if "why: " not in (process.proc("why") or ""):
            raise Failed("why: %r" % process.proc("why"), 1, process.command)


def clock(cluster):
    """A process that is away comes home when somebody sets the clock there: the vDSO elsewhere knows nothing of it."""
    home = cluster[1]
    now = "import time; time.clock_settime(time.CLOCK_REALTIME, time.time() %s 1000.3)"
    with home.start([probe("compute")]) as process:
        process.ready()
        process.move(2)
        process.alive()
        home.must(["python3", "-c", now % "+"])
        try:
            home.until("/proc/%d/where" % process.pid, "^0$", 30)
        finally:
            home.must(["python3", "-c", now % "-"])
        process.alive()
        expect("exit status", 0, process.finish()["status"], 1, process.command)


def register():
    """All reasons."""
    for reason, passing in REASONS.items():
        add("stay/%s" % reason, "%s keeps a process at home" % reason, functools.partial(stays, reason, passing))
    single("stay/init", init)
    single("stay/system", system)
    single("stay/guest", guest)
    single("stay/named", named)
    single("stay/nowhere", nowhere)
    single("stay/stranger", stranger)
    single("stay/owner", owner)
    single("stay/given", given)
    single("stay/compat", compat)
    single("stay/ended", ended)
    single("stay/clock", clock, alone=True)
