// SPDX-License-Identifier: GPL-2.0-only

//! Frame headers.

use super::hex;
use crate::wire::{Header, Kind, Malformed};

#[test]
fn golden_header() {
    let header = Header {
        kind: Kind::Call,
        len: 0x0001_0203,
        epoch: 0x1122_3344,
        seq: 0x0102_0304_0506_0708,
    };
    let golden = hex("03020100 4000 0000 44332211 00000000 0807060504030201");
    assert_eq!(header.encode().to_vec(), golden);
    assert_eq!(Header::decode(&header.encode()), Ok(header));
}

#[test]
fn every_kind_survives_up_to_its_limit() {
    for kind in Kind::ALL {
        let len = u32::try_from(kind.max_len()).unwrap();
        let header = Header {
            kind: *kind,
            len,
            epoch: 1,
            seq: u64::MAX,
        };
        assert_eq!(
            Header::decode(&header.encode()),
            Ok(header),
            "{}",
            kind.name()
        );

        let above = Header {
            len: len + 1,
            ..header
        };
        assert_eq!(
            Header::decode(&above.encode()),
            Err(Malformed),
            "{}",
            kind.name()
        );
    }
}

#[test]
fn numbers_are_unique_and_ascend() {
    for pair in Kind::ALL.windows(2) {
        assert!(
            (pair[0] as u16) < pair[1] as u16,
            "{} {}",
            pair[0].name(),
            pair[1].name()
        );
    }
}

#[test]
fn only_known_kinds_are_accepted() {
    let mut known = 0;
    for number in 0..=u16::MAX {
        let mut bytes = Header {
            kind: Kind::Leave,
            len: 0,
            epoch: 0,
            seq: 0,
        }
        .encode();
        bytes[4..6].copy_from_slice(&number.to_le_bytes());
        match Header::decode(&bytes) {
            Ok(header) => {
                assert_eq!(header.kind as u16, number);
                known += 1;
            }
            Err(Malformed) => assert_eq!(Kind::from_number(number), None),
        }
    }
    assert_eq!(known, Kind::ALL.len());
}

#[test]
fn flags_and_padding_must_be_zero() {
    for byte in [6, 7, 12, 13, 14, 15] {
        for bit in 0..8 {
            let mut bytes = Header {
                kind: Kind::Reply,
                len: 100,
                epoch: 9,
                seq: 8,
            }
            .encode();
            bytes[byte] ^= 1 << bit;
            assert_eq!(
                Header::decode(&bytes),
                Err(Malformed),
                "byte {byte} bit {bit}"
            );
        }
    }
}
