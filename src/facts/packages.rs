//! The package manager.

use super::answers::Answers;
use super::{Collector, Facts};

pub(super) static COLLECTORS: &[Collector] = &[Collector {
    name: "pkg_mgr",
    minimal: true,
    needs: &["distribution"],
    exists: &[
        "/usr/bin/rpm-ostree",
        "/usr/bin/yum",
        "/usr/bin/dnf",
        "/usr/bin/dnf-3",
        "/usr/bin/dnf5",
        "/usr/bin/microdnf",
        "/usr/bin/apt-get",
        "/usr/bin/zypper",
        "/usr/sbin/urpmi",
        "/usr/bin/pacman",
        "/bin/opkg",
        "/usr/pkg/bin/pkgin",
        "/opt/local/bin/port",
        "/usr/local/bin/brew",
        "/opt/homebrew/bin/brew",
        "/sbin/apk",
        "/usr/sbin/pkg",
        "/usr/bin/emerge",
        "/usr/bin/pkg",
        "/usr/bin/xbps-install",
        "/usr/local/sbin/pkg",
        "/usr/bin/swupd",
        "/run/ostree-booted",
    ],
    links: &["/usr/bin/dnf", "/usr/bin/microdnf"],
    // Some distributions have an apt that installs rpm packages.
    asks: "[ -e /usr/bin/rpm ] && [ -e /usr/bin/apt-get ] && /usr/bin/rpm -q --whatprovides /usr/bin/apt-get >/dev/null 2>&1 && e apt_is_rpm 1\n",
    read,
    ..Collector::NONE
}];

/// Programs and the package managers that they stand for; of several the last counts.
const PROGRAMS: [(&str, &str); 19] = [
    ("/usr/bin/rpm-ostree", "atomic_container"),
    ("/usr/bin/yum", "dnf"),
    ("/usr/bin/dnf-3", "dnf"),
    ("/usr/bin/dnf5", "dnf5"),
    ("/usr/bin/apt-get", "apt"),
    ("/usr/bin/zypper", "zypper"),
    ("/usr/sbin/urpmi", "urpmi"),
    ("/usr/bin/pacman", "pacman"),
    ("/bin/opkg", "opkg"),
    ("/usr/pkg/bin/pkgin", "pkgin"),
    ("/opt/local/bin/port", "macports"),
    ("/usr/local/bin/brew", "homebrew"),
    ("/opt/homebrew/bin/brew", "homebrew"),
    ("/sbin/apk", "apk"),
    ("/usr/sbin/pkg", "pkgng"),
    ("/usr/bin/emerge", "portage"),
    ("/usr/bin/pkg", "pkg5"),
    ("/usr/bin/xbps-install", "xbps"),
    ("/usr/local/sbin/pkg", "pkgng"),
];

fn read(answers: &Answers, facts: &mut Facts) {
    let family = facts.text("os_family");
    let found = PROGRAMS.iter().rev().find(|(path, _)| {
        // There it belongs to a Perl package.
        answers.is_there(path) && !(family == "Altlinux" && *path == "/usr/bin/pkg")
    });
    let swupd = answers.is_there("/usr/bin/swupd").then_some("swupd");
    let mut manager = swupd.or(found.map(|(_, name)| *name)).unwrap_or("unknown");
    match family {
        "RedHat" => manager = red_hat(answers),
        "Debian" => manager = "apt",
        "Altlinux" if manager == "apt" => manager = "apt_rpm",
        "OpenBSD" => manager = "openbsd_pkg",
        _ => {}
    }
    if manager == "apt" && answers.text("apt_is_rpm").is_some() {
        manager = "apt_rpm";
    }
    facts.set("pkg_mgr", manager);
}

fn red_hat(answers: &Answers) -> &'static str {
    if answers.is_there("/run/ostree-booted") {
        return "atomic_container";
    }
    match ["/usr/bin/dnf", "/usr/bin/microdnf"].into_iter().find(|path| answers.is_there(path)) {
        Some(path) if answers.link(path).is_some_and(|target| target.ends_with("dnf5")) => "dnf5",
        Some(_) => "dnf",
        None => "unknown",
    }
}
