// SPDX-License-Identifier: GPL-2.0-only

//! How many bytes a read of a file waits for, and how long a call waits if its file says so.
//!
//! The file is asked as a program would ask it, with memory for the answers in a window.

use super::unfinished::INTERRUPTED;
use crate::{
    sys::{
        cpu,
        guest::Window,
        mm::PAGE,
        task,
        user::User, //
    },
    syscall::{
        Args,
        Memory, //
    },
};
use kernel::bindings;

/// `SOL_SOCKET`, `SO_RCVLOWAT`, `SO_RCVTIMEO`, `SO_SNDTIMEO`, `SO_PEEK_OFF`.
const SOCKET: u64 = 1;
const LOW_WATER: u64 = 18;
const RECEIVE_TIME: u64 = 20;
const SEND_TIME: u64 = 21;
const PEEK_OFFSET: u64 = 42;

/// `POLLIN`, `POLLOUT`.
const INPUT: u32 = 1;
const OUTPUT: u32 = 4;

/// `-EAGAIN`, `-EINPROGRESS`, `-ERESTARTSYS`.
const AGAIN: i64 = -11;
const IN_PROGRESS: i64 = -115;
const RESTART_SYS: i64 = -512;

const NANOSECONDS_PER_SECOND: u64 = 1_000_000_000;
const NANOSECONDS_PER_US: u64 = 1_000;
/// In these `VTIME` is counted.
const NANOSECONDS_PER_TENTH: u64 = 100_000_000;

const TCGETS: u64 = 0x5401;
const FIONREAD: u64 = 0x541b;

/// `struct termios`: the local flags, and where the control characters begin.
const TERMIOS: usize = 36;
const LOCAL_FLAGS: usize = 12;
const CHARACTERS: usize = 17;
const TIME: usize = CHARACTERS + 5;
const MINIMUM: usize = CHARACTERS + 6;
/// `ICANON`.
const LINES: u32 = 2;

/// The least bytes that a blocking read of the file returns; 1 if one that has some does not wait for more, and if
/// that depends on the time.
pub(super) fn least(fd: u64) -> u64 {
    let least = if task::is_stream(fd) {
        low_water(fd)
    } else if task::writes_in_parts(fd) {
        minimum(fd)
    } else {
        None
    };
    least.unwrap_or(1)
}

/// How many bytes can be read of the file at once, as far as it tells.
pub(super) fn ready(fd: u64) -> u64 {
    let ready = ask(&[0; 4], |at| {
        cpu::call(bindings::__NR_ioctl, &[fd, FIONREAD, at, 0, 0, 0])
    });
    ready.map_or(0, count)
}

/// Does each call that looks at what can be received look at the same, or at what is behind what was looked at?
pub(super) fn peeks_anew(fd: u64) -> bool {
    int_option(fd, PEEK_OFFSET).is_none_or(|offset| i32::from_le_bytes(offset) < 0)
}

/// The time that a file gives a call which waits for it. The kernel counts it anew in each call.
pub(super) struct Limit {
    fd: u64,
    /// What the call waits for.
    events: u32,
    nanoseconds: u64,
    /// The result of the call when that is over.
    pub(super) over: i64,
    /// Its result if a signal ends it before.
    pub(super) interrupted: i64,
}

impl Limit {
    /// That of a call which has done nothing but wait. None without one, and if the file does not tell when the call
    /// gets on.
    pub(super) fn of(nr: u32, args: &Args) -> Option<Self> {
        let fd = args[0];
        match nr {
            bindings::__NR_connect => Self::of_socket(fd, SEND_TIME, OUTPUT, IN_PROGRESS),
            bindings::__NR_accept
            | bindings::__NR_accept4
            | bindings::__NR_recvfrom
            | bindings::__NR_recvmsg
            | bindings::__NR_recvmmsg => Self::of_input(fd),
            bindings::__NR_read | bindings::__NR_readv | bindings::__NR_preadv2 => {
                Self::of_input(fd).or_else(|| Self::of_terminal(fd))
            }
            _ => None,
        }
    }

    fn of_input(fd: u64) -> Option<Self> {
        Self::of_socket(fd, RECEIVE_TIME, INPUT, AGAIN)
            .filter(|_| low_water(fd).is_none_or(|least| least <= 1))
    }

