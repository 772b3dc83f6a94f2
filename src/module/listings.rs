//! What programs of hosts print, and the files that tasks edit, as the readers of this folder take them: whatever it is, a
//! reader comes to its end, and an edit that was made is not made again. `fuzz/` and `tests/fuzz` hand them any text.

use super::args::Args;
use super::{apt, apt_key, apt_repository, authorized_key, cron, debconf, dnf, getent, iptables, known_hosts, mount};
use super::{package_facts, remote, service, sysctl, ufw};
use crate::value::{Map, Value};

/// Reads a text.
type Read = fn(&str);

/// Every reader, by what prints or holds the text.
pub const LISTINGS: &[(&str, Read)] = &[
    ("apt-cache", |said| drop(apt::packages::Known::read(said))),
    ("apt-key", |said| drop([true, false].map(|short| apt_key::key::listed(said, short)))),
    ("authorized_keys", authorized_keys),
    ("crontab", crontab),
    ("debconf-get-selections", |said| drop(debconf::password(said, "np", "np/password").map(str::to_owned))),
    ("debconf-show", |said| drop(debconf::selections(said))),
    ("dnf", dnf_says),
    ("dpkg-query", |said| drop(package_facts::of_apt(said))),
    ("fstab", fstab),
    ("getent", |said| {
        [None, Some(":")].into_iter().for_each(|split| getent::add_entries(&mut Map::new(), said, split))
    }),
    ("iptables", |said| drop(iptables::policy(said).map(str::to_owned))),
    ("mounts", |said| drop(["/", "/mnt/a b"].map(|path| mount::device_at(said, path)))),
    ("apk", |said| drop(package_facts::of_apk(said))),
    ("pacman", |said| drop(package_facts::of_pacman(said))),
    ("rpm", |said| drop(package_facts::of_rpm(said))),
    ("sources.list", sources),
    ("ssh-keygen", |said| drop([None, Some("h ssh-ed25519 AAAA")].map(|key| known_hosts::found(said, key)))),
    ("stat", |said| drop(remote::stats_of(said.as_bytes()))),
    ("sysctl.conf", sysctl_conf),
    ("systemctl", |said| drop(service::unit::status(said))),
    ("ufw", ufw_says),
];

fn args(all: &[(&str, &str)]) -> Args {
    Args::of(all.iter().map(|(name, value)| (*name, Value::from(*value))).collect())
}

fn authorized_keys(text: &str) {
    use authorized_key::keys::{Keys, Wanted};
    for present in [true, false] {
        let wanted = Wanted { options: Some("no-pty,from=\"a,b\""), comment: Some("me"), present, exclusive: false };
        let mut keys = Keys::read(text);
        if keys.apply("ssh-ed25519 AAAA me", &wanted).is_ok() {
            let changed = Keys::read(&keys.text()).apply("ssh-ed25519 AAAA me", &wanted);
            assert_eq!(changed, Ok(false), "a key that is there, or gone, is so still");
        }
    }
}

fn crontab(text: &str) {
    use cron::table::Table;
    for of_user in [true, false] {
        let mut table = Table::read(text, of_user);
        table.set_job("np", "* * * * * true");
        assert!(!Table::read(&table.text(), of_user).set_job("np", "* * * * * true"), "a job that is there is there");
        table.remove_job("np");
        assert!(!Table::read(&table.text(), of_user).remove_job("np"), "a job that is gone is gone");
    }
}

fn dnf_says(said: &str) {
    for answer in dnf::answers(said) {
        for state in ["present", "absent", "latest"] {
            // A refusal of dnf's is one here.
            let _ = answer.changes(state, &mut Vec::new());
        }
    }
    drop(dnf::table(said));
}

fn fstab(text: &str) {
    let args = args(&[("path", "/mnt/a b"), ("src", "/dev/x"), ("fstype", "ext4"), ("dump", "0"), ("passno", "0")]);
    let wanted = mount::Wanted::of(&args);
    let added = wanted.added(text).unwrap_or_else(|| text.to_owned());
    assert_eq!(wanted.added(&added), None, "a mount that is in the table is in it");
    let removed = wanted.removed(&added).unwrap_or(added);
    assert_eq!(wanted.removed(&removed), None, "a mount that is gone is gone");
}

fn sources(said: &str) {
    let mut files = apt_repository::sources::Sources::read(said);
    // What is no source is refused.
    let _ = files.add("deb http://deb.debian.org/debian stable main", None);
}

fn sysctl_conf(text: &str) {
    let value = String::from("1");
    for wanted in [Some(&value), None] {
        let (_, once) = sysctl::lines(text, "net.ipv4.ip_forward", wanted);
        let (said, twice) = sysctl::lines(&once, "net.ipv4.ip_forward", wanted);
        assert_eq!((said.as_ref(), &twice), (wanted, &once), "a value that is set is set");
    }
}

fn ufw_says(said: &str) {
    let (dry, known) = said.split_once('\u{1}').unwrap_or((said, ""));
    for from in ["any", "10.0.0.1", "2001:db8::1"] {
        ufw::dry::would_change(dry, known, &args(&[("from_ip", from)]));
    }
    for from in [None, Some("first-ipv4"), Some("last-ipv4"), Some("first-ipv6"), Some("last-ipv6")] {
        ufw::place::of(1, from, said);
    }
}
