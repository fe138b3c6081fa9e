// SPDX-License-Identifier: GPL-2.0-only
//! Programs that go on without a terminal.

use std::os::unix::net::UnixDatagram;

use crate::error::{Error, Result};

/// Go on in the background, without a terminal. To be called before there are threads.
pub fn detach() -> Result<()> {
    nix::unistd::daemon(false, false).map_err(|error| Error::io("background", error.into()))
}

/// Tell the system's log.
pub fn log(program: &str, text: &str) {
    // Facility daemon, a notice. Who has no log does not read it.
    let line = format!("<29>{program}[{}]: {text}", std::process::id());
    let _ = UnixDatagram::unbound().and_then(|log| log.send_to(line.as_bytes(), "/dev/log"));
}
