// SPDX-License-Identifier: GPL-2.0-only

//! The commands of `semctl`, `msgctl` and `shmctl`.

use super::{
    super::param::*,
    is,
    Commands, //
};

/// The commands of `semctl`. `GETALL` and `SETALL` are left out: home alone knows the size of a set.
pub(crate) static SEMCTL: Commands = Commands {
    arg: 2,
    others: None,
    list: &[
        is(0, &[]),                        // IPC_RMID
        is(1, &[V, V, V, get(size(104))]), // IPC_SET
        is(2, &[V, V, V, put(size(104))]), // IPC_STAT
        is(11, &[]),                       // GETPID
        is(12, &[]),                       // GETVAL
        is(14, &[]),                       // GETNCNT
        is(15, &[]),                       // GETZCNT
        is(16, &[]),                       // SETVAL
    ],
};

/// The commands of `msgctl`.
pub(crate) static MSGCTL: Commands = Commands {
    arg: 1,
    others: None,
    list: &[
        is(0, &[]),                     // IPC_RMID
        is(1, &[V, V, get(size(120))]), // IPC_SET
        is(2, &[V, V, put(size(120))]), // IPC_STAT
    ],
};

/// The commands of `shmctl`.
pub(crate) static SHMCTL: Commands = Commands {
    arg: 1,
    others: None,
    list: &[
        is(0, &[]),                     // IPC_RMID
        is(1, &[V, V, get(size(112))]), // IPC_SET
        is(2, &[V, V, put(size(112))]), // IPC_STAT
        is(11, &[]),                    // SHM_LOCK
        is(12, &[]),                    // SHM_UNLOCK
    ],
};
