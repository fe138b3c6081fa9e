// SPDX-License-Identifier: GPL-2.0-only

//! The files of `/proc/PID`: where a process is and why, where it may go, and orders to move it.
//!
//! | file        | meaning                                                             |
//! |-------------|---------------------------------------------------------------------|
//! | `where`     | the node it runs on, 0 at home                                      |
//! | `goto`      | write a node, `home` or `0`; with `exec ` before it, after an exec. |
//! |             | There it stays, until `balance` is written: decide now              |
//! | `migrate`   | the same file by another name                                       |
//! | `cantmove`  | why it may not move now, one name a line                            |
//! | `nmigs`     | how often it has moved                                              |
//! | `migration` | how its last move went                                              |
//! | `why`       | why it is where it is, and what was decided lately                  |
//! | `lock`      | 1: it does not move by itself                                       |
//! | `migfilter` | 1: `mignodes` counts                                                |
//! | `mignodes`  | a set of nodes                                                      |
//! | `migpolicy` | 0: it may go to all nodes but these; 1: to these only               |

use super::{
    rules,
    why, //
};
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
    placement::{
        self,
        Finder, //
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
    task::Task, //
};

/// Takes what was written to one of the files; `find` finds or makes what is known of the task.
pub(crate) fn write(task: &Task, what: u32, text: &[u8], find: Finder) -> Result {
    let text = core::str::from_utf8(text).map_err(|_| EINVAL)?.trim();
    if Stay::of(task, None).is_system() {
        return Err(EPERM);
    }
    let find = || {
        let migrant = find(task)?;
        match migrant.role() {
            // A guest is steered at its home.
            Role::Guest(_) | Role::Arriving => Err(EPERM),
            Role::Local | Role::Deputy(_) => Ok(migrant),
        }
    };
    if what != bindings::openmosix_file_OPENMOSIX_FILE_GOTO {
        return rules::write(find()?.process(), what, text);
    }
    if text == "balance" {
        let migrant = find()?;
        migrant.process().release();
        placement::decide_now(&migrant);
        return Ok(());
    }
    let order = parse(text)?;
    if let Destination::Node(node) = order.to {
        if node::address(node).is_none() {
            return Err(EHOSTUNREACH);
        }
    }
    let migrant = find()?;
    order::give(&migrant, order);
    Ok(())
}

fn parse(text: &str) -> Result<Order> {
    let text = text.trim();
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
    Ok(Order {
        to,
        at_exec,
        // What it is told for its next program is no more than the beginning of that.
        stands: !at_exec,
    })
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
        bindings::openmosix_file_OPENMOSIX_FILE_WHY => why::show(task, process, to),
        _ => {
            let rules = process.map(Process::rules).unwrap_or_default();
            return rules::show(&rules, what, to);
        }
    }
    Ok(())
}

#[cfg(CONFIG_OPENMOSIX_KUNIT_TEST)]
#[kunit_tests(openmosix_orders)]
mod tests {
    use super::*;

    fn order(to: Destination, at_exec: bool) -> Result<Order> {
        Ok(Order {
            to,
            at_exec,
            stands: !at_exec,
        })
    }

    #[test]
    fn home_has_two_names() {
        assert_eq!(parse("home"), order(Destination::Home, false));
        assert_eq!(parse("0\n"), order(Destination::Home, false));
        assert_eq!(parse("exec home\n"), order(Destination::Home, true));
    }

    #[test]
    fn a_number_is_a_node() {
        for (text, number, at_exec) in [
            ("2", 2, false),
            (" 17\n", 17, false),
            ("65535", 65535, false),
            ("exec 3\n", 3, true),
            ("exec  3", 3, true),
        ] {
            let to = NodeId::new(number).map(Destination::Node);
            assert_eq!(to.map(|to| order(to, at_exec)), Some(parse(text)));
        }
    }

    #[test]
    fn anything_else_is_refused() {
        for text in [
            "",
            "\n",
            "exec",
            "exec ",
            "execute 2",
            "-1",
            "00",
            "65536",
            "1 2",
            "2 exec",
            "Home",
        ] {
            assert_eq!(parse(text), Err(EINVAL));
        }
    }
}
