// SPDX-License-Identifier: GPL-2.0-only
//! A process as `/proc/PID` shows it, openMosix's files included.

use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::time::Duration;

use nix::unistd::{SysconfVar, sysconf};
use serde::Serialize;

use crate::error::{Error, Result};
use crate::nodes::Nodes;
use crate::place::Place;
use crate::stay;
use crate::system::{System, write_once};

/// A handle on one process; nothing is read before it is asked for.
#[derive(Clone, Debug)]
pub struct Process<'a> {
    system: &'a System,
    /// Its number.
    pub pid: u32,
}

/// Where a process may go by itself; home always is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mask {
    /// Anywhere.
    Any,
    /// Nowhere else.
    Home,
    /// Only to these nodes.
    Only(Nodes),
    /// To all but these nodes.
    Not(Nodes),
}

/// What a table of processes shows about one of them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Snapshot {
    /// Its number.
    pub pid: u32,
    /// Its parent's number.
    pub ppid: u32,
    /// Its effective user.
    pub uid: u32,
    /// The user's name.
    pub user: String,
    /// Where it runs, 0 at home; `None` if the kernel does not say.
    pub node: Option<Place>,
    /// How often it has moved.
    pub nmigs: Option<u64>,
    /// Whether it is locked where it is.
    pub lock: Option<bool>,
    /// Why it is where it is, in a word.
    pub why: Option<String>,
    /// Why it cannot move now.
    pub cantmove: Vec<String>,
    /// Its state, a letter as in `ps`.
    pub state: char,
    /// Its terminal.
    pub tty: Option<String>,
    /// The CPU time that it has used.
    #[serde(rename = "cpu_seconds", serialize_with = "seconds")]
    pub time: Duration,
    /// How long it has been there.
    #[serde(rename = "elapsed_seconds", serialize_with = "seconds")]
    pub elapsed: Duration,
    /// Its memory here in bytes; what is on another node does not count.
    pub resident: u64,
    /// Its name.
    pub comm: String,
    /// Its command line; empty for threads of the kernel.
    pub args: Vec<String>,
}

impl System {
    /// The process with number `pid`.
    pub fn process(&self, pid: u32) -> Result<Process<'_>> {
        if self.path(format!("proc/{pid}")).is_dir() {
            Ok(Process { system: self, pid })
        } else {
            Err(Error::NoProcess(pid))
        }
    }

    /// The terminal of the calling program.
    pub fn my_terminal(&self) -> Result<Option<String>> {
        let path = self.path("proc/self/stat");
        let text = fs::read_to_string(&path).map_err(|error| Error::io(&path, error))?;
        let stat = Stat::parse(&text).ok_or_else(|| Error::format(path, "not understood"))?;
        Ok(tty_name(stat.tty))
    }

    /// How long this machine has been up.
    pub fn uptime(&self) -> Result<Duration> {
        let path = self.path("proc/uptime");
        let text = fs::read_to_string(&path).map_err(|error| Error::io(&path, error))?;
        let seconds = text.split(' ').next().and_then(|word| word.trim().parse().ok());
        seconds
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .ok_or_else(|| Error::format(path, "not understood"))
    }

    /// All processes that can be read, in the order of their numbers.
    pub fn processes(&self) -> Result<Vec<Snapshot>> {
        let pids: Vec<u32> = self.numbered("proc")?;
        let up = self.uptime()?;
        let read = pids.into_iter().map(|pid| Process { system: self, pid }.snapshot(up));
        read.filter(|snapshot| !snapshot.as_ref().is_err_and(is_hidden)).collect()
    }
}

