# SPDX-License-Identifier: GPL-2.0-only
"""A node that holds the key and lies: argv are its id, a storm, a seed, seconds, and ID=ADDRESS of the others.

It takes the place of a node whose kernel part is off. The first process that is sent to it is
recorded, and honestly kept. Prints "ready", "next" when another process may be sent (as a target
it has one more lie then), and "done" with what it has seen. Exit status 1: a node did not do what
it has to.
"""

import os
import queue
import random
import socket
import struct
import sys
import threading
import time

import images
import liar_guest
import liar_home
from wire import CONTROL, PAGE, PAGES, PORT, PROCESS, Over, answer, dial

ASK = 1             # a bit of Gossip's flags
CONF, UP = 1, 2     # bits of a node's status


class Arrival:
    """A process that a node sends: honest in all where LIE, (the frame it answers, how), is not."""

    def __init__(self, forger, lane, lie):
        self.forger, self.lane, self.stage, self.lie = forger, lane, lie[0], lie[2]
        self.rng = forger.rng
        self.prepare, self.frames, self.memory, self.areas = b"", [], {}, []
        self.token, self.seq = os.urandom(16), 0
        self.pages, self.page_answer = None, self.serve_page

    def run(self):
        """Until the process is here and lives; then the lie, if it is about that."""
        try:
            while True:
                kind, payload, seq = self.lane.hear()
                if kind != self.stage:
                    self.honest(kind, payload, seq)
                elif not self.lie(self, payload, seq):
                    return
        except Over:
            pass

    def honest(self, kind, payload, seq):
        """What a target says."""
        if kind == "ClockAsked":
            now = (time.monotonic_ns(), time.clock_gettime_ns(time.CLOCK_BOOTTIME), time.time_ns())
            self.lane.send("Clock", struct.pack("<qqq", *now), seq)
        elif kind == "Prepare":
            self.prepare = payload
            self.forger.waiting[self.token] = self
            self.lane.send("Ready", self.token, seq)
        elif kind == "Commit":
            self.lane.send("Committed")
        elif kind == "Pause":
            self.lane.send("Paused", bytes(32))
        elif kind.startswith("Image") or kind in ("Task", "Mm", "Vmas", "Pages", "Cpu", "Signals"):
            self.frames.append((kind, payload))
            if kind == "Vmas":
                self.areas += struct.iter_unpack("<QQQQ", payload)
            elif kind == "Pages":
                addr = struct.unpack_from("<Q", payload)[0]
                for at in range(16, len(payload), PAGE):
                    self.memory[addr + at - 16] = payload[at:at + PAGE]
            elif kind == "ImageEnd":
                self.lane.send("Installed", struct.pack("<Q", len(self.memory)))

    def serve_pages(self, lane, seq):
        """The page lane, which has said whose it is."""
        self.pages = lane
        lane.send("Done", struct.pack("<Q", 0), seq)
        try:
            while True:
                self.page_answer(*lane.hear(600))
        except Over:
            pass

    def serve_page(self, kind, payload, seq):
        """What a guest's worker says."""
        if kind == "Fetch":
            addr, _, _ = struct.unpack("<QII", payload)
            page = self.memory.pop(addr, None)
            if page:
                self.pages.send("Pages", struct.pack("<QII", addr, 1, 0) + page, seq)
            else:
                self.pages.send("NoPage", struct.pack("<QII", addr, 1, 2), seq)
        elif kind == "Poke":
            addr, data = struct.unpack_from("<Q", payload)[0], payload[16:]
            for at in range(0, len(data), PAGE):
                self.memory[addr + at] = data[at:at + PAGE]
            self.pages.send("Done", struct.pack("<Q", len(data)), seq)
        elif kind == "Peek":
            addr, size = struct.unpack("<QQ", payload)
            page, start = self.memory.get(addr & -PAGE), addr % PAGE
            if page:
                self.pages.send("Bytes", page[start:start + size], seq)
            else:
                self.pages.send("NoPage", struct.pack("<QII", addr, 1, 2), seq)
        elif kind == "UsageAsked":
            self.pages.send("Usage", struct.pack("<QQQQ", 0, 1 << 20, 1 << 20, 0), seq)

    def call(self, number, *args, data=b"", flags=0, cpu_ns=0, seconds=2):
        """A system call at home: its reply's payload, None if none comes in time."""
        self.seq += 1
        words = [arg & (1 << 64) - 1 for arg in (args + (0,) * 6)[:6]]
        self.lane.send("Call", struct.pack("<II6Q4Q", number & 0xffffffff, flags, *words, 0, cpu_ns, 0, 0) + data, self.seq)
        while True:
            try:
                kind, payload, seq = self.lane.hear(seconds)
            except Over as over:
                if str(over) != "timed out":
                    raise
                return None
            if kind == "Reply" and seq == self.seq:
                return payload

    def area(self, kind, flags=0):
        """The first mapping of a kind."""
        return next(area for area in self.areas if area[3] == kind and area[2] & flags == flags)

    def close(self):
        """Hang up."""
        for lane in (self.lane, self.pages):
            if lane:
                lane.close()


