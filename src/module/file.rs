//! `file`: makes, removes and links paths of the host, and sets their attributes.

mod link;
mod recurse;

use super::args::args_with;
use super::attributes::{Attributes, FILE, Mode, add_fields};
use super::place::{attributes_diff, finish_with_attributes, predict_attributes};
use super::remote::{FileKind, Look, Me, Stat, look, look_action, path_word, path_word_literal, quote, write_action};
use super::write::make_folders;
use super::{Arg, ArgKind, Args, Change, Context, Finished, Module, Needs, TextDiff};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::Map;

/// `file`
pub static MODULE: Module = Module {
    name: "file",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Makes, removes and links files and folders, and sets their attributes.",
    args: args_with![FILE;
        Arg::new("path", ArgKind::Path, "The path on the host.").aliases(&["dest", "name"]).required(),
        Arg::new("state", ArgKind::Str, "What it should be; what it is, when nobody says.").choices(&[
            "absent",
            "directory",
            "file",
            "hard",
            "link",
            "touch",
        ]),
        Arg::new("src", ArgKind::Path, "What a link points to."),
        Arg::new("recurse", ArgKind::Bool, "Set the attributes of everything in a folder.").default("false"),
        Arg::new("force", ArgKind::Bool, "Make a link although its source is missing or a file is in its place.")
            .default("false"),
        Arg::new("follow", ArgKind::Bool, "Set the attributes of what a symbolic link points to.").default("true"),
        Arg::new("modification_time", ArgKind::Str, "`preserve`, `now`, or a time as `YYYYMMDDhhmm.ss`."),
        Arg::new("access_time", ArgKind::Str, "`preserve`, `now`, or a time as `YYYYMMDDhhmm.ss`."),
        Arg::new("modification_time_format", ArgKind::Str, "How `modification_time` is written.")
            .default("%Y%m%d%H%M.%S")
            .refused("write the time as `YYYYMMDDhhmm.ss`"),
        Arg::new("access_time_format", ArgKind::Str, "How `access_time` is written.")
            .default("%Y%m%d%H%M.%S")
            .refused("write the time as `YYYYMMDDhhmm.ss`"),
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

/// A path and what is wanted of it.
struct Job<'a> {
    args: &'a Args,
    attributes: Attributes,
    /// What is there, links not followed.
    now: Stat,
    me: Me,
}

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let path = args.text("path").unwrap_or_default();
    if path.is_empty() {
        return Err(Failure::new(FailureKind::Argument, "`path` is empty"));
    }
    let attributes = Attributes::of(args)?;
    if attributes.mode == Some(Mode::Preserve) {
        return Err(Failure::new(FailureKind::Argument, "`mode: preserve` has no source to preserve the mode of"));
    }
    // A slash at the end would make a link look like the folder behind it.
    let trimmed = if path.len() > 1 { path.trim_end_matches('/') } else { path };
    let (now, me) = look(context.probe, &[path_word(trimmed)], Look::default()).await?.one()?;
    let recurse = args.flag("recurse");
    let state = args.text("state").unwrap_or(match now.state() {
        "absent" if recurse => "directory",
        "absent" => "file",
        is => is,
    });
    if recurse && state != "directory" {
        return Err(wrong("recurse option requires state to be 'directory'", &now));
    }
    if args.text("src").is_some() && !matches!(state, "link" | "hard") {
        return Err(wrong("src option requires state to be 'link' or 'hard'", &now));
    }
    let mut job = Job { args, attributes, now, me };
    if matches!(state, "file" | "directory" | "touch") && args.flag("follow") {
        job.follow_link(&context).await?;
    }
    match state {
        "absent" => job.absent(),
        "directory" => job.directory(&context).await,
        "touch" => job.touch(),
        "link" => link::symbolic(&context, job).await,
        "hard" => link::hard(&context, job).await,
        _ => job.file(),
    }
}

/// Makes the failure of a path that is not as it should be.
fn wrong(message: impl Into<String>, now: &Stat) -> Failure {
    let mut result = Map::new();
    result.insert("path", now.path.as_str());
    result.insert("state", now.state());
    if now.exists() {
        add_fields(&mut result, now);
    }
    Failure::new(FailureKind::File, message.into()).with_result(result)
}

