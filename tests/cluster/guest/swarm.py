# SPDX-License-Identifier: GPL-2.0-only
"""A job with children: every descendant is sent from node to node while they work."""

import itertools
import time

from job import Failed, POLL, read, write


def descendants(pid):
    """PID and all its living descendants."""
    found, fresh = [], [pid]
    while fresh:
        pid = fresh.pop()
        found.append(pid)
        fresh += [int(child) for child in (read("/proc/%d/task/%d/children" % (pid, pid)) or "").split()]
    return found


def drive(job, nodes, seconds, pause):
    """Give each descendant its next node PAUSE seconds after it has got somewhere. How many moves there were."""
    routes, seen, settled = {}, {}, {}
    end = time.monotonic() + seconds
    while job.process.poll() is None:
        if time.monotonic() > end:
            raise Failed("no end in %g s: %s" % (seconds, job.diagnose()))
        for pid in descendants(job.process.pid):
            count = read("/proc/%d/nmigs" % pid)
            if count is None:
                continue
            # One that has just ended tells of no moves any more.
            seen[pid] = max(int(count), seen.get(pid, 0))
            now = time.monotonic()
            if (read("/proc/%d/goto" % pid) or "0").strip() != "0":
                settled.pop(pid, None)
                continue
            if now - settled.setdefault(pid, now) < pause:
                continue
            route = routes.setdefault(pid, itertools.cycle(nodes))
            try:
                write("/proc/%d/goto" % pid, next(route))
            except OSError:  # it ended just now, or may not move at present
                pass
        time.sleep(POLL)
    return {"processes": len(seen), "moves": sum(seen.values())}
