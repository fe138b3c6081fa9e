# SPDX-License-Identifier: GPL-2.0-only
"""Scenarios: a name, what it shows, and a function that does it with a cluster."""

from dataclasses import dataclass
from typing import Callable

from .failed import Skip, expect

ALL = {}


@dataclass
class Scenario:
    """One line of the result."""
    name: str
    about: str
    run: Callable
    nodes: int = 1        # nodes needed at least
    alone: bool = False   # it measures load or time: no other cluster may run beside its own


def add(name, about, run, nodes=2, alone=False):
    """Register a scenario; they run in this order."""
    assert name not in ALL, name
    ALL[name] = Scenario(name, about, run, nodes, alone)


def single(name, run, nodes=2, alone=False):
    """A scenario of its own: the first line of its documentation says what it shows."""
    add(name, run.__doc__.strip().split("\n")[0].rstrip("."), run, nodes, alone)


def unmoved(cluster, key, run):
    """The result of a program at home, found once for each cluster."""
    if key not in cluster.unmoved:
        cluster.unmoved[key] = run()
    return cluster.unmoved[key]


def same(node, command, reference, result):
    """A moved program's result must be that of the unmoved one."""
    if reference["status"] == 4 and "probe-" in command:
        raise Skip(reference["out"]["text"].strip())
    for stream in ("err", "out"):
        if reference[stream] is None:
            continue
        expect("%s differs from that of the unmoved program" % {"err": "stderr", "out": "stdout"}[stream],
               reference[stream]["text"], result[stream]["text"], node.number, command)
        expect("the rest of a long output differs", reference[stream]["sha256"], result[stream]["sha256"],
               node.number, command)
    expect("exit status", reference["status"], result["status"], node.number, command)
