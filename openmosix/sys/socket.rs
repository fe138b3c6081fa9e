// SPDX-License-Identifier: GPL-2.0-only

//! TCP sockets of the kernel.
//!
//! All calls here either do not sleep on the peer, or sleep by [`super::wait`]: killably and with a deadline.
//! For this the sockets get call-backs of ours, which wake every kind of sleeper and can kick a task that does
//! something else.
//!
//! C header: [`include/linux/net.h`](srctree/include/linux/net.h)

use core::{
    cell::UnsafeCell,
    ptr::{
        self,
        NonNull, //
    },
};
use kernel::{
    bindings,
    error::to_result,
    ffi::c_int,
    prelude::*,
    sync::aref::ARef,
    task::Task, //
};

use super::wait::{
    wait_on,
    wake_all,
    Deadline,
    Wait, //
};

/// An IPv4 address and a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    /// The address, as a number.
    pub(crate) ip: u32,
    /// The port.
    pub(crate) port: u16,
}

impl Address {
    fn to_raw(self) -> bindings::sockaddr_in {
        bindings::sockaddr_in {
            sin_family: bindings::AF_INET as u16,
            sin_port: self.port.to_be(),
            sin_addr: bindings::in_addr {
                s_addr: self.ip.to_be(),
            },
            ..Default::default()
        }
    }
}

/// Seconds of silence before the peer is probed, and between probes.
const KEEPALIVE: (c_int, c_int) = (2, 1);

/// Unanswered probes before the peer counts as lost.
const PROBES: c_int = 8;

/// Milliseconds that sent data may stay unacknowledged before the peer counts as lost.
const USER_TIMEOUT: c_int = 10_000;

/// Milliseconds to wait when memory for sending is short.
const SHORT_OF_MEMORY: u32 = 10;

/// The task to kick. Protected by the socket's `sk_callback_lock`.
#[derive(Default)]
struct Watch(UnsafeCell<Option<ARef<Task>>>);

/// Owns a socket, and nothing more.
///
/// # Invariants
///
/// The socket is valid, has a `struct sock`, and is released when this is dropped.
struct Raw(NonNull<bindings::socket>);

impl Raw {
    fn create() -> Result<Self> {
        let mut socket = ptr::null_mut();
        // SAFETY: `init_net` lives for ever, and `socket` is valid.
        to_result(unsafe {
            bindings::sock_create_kern(
                &raw mut bindings::init_net,
                bindings::AF_INET as c_int,
                bindings::sock_type_SOCK_STREAM as c_int,
                bindings::IPPROTO_TCP as c_int,
                &raw mut socket,
            )
        })?;
        // INVARIANT: It was just made, and it is ours.
        NonNull::new(socket).map(Self).ok_or(ENOMEM)
    }

    fn as_ptr(&self) -> *mut bindings::socket {
        self.0.as_ptr()
    }

    fn sk(&self) -> *mut bindings::sock {
        // SAFETY: By the type's invariant.
        unsafe { (*self.as_ptr()).sk }
    }

    fn state(&self) -> u32 {
        // SAFETY: The socket is valid.
        unsafe { bindings::openmosix_sk_state(self.sk()) as u32 }
    }

    fn shutdown(&self) {
        // A socket that is not connected has nothing to shut down.
        // SAFETY: By the type's invariant.
        let _ = unsafe {
            bindings::kernel_sock_shutdown(self.as_ptr(), bindings::sock_shutdown_cmd_SHUT_RDWR)
        };
    }
}

impl Drop for Raw {
    fn drop(&mut self) {
        // SAFETY: By the type's invariant.
        unsafe { bindings::sock_release(self.as_ptr()) };
    }
}

/// A socket that waits for connections.
pub(crate) struct Listener(Raw);

// SAFETY: Sockets have their own locks.
unsafe impl Send for Listener {}
// SAFETY: Sockets have their own locks.
unsafe impl Sync for Listener {}

impl Listener {
    /// Listens on all addresses of this machine.
    pub(crate) fn new(port: u16, backlog: u32) -> Result<Self> {
        let socket = Raw::create()?;
        let mut address = Address { ip: 0, port }.to_raw();
        // SAFETY: The socket is valid, and `address` is for its size.
        unsafe {
            bindings::sock_set_reuseaddr(socket.sk());
            to_result(bindings::kernel_bind(
                socket.as_ptr(),
                (&raw mut address).cast(),
                size_of_val(&address) as c_int,
            ))?;
            to_result(bindings::kernel_listen(socket.as_ptr(), backlog as c_int))?;
        }
        Ok(Self(socket))
    }

