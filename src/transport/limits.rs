//! How many connections the process may have open: each takes some open files and a thread.

use super::threads::Threads;

/// What a connection takes at most: a socket, what wakes its thread, and the two ends of a pipe to a shell or through a
/// jump host.
const FILES_PER_CONNECTION: u64 = 4;

/// What the process needs for itself: its files, HTTP connections, programs that it runs.
const OTHER_FILES: u64 = 64;

/// Raises the soft limit of open files to the hard one. Fails silently: then the limit stays as it is, and connections
/// wait for each other a little more.
pub fn raise_open_files() {
    let Some(limit) = open_files() else { return };
    if limit.rlim_cur < limit.rlim_max {
        let limit = libc::rlimit { rlim_cur: limit.rlim_max, ..limit };
        #[expect(unsafe_code, reason = "std has no resource limits; the struct outlives the call")]
        // SAFETY: `limit` is only read.
        unsafe {
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    }
}

/// Returns how many connections may be open at once, by the limits of open files and of threads.
pub fn most_connections() -> usize {
    let files = open_files().map_or(1024, |limit| limit.rlim_cur);
    usize::try_from(connections_of(files)).unwrap_or(usize::MAX).min(Threads::share().connections)
}

/// Returns how many helpers the event loop may have, for what blocks for a short time.
pub fn most_helpers() -> usize {
    Threads::share().helpers
}

fn connections_of(files: u64) -> u64 {
    // Of a narrow limit, connections get the larger part.
    let others = OTHER_FILES.min(files / 3);
    ((files - others) / FILES_PER_CONNECTION).max(1)
}

fn open_files() -> Option<libc::rlimit> {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    #[expect(unsafe_code, reason = "std has no resource limits; the struct outlives the call")]
    // SAFETY: `limit` is a valid, exclusive pointer.
    let done = unsafe { libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) };
    (done == 0).then_some(limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_leave_room_for_other_files() {
        for (files, connections) in [(0, 1), (8, 1), (60, 10), (1024, 240), (u64::MAX, u64::MAX / 4 - 16)] {
            assert_eq!(connections_of(files), connections, "{files}");
        }
    }
}
