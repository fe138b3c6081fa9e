# SPDX-License-Identifier: GPL-2.0-only
"""scripts/tree.py on a kernel of two files: assembling is exact and incremental, refreshing loses nothing."""

import os
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import tree  # pylint: disable=wrong-import-position
from tree import Tree, TreeError

FORK = "".join(f"line {n}\n" for n in range(20))
PATCH = """Subject: [PATCH] fork: Hook
---
--- a/kernel/fork.c
+++ b/kernel/fork.c
@@ -9,6 +9,7 @@
 line 8
 line 9
 line 10
+hook
 line 11
 line 12
 line 13
"""
SECOND_PATCH = """--- a/kernel/fork.c
+++ b/kernel/fork.c
@@ -1,2 +1,3 @@
+second
 line 0
 line 1
"""
MEMORY_PATCH = """--- a/mm/memory.c
+++ b/mm/memory.c
@@ -1,3 +1,4 @@
 one
 two
 three
+hook
"""
OLD = 1_000_000_000


class Assembly(unittest.TestCase):
    """Each test has a stock source, a repository with one patch and one overlay file, and their tree."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.base = Path(folder.name)
        self.put("source/kernel/fork.c", FORK)
        self.put("source/mm/memory.c", "one\ntwo\nthree\n")
        self.put("source/Kconfig", "the kernel's\n")
        self.put("top/Kconfig", "ours\n")
        self.put("top/patches/series", "010.patch\n")
        self.put("top/patches/010.patch", PATCH)
        self.put("top/openmosix/a.rs", "a\n")
        for path in (self.base / "source").rglob("*"):
            os.utime(path, (OLD, OLD))
        self.tree = Tree(self.base / "top", self.base / "source", self.base / "tree")
        self.tree.assemble("1")
        for path in (self.base / "tree").rglob("*"):
            os.utime(path, (OLD, OLD))
        os.utime(self.tree.base_file, (OLD + 1, OLD + 1))

    def put(self, name, text):
        """Write a file below the test's folder."""
        path = self.base / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")

    def get(self, name):
        """Read a file below the test's folder."""
        return (self.base / name).read_text(encoding="utf-8")

    def rebuilt(self):
        """Files of the tree whose time is not old: what a build would look at."""
        return sorted(
            str(path.relative_to(self.base / "tree"))
            for path in (self.base / "tree").rglob("*")
            if path.is_file() and path.stat().st_mtime != OLD
        )

    def test_tree_is_stock_patches_and_overlay(self):
        self.assertEqual(self.get("tree/kernel/fork.c"), FORK.replace("line 10\n", "line 10\nhook\n"))
        self.assertEqual(self.get("tree/openmosix/a.rs"), "a\n")
        self.assertEqual(self.get("tree/openmosix/Kconfig"), "ours\n")
        self.assertEqual(self.get("tree/Kconfig"), "the kernel's\n")

    def test_nothing_changed_nothing_touched(self):
        self.assertEqual(self.tree.assemble("1"), 0)
        self.assertEqual(self.rebuilt(), [])

    def test_only_what_changed_is_touched(self):
        self.put("top/openmosix/a.rs", "b\n")
        self.put("top/openmosix/new/c.rs", "c\n")
        self.assertEqual(self.tree.assemble("1"), 2)
        self.assertEqual(self.rebuilt(), ["openmosix/a.rs", "openmosix/new/c.rs"])

    def test_what_left_the_repository_leaves_the_tree(self):
        self.put("top/openmosix/new/c.rs", "c\n")
        self.tree.assemble("1")
        (self.base / "top/openmosix/new/c.rs").unlink()
        self.put("top/patches/010.patch", MEMORY_PATCH)
        self.tree.assemble("1")
        self.assertFalse((self.base / "tree/openmosix/new").exists())
        self.assertEqual(self.get("tree/kernel/fork.c"), FORK)
        self.assertEqual(self.get("tree/mm/memory.c"), "one\ntwo\nthree\nhook\n")

    def test_another_stock_source_starts_anew(self):
        self.put("source/mm/memory.c", "four\n")
        self.tree.assemble("2")
        self.assertEqual(self.get("tree/mm/memory.c"), "four\n")

    def test_fuzz_is_refused(self):
        self.put("top/patches/010.patch", PATCH.replace(" line 8\n", " line eight\n"))
        self.assertRaisesRegex(TreeError, "010.patch does not apply", self.tree.assemble, "1")

    def test_overlay_never_overwrites_stock(self):
        self.put("top/mm/memory.c", "mine\n")
        self.assertRaisesRegex(TreeError, "would overwrite", self.tree.assemble, "1")

    def test_edit_in_the_tree_is_not_lost(self):
        self.put("tree/kernel/fork.c", "edited\n")
        self.assertRaisesRegex(TreeError, "kernel/fork.c", self.tree.assemble, "1")
        self.tree.assemble("1", discard=True)
        self.assertIn("hook\n", self.get("tree/kernel/fork.c"))

    def test_refresh_takes_edits_back(self):
        self.put("tree/kernel/fork.c", self.get("tree/kernel/fork.c").replace("hook\n", "hook\nhook 2\n"))
        self.put("tree/openmosix/a.rs", "edited\n")
        self.put("tree/openmosix/new.rs", "new\n")
        self.assertEqual(sorted(self.tree.refresh()), ["openmosix/a.rs", "openmosix/new.rs", "patches/010.patch"])
        patch = self.get("top/patches/010.patch")
        self.assertTrue(patch.startswith("Subject: [PATCH] fork: Hook\n---\n kernel/fork.c | 2 ++\n\n--- a/kernel/fork.c\n"))
        self.assertIn("+hook\n+hook 2\n", patch)
        self.assertEqual(self.get("top/openmosix/a.rs"), "edited\n")
        self.assertEqual(self.get("top/openmosix/new.rs"), "new\n")
        self.assertEqual(self.tree.assemble("1"), 0)

    def test_refresh_gives_an_edit_to_the_last_patch_of_the_file(self):
        self.put("top/patches/series", "010.patch\n020.patch\n")
        self.put("top/patches/020.patch", SECOND_PATCH)
        self.tree.assemble("1")
        self.put("tree/kernel/fork.c", self.get("tree/kernel/fork.c").replace("hook\n", "changed hook\n"))
        self.assertEqual(self.tree.refresh(), ["patches/020.patch"])
        self.assertEqual(self.get("top/patches/010.patch"), PATCH)
        self.assertEqual(self.tree.assemble("1"), 0)

    def test_refresh_asks_where_a_new_hook_belongs(self):
        self.put("tree/mm/memory.c", "one\ntwo\nhook\nthree\n")
        self.assertRaisesRegex(TreeError, "mm/memory.c", self.tree.refresh)
        self.assertEqual(self.tree.refresh("020-mm.patch"), ["patches/020-mm.patch"])
        self.assertEqual(tree.series(self.base / "top"), ["010.patch", "020-mm.patch"])
        self.assertEqual(self.tree.assemble("1"), 0)

    def test_refresh_adds_a_new_hook_to_an_old_patch(self):
        self.put("tree/mm/memory.c", "one\ntwo\nhook\nthree\n")
        self.assertEqual(self.tree.refresh("010.patch"), ["patches/010.patch"])
        self.assertEqual(tree.patched_files(self.base / "top/patches/010.patch"), ["kernel/fork.c", "mm/memory.c"])
        self.assertEqual(self.tree.assemble("1"), 0)


if __name__ == "__main__":
    unittest.main()
