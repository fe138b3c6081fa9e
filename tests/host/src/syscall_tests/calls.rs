// SPDX-License-Identifier: GPL-2.0-only

//! Representative calls: forwarded, they do to the program's memory what they do without us.

use super::{
    forward::{
        forward,
        request,
        same,
        Native,
        BASE, //
    },
    space::Space, //
};
use crate::syscall::{
    guest::Fallback,
    home::WINDOW,
    table::TABLE,
    Fault,
    Memory,
    Request,
    UserMemory,
    MAX_DATA, //
};

const A: u64 = 0x1000_0000;
const B: u64 = 0x2000_0123;
const C: u64 = 0x3000_0000;
const EFAULT: i64 = -14;
const ENAMETOOLONG: i64 = -36;
const ERESTARTSYS: i64 = -512;
const RESTART_BLOCK: i64 = -516;

/// The number of a call.
pub(super) fn nr(wanted: &str) -> u64 {
    let nr = (0..).zip(&TABLE).find(|(_, entry)| entry.name == wanted);
    nr.unwrap_or_else(|| panic!("no call {wanted}")).0
}

/// The number of bytes that lie in memory, each different from its neighbour.
pub(super) fn pattern(len: usize, seed: u8) -> Vec<u8> {
    (0..len).map(|i| seed.wrapping_add(i as u8)).collect()
}

/// Turns a fault into the error that a call returns for it.
pub(super) fn errno(result: Result<i64, Fault>) -> i64 {
    result.unwrap_or(EFAULT)
}

/// A checksum, so that a call can tell what it read.
pub(super) fn sum(bytes: &[u8]) -> i64 {
    let sum = bytes.iter().fold(7u32, |sum, byte| {
        sum.wrapping_mul(31).wrapping_add(u32::from(*byte))
    });
    i64::from(sum >> 1)
}

fn sum_of(mem: &Space, addr: u64, len: usize) -> Result<i64, Fault> {
    let mut bytes = vec![0; len];
    mem.read(addr, &mut bytes)?;
    Ok(sum(&bytes))
}

const WRITE: Native = |args, mem| errno(sum_of(mem, args[1], args[2] as usize));
const READ_ALL: Native = |args, mem| {
    errno(
        mem.write(args[1], &pattern(args[2] as usize, 3))
            .map(|()| args[2] as i64),
    )
};
const READ_7: Native = |args, mem| errno(mem.write(args[1], &pattern(7, 3)).map(|()| 7));
const INTERRUPTED: Native = |_, _| ERESTARTSYS;

#[test]
fn write_carries_exact_bytes() {
    let guest = Space::default().map_read_only(A, &pattern(5000, 1));
    for len in [1, 15, 16, 511, 512, 4095, 4096, 4999] {
        assert!(same(nr("write"), &[1, A + 1, len, 0, 0, 0], &guest, WRITE) > 0);
    }
    let bytes = request(1, &[1, A, 100, 0, 0, 0], &guest).unwrap();
    assert_eq!(bytes.len(), 2 + 16 + 100);
}

#[test]
fn read_returns_as_much_as_was_read() {
    let guest = Space::default().map(B, &[0x55; 9000]);
    assert_eq!(same(0, &[0, B, 9000, 0, 0, 0], &guest, READ_ALL), 9000);
    assert_eq!(same(0, &[0, B + 3, 100, 0, 0, 0], &guest, READ_7), 7);
    // What a failed call left in the window stays there.
    assert_eq!(same(0, &[0, B, 100, 0, 0, 0], &guest, INTERRUPTED), -512);
}

#[test]
fn nothing_to_carry_keeps_the_pointers() {
    const POINTER: Native = |args, _| (args[1] & 0xffff) as i64;
    let guest = Space::default();
    // A length of zero, at an address where nothing is; and no address at all.
    assert_eq!(same(0, &[0, 0xdead, 0, 0, 0, 0], &guest, POINTER), 0xdead);
    assert_eq!(same(0, &[0, 0, 100, 0, 0, 0], &guest, POINTER), 0);
}

