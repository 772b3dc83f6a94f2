//! The calls to the system that std has no safe form of: `poll`, `eventfd`, options of sockets, signals to a group of
//! processes, a socket that is watched for one kind of news; and what ssh2 does not offer of libssh2: knowing whether a call has taken bytes off the socket, and logging in
//! with signatures that are made here.
//!
//! Everything `unsafe` of the transports stands here.

use std::cell::Cell;
use std::ffi::{CString, c_char, c_int, c_void};
use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;
use std::time::Duration;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

/// Wakes a thread that waits in [`poll`].
#[derive(Debug)]
pub(in crate::transport) struct Waker(File);

impl Waker {
    /// Makes a waker.
    pub(in crate::transport) fn new() -> io::Result<Waker> {
        #[expect(unsafe_code, reason = "std has no eventfd; the call takes no pointers")]
        // SAFETY: the descriptor is checked, new, and owned by nobody else.
        let fd = unsafe {
            let fd = libc::eventfd(0, libc::EFD_CLOEXEC | libc::EFD_NONBLOCK);
            if fd < 0 {
                return Err(io::Error::last_os_error());
            }
            OwnedFd::from_raw_fd(fd)
        };
        Ok(Waker(File::from(fd)))
    }

    /// Wakes the thread, now or at its next wait.
    pub(in crate::transport) fn wake(&self) {
        // The only error is a full counter, and then the thread is being woken already.
        let _ = (&self.0).write(&1u64.to_ne_bytes());
    }

    /// Takes back all wakes so far.
    pub(in crate::transport) fn drain(&self) {
        let _ = (&self.0).read(&mut [0; 8]);
    }

    /// Returns the descriptor to poll for reading.
    pub(in crate::transport) fn fd(&self) -> RawFd {
        self.0.as_raw_fd()
    }
}

/// A descriptor to wait for and what for.
pub(in crate::transport) fn interest(fd: RawFd, events: i16) -> libc::pollfd {
    // A negative descriptor is skipped by the kernel: hang-ups of one nobody waits for must not wake us for ever.
    libc::pollfd { fd: if events == 0 { -1 } else { fd }, events, revents: 0 }
}

/// Waits until one of the descriptors is ready or the time is up. A signal ends the wait early.
pub(in crate::transport) fn poll(fds: &mut [libc::pollfd], timeout: Option<Duration>) -> io::Result<()> {
    // Rounded up, so that a deadline is not met by spinning through its last millisecond.
    let timeout_ms = match timeout {
        None => -1,
        Some(timeout) => i32::try_from(timeout.as_micros().div_ceil(1000)).unwrap_or(i32::MAX),
    };
    #[cfg(test)]
    WAITS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    #[expect(unsafe_code, reason = "std has no poll")]
    // SAFETY: pointer and length are those of one slice that outlives the call.
    let rc = unsafe { libc::poll(fds.as_mut_ptr(), fds.len() as libc::nfds_t, timeout_ms) };
    if rc >= 0 {
        return Ok(());
    }
    match io::Error::last_os_error() {
        error if error.kind() == io::ErrorKind::Interrupted => Ok(()),
        error => Err(error),
    }
}

/// Has the event loop watch a socket for one kind of news.
pub(in crate::transport) fn watched(socket: UnixStream, news: Interest) -> io::Result<AsyncFd<UnixStream>> {
    #[expect(unsafe_code, reason = "tokio trusts no type to keep its descriptor")]
    // SAFETY: a socket of std keeps its descriptor open, and the same one, until it is dropped.
    let watched = unsafe { AsyncFd::register_with_interest(socket, news) };
    Ok(watched?)
}

/// How many waits have begun in this process.
#[cfg(test)]
static WAITS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);

/// Returns how many waits have begun in this process: a thread that spins begins thousands a second.
#[cfg(test)]
pub(in crate::transport) fn waits() -> u64 {
    WAITS.load(std::sync::atomic::Ordering::Relaxed)
}

/// After how many seconds of silence the other side's kernel is asked whether it is there, how long lies between two such
/// questions, and how many have no answer before the connection is given up. Most of the time is for a route that is
/// found again.
const SILENCE: [libc::c_int; 3] = [15, 5, 3];

