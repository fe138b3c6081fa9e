// SPDX-License-Identifier: GPL-2.0-only

//! Calls that are gone on with: the parts are the whole, and the waits are as long as the one.

use super::{
    calls::nr,
    space::Space, //
};
use crate::syscall::{
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
};
use proptest::prelude::*;

const ARRAY: u64 = 0x1000;
const HEADER: u64 = 0x9000;
const TIME: u64 = 0x7000;
const PLACE: u64 = 0x8000;
const MORE: u64 = 0x8000;
const DONT_WAIT: u64 = 0x40;
const PEEK: u64 = 0x2;
const DISCARD: u64 = 0x20;
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
        assert!(["read", "write", "sendto", "recvfrom"]
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
        for name in ["pwritev2", "readv", "preadv2"] {
            prop_assert_eq!(
                in_parts(name, [5, ARRAY, count, u64::MAX, 0, 0], &memory, done, most), left);
        }
        prop_assert_eq!(
            in_parts("sendmsg", [5, HEADER, MORE, 0, 0, 0], &memory, done, most), left);
        let flat: Vec<u64> = (0x5000 + done..0x5000 + total).collect();
        prop_assert_eq!(
            &in_parts("write", [5, 0x5000, total, 0, 0, 0], &memory, done, most), &flat);
        prop_assert_eq!(
            &in_parts("read", [5, 0x5000, total, 0, 0, 0], &memory, done, most), &flat);
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
        for (name, at, unit) in [
            ("select", 4, 1_000),
            ("pselect6", 4, 1),
            ("ppoll", 2, 1),
            ("rt_sigtimedwait", 2, 1),
            ("semtimedop", 3, 1),
            ("epoll_pwait2", 3, 1),
        ] {
            let bytes = [seconds.to_le_bytes(), (nanoseconds / unit).to_le_bytes()].concat();
            let mut memory = Space::default().map_read_only(TIME, &bytes).map(PLACE, &[7; 16]);
            let mut args: Args = [2; 6];
            args[at] = TIME;
            prop_assert_eq!(progress(number(name), &args), Some(Progress::Time));
            let next = shorten(number(name), &args, waited, PLACE, &mut memory);
            args[at] = PLACE;
            prop_assert_eq!(next, Some(args));
            let fraction = memory.long(PLACE + 8).unwrap() * unit;
            let left = memory.long(PLACE).unwrap() * 1_000_000_000 + fraction;
            let whole = seconds * 1_000_000_000 + nanoseconds / unit * unit;
            let exact = whole.saturating_sub(waited);
            prop_assert!((exact..exact + unit).contains(&left), "{} is not {}", left, exact);
            prop_assert!(fraction < 1_000_000_000);
        }
    }
}

#[test]
fn what_cannot_be_continued_is_not() {
    let (memory, bytes) = buffers(&[10, 10]);
    let refused = |name: &str, args: Args| rest(number(name), &args, 1, &memory).is_none();
    assert!(refused("sendto", [5, 0x5000, 9, DONT_WAIT, 0, 0]));
    assert!(refused("sendmsg", [5, HEADER, DONT_WAIT, 0, 0, 0]));
    assert!(refused("read", [5, 0x5000, 1, 0, 0, 0]));
    assert!(refused("pread64", [5, 0x5000, 9, 0, 0, 0]));
    assert!(refused("write", [5, 0x5000, 1, 0, 0, 0]));
    assert!(refused("writev", [5, 0xdead_0000, 2, 0, 0, 0]));
    assert!(refused("write", [5, u64::MAX, u64::MAX, 0, 0, 0]));
    assert_eq!(bytes.len(), 20);
    assert_eq!(progress(number("pread64"), &[0; 6]), None);
    for name in ["preadv2", "pwritev2"] {
        let counted = |offset, flags| progress(number(name), &[5, ARRAY, 2, offset, 0, flags]);
        assert!(counted(u64::MAX, 0).is_some());
        assert_eq!(counted(0, 0), None, "{name}: a file has offsets");
        assert_eq!(counted(u64::MAX, 8), None, "{name}: it does not wait");
    }
}

#[test]
fn a_write_without_signals_goes_on_without() {
    let (memory, _) = buffers(&[10, 10]);
    let args = [5, ARRAY, 2, u64::MAX, 0, 0x100];
    let part = (number("sendto"), [5, 0x10_0003, 7, 0x4000, 0, 0]);
    assert_eq!(progress(number("pwritev2"), &args), Some(Progress::Written));
    assert_eq!(rest(number("pwritev2"), &args, 3, &memory), Some(part));
}

