// SPDX-License-Identifier: GPL-2.0-only

//! System calls of a guest: here, at home, or both.

use super::Guest;
use crate::{
    sys::{
        self,
        cpu::{
            self,
            Place,
            Regs, //
        },
        signal,
        user::User, //
    },
    syscall::{
        self,
        request::Broken,
        Args,
        Memory,
        Plan,
        Request,
        Route,
        Special, //
    },
    wire::{
        call::{
            Call,
            Reply, //
        },
        prepare::Reason, //
    },
};
use core::sync::atomic::Ordering;
use kernel::{
    alloc::KVVec,
    bindings,
    prelude::*, //
};

/// `-EFAULT`.
const FAULT: i64 = -14;

/// What becomes of a call.
pub(super) enum Outcome {
    /// It runs natively on this node.
    Native,
    /// It has this result.
    Result(i64),
    /// The process comes home and calls again there.
    HomeFirst,
}

impl Guest {
    /// Resolves the system call that the current task is in; false to run it natively.
    pub(crate) fn syscall(&self, mut regs: Regs<'_>) -> bool {
        if self.gone.load(Ordering::Relaxed) {
            return true;
        }
        // A handler that keeps it from leaving has to get on.
        let leaves = self.recalled.load(Ordering::Relaxed) && !self.is_covering(&regs);
        if (leaves || self.has_waiting()) && !regs.in_vdso() {
            // It was in a vDSO function when home asked for that. It comes before the call.
            regs.rewind();
            sys::task::raise_resume();
            return true;
        }
        let (nr, args) = regs.call();
        match self.resolve(nr, &args, &mut regs) {
            Ok(Outcome::Native) => {
                if self.recalled.load(Ordering::Relaxed) {
                    sys::task::raise_resume();
                }
                false
            }
            Ok(Outcome::Result(result)) => {
                regs.set_result(result);
                self.finish(&regs);
                true
            }
            Ok(Outcome::HomeFirst) if signal::pending() => {
                // It came with an answer of home and gets its frame here. Then the call is made once more.
                regs.rewind();
                true
            }
            Ok(Outcome::HomeFirst) => {
                self.call_at_home(&mut regs);
                true
            }
            Err(error) => {
                self.lost(error);
                true
            }
        }
    }

    /// A call is done with: if home has said so, the process leaves with the raw result, because home has
    /// the signal that may have interrupted it.
    fn finish(&self, regs: &Regs<'_>) {
        let restarts = self.restarts.swap(false, Ordering::Relaxed);
        if signal::pending() {
            // One that came with the answer gets its frame here. Then the process leaves.
            sys::task::raise_resume();
            return;
        }
        if self.has_waiting() {
            // It came with the answer, too.
            if let Err(error) = self.deliver() {
                self.lost(error);
            }
            return;
        }
        if self.is_covering(regs) {
            // The handler that it is in has to be over first.
            sys::task::raise_resume();
            if restarts {
                signal::raise_restart();
            }
            return;
        }
        if !self.recalled.swap(false, Ordering::Relaxed) {
            return;
        }
        match self.leave(Reason::Asked, None) {
            Ok(()) if self.gone.load(Ordering::Relaxed) => {}
            Ok(()) if restarts => signal::raise_restart(),
            Ok(()) => {}
            Err(error) => self.lost(error),
        }
    }

    /// Has the process come home and call again there. It fails as any call may if home lacks memory.
    fn call_at_home(&self, regs: &mut Regs<'_>) {
        let before = regs.rewind();
        match self.leave(Reason::Stay, None) {
            Ok(()) if self.gone.load(Ordering::Relaxed) => {}
            Ok(()) => {
                regs.restore(before);
                regs.set_result(i64::from(ENOMEM.to_errno()));
            }
            Err(error) => self.lost(error),
        }
    }

    fn resolve(&self, nr: u32, args: &Args, regs: &mut Regs<'_>) -> Result<Outcome> {
        if regs.is_compat() {
            return Ok(Outcome::HomeFirst);
        }
        match syscall::route(u64::from(nr), args) {
            Route::Guest => Ok(Outcome::Native),
            Route::Home => self.forward(nr, args, regs).map(Outcome::Result),
            Route::Both => self.both(nr, args, regs),
            Route::HomeFirst => {
                pr_debug!("{} brings a process home\n", syscall::name(u64::from(nr)));
                Ok(Outcome::HomeFirst)
            }
            Route::Special(special) => self.special(special, nr, args, regs),
        }
    }

    /// At home first; here too when it succeeded there.
    fn both(&self, nr: u32, args: &Args, regs: &mut Regs<'_>) -> Result<Outcome> {
        let result = self.forward(nr, args, regs)?;
        if result < 0 {
            return Ok(Outcome::Result(result));
        }
        Ok(Outcome::Native)
    }