    /// Waits for the next connection, until [`Listener::close`].
    pub(crate) fn accept(&self) -> Result<Socket> {
        let mut socket = ptr::null_mut();
        // SAFETY: The listener is valid, and so is `socket`.
        to_result(unsafe { bindings::kernel_accept(self.0.as_ptr(), &raw mut socket, 0) })?;
        // INVARIANT: It was just made, and it is ours.
        let socket = NonNull::new(socket).map(Raw).ok_or(ENOTCONN)?;
        Socket::new(socket)
    }

    /// Whether [`Listener::close`] was not called yet.
    pub(crate) fn is_open(&self) -> bool {
        self.0.state() == bindings::TCP_LISTEN
    }

    /// Takes no more connections: `accept()` fails from now on.
    pub(crate) fn close(&self) {
        self.0.shutdown();
    }
}

/// A socket that is, was, or will be connected.
///
/// # Invariants
///
/// `sk_user_data` points to `watch` while the socket exists; the call-backs are ours.
pub(crate) struct Socket {
    raw: Raw,
    watch: KBox<Watch>,
}

// SAFETY: Sockets have their own locks, and `watch` is protected by one of them.
unsafe impl Send for Socket {}
// SAFETY: Sockets have their own locks, and `watch` is protected by one of them.
unsafe impl Sync for Socket {}

impl Socket {
    fn new(raw: Raw) -> Result<Self> {
        let watch = KBox::new(Watch::default(), GFP_KERNEL)?;
        let sk = raw.sk();
        // SAFETY: The socket is valid. INVARIANT: The call-backs and their data are set here.
        unsafe {
            bindings::tcp_sock_set_nodelay(sk);
            // These only fail for values out of range.
            let _ = bindings::tcp_sock_set_keepidle(sk, KEEPALIVE.0);
            let _ = bindings::tcp_sock_set_keepintvl(sk, KEEPALIVE.1);
            let _ = bindings::tcp_sock_set_keepcnt(sk, PROBES);
            let _ = bindings::tcp_sock_set_user_timeout(sk, USER_TIMEOUT);
            bindings::sock_set_keepalive(sk);
            bindings::openmosix_sk_watch(
                sk,
                ptr::from_ref(&*watch).cast_mut().cast(),
                Some(on_data),
                Some(on_space),
            );
        }
        Ok(Self { raw, watch })
    }

    /// Connects to `to`.
    pub(crate) fn connect(to: Address, wait: Wait, deadline: Deadline) -> Result<Self> {
        let socket = Self::new(Raw::create()?)?;
        let mut address = to.to_raw();
        // SAFETY: The socket is valid, and `address` is for its size.
        let started = to_result(unsafe {
            bindings::kernel_connect(
                socket.raw.as_ptr(),
                (&raw mut address).cast(),
                size_of_val(&address) as c_int,
                bindings::O_NONBLOCK as c_int,
            )
        });
        match started {
            Err(error) if error == EINPROGRESS => (),
            started => return started.map(|()| socket),
        }
        socket.wait(wait, deadline, || {
            socket.raw.state() != bindings::TCP_SYN_SENT
                && socket.raw.state() != bindings::TCP_SYN_RECV
        })?;
        if socket.is_connected() {
            return Ok(socket);
        }
        // SAFETY: The socket is valid.
        let error = unsafe { bindings::openmosix_sk_error(socket.raw.sk()) };
        to_result(-error)?;
        Err(ECONNREFUSED)
    }

    /// Whether both directions work, as far as is known.
    pub(crate) fn is_connected(&self) -> bool {
        // SAFETY: The socket is valid.
        unsafe { bindings::openmosix_sk_connected(self.raw.sk()) }
    }

    /// Whether there is something to read. A connection that ended has something too: its end.
    pub(crate) fn is_readable(&self) -> bool {
        // SAFETY: The socket is valid.
        let data = unsafe { bindings::openmosix_sk_has_data(self.raw.sk()) };
        data || !self.is_connected()
    }

    /// The other end.
    pub(crate) fn peer(&self) -> Result<Address> {
        self.end(bindings::kernel_getpeername)
    }

    /// This end.
    pub(crate) fn local(&self) -> Result<Address> {
        self.end(bindings::kernel_getsockname)
    }

