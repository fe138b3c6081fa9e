# SPDX-License-Identifier: GPL-2.0-only
"""Whether the nodes of a cluster balance."""

import contextlib

POLICY = "/proc/hpc/admin/balance"
QUIET = "/proc/hpc/admin/quiet"


@contextlib.contextmanager
def policy(cluster, choice):
    """All nodes place their processes, or do not."""
    try:
        for node in cluster.nodes.values():
            node.write(POLICY, choice)
        yield
    finally:
        for node in cluster.nodes.values():
            node.write(POLICY, "off")


@contextlib.contextmanager
def quiet(cluster):
    """The nodes do not even gossip; they answer nobody's questions, because nobody asks."""
    try:
        for node in cluster.nodes.values():
            node.write(QUIET, "1")
        yield
    finally:
        for node in cluster.nodes.values():
            node.write(QUIET, "0")
