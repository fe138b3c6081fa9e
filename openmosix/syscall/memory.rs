// SPDX-License-Identifier: GPL-2.0-only

//! What the engine needs of user memory.
//!
//! The kernel implements these for the address space of the current task; the host's tests for a
//! few slices. At home the addresses lie in the deputy's window, on the guest they are the program's.

/// A range of user memory could not be read or written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Fault;

/// User memory that can be copied from and to.
pub(crate) trait Memory {
    /// Fills `to` from `addr` on. Fails unless every byte is readable.
    fn read(&self, addr: u64, to: &mut [u8]) -> Result<(), Fault>;

    /// Writes `from` from `addr` on. Fails unless every byte is writable.
    fn write(&mut self, addr: u64, from: &[u8]) -> Result<(), Fault>;
}

/// The user memory of a program, of which one does not know beforehand what is mapped.
pub(crate) trait UserMemory: Memory {
    /// Whether all of the range is mapped and may be written.
    fn writable(&self, addr: u64, len: usize) -> bool;

    /// The number of bytes before the first NUL; `max` if there is none within `max` bytes.
    fn string_len(&self, addr: u64, max: usize) -> Result<usize, Fault>;
}
