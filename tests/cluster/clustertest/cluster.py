# SPDX-License-Identifier: GPL-2.0-only
"""A cluster of virtual machines: everything goes through the commands of lab/omlab."""

import json
import subprocess
import sys
import threading

from .failed import Failed
from .node import Node
from .place import OMLAB


class Cluster:
    """One cluster by name. Nodes are numbered from 1."""

    def __init__(self, name, nodes, *, mem=None, debug=False, options=()):
        self.name, self.size = name, nodes
        self.wish = ["--nodes", str(nodes)] + (["--mem", str(mem)] if mem else []) + \
            (["--debug"] if debug else []) + list(options)
        self.nodes = {}
        self.seen_reports = set()
        self.read_lines = {}  # lines of each console that were shown already
        self.unmoved = {}  # results of programs that were not moved, by command

    def command(self, verb, *args):
        """The command line of an omlab command for this cluster."""
        return [OMLAB, verb, "--name", self.name] + [str(arg) for arg in args]

    def omlab(self, verb, *args, seconds=120, talk=False, good=(0,)):
        """Run an omlab command; its stdout."""
        try:
            done = subprocess.run(self.command(verb, *args), stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=None if talk else subprocess.PIPE,
                                  timeout=seconds, check=False)
        except subprocess.TimeoutExpired:
            raise Failed("no end in %g s" % seconds, command="omlab %s" % verb) from None
        if done.returncode not in good:
            raise Failed("status %d: %s" % (done.returncode, (done.stderr or b"").decode("utf-8", "replace")),
                         command="omlab %s %s" % (verb, " ".join(map(str, args))))
        return done.stdout.decode("utf-8", "replace")

    def up(self, talk=True):
        """Boot; returns when every node sees every other."""
        self.omlab("up", *self.wish, seconds=600, talk=talk)
        self.nodes = {number: Node(self, number) for number in range(1, self.size + 1)}
        for number in self.nodes:
            self.unbalanced(number)
        self.read_lines = {number: len(self.log(number).splitlines()) for number in self.nodes}

    def down(self):
        """End it, whatever state it is in."""
        for node in self.nodes.values():
            node.hang_up()
        self.nodes = {}
        try:
            self.omlab("down")
        except Failed as error:
            print("# omlab down: %s" % error, file=sys.stderr)

    def __getitem__(self, number):
        return self.nodes[number]

    def each(self, work):
        """WORK(node) on all nodes at once; its values by number. The first failure is raised."""
        values, failures = {}, []

        def one(number, node):
            try:
                values[number] = work(node)
            except Failed as error:
                failures.append(error)
        threads = [threading.Thread(target=one, args=item) for item in self.nodes.items()]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        if failures:
            raise failures[0]
        return values

    # Accidents.

    def cut(self, number):
        """The network of that node goes off."""
        self.omlab("cut", number)

    def heal(self, number):
        """The network of that node comes back."""
        self.omlab("heal", number)

    def kill(self, number):
        """Power off."""
        self.omlab("kill", number)
        self.nodes[number].hang_up()

    def start(self, number):
        """Power on; returns when the node answers."""
        self.omlab("start", number, seconds=600)
        self.nodes[number].hang_up()
        self.unbalanced(number)

    def quota(self, number, percent):
        """That node gets only so much of the time; 100 is all of it."""
        self.omlab("quota", number, percent)

    def unbalanced(self, number):
        """A node moves no process by itself: scenarios say where theirs are, but for those of balancing."""
        policy = "/proc/hpc/admin/balance"
        self.omlab("exec", number, "--", "sh", "-c", "[ ! -e %s ] || echo off > %s" % (policy, policy))

    def whole(self, seconds=90):
        """Wait until every node sees every other."""
        for node in self.nodes.values():
            for other in self.nodes:
                if other != node.number:
                    node.until("/proc/hpc/nodes/%d/status" % other, r"^\s*3\s*$", seconds)

    # Health.

    def status(self):
        """What omlab knows; its exit status 1 only says that there are crash reports."""
        return json.loads(self.omlab("status", "--json", good=(0, 1)))

    def state(self, number):
        """Whether a node is "up", "off" or between."""
        return next(node["state"] for node in self.status()["nodes"] if node["node"] == number)

    def reports(self):
        """Crash reports that were not there when last asked: a list of (node, fingerprint, text)."""
        fresh = []
        for node in self.status()["nodes"]:
            for report in node["reports"]:
                key = (node["node"], report["text"])
                if key not in self.seen_reports:
                    self.seen_reports.add(key)
                    fresh.append((node["node"], report["fingerprint"], report["text"]))
        return fresh

    def log(self, number):
        """The node's console log."""
        try:
            return self.omlab("logs", number)
        except Failed as error:
            return "no log: %s\n" % error

    def news(self, number, text, most):
        """The last lines of a console's TEXT, without those of an earlier call."""
        lines, old = text.splitlines(), self.read_lines.get(number, 0)
        self.read_lines[number] = len(lines)
        return lines[old:][-most:]
