//! Whether hosts are reached in a way in which tasks can work there, as far as that is known before the run.

use super::Context;
use super::plan::Planned;
use super::target::platform_of;
use super::world::StepScope;
use crate::module::Needs;
use crate::platform::{self, Platform};
use crate::playbook::{Action, Task};
use crate::source::{Diagnostic, Diagnostics};
use crate::template::Templar;
use crate::transport::netconf;
use crate::vars::{Layer, Var};
use crate::yaml::Node;
use std::sync::Arc;

/// A task that needs a device's CLI, or NETCONF.
struct Asked {
    task: Arc<Task>,
    needs: Needs,
    /// The argument for which NETCONF is needed.
    argument: Option<&'static str>,
    /// The platform that the module's name says.
    implied: Option<&'static Platform>,
    says: Says,
}

/// Who says how the task's hosts are reached.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Says {
    Task,
    /// `set_fact` or a role may change it.
    Play,
    Inventory,
}

/// Finds the first task that needs a device's CLI on hosts that are reached by NETCONF, where the platform's CLI cannot be
/// had by its operations, or NETCONF on hosts that are reached by their CLI. Where the inventory or the play says so it is a
/// warning, as `set_fact` or a role may change the connection.
///
/// What a play or a task says of a module with a platform was judged when the playbook was read.
pub(super) fn check(context: &Context, planned: &Planned, found: &mut Diagnostics) {
    let mut asked: Vec<Asked> = Vec::new();
    planned.sections.iter().flatten().for_each(|item| item.each_task(&mut |task| asked.extend(asked_by(task))));
    if asked.is_empty() {
        return;
    }
    let all = hosts_of(context, &planned.hosts, asked.iter().any(|asked| asked.says != Says::Inventory));
    let lacking = |asked: &Asked| -> Vec<&Reached<'_>> {
        let speaks = |own: &Option<&'static Platform>| asked.implied.or(*own).is_some_and(netconf::speaks_cli_of);
        let lacks = |host: &&Reached<'_>| match asked.needs {
            Needs::Netconf => is_cli(&host.connection),
            _ => (asked.says != Says::Inventory || is_netconf(&host.connection)) && !speaks(&host.platform),
        };
        all.iter().filter(lacks).collect()
    };
    let first = asked.iter().map(|asked| (asked, lacking(asked))).find(|(_, hosts)| !hosts.is_empty());
    let Some((asked, hosts)) = first else { return };
    let (needs, by, instead) = match asked.needs {
        Needs::Netconf => ("NETCONF", hosts[0].connection.as_str(), "netconf"),
        _ => ("the device's CLI", "NETCONF", "network_cli"),
    };
    let them = match hosts[..] {
        [one] => format!("`{}` is", one.name),
        [one, ref others @ ..] => format!("`{}` and {} more are", one.name, others.len()),
        [] => return,
    };
    let called = asked.argument.map(|argument| format!("`{argument}` of ")).unwrap_or_default()
        + &format!("`{}`", asked.task.called);
    let by = if asked.needs == Needs::Netconf { format!("`{by}`") } else { by.to_owned() };
    let message = format!("{called} needs {needs}, and {them} reached by {by}");
    // Where some of the hosts have both, `when` may keep the others away.
    let complaint = match asked.says == Says::Task && hosts.len() == all.len() {
        true => Diagnostic::error("E0311", message),
        false => Diagnostic::warning("W0311", message),
    };
    let help = format!("set `ansible_connection: ansible.netcommon.{instead}` for the task (`vars:`), and its port");
    found.push(complaint.at(asked.task.span).help(help));
}

const CONNECTION: &str = "ansible_connection";

fn is_netconf(connection: &str) -> bool {
    connection.rsplit('.').next() == Some("netconf")
}

fn is_cli(connection: &str) -> bool {
    matches!(connection.rsplit('.').next(), Some("network_cli" | "telnet"))
}

/// Returns what a task needs whose connection is not judged yet.
fn asked_by(task: &Arc<Task>) -> Option<Asked> {
    let Action::Module { module, platform } = task.action else { return None };
    let is_open = task.settings.delegate_to.is_some() || task.args.get("provider").is_some();
    let argument = module.over_netconf_as_written(platform, &task.args, |src| task.source_of(src));
    let needs = if argument.is_some() { Needs::Netconf } else { module.needs };
    if !matches!(needs, Needs::Cli | Needs::Netconf) || is_open {
        return None;
    }
    let implied = platform.and_then(platform::find);
    let written = |layers: &[Arc<Layer>]| layers.iter().rev().find_map(|layer| layer.vars.get(CONNECTION).cloned());
    let judged = |node: &Node| needs == Needs::Netconf || implied.is_some() || !is_said(node);
    let says = match (written(&task.vars), written(&task.around.play_vars)) {
        (Some(Var::Author(node)), _) => (!judged(&node)).then_some(Says::Task)?,
        (None, Some(Var::Author(node))) => (!judged(&node)).then_some(Says::Play)?,
        (Some(_), _) | (None, Some(_)) => return None,
        (None, None) => Says::Inventory,
    };
    Some(Asked { task: Arc::clone(task), needs, argument, implied, says })
}

/// Claims that it is written that hosts are reached by NETCONF.
fn is_said(node: &Node) -> bool {
    node.is_static() && node.as_str().is_some_and(is_netconf)
}

/// How the inventory says that a host is reached.
struct Reached<'a> {
    name: &'a str,
    connection: String,
    /// Of hosts that NETCONF may reach.
    platform: Option<&'static Platform>,
}

fn hosts_of<'a>(context: &Context, hosts: &'a [Arc<str>], all_may: bool) -> Vec<Reached<'a>> {
    let templar = |scope| Templar::new(Arc::new(scope), Default::default(), Arc::clone(&context.loader.sources));
    let reached = |host: &'a Arc<str>| {
        let scope = || StepScope::new(&context.world, host, None, None);
        let connection = templar(scope()).var(CONNECTION).ok().flatten();
        let connection = connection.map(|name| name.to_text()).unwrap_or_default();
        let platform = if is_netconf(&connection) || all_may { platform_of(scope(), templar) } else { None };
        Reached { name: host, connection, platform }
    };
    hosts.iter().map(reached).collect()
}
