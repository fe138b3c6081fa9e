# SPDX-License-Identifier: GPL-2.0-only
"""Life and death of moved processes: what home sees, memory, ends, stops, kills, many at once."""

import contextlib
import functools
import re
import time

from .failed import Failed, expect
from .kit import probe
from .scenario import add, same, single, unmoved

PROMPTLY = 10  # seconds

ENDS = {"exit": "an exit status", "abort": "abort()", "segv": "a fault", "ill": "a wrong instruction",
        "fpe": "a division by zero", "trap": "a breakpoint", "term": "a signal of its own", "xcpu": "RLIMIT_CPU"}


def ends(how, cluster):
    """Ends away from home look as ends at home."""
    home, argv = cluster[1], [probe("end"), how]

    def run(hops):
        with home.start(argv) as process:
            process.ready()
            for hop in hops:
                process.move(hop)
            process.alive()
            return process.finish(60)
    same(home, " ".join(argv), unmoved(cluster, tuple(argv), lambda: run(())), run((2,)))


def freed(cluster):
    """The memory of a process that is away is free at home."""
    home = cluster[1]
    with home.start([probe("memory"), "128"]) as process:
        process.ready()

        def resident():
            return int(re.search(r"VmRSS:\s*(\d+)", process.proc("status")).group(1)) // 1024
        if resident() < 100:
            raise Failed("it has only %d MiB" % resident(), 1, process.command)
        before = available(home)
        process.move(2)
        process.alive()
        if resident() > 16:
            raise Failed("%d MiB are still resident at home" % resident(), 1, process.command)
        if available(home) < before + 90:
            raise Failed("%d MiB were available before, %d MiB after the move" % (before, available(home)),
                         1, process.command)
        guests = cluster[2].guests()
        expect("guests on node 2", 1, len(guests), 2, "ls /proc/hpc/remote")
        expect("where the guest is from", "1", cluster[2].read("/proc/hpc/remote/%s/from" % guests[0]).strip(), 2)
        identity = cluster[2].read("/proc/hpc/remote/%s/identity" % guests[0]).split()
        expect("identity of the guest", [str(process.pid), "probe-memory"], identity, 2)
        statm = cluster[2].read("/proc/hpc/remote/%s/statm" % guests[0])
        expect("statm of the guest", cluster[2].read("/proc/%s/statm" % guests[0]), statm, 2)
        stats = dict(fact.split("=") for fact in cluster[2].read("/proc/hpc/remote/%s/stats" % guests[0]).split())
        names = ["utime", "cutime", "nice", "state", "vsize", "rss", "nswap", "cnswap", "age"]
        expect("facts of the guest", names, list(stats), 2)
        pages = [int(number) for number in statm.split()]
        expect("memory of the guest", [pages[0] * 4096, pages[1]], [int(stats["vsize"]), int(stats["rss"])], 2)
        if pages[1] < 100 << 8:
            raise Failed("the guest has only %d pages" % pages[1], 2, process.command)
        process.move("home")
        process.alive()
        expect("guests on node 2", [], cluster[2].guests(), 2, "ls /proc/hpc/remote")
        expect("exit status", 0, process.finish()["status"], 1, process.command)


def available(node):
    """MiB of memory that programs could have."""
    return int(re.search(r"MemAvailable:\s*(\d+)", node.read("/proc/meminfo")).group(1)) // 1024


def seen(cluster):
    """What home tells about a process: where, nmigs, goto, migration; ps still shows it."""
    home = cluster[1]
    with home.start([probe("compute")]) as process:
        process.ready()
        expect("where", "0", process.where(), 1)
        expect("nmigs", "0", process.proc("nmigs"), 1)
        for count, hop, where in ((1, "2", "2"), (2, "3", "3"), (3, "home", "0"), (4, "3", "3"), (5, "0", "0")):
            record = process.move(hop)["migration"]
            expect("where", where, process.where(), 1)
            expect("nmigs", str(count), process.proc("nmigs"), 1)
            expect("goto", "0", process.proc("goto"), 1)
            expect("the record's result", "ok", record.get("result"), 1)
            expect("the record's target", True, record.get("to") in (where, "1" if where == "0" else where), 1)
            missing = {"from", "to", "stage", "result", "reason", "pages", "bytes", "prepare_us", "freeze_us",
                       "copy_us", "commit_us", "total_us"} - set(record)
            expect("missing in the record", set(), missing, 1)
            for number in (2, 3):
                expect("guests on node %d" % number, int(where == str(number)), len(cluster[number].guests()), number)
            process.alive()
        process.move(2)
        line = home.must(["ps", "-o", "pid=,comm=", "-p", str(process.pid)]).split()
        expect("ps", [str(process.pid), "probe-compute"], line, 1)
        expect("exit status", 0, process.finish()["status"], 1, process.command)


