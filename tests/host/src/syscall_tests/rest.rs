// SPDX-License-Identifier: GPL-2.0-only

//! Calls that are gone on with: the parts are the whole, and the waits are as long as the one.

use super::{
    calls::nr,
    space::Space, //
};
use crate::syscall::{
    rest::{
        progress,
        rest,
        shorten,
        wanted,
        Progress, //
    },
    Args,
    Memory, //
};
use proptest::prelude::*;

const ARRAY: u64 = 0x1000;
const HEADER: u64 = 0x9000;
const TIME: u64 = 0x7000;
const MORE: u64 = 0x8000;
const DONT_WAIT: u64 = 0x40;
const PEEK: u64 = 0x2;
const WAIT_ALL: u64 = 0x100;
const WAIT_FOR_ONE: u64 = 0x1_0000;

fn number(name: &str) -> u32 {
    u32::try_from(nr(name)).expect("a small number")
}

/// An array of buffers, and the addresses of all their bytes in order.
fn buffers(lens: &[u64]) -> (Space, Vec<u64>) {
    let mut array = Vec::new();
    let mut bytes = Vec::new();
    for (i, len) in (1u64..).zip(lens) {
        let addr = i * 0x10_0000;
        array.extend(addr.to_le_bytes());
        array.extend(len.to_le_bytes());
        bytes.extend(addr..addr + len);
    }
    let mut header = vec![0u8; 56];
    header[16..24].copy_from_slice(&ARRAY.to_le_bytes());
    header[24..32].copy_from_slice(&(lens.len() as u64).to_le_bytes());
    (
        Space::default().map(ARRAY, &array).map(HEADER, &header),
        bytes,
    )
}

/// Makes a call in parts of at most `most` bytes, as `run_write()` does; the addresses that were written.
fn in_parts(name: &str, args: Args, memory: &Space, mut done: u64, most: u64) -> Vec<u64> {
    let mut written = Vec::new();
    while let Some((part, next)) = rest(number(name), &args, done, memory) {
        assert!(["write", "sendto", "recvfrom"]
            .into_iter()
            .any(|call| part == number(call)));
        assert_eq!(next[0], args[0]);
        assert!(wanted(part, &next) > 0, "a part of nothing");
        let len = next[2].min(most);
        written.extend(next[1]..next[1] + len);
        done += len;
    }
    written
}

proptest! {
    #[test]
    fn the_parts_are_the_whole(
        lens in proptest::collection::vec(0u64..5000, 0..8),
        share in 0u64..10_000,
        most in 1u64..9000,
    ) {
        let (memory, bytes) = buffers(&lens);
        let total = bytes.len() as u64;
        let done = total * share / 10_000;
        let left = &bytes[done as usize..];
        let count = lens.len() as u64;
        prop_assert_eq!(
            in_parts("writev", [5, ARRAY, count, 0, 0, 0], &memory, done, most), left);
        prop_assert_eq!(
            in_parts("sendmsg", [5, HEADER, MORE, 0, 0, 0], &memory, done, most), left);
        let flat: Vec<u64> = (0x5000 + done..0x5000 + total).collect();
        prop_assert_eq!(
            &in_parts("write", [5, 0x5000, total, 0, 0, 0], &memory, done, most), &flat);
        prop_assert_eq!(
            &in_parts("sendto", [5, 0x5000, total, 0, 0, 0], &memory, done, most), &flat);
        prop_assert_eq!(
            &in_parts("recvfrom", [5, 0x5000, total, WAIT_ALL, 8, 9], &memory, done, most), &flat);
        prop_assert_eq!(
            in_parts("recvmsg", [5, HEADER, WAIT_ALL, 0, 0, 0], &memory, done, most), left);
    }

    #[test]
    fn waits_end_when_the_one_would(
        seconds in 0u64..1 << 31,
        nanoseconds in 0u64..1_000_000_000,
        waited in 0u64..1 << 62,
    ) {
        for (name, at) in [("rt_sigtimedwait", 2), ("semtimedop", 3), ("epoll_pwait2", 3)] {
            let bytes = [seconds.to_le_bytes(), nanoseconds.to_le_bytes()].concat();
            let mut memory = Space::default().map(TIME, &bytes);
            let (mut program, mut args): (Args, Args) = ([1; 6], [2; 6]);
            (program[at], args[at]) = (0x4000, TIME);
            prop_assert_eq!(progress(number(name), &program), Some(Progress::Time));
            let next = shorten(number(name), &program, &args, waited, &mut memory);
            prop_assert_eq!(next, Some(args));
            let left = memory.long(TIME).unwrap() * 1_000_000_000 + memory.long(TIME + 8).unwrap();
            let whole = seconds * 1_000_000_000 + nanoseconds;
            prop_assert_eq!(left, whole.saturating_sub(waited));
            prop_assert!(memory.long(TIME + 8).unwrap() < 1_000_000_000);
        }
    }
}

