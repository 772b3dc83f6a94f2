//! Which distribution of which family this is.

use super::answers::Answers;
use super::release::{VARIETIES, guess};
use super::{Collector, Facts};
use crate::value::{Map, Value};

pub(super) static COLLECTORS: &[Collector] = &[
    Collector {
        name: "distribution",
        ids: &["distribution_major_version", "distribution_release", "distribution_version", "os_family"],
        minimal: true,
        needs: &["platform"],
        files: &[
            "/etc/SuSE-release",
            "/etc/alpine-release",
            "/etc/altlinux-release",
            "/etc/arch-release",
            "/etc/centos-release",
            "/etc/gentoo-release",
            "/etc/openwrt_release",
            "/etc/oracle-release",
            "/etc/os-release",
            "/etc/redhat-release",
            "/etc/slackware-version",
            "/etc/system-release",
            "/etc/debian_version",
            "/etc/lsb-release",
            "/usr/lib/os-release",
        ],
        links: &["/etc/products.d/baseproduct"],
        exists: &["/etc/arch-release"],
        read: distribution,
        ..Collector::NONE
    },
    Collector {
        name: "lsb",
        minimal: true,
        files: &["/etc/lsb-release"],
        asks: "has lsb_release && e lsb \"$(lsb_release -a 2>/dev/null)\"\n",
        read: lsb,
        ..Collector::NONE
    },
];

/// Families and the distributions in them; one that is in none is a family of its own.
const FAMILIES: [(&str, &[&str]); 11] = [
    (
        "RedHat",
        &[
            "RedHat",
            "RHEL",
            "Fedora",
            "CentOS",
            "Scientific",
            "SLC",
            "Ascendos",
            "CloudLinux",
            "PSBM",
            "OracleLinux",
            "OVS",
            "OEL",
            "Amazon",
            "Amzn",
            "Virtuozzo",
            "XenServer",
            "Alibaba",
            "EulerOS",
            "openEuler",
            "AlmaLinux",
            "Rocky",
            "TencentOS",
            "EuroLinux",
            "Kylin Linux Advanced Server",
            "MIRACLE",
        ],
    ),
    (
        "Debian",
        &[
            "Debian",
            "Ubuntu",
            "Raspbian",
            "Neon",
            "KDE neon",
            "Linux Mint",
            "SteamOS",
            "Devuan",
            "Kali",
            "Cumulus Linux",
            "Pop!_OS",
            "Parrot",
            "Pardus GNU/Linux",
            "Uos",
            "Deepin",
            "OSMC",
            "Linux Mint Debian Edition",
        ],
    ),
    (
        "Suse",
        &[
            "SuSE",
            "SLES",
            "SLED",
            "openSUSE",
            "openSUSE Tumbleweed",
            "SLES_SAP",
            "SUSE_LINUX",
            "openSUSE Leap",
            "ALP-Dolomite",
            "SL-Micro",
            "openSUSE MicroOS",
        ],
    ),
    ("Archlinux", &["Archlinux", "Antergos", "Manjaro"]),
    ("Mandrake", &["Mandrake", "Mandriva"]),
    ("Solaris", &["Solaris", "Nexenta", "OmniOS", "OpenIndiana", "SmartOS"]),
    ("Gentoo", &["Gentoo", "Funtoo"]),
    ("Darwin", &["MacOSX"]),
    ("FreeBSD", &["FreeBSD", "TrueOS"]),
    ("ClearLinux", &["Clear Linux OS", "Clear Linux Mix"]),
    ("DragonFly", &["DragonflyBSD", "DragonFlyBSD", "Gentoo/DragonflyBSD", "Gentoo/DragonFlyBSD"]),
];

fn distribution(answers: &Answers, facts: &mut Facts) {
    let system = facts.text("system").to_owned();
    if system != "Linux" {
        return unix(&system, facts);
    }
    let first = guess(answers);
    let found = VARIETIES.iter().find_map(|variety| {
        let text = answers.file(variety.path);
        let text = text.or((variety.may_be_empty && answers.is_there(variety.path)).then_some(""))?;
        (variety.parse)(text.trim_matches(['\'', '"', '\\']), answers).map(|release| (variety, release))
    });
    let mut entries: Vec<(&str, Value)> = Vec::new();
    let release = match found {
        Some((variety, release)) => {
            entries.push(("distribution_file_path", variety.path.into()));
            entries.push(("distribution_file_variety", variety.name.into()));
            if !variety.may_be_empty {
                entries.push(("distribution_file_parsed", true.into()));
            }
            entries.extend(release.search.map(|words| ("distribution_file_search_string", Value::from(words))));
            release
        }
        None => Default::default(),
    };
    let name = release.name.or(first.name).unwrap_or_else(|| "NA".into());
    let version = release.version.or(first.version).unwrap_or_else(|| "NA".into());
    let major = release.major.unwrap_or_else(|| version.split('.').next().unwrap_or("NA").to_owned());
    facts.set("distribution", name.as_str());
    facts.set("distribution_version", version);
    facts.set("distribution_release", release.release.or(first.release).unwrap_or_else(|| "NA".into()));
    facts.set("distribution_major_version", major);
    if let Some(minor) = release.minor {
        facts.set("distribution_minor_version", minor);
    }
    for (name, value) in entries {
        facts.set(name, value);
    }
    facts.set("os_family", family(&name));
}

/// Other Unix systems are their own distribution.
fn unix(system: &str, facts: &mut Facts) {
    let name = if system == "Darwin" { "MacOSX" } else { system };
    let kernel = facts.text("kernel").to_owned();
    facts.set("distribution", name);
    facts.set("distribution_major_version", kernel.split('.').next().unwrap_or_default());
    facts.set("distribution_release", kernel.as_str());
    facts.set("distribution_version", kernel.split('-').next().unwrap_or_default());
    facts.set("os_family", family(name));
}

fn family(name: &str) -> &str {
    FAMILIES.iter().find(|(_, members)| members.contains(&name)).map_or(name, |(family, _)| family)
}

fn lsb(answers: &Answers, facts: &mut Facts) {
    let mut lsb = Map::new();
    let clean = |value: &str| value.trim().trim_matches(['\'', '"', '\\']).to_owned();
    for line in answers.text("lsb").unwrap_or_default().lines() {
        let Some((name, value)) = line.split_once(':') else { continue };
        let name = match name {
            "LSB Version" | "Release" => "release",
            "Distributor ID" => "id",
            "Description" => "description",
            "Codename" => "codename",
            _ => continue,
        };
        lsb.insert(name, clean(value));
    }
    if lsb.is_empty() {
        for line in answers.file("/etc/lsb-release").unwrap_or_default().lines() {
            let Some((name, value)) = line.split_once('=') else { continue };
            let name = match name.trim() {
                "DISTRIB_ID" => "id",
                "DISTRIB_RELEASE" => "release",
                "DISTRIB_DESCRIPTION" => "description",
                "DISTRIB_CODENAME" => "codename",
                _ => continue,
            };
            lsb.insert(name, clean(value));
        }
    }
    if let Some(release) = lsb.get("release").and_then(Value::as_str) {
        let major = release.split('.').next().unwrap_or_default().to_owned();
        lsb.insert("major_release", major);
    }
    facts.set("lsb", lsb);
}
