// SPDX-License-Identifier: GPL-2.0-only

//! Calls that name files by path.

use super::{
    super::param::*,
    *, //
};

const STAT: Param = put(size(144));
const STATFS: Param = put(size(120));
/// The name of an extended attribute: at most 255 bytes and a NUL.
const NAME: Param = text(256);

pub(super) const CALLS: &[Entry] = &[
    home(2, "open", &[PATH]),
    home(4, "stat", &[PATH, STAT]),
    home(6, "lstat", &[PATH, STAT]),
    home(21, "access", &[PATH]),
    home(76, "truncate", &[PATH]),
    home(79, "getcwd", &[returned(long(1)), V]),
    home(80, "chdir", &[PATH]),
    home(82, "rename", &[PATH, PATH]),
    home(83, "mkdir", &[PATH]),
    home(84, "rmdir", &[PATH]),
    home(85, "creat", &[PATH]),
    home(86, "link", &[PATH, PATH]),
    home(87, "unlink", &[PATH]),
    home(88, "symlink", &[PATH, PATH]),
    home(89, "readlink", &[PATH, returned(int(2)), V]),
    home(90, "chmod", &[PATH]),
    home(92, "chown", &[PATH]),
    home(94, "lchown", &[PATH]),
    home(95, "umask", &[]),
    home(132, "utime", &[PATH, get(size(16))]),
    home(133, "mknod", &[PATH]),
    opaque(134, "uselib"),
    home(137, "statfs", &[PATH, STATFS]),
    home(161, "chroot", &[PATH]),
    home(188, "setxattr", &[PATH, NAME, get(long(3)), V, V]),
    home(189, "lsetxattr", &[PATH, NAME, get(long(3)), V, V]),
    home(191, "getxattr", &[PATH, NAME, returned(long(3)), V]),
    home(192, "lgetxattr", &[PATH, NAME, returned(long(3)), V]),
    home(194, "listxattr", &[PATH, returned(long(2)), V]),
    home(195, "llistxattr", &[PATH, returned(long(2)), V]),
    home(197, "removexattr", &[PATH, NAME]),
    home(198, "lremovexattr", &[PATH, NAME]),
    home(235, "utimes", &[PATH, get(size(32))]),
    home(257, "openat", &[V, PATH]),
    home(258, "mkdirat", &[V, PATH]),
    home(259, "mknodat", &[V, PATH]),
    home(260, "fchownat", &[V, PATH]),
    home(261, "futimesat", &[V, PATH, get(size(32))]),
    home(262, "newfstatat", &[V, PATH, STAT, V]),
    home(263, "unlinkat", &[V, PATH]),
    home(264, "renameat", &[V, PATH, V, PATH]),
    home(265, "linkat", &[V, PATH, V, PATH, V]),
    home(266, "symlinkat", &[PATH, V, PATH]),
    home(267, "readlinkat", &[V, PATH, returned(int(3)), V]),
    home(268, "fchmodat", &[V, PATH]),
    home(269, "faccessat", &[V, PATH]),
    home(280, "utimensat", &[V, PATH, get(size(32)), V]),
    // The size of the handle is inside it.
    opaque(303, "name_to_handle_at"),
    opaque(304, "open_by_handle_at"),
    home(316, "renameat2", &[V, PATH, V, PATH, V]),
    home(332, "statx", &[V, PATH, V, V, put(size(256))]),
    home(437, "openat2", &[V, PATH, get(long(3)), V]),
    home(439, "faccessat2", &[V, PATH]),
    home(452, "fchmodat2", &[V, PATH]),
    // The structure holds a pointer to the value, which stays as it is.
    home(463, "setxattrat", &[V, PATH, V, NAME, get(long(5)), V]),
    home(464, "getxattrat", &[V, PATH, V, NAME, get(long(5)), V]),
    home(465, "listxattrat", &[V, PATH, V, returned(long(4)), V]),
    home(466, "removexattrat", &[V, PATH, V, NAME]),
    home(468, "file_getattr", &[V, PATH, update(long(3)), V, V]),
    home(469, "file_setattr", &[V, PATH, get(long(3)), V, V]),
    home(472, "fchroot", &[]),
];