def gone(cluster, process, since):
    """The process has ended by SIGKILL, and nothing of it is left anywhere."""
    expect("exit status", -9, process.finish(PROMPTLY)["status"], 1, "kill -9 %s" % since)
    for node in cluster.nodes.values():
        node.until("/proc/hpc/remote", r"^\s*$", PROMPTLY)


def killed(name, cluster):
    """kill -9 at home ends it at once, wherever it is and whatever it does."""
    home = cluster[1]
    for hops in (("2",), ("2", "3"), ("2", "home")):
        with home.start([probe(name)]) as process:
            process.ready()
            for hop in hops:
                process.move(hop)
            home.must(["kill", "-9", str(process.pid)])
            gone(cluster, process, "after %s" % (hops,))


def stopped(cluster):
    """SIGSTOP makes the guest stand still, SIGCONT lets it go on, kill -9 ends it while it stands."""
    home = cluster[1]
    with home.start([probe("compute")]) as process:
        process.ready()
        process.move(2)
        for _ in range(3):
            home.must(["kill", "-STOP", str(process.pid)])
            home.until("/proc/%d/status" % process.pid, r"^State:\s*T", PROMPTLY)
            guest = cluster[2].guests()[0]
            cluster[2].ask("still", "the guest stands still", PROMPTLY, {"pid": int(guest), "seconds": PROMPTLY})
            home.must(["kill", "-CONT", str(process.pid)])
            process.alive()
        home.must(["kill", "-STOP", str(process.pid)])
        home.until("/proc/%d/status" % process.pid, r"^State:\s*T", PROMPTLY)
        home.must(["kill", "-9", str(process.pid)])
        gone(cluster, process, "while stopped")


def moving(cluster):
    """kill -9 in all phases of a move: it ends, and nothing is left."""
    home = cluster[1]
    for milliseconds in (0, 2, 5, 10, 20, 40, 80, 160, 320, 640):
        with home.start([probe("memory"), "48"]) as process:
            process.ready()
            process.do("kill_after", to="2", milliseconds=milliseconds)
            gone(cluster, process, "%d ms after the request to move" % milliseconds)


def crossing(cluster):
    """Two nodes are home and guest for each other's processes at once."""
    with cluster[1].start([probe("pipe")]) as one, cluster[2].start([probe("pipe")]) as two:
        for process in (one, two):
            process.ready()
        for _ in range(5):
            one.move(2)
            two.move(1)
            one.alive()
            two.alive()
            one.move("home")
            two.move("home")
            one.alive()
        for process in (one, two):
            expect("exit status", 0, process.finish()["status"], process.node.number, process.command)


def many(cluster):
    """Twelve processes of all kinds, away at the same time and coming home again."""
    home = cluster[1]
    names = ("compute", "pipe", "tcp", "sleep", "siginfo", "restart", "interrupt", "altstack", "append", "mapfile", "heap", "paths", "stack",
             "fork")
    with contextlib.ExitStack() as ends_all:
        processes = [ends_all.enter_context(home.start([probe(name)])) for name in names]
        for process in processes:
            process.ready()
        for hop in (2, 3, "home"):
            for process in processes:
                process.move(hop)
            for process in processes:
                process.alive(300)
        for process in processes:
            expect("exit status", 0, process.finish()["status"], 1, process.command)


LOOKED_AT = """
import ctypes, signal
held = ctypes.create_string_buffer(bytes(range(256)) * 64)
print("at", ctypes.addressof(held), len(held), flush=True)
signal.pause()
"""

