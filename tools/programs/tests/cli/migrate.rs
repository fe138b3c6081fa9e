// SPDX-License-Identifier: GPL-2.0-only
//! `migrate` on a fake tree; a thread plays the kernel.

use std::thread;

use fake::{Ended, Tree};

fn migrate(tree: &Tree, args: &[&str]) -> Ended {
    tree.run(env!("CARGO_BIN_EXE_migrate"), args)
}

fn tree() -> Tree {
    let tree = Tree::cluster();
    tree.process(42, 0, "xz");
    tree
}

fn record(to: u16, result: &str, reason: &str) -> String {
    format!(
        "from: 0\nto: {to}\nstage: copy\nresult: {result}\nreason: {reason}\npages: 12\n\
         bytes: 49152\nprepare_us: 1\nfreeze_us: 2000\ncopy_us: 3\ncommit_us: 4\ntotal_us: 10000\n"
    )
}

/// Run `migrate` while the kernel answers the request `asked` with a record.
fn answered(tree: &Tree, args: &[&str], asked: &str, record: &str) -> Ended {
    thread::scope(|scope| {
        scope.spawn(|| {
            tree.wait_for("proc/42/goto", asked);
            tree.write("proc/42/migration", record);
        });
        migrate(tree, args)
    })
}

#[test]
fn a_move_that_arrives() {
    let ended = answered(&tree(), &["42", "2"], "2\n", &record(2, "ok", ""));
    let expected =
        "process 42 moved to node 2: 48.0 KiB in 10.0 ms, of which it stood still 2.0 ms\n";
    assert_eq!(ended.data(), expected);
}

#[test]
fn the_own_number_means_home() {
    for home in ["home", "0", "1"] {
        let tree = tree();
        tree.write("proc/42/where", "2\n");
        let ended = answered(&tree, &["42", home], "home\n", &record(0, "ok", ""));
        assert!(ended.data().starts_with("process 42 moved to home: "));
    }
}

#[test]
fn a_move_that_fails() {
    let ended = answered(&tree(), &["42", "2"], "2\n", &record(2, "failed", "out of memory"));
    assert_eq!(ended.failure(1), "migrate: process 42 did not move to node 2: out of memory\n");
}

#[test]
fn a_move_that_takes_too_long() {
    let ended =
        answered(&tree(), &["42", "2", "--timeout", "0.3"], "2\n", &record(2, "running", ""));
    let text = ended.failure(1);
    assert!(text.starts_with("migrate: process 42 has not moved to node 2 within 0.3"), "{text}");
    assert!(text.ends_with("(stage: copy); the request stands\n"), "{text}");
}

#[test]
fn not_waiting() {
    let tree = tree();
    assert_eq!(migrate(&tree, &["--no-wait", "42", "2"]).data(), "");
    assert_eq!(tree.read("proc/42/goto"), "2\n");
}

#[test]
fn nothing_to_do() {
    let tree = tree();
    assert_eq!(migrate(&tree, &["42", "home"]).data(), "process 42 is at home\n");
    assert_eq!(tree.read("proc/42/goto"), "home\n", "there it is to stay");
    tree.write("proc/42/goto", "0\n");
    tree.write("proc/42/where", "2\n");
    assert_eq!(migrate(&tree, &["42", "2"]).data(), "process 42 is on node 2 already\n");
}

#[test]
fn targets_that_cannot_be() {
    let tree = tree();
    assert_eq!(migrate(&tree, &["42", "3"]).failure(3), "migrate: node 3 cannot be reached\n");
    assert_eq!(migrate(&tree, &["42", "4"]).failure(3), "migrate: node 4 is not configured\n");
    assert_eq!(migrate(&tree, &["43", "2"]).failure(1), "migrate: there is no process 43\n");
    let text = migrate(&tree, &["42", "away"]).failure(2);
    assert!(text.contains("'away' is neither 'home' nor a node number from 1 to 65535"), "{text}");
    migrate(&tree, &["42", "2", "-t", "-1"]).failure(2);
    assert_eq!(tree.read("proc/42/goto"), "0\n", "nothing was asked");
}

#[test]
fn back_to_the_balancer() {
    let tree = tree();
    let text = migrate(&tree, &["42", "balance"]).data();
    assert_eq!(text, "process 42 stays where it is: it runs best there\n");
    assert_eq!(tree.read("proc/42/goto"), "balance\n");
    tree.write("proc/42/lock", "1\n");
    let text = migrate(&tree, &["42", "balance"]).failure(1);
    assert_eq!(text, "migrate: process 42 stays where it is: it is locked\n");
}

#[test]
fn a_stay_reason_is_named() {
    let tree = tree();
    tree.write("proc/42/cantmove", "mlock\n");
    let ended = answered(&tree, &["42", "2"], "2\n", &record(2, "failed", "mlock"));
    let expected = "migrate: process 42 did not move to node 2: it has locked memory (mlock)\n";
    assert_eq!(ended.failure(1), expected);
}

#[test]
fn openmosix_that_is_off() {
    let tree = tree();
    tree.write("proc/hpc/admin/mospe", "0\n");
    let expected = "migrate: openMosix is off on this node\n";
    assert_eq!(migrate(&tree, &["42", "2"]).failure(3), expected);
    assert_eq!(migrate(&tree, &["42", "balance"]).failure(3), expected);
}

#[test]
fn a_kernel_without_openmosix() {
    let tree = Tree::new();
    tree.process(42, 0, "xz");
    let expected = "migrate: the running kernel has no openMosix (no /proc/hpc)\n";
    assert_eq!(migrate(&tree, &["42", "home"]).failure(1), expected);
}
