// SPDX-License-Identifier: GPL-2.0-only

//! The one table of system calls: what each number is, where it runs, what its arguments are.
//!
//! The entries are written down by family, in the files below. [`TABLE`] is assembled from them when
//! the kernel is compiled: a number that is missing, written twice or out of range fails the build.

mod admin;
mod file;
mod io;
mod memory;
pub(super) mod net;
mod path;
mod process;
mod signal;
mod time;

use super::{
    choice::Choice,
    class::{
        Class,
        Route,
        Special, //
    },
    command::Commands,
    param::Param,
    Args, //
};

/// The number of system calls of Linux 7.3 on x86-64 (`__NR_syscalls`).
pub(crate) const COUNT: usize = 473;

/// The numbers that 7.3 does not use.
const HOLES: core::ops::RangeInclusive<usize> = 337..=423;

/// What is known of one number.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Entry {
    /// The number.
    pub(crate) nr: u16,
    /// The name, as `syscall_64.tbl` has it; empty for a hole.
    pub(crate) name: &'static str,
    /// Where it runs.
    pub(crate) class: Class,
    /// What its arguments are.
    pub(crate) shape: Shape,
}

/// What is known of the arguments of a number.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Shape {
    /// Nothing, or nothing is needed. At home such a call runs with its original pointers.
    Opaque,
    /// One description for every call. Arguments beyond its end are values.
    Fixed(&'static [Param]),
    /// One argument is a command, on which the others depend.
    Command(&'static Commands),
}

impl Shape {
    /// The description for these arguments.
    pub(crate) fn params(&self, args: &Args) -> Option<&'static [Param]> {
        match self {
            Self::Opaque => None,
            Self::Fixed(params) => Some(params),
            Self::Command(commands) => commands.params(args),
        }
    }
}

/// The table, indexed by number.
pub(crate) static TABLE: [Entry; COUNT] = const {
    assemble(&[
        admin::CALLS,
        file::CALLS,
        io::CALLS,
        memory::CALLS,
        net::CALLS,
        path::CALLS,
        process::CALLS,
        signal::CALLS,
        time::CALLS,
    ])
};

/// Puts the families together. Panics, which fails the build, unless every number appears once.
#[allow(
    clippy::indexing_slicing,
    reason = "only the compiler runs this, and a panic there is a failed build"
)]
const fn assemble(families: &[&[Entry]]) -> [Entry; COUNT] {
    const HOLE: Entry = Entry {
        nr: 0,
        name: "",
        class: Class::Hole,
        shape: Shape::Opaque,
    };
    let mut table = [HOLE; COUNT];
    let mut family = 0;
    while family < families.len() {
        let mut i = 0;
        while i < families[family].len() {
            let entry = families[family][i];
            let nr = entry.nr as usize;
            assert!(nr < COUNT, "a system call number is out of range");
            assert!(
                !is_hole(nr),
                "a system call has a number that 7.3 does not use"
            );
            assert!(
                matches!(table[nr].class, Class::Hole),
                "a system call number is listed twice"
            );
            table[nr] = entry;
            i += 1;
        }
        family += 1;
    }
    let mut nr = 0;
    while nr < COUNT {
        assert!(
            is_hole(nr) || !matches!(table[nr].class, Class::Hole),
            "a system call number is missing from the table"
        );
        table[nr].nr = nr as u16;
        nr += 1;
    }
    table
}

/// Whether 7.3 leaves this number unused.
const fn is_hole(nr: usize) -> bool {
    *HOLES.start() <= nr && nr <= *HOLES.end()
}

// The words of the families.

/// An entry with a description.
const fn call(nr: u16, name: &'static str, class: Class, params: &'static [Param]) -> Entry {
    Entry {
        nr,
        name,
        class,
        shape: Shape::Fixed(params),
    }
}

/// An entry without one.
const fn bare(nr: u16, name: &'static str, class: Class) -> Entry {
    Entry {
        nr,
        name,
        class,
        shape: Shape::Opaque,
    }
}

/// A home call with a description.
const fn home(nr: u16, name: &'static str, params: &'static [Param]) -> Entry {
    call(nr, name, HOME, params)
}

/// A home call that carries nothing: home touches the guest's memory itself.
const fn opaque(nr: u16, name: &'static str) -> Entry {
    bare(nr, name, HOME)
}

/// A home call whose arguments depend on a command.
const fn command(nr: u16, name: &'static str, class: Class, commands: &'static Commands) -> Entry {
    Entry {
        nr,
        name,
        class,
        shape: Shape::Command(commands),
    }
}

/// Runs at home.
const HOME: Class = Class::Always(Route::Home);
/// Runs on the guest's node.
const GUEST: Class = Class::Always(Route::Guest);
/// Runs at home, and then on the guest's node.
const BOTH: Class = Class::Always(Route::Both);
/// Brings the process home.
const HOME_FIRST: Class = Class::Always(Route::HomeFirst);

/// The guest has code of its own.
const fn special(special: Special) -> Class {
    Class::Always(Route::Special(special))
}

/// The arguments decide.
const fn depends(choice: Choice) -> Class {
    Class::Depends(choice)
}
