# SPDX-License-Identifier: GPL-2.0-only
"""Images of processes, good ones and forged ones: lists of frames (kind, payload)."""

import struct

from wire import KINDS, PAGE

TASK = "<16sQIIIIIQQQQQqqqQQQQI"
CLOCKS, STACK = 12, 15                        # places in it
REGISTERS = "<27Q"
AX, ORIG_AX, IP, CS, FLAGS, SP, SS, FS_BASE, DS = 10, 15, 16, 17, 18, 19, 20, 21, 23
XSTATE_HEADER = 27 * 8 + 512
ANON, FILE, SHARED, SHMEM = 1, 2, 3, 4
READ, WRITE, EXEC, GROWS = 1, 2, 4, 1 << 8

CODE, DATA, MAPPED, SHARE, STACK_END = 0x400000, 0x10000000, 0x20000000, 0x30000000, 0x7ff000000000
KERNEL, HOLE, TOP = 0xffffffff81000000, 0x800000000000, (1 << 64) - PAGE
ODD = (0, 1, 0xfff, PAGE, CODE, DATA, HOLE - PAGE, HOLE, 1 << 63, 0xffff800000000000, KERNEL, TOP, (1 << 64) - 1)


def pages(addr, data, count=None):
    """A run of pages."""
    return "Pages", struct.pack("<QII", addr, len(data) // PAGE if count is None else count, 0) + data


def vmas(*areas):
    """Mappings: (start, end, flags, kind)."""
    return "Vmas", b"".join(struct.pack("<QQQQ", *area) for area in areas)


def call(number, *args):
    """Code that makes a system call."""
    code = b"\x48\xb8" + struct.pack("<Q", number)
    for load, value in zip((b"\x48\xbf", b"\x48\xbe", b"\x48\xba", b"\x49\xba", b"\x49\xb8", b"\x49\xb9"), args):
        code += load + struct.pack("<Q", value)
    return code + b"\x0f\x05"


def program(code):
    """A page of code that is run again and again."""
    return (code + b"\xe9" + struct.pack("<i", -len(code) - 5)).ljust(PAGE, b"\xcc")


def own(recorded, code):
    """The image of a program of our own, with what was recorded where it does not matter."""
    parts = dict(recorded)
    task = list(struct.unpack(TASK, parts["Task"]))
    task[1:12] = [0] * 11
    task[CLOCKS:CLOCKS + 3] = [0] * 3
    registers = [0] * 27
    registers[IP], registers[SP], registers[ORIG_AX] = CODE, STACK_END - PAGE, (1 << 64) - 1
    registers[CS], registers[SS], registers[FLAGS] = 0x33, 0x2b, 0x202
    return [
        ("ImageStart", b""), ("Task", struct.pack(TASK, *task)), ("Mm", struct.pack("<QQQ", DATA, DATA + PAGE, 0)),
        vmas((CODE, CODE + PAGE, READ | EXEC, ANON), (DATA, DATA + 16 * PAGE, READ | WRITE, ANON),
             (MAPPED, MAPPED + 16 * PAGE, READ | WRITE, FILE), (SHARE, SHARE + 16 * PAGE, READ | WRITE, SHMEM),
             (STACK_END - 16 * PAGE, STACK_END, READ | WRITE | GROWS, ANON)),
        pages(CODE, program(code)), pages(DATA, bytes(PAGE)), pages(SHARE, bytes(2 * PAGE)),
        ("Cpu", struct.pack(REGISTERS, *registers) + parts["Cpu"][27 * 8:]),
        ("Signals", bytes(8 + 64 * 32)), ("ImageEnd", struct.pack("<Q", 4))]


def changed(frames, kind, change):
    """The image with the payload of one kind of frame changed."""
    return [(name, change(payload) if name == kind else payload) for name, payload in frames]


def field(layout, place, value):
    """A change of one field."""
    def change(payload):
        fields = list(struct.unpack_from(layout, payload))
        fields[place] = value
        return struct.pack(layout, *fields) + payload[struct.calcsize(layout):]
    return change


def with_parts(frames, *more):
    """The image with more before its end."""
    return frames[:-1] + list(more) + frames[-1:]


def without(frames, kind):
    """The image without one kind of frame."""
    return [frame for frame in frames if frame[0] != kind]


def forged(frames):
    """Well-formed images that lie: name, frames. Those with mappings are from home."""
    word = struct.Struct("<Q")
    for addr in ODD:
        yield "page at %#x" % addr, with_parts(frames, pages(addr & -PAGE, bytes(PAGE)))
        yield "rip %#x" % addr, changed(frames, "Cpu", field(REGISTERS, IP, addr))
        yield "fs %#x" % addr, changed(frames, "Cpu", field(REGISTERS, FS_BASE, addr))
        for place, what in ((1, "rseq"), (7, "robust"), (8, "tid"), (9, "altstack")):
            yield "%s %#x" % (what, addr), changed(frames, "Task", field(TASK, place, addr))
    yield "pages in reverse", with_parts(frames, pages(DATA + PAGE, bytes(PAGE)), pages(DATA, bytes(PAGE)))
    yield "64 pages too many", with_parts(frames, pages(STACK_END - PAGE, bytes(64 * PAGE)))
    yield "count of pages", with_parts(frames, pages(DATA, bytes(PAGE), 0xffffffff))
    yield "kernel's registers", changed(frames, "Cpu", lambda data: struct.pack(
        REGISTERS, *[0x10 if at in (CS, SS, DS) else KERNEL for at in range(27)]) + data[27 * 8:])
    for value in (0, 0x10, 0x1b, 0x23, 0x2b, 0xffff, 1 << 63):
        for place in (CS, SS, DS, FLAGS):
            yield "register %d %#x" % (place, value), changed(frames, "Cpu", field(REGISTERS, place, value))
    for code in range(-517, -510):
        restarts = changed(frames, "Cpu", field(REGISTERS, AX, code & (1 << 64) - 1))
        yield "restart %d" % code, changed(restarts, "Cpu", field(REGISTERS, ORIG_AX, 0))
    for place in (24, XSTATE_HEADER - 27 * 8, XSTATE_HEADER - 27 * 8 + 8, XSTATE_HEADER - 27 * 8 + 16):
        yield "xstate at %d" % place, changed(frames, "Cpu", lambda data, at=place: data[:216 + at] + b"\xff" * 8 +
                                               data[224 + at:])
    yield "short xstate", changed(frames, "Cpu", lambda data: data[:-8])
    yield "no xstate", changed(frames, "Cpu", lambda data: data[:216])
    yield "mask", changed(frames, "Signals", lambda data: b"\xff" * 8 + data[8:])
    yield "handlers", changed(frames, "Signals", lambda data: b"\xff" * len(data))
    yield "all ignored", changed(frames, "Signals", lambda data: bytes(8) + word.pack(1).ljust(32, b"\0") * 64)
    yield "rseq length", changed(changed(frames, "Task", field(TASK, 1, DATA)), "Task", field(TASK, 2, 0xffffffff))
    yield "altstack size", changed(frames, "Task", field(TASK, 10, (1 << 64) - 1))
    yield "altstack flags", changed(frames, "Task", field(TASK, 11, (1 << 64) - 1))
    yield "personality", changed(frames, "Task", field(TASK, 19, 0xffffffff))
    for kind, _ in frames:
        yield "no %s" % kind, without(frames, kind)
    for frame in frames:
        yield "%s twice" % frame[0], with_parts(frames, frame)
    yield "the wrong way round", frames[:1] + frames[-2:0:-1] + frames[-1:]
    yield "nothing but the end", frames[-1:]
    yield "a strange part", with_parts(frames, ("Reply", bytes(24)))
    if "Vmas" in dict(frames):
        yield from forged_layouts(frames)


def forged_layouts(frames):
    """The same, of what only home sends."""
    good = (DATA + 64 * PAGE, DATA + 65 * PAGE, READ | WRITE, ANON)
    for addr in ODD:
        for end in (addr, addr + PAGE, addr + 1, HOLE, (1 << 64) - 1):
            yield "mapping %#x-%#x" % (addr, end), with_parts(
                frames, vmas((addr, end & (1 << 64) - 1, READ, ANON)))
        yield "vdso %#x" % addr, changed(frames, "Mm", field("<QQQ", 2, addr))
        yield "heap from %#x" % addr, changed(frames, "Mm", field("<QQQ", 0, addr))
        yield "heap to %#x" % addr, changed(frames, "Mm", field("<QQQ", 1, addr))
    for kind in (0, 1, 2, 3, 4, 5, 6, 0xffffffff, 1 << 32, (1 << 64) - 1):
        for flags in (0, 7, 0x107, (1 << 64) - 1):
            area = (good[0], good[1], flags, kind)
            yield "kind %d flags %#x" % (kind, flags), with_parts(frames, vmas(area), pages(good[0], bytes(PAGE)))
    yield "the same mapping", with_parts(frames, vmas(good), vmas(good))
    yield "overlapping", with_parts(frames, vmas(good, (good[0] - PAGE, good[1] + PAGE, READ, SHMEM)))
    yield "too many", with_parts(frames, *[vmas(*[(1 << 40 | at << 14, (1 << 40 | at << 14) + PAGE, at % 8, ANON)
                                                  for at in range(part, part + 32000)])
                                           for part in (0, 32000, 64000)])
    for clock in range(3):
        for value in (-1 << 63, (1 << 63) - 1, -10 ** 18, 10 ** 18):
            yield "clock %d %d" % (clock, value), changed(frames, "Task", field(TASK, CLOCKS + clock, value))
    for place in range(STACK, STACK + 4):
        for value in (0, 1, 1 << 63, (1 << 64) - 1):
            yield "limit %d %#x" % (place, value), changed(frames, "Task", field(TASK, place, value))


def mutated(frames, rng):
    """The image with some damage that nobody thought of."""
    frames = list(frames)
    for _ in range(rng.randint(1, 4)):
        at = rng.randrange(len(frames))
        kind, data = frames[at]
        data = bytearray(data)
        way = rng.randrange(7)
        if way == 0:
            del frames[at]
        elif way == 1:
            frames.insert(rng.randrange(len(frames) + 1), frames[at])
        elif way == 2:
            frames[at] = (rng.choice(list(KINDS)), bytes(data))
        elif way == 3:
            frames[at] = (kind, bytes(data[:rng.randint(0, len(data))]))
        elif data:
            for _ in range(rng.randint(1, 8)):
                place = rng.randrange(min(len(data), 4096)) & (-8 if way == 4 else -1)
                odd = struct.pack("<Q", rng.choice(ODD)) if way == 4 else bytes([rng.randrange(256)])
                data[place:place + len(odd)] = odd
            frames[at] = (kind, bytes(data))
        if not frames:
            break
    return frames