#[test]
fn memory_that_faults_is_left_to_the_call() {
    let guest = Space::default().map_read_only(A, &[0; 64]);
    // Not mapped to the end; not writable.
    assert_eq!(
        request(1, &[1, A, 65, 0, 0, 0], &guest),
        Err(Fallback::Fault)
    );
    assert_eq!(
        request(0, &[0, A, 64, 0, 0, 0], &guest),
        Err(Fallback::Fault)
    );
    // A string that runs into nothing.
    let guest = Space::default().map(A, b"/etc/pass");
    assert_eq!(
        request(2, &[A, 0, 0, 0, 0, 0], &guest),
        Err(Fallback::Fault)
    );
}

#[test]
fn more_than_a_request_takes_is_left_to_home() {
    let guest = Space::default().map(A, &vec![0; MAX_DATA + 1]);
    let len = MAX_DATA as u64;
    assert!(request(1, &[1, A, len, 0, 0, 0], &guest).is_ok());
    assert_eq!(
        request(1, &[1, A, len + 1, 0, 0, 0], &guest),
        Err(Fallback::TooLarge)
    );
    assert_eq!(
        request(1, &[1, A, u64::MAX, 0, 0, 0], &guest),
        Err(Fallback::TooLarge)
    );
}

/// What `getname()` does.
fn path(mem: &Space, addr: u64) -> Result<Option<Vec<u8>>, Fault> {
    let len = mem.string_len(addr, 4096)?;
    Ok((len < 4096).then(|| mem.bytes(addr, len)))
}

const OPENAT: Native =
    |args, mem| errno(path(mem, args[1]).map(|path| path.map_or(ENAMETOOLONG, |path| sum(&path))));

#[test]
fn openat_carries_its_path() {
    let mut bytes = b"/etc/passwd\0".to_vec();
    bytes.extend([b'x'; 5000]);
    bytes.push(0);
    let guest = Space::default().map(A, &bytes);
    let openat = nr("openat");
    assert_eq!(
        same(openat, &[0, A, 0, 0, 0, 0], &guest, OPENAT),
        sum(b"/etc/passwd")
    );
    // Empty, and longer than any path.
    assert_eq!(
        same(openat, &[0, A + 11, 0, 0, 0, 0], &guest, OPENAT),
        sum(b"")
    );
    assert_eq!(
        same(openat, &[0, A + 12, 0, 0, 0, 0], &guest, OPENAT),
        ENAMETOOLONG
    );
    // One byte of slack decides.
    let slack = A + 12 + 5000;
    assert_eq!(
        same(openat, &[0, slack - 4095, 0, 0, 0, 0], &guest, OPENAT),
        sum(&[b'x'; 4095])
    );
    assert_eq!(
        same(openat, &[0, slack - 4096, 0, 0, 0, 0], &guest, OPENAT),
        ENAMETOOLONG
    );
}

#[test]
fn stat_fills_its_structure_only_when_it_succeeds() {
    const STAT: Native = |args, mem| {
        errno(path(mem, args[0]).and_then(|_| mem.write(args[1], &pattern(144, 9)).map(|()| 0)))
    };
    const ENOENT: Native = |args, mem| errno(mem.write(args[1], &[0; 8]).map(|()| -2));
    let guest = Space::default().map(A, b"/\0").map(B, &[1; 200]);
    assert_eq!(same(nr("stat"), &[A, B, 0, 0, 0, 0], &guest, STAT), 0);
    let mut guest = guest.clone();
    let before = guest.clone();
    assert_eq!(
        forward(nr("stat"), &[A, B, 0, 0, 0, 0], &mut guest, ENOENT),
        Ok(-2)
    );
    assert_eq!(guest, before);
}

/// The elements of an array of `struct iovec`.
pub(super) fn elements(mem: &Space, array: u64, count: u64) -> Result<Vec<(u64, u64)>, Fault> {
    (0..count)
        .map(|i| Ok((mem.long(array + 16 * i)?, mem.long(array + 16 * i + 8)?)))
        .collect()
}

/// Spreads bytes over the elements of an array.
pub(super) fn scatter(mem: &mut Space, iov: &[(u64, u64)], mut bytes: &[u8]) -> Result<i64, Fault> {
    let len = bytes.len();
    for (base, room) in iov {
        let (now, later) = bytes.split_at(bytes.len().min(*room as usize));
        mem.write(*base, now)?;
        bytes = later;
    }
    Ok((len - bytes.len()) as i64)
}