class Forger:
    """The node."""

    def __init__(self, me, seed, others):
        self.me, self.rng, self.others = me, random.Random(seed), others
        self.lies, self.arrivals, self.waiting = [], queue.Queue(), {}
        self.life, self.version = int(time.time()), 0
        self.greeted = {node: threading.Event() for node in others}
        self.faults, self.seen, self.refused, self.model = [], {}, set(), None
        door = socket.create_server(("", PORT), backlog=64)
        self.begin(self.listen, door)
        for node, address in others.items():
            self.begin(self.link, node, address)
        for event in self.greeted.values():
            if not event.wait(60):
                raise SystemExit("a node did not take the control link")

    @staticmethod
    def begin(what, *args):
        """In a thread of its own."""
        threading.Thread(target=what, args=args, daemon=True).start()

    def link(self, node, address):
        """Live, as far as that node knows."""
        while True:
            try:
                lane = dial(address, self.me, CONTROL)
                own = lane.call.getsockname()[0]
                lane.send("Gossip", self.gossip(own))
                while True:
                    kind, payload, seq = lane.hear()
                    if kind == "Ping":
                        lane.send("Pong", b"", seq)
                    elif kind == "Gossip" and payload[0] & ASK:
                        lane.send("Gossip", self.gossip(own))
                    self.greeted[node].set()
            except (OSError, Over):
                time.sleep(0.2)

    def gossip(self, address):
        """What an idle node says of itself: see openmosix/wire/gossip.rs."""
        self.version += 1
        mapped = bytes(10) + b"\xff\xff" + socket.inet_aton(address)
        return struct.pack("<IIHHHH16sIIIIIHHQQIIBBHI", 0, 0, self.me, CONF | UP, 0, 1, mapped, self.life,
                           self.version, 0, 0, 10000, 0, 0, 1 << 29, 1 << 30, 0, 0, 0, 0, 0, 0)

    def listen(self, door):
        """Take calls."""
        while True:
            self.begin(self.called, door.accept()[0])

    def called(self, call):
        """One call."""
        try:
            purpose, lane = answer(call, self.me)
            if purpose == PAGES:
                _, token, seq = lane.until("Join")
                self.waiting.pop(token).serve_pages(lane, seq)
            elif purpose == PROCESS:
                arrival = Arrival(self, lane, self.lies.pop(0) if self.lies else ("Resume", "", keep))
                arrival.run()
                self.arrivals.put(arrival)
        except (OSError, Over, KeyError):
            call.close()

    def note(self, what):
        """Count something, for people."""
        self.seen[what] = self.seen.get(what, 0) + 1

    @staticmethod
    def tell(what):
        """What is tried now, for who reads how far it came."""
        print(what, flush=True)

    def fault(self, text):
        """A node did not do what it has to."""
        print("fault: %s" % text, flush=True)
        self.faults.append(text)

    def next(self, *lies):
        """Have another process sent, and tell it LIES; the arrival, when the lie is told."""
        self.lies = list(lies)
        while not self.arrivals.empty():
            self.arrivals.get().close()  # the last process was sent twice
        say("next %s" % (lies[0][1] if lies else "to record"))
        return self.arrivals.get(timeout=120)


def keep(_arrival, _payload, _seq):
    """Honest: the process is here."""
    return False


def say(text):
    """To the scenario."""
    print(text, flush=True)


def main():
    """One storm."""
    me, storm, seed, seconds = int(sys.argv[1]), sys.argv[2], sys.argv[3], float(sys.argv[4])
    others = dict((int(node), address) for node, address in (one.split("=") for one in sys.argv[5:]))
    forger = Forger(me, seed, others)
    say("ready")
    recorded = forger.model = forger.next()
    end = time.monotonic() + seconds
    if storm in liar_home.STORMS:
        liar_home.STORMS[storm](forger, recorded, end)
    else:
        liar_guest.storm(forger, storm, end)
    recorded.close()
    say("done %s" % " ".join("%s:%d" % item for item in sorted(forger.seen.items())))
    sys.stdout.flush()
    os._exit(1 if forger.faults else 0)  # threads may be listening


if __name__ == "__main__":
    main()
