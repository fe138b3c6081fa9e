// SPDX-License-Identifier: GPL-2.0-only
//! `mtop` on a screen in memory.

use fake::Tree;
use ratatui::Terminal;
use ratatui::backend::TestBackend;

use super::*;

fn tree() -> Tree {
    let tree = Tree::cluster();
    tree.process(42, 0, "xz");
    tree.process(43, user::myself(), "big");
    tree.process(44, 4242, "other");
    tree.write("proc/42/where", "2\n");
    tree.write("proc/42/nmigs", "1\n");
    let stat = tree.read("proc/43/stat");
    tree.write("proc/43/stat", &stat.replace(" 256\n", " 512\n").replace(" S ", " R "));
    let stat = tree.read("proc/44/stat");
    tree.write("proc/44/stat", &stat.replace(" 150 50 ", " 2000 950 "));
    tree
}

fn top(system: &System) -> Top<'_> {
    Top {
        system,
        sort: Sort::Cpu,
        reverse: false,
        away: false,
        user: None,
        seen: HashMap::new(),
        rows: vec![],
        trouble: None,
    }
}

/// The process numbers on the screen after some keys, each of them followed by a look.
fn pids(keys: &str) -> Vec<u32> {
    let tree = tree();
    let system = System::at(tree.root());
    let mut top = top(&system);
    top.refresh();
    for key in keys.chars() {
        assert_eq!(top.key(KeyCode::Char(key), 80), Next::Go);
        top.seen.clear();
        top.refresh();
    }
    top.rows.iter().map(|row| row.process.pid).collect()
}

#[test]
fn sorting_and_choosing() {
    assert_eq!(pids(""), [44, 42, 43], "44 used most");
    assert_eq!(pids("p"), [42, 43, 44]);
    assert_eq!(pids("pR"), [44, 43, 42]);
    assert_eq!(pids("M"), [43, 42, 44]);
    assert_eq!(pids("N"), [43, 44, 42]);
    assert_eq!(pids("T"), [44, 42, 43]);
    assert_eq!(pids("a"), [42]);
    assert_eq!(pids("aap"), [42, 43, 44]);
    assert!(!pids("u").contains(&44));
}

#[test]
fn use_since_the_last_look() {
    let tree = tree();
    let system = System::at(tree.root());
    let mut top = top(&system);
    top.look().unwrap();
    let cpu = |top: &Top, pid| top.rows.iter().find(|row| row.process.pid == pid).unwrap().cpu;
    assert_eq!(cpu(&top, 44), 50.0, "29.5 of 59 seconds");
    let (_, before) = top.seen[&44];
    let second = Duration::from_secs(1);
    for pid in [42, 43, 44] {
        let then = Instant::now().checked_sub(second).unwrap();
        top.seen.insert(pid, (then, before));
    }
    let stat = tree.read("proc/44/stat").replace(" 2000 950 ", " 2040 960 ");
    tree.write("proc/44/stat", &stat);
    top.look().unwrap();
    // Half a second in a little more than a second.
    assert!((25.0..=50.0).contains(&cpu(&top, 44)), "{}", cpu(&top, 44));
    // The number now belongs to a process that used less: it counts from its beginning.
    assert!((cpu(&top, 42) - 200.0 / 59.0).abs() < 0.01);
}

#[test]
fn small_screens_and_long_names() {
    let tree = tree();
    tree.process(45, 0, &"long ".repeat(400));
    tree.write("proc/45/cmdline", &format!("{}\0", "very-".repeat(4000)));
    let system = System::at(tree.root());
    let mut top = top(&system);
    top.refresh();
    for (width, height) in [(1, 1), (20, 2), (20, 5), (20, 50), (200, 3)] {
        let mut terminal = Terminal::new(TestBackend::new(width, height)).unwrap();
        terminal.draw(|frame| top.draw(frame)).unwrap();
        if height > 3 {
            let buffer = terminal.backend().buffer();
            let first: String = (0..width).map(|x| buffer[(x, 0)].symbol()).collect();
            assert_eq!(first, "mtop: 4 processes, 1 running, 1 away"[..20]);
        }
    }
}

#[test]
fn the_screen() {
    let tree = tree();
    let system = System::at(tree.root());
    let mut top = top(&system);
    top.refresh();
    let mut terminal = Terminal::new(TestBackend::new(76, 6)).unwrap();
    terminal.draw(|frame| top.draw(frame)).unwrap();
    let buffer = terminal.backend().buffer();
    let row = |y| (0..76).map(|x| buffer[(x, y)].symbol()).collect::<String>();
    let rows: Vec<String> = (0..6).map(|y| row(y).trim_end().to_string()).collect();
    assert_eq!(rows[0], "mtop: 3 processes, 1 running, 1 away, 0 guests");
    assert!(rows[1].starts_with("PID USER NODE NMIGS LOCK WHY  S %CPU     RES     TIME CMD"));
    assert!(
        rows[2].starts_with(" 44 4242    0     0 no   best S 50.0 1.0 MiB 00:00:29 /usr/bin/o")
    );
    assert!(
        rows[3].starts_with(" 42 root    2     1 no   best S  3.4 1.0 MiB 00:00:02 /usr/bin/xz")
    );
    assert_eq!(rows[5], HELP);
    assert_eq!(buffer[(1, 3)].fg, Color::Green, "it is away");
    assert_eq!(top.key(KeyCode::Char('q'), 80), Next::Quit);
}
