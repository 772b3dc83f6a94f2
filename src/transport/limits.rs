//! How many files the process may have open: every connection is at least one.

/// Raises the soft limit of open files to the hard one. Fails silently: then the limit stays as it is, and connections
/// beyond it fail with a message of their own.
pub fn raise_open_files() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    #[expect(unsafe_code, reason = "std has no resource limits; both calls get a valid struct that outlives them")]
    // SAFETY: `limit` is a valid, exclusive pointer for the first call and is only read by the second.
    unsafe {
        if libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit) == 0 && limit.rlim_cur < limit.rlim_max {
            limit.rlim_cur = limit.rlim_max;
            libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
        }
    }
}
