// SPDX-License-Identifier: GPL-2.0-only

//! Calls on open files that move no data: descriptors, status, locks, extents.

use super::{
    super::{
        command::fcntl::FCNTL,
        command::ioctl::IOCTL,
        param::*, //
    },
    *, //
};

pub(super) const CALLS: &[Entry] = &[
    home(3, "close", &[]),
    home(5, "fstat", &[V, put(size(144))]),
    home(8, "lseek", &[]),
    command(16, "ioctl", depends(Choice::Ioctl), &IOCTL),
    home(22, "pipe", &[put(size(8))]),
    home(32, "dup", &[]),
    home(33, "dup2", &[]),
    command(72, "fcntl", HOME, &FCNTL),
    home(73, "flock", &[]),
    home(74, "fsync", &[]),
    home(75, "fdatasync", &[]),
    home(77, "ftruncate", &[]),
    home(81, "fchdir", &[]),
    home(91, "fchmod", &[]),
    home(93, "fchown", &[]),
    home(138, "fstatfs", &[V, put(size(120))]),
    home(187, "readahead", &[]),
    home(190, "fsetxattr", &[V, text(256), get(long(3)), V, V]),
    home(193, "fgetxattr", &[V, text(256), returned(long(3)), V]),
    home(196, "flistxattr", &[V, returned(long(2)), V]),
    home(199, "fremovexattr", &[V, text(256)]),
    home(221, "fadvise64", &[]),
    home(277, "sync_file_range", &[]),
    home(284, "eventfd", &[]),
    home(285, "fallocate", &[]),
    home(290, "eventfd2", &[]),
    home(292, "dup3", &[]),
    home(293, "pipe2", &[put(size(8))]),
    home(253, "inotify_init", &[]),
    home(254, "inotify_add_watch", &[V, PATH, V]),
    home(255, "inotify_rm_watch", &[]),
    home(294, "inotify_init1", &[]),
    home(300, "fanotify_init", &[]),
    home(301, "fanotify_mark", &[V, V, V, V, PATH]),
    home(306, "syncfs", &[]),
    home(319, "memfd_create", &[text(256), V]),
    home(436, "close_range", &[]),
    // Its mappings are refused by mmap, or stay; the file itself is like any other.
    home(447, "memfd_secret", &[]),
    home(451, "cachestat", &[V, get(size(16)), put(size(40)), V]),
];
