//! Rows to facts.

use crate::platform::Platform;
use crate::textfsm::Table;
use crate::value::{Map, Value};
use std::sync::Arc;

/// Returns the platform's name as `ansible_net_system` has it: `ios` for `cisco_ios`.
pub(super) fn system(platform: &Platform) -> &str {
    platform.name.rsplit('_').next().unwrap_or(&platform.name)
}

/// Makes facts of the columns; the first row counts. Sizes in bytes and KiB become MiB.
pub(super) fn facts(table: &Table, facts: &mut Map) {
    let Some(row) = table.rows.first() else { return };
    let cell = |wanted: &str| table.header.iter().position(|name| &**name == wanted).map(|place| &row[place]);
    for (name, cell) in table.header.iter().zip(row).filter(|(_, cell)| cell.is_truthy()) {
        let name = name.to_lowercase();
        match name.rsplit_once('_') {
            Some((what, "bytes")) => facts.insert(format!("ansible_net_{what}_mb"), parts_of(cell, 1_048_576.0)),
            Some((what, "kb")) => facts.insert(format!("ansible_net_{what}_mb"), parts_of(cell, 1024.0)),
            _ if name != "ios_xe" => facts.insert(format!("ansible_net_{name}"), cell.clone()),
            _ => {}
        }
    }
    if let Some(is_xe) = cell("IOS_XE").map(Value::is_truthy) {
        facts.insert("ansible_net_iostype", if is_xe { "IOS-XE" } else { "IOS" });
        let says_autonomous =
            cell("OPERATINGMODE").is_some_and(|mode| mode.to_text().to_lowercase().contains("autonomous"));
        let mode = if says_autonomous || !is_xe { "autonomous" } else { "controller" };
        facts.insert("ansible_net_operatingmode", mode);
    }
    if cell("STACKED_MODELS").is_some_and(Value::is_truthy) {
        facts.insert("ansible_net_virtual_switch", "STACK");
    }
}

/// Returns a size in a larger unit.
fn parts_of(cell: &Value, unit: f64) -> Value {
    cell.to_text().parse::<f64>().map_or(Value::Null, |size| Value::Float(size / unit))
}

/// Makes a list of each column.
pub(super) fn lists(table: &Table, facts: &mut Map) {
    for (place, name) in table.header.iter().enumerate() {
        let mut all: Vec<Value> = Vec::new();
        for cell in table.rows.iter().map(|row| &row[place]) {
            if !all.contains(cell) {
                all.push(cell.clone());
            }
        }
        facts.insert(format!("ansible_net_{}", name.to_lowercase()), all);
    }
}

/// Adds the IPv6 addresses to the interfaces.
pub(super) fn addresses6(tables: &[Table], facts: &mut Map) {
    let mut interfaces = facts.get("ansible_net_interfaces").and_then(Value::as_map).cloned().unwrap_or_default();
    let mut all = facts.get("ansible_net_all_ipv6_addresses").and_then(Value::as_list).unwrap_or_default().to_vec();
    for row in tables.iter().flat_map(entries) {
        let cell = |name: &str| row.iter().find(|(column, _)| column == name).map(|(_, cell)| (*cell).clone());
        let list = |name: &str| cell(name).and_then(|cell| cell.as_list().map(<[Value]>::to_vec)).unwrap_or_default();
        let pairs = list("ipv6").into_iter().zip(list("subnet"));
        let addresses: Vec<Value> =
            pairs.map(|(address, subnet)| Value::map([("address", address), ("subnet", subnet)])).collect();
        let addresses = match cell("subnet").filter(|cell| cell.as_list().is_none()) {
            None => addresses,
            // NX-OS tells one network, whatever there is of addresses.
            Some(subnet) => {
                let pair = |address| Value::map([("address", address), ("subnet", subnet.clone())]);
                list("ipv6").into_iter().map(pair).collect()
            }
        };
        if addresses.is_empty() {
            continue;
        }
        all.extend(addresses.iter().filter_map(|one| one.get("address").cloned()));
        let name = cell("name").map(|name| name.to_text()).unwrap_or_default();
        let mut interface = interfaces.get(&name).and_then(Value::as_map).cloned().unwrap_or_default();
        interface.insert("ipv6", addresses);
        interfaces.insert(name, interface);
    }
    facts.insert("ansible_net_interfaces", interfaces);
    facts.insert("ansible_net_all_ipv6_addresses", all);
}

/// Makes `cpu_utilization`: for each core, or for all as `core`, how many percent were used.
pub(super) fn cpu(tables: &[Table], facts: &mut Map) {
    let mut cores = Map::new();
    if let [only] = tables.iter().flat_map(entries).collect::<Vec<_>>().as_slice()
        && only.iter().any(|(column, cell)| column == "fifteen_minutes" && cell.is_truthy())
    {
        // IOS XR tells one line, for all.
        let told = only.iter().filter(|(_, cell)| cell.is_truthy());
        let used: Map = told.map(|(column, cell)| (column.as_str(), number(cell))).collect();
        facts.insert("ansible_net_cpu_utilization", used);
        return;
    }
    for row in tables.iter().flat_map(entries) {
        let mut used = Map::new();
        let mut name = "core".to_owned();
        for (column, cell) in row.iter().filter(|(_, cell)| cell.is_truthy()) {
            match column.as_str() {
                "core" => name = format!("core_{}", cell.to_text()),
                _ => used.insert(column.as_str(), number(cell)),
            }
        }
        cores.insert(name, used);
    }
    facts.insert("ansible_net_cpu_utilization", cores);
}

