# SPDX-License-Identifier: GPL-2.0-only
"""The daemon: keeps one cluster alive and serves `omlab`.

It is process 1 of its own process name space, so that nothing of a cluster
outlives it, whatever happens; and it lives in its own network name space,
where the bridge and the taps are.
"""

import asyncio
import json
import os
import socket
import sys
import traceback

from lab import accel, assembly, frame, kit, network, place
from lab.node import Gone, Node

CLOCK_PERIOD = 10  # seconds between looks at the nodes' clocks


class Client:
    """A connection from `omlab`: one request."""

    def __init__(self, cluster, reader, writer):
        self.cluster, self.reader, self.writer = cluster, reader, writer
        self.parser = frame.Parser()
        self.waiting = []
        self.open = True

    async def receive(self):
        """The next frame, or None at the end."""
        while not self.waiting:
            data = await self.reader.read(1 << 18)
            if not data:
                return None
            self.waiting.extend(self.parser.feed(data))
        return self.waiting.pop(0)

    def send(self, kind, body=b""):
        """A frame to the client.  Streams have windows and talk is short: no need to wait."""
        if self.open:
            self.writer.write(frame.pack(0, kind, body))

    def say(self, text):
        """Tell the user, and the log."""
        print(text, flush=True)
        self.send(frame.SAY, text.encode())

    def reply(self, **answer):
        """The end of the request."""
        self.send(frame.REPLY, json.dumps(answer).encode())

    async def serve(self):
        """Read the request, do it, answer."""
        try:
            first = await self.receive()
            if first and first[1] == frame.REQUEST:
                request = json.loads(first[2])
                await getattr(self, "do_" + request.pop("do"))(**request)
        except place.Failure as failure:
            self.reply(error=str(failure))
        except (ConnectionError, frame.Malformed):
            pass
        except Exception as error:  # a fault of ours must not end the cluster
            traceback.print_exc()
            self.reply(error="daemon: %r" % error)
        finally:
            self.open = False
            await self.finish()

    async def finish(self):
        """Let the client read all that we sent: closing with unread frames of his would cut it off."""
        try:
            await self.writer.drain()
            self.writer.write_eof()
            while await self.reader.read(1 << 16):
                pass
        except (OSError, RuntimeError):
            pass
        self.writer.close()

    async def do_up(self):
        """Make the network and the kit, power all nodes on."""
        cluster = self.cluster
        config = cluster.config
        config["accel"] = accel.choose(config["accel"], config["kernel"], self.say)
        network.build(config["nodes"], config["rate"])
        config["kit"] = kit.make(os.getcwd(), config)
        self.say("%d nodes: %d CPU%s and %d MiB each, %s" % (
            config["nodes"], config["cpus"], "s" * (config["cpus"] > 1), config["mem"],
            {"kvm": "KVM", "tcg": "QEMU's TCG"}[config["accel"]]))
        await assembly.up(cluster.nodes, cluster.nodes, config["debug"], self.say)
        self.reply()

    async def do_start(self, node):
        """Power a node on."""
        node = self.cluster.node(node)
        if node.state != "off":
            raise place.Failure("node %d is already on" % node.number)
        await assembly.up(self.cluster.nodes, [node], self.cluster.config["debug"], self.say)
        self.reply()

    async def do_kill(self, node):
        """Pull a node's plug."""
        node = self.cluster.node(node)
        if node.state == "off":
            raise place.Failure("node %d is already off" % node.number)
        await node.kill()
        self.reply()

    async def do_cut(self, node):
        """Network of a node off."""
        node = self.cluster.node(node)
        if not node.cut:
            network.cut(node.number)
            node.cut = True
        self.reply()

    async def do_heal(self, node):
        """Network of a node on."""
        node = self.cluster.node(node)
        if node.cut:
            network.heal(node.number)
            node.cut = False
        self.reply()

    async def do_quota(self, node, percent):
        """A part of the time for a node."""
        await self.cluster.node(node).set_quota(percent)
        self.reply()

    async def do_status(self):
        """What the cluster is like; the reports are found by the asker."""
        config = self.cluster.config
        self.reply(accel=config["accel"], cpus=config["cpus"], mem=config["mem"], rate=config["rate"],
                   kernel=config["kernel"],
                   nodes=[{"node": node.number, "state": node.state, "address": network.address(node.number),
                           "network": "cut" if node.cut else "on", "quota": node.quota.percent}
                          for node in self.cluster.nodes])

    async def do_down(self):
        """End.  As we are process 1, everything ends with us."""
        os._exit(0)

    async def do_exec(self, node, wish):
        """A session on a node: pass frames both ways until one side ends."""
        node = self.cluster.node(node)
        ended = asyncio.Event()

        def deliver(kind, body):
            if kind is None:
                self.reply(error="node %d went off" % node.number)
            elif self.open:
                self.send(kind, body)
            if kind in (None, frame.EXIT):
                ended.set()

        number = await node.open(wish, deliver)
        passer = asyncio.create_task(self.pass_on(node, number))
        ender = asyncio.create_task(ended.wait())
        await asyncio.wait([passer, ender], return_when=asyncio.FIRST_COMPLETED)
        self.open = ended.is_set()  # otherwise nobody listens any more
        if not ended.is_set() and node.state == "up":
            await node.send(number, frame.CLOSE)
        passer.cancel()
        ender.cancel()

    async def pass_on(self, node, number):
        """Frames of the client to its session."""
        try:
            while True:
                received = await self.receive()
                if received is None:
                    return
                _, kind, body = received
                if kind not in (frame.STDIN, frame.CREDIT, frame.SIGNAL, frame.RESIZE):
                    raise frame.Malformed("kind %d" % kind)
                await node.send(number, kind, body)
        except (Gone, ConnectionError, frame.Malformed):
            return


class Cluster:
    """All nodes."""

    def __init__(self, config):
        self.config = config
        keep = [config["lock_fd"]] + [share["fd"] for share in config["shares"]]
        self.nodes = [Node(number, config, keep) for number in range(1, config["nodes"] + 1)]

    def node(self, number):
        """The node NUMBER."""
        if not 1 <= number <= len(self.nodes):
            raise place.Failure("there is no node %d (nodes are 1 to %d)" % (number, len(self.nodes)))
        return self.nodes[number - 1]

    async def keep_clocks(self):
        """Keep the nodes' clocks together."""
        while True:
            await asyncio.sleep(CLOCK_PERIOD)
            for node in self.nodes:
                if node.state == "up":
                    try:
                        await node.keep_clock()
                    except Gone:
                        pass

    async def serve(self, listener):
        """Answer requests for ever."""
        async def connected(reader, writer):
            await Client(self, reader, writer).serve()

        clocks = asyncio.create_task(self.keep_clocks())
        async with await asyncio.start_unix_server(connected, sock=listener) as server:
            await server.serve_forever()
        clocks.cancel()


def main(directory, listener):
    """Serve the cluster in DIRECTORY on the socket with the descriptor LISTENER."""
    os.chdir(directory)
    with open("config.json") as file:
        config = json.load(file)
    asyncio.run(Cluster(config).serve(socket.socket(fileno=listener)))


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
