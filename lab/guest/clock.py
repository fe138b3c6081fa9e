# SPDX-License-Identifier: GPL-2.0-only
"""The guest's clock, as the host sets it."""

import time

ADJ_OFFSET_SINGLESHOT = 0x8001  # old-fashioned adjtime(): slews 500 ppm


def now():
    """CLOCK_REALTIME in nanoseconds."""
    return time.clock_gettime_ns(time.CLOCK_REALTIME)


def step(offset):
    """Jump by OFFSET nanoseconds."""
    time.clock_settime_ns(time.CLOCK_REALTIME, now() + offset)


def slew(offset):
    """Drift by OFFSET nanoseconds; time never jumps and never runs backwards."""
    import ctypes  # slow to load, and not needed to start

    class Timex(ctypes.Structure):
        """struct timex, as far as adjtime() goes; the rest is padding."""
        _fields_ = [("modes", ctypes.c_uint), ("offset", ctypes.c_long), ("rest", ctypes.c_char * 256)]

    libc = ctypes.CDLL(None, use_errno=True)
    libc.adjtimex(ctypes.byref(Timex(modes=ADJ_OFFSET_SINGLESHOT, offset=offset // 1000)))
