//! Whether this is a virtual machine or a container, or the host of some.

use super::answers::Answers;
use super::{Collector, Facts};
use crate::value::Value;
use std::collections::BTreeSet;

pub(super) static COLLECTORS: &[Collector] = &[Collector {
    name: "virtual",
    ids: &["virtualization_role", "virtualization_tech_guest", "virtualization_tech_host", "virtualization_type"],
    files: &[
        "/proc/1/cgroup",
        "/proc/xen/capabilities",
        "/run/systemd/container",
        "/sys/devices/virtual/dmi/id/bios_vendor",
        "/sys/devices/virtual/dmi/id/product_family",
        "/sys/devices/virtual/dmi/id/product_name",
        "/sys/devices/virtual/dmi/id/sys_vendor",
    ],
    exists: &["/.dockerenv", "/.dockerinit", "/dev/kvm", "/proc/bc", "/proc/lve", "/proc/vz", "/proc/xen"],
    asks: r#"e process_1_env "$({ tr '\0' '\n' </proc/1/environ; } 2>/dev/null)"
e vserver "$(grep '^VxID:' /proc/self/status 2>/dev/null)"
e cpu_kind "$(grep -e '^model name' -e '^vendor_id' -e '^machine' /proc/cpuinfo 2>/dev/null | sort -u)"
e modules "$(cut -d ' ' -f 1 /proc/modules 2>/dev/null)"
"#,
    read,
    ..Collector::NONE
}];

/// What has been found so far. The first find decides; techniques are all noted.
#[derive(Default)]
struct Finds {
    first: Option<(String, &'static str)>,
    guest: BTreeSet<String>,
    host: BTreeSet<String>,
}

impl Finds {
    fn guest(&mut self, technique: &str) {
        self.guest.insert(technique.into());
        self.decide(technique, "guest");
    }

    fn host(&mut self, technique: &str) {
        self.host.insert(technique.into());
        self.decide(technique, "host");
    }

