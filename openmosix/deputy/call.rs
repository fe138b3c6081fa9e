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
    image,
    link::lane::Frame,
    migrate::onward,
    sys::{
        self,
        cpu::{
            is_restart,
            Place,
            RESTART_ANYHOW,
            RESTART_BLOCK, //
        },
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
        unfinished::RESTART,
        Destination,
        Process, //
    },
    wire::call::{
        Call,
        Reply, //
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

/// The most signals that a guest gets at once. Those that are left are seen to when it has delivered these; it keeps no
/// more than a few times as many.
const SIGNALS: usize = 1024;

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
        self.charge(call.cpu_ns);
        signal::set_blocked(call.blocked);
        let (ip, sp) = (call.ip, call.sp);
        Place { ip, sp }.show();
        if matches!(
            nr,
            bindings::__NR_getrusage | bindings::__NR_exit | bindings::__NR_exit_group
        ) {
            // How much memory it has had at most is told now, or never. The call does not depend on it.
            let _ = serve::look(self, process);
        }
        // If it could not come home for this call, that is done as well as it can be.
        let again = self.holding.swap(false, Ordering::Relaxed);
        let awaits = !again && looks_at_pages(nr, &args);
        let (mut result, answered) = if awaits {
            self.hold();
            (RESTART_ANYHOW, false)
        } else {
            self.run(process, frame)?
        };
        // Nothing else restarts a call, whatever number it returns: F_GETOWN tells a process group by a negative one.
        let mut restarts = awaits || (is_restart(result) && kernel::current!().signal_pending());
        sys::task::after_call();
        self.give_back()?;
        let stays = awaits || self.must_stay(nr, result);
        self.tell_news()?;
        // When it is home, signals, and what becomes of an interrupted call, are seen to there.
        let looks = restarts || kernel::current!().signal_pending();
        let handles = looks && !stays && !self.is_wanted_home() && self.signals()?;
        if self.files.has_news() {
            // It may have been stopped in there.
            self.tell_news()?;
        }
        let leaves = if handles {
            // It runs handlers first, unless somebody waits who looks at registers: he finds them where those begin.
            if let Some(done) = process.end_unfinished() {
                (result, restarts) = (done, false);
            }
            self.is_wanted_whole()
        } else if stays || self.is_wanted_home() {
            true
        } else {
            if restarts {
                self.hold();
            }
            self.is_called_away(process)
        };
        let mut flags = if answered { Reply::ANSWERED } else { 0 };
        if leaves {
            flags |= Reply::RECALL;
        }
        if restarts {
            flags |= Reply::RESTARTS;
        }
        if let Some(vma) = self.new_mapping(nr, result) {
            flags |= u64::from(vma.kind) << Reply::KIND_SHIFT;
        }
        let data = core::mem::take(&mut *self.outbox.lock());
        process.talked(asked + data.len());
        let reply = Reply {
            result,
            blocked: signal::blocked(),
            flags,
            data: &[],
        };
        self.lane.say_with(seq, &reply, &data)?;
        Ok(if leaves { Next::Leaves } else { Next::Computes })
    }

    /// Is there a reason to have the process whole, and at home?
    pub(super) fn is_wanted_home(&self) -> bool {
        self.is_wanted_whole() || self.is_called_by_file() || self.is_outdated()
    }

    /// Does somebody wait who looks at its registers: a tracer, or a core dump? Signals are not seen to before it is
    /// whole, not even if that comes while it is stopped.
    pub(super) fn is_wanted_whole(&self) -> bool {
        sys::task::traced() || signal::dumps_core()
    }

    /// Carries out an order that waits: is the guest to leave its node now?
    ///
    /// Another node is asked first, if it was not before. If it does not take the process, that stays where it is.
    pub(super) fn is_called_away(&self, process: &Process) -> bool {
        match process.take_order() {
            None => false,
            Some((Destination::Home, _)) => {
                self.forget_onward();
                true
            }
            Some((Destination::Node(to), _)) if to == self.node => {
                self.forget_onward();
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

    /// Where it was to go is not where it goes.
    fn forget_onward(&self) {
        let onward = self.onward.lock().take();
        drop(onward);
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
        let (nr, args) = (call.nr, call.args);
        if matches!(nr, bindings::__NR_exit | bindings::__NR_exit_group) && sys::task::traced() {
            // A tracer looks at the registers of who exits (PTRACE_EVENT_EXIT). It comes home, and exits there.
            signal::raise_restart();
            return Ok((RESTART, false));
        }
        if call.flags & Call::CARRIED != 0 {
            let request = Request::parse(u64::from(nr), &args, call.data).map_err(|_| EPROTO)?;
            match self.place(process, nr, request) {
                Ok(placed) => return Ok((self.run_placed(process, nr, &args, &placed)?, true)),
                // Without memory for them here, the call takes its arguments where they are.
                Err(error) if error == ENOMEM => {}
                Err(error) => return Err(error),
            }
        }
        // Some calls never return.
        drop(frame);
        self.make_way(nr, &args);
        Ok((self.native(process, nr, &args, &args), false))
    }

    /// Puts the arguments of a call into the window, and makes room for the answer: when the call is done, it is too
    /// late to have no memory.
    #[inline(never)]
    fn place<'a>(&self, process: &Process, nr: u32, request: Request<'a>) -> Result<Placed<'a>> {
        let args = *request.args();
        let len = request.window_len().map_err(|_| EPROTO)?;
        // Whatever limit keeps it from being there.
        let base = self.window_for(len).map_err(|_| ENOMEM)?;
        let placed = request.place(base, &mut User).map_err(|_| ENOMEM)?;
        let placed = placed.within(sys::task::fd_room());
        if let Some(done) = process.done_of(nr, &args) {
            placed.take_up(done, &User, &mut User).map_err(|_| ENOMEM)?;
        }
        let room = placed.reply_room().map_err(|_| EPROTO)?;
        let room = KVVec::with_capacity(room, GFP_KERNEL)?;
        *self.outbox.lock() = room;
        Ok(placed)
    }

    /// Runs a call whose arguments are in the window, and fills the outbox.
    fn run_placed(
        &self,
        process: &Process,
        nr: u32,
        args: &Args,
        placed: &Placed<'_>,
    ) -> Result<i64> {
        let result = self.native(process, nr, args, placed.args());
        if result == RESTART_BLOCK {
            self.restart_on_guest(nr, placed);
        }
        // What it has done is the program's, even if it is to go on.
        let done = process.done_of(nr, args).unwrap_or(result);
        let len = placed.reply_len(done, &User).map_err(|_| EFAULT)?;
        let mut reply = core::mem::take(&mut *self.outbox.lock());
        reply.resize(len, 0, GFP_KERNEL)?;
        placed.reply(done, &User, &mut reply).map_err(|_| EFAULT)?;
        *self.outbox.lock() = reply;
        Ok(result)
    }

    /// Runs a native call; an order and the loss of the guest interrupt it as a signal would.
    #[inline(never)]
    fn native(&self, process: &Process, nr: u32, program: &Args, args: &Args) -> i64 {
        let channel = self.lane.channel();
        signal::forget_kick();
        channel.notify(Some(sys::task::current()));
        // What came before that has woken nobody: mostly it is the end of the guest.
        if process.has_order() || channel.is_readable() {
            sys::task::kick(process.task());
        }
        let result = process.run_call(nr, program, args);
        channel.notify(None);
        result
    }

    /// A call that changes the layout, or looks at it, must not meet the window; nor must one that may touch memory which
    /// is not mapped, and has to fail for that.
    fn make_way(&self, nr: u32, args: &Args) {
        let len = self.window_len.load(Ordering::Relaxed);
        if len == 0 {
            return;
        }
        let start = self.window_start.load(Ordering::Relaxed);
        let meets = |at: u64, size: u64| at < start + len && start < at.saturating_add(size);
        let [addr, size, new_size, _, new_addr, _] = *args;
        let in_way = match nr {
            bindings::__NR_mmap
            | bindings::__NR_munmap
            | bindings::__NR_mprotect
            | bindings::__NR_msync
            | bindings::__NR_madvise => meets(addr, size),
            bindings::__NR_mremap => meets(addr, size.max(new_size)) || meets(new_addr, new_size),
            bindings::__NR_brk => meets(addr, 1),
            _ => syscall::may_touch(u64::from(nr), args),
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
        for sent in 0..SIGNALS {
            let Some(delivery) = signal::next() else {
                return Ok(sent > 0);
            };
            image::signals::say(&self.lane, &delivery)?;
            // The handler's return ends what restart_syscall() would go on with.
            signal::end_restart();
        }
        Ok(true)
    }
}

/// Does a call look at the pages of the process by a file of `/proc`, or change what such files tell? At home there are
/// none: it comes home with the call.
fn looks_at_pages(nr: u32, args: &Args) -> bool {
    matches!(
        nr,
        bindings::__NR_read
            | bindings::__NR_readv
            | bindings::__NR_pread64
            | bindings::__NR_preadv
            | bindings::__NR_preadv2
            | bindings::__NR_write
            | bindings::__NR_writev
            | bindings::__NR_ioctl
    ) && sys::task::shows_pages(args[0])
}
