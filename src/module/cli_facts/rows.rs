//! Rows to facts.

use crate::platform::Platform;
use crate::textfsm::Table;
use crate::value::{Map, Value};
use std::sync::Arc;

/// Returns the platform's name as `ansible_net_system` has it: `ios` for `cisco_ios`.
pub(super) fn system(platform: &Platform) -> &str {
    platform.name.rsplit('_').next().unwrap_or(&platform.name)
}

/// Makes facts of the columns; the first row counts.
pub(super) fn facts(table: &Table, facts: &mut Map) {
    let Some(row) = table.rows.first() else { return };
    for (name, cell) in table.header.iter().zip(row).filter(|(_, cell)| cell.is_truthy()) {
        if &**name != "IOS_XE" {
            facts.insert(format!("ansible_net_{}", name.to_lowercase()), cell.clone());
        }
    }
    if let Some(place) = table.header.iter().position(|name| &**name == "IOS_XE") {
        facts.insert("ansible_net_iostype", if row[place].is_truthy() { "IOS-XE" } else { "IOS" });
    }
}

/// Returns the rows as names in lower case with their cells.
fn entries(table: &Table) -> impl Iterator<Item = Vec<(String, &Value)>> {
    table.rows.iter().map(|row| table.header.iter().map(|name| name.to_lowercase()).zip(row).collect())
}

/// Makes `interfaces` and the lists of all addresses.
pub(super) fn interfaces(tables: &[Table], facts: &mut Map) {
    let mut interfaces = Map::new();
    let (mut all_ipv4, mut all_ipv6): (Vec<Value>, Vec<Value>) = Default::default();
    for row in tables.iter().flat_map(entries) {
        let mut interface = Map::new();
        let mut name = String::new();
        for (column, cell) in row {
            match column.as_str() {
                "name" => name = cell.to_text(),
                "ipv4" | "ipv6" => {
                    let addresses = addresses(cell);
                    let all = if column == "ipv4" { &mut all_ipv4 } else { &mut all_ipv6 };
                    all.extend(addresses.iter().filter_map(|one| one.get("address").cloned()));
                    interface.insert(column, addresses);
                }
                "mtu" | "bandwidth" => interface.insert(column, number(cell)),
                _ => interface.insert(column, if cell.is_truthy() { cell.clone() } else { Value::Null }),
            }
        }
        interfaces.insert(name, interface);
    }
    facts.insert("ansible_net_interfaces", interfaces);
    facts.insert("ansible_net_all_ipv4_addresses", all_ipv4);
    facts.insert("ansible_net_all_ipv6_addresses", all_ipv6);
}

fn addresses(cell: &Value) -> Vec<Value> {
    let one = |item: &Value| {
        let text = item.to_text();
        let (address, subnet) = text.split_once('/').unwrap_or((&text, ""));
        Value::map([("address", address), ("subnet", subnet)])
    };
    cell.as_list().unwrap_or_default().iter().map(one).collect()
}

fn number(cell: &Value) -> Value {
    cell.as_str().and_then(|text| text.parse::<i64>().ok()).map_or(Value::Null, Value::from)
}

/// Makes `neighbors`: for each interface of the device, who is there and on which port. Who speaks two protocols is
/// told once.
pub(super) fn neighbors(tables: &[Table], facts: &mut Map) {
    let mut neighbors: Vec<(String, Vec<Value>)> = Vec::new();
    for row in tables.iter().flat_map(entries) {
        let cell = |name: &str| row.iter().find(|(column, _)| column == name).map(|(_, cell)| (*cell).clone());
        let local = cell("local").map(|cell| cell.to_text()).unwrap_or_default();
        let there = Value::map(["host", "port"].map(|name| (name, cell(name).unwrap_or_default())));
        match neighbors.iter_mut().find(|(interface, _)| *interface == local) {
            Some((_, known)) if known.contains(&there) => {}
            Some((_, known)) => known.push(there),
            None => neighbors.push((local, vec![there])),
        }
    }
    facts.insert("ansible_net_neighbors", neighbors.into_iter().collect::<Map>());
}

/// Makes `filesystems` and their sizes in KiB.
pub(super) fn filesystems(tables: &[Table], facts: &mut Map) {
    let mut names: Vec<Value> = Vec::new();
    let mut about = Map::new();
    for row in tables.iter().flat_map(entries) {
        let mut sizes = Map::new();
        for (column, cell) in row {
            match column.as_str() {
                "name" => names.push(cell.clone()),
                // Whole KiB, as a fraction is no use to anybody.
                _ => sizes.insert(
                    format!("{column}_kb"),
                    number(cell).as_int().map_or(Value::Null, |n| Value::Int(n / 1024)),
                ),
            }
        }
        if let Some(name) = names.last() {
            about.insert(name.to_text(), Value::Map(Arc::new(sizes)));
        }
    }
    facts.insert("ansible_net_filesystems", names);
    facts.insert("ansible_net_filesystems_info", about);
}
