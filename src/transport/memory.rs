//! The memory of the process, kept small: a run may stand beside others on a small machine, and goes on for long.

/// How many arenas the allocator may have. It takes up to eight a core, and each keeps what its threads have freed; a
/// thread of a connection allocates for milliseconds only, so they seldom wait for each other.
#[cfg(target_env = "gnu")]
const ARENAS: libc::c_int = 4;

/// Bounds what the allocator keeps for itself. Before threads start.
pub fn bound_memory() {
    #[cfg(target_env = "gnu")]
    #[expect(unsafe_code, reason = "the allocator is told by a C function; it takes plain numbers")]
    // SAFETY: no other thread runs yet, and an answer of 0 means that nothing has changed.
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, ARENAS);
    }
}

/// Gives back what only the start needed: what the reading of playbooks has freed, and the pages of the program's own code,
/// most of which is not run again. Those that are needed come back from the system's cache when they are.
pub fn forget_start() {
    #[cfg(target_env = "gnu")]
    #[expect(unsafe_code, reason = "the allocator is told by a C function; it takes a plain number")]
    // SAFETY: it only gives free pages back.
    unsafe {
        libc::malloc_trim(0);
    }
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap_or_default();
    let program = std::fs::read_link("/proc/self/exe").unwrap_or_default();
    for (start, end) in code(&maps, &program.to_string_lossy()) {
        #[expect(unsafe_code, reason = "std cannot give pages back")]
        // SAFETY: the range is one of code that is mapped from a file and not writable, so that all of its pages are as
        // in the file, and are read from it again.
        unsafe {
            libc::madvise(std::ptr::without_provenance_mut(start), end - start, libc::MADV_DONTNEED);
        }
    }
}

/// Returns where the code of a program lies, by what the system says of its memory. What is written to at the start (the
/// tables of addresses) is no part of it.
fn code(maps: &str, program: &str) -> Vec<(usize, usize)> {
    let range = |line: &str| {
        // Range, rights, offset, device, inode, path.
        let mut fields = line.splitn(6, ' ');
        let (range, rights) = (fields.next()?, fields.next()?);
        let path = fields.nth(3)?.trim();
        let (start, end) = range.split_once('-')?;
        let (start, end) = (usize::from_str_radix(start, 16).ok()?, usize::from_str_radix(end, 16).ok()?);
        (rights == "r-xp" && !path.is_empty() && path == program && start < end).then_some((start, end))
    };
    maps.lines().filter_map(range).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_code_of_the_program_is_given_back() {
        let maps = "55d000000000-55d000001000 r--p 00000000 fe:00 12                         /usr/bin/netplay\n\
                    55d000001000-55d000003000 r-xp 00001000 fe:00 12                         /usr/bin/netplay\n\
                    55d000003000-55d000004000 r--p 00003000 fe:00 12                         /usr/bin/netplay\n\
                    55d000004000-55d000005000 rw-p 00004000 fe:00 12                         /usr/bin/netplay\n\
                    7f0000000000-7f0000001000 r-xp 00000000 fe:00 13                         /lib/libc.so.6\n\
                    7f0000001000-7f0000002000 r-xp 00000000 00:00 0 \n\
                    7f0000002000-7f0000003000 r-xp 00000000 00:00 0                          [vdso]\n\
                    nonsense\n";
        assert_eq!(code(maps, "/usr/bin/netplay"), [(0x55d0_0000_1000, 0x55d0_0000_3000)]);
        assert!(code(maps, "").is_empty());
    }

    #[test]
    fn the_program_goes_on_without_its_start() {
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let program = std::fs::read_link("/proc/self/exe").unwrap();
        assert!(!code(&maps, &program.to_string_lossy()).is_empty(), "{maps}");
        let before = format!("{:?}", std::time::Duration::from_millis(1500));
        forget_start();
        assert_eq!(format!("{:?}", std::time::Duration::from_millis(1500)), before);
    }
}
