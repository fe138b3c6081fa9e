// SPDX-License-Identifier: GPL-2.0-only

//! A call that a move has ended before it was done.
//!
//! The program must not see that it moved, so it makes the call once more, wherever it is by then, and home
//! goes on where the call was. Home remembers how far that is. A signal in between ends the call as signals
//! do: its result is what was done.

use super::{
    waits::{
        self,
        Limit, //
    },
    Process, //
};
use crate::{
    sys::{
        cpu::{
            self,
            is_restart,
            RESTART_BLOCK, //
        },
        guest::Window,
        mm::PAGE,
        signal,
        task,
        user::User, //
    },
    syscall::{
        rest::{
            left_error,
            progress,
            rest,
            rest_of_least,
            shorten,
            stream,
            to_stream,
            wanted,
            Progress, //
        },
        Args,
        Memory, //
    },
};
use kernel::{
    bindings,
    time::{
        Delta,
        Instant,
        Monotonic, //
    }, //
};

/// `-EINTR`.
pub(super) const INTERRUPTED: i64 = -4;

/// `-EFAULT`.
const FAULT: i64 = -14;

const WAITID: u32 = bindings::__NR_waitid;

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
    /// The same, of a call that begins anew after a stop.
    Restarts(Instant<Monotonic>),
    /// It is over: after the move the process was stopped, and a stop ends it with this result.
    Ended(i64),
}

impl Done {
    /// The result of the call if it ends here, as it does by a signal.
    fn result(self) -> i64 {
        match self {
            Done::Nothing | Done::Since(_) | Done::Restarts(_) => INTERRUPTED,
            Done::Part(count) => count as i64,
            Done::Ended(result) => result,
        }
    }

    /// Since when it has waited, if it has.
    fn begin(self) -> Option<Instant<Monotonic>> {
        match self {
            Done::Since(begin) | Done::Restarts(begin) => Some(begin),
            Done::Nothing | Done::Part(_) | Done::Ended(_) => None,
        }
    }

    /// How many bytes or messages it has done.
    fn part(self) -> Option<i64> {
        Some(self.result()).filter(|part| *part > 0)
    }
}

