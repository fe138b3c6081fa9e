// SPDX-License-Identifier: GPL-2.0-only

//! Calls that move data through open files, and those that wait until they can.

use super::{
    super::param::*,
    *, //
};

/// One `struct epoll_event` is 12 bytes, packed.
const EVENTS: Param = put_when(
    times(2, Width::Int, 12),
    Back::Returned { unit: 12, plus: 0 },
);
/// The array of `struct pollfd`. Its results are written even when a signal ends the wait.
const POLLFDS: Param = update(times(1, Width::Uint, 8));
/// One of the sets of `select`. The call knows no more descriptors than the table of the process has: what is behind
/// them in a set may be anything, another set too.
const FDS: Param = Param::Buffer {
    dir: Direction::InOut,
    len: Length::Bits(0),
    back: Back::Bits(0),
};
const IOV_IN: Param = Param::Iov {
    dir: Direction::In,
    count: 2,
};
const IOV_OUT: Param = Param::Iov {
    dir: Direction::Out,
    count: 2,
};
/// A file offset, or the time left, which comes back also when the call fails.
const OFFSET: Param = update(size(8));
const TIMEOUT: Param = update(size(16));

pub(super) const CALLS: &[Entry] = &[
    home(0, "read", &[V, returned(long(2)), V]),
    home(1, "write", &[V, get(long(2)), V]),
    home(7, "poll", &[POLLFDS, V, V]),
    home(17, "pread64", &[V, returned(long(2)), V, V]),
    home(18, "pwrite64", &[V, get(long(2)), V, V]),
    home(19, "readv", &[V, IOV_OUT, V]),
    home(20, "writev", &[V, IOV_IN, V]),
    home(23, "select", &[V, FDS, FDS, FDS, TIMEOUT]),
    home(40, "sendfile", &[V, V, OFFSET, V]),
    home(78, "getdents", &[V, returned(uint(2)), V]),
    home(217, "getdents64", &[V, returned(uint(2)), V]),
    // Asynchronous I/O keeps its pages: a stay reason while it lasts.
    bare(206, "io_setup", HOME_FIRST),
    bare(207, "io_destroy", HOME_FIRST),
    bare(208, "io_getevents", HOME_FIRST),
    bare(209, "io_submit", HOME_FIRST),
    bare(210, "io_cancel", HOME_FIRST),
    bare(333, "io_pgetevents", HOME_FIRST),
    home(213, "epoll_create", &[]),
    opaque(214, "epoll_ctl_old"),
    opaque(215, "epoll_wait_old"),
    home(232, "epoll_wait", &[V, EVENTS, V, V]),
    home(233, "epoll_ctl", &[V, V, V, get(size(12))]),
    home(
        270,
        "pselect6",
        &[V, FDS, FDS, FDS, TIMEOUT, Param::MaskPair],
    ),
    home(271, "ppoll", &[POLLFDS, V, TIMEOUT, get(long(4)), V]),
    home(275, "splice", &[V, OFFSET, V, OFFSET, V, V]),
    home(276, "tee", &[]),
    // The pipe keeps the pages themselves.
    bare(278, "vmsplice", HOME_FIRST),
    home(281, "epoll_pwait", &[V, EVENTS, V, V, get(long(5)), V]),
    home(291, "epoll_create1", &[]),
    home(295, "preadv", &[V, IOV_OUT, V, V, V]),
    home(296, "pwritev", &[V, IOV_IN, V, V, V]),
    home(326, "copy_file_range", &[V, OFFSET, V, OFFSET, V, V]),
    home(327, "preadv2", &[V, IOV_OUT, V, V, V, V]),
    home(328, "pwritev2", &[V, IOV_IN, V, V, V, V]),
    // The rings are memory shared with the kernel.
    bare(425, "io_uring_setup", HOME_FIRST),
    bare(426, "io_uring_enter", HOME_FIRST),
    bare(427, "io_uring_register", HOME_FIRST),
    home(
        441,
        "epoll_pwait2",
        &[V, EVENTS, V, get(size(16)), get(long(5)), V],
    ),
];