impl Job<'_> {
    async fn follow_link(&mut self, context: &Context<'_>) -> Result<(), Failure> {
        if let (FileKind::Link, Some(source)) = (self.now.kind, &self.now.source) {
            let seen = look(context.probe, &[path_word_literal(source)], Look::default()).await?;
            (self.now, self.me) = seen.one()?;
        }
        Ok(())
    }

    fn absent(self) -> Result<Change, Failure> {
        let path = self.now.path.as_str();
        let change = Change::nothing(Map::new()).field("path", path).field("state", "absent");
        if !self.now.exists() {
            return Ok(change);
        }
        if path.trim_end_matches('/').is_empty() {
            return Err(wrong("refusing to remove `/`", &self.now));
        }
        let word = path_word_literal(path);
        let program = if self.now.is_dir() { format!("rm -rf {word}") } else { format!("rm -f {word}") };
        let diff = state_diff(&self.now, "absent");
        Ok(Change { changed: true, diff: vec![diff], actions: vec![write_action(program)], ..change }.checked())
    }

    async fn directory(self, context: &Context<'_>) -> Result<Change, Failure> {
        if !self.now.exists() {
            let folders = make_folders(
                std::slice::from_ref(&self.now.path),
                self.attributes.mode.as_ref(),
                &self.attributes,
                self.me.umask,
            );
            return Ok(self.made(FileKind::Directory, 0o777, folders));
        }
        if !self.now.is_dir() {
            return Err(wrong(format!("{} already exists as a {}", self.now.path, self.now.state()), &self.now));
        }
        let mut commands = self.attributes.commands(&self.now, self.me.umask);
        commands.extend(self.time_commands(false)?);
        if self.args.flag("recurse") {
            commands.extend(recurse::commands(context, &self.now, &self.attributes, self.me.umask).await?);
        }
        Ok(self.with_commands(commands))
    }

    fn file(self) -> Result<Change, Failure> {
        if !self.now.exists() || matches!(self.now.kind, FileKind::Directory | FileKind::Link) {
            return Err(wrong(format!("file ({}) is {}, cannot continue", self.now.path, self.now.state()), &self.now)
                .help("`state: touch` makes a file, `copy` and `template` fill one"));
        }
        let mut commands = self.attributes.commands(&self.now, self.me.umask);
        commands.extend(self.time_commands(false)?);
        Ok(self.with_commands(commands))
    }

    fn touch(self) -> Result<Change, Failure> {
        let times = self.time_commands(true)?;
        if self.now.exists() {
            let mut commands = self.attributes.commands(&self.now, self.me.umask);
            commands.extend(times);
            let mut change = self.with_commands(commands);
            change.result.remove("path");
            change.result.insert("dest", self.now.path.as_str());
            return Ok(change);
        }
        let path = path_word_literal(&self.now.path);
        let mut commands = vec![format!("[ ! -e {path} ] && : >{path}")];
        for (tool, wanted) in [("chown", &self.attributes.owner), ("chgrp", &self.attributes.group)] {
            commands.extend(wanted.as_ref().map(|wanted| format!("{tool} {} {path}", quote(wanted))));
        }
        if let Some(mode) = &self.attributes.mode {
            let bits = mode.applied_to(0o666 & !self.me.umask, false, self.me.umask);
            commands.push(format!("chmod {} {path}", super::attributes::chmod_bits(bits)));
        }
        commands.extend(times);
        let dest = self.now.path.clone();
        let mut change = self.made(FileKind::File, 0o666, commands.join(" &&\n")).field("dest", dest);
        change.result.remove("path");
        Ok(change)
    }

    /// Returns the commands that set the times; `touching` means now, when nobody says.
    fn time_commands(&self, touching: bool) -> Result<Vec<String>, Failure> {
        let path = path_word_literal(&self.now.path);
        let mut commands = Vec::new();
        for (name, option) in [("access_time", "-a"), ("modification_time", "-m")] {
            let time = self.args.text(name).unwrap_or(if touching { "now" } else { "preserve" });
            let digits = time.replace('.', "");
            match time {
                "preserve" => {}
                "now" => commands.push(format!("touch -c {option} {path}")),
                _ if matches!(digits.len(), 12 | 14) && digits.chars().all(|c| c.is_ascii_digit()) => {
                    commands.push(format!("touch -c {option} -t {time} {path}"));
                }
                _ => {
                    return Err(Failure::new(
                        FailureKind::Argument,
                        format!("`{name}` must be `preserve`, `now` or a time as `YYYYMMDDhhmm.ss`, not `{time}`"),
                    ));
                }
            }
        }
        Ok(commands)
    }

    /// Returns the change of something that is there, by these commands.
    fn with_commands(&self, commands: Vec<String>) -> Change {
        let mut change = Change::nothing(Map::new()).field("path", self.now.path.as_str());
        add_fields(&mut change.result, &self.now);
        if commands.is_empty() {
            return change;
        }
        predict_attributes(&mut change.result, &self.attributes, &self.now, self.me.umask);
        change.changed = true;
        change.diff.push(attributes_diff(&self.attributes, &self.now, self.me.umask));
        for program in programs(commands) {
            change.actions.push(write_action(program));
        }
        change.actions.push(look_action(&self.now.path));
        change.finish = Some(Box::new(finish_with_attributes));
        change
    }

    /// Returns the change that makes something that is not there.
    fn made(&self, kind: FileKind, bits: u32, program: String) -> Change {
        let will_be = Stat {
            path: self.now.path.clone(),
            kind,
            mode: bits & !self.me.umask,
            uid: self.me.uid,
            gid: self.me.gid,
            owner: Some(self.me.user.clone()),
            group: Some(self.me.group.clone()),
            ..Stat::default()
        };
        let mut change = Change::nothing(Map::new()).field("path", self.now.path.as_str());
        add_fields(&mut change.result, &will_be);
        predict_attributes(&mut change.result, &self.attributes, &will_be, self.me.umask);
        change.changed = true;
        change.diff.push(state_diff(&self.now, will_be.state()));
        change.actions = vec![write_action(program), look_action(&self.now.path)];
        change.finish = Some(Box::new(finish_with_attributes));
        change
    }
}

impl Change {
    /// Makes the step fail when one of its own programs does.
    fn checked(mut self) -> Change {
        self.finish = Some(Box::new(|outputs, result| {
            for output in outputs {
                super::place::check_status(&super::remote::exec_output(output)?)?;
            }
            Ok(Finished::new(result, true))
        }));
        self
    }
}

/// Returns what differs when a path becomes something else.
fn state_diff(now: &Stat, after: &str) -> TextDiff {
    TextDiff {
        before_header: now.path.clone(),
        after_header: now.path.clone(),
        before: format!("state: {}\n", now.state()),
        after: format!("state: {after}\n"),
    }
}

/// Joins commands into programs that fit into one argument each.
fn programs(commands: Vec<String>) -> Vec<String> {
    const BYTES: usize = 64 << 10;
    let mut programs: Vec<String> = Vec::new();
    for command in commands {
        match programs.last_mut().filter(|program| program.len() + command.len() < BYTES) {
            Some(program) => program.push_str(&format!(" &&\n{command}")),
            None => programs.push(command),
        }
    }
    programs
}
