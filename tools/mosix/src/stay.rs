// SPDX-License-Identifier: GPL-2.0-only
//! Stay reasons: the names in `/proc/PID/cantmove` and what they mean.

/// What a stay reason means, or `None` if this version does not know it.
pub fn meaning(reason: &str) -> Option<&'static str> {
    Some(match reason {
        "aio" => "has asynchronous I/O under way",
        "amx" => "has asked for tiles (AMX)",
        "clone_vm" => "shares its memory with another process (threads, vfork)",
        "compat" => "is a 32-bit program",
        "debug" => "uses hardware breakpoints, system-call dispatch or longer time slices",
        "direct_io" => "has access to I/O ports",
        "guard" => "has guard regions in its memory",
        "guest" => "is a guest: it is steered at its home",
        "hugetlb" => "uses pages of hugetlbfs",
        "init" => "is init",
        "io_uring" => "uses io_uring",
        "lam" => "uses tagged addresses (LAM)",
        "ldt" => "has its own segment descriptors",
        "mlock" => "has locked memory",
        "mmap_dev" => "maps a device",
        "monkey" => "maps a file that others write, too",
        "mseal" => "has sealed its memory",
        "perf" => "is counted by perf",
        "pinned" => "has memory that a driver keeps hold of",
        "pkey" => "has memory with a protection key",
        "ptrace" => "is being traced",
        "rt_sched" => "has a real-time scheduling policy",
        "seccomp" => "is under a seccomp filter",
        "shm" => "shares memory that others map, too",
        "shstk" => "has a shadow stack",
        "system" => "is a thread of the kernel",
        "time_ns" => "lives in a time namespace",
        "userfaultfd" => "handles its own page faults",
        _ => return None,
    })
}

/// Stay reasons as a sentence about "it", each with its name.
pub fn sentence<'a>(reasons: impl IntoIterator<Item = &'a str>) -> String {
    let one = |name| match meaning(name) {
        Some(meaning) => format!("{meaning} ({name})"),
        None => format!("has the reason {name}"),
    };
    let all: Vec<_> = reasons.into_iter().map(one).collect();
    format!("it {}", all.join(" and "))
}

#[cfg(test)]
mod tests {
    use super::{meaning, sentence};

    #[test]
    fn known_and_unknown() {
        assert_eq!(meaning("mlock"), Some("has locked memory"));
        assert_eq!(meaning("Mlock"), None);
        let text = sentence(["mlock", "new"]);
        assert_eq!(text, "it has locked memory (mlock) and has the reason new");
    }

    #[test]
    fn every_reason_of_the_kernel_is_known() {
        let kernel = include_str!("../../../openmosix/task/stay.rs");
        let names: Vec<&str> = kernel
            .lines()
            .filter(|line| line.trim_start().starts_with("(bindings::OPENMOSIX_STAY_"))
            .filter_map(|line| line.split('"').nth(1))
            .collect();
        assert!(names.len() > 20, "{names:?}");
        for name in names {
            assert!(meaning(name).is_some(), "{name}");
        }
    }
}
