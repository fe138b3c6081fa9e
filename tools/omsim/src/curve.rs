// SPDX-License-Identifier: GPL-2.0-only
//! Pictures of results against the number of nodes.

use std::fmt::Write;

use crate::report::Report;
use crate::setup::Strategy;

const WIDTH: f64 = 560.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 60.0;
const TOP: f64 = 84.0;
const RIGHT: f64 = 30.0;
const BOTTOM: f64 = 46.0;
const FAINT: &str = "#777";

/// A line of a picture: how it is called, how it looks, and how much there is of what on how many nodes.
struct Line<'a> {
    name: &'a str,
    colour: &'a str,
    dashed: bool,
    points: Vec<(f64, f64)>,
}

/// Three pictures of simulations with different numbers of nodes, each with the name of its file: the makespan beside
/// what no strategy can beat, how old knowledge is, and the bytes that a node sends.
pub fn draw_curves(reports: &[Report]) -> [(&'static str, String); 3] {
    let makespan: Vec<Line<'_>> = Strategy::ALL
        .into_iter()
        .map(|strategy| {
            // Who had not finished has no makespan.
            let done = |it: &Report| it.left == 0 && it.makespan_bound > 0.0;
            let value = |it: &Report| done(it).then(|| it.makespan / it.makespan_bound);
            line(reports, strategy, strategy.name(), colour(strategy), value)
        })
        .collect();
    let gossip = |name, colour, value: fn(&Report) -> f64| {
        line(reports, Strategy::Openmosix, name, colour, |it| Some(value(it)))
    };
    let ages = [
        gossip("mean", "#333", |it| it.ages.mean),
        gossip("90 % are below", "#36c", |it| it.ages.p90),
        gossip("99 % are below", "#c33", |it| it.ages.p99),
    ];
    let bytes = [
        gossip("mean of all nodes", "#333", |it| it.bytes / 1024.0),
        gossip("the node that sent most", "#c33", |it| it.most_bytes / 1024.0),
    ];
    [
        ("makespan.svg", chart("Makespan, as a multiple of its bound", &makespan)),
        ("age.svg", chart("Age of what a node knows of others, seconds", &ages)),
        ("bytes.svg", chart("Gossip that a node sends, KiB a second", &bytes)),
    ]
}

fn colour(strategy: Strategy) -> &'static str {
    match strategy {
        Strategy::Openmosix => "#2f8f6b",
        Strategy::None => "#333",
        Strategy::RoundRobin => "#36c",
        Strategy::Random => "#c33",
        Strategy::Greedy => "#b80",
    }
}

/// The values that simulations of a strategy have, by number of nodes.
fn line<'a>(
    reports: &[Report],
    strategy: Strategy,
    name: &'a str,
    colour: &'a str,
    value: impl Fn(&Report) -> Option<f64>,
) -> Line<'a> {
    let mine = reports.iter().filter(|it| it.setup.strategy == strategy);
    let mut points: Vec<(f64, f64)> =
        mine.filter_map(|it| Some((it.setup.nodes as f64, value(it)?))).collect();
    points.sort_by(|one, other| one.0.total_cmp(&other.0));
    // It often lies upon the line of another one.
    let dashed = strategy == Strategy::Greedy;
    Line { name, colour, dashed, points }
}

/// The least of 1, 2 and 5 times a power of ten that divides so much into five parts at most.
fn step(most: f64) -> f64 {
    let power = 10f64.powf((most / 5.0).log10().floor());
    let steps = [1.0, 2.0, 5.0].map(|digit| digit * power);
    steps.into_iter().find(|step| step * 5.0 >= most).unwrap_or(power * 10.0)
}

/// A multiple of a step, with as many digits behind the point as the step has.
fn round(value: f64, step: f64) -> String {
    let digits = (-step.log10().floor()).clamp(0.0, 9.0) as usize;
    format!("{value:.digits$}")
}

