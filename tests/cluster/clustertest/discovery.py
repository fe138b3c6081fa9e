# SPDX-License-Identifier: GPL-2.0-only
"""omdiscd: nodes without a map find each other, over IPv4 and over IPv6."""

import contextlib
import functools

from .failed import expect
from .kit import probe
from .members import ADMIN, SOON, about, left
from .scenario import add, single

OTHER_KEY = "/tmp/other-key"
# What a node is told so that only the other protocol is left for multicast.
ONLY = {
    "ip4": ("/proc/sys/net/ipv6/conf/eth0/disable_ipv6", "1"),
    "ip6": ("/proc/sys/net/ipv4/igmp_max_memberships", "0"),
}
# Says from where announcements come: who speaks is heard by all that listen to the group.
EARS = """
import socket, struct
group = "239.255.111.77"
ears = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
ears.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
ears.bind((group, 4660))
ears.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP,
                struct.pack("=4s4si", socket.inet_aton(group), bytes(4), socket.if_nametoindex("eth0")))
print("listening", flush=True)
while True:
    # Magic, settled, knows, and the number of the node.
    print("heard", int.from_bytes(ears.recv(200)[10:12], "big"), flush=True)
"""


@contextlib.contextmanager
def only(protocol, cluster):
    """All nodes have this protocol alone for multicast."""
    path, value = ONLY[protocol]
    old = {number: node.read(path).strip() for number, node in cluster.nodes.items()}
    try:
        for node in cluster.nodes.values():
            node.write(path, value)
        yield
    finally:
        for number, node in cluster.nodes.items():
            node.write(path, old[number])


def looks(ends_all, node, *options):
    """A node looks for others: its omdiscd."""
    return ends_all.enter_context(node.start(["omdiscd", "--nodaemon", "--interface", "eth0", *options]))


def found(protocol, cluster):
    """Nodes without a map find each other, and take each other's processes; who leaves or is cut off is noticed."""
    with contextlib.ExitStack() as ends_all:
        ends_all.enter_context(left(cluster, cluster.nodes))
        ends_all.enter_context(only(protocol, cluster))
        for node in cluster.nodes.values():
            looks(ends_all, node)
        cluster.whole(SOON)
        maps = {number: [line for line in node.read(ADMIN + "config").splitlines() if line.startswith("node ")]
                for number, node in cluster.nodes.items()}
        expect("maps", {number: [] for number in cluster.nodes}, maps)
        with cluster[1].start([probe("pipe")]) as process:
            process.ready()
            for hop in (2, 3, "home"):
                process.move(hop)
                process.alive()
            cluster.cut(3)
            try:
                cluster[1].until(about(3, "status"), r"^1$", SOON)
            finally:
                cluster.heal(3)
            cluster.whole(SOON)
            cluster[3].must(["setpe", "-off"])
            for number in (1, 2):
                cluster[number].until("/proc/hpc/nodes", r"^1\s+2\s*$", SOON)
            process.move(2)
            process.alive()
            expect("exit status", 0, process.finish()["status"], 1, process.command)


def other_key(cluster):
    """A node with another key is heard, and neither believed nor let in."""
    stranger = cluster[3]
    with contextlib.ExitStack() as ends_all:
        ends_all.enter_context(left(cluster, cluster.nodes))
        ends_all.enter_context(only("ip4", cluster))
        stranger.shell("umask 077; echo another cluster > %s" % OTHER_KEY)
        ears = ends_all.enter_context(cluster[1].start(["python3", "-c", EARS]))
        ears.expect("^listening$")
        apart = looks(ends_all, stranger, "--key", OTHER_KEY)
        ears.expect("^heard 3$")
        for number in (1, 2):
            looks(ends_all, cluster[number])
        for number, other in ((1, 2), (2, 1)):
            cluster[number].until(about(other, "status"), r"^3$", SOON)
        # Only what it says from now on has been heard by those two; and it has heard them.
        ears.expect(r"(?s).*\Z")
        for _ in range(2):
            ears.expect("^heard 3$")
        for number in (1, 2):
            expect("nodes", ["1", "2"], cluster[number].list("/proc/hpc/nodes"), number)
        expect("nodes that the stranger knows", [], stranger.list("/proc/hpc/nodes") or [], 3)
        expect("where the stranger is", "0", stranger.read(ADMIN + "mospe").strip(), 3)
        expect("the stranger still looks", True, "omdiscd" in (apart.proc("cmdline") or ""), 3)


def register():
    """Both protocols; the key is the same for both."""
    for protocol, name in (("ip4", "IPv4"), ("ip6", "IPv6")):
        add("discovery/%s" % protocol, "Nodes without a map find each other over %s" % name,
            functools.partial(found, protocol), 3)
    single("discovery/key", other_key, 3)
