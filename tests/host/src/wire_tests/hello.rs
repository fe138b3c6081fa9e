// SPDX-License-Identifier: GPL-2.0-only

//! The hello, and what is signed.

use super::hex;
use crate::wire::{
    hello::{transcript, Hello, Role, Unfit},
    Purpose, VERSION,
};
use proptest::prelude::*;

const HELLO: Hello = Hello {
    node: 0x0203,
    purpose: Purpose::Process,
    features: 0x0102_0304_0506_0708,
    nonce: [0xee; 32],
};

#[test]
fn golden_hello() {
    let golden = hex("6f70656e4d6f7369 0600 0302 02000000 0807060504030201
         eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee 0000000000000000");
    assert_eq!(HELLO.encode().to_vec(), golden);
}

#[test]
fn hellos_come_back() {
    for purpose in [Purpose::Control, Purpose::Process, Purpose::Pages] {
        let hello = Hello { purpose, ..HELLO };
        assert_eq!(Hello::decode(&hello.encode()), Ok(hello));
    }
}

#[test]
fn another_version_is_told_apart_from_noise() {
    let mut bytes = HELLO.encode();
    bytes[8..10].copy_from_slice(&(VERSION + 1).to_le_bytes());
    // What follows the version is that version's own business.
    bytes[10..].fill(0xff);
    assert_eq!(Hello::decode(&bytes), Err(Unfit::Version(VERSION + 1)));
}

#[test]
fn node_zero_and_unknown_purposes_are_refused() {
    let nobody = Hello { node: 0, ..HELLO };
    assert_eq!(Hello::decode(&nobody.encode()), Err(Unfit::Malformed));
    for purpose in (0..=0x2_0000_u32).filter(|purpose| !(1..=3).contains(purpose)) {
        let mut bytes = HELLO.encode();
        bytes[12..16].copy_from_slice(&purpose.to_le_bytes());
        assert_eq!(
            Hello::decode(&bytes),
            Err(Unfit::Malformed),
            "purpose {purpose}"
        );
    }
}

#[test]
fn proofs_of_both_roles_and_of_all_hellos_differ() {
    let a = HELLO.encode();
    let b = Hello {
        nonce: [0xdd; 32],
        ..HELLO
    }
    .encode();
    let client = transcript(Role::Client, &a, &b);
    assert_eq!(&client[..16], b"openMosix client");
    assert_eq!(client[16..80], a);
    assert_eq!(client[80..], b);
    let roles = [Role::Client, Role::Server, Role::Taken, Role::Closed];
    for (n, one) in roles.into_iter().enumerate() {
        for other in roles.into_iter().skip(n + 1) {
            assert_ne!(transcript(one, &a, &b), transcript(other, &a, &b));
        }
    }
    assert_ne!(client, transcript(Role::Client, &b, &a));
}

proptest! {
    /// Whatever is accepted is said in the only way there is.
    #[test]
    fn accepted_hellos_are_canonical(
        noise in prop::collection::vec(any::<u8>(), 64),
        keep in 0_usize..=64,
    ) {
        let mut bytes = HELLO.encode();
        bytes[keep..].copy_from_slice(&noise[keep..]);
        if let Ok(hello) = Hello::decode(&bytes) {
            prop_assert_eq!(hello.encode(), bytes);
        }
    }
}
