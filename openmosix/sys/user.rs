// SPDX-License-Identifier: GPL-2.0-only

//! The user memory of the current task.
//!
//! C header: [`include/linux/uaccess.h`](srctree/include/linux/uaccess.h)

use crate::syscall::{
    Fault,
    Memory,
    UserMemory, //
};
use kernel::{
    bindings,
    uaccess::{
        UserPtr,
        UserSlice, //
    }, //
};

/// What the current task can read and write, faults included.
pub(crate) struct User;

fn pointer(addr: u64) -> UserPtr {
    UserPtr::from_addr(addr as usize)
}

impl Memory for User {
    fn read(&self, addr: u64, to: &mut [u8]) -> Result<(), Fault> {
        UserSlice::new(pointer(addr), to.len())
            .reader()
            .read_slice(to)
            .map_err(|_| Fault)
    }

    fn write(&mut self, addr: u64, from: &[u8]) -> Result<(), Fault> {
        UserSlice::new(pointer(addr), from.len())
            .writer()
            .write_slice(from)
            .map_err(|_| Fault)
    }
}

impl UserMemory for User {
    fn writable(&self, addr: u64, len: usize) -> bool {
        // SAFETY: `current` is a user task, and has an address space.
        unsafe { bindings::openmosix_range_writable(addr as usize, len) }
    }

    fn string_len(&self, addr: u64, max: usize) -> Result<usize, Fault> {
        let mut chunk = [0u8; 64];
        let mut len = 0;
        while len < max {
            let at = addr.checked_add(len as u64).ok_or(Fault)?;
            // Stay within one page at a time: the next may not be mapped.
            let room = 64 - (at % 64) as usize;
            let want = room.min(max - len);
            let part = chunk.get_mut(..want).ok_or(Fault)?;
            self.read(at, part)?;
            if let Some(end) = part.iter().position(|&byte| byte == 0) {
                return Ok(len + end);
            }
            len += want;
        }
        Ok(max)
    }
}
