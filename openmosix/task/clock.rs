// SPDX-License-Identifier: GPL-2.0-only

//! The clocks of a process, which go on from those of its home wherever it is.

/// How far this node's clocks are ahead of the peer's, in nanoseconds.
#[derive(Clone, Copy, Default)]
pub(crate) struct Ahead {
    /// `CLOCK_MONOTONIC`.
    pub(crate) monotonic: i64,
    /// `CLOCK_BOOTTIME`.
    pub(crate) boottime: i64,
    /// `CLOCK_REALTIME`.
    pub(crate) realtime: i64,
}