pub(super) fn gather(mem: &Space, iov: &[(u64, u64)]) -> Result<Vec<u8>, Fault> {
    let mut bytes = Vec::new();
    for (base, len) in iov.iter().filter(|(_, len)| *len > 0) {
        let start = bytes.len();
        bytes.resize(start + *len as usize, 0);
        mem.read(*base, &mut bytes[start..])?;
    }
    Ok(bytes)
}

/// The bytes of an array of `struct iovec`.
pub(super) fn iovecs(elements: &[(u64, u64)]) -> Vec<u8> {
    elements
        .iter()
        .flat_map(|(base, len)| [base.to_le_bytes(), len.to_le_bytes()])
        .flatten()
        .collect()
}

const READV_10: Native = |args, mem| {
    errno(elements(mem, args[1], args[2]).and_then(|iov| {
        let iov: Vec<_> = iov.into_iter().filter(|(_, len)| *len > 0).collect();
        scatter(mem, &iov, &pattern(10, 40))
    }))
};
const WRITEV: Native = |args, mem| {
    errno(
        elements(mem, args[1], args[2])
            .and_then(|iov| gather(mem, &iov))
            .map(|bytes| sum(&bytes)),
    )
};

#[test]
fn vectors_are_rewritten_and_scattered() {
    let iov = [(B, 3), (0, 0), (0xbad, 0), (B + 50, 4), (B + 100, 100)];
    let guest = Space::default()
        .map_read_only(A, &iovecs(&iov))
        .map(B, &pattern(300, 200));
    assert_eq!(same(nr("readv"), &[0, A, 5, 0, 0, 0], &guest, READV_10), 10);
    assert!(same(nr("writev"), &[0, A, 5, 0, 0, 0], &guest, WRITEV) > 0);
    // Elements that overlap are written in their order.
    let iov = [(B, 6), (B + 2, 6)];
    let guest = Space::default()
        .map(A, &iovecs(&iov))
        .map(B, &pattern(30, 200));
    assert_eq!(
        same(nr("preadv"), &[0, A, 2, 0, 0, 0], &guest, READV_10),
        10
    );
}

#[test]
fn vectors_that_are_too_long_are_left_to_home() {
    let iov = iovecs(&vec![(B, 1); 1025]);
    let guest = Space::default().map(A, &iov).map(B, &[0; 16]);
    assert!(same(nr("writev"), &[0, A, 1024, 0, 0, 0], &guest, WRITEV) > 0);
    assert_eq!(
        request(nr("writev"), &[0, A, 1025, 0, 0, 0], &guest),
        Err(Fallback::TooLarge)
    );
    let guest = Space::default().map(A, &iovecs(&[(B, 1 << 63), (B, 1 << 63)]));
    assert_eq!(
        request(nr("readv"), &[0, A, 2, 0, 0, 0], &guest),
        Err(Fallback::TooLarge)
    );
}

#[test]
fn poll_updates_its_array_even_when_interrupted() {
    const POLL: Native = |args, mem| {
        errno((0..args[1] & 0xffff_ffff).try_fold(0, |ready, i| {
            let fd = mem.int(args[0] + 8 * i)?;
            mem.write(args[0] + 8 * i + 6, &(fd as u16).to_le_bytes())?;
            Ok(ready + 1)
        }))
    };
    const CUT: Native = |args, mem| {
        POLL(args, mem);
        RESTART_BLOCK
    };
    let guest = Space::default().map(A, &pattern(8 * 5, 60));
    // The count is an unsigned int: what is above it in the register means nothing.
    let args = [A, 0xabcd_0000_0005, 0, 0, 0, 0];
    assert_eq!(same(nr("poll"), &args, &guest, POLL), 5);
    assert_eq!(same(nr("poll"), &args, &guest, CUT), RESTART_BLOCK);
}

#[test]
fn an_interrupted_call_can_name_the_programs_pointers() {
    let guest = Space::default().map(A, &[0; 16]).map(B, &[0; 16]);
    let args = [A, B, 0, 0, 0, 0];
    let sent = request(nr("nanosleep"), &args, &guest).unwrap();
    let request = Request::parse(nr("nanosleep"), &args, &sent).unwrap();
    let placed = request.place(BASE, &mut super::forward::window()).unwrap();
    assert_ne!(placed.args()[1], B);
    assert_eq!(placed.user_address(placed.args()[1]), Some(B));
    assert_eq!(placed.user_address(placed.args()[0] + 15), Some(A + 15));
    assert_eq!(placed.user_address(placed.args()[1] + 16), None);
    assert_eq!(placed.user_address(BASE + 0x10_0000), None);
}

