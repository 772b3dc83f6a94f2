//! The work of Junos' CLI by operations of its NETCONF server: commands, configuration as `set` lines, commits.
//!
//! What comes back is what the CLI would have said, so that no module knows the difference: an answer for each line; of
//! a configuration, then what the candidate changes, then the answer to the check or the commit, if there was one.
//! (Junos XML Protocol: `command`, `get-configuration`, `load-configuration`, `commit-configuration`)

use super::session::{Session, Until};
use crate::failure::{Failure, FailureKind};
use crate::module::{Cli, CliLine, CliResponse, Load, RpcReply};
use crate::platform::Platform;
use crate::xml::{Element, escaped};
use std::time::Duration;

/// The platform whose CLI can be spoken so.
const PLATFORM: &str = "juniper_junos";

/// Elements whose text is the answer to a command.
const ANSWERS: &[&str] = &["output", "configuration-output", "configuration-set", "configuration-text"];

/// Claims that the work of a platform's CLI can be done by operations.
pub fn is_spoken_by(platform: &Platform) -> bool {
    platform.name == PLATFORM
}

/// Does the work of a CLI.
pub(super) async fn run(
    session: &mut Session,
    cli: &Cli,
    platform: &Platform,
    until: &Until<'_>,
) -> Result<Vec<CliResponse>, Failure> {
    let until = Until { patience: cli.line_timeout.unwrap_or(until.patience), cancel: until.cancel };
    if let Some(line) = cli.lines.iter().find(|line| !line.expect.is_empty() || line.send_only) {
        let message = format!("`{}` with `prompt`, `answer` or `sendonly`: NETCONF asks nothing", line.text);
        return Err(Failure::new(FailureKind::Argument, message)
            .help("use `ansible_connection: ansible.netcommon.network_cli` for this task"));
    }
    let config = platform.config_level.as_deref();
    let mut device = Junos { session, platform, until };
    match cli.level.as_deref() {
        None => device.commands(cli).await,
        Some(level) if level == platform.command_level => device.commands(cli).await,
        Some(level) if level == "config" || Some(level) == config => device.configure(cli).await,
        Some(level) => Err(Failure::new(FailureKind::Argument, format!("NETCONF has no level `{level}`"))
            .help("use `ansible_connection: ansible.netcommon.network_cli` for this task")),
    }
}

struct Junos<'a> {
    session: &'a mut Session,
    platform: &'a Platform,
    until: Until<'a>,
}

