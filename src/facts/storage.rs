//! The names under which the host reaches storage networks.

use super::answers::Answers;
use super::{Collector, Facts};
use crate::value::Value;

pub(super) static COLLECTORS: &[Collector] = &[
    Collector {
        name: "iscsi",
        ids: &["iscsi_iqn"],
        files: &["/etc/iscsi/initiatorname.iscsi"],
        read: iscsi,
        ..Collector::NONE
    },
    Collector {
        name: "fibre_channel_wwn",
        files: &["/sys/class/fc_host/*/port_name"],
        read: fibre_channel,
        ..Collector::NONE
    },
    Collector { name: "nvme", ids: &["hostnqn"], files: &["/etc/nvme/hostnqn"], read: nvme, ..Collector::NONE },
];

fn iscsi(answers: &Answers, facts: &mut Facts) {
    let lines = answers.file("/etc/iscsi/initiatorname.iscsi").unwrap_or_default().lines();
    let name = lines.filter_map(|line| line.strip_prefix("InitiatorName=")).next().unwrap_or_default();
    facts.set("iscsi_iqn", name);
}

fn fibre_channel(answers: &Answers, facts: &mut Facts) {
    let names = answers.files_in("/sys/class/fc_host/", "/port_name");
    let names: Vec<&str> = names.map(|(_, name)| name.strip_prefix("0x").unwrap_or(name)).collect();
    facts.set("fibre_channel_wwn", Value::list(names));
}

fn nvme(answers: &Answers, facts: &mut Facts) {
    let mut lines = answers.file("/etc/nvme/hostnqn").unwrap_or_default().lines();
    let name = lines.rfind(|line| line.starts_with("nqn.")).unwrap_or_default();
    facts.set("hostnqn", name);
}
