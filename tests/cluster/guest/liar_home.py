# SPDX-License-Identifier: GPL-2.0-only
"""Lies of a home: to the node where its guest is."""

import os
import struct
import time

import images
from images import CODE, DATA, HOLE, KERNEL, MAPPED, ODD, PAGE, SHARE, STACK_END, TOP
from wire import PAGES, PROCESS, Over, dial

NODE = 2
PREPARE = "<32sQQIHHIIQIIi16s"
NR_READ, NR_MMAP, NR_MPROTECT, NR_MUNMAP, NR_BRK, NR_SIGACTION, NR_SIGMASK = 0, 9, 10, 11, 12, 13, 14
NR_MREMAP, NR_NANOSLEEP, NR_GETPID, NR_CHDIR = 25, 35, 39, 80
ENOSYS = -38

# Something of everything that home answers; what is mapped of a file is read in between.
BUSY = b"".join((
    images.call(NR_GETPID), images.call(NR_READ, 0, DATA, 64), images.call(NR_BRK, DATA + 32 * PAGE),
    images.call(NR_MMAP, 0, 2 * PAGE, 3, 0x22, (1 << 64) - 1, 0), images.call(NR_MUNMAP, DATA + 8 * PAGE, PAGE),
    images.call(NR_MREMAP, DATA + 4 * PAGE, PAGE, 2 * PAGE, 1), images.call(NR_MPROTECT, DATA, PAGE, 3),
    images.call(NR_SIGACTION, 10, DATA, DATA + 64, 8), images.call(NR_SIGMASK, 0, DATA, DATA + 8, 8),
    images.call(NR_CHDIR, DATA), images.call(NR_MMAP, 0, PAGE, 1, 2, 0, 0),
    b"\x48\xb8" + struct.pack("<Q", MAPPED) + b"\x8a\x00"))  # mov rax, MAPPED; mov al, [rax]
# Never in the kernel by itself.
IDLE = b"\x90" * 64


class Refused(Exception):
    """The node does not take the process."""


class Guest:
    """A process of ours that a node has taken. Closed with the `with` statement."""

    def __init__(self, forger, model, frames, epoch=None):
        self.forger, self.rng, self.address = forger, forger.rng, forger.others[NODE]
        epoch = forger.rng.randrange(1 << 32) if epoch is None else epoch
        self.lane, self.pages = dial(self.address, forger.me, PROCESS, epoch), None
        prepare = list(struct.unpack(PREPARE, model.prepare))
        prepare[4], prepare[7], prepare[8] = forger.me, epoch, 0
        try:
            self.lane.send("Prepare", struct.pack(PREPARE, *prepare), 1)
            kind, self.token, _ = self.lane.until("Ready", "Refused")
            if kind == "Refused":
                raise Refused("refused: %r" % self.token)
            for kind, payload in frames:
                self.lane.send(kind, payload)
            if self.lane.until("Installed", "Abort", seconds=3)[0] == "Abort":
                raise Refused("abort")
        except Over as over:
            self.close()
            raise Refused(str(over)) from None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def join(self, token=None, purpose=PAGES):
        """Another page lane; whether it was taken."""
        lane = dial(self.address, self.forger.me, purpose, self.lane.epoch)
        try:
            lane.send("Join", token or self.token)
            lane.until("Done", seconds=5)
            return lane
        except Over:
            lane.close()
            return None

    def begin(self):
        """Give it away, and let it run."""
        self.pages = self.join()
        if not self.pages:
            raise Refused("the page lane is not taken")
        self.lane.send("Commit")
        self.lane.until("Committed")
        self.lane.send("Resume")
        return self

    def reply(self, seq, result=ENOSYS, flags=0, data=b"", blocked=0):
        """Answer its call."""
        self.lane.send("Reply", struct.pack("<qQQ", result, blocked, flags) + data, seq)

    def live(self, seconds, answer=None):
        """Answer it for a while; how many calls it made."""
        count, end = 0, time.monotonic() + seconds
        while time.monotonic() < end:
            kind, payload, seq = self.lane.hear(seconds)
            if kind == "Call":
                count += 1
                if answer:
                    answer(payload, seq)
                else:
                    self.reply(seq)
            elif kind == "Fetch":
                self.lane.send("NoPage", payload[:12] + struct.pack("<I", 1), seq)
            elif kind == "Paused":
                self.lane.send("Resume")
            elif kind == "ComeHome":
                return count
        return count

    def close(self):
        """Hang up."""
        for lane in (self.lane, self.pages):
            if lane:
                lane.close()


