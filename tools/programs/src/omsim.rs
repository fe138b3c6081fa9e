// SPDX-License-Identifier: GPL-2.0-only
//! `omsim`: simulate clusters of any size with the kernel's own decisions.

use std::fs;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use mosix::{Error, Result, System};
use omsim::{Report, Setup, Strategy, Workload, draw, run};

use crate::cli::Program;
use crate::output::{Format, Table, bytes};

/// Simulate a cluster that balances its load
///
/// The nodes gossip and decide with the very code of the kernel; time, network, processors and
/// memory are simulated. Each strategy gets the same jobs. The results are compared with bounds
/// that no strategy can beat: all processors busy until the end for the makespan, the shortest
/// remaining work first on one processor of the speed of all for the response.
///
/// The same seed gives the same result.
#[derive(Parser, Debug)]
#[command(name = "omsim", version)]
pub struct Omsim {
    /// How many nodes
    #[arg(short, long, default_value_t = 10, value_parser = clap::value_parser!(u16).range(2..))]
    nodes: u16,

    /// How many jobs [default: four for each node]
    #[arg(short = 'J', long)]
    jobs: Option<usize>,

    /// On how many nodes jobs are started [default: a tenth of them]
    #[arg(short = 'H', long, value_parser = clap::value_parser!(u16).range(1..))]
    homes: Option<u16>,

    /// Processors of each node
    #[arg(short, long, default_value_t = 1, value_parser = clap::value_parser!(u16).range(1..))]
    cpus: u16,

    /// Mean CPU seconds of a job
    #[arg(short = 't', long, value_name = "SECONDS", default_value_t = 30.0, value_parser = positive)]
    work: f64,

    /// Which jobs
    #[arg(short, long, default_value = "equal")]
    workload: Jobs,

    /// How jobs get to nodes; may be given several times [default: all]
    #[arg(short, long = "strategy", value_name = "STRATEGY")]
    strategies: Vec<How>,

    /// How many nodes crash after 20 seconds
    #[arg(long, value_name = "NODES", default_value_t = 0)]
    crash: u16,

    /// Seconds in which nodes get to know each other before jobs start
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    warm_up: u64,

    /// End after so many seconds, even if jobs are left
    #[arg(short, long, value_name = "SECONDS", default_value_t = 3600)]
    limit: u64,

    /// Megabytes a second that a node's link carries
    #[arg(short, long, value_name = "MB", default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..))]
    rate: u64,

    /// The most other nodes that a node knows
    #[arg(short, long, value_name = "NODES", default_value_t = 256, value_parser = clap::value_parser!(u16).range(1..))]
    known: u16,

    /// What all random numbers follow from
    #[arg(long, default_value_t = 1)]
    seed: u64,

    /// Write a picture of each result to DIR/STRATEGY.svg
    #[arg(short, long, value_name = "DIR")]
    plot: Option<PathBuf>,

    #[command(flatten)]
    format: Format,
}

/// [`Workload`], on the command line.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum Jobs {
    /// All alike, all at once
    Equal,
    /// Many short and a few very long ones, all at once
    Mixed,
    /// Many short and a few very long ones, one after the other
    Arrivals,
    /// Equal jobs, on nodes of speed 1, 0.5 and 2
    Speeds,
    /// Equal jobs, of which each fourth comes to use 60 % of a node's memory
    Memory,
}

/// [`Strategy`], on the command line.
#[derive(ValueEnum, Clone, Copy, Debug)]
enum How {
    /// Nodes gossip, and move processes
    Openmosix,
    /// Jobs run where they start
    None,
    /// Each job starts on the next node
    RoundRobin,
    /// Each job starts on any node
    Random,
    /// Each job starts where it runs fastest at that moment, by perfect knowledge
    Greedy,
}

fn positive(text: &str) -> std::result::Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| number.is_finite() && *number > 0.0);
    number.ok_or_else(|| format!("'{text}' is not a number of seconds"))
}

impl Program for Omsim {
    fn run(self, _system: &System) -> Result<()> {
        let strategies = match &self.strategies[..] {
            [] => Strategy::ALL.to_vec(),
            some => some.iter().map(|how| how.strategy()).collect(),
        };
        let reports: Vec<Report> =
            strategies.into_iter().map(|strategy| run(&self.setup(strategy))).collect();
        for report in &reports {
            self.plot(report)?;
        }
        self.format.print("simulations", &reports, || table(&reports))
    }
}

