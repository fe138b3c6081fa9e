// SPDX-License-Identifier: GPL-2.0-only
//! `mosctl` on a fake tree.

use std::process::Command;

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
ID ADDRESS  STATUS CPUS SPEED LOAD UTIL GUESTS    FREE  MEMORY  AGE
 1 10.0.0.1 up        4 10000  150  98%      0 1.0 GiB 2.0 GiB 0.0s
 2 10.0.0.2 up        4 10000  300  98%      1 1.0 GiB 2.0 GiB 0.4s
 3 10.0.0.3 down      -     -    -    -      -       -       -    -
";
    assert_eq!(answer(&["node", "list"]), expected);
    assert_eq!(answer(&["getnodes"]), expected);
    let json = answer(&["node", "list", "--json=short"]);
    let first = r#"{"version":1,"nodes":[{"id":1,"address":"10.0.0.1","status":3,"up":true,"cpus":4,"speed":10000,"mem":1073741824,"tmem":2147483648,"rmem":536870912,"load":150,"util":98,"guests":0,"maxguests":0,"loadlimit":0,"llimitmode":2,"cpulimit":0,"climitmode":0,"age_ms":0},"#;
    let last = r#"{"id":3,"address":"10.0.0.3","status":1,"up":false,"cpus":null,"speed":null,"mem":null,"tmem":null,"rmem":null,"load":null,"util":null,"guests":null,"maxguests":null,"loadlimit":null,"llimitmode":null,"cpulimit":null,"climitmode":null,"age_ms":null}]}"#;
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
    assert_eq!(answer(&["getfree"]), "536870912\n");
    assert_eq!(answer(&["getload", "2"]), "300\n");
    assert_eq!(answer(&["getutil"]), "98\n");
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
    tree.guest(99, 2, "1234 xz");
    let expected = "\
PID HOME HOME-PID S     TIME     RES       AGE CMD
 99    2     1234 R 00:00:02 1.0 MiB 1 min 5 s xz
";
    assert_eq!(mosctl(&tree, &["guest", "list"]).data(), expected);
    let expected = r#"{"version":1,"guests":[{"pid":99,"home":2,"home_pid":1234,"comm":"xz","state":"R","cpu_seconds":2.0,"resident":1048576,"age_ms":65000}]}"#;
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
}

#[test]
fn why_a_process_is_there() {
    let tree = Tree::cluster();
    tree.process(42, 0, "xz");
    let expected = "process 42 has been at home for 59.0 s: it runs best there\nit may move\n";
    assert_eq!(mosctl(&tree, &["why", "42"]).data(), expected);

    tree.write(
        "proc/42/why",
        "node: 2\nsince_ms: 12300\nwhy: balance\ncost: 10.45\nbest: 3\nbest_cost: 12.5\n\
         decided: 12300 1 2 balance moved\ndecided: 75000 1 - odd -\n",
    );
    tree.write("proc/42/cantmove", "mlock\nsomething_new\n");
    let expected = "\
process 42 has been on node 2 for 12.3 s: it runs better there
it costs 10.45 there, and 12.50 on node 3
it cannot move: it has locked memory (mlock)
it cannot move: something_new
       AGO FROM TO     RESULT WHY
    12.3 s home node 2 moved  it runs better there
1 min 15 s home stay   -      odd
";
    assert_eq!(mosctl(&tree, &["why", "42"]).data(), expected);
    let expected = r#"{"version":1,"why":{"pid":42,"node":2,"since_ms":12300,"why":"balance","cost":10.45,"best":3,"best_cost":12.5,"decided":[{"ago_ms":12300,"from":0,"to":2,"why":"balance","result":"moved"},{"ago_ms":75000,"from":0,"to":null,"why":"odd","result":"-"}],"cantmove":[{"name":"mlock","meaning":"has locked memory"},{"name":"something_new","meaning":null}]}}"#;
    assert_eq!(mosctl(&tree, &["why", "42", "-j=short"]).data(), format!("{expected}\n"));

    tree.write(
        "proc/42/why",
        "node: 2\nwhy: little\ncost: beyond measure\nbest: 1\nbest_cost: 9\n",
    );
    let text = mosctl(&tree, &["why", "42"]).data();
    let expected = "\
process 42 is on node 2: another node is not better by enough
it costs beyond measure there, and 9.00 at home
";
    assert!(text.starts_with(expected), "{text}");

    tree.remove("proc/42/why");
    let expected = "\
it cannot move: it has locked memory (mlock)
it cannot move: something_new
";
    assert_eq!(mosctl(&tree, &["why", "42"]).data(), expected, "a kernel without a balancer");
    assert_eq!(mosctl(&tree, &["why", "43"]).failure(1), "mosctl: there is no process 43\n");
}

