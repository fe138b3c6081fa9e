# SPDX-License-Identifier: GPL-2.0-only
"""Lies of a target: a node that a process was sent to, to the home of that process."""

import struct
import time

import images
from images import DATA, ODD, PAGE
from wire import Over

EXTREMES = (0, 1, -1, (1 << 63) - 1, -(1 << 63))
NR_WRITE, NR_MMAP, NR_GETPID = 1, 9, 39


def clocks(guest, _payload, seq):
    """Clocks that no node has."""
    guest.lane.send("Clock", struct.pack("<qqq", *(guest.rng.choice(EXTREMES) for _ in range(3))), seq)
    return True


def ready(guest, _payload, seq):
    """Neither ready nor refused."""
    kind, payload = guest.rng.choice((("Refused", b"\xff" * 66), ("Refused", b""), ("Ready", bytes(15)),
                                      ("Ready", bytes(17)), ("Installed", bytes(8)), (0xffff, b"")))
    guest.lane.send(kind, payload, seq)


def installed(guest, _payload, _seq):
    """No image is that good."""
    kind, payload = guest.rng.choice((("Abort", b"\xff" * 66), ("Abort", b"\0"), ("Committed", b""), ("Installed", b""),
                                      ("Reply", bytes(24)), ("Installed", b"\xff" * 16)))
    guest.lane.send(kind, payload)


def committed(guest, _payload, _seq):
    """It is mine, in other words."""
    guest.lane.send(*guest.rng.choice((("Committed", b"\0"), ("Abort", bytes(2)), ("Resume", b""), ("Commit", b""))))


def calls(guest, _payload, _seq):
    """System calls of all numbers, with arguments that make no sense."""
    forger, rng = guest.forger, guest.rng
    stack = guest.area(images.ANON, images.GROWS)
    values = ODD + EXTREMES + (2, 3, 64, 4095, 1 << 31, stack[1] - 64, stack[1] - PAGE, stack[0])
    numbers = [number for number in list(range(480)) + [1 << 31, 0xffffffff, 0x40000001] if number not in forger.refused]
    for number in rng.sample(numbers, len(numbers)):
        try:
            answered = guest.call(number, *(rng.choice(values) for _ in range(6)), seconds=0.5)
        except Over:
            forger.refused.add(number)
            forger.note("refused")
            return
        forger.note("answered" if answered else "waits")
        if not answered:
            forger.refused.add(number)
            return


def carried(guest, _payload, _seq):
    """Arguments that disagree with the table."""
    rng = guest.rng
    for _ in range(200):
        number, count = rng.choice((0, 1, 2, 20, 46, 47, 202, 257, 299, 307)), rng.choice((0, 1, 1, 2, 3, 1040, 65535))
        data = struct.pack("<H", count)
        for at in range(min(count, 4)):
            data += struct.pack("<BBHIQ", rng.choice((0, 1, 1, 6)), rng.choice((1, 2, 3, 9)), at,
                                rng.choice((0, 1, 8, 16, 64, 1 << 20, 0xffffffff)), rng.choice(ODD))
        data += bytes(rng.choice((0, 8, 16, 64)))
        guest.call(number, 1, DATA, 8, 0, 0, 0, data=data, flags=1)


def cpu_time(guest, _payload, _seq):
    """More time than there was, told in small steps and in one."""
    for cpu_ns in (10 ** 9, 10 ** 12, (1 << 63) - 1, (1 << 64) - 5 * 10 ** 6, (1 << 64) - 1):
        guest.call(NR_GETPID, cpu_ns=cpu_ns)
    guest.lane.ended(2)


def stays(guest, _payload, _seq):
    """Told to leave its node by each call, and makes another."""
    for _ in range(300):
        guest.call(NR_MMAP, 0, PAGE, 3, 0x2022, -1, 0)  # MAP_LOCKED
    guest.lane.ended(1)


def huge(guest, _payload, _seq):
    """A page of its own where home has a mapping of huge pages, and of a device."""
    reply = guest.call(NR_MMAP, 0, 1 << 21, 3, 0x44022, -1, 0)  # MAP_HUGETLB | MAP_NORESERVE
    addr = struct.unpack_from("<q", reply or bytes(8))[0]
    if addr > 0:
        come(guest, images.with_parts(back(guest), images.pages(addr, bytes(2 * PAGE))))


def fetches(guest, _payload, _seq):
    """Pages that home has no reason to give away."""
    for addr in [area[0] for area in guest.areas] + list(ODD):
        for count in (0, 1, 64, 0xffffffff):
            guest.seq += 1
            guest.lane.send("Fetch", struct.pack("<QII", addr, count, count & 3), guest.seq)
            kind, payload, _ = guest.lane.until("Pages", "NoPage")
            area = next((area for area in guest.areas if area[0] <= addr < area[1]), (0, 0, 0, 0))
            if kind == "Pages" and area[3] not in (images.FILE, images.SHARED):
                guest.forger.fault("home gave away %d bytes at %#x" % (len(payload), addr))


def notes(guest, _payload, _seq):
    """Stacks and masks that cannot be."""
    for value in ODD:
        guest.lane.send("Grown", struct.pack("<Q", value))
        guest.lane.send("Paused", struct.pack("<QQQQ", value, value, value, value))
    guest.call(NR_GETPID)


