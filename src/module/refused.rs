//! Modules of Ansible that playbooks use and that are not here: why, or what to use instead. A module that is in the
//! table of modules is there, whatever stands here. Those of network collections are in `network.rs`.

mod network;

/// A module that there is not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefusedModule {
    /// The collection that has it.
    pub collection: &'static str,
    /// Its short name.
    pub name: &'static str,
    /// What to use instead.
    pub why: &'static str,
}

const fn builtin(name: &'static str, why: &'static str) -> RefusedModule {
    RefusedModule { collection: "ansible.builtin", name, why }
}

const fn other(collection: &'static str, name: &'static str, why: &'static str) -> RefusedModule {
    RefusedModule { collection, name, why }
}

const REPOSITORIES: &str = "repositories are files: `copy` or `template` writes them, `command` refreshes the index";
const SERVICES: &str = "services: `command: systemctl …`, with `changed_when`";

/// The modules, sorted by name.
pub static REFUSED: &[RefusedModule] = &[
    builtin("deb822_repository", REPOSITORIES),
    builtin("dpkg_selections", "`shell: echo … | dpkg --set-selections`"),
    other("ansible.posix", "firewalld", "`command: firewall-cmd …`"),
    builtin("mount_facts", "`setup` gathers `ansible_mounts`"),
    builtin("rpm_key", "`command: rpm --import …`"),
    other("ansible.posix", "seboolean", "`command: setsebool …`"),
    other("ansible.posix", "selinux", "`lineinfile` on `/etc/selinux/config`, and `command: setenforce …`"),
    builtin("subversion", "`command: svn …` with `creates`"),
    other(
        "ansible.posix",
        "synchronize",
        "`copy` copies folders; rsync runs by `command` on this machine (`delegate_to: localhost`)",
    ),
    builtin("sysvinit", SERVICES),
    other("community.general", "timezone", "`command: timedatectl set-timezone …`"),
    other("ansible.windows", "win_command", "hosts that run Windows are not reached"),
    other("ansible.windows", "win_shell", "hosts that run Windows are not reached"),
    builtin("yum_repository", REPOSITORIES),
];

/// Returns the collection of a module that is not there, and what to use in its place: by its name alone, or with its
/// collection.
pub fn refused(name: &str) -> Option<(&'static str, &'static str)> {
    if super::find(name).is_some() {
        return None;
    }
    let (collection, short) =
        name.rsplit_once('.').map_or((None, name), |(collection, short)| (Some(collection), short));
    let found = REFUSED.iter().find(|row| {
        let is_of = |collection| {
            collection == row.collection || (collection == "ansible.legacy" && row.collection == "ansible.builtin")
        };
        row.name == short && collection.is_none_or(is_of)
    });
    found.map(|row| (row.collection, row.why)).or_else(|| network::refused(collection, short))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The modules of ansible-core 2.19, but for those that are no tasks (`import_playbook`).
    const OF_ANSIBLE: &str = "add_host apt apt_key apt_repository assemble assert async_status blockinfile command copy cron \
        deb822_repository debconf debug dnf dnf5 dpkg_selections expect fail fetch file find gather_facts get_url getent git \
        group group_by hostname include_vars iptables known_hosts lineinfile mount_facts package package_facts pause ping pip \
        raw reboot replace rpm_key script service service_facts set_fact set_stats setup shell slurp stat subversion systemd \
        systemd_service sysvinit tempfile template unarchive uri user validate_argument_spec wait_for wait_for_connection yum \
        yum_repository";

    #[test]
    fn every_module_of_ansible_is_there_or_has_a_reason() {
        for name in OF_ANSIBLE.split_whitespace() {
            for called in [name.to_owned(), format!("ansible.builtin.{name}"), format!("ansible.legacy.{name}")] {
                assert!(crate::module::find(&called).is_some() || refused(&called).is_some(), "{called}");
            }
        }
        assert!(refused("ansible.posix.subversion").is_none() && refused("ansible.posix.synchronize").is_some());
    }

    #[test]
    fn the_table_is_sorted() {
        assert!(REFUSED.is_sorted_by(|a, b| a.name < b.name));
    }
}
