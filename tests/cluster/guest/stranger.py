# SPDX-License-Identifier: GPL-2.0-only
"""A stranger calls at a node's port: argv are its address, a manner, and how often.

Prints what became of the last call: "closed" when the node hung up, "answered N" when it sent
N bytes first. A node that neither answers nor hangs up in time is an error.
"""

import hashlib
import hmac
import os
import socket
import struct
import sys

PORT = 4660
PATIENCE = 90
MAGIC = b"openMosi"
VERSION = 6
CONTROL = 1


def hello(node, version=VERSION, purpose=CONTROL):
    """The 64 bytes that begin every connection: see openmosix/wire/hello.rs."""
    return struct.pack("<8sHHIQ32s8x", MAGIC, version, node, purpose, 0, os.urandom(32))


def read_all(call, size):
    """SIZE bytes, or what came before the end."""
    data = b""
    while len(data) < size:
        part = call.recv(size - len(data))
        if not part:
            break
        data += part
    return data


def prove(call, node, key):
    """The handshake as a client; how many bytes came back."""
    mine = hello(node)
    call.sendall(mine)
    theirs = read_all(call, 64)
    if len(theirs) < 64:
        return len(theirs)
    call.sendall(hmac.new(key, b"openMosix client" + mine + theirs, hashlib.sha256).digest())
    return 64 + len(read_all(call, 32))


def scan(call):
    """Look whether the port is open."""
    call.shutdown(socket.SHUT_WR)


def noise(call):
    """Random bytes, many."""
    call.sendall(os.urandom(65536))


def short(call):
    """Half a hello, and then silence."""
    call.sendall(hello(2)[:40])


def version(call):
    """Another protocol."""
    call.sendall(hello(2, version=999))


def unknown(call):
    """The right key, but a node that is not in the table."""
    prove(call, 4711, key())


def keyless(call):
    """A node of the table, with a wrong key."""
    prove(call, 2, b"\0" * 32)


def key():
    """The cluster's key."""
    with open("/etc/openmosix/key", "rb") as file:
        return hashlib.sha256(file.read()).digest()


def traitor(call):
    """The right key, and then random bytes instead of frames."""
    if prove(call, 3, key()) < 96:
        raise SystemExit("the right key was refused")
    call.sendall(os.urandom(65536))


def huge(call):
    """The right key, and then a frame that says it is enormous."""
    if prove(call, 3, key()) < 96:
        raise SystemExit("the right key was refused")
    call.sendall(struct.pack("<IHHIIQ", 0xffffffff, 1, 0, 0, 0, 0))


def halted(call):
    """The right key, and then a frame that stops in its middle."""
    if prove(call, 3, key()) < 96:
        raise SystemExit("the right key was refused")
    call.sendall(struct.pack("<IHHIIQ", 64, 1, 0, 0, 0, 0) + b"abc")


def main():
    """Call, misbehave, and see what the node does."""
    address, manner, times = sys.argv[1], globals()[sys.argv[2]], int(sys.argv[3])
    got = 0
    for _ in range(times):
        with socket.create_connection((address, PORT), PATIENCE) as call:
            try:
                manner(call)
                while True:
                    data = call.recv(65536)
                    if not data:
                        break
                    got += len(data)
            except (ConnectionResetError, BrokenPipeError):
                pass
    print("answered %d" % got if got else "closed")


if __name__ == "__main__":
    main()
