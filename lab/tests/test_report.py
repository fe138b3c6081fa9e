# SPDX-License-Identifier: GPL-2.0-only
"""Consoles with and without complaints: what is found, and by what name."""

import os
import sys
import textwrap
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))

from lab import report  # noqa: E402

QUIET = """\
[    0.000000] Linux version 7.3.4 (openmosix@lab) #1 SMP PREEMPT_LAZY
[    0.031000] Spectre V2 : WARNING: Unprivileged eBPF is enabled with eIBRS on, data leaks possible
[    0.056000] tsc: Unable to calibrate against PIT
[    1.700000] ACPI BIOS Warning (bug): Optional FADT field Pm2ControlBlock has zero address or length
[    1.754559] rtc_cmos PNP0B00:00: RTC can wake from S4
[    2.295547] EXT4-fs (vda): mounted filesystem bc990e35-83f3-4b88-8bd1-65b73f4c2a9f r/w without journal.
[    9.100000] traps: probe[214] general protection fault ip:401136 sp:7ffd1 error:0 in probe[401000+1000]
[    9.200000] traps: probe[215] trap invalid opcode ip:401137 sp:7ffd1 error:0 in probe[401000+1000]
[    9.300000] probe[216]: segfault at 0 ip 0000000000401136 sp 00007ffd1 error 4 in probe[401000+1000]
[   10.000000] openmosix: node 2 is up
[   11.000000] Out of memory: Killed process 300 (python3) total-vm:1048576kB, anon-rss:900000kB
make: WARNING: no such thing as a bug here, says a user's program
"""

WARNING = """\
[   41.000000] openmosix: node 2 is up
[   42.345678] ------------[ cut here ]------------
[   42.345700] WARNING: mm/openmosix.c:123 at omx_marker_install+0x12/0x40, CPU#1: python3/342
[   42.345800] Modules linked in:
[   42.345900] CPU: 1 UID: 0 PID: 342 Comm: python3 Not tainted 7.3.4 #1 PREEMPT(lazy)
[   42.346000] Hardware name: QEMU Standard PC (i440FX + PIIX, 1996), BIOS 1.16.3-debian-1.16.3-2 04/01/2014
[   42.346100] RIP: 0010:omx_marker_install+0x12/0x40
[   42.346200] Code: 90 90 90 90 90 f3 0f 1e fa 48 85 ff 74 02 <0f> 0b c3 cc cc cc cc 0f 1f 00
[   42.346300] RSP: 0018:ffffc900001f7e50 EFLAGS: 00010286
[   42.346400] RAX: 0000000000000000 RBX: ffff888003a1c000 RCX: 0000000000000000
[   42.346500] Call Trace:
[   42.346600]  <TASK>
[   42.346700]  omx_depart_freeze+0x88/0x130
[   42.346800]  ? __pfx_omx_depart_freeze+0x10/0x10
[   42.346900]  resume_user_mode_work+0x4e/0x70
[   42.347000]  do_syscall_64+0x1b2/0x220
[   42.347100]  entry_SYSCALL_64_after_hwframe+0x4b/0x53
[   42.347200] RIP: 0033:0x7f5a1c2e3b1d
[   42.347300]  </TASK>
[   42.347400] ---[ end trace 0000000000000000 ]---
[   43.000000] openmosix: node 2 has gone
"""

OOPS_AND_PANIC = """\
[   50.000000] BUG: kernel NULL pointer dereference, address: 0000000000000018
[   50.000100] #PF: supervisor read access in kernel mode
[   50.000200] #PF: error_code(0x0000) - not-present page
[   50.000300] PGD 0 P4D 0
[   50.000400] Oops: Oops: 0000 [#1] SMP
[   50.000500] CPU: 0 UID: 0 PID: 77 Comm: omx-link Not tainted 7.3.4 #1 PREEMPT(lazy)
[   50.000600] RIP: 0010:_RNvMs_NtCs8k2QWmMw5Ay_9openmosix4linkNtB4_4Link5serve+0x4c/0x210
[   50.000700] Code: 00 48 8b 47 18
[   50.000800] Call Trace:
[   50.000900]  <TASK>
[   50.001000]  _RNvXs0_NtCs8k2QWmMw5Ay_9openmosix4nodeNtB5_6Worker3run+0x15/0x30
[   50.001100]  kthread+0xf0/0x130
[   50.001200]  ret_from_fork+0x2f/0x50
[   50.001300]  ret_from_fork_asm+0x1a/0x30
[   50.001400]  </TASK>
[   50.001500] Modules linked in:
[   50.001600] CR2: 0000000000000018
[   50.001700] ---[ end trace 0000000000000000 ]---
[   50.001800] RIP: 0010:_RNvMs_NtCs8k2QWmMw5Ay_9openmosix4linkNtB4_4Link5serve+0x4c/0x210
[   50.001900] Kernel panic - not syncing: Fatal exception
[   50.002000] Kernel Offset: disabled
"""

