// SPDX-License-Identifier: GPL-2.0-only
//! Stay reasons: the names in `/proc/PID/cantmove` and what they mean.

/// What a stay reason means, or `None` if this version does not know it.
pub fn meaning(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "aio" => "has asynchronous I/O under way",
        "clone_vm" => "shares its memory with another process (threads, vfork)",
        "compat" => "is a 32-bit program",
        "direct_io" => "has access to I/O ports",
        "hugetlb" => "uses pages of hugetlbfs",
        "init" => "is init",
        "io_uring" => "uses io_uring",
        "ldt" => "has its own segment descriptors",
        "mlock" => "has locked memory",
        "mmap_dev" => "maps a device",
        "monkey" => "maps a file that others write, too",
        "ptrace" => "is being traced",
        "rt_sched" => "has a real-time scheduling policy",
        "seccomp" => "is under a seccomp filter",
        "shm" => "shares memory that others map, too",
        "system" => "is a thread of the kernel",
        "user_lock" => "was locked by its user",
        "userfaultfd" => "handles its own page faults",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::meaning;

    #[test]
    fn known_and_unknown() {
        assert_eq!(meaning("mlock"), Some("has locked memory"));
        assert_eq!(meaning("Mlock"), None);
    }
}