def begin(forger, model, code=BUSY):
    """A good one, which lives."""
    return Guest(forger, model, images.own(model.frames, code)).begin()


def sound(forger, model):
    """After all that, the node takes a good image, and its program runs."""
    with begin(forger, model) as guest:
        if not guest.live(1):
            forger.fault("a good image does not run")


def attempt(forger, model, frames):
    """One image; it lives for a moment if it is taken."""
    try:
        with Guest(forger, model, frames) as guest:
            forger.note("taken")
            guest.begin().live(0.15)
    except Refused:
        forger.note("refused")
    except Over:
        forger.note("ended")


def lying_images(forger, model, end):
    """Images that are well-formed and lie."""
    sound(forger, model)
    lies = list(images.forged(images.own(model.frames, BUSY)))
    for name, frames in forger.rng.sample(lies, len(lies)):
        if time.monotonic() > end:
            break
        begun = time.monotonic()
        attempt(forger, model, frames)
        if time.monotonic() - begun > 1:
            forger.tell("%s took %.1f s" % (name, time.monotonic() - begun))
    sound(forger, model)


def damaged_images(forger, model, end):
    """Images with damage, of the recorded program and of our own."""
    sound(forger, model)
    while time.monotonic() < end:
        base = forger.rng.choice((model.frames, images.own(model.frames, BUSY), images.own(model.frames, IDLE)))
        attempt(forger, model, images.mutated(base, forger.rng))
    sound(forger, model)


RESULTS = list(range(-520, -508)) + [-1, -4, -14, -4095, -4096, 0, 1, 64, 1 << 20, -1 << 63, (1 << 63) - 1] + \
    [value if value < 1 << 63 else value - (1 << 64) for value in ODD]


def replies(forger, model, end):
    """Answers to calls that are none."""
    rng = forger.rng

    def answer(guest, payload, seq):
        number = struct.unpack_from("<I", payload)[0]
        ways = (
            lambda: guest.reply(seq, rng.choice(RESULTS), rng.choice((0, 0, 1, 1 << 8, 2 << 8, 3 << 8, 4 << 8, 5 << 8))),
            lambda: guest.reply(seq, rng.choice(RESULTS), rng.choice((2, 3, 1 << 40, (1 << 64) - 1)), os.urandom(rng.choice(
                (0, 2, 6, 70, PAGE)))),
            lambda: guest.reply(seq, 64, 2, struct.pack("<HI", 1, rng.choice((64, 65, 0xffffffff))) + bytes(64)),
            lambda: guest.reply(seq, 0, blocked=(1 << 64) - 1),
            lambda: guest.lane.send("Reply", bytes(rng.randrange(24)), seq),
            lambda: guest.lane.send("Pages", struct.pack("<QII", DATA, 1, 0) + bytes(PAGE), seq),
            lambda: guest.lane.send("NoPage", b"\xff" * 16, seq),
            lambda: guest.lane.send(rng.randrange(1 << 16), bytes(8), seq))
        # Mostly what keeps it alive.
        forger.note("reply" if number else "read")
        rng.choice(ways[:1] * 12 + ways)()

    def fetched(guest, payload, seq):
        addr = struct.unpack_from("<Q", payload)[0]
        rng.choice((
            lambda: guest.lane.send("Pages", struct.pack("<QII", addr, 64, 0) + bytes(64 * PAGE), seq),
            lambda: guest.lane.send("Pages", struct.pack("<QII", TOP - PAGE, 1, 0) + bytes(PAGE), seq),
            lambda: guest.lane.send("NoPage", b"\xff" * 16, seq),
            lambda: guest.reply(seq)))()

    while time.monotonic() < end:
        try:
            with begin(forger, model) as guest:
                for _ in range(200):
                    kind, payload, seq = guest.lane.hear(2)
                    if kind == "Call":
                        answer(guest, payload, seq)
                    elif kind == "Fetch":
                        fetched(guest, payload, seq)
                    elif kind == "Paused":
                        guest.lane.send(rng.choice(("Resume", "Recall")), bytes(8))
                    elif kind == "ImageEnd":
                        guest.lane.send(rng.choice(("Commit", "Abort", "Abort", "Reply")), bytes(2))
        except (Over, Refused):
            forger.note("ended")
    sound(forger, model)


