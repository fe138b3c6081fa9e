# SPDX-License-Identifier: GPL-2.0-only
"""Every rule of scripts/house.py accepts a good repository and complains about a bad one."""

import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "scripts"))
import house  # pylint: disable=wrong-import-position

SPDX = "// SPDX-License-Identifier: GPL-2.0-only\n"
PATCH = """Subject: [PATCH] fork: Call us

Why and what.

Cost when off: none.
Lock context: none.

Hook: openmosix_fork
Signed-off-by: A Developer <a@example.invalid>
---
--- a/kernel/fork.c
+++ b/kernel/fork.c
@@ -1 +1,2 @@
 int fork;
+int hook;
"""
README = "All that is added: 1 lines, of 150 that are allowed.\n| `010-fork` | `openmosix_fork` |\n"
HOOKS = """.. SPDX-License-Identifier: GPL-2.0-only
All patches may add 150 lines, of which they add 1; of these ``010-fork`` adds
``openmosix_fork()``.
"""
GOOD = {
    "README.md": README,
    "Documentation/openmosix/hooks.rst": HOOKS,
    "patches/series": "# SPDX-License-Identifier: GPL-2.0-only\n010-fork.patch\n",
    "patches/010-fork.patch": PATCH,
    "openmosix/hooks.rs": SPDX + "// SAFETY: By contract.\n#[allow(x)]\nlet a =\n    unsafe { b() };\n",
    "openmosix/link/mod.rs": SPDX + "//! An unsafe network.\nuse crate::{node, sys::{net, time}};\nlet a = \"unsafe {\";\n",
}


class Rules(unittest.TestCase):
    """One repository a test: good files, with some replaced."""

    def complaints(self, rule, **changes):
        """What a rule says of the good repository with `changes` (content, or None to remove)."""
        with tempfile.TemporaryDirectory() as folder:
            for name, text in {**GOOD, **changes.pop("files", {})}.items():
                if text is not None:
                    path = Path(folder) / name
                    path.parent.mkdir(parents=True, exist_ok=True)
                    path.write_text(text, encoding="utf-8")
            return list(house.RULES[rule](Path(folder)))

    def fails(self, rule, expect, files):
        """The rule complains once, about `expect`."""
        found = self.complaints(rule, files=files)
        self.assertEqual(len(found), 1, found)
        self.assertIn(expect, found[0])

    def test_good_repository_passes_all(self):
        for rule in house.RULES:
            with self.subTest(rule):
                self.assertEqual(self.complaints(rule), [])

    def test_budget(self):
        more = "".join(f"+line {n};\n" for n in range(house.BUDGET))
        self.fails("budget", "151 added", {"patches/010-fork.patch": PATCH + more})
        self.assertEqual(self.complaints("budget", files={"patches/010-fork.patch": PATCH + "+\n" * 200}), [])

    def test_conditionals(self):
        self.fails("conditionals", "kernel/fork.c", {"patches/010-fork.patch": PATCH + "+#ifdef CONFIG_OPENMOSIX\n"})
        self.fails("conditionals", "kernel/fork.c", {"patches/010-fork.patch": PATCH + "+  # if 1\n"})
        header = PATCH.replace("fork.c", "fork.h") + "+#ifdef CONFIG_OPENMOSIX\n"
        self.assertEqual(self.complaints("conditionals", files={"patches/010-fork.patch": header}), [])

    def test_series(self):
        self.fails("series", "not in patches/series", {"patches/020-more.patch": PATCH})
        self.fails("series", "not in the folder", {"patches/010-fork.patch": None})
        self.fails("series", "listed twice", {"patches/series": "010-fork.patch\n010-fork.patch\n"})
        self.fails("series", "creates", {"patches/010-fork.patch": PATCH.replace("a/kernel/fork.c", "/dev/null")})
        self.fails("series", "renames", {"patches/010-fork.patch": PATCH.replace("a/kernel/fork.c", "a/kernel/f.c")})

    def test_headers(self):
        for field in ("Subject: ", "Cost when off: ", "Lock context: ", "Hook: ", "Signed-off-by: "):
            self.fails("headers", field.strip(), {"patches/010-fork.patch": PATCH.replace(field, "X: ")})

    def test_told(self):
        hooks = "Documentation/openmosix/hooks.rst"
        self.fails("told", "1 lines", {"README.md": README.replace("1 lines", "2 lines")})
        self.fails("told", "they add 1", {hooks: HOOKS.replace("add 1;", "add 2;")})
        self.fails("told", "010-fork", {"README.md": README.replace("`010-fork`", "`020-fork`")})
        self.fails("told", "openmosix_fork", {hooks: HOOKS.replace("openmosix_fork()", "fork()")})
        self.fails("told", "no patch", {"README.md": README + "| | `openmosix_spoon` |\n"})

    def test_unsafe(self):
        self.fails("unsafe", "outside", {"openmosix/task.rs": "// SAFETY: No.\nunsafe { a() }\n"})
        self.fails("unsafe", "outside", {"tools/a.rs": "unsafe fn a() {}\n"})
        self.fails("unsafe", "without", {"openmosix/sys/a.rs": "// Fine.\nunsafe { a() }\n"})
        self.fails("unsafe", "without", {"openmosix/sys/a.rs": "// SAFETY: A.\nunsafe { a() };\nunsafe { b() };\n"})
        self.fails("unsafe", "without", {"rust/kernel/a.rs": "/// Docs.\nunsafe impl Send for A {}\n"})

    def test_layers(self):
        self.fails("layers", "must not use hooks", {"openmosix/sys/a.rs": "use crate::hooks::x;\n"})
        self.fails("layers", "must not use task", {"openmosix/wire.rs": "use crate::{\n    sys,\n    task::Task, //\n};\n"})
        self.fails("layers", "must not use migrate", {"openmosix/task/a.rs": "fn a() { crate::migrate::go() }\n"})
        self.fails("layers", "no place", {"openmosix/util.rs": "\n"})

    def test_licence(self):
        self.fails("licence", "no SPDX", {"openmosix/task.rs": "//! A task.\n"})

    def test_length(self):
        self.fails("length", "more than", {"openmosix/task.rs": "\n" * 601})

    def test_registries(self):
        self.fails("registries", "package host", {"config/apt": "deb http://" + "mirror.example/x y main\n"})
        self.fails("registries", "package host", {"tools/Cargo.lock": "source = \"sparse+https://" + "crates.io/\"\n"})

    def test_every_rule_has_a_test(self):
        self.assertEqual({f"test_{rule}" for rule in house.RULES} - set(dir(self)), set())


if __name__ == "__main__":
    unittest.main()
