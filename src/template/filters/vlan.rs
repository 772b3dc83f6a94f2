//! Filters on lists of VLANs as devices write them.

use super::Filter;
use super::args::{Args, add_filter};
use super::{data, to_engine};
use crate::value::Value as Data;
use minijinja::{Error, Value};

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "ansible.netcommon.vlan_parser",
        aliases: &["vlan_parser"],
        doc: "Writes VLANs as IOS lists them (`1,5-9`), in lines of at most `first_line_len` and `other_line_len` letters.",
        add: |env, name| add_filter(env, name, &["first_line_len", "other_line_len"], |_, args| vlan_parser(args)),
    },
    Filter {
        name: "ansible.netcommon.vlan_expander",
        aliases: &[],
        doc: "Returns the VLANs that a list such as `1,5-9` has.",
        add: |env, name| add_filter(env, name, &[], |_, args| vlan_expander(args)),
    },
];

/// The most VLANs of a list: a hundred times as many as a device has.
const MAX_VLANS: usize = 409_600;

fn vlan_parser(args: &Args) -> Result<Value, Error> {
    let Data::List(items) = data(args.input())? else { return Err(args.wrong("a list of VLANs", args.input())) };
    let mut vlans = Vec::new();
    for item in items.iter() {
        match item {
            Data::Int(n) if (1..=4094).contains(n) => vlans.push(*n),
            Data::Int(n) => return Err(args.error(format!("{n} is no VLAN: they go from 1 to 4094"))),
            other => return Err(args.error(format!("wants numbers, not a {}", other.kind()))),
        }
    }
    if vlans.is_empty() {
        return Err(args.error("the list is empty"));
    }
    vlans.sort_unstable();
    vlans.dedup();
    let (first, other) = (args.count("first_line_len", 48, 1 << 20)?, args.count("other_line_len", 44, 1 << 20)?);
    let mut lines = vec![String::new()];
    for part in runs(&vlans) {
        let most = if lines.len() == 1 { first } else { other };
        if lines.last().map_or(0, String::len) + part.len() > most {
            lines.push(String::new());
        }
        if let Some(line) = lines.last_mut() {
            line.push_str(&part);
            line.push(',');
        }
    }
    let mut lines: Vec<&str> = lines.iter().map(|line| line.trim_end_matches(',')).collect();
    if let Some(at) = lines.iter().position(|line| line.is_empty()) {
        lines.remove(at);
    }
    Ok(to_engine(&lines.into()))
}

/// Returns runs of three and more with a dash, everything else number by number.
fn runs(vlans: &[i128]) -> Vec<String> {
    let mut parts = Vec::new();
    let mut at = 0;
    while at < vlans.len() {
        let long = vlans[at..].iter().zip(vlans[at]..).take_while(|(vlan, expected)| *vlan == expected).count();
        let last = at + long - 1;
        match long {
            1 => parts.push(vlans[at].to_string()),
            2 => parts.extend([vlans[at].to_string(), vlans[last].to_string()]),
            _ => parts.push(format!("{}-{}", vlans[at], vlans[last])),
        }
        at = last + 1;
    }
    parts
}

fn vlan_expander(args: &Args) -> Result<Value, Error> {
    let input = args.input();
    // A single number is a list of one; Python's own would be read as text.
    let text = if input.is_integer() && input.as_i64().is_some() { input.to_string() } else { args.input_text()? };
    let mut vlans: Vec<Data> = Vec::new();
    let mut numbers: Vec<i64> = Vec::new();
    for part in text.split(',') {
        let number = |text: &str| {
            text.trim().parse::<i64>().map_err(|_| args.error(format!("cannot read `{part}`; write `1,5-9`")))
        };
        let (from, to) = match part.split_once('-') {
            Some((from, to)) => (number(from)?, number(to)?),
            None => (number(part)?, number(part)?),
        };
        let count = to.saturating_sub(from).saturating_add(1).max(0) as u64;
        if numbers.len() as u64 + count > MAX_VLANS as u64 {
            return Err(args.error(format!("`{part}` is too long a range")));
        }
        numbers.extend(from..=to);
    }
    numbers.sort_unstable();
    vlans.extend(numbers.into_iter().map(Data::from));
    Ok(to_engine(&vlans.into()))
}
