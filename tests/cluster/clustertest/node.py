# SPDX-License-Identifier: GPL-2.0-only
"""One node as a scenario sees it, and the processes that it starts there.

Behind it is a conversation with tests/cluster/guest/hand.py, which runs in the node.
"""

import itertools
import json
import queue
import subprocess
import threading

from . import kit
from .failed import Failed, expect

SLACK = 60  # seconds that an answer may come after the deadline it was given: the node may be slow
STACKS = r"""
for pid in "$@" $(ls /proc/hpc/remote); do
    [ -e /proc/$pid ] || continue
    home=$(cat /proc/hpc/remote/$pid/from /proc/hpc/remote/$pid/identity 2>/dev/null | xargs)
    echo "$pid ($home) $(sed -n s/State:.//p /proc/$pid/status): $(sed 's/.* //' /proc/$pid/stack | xargs)"
done
"""


class Node:
    """A node. Requests may be made from several threads."""

    def __init__(self, cluster, number):
        self.cluster, self.number = cluster, number
        self.lock = threading.Lock()
        self.hand, self.waiting = None, {}
        self.numbers = itertools.count(1)

    def connect(self):
        """Start the hand, unless it is there."""
        with self.lock:
            if self.hand and self.hand.poll() is None:
                return
            kit.install(self.cluster, self.number)
            self.waiting = waiting = {0: queue.SimpleQueue()}
            self.hand = subprocess.Popen(
                self.cluster.command("exec", self.number, "--", "python3", kit.THERE + "/hand.py"),
                stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            threading.Thread(target=self.listen, args=(self.hand, waiting), daemon=True).start()
            hello = waiting[0]
        try:
            if hello.get(timeout=120) is None:
                raise queue.Empty
        except queue.Empty:
            raise Failed("the node does not answer", self.number) from None

    @staticmethod
    def listen(hand, waiting):
        """Give answers to those who wait for them."""
        for line in hand.stdout:
            answer = json.loads(line)
            waiting[answer["id"]].put(answer)
        for box in list(waiting.values()):
            box.put(None)

    def hang_up(self):
        """End the conversation; the hand ends all that it started."""
        with self.lock:
            if self.hand:
                self.hand.stdin.close()
                try:
                    self.hand.wait(20)
                except subprocess.TimeoutExpired:
                    self.hand.kill()
                    self.hand.wait()
                self.hand = None

    def ask(self, verb, command, seconds, args):
        """One request and its answer; COMMAND is how a report calls it."""
        self.connect()
        number, box = next(self.numbers), queue.SimpleQueue()
        with self.lock:
            if not self.hand:
                raise Failed("the node was switched off", self.number, command)
            self.waiting[number] = box
            line = json.dumps({"id": number, "do": verb, "args": args}) + "\n"
            try:
                self.hand.stdin.write(line.encode())
                self.hand.stdin.flush()
            except BrokenPipeError:
                raise Failed("the node is gone", self.number, command) from None
        try:
            answer = box.get(timeout=seconds + SLACK)
        except queue.Empty:
            raise Failed("no answer in %g s" % (seconds + SLACK), self.number, command) from None
        if answer is None:
            raise Failed("the node went away", self.number, command)
        if "failed" in answer:
            raise Failed(answer["failed"], self.number, command)
        return answer["value"]

    # Files and commands.

    def read(self, path):
        """A file's text; None if there is none."""
        return self.ask("read", "cat %s" % path, 30, {"path": path})

    def write(self, path, text):
        """One write() to an existing file."""
        self.ask("write", "echo %s > %s" % (text, path), 30, {"path": path, "text": text})

    def list(self, path):
        """Names in a directory; None if there is none."""
        return self.ask("list", "ls %s" % path, 30, {"path": path})

    def until(self, path, pattern, seconds=30):
        """Wait until a file's text, or a directory's names, match; the text."""
        return self.ask("until", "wait for %s" % path, seconds,
                        {"path": path, "pattern": pattern, "seconds": seconds})

    def run(self, argv, seconds=60, **options):
        """Run a command: {status, out, err}."""
        return self.ask("run", " ".join(argv), seconds, dict(options, argv=argv, seconds=seconds))

    def must(self, argv, seconds=60, **options):
        """Run a command that has to succeed; its stdout."""
        done = self.run(argv, seconds, **options)
        expect("exit status; stderr: %s" % done["err"], 0, done["status"], self.number, " ".join(argv))
        return done["out"]

    def shell(self, script, seconds=60):
        """Run a shell script that has to succeed; its stdout."""
        return self.must(["sh", "-ec", script], seconds)

    def start(self, argv, **options):
        """Start a process."""
        return Process(self, argv, options)

    def stacks(self, *pids):
        """Where in the kernel some processes and all guests are, a line for each."""
        done = self.run(["sh", "-c", STACKS, "stacks", *map(str, pids)])
        return ["node %d: process %s" % (self.number, line) for line in done["out"].splitlines()]

    def guests(self):
        """Pids of guests on this node."""
        return self.list("/proc/hpc/remote") or []


class Process:
    """A process at home on a node. Ends with the `with` statement at the latest."""

    def __init__(self, node, argv, options):
        self.node, self.command = node, " ".join(argv)
        started = node.ask("start", self.command, 30, dict(options, argv=argv))
        self.job, self.pid = started["job"], started["pid"]
        self.moves = []

    def __enter__(self):
        return self

    def __exit__(self, kind, error, trace):
        if isinstance(error, Failed):
            error.text = "\n".join([error.text, *self.halves()])
        try:
            self.node.ask("end", "end of " + self.command, 30, {"job": self.job})
        except Failed:
            if kind is None:
                raise

    def do(self, verb, wait=30, **args):
        """A request about this job."""
        return self.node.ask("job", self.command, wait, {"job": self.job, "verb": verb, "args": args})

    def halves(self):
        """For a report: what both halves of it do, and those of others."""
        lines = []
        for node in self.node.cluster.nodes.values():
            try:
                lines += node.stacks(*[self.pid] if node is self.node else [])
            except Failed as failure:
                lines.append("node %d: %s" % (node.number, failure.text))
        return lines

    def ready(self, seconds=120):
        """Wait until a probe has prepared its state."""
        self.pid = self.do("ready", seconds, seconds=seconds)

    def alive(self, seconds=120):
        """Have a probe verify its state."""
        self.do("alive", seconds, seconds=seconds)

    def try_move(self, to, seconds=120):
        """Move, and return the record of what happened."""
        record = self.do("move", seconds, to=str(to), seconds=seconds)
        self.moves.append(record)
        return record

    def move(self, to, seconds=120):
        """Move; it has to succeed."""
        record = self.try_move(to, seconds)
        if record["why"]:
            raise Failed("move %d to %s failed: %s\nrecord: %s" % (
                len(self.moves), to, record["why"], record["migration"]), self.node.number,
                "echo %s > /proc/%d/goto   # %s" % (to, self.pid, self.command))
        return record

    def where(self):
        """The node where it runs; "0" is home."""
        return self.do("where")

    def proc(self, name):
        """A file of its directory in /proc at home."""
        return self.do("proc", name=name)

    def expect(self, pattern, seconds=60):
        """Wait for output."""
        return self.do("expect_out", seconds, pattern=pattern, seconds=seconds)

    def type(self, text):
        """Type on its terminal."""
        self.do("type", text=text)

    def finish(self, seconds=300):
        """Wait for the end: {status, out, err}."""
        return self.do("finish", seconds, seconds=seconds)
