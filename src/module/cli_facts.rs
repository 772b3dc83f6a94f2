//! `cli_facts` and the facts modules of network collections: what a device says of itself, as `ansible_net_*`.
//!
//! Facts are rows of TextFSM templates: a column is a fact; `source.rs` says which command and template they come from.
//! All commands only read; those that a device refuses (no LLDP) give no facts.

mod resources;
mod rows;
mod source;

use super::{Action, Alias, Arg, ArgKind, Change, Cli, CliLine, CliResponse, Context, Module, Needs, Output, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::platform::Platform;
use crate::source::SourceId;
use crate::textfsm::{Table, Template};
use crate::value::{Map, Value};
use source::{Kind, SOURCES, SUBSETS, Source};
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex};

/// `cli_facts`
pub static MODULE: Module = Module {
    name: "cli_facts",
    collections: &["ansible.netcommon"],
    aliases: &[
        Alias { name: "cisco.ios.ios_facts", platform: Some("cisco_ios") },
        Alias { name: "ios_facts", platform: Some("cisco_ios") },
        Alias { name: "arista.eos.eos_facts", platform: Some("arista_eos") },
        Alias { name: "eos_facts", platform: Some("arista_eos") },
        Alias { name: "junipernetworks.junos.junos_facts", platform: Some("juniper_junos") },
        Alias { name: "junos_facts", platform: Some("juniper_junos") },
        Alias { name: "cisco.nxos.nxos_facts", platform: Some("cisco_nxos") },
        Alias { name: "nxos_facts", platform: Some("cisco_nxos") },
        Alias { name: "cisco.iosxr.iosxr_facts", platform: Some("cisco_iosxr") },
        Alias { name: "iosxr_facts", platform: Some("cisco_iosxr") },
        Alias { name: "cisco.asa.asa_facts", platform: Some("cisco_asa") },
        Alias { name: "asa_facts", platform: Some("cisco_asa") },
        Alias { name: "vyos.vyos.vyos_facts", platform: Some("vyos") },
        Alias { name: "vyos_facts", platform: Some("vyos") },
        Alias { name: "community.routeros.facts", platform: Some("mikrotik_routeros") },
        Alias { name: "routeros_facts", platform: Some("mikrotik_routeros") },
        Alias { name: "dellemc.os10.os10_facts", platform: Some("dell_os10") },
        Alias { name: "os10_facts", platform: Some("dell_os10") },
        Alias { name: "arubanetworks.aoscx.aoscx_facts", platform: Some("aruba_aoscx") },
        Alias { name: "aoscx_facts", platform: Some("aruba_aoscx") },
        Alias { name: "community.network.ce_facts", platform: Some("huawei_vrpv8") },
        Alias { name: "ce_facts", platform: Some("huawei_vrpv8") },
        Alias { name: "community.network.exos_facts", platform: Some("extreme_exos") },
        Alias { name: "exos_facts", platform: Some("extreme_exos") },
        Alias { name: "community.network.edgeos_facts", platform: Some("vyos") },
        Alias { name: "edgeos_facts", platform: Some("vyos") },
    ],
    summary: "Gathers what a network device says of itself, as `ansible_net_*`.",
    args: &[
        Arg::new("gather_subset", ArgKind::List, "Which: all, min, hardware, config, interfaces, and features, legacy, neighbors where a platform has them; `!` \
             leaves one out.")
            .default("[min]"),
        Arg::new(
            "gather_network_resources",
            ArgKind::List,
            "Resources to gather, as their modules read them: all, names, `!` leaves one out.",
        )
        .default("[]"),
        Arg::new("available_network_resources", ArgKind::Bool, "Return the names of the resources there are.")
            .default("false"),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Cli,
    changes_run: false,
    once: false,
    effect: |_| Effect::Read,
    plan: |context| Box::pin(async move { plan(&context).await }),
};

async fn plan(context: &Context<'_>) -> Result<Change, Failure> {
    let Some(platform) = context.platform else {
        return Err(Failure::new(FailureKind::Argument, "the platform of the host is not known")
            .help("set `ansible_network_os`"));
    };
    let mut change = gather(context, platform, &context.args.texts("gather_subset")).await?;
    let written = context.args.texts("gather_network_resources");
    let gathered = resources::gather(context, platform, &written).await?;
    let names: Vec<String> = gathered.iter().map(|(name, _)| name.to_string()).collect();
    change.facts.insert("ansible_net_gather_network_resources", names);
    change.facts.insert("ansible_network_resources", gathered);
    change.result.insert("ansible_facts", change.facts.clone());
    if context.args.flag("available_network_resources") {
        change.result.insert("available_network_resources", resources::names(platform));
    }
    Ok(change)
}

/// Claims that facts of a platform are known.
pub(super) fn knows(platform: &Platform) -> bool {
    SOURCES.iter().any(|source| source.platform == platform.name)
}

/// Asks the device for these parts, and makes facts of what it says.
pub(super) async fn gather(context: &Context<'_>, platform: &Platform, written: &[String]) -> Result<Change, Failure> {
    let sources: Vec<&Source> = SOURCES.iter().filter(|source| source.platform == platform.name).collect();
    if sources.is_empty() {
        let message = format!("no facts of `{}` are known", platform.name);
        return Err(Failure::new(FailureKind::Argument, message).help("run its own command with `cli_parse`"));
    }
    let subsets = subsets(written)?;
    let wanted: Vec<&Source> = sources.into_iter().filter(|source| subsets.contains(&source.subset)).collect();
    let config = platform.show_running.as_deref().filter(|_| subsets.contains(&"config"));
    let commands = wanted.iter().map(|source| source.command).chain(config);
    let answers = ask(context, commands).await?;
    let mut facts = gathered(platform, &wanted, &answers)?;
    if config.is_some()
        && let Some(answer) = answers.get(wanted.len()).filter(|answer| answer.error.is_none())
    {
        facts.insert("ansible_net_config", answer.output.as_str());
    }
    let has = |subset: &&str| {
        ["min", "config"].contains(subset)
            || SOURCES.iter().any(|source| source.platform == platform.name && source.subset == *subset)
    };
    let shown: Vec<&str> = SUBSETS.iter().copied().filter(|subset| subsets.contains(subset)).filter(has).collect();
    facts.insert("ansible_net_gather_subset", Value::list(shown));
    facts.insert("ansible_net_gather_network_resources", Value::list(Vec::<Value>::new()));
    let mut change = Change::nothing(Map::new()).field("ansible_facts", facts.clone());
    change.facts = facts;
    change.keep = super::KeepFacts::AsFacts;
    Ok(change)
}

/// Runs the commands; each in a work of its own, since one that is refused must not stop the others.
async fn ask(context: &Context<'_>, commands: impl Iterator<Item = &str>) -> Result<Vec<CliResponse>, Failure> {
    let lines: Vec<CliLine> = commands.map(CliLine::new).collect();
    if lines.is_empty() {
        return Ok(Vec::new());
    }
    let cli = Cli { lines, stop_on_error: false, ..Cli::default() };
    match context.probe.read(Action::on_host(Effect::Read, Work::Cli(cli))).await? {
        Output::Cli(responses) => Ok(responses),
        _ => Err(Failure::new(FailureKind::Internal, "a network CLI was asked and something else answered")),
    }
}

/// Returns the parts that are asked for. The least is always there, as in the collections.
fn subsets(written: &[String]) -> Result<Vec<&'static str>, Failure> {
    let mut wanted = vec!["min"];
    let mut not = Vec::new();
    let mut only_not = true;
    for word in written {
        let (leave_out, name) = match word.strip_prefix('!') {
            Some(name) => (true, name),
            None => (false, word.as_str()),
        };
        let name = if ["default", "ofacts"].contains(&name) { "min" } else { name };
        let named: Vec<&'static str> =
            SUBSETS.iter().copied().filter(|subset| name == "all" || *subset == name).collect();
        if named.is_empty() {
            let help = crate::source::did_you_mean(name, SUBSETS.iter().copied());
            let failure = Failure::new(FailureKind::Argument, format!("`gather_subset` knows no `{name}`"));
            return Err(help.into_iter().fold(failure, Failure::help));
        }
        only_not &= leave_out;
        if leave_out { &mut not } else { &mut wanted }.extend(named);
    }
    // `!config` alone is all but that.
    if only_not && !not.is_empty() {
        wanted.extend(SUBSETS);
    }
    wanted.retain(|subset| *subset == "min" || !not.contains(subset));
    Ok(wanted)
}

