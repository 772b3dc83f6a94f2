//! Services by the scripts of System V's init and of OpenRC.

use super::{is_given, missing};
use crate::failure::Failure;
use crate::module::remote::{exec_output, quote};
use crate::module::tool::{act, ask, failed};
use crate::module::{Args, Change, Context, Finished};
use crate::value::Map;

/// A service as its script and the host tell of it.
struct Service {
    is_known: bool,
    runs: bool,
    is_enabled: bool,
    has_update_rc: bool,
}

/// What a script is called with.
fn script(args: &Args, is_openrc: bool) -> String {
    let name = quote(args.text("name").unwrap_or_default());
    if is_openrc { format!("rc-service {name}") } else { format!("/etc/init.d/{name}") }
}

async fn look(context: &Context<'_>, is_openrc: bool) -> Result<Service, Failure> {
    let args = context.args;
    let name = args.text("name").unwrap_or_default();
    let word = quote(name);
    let enabled = match is_openrc {
        true => format!("rc-update show {} | grep -q \"^ *\"{word}\" *|\" && echo yes", runlevel(args)),
        false => {
            format!("for l in /etc/rc[2345].d/S[0-9][0-9]{word}; do [ -e \"$l\" ] && {{ echo yes; break; }}; done")
        }
    };
    let status = match args.text("pattern") {
        Some(pattern) => {
            // The question itself has the pattern in it.
            format!(
                "ps -ef | grep -v grep | grep -F -e {} | grep -v netplay-pattern >/dev/null; echo $?",
                quote(pattern)
            )
        }
        None => format!("{} status {}; echo $?", script(args, is_openrc), args.text("arguments").unwrap_or_default()),
    };
    let [known, status, enabled, tool] = ask(
        context.probe,
        [format!("[ -e /etc/init.d/{word} ] && echo yes"), status, enabled, "command -v update-rc.d".into()],
    )
    .await?;
    let (said, code) = status.trim_end().rsplit_once('\n').unwrap_or(("", status.trim()));
    Ok(Service {
        is_known: known.trim() == "yes",
        runs: runs(&said.to_lowercase(), code.trim()),
        is_enabled: enabled.trim() == "yes",
        has_update_rc: !tool.trim().is_empty(),
    })
}

/// Claims that a service runs, by its script's answer to `status`. The status is LSB's (0 is running, 3 is not), but
/// scripts that always end well say in words that it does not.
fn runs(said: &str, code: &str) -> bool {
    let denies =
        ["not running", "stopped", "inactive", "is dead", "not started"].iter().any(|words| said.contains(words));
    code == "0" && !denies
}

fn runlevel(args: &Args) -> String {
    quote(args.text("runlevel").unwrap_or("default"))
}

/// Plans what brings a service to the state that is asked for.
pub(super) async fn plan(context: &Context<'_>, is_openrc: bool) -> Result<Change, Failure> {
    let args = context.args;
    let name = args.text("name").unwrap_or_default();
    let service = look(context, is_openrc).await?;
    if !service.is_known {
        return Err(missing(name));
    }
    let mut commands = Vec::new();
    let mut result = Map::new();
    result.insert("name", name);
    if is_given(args, "enabled") {
        let wanted = args.flag("enabled");
        result.insert("enabled", wanted);
        if wanted != service.is_enabled {
            commands.push(enable(args, is_openrc, &service, wanted));
        }
    }
    let (script, more) = (script(args, is_openrc), args.text("arguments").unwrap_or_default());
    let call = |verb: &str| format!("{script} {verb} {more}").trim_end().to_owned();
    let verb = match args.text("state") {
        Some("started") => (!service.runs).then(|| call("start")),
        Some("stopped") => service.runs.then(|| call("stop")),
        Some("reloaded") => Some(call(if service.runs { "reload" } else { "start" })),
        Some(_) => Some(match (service.runs, args.int("sleep")) {
            (false, _) => call("start"),
            (true, Some(seconds)) => format!("{} && sleep {seconds} && {}", call("stop"), call("start")),
            (true, None) => call("restart"),
        }),
        None => None,
    };
    if let Some(state) = args.text("state") {
        result.insert("state", if state == "stopped" { "stopped" } else { "started" });
    }
    commands.extend(verb);
    let mut change = Change::nothing(result);
    change.changed = !commands.is_empty();
    // A daemon keeps the streams that it is given, and nobody would see the end of its output.
    change.actions = commands.iter().map(|command| act(&format!("{command} </dev/null"))).collect();
    change.finish = change.changed.then(|| -> crate::module::Finish {
        Box::new(|outputs, result| {
            for output in outputs {
                let output = exec_output(output)?;
                if output.status != 0 {
                    return Err(failed(&output, str::to_owned));
                }
            }
            Ok(Finished::new(result, true))
        })
    });
    Ok(change)
}

fn enable(args: &Args, is_openrc: bool, service: &Service, wanted: bool) -> String {
    let word = quote(args.text("name").unwrap_or_default());
    match (is_openrc, wanted, service.has_update_rc) {
        (true, true, _) => format!("rc-update add {word} {}", runlevel(args)),
        (true, false, _) => format!("rc-update del {word} {}", runlevel(args)),
        (false, true, true) => format!("update-rc.d {word} defaults && update-rc.d {word} enable"),
        (false, false, true) => format!("update-rc.d {word} disable"),
        (false, true, false) => format!("chkconfig --add {word} && chkconfig {word} on"),
        (false, false, false) => format!("chkconfig {word} off"),
    }
}
