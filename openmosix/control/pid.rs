// SPDX-License-Identifier: GPL-2.0-only

//! The files of `/proc/PID`: where a process is, and orders to move it.
//!
//! | file        | meaning                                                             |
//! |-------------|---------------------------------------------------------------------|
//! | `where`     | the node it runs on, 0 at home                                      |
//! | `goto`      | write a node, `home` or `0`; with `exec ` before it, after an exec  |
//! | `cantmove`  | why it may not move now, one name a line                            |
//! | `nmigs`     | how often it has moved                                              |
//! | `migration` | how its last move went                                              |

use crate::{
    migrate::{
        migrant::{
            Migrant,
            Role, //
        },
        order,
    },
    node::{
        self,
        NodeId, //
    },
    sys::mm::Mm,
    task::{
        stay::Stay,
        Destination,
        Order,
        Process, //
    },
};
use kernel::{
    bindings,
    prelude::*,
    seq_file::SeqFile,
    seq_print,
    sync::Arc,
    task::Task, //
};

/// Takes what was written to `goto`; `migrant` finds or makes the task's state.
pub(crate) fn give(
    task: &Task,
    text: &[u8],
    migrant: impl FnOnce() -> Result<Arc<Migrant>>,
) -> Result {
    let order = parse(text)?;
    if let Destination::Node(node) = order.to {
        if node::address(node).is_none() {
            return Err(EHOSTUNREACH);
        }
    }
    let task_stay = Stay::of(task, None);
    if task_stay.is_system() {
        return Err(EPERM);
    }
    let migrant = migrant()?;
    if matches!(migrant.role(), Role::Guest(_) | Role::Arriving) {
        // A guest is steered at its home.
        return Err(EPERM);
    }
    order::give(&migrant, order)
}

fn parse(text: &[u8]) -> Result<Order> {
    let text = core::str::from_utf8(text).map_err(|_| EINVAL)?.trim();
    let (at_exec, word) = match text.strip_prefix("exec ") {
        Some(word) => (true, word.trim()),
        None => (false, text),
    };
    let to = match word {
        "home" | "0" => Destination::Home,
        number => {
            let number = number.parse().map_err(|_| EINVAL)?;
            let node = NodeId::new(number).ok_or(EINVAL)?;
            if node::id_self() == Some(node) {
                Destination::Home
            } else {
                Destination::Node(node)
            }
        }
    };
    Ok(Order { to, at_exec })
}

/// Shows one of the files.
pub(crate) fn show(task: &Task, migrant: Option<&Migrant>, what: u32, to: &SeqFile) -> Result {
    let process = migrant.map(Migrant::process);
    match what {
        bindings::openmosix_file_OPENMOSIX_FILE_WHERE => {
            seq_print!(to, "{}\n", process.map_or(0, Process::node));
        }
        bindings::openmosix_file_OPENMOSIX_FILE_GOTO => {
            match process.and_then(Process::destination) {
                Some(Destination::Node(node)) => seq_print!(to, "{}\n", node),
                Some(Destination::Home) => seq_print!(to, "home\n"),
                None => seq_print!(to, "0\n"),
            }
        }
        bindings::openmosix_file_OPENMOSIX_FILE_CANTMOVE => {
            let stay = match migrant.map(Migrant::role) {
                Some(Role::Guest(_) | Role::Arriving) => Stay::GUEST,
                Some(Role::Deputy(_)) => Stay::of(task, None),
                _ => Stay::of(task, Mm::of(task).as_ref()),
            };
            for name in stay.names() {
                seq_print!(to, "{}\n", name);
            }
        }
        bindings::openmosix_file_OPENMOSIX_FILE_NMIGS => {
            seq_print!(to, "{}\n", process.map_or(0, Process::moves));
        }
        bindings::openmosix_file_OPENMOSIX_FILE_MIGRATION => {
            seq_print!(to, "{}", process.map(Process::record).unwrap_or_default());
        }
        _ => return Err(EINVAL),
    }
    Ok(())
}

#[cfg(CONFIG_OPENMOSIX_KUNIT_TEST)]
#[kunit_tests(openmosix_orders)]
mod tests {
    use super::*;

    fn order(to: Destination, at_exec: bool) -> Result<Order> {
        Ok(Order { to, at_exec })
    }

    #[test]
    fn home_has_two_names() {
        assert_eq!(parse(b"home"), order(Destination::Home, false));
        assert_eq!(parse(b"0\n"), order(Destination::Home, false));
        assert_eq!(parse(b"exec home\n"), order(Destination::Home, true));
    }

    #[test]
    fn a_number_is_a_node() {
        for (text, number, at_exec) in [
            (&b"2"[..], 2, false),
            (b" 17\n", 17, false),
            (b"65535", 65535, false),
            (b"exec 3\n", 3, true),
            (b"exec  3", 3, true),
        ] {
            let to = NodeId::new(number).map(Destination::Node);
            assert_eq!(to.map(|to| order(to, at_exec)), Some(parse(text)));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            &b""[..],
            b"\n",
            b"exec",
            b"exec ",
            b"execute 2",
            b"-1",
            b"00",
            b"65536",
            b"1 2",
            b"2 exec",
            b"Home",
            b"\xff",
        ] {
            assert_eq!(parse(text), Err(EINVAL));
        }
    }
}
