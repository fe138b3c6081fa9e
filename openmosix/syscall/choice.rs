// SPDX-License-Identifier: GPL-2.0-only

//! Calls for which the number alone does not say where they run.

use super::{
    class::{
        Route,
        Special, //
    },
    param::register,
    Args, //
};

/// What to look at in the arguments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Choice {
    /// The clock in argument 0: those that run on every node, and those that home alone knows.
    Clock,
    /// The operation in argument 1 of `futex`.
    Futex,
    /// The flags in argument 3 of `futex_wake`.
    FutexWake,
    /// The code in argument 0 of `arch_prctl`.
    ArchPrctl,
    /// The option in argument 0 of `prctl`.
    Prctl,
    /// The request in argument 1 of `ioctl`.
    Ioctl,
    /// `personality`: asking is for home, changing is not for a guest.
    Personality,
    /// `prlimit64`: asking is for home.
    Prlimit,
    /// `get_robust_list`: of oneself, or of another process.
    RobustList,
    /// The flags in argument 2 of `rseq`.
    Rseq,
    /// The flags of a sending call, in the argument given.
    Send(u8),
    /// The level in argument 1 of `setsockopt`.
    SocketOption,
}

impl Choice {
    /// Where a call with these arguments runs.
    pub(crate) fn settle(self, args: &Args) -> Route {
        match self {
            Self::Clock => clock(register(args, 0)),
            Self::Futex => futex(register(args, 1)),
            Self::FutexWake => wake(register(args, 3)),
            Self::ArchPrctl => arch_prctl(register(args, 0)),
            Self::Prctl => prctl(register(args, 0)),
            Self::Ioctl => ioctl(register(args, 1)),
            Self::Personality => personality(register(args, 0)),
            Self::Prlimit if register(args, 2) == 0 => Route::Home,
            Self::Prlimit => Route::Special(Special::Rlimit),
            Self::RobustList if int(register(args, 0)) == 0 => Route::Guest,
            Self::RobustList => Route::HomeFirst,
            Self::Rseq => rseq(register(args, 2)),
            Self::Send(flags) => send(register(args, flags)),
            Self::SocketOption => socket_option(register(args, 1)),
        }
    }
}

/// A register that the kernel declares as `int`.
fn int(register: u64) -> u32 {
    (register & u64::from(u32::MAX)) as u32
}

/// The monotonic clocks run on every node, but for the raw one: nobody adjusts it, and two nodes do not agree on a
/// second. The time of day is home's, which may set it at any time; CPU-time clocks belong to home's accounting,
/// dynamic clocks to home's files, alarm clocks to home's hardware.
fn clock(id: u64) -> Route {
    const MONOTONIC: u32 = 1;
    const MONOTONIC_COARSE: u32 = 6;
    const BOOTTIME: u32 = 7;

    match int(id) {
        MONOTONIC | MONOTONIC_COARSE | BOOTTIME => Route::Special(Special::Clock),
        _ => Route::Home,
    }
}

/// The priority-inheriting operations look up the owner by the thread id in the futex word. That is
/// an id of home, and means nobody, or somebody else, on the guest's node.
///
/// Who waits, waits at home, where its signals and timeouts are.
fn futex(op: u64) -> Route {
    /// `FUTEX_PRIVATE_FLAG`, `FUTEX_CLOCK_REALTIME`, `FUTEX_ROBUST_UNLOCK`, `FUTEX_ROBUST_LIST32`.
    const FLAGS: u32 = 128 | 256 | 512 | 1024;
    const WAIT: u32 = 0;
    const WAIT_BITSET: u32 = 9;
    const LOCK_PI: u32 = 6;
    const UNLOCK_PI: u32 = 7;
    const TRYLOCK_PI: u32 = 8;
    const WAIT_REQUEUE_PI: u32 = 11;
    const CMP_REQUEUE_PI: u32 = 12;
    const LOCK_PI2: u32 = 13;

    match int(op) & !FLAGS {
        LOCK_PI | UNLOCK_PI | TRYLOCK_PI | WAIT_REQUEUE_PI | CMP_REQUEUE_PI | LOCK_PI2 => {
            Route::HomeFirst
        }
        WAIT | WAIT_BITSET => Route::Home,
        _ => wake(op),
    }
}

/// In private memory nobody waits but the program itself, and it does not while it wakes. On a file that it maps others
/// may wait, at home.
fn wake(flags: u64) -> Route {
    /// `FUTEX_PRIVATE_FLAG`, and `FUTEX2_PRIVATE`.
    const PRIVATE: u32 = 128;

    if int(flags) & PRIVATE == 0 {
        Route::Home
    } else {
        Route::Guest
    }
}

