# SPDX-License-Identifier: GPL-2.0-only
"""Frames: what travels between `omlab`, its daemon and the agents in the guests.

A frame is a head (length of the body, session, kind) and a body.  Sessions
share one channel per guest, so nobody may ever wait in the middle of it:
each byte stream of a session has a window, and its reader hands out CREDIT
for what it has consumed.

The guests' agent imports this file too: keep it free of other modules.
"""

import struct

HEAD = struct.Struct("<IIB")
BODY_MAX = 4 << 20   # room for the longest command line
CHUNK = 1 << 16      # as much of a stream as goes into one frame
WINDOW = 4 * CHUNK

# The kinds.  Towards the guest (>), from the guest (<).
OPEN = 1      # > JSON: argv, user, tty [rows, columns] or null, env
STDIN = 2     # > bytes; an empty body is the end of the stream
STDOUT = 3    # < bytes; likewise
STDERR = 4    # < bytes; likewise
CREDIT = 5    # <> stream kind, number of bytes that may follow
SIGNAL = 6    # > signal number, for the session's process group
RESIZE = 7    # > rows, columns of the terminal
EXIT = 8      # < exit status as a shell counts it; the last frame of a session
CLOSE = 9     # > nobody listens any more: hang up
HELLO = 10    # < the agent is there
CLOCK = 11    # > empty: what is your time?  < CLOCK_REALTIME in ns
STEP = 12     # > ns to add to CLOCK_REALTIME at once
SLEW = 13     # > ns to add to CLOCK_REALTIME by and by

# Only between omlab and its daemon.
REQUEST = 20  # JSON: what is wanted
REPLY = 21    # JSON: the end of a request
SAY = 22      # text for the user while a request is under way

CREDIT_BODY = struct.Struct("<BI")
SIGNAL_BODY = struct.Struct("<B")
RESIZE_BODY = struct.Struct("<HH")
EXIT_BODY = struct.Struct("<B")
CLOCK_BODY = struct.Struct("<q")


class Malformed(Exception):
    """The other side does not speak our language."""


def pack(session, kind, body=b""):
    """One frame as bytes."""
    return HEAD.pack(len(body), session, kind) + body


class Parser:
    """Cuts a byte stream into frames."""

    def __init__(self):
        self.buffer = bytearray()

    def feed(self, data):
        """Take more bytes; yield (session, kind, body) of each complete frame."""
        self.buffer += data
        start = 0
        while len(self.buffer) - start >= HEAD.size:
            length, session, kind = HEAD.unpack_from(self.buffer, start)
            if length > BODY_MAX:
                raise Malformed("frame of %d bytes" % length)
            end = start + HEAD.size + length
            if len(self.buffer) < end:
                break
            yield session, kind, bytes(memoryview(self.buffer)[start + HEAD.size:end])
            start = end
        del self.buffer[:start]
