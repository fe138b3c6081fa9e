# SPDX-License-Identifier: GPL-2.0-only
"""The agent of a guest: runs what the host asks for over one virtio-serial port.

It is the only program of the guest that omlab needs, works without the
network, and does nothing unless asked.
"""

import glob
import os
import selectors
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

import clock  # noqa: E402
import frame  # noqa: E402
from session import Session, lock  # noqa: E402

PORT = "org.openmosix.lab"


def open_port():
    """The channel to the host: found by name, as nobody made links in /dev."""
    for path in glob.glob("/sys/class/virtio-ports/*/name"):
        with open(path) as file:
            if file.read().strip() == PORT:
                return os.open("/dev/" + path.split("/")[-2], os.O_RDWR | os.O_CLOEXEC)
    raise SystemExit("agent: no port " + PORT)


class Agent:
    """The port, the sessions on it, and the loop that serves both."""

    def __init__(self, port):
        self.port = port
        self.selector = selectors.DefaultSelector()
        self.sessions = {}

    def send(self, session, kind, body=b""):
        """Send a frame.  The host always reads, so this may block, but not for long."""
        data = memoryview(frame.pack(session, kind, body))
        while data:
            data = data[os.write(self.port, data):]

    def dispatch(self, number, kind, body):
        """One frame from the host."""
        if kind == frame.OPEN:
            Session(self, number, body)
        elif kind == frame.CLOCK:
            self.send(0, frame.CLOCK, frame.CLOCK_BODY.pack(clock.now()))
        elif kind == frame.STEP:
            clock.step(*frame.CLOCK_BODY.unpack(body))
        elif kind == frame.SLEW:
            clock.slew(*frame.CLOCK_BODY.unpack(body))
        elif number in self.sessions:  # else: it has just ended
            self.sessions[number].take(kind, body)

    def run(self):
        """Serve for ever, from here: without the agent the node is lost."""
        lock(True)
        parser = frame.Parser()

        def receive():
            for number, kind, body in parser.feed(os.read(self.port, frame.CHUNK)):
                self.dispatch(number, kind, body)

        self.selector.register(self.port, selectors.EVENT_READ, receive)
        self.send(0, frame.HELLO)
        while True:
            ready = self.selector.select(1 if any(s.at_end_of_input() for s in self.sessions.values()) else None)
            if not ready:
                for session in list(self.sessions.values()):
                    if session.at_end_of_input():
                        session.incoming.take(b"")
            for key, _ in ready:
                # An earlier event of this round may have closed this one's file.
                if self.selector.get_map().get(key.fd) is key:
                    key.data()


if __name__ == "__main__":
    Agent(open_port()).run()
