// SPDX-License-Identifier: GPL-2.0-only

//! Calls on sockets, whose structures point at others: forwarded, they do to the program's memory
//! what they do without us.

use super::{
    calls::{
        elements,
        errno,
        gather,
        iovecs,
        nr,
        pattern,
        scatter,
        sum, //
    },
    forward::{
        request,
        same,
        Native, //
    },
    space::Space, //
};
use crate::syscall::{
    describe,
    guest::Fallback,
    Fault,
    Memory, //
};

const A: u64 = 0x1000_0000;
const B: u64 = 0x2000_0123;
const C: u64 = 0x3000_0000;
const EAGAIN: i64 = -11;

/// A message of 20 bytes from an address of 16 bytes.
const RECVFROM: Native = |args, mem| {
    errno((|| {
        let len = args[2].min(20);
        mem.write(args[1], &pattern(len as usize, 5))?;
        if args[4] != 0 {
            let room = mem.int(args[5])?;
            mem.write(args[4], &pattern(room.min(16) as usize, 90))?;
            mem.write(args[5], &16u32.to_le_bytes())?;
        }
        Ok(len as i64)
    })())
};

#[test]
fn recvfrom_respects_the_room_for_the_address() {
    let recvfrom = nr("recvfrom");
    for room in [0u32, 1, 15, 16, 17, 100] {
        let guest = Space::default()
            .map(A, &[1; 64])
            .map(B, &[2; 100])
            .map(C, &room.to_le_bytes());
        assert_eq!(same(recvfrom, &[0, A, 64, 0, B, C], &guest, RECVFROM), 20);
        assert_eq!(same(recvfrom, &[0, A, 8, 0, 0, 0], &guest, RECVFROM), 8);
    }
    // With MSG_TRUNC the result does not say what was written.
    assert_eq!(describe(recvfrom, &[0, A, 4, 0x20, 0, 0]), None);
    assert_eq!(describe(nr("recvmsg"), &[0, A, 0x20, 0, 0, 0]), None);
    // No room for the address.
    let guest = Space::default()
        .map(A, &[1; 64])
        .map(B, &[2; 15])
        .map(C, &16u32.to_le_bytes());
    assert_eq!(
        request(recvfrom, &[0, A, 64, 0, B, C], &guest),
        Err(Fallback::Fault)
    );
    assert_eq!(
        request(recvfrom, &[0, A, 64, 0, B, 0], &guest),
        Err(Fallback::Fault)
    );
}

#[test]
fn getsockopt_updates_buffer_and_length() {
    const GETSOCKOPT: Native = |args, mem| {
        errno((|| {
            let room = mem.int(args[4])?.min(4);
            mem.write(args[3], &pattern(room as usize, 33))?;
            mem.write(args[4], &room.to_le_bytes())?;
            Ok(0)
        })())
    };
    let guest = Space::default()
        .map(A, &[1; 64])
        .map(C, &64u32.to_le_bytes());
    let args = [3, 1, 4, A, C, 0];
    assert_eq!(same(nr("getsockopt"), &args, &guest, GETSOCKOPT), 0);
    // Their buffers do not tell their length in bytes.
    for (level, option) in [(1, 26), (0, 41), (0, 48), (41, 48)] {
        assert_eq!(
            request(nr("getsockopt"), &[3, level, option, A, C, 0], &guest),
            Err(Fallback::Undescribed)
        );
    }
}

/// The bytes of a `struct msghdr`.
pub(super) fn msghdr(name: (u64, u32), iov: (u64, u64), control: (u64, u64)) -> Vec<u8> {
    [
        name.0,
        u64::from(name.1),
        iov.0,
        iov.1,
        control.0,
        control.1,
        0xa5a5_a5a5_1234_5678,
    ]
    .iter()
    .flat_map(|long| long.to_le_bytes())
    .collect()
}

/// A message of 10 bytes, from a name of 8, with 12 bytes of control data.
const RECVMSG: Native = |args, mem| {
    errno((|| {
        let msg = args[1];
        let iov = elements(mem, mem.long(msg + 16)?, mem.long(msg + 24)?)?;
        let len = scatter(mem, &iov, &pattern(10, 50))?;
        let control = mem.long(msg + 40)?.min(12);
        if control > 0 {
            mem.write(mem.long(msg + 32)?, &pattern(control as usize, 70))?;
        }
        if mem.long(msg)? != 0 {
            let room = mem.int(msg + 8)?.min(8);
            mem.write(mem.long(msg)?, &pattern(room as usize, 99))?;
            mem.write(msg + 8, &8u32.to_le_bytes())?;
        }
        mem.write(msg + 48, &0x40u32.to_le_bytes())?;
        mem.write(msg + 40, &control.to_le_bytes())?;
        Ok(len)
    })())
};
const SENDMSG: Native = |args, mem| errno(sum_of_message(mem, args[1]));

fn sum_of_message(mem: &Space, msg: u64) -> Result<i64, Fault> {
    let iov = elements(mem, mem.long(msg + 16)?, mem.long(msg + 24)?)?;
    let mut bytes = gather(mem, &iov)?;
    bytes.extend(mem.bytes(mem.long(msg)?, mem.int(msg + 8)? as usize));
    bytes.extend(mem.bytes(mem.long(msg + 32)?, mem.long(msg + 40)? as usize));
    Ok(sum(&bytes))
}

#[test]
fn messages_travel_with_name_control_and_vector() {
    for (name, control) in [(0, 0), (3, 5), (8, 12), (50, 60)] {
        let header = msghdr((B, name), (A + 100, 3), (B + 64, control));
        let guest = Space::default()
            .map(A, &header)
            .map(
                A + 100,
                &iovecs(&[(B + 200, 4), (B + 220, 4), (B + 240, 40)]),
            )
            .map(B, &pattern(300, 11));
        let args = [3, A, 0, 0, 0, 0];
        assert!(same(nr("sendmsg"), &args, &guest, SENDMSG) > 0);
        assert_eq!(same(nr("recvmsg"), &args, &guest, RECVMSG), 10);
        assert_eq!(same(nr("recvmsg"), &args, &guest, |_, _| EAGAIN), EAGAIN);
    }
}

#[test]
fn several_messages_travel_at_once() {
    // Sends all but the last.
    const SENDMMSG: Native = |args, mem| {
        errno((0..args[2] - 1).try_fold(0, |sent, i| {
            let msg = args[1] + 64 * i;
            let sum = sum_of_message(mem, msg)? as u32;
            mem.write(msg + 56, &sum.to_le_bytes())?;
            Ok(sent + 1)
        }))
    };
    let mut headers = Vec::new();
    let mut vectors = Vec::new();
    for i in 0..3 {
        let at = B + 100 * i;
        headers.extend(msghdr((at, 9), (C + 32 * i, 2), (at + 20, 3)));
        headers.extend(pattern(8, 180));
        vectors.extend(iovecs(&[(at + 40, 5), (at + 60, 11)]));
    }
    let guest = Space::default()
        .map(A, &headers)
        .map(B, &pattern(400, 21))
        .map(C, &vectors);
    let args = [3, A, 3, 0, 0, 0];
    assert_eq!(same(nr("sendmmsg"), &args, &guest, SENDMMSG), 2);
}
