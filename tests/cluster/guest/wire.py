# SPDX-License-Identifier: GPL-2.0-only
"""The protocol of openMosix as a peer speaks it: see Documentation/openmosix/wire.rst."""

import hashlib
import hmac
import socket
import struct

from stranger import PORT, hello, key, read_all

CONTROL, PROCESS, PAGES = 1, 2, 3
PAGE = 4096

KINDS = {
    "Ping": 0x01, "Leave": 0x02, "Gossip": 0x03, "Pong": 0x04,
    "Prepare": 0x10, "Ready": 0x11, "Refused": 0x12, "Join": 0x13, "ClockAsked": 0x14, "Clock": 0x15,
    "ImageStart": 0x20, "Mm": 0x21, "Vmas": 0x23, "Pages": 0x24, "Cpu": 0x25, "Signals": 0x26,
    "Task": 0x27, "ImageEnd": 0x28, "Installed": 0x29,
    "Commit": 0x30, "Committed": 0x31, "Abort": 0x32,
    "Call": 0x40, "Reply": 0x41, "Signal": 0x42, "Pause": 0x43, "Paused": 0x44, "Resume": 0x45,
    "Recall": 0x46, "ComeHome": 0x47, "Stale": 0x48, "Usage": 0x49, "Kill": 0x4a, "Grown": 0x4b,
    "Fault": 0x4c, "Evict": 0x4d,
    "Fetch": 0x60, "NoPage": 0x61, "Peek": 0x62, "Bytes": 0x63, "Poke": 0x64, "Done": 0x65,
    "UsageAsked": 0x66,
}
NAMES = {number: name for name, number in KINDS.items()}


class Over(Exception):
    """The peer has ended the connection."""


class Lane:
    """A proved connection, and frames on it."""

    def __init__(self, call, epoch=0):
        self.call, self.epoch = call, epoch

    def send(self, kind, payload=b"", seq=0, epoch=None):
        """Send a frame; KIND is a name or any number."""
        number = KINDS.get(kind, kind)
        head = struct.pack("<IHHIIQ", len(payload), number, 0, self.epoch if epoch is None else epoch, 0, seq)
        try:
            self.call.sendall(head + payload)
        except OSError as error:
            raise Over(str(error)) from None

    def hear(self, seconds=20):
        """The next frame: (name, payload, seq)."""
        self.call.settimeout(seconds)
        try:
            head = read_all(self.call, 24)
            if len(head) < 24:
                raise Over("closed")
            size, number, _, self.epoch, _, seq = struct.unpack("<IHHIIQ", head)
            payload = read_all(self.call, size)
        except OSError as error:
            raise Over(str(error) or "silence") from None
        if len(payload) < size:
            raise Over("closed")
        return NAMES.get(number, number), payload, seq

    def until(self, *names, seconds=20):
        """The next frame of one of these kinds."""
        while True:
            frame = self.hear(seconds)
            if frame[0] in names:
                return frame

    def ended(self, seconds):
        """Whether the peer ends the connection in time, whatever it says before."""
        try:
            while True:
                self.hear(seconds)
        except Over as over:
            return str(over) not in ("timed out", "silence")

    def close(self):
        """End it."""
        self.call.close()


def proof(role, first, second):
    """What shows that one has the key."""
    return hmac.new(key(), b"openMosix " + role + first + second, hashlib.sha256).digest()


def dial(address, me, purpose, epoch=0):
    """Call a node."""
    call = socket.create_connection((address, PORT), 20)
    call.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    mine = hello(me, purpose=purpose)
    call.sendall(mine)
    theirs = read_all(call, 64)
    call.sendall(proof(b"client", mine, theirs))
    if len(read_all(call, 32)) < 32:
        raise Over("refused")
    return Lane(call, epoch)


def answer(call, me):
    """Be called: (purpose, lane)."""
    call.settimeout(20)
    call.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    theirs = read_all(call, 64)
    if len(theirs) < 64:
        raise Over("closed")
    purpose = struct.unpack_from("<I", theirs, 12)[0]
    mine = hello(me, purpose=purpose)
    call.sendall(mine)
    if len(read_all(call, 32)) < 32:
        raise Over("closed")
    call.sendall(proof(b"server", theirs, mine))
    return purpose, Lane(call)
