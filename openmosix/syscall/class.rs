// SPDX-License-Identifier: GPL-2.0-only

//! The classes of system calls: who runs them.
//!
//! [`Class`] is what the table says of a number; [`Route`] is what becomes of one call, once its
//! arguments are known.

use super::{
    choice::Choice,
    Args, //
};

/// What the table says of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// The same for all arguments.
    Always(Route),
    /// The arguments decide.
    Depends(Choice),
    /// The number is unused in 7.3; home answers `-ENOSYS`.
    Hole,
}

impl Class {
    /// Where a call of this class with these arguments runs.
    pub(crate) fn settle(self, args: &Args) -> Route {
        match self {
            Self::Always(route) => route,
            Self::Depends(choice) => choice.settle(args),
            Self::Hole => Route::Home,
        }
    }
}

/// Where one call runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Route {
    /// Natively on the guest's node; home hears nothing of it.
    Guest,
    /// At home, by the deputy.
    Home,
    /// At home first; when that succeeds, natively on the guest's node with the same arguments.
    Both,
    /// The process comes home before the call, and runs it there as if it had never left.
    HomeFirst,
    /// The guest has code of its own for it.
    Special(Special),
}

/// Calls for which the guest has code of its own. A description in the table serves the part that
/// home plays in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Special {
    /// `mmap`: home chooses the address and keeps the file; the guest maps at that address.
    Mmap,
    /// `munmap`: the layout of both, and the guest's pages.
    Munmap,
    /// `mprotect`: the layout of both.
    Mprotect,
    /// `mremap`: home chooses the address; the guest moves its pages there.
    Mremap,
    /// `brk`: the layout of both.
    Brk,
    /// `madvise`: advice about content is for the guest's pages, advice about areas for both.
    Madvise,
    /// `msync`: for home, which has the file; a mapping that writes to one does not move.
    Msync,
    /// `mincore`: of files for home, whose page cache it is about.
    Mincore,
    /// `rt_sigaction`: decided at home, mirrored on the guest, which builds the frames.
    SigAction,
    /// `rt_sigprocmask`: decided at home, mirrored on the guest.
    SigProcMask,
    /// `rt_sigreturn`: the registers are the guest's; home learns the mask.
    SigReturn,
    /// `set_tid_address`: the address is kept on the guest; the answer is the thread id of home.
    SetTidAddress,
    /// `restart_syscall`: a call that the guest itself was running goes on there, others at home.
    Restart,
    /// A clock that runs on every node: read here.
    Clock,
    /// `setrlimit`, `prlimit64` with a new limit: the process comes home first.
    Rlimit,
    /// `exit`, `exit_group`: the process dies at home, and the guest with it.
    Exit,
}
