// SPDX-License-Identifier: GPL-2.0-only

//! Signals, and the older ways of processes to talk to each other.

use super::{
    super::{
        command::ipc::{
            MSGCTL,
            SEMCTL, //
        },
        param::*, //
    },
    *, //
};

const SIGINFO_IN: Param = get(size(128));
const TIMESPEC: Param = get(size(16));

pub(super) const CALLS: &[Entry] = &[
    call(
        13,
        "rt_sigaction",
        special(Special::SigAction),
        &[V, get(size(32)), put(size(32)), V],
    ),
    call(
        14,
        "rt_sigprocmask",
        special(Special::SigProcMask),
        &[V, get(long(3)), put(long(3)), V],
    ),
    bare(15, "rt_sigreturn", special(Special::SigReturn)),
    home(34, "pause", &[]),
    home(62, "kill", &[]),
    home(127, "rt_sigpending", &[put(long(1)), V]),
    home(
        128,
        "rt_sigtimedwait",
        &[get(long(3)), put(size(128)), TIMESPEC, V],
    ),
    home(129, "rt_sigqueueinfo", &[V, V, SIGINFO_IN]),
    home(130, "rt_sigsuspend", &[get(long(1)), V]),
    // The frames are built on the guest's node, which therefore owns the stack for them.
    bare(131, "sigaltstack", GUEST),
    home(200, "tkill", &[]),
    home(234, "tgkill", &[]),
    home(282, "signalfd", &[V, get(long(2)), V]),
    home(289, "signalfd4", &[V, get(long(2)), V, V]),
    home(297, "rt_tgsigqueueinfo", &[V, V, V, SIGINFO_IN]),
    home(64, "semget", &[]),
    home(65, "semop", &[V, get(times(2, Width::Uint, 6)), V]),
    command(66, "semctl", HOME, &SEMCTL),
    home(
        220,
        "semtimedop",
        &[V, get(times(2, Width::Uint, 6)), V, TIMESPEC],
    ),
    home(68, "msgget", &[]),
    // The type of a message is a long before its text.
    home(69, "msgsnd", &[V, get(TEXT), V, V]),
    home(
        70,
        "msgrcv",
        &[V, put_when(TEXT, Back::Returned { unit: 1, plus: 8 })],
    ),
    command(71, "msgctl", HOME, &MSGCTL),
    home(240, "mq_open", &[text(4096), V, V, get(size(64))]),
    home(241, "mq_unlink", &[text(4096)]),
    home(242, "mq_timedsend", &[V, get(long(2)), V, V, TIMESPEC]),
    home(
        243,
        "mq_timedreceive",
        &[V, returned(long(2)), V, put(size(4)), TIMESPEC],
    ),
    home(244, "mq_notify", &[V, get(size(64))]),
    home(245, "mq_getsetattr", &[V, get(size(64)), put(size(64))]),
];

/// A message of System V: the count in argument 2 leaves out the type.
const TEXT: Length = Length::Arg {
    arg: 2,
    width: Width::Long,
    unit: 1,
    plus: 8,
};