#[test]
fn the_last_move() {
    let tree = Tree::cluster();
    tree.process(42, 0, "xz");
    assert_eq!(mosctl(&tree, &["last", "42"]).err, "mosctl: process 42 has never moved\n");
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
fn switches() {
    let tree = Tree::cluster();
    for name in ["stay", "lstay", "block", "quiet"] {
        let file = format!("proc/hpc/admin/{name}");
        assert_eq!(mosctl(&tree, &[name]).data(), "");
        assert_eq!(tree.read(&file), "1\n", "{name}");
        assert_eq!(mosctl(&tree, &[&format!("no{name}")]).data(), "");
        assert_eq!(tree.read(&file), "0\n", "{name}");
    }
    assert_eq!(mosctl(&tree, &["nomfs"]).failure(1), "mosctl: this kernel has no nomfs\n");
    tree.write("proc/hpc/admin/nomfs", "0\n");
    mosctl(&tree, &["nomfs"]).data();
    assert_eq!(tree.read("proc/hpc/admin/nomfs"), "1\n");
    mosctl(&tree, &["mfs"]).data();
    assert_eq!(tree.read("proc/hpc/admin/nomfs"), "0\n");
}

#[test]
fn leaving() {
    let tree = Tree::cluster();
    for word in ["expel", "bring"] {
        assert_eq!(mosctl(&tree, &[word]).data(), "");
        assert_eq!(tree.read(&format!("proc/hpc/admin/{word}")), "1\n");
    }
}

#[test]
fn leaving_that_takes_too_long() {
    let tree = Tree::cluster();
    tree.remove("proc/hpc/admin/expel");
    let pipe = tree.root().join("proc/hpc/admin/expel");
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    // The write waits until somebody reads; what is read then is what was written: one guest.
    let text = mosctl(&tree, &["expel", "--timeout", "0.2"]).failure(1);
    assert_eq!(text, "mosctl: 1 guest is still here\n");
}

#[test]
fn settings() {
    let tree = Tree::cluster();
    let file = |name: &str| tree.read(&format!("proc/hpc/admin/{name}"));
    assert_eq!(mosctl(&tree, &["setspeed", "5000"]).data(), "");
    assert_eq!(file("speed"), "5000\n");
    assert_eq!(mosctl(&tree, &["getdecay"]).data(), "1 975 926\n");
    mosctl(&tree, &["setdecay", "2"]).data();
    mosctl(&tree, &["setdecay", "3", "980", "900"]).data();
    assert_eq!(mosctl(&tree, &["getdecay"]).data(), "3 980 900\n");
    assert_eq!(mosctl(&tree, &["loadlimit"]).data(), "0 total\n");
    mosctl(&tree, &["loadlimit", "800", "guests"]).data();
    assert_eq!(mosctl(&tree, &["loadlimit"]).data(), "800 guests\n");
    mosctl(&tree, &["loadlimit", "0"]).data();
    assert_eq!((file("loadlimit"), file("llimitmode")), ("0\n".into(), "2\n".into()));
    mosctl(&tree, &["cpulimit", "80", "local"]).data();
    assert_eq!((file("cpulimit"), file("climitmode")), ("80\n".into(), "1\n".into()));
    mosctl(&tree, &["maxguests", "3"]).data();
    assert_eq!(mosctl(&tree, &["maxguests"]).data(), "3\n");
    mosctl(&tree, &["balance", "exec"]).data();
    assert_eq!(mosctl(&tree, &["balance"]).data(), "exec\n");

    let table = mosctl(&tree, &["gettune"]).data();
    assert!(table.contains("\nllimitmode     guests whose load: "), "{table}");
    let json = mosctl(&tree, &["settings", "-j=short"]).data();
    assert!(json.contains(r#"{"name":"maxguests","value":"3","meaning":""#), "{json}");
}

#[test]
fn settings_of_other_nodes() {
    let tree = Tree::cluster();
    let table = mosctl(&tree, &["settings", "2", "--no-legend"]).data();
    let names: Vec<_> = table.lines().filter_map(|line| line.split(' ').next()).collect();
    let told = ["speed", "maxguests", "loadlimit", "llimitmode", "cpulimit", "climitmode"];
    assert_eq!(names, told);
    assert!(table.contains("\nloadlimit     300 most load, "), "{table}");
    assert!(table.contains("\nllimitmode guests whose load: "), "{table}");
    let json = mosctl(&tree, &["settings", "2", "-j=short"]).data();
    assert!(json.contains(r#"{"name":"llimitmode","value":"guests","meaning":""#), "{json}");
    assert_eq!(mosctl(&tree, &["settings", "1"]).data(), mosctl(&tree, &["settings"]).data());
    let text = mosctl(&tree, &["settings", "3"]).failure(3);
    assert_eq!(text, "mosctl: node 3 cannot be reached\n");
}

#[test]
fn wrong_values_change_nothing() {
    let tree = Tree::cluster();
    let text = mosctl(&tree, &["setdecay", "2", "975", "1001"]).failure(2);
    assert_eq!(text, "mosctl: fast-decay is a number from 0 to 1000, not '1001'\n");
    assert_eq!(mosctl(&tree, &["getdecay"]).data(), "1 975 926\n");
    let text = mosctl(&tree, &["balance", "always"]).failure(2);
    assert_eq!(text, "mosctl: balance is one of off, on, exec, not 'always'\n");
    mosctl(&tree, &["setdecay", "2", "975"]).failure(2);
    mosctl(&tree, &["loadlimit", "800", "mine"]).failure(2);
    let text = mosctl(&tree, &["setdecay", "0"]).failure(2);
    assert_eq!(text, "mosctl: decay-interval is a number from 1 to 3600, not '0'\n");
    mosctl(&tree, &["expel", "-t", "soon"]).failure(2);
    mosctl(&tree, &["expel", "-t", "1e19"]).failure(2);
    assert_eq!(tree.read("proc/hpc/admin/expel"), "0\n");
}

#[test]
fn the_yardstick() {
    let tree = Tree::cluster();
    assert_eq!(mosctl(&tree, &["getyard"]).data(), "10000\n");
    tree.write("proc/hpc/admin/speed", "5000\n");
    mosctl(&tree, &["setyard", "this"]).data();
    assert_eq!(mosctl(&tree, &["getyard"]).data(), "5000\n");
    assert_eq!(mosctl(&tree, &["getload", "2"]).data(), "150\n");
    mosctl(&tree, &["setyard", "20000"]).data();
    assert_eq!(mosctl(&tree, &["getload", "2"]).data(), "600\n");
    mosctl(&tree, &["setyard", "standard"]).data();
    assert_eq!(mosctl(&tree, &["getload", "2"]).data(), "300\n");
    let text = mosctl(&tree, &["setyard", "PIII"]).failure(2);
    assert!(text.contains("above 0, this or standard, not 'PIII'"), "{text}");
}

#[test]
fn one_process() {
    let tree = Tree::cluster();
    tree.process(42, 0, "xz");
    mosctl(&tree, &["lock", "42"]).data();
    assert_eq!(tree.read("proc/42/lock"), "1\n");
    mosctl(&tree, &["unlock", "42"]).data();
    assert_eq!(tree.read("proc/42/lock"), "0\n");
    assert_eq!(mosctl(&tree, &["mask", "42"]).data(), "any\n");
    mosctl(&tree, &["mask", "42", "1,3-4"]).data();
    assert_eq!(mosctl(&tree, &["mask", "42"]).data(), "only 1,3-4\n");
    mosctl(&tree, &["mask", "42", "--not", "2"]).data();
    assert_eq!(mosctl(&tree, &["mask", "42"]).data(), "not 2\n");
    mosctl(&tree, &["mask", "42", "--any"]).data();
    assert_eq!(mosctl(&tree, &["mask", "42"]).data(), "any\n");
    assert_eq!(mosctl(&tree, &["lock", "43"]).failure(1), "mosctl: there is no process 43\n");
    mosctl(&tree, &["mask", "42", "1-"]).failure(2);
}

#[test]
fn applying_a_configuration() {
    const CONF: &str = "etc/openmosix/openmosix.conf";
    let tree = Tree::cluster();
    tree.write("proc/hpc/admin/config", "");
    tree.write_mode("etc/openmosix/key", "abc", 0o600);
    tree.write(CONF, "id = 4\njoin = 10.0.0.1\nclosed = yes\nblock = yes\nmaxguests = 5\n");
    assert_eq!(mosctl(&tree, &["apply", "--check"]).data(), "");
    assert_eq!(tree.read("proc/hpc/admin/config"), "", "only checked");
    assert_eq!(mosctl(&tree, &["apply"]).data(), "");
    let config = tree.read("proc/hpc/admin/config");
    assert!(config.starts_with("me 4\nkey "), "{config}");
    assert!(config.ends_with("\njoin 10.0.0.1\nclosed\n"), "{config}");
    assert_eq!(tree.read("proc/hpc/admin/block"), "1\n");
    assert_eq!(tree.read("proc/hpc/admin/maxguests"), "5\n");

    let path = tree.root().join(CONF).display().to_string();
    tree.write(CONF, "id = 4\nblok = yes\n");
    for args in [&["apply"][..], &["apply", "--check", "-f", &path]] {
        let text = mosctl(&tree, args).failure(1);
        assert_eq!(text, format!("mosctl: {path}: line 2: there is nothing of the name 'blok'\n"));
    }

    // Who refuses guests does so from the first moment, and does not join if the kernel cannot.
    tree.write("proc/hpc/admin/config", "");
    tree.write(CONF, "id = 4\njoin = 10.0.0.1\nnomfs = yes\n");
    assert_eq!(mosctl(&tree, &["apply"]).failure(1), "mosctl: this kernel has no nomfs\n");
    assert_eq!(tree.read("proc/hpc/admin/config"), "");

    // The map is what is taken if nothing is said.
    tree.write("etc/openmosix.map", "1 10.0.0.1 3\n");
    tree.write(CONF, "id = 2\n");
    mosctl(&tree, &["apply"]).data();
    assert!(tree.read("proc/hpc/admin/config").ends_with("node 1 10.0.0.1 3\n"));
}

#[test]
fn discovery_is_left_to_the_daemon() {
    let tree = Tree::cluster();
    tree.write("etc/openmosix/openmosix.conf", "discover = yes\nblock = yes\n");
    tree.write("proc/hpc/admin/config", "");
    tree.write("proc/hpc/admin/mospe", "0\n");
    let ended = mosctl(&tree, &["apply"]);
    assert_eq!(ended.status, 0);
    assert!(ended.err.contains("omdiscd looks for neighbours"), "{}", ended.err);
    assert_eq!(tree.read("proc/hpc/admin/block"), "0\n");
    tree.write("proc/hpc/admin/mospe", "1\n");
    mosctl(&tree, &["apply"]).data();
    assert_eq!(tree.read("proc/hpc/admin/block"), "1\n");
    assert_eq!(tree.read("proc/hpc/admin/config"), "");
}

#[test]
fn wrong_words() {
    let text = mosctl(&Tree::cluster(), &["dance"]).failure(2);
    assert_eq!(text, "mosctl: there is no command 'dance'; see mosctl --help\n");
}

#[test]
fn off_and_no_openmosix() {
    let tree = Tree::cluster();
    tree.write("proc/hpc/admin/mospe", "0\n");
    assert_eq!(mosctl(&tree, &["status"]).failure(3), "mosctl: openMosix is off on this node\n");
    let expected = "mosctl: the running kernel has no openMosix (no /proc/hpc)\n";
    for question in
        [&["version"][..], &["node", "list"], &["guest", "list"], &["isup", "1"], &["apply"]]
    {
        assert_eq!(mosctl(&Tree::new(), question).failure(1), expected, "{question:?}");
    }
}