impl Junos<'_> {
    async fn commands(&mut self, cli: &Cli) -> Result<Vec<CliResponse>, Failure> {
        let mut responses = Vec::with_capacity(cli.lines.len());
        for line in &cli.lines {
            let reply = self.call(&command(&line.text)).await?;
            let response = self.response(&line.text, &reply);
            let is_refused = response.error.is_some();
            responses.push(response);
            if is_refused && cli.stop_on_error {
                break;
            }
        }
        Ok(responses)
    }

    async fn configure(&mut self, cli: &Cli) -> Result<Vec<CliResponse>, Failure> {
        let lock = self.call("<nc:lock><nc:target><nc:candidate/></nc:target></nc:lock>").await?;
        if let Some(refusal) = lock.refusal() {
            let message = format!("the device refuses `lock`: {refusal}; nothing was sent");
            return Err(Failure::new(FailureKind::Command, message));
        }
        let done = self.edit(cli).await;
        // A session that broke gives the lock back by its end.
        if !self.session.is_broken {
            self.call("<nc:unlock><nc:target><nc:candidate/></nc:target></nc:unlock>").await?;
        }
        done.map_err(|mut failure| {
            let state =
                if cli.commit.discard { "nothing was committed" } else { "whether it was committed is not known" };
            failure.message = format!("{}; {state}", failure.message.expose()).into();
            failure
        })
    }

    async fn edit(&mut self, cli: &Cli) -> Result<Vec<CliResponse>, Failure> {
        let mut responses = match (&cli.load, cli.lines.first()) {
            (Some(load), Some(line)) => {
                let reply = self.call(&loading(load)).await?;
                vec![self.response(&line.text, &reply)]
            }
            _ => self.load(&cli.lines).await?,
        };
        let is_clean = responses.iter().all(|response| response.error.is_none());
        // What keeps a change, or takes it back, says by itself all that is to be said.
        if cli.commit.concludes && is_clean {
            return Ok(responses);
        }
        let mut keep = false;
        if is_clean {
            let diff = self.call("<get-configuration compare=\"rollback\" rollback=\"0\" format=\"text\"/>").await?;
            // A text of the configuration, whatever it looks like.
            let shown = CliResponse { error: None, ..self.response("show | compare", &diff) };
            keep = !shown.output.trim().is_empty();
            responses.push(shown);
        }
        if keep && cli.commit.check {
            let reply = self.call("<commit-configuration><check/></commit-configuration>").await?;
            responses.push(self.response("commit check", &reply));
        }
        let commits = keep && !cli.commit.discard && !cli.commit.check;
        if commits {
            let (line, operation) = commit(cli);
            let reply = self.call(&operation).await?;
            let response = self.response(&line, &reply);
            keep = response.error.is_none();
            responses.push(response);
        }
        if !(commits && keep) {
            self.call("<nc:discard-changes/>").await?;
        }
        Ok(responses)
    }

    /// Loads lines into the candidate, all at once. When something is refused they are loaded one by one, to see which
    /// of them it was.
    async fn load(&mut self, lines: &[CliLine]) -> Result<Vec<CliResponse>, Failure> {
        if lines.len() > 1 && lines.iter().all(|line| is_set(&line.text)) {
            let texts: Vec<&str> = lines.iter().map(|line| line.text.as_str()).collect();
            let reply = self.call(&load_set(&texts.join("\n"))).await?;
            if self.response("load set", &reply).error.is_none() {
                let accepted = |line: &CliLine| CliResponse { line: line.text.clone(), ..CliResponse::default() };
                return Ok(lines.iter().map(accepted).collect());
            }
            self.call("<nc:discard-changes/>").await?;
        }
        let mut responses = Vec::with_capacity(lines.len());
        for line in lines {
            let reply = self.call(&configuration_line(&line.text)).await?;
            let response = self.response(&line.text, &reply);
            let is_refused = response.error.is_some();
            responses.push(response);
            if is_refused {
                break;
            }
        }
        Ok(responses)
    }

    async fn call(&mut self, operation: &str) -> Result<RpcReply, Failure> {
        self.session.call(operation, &self.until).await
    }

    /// Returns what the CLI would have said.
    fn response(&self, line: &str, reply: &RpcReply) -> CliResponse {
        let mut output = output(&reply.xml);
        for error in &reply.errors {
            let word = if error.is_warning { "warning" } else { "error" };
            let said = error.message.clone().unwrap_or_else(|| error.to_string());
            if !output.is_empty() {
                output.push('\n');
            }
            output.push_str(&format!("{word}: {said}"));
        }
        let refusal = reply.refusal().map(|error| match (&error.message, element_at_fault(error.info.as_deref())) {
            (Some(message), Some(element)) if !message.contains(&element) => format!("{message} ({element})"),
            (Some(message), _) => message.clone(),
            (None, _) => error.to_string(),
        });
        let error = refusal.or_else(|| reply.errors.first().and_then(|_| self.platform.error_in(&output)));
        CliResponse { line: line.to_owned(), output, error, prompt: String::new() }
    }
}

/// Returns the element that Junos says is at fault.
fn element_at_fault(info: Option<&str>) -> Option<String> {
    let info = Element::read(&format!("<info>{}</info>", info?)).ok()?;
    info.child("bad-element").map(Element::text).filter(|element| !element.is_empty())
}

/// Returns the operation that runs a command. What it prints is asked for as the pipe at its end says.
fn command(text: &str) -> String {
    let (mut text, mut format) = (text.trim(), "text");
    while let Some((before, pipe)) = text.rsplit_once('|') {
        match pipe.split_whitespace().collect::<Vec<_>>()[..] {
            ["no-more"] => {}
            ["display", "json"] => format = "json",
            ["display", "xml"] => format = "xml",
            ["display", "set"] if before.trim() == "show configuration" => {
                return "<get-configuration database=\"committed\" format=\"set\"/>".to_owned();
            }
            _ => break,
        }
        text = before.trim_end();
    }
    format!("<command format=\"{format}\">{}</command>", escaped(text))
}

fn is_set(line: &str) -> bool {
    let first = line.split_whitespace().next().unwrap_or_default();
    !matches!(first, "rollback" | "commit" | "load")
}

fn load_set(lines: &str) -> String {
    format!(
        "<load-configuration action=\"set\" format=\"text\"><configuration-set>{}</configuration-set></load-configuration>",
        escaped(lines)
    )
}

/// Returns the operation that loads a configuration which the device reads itself.
fn loading(load: &Load) -> String {
    let inside = match load.format {
        // It is an element already.
        "xml" => load.text.clone(),
        form => format!("<configuration-{form}>{}</configuration-{form}>", escaped(&load.text)),
    };
    format!("<load-configuration action=\"{}\" format=\"{}\">{inside}</load-configuration>", load.action, load.format)
}

