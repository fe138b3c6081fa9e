// SPDX-License-Identifier: GPL-2.0-only

//! The structures of C that Rust reaches into are laid out as in C, or this does not build.
//!
//! bindgen loses some members of unions, so that in some configurations the fields behind are elsewhere.

use core::mem::offset_of;
use kernel::bindings::*;

/// Compares where Rust has a field with where C has it.
macro_rules! same {
    ( $( $type:ident . $($field:ident).+ = $at:ident; )* ) => {
        $( const _: () = assert!(offset_of!($type, $($field).+) == $at as usize); )*
    };
}

same! {
    task_struct.openmosix = openmosix_at_OPENMOSIX_AT_TASK_OPENMOSIX;
    task_struct.openmosix_kick = openmosix_at_OPENMOSIX_AT_TASK_KICK;
    task_struct.flags = openmosix_at_OPENMOSIX_AT_TASK_FLAGS;
    task_struct.ptrace = openmosix_at_OPENMOSIX_AT_TASK_PTRACE;
    task_struct.mm = openmosix_at_OPENMOSIX_AT_TASK_MM;
    task_struct.comm = openmosix_at_OPENMOSIX_AT_TASK_COMM;
    task_struct.signal = openmosix_at_OPENMOSIX_AT_TASK_SIGNAL;
    task_struct.personality = openmosix_at_OPENMOSIX_AT_TASK_PERSONALITY;
    task_struct.self_exec_id = openmosix_at_OPENMOSIX_AT_TASK_EXEC_ID;
    task_struct.thread_info.syscall_work = openmosix_at_OPENMOSIX_AT_TASK_SYSCALL_WORK;
    signal_struct.rlim = openmosix_at_OPENMOSIX_AT_SIGNAL_RLIM;
    vm_area_struct.vm_mm = openmosix_at_OPENMOSIX_AT_VMA_MM;
    vm_fault.__bindgen_anon_1.vma = openmosix_at_OPENMOSIX_AT_FAULT_VMA;
    vm_fault.__bindgen_anon_1.address = openmosix_at_OPENMOSIX_AT_FAULT_ADDRESS;
    vm_fault.flags = openmosix_at_OPENMOSIX_AT_FAULT_FLAGS;
    socket.sk = openmosix_at_OPENMOSIX_AT_SOCKET_SK;
    file.f_inode = openmosix_at_OPENMOSIX_AT_FILE_INODE;
    seq_file.private = openmosix_at_OPENMOSIX_AT_SEQ_PRIVATE;
}
