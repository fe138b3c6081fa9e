// SPDX-License-Identifier: GPL-2.0-only

//! Why a process may not move now.
//!
//! The names are those of `/proc/PID/cantmove`; where openMosix had one, it is openMosix's. The bits
//! are set in `kernel/openmosix_task.c`, `mm/openmosix_vma.c` and `arch/x86/kernel/openmosix.c`.

use crate::sys::{
    self,
    mm::Mm, //
};
use kernel::{
    bindings,
    task::Task, //
};

/// A set of stay reasons.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Stay(u32);

const NAMES: &[(u32, &str)] = &[
    (bindings::OPENMOSIX_STAY_MONKEY, "monkey"),
    (bindings::OPENMOSIX_STAY_MMAP_DEV, "mmap_dev"),
    (bindings::OPENMOSIX_STAY_MLOCK, "mlock"),
    (bindings::OPENMOSIX_STAY_CLONE_VM, "clone_vm"),
    (bindings::OPENMOSIX_STAY_SHM, "shm"),
    (bindings::OPENMOSIX_STAY_HUGETLB, "hugetlb"),
    (bindings::OPENMOSIX_STAY_USERFAULTFD, "userfaultfd"),
    (bindings::OPENMOSIX_STAY_GUARD, "guard"),
    (bindings::OPENMOSIX_STAY_IO_URING, "io_uring"),
    (bindings::OPENMOSIX_STAY_AIO, "aio"),
    (bindings::OPENMOSIX_STAY_PTRACE, "ptrace"),
    (bindings::OPENMOSIX_STAY_SECCOMP, "seccomp"),
    (bindings::OPENMOSIX_STAY_RT_SCHED, "rt_sched"),
    (bindings::OPENMOSIX_STAY_COMPAT, "compat"),
    (bindings::OPENMOSIX_STAY_LDT, "ldt"),
    (bindings::OPENMOSIX_STAY_DIRECT_IO, "direct_io"),
    (bindings::OPENMOSIX_STAY_SHSTK, "shstk"),
    (bindings::OPENMOSIX_STAY_DEBUG, "debug"),
    (bindings::OPENMOSIX_STAY_SYSTEM, "system"),
    (bindings::OPENMOSIX_STAY_INIT, "init"),
    (bindings::OPENMOSIX_STAY_GUEST, "guest"),
    (bindings::OPENMOSIX_STAY_TIME_NS, "time_ns"),
    (bindings::OPENMOSIX_STAY_PKEY, "pkey"),
    (bindings::OPENMOSIX_STAY_PERF, "perf"),
    (bindings::OPENMOSIX_STAY_MSEAL, "mseal"),
    (bindings::OPENMOSIX_STAY_PINNED, "pinned"),
    (bindings::OPENMOSIX_STAY_AMX, "amx"),
    (bindings::OPENMOSIX_STAY_LAM, "lam"),
];

impl Stay {
    /// Those of a task with its memory; without, if that is away or gone.
    pub(crate) fn of(task: &Task, mm: Option<&Mm>) -> Self {
        let mut bits = sys::task::stay(task);
        let mut from = 0;
        while let Some(vma) = mm.and_then(|mm| mm.next_vma(from)) {
            bits |= vma.stay;
            from = vma.end as u64;
        }
        Self(bits)
    }

    /// The one of a guest: it is steered at its home.
    pub(crate) const GUEST: Self = Self(bindings::OPENMOSIX_STAY_GUEST);

    /// Is there any?
    pub(crate) fn is_any(self) -> bool {
        self.0 != 0
    }

    /// Is it one that never moves?
    pub(crate) fn is_system(self) -> bool {
        self.0 & (bindings::OPENMOSIX_STAY_SYSTEM | bindings::OPENMOSIX_STAY_INIT) != 0
    }

    /// Why it does not move before its program does something about that, which it does not in a call that sleeps. None
    /// if somebody else could.
    pub(crate) fn lasting(self) -> Option<&'static str> {
        const LASTING: u32 = bindings::OPENMOSIX_STAY_IO_URING
            | bindings::OPENMOSIX_STAY_AIO
            | bindings::OPENMOSIX_STAY_SECCOMP
            | bindings::OPENMOSIX_STAY_COMPAT;

        self.names().next().filter(|_| self.0 & LASTING != 0)
    }

    /// Their names.
    pub(crate) fn names(self) -> impl Iterator<Item = &'static str> {
        NAMES
            .iter()
            .filter(move |(bit, _)| self.0 & bit != 0)
            .map(|&(_, name)| name)
    }
}

/// Is it the name of a stay reason?
pub(crate) fn is_name(word: &str) -> bool {
    NAMES.iter().any(|(_, name)| *name == word)
}

#[cfg(CONFIG_OPENMOSIX_KUNIT_TEST)]
#[kernel::macros::kunit_tests(openmosix_stay)]
mod tests {
    use super::*;
    use kernel::prelude::*;

    #[test]
    fn every_bit_has_one_name() {
        let all = NAMES.iter().fold(0, |all, (bit, _)| all | bit);
        // All bits below the highest are there, and each stands for itself.
        assert_eq!(all.count_ones(), all.trailing_ones());
        assert_eq!(all.count_ones() as usize, NAMES.len());
        assert_eq!(Stay(all).names().count(), NAMES.len());
        for (bit, name) in NAMES {
            assert_eq!(Stay(*bit).names().count(), 1);
            assert_eq!(Stay(*bit).names().next(), Some(*name));
            assert_eq!(NAMES.iter().filter(|(_, other)| other == name).count(), 1);
        }
        assert_eq!(Stay::default().names().next(), None);
    }

    #[test]
    fn some_last() {
        let passing = bindings::OPENMOSIX_STAY_MLOCK | bindings::OPENMOSIX_STAY_PTRACE;
        assert_eq!(Stay(passing).lasting(), None);
        let both = Stay(passing | bindings::OPENMOSIX_STAY_COMPAT);
        assert_eq!(both.lasting(), both.names().next());
        assert_eq!(Stay::default().lasting(), None);
    }

    #[test]
    fn a_kernel_thread_stays() {
        let stay = Stay::of(current!(), None);
        assert!(stay.is_system());
        assert!(stay.names().any(|name| name == "system"));
        assert!(!Stay::GUEST.is_system());
    }
}
