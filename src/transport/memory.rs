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

/// Gives back what starting took and a run with so many hosts has no use for: what the reading of playbooks and
/// inventories has freed, and the pages of the program and its libraries. Those that are needed again come back from the
/// system's cache of the files; that takes time, so few hosts keep them.
#[cfg_attr(not(target_env = "gnu"), expect(unused_variables, reason = "there is nothing to give back"))]
pub fn forget_start(hosts: usize) {
    #[cfg(target_env = "gnu")]
    if hosts > FEW {
        #[expect(unsafe_code, reason = "these are C functions")]
        // SAFETY: the first only gives free pages back. The second calls ours with a description of each loaded file that
        // lives as long as the call.
        unsafe {
            libc::malloc_trim(0);
            libc::dl_iterate_phdr(Some(forget_pages), std::ptr::null_mut());
        }
    }
}

/// Gives back the pages of a loaded file as far as nothing was ever written to them.
#[cfg(target_env = "gnu")]
#[expect(unsafe_code, reason = "the C library calls it")]
unsafe extern "C" fn forget_pages(
    file: *mut libc::dl_phdr_info,
    _size: libc::size_t,
    _given: *mut libc::c_void,
) -> libc::c_int {
    const GO_ON: libc::c_int = 0;
    // SAFETY: the C library describes the segments of a file that stays loaded. Those that nobody may write to hold what
    // the file holds, so that the system reads them from there again; whole pages of them only.
    unsafe {
        let Some(file) = file.as_ref() else { return GO_ON };
        let page = usize::try_from(libc::sysconf(libc::_SC_PAGESIZE)).unwrap_or(4096);
        for number in 0..usize::from(file.dlpi_phnum) {
            let segment = &*file.dlpi_phdr.add(number);
            if segment.p_type != libc::PT_LOAD || segment.p_flags & libc::PF_W != 0 {
                continue;
            }
            let begin = (file.dlpi_addr + segment.p_vaddr) as usize;
            let end = begin + segment.p_memsz as usize;
            let (begin, end) = (begin.next_multiple_of(page), end / page * page);
            if begin < end {
                libc::madvise(begin as *mut libc::c_void, end - begin, libc::MADV_DONTNEED);
            }
        }
    }
    GO_ON
}
