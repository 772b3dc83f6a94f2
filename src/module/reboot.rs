//! `reboot`: has a host start anew, and waits until it is back.
//!
//! It is back when a new connection answers, when what tells one start from another (`boot_id`) is no longer what it was,
//! and when the test command succeeds.

use super::program::words;
use super::remote::exec_output;
use super::tool::{act, command, on_host, reading};
use super::{Action, Actor, Arg, ArgKind, Args, Change, Context, Finished, Module, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use std::time::{Duration, Instant};

/// `reboot`
pub static MODULE: Module = on_host(
    "reboot",
    &["ansible.builtin"],
    "Has a host start anew, and waits until it is back.",
    &[
        Arg::new("pre_reboot_delay", ArgKind::Int, "Seconds until it goes down, in whole minutes.").default("0"),
        Arg::new("post_reboot_delay", ArgKind::Int, "Seconds to wait before it is looked for.").default("0"),
        Arg::new("reboot_timeout", ArgKind::Int, "Seconds within which it must be back, and the test must succeed.")
            .default("600"),
        Arg::new("connect_timeout", ArgKind::Int, "Seconds that one try to connect may take.").default("10"),
        Arg::new("test_command", ArgKind::Str, "The command that must succeed then.").default("whoami"),
        Arg::new("boot_time_command", ArgKind::Str, "The command whose answer tells one start from another.")
            .default("cat /proc/sys/kernel/random/boot_id"),
        Arg::new("reboot_command", ArgKind::Str, "The command that has it start anew, in place of `shutdown`."),
        Arg::new("search_paths", ArgKind::List, "The folders in which `shutdown` is looked for.")
            .default("[/sbin, /bin, /usr/sbin, /usr/bin, /usr/local/sbin]"),
        Arg::new("msg", ArgKind::Str, "What users of the host are told.").default("Reboot initiated by Ansible"),
    ],
    |context| Box::pin(plan(context)),
);

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    if context.probe.is_here() {
        let result: Map = [("rebooted", Value::from(false)), ("elapsed", Value::from(0))].into_iter().collect();
        let message = format!("Running {} with local connection would reboot the control node.", context.module.name);
        return Err(Failure::new(FailureKind::Argument, message).with_result(result));
    }
    let terms = Terms::of(args)?;
    let go_down = go_down_program(args)?;
    let was = exec_output(context.probe.read(reading(&terms.boot_time)).await?)?;
    if was.status != 0 || was.stdout.trim_ascii().is_empty() {
        let said = String::from_utf8_lossy(&was.stderr).trim().to_owned();
        let message = format!("failed to get host boot time info, rc: {}, {said}", was.status);
        return Err(Failure::new(FailureKind::Command, message));
    }
    let was = was.stdout.trim_ascii().to_vec();
    let mut change = Change::nothing(Map::new()).field("rebooted", true).field("elapsed", 0);
    change.changed = true;
    change.dialogue = Some(Box::new(move |actor| Box::pin(terms.carry_out(actor, go_down, was))));
    Ok(change)
}

/// Returns the program that has the host go down, by itself after its answer.
fn go_down_program(args: &Args) -> Result<String, Failure> {
    let paths = args.texts("search_paths");
    let minutes = args.int("pre_reboot_delay").unwrap_or(0).max(0) / 60;
    let words = match args.text("reboot_command") {
        Some(own) => words(own)?,
        None => {
            ["shutdown", "-r", &minutes.to_string(), args.text("msg").unwrap_or_default()].map(str::to_owned).to_vec()
        }
    };
    let Some((name, rest)) = words.split_first() else {
        return Err(Failure::new(FailureKind::Argument, "`reboot_command` is empty"));
    };
    if name.starts_with('/') {
        return Ok(command(&words));
    }
    let known: Vec<String> = paths.iter().map(|path| format!("{}/{name}", path.trim_end_matches('/'))).collect();
    Ok(format!(
        "for c in {}; do [ -x \"$c\" ] && exec \"$c\" {}; done\n\
         echo 'unable to find the command to reboot the host in the search paths' >&2; exit 127",
        command(&known),
        command(rest)
    ))
}

