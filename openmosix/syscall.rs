// SPDX-License-Identifier: GPL-2.0-only

//! System calls of a guest: where each one runs, and how its arguments travel.
//!
//! Everything here is pure: it decides and it moves bytes between slices, and knows the kernel only
//! through the traits [`Memory`] and [`UserMemory`]. There is one table, [`table::TABLE`], with one
//! entry for every number of the 7.3 x86-64 table; the build fails if a number is missing.
//!
//! ```text
//!     guest                                     home
//!     route(nr, args) says Home
//!     Plan::new -> encode -> Request  ------->  Request::parse -> place in the window
//!                                               native system call with rewritten pointers
//!     Request::finish                 <-------  Placed::reply
//! ```
//!
//! A call without a description, or one whose arguments do not fit one ([`guest::Fallback`]), travels with
//! its original pointers, and home fetches the pages that it touches.
//!
//! See Documentation/openmosix/syscalls.rst.

pub(crate) mod choice;
pub(crate) mod class;
pub(crate) mod command;
pub(crate) mod guest;
pub(crate) mod home;
pub(crate) mod memory;
pub(crate) mod param;
pub(crate) mod request;
pub(crate) mod rest;
pub(crate) mod table;
pub(crate) mod walk;

pub(crate) use self::{
    class::{
        Route,
        Special, //
    },
    guest::Plan,
    home::Placed,
    memory::{
        Fault,
        Memory,
        UserMemory, //
    },
    request::Request,
    table::{
        Entry,
        COUNT, //
    }, //
};

use self::{
    param::Param,
    rest::{
        Progress,
        RECVFROM,
        RECVMSG, //
    },
    table::net::{
        RECVFROM_ALL,
        RECVMSG_ALL, //
    }, //
};

/// The six arguments of a system call, as the registers held them.
pub(crate) type Args = [u64; 6];

/// The most bytes of arguments that one request or reply carries.
pub(crate) const MAX_DATA: usize = 1 << 20;

/// The entry of a number; none outside the table.
pub(crate) fn entry(nr: u64) -> Option<&'static Entry> {
    table::TABLE.get(usize::try_from(nr).ok()?)
}

/// Where this call runs.
///
/// A number outside the table goes home, which answers `-ENOSYS` as it always does.
pub(crate) fn route(nr: u64, args: &Args) -> Route {
    entry(nr).map_or(Route::Home, |entry| entry.class.settle(args))
}

/// Whether a guest ever asks home for this call.
pub(crate) fn is_forwarded(nr: u64, args: &Args) -> bool {
    match route(nr, args) {
        Route::Home | Route::Both => true,
        Route::Guest | Route::HomeFirst => false,
        Route::Special(special) => !matches!(
            special,
            Special::SigReturn | Special::SetTidAddress | Special::Clock | Special::Rlimit
        ),
    }
}

/// The description of this call's arguments, if it has one.
pub(crate) fn describe(nr: u64, args: &Args) -> Option<&'static [Param]> {
    let call = u32::try_from(nr).ok()?;
    if discards(call, args) {
        return None;
    }
    match (call, rest::progress(call, args)) {
        (RECVFROM, Some(Progress::Streamed)) => Some(RECVFROM_ALL),
        (RECVMSG, Some(Progress::Streamed)) => Some(RECVMSG_ALL),
        _ => entry(nr)?.shape.params(args),
    }
}

/// May this call look at memory that it does not carry with it? What it was not possible to carry need not be mapped.
pub(crate) fn may_touch(nr: u64, args: &Args) -> bool {
    describe(nr, args).is_none_or(|params| {
        let mut pointers = params.iter().zip(args);
        pointers.any(|(param, &arg)| *param != Param::Value && arg != 0)
    })
}

/// Does a call receive data only to throw it away? TCP writes nothing to the buffer then, whatever it returns.
fn discards(nr: u32, args: &Args) -> bool {
    const MSG_TRUNC: u64 = 0x20;

    let flags = match nr {
        RECVFROM => param::register(args, 3),
        RECVMSG => param::register(args, 2),
        _ => 0,
    };
    flags & MSG_TRUNC != 0
}

/// The name of a call, for messages and traces.
pub(crate) fn name(nr: u64) -> &'static str {
    entry(nr).map_or("unknown", |entry| entry.name)
}