    fn end(
        &self,
        get: unsafe extern "C" fn(*mut bindings::socket, *mut bindings::sockaddr) -> c_int,
    ) -> Result<Address> {
        let mut storage = bindings::__kernel_sockaddr_storage::default();
        let raw = (&raw mut storage).cast::<bindings::sockaddr_in>();
        // SAFETY: The socket is valid, and there is room for any address.
        let len = unsafe { get(self.raw.as_ptr(), raw.cast()) };
        if len < 0 {
            return Err(Error::from_errno(len));
        }
        // SAFETY: An IPv4 socket writes an IPv4 address.
        let raw = unsafe { raw.read() };
        Ok(Address {
            ip: u32::from_be(raw.sin_addr.s_addr),
            port: u16::from_be(raw.sin_port),
        })
    }

    /// Has `task` [kicked](super::task::kick) whenever something arrives or the connection ends; `None` kicks nobody.
    pub(crate) fn notify(&self, task: Option<ARef<Task>>) {
        let sk = self.raw.sk();
        // SAFETY: The socket is valid, and its lock protects the watch.
        let old = unsafe {
            bindings::openmosix_sk_write_lock(sk, false);
            let old = self.watch.0.get().replace(task);
            bindings::openmosix_sk_write_unlock(sk);
            old
        };
        drop(old);
    }

    fn wait(&self, wait: Wait, deadline: Deadline, done: impl FnMut() -> bool) -> Result {
        // SAFETY: The socket is valid, and has its wait queue as long as it is not released.
        unsafe { wait_on(bindings::sk_sleep(self.raw.sk()), wait, deadline, done) }
    }

