// SPDX-License-Identifier: GPL-2.0-only

//! Memory that is short for a while.
//!
//! What fails at any other time may fail for want of memory too. But once the halves of a process are on two nodes, a
//! frame that cannot be received, or a page that finds no room, would be the end of the process. Such things are
//! tried again instead.

use crate::{
    fault::{
        self,
        Point, //
    },
    sys::wait::{
        nap,
        Deadline, //
    },
};
use kernel::prelude::*;

/// Milliseconds until it is tried again.
const AGAIN_MS: u32 = 10;

/// Tries until it is not memory that lacks. A failed try must have changed nothing that the next one would miss.
///
/// # Errors
///
/// `ENOMEM` when memory is still short at the deadline, `EINTR` when the task is killed meanwhile, and whatever else
/// `attempt` fails with.
pub(crate) fn outlast<T>(deadline: Deadline, mut attempt: impl FnMut() -> Result<T>) -> Result<T> {
    loop {
        let injected = fault::hit(Point::Memory).map_err(|_| ENOMEM);
        match injected.and_then(|()| attempt()) {
            Err(error) if error == ENOMEM && !deadline.is_over() => nap(AGAIN_MS)?,
            result => return result,
        }
    }
}

#[cfg(CONFIG_OPENMOSIX_KUNIT_TEST)]
#[kunit_tests(openmosix_shortage)]
mod tests {
    use super::*;

    /// Lacks memory so many times.
    fn short(mut times: u32) -> impl FnMut() -> Result<u32> {
        move || match times.checked_sub(1) {
            None => Ok(7),
            Some(left) => {
                times = left;
                Err(ENOMEM)
            }
        }
    }

    #[test]
    fn a_shortage_is_outlasted() {
        assert_eq!(outlast(Deadline::ms(60_000), short(0)), Ok(7));
        assert_eq!(outlast(Deadline::ms(60_000), short(3)), Ok(7));
    }

    #[test]
    fn there_is_one_try_at_least() {
        assert_eq!(outlast(Deadline::ms(0), short(0)), Ok(7));
        assert_eq!(outlast(Deadline::ms(0), short(1)), Err(ENOMEM));
    }

    #[test]
    fn a_shortage_that_lasts_is_told() {
        assert_eq!(outlast(Deadline::ms(30), short(u32::MAX)), Err(ENOMEM));
    }

    #[test]
    fn other_errors_are_told_at_once() {
        let mut tries = 0;
        let result: Result = outlast(Deadline::NEVER, || {
            tries += 1;
            Err(EIO)
        });
        assert_eq!(result, Err(EIO));
        assert_eq!(tries, 1);
    }
}
