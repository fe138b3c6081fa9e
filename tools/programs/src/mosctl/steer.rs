// SPDX-License-Identifier: GPL-2.0-only
//! Switches, settings and limits of this node, and where a process may go.

use std::path::PathBuf;

use clap::ValueEnum;
use mosix::nodes::Nodes;
use mosix::process::Mask;
use mosix::setting::{self, Setting};
use mosix::yard::Yard;
use mosix::{Error, Result, System};
use serde::Serialize;

use super::Limit;
use crate::output::{Format, Table, print, say};

fn named(name: &str) -> Result<&'static Setting> {
    setting::find(name).ok_or_else(|| Error::Missing(name.into()))
}

fn shown(system: &System, name: &str) -> Result<String> {
    let setting = named(name)?;
    Ok(setting.show(&system.setting(setting)?))
}

/// Turn a switch on or off.
pub fn switch(system: &System, name: &str, on: bool) -> Result<()> {
    set(system, name, if on { "1" } else { "0" })
}

/// Change a setting.
pub fn set(system: &System, name: &str, value: &str) -> Result<()> {
    set_all(system, [(name, Some(value.to_string()))])
}

/// Change those settings that have a value, if all values make sense.
pub fn set_all<'a>(
    system: &System,
    values: impl IntoIterator<Item = (&'a str, Option<String>)>,
) -> Result<()> {
    let mut wanted = vec![];
    for (name, value) in values {
        let setting = named(name)?;
        if let Some(value) = value {
            wanted.push((setting, setting.parse(&value).map_err(Error::Usage)?));
        }
    }
    wanted.into_iter().try_for_each(|(setting, value)| system.set(setting, &value))
}

/// Show a setting, or change it.
pub fn get_or_set(system: &System, name: &str, value: Option<String>) -> Result<()> {
    match value {
        Some(value) => set(system, name, &value),
        None => print(&format!("{}\n", shown(system, name)?)),
    }
}

/// Show a limit and whose it is, or change them.
pub fn limit(system: &System, name: &str, mode: &str, limit: Limit) -> Result<()> {
    let Limit { limit: Some(value), whose } = limit else {
        return print(&format!("{} {}\n", shown(system, name)?, shown(system, mode)?));
    };
    let whose = whose.and_then(|it| Some(it.to_possible_value()?.get_name().to_string()));
    set_all(system, [(mode, whose), (name, Some(value))])
}

/// A setting with its value.
#[derive(Serialize)]
struct Value {
    name: &'static str,
    value: String,
    meaning: &'static str,
}

/// Show all settings, or those that another node tells.
pub fn settings(system: &System, id: Option<u16>, format: &Format) -> Result<()> {
    let settings = match id {
        Some(id) if system.me()? != Some(id) => system.settings_of(id)?,
        _ => system.settings()?,
    };
    let values: Vec<Value> = settings
        .into_iter()
        .map(|(it, value)| Value { name: it.name, value: it.show(&value), meaning: it.meaning })
        .collect();
    format.print("settings", &values, || {
        let mut table = Table::new(&["SETTING", ">VALUE", "MEANING"]);
        for Value { name, value, meaning } in &values {
            table.row([name.to_string(), value.clone(), meaning.to_string()]);
        }
        table
    })
}

/// Show the yardstick.
pub fn yard(system: &System) -> Result<()> {
    print(&format!("{}\n", system.yard()?.speed()))
}

/// Change the yardstick.
pub fn set_yard(system: &System, word: &str) -> Result<()> {
    let speed = match word {
        "standard" => Some(Yard::STANDARD.speed()),
        "this" => system.number_hpc("admin/speed").map(Some)?,
        number => number.parse().ok(),
    };
    let wrong = || {
        Error::Usage(format!("the yardstick is a speed above 0, this or standard, not '{word}'"))
    };
    system.set_yard(speed.and_then(Yard::new).ok_or_else(wrong)?)
}

/// Show the decay.
pub fn decay(system: &System) -> Result<()> {
    let [interval, slow, fast] =
        ["decay-interval", "slow-decay", "fast-decay"].map(|name| shown(system, name));
    print(&format!("{} {} {}\n", interval?, slow?, fast?))
}

/// Do what the configuration says.
pub fn apply(system: &System, file: Option<&PathBuf>, check: bool) -> Result<()> {
    let conf = system.conf(file)?;
    if check {
        if !conf.discover {
            system.table_of(&conf)?;
        }
        return Ok(());
    }
    system.require_openmosix()?;
    if conf.discover {
        if system.me()?.is_none() {
            say("mosctl", "omdiscd looks for neighbours, and applies the settings then");
            return Ok(());
        }
    } else {
        let (key, table) = (system.key_of(&conf)?, system.table_of(&conf)?);
        // Before others know the node: who blocks has no guest even in the first moment.
        system.apply_settings(&conf)?;
        return system.configure(&table, &key);
    }
    system.apply_settings(&conf)
}

/// Show where a process may go, or change it.
pub fn mask(
    system: &System,
    pid: u32,
    only: Option<Nodes>,
    not: Option<Nodes>,
    any: bool,
) -> Result<()> {
    let process = system.process(pid)?;
    match (only, not, any) {
        (Some(nodes), ..) => process.set_mask(&Mask::Only(nodes)),
        (_, Some(nodes), _) => process.set_mask(&Mask::Not(nodes)),
        (.., true) => process.set_mask(&Mask::Any),
        _ => print(&match process.mask()? {
            Mask::Any => "any\n".to_string(),
            Mask::Home => "only home\n".to_string(),
            Mask::Only(nodes) => format!("only {nodes}\n"),
            Mask::Not(nodes) => format!("not {nodes}\n"),
        }),
    }
}