#[test]
fn a_read_gets_the_least_and_what_comes_with_it() {
    let (memory, _) = buffers(&[4, 10]);
    let part = |name: &str, args: Args, done, least, ready| {
        let part = rest_of_least(number(name), &args, done, least, ready, &memory);
        part.map(|(_, next)| (next[1], next[2]))
    };
    let read = [5, 0x5000, 20, 0, 0, 0];
    assert_eq!(part("read", read, 2, 5, 9), Some((0x5002, 3)));
    assert_eq!(part("read", read, 5, 5, 9), Some((0x5005, 9)));
    assert_eq!(part("read", read, 5, 5, 0), None);
    assert_eq!(part("read", read, 5, 5, 99), Some((0x5005, 15)));
    assert_eq!(part("read", read, 20, 5, 99), None);
    assert_eq!(part("recvfrom", read, 19, 50, 0), Some((0x5013, 1)));
    // Of several buffers, one for each part.
    let readv = [5, ARRAY, 2, 0, 0, 0];
    assert_eq!(part("readv", readv, 3, 9, 0), Some((0x10_0003, 1)));
    assert_eq!(part("readv", readv, 4, 9, 0), Some((0x20_0000, 5)));
}

#[test]
fn only_who_waits_for_more_goes_on_receiving() {
    let (memory, _) = buffers(&[10, 10]);
    let go_on = |name: &str, args: Args| {
        let counted = progress(number(name), &args);
        let left = rest(number(name), &args, 3, &memory);
        assert_eq!(counted.is_some(), left.is_some(), "{name}");
        left
    };
    let more = Some((number("recvfrom"), [5, 0x5003, 6, 0, 0, 0]));
    assert_eq!(go_on("recvfrom", [5, 0x5000, 9, 0, 0, 0]), more);
    assert_eq!(go_on("recvfrom", [5, 0x5000, 9, DONT_WAIT, 0, 0]), None);
    let peek = [5, 0x5000, 9, WAIT_ALL | PEEK, 7, 8];
    assert_eq!(go_on("recvfrom", peek), Some((number("recvfrom"), peek)));
    assert_eq!(progress(number("recvfrom"), &peek), Some(Progress::Peeked));
    assert_eq!(rest(number("recvfrom"), &peek, 9, &memory), None);
    assert_eq!(go_on("recvfrom", [5, 0x5000, 9, PEEK, 0, 0]), None);
    assert_eq!(
        go_on("recvfrom", [5, 0x5000, 9, WAIT_ALL | DISCARD, 0, 0]),
        Some((number("recvfrom"), [5, 0x5003, 6, WAIT_ALL | DISCARD, 0, 0]))
    );
    assert_eq!(
        go_on("recvmsg", [5, HEADER, WAIT_ALL | PEEK, 0, 0, 0]),
        None
    );
    assert_eq!(go_on("recvmsg", [5, HEADER, PEEK, 0, 0, 0]), None);
    assert_eq!(go_on("recvmmsg", [5, 0x5000, 9, DONT_WAIT, 0, 0]), None);
    assert_eq!(go_on("recvmmsg", [5, 0x5000, 9, WAIT_FOR_ONE, 0, 0]), None);
    assert_eq!(
        go_on("recvmmsg", [5, 0x5000, 9, 0, 7, 0]),
        Some((number("recvmmsg"), [5, 0x5000 + 3 * 64, 6, 0, 7, 0]))
    );
    let over = memory.clone().map(TIME, &[0; 16]).map(PLACE, &[1; 16]);
    let timed = |time| rest(number("recvmmsg"), &[5, 0x5000, 9, 0, time, 0], 3, &over);
    assert_eq!(timed(TIME), None, "its time is over");
    assert!(timed(PLACE).is_some());
    let mut control = memory.clone();
    control.write(HEADER + 32, &[1]).expect("mapped memory");
    let recvmsg = [5, HEADER, WAIT_ALL, 0, 0, 0];
    assert_eq!(rest(number("recvmsg"), &recvmsg, 3, &control), None);
}

#[test]
fn messages_are_sent_on_from_the_first_that_was_not() {
    const MESSAGES: u64 = 0xa000;
    let (mut memory, _) = buffers(&[4, 0, 6]);
    let mut message = [0u8; 64];
    message[16..24].copy_from_slice(&ARRAY.to_le_bytes());
    message[24] = 3;
    // What is behind the length of a message means nothing.
    message[56..].copy_from_slice(&[10, 0, 0, 0, 7, 7, 7, 7]);
    memory = memory.map(MESSAGES, &message.repeat(3));
    let sendmmsg = number("sendmmsg");
    let args = |count, flags| [5, MESSAGES, count, flags, 0, 0];
    let left = |memory: &Space, args: Args, done| {
        assert_eq!(wanted(sendmmsg, &args), args[2]);
        rest(sendmmsg, &args, done, memory).map(|(part, next)| {
            assert_eq!(part, sendmmsg);
            (next[1], next[2], next[3])
        })
    };
    assert_eq!(
        left(&memory, args(3, MORE), 2),
        Some((MESSAGES + 2 * 64, 1, MORE))
    );
    assert_eq!(left(&memory, args(3, 0), 3), None);
    assert_eq!(left(&memory, args(3, DONT_WAIT), 2), None);
    assert_eq!(progress(sendmmsg, &args(3, DONT_WAIT)), None);
    assert_eq!(progress(sendmmsg, &args(3, 0)), Some(Progress::Messages));
    // No call sends more than so many.
    assert_eq!(
        left(&memory, args(5000, 0), 2),
        Some((MESSAGES + 2 * 64, 1022, 0))
    );
    // The second was cut off within its last buffer: it is the end.
    memory
        .write(MESSAGES + 64 + 56, &[9])
        .expect("mapped memory");
    assert_eq!(left(&memory, args(3, 0), 2), None);
}

