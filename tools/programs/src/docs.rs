// SPDX-License-Identifier: GPL-2.0-only
//! Manual pages and shell completions, made from the command lines themselves.

use std::fs;
use std::io;
use std::path::Path;

use clap::Command;
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use mosix::{conf, setting};

use crate::cli::Program;
use crate::{migrate, mosctl, mosmon, mosrun, mps, mtop, omdiscd, omsim, setpe, showmap};

/// Write the documentation of all programs below `share`, laid out as in `/usr/share`.
pub fn write_all(share: &Path) -> io::Result<()> {
    write::<setpe::Setpe>(share)?;
    write::<showmap::Showmap>(share)?;
    write::<migrate::Migrate>(share)?;
    write::<mosrun::Mosrun>(share)?;
    write::<mosctl::Mosctl>(share)?;
    write::<mosmon::Mosmon>(share)?;
    write::<mps::Mps>(share)?;
    write::<mtop::Mtop>(share)?;
    write::<omdiscd::Omdiscd>(share)?;
    write::<omsim::Omsim>(share)?;
    // Programs with several names have one page, and complete the same words.
    for (name, _) in mosrun::WRAPPERS {
        let page = b".so man1/mosrun.1\n";
        put(&share.join(format!("man/man1/{name}.1")), page)?;
        completions::<mosrun::Mosrun>(name, share)?;
    }
    put(&share.join("man/man5/openmosix.conf.5"), configuration().as_bytes())
}

/// The page of the configuration file.
fn configuration() -> String {
    let version = env!("CARGO_PKG_VERSION");
    let mut text = format!(
        ".TH openmosix.conf 5 \"\" \"openMosix {version}\" openMosix\n\
         .SH NAME\nopenmosix.conf \\- how a node takes part in openMosix\n\
         .SH SYNOPSIS\n/etc/openmosix/openmosix.conf\n\
         .SH DESCRIPTION\n\
         .BR \"mosctl apply\" (1)\nand\n.BR omdiscd (8)\nread this file.\n\
         Its lines are \"name = value\"; # starts a comment. What is not said stays as it is.\n\
         A comment in the example file, in /usr/share/doc/openmosix, says more of each name.\n\
         .SH \"TAKING PART\"\n"
    );
    let words = conf::WORDS.iter().copied();
    words.for_each(|(name, meaning)| text.push_str(&format!(".TP\n.B {name}\n{meaning}\n")));
    text.push_str(".SH SETTINGS\n");
    for it in setting::ALL {
        let name = it.name.replace('-', "\\-");
        text.push_str(&format!(".TP\n.B {name}\n{}\n", it.meaning));
    }
    text.push_str(".SH \"SEE ALSO\"\n.BR mosctl (1),\n.BR setpe (8),\n.BR omdiscd (8)\n");
    text
}

fn write<P: Program>(share: &Path) -> io::Result<()> {
    let mut command = P::command().disable_help_subcommand(true);
    command.build();
    manual::<P>(&command, share)?;
    let name = command.get_name().to_string();
    completions::<P>(&name, share)
}

/// Write what shells need to complete the words of a program, by one of its names.
fn completions<P: Program>(name: &str, share: &Path) -> io::Result<()> {
    for (shell, file) in [
        (Shell::Bash, format!("bash-completion/completions/{name}")),
        (Shell::Zsh, format!("zsh/site-functions/_{name}")),
        (Shell::Fish, format!("fish/vendor_completions.d/{name}.fish")),
    ] {
        let mut text = Vec::new();
        generate(shell, &mut P::command(), name, &mut text);
        put(&share.join(file), &text)?;
    }
    Ok(())
}

/// Write the page of a command, which has been built, and of its subcommands.
fn manual<P: Program>(command: &Command, share: &Path) -> io::Result<()> {
    let name = command.get_display_name().unwrap_or(command.get_name());
    let version = env!("CARGO_PKG_VERSION");
    let man = Man::new(command.clone().version(version));
    let section = P::SECTION;
    let mut text = format!(".TH \"{name}\" {section} \"\" \"openMosix {version}\" \"openMosix\"\n")
        .into_bytes();
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    if command.get_arguments().next().is_some() {
        man.render_options_section(&mut text)?;
    }
    // What stands below the options is what keys do.
    if let Some(keys) = command.get_after_long_help() {
        text.extend(format!(".SH KEYS\n.nf\n{keys}\n.fi\n").into_bytes());
    }
    let subcommands = || command.get_subcommands().filter(|it| !it.is_hide_set());
    if subcommands().next().is_some() {
        man.render_subcommands_section(&mut text)?;
    }
    text.extend(format!(".SH \"EXIT STATUS\"\n.nf\n{}\n.fi\n", P::EXIT_STATUS).into_bytes());
    put(&share.join(format!("man/man{section}/{name}.{section}")), &text)?;
    for subcommand in subcommands() {
        manual::<P>(subcommand, share)?;
    }
    Ok(())
}

fn put(path: &Path, text: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}
