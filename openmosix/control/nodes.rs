// SPDX-License-Identifier: GPL-2.0-only

//! `/proc/hpc/nodes/N`: what is known of each node.

use kernel::{
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    sync::Arc, //
};

use crate::{
    balancer::about::About,
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

/// The directories of all nodes.
pub(super) struct Dirs {
    dirs: KVVec<Node>,
    root: Dir,
}

/// The directory of one node. The files go before it.
struct Node {
    id: NodeId,
    _files: KVec<File<Fact>>,
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
    Raw,
    Total,
    Load,
    Utilisability,
    Guests,
    LoadLimit,
    LoadMode,
    CpuLimit,
    CpuMode,
    MaxGuests,
    Age,
}

/// One file: one fact about one node.
struct Fact {
    node: NodeId,
    what: What,
}

impl Fact {
    const ALL: [(&'static CStr, What); 16] = [
        (c"status", What::Status),
        (c"address", What::Address),
        (c"speed", What::Speed),
        (c"CPUs", What::Cpus),
        (c"mem", What::Free),
        (c"rmem", What::Raw),
        (c"tmem", What::Total),
        (c"load", What::Load),
        (c"util", What::Utilisability),
        (c"guests", What::Guests),
        (c"loadlimit", What::LoadLimit),
        (c"llimitmode", What::LoadMode),
        (c"cpulimit", What::CpuLimit),
        (c"climitmode", What::CpuMode),
        (c"maxguests", What::MaxGuests),
        (c"age", What::Age),
    ];
}

impl Content for Fact {
    const MODE: u16 = 0o444;

    fn show(&self, to: &SeqFile) -> Result {
        let about = About::new(self.node).ok_or(ENODEV)?;
        let limits = about.limits();
        match self.what {
            What::Status => seq_print!(to, "{}\n", about.status()),
            What::Address => seq_print!(to, "{}\n", node::ip(self.node).ok_or(ENODEV)?),
            What::Speed => seq_print!(to, "{}\n", about.speed()),
            What::Cpus => seq_print!(to, "{}\n", about.cpus()),
            What::Free => seq_print!(to, "{}\n", about.free()),
            What::Raw => seq_print!(to, "{}\n", about.raw),
            What::Total => seq_print!(to, "{}\n", about.total()),
            What::Load => seq_print!(to, "{}\n", about.load()),
            What::Utilisability => seq_print!(to, "{}\n", about.utilisability()),
            What::Guests => seq_print!(to, "{}\n", about.guests()),
            What::LoadLimit => seq_print!(to, "{}\n", limits.load),
            What::LoadMode => seq_print!(to, "{}\n", limits.load_scope.number()),
            What::CpuLimit => seq_print!(to, "{}\n", limits.cpu),
            What::CpuMode => seq_print!(to, "{}\n", limits.cpu_scope.number()),
            What::MaxGuests => seq_print!(to, "{}\n", limits.guests),
            What::Age => seq_print!(to, "{}\n", about.age_ms),
        }
        Ok(())
    }
}

impl Node {
    fn new(id: NodeId, root: &Dir) -> Result<Self> {
        let dir = Dir::numbered(id.get().into(), root)?;
        let mut files = KVec::with_capacity(Fact::ALL.len(), GFP_KERNEL)?;
        for (name, what) in Fact::ALL {
            let fact = Arc::new(Fact { node: id, what }, GFP_KERNEL)?;
            files.push(File::new(name, &dir, fact)?, GFP_KERNEL)?;
        }
        Ok(Self {
            id,
            _files: files,
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

    /// Makes the directories those of the nodes that are known now.
    pub(super) fn refresh(&mut self) -> Result {
        let mut ids = KVVec::new();
        node::each(|id, _| Ok(ids.push(id, GFP_KERNEL)?))?;
        self.dirs.retain(|dir| ids.contains(&dir.id));
        for id in ids {
            if !self.dirs.iter().any(|dir| dir.id == id) {
                self.dirs.push(Node::new(id, &self.root)?, GFP_KERNEL)?;
            }
        }
        Ok(())
    }
}
