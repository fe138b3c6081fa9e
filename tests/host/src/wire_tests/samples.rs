// SPDX-License-Identifier: GPL-2.0-only

//! One message of each kind, in which no two fields are the same.

use super::every::encode;
use crate::wire::{
    call::{Call, Reply},
    control::{Leave, Ping, Pong},
    gossip::Gossip,
    image::{Cpu, ImageEnd, ImageStart, Installed, Mm, Signals, Task, Vmas, REGISTERS},
    life::{
        ComeHome, Evict, Fault, Grown, Kill, Pause, Paused, Recall, Resume, Signal, Stale, Usage,
    },
    pages::{Bytes, Done, Fetch, NoPage, Pages, Peek, Poke, UsageAsked},
    prepare::{Abort, Clock, ClockAsked, Commit, Committed, Join, Prepare, Ready, Reason, Refused},
    Kind, Records, Table, PAGE,
};

/// `n` bytes counting up from `from`.
fn count(from: u8, n: usize) -> Vec<u8> {
    (0..n).map(|i| from.wrapping_add(i as u8)).collect()
}

fn array<const N: usize>(from: u8) -> [u8; N] {
    count(from, N).try_into().unwrap()
}

/// A payload of every kind.
pub(super) fn payload(kind: Kind) -> Vec<u8> {
    match kind {
        Kind::Ping => encode(&Ping {}),
        Kind::Pong => encode(&Pong {}),
        Kind::Leave => encode(&Leave {}),
        Kind::Gossip => encode(&Gossip {
            flags: Gossip::ASK,
            zero: 0,
            vectors: Records::new(&count(9, 160)).unwrap(),
        }),
        Kind::Prepare => encode(&Prepare {
            build: array(0x10),
            cpu: 0x3031_3233_3435_3637,
            xfeatures: 0x4041_4243_4445_4647,
            xstate: 0x5051_5253,
            home: 0x6061,
            flags: Prepare::ORDERED,
            pid: 0x7071_7273,
            epoch: 0x8081_8283,
            resident: 0x9091_9293_9495_9697,
            believed: 0xa0a1_a2a3,
            share: 0xb0b1_b2b3,
            nice: -6,
            comm: *b"a name of 16 cha",
        }),
        Kind::Ready => encode(&Ready { token: array(0xa0) }),
        Kind::Refused => encode(&Refused {
            reason: Reason::Memory as u16,
            text: b"512 MiB are too many",
        }),
        Kind::Join => encode(&Join { token: array(0xb0) }),
        Kind::ClockAsked => encode(&ClockAsked {}),
        Kind::Clock => encode(&Clock {
            monotonic: 0x0102_0304_0506_0708,
            boottime: -1,
            realtime: 2,
        }),
        Kind::ImageStart => encode(&ImageStart {}),
        Kind::Mm => encode(&Mm {
            start_brk: 1,
            brk: 2,
            vdso: 3,
        }),
        Kind::Vmas => encode(&Vmas {
            areas: Records::new(&count(1, 96)).unwrap(),
        }),
        Kind::Pages => encode(&Pages::new(0x7fff_0000_1000, &count(3, 2 * PAGE)).unwrap()),
        Kind::Cpu => encode(&Cpu {
            registers: array::<REGISTERS>(1),
            xstate: &count(7, 832),
        }),
        Kind::Signals => encode(&Signals {
            blocked: 0x0102_0304_0506_0708,
            actions: Table::new(&count(5, 64 * 32)).unwrap(),
        }),
        Kind::Task => encode(&Task {
            comm: *b"another name\0\0\0\0",
            rseq: 1,
            rseq_len: 2,
            rseq_sig: 3,
            rseq_cpu: 13,
            rseq_cid: 14,
            rseq_node: 15,
            robust: 4,
            clear_child_tid: 5,
            altstack: 6,
            altstack_size: 7,
            altstack_flags: 8,
            monotonic_ahead: -9,
            boottime_ahead: 10,
            realtime_ahead: -16,
            stack_soft: 11,
            stack_hard: 12,
            space: 17,
            space_pages: 18,
            personality: 19,
        }),
        Kind::ImageEnd => encode(&ImageEnd {
            pages: 0x0102_0304_0506_0708,
        }),
        Kind::Installed => encode(&Installed {
            pages: 0x1112_1314_1516_1718,
        }),
        Kind::Commit => encode(&Commit {}),
        Kind::Committed => encode(&Committed {}),
        Kind::Abort => encode(&Abort {
            reason: Reason::Asked as u16,
            text: b"",
        }),
        Kind::Call => encode(&Call {
            nr: 0x0102_0304,
            flags: 5,
            args: [6, 7, 8, 9, 10, u64::MAX],
            blocked: 11,
            cpu_ns: 12,
            ip: 13,
            sp: 14,
            data: b"/etc/passwd\0",
        }),
        Kind::Reply => encode(&Reply {
            result: -512,
            blocked: 1,
            flags: 2,
            data: b"root",
        }),
        Kind::Signal => encode(&Signal {
            info: array(0x20),
            action: crate::wire::image::Action {
                handler: 1,
                flags: 2,
                restorer: 3,
                mask: 4,
            },
            blocked: 5,
            saved: 6,
            has_saved: 1,
        }),
        Kind::Pause => encode(&Pause {}),
        Kind::Paused => encode(&Paused {
            blocked: 1,
            cpu_ns: 2,
            ip: 3,
            sp: 4,
        }),
        Kind::Resume => encode(&Resume {}),
        Kind::Recall => encode(&Recall { why: 3 }),
        Kind::ComeHome => encode(&ComeHome { why: 4, cpu_ns: 5 }),
        Kind::Stale => encode(&Stale {
            start: 0x7fff_0000_1000,
            len: 0x2000,
            kept: 0x1000,
        }),
        Kind::Grown => encode(&Grown {
            start: 0x7fff_0000_3000,
        }),
        Kind::Usage => encode(&Usage {
            cpu_ns: 7,
            resident: 8,
            peak: 9,
            minor_faults: 10,
            major_faults: 11,
            running: 1,
        }),
        Kind::Kill => encode(&Kill {}),
        Kind::Evict => encode(&Evict {
            why: Reason::Expel as u64,
        }),
        Kind::Fault => encode(&Fault {
            info: array(0x30),
            cpu_ns: 10,
            trap: 11,
            error: 12,
            address: 13,
        }),
        Kind::Fetch => encode(&Fetch {
            addr: 0x7fff_0000_0000,
            count: 16,
            flags: Fetch::TAKE,
        }),
        Kind::NoPage => encode(&NoPage {
            addr: 0x1000,
            count: 3,
            why: NoPage::EMPTY,
        }),
        Kind::Peek => encode(&Peek {
            addr: 0x1234,
            len: 5,
        }),
        Kind::Bytes => encode(&Bytes { data: b"bytes" }),
        Kind::Poke => encode(&Poke {
            addr: 0x1235,
            count: 4,
            data: b"more",
        }),
        Kind::Done => encode(&Done { len: 4 }),
        Kind::UsageAsked => encode(&UsageAsked { nice: -5 }),
    }
}