/// The bases of `FS` and `GS` are registers. All else asks for features of the CPU or of the
/// address space which a move has to know of.
fn arch_prctl(code: u64) -> Route {
    const SET_GS: u32 = 0x1001;
    const GET_GS: u32 = 0x1004;

    match int(code) {
        SET_GS..=GET_GS => Route::Guest,
        _ => Route::HomeFirst,
    }
}

/// Identity, privileges and accounting are home's, and so is what this kernel does not know.
fn prctl(option: u64) -> Route {
    const SET_NAME: u32 = 15;
    const SET_SECCOMP: u32 = 22;
    const SET_TSC: u32 = 26;
    const SET_MM: u32 = 35;
    const GET_TID_ADDRESS: u32 = 40;
    const SET_THP_DISABLE: u32 = 41;
    const GET_THP_DISABLE: u32 = 42;
    const SET_SPECULATION_CTRL: u32 = 53;
    const SET_SYSCALL_USER_DISPATCH: u32 = 59;
    const SCHED_CORE: u32 = 62;
    const SET_MDWE: u32 = 65;
    const SET_MEMORY_MERGE: u32 = 67;
    const GET_SHADOW_STACK_STATUS: u32 = 74;
    const SET_SHADOW_STACK_STATUS: u32 = 75;
    const LOCK_SHADOW_STACK_STATUS: u32 = 76;
    const FUTEX_HASH: u32 = 78;
    const RSEQ_SLICE_EXTENSION: u32 = 79;
    const GET_CFI: u32 = 80;
    const SET_CFI: u32 = 81;

    match int(option) {
        // The name shows on both nodes; the flags of the address space rule both halves of it.
        SET_NAME | SET_MDWE | SET_MEMORY_MERGE => Route::Both,
        // Kept where the exit-time write happens.
        GET_TID_ADDRESS => Route::Guest,
        // State of the CPU, of the entry code or of the scheduler, which a move has to know of.
        // Huge pages are kept out of both halves, whatever the program wants.
        SET_THP_DISABLE
        | GET_THP_DISABLE
        | SET_SECCOMP
        | SET_TSC
        | SET_MM
        | SET_SPECULATION_CTRL
        | SET_SYSCALL_USER_DISPATCH
        | SCHED_CORE
        | GET_SHADOW_STACK_STATUS
        | SET_SHADOW_STACK_STATUS
        | LOCK_SHADOW_STACK_STATUS
        | FUTEX_HASH
        | RSEQ_SLICE_EXTENSION
        | GET_CFI
        | SET_CFI => Route::HomeFirst,
        _ => Route::Home,
    }
}

/// Some drivers keep hold of the caller's memory, or change what a touch of it does: they need it at home, and keep
/// it there by a stay reason.
fn ioctl(request: u64) -> Route {
    const USERFAULTFD: u32 = 0xaa;
    const KVM: u32 = 0xae;
    const VFIO: u32 = 0x3b;
    const RDMA: u32 = 0x1b;
    const DRM: u32 = 0x64;
    const USBFS: u32 = 0x55;
    const VHOST: u32 = 0xaf;
    const VDUSE: u32 = 0x81;
    const TEE: u32 = 0xa4;
    const USER_EVENTS: u32 = 0x2a;
    /// Virtual consoles have the same letter; their requests do not tell the size of the argument.
    const VIDEO: u32 = 0x56;

    match int(request) >> 8 & 0xff {
        USERFAULTFD | KVM | VFIO | RDMA | DRM | USBFS | VHOST | VDUSE | TEE | USER_EVENTS => {
            Route::HomeFirst
        }
        VIDEO if int(request) >> 16 != 0 => Route::HomeFirst,
        _ => Route::Home,
    }
}

/// Changing the personality changes how the address space is laid out.
fn personality(value: u64) -> Route {
    match int(value) {
        u32::MAX => Route::Home,
        _ => Route::HomeFirst,
    }
}

/// A time slice that can be extended is a matter of the scheduler, and keeps a process at home.
fn rseq(flags: u64) -> Route {
    const SLICE_EXT_DEFAULT_ON: u32 = 2;

    if int(flags) & SLICE_EXT_DEFAULT_ON == 0 {
        Route::Guest
    } else {
        Route::HomeFirst
    }
}

/// A zero-copy send keeps the sender's pages beyond its return.
fn send(flags: u64) -> Route {
    const ZEROCOPY: u32 = 0x0400_0000;

    if int(flags) & ZEROCOPY == 0 {
        Route::Home
    } else {
        Route::HomeFirst
    }
}

/// An XDP socket keeps the memory that it is given for its frames.
fn socket_option(level: u64) -> Route {
    const XDP: u32 = 283;

    match int(level) {
        XDP => Route::HomeFirst,
        _ => Route::Home,
    }
}
