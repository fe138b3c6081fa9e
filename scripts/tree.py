#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The assembled kernel tree: stock source, overlay files, patch series.

There is one `Tree` per cache. It never looks at the whole kernel: it works on the *touched* files only, those
that a patch changes and those of the overlay. The manifest says which files were touched the last time and
what was written into them. Everything happens under the cache's kernel lock, which the callers hold.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

# Folders whose files are new files of the kernel tree, at the same place.
OVERLAY = ("arch", "kernel", "fs", "mm", "net", "rust", "include", "openmosix", "Documentation/openmosix")
# Files of the repository that have another name in the kernel tree.
RENAMED = {"Kconfig": "openmosix/Kconfig"}
# What editors and compilers leave behind.
LITTER = re.compile(r"(~|\.orig|\.rej|\.swp|\.pyc|\.o)$|(^|/)__pycache__/")


class TreeError(Exception):
    """Something a person has to put right; the text says what."""


def digest(data):
    """The name of a content."""
    return hashlib.sha256(data).hexdigest()


def series(top):
    """The patches in the order of patches/series."""
    lines = (top / "patches/series").read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def patched_files(patch):
    """The files that a patch changes; it is an error if it creates, removes or renames one."""
    files = []
    lines = patch.read_text().splitlines()
    for before, after in zip(lines, lines[1:]):
        if not (before.startswith("--- ") and after.startswith("+++ ")):
            continue
        old, new = (line[4:].split("\t")[0].strip() for line in (before, after))
        if "/dev/null" in (old, new):
            raise TreeError(f"{patch.name} creates or removes a file ({old} -> {new}): use an overlay folder")
        if old.partition("/")[2] != new.partition("/")[2]:
            raise TreeError(f"{patch.name} renames a file ({old} -> {new})")
        files.append(new.partition("/")[2])
    if not files:
        raise TreeError(f"{patch.name} changes nothing")
    return files


def overlay_files(top):
    """Map each overlay file's path in the kernel tree to its path in the repository."""
    found = {inside: name for name, inside in RENAMED.items() if (top / name).exists()}
    for folder in OVERLAY:
        for base, _, names in os.walk(top / folder):
            for name in names:
                path = os.path.relpath(os.path.join(base, name), top)
                if not LITTER.search(path):
                    found[path] = path
    return found


