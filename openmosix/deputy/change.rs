// SPDX-License-Identifier: GPL-2.0-only

//! System calls that change a file which the process has mapped.
//!
//! The guest's node has pages of it in memory, and must forget them. Files that others may write to, and
//! whose mapping is shared, keep a process from moving; a change by others of a file that is mapped
//! privately is not seen, see Documentation/openmosix/syscalls.rst.

use super::Deputy;
use crate::wire::life::Stale;
use kernel::{
    bindings,
    prelude::*, //
};

/// The file that a call has changed, as one of its arguments or its result tells.
fn changed(nr: u32, args: &[u64; 6], result: i64) -> Option<u64> {
    let [first, second, third, ..] = *args;
    let cuts_off = |flags: u64| flags & u64::from(bindings::O_TRUNC) != 0;
    if result < 0 {
        return None;
    }
    match nr {
        bindings::__NR_write
        | bindings::__NR_pwrite64
        | bindings::__NR_writev
        | bindings::__NR_pwritev
        | bindings::__NR_pwritev2
        | bindings::__NR_sendfile
            if result > 0 =>
        {
            Some(first)
        }
        bindings::__NR_splice | bindings::__NR_copy_file_range if result > 0 => Some(third),
        bindings::__NR_ftruncate | bindings::__NR_fallocate => Some(first),
        bindings::__NR_creat => u64::try_from(result).ok(),
        bindings::__NR_open if cuts_off(second) => u64::try_from(result).ok(),
        bindings::__NR_openat if cuts_off(third) => u64::try_from(result).ok(),
        _ => None,
    }
}

/// Does a call cut files off?
fn truncates(nr: u32) -> bool {
    matches!(
        nr,
        bindings::__NR_ftruncate
            | bindings::__NR_creat
            | bindings::__NR_open
            | bindings::__NR_openat
    )
}

impl Deputy {
    /// Tells the guest what of its memory a call has made stale.
    pub(super) fn tell_change(&self, nr: u32, args: &[u64; 6], result: i64) -> Result {
        let Some(fd) = changed(nr, args, result) else {
            return Ok(());
        };
        let mut from = 0;
        while let Some(area) = self.mm().mapping_of(fd as u32, from) {
            from = area.end as u64;
            let (start, len) = (area.start as u64, (area.end - area.start) as u64);
            let kept = if truncates(nr) {
                (area.kept as u64).min(len)
            } else {
                len
            };
            self.lane.say(0, &Stale { start, len, kept })?;
        }
        Ok(())
    }
}
