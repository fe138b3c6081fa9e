// SPDX-License-Identifier: GPL-2.0-only

//! The memory of a node: how much there is, and how soon it will be gone.

/// Milliseconds that moving processes away may take: memory that will be gone sooner is as good as gone.
const NOTICE_MS: u64 = 4_000;

/// Pressure, per mille of time that somebody waits for memory, from which on a node takes no more processes; and if less
/// than this multiple of the reserve is free, memory counts as gone. With more free, somebody waits for the memory of
/// his own control group.
const PRESSED: u16 = 100;
const LOW: u64 = 4;

/// Memory at one time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Memory {
    /// Bytes that programs could still get without swapping (`MemAvailable`).
    pub(crate) free: u64,
    /// Bytes there are.
    pub(crate) total: u64,
    /// Per mille of the last seconds in which some process waited for memory (`/proc/pressure/memory`, `some`).
    pub(crate) pressure: u16,
}

impl Memory {
    /// Bytes that should stay free: a sixteenth.
    pub(crate) const fn reserve(&self) -> u64 {
        self.total / 16
    }

    /// Whether a process of this size would find room, and leave twice the reserve; if somebody waits for memory as it
    /// is, all that would soon be low.
    pub(crate) const fn has_room(&self, bytes: u64) -> bool {
        let left = self.free.saturating_sub(bytes);
        let least = if self.is_pressed() { LOW } else { 2 };
        self.free >= bytes && left >= least * self.reserve()
    }

    const fn is_pressed(&self) -> bool {
        self.pressure >= PRESSED
    }
}

/// How memory has changed lately.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Trend {
    last: Option<(u64, Memory)>,
    /// Bytes a second by which free memory shrinks; half of it is what the last sample said.
    shrinks: u64,
    /// Bytes that are known to be used soon, once.
    foreseen: u64,
}

impl Trend {
    /// Nothing is known.
    pub(crate) const fn new() -> Self {
        Self {
            last: None,
            shrinks: 0,
            foreseen: 0,
        }
    }

    /// So many bytes will be used soon, by a process that comes: that is no trend.
    pub(crate) fn foresee(&mut self, bytes: u64) {
        self.foreseen = self.foreseen.saturating_add(bytes);
    }

    /// So many bytes will not be used after all.
    pub(crate) fn unforesee(&mut self, bytes: u64) {
        self.foreseen = self.foreseen.saturating_sub(bytes);
    }

    /// No more than so many bytes are yet to be used by those that come: they need less than was said, or share it.
    pub(crate) fn foresee_at_most(&mut self, bytes: u64) {
        self.foreseen = self.foreseen.min(bytes);
    }

    /// Takes a sample.
    pub(crate) fn add(&mut self, now_ms: u64, memory: Memory) {
        if let Some((then, before)) = self.last {
            let elapsed = now_ms.saturating_sub(then);
            if elapsed == 0 {
                return;
            }
            let used = before.free.saturating_sub(memory.free);
            let lost = used.saturating_sub(self.foreseen);
            self.foreseen = self.foreseen.saturating_sub(used);
            let rate = (lost / elapsed).saturating_mul(1_000);
            self.shrinks = self.shrinks / 2 + rate / 2;
        }
        self.last = Some((now_ms, memory));
    }

    /// Looks again, in between: more may be free than the last sample said. That less is, the next one tells.
    pub(crate) fn raise(&mut self, memory: Memory) {
        if let Some((_, last)) = &mut self.last {
            if memory.free > last.free {
                *last = memory;
            }
        }
    }

    /// The latest sample.
    pub(crate) fn memory(&self) -> Memory {
        self.last.map_or(Memory::default(), |(_, memory)| memory)
    }

    /// How many bytes have to go so that the reserve is not touched in the next seconds; 0 if none.
    pub(crate) fn shortage(&self) -> u64 {
        let memory = self.memory();
        let soon = (self.shrinks / 1_000).saturating_mul(NOTICE_MS);
        let short = memory
            .reserve()
            .saturating_add(soon)
            .saturating_sub(memory.free);
        if short == 0 && memory.is_pressed() && memory.free < LOW * memory.reserve() {
            return memory.reserve();
        }
        short
    }
}
