// SPDX-License-Identifier: GPL-2.0-only
//! `setpe` on a fake tree.

use fake::{Ended, Tree};

const MAP: &str = "# ours\n1 10.0.0.1 3\n2 10.9.0.2 ALIAS\n";
const CONFIG: &str = "proc/hpc/admin/config";
/// SHA-256 of "abc".
const KEY: &str = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

fn setpe(tree: &Tree, args: &[&str]) -> Ended {
    tree.run(env!("CARGO_BIN_EXE_setpe"), args)
}

fn tree() -> Tree {
    let tree = Tree::cluster();
    tree.write("etc/openmosix.map", MAP);
    tree.write_mode("etc/openmosix/key", "abc", 0o600);
    tree.write(CONFIG, "");
    tree
}

#[test]
fn the_map_reaches_the_kernel() {
    for write in ["-w", "-W", "--write"] {
        let tree = tree();
        assert_eq!(setpe(&tree, &[write, "-g", "1", "-n", "inet", "-p", "2"]).data(), "");
        let expected = format!("me 2\nkey {KEY}\nnode 1 10.0.0.1 3\nalias 2 10.9.0.2\n");
        assert_eq!(tree.read(CONFIG), expected);
    }
}

#[test]
fn joining_without_a_map() {
    let tree = tree();
    tree.remove("etc/openmosix.map");
    assert_eq!(setpe(&tree, &["--join", "10.0.0.1,10.0.0.2", "-p", "9"]).data(), "");
    let expected = format!("me 9\nkey {KEY}\njoin 10.0.0.1\njoin 10.0.0.2\n");
    assert_eq!(tree.read(CONFIG), expected);
    assert_eq!(setpe(&tree, &["--join", "127.0.0.1", "-p", "9"]).data(), "");
    assert_eq!(tree.read(CONFIG), format!("me 9\nkey {KEY}\n"), "it begins a cluster");
    tree.write(CONFIG, "");
    let checked = setpe(&tree, &["--join", "10.0.0.1", "-p", "9", "--check"]);
    assert_eq!(checked.data(), "no map, this is node 9\n");
    assert_eq!(tree.read(CONFIG), "");
    let text = setpe(&tree, &["--join", "no such host", "-p", "9"]).failure(1);
    assert!(text.starts_with("setpe: 'no such host': "), "{text}");
}

#[test]
fn a_closed_cluster_with_a_map_and_somebody_to_join() {
    let tree = tree();
    setpe(&tree, &["-w", "-p", "2", "--closed", "-j", "10.0.0.3"]).data();
    assert!(tree.read(CONFIG).ends_with("alias 2 10.9.0.2\njoin 10.0.0.3\nclosed\n"));
    let text = tree.read(CONFIG).replace(&format!("key {KEY}\n"), "");
    tree.write(CONFIG, &text);
    let map = setpe(&tree, &["-r"]).data();
    assert!(map.ends_with("# joined by 10.0.0.3\n# closed: nobody else is let in\n"), "{map}");
}

#[test]
fn standard_input_and_check() {
    let tree = tree();
    let program = env!("CARGO_BIN_EXE_setpe");
    let ended = tree.run_with_input(program, &["-w", "-c", "-p", "8", "-f", "-"], "8 fd00::8 1\n");
    assert_eq!(ended.data(), "-: 1 node, this is node 8\n");
    assert_eq!(tree.read(CONFIG), "", "only checked");
}

#[test]
fn own_address() {
    let tree = tree();
    match mosix::interface::addresses().unwrap().first() {
        Some(mine) => {
            tree.write("etc/openmosix.map", &format!("7 {mine} 1\n"));
            setpe(&tree, &["-w"]).data();
            assert!(tree.read(CONFIG).starts_with("me 7\n"));
        }
        None => assert!(setpe(&tree, &["-w"]).failure(1).contains("is not there")),
    }
}

