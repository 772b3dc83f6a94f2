//! `user`: sees to it that a user is there, as described, or that it is not.

use super::group::entry;
use super::remote::quote;
use super::system::{ask, make, question, said};
use super::{Arg, ArgKind, Args, Change, Context, Module, Needs};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};
use std::collections::BTreeSet;

/// `user`
pub static MODULE: Module = Module {
    name: "user",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Sees to it that a user is there, as described, or that it is not.",
    args: ARGS,
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Write,
    plan: |context| Box::pin(plan(context)),
};

const ELSEWHERE: &str = "it is of another system than Linux";
const KEYS: &str = "run `ssh-keygen` with `command` and `creates`";
const CHAGE: &str = "run `chage` with `command`";

const ARGS: &[Arg] = &[
    Arg::new("name", ArgKind::Str, "The user.").aliases(&["user"]).required(),
    Arg::new("state", ArgKind::Str, "Whether the user is there.").choices(&["absent", "present"]).default("present"),
    Arg::new("uid", ArgKind::Int, "The user's number."),
    Arg::new("non_unique", ArgKind::Bool, "The number may be another's too.").default("false"),
    Arg::new("comment", ArgKind::Str, "Who that is (the GECOS field)."),
    Arg::new("group", ArgKind::Str, "The first group."),
    Arg::new("groups", ArgKind::List, "The other groups."),
    Arg::new("append", ArgKind::Bool, "Keep other groups that the user is in.").default("false"),
    Arg::new("shell", ArgKind::Path, "The login shell."),
    Arg::new("home", ArgKind::Path, "The home folder."),
    Arg::new("create_home", ArgKind::Bool, "Make the home folder of a new user.")
        .aliases(&["createhome"])
        .default("true"),
    Arg::new("move_home", ArgKind::Bool, "Move the home folder to where `home` says.").default("false"),
    Arg::new("skeleton", ArgKind::Str, "The folder that a new home folder is made like."),
    Arg::new("system", ArgKind::Bool, "A new user is one of the system.").default("false"),
    Arg::new("password", ArgKind::Secret, "The password, as a hash of `crypt`."),
    Arg::new("update_password", ArgKind::Str, "Set the password always, or of a new user alone.")
        .choices(&["always", "on_create"])
        .default("always"),
    Arg::new("password_lock", ArgKind::Bool, "Whether the password is locked."),
    Arg::new("remove", ArgKind::Bool, "Remove the home folder with the user.").default("false"),
    Arg::new("force", ArgKind::Bool, "Remove the user even while logged in.").default("false"),
    Arg::new("uid_min", ArgKind::Int, "The lowest number that a new user may get."),
    Arg::new("uid_max", ArgKind::Int, "The highest number that a new user may get."),
    Arg::new("umask", ArgKind::Str, "The mask of a new home folder.").refused("the host's own is used"),
    Arg::new("local", ArgKind::Bool, "Only in the host's own files.")
        .default("false")
        .refused("the host's usual programs are used"),
    Arg::new("expires", ArgKind::Float, "When the account ends.").refused(CHAGE),
    Arg::new("password_expire_max", ArgKind::Int, "Most days between changes of the password.").refused(CHAGE),
    Arg::new("password_expire_min", ArgKind::Int, "Fewest days between changes of the password.").refused(CHAGE),
    Arg::new("password_expire_warn", ArgKind::Int, "Days of warning.").refused(CHAGE),
    Arg::new("password_expire_account_disable", ArgKind::Int, "Days until the account ends.").refused(CHAGE),
    Arg::new("generate_ssh_key", ArgKind::Bool, "Make a key for the user.").default("false").refused(KEYS),
    Arg::new("ssh_key_bits", ArgKind::Int, "The size of the key.").refused(KEYS),
    Arg::new("ssh_key_comment", ArgKind::Str, "The comment of the key.").refused(KEYS),
    Arg::new("ssh_key_file", ArgKind::Path, "Where the key goes.").refused(KEYS),
    Arg::new("ssh_key_passphrase", ArgKind::Secret, "The passphrase of the key.").refused(KEYS),
    Arg::new("ssh_key_type", ArgKind::Str, "The type of the key.").default("rsa").refused(KEYS),
    Arg::new("seuser", ArgKind::Str, "The user of SELinux.").refused("users of SELinux are not set"),
    Arg::new("authorization", ArgKind::Str, "Authorizations.").refused(ELSEWHERE),
    Arg::new("hidden", ArgKind::Bool, "Leave the user out of the login window.").refused(ELSEWHERE),
    Arg::new("login_class", ArgKind::Str, "The login class.").refused(ELSEWHERE),
    Arg::new("profile", ArgKind::Str, "The profile.").refused(ELSEWHERE),
    Arg::new("role", ArgKind::Str, "The role.").refused(ELSEWHERE),
];

/// A user as the host has it.
struct There {
    uid: String,
    gid: String,
    comment: String,
    home: String,
    shell: String,
    group: String,
    groups: BTreeSet<String>,
    /// The hash of the password, where it may be read.
    password: Option<String>,
}

