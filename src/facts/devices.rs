//! Block devices, their partitions, and logical volumes.

use super::answers::{Answers, base_name};
use super::{Collector, Facts};
use crate::value::{Map, Value};
use indexmap::IndexMap;

pub(super) static COLLECTORS: &[Collector] = &[Collector {
    name: "hardware",
    ids: &["devices"],
    files: &[
        "/sys/block/*/*/dm/name",
        "/sys/block/*/*/size",
        "/sys/block/*/*/start",
        "/sys/block/*/device/model",
        "/sys/block/*/device/sas_address",
        "/sys/block/*/device/sas_device_handle",
        "/sys/block/*/device/serial",
        "/sys/block/*/device/vendor",
        "/sys/block/*/queue/discard_granularity",
        "/sys/block/*/queue/discard_max_hw_bytes",
        "/sys/block/*/queue/hw_sector_size",
        "/sys/block/*/queue/logical_block_size",
        "/sys/block/*/queue/rotational",
        "/sys/block/*/queue/scheduler",
        "/sys/block/*/removable",
        "/sys/block/*/size",
        "/sys/block/dm-*/dm/name",
    ],
    links: &[
        "/dev/disk/by-id/*",
        "/dev/disk/by-label/*",
        "/dev/disk/by-uuid/*",
        "/sys/block/*",
        "/sys/block/*/*/holders/*",
        "/sys/block/*/holders/*",
        "/sys/block/*/slaves/*",
    ],
    asks: r#"has lspci && e lspci "$(lspci -D 2>/dev/null)"
if has vgs; then
e lvm 1
if [ "$(id -u)" = 0 ]; then
o='--noheadings --nosuffix --units g --separator ,'
e vgs "$(vgs $o 2>/dev/null)"; e lvs "$(lvs $o 2>/dev/null)"
e pvs "$(pvs $o 2>/dev/null)"
fi; fi
"#,
    read,
    ..Collector::NONE
}];

/// Names of devices under which links to them stand, by kind.
type Links = IndexMap<&'static str, IndexMap<String, Vec<String>>>;

fn read(answers: &Answers, facts: &mut Facts) {
    let links = links(answers);
    let all = links.iter().map(|(kind, by_device)| {
        (*kind, Value::map(by_device.iter().map(|(device, names)| (device.as_str(), list(names)))))
    });
    let mut devices = Map::new();
    for (name, target) in answers.links_in("/sys/block/", "") {
        devices.insert(name, device(answers, name, target, &links));
    }
    facts.set("devices", devices);
    facts.set("device_links", Value::map(all));
    facts.set("lvm", volumes(answers));
}

fn list(names: &[String]) -> Value {
    Value::list(names.iter().map(String::as_str))
}

fn links(answers: &Answers) -> Links {
    let mut links = Links::new();
    for (kind, folder) in
        [("ids", "/dev/disk/by-id/"), ("uuids", "/dev/disk/by-uuid/"), ("labels", "/dev/disk/by-label/")]
    {
        let mut by_device: IndexMap<String, Vec<String>> = IndexMap::new();
        for (name, target) in answers.links_in(folder, "") {
            by_device.entry(base_name(target).to_owned()).or_default().push(name.to_owned());
        }
        links.insert(kind, by_device);
    }
    let mut masters: IndexMap<String, Vec<String>> = IndexMap::new();
    for (master, _) in answers.links_in("/sys/block/", "") {
        for (slave, _) in answers.links_in(&format!("/sys/block/{master}/slaves/"), "") {
            masters.entry(slave.to_owned()).or_default().push(master.to_owned());
        }
    }
    links.insert("masters", masters);
    for names in links.values_mut().flat_map(IndexMap::values_mut) {
        names.sort();
    }
    links
}

/// Returns the links to one device, of every kind.
fn links_to(name: &str, links: &Links) -> Value {
    let none = Vec::new();
    Value::map(links.iter().map(|(kind, by_device)| (*kind, list(by_device.get(name).unwrap_or(&none)))))
}

fn device(answers: &Answers, name: &str, target: &str, links: &Links) -> Map {
    let file = |what: &str| answers.file(&format!("/sys/block/{name}/{what}"));
    let mut device = Map::new();
    device.insert("virtual", 1);
    device.insert("links", links_to(name, links));
    for field in ["vendor", "model", "sas_address", "sas_device_handle"] {
        device.insert(field, Value::from(file(&format!("device/{field}"))));
    }
    if let Some(serial) = file("device/serial") {
        device.insert("serial", serial);
    }
    device.insert("removable", Value::from(file("removable")));
    let no_discard = file("queue/discard_max_hw_bytes") == Some("0");
    let granularity = if no_discard { Some("0") } else { file("queue/discard_granularity") };
    device.insert("support_discard", Value::from(granularity));
    let world_wide = links.get("ids").and_then(|ids| ids.get(name)).into_iter().flatten();
    if let Some(wwn) = world_wide.filter_map(|id| id.strip_prefix("wwn-")).next_back() {
        device.insert("wwn", wwn);
    }
    let sector = file("queue/logical_block_size").or(file("queue/hw_sector_size")).unwrap_or("512");
    device.insert("partitions", partitions(answers, name, links));
    device.insert("rotational", Value::from(file("queue/rotational")));
    let scheduler = file("queue/scheduler").and_then(|text| Some(text.split_once('[')?.1.split_once(']')?.0));
    device.insert("scheduler_mode", scheduler.unwrap_or_default());
    add_size(&mut device, file("size"), sector, sector.into());
    device.insert("host", pci_name(answers, target).unwrap_or_default());
    device.insert("holders", holders(answers, &format!("/sys/block/{name}")));
    device
}

