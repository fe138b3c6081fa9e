// SPDX-License-Identifier: GPL-2.0-only

//! The load of a node, in openMosix's units.
//!
//! * *running*: processes that run or wait for a processor, in hundredths of a process.
//! * *speed*: of one processor; [`STANDARD_SPEED`] is the standard one.
//! * *load*: 100 is one process on a standard processor. A process on a processor twice as fast is a load of 50,
//!   and so are two processes on four standard processors.

use core::num::{
    NonZeroU16,
    NonZeroU32,
    NonZeroU64, //
};

/// The speed of a standard processor.
pub(crate) const STANDARD_SPEED: u32 = 10_000;

/// One process that always wants to run, in hundredths.
pub(crate) const PROCESS: u32 = 100;

/// The processors of a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Processors {
    count: NonZeroU16,
    speed: NonZeroU32,
}

impl Processors {
    /// `count` processors, each of this speed; there is at least one, and it runs.
    pub(crate) const fn new(count: u16, speed: u32) -> Self {
        let count = match NonZeroU16::new(count) {
            Some(count) => count,
            None => NonZeroU16::MIN,
        };
        let speed = match NonZeroU32::new(speed) {
            Some(speed) => speed,
            None => NonZeroU32::MIN,
        };
        Self { count, speed }
    }

    /// How many there are.
    pub(crate) const fn count(self) -> u16 {
        self.count.get()
    }

    /// The speed of each.
    pub(crate) const fn speed(self) -> u32 {
        self.speed.get()
    }

    /// The load of a node on which so much is running.
    pub(crate) fn load(self, running: u32) -> u32 {
        self.relative(running, self.count)
    }

    /// The load that one more process would find on the least loaded processor, when so much is running.
    ///
    /// A node with four processors is four machines: four processes load each with one, and a fifth process then
    /// finds one before it. Between whole numbers of processes the load rises in proportion.
    pub(crate) fn found(self, running: u32) -> u32 {
        let count = NonZeroU32::from(self.count);
        let whole = running / PROCESS / count * PROCESS;
        let begun = running - whole * count.get();
        let last = PROCESS * (count.get() - 1);
        self.relative(whole + begun.saturating_sub(last), NonZeroU16::MIN)
    }

    /// What is running on each processor, whatever its speed.
    pub(crate) fn each(self, running: u32) -> u32 {
        running / NonZeroU32::from(self.count)
    }

    /// The load of `share` hundredths of a process on one processor.
    pub(crate) fn own(self, share: u32) -> u32 {
        self.relative(share, NonZeroU16::MIN)
    }

    /// So much running on so many of the processors, as a load.
    fn relative(self, running: u32, count: NonZeroU16) -> u32 {
        let standard = u64::from(running) * u64::from(STANDARD_SPEED);
        let load = standard / NonZeroU64::from(self.speed) / NonZeroU64::from(count);
        u32::try_from(load).unwrap_or(u32::MAX)
    }
}
