//! Whether hosts are reached in a way in which tasks can work there, as far as that is known before the run.

use super::Context;
use super::plan::Planned;
use super::target::platform_of;
use super::world::StepScope;
use crate::module;
use crate::platform::{self, Platform};
use crate::playbook::{Action, Task};
use crate::source::{Diagnostic, Diagnostics};
use crate::template::Templar;
use crate::transport::netconf;
use crate::vars::{Layer, Var};
use std::sync::Arc;

/// A task that needs a device's CLI.
struct OfCli {
    task: Arc<Task>,
    /// The platform that the module's name says.
    implied: Option<&'static Platform>,
    /// The task says itself that its hosts are reached by NETCONF.
    decides: bool,
}

/// Finds the first task that needs a device's CLI on hosts that are reached by NETCONF, where the platform's CLI cannot be
/// had by its operations. Where the inventory says so it is a warning, as `set_fact` or a role may change the connection.
///
/// What a play says, and what a task says of a module with a platform, was judged when the playbook was read.
pub(super) fn check(context: &Context, planned: &Planned, found: &mut Diagnostics) {
    let mut asked: Vec<OfCli> = Vec::new();
    planned.sections.iter().flatten().for_each(|item| item.each_task(&mut |task| asked.extend(of_cli(task))));
    if asked.is_empty() {
        return;
    }
    let all = hosts_of(context, &planned.hosts, asked.iter().any(|of_cli| of_cli.decides));
    let lacking = |of_cli: &OfCli| -> Vec<&str> {
        let speaks = |own: &Option<&'static Platform>| of_cli.implied.or(*own).is_some_and(netconf::speaks_cli_of);
        let is_reached = |host: &&Reached<'_>| of_cli.decides || host.by_netconf;
        all.iter().filter(is_reached).filter(|host| !speaks(&host.platform)).map(|host| host.name).collect()
    };
    let first = asked.iter().map(|of_cli| (of_cli, lacking(of_cli))).find(|(_, hosts)| !hosts.is_empty());
    let Some((OfCli { task, decides, .. }, hosts)) = first else { return };
    let them = match hosts[..] {
        [one] => format!("`{one}` is"),
        [one, ref others @ ..] => format!("`{one}` and {} more are", others.len()),
        [] => return,
    };
    let message = format!("`{}` needs the device's CLI, and {them} reached by NETCONF", task.called);
    // Where some of the hosts have both, `when` may keep the others away.
    let complaint = match *decides && hosts.len() == all.len() {
        true => Diagnostic::error("E0311", message),
        false => Diagnostic::warning("W0311", message),
    };
    let help = "set `ansible_connection: ansible.netcommon.network_cli` for the task (`vars:`), and its port";
    found.push(complaint.at(task.span).help(help));
}

const CONNECTION: &str = "ansible_connection";

fn is_netconf(connection: &str) -> bool {
    connection.rsplit('.').next() == Some("netconf")
}

/// Returns a task that needs a device's CLI and whose connection the inventory or the task itself says.
fn of_cli(task: &Arc<Task>) -> Option<OfCli> {
    let Action::Module { module, platform } = task.action else { return None };
    let is_open = task.settings.delegate_to.is_some() || task.args.get("provider").is_some();
    if module.needs_as_written(&task.args) != module::Needs::Cli || is_open {
        return None;
    }
    let implied = platform.and_then(platform::find);
    let written = |layers: &[Arc<Layer>]| layers.iter().rev().find_map(|layer| layer.vars.get(CONNECTION).cloned());
    let decides = match (written(&task.vars), written(&task.around.play_vars)) {
        (Some(Var::Author(node)), _) => {
            let says = node.is_static() && node.as_str().is_some_and(is_netconf);
            (says && implied.is_none()).then_some(true)?
        }
        (Some(_), _) | (None, Some(_)) => return None,
        (None, None) => false,
    };
    Some(OfCli { task: Arc::clone(task), implied, decides })
}

/// How the inventory says that a host is reached.
struct Reached<'a> {
    name: &'a str,
    by_netconf: bool,
    /// Of hosts that NETCONF may reach.
    platform: Option<&'static Platform>,
}

fn hosts_of<'a>(context: &Context, hosts: &'a [Arc<str>], all_may: bool) -> Vec<Reached<'a>> {
    let templar = |scope| Templar::new(Arc::new(scope), Default::default(), Arc::clone(&context.loader.sources));
    let reached = |host: &'a Arc<str>| {
        let scope = || StepScope::new(&context.world, host, None, None);
        let connection = templar(scope()).var(CONNECTION).ok().flatten();
        let by_netconf = connection.is_some_and(|name| is_netconf(&name.to_text()));
        let platform = if by_netconf || all_may { platform_of(scope(), templar) } else { None };
        Reached { name: host, by_netconf, platform }
    };
    hosts.iter().map(reached).collect()
}
