//! `wait_for`: waits until a port answers or a file is there, or until they are not.

use super::attributes::add_fields;
use super::remote::{FileKind, Look, Stat, look_at};
use super::slurp::content;
use super::{Action, Arg, ArgKind, Args, Change, Context, Module, Needs, Output, Probe, Rule, TcpTry, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::python_regex::{Anchor, Flags, Match, Regex, compile};
use crate::value::{Map, Value};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// `wait_for`
pub static MODULE: Module = Module {
    name: "wait_for",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Waits until a port answers or a file is there, or until they are not.",
    args: &[
        Arg::new("host", ArgKind::Str, "The name or address to connect to, from the host.").default("127.0.0.1"),
        Arg::new("port", ArgKind::Int, "The TCP port."),
        Arg::new("path", ArgKind::Path, "The path on the host."),
        Arg::new("search_regex", ArgKind::Str, "What the file or the first bytes of the connection must hold."),
        Arg::new("state", ArgKind::Str, "What to wait for.")
            .choices(&["absent", "present", "started", "stopped"])
            .default("started"),
        Arg::new("delay", ArgKind::Int, "Seconds before the first try.").default("0"),
        Arg::new("sleep", ArgKind::Int, "Seconds between tries.").default("1"),
        Arg::new("timeout", ArgKind::Int, "Seconds after which to give up.").default("300"),
        Arg::new("connect_timeout", ArgKind::Int, "Seconds that one try may take.").default("5"),
        Arg::new("msg", ArgKind::Str, "What to say when the time is over."),
        Arg::new("active_connection_states", ArgKind::List, "The TCP states that count as connections.")
            .default("[ESTABLISHED, FIN_WAIT1, FIN_WAIT2, SYN_RECV, SYN_SENT, TIME_WAIT]")
            .refused("every connection that is not closed counts"),
        Arg::new("exclude_hosts", ArgKind::List, "Peers whose connections do not count.")
            .refused("connections of all peers count"),
    ],
    rules: &[Rule::Exclusive(&["port", "path"])],
    free_form: None,
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Read,
    plan: |context| Box::pin(plan(context)),
};

/// How much a service may say before the pattern must have matched. Greetings are far shorter.
const GREETING_BYTES: usize = 64 << 10;

/// The largest file that is searched.
const FILE_BYTES: u64 = 64 << 20;

/// Failures that another try will not mend.
const FATAL: &[FailureKind] = &[FailureKind::Cancelled, FailureKind::Authentication, FailureKind::HostKey];

/// What is waited for.
enum Target {
    Port { host: String, port: u16, each: Duration },
    Path(String),
    Nothing,
}

/// What a file or a greeting must hold.
struct Pattern<'a> {
    regex: Arc<Regex>,
    text: &'a str,
}

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let state = args.text("state").unwrap_or("started");
    let written = args.text("search_regex");
    let pattern = written.map(|text| compiled(text).map(|regex| Pattern { regex, text })).transpose()?;
    let target = target(args, state)?;
    let sleep = seconds_arg(args, "sleep")?;
    let timeout = seconds_arg(args, "timeout")?;
    let clock = Clock::start(context.probe, timeout);
    clock.sleep(seconds_arg(args, "delay")?).await?;
    let gone = matches!(state, "absent" | "stopped");
    let mut found: Option<Map> = None;
    let mut there: Option<Stat> = None;
    if matches!(target, Target::Nothing) {
        clock.sleep(timeout).await?;
        found = Some(groups(None));
    }
    while found.is_none() && !clock.is_over() {
        found = match seen(&context, &target, pattern.as_ref(), gone, &clock, &mut there).await? {
            Some(groups) if !gone => Some(groups),
            None if gone => Some(groups(None)),
            _ => None,
        };
        if found.is_none() {
            clock.sleep(sleep).await?;
        }
    }
    let elapsed = clock.elapsed_seconds();
    let Some(found) = found else {
        let message = args.text("msg").map_or_else(|| too_late(args, &target, gone), str::to_owned);
        let mut result = Map::new();
        result.insert("elapsed", elapsed);
        return Err(Failure::new(FailureKind::Timeout, message).with_result(result));
    };
    let mut result = Map::new();
    result.insert("elapsed", elapsed);
    for (key, value) in found {
        result.insert(key, value);
    }
    result.insert("path", args.get("path").cloned().unwrap_or_default());
    result.insert("port", args.get("port").cloned().unwrap_or_default());
    result.insert("search_regex", args.get("search_regex").cloned().unwrap_or_default());
    result.insert("state", state);
    if let Some(seen) = there.filter(Stat::exists) {
        add_fields(&mut result, &seen);
    }
    Ok(Change::nothing(result))
}

