// SPDX-License-Identifier: GPL-2.0-only

//! `/proc/hpc/admin`: switches and counters of this node.

use kernel::{
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    sync::Arc, //
};

use super::{
    switches,
    TREE, //
};
use crate::{
    balancer::{
        self,
        spent, //
    },
    link::refused::Refusal,
    node::{
        self,
        map::MAX_TEXT, //
    },
    sys::proc::{
        Content,
        Dir,
        File, //
    },
    wire::VERSION, //
};

/// All files. They go before their directory.
pub(super) struct Files {
    _config: File<Config>,
    _mospe: File<Mospe>,
    _version: File<Version>,
    _refused: File<Refused>,
    _spent: File<Spent>,
    #[cfg(CONFIG_OPENMOSIX_FAULT_INJECTION)]
    _fault: File<fault::Fault>,
    _switches: switches::Files,
    _dir: Dir,
}

impl Files {
    pub(super) fn new(root: &Dir) -> Result<Self> {
        let dir = Dir::new(c"admin", Some(root))?;
        Ok(Self {
            _config: File::new(c"config", &dir, Arc::new(Config, GFP_KERNEL)?)?,
            _mospe: File::new(c"mospe", &dir, Arc::new(Mospe, GFP_KERNEL)?)?,
            _version: File::new(c"version", &dir, Arc::new(Version, GFP_KERNEL)?)?,
            _refused: File::new(c"refused", &dir, Arc::new(Refused, GFP_KERNEL)?)?,
            _spent: File::new(c"spent", &dir, Arc::new(Spent, GFP_KERNEL)?)?,
            #[cfg(CONFIG_OPENMOSIX_FAULT_INJECTION)]
            _fault: File::new(c"fault", &dir, Arc::new(fault::Fault, GFP_KERNEL)?)?,
            _switches: switches::Files::new(&dir)?,
            _dir: dir,
        })
    }
}

/// Changes the configuration, and the directories of the nodes with it.
fn reconfigure(change: impl FnOnce() -> Result) -> Result {
    let mut nodes = TREE.as_ref().ok_or(ENODEV)?.nodes.lock();
    change()?;
    balancer::refresh()?;
    nodes.refresh()
}

/// `config`: the whole configuration. The key is never shown.
struct Config;

impl Content for Config {
    const MODE: u16 = 0o600;
    const WRITE_MAX: usize = MAX_TEXT;

    fn show(&self, to: &SeqFile) -> Result {
        node::show(to);
        Ok(())
    }

    fn write(&self, text: &[u8]) -> Result {
        reconfigure(|| node::configure(text))
    }
}

/// `mospe`: this node's id; writing 0 switches openMosix off.
struct Mospe;

impl Content for Mospe {
    const MODE: u16 = 0o644;

    fn show(&self, to: &SeqFile) -> Result {
        seq_print!(to, "{}\n", node::id_self().map_or(0, |id| id.get()));
        Ok(())
    }

    fn write(&self, text: &[u8]) -> Result {
        if text.trim_ascii() != b"0" {
            return Err(EINVAL);
        }
        reconfigure(|| {
            balancer::farewell();
            node::off();
            Ok(())
        })
    }
}

/// `version`: of openMosix, its protocol, and the kernel.
struct Version;

/// The version of openMosix.
const RELEASE: &str = "0.1";

impl Content for Version {
    const MODE: u16 = 0o444;

    fn show(&self, to: &SeqFile) -> Result {
        let linux = crate::sys::machine::linux();
        seq_print!(to, "openMosix {RELEASE} protocol {VERSION} linux {linux}\n");
        Ok(())
    }
}

/// `refused`: how many strangers were refused, and why.
struct Refused;

impl Content for Refused {
    const MODE: u16 = 0o444;

    fn show(&self, to: &SeqFile) -> Result {
        for refusal in Refusal::ALL {
            seq_print!(to, "{} {}\n", refusal.name(), refusal.count());
        }
        Ok(())
    }
}

/// `spent`: what balancing has cost this node.
struct Spent;

impl Content for Spent {
    const MODE: u16 = 0o444;

    fn show(&self, to: &SeqFile) -> Result {
        for (name, number) in spent::all() {
            seq_print!(to, "{name} {number}\n");
        }
        Ok(())
    }
}

#[cfg(CONFIG_OPENMOSIX_FAULT_INJECTION)]
mod fault {
    use super::*;
    use crate::fault::{
        arm,
        armed,
        Point, //
    };

    /// `fault`: the points where tests make something fail.
    pub(super) struct Fault;

    impl Content for Fault {
        const MODE: u16 = 0o600;
        const WRITE_MAX: usize = 64;

        fn show(&self, to: &SeqFile) -> Result {
            for point in Point::ALL {
                seq_print!(to, "{} {}\n", point.name(), armed(*point));
            }
            Ok(())
        }

        fn write(&self, text: &[u8]) -> Result {
            arm(text)
        }
    }
}
