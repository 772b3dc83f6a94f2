//! What the firmware says of the machine.

use super::answers::Answers;
use super::{Collector, Facts};

pub(super) static COLLECTORS: &[Collector] = &[Collector {
    name: "hardware",
    files: &[
        "/sys/devices/virtual/dmi/id/bios_date",
        "/sys/devices/virtual/dmi/id/bios_vendor",
        "/sys/devices/virtual/dmi/id/bios_version",
        "/sys/devices/virtual/dmi/id/board_asset_tag",
        "/sys/devices/virtual/dmi/id/board_name",
        "/sys/devices/virtual/dmi/id/board_serial",
        "/sys/devices/virtual/dmi/id/board_vendor",
        "/sys/devices/virtual/dmi/id/board_version",
        "/sys/devices/virtual/dmi/id/chassis_asset_tag",
        "/sys/devices/virtual/dmi/id/chassis_serial",
        "/sys/devices/virtual/dmi/id/chassis_type",
        "/sys/devices/virtual/dmi/id/chassis_vendor",
        "/sys/devices/virtual/dmi/id/chassis_version",
        "/sys/devices/virtual/dmi/id/product_name",
        "/sys/devices/virtual/dmi/id/product_serial",
        "/sys/devices/virtual/dmi/id/product_uuid",
        "/sys/devices/virtual/dmi/id/product_version",
        "/sys/devices/virtual/dmi/id/sys_vendor",
    ],
    read,
    ..Collector::NONE
}];

/// Facts and the files that say them.
const FACTS: [(&str, &str); 18] = [
    ("bios_date", "bios_date"),
    ("bios_vendor", "bios_vendor"),
    ("bios_version", "bios_version"),
    ("board_asset_tag", "board_asset_tag"),
    ("board_name", "board_name"),
    ("board_serial", "board_serial"),
    ("board_vendor", "board_vendor"),
    ("board_version", "board_version"),
    ("chassis_asset_tag", "chassis_asset_tag"),
    ("chassis_serial", "chassis_serial"),
    ("chassis_vendor", "chassis_vendor"),
    ("chassis_version", "chassis_version"),
    ("form_factor", "chassis_type"),
    ("product_name", "product_name"),
    ("product_serial", "product_serial"),
    ("product_uuid", "product_uuid"),
    ("product_version", "product_version"),
    ("system_vendor", "sys_vendor"),
];

/// Shapes of a machine by their number in SMBIOS (DSP0134, 7.4.1), in Ansible's words.
const SHAPES: [&str; 37] = [
    "Unknown",
    "Other",
    "Unknown",
    "Desktop",
    "Low Profile Desktop",
    "Pizza Box",
    "Mini Tower",
    "Tower",
    "Portable",
    "Laptop",
    "Notebook",
    "Hand Held",
    "Docking Station",
    "All In One",
    "Sub Notebook",
    "Space-saving",
    "Lunch Box",
    "Main Server Chassis",
    "Expansion Chassis",
    "Sub Chassis",
    "Bus Expansion Chassis",
    "Peripheral Chassis",
    "RAID Chassis",
    "Rack Mount Chassis",
    "Sealed-case PC",
    "Multi-system",
    "CompactPCI",
    "AdvancedTCA",
    "Blade",
    "Blade Enclosure",
    "Tablet",
    "Convertible",
    "Detachable",
    "IoT Gateway",
    "Embedded PC",
    "Mini PC",
    "Stick PC",
];

fn read(answers: &Answers, facts: &mut Facts) {
    for (fact, file) in FACTS {
        let text = answers.file(&format!("/sys/devices/virtual/dmi/id/{file}"));
        match (fact, text) {
            (_, None) => facts.set(fact, "NA"),
            ("form_factor", Some(number)) => {
                let shape = number.parse::<usize>().ok().and_then(|number| SHAPES.get(number));
                facts.set(fact, shape.map_or_else(|| format!("unknown ({number})"), |shape| (*shape).to_owned()));
            }
            (_, Some(text)) => facts.set(fact, text),
        }
    }
}