def signal(number, handler=CODE, flags=0x04000000, blocked=0, saved=0, has_saved=0, code=0):
    """A signal for the guest."""
    return struct.pack("<iii116x4QQQQ", number, 0, code, handler, flags, CODE, (1 << 64) - 1, blocked, saved, has_saved)


def notes(forger, model, end):
    """What home says unasked."""
    rng = forger.rng
    everything = (1 << 64) - 1

    def send_signal(guest):
        guest.lane.send("Signal", signal(
            rng.choice((0, -1, 9, 10, 11, 17, 18, 19, 20, 32, 63, 64, 65, 1 << 30)), rng.choice((0, 1, CODE, KERNEL, HOLE)),
            rng.choice((0, 0x04000000, everything)), rng.choice((0, everything)), everything, rng.choice((0, 1)),
            rng.choice((0, -2, -6, 128, 0x7fffffff))))

    ways = (
        send_signal, send_signal, send_signal,
        lambda guest: guest.lane.send("Stale", struct.pack("<QQQ", *(rng.choice(ODD) for _ in range(3)))),
        lambda guest: guest.lane.send("Pause"),
        lambda guest: guest.lane.send("Recall", struct.pack("<Q", rng.choice(ODD))),
        lambda guest: guest.lane.send("Resume"),
        lambda guest: guest.lane.send("Kill"),
        lambda guest: guest.lane.send(rng.choice(("Commit", "Abort", "Call", "Prepare", "ImageStart"))))
    while time.monotonic() < end:
        try:
            with begin(forger, model, rng.choice((BUSY, IDLE))) as guest:
                for _ in range(rng.randrange(1, 12)):
                    rng.choice(ways)(guest)
                guest.live(0.2)
                forger.note("lived")
        except (Over, Refused):
            forger.note("ended")
    sound(forger, model)


def survivors(forger, model, _end):
    """A guest that should not be able to outlive its link."""
    everything = (1 << 64) - 1
    ignored = struct.pack("<QQQQ", 1, 0, 0, 0)
    handled = struct.pack("<QQQQ", CODE, everything, CODE, everything)
    image = images.own(model.frames, IDLE)
    for action in (ignored, handled):
        unkillable = images.changed(image, "Signals", lambda _, one=action: b"\xff" * 8 + one * 64)
        with Guest(forger, model, unkillable).begin() as guest:
            guest.lane.send("Pause")
            guest.lane.until("Paused")
    for number in (9, 19, 20):
        for has_saved in (0, 1):
            with begin(forger, model, IDLE) as guest:
                for handler in (0, CODE):
                    guest.lane.send("Signal", signal(number, handler, everything, everything, everything, has_saved))
                guest.lane.ended(0.5)
    forger.note("survivors")


def flood(forger, model, _end):
    """Notes without an end, while the guest waits for an answer, and while it does not."""
    for code in (BUSY, IDLE):
        with begin(forger, model, code) as guest:
            if code == BUSY:
                guest.lane.until("Call")
            frame = signal(10)
            try:
                for _ in range(60000):
                    guest.lane.send("Signal", frame)
                guest.forger.fault("a node takes any number of signals")
            except Over:
                forger.note("ended")
        with begin(forger, model, code) as guest:
            try:
                for _ in range(60000):
                    guest.lane.send("Stale", bytes(24), epoch=guest.lane.epoch ^ 1)
            except Over:
                forger.note("ended")


