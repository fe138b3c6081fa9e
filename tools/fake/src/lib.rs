// SPDX-License-Identifier: GPL-2.0-only
//! A fake root directory for the tests of the tools: `/proc` and `/etc` as files.
//!
//! Files are replaced as a whole, so that a reader never sees half of one, as with the kernel.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

mod program;

pub use program::{Ended, Running};

/// `/proc/PID/migration` of a process that has never moved.
pub const NO_MOVE: &str = "epoch: 0\nfrom: 0\nto: 0\nstage: none\nresult: none\nreason: \n\
    pages: 0\nbytes: 0\nprepare_us: 0\ncopy_us: 0\ncommit_us: 0\nfreeze_us: 0\ntotal_us: 0\n";

/// A root directory that goes away with its test.
pub struct Tree {
    dir: tempfile::TempDir,
}

impl Default for Tree {
    fn default() -> Self {
        Self::new()
    }
}

impl Tree {
    /// A machine without openMosix that has been up for a minute.
    pub fn new() -> Self {
        let tree = Self { dir: tempfile::tempdir().expect("a temporary directory") };
        tree.write("proc/uptime", "60.00 30.00\n");
        tree
    }

    /// Node 1 of a cluster of three, of which node 3 is down; node 2 has an alias.
    pub fn cluster() -> Self {
        let tree = Self::new();
        tree.write("proc/hpc/admin/mospe", "1\n");
        tree.write("proc/hpc/admin/version", "openMosix 0.1 protocol 1 linux 7.3.4\n");
        tree.write("proc/hpc/admin/refused", "no-key 2\nversion 0\nmalformed 1\n");
        tree.write("proc/hpc/admin/config", "me 1\nnode 1 10.0.0.1 3\nalias 2 10.9.0.2\n");
        for (id, status) in [(1, 3), (2, 3), (3, 1)] {
            let file = |name: &str| format!("proc/hpc/nodes/{id}/{name}");
            tree.write(&file("status"), &format!("{status}\n"));
            tree.write(&file("address"), &format!("10.0.0.{id}\n"));
            tree.write(&file("speed"), "10000\n");
            tree.write(&file("CPUs"), "4\n");
            tree.write(&file("mem"), "1073741824\n");
            tree.write(&file("tmem"), "2147483648\n");
            tree.write(&file("rmem"), "536870912\n");
            tree.write(&file("load"), &format!("{}\n", 150 * id));
            tree.write(&file("util"), "98\n");
            tree.write(&file("guests"), &format!("{}\n", id - 1));
            tree.write(&file("maxguests"), "0\n");
            tree.write(&file("loadlimit"), &format!("{}\n", 300 * (id - 1)));
            tree.write(&file("llimitmode"), "2\n");
            tree.write(&file("cpulimit"), "0\n");
            tree.write(&file("climitmode"), "0\n");
            tree.write(&file("age"), &format!("{}\n", 400 * (id - 1)));
        }
        for (name, value) in [
            ("stay", "0"),
            ("lstay", "0"),
            ("block", "0"),
            ("quiet", "0"),
            ("expel", "0"),
            ("bring", "0"),
            ("balance", "on"),
            ("speed", "10000"),
            ("maxguests", "0"),
            ("loadlimit", "0"),
            ("llimitmode", "0"),
            ("cpulimit", "0"),
            ("climitmode", "0"),
            ("decay-interval", "1"),
            ("slow-decay", "975"),
            ("fast-decay", "926"),
        ] {
            tree.write(&format!("proc/hpc/admin/{name}"), &format!("{value}\n"));
        }
        for decay in ["clear", "cpujob", "iojob", "slow", "fast", "none", "own", "exec", "inherit"]
        {
            tree.write(&format!("proc/hpc/decay/{decay}"), "");
        }
        fs::create_dir_all(tree.root().join("proc/hpc/remote")).expect("a directory");
        tree
    }

    /// Add a process of user `uid` that is at home and has never moved.
    pub fn process(&self, pid: u32, uid: u32, comm: &str) {
        let file = |name: &str| format!("proc/{pid}/{name}");
        // Terminal 34817 is pts/1; 150 and 50 ticks are two seconds; it began when the machine was
        // up for a second, and has 256 pages.
        let stat =
            format!("{pid} ({comm}) S 1 {pid} {pid} 34817 {pid} 0 0 0 0 0 150 50 0 0 20 0 1");
        self.write(&file("stat"), &format!("{stat} 0 100 8388608 256\n"));
        self.write(&file("status"), &format!("Name:\t{comm}\nUid:\t{uid}\t{uid}\t{uid}\t{uid}\n"));
        self.write(&file("cmdline"), &format!("/usr/bin/{comm}\0--really\0"));
        self.steerable(&pid.to_string());
        self.write(&file("migration"), NO_MOVE);
    }

    /// Add a guest from a node, with its number and name there.
    pub fn guest(&self, pid: u32, from: u16, identity: &str) {
        let file = |name: &str| format!("proc/hpc/remote/{pid}/{name}");
        self.write(&file("from"), &format!("{from}\n"));
        self.write(&file("identity"), &format!("{identity}\n"));
        let stats = "utime=200 cutime=0 nice=0 state=R vsize=8388608 rss=256 nswap=0 cnswap=0";
        self.write(&file("stats"), &format!("{stats} age=65000\n"));
    }

    /// Add the files by which the calling program steers itself.
    pub fn myself(&self) {
        self.steerable("self");
    }

    fn steerable(&self, process: &str) {
        for (name, content) in [
            ("where", "0\n"),
            ("goto", "0\n"),
            ("cantmove", ""),
            ("nmigs", "0\n"),
            ("lock", "0\n"),
            ("migfilter", "0\n"),
            ("mignodes", "\n"),
            ("migpolicy", "0\n"),
            ("why", "node: 0\nsince_ms: 59000\nwhy: best\n"),
        ] {
            self.write(&format!("proc/{process}/{name}"), content);
        }
    }

    /// The root directory.
    pub fn root(&self) -> &Path {
        self.dir.path()
    }

    /// Make or replace a file.
    pub fn write(&self, path: &str, content: &str) {
        self.write_mode(path, content, 0o644);
    }

    /// Make or replace a file with the given mode.
    pub fn write_mode(&self, path: &str, content: &str, mode: u32) {
        let path = self.root().join(path);
        let new = path.with_extension("new");
        fs::create_dir_all(path.parent().expect("a file in a directory")).expect("a directory");
        fs::write(&new, content).expect("a new file");
        fs::set_permissions(&new, fs::Permissions::from_mode(mode)).expect("its mode");
        fs::rename(&new, &path).expect("the file in place");
    }

    /// The content of a file.
    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.root().join(path)).expect(path)
    }

    /// Remove a file.
    pub fn remove(&self, path: &str) {
        fs::remove_file(self.root().join(path)).expect(path);
    }

    /// Wait until somebody has written `content` to a file.
    pub fn wait_for(&self, path: &str, content: &str) {
        self.wait_until(path, |now| now == content);
    }

    /// Wait until a file has a content that is right.
    pub fn wait_until(&self, path: &str, right: impl Fn(&str) -> bool) {
        let path: PathBuf = self.root().join(path);
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let now = fs::read_to_string(&path).unwrap_or_default();
            if right(&now) {
                return;
            }
            assert!(Instant::now() < deadline, "{}: last seen {now:?}", path.display());
            std::thread::sleep(Duration::from_millis(2));
        }
    }
}
