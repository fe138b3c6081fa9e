// SPDX-License-Identifier: GPL-2.0-only

//! Whether a process may come, and who owns it in the end.
//!
//! ```text
//! source                 target
//!   ClockAsked   ────▶            a few times
//!                ◀────   Clock
//!   Prepare      ────▶
//!                ◀────   Ready, or Refused
//!   the image    ────▶
//!                ◀────   Installed
//!   Join         ────▶            first on the page lane
//!                ◀────   Done
//!   Commit       ────▶
//!                ◀────   Committed
//! ```
//!
//! Either side may say `Abort` until the source has sent `Commit`. A guest that leaves its node says it in place of the
//! rest of its image.

use super::codec::message;

/// The most bytes of a reason in words.
pub(crate) const TEXT: usize = 64;

/// Declares the reasons: name, number, and how people are told.
macro_rules! reasons {
    ( $( $(#[$meta:meta])* $name:ident = $number:literal, $words:literal; )* ) => {
        /// Why a process does not move.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u16)]
        pub(crate) enum Reason {
            $( $(#[$meta])* $name = $number, )*
        }

        impl Reason {
            /// The reason with this number, if there is one.
            pub(crate) const fn from_number(number: u16) -> Option<Self> {
                match number {
                    $( $number => Some(Reason::$name), )*
                    _ => None,
                }
            }

            /// The reason in words.
            pub(crate) const fn words(self) -> &'static str {
                match self {
                    $( Reason::$name => $words, )*
                }
            }
        }
    };
}

reasons! {
    /// Something failed that has no reason of its own.
    Failed = 1, "failed";
    /// The nodes run different kernels.
    Kernel = 2, "different kernel";
    /// The target's processor lacks something that the process may use.
    Processor = 3, "processor lacks a feature";
    /// The target has too little memory.
    Memory = 4, "not enough memory";
    /// The target takes no guests.
    Blocked = 5, "takes no guests";
    /// The peer broke the rules.
    Protocol = 6, "protocol error";
    /// The link to the peer was lost.
    Link = 7, "link lost";
    /// The peer did not answer in time.
    Timeout = 8, "no answer in time";
    /// The process got a stay reason meanwhile.
    Stay = 9, "cannot move now";
    /// The process ended meanwhile.
    Ended = 10, "process ended";
    /// The image cannot be installed on the target.
    Image = 11, "image does not fit";
    /// Somebody asked for it.
    Asked = 12, "asked for";
    /// The target would carry more than its administrator allows.
    Limit = 13, "a limit is reached";
    /// Many processes go to the target at the moment.
    Busy = 14, "takes others at the moment";
    /// The target has more to do than the source believed.
    Crowded = 15, "more to do than was believed";
    /// All guests have to leave the node.
    Expel = 16, "guests are expelled";
}

message! {
    /// May this process come?
    pub(crate) struct Prepare {
        /// Which kernel the source runs: a hash that only an equal build has.
        build: [u8; 32],
        /// Features of the processor that user programs can see and use.
        cpu: u64,
        /// User features of xsave.
        xfeatures: u64,
        /// Bytes of a full xsave area.
        xstate: u32,
        /// Its home node.
        home: u16,
        /// A set of `Prepare::…` bits.
        flags: u16,
        /// Its pid at home.
        pid: u32,
        /// This move's number.
        epoch: u32,
        /// Bytes of memory that will come.
        resident: u64,
        /// Hundredths of processes that its home believes to be running on the target.
        believed: u32,
        /// Hundredths of a process: how much of the time it wants a processor.
        share: u32,
        /// How nice it is there.
        nice: i32,
        /// Its name.
        comm: [u8; 16],
    }

    /// What do your clocks say?
    pub(crate) struct ClockAsked {
    }

    /// What the clocks of a node say, in nanoseconds.
    pub(crate) struct Clock {
        /// `CLOCK_MONOTONIC`.
        monotonic: i64,
        /// `CLOCK_BOOTTIME`.
        boottime: i64,
        /// `CLOCK_REALTIME`.
        realtime: i64,
    }

    /// It may come.
    pub(crate) struct Ready {
        /// What the page lane of this process has to say to join.
        token: [u8; 16],
    }

    /// It may not.
    pub(crate) struct Refused<'a> {
        /// A [`Reason`].
        reason: u16,
        /// More about it, for people; at most [`TEXT`] bytes.
        text: &'a [u8],
    }

    /// First message on a page lane: which process it belongs to.
    pub(crate) struct Join {
        /// From [`Ready`].
        token: [u8; 16],
    }

    /// The image is good. Sent by home, the process is yours once home has read `Committed`; it stands still
    /// until `Resume`. Sent to a guest on its way back, home has the process.
    pub(crate) struct Commit {
    }

    /// The target owns the process.
    pub(crate) struct Committed {
    }

    /// The move is off.
    pub(crate) struct Abort<'a> {
        /// A [`Reason`].
        reason: u16,
        /// More about it, for people; at most [`TEXT`] bytes.
        text: &'a [u8],
    }
}

impl Prepare {
    /// Somebody ordered the move by name: only what must not be is refused.
    pub(crate) const ORDERED: u16 = 1;
}
