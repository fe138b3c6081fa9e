// SPDX-License-Identifier: GPL-2.0-only
//! `mosmon` where there is no terminal; what it draws is tested beside its code.

use fake::{Ended, Tree};

fn mosmon(tree: &Tree, args: &[&str]) -> Ended {
    tree.run(env!("CARGO_BIN_EXE_mosmon"), args)
}

#[test]
fn one_table() {
    let text = mosmon(&Tree::cluster(), &["--once"]).data();
    assert_eq!(text, Tree::cluster().run(env!("CARGO_BIN_EXE_mosctl"), &["getnodes"]).data());
    assert_eq!(text.lines().count(), 4);
    let json = mosmon(&Tree::cluster(), &["--json=short"]).data();
    assert!(json.starts_with(r#"{"version":1,"nodes":[{"id":1,"#), "{json}");
}

#[test]
fn without_a_terminal() {
    let text = mosmon(&Tree::cluster(), &["-m", "+2"]).failure(2);
    assert_eq!(text, "mosmon: standard output is no terminal; --once prints a table\n");
    let text = mosmon(&Tree::new(), &["--once"]).failure(1);
    assert_eq!(text, "mosmon: the running kernel has no openMosix (no /proc/hpc)\n");
    mosmon(&Tree::cluster(), &["-m", "-u"]).failure(2);
}
