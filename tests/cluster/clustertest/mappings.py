# SPDX-License-Identifier: GPL-2.0-only
"""Mapped files that others change while the process is away: what it sees is what is there, or it comes home."""

import functools

from .failed import expect
from .kit import probe
from .matrix import ROUTES
from .scenario import add, same, single, unmoved

PROMPTLY = 30  # seconds

KINDS = {
    "private": "changes of a file that is mapped privately",
    "nameless": "changes of a file without a name, in memory, that is mapped privately",
    "shared": "changes of a file that is mapped shared",
}


def run(home, kind, hops):
    """What the program printed, and how it ended."""
    with home.start([probe("mapchange"), kind, *hops]) as process:
        return process.finish()


def changes(kind, route, cluster):
    """In all ways, by others and by itself, while it is away."""
    home = cluster[1]
    reference = unmoved(cluster, ("mapchange", kind), lambda: run(home, kind, ()))
    same(home, probe("mapchange"), reference, run(home, kind, ROUTES[route]))


MAPS = """
import mmap, os, sys, time
fd = os.open(sys.argv[1], os.O_RDONLY)
held = mmap.mmap(fd, 0, mmap.MAP_SHARED, mmap.PROT_READ)
os.close(fd)
print("first", held[:3].decode(), flush=True)
while held[:3] == b"old":
    pass
print("then", held[:3].decode(), flush=True)
sys.stdin.readline()
"""

STORES = """
import mmap, os, signal, sys
with open(sys.argv[1], "r+b") as file:
    print("open", flush=True)
    signal.sigwait({signal.SIGUSR1})
    with mmap.mmap(file.fileno(), 0) as held:
        held[:3] = b"new"
        print("stored", flush=True)
        signal.sigwait({signal.SIGUSR1})
"""

SIGNALS = "import signal; signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGUSR1})"


def opened(cluster):
    """Who maps a file shared comes home when somebody opens it for writing, and goes away when that is over."""
    home = cluster[1]
    path = home.shell("mktemp /var/tmp/opened.XXXXXX").strip()
    home.shell("printf 'old%%4093s' > %s" % path)
    try:
        with home.start(["python3", "-c", MAPS, path], tty=True) as process:
            process.expect(r"^first old\r\n", 60)
            process.move(2)
            with home.start(["python3", "-c", SIGNALS + STORES, path]) as writer:
                writer.expect(r"^open\n", 60)
                home.until("/proc/%d/where" % process.pid, r"^0$", PROMPTLY)
                expect("stay reasons", ["monkey"], process.proc("cantmove").split(), 1, process.command)
                expect("a move", "failed: monkey", process.try_move(2)["why"], 1, process.command)
                home.must(["kill", "-USR1", str(writer.pid)])
                writer.expect(r"^stored\n", 60)
                process.expect(r"^then new\r\n", PROMPTLY)
                home.must(["kill", "-USR1", str(writer.pid)])
                expect("exit status", 0, writer.finish()["status"], 1, "writer")
            process.move(2)
            process.type("\n")
            expect("exit status", 0, process.finish()["status"], 1, process.command)
    finally:
        home.must(["rm", path])


PLAIN = """
import mmap, os, sys
fd = os.memfd_create("probe")
os.write(fd, b"old")
held = mmap.mmap(fd, 3, mmap.MAP_PRIVATE, mmap.PROT_READ)
print("first", held[:3].decode(), flush=True)
sys.stdin.readline()
"""


def memfd(cluster):
    """Memory that has never been a file tells nobody of writes: who maps it, even privately, stays at home."""
    home = cluster[1]
    with home.start(["python3", "-c", PLAIN], tty=True) as process:
        process.expect(r"^first old\r\n", 60)
        expect("stay reasons", ["monkey"], process.proc("cantmove").split(), 1, process.command)
        expect("a move", "failed: monkey", process.try_move(2)["why"], 1, process.command)
        process.type("\n")
        expect("exit status", 0, process.finish()["status"], 1, process.command)


UNMAPS = """
import mmap, sys
with open(sys.argv[1], "rb") as file:
    held = mmap.mmap(file.fileno(), 0, mmap.MAP_PRIVATE, mmap.PROT_READ)
print("first", held[:3].decode(), flush=True)
sys.stdin.readline()
held.close()
print("closed", flush=True)
sys.stdin.readline()
"""


def watched(cluster):
    """What a process has mapped while away is not kept from going when it is unmapped: not even its file system."""
    home, path = cluster[1], "/run/watched"
    home.shell("mkdir -p {0} && mount -t tmpfs watched {0} && echo old > {0}/file".format(path))
    mounted = True
    try:
        with home.start(["python3", "-c", UNMAPS, path + "/file"], tty=True) as process:
            process.expect(r"^first old\r\n", 60)
            process.move(2)
            process.type("\n")
            process.expect(r"^closed\r\n", 60)
            home.must(["umount", path])
            mounted = False
            expect("where it is", "2", process.where(), 1, process.command)
            process.type("\n")
            expect("exit status", 0, process.finish()["status"], 1, process.command)
    finally:
        if mounted:
            home.run(["umount", "-l", path])


def register():
    """All of them."""
    for kind, about in KINDS.items():
        for route, nodes in (("there", 2), ("third", 3)):
            add("maps/%s/%s" % (kind, route), about, functools.partial(changes, kind, route), nodes)
    single("maps/opened", opened)
    single("maps/memfd", memfd)
    single("maps/watched", watched)