LOCKDEP = """\
[   60.000000] ======================================================
[   60.000100] WARNING: possible circular locking dependency detected
[   60.000200] 7.3.4 #1 Not tainted
[   60.000300] ------------------------------------------------------
[   60.000400] migrate/301 is trying to acquire lock:
[   60.000500] ffff888004b5a8c8 (&peers->lock){+.+.}-{4:4}, at: peer_find+0x31/0xa0
[   60.000600]
[   60.000600] but task is already holding lock:
[   60.000700] ffff888004b5a9d8 (&link->lock){+.+.}-{4:4}, at: link_open+0x5c/0x110
[   60.000800]
[   60.000800] which lock already depends on the new lock.
[   60.000900]
[   60.000900] the existing dependency chain (in reverse order) is:
[   60.001000]
[   60.001000] -> #1 (&link->lock){+.+.}-{4:4}:
[   60.001100]        __mutex_lock+0xa5/0xd80
[   60.001200]        link_close+0x2a/0x60
[   60.001300]
[   60.001300] -> #0 (&peers->lock){+.+.}-{4:4}:
[   60.001400]        __lock_acquire+0x1481/0x2150
[   60.001500]        lock_acquire+0xc8/0x2d0
[   60.001600]        peer_find+0x31/0xa0
[   60.001700]
[   60.001700] other info that might help us debug this:
[   60.001800]  Possible unsafe locking scenario:
[   60.001900]        CPU0                    CPU1
[   60.002000]  *** DEADLOCK ***
[   60.002100] 1 lock held by migrate/301:
[   60.002200]  #0: ffff888004b5a9d8 (&link->lock){+.+.}-{4:4}, at: link_open+0x5c/0x110
[   60.002300]
[   60.002300] stack backtrace:
[   60.002400] CPU: 0 UID: 0 PID: 301 Comm: migrate Not tainted 7.3.4 #1 PREEMPT(lazy)
[   60.002500] Call Trace:
[   60.002600]  <TASK>
[   60.002700]  dump_stack_lvl+0x68/0x90
[   60.002800]  print_circular_bug.cold+0x178/0x1be
[   60.002900]  check_noncircular+0x14b/0x170
[   60.003000]  __lock_acquire+0x1481/0x2150
[   60.003100]  lock_acquire+0xc8/0x2d0
[   60.003200]  __mutex_lock+0xa5/0xd80
[   60.003300]  peer_find+0x31/0xa0
[   60.003400]  link_open+0x77/0x110
[   60.003500]  </TASK>
[   61.000000] openmosix: node 3 is up
"""

HUNG = """\
[  120.000000] INFO: task xz:210 blocked for more than 60 seconds.
[  120.000100]       Not tainted 7.3.4 #1
[  120.000200] "echo 0 > /proc/sys/kernel/hung_task_timeout_secs" disables this message.
[  120.000300] task:xz              state:D stack:0     pid:210   tgid:210   ppid:1      task_flags:0x400000 flags:0x4000
[  120.000400] Call Trace:
[  120.000500]  <TASK>
[  120.000600]  __schedule+0x3f1/0xb40
[  120.000700]  schedule+0x27/0xd0
[  120.000800]  schedule_timeout+0x9c/0x170
[  120.000900]  wait_for_completion+0x83/0x130
[  120.001000]  deputy_serve+0x1d4/0x3e0
[  120.001100]  resume_user_mode_work+0x4e/0x70
[  120.001200]  </TASK>
[  120.001300] INFO: task cat:{pid} blocked for more than 60 seconds.
[  120.001400]       Not tainted 7.3.4 #1
[  120.001500] task:cat             state:D stack:0     pid:{pid}   tgid:{pid}   ppid:1
[  120.001600] Call Trace:
[  120.001700]  <TASK>
[  120.001800]  __schedule+0x3f1/0xb40
[  120.001900]  schedule+0x27/0xd0
[  120.002000]  pipe_read+0x3c5/0x4b0
[  120.002100]  vfs_read+0x1f5/0x2f0
[  120.002200]  </TASK>
"""

