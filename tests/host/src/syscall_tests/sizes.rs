// SPDX-License-Identifier: GPL-2.0-only

//! The sizes in the descriptions against those of the C structures.

use std::mem::size_of;

use super::calls::nr;
use crate::syscall::{
    describe,
    param::{
        Length,
        Param, //
    },
};

/// The fixed size, or the size of one element, of a described buffer.
fn unit(name: &str, arg: usize, args: [u64; 6]) -> usize {
    let params = describe(nr(name), &args).expect("a description");
    let Param::Buffer { len, .. } = params[arg] else {
        panic!("argument {arg} of {name} is no buffer");
    };
    match len {
        Length::Const(len) | Length::Arg { unit: len, .. } => len as usize,
        Length::Bits(_) | Length::Pointee(_) => panic!("argument {arg} of {name} has no size"),
    }
}

fn fixed(name: &str, arg: usize) -> usize {
    unit(name, arg, [0; 6])
}

fn command(name: &str, arg: usize, code: u64) -> usize {
    unit(name, arg, [code; 6])
}

#[test]
fn structures_have_the_sizes_of_c() {
    assert_eq!(fixed("stat", 1), size_of::<libc::stat>());
    assert_eq!(fixed("fstat", 1), size_of::<libc::stat>());
    assert_eq!(fixed("newfstatat", 2), size_of::<libc::stat>());
    assert_eq!(fixed("statx", 4), size_of::<libc::statx>());
    assert_eq!(fixed("statfs", 1), size_of::<libc::statfs>());
    assert_eq!(fixed("nanosleep", 0), size_of::<libc::timespec>());
    assert_eq!(fixed("gettimeofday", 0), size_of::<libc::timeval>());
    assert_eq!(fixed("gettimeofday", 1), 2 * size_of::<libc::c_int>());
    assert_eq!(fixed("setitimer", 1), size_of::<libc::itimerval>());
    assert_eq!(fixed("timer_settime", 2), size_of::<libc::itimerspec>());
    assert_eq!(fixed("timer_create", 1), size_of::<libc::sigevent>());
    assert_eq!(fixed("times", 0), size_of::<libc::tms>());
    assert_eq!(fixed("getrusage", 1), size_of::<libc::rusage>());
    assert_eq!(fixed("wait4", 3), size_of::<libc::rusage>());
    assert_eq!(fixed("getrlimit", 1), size_of::<libc::rlimit>());
    assert_eq!(fixed("prlimit64", 3), size_of::<libc::rlimit64>());
    assert_eq!(fixed("sysinfo", 0), size_of::<libc::sysinfo>());
    assert_eq!(fixed("uname", 0), size_of::<libc::utsname>());
    assert_eq!(fixed("rt_sigtimedwait", 1), size_of::<libc::siginfo_t>());
    assert_eq!(fixed("utime", 1), size_of::<libc::utimbuf>());
    assert_eq!(fixed("utimes", 1), 2 * size_of::<libc::timeval>());
    assert_eq!(fixed("utimensat", 2), 2 * size_of::<libc::timespec>());
    assert_eq!(fixed("poll", 0), size_of::<libc::pollfd>());
    assert_eq!(fixed("epoll_wait", 1), size_of::<libc::epoll_event>());
    assert_eq!(fixed("epoll_ctl", 3), size_of::<libc::epoll_event>());
    assert_eq!(fixed("semop", 1), size_of::<libc::sembuf>());
    assert_eq!(fixed("mq_open", 3), size_of::<libc::mq_attr>());
    assert_eq!(fixed("getgroups", 1), size_of::<libc::gid_t>());
    assert_eq!(command("semctl", 3, 2), size_of::<libc::semid_ds>());
    assert_eq!(command("msgctl", 2, 2), size_of::<libc::msqid_ds>());
    assert_eq!(command("shmctl", 2, 2), size_of::<libc::shmid_ds>());
    assert_eq!(command("fcntl", 2, 5), size_of::<libc::flock>());
    assert_eq!(
        command("ioctl", 2, libc::TIOCGWINSZ),
        size_of::<libc::winsize>()
    );
    assert_eq!(
        command("ioctl", 2, libc::TCGETS2),
        size_of::<libc::termios2>()
    );
    assert_eq!(
        command("ioctl", 2, libc::SIOCGIFFLAGS),
        size_of::<libc::ifreq>()
    );
    // The kernel's own `struct termios` has 19 control characters, C's has 32 and the speeds.
    assert_eq!(command("ioctl", 2, libc::TCGETS), 4 * 4 + 1 + 19);
}

#[test]
fn commands_have_the_numbers_of_c() {
    for code in [
        libc::TCGETS,
        libc::TCSETS,
        libc::TCSETSW,
        libc::TCSETSF,
        libc::TIOCGPGRP,
        libc::TIOCSPGRP,
        libc::TIOCGWINSZ,
        libc::TIOCSWINSZ,
        libc::FIONREAD,
        libc::FIONBIO,
        libc::TIOCGSID,
        libc::TCGETS2,
        libc::TCSETS2,
        libc::TIOCGPTN,
        libc::TIOCSPTLCK,
        libc::FIOCLEX,
        libc::FS_IOC_GETFLAGS as libc::Ioctl,
    ] {
        assert!(
            describe(nr("ioctl"), &[0, code, 0, 0, 0, 0]).is_some(),
            "{code:#x}"
        );
    }
    for code in [
        libc::F_DUPFD,
        libc::F_GETFL,
        libc::F_SETFL,
        libc::F_GETLK,
        libc::F_SETLK,
        libc::F_SETLKW,
        libc::F_OFD_SETLKW,
        libc::F_DUPFD_CLOEXEC,
        libc::F_SETPIPE_SZ,
        libc::F_ADD_SEALS,
    ] {
        let args = [0, code as u64, 0, 0, 0, 0];
        assert!(describe(nr("fcntl"), &args).is_some(), "{code}");
    }
}
