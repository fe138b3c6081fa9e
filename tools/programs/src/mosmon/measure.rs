// SPDX-License-Identifier: GPL-2.0-only
//! What the height of a bar means.

use mosix::node::Node;
use mosix::yard::Yard;

use crate::output::bytes;

/// What is shown of the nodes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    /// Load by the yardstick.
    Load,
    /// The same, each row ten times the one before at last.
    LogLoad,
    /// Used memory, and all of it.
    Memory,
    /// The same as Linux counts it.
    RawMemory,
    /// How well processes can use the processors.
    Util,
    /// Speed of a processor; their number beside it.
    Speed,
}

/// One bar: how high it is, and how high it could be.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bar {
    /// The height.
    pub value: f64,
    /// Where its frame ends, if it has one.
    pub all: Option<f64>,
}

impl Measure {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Load => "load",
            Self::LogLoad => "load (logarithmic)",
            Self::Memory => "memory",
            Self::RawMemory => "memory as Linux counts it",
            Self::Util => "utilisability",
            Self::Speed => "speed and CPUs",
        }
    }

    /// The bar of a node, if it says enough.
    pub fn bar(self, node: &Node, yard: Yard) -> Option<Bar> {
        let load = || node.load.map(|load| yard.load(load) as f64);
        let used = |free: Option<u64>| Some((node.tmem?.saturating_sub(free?), node.tmem?));
        let memory =
            |free| used(free).map(|(used, all)| Bar { value: used as f64, all: Some(all as f64) });
        let plain = |value: f64| Bar { value, all: None };
        match self {
            Self::Load | Self::LogLoad => load().map(plain),
            Self::Memory => memory(node.mem),
            Self::RawMemory => memory(node.rmem),
            Self::Util => node.util.map(|util| plain(util as f64)),
            Self::Speed => node.speed.map(|speed| plain(speed as f64)),
        }
    }

    /// The value at the top of the chart, if the highest bar is this high.
    pub fn top(self, highest: f64) -> f64 {
        match self {
            Self::Load | Self::LogLoad | Self::Util => round_up(highest.max(100.0)),
            Self::Speed => round_up(highest.max(1.0)),
            // People count memory in powers of two.
            Self::Memory | Self::RawMemory => highest.max(1.0).log2().ceil().exp2(),
        }
    }

    /// How high a value is if the top is 1.
    pub fn height(self, value: f64, top: f64) -> f64 {
        match self {
            Self::LogLoad => (1.0 + value).log10() / (1.0 + top).log10(),
            _ => value / top,
        }
    }

    /// The value that is so high; the other way round.
    pub fn value(self, height: f64, top: f64) -> f64 {
        match self {
            Self::LogLoad => 10f64.powf(height * (1.0 + top).log10()) - 1.0,
            _ => height * top,
        }
    }

    /// A value at the side of the chart.
    pub fn label(self, value: f64) -> String {
        match self {
            Self::Memory | Self::RawMemory => bytes(value as u64),
            Self::Util => format!("{value:.0}%"),
            _ => format!("{value:.0}"),
        }
    }

    /// What is written over a bar that is wide enough.
    pub fn caption(self, node: &Node, bar: Bar) -> String {
        match (self, node.cpus) {
            (Self::Speed, Some(cpus)) => format!("×{cpus}"),
            (Self::Memory | Self::RawMemory, _) => {
                let part = bar.all.filter(|all| *all > 0.0).map_or(0.0, |all| bar.value / all);
                format!("{:.0}%", part * 100.0)
            }
            _ => self.label(bar.value),
        }
    }
}

/// The next of 1, 2, 5, 10, 20, 50 …
fn round_up(value: f64) -> f64 {
    let power = 10f64.powf(value.log10().floor());
    let steps = [1.0, 2.0, 5.0, 10.0].map(|step| step * power);
    steps.into_iter().find(|step| *step >= value).unwrap_or(value)
}

/// What all nodes that are up have together.
pub fn totals(nodes: &[Node], yard: Yard) -> String {
    let up: Vec<&Node> = nodes.iter().filter(|node| node.up).collect();
    let sum = |fact: fn(&Node) -> Option<u64>| up.iter().filter_map(|node| fact(node)).sum::<u64>();
    let cpus = sum(|node| node.cpus.map(u64::from));
    let speed = sum(|node| Some(node.speed? * u64::from(node.cpus?)));
    let load: u64 = up.iter().filter_map(|node| Some(yard.load(node.load?))).sum();
    let used = sum(|node| Some(node.tmem?.saturating_sub(node.mem?)));
    format!(
        "total: {} nodes, {cpus} CPUs, speed {speed}, load {load}, memory {} of {}, {} guests",
        up.len(),
        bytes(used),
        bytes(sum(|node| node.tmem)),
        sum(|node| node.guests)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scales() {
        assert_eq!(
            [0.4, 1.0, 1.1, 3.0, 60.0, 101.0].map(round_up),
            [0.5, 1.0, 2.0, 5.0, 100.0, 200.0]
        );
        assert_eq!(Measure::Load.top(3.0), 100.0);
        assert_eq!(Measure::Load.top(430.0), 500.0);
        assert_eq!(Measure::Memory.top(3000.0), 4096.0);
    }

    #[test]
    fn heights_and_values_agree() {
        for measure in [Measure::Load, Measure::LogLoad] {
            assert!((measure.height(500.0, 500.0) - 1.0).abs() < 1e-9);
            assert!(measure.height(0.0, 500.0).abs() < 1e-9);
            let value = measure.value(measure.height(120.0, 500.0), 500.0);
            assert!((value - 120.0).abs() < 1e-6);
        }
        let (log, plain) = (Measure::LogLoad, Measure::Load);
        assert!(log.height(50.0, 500.0) > plain.height(50.0, 500.0));
    }
}
