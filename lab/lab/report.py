# SPDX-License-Identifier: GPL-2.0-only
"""Reports: what a kernel complains about on its console.

A report is cut out of the log with some lines of context and reduced to a
fingerprint (kind and topmost functions), so that the same bug has the same
name each time, whatever the addresses and numbers.
"""

import re
from dataclasses import dataclass

CONTEXT = 5     # lines kept before and after a report
TOP = 5         # functions in a fingerprint
LONGEST = 250   # lines of one report

# What begins a report, most telling first: (kind, pattern of the title).
BEGINNINGS = [(kind, re.compile(pattern)) for kind, pattern in (
    ("panic", r"Kernel panic - not syncing: (?P<title>.*)"),
    ("kasan", r"BUG: KASAN: (?P<title>.*)"),
    ("kcsan", r"BUG: KCSAN: (?P<title>.*)"),
    ("kfence", r"BUG: KFENCE: (?P<title>.*)"),
    ("kmsan", r"BUG: KMSAN: (?P<title>.*)"),
    ("ubsan", r"UBSAN: (?P<title>.*)"),
    ("lockup", r"watchdog: BUG: (?P<title>soft lockup.*)"),
    ("lockup", r"[Ww]atchdog: (?:CPU\d+: Watchdog detected |BUG: )(?P<title>hard LOCKUP.*)"),
    ("oops", r"BUG: (?P<title>kernel NULL pointer dereference.*)"),
    ("oops", r"BUG: (?P<title>unable to handle .*)"),
    ("oops", r"^(?:Oops: )?(?P<title>general protection fault\b.*)"),
    ("oops", r"^(?:Oops: )?(?P<title>[a-z0-9 ]+: [0-9a-f]{4} \[#\d+\].*)"),
    ("oops", r"^Oops: (?P<title>.*)"),
    ("bug", r"(?P<title>kernel BUG at .*)"),
    ("rust-panic", r"rust_kernel: panicked at (?P<title>.*)"),
    ("lockdep", r"WARNING: (?P<title>possible (?:circular|recursive|irq lock inversion).*)"),
    ("lockdep", r"WARNING: (?P<title>(?:inconsistent lock state|.*lock order|.*irq-safe|bad unlock balance"
                r"|held lock freed|lock held when returning.*|suspicious RCU usage"
                r"|Nested lock was not taken|Invalid wait context|still has locks held).*)"),
    ("lockdep", r"(?:\[ )?BUG: (?P<title>(?:Invalid wait context|MAX_LOCK\w+ too low|MAX_STACK\w+ too low).*)"),
    ("warning", r"WARNING: (?P<title>(?:CPU: \d+ PID: \d+ )?at .*|\S+:\d+ at .*)"),
    ("rcu", r"rcu: (?:INFO: )?(?P<title>\S+ (?:self-)?detected (?:expedited )?stalls?.*)"),
    ("rcu", r"INFO: (?P<title>rcu_\S+ (?:self-)?detected (?:expedited )?stalls?.*)"),
    ("hung-task", r"INFO: (?P<title>task .* blocked for more than \d+ seconds.*)"),
    ("hung-task", r"INFO: (?P<title>task .* blocked in I/O wait .*)"),
    ("kmemleak", r"kmemleak: (?P<title>\d+ new suspected memory leaks.*)"),
    ("kmemleak", r"(?P<title>unreferenced object 0x.*)"),
    ("refcount", r"(?P<title>refcount_t: .*)"),
    ("list", r"(?P<title>list_(?:add|del) corruption.*)"),
    ("bug", r"^BUG: (?P<title>.*)"),
    ("agent", r"^init: (?P<title>the agent has gone.*)"),
)]

STAMP = re.compile(r"^(?:<\d+>)?\[ *\d+\.\d+\](?:\[ *[TC]\d+\])? ?")
CUT_HERE = re.compile(r"-+\[ cut here \]-+")
END_TRACE = re.compile(r"---\[ end (?:trace|Kernel panic)\b")
RULE = re.compile(r"^=+$|^-{20,}$|^\.{3,}")
FRAME = re.compile(r"^ *(?:\[<[0-9a-f]+>\] )?(?P<guess>\? )?(?P<name>[\w.$]+)\+0x[0-9a-f]+/0x[0-9a-f]+")
RIP = re.compile(r"^RIP: [0-9a-f]{4}:(?P<name>[\w.$]+)\+0x[0-9a-f]+/0x[0-9a-f]+")
CONTEXT_MARK = re.compile(r"^ *</?[\w#]+>\s*$")
WARNING_AT = re.compile(r" at (?P<name>[\w.$]+)\+0x[0-9a-f]+/0x[0-9a-f]+")
INSIDE = re.compile(
    r"^(?:Call Trace|Modules linked in|CPU: |Hardware name|RIP: |RSP: |R[A-D]X: |RBP: |R\d\d: |FS: |CS: |CR2: "
    r"|DR\d: |PKRU|Code: |Workqueue: |Tainted: | <|task:|Sending NMI|NMI backtrace|rcu: |Read of|Write of"
    r"|Allocated by|Freed by|The buggy|Memory state|page:|flags:|raw:|page dumped|Kernel Offset|Showing all locks"
    r"|stack backtrace|other info|but task is|which lock|the existing|Possible unsafe|\*\*\* DEADLOCK"
    r"|\d+ locks? held|no locks held|hex dump|backtrace|comm |Oops: |Kernel panic|Rebooting|CR0|>|\? )"
    r"|^[ \t]+\S|^$|^#\d+:|^(?:-> )?#\d+ |^=+$|^-+$")

