// SPDX-License-Identifier: GPL-2.0-only
//! `omsim`: simulate clusters of any size with the kernel's own decisions.

use std::fs;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};
use mosix::{Error, Result, System};
use omsim::{Churn, Report, Setup, Strategy, Times, Turnover, Workload, draw, draw_curves, run};

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
    /// How many nodes; of several numbers, as in 10,100,1000, each is simulated
    #[arg(short, long, default_value = "10", value_delimiter = ',', value_parser = clap::value_parser!(u16).range(2..))]
    nodes: Vec<u16>,

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

    /// Nodes that join each minute
    #[arg(long, value_name = "NODES", default_value_t = 0.0, value_parser = rate)]
    join_rate: f64,

    /// Nodes that leave in order each minute: their guests are sent on, their processes come home
    #[arg(long, value_name = "NODES", default_value_t = 0.0, value_parser = rate)]
    leave_rate: f64,

    /// Nodes that crash each minute
    #[arg(long, value_name = "NODES", default_value_t = 0.0, value_parser = rate)]
    crash_rate: f64,

    /// Messages of a hundred that get lost
    #[arg(long, value_name = "PERCENT", default_value_t = 0.0, value_parser = percent)]
    loss: f64,

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

    /// Write a picture of each result to DIR/STRATEGY.svg; or, of several numbers of nodes, makespan.svg, age.svg and
    /// bytes.svg to DIR
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

fn rate(text: &str) -> std::result::Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| (0.0..=60_000.0).contains(number));
    number.ok_or_else(|| format!("'{text}' is not a number of nodes a minute"))
}

fn percent(text: &str) -> std::result::Result<f64, String> {
    let number = text.parse().ok().filter(|number: &f64| (0.0..=100.0).contains(number));
    number.ok_or_else(|| format!("'{text}' is not a number from 0 to 100"))
}

impl Program for Omsim {
    fn run(self, _system: &System) -> Result<()> {
        let strategies = match &self.strategies[..] {
            [] => Strategy::ALL.to_vec(),
            some => some.iter().map(|how| how.strategy()).collect(),
        };
        let strategies = &strategies;
        let clusters =
            self.nodes.iter().flat_map(|nodes| strategies.iter().map(|it| (*nodes, *it)));
        let reports: Vec<Report> =
            clusters.map(|(nodes, strategy)| run(&self.setup(nodes, strategy))).collect();
        let several = self.nodes.len() > 1;
        if several {
            for (name, svg) in draw_curves(&reports) {
                self.plot(name, &svg)?;
            }
        } else {
            for report in &reports {
                self.plot(&format!("{}.svg", report.setup.strategy.name()), &draw(report))?;
            }
        }
        let table = if several { lines } else { columns };
        self.format.print("simulations", &reports, || table(&reports))
    }
}

impl Omsim {
    fn setup(&self, nodes: u16, strategy: Strategy) -> Setup {
        let nodes = usize::from(nodes);
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
            churn: Churn {
                joins: self.join_rate,
                leaves: self.leave_rate,
                crashes: self.crash_rate,
            },
            loss: self.loss,
            warm_up: self.warm_up,
            limit: self.limit,
            rate: self.rate * 1_000_000,
            known: self.known.into(),
            seed: self.seed,
        }
    }

    /// Writes a picture, if pictures are wanted.
    fn plot(&self, name: &str, svg: &str) -> Result<()> {
        let Some(folder) = &self.plot else {
            return Ok(());
        };
        let file = folder.join(name);
        let written = fs::create_dir_all(folder).and_then(|()| fs::write(&file, svg));
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

/// A line for each simulation.
fn lines(reports: &[Report]) -> Table {
    let mut table = Table::new(&[
        ">NODES",
        "STRATEGY",
        ">RATIO",
        ">SLOW-DOWN",
        ">MOVES",
        ">SENT",
        ">MOST",
        ">FRESH",
        ">AGE",
        ">90%",
        ">99%",
        ">ALARMS",
    ]);
    for it in reports {
        let all =
            |value: String| if it.left == 0 && it.ended > 0 { value } else { "-".to_string() };
        table.row([
            it.setup.nodes.to_string(),
            it.setup.strategy.name().to_string(),
            all(format!("{:.2}", it.makespan / it.makespan_bound)),
            all(format!("{:.2}", it.slowdown)),
            format!("{:.2}", it.moves),
            format!("{}/s", bytes(it.bytes as u64)),
            format!("{}/s", bytes(it.most_bytes as u64)),
            format!("{:.1}", it.ages.fresh),
            format!("{:.2}", it.ages.mean),
            format!("{:.2}", it.ages.p90),
            format!("{:.2}", it.ages.p99),
            it.false_alarms.to_string(),
        ]);
    }
    table
}

/// A line for each number, a column for each strategy.
fn columns(reports: &[Report]) -> Table {
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
    let all = |it: &Report, value: String| {
        if it.left == 0 && it.ended > 0 { value } else { "-".to_string() }
    };
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
    row("crash noticed by half, s", &|it| some(it.noticed.0));
    row("  by all, s", &|it| some(it.noticed.1));
    if reports.iter().any(|it| it.setup.churn != Churn::default()) {
        turnover(&mut row);
    }
    table
}

/// Adds a line: its name, and what is in it of each simulation.
type Row<'a> = dyn FnMut(&str, &dyn Fn(&Report) -> String) + 'a;

/// The lines about how long something took.
fn times(row: &mut Row<'_>, name: &str, pick: fn(&Turnover) -> Times) {
    let some = |times: Times, value: f64| match times.count {
        0 => "-".to_string(),
        _ => format!("{value:.1}"),
    };
    row(&format!("  {name}, mean, s"), &|it| {
        let times = pick(&it.turnover);
        some(times, times.mean)
    });
    row("    most, s", &|it| {
        let times = pick(&it.turnover);
        some(times, times.most)
    });
    row("    not until the end", &|it| pick(&it.turnover).missing.to_string());
}

/// The lines about nodes that came and went.
fn turnover(row: &mut Row<'_>) {
    row("jobs lost, not by a crash", &|it| it.astray.to_string());
    row("nodes joined", &|it| it.turnover.joined.to_string());
    times(row, "known to 90 % after", |it| it.join_mostly);
    times(row, "known to all after", |it| it.join_known);
    times(row, "first job after", |it| it.working);
    row("nodes told to leave", &|it| it.turnover.told.to_string());
    times(row, "free after", |it| it.leaving);
    times(row, "then known to 90 % after", |it| it.leave_mostly);
    times(row, "then known to all after", |it| it.leave_known);
    row("  taken for crashed", &|it| it.turnover.mistaken.to_string());
    row("nodes crashed", &|it| it.turnover.crashed.to_string());
    times(row, "noticed by 90 % after", |it| it.crash_mostly);
    times(row, "noticed by all after", |it| it.crash_known);
}
