# SPDX-License-Identifier: GPL-2.0-only
"""A quota: a machine runs only for a part of the time, as if its processors were slower.

It is stopped and sent on by signals, which takes neither root nor cgroups, and is the same everywhere.  For the node
no time is missing: its clock goes on, its processors do less.
"""

import asyncio
import contextlib

PERIOD = 0.05      # seconds: nobody takes a node for lost that is silent for so long
LEAST, ALL = 5, 100


async def keep(percent, go_on, stop):
    """Call GO_ON() and STOP() so that PERCENT of the time lie between them, until this is cancelled."""
    loop = asyncio.get_running_loop()
    turn = loop.time()
    try:
        while True:
            # By the clock: who is woken late once makes up for it the next time.
            go_on()
            await asyncio.sleep(turn + PERIOD * percent / ALL - loop.time())
            stop()
            turn = max(turn + PERIOD, loop.time() - PERIOD)
            await asyncio.sleep(turn - loop.time())
    finally:
        go_on()


class Quota:
    """The quota of one machine, whichever process that is at the moment."""

    def __init__(self, percent=ALL):
        self.percent = percent
        self.keeper = None

    def begin(self, go_on, stop):
        """A machine is there, which GO_ON() and STOP() work on."""
        if self.percent < ALL:
            self.keeper = asyncio.create_task(keep(self.percent, go_on, stop))

    async def end(self):
        """It runs all the time, or is no longer there."""
        if self.keeper:
            self.keeper.cancel()
            with contextlib.suppress(asyncio.CancelledError, ProcessLookupError):
                await self.keeper
            self.keeper = None
