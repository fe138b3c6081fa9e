// SPDX-License-Identifier: GPL-2.0-only

//! What is left of a call that ended before it was done.
//!
//! A move ends a blocked call as a signal does. Most calls have done nothing by then and are simply made
//! once more. Those here have come some way: they have written a part of their bytes to a pipe, a socket or
//! a terminal, sent some of their messages, received a part of all that they wait for, or of the least that their
//! file waits for, or waited for a part of their time.

use super::{
    memory::Memory,
    param::register,
    walk::MAX_IOV,
    Args, //
};

const READ: u32 = 0;
const WRITE: u32 = 1;
const READV: u32 = 19;
const WRITEV: u32 = 20;
const SELECT: u32 = 23;
const SENDFILE: u32 = 40;
const SENDTO: u32 = 44;
pub(super) const RECVFROM: u32 = 45;
const SENDMSG: u32 = 46;
pub(super) const RECVMSG: u32 = 47;
const RT_SIGTIMEDWAIT: u32 = 128;
const SEMTIMEDOP: u32 = 220;
const EPOLL_WAIT: u32 = 232;
const PSELECT6: u32 = 270;
const PPOLL: u32 = 271;
const SPLICE: u32 = 275;
const EPOLL_PWAIT: u32 = 281;
const RECVMMSG: u32 = 299;
const SENDMMSG: u32 = 307;
const PREADV2: u32 = 327;
const PWRITEV2: u32 = 328;
const EPOLL_PWAIT2: u32 = 441;

/// `MSG_NOSIGNAL`.
const NO_SIGNAL: u64 = 0x4000;
/// `MSG_NOSIGNAL` and `MSG_MORE`: with any other flag, a part is not continued by a part.
const PLAIN_FLAGS: u64 = NO_SIGNAL | 0x8000;
/// `MSG_WAITALL`.
const WAIT_ALL: u64 = 0x100;
/// `MSG_PEEK`.
const PEEK: u64 = 0x2;
/// `MSG_NOSIGNAL`, `MSG_CMSG_CLOEXEC` and `MSG_TRUNC`: with any other flag, beside [`WAIT_ALL`], a part is returned.
const RECEIVE_FLAGS: u64 = NO_SIGNAL | 0x4000_0000 | 0x20;
/// `RWF_NOWAIT`.
const READ_NO_WAIT: u64 = 0x8;
/// `RWF_NOSIGNAL`.
const WRITE_NO_SIGNAL: u64 = 0x100;
/// `SPLICE_F_NONBLOCK`.
const SPLICE_NO_WAIT: u64 = 0x2;
/// `MSG_DONTWAIT`.
const DONT_WAIT: u64 = 0x40;
/// `MSG_DONTWAIT` and `MSG_WAITFORONE`: what is there is enough.
const NO_WAIT: u64 = DONT_WAIT | 0x1_0000;

/// `sizeof(struct mmsghdr)`, and where it has how many bytes were sent or received.
const MMSGHDR: u64 = 64;
const LENGTH: u64 = 56;
/// The most messages that `sendmmsg()` sends: `UIO_MAXIOV`, too.
const MOST_SENT: u64 = MAX_IOV;

/// `-EAGAIN`.
const AGAIN: i64 = -11;
/// `-ENETUNREACH`, `-ECONNABORTED`, `-ECONNRESET`, `-ETIMEDOUT`, `-EHOSTUNREACH`.
const CONNECTION_ENDS: [i64; 5] = [-101, -103, -104, -110, -113];

const NANOSECONDS_PER_US: u64 = 1_000;
const NANOSECONDS_PER_MS: u64 = 1_000_000;
const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;

/// What the progress of a call is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Bytes that it has written; its result counts them.
    Written,
    /// Bytes that have gone to or from a stream socket, or to a terminal, of all that it waits for; its result counts
    /// them.
    Streamed,
    /// Bytes of a stream socket that it has looked at, of all that it waits for; its result counts them. They are where
    /// they were, and it begins anew.
    Peeked,
    /// Bytes that it has received, of the least that its file waits for; its result counts them.
    Received,
    /// Messages that it has sent or received; its result counts them.
    Messages,
    /// The time that it has waited, of the time that it was given.
    Time,
}

