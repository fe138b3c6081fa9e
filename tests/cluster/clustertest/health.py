# SPDX-License-Identifier: GPL-2.0-only
"""After each scenario: is the cluster as it was before? If not, say so and repair it."""

import sys

from .failed import Failed

LEAVE = 60  # seconds that guests have to be gone after their process


def leftovers(node):
    """Guests that stay on a node although nothing runs any more."""
    try:
        node.until("/proc/hpc/remote", r"^\s*$", LEAVE)
        return None
    except Failed:
        names = {pid: (node.read("/proc/hpc/remote/%s/identity" % pid) or "").strip() for pid in node.guests()}
        return "guests left on node %d: %s" % (node.number, names) if names else None


def complaints(cluster):
    """(what is wrong, numbers of the nodes to restart)."""
    wrong, sick = [], set()
    for number, fingerprint, text in cluster.reports():
        sick.add(number)
        wrong.append("crash report on node %d: %s\n%s" % (number, fingerprint, text))
    for state in cluster.status()["nodes"]:
        number = state["node"]
        if state["network"] != "on":
            wrong.append("node %d was left cut off" % number)
            cluster.heal(number)
        if state["state"] != "up":
            sick.add(number)
            wrong.append("node %d is %s" % (number, state["state"]))
        elif number not in sick:
            try:
                left = leftovers(cluster[number])
            except Failed as error:
                left = "node %d does not answer: %s" % (number, error)
            if left:
                sick.add(number)
                wrong.append(left)
    return wrong, sick


def repair(cluster, sick):
    """Restart these nodes; if that does not help, the whole cluster."""
    try:
        for number in sorted(sick):
            if cluster.state(number) != "off":
                cluster.kill(number)
        for number in sorted(sick):
            cluster.start(number)
        cluster.whole()
    except Failed as error:
        print("# the cluster is beyond repair (%s): a new one" % error.text.split("\n")[0], file=sys.stderr)
        cluster.down()
        cluster.up(talk=False)


def check(cluster):
    """Raise Failed if the scenario left anything behind; the cluster is sound afterwards."""
    wrong, sick = complaints(cluster)
    if sick:
        evidence = {number: cluster.log(number) for number in cluster.nodes}
        repair(cluster, sick)
        cluster.reports()  # what the repair itself provoked on the console is not the next scenario's
    if wrong:
        failure = Failed("\n".join(wrong))
        if sick:
            failure.logs = evidence
        raise failure
