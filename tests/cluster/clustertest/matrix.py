# SPDX-License-Identifier: GPL-2.0-only
"""The matrix: every kind of state on every route, compared with the same program unmoved."""

import functools

from .failed import expect
from .kit import probe
from .scenario import add, same, unmoved

ROUTES = {
    "there": ("2",),
    "back": ("2", "home"),
    "third": ("2", "3"),
    "twenty": ("2", "home") * 20,
}

PROBES = {
    "compute": "computing: integers, SSE, x87, rounding modes, thread-local storage",
    "avx": "vector registers",
    "pipe": "pipes, blocked in read and in write",
    "parts": "blocking writes in parts, and waits for a time",
    "tcp": "a TCP connection",
    "sleep": "sleeping, and time that never runs back",
    "siginfo": "signal handlers: queued signals with their siginfo, our own signals",
    "restart": "signal handlers: system calls restarted or interrupted",
    "interrupt": "signal handlers: blocked calls interrupted at any moment",
    "answer": "signal handlers: a signal while the answer of a call is put into memory",
    "altstack": "signal handlers: faults, alternate stack, siglongjmp, changed registers",
    "sigmask": "signal handlers: masks, nesting, pending, sigsuspend, sigtimedwait",
    "clocks": "the time of day",
    "asking": "asking for the time without a pause",
    "timers": "timers: setitimer, timer_create, timerfd, alarm",
    "cputime": "CPU time and the timers on it, the peak of memory",
    "append": "appending to a file",
    "mapfile": "mapped files, read-only and private",
    "shared": "shared memory with a single mapper",
    "heap": "the layout of the address space changes while away",
    "paths": "relative paths, umask, identity",
    "stack": "a deep stack that grows while away",
    "memory": "much memory",
    "fork": "fork and wait",
    "exec": "exec",
}


def arguments(name, route):
    """A probe's command line on that route."""
    if name == "memory":
        return [probe(name), "64" if route == "twenty" else "512"]
    return [probe(name)]


def travel(home, argv, hops):
    """Run a probe along the hops; its result."""
    with home.start(argv) as process:
        process.ready()
        for hop in hops:
            process.move(hop)
            process.alive()
        if not hops:
            process.alive()
        return process.finish()


def state(name, route, cluster):
    """One cell of the matrix."""
    home, argv = cluster[1], arguments(name, route)
    reference = unmoved(cluster, tuple(argv), lambda: travel(home, argv, ()))
    same(home, " ".join(argv), reference, travel(home, argv, ROUTES[route]))


# The terminal needs somebody who types.

def dialogue(home, hops):
    """A shell on a terminal, our probe in its foreground; what the probe said."""
    with home.start(["bash", "--norc", "--noprofile", "-i"], tty=True, env={"PS1": "$ "}) as shell:
        shell.expect(r"\$ $")
        shell.type(probe("tty") + "\n")
        shell.ready()
        for number, hop in enumerate(hops, 1):
            if hop:
                shell.move(hop)
            shell.type("word %d\n" % number)
            shell.expect(r"^line word %d\r$" % number)
            shell.type("\x03")
            shell.expect(r"^(\^C)?interrupt %d\r$" % number)
            shell.do("resize", rows=number + 10, columns=100)
            shell.expect(r"^size %d 100\r$" % (number + 10))
            shell.type("\x1a")
            shell.expect(r"Stopped")
            shell.expect(r"\$ $")
            shell.type("fg\n")
            shell.expect(r"^resumed %d\r$" % number)
        shell.type("\x04")
        shell.expect(r"^probe-tty: right\r$")
        shell.expect(r"\$ $")
        shell.type("exit $?\n")
        result = shell.finish()
    said = [line.replace("^C", "") for line in result["out"]["text"].replace("\r", "").split("\n")
            if line.replace("^C", "").startswith(("line", "interrupt", "size", "resumed", "probe"))]
    return said, result["status"]


def terminal(route, cluster):
    """The terminal's row of the matrix."""
    home, hops = cluster[1], ROUTES[route]
    reference = unmoved(cluster, ("tty", len(hops)), lambda: dialogue(home, [None] * len(hops)))
    expect("the dialogue differs from that of the unmoved program", reference, dialogue(home, hops),
           home.number, probe("tty"))


def register():
    """All cells."""
    for route, hops in ROUTES.items():
        nodes = 3 if "3" in hops else 2
        for name, about in PROBES.items():
            add("%s/%s" % (name, route), about, functools.partial(state, name, route), nodes,
                alone=name == "interrupt")
        add("tty/%s" % route, "a terminal: reading, ^C, ^Z and fg, its size",
            functools.partial(terminal, route), nodes)
