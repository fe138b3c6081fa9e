# SPDX-License-Identifier: GPL-2.0-only
"""Life and death of moved processes: what home sees, memory, ends, stops, kills, many at once."""

import contextlib
import functools
import re
import time

from .failed import Failed, expect
from .kit import probe
from .members import ADMIN
from .patience import until
from .scenario import add, same, single, unmoved

PROMPTLY = 18  # seconds: less than the 20 that one half waits for the other

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
        until(lambda: "%d MiB are available, %d before the move" % (available(home), before),
              lambda: available(home) >= before + 90, PROMPTLY)
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
        cluster[2].until("/proc/hpc/remote", r"^\s*$", PROMPTLY)
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
                cluster[number].until("/proc/hpc/remote", r"^\d+$" if where == str(number) else r"^\s*$", PROMPTLY)
            process.alive()
        process.move(2)
        line = home.must(["ps", "-o", "pid=,comm=", "-p", str(process.pid)]).split()
        expect("ps", [str(process.pid), "probe-compute"], line, 1)
        expect("exit status", 0, process.finish()["status"], 1, process.command)


def state(cluster):
    """One that computes runs in /proc/PID, on its way too, as nice as it is; one that sleeps, sleeps, and is no load."""
    home = cluster[1]

    def states(process, hops):
        seen = set()
        for hop in hops:
            home.must(["sh", "-c", "echo %s > /proc/%d/goto" % (hop, process.pid)])
            script = r"for i in $(seq 300); do sed -E 's/.*\) (.) ([^ ]+ ){15}([^ ]+) .*/\1 \3/' /proc/%d/stat; done"
            seen |= set(home.shell(script % process.pid, 180).splitlines())
            home.until("/proc/%d/where" % process.pid, "^%s$" % hop, PROMPTLY)
        return seen
    with home.start(["sh", "-c", "echo begun; while :; do :; done"]) as process:
        process.expect("^begun$")
        expect("states of a program that computes", {"R 0"}, states(process, (2, 3, 0, 2)), 1, process.command)
        expect("where a program sleeps that computes elsewhere", "0", process.proc("wchan"), 1, process.command)
    with home.start(["sleep", "1000"]) as process:
        states(process, (3,))
        home.until("/proc/%d/status" % process.pid, r"^State:\s*S", PROMPTLY)
        home.until("/proc/%d/wchan" % process.pid, "nanosleep|restart_syscall", PROMPTLY)
        cluster[3].until("/proc/%s/status" % cluster[3].guests()[0], r"^State:\s*I", PROMPTLY)


def nice(cluster):
    """A guest is as nice as its process at home, and never comes before what belongs to its node."""
    home = cluster[1]
    with home.start(["nice", "-n", "7", probe("compute")]) as process:
        process.ready()
        process.move(2)

        def there(wanted, node=2):
            guest = cluster[node].guests()[0]
            cluster[node].until("/proc/hpc/remote/%s/stats" % guest, r"\bnice=%d\b" % wanted, PROMPTLY)
        there(7)
        for at_home, away in ((12, 12), (-5, 0), (3, 3)):
            home.must(["renice", "-n", str(at_home), "-p", str(process.pid)])
            there(away)
        home.must(["chrt", "--idle", "-p", "0", str(process.pid)])
        there(19)
        home.must(["chrt", "--other", "-p", "0", str(process.pid)])
        process.move(3)
        there(3, 3)
        process.move("home")
        expect("nice at home", "3", home.must(["ps", "-o", "ni=", "-p", str(process.pid)]).strip(), 1)
        process.alive()
        expect("exit status", 0, process.finish()["status"], 1, process.command)


def gone(cluster, process, since):
    """The process has ended by SIGKILL, and nothing of it is left anywhere."""
    expect("exit status", -9, process.finish(PROMPTLY)["status"], 1, "kill -9 %s" % since)
    for node in cluster.nodes.values():
        node.until("/proc/hpc/remote", r"^\s*$", PROMPTLY)
        node.shell("timeout %d sh -c 'while grep -qs ^Uid:.4294901760 /proc/[0-9]*/status; do :; done'" % PROMPTLY)


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
    """Fourteen processes of all kinds, away at the same time and coming home again."""
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