    /// Sends all of `parts`, one after the other.
    ///
    /// After `EINTR` and `ENOMEM` nothing was sent. After another error nobody knows how much was, and the connection
    /// is of no more use.
    pub(crate) fn send(&self, parts: &[&[u8]], wait: Wait, deadline: Deadline) -> Result {
        /// Parts that need no memory of their own.
        const FEW: usize = 8;

        let mut few = [bindings::kvec::default(); FEW];
        let mut many = KVec::new();
        let vectors = match few.get_mut(..parts.len()) {
            Some(few) => few,
            None => {
                many.resize(parts.len(), bindings::kvec::default(), GFP_KERNEL)?;
                &mut many[..]
            }
        };
        let mut len = 0;
        for (vector, part) in vectors.iter_mut().zip(parts) {
            vector.iov_base = part.as_ptr().cast_mut().cast();
            vector.iov_len = part.len();
            len += part.len();
        }

        let total = len;
        let mut message = bindings::msghdr {
            msg_flags: bindings::MSG_DONTWAIT | bindings::MSG_NOSIGNAL,
            ..Default::default()
        };
        // SAFETY: The vectors are valid, and so is what they point to, for the whole function.
        unsafe {
            bindings::iov_iter_kvec(
                &raw mut message.msg_iter,
                bindings::WRITE,
                vectors.as_ptr(),
                vectors.len(),
                len,
            )
        };
        while len > 0 {
            // SAFETY: The socket and the message are valid; the iterator advances over what was sent.
            let sent = unsafe { bindings::sock_sendmsg(self.raw.as_ptr(), &raw mut message) };
            match usize::try_from(sent).map_err(|_| Error::from_errno(sent)) {
                Ok(sent) => len = len.saturating_sub(sent),
                Err(error) if error == EAGAIN || error == ENOMEM => {
                    match self.wait_space(wait, deadline) {
                        Err(error) if error == EINTR && len < total => return Err(ECONNABORTED),
                        waited => waited?,
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn wait_space(&self, wait: Wait, deadline: Deadline) -> Result {
        // SAFETY: The socket is valid.
        let writeable = || unsafe { bindings::sk_stream_is_writeable(self.raw.sk()) };
        if !writeable() {
            return self.wait(wait, deadline, || writeable() || !self.is_connected());
        }
        // There is room, so it was memory that lacked.
        let soon = Deadline::ms(SHORT_OF_MEMORY);
        match self.wait(wait, soon.min(deadline), || !self.is_connected()) {
            Err(error) if error == ETIMEDOUT && !deadline.is_over() => Ok(()),
            result => result,
        }
    }

    /// Waits for something to read.
    pub(crate) fn wait_readable(&self, wait: Wait, deadline: Deadline) -> Result {
        self.wait(wait, deadline, || self.is_readable())
    }

    /// Waits for something to read, or until `done`, which must not sleep.
    pub(crate) fn wait_readable_or(
        &self,
        wait: Wait,
        deadline: Deadline,
        mut done: impl FnMut() -> bool,
    ) -> Result {
        self.wait(wait, deadline, || self.is_readable() || done())
    }

    /// Reads what is there, at most `to` full; never waits.
    ///
    /// # Errors
    ///
    /// `EAGAIN` when nothing is there, `ECONNRESET` when nothing will ever come.
    ///
    /// # Safety
    ///
    /// `to` must be valid for writing `len` bytes.
    unsafe fn recv_raw(&self, to: *mut u8, len: usize) -> Result<usize> {
        let mut vector = bindings::kvec {
            iov_base: to.cast(),
            iov_len: len,
        };
        let mut message = bindings::msghdr::default();
        // SAFETY: The socket is valid, and the vector is by this function's contract.
        let got = unsafe {
            bindings::kernel_recvmsg(
                self.raw.as_ptr(),
                &raw mut message,
                &raw mut vector,
                1,
                len,
                (bindings::MSG_DONTWAIT | bindings::MSG_NOSIGNAL) as c_int,
            )
        };
        match usize::try_from(got) {
            Ok(0) => Err(ECONNRESET),
            Ok(got) => Ok(got),
            Err(_) => Err(Error::from_errno(got)),
        }
    }

    /// Reads what is there, at most `to` full; never waits. Errors are `EAGAIN` when nothing is there, and
    /// `ECONNRESET` when nothing will ever come.
    pub(crate) fn recv(&self, to: &mut [u8]) -> Result<usize> {
        // SAFETY: `to` is valid for its length.
        unsafe { self.recv_raw(to.as_mut_ptr(), to.len()) }
    }

    /// Reads until `to` is full.
    pub(crate) fn recv_exact(&self, to: &mut [u8], wait: Wait, deadline: Deadline) -> Result {
        let mut got = 0;
        while let Some(rest) = to.get_mut(got..).filter(|rest| !rest.is_empty()) {
            match self.recv(rest) {
                Ok(more) => got += more,
                Err(error) if error == EAGAIN => self.wait_readable(wait, deadline)?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Reads `len` bytes and appends them to `to`.
    pub(crate) fn recv_append(
        &self,
        to: &mut KVVec<u8>,
        len: usize,
        wait: Wait,
        deadline: Deadline,
    ) -> Result {
        to.reserve(len, GFP_KERNEL)?;
        let mut left = len;
        while left > 0 {
            let spare = to.spare_capacity_mut();
            let room = spare.len().min(left);
            // SAFETY: `spare` is valid for `room` bytes.
            match unsafe { self.recv_raw(spare.as_mut_ptr().cast(), room) } {
                Ok(more) => {
                    // SAFETY: That much of the spare capacity was written.
                    unsafe { to.inc_len(more) };
                    left -= more;
                }
                Err(error) if error == EAGAIN => self.wait_readable(wait, deadline)?,
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Ends the connection in both directions. Whoever sleeps on it wakes up and fails.
    pub(crate) fn shutdown(&self) {
        self.raw.shutdown();
        // SAFETY: The socket is valid.
        unsafe { wake_all(bindings::sk_sleep(self.raw.sk())) };
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let sk = self.raw.sk();
        // SAFETY: The socket is valid. Call-backs look at their data under this lock, and so never again.
        unsafe {
            bindings::openmosix_sk_write_lock(sk, true);
            bindings::openmosix_sk_write_unlock(sk);
        }
        self.raw.shutdown();
    }
}

/// Something arrived, or the state of the connection changed.
///
/// # Safety
///
/// `sk` must be valid. Called by TCP, in process or softirq context.
unsafe extern "C" fn on_data(sk: *mut bindings::sock) {
    // SAFETY: The socket is valid; under this lock it keeps its wait queue, and `sk_user_data` is null or a
    // valid watch, by the invariant of `Socket`.
    unsafe {
        if let Some(watch) = bindings::openmosix_sk_read_lock(sk)
            .cast::<Watch>()
            .as_ref()
        {
            wake_all(bindings::sk_sleep(sk));
            if let Some(task) = &*watch.0.get() {
                bindings::openmosix_kick(task.as_ptr());
            }
        }
        bindings::openmosix_sk_read_unlock(sk);
    }
}

/// There is room to send again.
///
/// # Safety
///
/// As for [`on_data`].
unsafe extern "C" fn on_space(sk: *mut bindings::sock) {
    // SAFETY: As in `on_data()`.
    unsafe {
        bindings::sk_stream_write_space(sk);
        if !bindings::openmosix_sk_read_lock(sk).is_null() {
            wake_all(bindings::sk_sleep(sk));
        }
        bindings::openmosix_sk_read_unlock(sk);
    }
}
