//! `hostname`: the host's own name, now and after the next start.

use super::tool::{act, ask, command, well_ended};
use super::{Arg, ArgKind, Change, Context, Finished, KeepFacts, Module, Needs, TextDiff};
use crate::effect::Effect;
use crate::failure::Failure;
use crate::module::remote::quote;
use crate::value::Map;

/// `hostname`
pub static MODULE: Module = Module {
    name: "hostname",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Sets the host's own name.",
    args: &[
        Arg::new("name", ArgKind::Str, "The name.").required(),
        Arg::new("use", ArgKind::Str, "How: with hostnamectl (`systemd`), or in /etc/hostname; by what the host has.")
            .choices(&["alpine", "debian", "generic", "sles", "systemd"]),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context| Box::pin(plan(context)),
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let name = context.args.text("name").unwrap_or_default().to_owned();
    let questions = ["hostname || uname -n", "cat /etc/hostname", "[ -d /run/systemd/system ] && echo yes"];
    let [now, permanent, systemd] = ask(context.probe, questions.map(str::to_owned)).await?;
    let (now, permanent) = (now.trim(), permanent.trim());
    let by_systemd = match context.args.text("use") {
        Some(way) => way == "systemd",
        None => systemd.trim() == "yes",
    };
    let word = quote(&name);
    let mut steps = Vec::new();
    if permanent != name {
        steps.push(match by_systemd {
            true => format!("hostnamectl --pretty set-hostname {word} && hostnamectl --static set-hostname {word}"),
            false => format!("printf '%s\\n' {word} >/etc/hostname"),
        });
    }
    if now != name {
        steps.push(match by_systemd {
            true => format!("hostnamectl --transient set-hostname {word}"),
            false => command(&["hostname", &name]),
        });
    }
    let mut facts = facts(&name, "");
    let mut change = Change::nothing(Map::new()).field("name", name.as_str()).field("ansible_facts", facts.clone());
    change.keep = KeepFacts::AsFacts;
    change.changed = !steps.is_empty();
    let was = if now == name { permanent } else { now };
    if change.changed {
        let line = |name: &str| format!("hostname = {name}\n");
        let header = String::from("hostname");
        change.diff.push(TextDiff {
            before_header: header.clone(),
            after_header: header,
            before: line(was),
            after: line(&name),
        });
    }
    // The whole name is the name service's to tell, and it may take its time.
    steps.push("hostname -f 2>/dev/null || uname -n".into());
    if !change.changed {
        let [whole] = ask(context.probe, [steps.remove(0)]).await?;
        facts = self::facts(&name, whole.trim());
        change.facts = facts.clone();
        return Ok(change.field("ansible_facts", facts));
    }
    change.actions.push(act(&steps.join(" &&\n")));
    change.finish = Some(Box::new(move |mut outputs, mut result| {
        let output = well_ended(outputs.remove(0))?;
        let facts = self::facts(&name, String::from_utf8_lossy(&output.stdout).trim());
        result.insert("ansible_facts", facts.clone());
        Ok(Finished { facts, ..Finished::new(result, true) })
    }));
    Ok(change)
}

fn facts(name: &str, whole: &str) -> Map {
    let mut facts = Map::new();
    facts.insert("ansible_hostname", name.split('.').next().unwrap_or_default());
    facts.insert("ansible_nodename", name);
    facts.insert("ansible_fqdn", whole);
    facts.insert("ansible_domain", whole.split_once('.').map_or("", |(_, domain)| domain));
    facts
}