USER = 1000
PLAIN, SETUID = "/tmp/plain-sleep", "/tmp/setuid-sleep"


@contextlib.contextmanager
def sleeper(node, program, mode):
    """A program that sleeps has this mode; afterwards it is gone."""
    node.shell("install -m %s $(command -v sleep) %s" % (mode, program))
    try:
        yield
    finally:
        node.must(["rm", program])


def privileged(cluster):
    """An order is forgotten by a program that has privileges of its own, or cannot be read."""
    home = cluster[1]
    order = "echo exec 2 > /proc/$$/goto; exec %s 600"
    programs = {PLAIN: "0755", SETUID: "4755", "/tmp/setgid-sleep": "2755", "/tmp/secret-sleep": "0711"}
    for program, mode in programs.items():
        with sleeper(home, program, mode), home.start(["sh", "-c", order % program], user=USER) as process:
            if program == PLAIN:
                home.until("/proc/%d/where" % process.pid, "^2$", PROMPTLY)
                continue
            home.until("/proc/%d/migration" % process.pid, "(?s)result: failed.*reason: .*privileges", PROMPTLY)
            expect("where", "0", process.where(), 1, program)
            expect("goto", "0", process.proc("goto"), 1, program)
            expect("nmigs", "0", process.proc("nmigs"), 1, program)


# The order is given before or after the program begins, and so is the answer of the node. Who had left before that
# comes home first.
PAUSES = "0 0 0 0.001 0.002 0.003 0.005 0.01"
RACERS = """
for pause in %s; do
    %s 600 &
    sleep $pause
    echo 2 > /proc/$!/goto
    until grep -q setuid-sleep /proc/$!/comm; do sleep 0.01; done
    echo racer $!
done 2> /dev/null
wait
""" % (PAUSES, SETUID)


def privileged_race(cluster):
    """An order that is on its way when a program with privileges begins is forgotten, too."""
    home = cluster[1]
    with sleeper(home, SETUID, "4755"), home.start(["sh", "-c", RACERS], user=USER) as shell:
        racers = [shell.expect(r"^racer \d+\n").split()[1] for _ in PAUSES.split()]
        # They would have left by now: who was told after them is there.
        with home.start(["sleep", "600"]) as later:
            later.move(2)
        for pid in racers:
            for name in ("where", "goto"):
                expect(name, "0", (home.read("/proc/%s/%s" % (pid, name)) or "gone").strip(), 1, SETUID)


SLEEPER = """
import resource, signal, time
resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
signal.signal(signal.SIGUSR1, lambda *_: None)
print("waits", flush=True)
signal.pause()
print("sleeps", flush=True)
time.sleep(1000)
"""

# Attaches, says what the registers are, and lets go.
TRACER = """
import ctypes, os, sys
pid = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
libc.ptrace.argtypes = [ctypes.c_long, ctypes.c_long, ctypes.c_void_p, ctypes.c_void_p]
libc.ptrace.restype = ctypes.c_long
def ptrace(request, data=None):
    assert libc.ptrace(request, pid, None, data) == 0, os.strerror(ctypes.get_errno())
ptrace(16)  # PTRACE_ATTACH
assert os.waitpid(pid, 0)[0] == pid
registers = (ctypes.c_uint64 * 27)()
ptrace(12, ctypes.addressof(registers))  # PTRACE_GETREGS
with open("/proc/%d/mem" % pid, "rb", 0) as memory:
    memory.seek(registers[16] - 2)
    code = memory.read(2).hex()
ptrace(17)  # PTRACE_DETACH
print(registers[15], code, "0x%x 0x%x" % (registers[19], registers[16]))
"""