KASAN = """\
[   70.000000] ==================================================================
[   70.000100] BUG: KASAN: slab-use-after-free in link_send+0x5a/0x1b0
[   70.000200] Read of size 8 at addr ffff888005c3a010 by task omx/88
[   70.000300]
[   70.000400] CPU: 0 UID: 0 PID: 88 Comm: omx Not tainted 7.3.4 #1 PREEMPT(lazy)
[   70.000500] Call Trace:
[   70.000600]  <TASK>
[   70.000700]  dump_stack_lvl+0x68/0x90
[   70.000800]  print_report+0x171/0x4f0
[   70.000900]  kasan_report+0xc6/0x100
[   70.001000]  link_send+0x5a/0x1b0
[   70.001100]  deputy_reply+0x33/0x90
[   70.001200]  </TASK>
[   70.001300]
[   70.001400] Allocated by task 80:
[   70.001500]  kasan_save_stack+0x24/0x50
[   70.001600]  link_open+0x20/0x110
[   70.001700]
[   70.001800] Freed by task 81:
[   70.001900]  kfree+0xe0/0x300
[   70.002000]  link_close+0x2a/0x60
[   70.002100]
[   70.002200] The buggy address belongs to the object at ffff888005c3a000
[   70.002300]  which belongs to the cache kmalloc-256 of size 256
[   70.002400] ==================================================================
[   70.002500] Disabling lock debugging due to kernel taint
"""

RUST_PANIC = """\
[   80.000000] rust_kernel: panicked at openmosix/image/part.rs:41:18:
[   80.000000] index out of bounds: the len is 3 but the index is 7
[   80.000100] ------------[ cut here ]------------
[   80.000200] kernel BUG at rust/helpers/bug.c:7!
[   80.000300] Oops: invalid opcode: 0000 [#1] SMP
[   80.000400] CPU: 0 UID: 0 PID: 91 Comm: xz Not tainted 7.3.4 #1 PREEMPT(lazy)
[   80.000500] RIP: 0010:rust_helper_BUG+0x8/0x10
[   80.000600] Call Trace:
[   80.000700]  <TASK>
[   80.000800]  _RNvCs3rCgWyvLdJp_7___rustc17rust_begin_unwind+0x14e/0x160
[   80.000900]  _RNvNtCs1qLMwD9tJ2G_4core9panicking9panic_fmt+0x2f/0x40
[   80.001000]  _RNvNtCs1qLMwD9tJ2G_4core9panicking18panic_bounds_check+0x62/0x70
[   80.001100]  _RNvNtNtCs8k2QWmMw5Ay_9openmosix5image4part7install+0x3e1/0x3f0
[   80.001200]  </TASK>
[   80.001300] ---[ end trace 0000000000000000 ]---
"""

OTHERS = {
    "lockup": "[   90.0] watchdog: BUG: soft lockup - CPU#0 stuck for 26s! [xz:91]",
    "rcu": "[   90.0] rcu: INFO: rcu_preempt self-detected stall on CPU",
    "kmemleak": "[   90.0] kmemleak: 3 new suspected memory leaks (see /sys/kernel/debug/kmemleak)",
    "panic": "[   90.0] Kernel panic - not syncing: sysrq triggered crash",
    "ubsan": "[   90.0] UBSAN: array-index-out-of-bounds in kernel/fork.c:12:3",
    "bug": "[   90.0][    T1] BUG: sleeping function called from invalid context at mm/util.c:3",
    "agent": "init: the agent has gone, powering off",
}


