// SPDX-License-Identifier: GPL-2.0-only

//! A forwarded call from end to end, without a link and without a kernel.

use super::space::Space;
use crate::syscall::{
    guest::Fallback,
    home::WINDOW,
    Args,
    Plan,
    Request, //
};

/// Where the deputy's window is.
pub(super) const BASE: u64 = 0x7000_0000_0000;

/// A system call, on whatever memory its pointers lead to.
pub(super) type Native = fn(&Args, &mut Space) -> i64;

/// A window that holds something from earlier calls.
pub(super) fn window() -> Space {
    Space::default().map(BASE, &vec![0xee; WINDOW])
}

/// The request of a call.
pub(super) fn request(nr: u64, args: &Args, guest: &Space) -> Result<Vec<u8>, Fallback> {
    let plan = Plan::new(nr, args, guest)?;
    let mut bytes = vec![0; plan.request_len()];
    let request = plan.encode(guest, &mut bytes)?;
    assert_eq!(request.bytes().len(), plan.request_len());
    Ok(bytes)
}

/// Runs a call at home, with the bytes that its description selects, for the guest.
pub(super) fn forward(
    nr: u64,
    args: &Args,
    guest: &mut Space,
    native: Native,
) -> Result<i64, Fallback> {
    let sent = request(nr, args, guest)?;

    let mut home = window();
    let request = Request::parse(nr, args, &sent).expect("home accepts what the guest sends");
    assert!(request.window_len().expect("a length") <= WINDOW);
    let placed = request.place(BASE, &mut home).expect("it fits");
    let result = native(placed.args(), &mut home);
    let len = placed.reply_len(result, &home).expect("a length");
    assert!(len <= placed.reply_room().expect("a length"));
    let mut reply = vec![0; len];
    placed.reply(result, &home, &mut reply).expect("it fits");

    let request = Request::parse(nr, args, &sent).expect("as before");
    request.finish(&reply, guest).expect("a reply that fits");
    Ok(result)
}

/// Runs a call both ways and checks that nobody can tell. Returns its result.
#[track_caller]
pub(super) fn same(nr: u64, args: &Args, guest: &Space, native: Native) -> i64 {
    let mut here = guest.clone();
    let mut there = guest.clone();
    let expected = native(args, &mut here);
    assert_eq!(forward(nr, args, &mut there, native), Ok(expected));
    assert_eq!(there, here);
    expected
}
