// SPDX-License-Identifier: GPL-2.0-only

//! `/proc/PID/{lock,migfilter,mignodes,migpolicy}`: where a process may go, by the will of its owner.

use super::switches::switch;
use crate::{
    balance::{
        mask,
        rules::Policy, //
    },
    task::{
        rules::Rules,
        Process, //
    },
};
use kernel::{
    bindings,
    fmt,
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    sync::Arc, //
};

impl fmt::Display for mask::List<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}

/// A set of nodes; none if it is empty.
fn nodes(text: &str) -> Result<Option<Arc<KVVec<u64>>>> {
    let mut words = KBox::new([0; mask::WORDS], GFP_KERNEL)?;
    let used = mask::parse(text, &mut words).map_err(|_| EINVAL)?;
    if used == 0 {
        return Ok(None);
    }
    let mut nodes = KVVec::with_capacity(used, GFP_KERNEL)?;
    nodes.extend_from_slice(words.get(..used).unwrap_or(&[]), GFP_KERNEL)?;
    Ok(Some(Arc::new(nodes, GFP_KERNEL)?))
}

/// Takes what was written to one of the files.
pub(super) fn write(process: &Process, what: u32, text: &str) -> Result {
    match what {
        bindings::openmosix_file_OPENMOSIX_FILE_LOCK => {
            let locked = switch(text.as_bytes())?;
            process.set_rules(|rules| rules.locked = locked);
        }
        bindings::openmosix_file_OPENMOSIX_FILE_MIGFILTER => {
            let filter = switch(text.as_bytes())?;
            process.set_rules(|rules| rules.filter = filter);
        }
        bindings::openmosix_file_OPENMOSIX_FILE_MIGNODES => {
            let nodes = nodes(text)?;
            drop(process.set_rules(|rules| core::mem::replace(&mut rules.nodes, nodes)));
        }
        bindings::openmosix_file_OPENMOSIX_FILE_MIGPOLICY => {
            let policy = match switch(text.as_bytes())? {
                false => Policy::Deny,
                true => Policy::Allow,
            };
            process.set_rules(|rules| rules.policy = policy);
        }
        _ => return Err(EINVAL),
    }
    Ok(())
}

/// Shows one of the files.
pub(super) fn show(rules: &Rules, what: u32, to: &SeqFile) -> Result {
    match what {
        bindings::openmosix_file_OPENMOSIX_FILE_LOCK => {
            seq_print!(to, "{}\n", u8::from(rules.locked));
        }
        bindings::openmosix_file_OPENMOSIX_FILE_MIGFILTER => {
            seq_print!(to, "{}\n", u8::from(rules.filter));
        }
        bindings::openmosix_file_OPENMOSIX_FILE_MIGNODES => {
            seq_print!(to, "{}\n", mask::List(rules.nodes()));
        }
        bindings::openmosix_file_OPENMOSIX_FILE_MIGPOLICY => {
            seq_print!(to, "{}\n", u8::from(rules.policy == Policy::Allow));
        }
        _ => return Err(EINVAL),
    }
    Ok(())
}