async fn there(context: &Context<'_>, name: &str) -> Result<Option<There>, Failure> {
    let Some(fields) = entry(context, "passwd", name).await? else { return Ok(None) };
    let [_, _, uid, gid, comment, home, shell] = &fields[..] else {
        return Err(Failure::new(FailureKind::Command, format!("cannot read what the host says of the user `{name}`")));
    };
    let word = quote(name);
    let names = said(&ask(context, format!("id -gn {word}; id -Gn {word}")).await?);
    let (group, groups) = names.split_once('\n').unwrap_or((&names, ""));
    let shadow = entry(context, "shadow", name).await?;
    Ok(Some(There {
        uid: uid.clone(),
        gid: gid.clone(),
        comment: comment.clone(),
        home: home.clone(),
        shell: shell.clone(),
        groups: groups.split_whitespace().filter(|other| *other != group).map(str::to_owned).collect(),
        group: group.to_owned(),
        password: shadow.and_then(|fields| fields.get(1).cloned()),
    }))
}

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let name = args.text("name").unwrap_or_default();
    let there = there(&context, name).await?;
    let word = quote(name);
    let mut result = Map::new();
    result.insert("name", name);
    if args.text("state") == Some("absent") {
        result.insert("state", "absent");
        if there.is_some() {
            result.insert("force", args.flag("force"));
            result.insert("remove", args.flag("remove"));
        }
        let flag = |name: &str, flag: &'static str| if args.flag(name) { flag } else { "" };
        let command = format!("userdel{}{} {word}", flag("force", " -f"), flag("remove", " -r"));
        return Ok(make(there.map(|_| command).into_iter().collect(), result));
    }
    check_groups(&context).await?;
    let flags = match &there {
        None => new_flags(args),
        Some(there) => changed_flags(args, there),
    };
    let program = if there.is_none() { "useradd" } else { "usermod" };
    let mut commands = Vec::new();
    if there.is_none() || !flags.is_empty() {
        commands.push(format!("{program} {} {word}", flags.join(" ")));
    }
    result.insert("state", "present");
    result.insert("append", args.flag("append"));
    if there.is_none() {
        result.insert("create_home", args.flag("create_home"));
        result.insert("system", args.flag("system"));
    } else {
        result.insert("move_home", args.flag("move_home"));
    }
    for name in ["comment", "shell", "home"] {
        if let Some(text) = args.text(name) {
            result.insert(name, text);
        }
    }
    if let Some(uid) = args.int("uid") {
        result.insert("uid", uid);
    }
    if !args.list("groups").is_empty() {
        result.insert("groups", args.texts("groups").join(","));
    }
    if args.get("password").is_some() {
        result.insert("password", "NOT_LOGGING_PASSWORD");
    }
    let Some(there) = there else { return Ok(with_entry(make(commands, result), &word)) };
    if commands.is_empty() {
        add_entry(&mut result, [&there.uid, &there.gid, &there.comment, &there.home, &there.shell]);
        return Ok(make(commands, result));
    }
    Ok(with_entry(make(commands, result), &word))
}

/// Adds a look at the user to a change, so that its result tells what came of it.
fn with_entry(mut change: Change, word: &str) -> Change {
    change.actions.push(question(format!("getent passwd {word} || grep \"^\"{word}: /etc/passwd")));
    change.finish = change.finish.map(|finish| -> super::Finish {
        Box::new(move |mut outputs, mut result| {
            if let Some(super::Output::Exec(output)) = outputs.pop() {
                let line = said(&output);
                let fields: Vec<&str> = line.split(':').collect();
                if let [_, _, uid, gid, comment, home, shell] = fields[..] {
                    add_entry(&mut result, [uid, gid, comment, home, shell]);
                }
            }
            finish(outputs, result)
        })
    });
    change
}

fn add_entry(result: &mut Map, [uid, gid, comment, home, shell]: [&str; 5]) {
    let number = |text: &str| text.parse::<i128>().map_or_else(|_| Value::from(text), Value::Int);
    result.insert("uid", number(uid));
    result.insert("group", number(gid));
    result.insert("comment", comment);
    result.insert("home", home);
    result.insert("shell", shell);
}

/// Fails when a group that is wanted is not there.
async fn check_groups(context: &Context<'_>) -> Result<(), Failure> {
    let args = context.args;
    let wanted = args.text("group").map(str::to_owned).into_iter().chain(args.texts("groups"));
    for group in wanted.filter(|group| !group.is_empty()) {
        if entry(context, "group", &group).await?.is_none() {
            return Err(Failure::new(FailureKind::Module, format!("Group {group} does not exist"))
                .help("make it first, with the module `group`"));
        }
    }
    Ok(())
}

fn option(flag: &str, value: &str) -> String {
    format!("{flag} {}", quote(value))
}