fn target(args: &Args, state: &str) -> Result<Target, Failure> {
    let refuse = |message: &str| Err(Failure::new(FailureKind::Argument, message));
    if let Some(path) = args.text("path") {
        if state == "stopped" {
            return refuse("state=stopped should only be used for checking a port in the wait_for module");
        }
        return Ok(Target::Path(path.to_owned()));
    }
    let Some(port) = args.int("port") else { return Ok(Target::Nothing) };
    match u16::try_from(port) {
        Ok(port) if port != 0 => Ok(Target::Port {
            host: args.text("host").unwrap_or("127.0.0.1").to_owned(),
            port,
            each: seconds_arg(args, "connect_timeout")?.max(Duration::from_secs(1)),
        }),
        _ => refuse(&format!("`{port}` is no TCP port")),
    }
}

/// Looks once, and keeps what is seen of a path. Returns what a pattern found when the target is there; `None` when it is not, or the pattern does not match.
async fn seen(
    context: &Context<'_>,
    target: &Target,
    pattern: Option<&Pattern<'_>>,
    gone: bool,
    clock: &Clock<'_>,
    there: &mut Option<Stat>,
) -> Result<Option<Map>, Failure> {
    let pattern = pattern.filter(|_| !gone);
    match target {
        Target::Nothing => Ok(Some(groups(None))),
        Target::Path(path) => {
            let seen = look_at(context.probe, path, Look { follow: true, ..Look::default() }).await?;
            let seen = there.insert(seen);
            if let (Some(why), false) = (seen.error, gone) {
                return Err(Failure::new(FailureKind::File, format!("Failed to stat {path}, {why}")));
            }
            match pattern {
                _ if !seen.exists() => Ok(None),
                None => Ok(Some(groups(None))),
                Some(_) if seen.kind != FileKind::File => Ok(None),
                // The file may go away or grow too large in between; the next try tells.
                Some(pattern) => match content(context.probe, &seen.path, FILE_BYTES).await {
                    Ok(bytes) => matched(&pattern.regex, pattern.text, &bytes),
                    Err(_) => Ok(None),
                },
            }
        }
        Target::Port { host, port, each } => {
            let read_bytes = if pattern.is_some() { GREETING_BYTES } else { 0 };
            let timeout = (*each).min(clock.left().max(Duration::from_secs(1)));
            let work = Work::Connect(TcpTry { host: host.clone(), port: *port, timeout, read_bytes });
            match context.probe.read(Action::on_host(Effect::Read, work)).await {
                // Waiting mends neither an interrupted run nor a host that refuses to be logged in to.
                Err(failure) if FATAL.contains(&failure.kind) => Err(failure),
                Err(_) => Ok(None),
                Ok(Output::Connected(bytes)) => match pattern {
                    None => Ok(Some(groups(None))),
                    Some(pattern) => matched(&pattern.regex, pattern.text, &bytes),
                },
                Ok(_) => Ok(Some(groups(None))),
            }
        }
    }
}

/// Makes a pattern of Python's, in which `^` and `$` match at every line.
fn compiled(pattern: &str) -> Result<Arc<Regex>, Failure> {
    compile(pattern, Flags { multiline: true, ..Flags::default() }, Anchor::Anywhere)
        .map_err(|why| Failure::new(FailureKind::Argument, format!("Invalid regular expression: `{pattern}` {why}")))
}

