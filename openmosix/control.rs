// SPDX-License-Identifier: GPL-2.0-only

//! What the administrator sees and does: `/proc/hpc`.
//!
//! ```text
//! /proc/hpc/admin/     switches and counters     admin, switches
//! /proc/hpc/nodes/N/   one node each             nodes
//! /proc/hpc/remote/P/  one guest each            remote
//! /proc/hpc/decay/     how processes are seen    decay
//! /proc/PID/           orders, and where it is    pid, rules, why
//! ```

mod admin;
mod decay;
mod nodes;
pub(crate) mod pid;
mod remote;
mod rules;
mod switches;
mod why;

use kernel::{
    new_mutex,
    prelude::*,
    sync::{
        atomic::{
            Atomic,
            Relaxed, //
        },
        Mutex,
        SetOnce, //
    },
};

use crate::sys::{
    proc::Dir,
    queue, //
};
pub(crate) use remote::Guest;

/// The whole tree.
///
/// # Locks
///
/// `nodes` is the outermost lock of all: it is held while the configuration changes, and while files are removed,
/// which waits for their readers. Nothing that a file does takes it but writing a configuration.
#[pin_data]
struct Tree {
    _admin: admin::Files,
    _decay: decay::Files,
    #[pin]
    nodes: Mutex<nodes::Dirs>,
    remote: Dir,
    _root: Dir,
}

static TREE: SetOnce<Pin<KBox<Tree>>> = SetOnce::new();

/// Makes `/proc/hpc`.
pub(crate) fn start() -> Result {
    let root = Dir::new(c"hpc", None)?;
    let nodes = nodes::Dirs::new(&root)?;
    let remote = Dir::new(c"remote", Some(&root))?;
    let admin = admin::Files::new(&root)?;
    let decay = decay::Files::new(&root)?;
    let tree = KBox::pin_init(
        pin_init!(Tree {
            _admin: admin,
            _decay: decay,
            nodes <- new_mutex!(nodes, "Tree::nodes"),
            remote,
            _root: root,
        }),
        GFP_KERNEL,
    )?;
    TREE.populate(tree);
    Ok(())
}

/// The nodes that are known have changed: their directories follow. Does not wait: whoever reads a file that goes may
/// take his time, and who calls this has a link to listen to.
pub(crate) fn nodes_changed() {
    static FOLLOW: Atomic<bool> = Atomic::new(false);

    let work = || {
        let Some(tree) = TREE.as_ref() else {
            return;
        };
        let mut nodes = tree.nodes.lock();
        // What changes from here on, the next one sees.
        FOLLOW.store(false, Relaxed);
        // A directory that there is no memory for is made the next time.
        let _ = nodes.refresh();
    };
    if FOLLOW.cmpxchg(false, true, Relaxed).is_ok() && queue::spawn(work).is_err() {
        FOLLOW.store(false, Relaxed);
    }
}
