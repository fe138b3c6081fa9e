# SPDX-License-Identifier: GPL-2.0-only
"""Assembly: bringing nodes up until they see each other."""

import asyncio
import time

from lab import network, place

LIMIT = 180        # seconds, on a busy computer
LIMIT_DEBUG = 300  # the same with a debug kernel

# Runs on a node.  Prints what the others are waited for by.
SWITCH_ON = r"""
if [ ! -e /proc/hpc ]; then
	echo "answers to ping (no openMosix in this kernel)"
elif ! command -v setpe >/dev/null; then
	echo "answers to ping (no setpe: openMosix stays off; try make tools)"
else
	setpe -w -f /etc/openmosix.map >/run/setpe.log 2>&1 || { echo "setpe failed:"; cat /run/setpe.log; exit 1; }
	echo "status UP in /proc/hpc/nodes"
fi
"""

# Runs on a node: until it sees all the others ("number:address" each).
SEE_OTHERS = r"""
for other; do
	node=${other%:*} address=${other#*:}
	if [ -e /proc/hpc ] && command -v setpe >/dev/null; then
		until read -r status 2>/dev/null </proc/hpc/nodes/$node/status && [ $((status & 3)) = 3 ]; do
			sleep 0.1
		done
	else
		until ping -nqc1 -W1 $address >/dev/null; do :; done
	fi
	echo "$node"
done
"""


async def wake(node, say):
    """Power NODE on; return once its agent is there, its clock right and openMosix on."""
    start = time.monotonic()
    await node.start()
    await node.hello
    await node.set_clock()
    status, text = await node.run(SWITCH_ON)
    if status:
        raise place.Failure("node %d: %s" % (node.number, text.strip()))
    say("node %d is up (%.1f s)" % (node.number, time.monotonic() - start))
    return text.strip()


async def see(node, others):
    """Wait until NODE sees OTHERS."""
    status, text = await node.run(SEE_OTHERS, *("%d:%s" % (other.number, network.address(other.number))
                                                for other in others))
    if status:
        raise place.Failure("node %d: cannot look for the others: %s" % (node.number, text.strip()))


async def all_of(tasks, what, limit):
    """Run TASKS together, none of them longer than LIMIT seconds; the first failure ends all."""
    tasks = [asyncio.create_task(task) for task in tasks]
    try:
        return await asyncio.wait_for(asyncio.gather(*tasks), limit)
    except asyncio.TimeoutError:
        raise place.Failure("not within %d s: %s" % (limit, what)) from None
    finally:
        for task in tasks:
            task.cancel()


async def up(nodes, fresh, debug, say):
    """Power the nodes FRESH on, and wait until they and the others that can be seen see each other."""
    limit = LIMIT_DEBUG if debug else LIMIT
    start = time.monotonic()
    say("powering on %s" % ", ".join("node %d" % node.number for node in fresh))
    waited_for = await all_of([wake(node, say) for node in fresh], "agents of all nodes", limit)
    visible = [node for node in nodes if node.state == "up" and not node.cut]
    pairs = [(node, [other for other in visible if other is not node and (node in fresh or other in fresh)])
             for node in visible]
    if len(visible) > 1:
        say("waiting until every node sees every other: %s" % waited_for[0])
        await all_of([see(node, others) for node, others in pairs if others],
                     "every node sees every other: %s" % waited_for[0], limit)
    say("ready after %.1f s" % (time.monotonic() - start))
