#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The rules of the house that no other tool knows (scripts/house.py [RULE…]).

A rule is a function from a repository's root to the complaints about it, each "path:line: text". The test
beside it, tests/checks/test_house.py, shows for every rule that it can fail.
"""

import os
import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import tree  # pylint: disable=wrong-import-position

BUDGET = 150  # added lines in files of stock
LONGEST = 600  # lines of a source file; a longer one says "LONG FILE: why" near its top

# Modules of openmosix/ from the bottom up; one may use those of its own line and of lines above it here.
LAYERS = (
    ("sys", "syscall"),
    ("link", "node", "wire", "error", "fault", "shortage"),
    ("task", "image", "coherence", "load", "balance"),
    ("migrate", "deputy", "guest", "balancer", "placement", "omfs", "control"),
    ("hooks",),
    ("openmosix_main",),
)
LEVEL = {module: level for level, modules in enumerate(LAYERS) for module in modules}

# Hosts that things are downloaded from: which one is the business of the computer, not of the repository.
REGISTRY = re.compile(
    r"(https?|ftp|sparse\+https?)://[^/\s\"']*"
    r"(mirror|proxy|registry|artifact|nexus|crates[.]io|pypi|npmjs|debian[.]org/debian|deb[.]debian|ubuntu[.]com)"
)
LOCK_FILE_SOURCE = 'source = "registry+https://github.com/rust-lang/' + 'crates.io-index"'


def files(top, *suffixes):
    """The repository's files with one of the suffixes (all if none), as git sees them if there is git."""
    command = ["git", "-c", f"safe.directory={top}", "-C", str(top), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    if (top / ".git").exists():
        names = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split("\0")
    else:
        names = [str(path.relative_to(top)) for path in top.rglob("*") if path.is_file()]
    for name in sorted(set(filter(None, names))):
        if (top / name).is_file() and (not suffixes or name.endswith(suffixes)):
            yield name


def lines(top, name):
    """A file's lines, without line ends."""
    return (top / name).read_text(encoding="utf-8", errors="replace").splitlines()


def code(text):
    """Rust text with comments, strings and character literals blanked out, line for line."""
    blank = re.compile(
        r'//[^\n]*|/\*.*?\*/|b?r(#*)".*?"\1|b?"(?:\\.|[^"\\])*"|b?\'(?:\\[^\n]+?|[^\\\'\n])\'', re.S
    )
    return blank.sub(lambda found: re.sub(r"[^\n]", " ", found.group(0)), text)


def patch_names(top):
    """Patches of the folder, by name."""
    return sorted(path.name for path in (top / "patches").glob("*.patch"))


def added(top, name):
    """(file, line number in the patch, text) of every line that a patch adds."""
    target = None
    for number, line in enumerate(lines(top, f"patches/{name}"), 1):
        if line.startswith("+++ "):
            target = line[4:].split("\t")[0].partition("/")[2]
        elif line.startswith("+") and target:
            yield target, number, line[1:]


def count_added(top):
    """How many lines, blank ones aside, all patches add to files of stock."""
    return sum(1 for name in patch_names(top) for _, _, text in added(top, name) if text.strip())


def rule_budget(top):
    """At most BUDGET lines are added to files of stock."""
    count = count_added(top)
    if count > BUDGET:
        yield f"patches: {count} added lines in stock files, {BUDGET} are allowed"


def rule_conditionals(top):
    """No patch adds a preprocessor condition to a .c file."""
    for name in patch_names(top):
        for target, number, text in added(top, name):
            if target.endswith(".c") and re.match(r"\s*#\s*(if|ifdef|ifndef|elif|else|endif)\b", text):
                yield f"patches/{name}:{number}: preprocessor condition in {target}"


def rule_series(top):
    """The series and the folder agree; no patch creates, removes or renames a file."""
    listed = tree.series(top)
    for name in sorted({name for name in listed if listed.count(name) > 1}):
        yield f"patches/series: {name} is listed twice"
    for name in sorted(set(listed) - set(patch_names(top))):
        yield f"patches/series: {name} is not in the folder"
    for name in sorted(set(patch_names(top)) - set(listed)):
        yield f"patches/{name}: not in patches/series"
    for name in patch_names(top):
        try:
            tree.patched_files(top / "patches" / name)
        except tree.TreeError as error:
            yield f"patches/{error}"


def rule_headers(top):
    """Each patch says what it is, what it costs when off, and its lock context."""
    for name in patch_names(top):
        head = tree.header(top / "patches" / name)
        for field in ("Subject: ", "Cost when off: ", "Lock context: ", "Hook: ", "Signed-off-by: "):
            if not re.search(f"^{field}\\S", head, re.M):
                yield f"patches/{name}: the header has no \"{field.strip()}\""


def hooks(top, name):
    """The hooks that a patch says it adds."""
    found = re.search("^Hook: (.*)", tree.header(top / "patches" / name), re.M)
    return re.findall(r"\bopenmosix_\w+", found.group(1)) if found else []


def rule_told(top):
    """The tables of README.md and hooks.rst have every patch and every hook, and say how many lines there are."""
    count = count_added(top)
    told = {
        "README.md": f"{count} lines, of {BUDGET}",
        "Documentation/openmosix/hooks.rst": f"add {BUDGET} lines, of which they add {count};",
    }
    for page, words in told.items():
        text = " ".join(lines(top, page))
        if words not in text:
            yield f'{page}:1: does not say "{words}"'
        for name in patch_names(top):
            patch = name.removesuffix(".patch").removesuffix("-openmosix")
            for noun in [patch, *hooks(top, name)]:
                if not re.search(rf"`{re.escape(noun)}(\(\))?`", text):
                    yield f"{page}:1: does not tell of {noun}"
    known = {hook for name in patch_names(top) for hook in hooks(top, name)}
    for number, line in enumerate(lines(top, "README.md"), 1):
        for hook in re.findall(r"`(openmosix_\w+)`", line) if line.startswith("|") else []:
            if hook not in known:
                yield f"README.md:{number}: no patch adds {hook}"


def may_be_unsafe(name):
    """Where DESIGN.md allows unsafe code."""
    return name == "openmosix/hooks.rs" or name.startswith(("openmosix/sys/", "rust/")) or name == "openmosix/sys.rs"


def rule_unsafe(top):
    """`unsafe` stays in hooks.rs, sys/ and rust/, and each block and impl says why it is sound."""
    for name in files(top, ".rs"):
        source = lines(top, name)
        for number, line in enumerate(code("\n".join(source)).split("\n"), 1):
            for found in re.finditer(r"\bunsafe\b(?!_code)\s*(\S*)", line):
                if not may_be_unsafe(name):
                    yield f"{name}:{number}: unsafe outside hooks.rs, sys/ and rust/"
                elif found.group(1).startswith(("{", "impl")) and not has_safety(source, number - 1):
                    yield f"{name}:{number}: unsafe without a SAFETY comment"


def has_safety(source, index):
    """Whether the comment before the statement that line `index` belongs to has a SAFETY."""
    if "SAFETY:" in source[index]:
        return True
    index -= 1
    while index >= 0:
        text = source[index].strip()
        if text.startswith("//"):
            break
        if not text.startswith("#[") and (not text or text.endswith((";", "}", "},"))):
            return False
        index -= 1
    while index >= 0 and source[index].strip().startswith("//"):
        if "SAFETY:" in source[index]:
            return True
        index -= 1
    return False


def module_of(name):
    """The module of openmosix/ that a file belongs to."""
    return Path(name).parts[1].removesuffix(".rs")


def rule_layers(top):
    """Dependencies point one way."""
    for name in files(top, ".rs"):
        if not name.startswith("openmosix/"):
            continue
        module = module_of(name)
        if module not in LEVEL:
            yield f"{name}:1: the module {module} has no place in LAYERS of scripts/house.py"
            continue
        text = code((top / name).read_text(encoding="utf-8"))
        for found in re.finditer(r"\bcrate::(\{[^;]*?\}\s*;|\w+)", text):
            number = text.count("\n", 0, found.start()) + 1
            for used in top_names(found.group(1)):
                if used in LEVEL and LEVEL[used] > LEVEL[module]:
                    yield f"{name}:{number}: {module} must not use {used}, which is above it"


def top_names(use):
    """The first names in what follows `crate::`, a name or a braced list."""
    if not use.startswith("{"):
        return [use]
    names, depth, word = [], 0, ""
    for char in use:
        if depth == 1 and (char.isalnum() or char == "_"):
            word += char
            continue
        if depth == 1 and word:
            names.append(word)
        if depth == 1 and char == ":":
            depth = 1.5  # the rest of this path, up to the comma
        elif depth == 1.5 and char == ",":
            depth = 1
        elif char == "{":
            depth += 1
        elif char == "}":
            depth -= 1
        word = ""
    return names


def rule_licence(top):
    """Every file says its licence; data and lock files, patches and readme files have no place for it."""
    bare = (".patch", ".json", ".lock", ".png", ".svg", ".bin", ".gz", ".xz", ".log", ".txt")
    for name in files(top):
        if name.endswith(bare) or re.match(r"(README|COPYING|LICENSE)", Path(name).name) or "/corpus/" in name:
            continue
        if not (top / name).stat().st_size:
            continue
        if not any("SPDX-License-Identifier: " in line for line in lines(top, name)[:5]):
            yield f"{name}:1: no SPDX-License-Identifier"


def rule_length(top):
    """A source file is one noun and fits into a head."""
    for name in files(top, ".rs", ".c", ".h", ".py", ".sh", ""):
        if Path(name).suffix not in (".rs", ".c", ".h", ".py", ".sh", ""):
            continue
        text = lines(top, name)
        if len(text) > LONGEST and not any("LONG FILE: " in line for line in text[:40]):
            yield f"{name}:{len(text)}: more than {LONGEST} lines"


def rule_registries(top):
    """No file names a host that packages come from."""
    for name in files(top):
        for number, line in enumerate(lines(top, name), 1):
            if REGISTRY.search(line.replace(LOCK_FILE_SOURCE, "") if name.endswith("Cargo.lock") else line):
                yield f"{name}:{number}: names a package host"


RULES = {name.removeprefix("rule_"): rule for name, rule in sorted(globals().items()) if name.startswith("rule_")}


def main(argv):
    """Print the complaints; the status says whether there are any."""
    top = Path(os.environ.get("HOUSE_TOP", Path(__file__).resolve().parent.parent))
    bad = 0
    for name in argv[1:] or RULES:
        for complaint in RULES[name](top):
            print(f"{complaint} [{name}]")
            bad += 1
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv))