/// What a reboot must be like.
struct Terms {
    boot_time: String,
    test: String,
    /// How long it may take until the host is back, and then until the test succeeds.
    limit: Duration,
    /// How long one try may take.
    each: Duration,
    rest: Duration,
}

impl Terms {
    fn of(args: &Args) -> Result<Terms, Failure> {
        let seconds = |name: &str| super::wait_for::seconds_arg(args, name);
        let text = |name: &str| args.text(name).unwrap_or_default().to_owned();
        Ok(Terms {
            boot_time: text("boot_time_command"),
            test: text("test_command"),
            limit: seconds("reboot_timeout")?,
            each: seconds("connect_timeout")?.max(Duration::from_secs(1)),
            rest: seconds("post_reboot_delay")?,
        })
    }

    async fn carry_out(self, actor: &dyn Actor, go_down: String, was: Vec<u8>) -> Result<Finished, Failure> {
        let began = Instant::now();
        // Going down may cut the connection before the answer has come.
        match actor.act(act(&go_down)).await {
            Ok(output) => {
                let output = exec_output(output)?;
                if output.status != 0 && output.signal.is_none() {
                    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
                    let result: Map = [("rebooted", false)].into_iter().collect();
                    let message = format!("Reboot command failed. Error was: '{said}'");
                    return Err(Failure::new(FailureKind::Command, message).with_result(result));
                }
            }
            Err(failure) if failure.kind.is_unreachable() => {}
            Err(failure) => return Err(failure),
        }
        if !self.rest.is_zero() {
            actor.act(Action::here(Effect::Read, Work::Sleep(self.rest))).await?;
        }
        let ask = reading(&self.boot_time);
        let is_back = |said: &[u8]| !said.trim_ascii().is_empty() && said.trim_ascii() != was;
        self.until(actor, &ask, began, "the host was not seen to have started anew", is_back).await?;
        self.until(actor, &reading(&self.test), began, "the test command did not succeed", |_| true).await?;
        let mut result: Map = [("rebooted", Value::from(true))].into_iter().collect();
        result.insert("elapsed", began.elapsed().as_secs());
        Ok(Finished::new(result, true))
    }

    /// Asks over new connections until the answer is good.
    async fn until(
        &self,
        actor: &dyn Actor,
        ask: &Action,
        began: Instant,
        otherwise: &str,
        is_good: impl Fn(&[u8]) -> bool + Send + Sync,
    ) -> Result<(), Failure> {
        let since = Instant::now();
        let mut pause = Duration::from_millis(250);
        loop {
            let tried = async {
                actor.act(Action::on_host(Effect::Read, Work::Reset)).await?;
                actor.act(ask.clone()).await
            };
            let last = match tokio::time::timeout(self.each, tried).await {
                Ok(Ok(output)) => {
                    let output = exec_output(output)?;
                    if output.status == 0 && is_good(&output.stdout) {
                        return Ok(());
                    }
                    String::from_utf8_lossy(&output.stderr).trim().to_owned()
                }
                Ok(Err(failure)) if failure.kind == FailureKind::Cancelled => return Err(failure),
                Ok(Err(failure)) => failure.message.expose().to_owned(),
                Err(_) => format!("no answer within {} s", self.each.as_secs()),
            };
            if since.elapsed() >= self.limit {
                let mut result: Map = [("rebooted", Value::from(true))].into_iter().collect();
                result.insert("elapsed", began.elapsed().as_secs());
                let message =
                    format!("Timed out waiting for the host after {} s: {otherwise}: {last}", self.limit.as_secs());
                return Err(Failure::new(FailureKind::Timeout, message).with_result(result));
            }
            actor.act(Action::here(Effect::Read, Work::Sleep(pause))).await?;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }
}
