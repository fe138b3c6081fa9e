// SPDX-License-Identifier: GPL-2.0-only
//! Why a process is where it is, and what was decided for it: `/proc/PID/why`.

use serde::Serialize;

use crate::error::Result;
use crate::place::Place;
use crate::process::Process;

/// The kernel's words for a cost that is too great to be told.
pub const BEYOND: &str = "beyond measure";

/// What the balancer says of a process.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Account {
    /// Where it is.
    pub node: Option<Place>,
    /// For how many milliseconds.
    pub since_ms: Option<u64>,
    /// Why it is there, in the kernel's word.
    pub why: String,
    /// What it costs there; infinite if that is beyond measure.
    pub cost: Option<f64>,
    /// The best other node.
    pub best: Option<Place>,
    /// What it would cost there; infinite likewise.
    pub best_cost: Option<f64>,
    /// The last decisions, newest first.
    pub decided: Vec<Decision>,
}

/// One decision.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// How many milliseconds ago.
    pub ago_ms: u64,
    /// Where the process was.
    pub from: Place,
    /// Where it should go; `None` if it should stay.
    pub to: Option<Place>,
    /// Why, in the kernel's word.
    pub why: String,
    /// What came of it.
    pub result: String,
}

impl Account {
    /// As node `me` sees it: its own number means home.
    pub fn seen_from(mut self, me: u16) -> Self {
        let mine = |place: &mut Place| *place = place.seen_from(me);
        self.node.iter_mut().chain(&mut self.best).for_each(mine);
        for it in &mut self.decided {
            mine(&mut it.from);
            it.to.iter_mut().for_each(mine);
        }
        self
    }

    /// Read the lines of the kernel. What a kernel does not say, or says in words that are not
    /// known here, is not known.
    pub fn parse(text: &str) -> Self {
        let mut account = Self::default();
        for line in text.lines() {
            let (key, value) = line.split_once(':').unwrap_or((line, ""));
            let value = value.trim();
            match key.trim() {
                "node" => account.node = value.parse().ok(),
                "since_ms" => account.since_ms = value.parse().ok(),
                "why" => account.why = value.to_string(),
                "cost" => account.cost = cost(value),
                "best" => account.best = value.parse().ok(),
                "best_cost" => account.best_cost = cost(value),
                "decided" => account.decided.extend(Decision::parse(value)),
                _ => {}
            }
        }
        account
    }
}

/// A cost as the kernel writes it; if it is too great for that, in words.
fn cost(text: &str) -> Option<f64> {
    if text == BEYOND { Some(f64::INFINITY) } else { text.parse().ok() }
}

impl Decision {
    fn parse(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        Some(Self {
            ago_ms: words.next()?.parse().ok()?,
            from: words.next()?.parse().ok()?,
            to: match words.next()? {
                "-" => None,
                place => Some(place.parse().ok()?),
            },
            why: words.next()?.to_string(),
            result: words.collect::<Vec<_>>().join(" "),
        })
    }
}

/// What a kernel's word for a reason means, as the end of a sentence, or `None` if this version
/// does not know it.
pub fn meaning(word: &str) -> Option<&'static str> {
    Some(match word {
        "unseen" => "it has not been looked at yet",
        "locked" => "it is locked",
        "cannot" => "it has a reason in cantmove, or is stopped",
        "young" => "it is too young",
        "settling" => "it came only lately",
        "stay" => "processes have to stay on that node",
        "unknown" => "that node has not been heard of lately",
        "nowhere" => "no other node can take it",
        "best" => "it runs best there",
        "little" => "another node is not better by enough",
        "later" => "others go first",
        "balance" => "it runs better there",
        "memory" => "memory ran out",
        "limit" => "a load limit was exceeded",
        "expel" => "guests were expelled",
        "bring" => "processes were brought home",
        "ordered" => "somebody ordered it there",
        "off" => "balancing is off",
        _ => return None,
    })
}

/// Whether a kernel's word for a reason says that a process may not move by itself.
pub fn forbids(word: &str) -> bool {
    matches!(word, "locked" | "ordered" | "stay" | "off")
}

impl Process<'_> {
    /// What the balancer says of it.
    pub fn account(&self) -> Result<Account> {
        let account = Account::parse(&self.read("why")?);
        Ok(match self.system().me()? {
            Some(me) => account.seen_from(me),
            None => account,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account() {
        let text = "node: 2\nsince_ms: 12300\nwhy: balance\ncost: 10.45\nbest: 3\n\
                    best_cost: 12.50\nnew: thing\ndecided: 12300 0 2 balance moved\n\
                    decided: 20000 0 - young stays here\ndecided: nonsense\n";
        let account = Account::parse(text);
        assert_eq!((account.node, account.since_ms), (Some(Place::Node(2)), Some(12300)));
        assert_eq!((account.cost, account.best_cost), (Some(10.45), Some(12.5)));
        assert_eq!(account.best, Some(Place::Node(3)));
        let [moved, stayed] = &account.decided[..] else { panic!("{account:?}") };
        assert_eq!((moved.to, moved.result.as_str()), (Some(Place::Node(2)), "moved"));
        assert_eq!((stayed.to, stayed.why.as_str()), (None, "young"));
        assert_eq!(stayed.result, "stays here");
    }

    #[test]
    fn a_cost_beyond_measure() {
        let kernel = include_str!("../../../openmosix/balance/cost.rs");
        assert!(kernel.contains(&format!("\"{BEYOND}\"")));
        let account = Account::parse("cost: 1.50\nbest: 2\nbest_cost: beyond measure\n");
        assert_eq!((account.cost, account.best_cost), (Some(1.5), Some(f64::INFINITY)));
        assert_eq!(Account::parse("cost: high\n").cost, None);
    }

    #[test]
    fn the_own_number_means_home() {
        let account =
            Account::parse("node: 1\nbest: 2\ndecided: 5 1 2 balance moved\n").seen_from(1);
        assert_eq!((account.node, account.best), (Some(Place::Home), Some(Place::Node(2))));
        assert_eq!(account.decided[0].from, Place::Home);
    }

    /// What a function of the kernel's decisions says of each reason.
    fn said(function: &str) -> Vec<&'static str> {
        let kernel = include_str!("../../../openmosix/balance/decision.rs");
        let (_, body) = kernel.split_once(function).unwrap();
        let (body, _) = body.split_once("\n    }\n").unwrap();
        body.lines().filter_map(|line| line.split('"').nth(1)).collect()
    }

    #[test]
    fn every_word_of_the_kernel_is_known() {
        let (names, words) = (said("fn name(self)"), said("fn words(self)"));
        assert!(names.len() > 15 && names.len() == words.len(), "{names:?}");
        for (name, words) in names.into_iter().zip(words) {
            assert_eq!(meaning(name), Some(words), "{name}");
        }
    }

    #[test]
    fn nothing_is_known_of_an_empty_file() {
        assert_eq!(Account::parse(""), Account::default());
    }
}
