// SPDX-License-Identifier: GPL-2.0-only

//! How strong this machine is.

use kernel::{
    bindings,
    page::PAGE_SIZE,
    str::CStrExt as _,
    time::NSEC_PER_MSEC, //
};

/// Processors that are on.
pub(crate) fn cpus() -> u16 {
    // SAFETY: Always safe to call.
    let cpus = unsafe { bindings::num_online_cpus() };
    u16::try_from(cpus).unwrap_or(u16::MAX)
}

/// Tasks of users that run or wait for a processor, guests among them.
pub(crate) fn running() -> u32 {
    // SAFETY: Always safe to call.
    unsafe { bindings::openmosix_running() }
}

/// Bytes of memory.
pub(crate) fn memory() -> u64 {
    let mut info = bindings::sysinfo::default();
    // SAFETY: `info` is valid.
    unsafe { bindings::si_meminfo(&raw mut info) };
    info.totalram as u64 * PAGE_SIZE as u64
}

/// Bytes of memory that programs could still get.
pub(crate) fn free_memory() -> u64 {
    // SAFETY: Always safe to call.
    let pages = unsafe { bindings::si_mem_available() };
    u64::try_from(pages).unwrap_or(0) * PAGE_SIZE as u64
}

/// Per mille of the last ten seconds in which some task waited for memory; 0 if the kernel does not know.
pub(crate) fn memory_pressure() -> u16 {
    // SAFETY: Always safe to call.
    let pressure = unsafe { bindings::openmosix_memory_pressure() };
    u16::try_from(pressure.min(1_000)).unwrap_or(1_000)
}

/// Nanoseconds since boot, by the monotonic clock.
pub(crate) fn now_ns() -> i64 {
    // SAFETY: Always safe to call outside of NMI context.
    unsafe { bindings::ktime_get() }
}

/// Milliseconds since boot, by the monotonic clock: the time that the balancer is told.
pub(crate) fn now_ms() -> u64 {
    u64::try_from(now_ns() / NSEC_PER_MSEC).unwrap_or(0)
}

/// The release of the running kernel, as `uname -r` shows it.
pub(crate) fn linux() -> &'static str {
    // SAFETY: The release is written during boot only.
    let release: &'static [_; 65] =
        unsafe { &*(&raw const bindings::init_uts_ns.name.release).cast() };
    kernel::str::CStr::from_bytes_until_nul(release)
        .ok()
        .and_then(|release| release.to_str().ok())
        .unwrap_or("unknown")
}

/// Which kernel this is: a hash that only an equal build has.
pub(crate) fn build() -> [u8; 32] {
    let mut hash = [0; 32];
    // SAFETY: The banner is a constant string; `hash` is room for a SHA-256.
    unsafe {
        let banner = (&raw const bindings::linux_banner).cast::<kernel::ffi::c_char>();
        let banner = kernel::str::CStr::from_char_ptr(banner).to_bytes();
        bindings::sha256(banner.as_ptr(), banner.len(), hash.as_mut_ptr());
    }
    hash
}
