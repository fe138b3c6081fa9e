// SPDX-License-Identifier: GPL-2.0-only

//! A system call of the guest, done at home.
//!
//! The bytes of a described call are put into a window of the deputy's own user memory, its pointers are
//! rewritten, and the *native* system call runs. Any other call runs with the program's own pointers,
//! and its faults borrow pages from the guest.

use super::{
    serve,
    Deputy, //
};
use crate::{
    fault::{
        self,
        Point, //
    },
    link::lane::Frame,
    migrate::onward,
    sys::{
        self,
        cpu::is_restart,
        guest::Window,
        mm::Vma,
        signal,
        user::User, //
    },
    syscall::{
        self,
        Args,
        Placed,
        Request, //
    },
    task::{
        Destination,
        Process, //
    },
    wire::{
        call::{
            Call,
            Reply, //
        },
        image::Action,
        life::Signal, //
    },
};
use core::sync::atomic::Ordering;
use kernel::{
    alloc::KVVec,
    bindings,
    prelude::*, //
};

/// The smallest window.
const WINDOW: usize = 128 << 10;

/// `-ERESTART_RESTARTBLOCK`.
const RESTART_BLOCK: i64 = -516;

/// What the guest does after the answer to its call.
pub(super) enum Next {
    /// It goes on.
    Computes,
    /// It leaves its node.
    Leaves,
}

impl Deputy {
    /// Does a call and answers it.
    #[inline(never)]
    pub(super) fn call(&self, process: &Process, frame: Frame) -> Result<Next> {
        fault::hit(Point::Call)?;
        let seq = frame.seq();
        let call: Call<'_> = frame.read()?;
        let (nr, args) = (call.nr, call.args);
        if !syscall::is_forwarded(u64::from(nr), &args) {
            return Err(EPROTO);
        }
        let asked = call.data.len();
        if matches!(
            nr,
            bindings::__NR_getrusage | bindings::__NR_exit | bindings::__NR_exit_group
        ) {
            // How much memory it has had at most is told now, or never. The call does not depend on it.
            let _ = serve::look(self, process);
        }
        self.holding.store(false, Ordering::Relaxed);
        let (mut result, answered) = self.run(process, frame)?;
        sys::task::after_call();
        self.give_back()?;
        let stays = self.must_stay(nr, result);
        self.tell_news()?;
        // When it is home, signals, and what becomes of an interrupted call, are seen to there.
        let looks = is_restart(result) || kernel::current!().signal_pending();
        let handles = looks && !stays && !self.is_wanted_home() && self.signals()?;
        if self.files.has_news() {
            // It may have been stopped in there.
            self.tell_news()?;
        }
        let leaves = if handles {
            // It runs handlers first.
            result = process.end_unfinished().unwrap_or(result);
            false
        } else if stays || self.is_wanted_home() {
            true
        } else {
            if is_restart(result) {
                self.hold();
            }
            self.is_called_away(process)
        };
        let mut flags = if answered { Reply::ANSWERED } else { 0 };
        if leaves {
            flags |= Reply::RECALL;
        }
        if let Some(vma) = self.new_mapping(nr, result) {
            flags |= u64::from(vma.kind) << Reply::KIND_SHIFT;
        }
        let data = core::mem::take(&mut *self.outbox.lock());
        process.talked(asked + data.len());
        self.lane.say(
            seq,
            &Reply {
                result,
                blocked: signal::blocked(),
                flags,
                data: &data,
            },
        )?;
        Ok(if leaves { Next::Leaves } else { Next::Computes })
    }

    /// Is there a reason to have the process whole, and at home?
    pub(super) fn is_wanted_home(&self) -> bool {
        sys::task::traced() || signal::dumps_core() || self.is_called_by_file()
    }

    /// Carries out an order that waits: is the guest to leave its node now?
    ///
    /// Another node is asked first, if it was not before. If it does not take the process, that stays where it is.
    pub(super) fn is_called_away(&self, process: &Process) -> bool {
        match process.take_order() {
            None => false,
            Some((Destination::Home, _)) => true,
            Some((Destination::Node(to), _)) if to == self.node => {
                process.stays();
                false
            }
            Some((Destination::Node(to), agreed)) => {
                let onward = onward::ask(self, process, to, agreed);
                let leaves = onward.is_some();
                *self.onward.lock() = onward;
                leaves
            }
        }
    }

    /// Has a call given the process a mapping that cannot be elsewhere?
    fn must_stay(&self, nr: u32, result: i64) -> bool {
        let Some(vma) = self.new_mapping(nr, result) else {
            return false;
        };
        let (start, end) = (vma.start as u64, vma.end as u64);
        // Watched first: who opens the file after that is heard of.
        self.files.cover(self.mm(), start, end).is_err()
            || self.new_mapping(nr, result).is_none_or(|vma| vma.stay != 0)
    }

