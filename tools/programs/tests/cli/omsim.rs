// SPDX-License-Identifier: GPL-2.0-only
//! `omsim`: its table, its JSON, its pictures.

use fake::{Ended, Tree};

fn omsim(args: &[&str]) -> Ended {
    Tree::new().run(env!("CARGO_BIN_EXE_omsim"), args)
}

#[test]
fn a_line_for_each_number_and_a_column_for_each_strategy() {
    let table = omsim(&["-n2", "-J4", "-t5", "-s", "greedy", "-s", "none"]).data();
    let line = |name: &str| {
        let line = table.lines().find(|line| line.starts_with(name)).expect(name);
        line[name.len()..].split_whitespace().map(String::from).collect::<Vec<_>>()
    };
    assert_eq!(line(""), ["GREEDY", "NONE"]);
    assert_eq!(line("jobs ended"), ["4", "4"]);
    assert_eq!(line("makespan, s"), ["10.0", "20.0"]);
    assert_eq!(line("  at least"), ["10.0", "10.0"]);
    assert_eq!(line("  ratio"), ["1.00", "2.00"]);
    assert_eq!(line("mean slow-down"), ["2.00", "4.00"]);
}

#[test]
fn the_same_seed_gives_the_same_json() {
    let args = ["-n5", "-J20", "-t5", "-wmixed", "-sopenmosix", "--json=short"];
    let one = omsim(&args).data();
    assert!(one.starts_with(r#"{"version":1,"simulations":[{"setup":{"nodes":5,"#), "{one}");
    assert_eq!(omsim(&args).data(), one);
    let other = omsim(&[&args[..], &["--seed", "2"]].concat()).data();
    assert_ne!(other, one);
}

#[test]
fn pictures_are_written() {
    let tree = Tree::new();
    let folder = tree.root().join("plots").display().to_string();
    let args = ["-n3", "-t5", "-sopenmosix", "--plot", &folder];
    tree.run(env!("CARGO_BIN_EXE_omsim"), &args).data();
    let svg = tree.read("plots/openmosix.svg");
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
    assert_eq!(svg.matches("<polyline").count(), 4);
}

#[test]
fn several_numbers_of_nodes_make_curves() {
    let tree = Tree::new();
    let folder = tree.root().join("plots").display().to_string();
    let args = ["-n3,6", "-t5", "-sopenmosix", "-sgreedy", "--plot", &folder];
    let table = tree.run(env!("CARGO_BIN_EXE_omsim"), &args).data();
    let words: Vec<Vec<&str>> =
        table.lines().map(|line| line.split_whitespace().take(2).collect()).collect();
    let expected = [
        ["NODES", "STRATEGY"],
        ["3", "openmosix"],
        ["3", "greedy"],
        ["6", "openmosix"],
        ["6", "greedy"],
    ];
    assert_eq!(words, expected);
    for (name, lines) in [("makespan", 2), ("age", 3), ("bytes", 2)] {
        let svg = tree.read(&format!("plots/{name}.svg"));
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>\n"), "{svg}");
        assert_eq!(svg.matches("<polyline").count(), lines, "{name}");
        // A point for each number of nodes.
        assert_eq!(svg.matches("<circle").count(), 2 * lines, "{name}");
    }
}

#[test]
fn who_came_and_went_has_lines_of_its_own() {
    let args = ["-n6", "-t20", "-sopenmosix", "--join-rate", "10", "--leave-rate=5"];
    let table = omsim(&args).data();
    let number = |name: &str| {
        let line = table.lines().find(|line| line.starts_with(name)).expect(name);
        line[name.len()..].trim().parse::<u32>().unwrap()
    };
    assert!(number("nodes joined") > 0 && number("nodes told to leave") > 0, "{table}");
    assert_eq!((number("nodes crashed"), number("jobs lost, not by a crash")), (0, 0));
    assert!(!omsim(&["-n2", "-t5", "-snone"]).data().contains("nodes joined"));
}

#[test]
fn nonsense_is_refused() {
    for args in [
        ["-n", "1"],
        ["-n", "10,x"],
        ["-t", "0"],
        ["-w", "other"],
        ["-s", "best"],
        ["--crash-rate", "inf"],
        ["--join-rate=-1", "-j"],
        ["--loss", "101"],
    ] {
        omsim(&args).failure(2);
    }
}
