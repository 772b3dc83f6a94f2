//! `sysctl`: parameters of the kernel, in a file that is read at boot and in the running kernel.

use super::edit::{Opened, open_at};
use super::tool::{act, ask, on_host};
use super::{Arg, ArgKind, Args, Change, Context, ExecOutput, Finished, Module, Output, Rule};
use crate::failure::{Failure, FailureKind};
use crate::module::remote::{exec_output, path_word, quote};
use crate::value::Map;

/// `sysctl`
pub static MODULE: Module = Module {
    rules: &[Rule::RequiredIf("state", "present", &["value"])],
    ..on_host(
        "sysctl",
        &["ansible.posix"],
        "Sets parameters of the kernel, for now and for every start.",
        &[
            Arg::new("name", ArgKind::Str, "The parameter: `net.ipv4.ip_forward`.").aliases(&["key"]).required(),
            Arg::new("value", ArgKind::Str, "Its value; `true` and `false` are 1 and 0.").aliases(&["val"]),
            Arg::new("state", ArgKind::Str, "Whether the file says it.")
                .choices(&["absent", "present"])
                .default("present"),
            Arg::new("reload", ArgKind::Bool, "Have the kernel read the file when something changed.").default("true"),
            Arg::new("sysctl_set", ArgKind::Bool, "Set it in the running kernel, too.").default("false"),
            Arg::new("ignoreerrors", ArgKind::Bool, "Go on where the kernel has no such parameter.").default("false"),
            Arg::new("sysctl_file", ArgKind::Path, "The file.").default("/etc/sysctl.conf"),
        ],
        |context| Box::pin(plan(context)),
    )
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let name = args.text("name").unwrap_or_default().trim().to_owned();
    let value = value(args);
    let present = args.text("state") != Some("absent");
    for (what, is_blank) in [("name", name.is_empty()), ("value", present && value.is_empty())] {
        if is_blank {
            return Err(Failure::new(FailureKind::Argument, format!("{what} cannot be blank")));
        }
    }
    let asked = format!("sysctl -e -n {} && echo .", quote(&name));
    let [tool, kernel] = ask(context.probe, ["command -v sysctl".into(), asked]).await?;
    if tool.trim().is_empty() {
        return Err(Failure::new(FailureKind::Command, "the host has no `sysctl`").help("the package is `procps`"));
    }
    let opened = open_at(&context, args.text("sysctl_file").unwrap_or_default()).await?;
    let (said, lines) = lines(&opened.text, &name, present.then_some(&value));
    let writes = match (&said, present) {
        (None, present) => present,
        (Some(said), false) => !said.is_empty(),
        (Some(said), true) => *said != value,
    };
    let kernel = kernel.strip_suffix(".\n");
    let is_set = kernel.is_some_and(|kernel| kernel.split_whitespace().eq(value.split_whitespace()));
    let differs = !writes && said.is_some() && args.flag("reload") && !is_set;
    let sets = args.flag("sysctl_set") && present && !is_set;
    let mut change = if writes { written(&context, opened, lines)? } else { Change::nothing(Map::new()) };
    change.changed = writes || differs || sets;
    if sets && kernel.is_some() {
        let quiet = if args.flag("ignoreerrors") { " -e" } else { "" };
        change
            .actions
            .insert(0, act(&format!("export LC_ALL=C; sysctl{quiet} -w {}", quote(&format!("{name}={value}")))));
    }
    let setting = sets && kernel.is_some();
    if change.changed && args.flag("reload") {
        let quiet = if args.flag("ignoreerrors") { " -e" } else { "" };
        let file = path_word(args.text("sysctl_file").unwrap_or_default());
        change.actions.push(act(&format!("export LC_ALL=C; sysctl{quiet} -p {file}")));
    }
    let changed = change.changed;
    change.finish = (!change.actions.is_empty()).then(|| {
        Box::new(move |outputs: Vec<Output>, result| finish(outputs, result, &name, setting, changed))
            as super::change::Finish
    });
    Ok(change)
}

/// Returns the value as the kernel wants it.
fn value(args: &Args) -> String {
    let text = args.text("value").unwrap_or_default();
    match text.to_lowercase().as_str() {
        "y" | "yes" | "on" | "1" | "true" | "t" => "1".into(),
        "n" | "no" | "off" | "0" | "false" | "f" => "0".into(),
        _ => text.trim().to_owned(),
    }
}

/// Returns what the file says of the parameter, and the file as it should be: a parameter once, without blanks around
/// `=`.
pub(super) fn lines(text: &str, name: &str, wanted: Option<&String>) -> (Option<String>, String) {
    let (mut said, mut out, mut seen) = (None, String::new(), std::collections::HashSet::new());
    let mut add = |line: &str| {
        out.push_str(line);
        out.push('\n');
    };
    for line in text.lines().map(str::trim) {
        let Some((key, value)) = line.split_once('=').filter(|_| !line.starts_with(['#', ';'])) else {
            add(line);
            continue;
        };
        let (key, value) = (key.trim(), value.trim());
        // The last one counts for the kernel; the first one is kept.
        if key == name {
            said = Some(value.to_owned());
        }
        if !seen.insert(key.to_owned()) {
            continue;
        }
        match (key == name, wanted) {
            (false, _) => add(&format!("{key}={value}")),
            (true, Some(wanted)) => add(&format!("{key}={wanted}")),
            (true, None) => {}
        }
    }
    if let Some(wanted) = wanted.filter(|_| !seen.contains(name)) {
        add(&format!("{name}={wanted}"));
    }
    (said, out)
}

/// Returns the change of the file, without the words that editing has for its result.
fn written(context: &Context<'_>, opened: Opened, text: String) -> Result<Change, Failure> {
    let mut change = opened.save(context, Some(text), "")?;
    change.result = Map::new();
    Ok(change)
}

fn finish(outputs: Vec<Output>, result: Map, name: &str, sets: bool, changed: bool) -> Result<Finished, Failure> {
    for (at, output) in outputs.into_iter().enumerate() {
        let Output::Exec(_) = output else { continue };
        let output = exec_output(output)?;
        if is_bad(&output) {
            let said = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
            let what =
                if at == 0 && sets { format!("setting {name} failed") } else { "Failed to reload sysctl".into() };
            let message = format!("{what}: {}{}", said(&output.stdout), said(&output.stderr));
            return Err(Failure::new(FailureKind::Command, message));
        }
    }
    Ok(Finished::new(result, changed))
}

/// Claims that a command failed; sysctl may end well where the kernel refused a value.
fn is_bad(output: &ExecOutput) -> bool {
    let said = String::from_utf8_lossy(&output.stderr);
    let refused = |line: &str| {
        line.starts_with("sysctl: setting key \"")
            && [": Invalid argument", ": Read-only file system"].iter().any(|end| line.ends_with(end))
    };
    output.status != 0 || said.lines().any(refused)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_says_a_parameter_once() {
        let text = "# a = b\na = 1\nb=2\na=3\nno sign\n";
        let (said, lines) = lines(text, "a", Some(&"4".to_owned()));
        assert_eq!((said.as_deref(), lines.as_str()), (Some("3"), "# a = b\na=4\nb=2\nno sign\n"));
        assert_eq!(super::lines(text, "b", None).1, "# a = b\na=1\nno sign\n");
        assert_eq!(super::lines("", "c", Some(&"0".to_owned())), (None, "c=0\n".into()));
    }
}
