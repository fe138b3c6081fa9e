# SPDX-License-Identifier: GPL-2.0-only
"""Strangers: whoever calls without key or manners is refused and counted; nothing else happens."""

import functools
import hashlib

from .failed import Failed, expect
from .kit import THERE, probe
from .patience import until
from .scenario import add, single

# How the stranger behaves: (counter that must grow, how often it calls, what this shows).
MANNERS = {
    "scan": ("malformed", 50, "a port scan"),
    "noise": ("malformed", 20, "random bytes"),
    "short": ("timeout", 2, "half a hello, then silence"),
    "version": ("version", 6, "another protocol version"),
    "unknown": ("unknown-node", 5, "a node that is not in the table"),
    "keyless": ("no-key", 5, "a node without the key"),
    "traitor": (None, 3, "the right key, then random bytes"),
    "huge": (None, 3, "the right key, then a frame of 4 GiB"),
    "halted": (None, 1, "the right key, then a frame that stops in its middle"),
}


def refused(node):
    """The counters."""
    lines = (node.read("/proc/hpc/admin/refused") or "").splitlines()
    return {name: int(count) for name, count in (line.split() for line in lines)}


def healthy(cluster):
    """A process still goes round all nodes."""
    cluster.whole()
    with cluster[1].start([probe("pipe")]) as process:
        process.ready()
        for hop in [number for number in cluster.nodes if number > 1] + ["home"]:
            process.move(hop)
            process.alive()
        expect("exit status", 0, process.finish()["status"], 1, process.command)


def calls(manner, cluster):
    """A stranger on the last node calls at node 1, while a guest of node 2 works."""
    counter, times, _ = MANNERS[manner]
    home, visitor = cluster[1], cluster[cluster.size]
    address = home.read("/proc/hpc/nodes/1/address").strip()
    before, lines = refused(home), len(cluster.log(1).splitlines())
    with home.start([probe("tcp")]) as process:
        process.ready()
        process.move(2)
        visitor.must(["python3", THERE + "/stranger.py", address, manner, str(times)], seconds=200)
        process.alive()
        expect("exit status", 0, process.finish()["status"], 1, process.command)
    if counter:
        until(lambda: "%d calls, and of %s there were %d before; now %s" % (
                  times, counter, before[counter], refused(home)),
              lambda: refused(home)[counter] >= before[counter] + times)
    talk = cluster.log(1).splitlines()[lines:]
    if len(talk) > 40:
        raise Failed("%d calls made %d lines of log: not rate limited" % (times, len(talk)), 1, manner)
    # Between two of these there is more time than between two lines.
    if counter == "timeout" and not any("refused a connection from" in line for line in talk):
        raise Failed("no line in the log", 1, manner)
    healthy(cluster)


def configure(node, change):
    """Write the node's own table again, with CHANGE(lines) applied; the key is that of its key file."""
    key = node.must(["sha256sum", "/etc/openmosix/key"]).split()[0]
    table = node.read("/proc/hpc/admin/config").splitlines()
    node.write("/proc/hpc/admin/config", "\n".join(change(table + ["key " + key])) + "\n")


def wrong_key(cluster):
    """A node that gets another key is out; with the right one it is back."""
    other = hashlib.sha256(b"another cluster").hexdigest()
    before = refused(cluster[1])["no-key"]
    try:
        configure(cluster[3], lambda lines: [line for line in lines if not line.startswith("key ")] + ["key " + other])
        cluster[1].until("/proc/hpc/nodes/3/status", r"^\s*1\s*$", 60)
        cluster[1].until("/proc/hpc/admin/refused", r"^no-key (?!%d$)" % before, 60)
        with cluster[1].start([probe("compute")]) as process:
            process.ready()
            if not process.try_move(3, 60)["why"]:
                raise Failed("a process moved to a node with another key", 1, process.command)
            process.move(2)
            process.alive()
            process.finish()
    finally:
        configure(cluster[3], lambda lines: lines)
    healthy(cluster)


def leave(cluster):
    """A node that is switched off leaves at once, and comes back, without disturbing the others."""
    with cluster[1].start([probe("pipe")]) as process:
        process.ready()
        process.move(2)
        table = cluster[3].read("/proc/hpc/admin/config")
        key = cluster[3].must(["sha256sum", "/etc/openmosix/key"]).split()[0]
        try:
            cluster[3].write("/proc/hpc/admin/mospe", "0")
            expect("mospe", "0", cluster[3].read("/proc/hpc/admin/mospe").strip(), 3)
            cluster[1].until("/proc/hpc/nodes/3/status", r"^\s*1\s*$", 30)
            process.alive()
        finally:
            cluster[3].write("/proc/hpc/admin/config", "%s\nkey %s\n" % (table.rstrip("\n"), key))
        healthy(cluster)
        process.alive()
        expect("exit status", 0, process.finish()["status"], 1, process.command)


def register():
    """The manners."""
    for manner, (_, _, about) in MANNERS.items():
        add("stranger/%s" % manner, "refused and counted: %s" % about, functools.partial(calls, manner), 3)
    single("stranger/wrong-key", wrong_key, 3)
    single("stranger/leave", leave, 3)
