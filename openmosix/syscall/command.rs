// SPDX-License-Identifier: GPL-2.0-only

//! Calls in which one argument is a command, on which the meaning of the others depends.

pub(crate) mod fcntl;
pub(crate) mod ioctl;
pub(crate) mod ipc;
pub(crate) mod prctl;
pub(crate) mod sockopt;

use super::{
    param::{
        register,
        Param, //
    },
    Args, //
};

/// The commands of one system call.
#[derive(Debug)]
pub(crate) struct Commands {
    /// The argument that holds the command; all of them are declared `int`.
    arg: u8,
    /// The commands.
    list: &'static [Command],
    /// The description of commands that are not listed.
    others: Option<&'static [Param]>,
}

/// One command.
#[derive(Debug)]
struct Command {
    code: u32,
    params: Option<&'static [Param]>,
}

impl Commands {
    /// The description of the command in these arguments.
    pub(crate) fn params(&self, args: &Args) -> Option<&'static [Param]> {
        let code = register(args, self.arg) & u64::from(u32::MAX);
        self.list
            .iter()
            .find(|command| u64::from(command.code) == code)
            .map_or(self.others, |command| command.params)
    }
}

/// A command with its parameters.
const fn is(code: u32, params: &'static [Param]) -> Command {
    Command {
        code,
        params: Some(params),
    }
}

/// A command that has no description, although others have.
const fn not(code: u32) -> Command {
    Command { code, params: None }
}
