// SPDX-License-Identifier: GPL-2.0-only
//! Tests of requests and records; a thread plays the kernel.

use super::*;
use fake::Tree;

const LIMIT: Option<Duration> = Some(Duration::from_secs(20));

fn record(to: u16, result: &str, reason: &str) -> String {
    format!(
        "from: 0\nto: {to}\nstage: commit\nresult: {result}\nreason: {reason}\npages: 12\n\
         bytes: 49152\nprepare_us: 1\nfreeze_us: 2\ncopy_us: 3\ncommit_us: 4\ntotal_us: 10\n"
    )
}

/// Ask for a move of process 42 to node 2 while `kernel` answers.
fn ask(tree: &Tree, limit: Option<Duration>, kernel: impl FnOnce() + Send) -> Result<Arrival> {
    let system = System::at(tree.root());
    thread::scope(|scope| {
        let pending = system.process(42).unwrap().request(Place::Node(2)).unwrap().unwrap();
        scope.spawn(kernel);
        pending.wait(limit, |hint| panic!("{hint}"))
    })
}

fn tree() -> Tree {
    let tree = Tree::cluster();
    tree.process(42, 0, "xz");
    tree
}

#[test]
fn records() {
    assert_eq!(Move::parse("").unwrap(), None);
    assert_eq!(Move::parse(fake::NO_MOVE).unwrap(), None);
    let last = Move::parse(&record(2, "ok", "")).unwrap().unwrap();
    assert_eq!((last.from, last.to), (Place::Home, Place::Node(2)));
    assert_eq!((last.pages, last.bytes, last.total_us), (12, 49152, 10));
    assert_eq!((last.reason.clone(), last.outcome()), (None, Some(true)));
    let failed = Move::parse(&record(2, "failed", "no memory: 3 pages")).unwrap().unwrap();
    assert_eq!(failed.reason.as_deref(), Some("no memory: 3 pages"));
    assert_eq!(failed.outcome(), Some(false));
    assert!(Move::parse("from: 0\nto: elsewhere\n").is_err());
    assert!(Move::parse("from: 0\nto: 1\npages: many\n").is_err());
}

#[test]
fn a_move_that_arrives() {
    let tree = tree();
    let arrival = ask(&tree, LIMIT, || {
        tree.wait_for("proc/42/goto", "2\n");
        tree.write("proc/42/migration", &record(2, "running", ""));
        tree.write("proc/42/migration", &record(2, "ok", ""));
    });
    let Arrival::Moved(Some(last)) = arrival.unwrap() else { panic!("not moved") };
    assert_eq!(last.pages, 12);
}

#[test]
fn a_move_that_fails_says_why() {
    let tree = tree();
    let error = ask(&tree, LIMIT, || tree.write("proc/42/migration", &record(2, "failed", "shm")));
    let text = error.as_ref().unwrap_err().to_string();
    let expected = "process 42 did not move to node 2: it shares memory that others map, too (shm)";
    assert_eq!(text, expected);
    assert_eq!(error.unwrap_err().exit(), crate::Exit::Failed);
}

#[test]
fn a_move_that_fails_because_the_node_is_gone() {
    let tree = tree();
    let error = ask(&tree, LIMIT, || {
        tree.write("proc/hpc/nodes/2/status", "1\n");
        tree.write("proc/42/migration", &record(2, "failed", "link lost"));
    });
    assert_eq!(error.unwrap_err().exit(), crate::Exit::Unreachable);
}

#[test]
fn older_and_other_moves_do_not_count() {
    let tree = tree();
    // An old failure of the same move, then the end of somebody else's: neither is the answer.
    tree.write("proc/42/migration", &record(2, "failed", "yesterday"));
    let limit = Some(Duration::from_millis(100));
    let error = ask(&tree, limit, || tree.write("proc/42/migration", &record(3, "ok", "")));
    let Error::TimedOut { stage, .. } = error.unwrap_err() else { panic!("it ended") };
    assert_eq!(stage, "queued");
}

#[test]
fn a_move_that_another_order_made_needless() {
    let tree = tree();
    let arrival = ask(&tree, LIMIT, || {
        tree.write("proc/42/where", "2\n");
        tree.write("proc/42/goto", "0\n");
    });
    assert_eq!(arrival.unwrap(), Arrival::Moved(None));
}

