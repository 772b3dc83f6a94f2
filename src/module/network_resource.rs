//! `network_resource`: a resource of whatever platform the host has, by its name alone.

use super::resource::{self as resources, States};
use super::{Arg, ArgKind, Change, Context, Module, Needs};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::platform::Platform;
use crate::resource::{Form, Row, TABLE};
use crate::value::Map;

/// `network_resource`
pub static MODULE: Module = Module {
    name: "network_resource",
    collections: &["ansible.netcommon"],
    aliases: &[],
    summary: "Reads or brings about a resource of a network device, as the module of its platform does.",
    args: &[
        Arg::new("name", ArgKind::Str, "The resource: `interfaces`, `vlans`, …; without it, the names are returned."),
        Arg::new("os_name", ArgKind::Str, "The platform; without it, that of the host."),
        Arg::new("config", ArgKind::Raw, "What is wanted."),
        Arg::new("running_config", ArgKind::Str, "With `state: parsed`, the text to read."),
        Arg::new("state", ArgKind::Str, "What is done.").choices(States::ALL).default("gathered"),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Cli,
    changes_run: false,
    once: false,
    effect: |call| match call.literal("state") {
        None | Some("gathered") => Effect::Read,
        Some("rendered" | "parsed") => Effect::Pure,
        _ => Effect::Write,
    },
    plan: |context| Box::pin(plan(context)),
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let platform = platform(&context)?;
    let Some(name) = context.args.text("name") else {
        let names: Vec<&str> = known(platform).map(|(name, _)| name).collect();
        return Ok(Change::nothing(Map::new()).field("modules", names));
    };
    let Some((_, row)) = known(platform).find(|(known, _)| *known == name) else {
        let help = crate::source::did_you_mean(name, known(platform).map(|(name, _)| name));
        let failure = Failure::new(FailureKind::Argument, format!("`{}` has no resource `{name}`", platform.name));
        return Err(help.into_iter().fold(failure, Failure::help));
    };
    resources::bring(&context, row).await
}

fn platform(context: &Context<'_>) -> Result<&'static Platform, Failure> {
    let named = match context.args.text("os_name") {
        Some(name) => Some(
            crate::platform::find(name)
                .ok_or_else(|| Failure::new(FailureKind::Argument, format!("there is no platform `{name}`")))?,
        ),
        None => None,
    };
    named.or(context.platform).ok_or_else(|| {
        Failure::new(FailureKind::Argument, "the platform of the host is not known").help("set `ansible_network_os`")
    })
}

/// Returns the resources of a platform, each with its name.
fn known(platform: &Platform) -> impl Iterator<Item = (&'static str, &'static Row)> {
    let name = |row: &'static Row| row.name.split_once('_').map_or(row.name, |(_, name)| name);
    let of_platform = TABLE.iter().filter(|row| row.platform == platform.name);
    of_platform.filter(|row| matches!(row.definition().form, Form::List | Form::Dict)).map(move |row| (name(row), row))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::fake::{Device, Fake};
    use crate::value::Value;

    fn fake() -> Fake {
        let shown = "interface GigabitEthernet0/1\n description x\n";
        let answers = vec![("show running-config | section ^interface", shown)];
        Fake { device: Some(Device { platform: crate::platform::find("ios").unwrap(), answers }), ..Fake::new() }
    }

    #[tokio::test]
    async fn the_platform_of_the_host_says_which_module() {
        let named = ("name", Value::from("interfaces"));
        let read = fake().plan(&MODULE, std::slice::from_ref(&named)).await.unwrap();
        let gathered = read.result.get("gathered").unwrap().to_text();
        assert_eq!(gathered, "[{'name': 'GigabitEthernet0/1', 'description': 'x', 'enabled': True}]");
        let entry = Value::map([("name", "gi0/1"), ("description", "y")]);
        let args = [named, ("config", Value::list([entry])), ("state", Value::from("merged"))];
        let sent = fake().plan(&MODULE, &args).await.unwrap();
        assert_eq!(sent.result.get("commands").unwrap().to_text(), "['interface GigabitEthernet0/1', 'description y']");
        let names = fake().plan(&MODULE, &[]).await.unwrap();
        assert!(names.result.get("modules").unwrap().to_text().contains("'vlans'"));
        let failed = fake().plan(&MODULE, &[("name", Value::from("interfases"))]).await.err().unwrap();
        assert_eq!(failed.message.expose(), "`cisco_ios` has no resource `interfases`");
    }
}
