//! `netplay inventory`: hosts, groups and variables, and where each value comes from.

use super::setup::{InventoryOptions, Setup};
use super::{Exit, say, say_error};
use crate::inventory::{graph_text, host_report, list_json};
use crate::source::did_you_mean;
use clap::Args;
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Options of `netplay inventory`.
#[derive(Args)]
pub(super) struct InventoryArgs {
    #[command(flatten)]
    hosts: InventoryOptions,

    /// All hosts, groups and variables as JSON
    #[arg(long, group = "what")]
    list: bool,

    /// Groups and hosts as a tree
    #[arg(long, group = "what", value_name = "GROUP", num_args = 0..=1, default_missing_value = "all")]
    graph: Option<String>,

    /// The variables of one host, each with the place of its value
    #[arg(long, group = "what", value_name = "HOST")]
    host: Option<String>,

    /// With --graph: variables too
    #[arg(long)]
    vars: bool,

    /// With --host: as JSON
    #[arg(long)]
    json: bool,

    /// The playbook whose group_vars and host_vars count as well
    #[arg(long, value_name = "FILE")]
    playbook: Option<PathBuf>,
}

pub(super) fn main(args: InventoryArgs, colour: Option<bool>) -> Exit {
    let mut setup = Setup::new(&args.hosts, args.playbook.as_deref(), colour);
    if let Err(exit) = setup.show_found() {
        return exit;
    }
    setup.learn_passwords();
    let redactor = setup.sources.keyring().redactor();
    let say = |text: &str| say(redactor.clean_text(text).as_str());
    if let Some(group) = &args.graph {
        return match graph_text(&setup.inventory, group, args.vars) {
            Some(text) => {
                say(&text);
                Exit::Ok
            }
            None => unknown("group", group, setup.inventory.groups.keys().map(|name| &**name)),
        };
    }
    if let Some(host) = &args.host {
        let Some(rows) = host_report(&setup.inventory, host, &setup.sources) else {
            return unknown("host", host, setup.inventory.hosts.keys().map(|name| &**name));
        };
        if args.json {
            let rows: Vec<_> = rows
                .iter()
                .map(|row| {
                    json!({
                        "name": row.name,
                        "value": row.value,
                        "origin": row.origin.to_string(),
                        "place": row.place,
                        "shadowed": row.shadowed.iter().map(|other| json!({"origin": other.origin.to_string(), "place": other.place})).collect::<Vec<_>>(),
                    })
                })
                .collect();
            say(&format!("{:#}\n", json!(rows)));
            return Exit::Ok;
        }
        let mut text = String::new();
        for row in rows {
            // Writing to a `String` cannot fail.
            let _ = writeln!(text, "{}: {}", row.name, row.value.to_text());
            let _ = writeln!(
                text,
                "    from {}{}",
                row.origin,
                row.place.map(|place| format!(", {place}")).unwrap_or_default()
            );
            for other in row.shadowed {
                let _ = writeln!(
                    text,
                    "    over {}{}",
                    other.origin,
                    other.place.map(|place| format!(", {place}")).unwrap_or_default()
                );
            }
        }
        say(&text);
        return Exit::Ok;
    }
    say(&format!("{:#}\n", list_json(&setup.inventory)));
    Exit::Ok
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a str>) -> Exit {
    let help = did_you_mean(name, known).map(|help| format!("; {help}")).unwrap_or_default();
    say_error(&format!("netplay: no {what} `{name}` in the inventory{help}\n"));
    Exit::Input
}
