// SPDX-License-Identifier: GPL-2.0-only

//! `/proc/PID/why`: why a process is where it is, and what was decided lately.

use crate::{
    balance::{
        cost::Cost,
        decision::Why, //
    },
    balancer::{
        self,
        settings::Policy, //
    },
    node,
    sys::{
        machine::now_ms,
        walk, //
    },
    task::{
        placing::Account,
        stay::Stay,
        Process, //
    },
};
use kernel::{
    fmt,
    seq_file::SeqFile,
    seq_print,
    task::Task, //
};

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}

/// Why it is there, in one word.
fn reason(task: &Task, account: Option<&Account>) -> &'static str {
    if account.is_some_and(|account| account.locked) {
        return Why::Locked.name();
    }
    if account.is_some_and(|account| account.ordered) {
        return Why::Ordered.name();
    }
    if Stay::of(task, None).is_any() {
        return Why::Cannot.name();
    }
    if node::id_self().is_none() || balancer::settings().policy == Policy::Off {
        return "off";
    }
    match account.map_or(Why::Unseen, |account| account.history.last.why) {
        // It was so when it was looked at last.
        Why::Locked | Why::Ordered | Why::Cannot => Why::Unseen.name(),
        why => why.name(),
    }
}

/// Shows it.
pub(super) fn show(task: &Task, process: Option<&Process>, to: &SeqFile) {
    let account = process.map(Process::account);
    let account = account.as_ref();
    let home = node::id_self().map_or(0, |id| id.get());
    let at = account.and_then(|account| account.node);
    let now_ms = now_ms();
    let since_ms = match account.and_then(|account| account.since_ms) {
        Some(since_ms) => now_ms.saturating_sub(since_ms),
        None => walk::look(task).age_ns / 1_000_000,
    };
    seq_print!(to, "node: {}\n", at.map_or(home, |node| node.get()));
    seq_print!(to, "since_ms: {}\n", since_ms);
    seq_print!(to, "why: {}\n", reason(task, account));
    let Some(account) = account else {
        return;
    };
    let last = &account.history.last;
    if let Some(cost) = last.here {
        seq_print!(to, "cost: {}\n", cost);
    }
    if let Some((node, cost)) = last.best {
        seq_print!(to, "best: {}\n", node);
        seq_print!(to, "best_cost: {}\n", cost);
    }
    for past in account.history.iter() {
        let ago_ms = now_ms.saturating_sub(past.at_ms);
        seq_print!(to, "decided: {} {} ", ago_ms, past.from);
        match past.to {
            Some(node) => seq_print!(to, "{}", node),
            None => seq_print!(to, "-"),
        }
        seq_print!(to, " {} {}\n", past.why.name(), past.outcome);
    }
}