def run_patch(folder, patch):
    """Apply one patch in `folder`, exactly or not at all."""
    command = ["patch", "-p1", "-F0", "-s", "--batch", "--forward", "--no-backup-if-mismatch", "-r", "-", "-i", str(patch)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    if done.returncode:
        raise TreeError(f"{patch.name} does not apply with -F0:\n{done.stdout}{done.stderr}".rstrip())


def unified(path, before, after):
    """The part of a patch that leads from `before` to `after` (bytes), or "" if they are equal."""
    if before == after:
        return ""
    with tempfile.TemporaryDirectory() as folder:
        names = [os.path.join(folder, side) for side in "ab"]
        for name, data in zip(names, (before, after)):
            Path(name).write_bytes(data)
        command = ["diff", "-u", "-p", "--label", f"a/{path}", "--label", f"b/{path}", *names]
        return subprocess.run(command, capture_output=True, text=True).stdout


class Tree:
    """The tree at `path`, made from the stock source at `stock` and the repository at `top`."""

    def __init__(self, top, stock, path):
        self.top, self.stock, self.path = Path(top), Path(stock), Path(path)
        self.manifest_file = self.path.with_name(self.path.name + ".manifest")
        self.base_file = self.path.with_name(self.path.name + ".base")

    # What is, and what should be.

    def manifest(self):
        """The touched files and the digest of what we wrote there, "" for a file that was not there."""
        try:
            lines = self.manifest_file.read_text().splitlines()
        except FileNotFoundError:
            return {}
        return {path: sum_ for sum_, path in (line.split("  ", 1) for line in lines)}

    def current(self, path):
        """A file's bytes in the tree, or None."""
        try:
            return (self.path / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def original(self, path):
        """A file's bytes in the stock source, or None if it is not of stock."""
        try:
            return (self.stock / path).read_bytes()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def stage(self, folder, step=None):
        """Apply the series to copies of the stock files in `folder`; `step(name, files, before)` sees each patch."""
        touched = {}
        for name in series(self.top):
            patch = self.top / "patches" / name
            if not patch.exists():
                raise TreeError(f"patches/series names {name}, which is not there")
            files = patched_files(patch)
            for path in files:
                if path in touched:
                    continue
                data = self.original(path)
                if data is None:
                    raise TreeError(f"{name} patches {path}, which stock does not have")
                touched[path] = (self.stock / path).stat().st_mode
                (folder / path).parent.mkdir(parents=True, exist_ok=True)
                (folder / path).write_bytes(data)
            before = {path: (folder / path).read_bytes() for path in files}
            run_patch(folder, patch)
            if step:
                step(name, files, before)
        return touched

    def wanted(self):
        """Map every touched path to (bytes, mode) as it should be."""
        files = {}
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)
            for path, mode in self.stage(folder).items():
                files[path] = ((folder / path).read_bytes(), mode)
        for path, source in overlay_files(self.top).items():
            if self.original(path) is not None:
                raise TreeError(f"{source} would overwrite a file of stock: patch it instead")
            files[path] = ((self.top / source).read_bytes(), (self.top / source).stat().st_mode)
        return files

    def edited(self):
        """Touched files that somebody changed in the tree since we wrote them."""
        found = []
        for path, sum_ in self.manifest().items():
            data = self.current(path)
            if ("" if data is None else digest(data)) != sum_:
                found.append(path)
        return found

    # Assemble.

    def assemble(self, identity, discard=False):
        """Bring the tree to what the repository says; returns how many files changed."""
        if self.base_file.exists() and self.base_file.read_text() != identity:
            self.base_file.unlink()
        if not self.base_file.exists():
            shutil.rmtree(self.path, ignore_errors=True)
            self.manifest_file.unlink(missing_ok=True)
            print("assemble: copying the stock source", file=sys.stderr)
            subprocess.run(["cp", "-a", "--reflink=auto", self.stock, self.path], check=True)
            self.base_file.write_text(identity)
        wanted = self.wanted()
        if not discard:
            lost = [path for path in self.edited() if path not in wanted or self.current(path) != wanted[path][0]]
            if lost:
                raise TreeError("edited in the assembled tree, run scripts/refresh (or scripts/assemble --discard):\n  "
                                + "\n  ".join(lost))
        changed = 0
        for path in self.manifest().keys() - wanted.keys():
            changed += self.write(path, self.original(path), None)
        for path, (data, mode) in wanted.items():
            changed += self.write(path, data, mode)
        lines = [f"{digest(data)}  {path}\n" for path, (data, _) in sorted(wanted.items())]
        text = "".join(lines)
        if not self.manifest_file.exists() or self.manifest_file.read_text() != text:
            self.manifest_file.write_text(text)
        return changed

    def write(self, path, data, mode):
        """Make a file of the tree hold `data` (None: not exist); untouched if it does already."""
        target = self.path / path
        if self.current(path) == data:
            return 0
        if data is None:
            target.unlink()
            for parent in target.relative_to(self.path).parents[:-1]:
                if (self.stock / parent).exists() or any((self.path / parent).iterdir()):
                    break
                (self.path / parent).rmdir()
            return 1
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(data)
        if mode is not None:
            target.chmod(mode & 0o777 | 0o644)
        return 1

    # Refresh.

    def strays(self):
        """Files changed or added in the tree since it was assembled that are not in the manifest."""
        since = self.base_file.stat().st_mtime
        known = self.manifest()
        for base, _, names in os.walk(self.path):
            for name in names:
                full = os.path.join(base, name)
                path = os.path.relpath(full, self.path)
                if path in known or LITTER.search(path) or os.path.islink(full):
                    continue
                if os.stat(full).st_mtime > since and self.current(path) != self.original(path):
                    yield path

    def refresh(self, into=None):
        """Take the tree's edits into the repository; returns what was written there."""
        written = []
        homes = overlay_files(self.top)
        edited = self.edited()
        loose = []
        for path in self.strays():
            if self.original(path) is not None:
                loose.append(path)
            elif path.startswith(tuple(folder + "/" for folder in OVERLAY)):
                homes[path] = path
                edited.append(path)
            else:
                raise TreeError(f"{path} is a new file outside the overlay folders: {' '.join(OVERLAY)}")
        if loose and not into:
            raise TreeError("edited, but no patch touches these yet: say scripts/refresh PATCH\n  " + "\n  ".join(loose))
        for path in edited:
            if path in homes:
                home, data = self.top / homes[path], self.current(path)
                if data is None:
                    home.unlink()
                else:
                    home.parent.mkdir(parents=True, exist_ok=True)
                    home.write_bytes(data)
                written.append(homes[path])
        written += self.refresh_patches([path for path in edited if path not in homes], loose, into)
        return written

    def refresh_patches(self, edited, loose, into):
        """Write edits of `edited` to the last patch that touches each, and `loose` files to the patch `into`."""
        gone = [path for path in edited if self.current(path) is None]
        if gone:
            raise TreeError("a patched file was removed from the tree:\n  " + "\n  ".join(gone))
        if into and into not in series(self.top):
            if not loose:
                raise TreeError(f"{into} would be empty: no stock file outside the series was edited")
            (self.top / "patches" / into).write_text(f"Subject: [PATCH] {into}\n\n---\n" + "".join(
                unified(path, self.original(path), self.current(path)) for path in loose))
            with open(self.top / "patches/series", "a", encoding="utf-8") as file:
                file.write(f"{into}\n")
            loose, fresh = [], [f"patches/{into}"]
        else:
            fresh = []
        last = {path: name for name in series(self.top) for path in patched_files(self.top / "patches" / name)}
        new_texts = {}
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder)

            def step(name, files, before):
                mine = [path for path in edited if last[path] == name]
                more = loose if name == into else []
                if not mine and not more:
                    return
                parts = []
                for path in files + [path for path in more if path not in files]:
                    after = self.current(path) if path in mine or path in more else (folder / path).read_bytes()
                    parts.append(unified(path, before.get(path, self.original(path)), after))
                new_texts[name] = header(self.top / "patches" / name) + diffstat(parts) + "".join(parts)

            self.stage(folder, step)
        for name, text in new_texts.items():
            (self.top / "patches" / name).write_text(text)
        return fresh + [f"patches/{name}" for name in new_texts]


