//! `netplay inventory`: hosts, groups and variables as `ansible-inventory` shows them, and where each value comes from.

use super::setup::{InventoryOptions, Setup};
use super::{Exit, say, say_error};
use crate::inventory::{Listing, VariableReport, graph_text, host_report, python_json};
use crate::source::{did_you_mean, plain_io_error};
use clap::Args;
use serde_json::json;
use std::fmt::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

/// Options of `netplay inventory`.
#[derive(Args)]
pub(super) struct InventoryArgs {
    #[command(flatten)]
    hosts: InventoryOptions,

    /// All hosts, groups and variables; what is shown when nothing else is asked for
    #[arg(long, group = "what")]
    list: bool,

    /// Groups and hosts as a tree
    #[arg(long, group = "what", value_name = "GROUP", num_args = 0..=1, default_missing_value = "all")]
    graph: Option<String>,

    /// The variables of one host
    #[arg(long, group = "what", value_name = "HOST")]
    host: Option<String>,

    /// With --host: each variable with the place of its value, and what it covers
    #[arg(long, requires = "host")]
    places: bool,

    /// With --places: as JSON
    #[arg(long, requires = "places")]
    json: bool,

    /// With --graph: variables too
    #[arg(long, requires = "graph")]
    vars: bool,

    /// YAML instead of JSON
    #[arg(short, long)]
    yaml: bool,

    /// TOML instead of JSON, of the whole list
    #[arg(long, conflicts_with_all = ["yaml", "host", "graph"])]
    toml: bool,

    /// Each group and host with its own variables only: what is written can be used as an inventory
    #[arg(long)]
    export: bool,

    /// Write it to a file
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    /// The playbook whose group_vars and host_vars count as well
    #[arg(long, value_name = "FILE")]
    playbook: Option<PathBuf>,

    /// The folder whose group_vars and host_vars count as well
    #[arg(long, value_name = "FOLDER", conflicts_with = "playbook")]
    playbook_dir: Option<PathBuf>,
}

pub(super) fn main(args: InventoryArgs, colour: Option<bool>) -> Exit {
    let beside = args.playbook.clone().or_else(|| args.playbook_dir.as_ref().map(|folder| folder.join("site.yml")));
    let mut setup = Setup::new(&args.hosts, beside.as_deref(), colour);
    if let Err(exit) = setup.show_found() {
        return exit;
    }
    setup.learn_passwords();
    let text = match shown(&args, &setup) {
        Ok(text) => text,
        Err(message) => {
            say_error(&format!("netplay: {message}\n"));
            return Exit::Input;
        }
    };
    let text = setup.sources.keyring().redactor().clean_text(text);
    match &args.output {
        None => say(text.as_str()),
        Some(path) => {
            if let Err(error) = std::fs::write(path, text.as_str()) {
                say_error(&format!("netplay: cannot write `{}`: {}\n", path.display(), plain_io_error(&error)));
                return Exit::Input;
            }
        }
    }
    Exit::Ok
}

/// Returns what was asked for, or what is to be said of it.
fn shown(args: &InventoryArgs, setup: &Setup) -> Result<String, String> {
    let inventory = &setup.inventory;
    if let Some(group) = &args.graph {
        let text = graph_text(inventory, group, args.vars);
        return text.map(|text| text + "\n").ok_or_else(|| unknown("group", group, inventory.groups.keys()));
    }
    let mut listing = Listing::of(inventory);
    listing.export = args.export;
    listing.extra = Some(Arc::clone(&setup.loader.extra_vars));
    if let Some(pattern) = &args.host {
        let chosen = inventory.select(pattern).map_err(|error| error.to_string())?;
        let host = match &chosen[..] {
            [host] => host,
            [] => return Err(unknown("host", pattern, inventory.hosts.keys())),
            many => return Err(format!("`{pattern}` means {} hosts, and one is to be shown", many.len())),
        };
        if args.places {
            let rows = host_report(inventory, host, &setup.sources).unwrap_or_default();
            return Ok(if args.json { places_json(&rows) } else { places(&rows) });
        }
        let vars = listing.host(host).unwrap_or_else(|| json!({}));
        return if args.yaml { yaml(&vars.into()) } else { Ok(python_json(&vars) + "\n") };
    }
    if let Some(limit) = &args.hosts.limit {
        let all: Vec<Arc<str>> = inventory.hosts.keys().cloned().collect();
        let kept = inventory.limit(&all, limit).map_err(|error| format!("--limit {limit}: {error}"))?;
        listing.only = Some(kept.hosts.into_iter().collect());
    }
    if args.toml {
        return listing.toml();
    }
    if args.yaml { yaml(&listing.nested()) } else { Ok(python_json(&listing.json()) + "\n") }
}

fn yaml(data: &crate::value::Value) -> Result<String, String> {
    crate::inventory::yaml_text(data).map_err(|failure| failure.message.expose().to_owned())
}

fn places_json(rows: &[VariableReport]) -> String {
    let row = |row: &VariableReport| {
        json!({
            "name": row.name,
            "value": row.value,
            "origin": row.origin.to_string(),
            "place": row.place,
            "shadowed": row.shadowed.iter().map(|other| json!({"origin": other.origin.to_string(), "place": other.place})).collect::<Vec<_>>(),
        })
    };
    format!("{:#}\n", json!(rows.iter().map(row).collect::<Vec<_>>()))
}

fn places(rows: &[VariableReport]) -> String {
    let mut text = String::new();
    let at = |place: &Option<String>| place.as_ref().map(|place| format!(", {place}")).unwrap_or_default();
    for row in rows {
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{}: {}", row.name, row.value.to_text());
        let _ = writeln!(text, "    from {}{}", row.origin, at(&row.place));
        for other in &row.shadowed {
            let _ = writeln!(text, "    over {}{}", other.origin, at(&other.place));
        }
    }
    text
}

fn unknown<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a Arc<str>>) -> String {
    let help = did_you_mean(name, known.map(|name| &**name)).map(|help| format!("; {help}")).unwrap_or_default();
    format!("no {what} `{name}` in the inventory{help}")
}