/// Do the flags of a call say that it waits for all the bytes that it has room for?
fn waits_for_all(flags: u64) -> bool {
    flags & WAIT_ALL != 0 && waits_for_least(flags & !WAIT_ALL)
}

/// The same, of a call that only looks at them.
fn looks_at_all(flags: u64) -> bool {
    flags & PEEK != 0 && waits_for_all(flags & !PEEK)
}

/// Do the flags of a call leave it to the socket how many bytes it waits for?
fn waits_for_least(flags: u64) -> bool {
    flags & u64::from(u32::MAX) & !RECEIVE_FLAGS == 0
}

/// Does `preadv2()`, or `pwritev2()`, go on where the file is, and wait for that?
fn waits_in_place(args: &Args) -> bool {
    args[3] == u64::MAX && args[5] & READ_NO_WAIT == 0
}

/// How the progress of this call is counted, if it can be continued at all.
pub(crate) fn progress(nr: u32, args: &Args) -> Option<Progress> {
    match nr {
        WRITE | WRITEV | SENDTO | SENDMSG => Some(Progress::Written),
        PWRITEV2 if waits_in_place(args) => Some(Progress::Written),
        READ | READV => Some(Progress::Received),
        PREADV2 if waits_in_place(args) => Some(Progress::Received),
        // To a stream or a terminal; to a pipe they return what went at once.
        SENDFILE | SPLICE => Some(Progress::Streamed),
        RECVFROM if looks_at_all(args[3]) => Some(Progress::Peeked),
        RECVFROM if waits_for_all(args[3]) => Some(Progress::Streamed),
        RECVMSG if waits_for_all(args[2]) => Some(Progress::Streamed),
        RECVFROM if waits_for_least(args[3]) => Some(Progress::Received),
        RECVMSG if waits_for_least(args[2]) => Some(Progress::Received),
        RECVMMSG if args[3] & NO_WAIT == 0 => Some(Progress::Messages),
        SENDMMSG if args[3] & DONT_WAIT == 0 => Some(Progress::Messages),
        // These keep their time themselves where they can write to their timeout. They are interrupted as the
        // others are where not.
        SELECT | PSELECT6 | PPOLL => Some(Progress::Time),
        RT_SIGTIMEDWAIT | SEMTIMEDOP | EPOLL_WAIT | EPOLL_PWAIT | EPOLL_PWAIT2 => {
            Some(Progress::Time)
        }
        _ => None,
    }
}

/// How many bytes, or messages, a part was asked for.
pub(crate) fn wanted(part: u32, args: &Args) -> u64 {
    match part {
        SENDFILE => args[3],
        SPLICE => args[4],
        _ => args[2],
    }
}

/// The file that the bytes of a call go to, or come from.
pub(crate) fn stream(nr: u32, args: &Args) -> u64 {
    match nr {
        SPLICE => args[2],
        _ => args[0],
    }
}

/// Which error, if any, does a call that has done a part leave to the next one to tell, when a failure with this result
/// ends it? A receive of messages leaves all, a stream that which has ended its connection; who splices forgets it.
pub(crate) fn left_error(counted: Progress, nr: u32, result: i64) -> Option<i32> {
    let left = match (counted, nr) {
        (_, SENDFILE | SPLICE | SENDMMSG) => false,
        (Progress::Messages, _) => result < 0 && result != AGAIN,
        _ => CONNECTION_ENDS.contains(&result),
    };
    left.then_some(i32::try_from(-result).ok()?)
}

