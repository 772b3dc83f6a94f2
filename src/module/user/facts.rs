use crate::failure::Failure;
use crate::module::remote::quote;
use crate::module::tool::{ask, entry, entry_program};
use crate::module::{Args, Context};
use crate::value::{Map, Value};

/// What there is of an account.
pub(super) struct Account {
    /// Its line of /etc/passwd, field by field.
    pub(super) entry: Option<Vec<String>>,
    /// Its line of /etc/shadow, where that may be read.
    pub(super) shadow: Option<Vec<String>>,
    /// Every group of the host: name, number, members.
    pub(super) groups: Vec<Group>,
    /// Whether the home directory is there: the one that is wanted, or else the one that it has.
    pub(super) has_home: bool,
    /// Whether the folder of that home directory is there.
    pub(super) has_parent: bool,
    /// Whether its SSH key is there.
    pub(super) has_key: bool,
}

/// A group of the host.
pub(super) struct Group {
    pub(super) name: String,
    pub(super) gid: String,
    pub(super) members: Vec<String>,
}

/// Asks the host about everything that the arguments are about.
pub(super) async fn look(context: &Context<'_>) -> Result<Account, Failure> {
    let args = context.args;
    let name = args.text("name").unwrap_or_default();
    let home = args.text("home").map_or_else(String::new, quote);
    let passwd = entry_program("passwd", name);
    // The home that it has is in the entry, which only the host knows in this round trip.
    let home = format!(
        "h={home}; [ -n \"$h\" ] || {{ h=$({passwd}); h=$(printf '%s\\n' \"$h\" | grep {}); h=${{h%:*}}; h=${{h##*:}}; }}",
        quote(&format!("^{}:", name.replace(['.', '*', '['], ".")))
    );
    let [entry_said, shadow, groups, seen] = ask(
        context.probe,
        [
            passwd,
            entry_program("shadow", name),
            "getent group || cat /etc/group".into(),
            format!(
                "{home}\n[ -e \"$h\" ] && echo home\n[ -d \"${{h%/*}}/\" ] && echo parent\nk={}\n\
                 case $k in /*) ;; *) k=$h/$k;; esac; [ -e \"$k\" ] && echo key",
                quote(&super::key::file(args))
            ),
        ],
    )
    .await?;
    let groups = groups.lines().filter_map(|line| {
        let mut fields = line.split(':');
        let (name, _, gid, members) = (fields.next()?, fields.next()?, fields.next()?, fields.next().unwrap_or(""));
        let members = members.split(',').filter(|member| !member.is_empty()).map(str::to_owned).collect();
        Some(Group { name: name.into(), gid: gid.into(), members })
    });
    let is_seen = |what: &str| seen.lines().any(|line| line == what);
    Ok(Account {
        entry: entry(&entry_said, name),
        shadow: entry(&shadow, name),
        groups: groups.collect(),
        has_home: is_seen("home"),
        has_parent: is_seen("parent"),
        has_key: is_seen("key"),
    })
}

impl Account {
    /// Returns the group of that name or number.
    pub(super) fn group(&self, wanted: &str) -> Option<&Group> {
        let by_number = || self.groups.iter().find(|group| group.gid == wanted);
        by_number().or_else(|| self.groups.iter().find(|group| group.name == wanted))
    }

    /// Returns a field of /etc/passwd.
    pub(super) fn field(&self, at: usize) -> &str {
        self.entry.as_ref().and_then(|entry| entry.get(at)).map_or("", String::as_str)
    }

    /// Returns a field of /etc/shadow.
    pub(super) fn shadow_field(&self, at: usize) -> &str {
        self.shadow.as_ref().and_then(|entry| entry.get(at)).map_or("", String::as_str)
    }

    /// Returns the home directory that is wanted, or else the one that it has or will have.
    pub(super) fn home(&self, args: &Args) -> String {
        let given = args.text("home").filter(|home| !home.is_empty());
        match (given, self.field(5)) {
            (Some(home), _) => home.to_owned(),
            (None, "") => format!("/home/{}", args.text("name").unwrap_or_default()),
            (None, home) => home.to_owned(),
        }
    }

    /// Puts into the result what the account will be, as far as that is known.
    pub(super) fn predict(&self, result: &mut Map, args: &Args) {
        let mut entry = self.entry.clone().unwrap_or_else(|| vec![String::new(); 7]);
        entry.resize(7, String::new());
        if let Some(uid) = args.int("uid") {
            entry[2] = uid.to_string();
        }
        if let Some(group) = args.text("group").and_then(|group| self.group(group)) {
            entry[3].clone_from(&group.gid);
        }
        for (at, name) in [(4, "comment"), (5, "home"), (6, "shell")] {
            if let Some(text) = args.text(name) {
                text.clone_into(&mut entry[at]);
            }
        }
        if entry[5].is_empty() {
            entry[5] = self.home(args);
        }
        add_entry(result, Some(&entry));
    }
}

/// Adds what a line of /etc/passwd says.
pub(super) fn add_entry(result: &mut Map, entry: Option<&[String]>) {
    let Some([_, _, uid, gid, comment, home, shell, ..]) = entry else { return };
    let number = |text: &str| text.parse::<i128>().map_or(Value::Null, Value::from);
    result.insert("uid", number(uid));
    result.insert("group", number(gid));
    result.insert("comment", comment.as_str());
    result.insert("home", home.as_str());
    result.insert("shell", shell.as_str());
}
