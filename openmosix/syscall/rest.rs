// SPDX-License-Identifier: GPL-2.0-only

//! What is left of a call that ended before it was done.
//!
//! A move ends a blocked call as a signal does. Most calls have done nothing by then and are simply made
//! once more. Those here have come some way: they have written a part of their bytes to a pipe, a socket or
//! a terminal, received a part of all that they wait for, or waited for a part of their time.

use super::{
    memory::Memory,
    param::register,
    walk::MAX_IOV,
    Args, //
};

const WRITE: u32 = 1;
const WRITEV: u32 = 20;
const SENDFILE: u32 = 40;
const SENDTO: u32 = 44;
pub(super) const RECVFROM: u32 = 45;
const SENDMSG: u32 = 46;
pub(super) const RECVMSG: u32 = 47;
const RT_SIGTIMEDWAIT: u32 = 128;
const SEMTIMEDOP: u32 = 220;
const EPOLL_WAIT: u32 = 232;
const EPOLL_PWAIT: u32 = 281;
const RECVMMSG: u32 = 299;
const EPOLL_PWAIT2: u32 = 441;

/// `MSG_NOSIGNAL` and `MSG_MORE`: with any other flag, a part is not continued by a part.
const PLAIN_FLAGS: u64 = 0x4000 | 0x8000;
/// `MSG_WAITALL`.
const WAIT_ALL: u64 = 0x100;
/// `MSG_NOSIGNAL` and `MSG_CMSG_CLOEXEC`: with any other flag beside [`WAIT_ALL`], a part is returned.
const WAIT_ALL_FLAGS: u64 = WAIT_ALL | 0x4000 | 0x4000_0000;
/// `MSG_DONTWAIT` and `MSG_WAITFORONE`: what is there is enough.
const NO_WAIT: u64 = 0x40 | 0x1_0000;

/// `sizeof(struct mmsghdr)`.
const MMSGHDR: u64 = 64;

const NANOSECONDS_PER_MS: u64 = 1_000_000;
const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;

/// What the progress of a call is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Progress {
    /// Bytes that it has written; its result counts them.
    Written,
    /// Bytes that have gone to or from a stream socket, of all that it waits for; its result counts them.
    Streamed,
    /// Messages that it has received; its result counts them.
    Messages,
    /// The time that it has waited, of the time that it was given.
    Time,
}

/// Do the flags of a call say that it waits for all the bytes that it has room for?
fn waits_for_all(flags: u64) -> bool {
    let flags = flags & u64::from(u32::MAX);
    flags & WAIT_ALL != 0 && flags & !WAIT_ALL_FLAGS == 0
}

/// How the progress of this call is counted, if it can be continued at all.
pub(crate) fn progress(nr: u32, args: &Args) -> Option<Progress> {
    match nr {
        WRITE | WRITEV | SENDTO | SENDMSG => Some(Progress::Written),
        // To anything else it returns what went at once.
        SENDFILE => Some(Progress::Streamed),
        RECVFROM if waits_for_all(args[3]) => Some(Progress::Streamed),
        RECVMSG if waits_for_all(args[2]) => Some(Progress::Streamed),
        RECVMMSG if args[3] & NO_WAIT == 0 => Some(Progress::Messages),
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
        _ => args[2],
    }
}

/// The arguments of a call that has waited for so many nanoseconds: its timeout is shorter. `None` if it has
/// none, or one in the program's own memory.
///
/// `program` are the arguments as the program knows them; `args` point to home's copies, which may be changed.
pub(crate) fn shorten(
    nr: u32,
    program: &Args,
    args: &Args,
    waited: u64,
    memory: &mut impl Memory,
) -> Option<Args> {
    let mut next = *args;
    let argument = match nr {
        EPOLL_WAIT | EPOLL_PWAIT => {
            let timeout = u64::try_from(register(args, 3) as u32 as i32).ok()?;
            let left = (timeout * NANOSECONDS_PER_MS).saturating_sub(waited);
            next[3] = left.div_ceil(NANOSECONDS_PER_MS);
            return Some(next);
        }
        RT_SIGTIMEDWAIT => 2,
        _ => 3,
    };
    let addr = register(args, argument);
    if addr == register(program, argument) {
        return None;
    }
    let nanoseconds_at = addr.checked_add(8)?;
    let timeout = long_at(memory, addr)?
        .checked_mul(NANOSECONDS_PER_SECOND)?
        .checked_add(long_at(memory, nanoseconds_at)?)?;
    let left = timeout.saturating_sub(waited);
    let (seconds, nanoseconds) = (left / NANOSECONDS_PER_SECOND, left % NANOSECONDS_PER_SECOND);
    memory.write(addr, &seconds.to_le_bytes()).ok()?;
    memory
        .write(nanoseconds_at, &nanoseconds.to_le_bytes())
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
        WRITEV => {
            let (addr, len) = buffer_at(args[1], args[2], done, memory)?;
            Some((WRITE, [args[0], addr, len, 0, 0, 0]))
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
        RECVFROM if waits_for_all(args[3]) => {
            let (addr, len) = behind(args[1], args[2], done)?;
            Some((RECVFROM, [args[0], addr, len, args[3], 0, 0]))
        }
        RECVMSG if waits_for_all(args[2]) => {
            // What came beside the bytes marks their end.
            if long_at(memory, args[1].checked_add(40)?)? != 0 {
                return None;
            }
            let array = long_at(memory, args[1].checked_add(16)?)?;
            let count = long_at(memory, args[1].checked_add(24)?)?;
            let (addr, len) = buffer_at(array, count, done, memory)?;
            Some((RECVFROM, [args[0], addr, len, args[2], 0, 0]))
        }
        RECVMMSG if args[3] & NO_WAIT == 0 => {
            let count = u64::from(args[2] as u32);
            next[1] = args[1].checked_add(done.checked_mul(MMSGHDR)?)?;
            next[2] = count.checked_sub(done).filter(|left| *left > 0)?;
            Some((RECVMMSG, next))
        }
        _ => None,
    }
}

/// What of a buffer is behind its first `done` bytes.
fn behind(addr: u64, len: u64, done: u64) -> Option<(u64, u64)> {
    let left = len.checked_sub(done).filter(|left| *left > 0)?;
    Some((addr.checked_add(done)?, left))
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
