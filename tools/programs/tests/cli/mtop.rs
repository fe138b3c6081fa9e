// SPDX-License-Identifier: GPL-2.0-only
//! `mtop` where there is no terminal; what it draws is tested beside its code.

use fake::{Ended, Tree};

fn mtop(tree: &Tree, args: &[&str]) -> Ended {
    tree.run(env!("CARGO_BIN_EXE_mtop"), args)
}

fn tree() -> Tree {
    let tree = Tree::cluster();
    tree.process(42, 0, "xz");
    tree.process(43, 4242, "busy");
    tree.write("proc/43/where", "2\n");
    tree.write("proc/43/lock", "1\n");
    let stat = tree.read("proc/43/stat");
    tree.write("proc/43/stat", &stat.replace(" 150 50 ", " 5900 0 "));
    tree
}

#[test]
fn one_table() {
    let expected = "\
PID USER NODE NMIGS LOCK WHY  S  %CPU     RES     TIME CMD
 43 4242    2     0 yes  best S 100.0 1.0 MiB 00:00:59 /usr/bin/busy --really
 42 root    0     0 no   best S   3.4 1.0 MiB 00:00:02 /usr/bin/xz --really
";
    assert_eq!(mtop(&tree(), &["--once"]).data(), expected);
    let rows = |args: &[&str]| {
        let text = mtop(&tree(), &[&["--once", "--no-legend"], args].concat()).data();
        text.lines().map(|line| line[..3].trim().to_string()).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(rows(&["--sort", "pid"]), "42 43");
    assert_eq!(rows(&["--reverse"]), "42 43");
    assert_eq!(rows(&["--away"]), "43");
    assert_eq!(rows(&["-u", "root"]), "42");
    assert_eq!(rows(&["-l", "1"]), "43");
}

#[test]
fn json_and_mistakes() {
    let json = mtop(&tree(), &["-j=short"]).data();
    assert!(json.starts_with(r#"{"version":1,"processes":[{"pid":43,"ppid":1,"#), "{json}");
    assert!(json.contains(r#""cpu":100.0"#), "{json}");
    let text = mtop(&tree(), &[]).failure(2);
    assert_eq!(text, "mtop: standard output is no terminal; --once prints a table\n");
    let text = mtop(&tree(), &["--once", "-u", "nobody here"]).failure(2);
    assert_eq!(text, "mtop: there is no user 'nobody here'\n");
}
