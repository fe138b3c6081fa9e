// SPDX-License-Identifier: GPL-2.0-only
//! What can go wrong, and the exit status that says so.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::place::Place;

/// The result of everything in this library.
pub type Result<T> = std::result::Result<T, Error>;

/// The exit status shared by all programs (`mosrun` has its own, like `env`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything was done.
    Ok = 0,
    /// The operation failed.
    Failed = 1,
    /// The command line makes no sense.
    Usage = 2,
    /// The node cannot be reached, or is not configured.
    Unreachable = 3,
    /// The caller may not do this.
    NotPermitted = 4,
}

/// Why a file that people write is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineError {
    /// Which line, counted from 1, unless the whole file is meant.
    pub line: Option<usize>,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for LineError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "line {line}: {}", self.what),
            None => f.write_str(&self.what),
        }
    }
}

impl std::error::Error for LineError {}

/// An error, complete enough to be shown as it is.
#[derive(Debug)]
pub enum Error {
    /// The running kernel has no openMosix.
    NoKernel,
    /// A file could not be read or written.
    Io {
        /// The file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
    /// A file of the kernel does not read as expected.
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A line of a file that people write is wrong.
    Line {
        /// The file.
        path: PathBuf,
        /// Where and why.
        source: LineError,
    },
    /// None of the places for a map file has one.
    NoMap(Vec<PathBuf>),
    /// The map is right but this machine cannot be found in it.
    Me(String),
    /// The cluster key cannot be used.
    Key {
        /// The key file.
        path: PathBuf,
        /// Why not.
        what: String,
    },
    /// A program could not be started.
    Exec {
        /// Its name.
        command: String,
        /// Why not.
        source: io::Error,
    },
    /// There is no such process, or no longer.
    NoProcess(u32),
    /// openMosix is off on this node.
    Off,
    /// No such node is configured.
    NoNode(u16),
    /// The node is configured but cannot be reached.
    NodeDown(u16),
    /// A process did not move.
    NotMoved {
        /// The process.
        pid: u32,
        /// Where it should have gone.
        target: Place,
        /// The kernel's reason.
        reason: String,
        /// Whether the reason is that the target cannot be reached.
        unreachable: bool,
    },
    /// A process that is not for this node to steer, or for nobody.
    NotSteered {
        /// The process.
        pid: u32,
        /// Why.
        reason: String,
    },
    /// A process that was left to the balancer stays where it is.
    Stays {
        /// The process.
        pid: u32,
        /// Why.
        reason: String,
    },
    /// A process had not moved when the time was over.
    TimedOut {
        /// The process.
        pid: u32,
        /// Where it should go.
        target: Place,
        /// How long it was waited for.
        waited: Duration,
        /// The stage the move had reached.
        stage: String,
    },
    /// Something of openMosix that this kernel does not have.
    Missing(String),
    /// Not all have left when the waiting ended; who is left.
    Left(String),
    /// A question that has no answer, for example an unknown address.
    NotFound(String),
    /// A word on the command line that makes no sense.
    Usage(String),
}

impl Error {
    /// Make an error about `path`.
    pub fn io(path: impl AsRef<Path>, source: io::Error) -> Self {
        Self::Io { path: path.as_ref().to_path_buf(), source }
    }

    /// Make an error about the content of `path`.
    pub fn format(path: impl AsRef<Path>, what: impl Into<String>) -> Self {
        Self::Format { path: path.as_ref().to_path_buf(), what: what.into() }
    }

    /// The exit status that stands for this error.
    pub fn exit(&self) -> Exit {
        use io::ErrorKind as Kind;
        match self {
            Self::Usage(_) => Exit::Usage,
            Self::NotSteered { .. } => Exit::NotPermitted,
            Self::Off
            | Self::NoNode(_)
            | Self::NodeDown(_)
            | Self::NotMoved { unreachable: true, .. } => Exit::Unreachable,
            Self::Io { source, .. } => match source.kind() {
                Kind::PermissionDenied => Exit::NotPermitted,
                Kind::HostUnreachable
                | Kind::NetworkUnreachable
                | Kind::NotConnected
                | Kind::ConnectionRefused
                | Kind::TimedOut => Exit::Unreachable,
                _ => Exit::Failed,
            },
            _ => Exit::Failed,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoKernel => f.write_str("the running kernel has no openMosix (no /proc/hpc)"),
            Self::Io { path, source } => write!(f, "{}: {}", path.display(), plain(source)),
            Self::Format { path, what } => write!(f, "{}: {what}", path.display()),
            Self::Line { path, source } => write!(f, "{}: {source}", path.display()),
            Self::NoMap(tried) => {
                let tried: Vec<_> = tried.iter().map(|path| path.display().to_string()).collect();
                write!(f, "there is no map file (looked for {})", tried.join(", "))
            }
            Self::Me(what) | Self::NotFound(what) | Self::Usage(what) | Self::Left(what) => {
                f.write_str(what)
            }
            Self::Key { path, what } => write!(f, "cluster key {} {what}", path.display()),
            Self::Exec { command, source } => write!(f, "{command}: {}", plain(source)),
            Self::NoProcess(pid) => write!(f, "there is no process {pid}"),
            Self::Off => f.write_str("openMosix is off on this node"),
            Self::NoNode(id) => write!(f, "node {id} is not configured"),
            Self::NodeDown(id) => write!(f, "node {id} cannot be reached"),
            Self::NotMoved { pid, target, reason, .. } => {
                write!(f, "process {pid} did not move to {target}: {reason}")
            }
            Self::NotSteered { pid, reason } => {
                write!(f, "process {pid} takes no orders here: {reason}")
            }
            Self::Stays { pid, reason } => {
                write!(f, "process {pid} stays where it is: {reason}")
            }
            Self::TimedOut { pid, target, waited, stage } => write!(
                f,
                "process {pid} has not moved to {target} within {} s (stage: {stage}); \
                 the request stands",
                waited.as_secs_f64()
            ),
            Self::Missing(word) => write!(f, "this kernel has no {word}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } | Self::Exec { source, .. } => Some(source),
            Self::Line { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// The text of an I/O error without Rust's "(os error 13)".
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    match text.find(" (os error") {
        Some(end) => text[..end].to_string(),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn io_errors_read_like_those_of_other_programs() {
        let error = Error::io("/proc/1/goto", io::Error::from_raw_os_error(13));
        assert_eq!(error.to_string(), "/proc/1/goto: Permission denied");
        assert_eq!(error.exit(), Exit::NotPermitted);
    }

    #[test]
    fn unreachable_nodes_have_their_own_exit_status() {
        let no_route = io::Error::from_raw_os_error(113);
        assert_eq!(Error::io("x", no_route).exit(), Exit::Unreachable);
        assert_eq!(Error::NoNode(4).exit(), Exit::Unreachable);
        assert_eq!(Error::NodeDown(4).exit(), Exit::Unreachable);
        assert_eq!(Error::NoProcess(4).exit(), Exit::Failed);
    }
}
