//! The memory of the process, kept small: a run may stand beside others on a small machine, and goes on for long.

/// How many arenas the allocator may have. It takes up to eight a core, and each keeps what its threads have freed; a
/// thread of a connection allocates for milliseconds only, so they seldom wait for each other.
#[cfg(target_env = "gnu")]
const ARENAS: libc::c_int = 4;

/// As many connections at most share the arena of the main thread: it grows by many pages at a time, the others by one.
#[cfg(target_env = "gnu")]
const FEW: usize = 10;

/// Bounds what the allocator keeps for itself, for a run with so many hosts. Before threads start.
#[cfg_attr(not(target_env = "gnu"), expect(unused_variables, reason = "there is nothing to bound"))]
pub fn bound_memory(hosts: usize) {
    #[cfg(target_env = "gnu")]
    #[expect(unsafe_code, reason = "the allocator is told by a C function; it takes plain numbers")]
    // SAFETY: no other thread runs yet, and an answer of 0 means that nothing has changed.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, if hosts <= FEW { 1 } else { ARENAS });
    }
}

/// Gives back what the reading of playbooks and inventories has freed.
pub fn forget_start() {
    #[cfg(target_env = "gnu")]
    #[expect(unsafe_code, reason = "the allocator is told by a C function; it takes a plain number")]
    // SAFETY: it only gives free pages back.
    unsafe {
        libc::malloc_trim(0);
    }
}
