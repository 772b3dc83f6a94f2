//! `gather_facts`: what the host says of itself, at the beginning of a play or when asked.

use super::setup::{ARGS, gather};
use super::{Change, Context, Module, Needs, cli_facts};
use crate::effect::Effect;
use crate::failure::Failure;
use crate::platform;

/// `gather_facts`
pub static MODULE: Module = Module {
    name: "gather_facts",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Gathers facts of the host, as plays do before their tasks.",
    args: ARGS,
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::HostIfAny,
    changes_run: false,
    once: false,
    effect: |_| Effect::Read,
    plan: |context| Box::pin(plan(context)),
};

/// The fact that says to `gathering: smart` that others are known.
const GATHERED: &str = "_ansible_facts_gathered";

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let network_os = context.templar.var("ansible_network_os")?.map(|value| value.to_text());
    let named = network_os.as_deref().and_then(platform::find);
    let mut change = match context.platform.or(named).filter(|platform| !platform.is_host) {
        None => gather(&context).await?,
        // Under `connection: local` the device is reached by the modules that say so, not by this one.
        Some(_) if context.platform.is_none() => {
            return Ok(Change::skip("facts of a network device are not gathered without a connection to it"));
        }
        Some(platform) if !cli_facts::knows(platform) => {
            return Ok(Change::skip(format!("no facts of `{}` are known", platform.name)));
        }
        // The least, as the facts modules of the collections have it when nobody says.
        Some(platform) => cli_facts::gather(&context, platform, &["min".to_owned()]).await?,
    };
    change.facts.insert(GATHERED, true);
    Ok(change)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::fake::{Device, Fake};

    #[tokio::test]
    async fn a_device_is_asked_for_the_facts_of_devices() {
        let answers = vec![("show version", "FRRouting 8.4.4 (r1) on Linux(6.1.0).\n")];
        let fake = Fake { device: Some(Device { platform: platform::find("frr").unwrap(), answers }), ..Fake::new() };
        let change = fake.plan(&MODULE, &[]).await.unwrap();
        assert_eq!(change.facts.get("ansible_net_system").map(|value| value.to_text()).as_deref(), Some("frr"));
        assert_eq!(change.facts.get("ansible_net_version").map(|value| value.to_text()).as_deref(), Some("8.4.4"));
        assert!(change.facts.contains(GATHERED));
        let other = Fake {
            device: Some(Device { platform: platform::find("hp_procurve").unwrap(), answers: vec![] }),
            ..Fake::new()
        };
        assert!(other.plan(&MODULE, &[]).await.unwrap().skipped.unwrap().contains("no facts of"));
    }
}
