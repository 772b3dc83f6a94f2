//! SELinux, AppArmor, FIPS mode, capabilities, and the public keys of the host.

use super::answers::{Answers, assignments};
use super::{Collector, Facts};
use crate::value::{Map, Value};

pub(super) static COLLECTORS: &[Collector] = &[
    Collector {
        name: "apparmor",
        minimal: true,
        exists: &["/sys/kernel/security/apparmor"],
        read: apparmor,
        ..Collector::NONE
    },
    Collector {
        name: "caps",
        ids: &["system_capabilities", "system_capabilities_enforced"],
        minimal: true,
        asks: "has capsh && e caps \"$(capsh --print 2>/dev/null)\"\n",
        read: capabilities,
        ..Collector::NONE
    },
    Collector { name: "fips", minimal: true, files: &["/proc/sys/crypto/fips_enabled"], read: fips, ..Collector::NONE },
    Collector {
        name: "selinux",
        minimal: true,
        files: &["/sys/fs/selinux/enforce", "/sys/fs/selinux/policyvers", "/etc/selinux/config"],
        read: selinux,
        ..Collector::NONE
    },
    Collector {
        name: "ssh_pub_keys",
        ids: &[
            "ssh_host_key_dsa_public",
            "ssh_host_key_ecdsa_public",
            "ssh_host_key_ed25519_public",
            "ssh_host_key_rsa_public",
            "ssh_host_pub_keys",
        ],
        minimal: true,
        files: &["/etc/ssh/ssh_host_*_key.pub", "/etc/openssh/ssh_host_*_key.pub", "/etc/ssh_host_*_key.pub"],
        read: host_keys,
        ..Collector::NONE
    },
];

fn apparmor(answers: &Answers, facts: &mut Facts) {
    let status = if answers.is_there("/sys/kernel/security/apparmor") { "enabled" } else { "disabled" };
    facts.set("apparmor", Value::map([("status", status)]));
}

fn capabilities(answers: &Answers, facts: &mut Facts) {
    let Some(text) = answers.text("caps") else {
        facts.set("system_capabilities_enforced", "N/A");
        facts.set("system_capabilities", "N/A");
        return;
    };
    let current = text.lines().find_map(|line| line.strip_prefix("Current:"));
    let (enforced, list) = match current {
        None => ("NA", Vec::new()),
        Some(all) if all.trim() == "=ep" => ("False", Vec::new()),
        Some(some) => {
            let list = some.split('=').nth(1).unwrap_or_default();
            ("True", list.split(',').map(|name| name.trim().to_owned()).collect())
        }
    };
    facts.set("system_capabilities_enforced", enforced);
    facts.set("system_capabilities", Value::list(list));
}

fn fips(answers: &Answers, facts: &mut Facts) {
    facts.set("fips", answers.file("/proc/sys/crypto/fips_enabled") == Some("1"));
}

fn selinux(answers: &Answers, facts: &mut Facts) {
    let Some(enforce) = answers.file("/sys/fs/selinux/enforce") else {
        return facts.set("selinux", Value::map([("status", "disabled")]));
    };
    let config = assignments(answers.file("/etc/selinux/config").unwrap_or_default());
    let said = |name: &str| config.get(name).map_or("unknown", |value| value.trim()).to_lowercase();
    let mut map: Map = [("status", "enabled")].into_iter().collect();
    match answers.file("/sys/fs/selinux/policyvers").and_then(|version| version.parse::<i64>().ok()) {
        Some(version) => map.insert("policyvers", version),
        None => map.insert("policyvers", "unknown"),
    }
    map.insert("config_mode", said("SELINUX"));
    map.insert("mode", if enforce == "1" { "enforcing" } else { "permissive" });
    map.insert("type", said("SELINUXTYPE"));
    facts.set("selinux", map);
}

fn host_keys(answers: &Answers, facts: &mut Facts) {
    for folder in ["/etc/ssh", "/etc/openssh", "/etc"] {
        let mut found = false;
        for kind in ["dsa", "rsa", "ecdsa", "ed25519"] {
            let text = answers.file(&format!("{folder}/ssh_host_{kind}_key.pub")).unwrap_or_default();
            let mut words = text.split_whitespace();
            if let (Some(keytype), Some(key)) = (words.next(), words.next()) {
                facts.set(&format!("ssh_host_key_{kind}_public"), key);
                facts.set(&format!("ssh_host_key_{kind}_public_keytype"), keytype);
                found = true;
            }
        }
        if found {
            return;
        }
    }
}
