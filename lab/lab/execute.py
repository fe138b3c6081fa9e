# SPDX-License-Identifier: GPL-2.0-only
"""Execute: one command on a node, as if it ran here."""

import contextlib
import json
import os
import selectors
import shutil
import signal
import termios
import tty

from lab import cluster as clusters
from lab import frame, place

PASSED_ON = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT)


@contextlib.contextmanager
def raw_terminal(fd):
    """Our terminal as a mere wire, if it is one."""
    if fd is None or not os.isatty(fd):
        yield
        return
    before = termios.tcgetattr(fd)
    tty.setraw(fd)
    try:
        yield
    finally:
        termios.tcsetattr(fd, termios.TCSADRAIN, before)


def write_all(fd, data):
    """Write everything, though FD may not block."""
    data = memoryview(data)
    while data:
        try:
            data = data[os.write(fd, data):]
        except BlockingIOError:
            with selectors.PollSelector() as selector:
                selector.register(fd, selectors.EVENT_WRITE)
                selector.select()


class Execution:
    """A running command.  STDIN, STDOUT, STDERR are descriptors; STDIN may be None."""

    def __init__(self, cluster, node, argv, user="root", terminal=False, files=(0, 1, 2)):
        self.stdin, *outputs = files
        self.outputs = dict(zip((frame.STDOUT, frame.STDERR), outputs))
        self.terminal = terminal
        self.credit = frame.WINDOW
        self.status = None
        self.selector = selectors.PollSelector()
        self.connection = cluster.connect()
        env = {}
        size = None
        if terminal:
            size = self.size()
            env["TERM"] = os.environ.get("TERM", "xterm")
        wish = {"argv": argv, "user": user, "tty": size, "env": env}
        body = json.dumps({"do": "exec", "node": node, "wish": wish}).encode()
        if len(body) > frame.BODY_MAX:
            raise place.Failure("too long a command (%d bytes)" % len(body))
        self.connection.send(frame.REQUEST, body)

    @staticmethod
    def size():
        """Rows and columns of our terminal."""
        columns, rows = shutil.get_terminal_size((80, 24))
        return [rows, columns]

    def send(self, kind, body=b""):
        """A frame for the command.  If it has just ended, reading will tell."""
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            self.connection.send(kind, body)

    def read_stdin(self):
        """Pass input on, as much as the other side takes."""
        try:
            data = os.read(self.stdin, min(self.credit, frame.CHUNK))
        except BlockingIOError:
            return
        except OSError:
            data = b""
        self.send(frame.STDIN, data)
        self.credit -= len(data)
        if not data:
            self.selector.unregister(self.stdin)
            self.stdin = None
        elif self.credit == 0:
            self.selector.unregister(self.stdin)

    def watch_stdin(self):
        """Read our input when it comes.  (poll() finds files always ready; epoll would refuse them.)"""
        self.selector.register(self.stdin, selectors.EVENT_READ, self.read_stdin)

    def receive(self):
        """Frames from the node."""
        for kind, body in self.connection.receive():
            if kind in self.outputs and body:
                try:
                    write_all(self.outputs[kind], body)
                except BrokenPipeError:
                    raise SystemExit(128 + signal.SIGPIPE) from None
                self.send(frame.CREDIT, frame.CREDIT_BODY.pack(kind, len(body)))
            elif kind == frame.CREDIT:
                _, count = frame.CREDIT_BODY.unpack(body)
                if self.stdin is not None and self.credit == 0:
                    self.credit = count
                    self.watch_stdin()
                else:
                    self.credit += count
            elif kind == frame.EXIT:
                self.status, = frame.EXIT_BODY.unpack(body)
            elif kind == frame.REPLY:
                clusters.answer(body)

    def signalled(self):
        """Our own signals: for the command, not for us."""
        for number in os.read(self.wake, 64):
            if number == signal.SIGWINCH:
                if self.terminal:
                    self.send(frame.RESIZE, frame.RESIZE_BODY.pack(*self.size()))
            else:
                self.send(frame.SIGNAL, frame.SIGNAL_BODY.pack(number))

    def catch_signals(self):
        """Turn signals into events."""
        self.wake, ours = os.pipe()
        os.set_blocking(ours, False)
        signal.set_wakeup_fd(ours, warn_on_full_buffer=False)
        for number in (*PASSED_ON, signal.SIGWINCH):
            if signal.getsignal(number) != signal.SIG_IGN or number == signal.SIGWINCH:
                signal.signal(number, lambda *_: None)
        self.selector.register(self.wake, selectors.EVENT_READ, self.signalled)

    def run(self):
        """Wait for the end; return the command's exit status."""
        self.selector.register(self.connection.sock, selectors.EVENT_READ, self.receive)
        if self.stdin is None:
            self.send(frame.STDIN)
        else:
            self.watch_stdin()
        self.catch_signals()
        with raw_terminal(self.stdin if self.terminal else None):
            while self.status is None:
                for key, _ in self.selector.select():
                    if self.status is None and self.selector.get_map().get(key.fd) is key:
                        key.data()
        return self.status