# Says what the registers in a core dump are.
AUTOPSY = """
import struct, sys
with open(sys.argv[1], "rb") as core:
    header = core.read(64)
    at, size, count = struct.unpack_from("<Q", header, 32)[0], *struct.unpack_from("<HH", header, 54)
    core.seek(at)
    parts = [struct.unpack("<IIQQQQQQ", core.read(size)) for _ in range(count)]
    core.seek(next(part[2] for part in parts if part[0] == 4) + 12 + 8 + 112)  # PT_NOTE; NT_PRSTATUS comes first
    registers = struct.unpack("<27Q", core.read(27 * 8))
    home = next(part for part in parts if part[0] == 1 and part[3] <= registers[16] < part[3] + part[6])
    code = "0f05"  # of a file, which is not in the dump
    if registers[16] - home[3] < home[5]:
        core.seek(home[2] + registers[16] - home[3] - 2)
        code = core.read(2).hex()
print(registers[15], code)
"""

NR_CLOCK_NANOSLEEP = 230


@contextlib.contextmanager
def stopped_away(cluster):
    """A process that is stopped away from home, in another call than that in which it left."""
    home = cluster[1]
    with home.start(["python3", "-c", SLEEPER]) as process:
        process.expect("waits")
        process.move(2)
        home.must(["kill", "-USR1", str(process.pid)])
        process.expect("sleeps")
        home.until("/proc/%d/syscall" % process.pid, r"^%d " % NR_CLOCK_NANOSLEEP)
        home.must(["kill", "-STOP", str(process.pid)])
        home.until("/proc/%d/status" % process.pid, r"^State:\s*T", PROMPTLY)
        expect("where it is stopped", "2", process.where(), 1)
        yield process


def stopped_traced(cluster):
    """Who attaches to a process that is stopped away from home finds the registers that it has, and lets it go on."""
    home = cluster[1]
    with stopped_away(cluster) as process:
        place = process.proc("syscall").split()[-2:]
        said = home.must(["python3", "-c", TRACER, str(process.pid)], 120).split()
        expect("call, and the code that made it", [str(NR_CLOCK_NANOSLEEP), "0f05"], said[:2], 1, "tracer")
        expect("stack and instruction pointer, as /proc/PID/syscall has had them", said[2:], place, 1)
        expect("where it is traced", "0", process.where(), 1)
        home.until("/proc/%d/status" % process.pid, r"^State:\s*T", PROMPTLY)
        home.must(["kill", "-CONT", str(process.pid)])
        # Interrupted by the stop, it goes on by restart_syscall().
        home.until("/proc/%d/syscall" % process.pid, r"^(219|%d) " % NR_CLOCK_NANOSLEEP)
        home.must(["kill", str(process.pid)])
        expect("exit status", -15, process.finish(60)["status"], 1, process.command)


# Says what becomes of a child: when it stops, goes on and ends, and how often SIGCHLD came for that.
PARENT = """
import os, signal, sys
told = []
signal.signal(signal.SIGCHLD, lambda *_: told.append(1))
child = os.posix_spawn("/bin/sh", ["sh", "-c", "trap 'exit 7' USR1; while :; do :; done"], os.environ)
print("child", child, flush=True)
words = {os.CLD_STOPPED: "stopped", os.CLD_CONTINUED: "goes on", os.CLD_EXITED: "ended"}
while True:
    what = os.waitid(os.P_PID, child, os.WSTOPPED | os.WCONTINUED | os.WEXITED)
    print(words[what.si_code], what.si_status, len(told), flush=True)
    if what.si_code == os.CLD_EXITED:
        break
"""


