// SPDX-License-Identifier: GPL-2.0-only
//! `mosmon` on a screen in memory.

use fake::Tree;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;

/// What is on a screen of this size after some keys.
fn screen(tree: &Tree, args: &[&str], keys: &str, (width, height): (u16, u16)) -> Vec<String> {
    let system = System::at(tree.root());
    let options = Mosmon::parse_from([&["mosmon"], args].concat());
    let mut monitor = Monitor::new(&options, &system, vec![], system.yard().unwrap());
    monitor.refresh();
    for key in keys.chars() {
        let key = if key == '\n' { KeyCode::Enter } else { KeyCode::Char(key) };
        assert_eq!(monitor.key(key, width), Next::Go);
    }
    let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
    terminal.draw(|frame| monitor.draw(frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let row = |y| (0..width).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    (0..height).map(|y| row(y).trim_end().to_string()).collect()
}

fn drawn(keys: &str) -> String {
    screen(&Tree::cluster(), &[], keys, (36, 14)).join("\n")
}

#[test]
fn bars_of_load() {
    let expected = "\
┌ openMosix: load · 2 of 3 nodes up┐
│                                  │
│      500┤                        │
│         │                        │
│         │      300               │
│         │      ▃▃▃▃              │
│      250┤      ████              │
│         │150   ████              │
│         │▆▆▆▆  ████              │
│         │████  ████              │
│         │████  ████              │
│        0└────────────────────────│
│          1     2                 │
└ h help · q quit ─────────────────┘";
    assert_eq!(drawn(""), expected);
    let logarithmic = drawn("L");
    assert!(logarithmic.contains("│       21┤████  ████  "), "{logarithmic}");
}

#[test]
fn bars_of_memory_have_a_frame() {
    let expected = "\
│          50%   50%               │
│  2.0 GiB┤░░░░  ░░░░              │
│         │░░░░  ░░░░              │
│         │░░░░  ░░░░              │
│         │░░░░  ░░░░              │
│  1.0 GiB┤▄▄▄▄  ▄▄▄▄              │
│         │████  ████              │
│         │████  ████              │
│         │████  ████              │
│         │████  ████              │
│      0 B└────────────────────────│
│          1     2                 │
";
    assert!(drawn("m").contains(expected), "{}", drawn("m"));
    assert!(drawn("r").contains(" 75%   75% "), "{}", drawn("r"));
}

#[test]
fn speed_utilisability_and_nodes_that_are_down() {
    let speed = drawn("sd");
    assert!(speed.contains(" ×4    ×4  "), "{speed}");
    assert!(speed.contains("│         │████  ████  down "), "{speed}");
    assert!(speed.contains("│          1     2     3 "), "{speed}");
    assert!(!drawn("sdd").contains("down"));
    assert!(drawn("u").contains("│     100%┤▇▇▇▇  ▇▇▇▇ "), "{}", drawn("u"));
}

/// A cluster of so many nodes.
fn large(nodes: u16) -> Tree {
    let tree = Tree::cluster();
    for id in 4..=nodes {
        for (file, text) in [("status", "3"), ("address", "10.0.1.1"), ("load", "100")] {
            tree.write(&format!("proc/hpc/nodes/{id}/{file}"), &format!("{text}\n"));
        }
    }
    tree
}

#[test]
fn bars_are_as_wide_as_fits() {
    let rows = |nodes, keys: &str| screen(&large(nodes), &[], keys, (36, 14));
    assert_eq!(rows(4, "")[12], "│          1     2     4           │");
    // Numbers of two digits stand upright.
    assert_eq!(
        rows(10, "")[11..13],
        ["│          1 2 4 5 6 7 8 9 1       │", "│                          0       │"]
    );
    assert_eq!(rows(4, "v")[12], "│          1 2 4                   │");
    assert_eq!(rows(4, "V")[12], "│          124                     │");
    assert_eq!(rows(4, "Va"), rows(4, ""));
    assert_eq!(rows(20, "")[11], "│          1245678911111111112     │");
    // What does not fit is on another page.
    assert_eq!(rows(10, "w")[12], "│          1     2     4     5     │");
    assert_eq!(rows(10, "w>")[12], "│          6     7     8     9     │");
    assert_eq!(rows(10, "w>>")[12], "│          10                      │");
    assert_eq!(rows(10, "w>><<"), rows(10, "w"));
    assert_eq!(rows(10, "w+8\n")[12], "│          8     9     10          │");
    assert_eq!(rows(10, "w+8\n+\n"), rows(10, "w"));
    assert!(rows(10, "w+1")[13].starts_with("└ start at node: 1_ "));
}

#[test]
fn totals_help_and_version() {
    let tree = Tree::cluster();
    let rows = screen(&tree, &["--totals"], "", (100, 20));
    let expected =
        "total: 2 nodes, 8 CPUs, speed 80000, load 450, memory 2.0 GiB of 4.0 GiB, 1 guests";
    assert_eq!(rows.last().unwrap(), expected);
    assert_eq!(screen(&tree, &[], "t", (100, 20)), rows);
    let help = screen(&tree, &[], "h", (80, 24)).join("\n");
    assert!(help.contains("V  tight bars       a  whatever fits"), "{help}");
    assert_eq!(screen(&tree, &[], "hx", (80, 24)), screen(&tree, &[], "", (80, 24)));
    let version = screen(&tree, &[], "F", (80, 24)).join("\n");
    assert!(version.contains("openMosix 0.1 protocol 1 linux 7.3.4"), "{version}");
}

#[test]
fn tiny_screens_and_trouble() {
    for size in [(1, 1), (5, 3), (12, 4), (13, 5), (20, 10), (20, 3)] {
        screen(&Tree::cluster(), &[], "dt", size);
        screen(&Tree::cluster(), &[], "h", size);
    }
    let rows = screen(&Tree::new(), &[], "", (80, 10));
    assert!(rows[9].contains("the running kernel has no openMosix"), "{rows:?}");
}

#[test]
fn cursor_keys_turn_pages() {
    let (tree, options) = (large(10), Mosmon::parse_from(["mosmon", "-w"]));
    let system = System::at(tree.root());
    let mut monitor = Monitor::new(&options, &system, system.nodes().unwrap(), Yard::STANDARD);
    let mut from = |key| {
        monitor.key(key, 36);
        monitor.from
    };
    assert_eq!([KeyCode::Right, KeyCode::PageDown].map(&mut from), [6, 10]);
    assert_eq!([KeyCode::Left, KeyCode::Home].map(&mut from), [6, 0]);
}

#[test]
fn historic_letters_are_options() {
    let parse = |word| Mosmon::try_parse_from(["mosmon", word]);
    assert!(parse("-V").unwrap().tight && parse("-T").unwrap().tight);
    assert!(parse("-a").unwrap().auto && parse("-d").unwrap().dead && parse("-t").unwrap().totals);
    for (word, kind) in [
        ("-F", clap::error::ErrorKind::DisplayVersion),
        ("--version", clap::error::ErrorKind::DisplayVersion),
        ("-h", clap::error::ErrorKind::DisplayHelp),
        ("-H", clap::error::ErrorKind::DisplayHelp),
    ] {
        assert_eq!(parse(word).unwrap_err().kind(), kind, "{word}");
    }
}

#[test]
fn q_ends_it() {
    let (tree, options) = (Tree::cluster(), Mosmon::parse_from(["mosmon"]));
    let system = System::at(tree.root());
    let mut monitor = Monitor::new(&options, &system, vec![], Yard::STANDARD);
    assert_eq!(monitor.key(KeyCode::Char('q'), 80), Next::Quit);
}
