// SPDX-License-Identifier: GPL-2.0-only

//! Frames: what an authenticated connection consists of.
//!
//! ```text
//!  0       4       6       8      12      16              24
//!  | len   | kind  | flags | epoch | zero  | seq           | payload, len bytes
//! ```

use super::{
    codec::{
        Malformed,
        Reader, //
    },
    gossip::{
        Vector,
        VECTORS, //
    },
    prepare::TEXT,
    BULK, //
};

/// Room for the fixed fields beside bulk data.
const FIELDS: usize = 64 << 10;

/// Declares the kinds of frames: name, number, and the greatest length of its payload.
macro_rules! kinds {
    ( $( $(#[$meta:meta])* $name:ident = $number:literal, max $max:expr; )* ) => {
        /// What a frame is.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        pub(crate) enum Kind {
            $( $(#[$meta])* $name = $number, )*
        }

        impl Kind {
            /// All kinds, in the order of their numbers.
            #[cfg(test)]
            pub(crate) const ALL: &'static [Kind] = &[$( Kind::$name, )*];

            /// The kind with this number, if there is one.
            pub(crate) const fn from_number(number: u16) -> Option<Self> {
                match number {
                    $( $number => Some(Kind::$name), )*
                    _ => None,
                }
            }

            /// The most bytes that a payload of this kind may have.
            pub(crate) const fn max_len(self) -> usize {
                match self {
                    $( Kind::$name => $max, )*
                }
            }

            /// Its name.
            #[cfg(test)]
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $( Kind::$name => stringify!($name), )*
                }
            }
        }
    };
}

kinds! {
    // Between nodes.

    /// Answer at once.
    Ping = 0x0001, max 0;
    /// I leave the cluster.
    Leave = 0x0002, max 0;
    /// This is what I know of nodes.
    Gossip = 0x0003, max 8 + VECTORS * Vector::SIZE;
    /// The answer.
    Pong = 0x0004, max 0;

    // Whether a process may come.

    /// May this process come?
    Prepare = 0x0010, max 256;
    /// It may.
    Ready = 0x0011, max 16;
    /// It may not, and why.
    Refused = 0x0012, max 2 + TEXT;
    /// This is the page lane of that process.
    Join = 0x0013, max 16;

    /// What do your clocks say?
    ClockAsked = 0x0014, max 0;
    /// They say this.
    Clock = 0x0015, max 24;

    // The image of a process.

    /// An image follows.
    ImageStart = 0x0020, max 0;
    /// Numbers of its address space.
    Mm = 0x0021, max 512;
    /// Areas of its address space.
    Vmas = 0x0023, max BULK;
    /// Pages of its memory.
    Pages = 0x0024, max BULK + FIELDS;
    /// Its registers.
    Cpu = 0x0025, max 32 << 10;
    /// Signal mask and actions.
    Signals = 0x0026, max 4 << 10;
    /// All else about the task.
    Task = 0x0027, max 1024;
    /// That was all.
    ImageEnd = 0x0028, max 64;
    /// The image is in place.
    Installed = 0x0029, max 16;

    // Who owns the process.

    /// The process is yours now.
    Commit = 0x0030, max 16;
    /// It is mine now.
    Committed = 0x0031, max 16;
    /// The move is off, and why.
    Abort = 0x0032, max 2 + TEXT;

    // The life of a guest.

    /// Do this system call for me.
    Call = 0x0040, max BULK + FIELDS;
    /// It is done.
    Reply = 0x0041, max BULK + FIELDS;
    /// Deliver this signal: at home, if the guest leaves before it could.
    Signal = 0x0042, max 512;
    /// Stand still.
    Pause = 0x0043, max 0;
    /// I stand.
    Paused = 0x0044, max 32;
    /// Go on.
    Resume = 0x0045, max 16;
    /// Leave your node, and why.
    Recall = 0x0046, max 16;
    /// I leave, and why; the image follows.
    ComeHome = 0x0047, max 64;
    /// These pages of files have changed.
    Stale = 0x0048, max 24;
    /// CPU time, memory and page faults.
    Usage = 0x0049, max 48;
    /// Die at once.
    Kill = 0x004a, max 0;
    /// My stack has grown.
    Grown = 0x004b, max 16;
    /// A fault of the program that has no handler.
    Fault = 0x004c, max 256;
    /// Take this guest away from my node, and why.
    Evict = 0x004d, max 16;

    // Pages.

    /// Send me these pages.
    Fetch = 0x0060, max 16;
    /// There are no such pages, and why.
    NoPage = 0x0061, max 16;
    /// Read some bytes.
    Peek = 0x0062, max 16;
    /// The bytes.
    Bytes = 0x0063, max BULK + FIELDS;
    /// Take these pages back.
    Poke = 0x0064, max BULK + FIELDS;
    /// That is done.
    Done = 0x0065, max 16;
    /// How much CPU time was used?
    UsageAsked = 0x0066, max 4;
}

/// What stands before each payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    /// What the frame is.
    pub(crate) kind: Kind,
    /// Bytes of payload.
    pub(crate) len: u32,
    /// The move that it belongs to; those of an old move are dropped.
    pub(crate) epoch: u32,
    /// Pairs requests with replies.
    pub(crate) seq: u64,
}

impl Header {
    /// Bytes on the wire.
    pub(crate) const SIZE: usize = 24;

    /// The bytes to send.
    pub(crate) fn encode(&self) -> [u8; Self::SIZE] {
        let fields = u128::from(self.len)
            | u128::from(self.kind as u16) << 32
            | u128::from(self.epoch) << 64;
        let mut bytes = [0; Self::SIZE];
        let (head, seq) = bytes.split_at_mut(16);
        head.copy_from_slice(&fields.to_le_bytes());
        seq.copy_from_slice(&self.seq.to_le_bytes());
        bytes
    }

    /// Reads and checks a header.
    pub(crate) fn decode(bytes: &[u8; Self::SIZE]) -> Result<Self, Malformed> {
        let mut from = Reader::new(bytes);
        let len: u32 = from.get()?;
        let kind: u16 = from.get()?;
        let flags: u16 = from.get()?;
        let epoch: u32 = from.get()?;
        let zero: u32 = from.get()?;
        let seq: u64 = from.get()?;
        let kind = Kind::from_number(kind).ok_or(Malformed)?;
        if flags != 0 || zero != 0 || len as usize > kind.max_len() {
            return Err(Malformed);
        }
        Ok(Self {
            kind,
            len,
            epoch,
            seq,
        })
    }
}