/// How long what was sent may lie without being acknowledged, in milliseconds: as long as silence may take.
const UNACKNOWLEDGED_MS: libc::c_int = 30_000;

/// Lets the kernel give a TCP connection up when nothing comes back any more, as when the way to the other side is cut:
/// nobody says goodbye then, and who waits for an answer would wait for ever. The server's programs have no part in it,
/// however busy they are. For other sockets, and before the connection stands, there is nothing to do.
pub(in crate::transport) fn notice_silence(fd: RawFd) {
    let [idle, interval, count] = SILENCE;
    let options = [
        (libc::SOL_SOCKET, libc::SO_KEEPALIVE, 1),
        (libc::IPPROTO_TCP, libc::TCP_KEEPIDLE, idle),
        (libc::IPPROTO_TCP, libc::TCP_KEEPINTVL, interval),
        (libc::IPPROTO_TCP, libc::TCP_KEEPCNT, count),
        (libc::IPPROTO_TCP, libc::TCP_USER_TIMEOUT, UNACKNOWLEDGED_MS),
    ];
    for (level, option, value) in options {
        #[expect(unsafe_code, reason = "std has no such options")]
        // SAFETY: the value lives on this stack and its size is passed along. A connection without the option is as good
        // as others until its way is cut, so errors mean nothing.
        unsafe {
            libc::setsockopt(fd, level, option, (&raw const value).cast(), size_of_val(&value) as libc::socklen_t);
        }
    }
}

/// Gives the calling thread another name; the system keeps fifteen bytes of it.
pub(in crate::transport) fn name_thread(name: &str) {
    let mut short = [0; 16];
    let kept = name.len().min(15);
    short[..kept].copy_from_slice(&name.as_bytes()[..kept]);
    #[expect(unsafe_code, reason = "std names threads at their start only")]
    // SAFETY: the name ends with a zero, and the system copies it. Nothing depends on an error.
    unsafe {
        libc::prctl(libc::PR_SET_NAME, short.as_ptr());
    }
}

/// Sends a signal to a group of processes. The caller must not have reaped its leader yet, or the number may be another
/// group's by now.
pub(in crate::transport) fn signal_group(leader: u32, signal: i32) {
    let Some(group) = i32::try_from(leader).ok().filter(|group| *group > 1) else { return };
    #[expect(unsafe_code, reason = "std signals single processes only; the call takes no pointers")]
    // SAFETY: plain numbers; a group that is gone is an error, which means that there is nothing left to end.
    unsafe {
        libc::kill(-group, signal);
    }
}

thread_local! {
    static BYTES_IN: Cell<u64> = const { Cell::new(0) };
}

/// Returns how many bytes libssh2 has taken off the sockets of counted sessions, on this thread.
pub(in crate::transport) fn bytes_in() -> u64 {
    BYTES_IN.get()
}

/// libssh2's `LIBSSH2_CALLBACK_RECV`: what it reads its socket with.
const CALLBACK_RECV: c_int = 6;

#[expect(unsafe_code, reason = "libssh2-sys does not declare these functions of libssh2")]
// SAFETY: the declaration is that of libssh2.h, in all versions since 1.2.
unsafe extern "C" {
    fn libssh2_session_callback_set(
        session: *mut libssh2_sys::LIBSSH2_SESSION,
        kind: c_int,
        callback: *mut c_void,
    ) -> *mut c_void;

    fn libssh2_userauth_publickey(
        session: *mut libssh2_sys::LIBSSH2_SESSION,
        user: *const c_char,
        public: *const u8,
        public_length: libc::size_t,
        sign: SignCallback,
        context: *mut *mut c_void,
    ) -> c_int;
}

/// libssh2's `LIBSSH2_USERAUTH_PUBLICKEY_SIGN_FUNC`.
type SignCallback = unsafe extern "C" fn(
    *mut libssh2_sys::LIBSSH2_SESSION,
    *mut *mut u8,
    *mut libc::size_t,
    *const u8,
    libc::size_t,
    *mut *mut c_void,
) -> c_int;

