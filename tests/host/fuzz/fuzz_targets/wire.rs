// SPDX-License-Identifier: GPL-2.0-only

//! Any bytes as a hello, as a frame, as the arguments of a system call, and as lines of a configuration.

#![no_main]
#![allow(
    dead_code,
    unused_imports,
    reason = "the kernel is what uses these modules"
)]

use libfuzzer_sys::fuzz_target;

#[path = "../../../../openmosix"]
mod pure {
    pub(crate) mod syscall;
    pub(crate) mod wire;
}

#[path = "../../../../openmosix/node"]
mod node {
    pub(crate) mod map;
}

#[path = "../../src/wire_tests/every.rs"]
mod every;

use node::map::lines;
use pure::{syscall, wire};
use wire::{hello::Hello, Header};

/// Number and arguments of a call, and then the request that is to fit them.
fn request(bytes: &[u8]) -> Option<()> {
    let (nr, mut rest) = bytes.split_first_chunk()?;
    let mut args = [0; 6];
    for arg in &mut args {
        let (word, behind) = rest.split_first_chunk()?;
        *arg = u64::from_le_bytes(*word);
        rest = behind;
    }
    let nr = u64::from(u16::from_le_bytes(*nr));
    if let Ok(request) = syscall::Request::parse(nr, &args, rest) {
        assert_eq!(request.bytes(), rest);
    }
    Some(())
}

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
        Some((1, rest)) => lines(rest).for_each(|line| {
            let _ = line;
        }),
        Some((2, rest)) => request(rest).unwrap_or(()),
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
