# SPDX-License-Identifier: GPL-2.0-only
"""Our programs on real nodes: what they tell is what the kernel says, and what they start is where they say."""

import json

from .failed import expect
from .kit import probe
from .members import ADMIN
from .scenario import single
from .strangers import refused

# How a program is started: where it is then, and its lock.
BEGINNINGS = {
    "mosrun -2": ("2", "1"),
    "mosrun --node 2 -l --": ("2", "0"),
    "mosrun -j2": ("2", "1"),
    "runon 2": ("2", "1"),
    "runhome": ("0", "1"),
    "nomig": ("0", "1"),
    "mosrun -l": ("0", "0"),
}


def told(node, name, *argv):
    """What a program tells, as it tells it to programs."""
    return json.loads(node.must([*argv, "--json"]))[name]


def of_nodes(cluster):
    """What is told of nodes."""
    home, numbers = cluster[1], sorted(cluster.nodes)
    for argv in (["mosctl", "getnodes"], ["mosctl", "node", "list"], ["mosmon"]):
        nodes = told(home, "nodes", *argv)
        expect("nodes that are up", numbers, [it["id"] for it in nodes if it["up"]], 1, " ".join(argv))
        expect("nodes of which something is not known", [], [it for it in nodes if None in it.values()], 1)
    table = told(home, "map", "showmap")
    expect("this node, and how many there are", (1, len(numbers)),
           (table["me"], sum(it["count"] for it in table["nodes"])), 1, "showmap")
    words = {"0": ("0", "no", "total"), "1": ("1", "yes", "local"), "2": ("2", "guests")}
    for argv, place in ((["mosctl", "settings"], ADMIN), (["mosctl", "settings", "2"], "/proc/hpc/nodes/2/")):
        for name, value in ((it["name"], it["value"]) for it in told(home, "settings", *argv)):
            kernel = home.read(place + name).strip()
            expect(name, True, value in words.get(kernel, (kernel,)), 1,
                   "%s: %s, file: %s" % (" ".join(argv), value, kernel))
    expect("strangers", refused(home), told(home, "refused", "mosctl", "refused"), 1, "mosctl refused")
    expect("version", home.read(ADMIN + "version"), home.must(["mosctl", "version"]), 1, "mosctl version")


def moves(home, pid, to, words):
    """The program migrate moves a process, and says so."""
    said = home.must(["migrate", pid, to])
    expect("that it moved", True, said.startswith("process %s moved to %s: " % (pid, words)), 1, said)


def tells(cluster):
    """What the programs tell of nodes, processes and guests is what the kernel says."""
    of_nodes(cluster)
    home = cluster[1]
    with home.start([probe("compute")]) as process:
        process.ready()
        pid = str(process.pid)
        expect("a move", None, told(home, "move", "mosctl", "last", pid), 1, "mosctl last")
        moves(home, pid, "2", "node 2")
        expect("where", "2\n", home.must(["mosctl", "where", pid]), 1, "mosctl where")
        for argv in (["mps", "-p", pid], ["mps", "-e", "--away"], ["mtop"]):
            rows = [it for it in told(home, "processes", *argv) if it["pid"] == process.pid]
            facts = [(it["node"], it["nmigs"], it["why"], it["cantmove"], it["comm"]) for it in rows]
            expect("node, moves, why", [(2, 1, "ordered", [], "probe-compute")], facts, 1, " ".join(argv))
        why = told(home, "why", "mosctl", "why", pid)
        expect("node, and why", (2, "ordered", []), (why["node"], why["why"], why["cantmove"]), 1, "mosctl why")
        last = told(home, "move", "mosctl", "last", pid)
        expect("the last move", (0, 2, "ok", None), tuple(last[key] for key in ("from", "to", "result", "reason")), 1,
               "mosctl last")
        guests = told(cluster[2], "guests", "mosctl", "guest", "list")
        expect("guests", [(1, process.pid, "probe-compute")],
               [(it["home"], it["home_pid"], it["comm"]) for it in guests], 2, "mosctl guest list")
        moves(home, pid, "home", "home")
        process.alive()
        expect("exit status", 0, process.finish()["status"], 1, process.command)


def begins(cluster):
    """What mosrun and its other names start begins where they say, locked or not."""
    home = cluster[1]
    for words, (where, lock) in BEGINNINGS.items():
        with home.start([*words.split(), "sleep", "600"]) as process:
            home.until("/proc/%d/comm" % process.pid, "^sleep$")
            home.until("/proc/%d/where" % process.pid, "^%s$" % where)
            expect("lock", lock, process.proc("lock"), 1, process.command)
            expect("whether why tells so", lock == "1", "why: locked" in process.proc("why"), 1, process.command)


def register():
    """The family."""
    for name, run in (("tell", tells), ("begin", begins)):
        single("tools/" + name, run)