def lanes(forger, model, end):
    """Page lanes: whose they are, and what is asked on them."""
    rng = forger.rng
    with begin(forger, model, IDLE) as guest:
        for token in (bytes(16), os.urandom(16), guest.token):
            if guest.join(token):
                forger.fault("a page lane is taken that says %s" % token.hex())
        # It ends with its guest, even if home does not hang up.
        guest.lane.send("Kill")
        if not guest.pages.ended(10):
            forger.fault("a page lane outlives its guest")
    ranges = [(addr, count) for addr in ODD + (MAPPED, SHARE, STACK_END - PAGE, STACK_END - 17 * PAGE)
              for count in (0, 1, 2, 63, 64, 65, 0xffffffff)]
    while time.monotonic() < end:
        try:
            with begin(forger, model, rng.choice((IDLE, BUSY))) as guest:
                for addr, count in rng.sample(ranges, len(ranges)):
                    way, page = rng.randrange(8), addr & -PAGE
                    if way < 2:
                        guest.pages.send("Fetch", struct.pack("<QII", addr, count, rng.choice((0, 2, 0xffffffff))), 1)
                    elif way == 2:
                        guest.pages.send("Poke", struct.pack("<QQ", addr, rng.choice((count, (1 << 64) - 1))), 1)
                    elif way == 3:
                        size = rng.choice((PAGE, 2 * PAGE))
                        guest.pages.send("Poke", struct.pack("<QQ", page, 1) + os.urandom(size), 1)
                    elif way < 6:
                        size = rng.choice((0, 1, count, PAGE, (1 << 64) - 1))
                        guest.pages.send("Peek", struct.pack("<QQ", addr, size), 1)
                    elif way == 6:
                        guest.pages.send("UsageAsked", struct.pack("<i", rng.choice((0, 19, 20, -20, 1 << 30, -(1 << 31)))), 1)
                    elif rng.randrange(20) == 0:
                        guest.pages.send(rng.randrange(1 << 16), bytes(8), 1)
                    else:
                        continue
                    kind, payload, _ = guest.pages.hear(5)
                    forger.note(kind)
                    if kind in ("Bytes", "Pages") and addr >= HOLE:
                        forger.fault("%d bytes came from %#x" % (len(payload), addr))
        except (Over, Refused):
            forger.note("ended")
    sound(forger, model)


def phases(forger, model, end):
    """The transaction in another order, and at other times."""
    good = images.own(model.frames, IDLE)
    while time.monotonic() < end:
        try:
            with Guest(forger, model, good) as guest:
                forger.rng.choice((
                    lambda: guest.lane.send("Resume"),
                    lambda: guest.lane.send("Commit", epoch=guest.lane.epoch + 1 & 0xffffffff),
                    lambda: guest.lane.send("Abort", bytes(2)),
                    lambda: [guest.lane.send("Commit") for _ in range(3)],
                    lambda: guest.lane.send("Call", bytes(96)),
                    lambda: (guest.join(), guest.lane.send("Commit"), guest.lane.close()),
                    lambda: (guest.join(), guest.lane.send("Kill")),
                    lambda: guest.join(purpose=PROCESS)))()
                guest.lane.ended(0.1)
        except (Over, Refused, OSError):
            forger.note("ended")
        with_commit = images.with_parts(good, ("Commit", b""))
        attempt(forger, model, forger.rng.choice(([("Commit", b"")], with_commit, good[:3], [])) if
                forger.rng.randrange(4) else good)
    sound(forger, model)


STORMS = {"images": lying_images, "damage": damaged_images, "replies": replies, "notes": notes,
          "survivors": survivors, "flood": flood, "lanes": lanes, "phases": phases}