    fn special(
        &self,
        special: Special,
        nr: u32,
        args: &Args,
        regs: &mut Regs<'_>,
    ) -> Result<Outcome> {
        match special {
            Special::Mmap => self.change(|| self.mmap(nr, args, regs)),
            Special::Munmap => self.change(|| self.munmap(nr, args, regs)),
            Special::Mprotect => self.change(|| self.mprotect(nr, args, regs)),
            Special::Mremap => self.change(|| self.mremap(nr, args, regs)),
            Special::Brk => self.change(|| self.brk(nr, args, regs)),
            Special::Madvise => self.madvise(nr, args, regs),
            Special::Mincore => self.mincore(nr, args, regs),
            Special::SigAction => self.sigaction(nr, args, regs),
            Special::Msync | Special::SigProcMask | Special::Exit => {
                self.forward(nr, args, regs).map(Outcome::Result)
            }
            Special::SigReturn => {
                self.tell_mask.store(true, Ordering::Relaxed);
                sys::task::raise_resume();
                Ok(Outcome::Native)
            }
            Special::SetTidAddress => {
                cpu::call(nr, args);
                self.forward(bindings::__NR_gettid, &[0; 6], regs)
                    .map(Outcome::Result)
            }
            Special::Restart if signal::restarts_here() => Ok(Outcome::Native),
            Special::Restart => self.forward(nr, args, regs).map(Outcome::Result),
            Special::Clock => Ok(Outcome::Native),
            Special::Rlimit => Ok(Outcome::HomeFirst),
        }
    }

    /// What a signal does is home's to know, and this node's too, which makes the frames.
    fn sigaction(&self, nr: u32, args: &Args, regs: &mut Regs<'_>) -> Result<Outcome> {
        let [signal, action, old, size, ..] = *args;
        let mut wanted = [0; size_of::<[u64; 4]>()];
        let known = User.read(action, &mut wanted);
        let result = self.forward(nr, args, regs)?;
        // It is set even if the old action cannot be written.
        if action != 0 && (result == 0 || result == FAULT) {
            if old != 0 && action.abs_diff(old) < wanted.len() as u64 && known.is_ok() {
                // The old one is there now.
                signal::set_action(signal as usize, signal::Action::from_bytes(&wanted));
            } else {
                cpu::call(nr, &[signal, action, 0, size, 0, 0]);
            }
        }
        Ok(Outcome::Result(result))
    }

    /// Has home do a call, with its arguments in the request where they can be described.
    pub(super) fn forward(&self, nr: u32, args: &Args, regs: &mut Regs<'_>) -> Result<i64> {
        Ok(self.forward_for_kind(nr, args, regs)?.0)
    }

    /// The same, with the kind of the mapping that the call made.
    pub(super) fn forward_for_kind(
        &self,
        nr: u32,
        args: &Args,
        regs: &mut Regs<'_>,
    ) -> Result<(i64, u32)> {
        let mut bytes = KVVec::new();
        let request = match Plan::new(u64::from(nr), args, &User) {
            // Nothing to carry: the numbers are in the arguments.
            Ok(plan) if plan.is_empty() => None,
            Ok(plan) if bytes.resize(plan.request_len(), 0, GFP_KERNEL).is_ok() => {
                plan.encode(&User, &mut bytes).ok()
            }
            // Without memory for it here, home fetches the pages.
            _ => None,
        };
        // The next restart_syscall() is home's.
        signal::end_restart();
        self.tell_of_stacks()?;
        let Place { ip, sp } = regs.place();
        let call = Call {
            nr,
            flags: if request.is_some() { Call::CARRIED } else { 0 },
            args: *args,
            blocked: signal::blocked(),
            cpu_ns: sys::task::cpu_time(self.task()),
            ip,
            sp,
            data: &[],
        };
        let data: &[u8] = request.as_ref().map_or(&[], Request::bytes);
        let frame = self.line.ask(&call, data)?;
        // An answer is as good as standing still. What comes from here on, while the answer is put in place, is not
        // answered yet.
        self.line.forget_pauses();
        let mut reply: Reply<'_> = frame.read()?;
        // Before anything is written to memory: a page must not become the process's own with old bytes.
        while let Some(stale) = self.line.kept_stale() {
            self.forget(&stale);
        }
        if let (Some(request), true) = (request, reply.flags & Reply::ANSWERED != 0) {
            match request.finish(reply.data, &mut User) {
                Ok(()) => {}
                // It was writable when the request was made. A file may have been cut off since.
                Err(Broken::Fault) => reply.result = FAULT,
                Err(Broken::Malformed(_)) => return Err(EPROTO),
            }
        }
        self.conclude(&reply, regs)?;
        let kind = u32::try_from(reply.flags >> Reply::KIND_SHIFT).map_err(|_| EPROTO)?;
        Ok((reply.result, kind))
    }

    /// Sees to what comes with the end of a call: signals, a restart, the way home.
    fn conclude(&self, reply: &Reply<'_>, regs: &mut Regs<'_>) -> Result {
        regs.set_result(reply.result);
        let restarts = reply.flags & Reply::RESTARTS != 0;
        self.restarts.store(restarts, Ordering::Relaxed);
        while let Some(note) = self.line.kept() {
            self.heed(note)?;
        }
        if !self.has_waiting() {
            signal::set_blocked(reply.blocked);
        }
        if reply.flags & Reply::RECALL != 0 {
            // Not before the call is done with on this side too.
            self.recalled.store(true, Ordering::Relaxed);
            return Ok(());
        }
        if self.has_waiting() {
            self.deliver()?;
        } else if restarts {
            signal::raise_restart();
        }
        Ok(())
    }
}