/// Makes facts of the answers.
fn gathered(platform: &Platform, sources: &[&Source], answers: &[CliResponse]) -> Result<Map, Failure> {
    let mut facts = Map::new();
    facts.insert("ansible_net_system", rows::system(platform));
    facts.insert("ansible_net_api", "cliconf");
    let mut tables: HashMap<Kind, Vec<Table>> = HashMap::new();
    for (source, answer) in sources.iter().zip(answers).filter(|(_, answer)| answer.error.is_none()) {
        tables.entry(source.kind).or_default().push(template(source)?.run(&answer.output)?);
    }
    for table in tables.get(&Kind::Facts).into_iter().flatten() {
        rows::facts(table, &mut facts);
    }
    let asked = |kind| sources.iter().any(|source| source.kind == kind);
    let of = |kind: Kind| tables.get(&kind).map(Vec::as_slice).unwrap_or_default();
    for table in of(Kind::Lists) {
        rows::lists(table, &mut facts);
    }
    if asked(Kind::Interfaces) {
        rows::interfaces(of(Kind::Interfaces), &mut facts);
    }
    if asked(Kind::Interfaces) && platform.name == "juniper_junos" {
        rows::states_as_in_xml(&mut facts);
    }
    if asked(Kind::Addresses) {
        rows::addresses6(of(Kind::Addresses), &mut facts);
    }
    if asked(Kind::Cpu) {
        rows::cpu(of(Kind::Cpu), &mut facts);
    }
    if asked(Kind::Commits) {
        rows::commits(of(Kind::Commits), &mut facts);
    }
    if asked(Kind::Neighbors) {
        rows::neighbors(of(Kind::Neighbors), &mut facts);
    }
    if asked(Kind::Engines) {
        rows::engines(of(Kind::Engines), &mut facts);
    }
    for (kind, tables) in &tables {
        if let Kind::Entries(name) = kind {
            rows::entries_of(name, tables, &mut facts);
        }
    }
    if asked(Kind::Filesystems) {
        rows::filesystems(of(Kind::Filesystems), &mut facts);
    }
    Ok(facts)
}