/// How many nanoseconds have passed since then.
fn nanoseconds_since(begin: Instant<Monotonic>) -> u64 {
    u64::try_from(begin.elapsed().as_nanos()).unwrap_or(0)
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

    /// How many bytes or messages this call has done before, if it is one to go on with.
    pub(crate) fn done_of(&self, nr: u32, args: &Args) -> Option<i64> {
        let call = self.inner.lock().unfinished?;
        let same = call.nr == nr && call.args == *args;
        call.done.part().filter(|_| same)
    }

    /// The result of a call that is not gone on with, because a handler comes first.
    pub(crate) fn end_unfinished(&self) -> Option<i64> {
        self.inner.lock().unfinished.take()?.done.part()
    }

    /// The current task was stopped. That ends, as it does without any move, what a kick has ended with `EINTR`, or
    /// with a part.
    pub(crate) fn stopped(&self) {
        let _ = task::take_kick();
        if let Some(call) = &mut self.inner.lock().unfinished {
            call.done = match call.done {
                Done::Restarts(_) => Done::Nothing,
                done => Done::Ended(done.result()),
            };
        }
    }

    /// A kick has ended the program's call, which had slept for so long, with `result`. Has the program to make
    /// it once more, because it must not see that?
    pub(crate) fn ended_early(&self, nr: u32, args: &Args, result: i64, slept: Delta) -> bool {
        if signal::pending() {
            return false;
        }
        match progress(nr, args) {
            Some(counted) if goes_on(counted, nr, args, result) => {
                self.leave_unfinished(nr, args, Done::Part(result as u64));
                true
            }
            // By user mode: made in here, it would begin with the registers of the program that it has replaced.
            _ if result == INTERRUPTED && begins_program(nr) => true,
            _ if result == INTERRUPTED && is_repeatable(nr) => {
                self.leave_unfinished(nr, args, Done::Since(Instant::now() - slept));
                true
            }
            _ => result == FAULT && without_place(nr, args).is_some(),
        }
    }

    /// A kick has ended the program's call, which had slept for so long, and which is made once more in any case. The
    /// time that its file gives it goes on.
    pub(crate) fn restarts(&self, nr: u32, args: &Args, slept: Delta) {
        if Limit::of(nr, args).is_some() {
            self.leave_unfinished(nr, args, Done::Restarts(Instant::now() - slept));
        }
    }

    /// Runs a call in the current task, from where it was ended before, and returns its raw result.
    ///
    /// `program` are the arguments as the program knows them, `args` those to use. [`RESTART`] if nothing but
    /// a kick has ended it.
    pub(crate) fn run_call(&self, nr: u32, program: &Args, args: &Args) -> i64 {
        let done = self.take_unfinished(nr, program);
        if let Some(result) = self.wait_for_file(nr, program, done) {
            return result;
        }
        let begin = done.begin().unwrap_or_else(Instant::now);
        match (progress(nr, program), done) {
            (_, Done::Ended(result)) => result,
            (Some(Progress::Time), Done::Since(begin)) => {
                self.run_wait_on(nr, program, args, begin)
            }
            (Some(Progress::Time), _) => self.end_wait(nr, program, begin, cpu::call(nr, args)),
            (Some(counted), Done::Part(done)) if counted != Progress::Peeked => {
                self.run_parts(counted, nr, program, args, done, begin)
            }
            (Some(counted), _) => self.run_parts(counted, nr, program, args, 0, begin),
            (None, _) => match without_place(nr, args) {
                Some(args) => run_without_place(nr, &args),
                None => self.not_begun(nr, program, begin, cpu::call(nr, args)),
            },
        }
    }

    /// The result of a call that has done nothing but wait since then. The program must not know of a kick.
    fn not_begun(&self, nr: u32, program: &Args, begin: Instant<Monotonic>, result: i64) -> i64 {
        if !only_kicked() {
            return result;
        }
        if result == INTERRUPTED && is_repeatable(nr) {
            self.leave_unfinished(nr, program, Done::Since(begin));
            return RESTART;
        }
        if is_restart(result) && Limit::of(nr, program).is_some() {
            self.leave_unfinished(nr, program, Done::Restarts(begin));
        }
        result
    }

    /// Goes on with the wait of a call to which its file gives a time. The result of the call, if it gets no further.
    fn wait_for_file(&self, nr: u32, program: &Args, done: Done) -> Option<i64> {
        let begin = done.begin()?;
        let limit = Limit::of(nr, program)?;
        let result = limit.wait(nanoseconds_since(begin))?;
        if result == 0 {
            return Some(limit.over);
        }
        if result != INTERRUPTED && !is_restart(result) {
            // The call gets on, or tells what is wrong.
            return None;
        }
        if !only_kicked() {
            return Some(limit.interrupted);
        }
        self.leave_unfinished(nr, program, done);
        Some(match limit.interrupted {
            INTERRUPTED => RESTART,
            restart => restart,
        })
    }

    /// Goes on with a wait that has begun then. The time that is left has a place of its own: the program's is
    /// not ours to change.
    fn run_wait_on(&self, nr: u32, program: &Args, args: &Args, begin: Instant<Monotonic>) -> i64 {
        let waited = nanoseconds_since(begin);
        let place = Window::new(PAGE).ok();
        let left = place
            .as_ref()
            .and_then(|place| shorten(nr, args, waited, place.addr(), &mut User));
        let result = match cpu::call(nr, &left.unwrap_or(*args)) {
            // It has found a timeout that it can write to, and does not know that this is not the program's.
            RESTART if left.is_some() => INTERRUPTED,
            result => result,
        };
        drop(place);
        self.end_wait(nr, program, begin, result)
    }

    fn end_wait(&self, nr: u32, program: &Args, begin: Instant<Monotonic>, result: i64) -> i64 {
        if result != INTERRUPTED || !only_kicked() {
            return result;
        }
        self.leave_unfinished(nr, program, Done::Since(begin));
        RESTART
    }

    fn run_parts(
        &self,
        counted: Progress,
        nr: u32,
        program: &Args,
        args: &Args,
        done: u64,
        begin: Instant<Monotonic>,
    ) -> i64 {
        let (mut part, mut next, mut done) = (nr, *args, done);
        loop {
            if done > 0 {
                match next_part(counted, nr, args, done) {
                    Some(left) => (part, next) = left,
                    None => return done as i64,
                }
            }
            let result = cpu::call(part, &next);
            if result <= 0 {
                let ended = is_restart(result) || result == INTERRUPTED;
                if done == 0 {
                    return self.not_begun(nr, program, begin, result);
                }
                if ended && counted == Progress::Messages && !kernel::current!().signal_pending() {
                    // The socket tells why the part before it has ended.
                    continue;
                }
                let left = left_error(counted, nr, result).filter(|_| !ended);
                if let Some(error) = left {
                    task::leave_error(args[0], error, counted == Progress::Messages);
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

/// Has a call that fails with `EINTR` done nothing? `close()` has closed the file, whatever it returns: its number may
/// be another file's by now.
fn is_repeatable(nr: u32) -> bool {
    nr != bindings::__NR_close
}

/// Does a call return into another program?
fn begins_program(nr: u32) -> bool {
    matches!(nr, bindings::__NR_execve | bindings::__NR_execveat)
}

/// The argument with the place to which a call writes when it is interrupted, and the bytes that it writes there. If it
/// cannot, it fails because of that.
fn place_of(nr: u32) -> Option<(usize, usize)> {
    match nr {
        WAITID => Some((2, 28)),
        bindings::__NR_nanosleep => Some((1, 16)),
        bindings::__NR_clock_nanosleep => Some((3, 16)),
        _ => None,
    }
}

/// The arguments of a call without the place to which it would write when it is interrupted, if it cannot. Tried,
/// because a stack may grow.
fn without_place(nr: u32, args: &Args) -> Option<Args> {
    let (argument, len) = place_of(nr)?;
    let mut next = *args;
    let place = core::mem::take(next.get_mut(argument)?);
    if place == 0 {
        return None;
    }
    let mut room = [0; 28];
    let bytes = room.get_mut(..len)?;
    let written = User.read(place, bytes).is_ok() && User.write(place, bytes).is_ok();
    (!written).then_some(next)
}

/// Runs a call without the place to which it could not write, which it fails for if anything but a kick interrupts it.
fn run_without_place(nr: u32, args: &Args) -> i64 {
    match cpu::call(nr, args) {
        result if is_restart(result) && only_kicked() => result,
        // It would have written what it has found in any case.
        _ if nr == WAITID => FAULT,
        RESTART_BLOCK => FAULT,
        result => result,
    }
}

/// The call that does what comes next.
fn next_part(counted: Progress, nr: u32, args: &Args, done: u64) -> Option<(u32, Args)> {
    if counted != Progress::Received {
        let part = rest(nr, args, done, &User)?;
        let stream = counted == Progress::Written && task::is_stream(args[0]);
        return Some(if stream { to_stream(part) } else { part });
    }
    let (least, ready) = (waits::least(args[0]), waits::ready(args[0]));
    rest_of_least(nr, args, done, least, ready, &User)
}

/// Is there more for a call to do that has returned `result`, and may another call do it?
fn goes_on(counted: Progress, nr: u32, args: &Args, result: i64) -> bool {
    result > 0
        && rest(nr, args, result as u64, &User).is_some()
        && match counted {
            Progress::Written => task::writes_in_parts(args[0]),
            Progress::Streamed => {
                let file = stream(nr, args);
                task::is_stream(file) || task::is_device(file)
            }
            Progress::Peeked => task::is_stream(args[0]) && waits::peeks_anew(args[0]),
            Progress::Received => (result as u64) < waits::least(args[0]),
            Progress::Messages => true,
            Progress::Time => false,
        }
}