/// Makes `commits`: the configuration's versions, the last first.
pub(super) fn commits(tables: &[Table], facts: &mut Map) {
    let entry = |row: Vec<(String, &Value)>| -> Value {
        let cells =
            row.into_iter().map(|(name, cell)| (name, if cell.is_truthy() { cell.clone() } else { Value::Null }));
        Value::from(cells.collect::<Map>())
    };
    facts.insert("ansible_net_commits", tables.iter().flat_map(entries).map(entry).collect::<Vec<_>>());
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
                // NX-OS and IOS XR tell one address.
                "ipv4_one" => {
                    if let Some((address, length)) = cell.as_str().and_then(|text| text.split_once('/')) {
                        all_ipv4.push(address.into());
                        let pair = [("address", Value::from(address)), ("masklen", number(&length.into()))];
                        interface.insert("ipv4", Value::map(pair));
                    }
                }
                "mtu" | "bandwidth" => interface.insert(column, number(cell)),
                "operstatus" | "lineprotocol" => interface.insert(column, state(cell)),
                _ => interface.insert(column, if cell.is_truthy() { cell.clone() } else { Value::Null }),
            }
        }
        interfaces.insert(name, interface);
    }
    facts.insert("ansible_net_interfaces", interfaces);
    facts.insert("ansible_net_all_ipv4_addresses", all_ipv4);
    facts.insert("ansible_net_all_ipv6_addresses", all_ipv6);
}

/// Tells the states of Junos' interfaces by the names and in the words of its XML as well, as the collection does.
pub(super) fn states_as_in_xml(facts: &mut Map) {
    let interfaces = facts.get("ansible_net_interfaces").and_then(Value::as_map).cloned().unwrap_or_default();
    let told = interfaces.iter().map(|(name, interface)| {
        let mut told = interface.as_map().cloned().unwrap_or_default();
        let said = |name: &str| interface.get(name).map(Value::to_text).unwrap_or_default();
        let admin = if said("adminstatus") == "Enabled" { "up" } else { "down" };
        told.insert("admin-status", admin);
        told.insert("oper-status", said("operstatus").to_lowercase());
        (name.clone(), Value::from(told))
    });
    let told: Map = told.collect();
    facts.insert("ansible_net_interfaces", told);
}

fn addresses(cell: &Value) -> Vec<Value> {
    let one = |item: &Value| {
        let text = item.to_text();
        // The ASA shows a mask behind words, others a length.
        let parts = text.split_once('/').or_else(|| text.split_once(", subnet mask "));
        let (address, subnet) = parts.unwrap_or((&text, ""));
        Value::map([("address", address), ("subnet", subnet)])
    };
    cell.as_list().unwrap_or_default().iter().map(one).collect()
}

/// Returns a state; VyOS shows letters.
fn state(cell: &Value) -> Value {
    match cell.as_str() {
        Some("u") => "up".into(),
        Some("D") => "down".into(),
        Some("A") => "administratively down".into(),
        _ if cell.is_truthy() => cell.clone(),
        _ => Value::Null,
    }
}

fn number(cell: &Value) -> Value {
    cell.as_str().and_then(|text| text.parse::<i64>().ok()).map_or(Value::Null, Value::from)
}

/// Makes a list of the rows, without what a row does not tell.
pub(super) fn entries_of(name: &str, tables: &[Table], facts: &mut Map) {
    let entry = |row: Vec<(String, &Value)>| Value::from(told(&row));
    let all: Vec<Value> = tables.iter().flat_map(entries).map(entry).collect();
    facts.insert(format!("ansible_net_{name}"), all);
}

fn told(row: &[(String, &Value)]) -> Map {
    row.iter().filter(|(_, cell)| cell.is_truthy()).map(|(column, cell)| (column.as_str(), (*cell).clone())).collect()
}

/// Makes `routing_engines` by their slots, and `has_2RE`.
pub(super) fn engines(tables: &[Table], facts: &mut Map) {
    let engine = |row: Vec<(String, &Value)>| {
        let told = told(&row);
        (told.get("slot").map(Value::to_text).unwrap_or_default(), Value::from(told))
    };
    let engines: Map = tables.iter().flat_map(entries).map(engine).collect();
    facts.insert("ansible_net_has_2RE", engines.len() > 1);
    facts.insert("ansible_net_routing_engines", engines);
}

/// Makes `neighbors`: for each interface of the device, who is there and on which port. Who speaks two protocols is
/// told once.
pub(super) fn neighbors(tables: &[Table], facts: &mut Map) {
    let mut neighbors: Vec<(String, Vec<Value>)> = Vec::new();
    for row in tables.iter().flat_map(entries) {
        let cell = |name: &str| row.iter().find(|(column, _)| column == name).map(|(_, cell)| (*cell).clone());
        let local = cell("local").map(|cell| cell.to_text()).unwrap_or_default();
        let about = row.iter().filter(|(column, _)| column != "local");
        let value = |cell: &Value| if cell.is_truthy() { cell.clone() } else { Value::Null };
        let there = Value::from(about.map(|(column, cell)| (column.as_str(), value(cell))).collect::<Map>());
        let is_same = |known: &Value| ["host", "port"].iter().all(|name| known.get(name) == there.get(name));
        match neighbors.iter_mut().find(|(interface, _)| *interface == local) {
            // What CDP tells is more.
            Some((_, known)) if known.iter().any(is_same) => {
                known.retain(|known| !is_same(known));
                known.push(there);
            }
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
        if let (Some(name), false) = (names.last(), sizes.is_empty()) {
            about.insert(name.to_text(), Value::Map(Arc::new(sizes)));
        }
    }
    facts.insert("ansible_net_filesystems", names);
    if !about.is_empty() {
        facts.insert("ansible_net_filesystems_info", about);
    }
}
