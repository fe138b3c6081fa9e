# SPDX-License-Identifier: GPL-2.0-only
"""KVM or TCG: nothing but a guest that was seen to boot makes it KVM."""

import os
import tempfile
import unittest
from unittest import mock

from lab import accel, place

BOOTS = "echo 'Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)'"


class Choice(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        os.mkdir(os.path.join(self.folder, "lab"))
        for patch in (mock.patch.object(place, "CACHE", self.folder), mock.patch.object(accel, "LIMIT", 0.3),
                      mock.patch.dict(os.environ, PATH="%s:%s" % (self.folder, os.environ["PATH"]))):
            patch.start()
            self.addCleanup(patch.stop)

    def choose(self, wish, qemu, device=True):
        """What is chosen where QEMU does this, and whether /dev/kvm can be opened."""
        program = os.path.join(self.folder, "qemu-system-x86_64")
        with open(program, "w") as file:
            file.write("#!/bin/sh\necho run >>%s/runs\n%s\n" % (self.folder, qemu))
        os.chmod(program, 0o755)
        with mock.patch.object(os, "access", return_value=device):
            return accel.choose(wish, "bzImage", lambda text: None)

    def runs(self):
        """How often QEMU was run."""
        try:
            with open(os.path.join(self.folder, "runs")) as file:
                return len(file.readlines())
        except FileNotFoundError:
            return 0

    def test_a_guest_that_boots(self):
        self.assertEqual(self.choose("auto", BOOTS), "kvm")
        self.assertEqual(self.choose("kvm", "exit 1"), "kvm")
        self.assertEqual(self.runs(), 1, "the answer is kept")

    def test_one_that_does_not_get_so_far(self):
        self.assertEqual(self.choose("auto", "echo Linux version 7.3"), "tcg")
        self.assertRaisesRegex(place.Failure, "no guest boots with KVM", self.choose, "kvm", BOOTS)
        self.assertEqual(self.runs(), 1)

    def test_one_that_takes_too_long(self):
        self.assertEqual(self.choose("auto", "exec sleep 60"), "tcg")

    def test_no_device(self):
        self.assertEqual(self.choose("auto", BOOTS, device=False), "tcg")
        self.assertEqual(self.runs(), 0)

    def test_who_wants_tcg_asks_nobody(self):
        self.assertEqual(self.choose("tcg", BOOTS), "tcg")
        self.assertEqual(self.runs(), 0)


if __name__ == "__main__":
    unittest.main()