def header(patch):
    """A patch's text before its "---" line or its first file."""
    lines = []
    for line in patch.read_text().splitlines(keepends=True):
        if line == "---\n" or line.startswith(("diff ", "Index: ", "--- ")):
            break
        lines.append(line)
    return "".join(lines)


def diffstat(parts):
    """A "---" line, and a line for each file with what it adds and removes."""
    text = "---\n"
    for part in filter(None, parts):
        body = part.splitlines()
        plus = sum(line.startswith("+") for line in body[2:])
        minus = sum(line.startswith("-") for line in body[2:])
        text += f" {body[1][6:]} | {plus + minus} {'+' * plus}{'-' * minus}\n"
    return text + "\n"


def main(argv):
    """Entry point of scripts/assemble and scripts/refresh."""
    top = Path(__file__).resolve().parent.parent
    cache = Path(os.environ["OPENMOSIX_CACHE"])
    tree = Tree(top, cache / "source", cache / "tree")
    identity = (cache / "source.identity").read_text()
    verb, *rest = argv[1:] or [""]
    if verb == "assemble" and rest in ([], ["--discard"]):
        changed = tree.assemble(identity, discard=bool(rest))
        if changed:
            print(f"assemble: {changed} files changed", file=sys.stderr)
    elif verb == "refresh" and len(rest) < 2:
        for name in tree.refresh(*rest):
            print(f"refresh: {name}", file=sys.stderr)
        tree.assemble(identity)
    else:
        raise TreeError("usage: scripts/assemble [--discard] | scripts/refresh [PATCH]")


if __name__ == "__main__":
    try:
        main(sys.argv)
    except TreeError as error:
        sys.exit(f"{Path(sys.argv[0]).stem}: {error}")