/// The arguments of a call that has waited for so many nanoseconds: its timeout is shorter, and lies at `place`
/// if it is in memory. `None` if it has none.
pub(crate) fn shorten(
    nr: u32,
    args: &Args,
    waited: u64,
    place: u64,
    memory: &mut impl Memory,
) -> Option<Args> {
    let mut next = *args;
    let (argument, unit) = match nr {
        EPOLL_WAIT | EPOLL_PWAIT => {
            let timeout = u64::try_from(register(args, 3) as u32 as i32).ok()?;
            let left = (timeout * NANOSECONDS_PER_MS).saturating_sub(waited);
            next[3] = left.div_ceil(NANOSECONDS_PER_MS);
            return Some(next);
        }
        SELECT => (4, NANOSECONDS_PER_US),
        PSELECT6 => (4, 1),
        PPOLL | RT_SIGTIMEDWAIT => (2, 1),
        _ => (3, 1),
    };
    let addr = core::mem::replace(next.get_mut(argument)?, place);
    if addr == 0 {
        return None;
    }
    let timeout = long_at(memory, addr)?
        .checked_mul(NANOSECONDS_PER_SECOND)?
        .checked_add(long_at(memory, addr.checked_add(8)?)?.checked_mul(unit)?)?;
    let left = timeout.saturating_sub(waited).next_multiple_of(unit);
    let seconds = left / NANOSECONDS_PER_SECOND;
    let fraction = left % NANOSECONDS_PER_SECOND / unit;
    memory.write(place, &seconds.to_le_bytes()).ok()?;
    memory
        .write(place.checked_add(8)?, &fraction.to_le_bytes())
        .ok()?;
    Some(next)
}

/// The call that does what comes next of one that has written or received `done` bytes, or messages. `None` if
/// nothing is left, or if it cannot be continued.
///
/// What follows a part of several buffers is one call for each of them.
pub(crate) fn rest(nr: u32, args: &Args, done: u64, memory: &impl Memory) -> Option<(u32, Args)> {
    let mut next = *args;
    match nr {
        WRITE => {
            (next[1], next[2]) = behind(args[1], args[2], done)?;
            Some((WRITE, next))
        }
        SENDTO if args[3] & !PLAIN_FLAGS == 0 => {
            (next[1], next[2]) = behind(args[1], args[2], done)?;
            Some((SENDTO, next))
        }
        READ => {
            (next[1], next[2]) = behind(args[1], args[2], done)?;
            Some((READ, next))
        }
        // To a pipe nothing else writes without `SIGPIPE`, so that this fails there, and the part is returned.
        PWRITEV2 if args[5] & WRITE_NO_SIGNAL != 0 => {
            let (addr, len) = buffer_at(args[1], args[2], done, memory)?;
            Some((SENDTO, [args[0], addr, len, NO_SIGNAL, 0, 0]))
        }
        WRITEV | PWRITEV2 => {
            let (addr, len) = buffer_at(args[1], args[2], done, memory)?;
            Some((WRITE, [args[0], addr, len, 0, 0, 0]))
        }
        READV | PREADV2 => {
            let (addr, len) = buffer_at(args[1], args[2], done, memory)?;
            Some((READ, [args[0], addr, len, 0, 0, 0]))
        }
        SENDMSG if args[2] & !PLAIN_FLAGS == 0 => {
            // What was sent beside the bytes went with the first of them.
            let array = long_at(memory, args[1].checked_add(16)?)?;
            let count = long_at(memory, args[1].checked_add(24)?)?;
            let (addr, len) = buffer_at(array, count, done, memory)?;
            Some((SENDTO, [args[0], addr, len, args[2], 0, 0]))
        }
        // The file's own offset, or that in memory, is behind the part.
        SENDFILE => {
            next[3] = args[3].checked_sub(done).filter(|left| *left > 0)?;
            Some((SENDFILE, next))
        }
        // It ends when the pipe is empty, if it has taken something.
        SPLICE => {
            next[4] = args[4].checked_sub(done).filter(|left| *left > 0)?;
            next[5] |= SPLICE_NO_WAIT;
            Some((SPLICE, next))
        }
        RECVFROM if looks_at_all(args[3]) => {
            behind(args[1], args[2], done)?;
            Some((RECVFROM, next))
        }
        RECVFROM if waits_for_least(args[3] & !WAIT_ALL) => {
            let (addr, len) = behind(args[1], args[2], done)?;
            Some((RECVFROM, [args[0], addr, len, args[3], 0, 0]))
        }
        RECVMSG if waits_for_least(args[2] & !WAIT_ALL) => {
            // What comes beside the bytes marks their end. What is yet to come would be lost: how much room there was
            // for it is not known any more.
            if long_at(memory, args[1].checked_add(32)?)? != 0 {
                return None;
            }
            let array = long_at(memory, args[1].checked_add(16)?)?;
            let count = long_at(memory, args[1].checked_add(24)?)?;
            let (addr, len) = buffer_at(array, count, done, memory)?;
            Some((RECVFROM, [args[0], addr, len, args[2], 0, 0]))
        }
        // It looks at its time only when a message has come, and would wait for one more.
        RECVMMSG if args[3] & NO_WAIT == 0 && !is_over(args[4], memory) => {
            (next[1], next[2]) = messages_behind(args[1], u64::from(args[2] as u32), done)?;
            Some((RECVMMSG, next))
        }
        SENDMMSG if args[3] & DONT_WAIT == 0 => {
            let count = u64::from(args[2] as u32).min(MOST_SENT);
            (next[1], next[2]) = messages_behind(args[1], count, done)?;
            // One that was sent in part counts, and is the last.
            is_whole(args[1], done, memory)?.then_some((SENDMMSG, next))
        }
        _ => None,
    }
}

