# SPDX-License-Identifier: GPL-2.0-only
"""Somebody looks at the memory of a process that is away, or changes it."""

import functools

from .failed import expect
from .lifecycle import PROMPTLY
from .scenario import add, single

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
        assert os.pread(memory.fileno(), size, at) == wanted, "data differ"
        found = (re.search("([0-9a-f]+)-.*.vdso.", open("/proc/%s/maps" % who).read()) for who in (pid, "self"))
        vdso, own = (int(line.group(1), 16) for line in found)
        assert os.pread(memory.fileno(), 8192, vdso) == ctypes.string_at(own, 8192), "the vDSO differs"
        for line in open("/proc/%d/maps" % pid):
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) r-xp ([0-9a-f]+) .* (/.*)", line)
            if found:
                start, offset = int(found.group(1), 16), int(found.group(3), 16)
                with open(found.group(4), "rb") as program:
                    program.seek(offset)
                    assert os.pread(memory.fileno(), 8192, start) == program.read(8192), line
elif how == "write":
    with open("/proc/%d/mem" % pid, "r+b", 0) as memory:
        os.pwrite(memory.fileno(), wanted, at)
else:
    class Vector(ctypes.Structure):
        _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]
    to = ctypes.create_string_buffer(size)
    local, remote = Vector(ctypes.addressof(to), size), Vector(at, size)
    got = ctypes.CDLL(None, use_errno=True).process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
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


LOOKED_AT_MOVING = """
import ctypes, mmap, signal
held = ctypes.create_string_buffer(bytes(range(256)) * 64)
untouched = mmap.mmap(-1, 64 << 20, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
print("at", ctypes.addressof(held), ctypes.addressof(ctypes.c_char.from_buffer(untouched)), flush=True)
signal.pause()
"""

LOOKER_ON = """
import itertools, signal, sys
pid, at, untouched = map(int, sys.argv[1:])
wanted, goes_on = bytes(range(256)) * 64 + b"\\0", [True]
signal.signal(signal.SIGUSR1, lambda *_: goes_on.clear())
print("ready", flush=True)
with open("/proc/%d/mem" % pid, "rb", 0) as memory:
    for number in itertools.count():
        if not goes_on:
            break
        memory.seek(at)
        assert memory.read(len(wanted)) == wanted, "data differ, time %d" % number
        memory.seek(untouched + number % (16 << 10) * 4096)
        assert memory.read(4096) == bytes(4096), "not zeros, time %d" % number
print("right", flush=True)
"""


def looked_at_moving(cluster):
    """Somebody reads the memory of a process all the time, which comes and goes: he always gets all of it."""
    home = cluster[1]
    with home.start(["python3", "-c", LOOKED_AT_MOVING]) as process:
        process.expect(r"^at \d+ \d+\n", 60)
        out = process.do("last_line", stream="out").split()
        with home.start(["python3", "-c", LOOKER_ON, str(process.pid), out[1], out[2]]) as looker:
            looker.expect("ready", 60)
            for hop in (2, "home", 2, 3, "home", 3, 2, "home"):
                process.move(hop)
            home.must(["kill", "-USR1", str(looker.pid)])
            result = looker.finish()
            expect("exit status; stderr: %s" % result["err"]["text"], 0, result["status"], 1, looker.command)


EACH_OTHER = """
import ctypes, os, signal, sys
wanted = bytes(range(256)) * 64 + b"\\0"
held, to = ctypes.create_string_buffer(wanted[:-1]), ctypes.create_string_buffer(len(wanted))
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
with open(sys.argv[1], "w") as mine:
    mine.write("%d %d" % (os.getpid(), ctypes.addressof(held)))
print("ready", flush=True)
signal.sigwait([signal.SIGUSR1])
with open(sys.argv[2]) as other:
    pid, at = map(int, other.read().split())
class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("len", ctypes.c_size_t)]
local, remote = Vector(ctypes.addressof(to), len(wanted)), Vector(at, len(wanted))
libc = ctypes.CDLL(None, use_errno=True)
got = libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
assert got == len(wanted), os.strerror(ctypes.get_errno())
assert to.raw == wanted, "data differ"
print("right", flush=True)
signal.sigwait([signal.SIGUSR1])
"""


def each_other(cluster):
    """Two that are away copy from each other at the same time: neither waits for the other for long."""
    home, files = cluster[1], ("/tmp/one", "/tmp/two")
    with home.start(["python3", "-c", EACH_OTHER, *files]) as one, \
            home.start(["python3", "-c", EACH_OTHER, *reversed(files)]) as two:
        for process in (one, two):
            process.expect("ready", 60)
            process.move(2)
        home.must(["kill", "-USR1", str(one.pid), str(two.pid)])
        for process in (one, two):
            process.expect("right", PROMPTLY)
        home.must(["kill", "-USR1", str(one.pid), str(two.pid)])
        for process in (one, two):
            expect("exit status", 0, process.finish(PROMPTLY)["status"], 1, process.command)


def register():
    """The family."""
    single("life/looked-at/each-other", each_other)
    single("life/looked-at/moving", looked_at_moving, 3)
    for how, about in (("read", "reads its memory"), ("write", "writes to its memory"), ("vm", "copies from it")):
        add("life/looked-at/%s" % how, "somebody %s while it is away" % about, functools.partial(looked_at, how))
