// SPDX-License-Identifier: GPL-2.0-only
//! `omdiscd` on fake trees; the loopback interface is the network. Each test has its own key, so
//! that tests do not hear each other.

use fake::{Ended, Running, Tree};

const CONFIG: &str = "proc/hpc/admin/config";

/// A machine that is not configured, with this key.
fn machine(key: &str) -> Tree {
    let tree = Tree::cluster();
    tree.write("proc/hpc/admin/mospe", "0\n");
    tree.write(CONFIG, "");
    tree.write_mode("etc/openmosix/key", key, 0o600);
    tree
}

const PROGRAM: &str = env!("CARGO_BIN_EXE_omdiscd");

fn start(tree: &Tree, args: &[&str]) -> Running {
    tree.start(PROGRAM, &[&["-n", "-i", "lo"], args].concat())
}

fn run(tree: &Tree, args: &[&str]) -> Ended {
    tree.run(PROGRAM, &[&["-n", "-i", "lo"], args].concat())
}

fn joined(tree: &Tree, me: u16, by: &str) {
    let (me, by) = (format!("me {me}\nkey "), format!("\njoin {by}\n"));
    tree.wait_until(CONFIG, |text| text.starts_with(&me) && text.ends_with(&by));
}

#[test]
fn two_nodes_find_each_other_and_a_third_finds_them() {
    let (a, b, stranger) = (machine("found"), machine("found"), machine("another"));
    b.write("etc/openmosix/openmosix.conf", "id = 7\nmaxguests = 4\n");
    let _stranger = start(&stranger, &["-a", "127.0.0.9"]);
    let _a = start(&a, &["-a", "127.0.0.1", "-p", "6"]);
    let _b = start(&b, &["-a", "127.0.0.2"]);
    joined(&a, 6, "127.0.0.2");
    joined(&b, 7, "127.0.0.1");
    b.wait_for("proc/hpc/admin/maxguests", "4\n");

    let c = machine("found");
    let _c = start(&c, &["-a", "127.0.1.3"]);
    // 1 * 256 + 3; it hears of both, in any order.
    c.wait_until(CONFIG, |text| {
        text.starts_with("me 259\n")
            && text.contains("\njoin 127.0.0.1\n")
            && text.contains("\njoin 127.0.0.2\n")
    });
    assert_eq!(stranger.read(CONFIG), "", "who has another key finds nobody");
}

#[test]
fn a_node_that_the_kernel_knows_is_not_joined() {
    let (a, b) = (machine("known"), machine("known"));
    // Node 2 is known already; node 8 is not.
    a.write("proc/hpc/admin/mospe", "1\n");
    a.write(CONFIG, "me 1\nnode 1 10.0.0.1 3\nalias 2 10.9.0.2\n");
    let _a = start(&a, &["-a", "127.0.0.1"]);
    let _b = start(&b, &["-a", "127.0.0.2", "-p", "2"]);
    joined(&b, 2, "127.0.0.1");
    let c = machine("known");
    let _c = start(&c, &["-a", "127.0.0.8", "-p", "8"]);
    joined(&a, 1, "127.0.0.8");
    let config = a.read(CONFIG);
    assert!(config.contains("\nnode 1 10.0.0.1 3\nalias 2 10.9.0.2\njoin "), "{config}");
    assert!(!config.contains("127.0.0.2"), "{config}");
}

#[test]
fn a_number_that_another_node_has_is_refused_by_name() {
    let (old, new) = (machine("taken"), machine("taken"));
    old.write("proc/hpc/admin/mospe", "7\n");
    let _old = start(&old, &["-a", "127.0.0.9"]);
    let text = run(&new, &["-a", "127.0.0.2", "-p", "7"]).failure(1);
    let expected = "omdiscd: node 7 is 127.0.0.9 already; choose another number, with -p\n";
    assert_eq!(text, expected);
    assert_eq!(new.read(CONFIG), "");
    assert_eq!(old.read(CONFIG), "");
}

#[test]
fn in_the_background() {
    let (a, b) = (machine("background"), machine("background"));
    let _a = start(&a, &["-a", "127.0.0.1", "-p", "1"]);
    // This ends when the daemon has begun; the daemon ends when its interface file goes.
    assert_eq!(b.run(PROGRAM, &["-i", "lo", "-a", "127.0.0.2", "-p", "2"]).data(), "");
    joined(&b, 2, "127.0.0.1");
    joined(&a, 1, "127.0.0.2");
}

#[test]
fn a_node_that_is_switched_off_is_left_alone() {
    let (a, b) = (machine("off"), machine("off"));
    a.write("proc/hpc/admin/mospe", "6\n");
    let _b = start(&b, &["-a", "127.0.0.2"]);
    let text = std::thread::scope(|scope| {
        let ended = scope.spawn(|| run(&a, &["-a", "127.0.0.1", "-p", "6"]).failure(3));
        joined(&b, 2, "127.0.0.1");
        a.write("proc/hpc/admin/mospe", "0\n");
        ended.join().unwrap()
    });
    assert!(text.ends_with("omdiscd: openMosix is off on this node\n"), "{text}");
}

#[test]
fn only_if_it_is_configured() {
    let tree = machine("configured");
    assert_eq!(run(&tree, &["--configured"]).data(), "");
    tree.write("etc/openmosix/openmosix.conf", "discover = no\n");
    assert_eq!(run(&tree, &["--configured"]).data(), "");
}

#[test]
fn mistakes() {
    let tree = machine("mistakes");
    let text = tree.run(PROGRAM, &["-n", "-i", "none0"]).failure(1);
    assert_eq!(text, "omdiscd: there is no interface 'none0' that is up\n");
    tree.write("proc/hpc/admin/mospe", "3\n");
    let text = run(&tree, &["-p", "4"]).failure(1);
    assert_eq!(text, "omdiscd: this node is node 3, not 4; setpe -off ends that\n");
    tree.write("proc/hpc/admin/mospe", "0\n");
    let text = run(&tree, &["-a", "10.1.0.0"]).failure(1);
    assert!(text.contains("10.1.0.0 makes no node number"), "{text}");
    tree.write_mode("etc/openmosix/key", "open", 0o644);
    assert!(run(&tree, &[]).failure(1).contains("is open to others"));
    run(&tree, &["-m", "0"]).failure(2);
    let text = Tree::new().run(PROGRAM, &["-n"]).failure(1);
    assert_eq!(text, "omdiscd: the running kernel has no openMosix (no /proc/hpc)\n");
}
