//! `net_static_route`, `net_vlan` and their like: the module of the host's platform (`ios_static_route`, `eos_vlan`), by the
//! name that it had for all of them.

use super::arguments::arguments;
use super::bring;
use super::make::effect;
use crate::failure::{Failure, FailureKind};
use crate::module::{Arg, Change, Context, Module, Needs};
use crate::resource::{Form, Row, TABLE};
use std::sync::OnceLock;

/// What comes behind `net_`, and what it is about.
const NAMES: &[(&str, &str)] = &[
    ("net_banner", "Banners of a network device."),
    ("net_interface", "Interfaces of a network device."),
    ("net_l2_interface", "Switch ports of a network device."),
    ("net_l3_interface", "Addresses of interfaces of a network device."),
    ("net_lldp", "LLDP of a network device."),
    ("net_static_route", "Static routes of a network device."),
    ("net_system", "The name of a network device and how it resolves names."),
    ("net_user", "Users of a network device."),
    ("net_vlan", "VLANs of a network device."),
    ("net_vrf", "VRFs of a network device."),
];

static MADE: OnceLock<Vec<Module>> = OnceLock::new();

/// Returns the module of that name.
pub(super) fn find(collection: Option<&str>, short: &str) -> Option<&'static Module> {
    let module = all().find(|module| module.name == short)?;
    collection.is_none_or(|collection| collection == "ansible.netcommon").then_some(module)
}

/// Returns all of them.
pub(super) fn all() -> impl Iterator<Item = &'static Module> {
    MADE.get_or_init(|| NAMES.iter().map(|(name, summary)| make(name, summary)).collect()).iter()
}

/// Returns every name under which they can be called.
pub(in crate::module) fn names() -> impl Iterator<Item = String> {
    NAMES.iter().flat_map(|(name, _)| [(*name).to_owned(), format!("ansible.netcommon.{name}")])
}

fn make(name: &'static str, summary: &'static str) -> Module {
    let mut args: Vec<Arg> = Vec::new();
    for arg in rows(name).flat_map(|row| arguments(row.definition())) {
        match args.iter_mut().find(|known| known.name == arg.name) {
            // Platforms differ in what they allow: the one that the host has judges it.
            Some(known) if known.choices != arg.choices => known.choices = &[],
            Some(_) => {}
            None => args.push(Arg { required: false, default: None, ..arg }),
        }
    }
    Module {
        name,
        collections: &["ansible.netcommon"],
        aliases: &[],
        summary,
        args: args.leak(),
        rules: &[],
        free_form: None,
        any_args: false,
        needs: Needs::Cli,
        changes_run: false,
        once: false,
        effect,
        plan: |context| Box::pin(plan(context)),
    }
}

/// Returns the modules of platforms that a name stands for.
fn rows(name: &str) -> impl Iterator<Item = &'static Row> {
    let what = name.trim_start_matches("net").to_owned();
    let is_named =
        move |row: &&'static Row| row.name.split_once('_').is_some_and(|(short, _)| row.name[short.len()..] == what);
    TABLE.iter().filter(is_named).filter(|row| matches!(row.definition().form, Form::Entries | Form::Single))
}

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let name = context.module.name;
    let Some(platform) = context.platform else {
        return Err(Failure::new(FailureKind::Argument, "the platform of the host is not known")
            .help("set `ansible_network_os`"));
    };
    let Some(row) = rows(name).find(|row| row.platform == platform.name) else {
        let known: Vec<&str> = rows(name).map(|row| row.platform).collect();
        let message = format!("`{name}` is not there for `{}`, only for {}", platform.name, known.join(", "));
        return Err(Failure::new(FailureKind::Argument, message).help("`cli_config` sends lines to any platform"));
    };
    bring(&context, row).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::fake::{Device, Fake};
    use crate::value::Value;

    #[test]
    fn each_is_there_for_some_platform() {
        for (name, _) in NAMES {
            assert!(rows(name).next().is_some(), "{name}");
            assert!(find(Some("ansible.netcommon"), name).is_some() && find(Some("cisco.ios"), name).is_none());
        }
    }

    #[tokio::test]
    async fn the_platform_of_the_host_says_which_module_it_is() {
        let platform = crate::platform::find("cisco_ios").unwrap();
        let shown = "ip route 192.168.2.0 255.255.255.0 10.0.0.1\n";
        let answers = crate::resource::find("ios_static_route").unwrap().definition().show.iter();
        let answers = answers.map(|command| (command.as_str(), shown)).collect();
        let fake = Fake { device: Some(Device { platform, answers }), ..Fake::new() };
        let module = find(None, "net_static_route").unwrap();
        let text = |text: &str| Value::from(text);
        let args = [("prefix", text("192.168.3.0")), ("mask", text("255.255.255.0")), ("next_hop", text("10.0.0.1"))];
        let change = fake.plan(module, &args).await.unwrap();
        let commands = change.result.get("commands").unwrap().to_text();
        assert_eq!(commands, "['ip route 192.168.3.0 255.255.255.0 10.0.0.1']");
        let failed = fake.plan(find(None, "net_vrf").unwrap(), &[("name", text("red"))]).await.err().unwrap();
        assert_eq!(
            failed.message.expose(),
            "`net_vrf` is not there for `cisco_ios`, only for arista_eos, cisco_nxos, juniper_junos"
        );
    }
}
