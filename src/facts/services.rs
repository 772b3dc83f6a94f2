//! Who starts services.

use super::answers::{Answers, base_name};
use super::{Collector, Facts};
use crate::value::{Map, Value};

pub(super) static COLLECTORS: &[Collector] = &[
    Collector {
        name: "service_mgr",
        minimal: true,
        needs: &["platform", "distribution"],
        files: &["/proc/1/comm"],
        links: &["/sbin/init"],
        exists: &[
            "/run/systemd/system/",
            "/dev/.run/systemd/",
            "/dev/.systemd/",
            "/etc/init/",
            "/sbin/openrc",
            "/etc/init.d/",
            "/etc/dinit.d/",
        ],
        asks: "has systemctl && e has_systemctl 1\nhas initctl && e has_initctl 1\n[ -r /proc/1/comm ] || e process_1 \"$(ps -p 1 -o comm= 2>/dev/null)\"\n",
        read: manager,
        ..Collector::NONE
    },
    Collector {
        name: "systemd",
        exists: &["/run/systemd/system/"],
        asks: "[ -d /run/systemd/system ] && has systemctl && e systemd \"$(systemctl --version 2>/dev/null)\"\n",
        read: systemd,
        ..Collector::NONE
    },
];

fn manager(answers: &Answers, facts: &mut Facts) {
    let first = answers.file("/proc/1/comm").or(answers.text("process_1").filter(|name| !name.is_empty()));
    let first = first.or(answers.link("/sbin/init")).map(|name| base_name(name).trim());
    // A shell or something called `init` says nothing.
    let first = first.filter(|name| *name != "init" && !name.ends_with("sh") && !name.is_empty());
    let name = match first {
        Some("procd") => "openwrt_init",
        Some("runit-init") => "runit",
        Some("svscan") => "svc",
        Some("openrc-init") => "openrc",
        Some(other) => other,
        None => by_signs(answers, facts),
    };
    let name = name.to_owned();
    facts.set("service_mgr", name);
}

/// Goes by what else is there.
fn by_signs(answers: &Answers, facts: &Facts) -> &'static str {
    let system = facts.text("system");
    match (system, facts.text("distribution")) {
        ("Darwin", _) => return "launchd",
        ("AIX", _) => return "src",
        ("SunOS", _) => return "smf",
        (_, "OpenWrt") => return "openwrt_init",
        _ if system.contains("BSD") || system == "DragonFly" => return "bsdinit",
        ("Linux", _) => {}
        _ => return "service",
    }
    let systemctl = answers.text("has_systemctl").is_some();
    let is_there = |path: &str| answers.is_there(path);
    let booted = ["/run/systemd/system/", "/dev/.run/systemd/", "/dev/.systemd/"].into_iter().any(is_there);
    let installed = answers.link("/sbin/init").is_some_and(|target| base_name(target) == "systemd");
    if systemctl && booted {
        "systemd"
    } else if answers.text("has_initctl").is_some() && is_there("/etc/init/") {
        "upstart"
    } else if is_there("/sbin/openrc") {
        "openrc"
    } else if systemctl && installed {
        "systemd"
    } else if is_there("/etc/init.d/") {
        "sysvinit"
    } else if is_there("/etc/dinit.d/") {
        "dinit"
    } else {
        "service"
    }
}

fn systemd(answers: &Answers, facts: &mut Facts) {
    let mut lines = answers.text("systemd").unwrap_or_default().lines();
    let version = lines.next().and_then(|line| line.split(' ').nth(1)).and_then(|number| number.parse::<i64>().ok());
    let (Some(version), Some(features)) = (version, lines.next()) else { return };
    let mut systemd = Map::new();
    systemd.insert("features", features);
    systemd.insert("version", version);
    facts.set("systemd", Value::from(systemd));
}
