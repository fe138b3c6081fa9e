# SPDX-License-Identifier: GPL-2.0-only
"""A node: one virtual machine, its console, and the channel to its agent."""

import asyncio
import json
import os
import signal
import socket
import time

from lab import accel, frame, network, place
from lab.quota import Quota

APPEND = ("console=ttyS0 root=/dev/vda rootfstype=ext4 rw init=/usr/sbin/lab-init panic=-1 loglevel=7 "
          "net.ifnames=0 omlab.node=%d omlab.accel=%s")
# While it identifies the processor, the kernel forgets for a moment that its page tables have five levels, and KASAN
# takes an interrupt at that time for an access gone wild.
APPEND_DEBUG = " no5lvl"


class Gone(place.Failure):
    """The node went off while something was under way."""


class Node:
    """One virtual machine of the cluster; states: off, booting, up."""

    def __init__(self, number, config, keep_fds):
        self.number = number
        self.config = config
        self.keep_fds = keep_fds    # inherited by QEMU: the shares, and the lock that shows we live
        self.state = "off"
        self.cut = False
        self.quota = Quota(config.get("quotas", {}).get(str(number), 100))
        self.hello = None
        self.process = self.writer = self.receiver = None
        self.sessions = {}          # number -> callable(kind, body)
        self.last_session = 0
        self.clock_waiter = None
        self.clock_lock = asyncio.Lock()

    def command(self, channel):
        """QEMU's command line."""
        config = self.config
        append = APPEND % (self.number, config["accel"]) + (APPEND_DEBUG if config["debug"] else "")
        qemu = ["qemu-system-x86_64", "-name", "node%d" % self.number, "-nodefaults", "-no-user-config",
                "-nographic", "-no-reboot", "-machine", "pc", *accel.options(config["accel"]),
                "-smp", str(config["cpus"]), "-m", str(config["mem"]),
                "-kernel", config["kernel"], "-append", append,
                "-device", "virtio-rng-pci",
                "-chardev", "file,id=console,append=on,path=node%d.console" % self.number,
                "-serial", "chardev:console",
                "-device", "virtio-serial-pci",
                "-chardev", "socket,id=agent,fd=%d" % channel,
                "-device", "virtserialport,chardev=agent,name=org.openmosix.lab",
                "-netdev", "tap,id=net,ifname=%s,script=no,downscript=no,queues=1" % network.tap(self.number),
                "-device", "virtio-net-pci,netdev=net,romfile=,mac=%s" % network.mac(self.number)]
        for disk in (config["image"], config["kit"]):
            qemu += ["-drive", "if=virtio,format=raw,snapshot=on,cache=unsafe,file=%s" % disk]
        for index, share in enumerate(config["shares"]):
            model = "passthrough" if config["root"] else "none"
            qemu += ["-fsdev", "local,id=share%d,path=/proc/self/fd/%d,security_model=%s,multidevs=remap"
                     % (index, share["fd"], model),
                     "-device", "virtio-9p-pci,fsdev=share%d,mount_tag=share%d" % (index, index)]
        return qemu

    async def start(self):
        """Power on.  Returns when QEMU runs; `hello` is done when the agent is there."""
        ours, theirs = socket.socketpair()
        self.hello = asyncio.get_running_loop().create_future()
        with open("node%d.console" % self.number, "a") as console:
            console.write("--- omlab: node %d: power on, %s ---\n" % (self.number, time.strftime("%F %T")))
        with open("qemu.log", "a") as log, theirs:
            self.process = await asyncio.create_subprocess_exec(
                *self.command(theirs.fileno()), stdin=asyncio.subprocess.DEVNULL, stdout=log, stderr=log,
                pass_fds=[theirs.fileno(), *self.keep_fds],
                env={**os.environ, "TMPDIR": os.getcwd()})
        reader, self.writer = await asyncio.open_connection(sock=ours, limit=1 << 20)
        self.state = "booting"
        self.begin_quota()
        self.receiver = asyncio.create_task(self.receive(reader, self.process))

    async def receive(self, reader, process):
        """Hand out the agent's frames until the machine is off."""
        parser = frame.Parser()
        try:
            while True:
                data = await reader.read(1 << 18)
                if not data:
                    break
                for number, kind, body in parser.feed(data):
                    self.dispatch(number, kind, body)
        except (ConnectionError, frame.Malformed):
            process.kill()
        await process.wait()
        await self.quota.end()
        self.state = "off"
        self.writer.close()
        if not self.hello.done():
            self.hello.set_exception(Gone("node %d went off while it booted" % self.number))
            self.hello.exception()  # it may be that nobody waits
        if self.clock_waiter and not self.clock_waiter.done():
            self.clock_waiter.set_exception(Gone("node %d went off" % self.number))
        for deliver in list(self.sessions.values()):
            deliver(None, b"")
        self.sessions.clear()

    def dispatch(self, number, kind, body):
        """One frame from the agent."""
        if kind == frame.HELLO:
            if not self.hello.done():
                self.state = "up"
                self.hello.set_result(None)
        elif kind == frame.CLOCK:
            if self.clock_waiter and not self.clock_waiter.done():
                self.clock_waiter.set_result((time.time_ns(), *frame.CLOCK_BODY.unpack(body)))
        elif number in self.sessions:
            deliver = self.sessions[number]
            if kind == frame.EXIT:
                del self.sessions[number]
            deliver(kind, body)

    async def send(self, number, kind, body=b""):
        """A frame to the agent."""
        if self.state != "up":
            raise Gone("node %d is %s" % (self.number, self.state))
        self.writer.write(frame.pack(number, kind, body))
        try:
            await self.writer.drain()
        except ConnectionError:
            raise Gone("node %d went off" % self.number) from None

    async def open(self, wish, deliver):
        """Begin a session; DELIVER(kind, body) gets its frames, and (None, b"") if the node goes off."""
        self.last_session += 1
        number = self.last_session
        self.sessions[number] = deliver
        try:
            await self.send(number, frame.OPEN, json.dumps(wish).encode())
        except Gone:
            self.sessions.pop(number, None)
            raise
        return number

    async def run(self, script, *args):
        """Run a shell script as root; return (status, what it printed)."""
        done = asyncio.get_running_loop().create_future()
        output = []

        def deliver(kind, body):
            if kind in (frame.STDOUT, frame.STDERR):
                output.append(body)
            elif kind == frame.EXIT and not done.done():
                done.set_result(frame.EXIT_BODY.unpack(body)[0])
            elif kind is None and not done.done():
                done.set_exception(Gone("node %d went off" % self.number))

        wish = {"argv": ["/bin/sh", "-c", script, "omlab", *map(str, args)], "user": "root", "tty": None,
                "env": {}}
        number = await self.open(wish, deliver)
        try:
            await self.send(number, frame.STDIN)
            status = await done
        except asyncio.CancelledError:
            if self.state == "up":
                await self.send(number, frame.CLOSE)
            raise
        return status, b"".join(output).decode(errors="replace")

    async def clock_offset(self, rounds):
        """Nanoseconds by which the node's clock is behind ours, and how far that may be wrong.

        Of ROUNDS exchanges the quickest counts.
        """
        best = None
        # One at a time: who sets the clock while the node boots may meet who keeps it.
        async with self.clock_lock:
            for _ in range(rounds):
                self.clock_waiter = asyncio.get_running_loop().create_future()
                before = time.time_ns()
                await self.send(0, frame.CLOCK)
                after, theirs = await self.clock_waiter
                if best is None or after - before < best[0]:
                    best = (after - before, (before + after) // 2 - theirs)
        return best[1], best[0] // 2

    async def set_clock(self):
        """Make the node's clock ours, at once."""
        for rounds in (2, 12):
            offset, _ = await self.clock_offset(rounds)
            await self.send(0, frame.STEP, frame.CLOCK_BODY.pack(offset))

    async def keep_clock(self):
        """Bring the node's clock nearer to ours without a jump."""
        offset, doubt = await self.clock_offset(8)
        if abs(offset) > doubt:
            await self.send(0, frame.SLEW, frame.CLOCK_BODY.pack(offset))

    def begin_quota(self):
        """Have the machine keep its quota."""
        send = self.process.send_signal
        self.quota.begin(lambda: send(signal.SIGCONT), lambda: send(signal.SIGSTOP))

    async def set_quota(self, percent):
        """Give the machine another quota, now and when it is powered on again."""
        await self.quota.end()
        self.quota.percent = percent
        if self.state != "off":
            self.begin_quota()

    async def kill(self):
        """Power off, as if the plug were pulled."""
        if self.state != "off":
            self.process.send_signal(signal.SIGKILL)
            await self.receiver
