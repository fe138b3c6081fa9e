# SPDX-License-Identifier: GPL-2.0-only
"""Forged frames: a node that has the key and lies ends its own processes, and nothing else happens."""

import functools
import os
import random
import re

from .failed import Failed
from .kit import THERE
from .patience import until
from .scenario import add
from .strangers import configure, healthy

SECONDS = 20     # that a storm lasts
LOST = 48 << 10  # KiB of memory that a node may have less after a storm: caches that are not dropped
LIAR = 3         # where the kernel part is off, and the forger in its place
NOBODY = 65534   # who runs what the forger may make any system call of

# What it lies about as a home, towards node 2, and as the target of a process of node 1.
AS_HOME = {
    "images": "well-formed images that lie",
    "damage": "images with damage",
    "phases": "a transaction in another order",
    "replies": "answers that are none",
    "notes": "signals and orders that are none",
    "survivors": "a guest that cannot be killed",
    "flood": "no end of notes",
    "lanes": "page lanes, and what is asked on them",
}
AS_TARGET = {
    "moves": "answers to a move that are none",
    "calls": "system calls of all numbers",
    "life": "what a guest says, and its pages",
    "return": "images that come home",
}


def available(node):
    """KiB of memory that programs could get."""
    node.shell("echo 3 > /proc/sys/vm/drop_caches")
    return int(re.search(r"MemAvailable:\s*(\d+)", node.read("/proc/meminfo")).group(1))


def victim(cluster):
    """A process is sent to the forger, looked at, and killed."""
    with cluster[1].start(["sleep", "1000"], user=NOBODY) as process:
        try:
            process.try_move(LIAR, 60)
        except Failed:
            pass  # it never says whether it takes it
        for name in ("stat", "status", "cmdline", "environ", "where", "migration"):
            try:
                process.proc(name)
            except Failed:
                pass  # it has ended, or its memory cannot be read
        # kill -9 must end it at the end of this block, whatever it was told.


def storm(name, cluster):
    """One storm of lies."""
    seed = os.environ.get("FORGER_SEED") or str(random.randrange(1 << 32))
    command = "forger.py %d %s %s  (FORGER_SEED=%s repeats it)" % (LIAR, name, seed, seed)
    print("# forged/%s: seed %s" % (name, seed), flush=True)
    cluster.whole()
    before = {number: available(cluster[number]) for number in (1, 2)}
    others = ["%d=%s" % (number, cluster[1].read("/proc/hpc/nodes/%d/address" % number).strip()) for number in (1, 2)]
    table = cluster[LIAR].read("/proc/hpc/admin/config")
    try:
        cluster[LIAR].write("/proc/hpc/admin/mospe", "0")
        with cluster[LIAR].start(["python3", THERE + "/forger.py", str(LIAR), name, seed, str(SECONDS)] + others) as forger:
            cluster[1].until("/proc/hpc/nodes/%d/status" % LIAR, r"^\s*3\s*$", 60)
            while True:
                said = forger.expect(r"^(next|done)[^\n]*\n", 120).strip()
                if said.startswith("done"):
                    break
                victim(cluster)
            result = forger.finish(30)
    finally:
        configure(cluster[LIAR], lambda _: table.splitlines() + ["key " + cluster[LIAR].must(
            ["sha256sum", "/etc/openmosix/key"]).split()[0]])
    if result["status"]:
        raise Failed(result["out"]["text"][-2000:] + result["err"]["text"], LIAR, command)
    print("# forged/%s: %s" % (name, result["out"]["text"]), flush=True)
    for number in (1, 2):
        cluster[number].until("/proc/hpc/remote", r"^\s*$", 60)
    healthy(cluster)
    for number, had in before.items():
        node = cluster[number]
        until(lambda: "of %d KiB of memory on node %d there are %d left: %s" % (had, number, available(node), command),
              lambda: had - available(node) <= LOST)


def register():
    """The storms."""
    for name, about in AS_HOME.items():
        add("forged/home/%s" % name, "a home lies: %s" % about, functools.partial(storm, name), 3)
    for name, about in AS_TARGET.items():
        add("forged/target/%s" % name, "a target lies: %s" % about, functools.partial(storm, name), 3)