impl Omsim {
    fn setup(&self, strategy: Strategy) -> Setup {
        let nodes = usize::from(self.nodes);
        let homes = self.homes.map_or(nodes / 10, usize::from);
        Setup {
            nodes,
            jobs: self.jobs.unwrap_or(4 * nodes),
            homes: homes.clamp(1, nodes),
            cpus: self.cpus,
            work: self.work,
            workload: match self.workload {
                Jobs::Equal => Workload::Equal,
                Jobs::Mixed => Workload::Mixed,
                Jobs::Arrivals => Workload::Arrivals,
                Jobs::Speeds => Workload::Speeds,
                Jobs::Memory => Workload::Memory,
            },
            strategy,
            crash: usize::from(self.crash).min(nodes - 1),
            warm_up: self.warm_up,
            limit: self.limit,
            rate: self.rate * 1_000_000,
            known: self.known.into(),
            seed: self.seed,
        }
    }

    fn plot(&self, report: &Report) -> Result<()> {
        let Some(folder) = &self.plot else {
            return Ok(());
        };
        let file = folder.join(format!("{}.svg", report.setup.strategy.name()));
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&file, draw(report)));
        written.map_err(|error| Error::io(&file, error))
    }
}

impl How {
    fn strategy(self) -> Strategy {
        match self {
            Self::Openmosix => Strategy::Openmosix,
            Self::None => Strategy::None,
            Self::RoundRobin => Strategy::RoundRobin,
            Self::Random => Strategy::Random,
            Self::Greedy => Strategy::Greedy,
        }
    }
}

/// A line for each number, a column for each strategy.
fn table(reports: &[Report]) -> Table {
    let legend = std::iter::once("").chain(reports.iter().map(|it| match it.setup.strategy {
        Strategy::Openmosix => ">OPENMOSIX",
        Strategy::None => ">NONE",
        Strategy::RoundRobin => ">ROUND-ROBIN",
        Strategy::Random => ">RANDOM",
        Strategy::Greedy => ">GREEDY",
    }));
    let mut table = Table::new(&legend.collect::<Vec<_>>());
    let mut row = |name: &str, cell: &dyn Fn(&Report) -> String| {
        table.row(std::iter::once(name.to_string()).chain(reports.iter().map(cell)));
    };
    let some = |value: Option<f64>| value.map_or("-".to_string(), |value| format!("{value:.1}"));
    row("jobs ended", &|it| it.ended.to_string());
    row("jobs left", &|it| it.left.to_string());
    row("jobs lost", &|it| it.lost.to_string());
    let all = |it: &Report, value: String| if it.left == 0 { value } else { "-".to_string() };
    row("makespan, s", &|it| all(it, format!("{:.1}", it.makespan)));
    row("  at least", &|it| format!("{:.1}", it.makespan_bound));
    row("  ratio", &|it| all(it, format!("{:.2}", it.makespan / it.makespan_bound)));
    row("mean response, s", &|it| all(it, format!("{:.1}", it.response)));
    row("  at least", &|it| format!("{:.1}", it.response_bound));
    row("mean slow-down", &|it| all(it, format!("{:.2}", it.slowdown)));
    row("worst slow-down", &|it| format!("{:.1}", it.worst_slowdown));
    row("all nodes busy after, s", &|it| some(it.all_busy));
    row("moves of a job, mean", &|it| format!("{:.2}", it.moves));
    row("moves of a job, most", &|it| it.most_moves.to_string());
    row("moves refused", &|it| it.refused.to_string());
    row("swapping, node seconds", &|it| format!("{:.1}", it.swapping));
    row("sent by a node, mean", &|it| format!("{}/s", bytes(it.bytes as u64)));
    row("sent by a node, most", &|it| format!("{}/s", bytes(it.most_bytes as u64)));
    row("fresh nodes known", &|it| format!("{:.1}", it.ages.fresh));
    row("age of knowledge, mean, s", &|it| format!("{:.2}", it.ages.mean));
    row("  median, s", &|it| format!("{:.2}", it.ages.median));
    row("  90 %, s", &|it| format!("{:.2}", it.ages.p90));
    row("  99 %, s", &|it| format!("{:.2}", it.ages.p99));
    row("false alarms", &|it| it.false_alarms.to_string());
    row("crash noticed by half, s", &|it| some(it.noticed.map(|it| it.0)));
    row("  by all, s", &|it| some(it.noticed.map(|it| it.1)));
    table
}
