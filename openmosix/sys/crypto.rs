// SPDX-License-Identifier: GPL-2.0-only

//! Keys, proofs and nonces.
//!
//! C header: [`include/crypto/sha2.h`](srctree/include/crypto/sha2.h)

use kernel::{
    bindings,
    ffi::c_void, //
};

/// Bytes of a key, and of a proof.
pub(crate) const SIZE: usize = 32;

/// A secret. It is wiped when dropped, and nothing prints it.
pub(crate) struct Secret([u8; SIZE]);

impl Secret {
    /// Takes over these bytes; the caller's copy is wiped.
    pub(crate) fn take(bytes: &mut [u8; SIZE]) -> Self {
        let secret = Self(*bytes);
        wipe(bytes);
        secret
    }

    /// The HMAC-SHA256 of `data` with this key.
    pub(crate) fn hmac(&self, data: &[u8]) -> [u8; SIZE] {
        let mut proof = [0; SIZE];
        // SAFETY: All pointers are valid for their lengths, and `proof` has the size of a SHA-256.
        unsafe {
            bindings::hmac_sha256_usingrawkey(
                self.0.as_ptr(),
                SIZE,
                data.as_ptr(),
                data.len(),
                proof.as_mut_ptr(),
            )
        };
        proof
    }

    /// Whether both are the same key.
    pub(crate) fn same(&self, other: &Secret) -> bool {
        same(&self.0, &other.0)
    }
}

impl Drop for Secret {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

/// Compares in a time that does not depend on the content.
pub(crate) fn same(a: &[u8; SIZE], b: &[u8; SIZE]) -> bool {
    // SAFETY: Both are valid for `SIZE` bytes.
    unsafe {
        bindings::crypto_memneq(
            a.as_ptr().cast::<c_void>(),
            b.as_ptr().cast::<c_void>(),
            SIZE,
        ) == 0
    }
}

/// Overwrites secret bytes.
pub(crate) fn wipe(bytes: &mut [u8]) {
    // SAFETY: `bytes` is valid for its length.
    unsafe { bindings::memzero_explicit(bytes.as_mut_ptr().cast::<c_void>(), bytes.len()) };
}

/// Fresh random bytes.
pub(crate) fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    // SAFETY: `bytes` is valid for its length.
    unsafe { bindings::get_random_bytes(bytes.as_mut_ptr().cast::<c_void>(), N) };
    bytes
}

#[cfg(CONFIG_OPENMOSIX_KUNIT_TEST)]
#[kernel::macros::kunit_tests(openmosix_crypto)]
mod tests {
    use super::*;

    /// The second test case of RFC 4231. A key that is filled up with zeros is the same key.
    const KEY: [u8; SIZE] = *b"Jefe\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
    const DATA: &[u8] = b"what do ya want for nothing?";
    const PROOF: [u8; SIZE] = [
        0x5b, 0xdc, 0xc1, 0x46, 0xbf, 0x60, 0x75, 0x4e, 0x6a, 0x04, 0x24, 0x26, 0x08, 0x95, 0x75,
        0xc7, 0x5a, 0x00, 0x3f, 0x08, 0x9d, 0x27, 0x39, 0x83, 0x9d, 0xec, 0x58, 0xb9, 0x64, 0xec,
        0x38, 0x43,
    ];

    #[test]
    fn proofs_are_hmac_sha256() {
        let mut bytes = KEY;
        let key = Secret::take(&mut bytes);
        assert_eq!(bytes, [0; SIZE]);
        assert!(same(&key.hmac(DATA), &PROOF));
        assert!(!same(&key.hmac(b"something else"), &PROOF));
        assert!(key.same(&Secret::take(&mut { KEY })));
        assert!(!key.same(&Secret::take(&mut { PROOF })));
    }

    #[test]
    fn every_bit_counts_in_a_comparison() {
        for byte in 0..SIZE {
            for bit in 0..8 {
                let mut other = PROOF;
                if let Some(byte) = other.get_mut(byte) {
                    *byte ^= 1 << bit;
                }
                assert!(!same(&PROOF, &other));
            }
        }
    }

    #[test]
    fn randomness_differs() {
        assert!(random::<16>() != random::<16>());
    }
}
