// SPDX-License-Identifier: GPL-2.0-only

//! An address space made of vectors.

use crate::syscall::{
    Fault,
    Memory,
    UserMemory, //
};

/// One mapped area.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Area {
    start: u64,
    bytes: Vec<u8>,
    writable: bool,
}

/// Some mapped areas; every access to a byte or more must lie in one of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Space(Vec<Area>);

impl Space {
    /// Adds an area.
    pub(super) fn map(mut self, start: u64, bytes: &[u8]) -> Self {
        self.0.push(Area {
            start,
            bytes: bytes.to_vec(),
            writable: true,
        });
        self
    }

    /// Adds an area that cannot be written.
    pub(super) fn map_read_only(mut self, start: u64, bytes: &[u8]) -> Self {
        self.0.push(Area {
            start,
            bytes: bytes.to_vec(),
            writable: false,
        });
        self
    }

    /// The bytes at an address.
    pub(super) fn bytes(&self, addr: u64, len: usize) -> Vec<u8> {
        let mut bytes = vec![0; len];
        self.read(addr, &mut bytes).expect("a mapped range");
        bytes
    }

    /// The `u64` at an address.
    pub(super) fn long(&self, addr: u64) -> Result<u64, Fault> {
        let mut bytes = [0; 8];
        self.read(addr, &mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    /// The `u32` at an address.
    pub(super) fn int(&self, addr: u64) -> Result<u32, Fault> {
        let mut bytes = [0; 4];
        self.read(addr, &mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn area(&self, addr: u64, len: usize) -> Option<(usize, usize)> {
        self.0.iter().enumerate().find_map(|(i, area)| {
            let start = usize::try_from(addr.checked_sub(area.start)?).ok()?;
            let end = start.checked_add(len)?;
            (end <= area.bytes.len()).then_some((i, start))
        })
    }
}

impl Memory for Space {
    fn read(&self, addr: u64, to: &mut [u8]) -> Result<(), Fault> {
        if to.is_empty() {
            return Ok(());
        }
        let (i, start) = self.area(addr, to.len()).ok_or(Fault)?;
        to.copy_from_slice(&self.0[i].bytes[start..start + to.len()]);
        Ok(())
    }

    fn write(&mut self, addr: u64, from: &[u8]) -> Result<(), Fault> {
        if from.is_empty() {
            return Ok(());
        }
        let (i, start) = self.area(addr, from.len()).ok_or(Fault)?;
        if !self.0[i].writable {
            return Err(Fault);
        }
        self.0[i].bytes[start..start + from.len()].copy_from_slice(from);
        Ok(())
    }
}

impl UserMemory for Space {
    fn writable(&self, addr: u64, len: usize) -> bool {
        self.area(addr, len)
            .is_some_and(|(i, _)| self.0[i].writable)
    }

    fn string_len(&self, addr: u64, max: usize) -> Result<usize, Fault> {
        let (i, start) = self.area(addr, 1).ok_or(Fault)?;
        let rest = &self.0[i].bytes[start..];
        let rest = &rest[..rest.len().min(max)];
        match rest.iter().position(|byte| *byte == 0) {
            Some(len) => Ok(len),
            None if rest.len() == max => Ok(max),
            None => Err(Fault),
        }
    }
}
