//! How many threads the process may still start: every SSH connection has one. Containers bound them (`pids.max`).

use std::fs;
use std::path::{Path, PathBuf};

/// Where the system shows its control groups.
const CONTROL_GROUPS: &str = "/sys/fs/cgroup";

/// What the process needs beside its connections: the event loop, the journal, reporters, programs that it runs.
const OTHERS: usize = 8;

/// The most helpers of the event loop, when nothing bounds threads.
const MOST_HELPERS: usize = 512;

/// How threads are given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Threads {
    /// Connections.
    pub(super) connections: usize,
    /// Helpers of the event loop, for what blocks for a short time.
    pub(super) helpers: usize,
}

impl Threads {
    /// Gives out the threads that are left.
    pub(super) fn share() -> Threads {
        let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
        Threads::of(left(&groups, Path::new(CONTROL_GROUPS)))
    }

    /// Gives out so many; `None` is no bound.
    fn of(left: Option<usize>) -> Threads {
        let Some(left) = left else { return Threads { connections: usize::MAX, helpers: MOST_HELPERS } };
        let helpers = (left / 8).clamp(1, MOST_HELPERS);
        Threads { connections: left.saturating_sub(OTHERS + helpers).max(1), helpers }
    }
}

/// Returns how many threads the control groups of `/proc/self/cgroup` leave: the least of what any of them does.
fn left(groups: &str, root: &Path) -> Option<usize> {
    let found = groups.lines().filter_map(|line| {
        // Number, controllers, path; of the second version only the path.
        let mut fields = line.splitn(3, ':');
        let (_, controllers, path) = (fields.next()?, fields.next()?, fields.next()?);
        let mounts: &[&str] = match controllers {
            "" => &["", "unified"],
            _ if controllers.split(',').any(|name| name == "pids") => &["pids"],
            _ => return None,
        };
        let folders = mounts.iter().map(|mount| root.join(mount)).flat_map(|mount| up_to(&mount, path));
        folders.filter_map(|folder| left_in(&folder)).min()
    });
    found.min()
}

/// Returns the folder of a group and those around it. In a container the path may be that of another view; what is
/// around it is there all the same.
fn up_to(mount: &Path, path: &str) -> Vec<PathBuf> {
    let inner = mount.join(path.trim_start_matches('/'));
    inner.ancestors().take_while(|folder| folder.starts_with(mount)).map(Path::to_owned).collect()
}

fn left_in(folder: &Path) -> Option<usize> {
    let number = |name: &str| fs::read_to_string(folder.join(name)).ok()?.trim().parse::<usize>().ok();
    // `max` is no number and no bound.
    Some(number("pids.max")?.saturating_sub(number("pids.current").unwrap_or(0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn group(root: &Path, path: &str, most: &str, now: &str) {
        fs::create_dir_all(root.join(path)).unwrap();
        fs::write(root.join(path).join("pids.max"), most).unwrap();
        fs::write(root.join(path).join("pids.current"), now).unwrap();
    }

    #[test]
    fn the_narrowest_control_group_counts() {
        let root = tempfile::tempdir().unwrap();
        group(root.path(), "a", "100\n", "40\n");
        group(root.path(), "a/b", "max\n", "10\n");
        group(root.path(), "pids/c", "30\n", "5\n");
        group(root.path(), "pids/c/d", "1000\n", "5\n");
        let cases = [
            ("0::/a/b\n", Some(60)),
            ("0::/\n", None),
            ("7:cpu,cpuacct:/c\n", None),
            ("8:pids:/c/d\n0::/a\n", Some(25)),
            ("8:pids,cpu:/c/of/another/view\n", Some(25)),
            ("", None),
            ("nonsense\n::", None),
        ];
        for (groups, expected) in cases {
            assert_eq!(left(groups, root.path()), expected, "{groups}");
        }
    }

    #[test]
    fn connections_leave_threads_to_others() {
        let cases = [(0, 1, 1), (20, 10, 2), (1000, 867, 125), (10_000, 9480, 512)];
        for (left, connections, helpers) in cases {
            assert_eq!(Threads::of(Some(left)), Threads { connections, helpers }, "{left}");
        }
        assert_eq!(Threads::of(None).helpers, 512);
    }
}
