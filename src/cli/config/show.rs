//! `netplay config`: every setting, its value, and where it was said.

use super::table::{Setting, TABLE};
use super::{Config, Whence};
use crate::cli::{Exit, say, say_error};
use crate::source::{Diagnostics, SourceMap, Style, did_you_mean, render};
use clap::Args;
use serde_json::json;

/// Options of `netplay config`.
#[derive(Args)]
pub(in crate::cli) struct ConfigArgs {
    /// Only these settings
    #[arg(value_name = "NAME")]
    names: Vec<String>,

    /// Only settings that somebody has set
    #[arg(long)]
    changed: bool,

    /// What each means, and how it is called where
    #[arg(long, conflicts_with = "json")]
    doc: bool,

    /// As JSON
    #[arg(long)]
    json: bool,

    /// Keys of `ansible.cfg` that are known and have no effect here
    #[arg(long, conflicts_with_all = ["names", "changed", "doc", "json"])]
    unused: bool,
}

pub(in crate::cli) fn main(args: &ConfigArgs, colour: Option<bool>) -> Exit {
    if args.unused {
        for (section, keys) in super::unused::unused() {
            say(&format!("[{section}]\n{}\n", keys.split_whitespace().collect::<Vec<_>>().join("\n")));
        }
        return Exit::Ok;
    }
    let sources = SourceMap::new();
    let mut found = Diagnostics::new();
    let config = Config::load(&sources, &mut found);
    let style = if colour.unwrap_or_else(console::colors_enabled_stderr) { Style::Coloured } else { Style::Plain };
    for diagnostic in found.iter() {
        say_error(&format!("{}\n\n", render(diagnostic, &sources, style)));
    }
    for name in &args.names {
        if !TABLE.iter().any(|setting| setting.name == name) {
            let help = did_you_mean(name, TABLE.iter().map(|setting| setting.name));
            let help = help.map(|help| format!("; {help}")).unwrap_or_default();
            say_error(&format!("netplay: there is no setting `{name}`{help}\n"));
            return Exit::Usage;
        }
    }
    let wanted = |setting: &&&Setting| {
        (args.names.is_empty() || args.names.iter().any(|name| name == setting.name))
            && (!args.changed || config.said(setting).is_some())
    };
    let shown: Vec<&&Setting> = TABLE.iter().filter(wanted).collect();
    if args.json {
        let rows = shown.iter().map(|setting| {
            json!({"name": setting.name, "value": value(&config, setting), "from": whence(&config, setting, &sources)})
        });
        say(&format!("{:#}\n", json!(rows.collect::<Vec<_>>())));
    } else {
        for setting in shown {
            say(&format!(
                "{} = {}    ({})\n",
                setting.name,
                value(&config, setting),
                whence(&config, setting, &sources)
            ));
            if args.doc {
                say(&about(setting));
            }
        }
    }
    if found.has_errors() { Exit::Input } else { Exit::Ok }
}

fn value(config: &Config, setting: &Setting) -> String {
    match config.said(setting) {
        // A salt would make two texts comparable.
        Some(_) if setting.name == "vault_encrypt_salt" => crate::redact::MASK.into(),
        Some(said) => said.items.join(","),
        None => setting.default.into(),
    }
}

fn whence(config: &Config, setting: &Setting, sources: &SourceMap) -> String {
    match config.said(setting).map(|said| &said.whence) {
        None => "default".into(),
        Some(Whence::Environment(name)) => (*name).into(),
        Some(Whence::File(span)) => sources.place(*span),
    }
}

fn about(setting: &Setting) -> String {
    let ini: Vec<String> = setting.ini.iter().map(|(section, key)| format!("[{section}] {key}")).collect();
    let mut names = ini;
    names.extend(setting.env.iter().map(|name| (*name).to_owned()));
    let names = if names.is_empty() { String::new() } else { format!("    also: {}\n", names.join(", ")) };
    format!("    {}\n    {}\n{names}", setting.doc, setting.kind.word())
}
