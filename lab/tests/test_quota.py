# SPDX-License-Identifier: GPL-2.0-only
"""A quota is kept, whatever it is, and gone when it ends."""

import asyncio
import os
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from lab import command, quota  # noqa: E402

BUSY = [sys.executable, "-c", "while True: pass"]


def stat(process):
    """Its state, and the CPU seconds that it has used."""
    with open("/proc/%d/stat" % process.pid) as file:
        fields = file.read().rpartition(")")[2].split()
    return fields[0], (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


class Parts(unittest.TestCase):
    def scene(self, percent, seconds):
        """The part of the time that a busy process had, and its state afterwards."""
        async def keep(process):
            kept = quota.Quota(percent)
            kept.begin(lambda: process.send_signal(signal.SIGCONT), lambda: process.send_signal(signal.SIGSTOP))
            used, start = stat(process)[1], time.monotonic()
            await asyncio.sleep(seconds)
            part = (stat(process)[1] - used) / (time.monotonic() - start)
            await kept.end()
            return part

        process = subprocess.Popen(BUSY)
        try:
            return asyncio.run(keep(process)), stat(process)[0]
        finally:
            process.kill()
            process.wait()

    def test_no_more_than_its_part(self):
        # Of a busy computer it may get less.
        part, state = self.scene(20, 1)
        self.assertLess(part, 0.35)
        self.assertGreater(part, 0)
        self.assertNotEqual(state, "T")

    def test_no_quota_stops_nothing(self):
        kept = quota.Quota()
        kept.begin(self.fail, self.fail)
        self.assertIsNone(kept.keeper)
        asyncio.run(kept.end())

    def test_one_that_has_gone(self):
        async def scene():
            def gone():
                raise ProcessLookupError
            kept = quota.Quota(50)
            kept.begin(gone, gone)
            await asyncio.sleep(0)
            await kept.end()
            return kept.keeper
        self.assertIsNone(asyncio.run(scene()))


class Words(unittest.TestCase):
    def test_parts(self):
        self.assertEqual(command.node_percent("node3=40%"), (3, 40))
        for bad in ("3", "3=", "3=4", "3=101", "=50", "3=x", "0=50"):
            with self.subTest(bad), self.assertRaises(command.argparse.ArgumentTypeError):
                command.node_percent(bad)


if __name__ == "__main__":
    unittest.main()
