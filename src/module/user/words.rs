//! The command lines of `useradd`, `usermod`, `userdel` and `chage`.

use super::facts::Account;
use crate::failure::{Failure, FailureKind};
use crate::module::Args;
use crate::module::remote::quote;
use crate::module::tool::command;
use std::collections::BTreeSet;

/// Returns the password's hash as it is to be set.
fn password(args: &Args) -> Option<String> {
    let hash = args.text("password")?;
    Some(if args.flag("password_lock") { format!("!{hash}") } else { hash.to_owned() })
}

fn no_group(name: &str) -> Failure {
    Failure::new(FailureKind::Command, format!("Group {name} does not exist"))
}

/// Returns the names of the groups that are asked for, each once, in their order.
fn group_names(args: &Args, account: &Account) -> Result<Vec<String>, Failure> {
    let mut names: Vec<String> = Vec::new();
    for wanted in args.texts("groups") {
        let wanted = wanted.trim();
        let group = account.group(wanted).ok_or_else(|| no_group(wanted))?;
        if !names.contains(&group.name) {
            names.push(group.name.clone());
        }
    }
    Ok(names)
}

/// Returns a day as `useradd -e` takes it; the empty text for never.
fn day(seconds: f64) -> String {
    if seconds < 0.0 {
        return String::new();
    }
    let moment = jiff::Timestamp::from_second(seconds as i64).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    moment.strftime("%Y-%m-%d").to_string()
}

/// Returns the command that makes the account.
pub(super) fn create(args: &Args, account: &Account) -> Result<String, Failure> {
    let name = args.text("name").unwrap_or_default();
    let mut words: Vec<String> = vec!["useradd".into()];
    let mut add =
        |option: &str, value: Option<String>| words.extend(value.into_iter().flat_map(|v| [option.to_owned(), v]));
    add("-u", args.int("uid").map(|uid| uid.to_string()));
    if let Some(group) = args.text("group") {
        account.group(group).ok_or_else(|| no_group(group))?;
        add("-g", Some(group.to_owned()));
    }
    let groups = group_names(args, account)?;
    add("-G", (!groups.is_empty()).then(|| groups.join(",")));
    add("-c", args.text("comment").map(str::to_owned));
    add("-d", args.text("home").map(str::to_owned));
    add("-s", args.text("shell").map(str::to_owned));
    add("-e", args.number("expires").map(day));
    add("-f", args.int("password_expire_account_disable").map(|days| days.to_string()));
    add("-p", password(args));
    add("-k", args.text("skeleton").filter(|_| args.flag("create_home")).map(str::to_owned));
    add("-K", args.text("umask").filter(|_| args.flag("create_home")).map(|umask| format!("UMASK={umask}")));
    add("-K", args.int("uid_min").map(|uid| format!("UID_MIN={uid}")));
    add("-K", args.int("uid_max").map(|uid| format!("UID_MAX={uid}")));
    words.extend(args.flag("non_unique").then(|| "-o".into()));
    // A group of the user's own cannot be made where there is one of that name.
    words.extend((args.text("group").is_none() && account.group(name).is_some()).then(|| "-N".into()));
    words.push(if args.flag("create_home") { "-m".into() } else { "-M".into() });
    words.extend(args.flag("system").then(|| "-r".into()));
    words.push(name.to_owned());
    let mut line = command(&words);
    // useradd makes the home directory, but not the folders above it.
    if let Some(home) = args.text("home").filter(|_| args.flag("create_home") && !account.has_parent)
        && let Some((parent, _)) = home.rsplit_once('/')
    {
        line = format!("mkdir -p {} && {line}", quote(parent));
    }
    Ok(line)
}

/// Returns the command that changes what differs.
pub(super) fn modify(args: &Args, account: &Account) -> Result<Option<String>, Failure> {
    let mut words: Vec<String> = vec!["usermod".into()];
    if let Some(uid) = args.int("uid").filter(|uid| account.field(2) != uid.to_string()) {
        words.extend(["-u".into(), uid.to_string()]);
        words.extend(args.flag("non_unique").then(|| "-o".into()));
    }
    if let Some(wanted) = args.text("group") {
        let group = account.group(wanted).ok_or_else(|| no_group(wanted))?;
        if group.gid != account.field(3) {
            words.extend(["-g".into(), group.gid.clone()]);
        }
    }
    words.extend(groups_to_set(args, account)?);
    for (option, name, at) in [("-c", "comment", 4), ("-d", "home", 5), ("-s", "shell", 6)] {
        if let Some(text) = args.text(name).filter(|text| *text != account.field(at)) {
            words.extend([option.into(), text.to_owned()]);
            words.extend((name == "home" && args.flag("move_home")).then(|| "-m".into()));
        }
    }
    if let Some(seconds) = args.number("expires") {
        let now: i64 = account.shadow_field(7).parse().unwrap_or(-1);
        let now = if now < 0 { String::new() } else { day(now as f64 * 86_400.0) };
        if now != day(seconds) {
            words.extend(["-e".into(), day(seconds)]);
        }
    }
    if let Some(days) = args.int("password_expire_account_disable") {
        words.extend(["-f".into(), days.to_string()]);
    }
    words.extend(password_to_set(args, account));
    if words.len() == 1 {
        return Ok(None);
    }
    words.push(args.text("name").unwrap_or_default().to_owned());
    Ok(Some(command(&words)))
}