impl<'a> Process<'a> {
    /// The machine it is on.
    pub(crate) fn system(&self) -> &'a System {
        self.system
    }

    /// The path of one of its files.
    pub fn path(&self, file: &str) -> PathBuf {
        self.system.path(format!("proc/{}/{file}", self.pid))
    }

    /// The text of one of its files, without the final newline.
    pub fn read(&self, file: &str) -> Result<String> {
        match fs::read(self.path(file)) {
            Ok(bytes) => Ok(String::from_utf8_lossy(&bytes).trim_end().to_string()),
            Err(error) => Err(self.explain(file, error)),
        }
    }

    /// Turn an error with one of its files into the right one.
    pub(crate) fn explain(&self, file: &str, error: std::io::Error) -> Error {
        const ESRCH: i32 = 3;
        if error.raw_os_error() == Some(ESRCH) || !self.path("").is_dir() {
            return Error::NoProcess(self.pid);
        }
        match error.kind() {
            ErrorKind::NotFound if self.system.require_openmosix().is_err() => Error::NoKernel,
            _ => Error::io(self.path(file), error),
        }
    }

    fn number<T: std::str::FromStr>(&self, file: &str) -> Result<T> {
        let text = self.read(file)?;
        let wrong = || Error::format(self.path(file), format!("'{text}' is not a number"));
        text.parse().map_err(|_| wrong())
    }

    /// Where it runs now.
    pub fn place(&self) -> Result<Place> {
        self.number::<u16>("where").map(Place::from)
    }

    /// How often it has moved.
    pub fn nmigs(&self) -> Result<u64> {
        self.number("nmigs")
    }

    /// Where it was told to go and is not yet; `None` if nowhere.
    pub fn destination(&self) -> Result<Option<Place>> {
        let text = self.read("goto")?;
        Ok(if text == "0" { None } else { text.parse().ok() })
    }

    /// Its state, a letter as in `ps`.
    pub fn state(&self) -> Result<char> {
        self.stat().map(|stat| stat.state)
    }

    fn stat(&self) -> Result<Stat> {
        Stat::parse(&self.read("stat")?)
            .ok_or_else(|| Error::format(self.path("stat"), "not understood"))
    }

    /// Why it cannot move now; nothing if it can.
    pub fn cantmove(&self) -> Result<Vec<String>> {
        Ok(self.read("cantmove")?.split_whitespace().map(str::to_string).collect())
    }

    /// Whether it is locked where it is.
    pub fn is_locked(&self) -> Result<bool> {
        self.number::<u8>("lock").map(|lock| lock != 0)
    }

    /// Where it may go by itself.
    pub fn mask(&self) -> Result<Mask> {
        if self.number::<u8>("migfilter")? == 0 {
            return Ok(Mask::Any);
        }
        let text = self.read("mignodes")?;
        let only = self.number::<u8>("migpolicy")? != 0;
        if text.is_empty() {
            return Ok(if only { Mask::Home } else { Mask::Any });
        }
        let nodes = text.parse();
        let nodes = nodes.map_err(|what: String| Error::format(self.path("mignodes"), what))?;
        Ok(if only { Mask::Only(nodes) } else { Mask::Not(nodes) })
    }

    /// Give one of its files its new content in one write.
    pub(crate) fn write(&self, file: &str, text: &str) -> Result<()> {
        write_once(&self.path(file), text).map_err(|error| self.denied(file, error))
    }

    /// Why one of its files does not take something.
    fn denied(&self, file: &str, error: std::io::Error) -> Error {
        const EPERM: i32 = 1;
        let names = self.cantmove().unwrap_or_default();
        let never = |name: &&str| matches!(*name, "guest" | "init" | "system");
        let mut never = names.iter().map(String::as_str).filter(never).peekable();
        // Who may not even open it is told so.
        if error.raw_os_error() == Some(EPERM) && never.peek().is_some() {
            return Error::NotSteered { pid: self.pid, reason: stay::sentence(never) };
        }
        self.explain(file, error)
    }

    /// Everything that a table shows about it. `up` is how long the machine has been up.
    pub fn snapshot(&self, up: Duration) -> Result<Snapshot> {
        let stat = self.stat()?;
        let uid = effective_uid(&self.read("status")?)
            .ok_or_else(|| Error::format(self.path("status"), "has no user"))?;
        let cmdline = self.read("cmdline")?;
        let args = cmdline.trim_end_matches('\0').split('\0').filter(|_| !cmdline.is_empty());
        Ok(Snapshot {
            pid: self.pid,
            ppid: stat.ppid,
            uid,
            user: crate::user::name(uid),
            node: said(self.place())?,
            nmigs: said(self.nmigs())?,
            lock: said(self.is_locked())?,
            why: said(self.account())?.map(|account| account.why),
            cantmove: said(self.cantmove())?.unwrap_or_default(),
            state: stat.state,
            tty: tty_name(stat.tty),
            time: stat.time,
            elapsed: up.saturating_sub(stat.started),
            resident: stat.pages * page_size(),
            comm: stat.comm,
            args: args.map(str::to_string).collect(),
        })
    }
}

