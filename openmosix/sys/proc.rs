// SPDX-License-Identifier: GPL-2.0-only

//! Files and directories of `/proc`.
//!
//! C header: [`include/linux/proc_fs.h`](srctree/include/linux/proc_fs.h)

use core::{
    marker::PhantomData,
    ptr::NonNull, //
};
use kernel::{
    bindings,
    error::from_result,
    ffi::{
        c_char,
        c_int,
        c_void, //
    },
    prelude::*,
    seq_file::SeqFile,
    str::CString,
    sync::Arc,
    uaccess::UserSlice, //
};

/// A directory. It goes away, with all that is in it, when dropped; drop its files before.
///
/// # Invariants
///
/// The entry is valid, and removed only by `drop()`.
pub(crate) struct Dir(NonNull<bindings::proc_dir_entry>);

// SAFETY: `/proc` has its own locks.
unsafe impl Send for Dir {}
// SAFETY: `/proc` has its own locks.
unsafe impl Sync for Dir {}

impl Dir {
    /// Makes a directory in `parent`, or in `/proc` itself.
    pub(crate) fn new(name: &CStr, parent: Option<&Dir>) -> Result<Self> {
        let parent = parent.map_or(core::ptr::null_mut(), |parent| parent.0.as_ptr());
        // SAFETY: The name is valid, and so is the parent by its invariant.
        let entry = unsafe { bindings::proc_mkdir(name.as_char_ptr(), parent) };
        // INVARIANT: It was just made.
        NonNull::new(entry).map(Self).ok_or(ENOMEM)
    }

    /// Makes a directory whose name is a number.
    pub(crate) fn numbered(number: u32, parent: &Dir) -> Result<Self> {
        Self::new(&CString::try_from_fmt(fmt!("{number}"))?, Some(parent))
    }
}

impl Drop for Dir {
    fn drop(&mut self) {
        // SAFETY: By the type's invariant.
        unsafe { bindings::proc_remove(self.0.as_ptr()) };
    }
}

/// What a file says when it is read, and does when it is written.
pub(crate) trait Content: Send + Sync + 'static {
    /// Permissions.
    const MODE: u16;

    /// The most bytes of one write.
    const WRITE_MAX: usize = 32;

    /// Whether only the administrator may write it, whoever owns the file.
    const ADMIN: bool = true;

    /// Shows it to a reader.
    fn show(&self, to: &SeqFile) -> Result;

    /// Takes what was written, in one piece.
    fn write(&self, text: &[u8]) -> Result {
        let _ = text;
        Err(EINVAL)
    }
}

/// A file. It goes away when dropped, after its last user has left it.
///
/// # Invariants
///
/// The entry is valid, removed only by `drop()`, and its data is `_content`.
pub(crate) struct File<T: Content> {
    entry: NonNull<bindings::proc_dir_entry>,
    _content: Arc<T>,
}

// SAFETY: `/proc` has its own locks.
unsafe impl<T: Content> Send for File<T> {}
// SAFETY: `/proc` has its own locks.
unsafe impl<T: Content> Sync for File<T> {}

impl<T: Content> File<T> {
    /// Makes a file.
    pub(crate) fn new(name: &CStr, parent: &Dir, content: Arc<T>) -> Result<Self> {
        // SAFETY: The name and the parent are valid, the operations live for ever, and the content lives until
        // `drop()` has removed the entry.
        let entry = unsafe {
            bindings::proc_create_data(
                name.as_char_ptr(),
                T::MODE,
                parent.0.as_ptr(),
                &Operations::<T>::TABLE,
                Arc::as_ptr(&content).cast_mut().cast(),
            )
        };
        let entry = NonNull::new(entry).ok_or(ENOMEM)?;
        // INVARIANT: It was just made with this content.
        Ok(Self {
            entry,
            _content: content,
        })
    }
}

impl<T: Content> Drop for File<T> {
    fn drop(&mut self) {
        // SAFETY: By the type's invariant. This waits for calls in progress, and no new ones begin.
        unsafe { bindings::proc_remove(self.entry.as_ptr()) };
    }
}

struct Operations<T>(PhantomData<T>);

impl<T: Content> Operations<T> {
    const TABLE: bindings::proc_ops = bindings::proc_ops {
        proc_open: Some(Self::open),
        proc_read: Some(bindings::seq_read),
        proc_write: Some(Self::write),
        proc_lseek: Some(bindings::seq_lseek),
        proc_release: Some(bindings::single_release),
        ..pin_init::zeroed()
    };

    /// A file is opened.
    ///
    /// # Safety
    ///
    /// Called by `/proc` with a valid inode, whose data is a `T`, and a valid file.
    unsafe extern "C" fn open(inode: *mut bindings::inode, file: *mut bindings::file) -> c_int {
        // SAFETY: Called by `/proc` with a valid inode and file.
        unsafe { bindings::single_open(file, Some(Self::show), bindings::pde_data(inode)) }
    }

    /// A file is read.
    ///
    /// # Safety
    ///
    /// Called by `seq_read()` for a file that [`Self::open`] opened.
    unsafe extern "C" fn show(seq: *mut bindings::seq_file, _: *mut c_void) -> c_int {
        // SAFETY: `single_open()` kept the content as private data; `/proc` keeps the content alive meanwhile.
        let content = unsafe { &*(*seq).private.cast::<T>() };
        // SAFETY: `seq` is valid, and ours alone meanwhile.
        let seq = unsafe { SeqFile::from_raw(seq) };
        from_result(|| content.show(seq).map(|()| 0))
    }

    /// A file is written.
    ///
    /// # Safety
    ///
    /// Called by `/proc` with a valid file, whose inode's data is a `T`.
    unsafe extern "C" fn write(
        file: *mut bindings::file,
        from: *const c_char,
        len: usize,
        _: *mut bindings::loff_t,
    ) -> isize {
        from_result(|| {
            // SAFETY: `file` is valid, and `/proc` keeps the content alive meanwhile.
            let content = unsafe { &*bindings::pde_data((*file).f_inode).cast::<T>() };
            // It counts who has opened it: who writes may have been handed it.
            let by_admin = || {
                let ns = &raw mut bindings::init_user_ns;
                // SAFETY: `file` is valid, and the first user namespace lives for ever.
                unsafe { bindings::file_ns_capable(file, ns, bindings::CAP_SYS_ADMIN as c_int) }
            };
            if T::ADMIN && !by_admin() {
                return Err(EPERM);
            }
            if len > T::WRITE_MAX {
                return Err(E2BIG);
            }
            let mut text = KVVec::new();
            UserSlice::new(UserPtr::from_addr(from as usize), len)
                .read_all(&mut text, GFP_KERNEL)?;
            let result = content.write(&text);
            super::crypto::wipe(&mut text);
            result.map(|()| len as isize)
        })
    }
}
