# SPDX-License-Identifier: GPL-2.0-only
"""The clock of a node is asked for by one at a time: an answer never goes to somebody else's question."""

import asyncio
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from lab import frame, node  # noqa: E402


class Answering(node.Node):
    """A node without a machine, which answers each question for its clock a little later."""

    def __init__(self, ahead):
        super().__init__(1, {}, ())
        self.ahead = ahead
        self.asked = self.open = self.most_open = 0

    async def send(self, session, kind, body=b""):
        assert (session, kind) == (0, frame.CLOCK)
        self.asked += 1
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        asyncio.get_running_loop().call_later(0.001, self.answer, self.clock_waiter)

    def answer(self, waiter):
        self.open -= 1
        now = time.time_ns()
        waiter.set_result((now, now + self.ahead))


class Clock(unittest.TestCase):
    def test_two_ask_at_once(self):
        async def scene():
            asked = Answering(ahead=5_000_000_000)
            results = await asyncio.wait_for(
                asyncio.gather(asked.clock_offset(3), asked.clock_offset(5)), 10)
            return asked, results

        asked, results = asyncio.run(scene())
        self.assertEqual(asked.asked, 8)
        self.assertEqual(asked.most_open, 1)
        for offset, doubt in results:
            self.assertLessEqual(abs(offset + asked.ahead), doubt + 1_000_000)


if __name__ == "__main__":
    unittest.main()