/// Whether an error means that a process has ended meanwhile, or is not for the caller to see.
fn is_hidden(error: &Error) -> bool {
    match error {
        Error::NoProcess(_) => true,
        Error::Io { source, .. } => {
            matches!(source.kind(), ErrorKind::PermissionDenied | ErrorKind::NotFound)
        }
        _ => false,
    }
}

/// A fact that this kernel does not show, or not to us, is not known; other errors stay.
fn said<T>(fact: Result<T>) -> Result<Option<T>> {
    match fact {
        Ok(value) => Ok(Some(value)),
        Err(Error::NoKernel) => Ok(None),
        Err(Error::Io { source, .. })
            if matches!(source.kind(), ErrorKind::PermissionDenied | ErrorKind::NotFound) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// The fields of `/proc/PID/stat` that matter here.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    comm: String,
    state: char,
    ppid: u32,
    tty: u32,
    time: Duration,
    /// Since the machine came up.
    started: Duration,
    pages: u64,
}

impl Stat {
    fn parse(text: &str) -> Option<Self> {
        // The name may contain anything, parentheses and blanks included.
        let (head, tail) = text.rsplit_once(") ")?;
        let (_, comm) = head.split_once(" (")?;
        let fields: Vec<&str> = tail.split(' ').collect();
        let number = |index: usize| fields.get(index)?.trim().parse::<u64>().ok();
        Some(Self {
            comm: comm.to_string(),
            state: fields.first()?.chars().next()?,
            ppid: fields.get(1)?.parse().ok()?,
            tty: fields.get(4)?.parse::<i32>().ok()? as u32,
            time: ticks(number(11)? + number(12)?),
            started: ticks(number(19)?),
            pages: number(21)?,
        })
    }
}

/// A time that the kernel counts in ticks.
pub(crate) fn ticks(count: u64) -> Duration {
    let each_second = machine_constant(SysconfVar::CLK_TCK).unwrap_or(100);
    Duration::from_millis(count.saturating_mul(1000) / each_second)
}

/// Bytes of a page.
pub(crate) fn page_size() -> u64 {
    machine_constant(SysconfVar::PAGE_SIZE).unwrap_or(4096)
}

fn machine_constant(name: SysconfVar) -> Option<u64> {
    let value = sysconf(name).ok().flatten()?;
    value.try_into().ok().filter(|value| *value > 0)
}

/// The effective user in `/proc/PID/status`.
fn effective_uid(status: &str) -> Option<u32> {
    let line = status.lines().find_map(|line| line.strip_prefix("Uid:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

/// The name of the terminal with the device number of `/proc/PID/stat`.
fn tty_name(device: u32) -> Option<String> {
    let major = (device >> 8) & 0xfff;
    let minor = (device & 0xff) | ((device >> 12) & 0xfff00);
    match (major, minor) {
        (0, _) => None,
        (4, 0..=63) => Some(format!("tty{minor}")),
        (4, _) => Some(format!("ttyS{}", minor - 64)),
        (5, 1) => Some("console".to_string()),
        (136..=143, _) => Some(format!("pts/{}", (major - 136) * 256 + minor)),
        (229, _) => Some(format!("hvc{minor}")),
        _ => Some(format!("{major}:{minor}")),
    }
}

/// Write a time as a number of seconds.
pub(crate) fn seconds<S: serde::Serializer>(
    time: &Duration,
    serializer: S,
) -> std::result::Result<S::Ok, S::Error> {
    serializer.serialize_f64(time.as_secs_f64())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Exit;
    use fake::Tree;

    #[test]
    fn a_process_with_a_nasty_name() {
        let text = "7 (a) R (b c) S 1 7 7 34817 7 0 0 0 0 0 150 50 0 0 20 0 1 0 300 8192 2\n";
        let stat = Stat::parse(text).unwrap();
        let comm = "a) R (b c".to_string();
        let (time, started) = (Duration::from_secs(2), Duration::from_secs(3));
        assert_eq!(stat, Stat { comm, state: 'S', ppid: 1, tty: 34817, time, started, pages: 2 });
        assert_eq!(Stat::parse("7 (a) S 1"), None);
    }

    #[test]
    fn terminals() {
        assert_eq!(tty_name(0), None);
        assert_eq!(tty_name(34817).as_deref(), Some("pts/1"));
        assert_eq!(tty_name(136 << 8 | 44 | 1 << 20).as_deref(), Some("pts/300"));
        assert_eq!(tty_name(4 << 8 | 1).as_deref(), Some("tty1"));
        assert_eq!(tty_name(4 << 8 | 64).as_deref(), Some("ttyS0"));
    }

    #[test]
    fn snapshots_know_openmosix() {
        let tree = Tree::cluster();
        tree.process(42, 0, "xz");
        tree.write("proc/42/where", "2\n");
        tree.write("proc/42/nmigs", "3\n");
        tree.write("proc/42/cantmove", "shm\nmlock\n");
        let system = System::at(tree.root());
        let snapshot = system.process(42).unwrap().snapshot(Duration::from_secs(10)).unwrap();
        assert_eq!(snapshot.node, Some(Place::Node(2)));
        assert_eq!(snapshot.nmigs, Some(3));
        assert_eq!(snapshot.cantmove, ["shm", "mlock"]);
        assert_eq!(snapshot.args, ["/usr/bin/xz", "--really"]);
        assert_eq!((snapshot.user.as_str(), snapshot.ppid), ("root", 1));
        assert!(matches!(system.process(43), Err(Error::NoProcess(43))));
    }

    #[test]
    fn processes_that_end_or_hide_meanwhile_are_left_out() {
        let tree = Tree::cluster();
        for pid in [41, 42, 43] {
            tree.process(pid, 0, "xz");
        }
        // One loses all of its files while it is looked at, one the second that is read.
        for file in ["41/stat", "41/status", "41/cmdline", "42/status"] {
            tree.remove(&format!("proc/{file}"));
        }
        let system = System::at(tree.root());
        let pids: Vec<u32> = system.processes().unwrap().iter().map(|it| it.pid).collect();
        assert_eq!(pids, [43]);
        // What makes no sense is told.
        tree.write("proc/43/stat", "nonsense\n");
        assert!(system.processes().unwrap_err().to_string().ends_with("stat: not understood"));
    }

    #[test]
    fn who_takes_no_orders() {
        let tree = Tree::cluster();
        tree.process(42, 0, "xz");
        let system = System::at(tree.root());
        let denied = |cantmove: &str, errno| {
            tree.write("proc/42/cantmove", cantmove);
            let error = std::io::Error::from_raw_os_error(errno);
            system.process(42).unwrap().denied("lock", error)
        };
        let (eperm, eacces) = (1, 13);
        let guest = denied("guest\n", eperm);
        let expected =
            "process 42 takes no orders here: it is a guest: it is steered at its home (guest)";
        assert_eq!((guest.to_string().as_str(), guest.exit()), (expected, Exit::NotPermitted));
        let text = denied("mlock\ninit\n", eperm).to_string();
        assert_eq!(text, "process 42 takes no orders here: it is init (init)");
        assert!(denied("mlock\n", eperm).to_string().ends_with("lock: Operation not permitted"));
        assert!(denied("init\n", eacces).to_string().ends_with("lock: Permission denied"));
    }

    #[test]
    fn permission_hides_and_other_errors_do_not() {
        let io = |kind: ErrorKind| is_hidden(&Error::io("/proc/1/status", kind.into()));
        assert!(io(ErrorKind::PermissionDenied) && io(ErrorKind::NotFound));
        assert!(!io(ErrorKind::OutOfMemory) && !is_hidden(&Error::NoKernel));
    }

    #[test]
    fn other_kernels_just_say_less() {
        let tree = Tree::new();
        tree.process(42, 0, "xz");
        for file in ["where", "nmigs", "cantmove", "lock", "why"] {
            tree.remove(&format!("proc/42/{file}"));
        }
        tree.write("proc/42/cmdline", "");
        let system = System::at(tree.root());
        let processes = system.processes().unwrap();
        assert_eq!((processes.len(), processes[0].node), (1, None));
        assert!(processes[0].args.is_empty());
        assert!(matches!(system.process(42).unwrap().place(), Err(Error::NoKernel)));
    }
}
