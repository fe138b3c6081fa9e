// SPDX-License-Identifier: GPL-2.0-only

//! Bytes that no honest peer sends.

use super::{
    calls::{
        iovecs,
        nr, //
    },
    forward::{
        request,
        window,
        BASE, //
    },
    sockets::msghdr,
    space::Space, //
};
use crate::syscall::{
    request::{
        Broken,
        Malformed, //
    },
    Args,
    Request, //
};

const A: u64 = 0x1000_0000;
const B: u64 = 0x2000_0000;

/// A sender with a bit of everything: a vector, a name, control data.
fn message() -> (u64, Args, Vec<u8>) {
    let guest = Space::default()
        .map(A, &msghdr((B, 8), (A + 100, 2), (B + 16, 24)))
        .map(A + 100, &iovecs(&[(B + 64, 10), (B + 80, 20)]))
        .map(B, &[3; 200]);
    let args = [3, A, 0, 0, 0, 0];
    let bytes = request(nr("sendmsg"), &args, &guest).unwrap();
    (nr("sendmsg"), args, bytes)
}

#[test]
fn truncated_requests_are_refused() {
    let (nr, args, bytes) = message();
    assert!(Request::parse(nr, &args, &bytes).is_ok());
    for len in 0..bytes.len() {
        assert!(Request::parse(nr, &args, &bytes[..len]).is_err(), "{len}");
    }
    let mut longer = bytes.clone();
    longer.push(0);
    assert_eq!(
        Request::parse(nr, &args, &longer).unwrap_err(),
        Malformed::Length
    );
}

#[test]
fn changed_headers_are_refused() {
    let (nr, args, bytes) = message();
    let headers = 2 + 16 * 6;
    for byte in 0..headers {
        for bit in 0..8 {
            let mut changed = bytes.clone();
            changed[byte] ^= 1 << bit;
            assert!(Request::parse(nr, &args, &changed).is_err(), "{byte}.{bit}");
        }
    }
}

#[test]
fn data_that_leads_elsewhere_is_refused() {
    let (nr, args, bytes) = message();
    let msghdr = 2 + 16 * 6;
    // The number of elements, and the length of the control data.
    for field in [24, 40] {
        for value in [0, 1, 3, 1025, u64::MAX] {
            let mut changed = bytes.clone();
            changed[msghdr + field..msghdr + field + 8].copy_from_slice(&value.to_le_bytes());
            assert!(
                Request::parse(nr, &args, &changed).is_err(),
                "{field} {value}"
            );
        }
    }
}

#[test]
fn strings_end_where_they_say() {
    let guest = Space::default().map(A, b"/tmp\0");
    let args = [A, 0, 0, 0, 0, 0];
    let bytes = request(2, &args, &guest).unwrap();
    for (at, byte) in [(bytes.len() - 1, b'x'), (bytes.len() - 3, 0)] {
        let mut changed = bytes.clone();
        changed[at] = byte;
        assert_eq!(
            Request::parse(2, &args, &changed).unwrap_err(),
            Malformed::Segment
        );
    }
}

#[test]
fn other_registers_need_other_bytes() {
    let guest = Space::default().map(A, &[1; 64]);
    let bytes = request(1, &[1, A, 64, 0, 0, 0], &guest).unwrap();
    for args in [
        [1, A, 63, 0, 0, 0],
        [1, A + 1, 64, 0, 0, 0],
        [1, 0, 64, 0, 0, 0],
    ] {
        assert!(Request::parse(1, &args, &bytes).is_err());
    }
    // Undescribed calls, holes and numbers outside the table carry nothing.
    for nr in [57, 350, 473, u64::MAX] {
        assert_eq!(
            Request::parse(nr, &[0; 6], &[0, 0]).unwrap_err(),
            Malformed::Undescribed
        );
    }
}

#[test]
fn lengths_cannot_overflow() {
    let mut bytes = vec![1, 0];
    bytes.extend([1, 2, 0, 0, 255, 255, 255, 255]);
    bytes.extend(A.to_le_bytes());
    for len in [1 << 20, 0xffff_ffff, 0x1_0000_0000, u64::MAX] {
        assert!(Request::parse(0, &[0, A, len, 0, 0, 0], &bytes).is_err());
    }
    // A pollfd array whose size wraps around in 64 bits would need 61 bits; the count has 32.
    let poll = [A, u64::MAX, 0, 0, 0, 0];
    assert_eq!(
        Request::parse(7, &poll, &[0, 0]).unwrap_err(),
        Malformed::TooLarge
    );
}

#[test]
fn a_window_that_is_not_there_is_a_fault() {
    let guest = Space::default().map(A, &[1; 64]);
    let args = [1, A, 64, 0, 0, 0];
    let bytes = request(1, &args, &guest).unwrap();
    let request = Request::parse(1, &args, &bytes).unwrap();
    let mut nothing = Space::default();
    assert!(matches!(
        request.place(BASE, &mut nothing),
        Err(Broken::Fault)
    ));
    assert!(matches!(
        request.place(BASE + 16, &mut window()),
        Err(Broken::Fault)
    ));
    assert!(matches!(
        request.place(!4095, &mut window()),
        Err(Broken::Fault)
    ));
}

#[test]
fn replies_write_only_where_the_call_does() {
    let mut guest = Space::default().map(A, &[1; 64]);
    let args = [0, A, 16, 0, 0, 0];
    let sent = request(0, &args, &guest).unwrap();
    let before = guest.clone();
    let reply = |count: u16, lens: &[u32], data: &[u8]| {
        let mut reply = count.to_le_bytes().to_vec();
        reply.extend(lens.iter().flat_map(|len| len.to_le_bytes()));
        reply.extend(data);
        reply
    };
    for bad in [
        vec![],
        vec![0],
        reply(0, &[], &[]),
        reply(2, &[1, 1], &[9; 2]),
        reply(1, &[], &[]),
        reply(1, &[17], &[9; 17]),
        reply(1, &[16], &[9; 15]),
        reply(1, &[16], &[9; 17]),
        reply(1, &[u32::MAX], &[9; 16]),
        reply(0xffff, &[0; 4], &[]),
    ] {
        let request = Request::parse(0, &args, &sent).unwrap();
        assert!(matches!(
            request.finish(&bad, &mut guest),
            Err(Broken::Malformed(_))
        ));
        assert_eq!(guest, before);
    }
    let request = Request::parse(0, &args, &sent).unwrap();
    let good = reply(1, &[16], &[9; 16]);
    assert_eq!(request.finish(&good, &mut guest), Ok(()));
    assert_eq!(guest.bytes(A, 17), [[9; 16].as_slice(), &[1]].concat());
    // Memory that went away meanwhile.
    assert_eq!(
        request.finish(&good, &mut Space::default()),
        Err(Broken::Fault)
    );
}
