//! Where the files of settings are.

use crate::source::{Diagnostic, Diagnostics, expand_home};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

type Env<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Finds `ansible.cfg` as Ansible does: `ANSIBLE_CONFIG`, here, at home, in `/etc/ansible`; the first that can be read.
pub(super) fn ansible_cfg(env: Env<'_>, found: &mut Diagnostics) -> Option<PathBuf> {
    first("ansible.cfg", "ANSIBLE_CONFIG", &["~/.ansible.cfg", "/etc/ansible/ansible.cfg"], env, found)
}

/// Finds `netplay.toml`: `NETPLAY_CONFIG`, here, in the user's folder of settings.
pub(super) fn netplay_toml(env: Env<'_>, found: &mut Diagnostics) -> Option<PathBuf> {
    let base = env("XDG_CONFIG_HOME").filter(|dir| Path::new(dir).is_absolute());
    let user = format!("{}/netplay/netplay.toml", base.unwrap_or_else(|| "~/.config".into()));
    first("netplay.toml", "NETPLAY_CONFIG", &[&user], env, found)
}

fn first(name: &str, variable: &str, others: &[&str], env: Env<'_>, found: &mut Diagnostics) -> Option<PathBuf> {
    let said = env(variable).filter(|path| !path.is_empty()).map(|path| expand_home(&path));
    let said = said.map(|path| if path.is_dir() { path.join(name) } else { path });
    if let Some(path) = said.filter(|path| is_readable(path)) {
        return Some(path);
    }
    let here = PathBuf::from(name);
    // Whoever can write here could make this user run what he likes.
    if is_world_writable(Path::new(".")) {
        if here.exists() {
            let message = format!("`{name}` here is left out: everybody may write to this folder");
            found.push(Diagnostic::warning("W0511", message).help(format!("name it by {variable}, or `chmod o-w .`")));
        }
    } else if is_readable(&here) {
        return Some(here);
    }
    others.iter().map(|path| expand_home(path)).find(|path| is_readable(path))
}

fn is_readable(path: &Path) -> bool {
    path.is_file() && std::fs::File::open(path).is_ok()
}

fn is_world_writable(dir: &Path) -> bool {
    std::fs::metadata(dir).is_ok_and(|about| about.permissions().mode() & 0o002 != 0)
}