fn matched(regex: &Regex, pattern: &str, bytes: &[u8]) -> Result<Option<Map>, Failure> {
    let text = String::from_utf8_lossy(bytes);
    let found = regex
        .find(&text)
        .map_err(|why| Failure::new(FailureKind::Argument, format!("the regular expression `{pattern}` {why}")))?;
    Ok(found.map(|found| groups(Some((regex, pattern, &found, &text)))))
}

/// Returns the fields that tell what a pattern found.
fn groups(found: Option<(&Regex, &str, &Match, &str)>) -> Map {
    let mut numbered: Vec<Value> = Vec::new();
    let mut named = Map::new();
    if let Some((regex, pattern, found, text)) = found {
        let value = |group: usize| found.group(text, group).map_or(Value::Null, Value::from);
        numbered.extend((1..=regex.groups()).map(value));
        for name in pattern.split("(?P<").skip(1).filter_map(|rest| rest.split('>').next()) {
            if let Some(group) = regex.group_named(name) {
                named.insert(name, value(group));
            }
        }
    }
    let mut fields = Map::new();
    fields.insert("match_groupdict", named);
    fields.insert("match_groups", Value::list(numbered));
    fields
}

fn too_late(args: &Args, target: &Target, gone: bool) -> String {
    let searched = args.text("search_regex").filter(|_| !gone);
    match (target, searched) {
        (Target::Port { host, port, .. }, _) if gone => format!("Timeout when waiting for {host}:{port} to stop."),
        (Target::Path(path), _) if gone => format!("Timeout when waiting for {path} to be absent."),
        (Target::Port { host, port, .. }, Some(regex)) => {
            format!("Timeout when waiting for search string {regex} in {host}:{port}")
        }
        (Target::Path(path), Some(regex)) => format!("Timeout when waiting for search string {regex} in {path}"),
        (Target::Port { host, port, .. }, None) => format!("Timeout when waiting for {host}:{port}"),
        (Target::Path(path), None) => format!("Timeout when waiting for file {path}"),
        (Target::Nothing, _) => "Timeout".into(),
    }
}

/// Reads an argument of whole seconds; less than none is none, more than a year is refused.
pub(super) fn seconds_arg(args: &Args, name: &str) -> Result<Duration, Failure> {
    const LONGEST: i128 = 366 * 86_400;
    let seconds = args.int(name).unwrap_or(0).max(0);
    if seconds > LONGEST {
        return Err(Failure::new(
            FailureKind::Argument,
            format!("`{name}` of {seconds} seconds is longer than a year"),
        ));
    }
    Ok(Duration::from_secs(seconds as u64))
}

/// The time that a waiting module has.
pub(super) struct Clock<'a> {
    probe: &'a dyn Probe,
    started: Instant,
    counted_from: Instant,
    timeout: Duration,
}

impl<'a> Clock<'a> {
    /// Starts to count.
    pub(super) fn start(probe: &'a dyn Probe, timeout: Duration) -> Clock<'a> {
        let now = Instant::now();
        Clock { probe, started: now, counted_from: now, timeout }
    }

    /// Gives the whole time from now on.
    pub(super) fn count_from_now(&mut self) {
        self.counted_from = Instant::now();
    }

    /// Claims that the time is over.
    pub(super) fn is_over(&self) -> bool {
        self.counted_from.elapsed() >= self.timeout
    }

    /// Returns the time that is left.
    pub(super) fn left(&self) -> Duration {
        self.timeout.saturating_sub(self.counted_from.elapsed())
    }

    /// Returns whole seconds since the start, as results have them.
    pub(super) fn elapsed_seconds(&self) -> i128 {
        self.started.elapsed().as_secs().into()
    }

    /// Waits; the executor sees to it, so that an interrupted run does not.
    pub(super) async fn sleep(&self, time: Duration) -> Result<(), Failure> {
        if !time.is_zero() {
            self.probe.read(Action::here(Effect::Pure, Work::Sleep(time))).await?;
        }
        Ok(())
    }
}
