// SPDX-License-Identifier: GPL-2.0-only
//! A picture of a result.

use std::fmt::Write;

use crate::report::Report;

const WIDTH: f64 = 640.0;
const HEIGHT: f64 = 200.0;
const MARGIN: f64 = 50.0;

/// Two charts: how many jobs ran on nodes over time, and how old knowledge was.
pub fn draw(report: &Report) -> String {
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{}\" height=\"{}\" \
         font-family=\"sans-serif\" font-size=\"12\">\n<rect width=\"100%\" height=\"100%\" \
         fill=\"white\"/>\n",
        WIDTH + 2.0 * MARGIN,
        2.0 * (HEIGHT + 2.0 * MARGIN)
    );
    let history = &report.history;
    let fewest = history.iter().map(|point| point.0 as f64).collect();
    let mean = history.iter().map(|point| point.1).collect();
    let most = history.iter().map(|point| point.2 as f64).collect();
    let lines = [("most", "#c33", most), ("mean", "#333", mean), ("fewest", "#36c", fewest)];
    chart(&mut svg, 0.0, "jobs running on a node, by seconds", history.len() as f64, &lines);

    let histogram: Vec<f64> = report.ages.histogram.iter().map(|count| *count as f64).collect();
    let seconds = histogram.len() as f64 / 2.0;
    let lines = [("known nodes", "#36c", histogram)];
    let title = "age of what is known of a node, in seconds";
    chart(&mut svg, HEIGHT + 2.0 * MARGIN, title, seconds, &lines);
    svg.push_str("</svg>\n");
    svg
}

/// Draw lines over one axis, which goes up to `end`.
fn chart(svg: &mut String, top: f64, title: &str, end: f64, lines: &[(&str, &str, Vec<f64>)]) {
    let values = lines.iter().flat_map(|(_, _, values)| values);
    let highest = values.fold(1.0, |most: f64, value| most.max(*value));
    let bottom = top + MARGIN + HEIGHT;
    let mut text = |x: f64, y: f64, colour: &str, words: &str| {
        // Writing to a string does not fail.
        let _ = writeln!(svg, "<text x=\"{x:.0}\" y=\"{y:.0}\" fill=\"{colour}\">{words}</text>");
    };
    text(MARGIN, top + MARGIN - 20.0, "black", title);
    text(5.0, top + MARGIN + 10.0, "black", &format!("{highest:.0}"));
    text(5.0, bottom, "black", "0");
    text(MARGIN + WIDTH - 20.0, bottom + 15.0, "black", &format!("{end:.0}"));
    for (n, (name, colour, _)) in lines.iter().enumerate() {
        text(MARGIN + WIDTH - 80.0, top + MARGIN + 15.0 * n as f64, colour, name);
    }
    let _ = writeln!(
        svg,
        "<path d=\"M{MARGIN} {} V{bottom} H{}\" fill=\"none\" stroke=\"black\"/>",
        top + MARGIN,
        MARGIN + WIDTH
    );
    for (_, colour, values) in lines {
        let step = WIDTH / (values.len().max(2) - 1) as f64;
        let points: Vec<String> = values
            .iter()
            .enumerate()
            .map(|(n, value)| {
                let y = bottom - value / highest * HEIGHT;
                format!("{:.1},{y:.1}", MARGIN + n as f64 * step)
            })
            .collect();
        let _ = writeln!(
            svg,
            "<polyline points=\"{}\" fill=\"none\" stroke=\"{colour}\"/>",
            points.join(" ")
        );
    }
}