/// As [`rest`], of a call that has received `done` bytes of a file which waits for `least`: what is missing of
/// these, or the `ready` bytes that are there beside them.
pub(crate) fn rest_of_least(
    nr: u32,
    args: &Args,
    done: u64,
    least: u64,
    ready: u64,
    memory: &impl Memory,
) -> Option<(u32, Args)> {
    let (part, mut next) = rest(nr, args, done, memory)?;
    let most = match least.saturating_sub(done) {
        0 => ready,
        missing => missing,
    };
    next[2] = next[2].min(most);
    (next[2] > 0).then_some((part, next))
}

/// The same part of a call, to a stream socket: a call that has sent some bytes raises no `SIGPIPE` when the other end
/// is closed.
pub(crate) fn to_stream((part, args): (u32, Args)) -> (u32, Args) {
    let [fd, addr, len, flags, ..] = args;
    match part {
        WRITE => (SENDTO, [fd, addr, len, NO_SIGNAL, 0, 0]),
        SENDTO => (SENDTO, [fd, addr, len, flags | NO_SIGNAL, 0, 0]),
        _ => (part, args),
    }
}

/// What of a buffer is behind its first `done` bytes.
fn behind(addr: u64, len: u64, done: u64) -> Option<(u64, u64)> {
    let left = len.checked_sub(done).filter(|left| *left > 0)?;
    Some((addr.checked_add(done)?, left))
}

/// What of an array of `struct mmsghdr` is behind its first `done` messages.
fn messages_behind(array: u64, count: u64, done: u64) -> Option<(u64, u64)> {
    let left = count.checked_sub(done).filter(|left| *left > 0)?;
    Some((array.checked_add(done.checked_mul(MMSGHDR)?)?, left))
}

/// Is nothing left of the time at an address?
fn is_over(time: u64, memory: &impl Memory) -> bool {
    let mut left = [1; 16];
    memory.read(time, &mut left).is_ok() && left == [0; 16]
}

/// Was the last of the first `done` messages sent whole?
fn is_whole(array: u64, done: u64, memory: &impl Memory) -> Option<bool> {
    let last = array.checked_add(done.checked_sub(1)?.checked_mul(MMSGHDR)?)?;
    let buffers = long_at(memory, last.checked_add(16)?)?;
    let count = long_at(memory, last.checked_add(24)?)?;
    let sent = long_at(memory, last.checked_add(LENGTH)?)? as u32;
    Some(buffer_at(buffers, count, u64::from(sent), memory).is_none())
}

/// What of the buffer that holds byte `done` of an array of `struct iovec` is from there on.
fn buffer_at(array: u64, count: u64, done: u64, memory: &impl Memory) -> Option<(u64, u64)> {
    let mut skip = done;
    for index in 0..count.min(MAX_IOV) {
        let at = array.checked_add(index * 16)?;
        let (addr, len) = (long_at(memory, at)?, long_at(memory, at.checked_add(8)?)?);
        if skip < len {
            return behind(addr, len, skip);
        }
        skip -= len;
    }
    None
}

fn long_at(memory: &impl Memory, addr: u64) -> Option<u64> {
    let mut bytes = [0; 8];
    memory.read(addr, &mut bytes).ok()?;
    Some(u64::from_le_bytes(bytes))
}
