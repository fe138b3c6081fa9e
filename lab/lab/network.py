# SPDX-License-Identifier: GPL-2.0-only
"""The cluster's network: a bridge and one tap per node, in the daemon's own network name space."""

import contextlib
import re
import subprocess

from lab import place

BRIDGE = "om0"
UNITS = {"": 1, "k": 10 ** 3, "m": 10 ** 6, "g": 10 ** 9}


def address(node):
    """The IPv4 address of NODE."""
    return "10.1.0.%d" % node


def mac(node):
    """The Ethernet address of NODE."""
    return "52:54:00:01:00:%02x" % node


def tap(node):
    """The host's end of NODE's cable."""
    return "tap%d" % node


def bits(rate):
    """Bits per second of a rate like 1gbit, 100mbit."""
    match = re.fullmatch(r"(\d+)([kmg]?)bit", rate)
    if not match or not int(match.group(1)):
        raise place.Failure("bad rate: %s (try 1gbit or 100mbit)" % rate)
    return int(match.group(1)) * UNITS[match.group(2)]


def run(tool, *lines):
    """Several commands for ip or tc in one go."""
    done = subprocess.run([tool, "-batch", "-"], input="\n".join(lines) + "\n", text=True,
                          stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
    if done.returncode:
        raise place.Failure("%s: %s" % (tool, done.stderr.strip()))


def build(nodes, rate):
    """Bridge and taps for NODES nodes.

    With RATE every tap lets that much pass towards its node (tbf), so a
    connection between two nodes has RATE each way.
    """
    with contextlib.suppress(OSError):  # the host's ends need no addresses; it may have no IPv6, too
        with open("/proc/sys/net/ipv6/conf/default/disable_ipv6", "w") as file:
            file.write("1")
    lines = ["link set lo up",
             "link add %s type bridge stp_state 0 mcast_snooping 0" % BRIDGE,
             "link set %s up" % BRIDGE]
    for node in range(1, nodes + 1):
        lines += ["tuntap add dev %s mode tap" % tap(node),
                  "link set %s master %s up" % (tap(node), BRIDGE)]
    run("ip", *lines)
    if rate:
        speed = bits(rate)
        burst = max(64 << 10, speed // 8 // 100)  # 10 ms, as timers may be coarse
        run("tc", *("qdisc add dev %s root tbf rate %dbit burst %d latency 50ms" % (tap(node), speed, burst)
                    for node in range(1, nodes + 1)))


def cut(node):
    """Take NODE's tap off the bridge: silence both ways, while its carrier stays on."""
    run("ip", "link set %s nomaster" % tap(node))


def heal(node):
    """Put NODE's tap back."""
    run("ip", "link set %s master %s" % (tap(node), BRIDGE))