    /// The mapping that a call has made.
    fn new_mapping(&self, nr: u32, result: i64) -> Option<Vma> {
        if nr != bindings::__NR_mmap || result <= 0 {
            return None;
        }
        self.mm().next_vma(result as u64)
    }

    /// Runs a call; what it returns to memory is in the outbox if it says so.
    fn run(&self, process: &Process, frame: Frame) -> Result<(i64, bool)> {
        let call: Call<'_> = frame.read()?;
        self.charge(call.cpu_ns);
        signal::set_blocked(call.blocked);
        let (nr, args) = (call.nr, call.args);
        if call.flags & Call::CARRIED == 0 {
            // Some calls never return.
            drop(frame);
            self.make_way(nr, &args);
            return Ok((self.native(process, nr, &args, &args), false));
        }
        let request = Request::parse(u64::from(nr), &args, call.data).map_err(|_| EPROTO)?;
        let base = self.window_for(request.window_len().map_err(|_| EPROTO)?)?;
        let placed = request.place(base, &mut User).map_err(|_| ENOMEM)?;
        let result = self.native(process, nr, &args, placed.args());
        if result == RESTART_BLOCK {
            self.restart_on_guest(nr, &placed);
        }
        let len = placed.reply_len(result, &User).map_err(|_| EFAULT)?;
        let mut reply = KVVec::from_elem(0u8, len, GFP_KERNEL)?;
        placed
            .reply(result, &User, &mut reply)
            .map_err(|_| EFAULT)?;
        *self.outbox.lock() = reply;
        Ok((result, true))
    }

    /// Runs a native call; an order and the loss of the guest interrupt it as a signal would.
    #[inline(never)]
    fn native(&self, process: &Process, nr: u32, program: &Args, args: &Args) -> i64 {
        let channel = self.lane.channel();
        signal::forget_kick();
        if process.has_order() {
            sys::task::kick(process.task());
        }
        channel.notify(Some(sys::task::current()));
        let result = process.run_call(nr, program, args);
        channel.notify(None);
        result
    }

    /// A call that changes the layout must not meet the window.
    fn make_way(&self, nr: u32, args: &Args) {
        let len = self.window_len.load(Ordering::Relaxed);
        if len == 0 {
            return;
        }
        let start = self.window_start.load(Ordering::Relaxed);
        let meets = |at: u64, size: u64| at < start + len && start < at.saturating_add(size);
        let [addr, size, new_size, _, new_addr, _] = *args;
        let in_way = match nr {
            bindings::__NR_mmap | bindings::__NR_munmap | bindings::__NR_mprotect => {
                meets(addr, size)
            }
            bindings::__NR_mremap => meets(addr, size) || meets(new_addr, new_size),
            bindings::__NR_madvise => meets(addr, size),
            bindings::__NR_brk => meets(addr, 1),
            _ => false,
        };
        if in_way {
            self.close_window();
        }
    }

    /// Unmaps the window, if there is one.
    pub(crate) fn close_window(&self) {
        self.window_len.store(0, Ordering::Relaxed);
        let old = self.window.lock().take();
        drop(old);
    }

    /// The window will hold something else by the time that an interrupted call goes on.
    #[inline(never)]
    fn restart_on_guest(&self, nr: u32, placed: &Placed<'_>) {
        let pointer = signal::restart_pointer(nr);
        if let Some(addr) = placed.user_address(pointer) {
            signal::set_restart_pointer(nr, addr);
        }
    }

    /// Where `len` bytes of window are.
    fn window_for(&self, len: usize) -> Result<u64> {
        if (len as u64) > self.window_len.load(Ordering::Relaxed) {
            self.close_window();
            let window = Window::new(len.next_multiple_of(WINDOW))?;
            self.window_start.store(window.addr(), Ordering::Relaxed);
            self.window_len
                .store(window.len() as u64, Ordering::Relaxed);
            *self.window.lock() = Some(window);
        }
        Ok(self.window_start.load(Ordering::Relaxed))
    }

    /// Looks at signals while the guest stands still: default actions happen in here, and what has a
    /// handler goes to the guest. The process may stop or die in here. Was any sent?
    pub(super) fn signals(&self) -> Result<bool> {
        let mut sent = false;
        while let Some(delivery) = signal::next() {
            self.lane.say(
                0,
                &Signal {
                    info: delivery.info,
                    action: Action::from(delivery.action),
                    blocked: delivery.blocked,
                    saved: delivery.saved.unwrap_or(0),
                    has_saved: u64::from(delivery.saved.is_some()),
                },
            )?;
            sent = true;
        }
        Ok(sent)
    }
}