#[test]
fn a_call_that_goes_on_finds_what_it_has_done() {
    let (first, last) = (pattern(300, 5), pattern(50, 99));
    let guest = Space::default().map(A, &first).map(B, &[0; 600]);
    let iov = iovecs(&[(A, 300), (B, 600)]);
    let mut guest = guest.map(C, &iov);
    guest.write(B, &last).unwrap();
    let (number, args) = (nr("readv"), [3, C, 2, 0, 0, 0]);
    let sent = request(number, &args, &guest).unwrap();
    let request = Request::parse(number, &args, &sent).unwrap();
    // Home has the window and the program's memory in one space.
    let mut home = guest.clone().map(BASE, &vec![0xee; WINDOW]);
    let placed = request.place(BASE, &mut home).unwrap();
    let window = home.clone();
    placed.take_up(350, &window, &mut home).unwrap();
    let len = placed.reply_len(350, &home).unwrap();
    let mut reply = vec![0; len];
    placed.reply(350, &home, &mut reply).unwrap();
    assert_eq!(reply[len - 350..], [first, last].concat());
}

#[test]
fn select_takes_whole_longs() {
    // Clears the first byte of each set and takes a second off the timeout.
    const SELECT: Native = |args, mem| {
        errno((|| {
            for set in &args[1..4] {
                if *set != 0 {
                    mem.write(*set, &[0; 16])?;
                }
            }
            if args[4] != 0 {
                let left = mem.long(args[4])? - 1;
                mem.write(args[4], &left.to_le_bytes())?;
            }
            Ok(1)
        })())
    };
    let guest = Space::default()
        .map(A, &[0xff; 24])
        .map(B, &[0xff; 16])
        .map(C, &[9; 16]);
    let select = nr("select");
    assert_eq!(same(select, &[65, A, B, 0, C, 0], &guest, SELECT), 1);
    assert_eq!(same(select, &[128, A, A, 0, 0, 0], &guest, SELECT), 1);
    // A third long would not fit B.
    assert_eq!(
        request(select, &[129, A, B, 0, C, 0], &guest),
        Err(Fallback::Fault)
    );
    // A negative count is the call's to refuse, which it does without looking.
    const EINVAL: Native = |args, _| if args[1] == A { -22 } else { 0 };
    assert_eq!(
        same(select, &[0xffff_ffff, A, B, 0, 0, 0], &guest, EINVAL),
        -22
    );
}

#[test]
fn select_looks_at_no_more_than_the_table_has() {
    // The first of two sets that overlap, behind the 64 descriptors that there may be, is the other one.
    let (high, low) = (A + 8, A);
    let (number, args) = (nr("select"), [1024, high, low, 0, 0, 0]);
    let mut guest = Space::default().map(A, &[0xff; 200]);
    let sent = request(number, &args, &guest).unwrap();
    let mut home = super::forward::window();
    let placed = Request::parse(number, &args, &sent)
        .unwrap()
        .place(BASE, &mut home)
        .unwrap();
    assert_eq!(placed.within(2048).args()[0], 1024);
    let placed = placed.within(64);
    assert_eq!(placed.args()[0], 64);
    home.write(placed.args()[1], &[1; 8]).unwrap();
    home.write(placed.args()[2], &[2; 8]).unwrap();
    let mut reply = vec![0; placed.reply_len(2, &home).unwrap()];
    placed.reply(2, &home, &mut reply).unwrap();
    let request = Request::parse(number, &args, &sent).unwrap();
    request.finish(&reply, &mut guest).unwrap();
    let written = [[2; 8], [1; 8], [0xff; 8]].concat();
    assert_eq!(guest.bytes(low, 24), written);
    // A call that has failed has written to none.
    assert!(placed.reply_len(-9, &home).unwrap() < 32);
    // A negative count is the call's to refuse.
    let args = [0xffff_ffff, high, low, 0, 0, 0];
    let sent = super::forward::request(number, &args, &guest).unwrap();
    let placed = Request::parse(number, &args, &sent)
        .unwrap()
        .place(BASE, &mut home)
        .unwrap();
    assert_eq!(placed.within(64).args()[0], 0xffff_ffff);
}