#[test]
fn what_cannot_be_continued_is_not() {
    let (memory, bytes) = buffers(&[10, 10]);
    let refused = |name: &str, args: Args| rest(number(name), &args, 1, &memory).is_none();
    assert!(refused("sendto", [5, 0x5000, 9, DONT_WAIT, 0, 0]));
    assert!(refused("sendmsg", [5, HEADER, DONT_WAIT, 0, 0, 0]));
    assert!(refused("read", [5, 0x5000, 9, 0, 0, 0]));
    assert!(refused("write", [5, 0x5000, 1, 0, 0, 0]));
    assert!(refused("writev", [5, 0xdead_0000, 2, 0, 0, 0]));
    assert!(refused("write", [5, u64::MAX, u64::MAX, 0, 0, 0]));
    assert_eq!(bytes.len(), 20);
    assert_eq!(progress(number("read"), &[0; 6]), None);
}

#[test]
fn only_who_waits_for_all_goes_on_receiving() {
    let (memory, _) = buffers(&[10, 10]);
    let go_on = |name: &str, args: Args| {
        let counted = progress(number(name), &args);
        let left = rest(number(name), &args, 3, &memory);
        assert_eq!(counted.is_some(), left.is_some(), "{name}");
        left
    };
    assert_eq!(go_on("recvfrom", [5, 0x5000, 9, 0, 0, 0]), None);
    assert_eq!(
        go_on("recvfrom", [5, 0x5000, 9, WAIT_ALL | PEEK, 0, 0]),
        None
    );
    assert_eq!(go_on("recvmsg", [5, HEADER, 0, 0, 0, 0]), None);
    assert_eq!(go_on("recvmmsg", [5, 0x5000, 9, DONT_WAIT, 0, 0]), None);
    assert_eq!(go_on("recvmmsg", [5, 0x5000, 9, WAIT_FOR_ONE, 0, 0]), None);
    assert_eq!(
        go_on("recvmmsg", [5, 0x5000, 9, 0, 7, 0]),
        Some((number("recvmmsg"), [5, 0x5000 + 3 * 64, 6, 0, 7, 0]))
    );
    let mut control = memory.clone();
    control.write(HEADER + 40, &[1]).expect("mapped memory");
    let recvmsg = [5, HEADER, WAIT_ALL, 0, 0, 0];
    assert_eq!(rest(number("recvmsg"), &recvmsg, 3, &control), None);
}

#[test]
fn a_file_is_sent_on_from_where_its_offset_is() {
    let args = [5, 6, 0x5000, 100, 0, 0];
    let next = rest(number("sendfile"), &args, 30, &Space::default());
    assert_eq!(next, Some((number("sendfile"), [5, 6, 0x5000, 70, 0, 0])));
    assert_eq!(
        rest(number("sendfile"), &args, 100, &Space::default()),
        None
    );
    assert_eq!(wanted(number("sendfile"), &args), 100);
}

#[test]
fn a_wait_in_milliseconds_is_rounded_up() {
    let epoll = number("epoll_wait");
    let mut memory = Space::default();
    let mut left = |timeout: u64, waited| {
        let args = [3, 4, 5, timeout, 0, 0];
        shorten(epoll, &args, &args, waited, &mut memory).map(|next| next[3])
    };
    assert_eq!(left(300, 1), Some(300));
    assert_eq!(left(300, 1_000_000), Some(299));
    assert_eq!(left(300, 299_000_001), Some(1));
    assert_eq!(left(300, 300_000_000), Some(0));
    assert_eq!(left(300, u64::MAX), Some(0));
    assert_eq!(left(u64::from(u32::MAX), 1), None, "no timeout at all");
}

#[test]
fn the_programs_own_memory_is_left_alone() {
    let mut memory = Space::default().map(TIME, &[1; 16]);
    let before = memory.clone();
    let args = [1, 2, TIME, TIME, 5, 6];
    for name in ["rt_sigtimedwait", "semtimedop", "epoll_pwait2"] {
        assert_eq!(shorten(number(name), &args, &args, 77, &mut memory), None);
    }
    // Without a timeout there is no address either.
    let without = [1, 2, 0, 0, 5, 6];
    assert_eq!(
        shorten(number("semtimedop"), &without, &without, 77, &mut memory),
        None
    );
    let mut bytes = [0; 16];
    memory.read(TIME, &mut bytes).unwrap();
    assert_eq!(memory, before);
}
