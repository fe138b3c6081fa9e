// SPDX-License-Identifier: GPL-2.0-only

//! How the errors of pure code become errors of the kernel.

use kernel::prelude::*;

use crate::wire::{
    Full,
    Malformed,
    Put, //
};

impl From<Malformed> for Error {
    fn from(_: Malformed) -> Self {
        EPROTO
    }
}

impl From<Full> for Error {
    fn from(_: Full) -> Self {
        ENOMEM
    }
}

/// A [`Put`] that grows with what is appended.
pub(crate) struct Growing<'a>(pub &'a mut KVVec<u8>);

impl Put for Growing<'_> {
    fn put(&mut self, bytes: &[u8]) -> core::result::Result<(), Full> {
        self.0
            .extend_from_slice(bytes, GFP_KERNEL)
            .map_err(|_| Full)
    }
}