fn groups_to_set(args: &Args, account: &Account) -> Result<Vec<String>, Failure> {
    if !args.get("groups").is_some_and(|groups| *groups != crate::value::Value::Null) {
        return Ok(Vec::new());
    }
    let name = args.text("name").unwrap_or_default();
    let member = account.groups.iter().filter(|group| group.members.iter().any(|member| member == name));
    let now: BTreeSet<&str> = member.map(|group| group.name.as_str()).collect();
    let names = group_names(args, account)?;
    let wanted: BTreeSet<&str> = names.iter().map(String::as_str).collect();
    let append = args.flag("append");
    let is_missing = wanted.iter().any(|group| !now.contains(group));
    let is_extra = now.iter().any(|group| !wanted.contains(group));
    if !is_missing && (append || !is_extra) {
        return Ok(Vec::new());
    }
    let mut words: Vec<String> = append.then(|| "-a".into()).into_iter().collect();
    words.extend(["-G".into(), names.join(",")]);
    Ok(words)
}

fn password_to_set(args: &Args, account: &Account) -> Vec<String> {
    let bare = |hash: &str| hash.trim_start_matches('!').to_owned();
    let now = account.shadow_field(1);
    if let Some(hash) = args.text("password").filter(|_| args.text("update_password") != Some("on_create"))
        && bare(hash) != bare(now)
    {
        return vec!["-p".into(), password(args).unwrap_or_default()];
    }
    match args.get("password_lock") {
        Some(crate::value::Value::Bool(true)) if !now.starts_with('!') => vec!["-L".into()],
        Some(crate::value::Value::Bool(false)) if now.starts_with('!') => vec!["-U".into()],
        _ => Vec::new(),
    }
}

/// Returns the command that makes the home directory of an account that has none.
pub(super) fn missing_home(args: &Args, account: &Account) -> Option<String> {
    // useradd has just made that of a new account; `-d` of usermod makes none.
    if account.entry.is_none() || account.has_home || !args.flag("create_home") || args.flag("move_home") {
        return None;
    }
    let home = quote(&account.home(args));
    let skeleton = quote(args.text("skeleton").unwrap_or("/etc/skel"));
    let name = quote(args.text("name").unwrap_or_default());
    let umask = args.text("umask").map_or_else(
        || "$(sed -n 's/^UMASK[[:space:]]*\\([0-7]*\\).*/\\1/p' /etc/login.defs 2>/dev/null)".into(),
        quote,
    );
    Some(format!(
        "u={umask}; umask \"${{u:-022}}\" && mkdir -p {home} && {{ [ ! -d {skeleton} ] || cp -R {skeleton}/. {home}; }} &&\n\
         chown -R \"$(id -u {name}):$(id -g {name})\" {home}"
    ))
}

/// Returns the command that sets the ages of the password.
pub(super) fn aging(args: &Args, account: &Account) -> Option<String> {
    let mut words: Vec<String> = vec!["chage".into()];
    let ages = [("-m", "password_expire_min", 3), ("-M", "password_expire_max", 4), ("-W", "password_expire_warn", 5)];
    for (option, name, at) in ages {
        if let Some(days) = args.int(name).filter(|days| account.shadow_field(at) != days.to_string()) {
            words.extend([option.into(), days.to_string()]);
        }
    }
    (words.len() > 1).then(|| {
        words.push(args.text("name").unwrap_or_default().to_owned());
        command(&words)
    })
}

/// Returns the command that removes the account.
pub(super) fn remove(args: &Args) -> String {
    let mut words = vec!["userdel"];
    words.extend(args.flag("force").then_some("-f"));
    words.extend(args.flag("remove").then_some("-r"));
    words.push(args.text("name").unwrap_or_default());
    command(&words)
}

/// Warns of a password that is no hash: it would be stored as it is.
pub(super) fn warn_of_password(args: &Args) -> Option<String> {
    let hash = args.text("password").filter(|hash| !["*", "!", "*************", ""].contains(hash))?;
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '/';
    let is_modern = hash.starts_with('$') && hash.matches('$').count() >= 3;
    let is_old = hash.len() == 13 && hash.chars().all(is_letter);
    let is_locked = hash.starts_with('!') || hash.starts_with('*');
    let warning = "The input password appears not to have been hashed. \
                   The 'password' argument must be encrypted for this module to work properly.";
    (!is_modern && !is_old && !is_locked).then(|| warning.to_owned())
}