fn new_flags(args: &Args) -> Vec<String> {
    let mut flags = Vec::new();
    let mut flag = |on: bool, flag: &str| {
        if on {
            flags.push(flag.to_owned());
        }
    };
    flag(args.flag("system"), "-r");
    flag(args.flag("create_home"), "-m");
    flag(!args.flag("create_home"), "-M");
    flag(args.flag("non_unique") && args.get("uid").is_some(), "-o");
    for (name, flag) in [("uid_min", "UID_MIN"), ("uid_max", "UID_MAX")] {
        flags.extend(args.int(name).map(|limit| format!("-K {flag}={limit}")));
    }
    flags.extend(args.int("uid").map(|uid| format!("-u {uid}")));
    let texts = [("comment", "-c"), ("group", "-g"), ("shell", "-s"), ("home", "-d"), ("skeleton", "-k")];
    flags.extend(texts.iter().filter_map(|(name, flag)| args.text(name).map(|text| option(flag, text))));
    let groups = args.texts("groups");
    if !groups.is_empty() {
        flags.push(option("-G", &groups.join(",")));
    }
    if let Some(password) = args.text("password") {
        let lock = if args.flag("password_lock") { "!" } else { "" };
        flags.push(option("-p", &format!("{lock}{password}")));
    }
    flags
}

fn changed_flags(args: &Args, there: &There) -> Vec<String> {
    let mut flags = Vec::new();
    if let Some(uid) = args.int("uid").filter(|uid| uid.to_string() != there.uid) {
        flags.push(format!("-u {uid}{}", if args.flag("non_unique") { " -o" } else { "" }));
    }
    for (name, flag, is) in [("comment", "-c", &there.comment), ("shell", "-s", &there.shell)] {
        flags.extend(args.text(name).filter(|wanted| wanted != is).map(|wanted| option(flag, wanted)));
    }
    if let Some(home) = args.text("home").filter(|home| *home != there.home) {
        flags.push(option(if args.flag("move_home") { "-m -d" } else { "-d" }, home));
    }
    if let Some(group) = args.text("group").filter(|group| *group != there.group && *group != there.gid) {
        flags.push(option("-g", group));
    }
    if args.get("groups").is_some() {
        let first = args.text("group").unwrap_or(&there.group);
        let wanted: BTreeSet<String> =
            args.texts("groups").into_iter().filter(|group| !group.is_empty() && group != first).collect();
        let append = args.flag("append");
        let same = if append { wanted.is_subset(&there.groups) } else { wanted == there.groups };
        if !same {
            let list: Vec<String> = wanted.into_iter().collect();
            flags.push(option(if append { "-a -G" } else { "-G" }, &list.join(",")));
        }
    }
    let always = args.text("update_password") != Some("on_create");
    let bare = there.password.as_deref().map(|hash| hash.trim_start_matches('!'));
    if let Some(password) = args.text("password").filter(|password| always && bare != Some(password)) {
        flags.push(option("-p", password));
    }
    let locked = there.password.as_deref().is_some_and(|hash| hash.starts_with('!'));
    match args.get("password_lock") {
        Some(Value::Bool(true)) if !locked => flags.push("-L".into()),
        Some(Value::Bool(false)) if locked => flags.push("-U".into()),
        _ => {}
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    fn args(pairs: &[(&str, Value)]) -> Args {
        Args::of(pairs.iter().map(|(name, value)| (*name, value.clone())).collect())
    }

    fn bob() -> There {
        There {
            uid: "1000".into(),
            gid: "50".into(),
            comment: "Bob".into(),
            home: "/home/bob".into(),
            shell: "/bin/sh".into(),
            group: "staff".into(),
            groups: ["adm", "wheel"].map(str::to_owned).into(),
            password: Some("!$6$x".into()),
        }
    }

    #[test]
    fn only_what_differs_is_changed() {
        type Case = (&'static [(&'static str, Value)], &'static [&'static str]);
        let list = |names: &[&str]| Value::list(names.iter().copied());
        let same = [("comment", "Bob".into()), ("uid", Value::Int(1000)), ("group", "50".into())];
        assert!(changed_flags(&args(&same), &bob()).is_empty());
        let groups = [("groups", list(&["wheel"])), ("append", Value::Bool(true))];
        assert!(changed_flags(&args(&groups), &bob()).is_empty());
        let groups = [("groups", list(&["wheel", "new one"]))];
        assert_eq!(changed_flags(&args(&groups), &bob()), ["-G 'new one,wheel'"]);
        let cases: [Case; 4] = [
            (&[("shell", Value::Null)], &[]),
            (&[("password_lock", Value::Bool(false))], &["-U"]),
            (&[("password_lock", Value::Bool(true))], &[]),
            (&[("uid", Value::Int(7)), ("non_unique", Value::Bool(true))], &["-u 7 -o"]),
        ];
        for (given, expected) in cases {
            assert_eq!(changed_flags(&args(given), &bob()), expected, "{given:?}");
        }
        let password = [("password", Value::from("$6$x"))];
        assert!(changed_flags(&args(&password), &bob()).is_empty(), "a locked password is the same password");
        let password = [("password", Value::from("$6$y")), ("update_password", "on_create".into())];
        assert!(changed_flags(&args(&password), &bob()).is_empty());
    }
}
