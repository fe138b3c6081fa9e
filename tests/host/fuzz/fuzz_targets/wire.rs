// SPDX-License-Identifier: GPL-2.0-only

//! Any bytes as a hello, as a frame, and as lines of a configuration.

#![no_main]
#![allow(
    dead_code,
    unused_imports,
    reason = "the kernel is what uses these modules"
)]

use libfuzzer_sys::fuzz_target;

#[path = "../../../../openmosix"]
mod pure {
    pub(crate) mod wire;
}

#[path = "../../../../openmosix/node"]
mod node {
    pub(crate) mod map;
}

#[path = "../../src/wire_tests/every.rs"]
mod every;

use node::map::lines;
use pure::wire;
use wire::{hello::Hello, Header};

/// The first byte says what the rest is.
fn one(data: &[u8]) {
    match data.split_first() {
        Some((0, rest)) => {
            if let Some(bytes) = rest.first_chunk() {
                if let Ok(hello) = Hello::decode(bytes) {
                    assert_eq!(hello.encode(), *bytes);
                }
            }
        }
        Some((1, rest)) => lines(rest).for_each(|line| drop(line)),
        Some((_, rest)) => {
            let Some((bytes, payload)) = rest.split_first_chunk() else {
                return;
            };
            if let Ok(header) = Header::decode(bytes) {
                assert_eq!(header.encode(), *bytes);
                if let Ok(again) = every::decode(header.kind, payload) {
                    assert_eq!(again, payload);
                }
            }
        }
        None => (),
    }
}

fuzz_target!(|data: &[u8]| one(data));
