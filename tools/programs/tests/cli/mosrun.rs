// SPDX-License-Identifier: GPL-2.0-only
//! `mosrun` on a fake tree.

use fake::{Ended, Tree};

fn mosrun(tree: &Tree, args: &[&str]) -> Ended {
    tree.run(env!("CARGO_BIN_EXE_mosrun"), args)
}

fn tree() -> Tree {
    let tree = Tree::cluster();
    tree.myself();
    // So that a test sees whether it is written.
    tree.write("proc/self/lock", "as it was\n");
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
fn a_node_where_openmosix_is_off() {
    let tree = tree();
    tree.write("proc/hpc/admin/mospe", "0\n");
    let text = mosrun(&tree, &["-2", "true"]).failure(125);
    assert_eq!(text, "mosrun: openMosix is off on this node\n");
    let ended = mosrun(&tree, &["-F", "-2", "echo", "here"]);
    assert_eq!((ended.status, ended.out.as_str()), (0, "here\n"));
}

#[test]
fn falling_back() {
    let ended = mosrun(&tree(), &["-F", "-3", "echo", "here"]);
    assert_eq!((ended.status, ended.out.as_str()), (0, "here\n"));
    assert_eq!(ended.err, "mosrun: node 3 cannot be reached, starting here\n");
}

/// What the program finds in a file that `mosrun` may write.
fn found(options: &[&str], file: &str) -> String {
    let tree = tree();
    let path = tree.root().join(file).display().to_string();
    mosrun(&tree, &[options, &["cat", &path]].concat()).data()
}

#[test]
fn locks() {
    for (options, expected) in [
        (&["-h"][..], "1\n"),
        (&["-2"], "1\n"),
        (&[], "1\n"),
        (&["-2", "-l"], "0\n"),
        (&["-L", "-c"], "1\n"),
        (&["-k"], "as it was\n"),
        (&["-c"], "as it was\n"),
        (&["--nodes", "1,3"], "0\n"),
    ] {
        assert_eq!(found(options, "proc/self/lock"), expected, "{options:?}");
    }
}

#[test]
fn masks() {
    let mask = |options: &[&str]| {
        ["migfilter", "migpolicy", "mignodes"]
            .map(|file| found(options, &format!("proc/self/{file}")))
    };
    assert_eq!(mask(&["--nodes", "1,3-5"]), ["1\n", "1\n", "1,3-5\n"]);
    assert_eq!(mask(&["--except=2"]), ["1\n", "0\n", "2\n"]);
    assert_eq!(mask(&["-2"]), ["0\n", "0\n", "\n"]);
}

#[test]
fn decay() {
    for (options, file) in [
        (&["-c"][..], "cpujob"),
        (&["-i"], "iojob"),
        (&["-n"], "none"),
        (&["-s"], "slow"),
        (&["-f"], "fast"),
    ] {
        for decay in ["clear", "cpujob", "iojob", "none", "slow", "fast"] {
            let expected = if decay == file { "1\n" } else { "" };
            let found = found(options, &format!("proc/hpc/decay/{decay}"));
            assert_eq!(found, expected, "{options:?} {decay}");
        }
    }
    assert_eq!(found(&["-t", "5", "-d", "900"], "proc/hpc/decay/own"), "5 900\n");
    assert_eq!(found(&["-t3600", "-d0"], "proc/hpc/decay/own"), "3600 0\n");
    for (args, words) in [
        (["-t", "0", "-d", "900"], "'0' for '--interval <SECONDS>': 0 is not in 1..=3600"),
        (["-t", "x", "-d", "900"], "'x' for '--interval <SECONDS>'"),
        (["-t", "5", "-d", "1001"], "'1001' for '--decay <RATE>'"),
    ] {
        let text = mosrun(&tree(), &[&args[..], &["true"]].concat()).failure(125);
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn for_whom_decay_holds() {
    for (options, exec, inherit) in [
        (&["-c"][..], "1\n", "1\n"),
        (&["-c", "-e", "-r"], "1\n", "1\n"),
        (&["-c", "-E"], "exec 0\n", "1\n"),
        (&["-s", "-R"], "1\n", "0\n"),
        (&["-t", "5", "-d", "900", "-E", "-R"], "exec 0\n", "0\n"),
        (&["-l"], "", ""),
    ] {
        assert_eq!(found(options, "proc/hpc/decay/exec"), exec, "{options:?}");
        assert_eq!(found(options, "proc/hpc/decay/inherit"), inherit, "{options:?}");
    }
    for options in [&["-E"][..], &["-R"], &["-c", "-e", "-E"], &["-c", "-r", "-R"], &["-l", "-E"]] {
        mosrun(&tree(), &[options, &["true"]].concat()).failure(125);
    }
}

#[test]
fn one_of_several_nodes() {
    // Node 3 is down, node 1 is home, 7 to 9 do not exist.
    assert_eq!(found(&["-j2-3,7-9"], "proc/self/goto"), "exec 2\n");
    assert_eq!(found(&["-j1,3"], "proc/self/goto"), "exec 0\n");
    let text = mosrun(&tree(), &["-j3,7-9", "true"]).failure(125);
    assert_eq!(text, "mosrun: node 3 cannot be reached\n");
    let here = mosrun(&tree(), &["-j3", "-F", "true"]);
    assert_eq!(
        (here.status, here.err.as_str()),
        (0, "mosrun: node 3 cannot be reached, starting here\n")
    );
}

#[test]
fn argument_zero() {
    let args = ["-h", "-z", "sh", "myself", "-c", "tr '\\0' ' ' < /proc/$$/cmdline"];
    let text = mosrun(&tree(), &args).data();
    assert!(text.starts_with("myself -c "), "{text}");
}

#[test]
fn options_that_exclude_each_other() {
    assert_eq!(mosrun(&tree(), &["-r", "-e", "echo", "up"]).data(), "up\n");
    for args in [&["-l", "-L", "true"][..], &["-c", "-i", "true"], &["-t", "1", "true"]] {
        mosrun(&tree(), args).failure(125);
    }
}

#[test]
fn further_names() {
    let tree = tree();
    let [goto, lock, cpujob] = ["proc/self/goto", "proc/self/lock", "proc/hpc/decay/cpujob"]
        .map(|file| tree.root().join(file).display().to_string());
    let run = |name: &str, args: &[&str]| {
        tree.myself();
        let link = tree.root().join(name);
        std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_mosrun"), &link).unwrap();
        tree.run(&link.display().to_string(), args)
    };
    assert_eq!(run("nomig", &["cat", &goto, &lock]).data(), "0\n1\n");
    assert_eq!(run("runhome", &["cat", &goto, &lock]).data(), "exec 0\n1\n");
    assert_eq!(run("runon", &["2", "cat", &goto, &lock]).data(), "exec 2\n1\n");
    assert_eq!(run("cpujob", &["cat", &cpujob, &lock]).data(), "1\n0\n");
    for (name, file) in
        [("iojob", "iojob"), ("nodecay", "none"), ("slowdecay", "slow"), ("fastdecay", "fast")]
    {
        run(name, &["true"]).data();
        assert_eq!(tree.read(&format!("proc/hpc/decay/{file}")), "1\n", "{name}");
    }
}

#[test]
fn home_needs_no_openmosix() {
    let tree = Tree::new();
    for options in [&["-h"][..], &[], &["-c", "-l"]] {
        assert_eq!(mosrun(&tree, &[options, &["echo", "up"]].concat()).data(), "up\n");
    }
    let expected = "mosrun: the running kernel has no openMosix (no /proc/hpc)\n";
    assert_eq!(mosrun(&tree, &["-2", "echo", "up"]).failure(125), expected);
}
