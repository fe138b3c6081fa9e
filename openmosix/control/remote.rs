// SPDX-License-Identifier: GPL-2.0-only

//! `/proc/hpc/remote/PID`: the guests of this node.

use kernel::{
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    sync::Arc,
    task::Pid, //
};

use super::TREE;
use crate::{
    guest,
    node::NodeId,
    sys::{
        machine,
        mm::PAGE,
        proc::{
            Content,
            Dir,
            File, //
        },
        task, //
    },
};

/// A guest's directory; it goes away when dropped. The files go before it.
pub(crate) struct Guest {
    _from: File<From>,
    _identity: File<Identity>,
    _statm: File<Statm>,
    _stats: File<Stats>,
    _dir: Dir,
}

impl Guest {
    /// Shows a guest: itself, its home, its pid there, and its name.
    pub(crate) fn new(
        guest: Arc<guest::Guest>,
        home: NodeId,
        home_pid: Pid,
        comm: &[u8],
    ) -> Result<Self> {
        let tree = TREE.as_ref().ok_or(ENODEV)?;
        let pid = guest.task().pid();
        let dir = Dir::numbered(u32::try_from(pid).map_err(|_| EINVAL)?, &tree.remote)?;
        let mut name = [b' '; COMM];
        let comm = comm.split(|byte| *byte == 0).next().unwrap_or(&[]);
        for (to, from) in name.iter_mut().zip(comm) {
            *to = if from.is_ascii_graphic() { *from } else { b'?' };
        }
        let identity = Identity {
            pid: home_pid,
            name,
        };
        Ok(Self {
            _from: File::new(c"from", &dir, Arc::new(From(home), GFP_KERNEL)?)?,
            _identity: File::new(c"identity", &dir, Arc::new(identity, GFP_KERNEL)?)?,
            _statm: File::new(c"statm", &dir, Arc::new(Statm(guest.clone()), GFP_KERNEL)?)?,
            _stats: File::new(c"stats", &dir, Arc::new(Stats(guest), GFP_KERNEL)?)?,
            _dir: dir,
        })
    }
}

/// Bytes of a process's name.
const COMM: usize = 16;

/// The home node.
struct From(NodeId);

impl Content for From {
    const MODE: u16 = 0o444;

    fn show(&self, to: &SeqFile) -> Result {
        seq_print!(to, "{}\n", self.0);
        Ok(())
    }
}

/// Who it is at home.
struct Identity {
    pid: Pid,
    /// Printable ASCII, filled up with blanks.
    name: [u8; COMM],
}

impl Content for Identity {
    const MODE: u16 = 0o444;

    fn show(&self, to: &SeqFile) -> Result {
        let name = core::str::from_utf8(self.name.trim_ascii_end()).map_err(|_| EINVAL)?;
        seq_print!(to, "{} {}\n", self.pid, name);
        Ok(())
    }
}

/// Its memory in pages, as `/proc/PID/statm` of Linux has it.
struct Statm(Arc<guest::Guest>);

impl Content for Statm {
    const MODE: u16 = 0o444;

    fn show(&self, to: &SeqFile) -> Result {
        let it = self.0.statm();
        let (size, resident, shared) = (it.size, it.resident, it.shared);
        // Nobody counts libraries and dirty pages any more.
        seq_print!(
            to,
            "{size} {resident} {shared} {} 0 {} 0\n",
            it.text,
            it.data
        );
        Ok(())
    }
}

/// What it does and has used here, in the units of `/proc/PID/stat`, and milliseconds since it came.
///
/// The line is openMosix's. Children are at home, and Linux does not count swapping: these are 0.
struct Stats(Arc<guest::Guest>);

/// Nanoseconds of a tick, in which user space counts time.
const TICK_NS: u64 = 10_000_000;

impl Content for Stats {
    const MODE: u16 = 0o444;

    fn show(&self, to: &SeqFile) -> Result {
        let guest = &self.0;
        let utime = task::cpu_time(guest.task()) / TICK_NS;
        let (nice, state) = (task::nice(guest.task()), task::state(guest.task()));
        let age = machine::now_ms().saturating_sub(guest.since_ms());
        let statm = guest.statm();
        let (vsize, rss) = (statm.size * PAGE, statm.resident);
        seq_print!(
            to,
            "utime={utime} cutime=0 nice={nice} state={state} vsize={vsize} rss={rss} nswap=0 cnswap=0 age={age}\n"
        );
        Ok(())
    }
}
