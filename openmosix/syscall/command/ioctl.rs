// SPDX-License-Identifier: GPL-2.0-only

//! The requests of `ioctl` that are described: terminals, and the few that all files know.

use super::{
    super::param::*,
    is,
    Commands, //
};

/// An `int`.
const IN: Param = get(size(4));
const OUT: Param = put(size(4));
/// `struct termios`, `struct termios2`, `struct termio`.
const TERMIOS_IN: Param = get(size(36));
const TERMIOS_OUT: Param = put(size(36));
const TERMIOS2_IN: Param = get(size(44));
const TERMIOS2_OUT: Param = put(size(44));
/// The call changes some of the structure and leaves the rest: 18 bytes, one of them padding.
const TERMIO: Param = update(size(18));
/// `struct winsize`.
const WINSIZE_IN: Param = get(size(8));
const WINSIZE_OUT: Param = put(size(8));
/// `struct ifreq`.
const IFREQ: Param = update(size(40));

/// The requests of `ioctl`.
pub(crate) static IOCTL: Commands = Commands {
    arg: 1,
    others: None,
    list: &[
        is(0x5401, &[V, V, TERMIOS_OUT]),      // TCGETS
        is(0x5402, &[V, V, TERMIOS_IN]),       // TCSETS
        is(0x5403, &[V, V, TERMIOS_IN]),       // TCSETSW
        is(0x5404, &[V, V, TERMIOS_IN]),       // TCSETSF
        is(0x5405, &[V, V, TERMIO]),           // TCGETA
        is(0x5406, &[V, V, TERMIO]),           // TCSETA
        is(0x5407, &[V, V, TERMIO]),           // TCSETAW
        is(0x5408, &[V, V, TERMIO]),           // TCSETAF
        is(0x5409, &[]),                       // TCSBRK
        is(0x540a, &[]),                       // TCXONC
        is(0x540b, &[]),                       // TCFLSH
        is(0x540c, &[]),                       // TIOCEXCL
        is(0x540d, &[]),                       // TIOCNXCL
        is(0x540e, &[]),                       // TIOCSCTTY
        is(0x540f, &[V, V, OUT]),              // TIOCGPGRP
        is(0x5410, &[V, V, IN]),               // TIOCSPGRP
        is(0x5411, &[V, V, OUT]),              // TIOCOUTQ
        is(0x5412, &[V, V, get(size(1))]),     // TIOCSTI
        is(0x5413, &[V, V, WINSIZE_OUT]),      // TIOCGWINSZ
        is(0x5414, &[V, V, WINSIZE_IN]),       // TIOCSWINSZ
        is(0x5415, &[V, V, OUT]),              // TIOCMGET
        is(0x5416, &[V, V, IN]),               // TIOCMBIS
        is(0x5417, &[V, V, IN]),               // TIOCMBIC
        is(0x5418, &[V, V, IN]),               // TIOCMSET
        is(0x5419, &[V, V, OUT]),              // TIOCGSOFTCAR
        is(0x541a, &[V, V, IN]),               // TIOCSSOFTCAR
        is(0x541b, &[V, V, OUT]),              // FIONREAD
        is(0x541d, &[]),                       // TIOCCONS
        is(0x5420, &[V, V, IN]),               // TIOCPKT
        is(0x5421, &[V, V, IN]),               // FIONBIO
        is(0x5422, &[]),                       // TIOCNOTTY
        is(0x5423, &[V, V, IN]),               // TIOCSETD
        is(0x5424, &[V, V, OUT]),              // TIOCGETD
        is(0x5425, &[]),                       // TCSBRKP
        is(0x5427, &[]),                       // TIOCSBRK
        is(0x5428, &[]),                       // TIOCCBRK
        is(0x5429, &[V, V, OUT]),              // TIOCGSID
        is(0x802c542a, &[V, V, TERMIOS2_OUT]), // TCGETS2
        is(0x402c542b, &[V, V, TERMIOS2_IN]),  // TCSETS2
        is(0x402c542c, &[V, V, TERMIOS2_IN]),  // TCSETSW2
        is(0x402c542d, &[V, V, TERMIOS2_IN]),  // TCSETSF2
        is(0x80045430, &[V, V, OUT]),          // TIOCGPTN
        is(0x40045431, &[V, V, IN]),           // TIOCSPTLCK
        is(0x80045432, &[V, V, OUT]),          // TIOCGDEV
        is(0x80045438, &[V, V, OUT]),          // TIOCGPKT
        is(0x80045439, &[V, V, OUT]),          // TIOCGPTLCK
        is(0x80045440, &[V, V, OUT]),          // TIOCGEXCL
        is(0x5441, &[]),                       // TIOCGPTPEER
        is(0x5450, &[]),                       // FIONCLEX
        is(0x5451, &[]),                       // FIOCLEX
        is(0x5452, &[V, V, IN]),               // FIOASYNC
        is(0x5460, &[V, V, put(size(8))]),     // FIOQSIZE
        is(0x8905, &[V, V, OUT]),              // SIOCATMARK
        is(0x8910, &[V, V, IFREQ]),            // SIOCGIFNAME
        is(0x8913, &[V, V, IFREQ]),            // SIOCGIFFLAGS
        is(0x8915, &[V, V, IFREQ]),            // SIOCGIFADDR
        is(0x8917, &[V, V, IFREQ]),            // SIOCGIFDSTADDR
        is(0x8919, &[V, V, IFREQ]),            // SIOCGIFBRDADDR
        is(0x891b, &[V, V, IFREQ]),            // SIOCGIFNETMASK
        is(0x8921, &[V, V, IFREQ]),            // SIOCGIFMTU
        is(0x8927, &[V, V, IFREQ]),            // SIOCGIFHWADDR
        is(0x8933, &[V, V, IFREQ]),            // SIOCGIFINDEX
        is(0x80086601, &[V, V, OUT]),          // FS_IOC_GETFLAGS
        is(0x40086602, &[V, V, IN]),           // FS_IOC_SETFLAGS
        is(0x40049409, &[]),                   // FICLONE
        is(0x1268, &[V, V, OUT]),              // BLKSSZGET
        is(0x80081272, &[V, V, put(size(8))]), // BLKGETSIZE64
        is(2, &[V, V, OUT]),                   // FIGETBSZ
    ],
};
