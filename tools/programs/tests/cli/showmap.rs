// SPDX-License-Identifier: GPL-2.0-only
//! `showmap` on a fake tree.

use fake::{Ended, Tree};

fn showmap(args: &[&str]) -> Ended {
    Tree::cluster().run(env!("CARGO_BIN_EXE_showmap"), args)
}

#[test]
fn nodes_to_join_by() {
    let tree = Tree::cluster();
    tree.write("proc/hpc/admin/config", "me 4\njoin 10.0.0.1\n");
    let expected = "\
My Node-Id: 4

Base Node-Id Address  Count
           - 10.0.0.1  JOIN
";
    assert_eq!(tree.run(env!("CARGO_BIN_EXE_showmap"), &[]).data(), expected);
}

#[test]
fn table() {
    let expected = "\
My Node-Id: 1

Base Node-Id Address  Count
           1 10.0.0.1     3
           2 10.9.0.2 ALIAS
";
    assert_eq!(showmap(&[]).data(), expected);
}

#[test]
fn json() {
    let expected = r#"{"version":1,"map":{"me":1,"nodes":[{"first":1,"address":"10.0.0.1","count":3}],"aliases":[{"id":2,"address":"10.9.0.2"}],"join":[],"closed":false}}"#;
    assert_eq!(showmap(&["--json=short"]).data(), format!("{expected}\n"));
}