/// Returns the operation that does what a line of the configuration mode does.
fn configuration_line(line: &str) -> String {
    match line.split_whitespace().collect::<Vec<_>>()[..] {
        ["rollback"] => "<load-configuration rollback=\"0\"/>".to_owned(),
        ["rollback", number] => {
            format!("<load-configuration rollback=\"{}\"/>", escaped(number).replace('"', "&quot;"))
        }
        ["commit"] => "<commit-configuration/>".to_owned(),
        _ => load_set(line),
    }
}

/// Returns what commits, as a line for messages and as an operation.
fn commit(cli: &Cli) -> (String, String) {
    let how = &cli.commit;
    let (mut line, mut inside) = ("commit".to_owned(), String::new());
    if let Some(within) = how.within {
        let minutes = minutes(within);
        line.push_str(&format!(" confirmed {minutes}"));
        inside.push_str(&format!("<confirmed/><confirm-timeout>{minutes}</confirm-timeout>"));
    }
    if let Some(at) = &how.at {
        inside.push_str(&format!("<at-time>{}</at-time>", escaped(at)));
    }
    if let Some(comment) = &how.comment {
        inside.push_str(&format!("<log>{}</log>", escaped(comment)));
    }
    (line, format!("<commit-configuration>{inside}</commit-configuration>"))
}

/// Returns a time in minutes, rounded up.
fn minutes(time: Duration) -> u64 {
    time.as_secs().max(1).div_ceil(60)
}

/// Returns the text of an answer: what stands in the elements for it, or the answer itself where it is data.
fn output(reply: &Element) -> String {
    let mut texts = Vec::new();
    collect(reply, 0, &mut texts);
    let text = if !texts.is_empty() {
        texts.join("\n")
    } else if reply.children().any(|child| !matches!(child.local(), "ok" | "rpc-error") && !is_result(child)) {
        let data = reply.children().filter(|child| child.local() != "rpc-error").map(|child| child.plain().to_string());
        data.collect::<Vec<_>>().join("\n")
    } else {
        reply.own_text()
    };
    let text = text.trim_end();
    text.strip_prefix('\n').unwrap_or(text).to_owned()
}

/// Claims that an element says how an operation went, and is no data.
fn is_result(element: &Element) -> bool {
    matches!(element.local(), "load-configuration-results" | "commit-results")
}

fn collect(element: &Element, depth: usize, texts: &mut Vec<String>) {
    /// They stand in the answer, in the part of one routing engine, or in information about the configuration.
    const DEEPEST: usize = 4;
    for child in element.children() {
        if ANSWERS.contains(&child.local()) {
            texts.push(child.own_text());
        } else if depth < DEEPEST && !is_result(child) {
            collect(child, depth + 1, texts);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pipes_that_choose_the_form_become_it() {
        for (line, operation) in [
            ("show version", "<command format=\"text\">show version</command>"),
            ("show version | no-more", "<command format=\"text\">show version</command>"),
            ("show version | display json", "<command format=\"json\">show version</command>"),
            ("show version|display xml | no-more", "<command format=\"xml\">show version</command>"),
            ("show log a | match <b>", "<command format=\"text\">show log a | match &lt;b&gt;</command>"),
            ("show configuration | display set", "<get-configuration database=\"committed\" format=\"set\"/>"),
        ] {
            assert_eq!(command(line), operation);
        }
    }

    #[test]
    fn the_text_of_an_answer_is_what_the_cli_shows() {
        for (reply, text) in [
            ("<rpc-reply><output>\nHostname: a\nModel: b\n</output></rpc-reply>", "Hostname: a\nModel: b"),
            (
                "<rpc-reply><configuration-information><configuration-output>\n[edit]\n</configuration-output>\
                 </configuration-information></rpc-reply>",
                "[edit]",
            ),
            ("<rpc-reply>{\"a\": 1}</rpc-reply>", "{\"a\": 1}"),
            ("<rpc-reply><a xmlns=\"urn:x\"><b>1</b></a></rpc-reply>", "<a><b>1</b></a>"),
            ("<rpc-reply><ok/></rpc-reply>", ""),
            (
                "<rpc-reply><multi-routing-engine-results><multi-routing-engine-item><re-name>fpc0</re-name>\
                 <output>one</output></multi-routing-engine-item></multi-routing-engine-results></rpc-reply>",
                "one",
            ),
        ] {
            assert_eq!(output(&Element::read(reply).unwrap()), text, "{reply}");
        }
    }

    #[test]
    fn times_are_rounded_up_to_minutes() {
        assert_eq!([1, 60, 61, 3600].map(|seconds| minutes(Duration::from_secs(seconds))), [1, 1, 2, 60]);
    }
}
