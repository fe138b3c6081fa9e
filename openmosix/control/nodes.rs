// SPDX-License-Identifier: GPL-2.0-only

//! `/proc/hpc/nodes/N`: what is known of each node of the map.

use kernel::{
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    sync::Arc, //
};

use crate::{
    node::{
        self,
        NodeId, //
    },
    sys::proc::{
        Content,
        Dir,
        File, //
    },
};

/// Bits of `status`.
const CONFIGURED: u32 = 1;
const UP: u32 = 2;

/// The directories of all nodes.
pub(super) struct Dirs {
    dirs: KVVec<Node>,
    root: Dir,
}

/// The directory of one node. The files go before it.
struct Node {
    id: NodeId,
    _files: [File<Fact>; Fact::ALL.len()],
    _dir: Dir,
}

/// What a file shows.
#[derive(Clone, Copy)]
enum What {
    Status,
    Address,
    Speed,
    Cpus,
    Free,
    Total,
}

/// One file: one fact about one node.
struct Fact {
    node: NodeId,
    what: What,
}

impl Fact {
    const ALL: [(&'static CStr, What); 6] = [
        (c"status", What::Status),
        (c"address", What::Address),
        (c"speed", What::Speed),
        (c"CPUs", What::Cpus),
        (c"mem", What::Free),
        (c"tmem", What::Total),
    ];
}

impl Content for Fact {
    const MODE: u16 = 0o444;

    fn show(&self, to: &SeqFile) -> Result {
        let info = node::info(self.node).ok_or(ENODEV)?;
        match self.what {
            What::Status => {
                let up = if info.up { UP } else { 0 };
                seq_print!(to, "{}\n", CONFIGURED | up);
            }
            What::Address => seq_print!(to, "{}\n", info.ip),
            What::Speed => seq_print!(to, "{}\n", info.machine.speed),
            What::Cpus => seq_print!(to, "{}\n", info.machine.cpus),
            What::Free => seq_print!(to, "{}\n", info.machine.free),
            What::Total => seq_print!(to, "{}\n", info.machine.total),
        }
        Ok(())
    }
}

impl Node {
    fn new(id: NodeId, root: &Dir) -> Result<Self> {
        let dir = Dir::numbered(id.get().into(), root)?;
        let file = |n: usize| {
            let (name, what) = Fact::ALL[n];
            File::new(name, &dir, Arc::new(Fact { node: id, what }, GFP_KERNEL)?)
        };
        Ok(Self {
            id,
            _files: [file(0)?, file(1)?, file(2)?, file(3)?, file(4)?, file(5)?],
            _dir: dir,
        })
    }
}

impl Dirs {
    pub(super) fn new(root: &Dir) -> Result<Self> {
        Ok(Self {
            dirs: KVVec::new(),
            root: Dir::new(c"nodes", Some(root))?,
        })
    }

    /// Makes the directories those of the nodes that are in the map now.
    pub(super) fn refresh(&mut self) -> Result {
        let mut ids = KVVec::new();
        node::each(|id| Ok(ids.push(id, GFP_KERNEL)?))?;
        self.dirs.retain(|dir| ids.contains(&dir.id));
        for id in ids {
            if !self.dirs.iter().any(|dir| dir.id == id) {
                self.dirs.push(Node::new(id, &self.root)?, GFP_KERNEL)?;
            }
        }
        Ok(())
    }
}
