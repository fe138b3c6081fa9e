// SPDX-License-Identifier: GPL-2.0-only

//! Where calls run.

use super::calls::nr;
use crate::syscall::{
    describe,
    is_forwarded,
    may_touch,
    route,
    Route,
    Special, //
};

fn to(name: &str, args: [u64; 6]) -> Route {
    route(nr(name), &args)
}

#[test]
fn unknown_means_forward() {
    assert_eq!(route(337, &[0; 6]), Route::Home);
    assert_eq!(route(423, &[0; 6]), Route::Home);
    assert_eq!(route(473, &[0; 6]), Route::Home);
    assert_eq!(route(u64::MAX, &[0; 6]), Route::Home);
    assert_eq!(route(0x4000_0000, &[0; 6]), Route::Home);
    assert_eq!(describe(u64::MAX, &[0; 6]), None);
    assert_eq!(to("prctl", [999, 0, 0, 0, 0, 0]), Route::Home);
}

#[test]
fn clocks_are_told_apart() {
    let clock = Route::Special(Special::Clock);
    for id in [1, 6, 7] {
        assert_eq!(to("clock_gettime", [id, 0, 0, 0, 0, 0]), clock);
        assert_eq!(to("clock_getres", [id, 0, 0, 0, 0, 0]), clock);
    }
    // The time of day, the raw clock, CPU time, alarms, CPU clocks of processes, dynamic clocks.
    for id in [
        0,
        4,
        5,
        11,
        2,
        3,
        8,
        9,
        12,
        0xffff_fffa,
        0xffff_fffb,
        u64::MAX,
    ] {
        assert_eq!(to("clock_gettime", [id, 0, 0, 0, 0, 0]), Route::Home);
    }
    // The clock is an int.
    assert_eq!(to("clock_gettime", [1 << 32 | 1, 0, 0, 0, 0, 0]), clock);
}

/// The vDSO of a guest does not know of a step of home's clock.
#[test]
fn who_sets_a_clock_comes_home() {
    for name in ["clock_settime", "settimeofday", "adjtimex"] {
        assert_eq!(to(name, [0; 6]), Route::HomeFirst, "{name}");
    }
}

#[test]
fn futexes_with_owners_come_home() {
    for op in [0, 9, 128, 128 | 256 | 9] {
        assert_eq!(to("futex", [0, op, 0, 0, 0, 0]), Route::Home);
    }
    for op in [1, 3, 4, 5, 10] {
        assert_eq!(to("futex", [0, op, 0, 0, 0, 0]), Route::Home);
        assert_eq!(to("futex", [0, op | 128, 0, 0, 0, 0]), Route::Guest);
    }
    assert_eq!(to("futex_wake", [0, 1, 1, 2, 0, 0]), Route::Home);
    assert_eq!(to("futex_wake", [0, 1, 1, 2 | 128, 0, 0]), Route::Guest);
    for op in [6, 7, 8, 11, 12, 13, 6 | 128, 13 | 128 | 256] {
        assert_eq!(to("futex", [0, op, 0, 0, 0, 0]), Route::HomeFirst);
    }
}

#[test]
fn registers_are_set_here_and_features_at_home() {
    for code in 0x1001..=0x1004 {
        assert_eq!(to("arch_prctl", [code, 0, 0, 0, 0, 0]), Route::Guest);
    }
    for code in [0, 0x1000, 0x1005, 0x1012, 0x1023, 0x4001, 0x5001] {
        assert_eq!(to("arch_prctl", [code, 0, 0, 0, 0, 0]), Route::HomeFirst);
    }
}

#[test]
fn options_of_prctl_are_told_apart() {
    assert_eq!(to("prctl", [15, 0, 0, 0, 0, 0]), Route::Both);
    assert_eq!(to("prctl", [16, 0, 0, 0, 0, 0]), Route::Home);
    assert_eq!(to("prctl", [22, 0, 0, 0, 0, 0]), Route::HomeFirst);
    assert_eq!(to("prctl", [40, 0, 0, 0, 0, 0]), Route::Guest);
}

#[test]
fn asking_is_not_changing() {
    assert_eq!(to("personality", [0xffff_ffff, 0, 0, 0, 0, 0]), Route::Home);
    assert_eq!(
        to("personality", [0x4_0000, 0, 0, 0, 0, 0]),
        Route::HomeFirst
    );
    assert_eq!(to("prlimit64", [0, 3, 0, 1, 0, 0]), Route::Home);
    assert_eq!(
        to("prlimit64", [0, 3, 1, 0, 0, 0]),
        Route::Special(Special::Rlimit)
    );
    assert_eq!(to("get_robust_list", [0, 1, 1, 0, 0, 0]), Route::Guest);
    assert_eq!(to("get_robust_list", [7, 1, 1, 0, 0, 0]), Route::HomeFirst);
    assert_eq!(to("rseq", [1, 32, 0, 5, 0, 0]), Route::Guest);
    assert_eq!(to("rseq", [1, 32, 1, 5, 0, 0]), Route::Guest);
    assert_eq!(to("rseq", [1, 40, 2, 5, 0, 0]), Route::HomeFirst);
}

