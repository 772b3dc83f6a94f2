//! Who runs there, and with which environment.

use super::answers::Answers;
use super::{Collector, Facts};
use crate::value::Value;

pub(super) static COLLECTORS: &[Collector] = &[
    Collector { name: "env", minimal: true, read: environment, ..Collector::NONE },
    Collector {
        name: "user",
        ids: &[
            "effective_group_ids",
            "effective_user_id",
            "real_user_id",
            "user_dir",
            "user_gecos",
            "user_gid",
            "user_id",
            "user_shell",
            "user_uid",
        ],
        minimal: true,
        asks: r#"u=$(id -un); e user "$u"; e user_ids "$(id -ru) $(id -u) $(id -rg) $(id -g)"
e passwd "$(getent passwd "$u" 2>/dev/null || grep "^$u:" /etc/passwd)"
"#,
        read: user,
        ..Collector::NONE
    },
];

fn environment(answers: &Answers, facts: &mut Facts) {
    let text = answers.text("env").unwrap_or_default();
    let separator = if text.contains('\u{1}') { '\u{1}' } else { '\n' };
    let pairs = text.split(separator).filter_map(|pair| pair.split_once('='));
    facts.set("env", Value::map(pairs));
}

fn user(answers: &Answers, facts: &mut Facts) {
    let Some(name) = answers.text("user").filter(|name| !name.is_empty()) else { return };
    facts.set("user_id", name);
    let ids: Vec<Option<i64>> =
        answers.text("user_ids").unwrap_or_default().split(' ').map(|id| id.parse().ok()).collect();
    let passwd: Vec<&str> = answers.text("passwd").unwrap_or_default().split(':').collect();
    if let [_, _, uid, gid, gecos, home, shell, ..] = passwd[..] {
        if let (Ok(uid), Ok(gid)) = (uid.parse::<i64>(), gid.parse::<i64>()) {
            facts.set("user_uid", uid);
            facts.set("user_gid", gid);
        }
        for (name, value) in [("user_gecos", gecos), ("user_dir", home), ("user_shell", shell.trim_end())] {
            facts.set(name, value);
        }
    }
    let names = ["real_user_id", "effective_user_id", "real_group_id", "effective_group_id"];
    for (name, id) in names.into_iter().zip(ids) {
        if let Some(id) = id {
            facts.set(name, id);
        }
    }
}
