// SPDX-License-Identifier: GPL-2.0-only

//! Sockets.

use super::{
    super::{
        command::sockopt::GETSOCKOPT,
        param::*, //
    },
    *, //
};

/// A `socklen_t` that the caller sets and the call updates.
const SOCKLEN: Param = update(size(4));

/// `recvfrom`, and `recvmsg`, which wait for all: what they have received comes back even if they are to go on
/// with it, and goes with the call that does.
pub(crate) const RECVFROM_ALL: &[Param] = &[V, update(long(2)), V, V, address(5), SOCKLEN];
pub(crate) const RECVMSG_ALL: &[Param] = &[
    V,
    Param::Msg {
        dir: Direction::InOut,
    },
    V,
];

pub(super) const CALLS: &[Entry] = &[
    home(41, "socket", &[]),
    home(42, "connect", &[V, get(int(2)), V]),
    home(43, "accept", &[V, address(2), SOCKLEN]),
    call(
        44,
        "sendto",
        depends(Choice::Send(3)),
        &[V, get(long(2)), V, V, get(int(5)), V],
    ),
    home(
        45,
        "recvfrom",
        &[V, returned(long(2)), V, V, address(5), SOCKLEN],
    ),
    call(
        46,
        "sendmsg",
        depends(Choice::Send(2)),
        &[V, Param::Msg { dir: Direction::In }, V],
    ),
    home(
        47,
        "recvmsg",
        &[
            V,
            Param::Msg {
                dir: Direction::Out,
            },
            V,
        ],
    ),
    home(48, "shutdown", &[]),
    home(49, "bind", &[V, get(int(2)), V]),
    home(50, "listen", &[]),
    home(51, "getsockname", &[V, address(2), SOCKLEN]),
    home(52, "getpeername", &[V, address(2), SOCKLEN]),
    // The numbers are written before the sockets are made, which may fail.
    home(53, "socketpair", &[V, V, V, update(size(8))]),
    call(
        54,
        "setsockopt",
        depends(Choice::SocketOption),
        &[V, V, V, get(int(4)), V],
    ),
    command(55, "getsockopt", HOME, &GETSOCKOPT),
    home(288, "accept4", &[V, address(2), SOCKLEN, V]),
    opaque(299, "recvmmsg"),
    call(
        307,
        "sendmmsg",
        depends(Choice::Send(3)),
        &[V, Param::Messages { count: 2 }, V, V],
    ),
];