#[test]
fn an_order_that_is_replaced() {
    let tree = tree();
    let error = ask(&tree, LIMIT, || {
        tree.write("proc/42/migration", &record(3, "ok", ""));
        tree.write("proc/42/where", "3\n");
        tree.write("proc/42/goto", "0\n");
    });
    let text = error.unwrap_err().to_string();
    assert_eq!(text, "process 42 did not move to node 2: somebody ordered it elsewhere");
}

#[test]
fn a_process_that_comes_home_instead() {
    let tree = tree();
    let error = ask(&tree, LIMIT, || {
        tree.write("proc/42/migration", &record(0, "ok", ""));
        tree.write("proc/42/goto", "0\n");
    });
    let text = error.unwrap_err().to_string();
    assert_eq!(text, "process 42 did not move to node 2: it came home instead");
}

#[test]
fn a_stopped_process_is_named() {
    let tree = tree();
    let stat = tree.read("proc/42/stat").replace(" S ", " T ");
    tree.write("proc/42/stat", &stat);
    let system = System::at(tree.root());
    let pending = system.process(42).unwrap().request(Place::Node(2)).unwrap().unwrap();
    let mut hints = vec![];
    let arrival = pending.wait(LIMIT, |hint| {
        hints.push(hint.to_string());
        tree.write("proc/42/migration", &record(2, "ok", ""));
    });
    assert!(matches!(arrival, Ok(Arrival::Moved(Some(_)))), "{arrival:?}");
    assert_eq!(hints, ["it is stopped, and moves when it is continued"]);
}

#[test]
fn all_stay_reasons_are_named() {
    let tree = tree();
    tree.write("proc/42/cantmove", "mlock\nptrace\n");
    let error =
        ask(&tree, LIMIT, || tree.write("proc/42/migration", &record(2, "failed", "ptrace")));
    let text = error.unwrap_err().to_string();
    let expected = "it is being traced (ptrace) and has locked memory (mlock)";
    assert!(text.ends_with(expected), "{text}");
}

#[test]
fn left_to_the_balancer() {
    let tree = tree();
    let system = System::at(tree.root());
    let balance = || system.process(42).unwrap().balance();
    assert!(matches!(balance(), Ok(Verdict::Stays(why)) if why == "best"));
    assert_eq!(tree.read("proc/42/goto"), "balance\n");
    let account = tree.read("proc/42/why");
    tree.write("proc/42/why", &account.replace("why: best", "why: off"));
    let text = balance().unwrap_err().to_string();
    assert_eq!(text, "process 42 stays where it is: balancing is off");
    tree.write("proc/42/why", &account);
    tree.write("proc/42/lock", "1\n");
    let text = balance().unwrap_err().to_string();
    assert_eq!(text, "process 42 stays where it is: it is locked");
    tree.write("proc/42/cantmove", "clone_vm\n");
    let text = balance().unwrap_err().to_string();
    assert!(text.contains("shares its memory with another process"), "{text}");
}

#[test]
fn a_process_that_ends_meanwhile() {
    let tree = tree();
    let error = ask(&tree, LIMIT, || {
        let process = tree.root().join("proc/42");
        std::fs::rename(process, tree.root().join("gone")).unwrap();
    });
    let text = error.unwrap_err().to_string();
    assert_eq!(text, "process 42 did not move to node 2: it has ended");
}

#[test]
fn already_there() {
    let tree = tree();
    tree.write("proc/42/where", "2\n");
    let system = System::at(tree.root());
    assert!(system.process(42).unwrap().request(Place::Node(2)).unwrap().is_none());
    assert_eq!(tree.read("proc/42/goto"), "2\n", "there it is to stay");
    tree.write("proc/42/goto", "3\n");
    let pending = system.process(42).unwrap().request(Place::Node(2)).unwrap();
    assert!(pending.is_some(), "it was about to leave");
}

#[test]
fn a_request_that_is_refused_names_the_stay_reasons() {
    let tree = tree();
    tree.remove("proc/42/goto");
    // A file that cannot be written, whoever tries.
    std::fs::create_dir(tree.root().join("proc/42/goto")).unwrap();
    let system = System::at(tree.root());
    let refused = || system.process(42).unwrap().request(Place::Node(2)).unwrap_err().to_string();
    assert!(refused().ends_with("proc/42/goto: Is a directory"), "{}", refused());
    tree.write("proc/42/cantmove", "mlock\nshm\n");
    let expected = "process 42 did not move to node 2: it has locked memory (mlock) and shares";
    assert!(refused().starts_with(expected), "{}", refused());
}
