//! `user`: makes, changes and removes the accounts of users.
//!
//! One round trip tells what there is; what differs becomes the arguments of one `useradd`, `usermod` or `userdel`, and
//! of `chage`. Values and results are Ansible's: `groups` is joined by commas, `group` a number, a password never shown.

mod facts;
mod key;
mod words;

use super::tool::{act, add_said, failed, reading};
use super::{Action, Arg, ArgKind, Change, Context, ExecOutput, Finished, Module, Needs, Output};
use crate::effect::Effect;
use crate::failure::Failure;
use crate::module::remote::exec_output;
use crate::value::{Map, Value};
use facts::Account;

const NOT_LINUX: &str = "it means something on other systems than Linux only";

/// `user`
pub static MODULE: Module = Module {
    name: "user",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Makes, changes and removes the accounts of users.",
    args: &[
        Arg::new("name", ArgKind::Str, "The user.").aliases(&["user"]).required(),
        Arg::new("state", ArgKind::Str, "Whether the account is there.")
            .choices(&["absent", "present"])
            .default("present"),
        Arg::new("uid", ArgKind::Int, "The number."),
        Arg::new("non_unique", ArgKind::Bool, "The number may be that of another user.").default("false"),
        Arg::new("group", ArgKind::Str, "The primary group."),
        Arg::new("groups", ArgKind::List, "The other groups; an empty list takes the user out of all."),
        Arg::new("append", ArgKind::Bool, "Leave the user in other groups than `groups`, too.").default("false"),
        Arg::new("comment", ArgKind::Str, "The user's full name."),
        Arg::new("home", ArgKind::Path, "The home directory."),
        Arg::new("create_home", ArgKind::Bool, "Make the home directory.").aliases(&["createhome"]).default("true"),
        Arg::new("move_home", ArgKind::Bool, "Move the home directory when `home` changes.").default("false"),
        Arg::new("skeleton", ArgKind::Str, "The folder whose files a new home gets."),
        Arg::new("umask", ArgKind::Str, "The umask for a new home."),
        Arg::new("shell", ArgKind::Path, "The login shell."),
        Arg::new("system", ArgKind::Bool, "A new account is one of the system.").default("false"),
        Arg::new("password", ArgKind::Secret, "The password's hash, as /etc/shadow has it."),
        Arg::new("update_password", ArgKind::Str, "When the password is set.")
            .choices(&["always", "on_create"])
            .default("always"),
        Arg::new("password_lock", ArgKind::Bool, "Whether the password is locked."),
        Arg::new("password_expire_max", ArgKind::Int, "Days after which the password must be changed."),
        Arg::new("password_expire_min", ArgKind::Int, "Days in which it cannot be changed again."),
        Arg::new("password_expire_warn", ArgKind::Int, "Days of warning before."),
        Arg::new("password_expire_account_disable", ArgKind::Int, "Days after that until the account is disabled."),
        Arg::new("expires", ArgKind::Float, "When the account ends, in seconds since 1970; negative for never."),
        Arg::new("force", ArgKind::Bool, "Remove an account that is in use.").default("false"),
        Arg::new("remove", ArgKind::Bool, "Remove the home directory and mail with the account.").default("false"),
        Arg::new("uid_min", ArgKind::Int, "The smallest number for a new account."),
        Arg::new("uid_max", ArgKind::Int, "The largest number for a new account."),
        Arg::new("generate_ssh_key", ArgKind::Bool, "Make an SSH key if there is none.").default("false"),
        Arg::new("ssh_key_type", ArgKind::Str, "Its kind.").default("rsa"),
        Arg::new("ssh_key_bits", ArgKind::Int, "Its size; ssh-keygen's own when not given."),
        Arg::new("ssh_key_file", ArgKind::Path, "Where it is, from the home directory; `.ssh/id_KIND` when not given."),
        Arg::new("ssh_key_comment", ArgKind::Str, "Its comment; `ansible-generated on HOST` when not given."),
        Arg::new("ssh_key_passphrase", ArgKind::Secret, "Its passphrase.")
            .refused("ssh-keygen would show it to other users of the host"),
        Arg::new("local", ArgKind::Bool, "Use libuser's tools, for local accounts alone.")
            .default("false")
            .refused("accounts are managed with useradd, usermod and userdel"),
        Arg::new("seuser", ArgKind::Str, "The user's SELinux user.").refused("run `semanage login` with `command`"),
        Arg::new("authorization", ArgKind::Str, "Solaris: authorizations.").refused(NOT_LINUX),
        Arg::new("hidden", ArgKind::Bool, "macOS: not shown at the login window.").refused(NOT_LINUX),
        Arg::new("login_class", ArgKind::Str, "BSD: the login class.").refused(NOT_LINUX),
        Arg::new("profile", ArgKind::Str, "Solaris: profiles.").refused(NOT_LINUX),
        Arg::new("role", ArgKind::Str, "Solaris: roles.").refused(NOT_LINUX),
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
    let args = context.args;
    let name = args.text("name").unwrap_or_default().to_owned();
    let account = facts::look(&context).await?;
    let mut result = Map::new();
    result.insert("name", name.as_str());
    result.insert("state", args.text("state").unwrap_or_default());
    if args.text("state") == Some("absent") {
        return Ok(absent(&context, &account, result));
    }
    let mut commands = Vec::new();
    match &account.entry {
        None => {
            result.insert("system", args.flag("system"));
            result.insert("create_home", args.flag("create_home"));
            commands.push(words::create(args, &account)?);
        }
        Some(_) => {
            result.insert("append", args.flag("append"));
            result.insert("move_home", args.flag("move_home"));
            commands.extend(words::modify(args, &account)?);
        }
    }
    if args.get("password").is_some_and(|password| *password != Value::Null) {
        result.insert("password", "NOT_LOGGING_PASSWORD");
    }
    commands.extend(words::missing_home(args, &account));
    commands.extend(words::aging(args, &account));
    commands.extend(key::generate(args, &account));
    if args.get("groups").is_some_and(|groups| *groups != Value::Null) {
        result.insert("groups", args.texts("groups").join(","));
    }
    account.predict(&mut result, args);
    let mut change = Change::nothing(result);
    change.warnings.extend(words::warn_of_password(args));
    let key = args.flag("generate_ssh_key");
    if commands.is_empty() && !key {
        return Ok(change);
    }
    change.changed = !commands.is_empty();
    change.actions = commands.iter().map(|command| act(command)).collect();
    change.actions.push(after(&name, key.then(|| key::look(args))));
    let count = commands.len();
    change.finish = Some(Box::new(move |outputs, result| finish(outputs, result, &name, count)));
    Ok(change)
}

fn absent(context: &Context<'_>, account: &Account, mut result: Map) -> Change {
    let args = context.args;
    if account.entry.is_none() {
        return Change::nothing(result);
    }
    result.insert("force", args.flag("force"));
    result.insert("remove", args.flag("remove"));
    let name = args.text("name").unwrap_or_default().to_owned();
    let mut change = Change::nothing(result);
    change.changed = true;
    change.actions.push(act(&words::remove(args)));
    change.finish = Some(Box::new(move |outputs, mut result| {
        check(&outputs, 1, &name, &mut result)?;
        Ok(Finished::new(result, true))
    }));
    change
}

/// Returns the action that looks at the account as it is afterwards, and at its key.
fn after(name: &str, key: Option<String>) -> Action {
    let program = super::tool::entry_program("passwd", name);
    reading(&format!("{{ {program}; }} </dev/null\n{}\nexit 0", key.unwrap_or_default()))
}

/// Fails with the first command that ended badly; adds what they said.
fn check(outputs: &[Output], count: usize, name: &str, result: &mut Map) -> Result<(), Failure> {
    let mut said = ExecOutput::default();
    for output in outputs.iter().take(count) {
        let output = exec_output(output.clone())?;
        if output.status != 0 {
            let mut failure = failed(&output, str::to_owned);
            failure.result =
                [("name", Value::from(name)), ("rc", i128::from(output.status).into())].into_iter().collect();
            return Err(failure);
        }
        said.stdout.extend(output.stdout);
        said.stderr.extend(output.stderr);
    }
    add_said(result, &said);
    Ok(())
}

fn finish(outputs: Vec<Output>, mut result: Map, name: &str, count: usize) -> Result<Finished, Failure> {
    check(&outputs, count, name, &mut result)?;
    let last = outputs.into_iter().next_back().map(exec_output).transpose()?.unwrap_or_default();
    let text = String::from_utf8_lossy(&last.stdout).into_owned();
    facts::add_entry(&mut result, super::tool::entry(&text, name).as_deref());
    key::add(&mut result, &text);
    Ok(Finished::new(result, count > 0))
}
