# SPDX-License-Identifier: GPL-2.0-only
"""A job: one program started on this node for a test, its streams, and its moves."""

import contextlib
import errno
import fcntl
import hashlib
import os
import re
import signal
import struct
import subprocess
import termios
import threading
import time

POLL = 0.005  # seconds between two looks at a condition
KEEP = 1 << 18  # bytes of a stream that travel to the host; of the rest only size and hash
UNDER_WAY = ("", "-", "none", "running", "moving")


class Failed(Exception):
    """What a test asked for did not happen; the text says what was seen instead."""


def read(path):
    """A small file's text; None if it is not there (any more)."""
    try:
        with open(path, "rb") as file:
            return file.read().decode("latin-1")
    except (FileNotFoundError, ProcessLookupError):
        return None
    except OSError as error:
        raise Failed("%s: %s" % (path, error.strerror)) from None


def write(path, text):
    """Write a control file with one write()."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text.encode("latin-1"))
    finally:
        os.close(fd)


def lock(locked):
    """Let this process and its children move by themselves, or not; nothing on a kernel without openMosix."""
    if os.path.exists("/proc/self/lock"):
        write("/proc/self/lock", "1" if locked else "0")


STARTING = threading.Lock()


@contextlib.contextmanager
def unlocked():
    """What is started meanwhile is not locked, as its parent is."""
    with STARTING:
        lock(False)
        try:
            yield
        finally:
            lock(True)


def until(what, condition, seconds):
    """Wait until CONDITION() is true and return its value; it returns (value, what is seen now)."""
    end = time.monotonic() + seconds
    while True:
        # The computer may stand still between a look and the clock: the last look is one after the end.
        late = time.monotonic() > end
        value, seen = condition()
        if value:
            return value
        if late:
            raise Failed("waited %g s for %s, last seen: %s" % (seconds, what, seen))
        time.sleep(POLL)


class Stream:
    """Collects all that a job writes to one descriptor, so that it never blocks there."""

    def __init__(self, fd):
        self.fd, self.data, self.ended = fd, bytearray(), False
        self.changed = threading.Condition()
        self.seen = 0  # expect() goes on here
        self.thread = threading.Thread(target=self.collect, daemon=True)
        self.thread.start()

    def collect(self):
        """Until the last writer has gone."""
        while True:
            try:
                part = os.read(self.fd, 65536)
            except OSError as error:
                if error.errno != errno.EIO:  # a terminal nobody has open any more
                    raise
                part = b""
            with self.changed:
                self.data += part
                self.ended = not part
                self.changed.notify_all()
            if not part:
                os.close(self.fd)
                return

    def expect(self, pattern, seconds):
        """Wait for text that matches, behind what was matched before; the match."""
        regex = re.compile(pattern.encode("latin-1"), re.MULTILINE)
        end = time.monotonic() + seconds
        with self.changed:
            while True:
                found = regex.search(self.data, self.seen)
                if found:
                    self.seen = found.end()
                    return found.group().decode("latin-1")
                left = end - time.monotonic()
                if self.ended or left <= 0:
                    raise Failed("waited for %r, got %r%s" % (
                        pattern, bytes(self.data[self.seen:][-2000:]).decode("latin-1"),
                        ", then the end" if self.ended else " in %g s" % seconds))
                self.changed.wait(left)

    def report(self):
        """For comparison: text, or if that is long its beginning, with size and hash."""
        data = bytes(self.data)
        return {"text": data[:KEEP].decode("latin-1"), "size": len(data),
                "sha256": hashlib.sha256(data).hexdigest()}


class Job:
    """A program under test. PID is the one that moves: the program's, or what `ready` names."""

    def __init__(self, argv, cwd=None, env=None, tty=False, stdin=None, user=None):
        self.argv = argv
        self.asked = 0
        ask_read, self.ask = os.pipe()
        answer_read, answer_write = os.pipe()
        environment = dict(os.environ, PROBE_ASK=str(ask_read), PROBE_ANSWER=str(answer_write),
                           LC_ALL="C.UTF-8")
        environment.update(env or {})
        options = {"cwd": cwd or "/", "env": environment, "pass_fds": (ask_read, answer_write),
                   "start_new_session": True}
        if user:
            options["user"] = options["group"] = user
            options["extra_groups"] = []
        self.terminal = None
        source = open(stdin, "rb") if stdin else subprocess.DEVNULL
        if tty:
            self.terminal, slave = os.openpty()
            fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
            with unlocked():
                self.process = subprocess.Popen(
                    argv, stdin=slave, stdout=slave, stderr=slave,
                    preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0), **options)
            os.close(slave)
            self.out, self.err = Stream(os.dup(self.terminal)), None
        else:
            with unlocked():
                self.process = subprocess.Popen(argv, stdin=source, stdout=subprocess.PIPE,
                                                stderr=subprocess.PIPE, **options)
            self.out = Stream(os.dup(self.process.stdout.fileno()))
            self.err = Stream(os.dup(self.process.stderr.fileno()))
            self.process.stdout.close()
            self.process.stderr.close()
        if stdin:
            source.close()
        os.close(ask_read)
        os.close(answer_write)
        self.answers = Stream(answer_read)
        self.pid = self.process.pid

    # What probes say (tests/probes/probe.h).

    def ready(self, seconds):
        """Wait until the probe has prepared its state."""
        try:
            self.pid = int(self.answers.expect(r"^ready \d+\n", seconds).split()[1])
        except Failed as error:
            raise Failed("%s; %s" % (error, self.diagnose())) from None
        return self.pid

    def alive(self, seconds):
        """Have the probe verify its state now."""
        self.asked += 1
        try:
            os.write(self.ask, b"?")
            self.answers.expect(r"^alive %d\n" % self.asked, seconds)
        except (Failed, BrokenPipeError) as error:
            raise Failed("no sign of life: %s; %s" % (error, self.diagnose())) from None

    # Moves.

    def proc(self, name):
        """The text of /proc/PID/NAME without its last newline; None if the process has gone."""
        text = read("/proc/%d/%s" % (self.pid, name))
        return None if text is None else text.rstrip("\n")

    def where(self):
        """The node where the process runs, as its home says."""
        return self.proc("where")

    def migration(self):
        """The last move's record."""
        lines = (self.proc("migration") or "").splitlines()
        return {key.strip(): value.strip() for key, _, value in (line.partition(":") for line in lines)}

    def move(self, to, seconds, pid=None):
        """Ask for a move and wait for its end. A record; its `why` is empty if all went well."""
        if pid:
            self.pid = pid
        before = (self.proc("nmigs"), self.proc("migration"))
        start = time.monotonic()
        try:
            write("/proc/%d/goto" % self.pid, to)
        except ProcessLookupError:
            # It is about to end.
            self.process.wait(seconds)
            return {"to": to, "why": "the process ended: %s" % self.diagnose(), "migration": {}}
        except OSError as error:
            return {"to": to, "why": "goto: %s" % error.strerror, "migration": self.migration()}
        why = self.outcome("0" if to == "home" else to, before, start + seconds)
        return {"to": to, "why": why, "ms": round((time.monotonic() - start) * 1000, 1),
                "migration": self.migration()}

    def wait_moved(self, to, seconds):
        """The record of a move that somebody else asked for and that is under way."""
        why = self.outcome("0" if to == "home" else to, (None, None), time.monotonic() + seconds)
        return {"to": to, "why": why, "migration": self.migration()}

    def outcome(self, target, before, end):
        """Wait until the queued move has ended, one way or the other; why it failed, or empty.

        A move without an end is a failure of the test, however little the caller expects of it.
        """
        while True:
            late = time.monotonic() > end
            now = (self.proc("nmigs"), self.proc("migration"))
            where = self.where()
            state = re.match(r"\d+ \(.*\) (\S)", self.proc("stat") or "", re.DOTALL)
            if where is None or not state or state.group(1) in "ZX":
                return "the process ended: %s" % self.diagnose()
            if where == target:
                return ""
            record = self.migration()
            result = record.get("result", "")
            if now[1] != before[1] and self.proc("goto") == "0" and \
                    result != "ok" and result not in UNDER_WAY:
                # Read in this order, the record is that of our move.
                return "%s: %s" % (result, record.get("reason") or record.get("stage") or "no reason")
            if late:
                raise Failed("no end of the move: where %s, goto %s, cantmove %r, migration %r" % (
                    where, self.proc("goto"), self.proc("cantmove"), record))
            time.sleep(POLL)

    def kill_after(self, to, milliseconds):
        """Ask for a move, and kill it so much later, wherever the move is by then."""
        write("/proc/%d/goto" % self.pid, to)
        time.sleep(milliseconds / 1000)
        os.kill(self.pid, signal.SIGKILL)

    def tour(self, hops, dwell, seconds):
        """Go from hop to hop, working DWELL seconds at each place, until all are done or the job ends."""
        moves = []
        for hop in hops:
            try:
                self.process.wait(dwell)
                break
            except subprocess.TimeoutExpired:
                pass
            record = self.move(hop, seconds)
            if self.process.poll() is not None:
                break
            moves.append(record)
            if record["why"]:
                raise Failed("move %d to %s failed: %s" % (len(moves), hop, record["why"]))
        return moves

    # Its streams and its end.

    def expect_out(self, pattern, seconds):
        """Wait for output that matches."""
        try:
            return self.out.expect(pattern, seconds)
        except Failed as error:
            raise Failed("%s; %s" % (error, self.diagnose())) from None

    def last_line(self, stream):
        """The last whole line of "out" or "err"."""
        lines = bytes(getattr(self, stream).data[-4096:]).decode("latin-1").split("\n")
        return lines[-2] if len(lines) > 1 else None

    def file_position(self, path):
        """How far the job has read an open file; None if it has not opened it, or closed it again."""
        try:
            for fd in os.listdir("/proc/%d/fd" % self.pid):
                if os.path.samefile("/proc/%d/fd/%s" % (self.pid, fd), path):
                    return int((self.proc("fdinfo/" + fd) or "pos: 0").split()[1])
        except FileNotFoundError:
            pass
        return None

    def type(self, text):
        """Type on the job's terminal."""
        os.write(self.terminal, text.encode("latin-1"))

    def resize(self, rows, columns):
        """Change the terminal's size."""
        fcntl.ioctl(self.terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def place(self):
        """Where the program is, or was when its home last heard of it: which file, and how far into that."""
        words = (self.proc("syscall") or "").split()
        if len(words) < 3:
            return None
        at = int(words[-1], 16)
        for line in (self.proc("maps") or "").splitlines():
            span, _, offset, _, _, *name = line.split(None, 5)
            start, end = (int(part, 16) for part in span.split("-"))
            if start <= at < end:
                return "%s+%#x" % (name[0] if name else span, at - start + int(offset, 16))
        return None

    def diagnose(self):
        """What one wants to know about a job that disappoints."""
        status = self.process.poll()
        if status is None:
            state = re.search(r"^State:\s*(.*)$", self.proc("status") or "State: gone", re.MULTILINE)
            text = "it still runs (state %s, where %s, cantmove %r, system call %r, at %s)" % (
                state and state.group(1), self.where(), self.proc("cantmove"), self.proc("syscall"),
                self.place())
        else:
            text = "it ended with status %d" % status
        for name, stream in (("stdout", self.out), ("stderr", self.err)):
            if stream and stream.data:
                text += ", %s: %r" % (name, bytes(stream.data[-1000:]).decode("latin-1"))
        return text

    def hang_up(self):
        """No more questions: probes print their result and end."""
        if self.ask is not None:
            os.close(self.ask)
            self.ask = None

    def finish(self, seconds):
        """Wait for its end. Status (negative: signal) and streams."""
        self.hang_up()
        try:
            status = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failed("no end in %g s: %s" % (seconds, self.diagnose())) from None
        for stream in (self.out, self.err):
            if stream:
                stream.thread.join(10)
        return {"status": status, "out": self.out.report(),
                "err": self.err.report() if self.err else None}

    def kill(self):
        """Whatever is left of the job and its children."""
        for pid in {self.pid, self.process.pid}:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            pass
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            raise Failed("kill -9 did not end it: %s" % self.diagnose()) from None
        finally:
            self.hang_up()
            if self.terminal is not None:
                os.close(self.terminal)
                self.terminal = None