#[test]
fn the_classic_error() {
    let tree = tree();
    // A network for documentation: nobody is there.
    tree.write("etc/openmosix.map", "1 203.0.113.1 2\n");
    let text = setpe(&tree, &["-w"]).failure(1);
    assert!(text.contains("supplied table is well-formatted, but my IP address ("), "{text}");
    assert!(text.ends_with(") is not there\n"), "{text}");
    assert_eq!(tree.read(CONFIG), "");
}

#[test]
fn mistakes_are_named() {
    let tree = tree();
    let map = tree.root().join("etc/openmosix.map").display().to_string();
    let text = setpe(&tree, &["-w", "-p", "9"]).failure(1);
    assert_eq!(text, format!("setpe: {map}: node 9 is not there\n"));
    let text = setpe(&tree, &["-w", "-n", "inet6"]).failure(1);
    assert_eq!(text, format!("setpe: {map}: 10.0.0.1 is not of kind inet6\n"));
    tree.write("etc/openmosix.map", "1 10.0.0.1 1\n2 10.0.0.1 1\n");
    let text = setpe(&tree, &["-w"]).failure(1);
    assert_eq!(text, format!("setpe: {map}: line 2: address 10.0.0.1 is already on line 1\n"));
    tree.remove("etc/openmosix.map");
    assert!(setpe(&tree, &["-w"]).failure(1).contains("there is no map file"));
}

#[test]
fn an_open_key_is_refused() {
    let tree = tree();
    tree.write_mode("etc/openmosix/key", "abc", 0o644);
    let text = setpe(&tree, &["-w", "-p", "1"]).failure(1);
    assert!(text.contains("is open to others (mode 644): chmod 600 it"), "{text}");
    assert!(!text.contains("abc"));
    assert_eq!(tree.read(CONFIG), "");
}

#[test]
fn reading_back() {
    let tree = tree();
    tree.write(CONFIG, "me 2\nnode 1 10.0.0.1 3\nalias 2 10.9.0.2\n");
    let expected = "# The nodes as node 2 knows them\n1 10.0.0.1 3\n2 10.9.0.2 ALIAS\n";
    assert_eq!(setpe(&tree, &["-r"]).data(), expected);
    let copy = tree.root().join("copy").display().to_string();
    assert_eq!(setpe(&tree, &["-r", "-f", &copy]).data(), "");
    assert_eq!(tree.read("copy"), expected);
    setpe(&tree, &["-w", "-p", "2", "-f", &copy]).data();
    assert!(tree.read(CONFIG).ends_with("node 1 10.0.0.1 3\nalias 2 10.9.0.2\n"));
}

#[test]
fn off() {
    for off in ["-off", "--off"] {
        let tree = tree();
        assert_eq!(setpe(&tree, &[off]).data(), "");
        assert_eq!(tree.read("proc/hpc/admin/mospe"), "0\n");
        let text = setpe(&tree, &["-r"]).failure(3);
        assert_eq!(text, "setpe: openMosix is off on this node\n");
    }
}

#[test]
fn command_lines_without_sense() {
    let tree = tree();
    for args in [
        &[][..],
        &["-w", "-r"],
        &["-off", "-f", "x"],
        &["-r", "-c"],
        &["-w", "-p", "0"],
        &["-w", "-g", "3"],
        &["-w", "-n", "ipx"],
        &["-r", "--join", "10.0.0.1"],
        &["--closed"],
    ] {
        assert!(setpe(&tree, args).failure(2).starts_with("error: "), "{args:?}");
    }
}

#[test]
fn a_kernel_without_openmosix() {
    let tree = Tree::new();
    let expected = "setpe: the running kernel has no openMosix (no /proc/hpc)\n";
    assert_eq!(setpe(&tree, &["-off"]).failure(1), expected);
    assert_eq!(setpe(&tree, &["-r"]).failure(1), expected);
    for args in [&["-w"][..], &["--join", "10.0.0.1"]] {
        assert_eq!(setpe(&tree, args).failure(1), expected, "{args:?}");
    }
    // A map can be checked anywhere.
    tree.write("etc/openmosix.map", MAP);
    assert_eq!(setpe(&tree, &["-w", "-c", "-p", "2"]).data(), "3 nodes, this is node 2\n");
}
