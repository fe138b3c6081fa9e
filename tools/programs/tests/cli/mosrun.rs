// SPDX-License-Identifier: GPL-2.0-only
//! `mosrun` on a fake tree.

use fake::{Ended, Tree};

fn mosrun(tree: &Tree, args: &[&str]) -> Ended {
    tree.run(env!("CARGO_BIN_EXE_mosrun"), args)
}

fn tree() -> Tree {
    let tree = Tree::cluster();
    tree.write("proc/self/goto", "0\n");
    tree
}

#[test]
fn the_request_comes_before_the_program() {
    let cases: [(&[&str], &str); 9] = [
        (&["--node", "2", "--"], "exec 2\n"),
        (&["--node=2"], "exec 2\n"),
        (&["-N", "2"], "exec 2\n"),
        (&["-2"], "exec 2\n"),
        (&["-F", "-2"], "exec 2\n"),
        (&["-h"], "exec 0\n"),
        (&["--home", "--"], "exec 0\n"),
        (&["-1"], "exec 0\n"),
        (&[], "0\n"),
    ];
    for (options, expected) in cases {
        let tree = tree();
        let goto = tree.root().join("proc/self/goto").display().to_string();
        // The program itself sees what was asked before it began.
        let args = [options, &["cat", &goto]].concat();
        assert_eq!(mosrun(&tree, &args).data(), expected, "{options:?}");
    }
}

#[test]
fn the_program_keeps_its_arguments_and_status() {
    let tree = tree();
    let ended =
        mosrun(&tree, &["-2", "sh", "-c", "echo $0 \"$@\"; exit 7", "-3", "-l", "--", "-h"]);
    assert_eq!((ended.status, ended.out.as_str()), (7, "-3 -l -- -h\n"));
    assert_eq!(ended.err, "");
}

#[test]
fn the_program_is_the_same_process() {
    let tree = tree();
    let script = "exec \"$0\" -2 sh -c 'test $PPID = $1 && test $$ = $2' x $PPID $$";
    let status = std::process::Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_mosrun")])
        .env("OPENMOSIX_ROOT", tree.root())
        .status();
    assert!(status.unwrap().success());
}

#[test]
fn its_own_failures_are_like_those_of_env() {
    let tree = tree();
    let text = mosrun(&tree, &["-3", "true"]).failure(125);
    assert_eq!(text, "mosrun: node 3 cannot be reached\n");
    let text = mosrun(&tree, &["-F", "-4", "true"]).failure(125);
    assert_eq!(text, "mosrun: node 4 is not configured\n");
    mosrun(&tree, &[]).failure(125);
    mosrun(&tree, &["--bogus", "true"]).failure(125);
    mosrun(&tree, &["-x", "true"]).failure(125);
    mosrun(&tree, &["-h", "-2", "true"]).failure(125);
    let text = mosrun(&tree, &["-2", "/no/such/program"]).failure(127);
    assert_eq!(text, "mosrun: /no/such/program: No such file or directory\n");
    let text = mosrun(&tree, &["-2", "/etc"]).failure(126);
    assert_eq!(text, "mosrun: /etc: Permission denied\n");
}

#[test]
fn falling_back() {
    let ended = mosrun(&tree(), &["-F", "-3", "echo", "here"]);
    assert_eq!((ended.status, ended.out.as_str()), (0, "here\n"));
    assert_eq!(ended.err, "mosrun: node 3 cannot be reached, starting here\n");
}

#[test]
fn historic_options_that_are_not_there_yet() {
    for option in ["-l", "-L", "-k", "-j1-3,5"] {
        let text = mosrun(&tree(), &[option, "true"]).failure(125);
        assert_eq!(text, format!("mosrun: {option} is not there yet\n"));
    }
}

#[test]
fn home_needs_no_openmosix() {
    let tree = Tree::new();
    assert_eq!(mosrun(&tree, &["-h", "echo", "up"]).data(), "up\n");
    let expected = "mosrun: the running kernel has no openMosix (no /proc/hpc)\n";
    assert_eq!(mosrun(&tree, &["-2", "echo", "up"]).failure(125), expected);
}
