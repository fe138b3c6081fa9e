// SPDX-License-Identifier: GPL-2.0-only

//! Pages: in an image, and one by one on the page lane.

use super::{
    codec::{
        message,
        Field,
        Full,
        Malformed,
        Message,
        Put,
        Reader, //
    },
    Kind,
    BULK,
    PAGE, //
};

/// Bytes of a run of pages before their content.
pub(crate) const HEAD: usize = 16;

/// The addresses of `count` pages that lie one after the other.
pub(crate) fn addresses(addr: u64, count: usize) -> impl Iterator<Item = u64> {
    (0..count as u64).map(move |number| addr.wrapping_add(number.wrapping_mul(PAGE as u64)))
}

/// A run of pages with their content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pages<'a> {
    addr: u64,
    data: &'a [u8],
}

impl<'a> Pages<'a> {
    /// The run of pages at `addr` with the content `data`.
    pub(crate) fn new(addr: u64, data: &'a [u8]) -> Result<Self, Malformed> {
        let len = data.len();
        let whole = data.chunks_exact(PAGE).remainder().is_empty();
        let aligned = addr & (PAGE as u64 - 1) == 0 && whole;
        if !aligned || len == 0 || len > BULK || addr.checked_add(len as u64).is_none() {
            return Err(Malformed);
        }
        Ok(Self { addr, data })
    }

    /// The bytes that go before the content of `count` pages at `addr`.
    pub(crate) fn head(addr: u64, count: u32) -> [u8; HEAD] {
        let head = u128::from(addr) | u128::from(count) << 64;
        head.to_le_bytes()
    }

    /// How many pages there are.
    pub(crate) fn count(&self) -> usize {
        self.data.len() / PAGE
    }

    /// Each page's address and content.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (u64, &'a [u8])> {
        addresses(self.addr, self.count()).zip(self.data.chunks_exact(PAGE))
    }
}

impl<'a> Field<'a> for Pages<'a> {
    const MIN: usize = HEAD + PAGE;

    fn get(from: &mut Reader<'a>) -> Result<Self, Malformed> {
        let addr: u64 = from.get()?;
        let count: u32 = from.get()?;
        let zero: u32 = from.get()?;
        let pages = Self::new(addr, from.rest())?;
        if zero != 0 || pages.count() != count as usize {
            return Err(Malformed);
        }
        Ok(pages)
    }

    fn put(&self, to: &mut dyn Put) -> Result<(), Full> {
        // At most `BULK` bytes, by `new()`.
        to.put(&Self::head(self.addr, self.count() as u32))?;
        to.put(self.data)
    }
}

impl<'a> Message<'a> for Pages<'a> {
    const KIND: Kind = Kind::Pages;
}

message! {
    /// Send me these pages.
    pub(crate) struct Fetch {
        /// User address of the first.
        addr: u64,
        /// How many; fewer may come.
        count: u32,
        /// A set of `Fetch::…` bits.
        flags: u32,
    }

    /// There are no such pages.
    pub(crate) struct NoPage {
        /// User address of the first.
        addr: u64,
        /// How many, for the same reason.
        count: u32,
        /// One of `NoPage::…`.
        why: u32,
    }

    /// Read bytes of user memory.
    pub(crate) struct Peek {
        /// User address.
        addr: u64,
        /// How many bytes, at most [`BULK`].
        len: u64,
    }

    /// The bytes asked for; fewer when the rest cannot be read.
    pub(crate) struct Bytes<'a> {
        /// The bytes.
        data: &'a [u8],
    }

    /// Take these pages back.
    pub(crate) struct Poke<'a> {
        /// User address of the first.
        addr: u64,
        /// How many.
        count: u64,
        /// Their content, at most [`BULK`]; nothing if they got none.
        data: &'a [u8],
    }

    /// What does the guest use? Answered by `Usage`.
    pub(crate) struct UsageAsked {
        /// How nice it is at home.
        nice: i32,
    }

    /// How many bytes were written.
    pub(crate) struct Done {
        /// Bytes.
        len: u64,
    }
}

impl Fetch {
    /// The pages leave the peer: it keeps no copy.
    pub(crate) const TAKE: u32 = 2;
}

impl NoPage {
    /// Nothing is mapped there, or not with these rights, or it cannot be had.
    pub(crate) const FAULT: u32 = 1;
    /// It was never touched: a page of zeros will do.
    pub(crate) const EMPTY: u32 = 2;
}