#[test]
fn pages_that_a_call_keeps_stay_at_home() {
    let zerocopy = 0x0400_0000;
    assert_eq!(to("sendto", [0, 0, 0, zerocopy, 0, 0]), Route::HomeFirst);
    assert_eq!(to("sendmsg", [0, 0, zerocopy, 0, 0, 0]), Route::HomeFirst);
    assert_eq!(to("sendmmsg", [0, 0, 0, zerocopy, 0, 0]), Route::HomeFirst);
    assert_eq!(to("sendto", [0, 0, 0, 0x4000, 0, 0]), Route::Home);
    // XDP_UMEM_REG; SO_KEEPALIVE.
    assert_eq!(to("setsockopt", [0, 283, 4, 0, 0, 0]), Route::HomeFirst);
    assert_eq!(to("setsockopt", [0, 1, 9, 0, 0, 0]), Route::Home);
    for name in ["vmsplice", "io_submit", "io_uring_enter", "mlock"] {
        assert_eq!(to(name, [0; 6]), Route::HomeFirst);
    }
    // UFFDIO_API, UFFDIO_REGISTER, VHOST_SET_OWNER, DIAG_IOCSREG, VIDIOC_QBUF; TCGETS, FS_IOC_GETFLAGS, VT_GETSTATE.
    for request in [0xc018_aa3f, 0xc020_aa00, 0xaf01, 0xc008_2a00, 0xc058_560f] {
        assert_eq!(to("ioctl", [0, request, 0, 0, 0, 0]), Route::HomeFirst);
    }
    for request in [0x5401, 0x8008_6601, 0x5603] {
        assert_eq!(to("ioctl", [0, request, 0, 0, 0, 0]), Route::Home);
    }
}

#[test]
fn registrations_are_homes() {
    assert_eq!(to("membarrier", [0; 6]), Route::Home);
}

#[test]
fn the_process_itself_is_made_at_home() {
    for name in [
        "fork", "vfork", "clone", "clone3", "execve", "execveat", "ptrace", "shmat", "seccomp",
    ] {
        assert_eq!(to(name, [0; 6]), Route::HomeFirst, "{name}");
    }
    for name in ["getpid", "read", "write", "openat", "kill", "wait4"] {
        assert_eq!(to(name, [0; 6]), Route::Home, "{name}");
    }
}

/// Who waits for another process to come home must not be away: that one may wait for it.
#[test]
fn who_pins_the_memory_of_another_does_so_at_home() {
    for name in ["process_vm_readv", "process_vm_writev", "process_madvise"] {
        assert_eq!(to(name, [0; 6]), Route::HomeFirst, "{name}");
        assert!(!is_forwarded(nr(name), &[0; 6]), "{name}");
    }
}

#[test]
fn home_does_only_what_a_guest_asks_for() {
    let asked = |name: &str, args| is_forwarded(nr(name), &args);
    for name in [
        "read",
        "gettid",
        "mmap",
        "brk",
        "rt_sigaction",
        "exit_group",
        "restart_syscall",
    ] {
        assert!(asked(name, [0; 6]), "{name}");
    }
    for name in [
        "execve",
        "fork",
        "clone3",
        "rt_sigreturn",
        "mlock",
        "userfaultfd",
        "set_tid_address",
        "rseq",
    ] {
        assert!(!asked(name, [0; 6]), "{name}");
    }
    assert!(asked("prlimit64", [0, 3, 0, 0, 0, 0]));
    assert!(!asked("prlimit64", [0, 3, 1, 0, 0, 0]));
    // It has no such number; home says so.
    assert!(is_forwarded(u64::MAX, &[0; 6]));
}

#[test]
fn memory_that_does_not_travel_is_touched_at_home() {
    let touches = |name: &str, args| may_touch(nr(name), &args);
    for (name, args) in [
        ("getpid", [1, 2, 3, 4, 5, 6]),
        ("close", [3, 0, 0, 0, 0, 0]),
        ("munmap", [0x1000, 0x1000, 0, 0, 0, 0]),
        ("wait4", [u64::MAX, 0, 0, 0, 0, 0]),
    ] {
        assert!(!touches(name, args), "{name}");
    }
    for (name, args) in [
        ("read", [0, 0x1000, 16, 0, 0, 0]),
        ("writev", [1, 0x1000, 1, 0, 0, 0]),
        ("capget", [0x1000, 0x1000, 0, 0, 0, 0]),
        ("ioctl", [0, 12345, 0x1000, 0, 0, 0]),
    ] {
        assert!(touches(name, args), "{name}");
    }
}
