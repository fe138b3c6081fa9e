// SPDX-License-Identifier: GPL-2.0-only
//! `mosctl` on a fake tree.

use fake::{Ended, Tree};

fn mosctl(tree: &Tree, args: &[&str]) -> Ended {
    tree.run(env!("CARGO_BIN_EXE_mosctl"), args)
}

fn answer(args: &[&str]) -> String {
    mosctl(&Tree::cluster(), args).data()
}

#[test]
fn nodes() {
    let expected = "\
ID ADDRESS  STATUS CPUS SPEED    FREE  MEMORY
 1 10.0.0.1 up        4 10000 1.0 GiB 2.0 GiB
 2 10.0.0.2 up        4 10000 1.0 GiB 2.0 GiB
 3 10.0.0.3 down      -     -       -       -
";
    assert_eq!(answer(&["node", "list"]), expected);
    assert_eq!(answer(&["getnodes"]), expected);
    let json = answer(&["node", "list", "--json=short"]);
    let first = r#"{"version":1,"nodes":[{"id":1,"address":"10.0.0.1","status":3,"up":true,"cpus":4,"speed":10000,"mem":1073741824,"tmem":2147483648},"#;
    let last = r#"{"id":3,"address":"10.0.0.3","status":1,"up":false,"cpus":null,"speed":null,"mem":null,"tmem":null}]}"#;
    assert!(json.starts_with(first), "{json}");
    assert!(json.ends_with(&format!("{last}\n")), "{json}");
}

#[test]
fn one_node() {
    assert_eq!(answer(&["whois"]), "1 10.0.0.1\n");
    assert_eq!(answer(&["whois", "3"]), "3 10.0.0.3\n");
    assert_eq!(answer(&["whois", "10.9.0.2"]), "2 10.0.0.2\n");
    assert_eq!(answer(&["status"]), "up\n");
    assert_eq!(answer(&["status", "3"]), "down\n");
    assert_eq!(answer(&["isup", "2"]), "yes\n");
    assert_eq!(answer(&["getspeed", "2"]), "10000\n");
    assert_eq!(answer(&["getmem"]), "1073741824 2147483648\n");
    assert_eq!(answer(&["version"]), "openMosix 0.1 protocol 1 linux 7.3.4\n");
}

#[test]
fn nodes_that_are_not_there() {
    let tree = Tree::cluster();
    let down = mosctl(&tree, &["isup", "3"]);
    assert_eq!((down.status, down.out.as_str()), (3, "no\n"));
    assert_eq!(mosctl(&tree, &["getspeed", "3"]).failure(3), "mosctl: node 3 cannot be reached\n");
    for question in ["status", "isup", "whois", "getmem"] {
        let text = mosctl(&tree, &[question, "4"]).failure(3);
        assert_eq!(text, "mosctl: node 4 is not configured\n");
    }
    let text = mosctl(&tree, &["whois", "10.0.0.9"]).failure(1);
    assert_eq!(text, "mosctl: no node has the address '10.0.0.9'\n");
}

#[test]
fn guests() {
    let tree = Tree::cluster();
    tree.write("proc/hpc/remote/99/from", "2\n");
    tree.write("proc/hpc/remote/99/identity", "1234 xz\n");
    let expected = "PID HOME HOME-PID CMD\n 99    2     1234 xz\n";
    assert_eq!(mosctl(&tree, &["guest", "list"]).data(), expected);
    let expected = r#"{"version":1,"guests":[{"pid":99,"home":2,"home_pid":1234,"comm":"xz"}]}"#;
    assert_eq!(mosctl(&tree, &["guest", "list", "-j=short"]).data(), format!("{expected}\n"));
}

#[test]
fn refused() {
    let expected = "REASON    COUNT\nmalformed     1\nno-key        2\nversion       0\n";
    assert_eq!(answer(&["refused"]), expected);
    let expected = "{\"version\":1,\"refused\":{\"malformed\":1,\"no-key\":2,\"version\":0}}\n";
    assert_eq!(answer(&["refused", "--json=short"]), expected);
}

#[test]
fn processes() {
    let tree = Tree::cluster();
    tree.process(42, 0, "xz");
    assert_eq!(mosctl(&tree, &["where", "42"]).data(), "home\n");
    tree.write("proc/42/where", "2\n");
    assert_eq!(mosctl(&tree, &["where", "42"]).data(), "2\n");
    assert_eq!(mosctl(&tree, &["where", "43"]).failure(1), "mosctl: there is no process 43\n");

    let free = mosctl(&tree, &["why", "42"]);
    assert_eq!((free.status, free.out.as_str()), (0, ""));
    assert_eq!(free.err, "process 42 may move\n");
    assert_eq!(
        mosctl(&tree, &["why", "42", "-j=short"]).data(),
        "{\"version\":1,\"cantmove\":[]}\n"
    );
    tree.write("proc/42/cantmove", "mlock\nsomething_new\n");
    let expected = "REASON        THE PROCESS\nmlock         has locked memory\nsomething_new -\n";
    assert_eq!(mosctl(&tree, &["why", "42"]).data(), expected);
}

#[test]
fn the_last_move() {
    let tree = Tree::cluster();
    tree.process(42, 0, "xz");
    assert_eq!(mosctl(&tree, &["last", "42"]).err, "process 42 has never moved\n");
    assert_eq!(
        mosctl(&tree, &["last", "42", "-j=short"]).data(),
        "{\"version\":1,\"move\":null}\n"
    );
    tree.write(
        "proc/42/migration",
        "from: 0\nto: 2\nstage: copy\nresult: failed\nreason: out of memory\npages: 3\nbytes: 12288\n\
         prepare_us: 900\nfreeze_us: 1500\ncopy_us: 2500000\ncommit_us: 0\ntotal_us: 2502400\n",
    );
    let expected = "\
from    home
to      node 2
stage   copy
result  failed
reason  out of memory
sent    3 pages, 12.0 KiB
prepare 900 µs
copy    2.50 s
freeze  1.5 ms
commit  0 µs
total   2.50 s
";
    assert_eq!(mosctl(&tree, &["last", "42", "--no-legend"]).data(), expected);
    let expected = r#"{"version":1,"move":{"from":0,"to":2,"stage":"copy","result":"failed","reason":"out of memory","pages":3,"bytes":12288,"prepare_us":900,"freeze_us":1500,"copy_us":2500000,"commit_us":0,"total_us":2502400}}"#;
    assert_eq!(mosctl(&tree, &["last", "42", "-j=short"]).data(), format!("{expected}\n"));
}

#[test]
fn historic_and_wrong_words() {
    let tree = Tree::cluster();
    for word in ["stay", "expel", "setspeed"] {
        let text = mosctl(&tree, &[word, "1"]).failure(1);
        assert_eq!(text, format!("mosctl: {word} is not there yet\n"));
    }
    let text = mosctl(&tree, &["dance"]).failure(2);
    assert_eq!(text, "mosctl: there is no command 'dance'; see mosctl --help\n");
}

#[test]
fn off_and_no_openmosix() {
    let tree = Tree::cluster();
    tree.write("proc/hpc/admin/mospe", "0\n");
    assert_eq!(mosctl(&tree, &["status"]).failure(1), "mosctl: openMosix is off on this node\n");
    let expected = "mosctl: the running kernel has no openMosix (no /proc/hpc)\n";
    for question in [&["version"][..], &["node", "list"], &["guest", "list"], &["isup", "1"]] {
        assert_eq!(mosctl(&Tree::new(), question).failure(1), expected, "{question:?}");
    }
}
