// SPDX-License-Identifier: GPL-2.0-only
//! `mps` on a fake tree.

use fake::{Ended, Tree};

fn mps(tree: &Tree, args: &[&str]) -> Ended {
    tree.run(env!("CARGO_BIN_EXE_mps"), args)
}

/// A moved process, one that cannot move, and one of another user.
fn tree() -> Tree {
    let tree = Tree::cluster();
    let me = mosix::user::myself();
    tree.process(42, me, "xz");
    tree.write("proc/42/where", "2\n");
    tree.write("proc/42/nmigs", "3\n");
    tree.write("proc/42/why", "node: 2\nwhy: balance\n");
    tree.process(43, me, "mysqld");
    tree.write("proc/43/lock", "1\n");
    tree.write("proc/43/cantmove", "clone_vm\nmlock\n");
    tree.process(1044, 4242, "other");
    tree.process(45, me, "elsewhere");
    let stat = tree.read("proc/45/stat").replace("34817", "34818");
    tree.write("proc/45/stat", &stat);
    tree.write("proc/self/stat", &tree.read("proc/42/stat"));
    tree
}

#[test]
fn my_processes_on_my_terminal() {
    let expected = "\
PID NODE NMIGS LOCK WHY     CANTMOVE       S TTY       TIME CMD
 42    2     3 no   balance -              S pts/1 00:00:02 xz
 43    0     0 yes  best    clone_vm,mlock S pts/1 00:00:02 mysqld
";
    assert_eq!(mps(&tree(), &[]).data(), expected);
}

#[test]
fn everything_in_full() {
    let expected = "\
4242 1044 1 0 0 no best - S pts/1 00:00:02 /usr/bin/other --really
";
    let text = mps(&tree(), &["-ef", "--no-legend"]).data();
    let last = text.lines().last().unwrap().split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(format!("{last}\n"), expected);
    assert_eq!(text.lines().count(), 4);
}

#[test]
fn selections() {
    let pids = |args: &[&str]| {
        let text = mps(&tree(), &[args, &["--no-legend"]].concat()).data();
        let first = |line: &str| line.split_whitespace().next().unwrap().to_string();
        text.lines().map(first).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(pids(&["-e"]), "42 43 45 1044");
    assert_eq!(pids(&["42", "1044"]), "42 1044");
    assert_eq!(pids(&["-p", "42,43"]), "42 43");
    assert_eq!(pids(&["-u", "4242"]), "1044");
    assert_eq!(pids(&["-u", "4242", "-p", "43"]), "43 1044");
    assert_eq!(pids(&["-e", "--away"]), "42");
    assert_eq!(mps(&tree(), &["-p", "43", "--away", "--no-legend"]).data(), "");
}

#[test]
fn json() {
    let text = mps(&tree(), &["-p", "1044", "--json"]).data();
    let expected = r#"{
  "version": 1,
  "processes": [
    {
      "pid": 1044,
      "ppid": 1,
      "uid": 4242,
      "user": "4242",
      "node": 0,
      "nmigs": 0,
      "lock": false,
      "why": "best",
      "cantmove": [],
      "state": "S",
      "tty": "pts/1",
      "cpu_seconds": 2.0,
      "elapsed_seconds": 59.0,
      "resident": 1048576,
      "comm": "other",
      "args": [
        "/usr/bin/other",
        "--really"
      ]
    }
  ]
}
"#;
    assert_eq!(text, expected);
}

#[test]
fn mistakes() {
    let tree = tree();
    assert_eq!(mps(&tree, &["44"]).failure(1), "mps: there is no process 44\n");
    assert_eq!(
        mps(&tree, &["-u", "nobody here"]).failure(2),
        "mps: there is no user 'nobody here'\n"
    );
    mps(&tree, &["-p", "x"]).failure(2);
}
