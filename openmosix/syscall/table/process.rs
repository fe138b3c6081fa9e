// SPDX-License-Identifier: GPL-2.0-only

//! Processes, identity, limits and scheduling.

use super::{
    super::{
        command::prctl::PRCTL,
        param::*, //
    },
    *, //
};

const ID: Param = put(size(4));
const RLIMIT: Param = put(size(16));
const RUSAGE: Param = put(size(144));

pub(super) const CALLS: &[Entry] = &[
    bare(24, "sched_yield", GUEST),
    home(39, "getpid", &[]),
    // A child is made where the parent and the files are.
    bare(56, "clone", HOME_FIRST),
    bare(57, "fork", HOME_FIRST),
    bare(58, "vfork", HOME_FIRST),
    bare(435, "clone3", HOME_FIRST),
    bare(59, "execve", HOME_FIRST),
    bare(322, "execveat", HOME_FIRST),
    call(60, "exit", special(Special::Exit), &[]),
    call(231, "exit_group", special(Special::Exit), &[]),
    // Nothing is written unless a child was found.
    home(
        61,
        "wait4",
        &[
            V,
            put_when(size(4), Back::Positive),
            V,
            put_when(size(144), Back::Positive),
        ],
    ),
    // Writes single fields of the first 28 bytes, whether it finds a child or not.
    home(
        247,
        "waitid",
        &[V, V, update(size(28)), V, update(size(144))],
    ),
    home(63, "uname", &[put(size(390))]),
    home(97, "getrlimit", &[V, RLIMIT]),
    home(98, "getrusage", &[V, RUSAGE]),
    call(
        160,
        "setrlimit",
        special(Special::Rlimit),
        &[V, get(size(16))],
    ),
    call(
        302,
        "prlimit64",
        depends(Choice::Prlimit),
        &[V, V, get(size(16)), RLIMIT],
    ),
    bare(101, "ptrace", HOME_FIRST),
    home(102, "getuid", &[]),
    home(104, "getgid", &[]),
    home(105, "setuid", &[]),
    home(106, "setgid", &[]),
    home(107, "geteuid", &[]),
    home(108, "getegid", &[]),
    home(109, "setpgid", &[]),
    home(110, "getppid", &[]),
    home(111, "getpgrp", &[]),
    home(112, "setsid", &[]),
    home(113, "setreuid", &[]),
    home(114, "setregid", &[]),
    home(
        115,
        "getgroups",
        &[
            V,
            put_when(times(0, Width::Int, 4), Back::Returned { unit: 4, plus: 0 }),
        ],
    ),
    home(116, "setgroups", &[V, get(times(0, Width::Int, 4))]),
    home(117, "setresuid", &[]),
    home(118, "getresuid", &[ID, ID, ID]),
    home(119, "setresgid", &[]),
    home(120, "getresgid", &[ID, ID, ID]),
    home(121, "getpgid", &[]),
    home(122, "setfsuid", &[]),
    home(123, "setfsgid", &[]),
    home(124, "getsid", &[]),
    // The version in the header says how long the data is.
    opaque(125, "capget"),
    opaque(126, "capset"),
    call(135, "personality", depends(Choice::Personality), &[]),
    home(140, "getpriority", &[]),
    home(141, "setpriority", &[]),
    // A real-time policy is a stay reason.
    bare(142, "sched_setparam", HOME_FIRST),
    bare(144, "sched_setscheduler", HOME_FIRST),
    bare(314, "sched_setattr", HOME_FIRST),
    home(143, "sched_getparam", &[V, put(size(4))]),
    home(145, "sched_getscheduler", &[]),
    home(146, "sched_get_priority_max", &[]),
    home(147, "sched_get_priority_min", &[]),
    home(148, "sched_rr_get_interval", &[V, put(size(16))]),
    home(203, "sched_setaffinity", &[V, V, get(uint(1))]),
    home(204, "sched_getaffinity", &[V, V, returned(uint(1))]),
    home(315, "sched_getattr", &[V, update(uint(2)), V, V]),
    // State of the CPU that the process runs on.
    bare(154, "modify_ldt", HOME_FIRST),
    bare(172, "iopl", HOME_FIRST),
    bare(173, "ioperm", HOME_FIRST),
    opaque(205, "set_thread_area"),
    opaque(211, "get_thread_area"),
    command(157, "prctl", depends(Choice::Prctl), &PRCTL),
    bare(158, "arch_prctl", depends(Choice::ArchPrctl)),
    home(186, "gettid", &[]),
    // Who waits, waits at home.
    bare(202, "futex", depends(Choice::Futex)),
    bare(449, "futex_waitv", HOME),
    bare(454, "futex_wake", depends(Choice::FutexWake)),
    bare(455, "futex_wait", HOME),
    // Whose memory it is, is said in memory.
    bare(456, "futex_requeue", HOME),
    call(218, "set_tid_address", special(Special::SetTidAddress), &[]),
    call(219, "restart_syscall", special(Special::Restart), &[]),
    home(251, "ioprio_set", &[]),
    home(252, "ioprio_get", &[]),
    // Time namespaces of the caller are what a move checks.
    bare(272, "unshare", HOME_FIRST),
    bare(308, "setns", HOME_FIRST),
    // Others may ask home for it.
    bare(273, "set_robust_list", BOTH),
    bare(274, "get_robust_list", depends(Choice::RobustList)),
    bare(309, "getcpu", GUEST),
    home(312, "kcmp", &[]),
    // A filter must also see what the guest does by itself.
    bare(317, "seccomp", HOME_FIRST),
    bare(318, "getrandom", GUEST),
    bare(334, "rseq", depends(Choice::Rseq)),
    bare(471, "rseq_slice_yield", GUEST),
    // Called by trampolines that a tracer of home's put into the program.
    bare(335, "uretprobe", HOME_FIRST),
    bare(336, "uprobe", HOME_FIRST),
    home(424, "pidfd_send_signal", &[V, V, get(size(128)), V]),
    home(434, "pidfd_open", &[]),
    home(438, "pidfd_getfd", &[]),
];