/// Makes facts as if a device of the platform had said this to every command.
///
/// # Errors
/// When a template refuses it.
pub fn of_answer(platform: &Platform, said: &str) -> Result<Map, Failure> {
    let sources: Vec<&Source> = SOURCES.iter().filter(|source| source.platform == platform.name).collect();
    let answer = |source: &&Source| CliResponse {
        line: source.command.to_owned(),
        output: said.to_owned(),
        ..CliResponse::default()
    };
    let answers: Vec<CliResponse> = sources.iter().map(answer).collect();
    gathered(platform, &sources, &answers)
}

/// Returns a source's template, read once.
fn template(source: &Source) -> Result<Arc<Template>, Failure> {
    static READ: LazyLock<Mutex<HashMap<&'static str, Arc<Template>>>> = LazyLock::new(Mutex::default);
    let mut read = READ.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    if let Some(known) = read.get(source.template) {
        return Ok(Arc::clone(known));
    }
    let name = format!("{} {}", source.platform, source.command);
    let template = Template::read(SourceId(0), &name, source.template)
        .map_err(|_| Failure::new(FailureKind::Internal, format!("the template of `{name}` is wrong")))?;
    let template = Arc::new(template);
    read.insert(source.template, Arc::clone(&template));
    Ok(template)
}

#[cfg(test)]
mod tests;
