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