#[test]
fn what_is_left_raises_no_signal_at_a_stream() {
    const NO_SIGNAL: u64 = 0x4000;
    let (memory, _) = buffers(&[10, 10]);
    let part = |name: &str, args: Args| {
        to_stream(rest(number(name), &args, 3, &memory).expect("something is left"))
    };
    let sent = |addr, len, flags| (number("sendto"), [5, addr, len, flags, 0, 0]);
    assert_eq!(
        part("write", [5, 0x5000, 9, 1, 2, 3]),
        sent(0x5003, 6, NO_SIGNAL)
    );
    assert_eq!(
        part("writev", [5, ARRAY, 2, 1, 2, 3]),
        sent(0x10_0003, 7, NO_SIGNAL)
    );
    assert_eq!(
        part("sendmsg", [5, HEADER, MORE, 0, 0, 0]),
        sent(0x10_0003, 7, MORE | NO_SIGNAL)
    );
    assert_eq!(
        part("sendto", [5, 0x5000, 9, NO_SIGNAL, 0, 0]),
        sent(0x5003, 6, NO_SIGNAL)
    );
    let file = [5, 6, 0x5000, 100, 0, 0];
    assert_eq!(
        part("sendfile", file).1,
        [5, 6, 0x5000, 97, 0, 0],
        "it sends as often as before"
    );
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
fn the_next_call_tells_why_a_connection_has_ended() {
    const RESET: i64 = -104;
    const FAULT: i64 = -14;
    const AGAIN: i64 = -11;
    let left = |name: &str, args: Args, result| {
        let counted = progress(number(name), &args).expect("it goes on");
        left_error(counted, number(name), result)
    };
    for name in ["write", "sendto", "sendmsg", "read", "recvfrom"] {
        assert_eq!(left(name, [0; 6], RESET), Some(104), "{name}");
        assert_eq!(left(name, [0; 6], FAULT), None, "{name}");
        assert_eq!(left(name, [0; 6], 0), None, "{name}");
    }
    for name in ["sendfile", "splice", "sendmmsg"] {
        assert_eq!(left(name, [0; 6], RESET), None, "{name}");
    }
    assert_eq!(left("recvmmsg", [0; 6], FAULT), Some(14));
    assert_eq!(left("recvmmsg", [0; 6], AGAIN), None);
}

#[test]
fn what_is_in_a_pipe_is_sent_on_and_no_more_is_waited_for() {
    let splice = number("splice");
    let args = [5, 0, 6, 0, 100, 1];
    assert_eq!(progress(splice, &args), Some(Progress::Streamed));
    assert_eq!(stream(splice, &args), 6);
    let next = rest(splice, &args, 30, &Space::default());
    assert_eq!(next, Some((splice, [5, 0, 6, 0, 70, 3])));
    assert_eq!(rest(splice, &args, 100, &Space::default()), None);
    assert_eq!(wanted(splice, &args), 100);
}

#[test]
fn a_wait_in_milliseconds_is_rounded_up() {
    let epoll = number("epoll_wait");
    let mut memory = Space::default();
    let mut left = |timeout: u64, waited| {
        let args = [3, 4, 5, timeout, 0, 0];
        shorten(epoll, &args, waited, PLACE, &mut memory).map(|next| next[3])
    };
    assert_eq!(left(300, 1), Some(300));
    assert_eq!(left(300, 1_000_000), Some(299));
    assert_eq!(left(300, 299_000_001), Some(1));
    assert_eq!(left(300, 300_000_000), Some(0));
    assert_eq!(left(300, u64::MAX), Some(0));
    assert_eq!(left(u64::from(u32::MAX), 1), None, "no timeout at all");
}

#[test]
fn who_waits_for_ever_does_so_again() {
    let mut memory = Space::default().map(PLACE, &[1; 16]);
    let before = memory.clone();
    // Without a timeout there is no address; and the time is not to be had if it cannot be read.
    for timeout in [0, TIME] {
        let args = [1, 2, timeout, timeout, timeout, 6];
        for name in ["select", "ppoll", "rt_sigtimedwait", "semtimedop"] {
            let next = shorten(number(name), &args, 77, PLACE, &mut memory);
            assert_eq!(next, None, "{name}");
        }
    }
    assert_eq!(memory, before);
}
