// SPDX-License-Identifier: GPL-2.0-only

//! A call that a move has ended before it was done.
//!
//! The program must not see that it moved, so it makes the call once more, wherever it is by then, and home
//! goes on where the call was. Home remembers how far that is. A signal in between ends the call as signals
//! do: its result is what was done.

use super::Process;
use crate::{
    sys::{
        cpu::{
            self,
            is_restart, //
        },
        signal,
        task,
        user::User, //
    },
    syscall::{
        rest::{
            progress,
            rest,
            shorten,
            wanted,
            Progress, //
        },
        Args, //
    },
};
use kernel::time::{
    Delta,
    Instant,
    Monotonic, //
};

/// `-EINTR`.
const INTERRUPTED: i64 = -4;

/// `-ERESTARTNOHAND`: fails with `EINTR` if a handler runs, and is restarted otherwise.
pub(crate) const RESTART: i64 = -514;

/// Which call it is, as the program made it, and how far it has come.
#[derive(Clone, Copy)]
pub(super) struct Unfinished {
    nr: u32,
    args: Args,
    done: Done,
}

/// How far a call has come.
#[derive(Clone, Copy)]
enum Done {
    /// It has not begun.
    Nothing,
    /// It has written, or received, so many bytes or messages.
    Part(u64),
    /// It has waited since then.
    Since(Instant<Monotonic>),
}

/// Has nothing but a kick of ours asked the current task to end its call?
fn only_kicked() -> bool {
    kernel::current!().signal_pending() && !signal::pending()
}

impl Process {
    /// Notes how far a call has come that the program makes once more.
    fn leave_unfinished(&self, nr: u32, args: &Args, done: Done) {
        let args = *args;
        self.inner.lock().unfinished = Some(Unfinished { nr, args, done });
    }

    /// How far this call has come before. It is this one's business from here on.
    fn take_unfinished(&self, nr: u32, args: &Args) -> Done {
        self.inner
            .lock()
            .unfinished
            .take()
            .filter(|call| call.nr == nr && call.args == *args)
            .map_or(Done::Nothing, |call| call.done)
    }

    /// Is there a call to go on with?
    pub(crate) fn has_unfinished(&self) -> bool {
        self.inner.lock().unfinished.is_some()
    }

    /// The result of a call that is not gone on with, because a handler comes first.
    pub(crate) fn end_unfinished(&self) -> Option<i64> {
        match self.inner.lock().unfinished.take()?.done {
            Done::Part(count) => Some(count as i64),
            Done::Nothing | Done::Since(_) => None,
        }
    }

    /// A kick has ended the program's call, which had slept for so long, with `result`. Has the program to make
    /// it once more, because it must not see that?
    pub(crate) fn ended_early(&self, nr: u32, args: &Args, result: i64, slept: Delta) -> bool {
        if signal::pending() {
            return false;
        }
        match progress(nr, args) {
            Some(Progress::Time) if result == INTERRUPTED => {
                self.leave_unfinished(nr, args, Done::Since(Instant::now() - slept));
                true
            }
            Some(counted) if goes_on(counted, nr, args, result) => {
                self.leave_unfinished(nr, args, Done::Part(result as u64));
                true
            }
            _ => result == INTERRUPTED,
        }
    }

    /// Runs a call in the current task, from where it was ended before, and returns its raw result.
    ///
    /// `program` are the arguments as the program knows them, `args` those to use. [`RESTART`] if nothing but
    /// a kick has ended it.
    pub(crate) fn run_call(&self, nr: u32, program: &Args, args: &Args) -> i64 {
        let done = self.take_unfinished(nr, program);
        match (progress(nr, program), done) {
            (Some(Progress::Time), Done::Since(begin)) => {
                let waited = u64::try_from(begin.elapsed().as_nanos()).unwrap_or(0);
                let left = shorten(nr, program, args, waited, &mut User);
                self.run_wait(nr, program, &left.unwrap_or(*args), begin)
            }
            (Some(Progress::Time), _) => self.run_wait(nr, program, args, Instant::now()),
            (Some(counted), Done::Part(done)) => self.run_parts(counted, nr, program, args, done),
            (Some(counted), _) => self.run_parts(counted, nr, program, args, 0),
            (None, _) => match cpu::call(nr, args) {
                // The program must not know of a kick.
                INTERRUPTED if only_kicked() => RESTART,
                result => result,
            },
        }
    }

    fn run_wait(&self, nr: u32, program: &Args, args: &Args, begin: Instant<Monotonic>) -> i64 {
        let result = cpu::call(nr, args);
        if result != INTERRUPTED || !only_kicked() {
            return result;
        }
        self.leave_unfinished(nr, program, Done::Since(begin));
        RESTART
    }

    fn run_parts(&self, counted: Progress, nr: u32, program: &Args, args: &Args, done: u64) -> i64 {
        let (mut part, mut next, mut done) = (nr, *args, done);
        loop {
            if done > 0 {
                match rest(nr, args, done, &User) {
                    Some(left) => (part, next) = left,
                    None => return done as i64,
                }
            }
            let result = cpu::call(part, &next);
            if result <= 0 {
                let ended = is_restart(result) || result == INTERRUPTED;
                if done == 0 {
                    return match result {
                        INTERRUPTED if only_kicked() => RESTART,
                        result => result,
                    };
                }
                if ended && counted == Progress::Messages && !kernel::current!().signal_pending() {
                    // The socket tells why the part before it has ended.
                    continue;
                }
                if !ended || !only_kicked() {
                    return done as i64;
                }
                self.leave_unfinished(nr, program, Done::Part(done));
                return RESTART;
            }
            let resumed = done > 0;
            done = done.saturating_add(result as u64);
            if only_kicked() && goes_on(counted, nr, args, done as i64) {
                self.leave_unfinished(nr, program, Done::Part(done));
                return RESTART;
            }
            // Only a call that was continued has buffers which it was not asked for yet.
            if !resumed || result as u64 != wanted(part, &next) {
                return done as i64;
            }
        }
    }
}

/// Is there more for a call to do that has returned `result`, and may another call do it?
fn goes_on(counted: Progress, nr: u32, args: &Args, result: i64) -> bool {
    result > 0
        && rest(nr, args, result as u64, &User).is_some()
        && match counted {
            Progress::Written => task::writes_in_parts(args[0]),
            Progress::Streamed => task::is_stream(args[0]),
            Progress::Messages => true,
            Progress::Time => false,
        }
}
