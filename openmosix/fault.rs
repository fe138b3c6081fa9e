// SPDX-License-Identifier: GPL-2.0-only

//! Places where tests can make something fail: `/proc/hpc/admin/fault`.
//!
//! Each [`Point`] has a name. Writing the name arms it once, writing the name and a number arms it so many times.
//! Without `CONFIG_OPENMOSIX_FAULT_INJECTION` there is no such file, and [`hit`] is nothing.

use kernel::prelude::*;

/// Declares the points: name in the code, and name for the administrator.
macro_rules! points {
    ( $( $(#[$meta:meta])* $point:ident = $name:literal; )* ) => {
        /// Where something can be made to fail.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) enum Point {
            $( $(#[$meta])* $point, )*
        }

        impl Point {
            /// All points.
            pub(crate) const ALL: &'static [Point] = &[$( Point::$point, )*];

            /// Its name for the administrator.
            pub(crate) const fn name(self) -> &'static str {
                match self {
                    $( Point::$point => $name, )*
                }
            }
        }
    };
}

points! {
    /// A node is called.
    Dial = "dial";
    /// A frame is sent.
    Send = "send";
    /// A frame is received.
    Receive = "receive";
    /// Step 1 at the source: the target is asked.
    DepartPrepare = "depart-prepare";
    /// Step 2 at the source: memory is copied.
    DepartCopy = "depart-copy";
    /// Step 4 at the source, before it gives the process away.
    DepartCommit = "depart-commit";
    /// Step 4 at the source, after it gave the process away, before the target has answered.
    DepartCommitted = "depart-committed";
    /// Step 1 at the target: it is asked.
    ArrivePrepare = "arrive-prepare";
    /// Step 2 at the target: memory arrives.
    ArriveCopy = "arrive-copy";
    /// Step 2 at the target: the image is installed.
    ArriveInstall = "arrive-install";
    /// Step 4 at the target, before it takes the process.
    ArriveCommit = "arrive-commit";
    /// Step 4 at the target, after it took the process.
    ArriveCommitted = "arrive-committed";
    /// At a guest's node that it leaves: its memory is sent.
    LeaveCopy = "leave-copy";
    /// At home: memory runs out while a process comes back.
    ReturnMemory = "return-memory";
    /// A page is fetched from the peer.
    Fetch = "fetch";
    /// What is tried again while memory is short lacks it.
    Memory = "memory";
    /// A guest's system call arrives at home.
    Call = "call";
}

#[cfg(CONFIG_OPENMOSIX_FAULT_INJECTION)]
mod armed {
    use super::*;
    use kernel::sync::atomic::{
        Atomic,
        Relaxed, //
    };

    const POINTS: usize = Point::ALL.len();

    /// How often each point will still fail.
    static ARMED: [Atomic<u32>; POINTS] = [const { Atomic::new(0) }; POINTS];

    fn counter(point: Point) -> Option<&'static Atomic<u32>> {
        ARMED.get(point as usize)
    }

    /// Fails with `EIO` if the point is armed, and uses it up by one.
    pub(crate) fn hit(point: Point) -> Result {
        let Some(counter) = counter(point) else {
            return Ok(());
        };
        let mut left = counter.load(Relaxed);
        while left > 0 {
            match counter.cmpxchg(left, left - 1, Relaxed) {
                Ok(_) => {
                    pr_info!("fault: {} fails\n", point.name());
                    return Err(EIO);
                }
                Err(now) => left = now,
            }
        }
        Ok(())
    }

    /// How often a point will still fail.
    pub(crate) fn armed(point: Point) -> u32 {
        counter(point).map_or(0, |counter| counter.load(Relaxed))
    }

    /// Takes what the administrator wrote: a name, and how often.
    pub(crate) fn arm(text: &[u8]) -> Result {
        let text = core::str::from_utf8(text).map_err(|_| EINVAL)?;
        let mut words = text.split_ascii_whitespace();
        let name = words.next().ok_or(EINVAL)?;
        let count = match words.next() {
            Some(count) => count.parse().map_err(|_| EINVAL)?,
            None => 1,
        };
        let known = |point: &&Point| point.name() == name;
        let point = *Point::ALL.iter().find(known).ok_or(ENOENT)?;
        if words.next().is_some() {
            return Err(EINVAL);
        }
        counter(point).ok_or(ENOENT)?.store(count, Relaxed);
        Ok(())
    }
}

#[cfg(CONFIG_OPENMOSIX_FAULT_INJECTION)]
pub(crate) use armed::{
    arm,
    armed,
    hit, //
};

/// Does not fail.
#[cfg(not(CONFIG_OPENMOSIX_FAULT_INJECTION))]
#[inline(always)]
pub(crate) fn hit(_: Point) -> Result {
    Ok(())
}

#[cfg(all(CONFIG_OPENMOSIX_KUNIT_TEST, CONFIG_OPENMOSIX_FAULT_INJECTION))]
#[kunit_tests(openmosix_fault)]
mod tests {
    use super::*;

    #[test]
    fn a_point_fails_as_often_as_it_is_armed() -> Result {
        let point = Point::ReturnMemory;
        assert_eq!(hit(point), Ok(()));
        arm(b"return-memory 2\n")?;
        assert_eq!(armed(point), 2);
        assert_eq!(hit(Point::ArriveCopy), Ok(()));
        assert_eq!(hit(point), Err(EIO));
        assert_eq!(armed(point), 1);
        assert_eq!(hit(point), Err(EIO));
        assert_eq!(hit(point), Ok(()));
        arm(b"return-memory")?;
        assert_eq!(armed(point), 1);
        arm(b"return-memory 0")?;
        assert_eq!(hit(point), Ok(()));
        Ok(())
    }

    #[test]
    fn every_point_can_be_armed_by_its_name() -> Result {
        for point in Point::ALL {
            arm(point.name().as_bytes())?;
            assert_eq!(Point::ALL.iter().map(|point| armed(*point)).sum::<u32>(), 1);
            assert_eq!(hit(*point), Err(EIO));
        }
        Ok(())
    }

    #[test]
    fn what_is_no_order_arms_nothing() {
        assert_eq!(arm(b""), Err(EINVAL));
        assert_eq!(arm(b"no-such-point"), Err(ENOENT));
        assert_eq!(arm(b"fetch often"), Err(EINVAL));
        assert_eq!(arm(b"fetch -1"), Err(EINVAL));
        assert_eq!(arm(b"fetch 1 2"), Err(EINVAL));
        assert_eq!(arm(b"\xff"), Err(EINVAL));
        assert!(Point::ALL.iter().all(|point| armed(*point) == 0));
    }
}