    fn decide(&mut self, technique: &str, role: &'static str) {
        self.first.get_or_insert_with(|| (technique.into(), role));
    }
}

fn read(answers: &Answers, facts: &mut Facts) {
    let mut finds = Finds::default();
    containers(answers, &mut finds);
    if answers.is_there("/proc/xen") {
        if answers.file("/proc/xen/capabilities").is_some_and(|text| text.contains("control_d")) {
            finds.host("xen");
        } else {
            finds.decide("xen", "guest");
        }
    }
    firmware(answers, &mut finds);
    if let Some(id) = answers.text("vserver").and_then(|line| line.strip_prefix("VxID:")) {
        if id.trim().starts_with('0') { finds.host("linux_vserver") } else { finds.guest("linux_vserver") }
    }
    processors(answers.text("cpu_kind").unwrap_or_default(), &mut finds);
    let modules: Vec<&str> = answers.text("modules").unwrap_or_default().lines().collect();
    if modules.contains(&"kvm") {
        finds.host("kvm");
    }
    if modules.contains(&"vboxdrv") {
        finds.host("virtualbox");
    }
    if modules.contains(&"virtio") {
        finds.host.insert("kvm".into());
        finds.decide("kvm", "guest");
    }
    if answers.is_there("/dev/kvm") {
        finds.host("kvm");
    }
    let (kind, role) = finds.first.unwrap_or_else(|| ("NA".into(), "NA"));
    facts.set("virtualization_type", kind);
    facts.set("virtualization_role", role);
    facts.set("virtualization_tech_guest", Value::list(finds.guest));
    facts.set("virtualization_tech_host", Value::list(finds.host));
}

fn containers(answers: &Answers, finds: &mut Finds) {
    for line in answers.file("/proc/1/cgroup").unwrap_or_default().lines() {
        let scope = line.rsplit_once("/docker-").is_some_and(|(_, rest)| rest.ends_with(".scope"));
        if line.contains("/docker/") || scope {
            finds.guest("docker");
        }
        if line.contains("/lxc/") || line.contains("/machine.slice/machine-lxc") {
            finds.guest("lxc");
        }
        if line.contains("/system.slice/containerd.service") {
            finds.guest("containerd");
        }
    }
    for line in answers.text("process_1_env").unwrap_or_default().lines() {
        for technique in ["lxc", "podman"] {
            if line.contains(&format!("container={technique}")) {
                finds.guest(technique);
            }
        }
        if line.strip_prefix("container=").is_some_and(|what| !what.is_empty()) {
            finds.guest("container");
        }
    }
    if answers.is_there("/proc/vz") && !answers.is_there("/proc/lve") {
        if answers.is_there("/proc/bc") { finds.host("openvz") } else { finds.guest("openvz") }
    }
    let said = answers.file("/run/systemd/container");
    if let Some(technique) = said {
        finds.guest(technique);
    }
    if answers.is_there("/.dockerenv") || answers.is_there("/.dockerinit") {
        finds.guest("docker");
    }
    let is_container =
        ["docker", "lxc", "podman", "openvz", "containerd"].iter().any(|name| finds.guest.contains(*name));
    if is_container || said.is_some() {
        finds.guest.insert("container".into());
    }
}

/// Goes by what the firmware calls the machine.
fn firmware(answers: &Answers, finds: &mut Finds) {
    let dmi = |name: &str| answers.file(&format!("/sys/devices/virtual/dmi/id/{name}")).unwrap_or_default();
    let (product, vendor, bios) = (dmi("product_name"), dmi("sys_vendor"), dmi("bios_vendor"));
    if ["KVM", "KVM Server", "Bochs", "AHV", "CloudStack KVM Hypervisor"].contains(&product) {
        finds.guest("kvm");
    }
    match (vendor, product) {
        ("oVirt", _) => finds.guest("oVirt"),
        ("Red Hat", _) if dmi("product_family") == "RHV" => finds.guest("RHV"),
        ("Red Hat", "RHEV Hypervisor") => finds.guest("RHEV"),
        _ => {}
    }
    if product.starts_with("VMware") {
        finds.guest("VMware");
    }
    if ["OpenStack Compute", "OpenStack Nova"].contains(&product) {
        finds.guest("openstack");
    }
    match bios {
        "Xen" => finds.guest("xen"),
        "innotek GmbH" => finds.guest("virtualbox"),
        "Amazon EC2" | "DigitalOcean" | "Hetzner" | "Linode" => finds.guest("kvm"),
        _ => {}
    }
    match vendor {
        "QEMU" | "Amazon EC2" | "DigitalOcean" | "Google" | "Scaleway" | "Nutanix" => finds.guest("kvm"),
        "KubeVirt" => finds.guest("KubeVirt"),
        "Microsoft Corporation" => finds.guest("VirtualPC"),
        "Parallels Software International Inc." => finds.guest("parallels"),
        "OpenStack Foundation" => finds.guest("openstack"),
        _ => {}
    }
}

/// Goes by what the processors call themselves.
fn processors(lines: &str, finds: &mut Finds) {
    for line in lines.lines() {
        let (key, value) = line.split_once(':').unwrap_or((line, ""));
        match (key.trim(), value) {
            ("model name", value) if value.contains("QEMU Virtual CPU") => finds.guest("kvm"),
            ("vendor_id", value) if value.contains("User Mode Linux") => finds.guest("uml"),
            ("model name", value) if value.contains("UML") => finds.guest("uml"),
            ("machine", value) if value.contains("CHRP IBM pSeries (emulated by qemu)") => finds.guest("kvm"),
            ("vendor_id", value) if value.contains("PowerVM Lx86") => finds.guest("powervm_lx86"),
            ("vendor_id", value) if value.contains("IBM/S390") => {
                finds.guest.insert("PR/SM".into());
                finds.decide("PR/SM", "LPAR");
            }
            _ => {}
        }
    }
}
