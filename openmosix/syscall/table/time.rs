// SPDX-License-Identifier: GPL-2.0-only

//! Clocks, timers and sleeping.

use super::{
    super::param::*,
    *, //
};

const TIMESPEC_IN: Param = get(size(16));
const TIMESPEC_OUT: Param = put(size(16));
/// The time left, written only when a signal ends the sleep.
const REMAINING: Param = update(size(16));
const TIMER_IN: Param = get(size(32));
const TIMER_OUT: Param = put(size(32));

pub(super) const CALLS: &[Entry] = &[
    home(35, "nanosleep", &[TIMESPEC_IN, REMAINING]),
    home(36, "getitimer", &[V, TIMER_OUT]),
    home(37, "alarm", &[]),
    home(38, "setitimer", &[V, TIMER_IN, TIMER_OUT]),
    home(96, "gettimeofday", &[TIMESPEC_OUT, put(size(8))]),
    home(100, "times", &[put(size(32))]),
    // Who steers the clocks reads them, too, and the vDSO of a guest does not know of a step of home's.
    bare(159, "adjtimex", HOME_FIRST),
    bare(164, "settimeofday", HOME_FIRST),
    home(201, "time", &[put(size(8))]),
    // Who restores timers says there which number it wants.
    home(222, "timer_create", &[V, get(size(64)), update(size(4))]),
    home(223, "timer_settime", &[V, V, TIMER_IN, TIMER_OUT]),
    home(224, "timer_gettime", &[V, TIMER_OUT]),
    home(225, "timer_getoverrun", &[]),
    home(226, "timer_delete", &[]),
    bare(227, "clock_settime", HOME_FIRST),
    call(
        228,
        "clock_gettime",
        depends(Choice::Clock),
        &[V, TIMESPEC_OUT],
    ),
    call(
        229,
        "clock_getres",
        depends(Choice::Clock),
        &[V, TIMESPEC_OUT],
    ),
    home(230, "clock_nanosleep", &[V, V, TIMESPEC_IN, REMAINING]),
    home(283, "timerfd_create", &[]),
    home(286, "timerfd_settime", &[V, V, TIMER_IN, TIMER_OUT]),
    home(287, "timerfd_gettime", &[V, TIMER_OUT]),
    bare(305, "clock_adjtime", HOME_FIRST),
];