# Functions that only carry a report out: they say nothing about whose it is.
PLUMBING = re.compile(
    r"^(?:dump_stack|show_stack|show_trace|print_|kasan_|__kasan_|__asan_|check_region|report_bug|handle_bug|exc_|asm_"
    r"|__warn|warn_slowpath|__report|die|oops_|__die|page_fault_oops|no_context|bad_area|do_user_addr_fault"
    r"|do_error_trap|panic$|vpanic$|nmi_|lockdep_|__lock_acquire|lock_acquire|check_noncircular|check_prev_add"
    r"|mark_lock|lock_is_held|sched_show|rcu_dump|rcu_check|rcu_sched_clock|__might_resched|ubsan_|__ubsan"
    r"|kfence_|kmemleak_|refcount_warn_saturate|__list_|do_trap|restore_regs|ret_from|watchdog|__schedule$"
    r"|schedule$|schedule_timeout$|schedule_preempt_disabled$|rust_helper_BUG|.*rust_begin_unwind|core::panicking)")
NUMBERS = re.compile(r"0x[0-9a-f]+|\b[0-9a-f]{8,}\b|\d+")


@dataclass
class Report:
    """One complaint."""
    kind: str
    title: str
    functions: list
    text: str

    @property
    def fingerprint(self):
        """The short name: kind and top functions, else the title without numbers."""
        what = "/".join(self.functions[:TOP]) or NUMBERS.sub("N", self.title)
        return "%s:%s" % (self.kind, re.sub(r"\s+", "_", what.strip()))

    def as_dict(self):
        """For --json."""
        return {"fingerprint": self.fingerprint, "kind": self.kind, "title": self.title,
                "functions": self.functions[:TOP], "text": self.text}


def beginning(line):
    """(kind, title) if LINE begins a report, else None."""
    for kind, pattern in BEGINNINGS:
        match = pattern.search(line)
        if match:
            return kind, match.group("title").strip()
    return None


def readable(symbol):
    """A function's name: Rust's mangled ones (v0) without the hashes that change with the compiler."""
    symbol = symbol.split(".")[0]
    if not symbol.startswith("_R"):
        return symbol
    names = []
    at = 2
    while at < len(symbol):
        if symbol[at].isdigit():
            length = re.match(r"\d+", symbol[at:]).group()
            at += len(length)
            at += symbol[at:at + 1] == "_"  # between the length and a name that begins like one
            names.append(symbol[at:at + int(length)])
            at += int(length)
        elif symbol[at] in "sB":  # a disambiguator or a reference backwards: base 62, ends with _
            at = symbol.find("_", at) + 1 or len(symbol)
        else:
            at += 1
    return "::".join(names) or symbol


def functions(lines):
    """The functions that tell whose report this is, topmost first.

    Of several traces (KASAN, RCU) the first counts; lockdep's own is the
    last, after those of the locks' history.  The instruction pointer comes
    before them all.
    """
    for index, line in enumerate(lines):
        if line.startswith("stack backtrace:"):
            lines = lines[index:]
            break
    pointer, sure, guessed = [], [], []
    for line in lines:
        match = RIP.match(line)
        if match:
            pointer = pointer or [readable(match.group("name"))]
            continue
        match = FRAME.match(line)
        if match:
            (guessed if match.group("guess") else sure).append(readable(match.group("name")))
        elif (sure or guessed) and not CONTEXT_MARK.match(line):
            break
    if not sure:
        sure = guessed  # a kernel whose unwinder only guesses
    found = []
    for name in (pointer if pointer[:1] != sure[:1] else []) + sure:
        if not PLUMBING.match(name) and name not in found:
            found.append(name)
    if found:
        return found
    for line in lines:
        match = WARNING_AT.search(line)
        if match:
            return [readable(match.group("name"))]
    return []


def extent(lines, start):
    """The index after the last line of the report that begins at START."""
    quiet = 0
    last = start
    traced = False
    for index in range(start + 1, min(len(lines), start + LONGEST)):
        line = lines[index]
        if END_TRACE.search(line):
            return index + 1
        begins = CUT_HERE.search(line) or beginning(line)
        if begins and traced:
            break
        traced = traced or bool(FRAME.match(line))
        if begins or INSIDE.search(line):
            last, quiet = index, 0
        else:
            quiet += 1
            if quiet > CONTEXT:
                break
    return last + 1


def find(log):
    """All reports in the text of a console."""
    lines = [STAMP.sub("", line.rstrip("\r")) for line in log.split("\n")]
    reports = []
    index = end = 0
    while index < len(lines):
        begun = beginning(lines[index])
        if not begun:
            index += 1
            continue
        start, index = index, extent(lines, index)
        kind, title = begun
        text = "\n".join(lines[max(0, end, start - CONTEXT):min(len(lines), index + CONTEXT)])
        if kind == "panic" and reports and start - end <= CONTEXT:
            reports[-1].text += "\n" + text  # the end of the same story
        else:
            reports.append(Report(kind, title, functions(lines[start:index]), text))
        end = index
    return reports