/// Adds the size in sectors and for people; `size` counts units of 512 bytes.
fn add_size(device: &mut Map, size: Option<&str>, sector: &str, shown: Value) {
    let units = size.and_then(|size| size.parse::<u64>().ok()).unwrap_or(0);
    let bytes = sector.parse::<u64>().ok().filter(|bytes| *bytes > 0).unwrap_or(512);
    let sectors = u128::from(units) * 512 / u128::from(bytes);
    device.insert("sectorsize", shown);
    device.insert("sectors", i64::try_from(sectors).unwrap_or(i64::MAX));
    device.insert("size", for_people(sectors as f64 * bytes as f64));
}

fn partitions(answers: &Answers, device: &str, links: &Links) -> Map {
    let mut partitions = Map::new();
    for (name, start) in answers.files_in(&format!("/sys/block/{device}/"), "/start") {
        let mut partition = Map::new();
        partition.insert("links", links_to(name, links));
        partition.insert("start", start);
        let size = answers.file(&format!("/sys/block/{device}/{name}/size"));
        add_size(&mut partition, size, "512", 512.into());
        let uuid = links.get("uuids").and_then(|uuids| uuids.get(name)).and_then(|uuids| uuids.first());
        partition.insert("uuid", Value::from(uuid.map(String::as_str)));
        partition.insert("holders", holders(answers, &format!("/sys/block/{device}/{name}")));
        partitions.insert(name, partition);
    }
    partitions
}

/// Returns the mapped devices that stand on this one.
fn holders(answers: &Answers, folder: &str) -> Value {
    let before = format!("{folder}/holders/");
    let mapped = answers.links_in(&before, "").filter(|(name, _)| name.starts_with("dm-"));
    let names = mapped.map(|(name, _)| answers.file(&format!("/sys/block/{name}/dm/name")).unwrap_or(name).to_owned());
    Value::list(names.collect::<Vec<_>>())
}

/// Returns what `lspci` calls the controller on the way to a device.
fn pci_name<'a>(answers: &'a Answers, target: &str) -> Option<&'a str> {
    let is_address = |part: &&str| {
        let shape: Vec<&str> = part.split([':', '.']).collect();
        matches!(shape[..], [a, b, c, d] if a.len() == 4 && b.len() == 2 && c.len() == 2 && d.len() == 1)
    };
    let address = target.rsplit('/').skip(1).find(is_address)?;
    answers.text("lspci")?.lines().find_map(|line| line.strip_prefix(address)?.strip_prefix(' '))
}

fn for_people(bytes: f64) -> String {
    let mut size = bytes;
    for unit in ["Bytes", "KB", "MB", "GB", "TB", "PB", "EB", "ZB"] {
        if size < 1024.0 {
            return format!("{size:.2} {unit}");
        }
        size /= 1024.0;
    }
    format!("{size:.2} YB")
}

fn volumes(answers: &Answers) -> Value {
    if answers.text("lvm").is_none() || answers.text("vgs").is_none() {
        return "N/A".into();
    }
    let rows = |name: &str| -> Vec<Vec<String>> {
        let lines = answers.text(name).unwrap_or_default().lines();
        lines.map(|line| line.trim().split(',').map(str::to_owned).collect()).collect()
    };
    // The columns of each table, as the tools print them when nobody chooses.
    let table = |name: &str, fields: &[(&str, usize)]| -> Value {
        let entry = |row: &Vec<String>| {
            let values = fields.iter().map(|(field, at)| Some((*field, Value::from(row.get(*at)?.as_str()))));
            Some((row.first()?.clone(), Value::from(values.collect::<Option<Map>>()?)))
        };
        Value::map(rows(name).iter().filter_map(entry))
    };
    Value::map([
        ("lvs", table("lvs", &[("size_g", 3), ("vg", 1)])),
        ("vgs", table("vgs", &[("size_g", 5), ("free_g", 6), ("num_lvs", 2), ("num_pvs", 1)])),
        ("pvs", table("pvs", &[("size_g", 4), ("free_g", 5), ("vg", 1)])),
    ])
}
