# SPDX-License-Identifier: GPL-2.0-only
"""Waiting for what only the host can see, or what takes more than one look."""

import time

from .failed import Failed

LONG = 90  # seconds: enough for nodes that share a busy computer


def until(what, wanted, seconds=LONG):
    """Wait until WANTED() is true; WHAT() is what there was instead."""
    end = time.monotonic() + seconds
    while True:
        # The computer may stand still between a look and the clock: the last look is one after the end.
        late = time.monotonic() > end
        if wanted():
            return
        if late:
            raise Failed("not within %d s; at the end %s" % (seconds, what()))
        time.sleep(0.5)
