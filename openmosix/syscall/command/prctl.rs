// SPDX-License-Identifier: GPL-2.0-only

//! The options of `prctl`, those that reach home.

use super::{
    super::param::*,
    is,
    Commands, //
};

/// An `int` that the call writes.
const OUT: Param = put(size(4));

/// The options of `prctl`.
pub(crate) static PRCTL: Commands = Commands {
    arg: 0,
    others: None,
    list: &[
        is(1, &[]),                              // PR_SET_PDEATHSIG
        is(2, &[V, OUT]),                        // PR_GET_PDEATHSIG
        is(3, &[]),                              // PR_GET_DUMPABLE
        is(4, &[]),                              // PR_SET_DUMPABLE
        is(7, &[]),                              // PR_GET_KEEPCAPS
        is(8, &[]),                              // PR_SET_KEEPCAPS
        is(13, &[]),                             // PR_GET_TIMING
        is(14, &[]),                             // PR_SET_TIMING
        is(15, &[V, text(16)]),                  // PR_SET_NAME
        is(16, &[V, put(size(16))]),             // PR_GET_NAME
        is(21, &[]),                             // PR_GET_SECCOMP
        is(23, &[]),                             // PR_CAPBSET_READ
        is(24, &[]),                             // PR_CAPBSET_DROP
        is(25, &[V, OUT]),                       // PR_GET_TSC
        is(27, &[]),                             // PR_GET_SECUREBITS
        is(28, &[]),                             // PR_SET_SECUREBITS
        is(29, &[]),                             // PR_SET_TIMERSLACK
        is(30, &[]),                             // PR_GET_TIMERSLACK
        is(33, &[]),                             // PR_MCE_KILL
        is(34, &[]),                             // PR_MCE_KILL_GET
        is(36, &[]),                             // PR_SET_CHILD_SUBREAPER
        is(37, &[V, OUT]),                       // PR_GET_CHILD_SUBREAPER
        is(38, &[]),                             // PR_SET_NO_NEW_PRIVS
        is(39, &[]),                             // PR_GET_NO_NEW_PRIVS
        is(41, &[]),                             // PR_SET_THP_DISABLE
        is(42, &[]),                             // PR_GET_THP_DISABLE
        is(47, &[]),                             // PR_CAP_AMBIENT
        is(52, &[]),                             // PR_GET_SPECULATION_CTRL
        is(57, &[]),                             // PR_SET_IO_FLUSHER
        is(58, &[]),                             // PR_GET_IO_FLUSHER
        is(65, &[]),                             // PR_SET_MDWE
        is(66, &[]),                             // PR_GET_MDWE
        is(67, &[]),                             // PR_SET_MEMORY_MERGE
        is(68, &[]),                             // PR_GET_MEMORY_MERGE
        is(0x53564d41, &[V, V, V, V, text(80)]), // PR_SET_VMA, with PR_SET_VMA_ANON_NAME
        is(0x59616d61, &[]),                     // PR_SET_PTRACER
    ],
};
