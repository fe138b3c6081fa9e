// SPDX-License-Identifier: GPL-2.0-only

//! Work queues of our own, whose work may sleep for long without holding up others.
//!
//! C header: [`include/linux/workqueue.h`](srctree/include/linux/workqueue.h)

use kernel::{
    bindings,
    prelude::*,
    workqueue::Queue, //
};

/// Makes a queue whose works all run at once, each in a thread of its own. It exists for ever.
pub(crate) fn unbound(name: &'static CStr) -> Result<&'static Queue> {
    // SAFETY: The format takes one string, which is valid.
    let queue = unsafe {
        bindings::alloc_workqueue_noprof(
            c"%s".as_char_ptr(),
            bindings::wq_flags_WQ_UNBOUND,
            bindings::wq_consts_WQ_UNBOUND_MAX_ACTIVE as i32,
            name.as_char_ptr(),
        )
    };
    if queue.is_null() {
        return Err(ENOMEM);
    }
    // SAFETY: It was just made, and is never destroyed.
    Ok(unsafe { Queue::from_raw(queue) })
}