def stopped_home(cluster):
    """A process that is stopped comes home when it is told to, and goes on being stopped: its parent notices nothing."""
    home = cluster[1]
    with home.start(["python3", "-c", PARENT]) as parent:
        child = parent.expect(r"^child (\d+)$").split()[1]
        ways = ((home, "/proc/%s/goto" % child, "home"), (cluster[2], ADMIN + "expel", "1"), (home, ADMIN + "bring", "1"))
        for turn, (node, name, on) in enumerate(ways):
            home.must(["migrate", child, "2"])
            home.must(["kill", "-STOP", child])
            parent.expect(r"^stopped 19 %d$" % (2 * turn + 1))
            try:
                # The last two wait until it is home.
                node.must(["timeout", str(PROMPTLY), "sh", "-c", "echo %s > %s" % (on, name)])
                home.until("/proc/%s/where" % child, "^0$", PROMPTLY)
            finally:
                if name.startswith(ADMIN):
                    node.write(name, "0")
            home.until("/proc/%s/status" % child, r"(?m)^State:\s*T", PROMPTLY)
            home.must(["kill", "-CONT", child])
            parent.expect(r"^goes on 18 %d$" % (2 * turn + 2))
        home.must(["kill", "-USR1", child])
        parent.expect("^ended 7 %d$" % (2 * len(ways) + 1))
        expect("exit status", 0, parent.finish(PROMPTLY)["status"], 1, parent.command)


def stopped_dumped(cluster):
    """A signal that ends a process with a core dump, which came while it was stopped away, dumps what it was in."""
    home, pattern = cluster[1], "/proc/sys/kernel/core_pattern"
    before = home.read(pattern)
    home.write(pattern, "/tmp/core.%p")
    try:
        with stopped_away(cluster) as process:
            for name in ("QUIT", "CONT"):
                home.must(["kill", "-" + name, str(process.pid)])
            expect("exit status", -3, process.finish(120)["status"], 1, process.command)
            said = home.must(["python3", "-c", AUTOPSY, "/tmp/core.%d" % process.pid])
            expect("call, and the code that made it", "%d 0f05\n" % NR_CLOCK_NANOSLEEP, said, 1, "core dump")
    finally:
        home.write(pattern, before)
        home.shell("rm -f /tmp/core.*")


def clock(cluster):
    """The time of day is home's, even if the clock of the visited node is wrong."""
    now = "import time; time.clock_settime(time.CLOCK_REALTIME, time.time() %s 1000.3)"
    cluster[2].must(["python3", "-c", now % "+"])
    try:
        with cluster[1].start([probe("clocks")]) as process:
            process.ready()
            for hop in (2, 3, 2, "home"):
                process.move(hop)
                process.alive()
            result = process.finish()
            expect("exit status; stderr: %s" % result["err"]["text"], 0, result["status"], 1, process.command)
    finally:
        cluster[2].must(["python3", "-c", now % "-"])


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
    wait, before = 20, 10
    program = ("import select, time\n"
               "begin = time.monotonic()\n"
               "print('ready', flush=True)\n"
               "select.epoll().poll(%d)\n"
               "print(time.monotonic() - begin)" % wait)
    with cluster[1].start(["python3", "-c", program]) as process:
        process.expect("ready")
        # That it has waited for some time is what this is about.
        time.sleep(before)
        process.move(2)
        waited = float(process.finish()["out"]["text"].split()[-1])
    # If it began anew when it left it would take this long at least.
    expect("it waited %d s, and did not begin anew" % wait, True, wait <= waited < before + wait, 1,
           "waited %.2f s" % waited)


def register():
    """The families."""
    for how, about in ENDS.items():
        add("end/%s" % how, "away from home, it ends by %s" % about, functools.partial(ends, how))
    for name in ("compute", "pipe", "sleep", "tcp", "siginfo", "fork", "robust"):
        add("kill/%s" % name, "kill -9 at home ends it at once: %s" % name, functools.partial(killed, name), 3)
    single("life/freed", freed)
    single("life/seen", seen, 3)
    single("kill/stopped", stopped)
    single("kill/moving", moving)
    single("life/nice", nice, 3)
    single("life/crossing", crossing)
    single("life/many", many, 3, alone=True)
    single("life/state", state, 3)
    single("life/timeout", timeout)
    single("life/traced", traced_calls)
    single("life/stopped/traced", stopped_traced)
    single("life/stopped/dumped", stopped_dumped)
    single("life/stopped/home", stopped_home)
    single("life/clock", clock, 3, alone=True)
    single("life/privileged", privileged)
    single("life/privileged/race", privileged_race)