def flood(guest, _payload, _seq):
    """Talks without a stop, while somebody kills the process."""
    frame = guest.rng.choice((("Grown", bytes(8), None), ("Paused", bytes(32), None), ("Call", bytes(96), 99)))
    end = time.monotonic() + 4
    while time.monotonic() < end:
        for _ in range(64):
            guest.lane.send(frame[0], frame[1], epoch=frame[2])


def back(guest):
    """The recorded image as it goes home."""
    return [frame for frame in guest.frames if frame[0] not in ("Mm", "Vmas")]


def come(guest, frames):
    """Home again, with that."""
    guest.lane.send("ComeHome", struct.pack("<QQ", 9, 0))
    for kind, payload in frames:
        guest.lane.send(kind, payload)
    guest.forger.note("home" if guest.lane.hear(4)[0] == "Commit" else "not home")


def comes_with(name, frames):
    """The lie of a guest that comes home with an image; FRAMES(guest) makes it."""
    return "Resume", name, lambda guest, _payload, _seq: come(guest, frames(guest))


def faults(guest, _payload, _seq):
    """A fault that was none."""
    info = struct.pack("<iii", guest.rng.choice((0, 9, 19, 65, -1, 17, 11, 64)), 0, guest.rng.choice((0, -2, 128, 1)))
    come(guest, [("Fault", info.ljust(128, b"\xff") + bytes(32))] + back(guest))


def waiting(guest, _payload, _seq):
    """Signals that home has never sent."""
    rng, everything = guest.rng, (1 << 64) - 1
    signals = [("Signal", struct.pack("<iii116x4QQQQ", rng.choice((0, -1, 9, 11, 18, 19, 32, 64, 65)), 0, rng.choice((0, -2, 128)),
                                      rng.choice((0, 1, 0x1000, everything)), rng.choice((0, everything)), 0x1000, everything,
                                      rng.choice((0, everything)), everything, rng.choice((0, 1, 2))))
               for _ in range(rng.choice((1, 2, 5000)))]
    come(guest, signals + back(guest))


def mutations(guest, _payload, _seq):
    """An image with some damage."""
    come(guest, images.mutated(back(guest), guest.rng))


def pages_lie(guest, _payload, _seq):
    """The page lane answers something else."""
    rng = guest.rng

    def lie(kind, payload, seq):
        if kind != "Fetch":
            return guest.serve_page(kind, payload, seq)
        addr = struct.unpack_from("<Q", payload)[0]
        say = guest.pages.send
        rng.choice((
            lambda: say("Pages", struct.pack("<QII", addr + PAGE, 1, 0) + bytes(PAGE), seq),
            lambda: say("Pages", struct.pack("<QII", rng.choice(ODD) & -PAGE, 1, 0) + bytes(PAGE), seq),
            lambda: say("Pages", struct.pack("<QII", addr, 64, 0) + bytes(64 * PAGE), seq),
            lambda: say("Pages", struct.pack("<QII", addr, 0, 0), seq),
            lambda: say("NoPage", struct.pack("<QII", addr, rng.choice((0, 2, 0xffffffff)), 2), seq),
            lambda: say("NoPage", struct.pack("<QII", addr, 1, 99), seq),
            lambda: say("Bytes", bytes(PAGE), seq),
            lambda: say("Done", bytes(8), seq),
            lambda: say(0xffff, b"", seq),
            lambda: [say("NoPage", bytes(16), seq + 99) for _ in range(1000)],
            guest.pages.close))()
        return None
    guest.page_answer = lie
    stack = guest.area(images.ANON, images.GROWS)
    guest.call(NR_WRITE, 1, stack[1] - 4 * PAGE, 3 * PAGE, seconds=12)


def peeks_lie(guest, _payload, _seq):
    """Bytes for whoever looks from outside: too many, too few, none."""
    rng = guest.rng

    def lie(kind, payload, seq):
        if kind != "Peek":
            return guest.serve_page(kind, payload, seq)
        guest.pages.send(*rng.choice((("Bytes", b""), ("Bytes", b"x"), ("Bytes", b"x" * (1 << 20)),
                                      ("NoPage", b"\xff" * 16), ("Done", bytes(8)))), seq)
        return None
    guest.page_answer = lie
    guest.lane.ended(2)


# What it lies about: the frame that it answers, and how.
PHASES = (("ClockAsked", clocks), ("Prepare", ready), ("ImageEnd", installed), ("Commit", committed))
LIFE = (stays, huge, cpu_time, fetches, notes, flood, carried, pages_lie, pages_lie, pages_lie, peeks_lie, faults,
        waiting)


def told(storm, forger):
    """The lies of a storm, without an end."""
    if storm == "moves":
        while True:
            yield from ((stage, lie.__name__, lie) for stage, lie in PHASES)
    if storm == "calls":
        while True:
            yield "Resume", "calls", calls
    if storm == "life":
        while True:
            yield from (("Resume", lie.__name__, lie) for lie in LIFE)
    while True:
        # The recorded image only says how many there are.
        names = [name for name, _ in images.forged(back(forger.model))]
        for name in forger.rng.sample(names, len(names)):
            yield comes_with(name, lambda guest, name=name: dict(
                (title, frames) for title, frames in images.forged(back(guest)))[name])
            yield "Resume", "mutations", mutations


def storm(forger, name, end):
    """Tell lies until the time is over."""
    for lie in told(name, forger):
        if time.monotonic() > end:
            return
        arrival = forger.next(lie)
        forger.note("lies")
        arrival.close()
