// SPDX-License-Identifier: GPL-2.0-only

//! Calls on the address space.
//!
//! Home owns the layout, the guest's node the pages. Areas with properties that a move has to know
//! of are made at home, where the move's own checks then see them.

use super::*;

pub(super) const CALLS: &[Entry] = &[
    call(9, "mmap", special(Special::Mmap), &[]),
    call(10, "mprotect", special(Special::Mprotect), &[]),
    call(11, "munmap", special(Special::Munmap), &[]),
    call(12, "brk", special(Special::Brk), &[]),
    call(25, "mremap", special(Special::Mremap), &[]),
    call(26, "msync", special(Special::Msync), &[]),
    // Which pages are resident is a fact of the node that has them.
    bare(27, "mincore", special(Special::Mincore)),
    call(28, "madvise", special(Special::Madvise), &[]),
    home(29, "shmget", &[]),
    // Memory of several processes.
    bare(30, "shmat", HOME_FIRST),
    command(31, "shmctl", HOME, &super::super::command::ipc::SHMCTL),
    bare(67, "shmdt", HOME_FIRST),
    // Locked memory is a stay reason, and locking pages that are elsewhere means nothing.
    bare(149, "mlock", HOME_FIRST),
    bare(150, "munlock", HOME_FIRST),
    bare(151, "mlockall", HOME_FIRST),
    bare(152, "munlockall", HOME_FIRST),
    bare(325, "mlock2", HOME_FIRST),
    bare(216, "remap_file_pages", HOME_FIRST),
    // Memory nodes are those of one machine; policies belong to the areas of a process at home.
    bare(237, "mbind", HOME_FIRST),
    bare(238, "set_mempolicy", HOME_FIRST),
    opaque(239, "get_mempolicy"),
    bare(256, "migrate_pages", HOME_FIRST),
    bare(279, "move_pages", HOME_FIRST),
    bare(450, "set_mempolicy_home_node", HOME_FIRST),
    // Whose memory is pinned comes home first. Were the caller away meanwhile, two that do so to each other would wait
    // for each other: a deputy in a call cannot come home.
    bare(310, "process_vm_readv", HOME_FIRST),
    bare(311, "process_vm_writev", HOME_FIRST),
    // May name the caller itself, whose pages are here.
    bare(440, "process_madvise", HOME_FIRST),
    home(448, "process_mrelease", &[]),
    bare(323, "userfaultfd", HOME_FIRST),
    // Home keeps the registrations. There are no threads on the guest's node to make a barrier for.
    home(324, "membarrier", &[]),
    // Protection keys live in a register and in the page tables.
    bare(329, "pkey_mprotect", HOME_FIRST),
    bare(330, "pkey_alloc", HOME_FIRST),
    bare(331, "pkey_free", HOME_FIRST),
    bare(453, "map_shadow_stack", HOME_FIRST),
    bare(462, "mseal", HOME_FIRST),
];