/// Makes [`bytes_in`] count what a session reads.
pub(in crate::transport) fn count_bytes_in(session: &ssh2::Session) {
    let mut raw = session.raw();
    #[expect(unsafe_code, reason = "see the declaration")]
    // SAFETY: the session lives and is locked; `receive` has the type that libssh2 expects for this kind of callback.
    unsafe {
        libssh2_session_callback_set(&raw mut *raw, CALLBACK_RECV, receive as *mut c_void);
    }
}

/// What makes the signature of a login, of the bytes that are to be signed.
pub(in crate::transport) type Sign<'a> = &'a dyn Fn(&[u8]) -> Vec<u8>;

/// Logs in with a key whose public part is given as SSH has it on the wire. As other calls of a session that does not
/// block, it is to be made again when it would block.
pub(in crate::transport) fn log_in_signed(
    session: &ssh2::Session,
    user: &str,
    public: &[u8],
    sign: Sign<'_>,
) -> Result<(), ssh2::Error> {
    let Ok(user) = CString::new(user) else { return Err(ssh2::Error::unknown()) };
    let mut sign = sign;
    let mut context: *mut c_void = (&raw mut sign).cast();
    let code = {
        let mut raw = session.raw();
        #[expect(unsafe_code, reason = "see the declaration")]
        // SAFETY: the session lives and is locked; what is pointed to lives until the call is over, and libssh2 keeps none of
        // it; `signature` finds in the context what is put there.
        unsafe {
            libssh2_userauth_publickey(
                &raw mut *raw,
                user.as_ptr(),
                public.as_ptr(),
                public.len(),
                signature,
                &raw mut context,
            )
        }
    };
    match code {
        0 => Ok(()),
        code => Err(ssh2::Error::from_session_error(session, code)),
    }
}

/// Makes the signature that libssh2 asks for.
#[expect(unsafe_code, reason = "libssh2 calls it")]
unsafe extern "C" fn signature(
    _: *mut libssh2_sys::LIBSSH2_SESSION,
    signature: *mut *mut u8,
    length: *mut libc::size_t,
    data: *const u8,
    data_length: libc::size_t,
    context: *mut *mut c_void,
) -> c_int {
    // SAFETY: libssh2 passes bytes of its own, the context that `log_in_signed` gave, and places for the result; sessions of
    // ssh2 take their memory from `malloc`, and so does what libssh2 is to free here.
    unsafe {
        let sign = *(*context).cast::<Sign<'_>>();
        let made = sign(std::slice::from_raw_parts(data, data_length));
        let memory = libc::malloc(made.len().max(1)).cast::<u8>();
        if memory.is_null() {
            return libssh2_sys::LIBSSH2_ERROR_ALLOC;
        }
        std::ptr::copy_nonoverlapping(made.as_ptr(), memory, made.len());
        *signature = memory;
        *length = made.len();
    }
    0
}

/// Reads a socket as libssh2 would: the result is a count, or an error's negated number.
#[expect(unsafe_code, reason = "libssh2 calls it")]
unsafe extern "C" fn receive(
    socket: c_int,
    buffer: *mut c_void,
    length: libc::size_t,
    flags: c_int,
    _: *mut *mut c_void,
) -> libc::ssize_t {
    // SAFETY: libssh2 passes a buffer of its own and its length.
    let taken = unsafe { libc::recv(socket, buffer, length, flags) };
    match u64::try_from(taken) {
        Ok(bytes) => {
            BYTES_IN.set(BYTES_IN.get() + bytes);
            taken
        }
        Err(_) => match io::Error::last_os_error().raw_os_error() {
            // What libssh2 knows as "would block" is this one alone.
            Some(libc::EINTR) | None => -libc::EAGAIN as libc::ssize_t,
            Some(error) => -error as libc::ssize_t,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wake_ends_the_wait_and_is_taken_back() {
        let waker = Waker::new().unwrap();
        waker.wake();
        waker.wake();
        let mut fds = [interest(waker.fd(), libc::POLLIN)];
        poll(&mut fds, None).unwrap();
        assert_ne!(fds[0].revents & libc::POLLIN, 0);
        waker.drain();
        let mut fds = [interest(waker.fd(), libc::POLLIN)];
        poll(&mut fds, Some(Duration::ZERO)).unwrap();
        assert_eq!(fds[0].revents, 0);
    }
}
