// SPDX-License-Identifier: GPL-2.0-only

//! The commands of `fcntl`.

use super::{
    super::param::*,
    is,
    Commands, //
};

/// A `struct flock` that the call reads.
const LOCK: Param = get(size(32));
/// A `struct flock` that the call may replace by the lock in the way.
const CONFLICT: Param = update(size(32));
/// A hint, an owner, or a delegation.
const IN: Param = get(size(8));
const OUT: Param = put(size(8));

/// The commands of `fcntl`.
pub(crate) static FCNTL: Commands = Commands {
    arg: 1,
    others: None,
    list: &[
        is(0, &[]),                         // F_DUPFD
        is(1, &[]),                         // F_GETFD
        is(2, &[]),                         // F_SETFD
        is(3, &[]),                         // F_GETFL
        is(4, &[]),                         // F_SETFL
        is(5, &[V, V, CONFLICT]),           // F_GETLK
        is(6, &[V, V, LOCK]),               // F_SETLK
        is(7, &[V, V, LOCK]),               // F_SETLKW
        is(8, &[]),                         // F_SETOWN
        is(9, &[]),                         // F_GETOWN
        is(10, &[]),                        // F_SETSIG
        is(11, &[]),                        // F_GETSIG
        is(15, &[V, V, IN]),                // F_SETOWN_EX
        is(16, &[V, V, OUT]),               // F_GETOWN_EX
        is(17, &[V, V, OUT]),               // F_GETOWNER_UIDS
        is(36, &[V, V, CONFLICT]),          // F_OFD_GETLK
        is(37, &[V, V, LOCK]),              // F_OFD_SETLK
        is(38, &[V, V, LOCK]),              // F_OFD_SETLKW
        is(1024, &[]),                      // F_SETLEASE
        is(1025, &[]),                      // F_GETLEASE
        is(1026, &[]),                      // F_NOTIFY
        is(1027, &[]),                      // F_DUPFD_QUERY
        is(1028, &[]),                      // F_CREATED_QUERY
        is(1030, &[]),                      // F_DUPFD_CLOEXEC
        is(1031, &[]),                      // F_SETPIPE_SZ
        is(1032, &[]),                      // F_GETPIPE_SZ
        is(1033, &[]),                      // F_ADD_SEALS
        is(1034, &[]),                      // F_GET_SEALS
        is(1035, &[V, V, OUT]),             // F_GET_RW_HINT
        is(1036, &[V, V, IN]),              // F_SET_RW_HINT
        is(1037, &[V, V, OUT]),             // F_GET_FILE_RW_HINT
        is(1038, &[V, V, IN]),              // F_SET_FILE_RW_HINT
        is(1039, &[V, V, update(size(8))]), // F_GETDELEG
        is(1040, &[V, V, IN]),              // F_SETDELEG
    ],
};