#[test]
fn pselect6_carries_the_mask_behind_the_pair() {
    const PSELECT: Native = |args, mem| {
        errno((|| {
            let mask = mem.long(args[5])?;
            let len = mem.long(args[5] + 8)?;
            sum_of(mem, mask, len as usize)
        })())
    };
    let pair = iovecs(&[(B, 8)]);
    let guest = Space::default().map(A, &pair).map(B, &pattern(8, 77));
    assert_eq!(
        same(nr("pselect6"), &[0, 0, 0, 0, 0, A], &guest, PSELECT),
        sum(&pattern(8, 77))
    );
}

#[test]
fn ioctl_and_fcntl_are_described_by_command() {
    const TCGETS: Native = |args, mem| errno(mem.write(args[2], &pattern(36, 8)).map(|()| 0));
    const SETLK: Native = |args, mem| errno(sum_of(mem, args[2], 32));
    const VALUE: Native = |args, _| args[2] as i64;
    let guest = Space::default().map(A, &[1; 64]);
    assert_eq!(
        same(nr("ioctl"), &[0, 0x5401, A, 0, 0, 0], &guest, TCGETS),
        0
    );
    // The request is an unsigned int.
    let high = 0xffff_ffff_0000_5401;
    assert_eq!(same(nr("ioctl"), &[0, high, A, 0, 0, 0], &guest, TCGETS), 0);
    assert_eq!(
        request(nr("ioctl"), &[0, 0x4b4b, A, 0, 0, 0], &guest),
        Err(Fallback::Undescribed)
    );
    assert!(same(nr("fcntl"), &[0, 6, A, 0, 0, 0], &guest, SETLK) > 0);
    assert_eq!(
        same(nr("fcntl"), &[0, 4, 0x800, 0, 0, 0], &guest, VALUE),
        0x800
    );
}

#[test]
fn waiting_writes_nothing_when_it_finds_nobody() {
    const NOBODY: Native = |_, _| 0;
    const CHILD: Native = |args, mem| errno(mem.write(args[1], &[7; 4]).map(|()| 99));
    let guest = Space::default().map(A, &pattern(200, 1));
    let args = [u64::MAX, A, 1, 0, 0, 0];
    assert_eq!(same(nr("wait4"), &args, &guest, NOBODY), 0);
    assert_eq!(same(nr("wait4"), &args, &guest, CHILD), 99);
    // Fields of a structure are written one by one; what is between them stays.
    const FIELDS: Native = |args, mem| {
        errno((|| {
            for field in [0, 4, 8, 16, 20, 24] {
                mem.write(args[2] + field, &[0; 4])?;
            }
            Ok(0)
        })())
    };
    assert_eq!(same(nr("waitid"), &[0, 0, A, 4, 0, 0], &guest, FIELDS), 0);
}

#[test]
fn counted_results_come_back_whole() {
    const EVENTS: Native = |args, mem| errno(mem.write(args[1], &pattern(24, 1)).map(|()| 2));
    const GROUPS: Native = |args, mem| errno(mem.write(args[1], &pattern(12, 1)).map(|()| 3));
    const MSGRCV: Native = |args, mem| errno(mem.write(args[1], &pattern(13, 1)).map(|()| 5));
    let guest = Space::default().map(A, &[0; 1200]);
    assert_eq!(
        same(nr("epoll_wait"), &[3, A, 100, 0, 0, 0], &guest, EVENTS),
        2
    );
    assert_eq!(
        same(nr("getgroups"), &[32, A, 0, 0, 0, 0], &guest, GROUPS),
        3
    );
    assert_eq!(same(nr("msgrcv"), &[1, A, 100, 0, 0, 0], &guest, MSGRCV), 5);
}

#[test]
fn alignment_of_buffers_is_kept() {
    const PAGE_OFFSET: Native = |args, _| (args[1] & 4095) as i64;
    let guest = Space::default().map(A, &vec![0; 20000]);
    for offset in [0, 512, 1024, 4095] {
        let args = [0, A + offset, 8192, 0, 0, 0];
        assert_eq!(same(1, &args, &guest, PAGE_OFFSET), offset as i64);
        let args = [0, A + offset, 512, 0, 0, 0];
        assert_eq!(
            forward(1, &args, &mut guest.clone(), PAGE_OFFSET).unwrap() & 511,
            (offset & 511) as i64
        );
    }
}
