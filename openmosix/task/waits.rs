// SPDX-License-Identifier: GPL-2.0-only

//! How many bytes a read of a file waits for.
//!
//! The file is asked as a program would ask it, with memory for the answers in a window.

use crate::{
    sys::{
        cpu,
        guest::Window,
        mm::PAGE,
        task,
        user::User, //
    },
    syscall::Memory,
};
use kernel::bindings;

/// `SOL_SOCKET`, `SO_RCVLOWAT`, `SO_PEEK_OFF`.
const SOCKET: u64 = 1;
const LOW_WATER: u64 = 18;
const PEEK_OFFSET: u64 = 42;

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
    option(fd, PEEK_OFFSET).is_none_or(|offset| i32::from_le_bytes(offset) < 0)
}

fn low_water(fd: u64) -> Option<u64> {
    option(fd, LOW_WATER).map(count)
}

/// The value of an option that all sockets have.
fn option(fd: u64, name: u64) -> Option<[u8; 4]> {
    // The value, and behind it its length.
    let mut room = [0; 8];
    room[4] = 4;
    let [value @ .., _, _, _, _] = ask(&room, |at| {
        let args = [fd, SOCKET, name, at, at + 4, 0];
        cpu::call(bindings::__NR_getsockopt, &args)
    })?;
    Some(value)
}

/// What a terminal that makes no lines waits for, however long that takes.
fn minimum(fd: u64) -> Option<u64> {
    let termios = ask(&[0; TERMIOS], |at| {
        cpu::call(bindings::__NR_ioctl, &[fd, TCGETS, at, 0, 0, 0])
    })?;
    let flags = termios.get(LOCAL_FLAGS..)?.first_chunk()?;
    let waits = u32::from_le_bytes(*flags) & LINES == 0 && termios[TIME] == 0;
    waits.then_some(u64::from(termios[MINIMUM]))
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