/// A picture of lines over the number of nodes, which has a logarithmic scale.
fn chart(title: &str, lines: &[Line<'_>]) -> String {
    let lines: Vec<&Line<'_>> = lines.iter().filter(|line| !line.points.is_empty()).collect();
    let points = || lines.iter().flat_map(|line| &line.points);
    let mut nodes: Vec<f64> = points().map(|point| point.0).collect();
    nodes.sort_by(f64::total_cmp);
    nodes.dedup();
    let (first, last) = nodes.first().zip(nodes.last()).map_or((1.0, 1.0), |(a, b)| (*a, *b));
    let most = points().map(|point| point.1).fold(0.0, f64::max);
    let step = step(if most > 0.0 { most } else { 1.0 });
    let ticks = (most / step).ceil().max(1.0);
    let x = |nodes: f64| {
        let span = (last / first).ln();
        LEFT + if span > 0.0 { (nodes / first).ln() / span * WIDTH } else { WIDTH / 2.0 }
    };
    let y = |value: f64| TOP + HEIGHT - value / (ticks * step) * HEIGHT;

    let mut svg = String::new();
    // Writing to a string does not fail.
    let _ = writeln!(
        svg,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" height=\"{1}\" viewBox=\"0 0 {0} {1}\" \
         font-family=\"sans-serif\" font-size=\"12.5\">\n<rect width=\"100%\" height=\"100%\" fill=\"white\"/>",
        LEFT + WIDTH + RIGHT,
        TOP + HEIGHT + BOTTOM
    );
    let mut text = |x: f64, y: f64, colour: &str, anchor: &str, words: &str| {
        let _ = writeln!(
            svg,
            "<text x=\"{x:.1}\" y=\"{y:.1}\" fill=\"{colour}\" text-anchor=\"{anchor}\">{words}</text>"
        );
    };
    text(16.0, 28.0, "#222", "start", title);
    for tick in 0..=ticks as u32 {
        let value = f64::from(tick) * step;
        text(LEFT - 8.0, y(value) + 4.0, FAINT, "end", &round(value, step));
    }
    for nodes in &nodes {
        text(x(*nodes), TOP + HEIGHT + 20.0, FAINT, "middle", &format!("{nodes}"));
    }
    text(LEFT + WIDTH / 2.0, TOP + HEIGHT + 38.0, FAINT, "middle", "nodes");
    let place = WIDTH / lines.len().max(4) as f64;
    for (n, line) in lines.iter().enumerate() {
        text(LEFT + place * n as f64, 56.0, line.colour, "start", line.name);
    }
    for tick in 0..=ticks as u32 {
        let y = y(f64::from(tick) * step);
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {y:.1} H{}\" stroke=\"{}\"/>",
            LEFT + WIDTH,
            if tick == 0 { "#222" } else { "#e4e4e4" }
        );
    }
    for line in lines {
        let dashes = if line.dashed { " stroke-dasharray=\"7 5\"" } else { "" };
        let spots: Vec<(f64, f64)> =
            line.points.iter().map(|point| (x(point.0), y(point.1))).collect();
        let way: Vec<String> = spots.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect();
        let colour = line.colour;
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"1.5\"{dashes}/>",
            way.join(" ")
        );
        for (x, y) in spots {
            let _ =
                writeln!(svg, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"3\" fill=\"{colour}\"/>");
        }
    }
    svg.push_str("</svg>\n");
    svg
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn axes_end_at_round_numbers() {
        for (most, expected) in
            [(1.1, 0.5), (5.0, 1.0), (5.1, 2.0), (9.0, 2.0), (25.0, 5.0), (26.0, 10.0)]
        {
            assert!((step(most) - expected).abs() < 1e-9, "{most}: {}", step(most));
        }
    }

    #[test]
    fn each_step_has_a_number_of_its_own() {
        for (value, step, expected) in [
            (0.1, 0.05, "0.10"),
            (0.4, 0.2, "0.4"),
            (1.5, 0.5, "1.5"),
            (1.0, 1.0, "1"),
            (200.0, 100.0, "200"),
        ] {
            assert_eq!(round(value, step), expected);
        }
    }

    #[test]
    fn more_is_higher_and_more_nodes_are_further_right() {
        let points = vec![(10.0, 1.0), (100.0, 2.0), (1000.0, 4.0)];
        let svg = chart("title", &[Line { name: "one", colour: "#c33", dashed: false, points }]);
        let way = svg.lines().find_map(|line| line.strip_prefix("<polyline points=\"")).unwrap();
        // From 0 to 4 by steps of 1; nodes by powers of ten.
        assert!(way.starts_with("60.0,264.0 340.0,204.0 620.0,84.0\""), "{way}");
        assert_eq!(svg.matches("<circle").count(), 3);
    }
}