LOOKER = """
import ctypes, os, re, sys
pid, at, size, how = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
wanted = bytes(range(256)) * 64 + b"\\0"
if how == "read":
    with open("/proc/%d/mem" % pid, "rb", 0) as memory:
        memory.seek(at)
        assert memory.read(size) == wanted, "data differ"
        for line in open("/proc/%d/maps" % pid):
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) r-xp ([0-9a-f]+) .* (/.*)", line)
            if found:
                start, offset = int(found.group(1), 16), int(found.group(3), 16)
                memory.seek(start)
                with open(found.group(4), "rb") as program:
                    program.seek(offset)
                    assert memory.read(8192) == program.read(8192), line
elif how == "write":
    with open("/proc/%d/mem" % pid, "r+b", 0) as memory:
        memory.seek(at)
        memory.write(wanted)
else:
    class Vector(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]
    to = ctypes.create_string_buffer(size)
    local, remote = Vector(ctypes.addressof(to), size), Vector(at, size)
    libc = ctypes.CDLL(None, use_errno=True)
    got = libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
    assert got == size, os.strerror(ctypes.get_errno())
    assert to.raw == wanted, "data differ"
print("right")
"""


def looked_at(how, cluster):
    """Somebody else reaches into a process that is away: reading leaves it there, all else brings it home."""
    home = cluster[1]
    with home.start(["python3", "-c", LOOKED_AT]) as process:
        process.expect(r"^at \d+ \d+\n", 60)
        process.move(2)
        out = process.do("last_line", stream="out").split()
        said = home.must(["python3", "-c", LOOKER, str(process.pid), out[1], out[2], how])
        expect("what the looker says", "right\n", said, 1, "looker " + how)
        expect("where the process is", "2" if how == "read" else "0", process.where(), 1, how)


def clock(cluster):
    """The time of day is home's, even if the clock of the visited node is wrong."""
    now = "import time; time.clock_settime(time.CLOCK_REALTIME, time.time() %s 1000.3)"
    cluster[2].run(["python3", "-c", now % "+"])
    try:
        with cluster[1].start([probe("clocks")]) as process:
            process.ready()
            for hop in (2, 3, 2, "home"):
                process.move(hop)
                process.alive()
            result = process.finish()
            expect("exit status; stderr: %s" % result["err"]["text"], 0, result["status"], 1, process.command)
    finally:
        cluster[2].run(["python3", "-c", now % "-"])


def traced_calls(cluster):
    """Who traces system calls at home sees those of a process that is away."""
    home, tracing = cluster[1], "/sys/kernel/tracing"
    home.shell("mountpoint -q %s || mount -t tracefs tracefs %s" % (tracing, tracing))
    event = tracing + "/events/syscalls/sys_%s_getppid/enable"
    program = "import os, time\nwhile True: os.getppid(), time.sleep(0.05)"
    with cluster[1].start(["python3", "-c", program]) as process:
        process.move(2)
        try:
            for side in ("enter", "exit"):
                home.write(event % side, "1")
            for called in (r"sys_getppid\(\)", "sys_getppid -> 0x"):
                home.until(tracing + "/trace", r"(?m)-%d +\[.*\b%s" % (process.pid, called))
        finally:
            for side in ("enter", "exit"):
                home.write(event % side, "0")
            home.write(tracing + "/trace", "")


def timeout(cluster):
    """A wait for a time ends at that time, though the process leaves home in the middle of it."""
    program = ("import select, time\n"
               "begin = time.monotonic()\n"
               "print('ready', flush=True)\n"
               "select.epoll().poll(10)\n"
               "print(time.monotonic() - begin)")
    with cluster[1].start(["python3", "-c", program]) as process:
        process.expect("ready")
        # That it has waited for some time is what this is about.
        time.sleep(6)
        process.move(2)
        waited = float(process.finish()["out"]["text"].split()[-1])
    expect("it waited 10 s, and no more than three longer", True, 10 <= waited < 13, 1, "waited %.2f s" % waited)


def register():
    """The families."""
    for how, about in ENDS.items():
        add("end/%s" % how, "away from home, it ends by %s" % about, functools.partial(ends, how))
    for name in ("compute", "pipe", "sleep", "tcp", "siginfo", "fork"):
        add("kill/%s" % name, "kill -9 at home ends it at once: %s" % name, functools.partial(killed, name), 3)
    single("life/freed", freed)
    single("life/seen", seen, 3)
    single("kill/stopped", stopped)
    single("kill/moving", moving)
    single("life/crossing", crossing)
    single("life/many", many, 3)
    single("life/timeout", timeout)
    single("life/traced", traced_calls)
    single("life/clock", clock, 3)
    for how, about in (("read", "reads its memory"), ("write", "writes to its memory"), ("vm", "copies from it")):
        add("life/looked-at/%s" % how, "somebody %s while it is away" % about, functools.partial(looked_at, how))