class Reports(unittest.TestCase):
    """report.find() on consoles."""

    def fingerprints(self, log):
        return [found.fingerprint for found in report.find(log)]

    def test_a_quiet_console_has_none(self):
        self.assertEqual(self.fingerprints(QUIET), [])

    def test_warning(self):
        found, = report.find(QUIET + WARNING + QUIET)
        self.assertEqual(found.fingerprint,
                         "warning:omx_marker_install/omx_depart_freeze/resume_user_mode_work/do_syscall_64/"
                         "entry_SYSCALL_64_after_hwframe")
        self.assertIn("node 2 is up", found.text, "context before")
        self.assertIn("node 2 has gone", found.text, "context after")
        self.assertIn("end trace", found.text)

    def test_the_same_bug_has_the_same_name(self):
        other = WARNING.replace("[   42.", "[  977.").replace("342", "9").replace("+0x88/0x130", "+0x8c/0x134") \
            .replace("CPU#1", "CPU#0").replace("ffff888003a1c000", "ffff88800ffff000")
        self.assertNotEqual(other, WARNING)
        self.assertEqual(self.fingerprints(WARNING), self.fingerprints(other))

    def test_two_reports_are_two(self):
        self.assertEqual(len(report.find(WARNING + WARNING)), 2)
        kinds = [found.kind for found in report.find(WARNING + LOCKDEP + KASAN + RUST_PANIC)]
        self.assertEqual(kinds, ["warning", "lockdep", "kasan", "rust-panic"])

    def test_oops_with_its_panic_is_one(self):
        found, = report.find(OOPS_AND_PANIC)
        self.assertEqual(found.fingerprint, "oops:openmosix::link::Link::serve/openmosix::node::Worker::run/kthread")
        self.assertIn("Fatal exception", found.text)

    def test_lockdep_is_named_by_its_own_trace(self):
        found, = report.find(LOCKDEP)
        self.assertEqual(found.fingerprint, "lockdep:__mutex_lock/peer_find/link_open")
        self.assertEqual(found.title, "possible circular locking dependency detected")

    def test_each_hung_task_is_one(self):
        self.assertEqual(self.fingerprints(HUNG.replace("{pid}", "311")), [
            "hung-task:wait_for_completion/deputy_serve/resume_user_mode_work",
            "hung-task:pipe_read/vfs_read"])
        self.assertEqual(self.fingerprints(HUNG.replace("{pid}", "311")),
                         self.fingerprints(HUNG.replace("{pid}", "4")))

    def test_kasan_is_named_by_the_access(self):
        found, = report.find(KASAN)
        self.assertEqual(found.fingerprint, "kasan:link_send/deputy_reply")
        self.assertIn("link_close", found.text)

    def test_rust_panic_is_named_without_plumbing_and_hashes(self):
        self.assertEqual(self.fingerprints(RUST_PANIC), ["rust-panic:openmosix::image::part::install"])
        self.assertEqual(self.fingerprints(RUST_PANIC.replace("8k2QWmMw5Ay", "1aB")), self.fingerprints(RUST_PANIC))

    def test_a_trace_of_guesses_is_better_than_none(self):
        log = textwrap.dedent("""\
            [    2.954319] Kernel panic - not syncing: Attempted to kill init! exitcode=0x00007e00
            [    2.955587] Call Trace:
            [    2.955976]  <TASK>
            [    2.956783]  ? vpanic+0x107/0x2a0
            [    2.956973]  ? panic+0x4a/0x50
            [    2.957214]  ? do_exit+0x824/0x840
            [    2.957301]  ? do_group_exit+0x87/0x90
            [    2.957777]  </TASK>
            """)
        self.assertEqual(self.fingerprints(log), ["panic:do_exit/do_group_exit"])

    def test_every_other_kind(self):
        for kind, line in OTHERS.items():
            with self.subTest(kind):
                found, = report.find(QUIET + line + "\n" + QUIET)
                self.assertEqual(found.kind, kind)
                self.assertTrue(found.fingerprint.startswith(kind + ":"))

    def test_numbers_do_not_name(self):
        one, = self.fingerprints(OTHERS["lockup"])
        other, = self.fingerprints(OTHERS["lockup"].replace("26s", "52s").replace("CPU#0", "CPU#3"))
        self.assertEqual(one, other)


if __name__ == "__main__":
    unittest.main()