    fn of_socket(fd: u64, name: u64, events: u32, over: i64) -> Option<Self> {
        // `struct timeval`, and behind it its length.
        let time = option::<20>(fd, name)?;
        let (words, _) = time.as_chunks::<8>();
        let word = |at: usize| words.get(at).map_or(0, |word| u64::from_le_bytes(*word));
        let nanoseconds = word(0)
            .checked_mul(NANOSECONDS_PER_SECOND)?
            .checked_add(word(1).checked_mul(NANOSECONDS_PER_US)?)?;
        (nanoseconds > 0).then_some(Self {
            fd,
            events,
            nanoseconds,
            over,
            interrupted: INTERRUPTED,
        })
    }

    /// A read of a terminal that is content with nothing.
    fn of_terminal(fd: u64) -> Option<Self> {
        if !task::writes_in_parts(fd) {
            return None;
        }
        let (minimum, tenths) = minimum_and_time(fd)?;
        (minimum == 0 && tenths > 0).then_some(Self {
            fd,
            events: INPUT,
            nanoseconds: tenths * NANOSECONDS_PER_TENTH,
            over: 0,
            interrupted: RESTART_SYS,
        })
    }

    /// Waits when so many nanoseconds of it are over, and returns the raw result of `ppoll()`: 0 if the others pass.
    /// None if there is no memory to ask.
    pub(super) fn wait(&self, waited: u64) -> Option<i64> {
        let left = self.nanoseconds.saturating_sub(waited);
        // `struct pollfd`, and behind it `struct timespec`.
        let words = [
            u64::from(self.fd as u32) | (u64::from(self.events) << 32),
            left / NANOSECONDS_PER_SECOND,
            left % NANOSECONDS_PER_SECOND,
        ];
        let mut room = [0; 24];
        for (to, word) in room.chunks_exact_mut(8).zip(words) {
            to.copy_from_slice(&word.to_le_bytes());
        }
        let mut result = None;
        let _ = ask(&room, |at| {
            let args = [at, 1, at + 8, 0, 0, 0];
            *result.insert(cpu::call(bindings::__NR_ppoll, &args))
        });
        result
    }
}

fn low_water(fd: u64) -> Option<u64> {
    int_option(fd, LOW_WATER).map(count)
}

/// The value of an option that all sockets have, an `int`.
fn int_option(fd: u64, name: u64) -> Option<[u8; 4]> {
    let [value @ .., _, _, _, _] = option::<8>(fd, name)?;
    Some(value)
}

/// The value of such an option, and behind it its length: `N` bytes in all.
fn option<const N: usize>(fd: u64, name: u64) -> Option<[u8; N]> {
    let mut room = [0; N];
    let len = u32::try_from(N.checked_sub(4)?).ok()?;
    *room.last_chunk_mut()? = len.to_le_bytes();
    ask(&room, |at| {
        let args = [fd, SOCKET, name, at, at + u64::from(len), 0];
        cpu::call(bindings::__NR_getsockopt, &args)
    })
}

/// What a terminal that makes no lines waits for, however long that takes.
fn minimum(fd: u64) -> Option<u64> {
    let (minimum, time) = minimum_and_time(fd)?;
    (time == 0).then_some(minimum)
}

/// `VMIN` and `VTIME` of a terminal that makes no lines.
fn minimum_and_time(fd: u64) -> Option<(u64, u64)> {
    let termios = ask(&[0; TERMIOS], |at| {
        cpu::call(bindings::__NR_ioctl, &[fd, TCGETS, at, 0, 0, 0])
    })?;
    let flags = termios.get(LOCAL_FLAGS..)?.first_chunk()?;
    let raw = u32::from_le_bytes(*flags) & LINES == 0;
    raw.then_some((u64::from(termios[MINIMUM]), u64::from(termios[TIME])))
}

fn count(bytes: [u8; 4]) -> u64 {
    u64::try_from(i32::from_le_bytes(bytes)).unwrap_or(0)
}

/// Makes a call with the address of these bytes, and returns what they are then; none if it fails.
fn ask<const N: usize>(room: &[u8; N], call: impl FnOnce(u64) -> i64) -> Option<[u8; N]> {
    let window = Window::new(PAGE).ok()?;
    let mut bytes = *room;
    User.write(window.addr(), &bytes).ok()?;
    if call(window.addr()) < 0 {
        return None;
    }
    User.read(window.addr(), &mut bytes).ok()?;
    Some(bytes)
}
