//! The keywords of plays, blocks, tasks and handlers: one table, from which parsing, messages and docs are made.

use super::takes::Takes;

/// Where a keyword may stand; a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(u8);

impl Level {
    /// In a play.
    pub const PLAY: Level = Level(1);
    /// In a block.
    pub const BLOCK: Level = Level(2);
    /// In a task.
    pub const TASK: Level = Level(4);
    /// In a handler.
    pub const HANDLER: Level = Level(8);
    /// In an entry of `roles:`.
    pub const ROLE: Level = Level(16);
    const EVERYWHERE: Level = Level(31);
    const WORK: Level = Level(2 | 4 | 8);
    const TASKS: Level = Level(4 | 8);

    /// Claims that the two sets meet.
    pub fn meets(self, other: Level) -> bool {
        self.0 & other.0 != 0
    }

    /// Returns the name of a single level, as messages say it.
    pub fn word(self) -> &'static str {
        match self {
            Level::PLAY => "play",
            Level::BLOCK => "block",
            Level::TASK => "task",
            Level::HANDLER => "handler",
            Level::ROLE => "role",
            _ => "playbook",
        }
    }
}

/// Whether netplay does what the keyword asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Support {
    /// It does.
    Full,
    /// It has no meaning here and does no harm: accepted, for this reason.
    Accepted(&'static str),
    /// Refused, for this reason.
    Refused(&'static str),
}

/// A keyword.
#[derive(Clone, Copy, Debug)]
pub struct Keyword {
    /// Its name.
    pub name: &'static str,
    /// Where it may stand.
    pub on: Level,
    /// Whether it is supported.
    pub support: Support,
    /// What it takes.
    pub takes: Takes,
    /// What it means, in one sentence.
    pub doc: &'static str,
}

const fn word(name: &'static str, on: Level, doc: &'static str) -> Keyword {
    Keyword { name, on, support: Support::Full, takes: Takes::Anything, doc }
}

const fn flag(name: &'static str, on: Level, doc: &'static str) -> Keyword {
    Keyword { takes: Takes::Flag, ..word(name, on, doc) }
}

const fn whole(name: &'static str, on: Level, doc: &'static str) -> Keyword {
    Keyword { takes: Takes::Whole, ..word(name, on, doc) }
}

const fn text(name: &'static str, on: Level, doc: &'static str) -> Keyword {
    Keyword { takes: Takes::Text, ..word(name, on, doc) }
}

const fn refused(name: &'static str, on: Level, why: &'static str, doc: &'static str) -> Keyword {
    Keyword { support: Support::Refused(why), ..word(name, on, doc) }
}

const fn accepted(name: &'static str, on: Level, why: &'static str, doc: &'static str) -> Keyword {
    Keyword { support: Support::Accepted(why), ..word(name, on, doc) }
}

use Level as L;

/// Every keyword, sorted by name. `with_*` is recognised by its prefix.
pub static KEYWORDS: &[Keyword] = &[
    word("action", L::TASKS, "The module and its arguments in one."),
    word("always", L::BLOCK, "Tasks that run whether the block failed or not."),
    flag("any_errors_fatal", L::EVERYWHERE, "A failure on one host ends the play for all."),
    word("args", L::TASKS, "More arguments for the module."),
    whole("async", L::TASKS, "Run in the background for so many seconds at most."),
    flag("become", L::EVERYWHERE, "Take other rights before running."),
    text("become_exe", L::EVERYWHERE, "The program that gives the rights."),
    text("become_flags", L::EVERYWHERE, "Flags of that program."),
    text("become_method", L::EVERYWHERE, "How to take rights: sudo, su, doas, enable."),
    text("become_user", L::EVERYWHERE, "Whose rights to take."),
    word("block", L::BLOCK, "Tasks that belong together."),
    word("changed_when", L::TASKS, "When the task counts as changed."),
    flag("check_mode", L::EVERYWHERE, "Whether writes are withheld."),
    accepted("collections", L::EVERYWHERE, "module names are known without it", "Collections to look for modules in."),
    text("connection", L::EVERYWHERE, "How hosts are reached."),
    refused(
        "debugger",
        L::EVERYWHERE,
        "there is no interactive debugger; only `never` is taken",
        "When to stop in a debugger.",
    ),
    Keyword { takes: Takes::Number, ..word("delay", L::TASKS, "Seconds between attempts.") },
    flag("delegate_facts", Level(2 | 4 | 8 | 16), "Facts go to the delegated host."),
    text("delegate_to", Level(2 | 4 | 8 | 16), "The host that the task really runs on."),
    flag("diff", L::EVERYWHERE, "Show what changes."),
    word("environment", L::EVERYWHERE, "Environment variables for programs."),
    text("fact_path", L::PLAY, "Where local facts are kept on hosts."),
    word("failed_when", L::TASKS, "When the task counts as failed."),
    word("force_handlers", L::PLAY, "Handlers run even on hosts that failed."),
    word("gather_facts", L::PLAY, "Ask hosts about themselves first."),
    word("gather_subset", L::PLAY, "Which facts to ask for."),
    whole("gather_timeout", L::PLAY, "Seconds that asking for the size of one network file system may take."),
    word("handlers", L::PLAY, "Tasks that run when notified."),
    word(
        "host_by_host",
        L::PLAY,
        "Each host begins the play when it is through the one before (both `free` or `host_pinned`); false: all together.",
    ),
    word("hosts", L::PLAY, "The hosts of the play."),
    flag("ignore_errors", L::EVERYWHERE, "A failure does not stop the host."),
    flag("ignore_unreachable", L::EVERYWHERE, "A host that cannot be reached goes on."),
    word("import_playbook", L::PLAY, "Another playbook, read before the run."),
    word("listen", L::HANDLER, "Other names by which the handler is notified."),
    word("local_action", L::TASKS, "As `action`, on this machine."),
    word("loop", L::TASKS, "Repeat for every item."),
    word("loop_control", L::TASKS, "How the loop behaves."),
    Keyword {
        takes: Takes::Percent,
        ..word("max_fail_percentage", L::PLAY, "End the play when more hosts than this fail.")
    },
    word("module_defaults", L::EVERYWHERE, "Arguments that modules get when they are not given."),
    text("name", L::EVERYWHERE, "What it is called."),
    word(
        "needs",
        Level(1 | 2 | 4 | 8),
        "Names of tasks (on a play: of plays) that must be done before; replaces the order of the file.",
    ),
    flag("no_log", L::EVERYWHERE, "Show nothing of arguments and results."),
    word("notify", L::WORK, "Handlers to run when something changed."),
    word("order", L::PLAY, "The order of hosts."),
    word("parallel", L::BLOCK, "Tasks that have no order among themselves."),
    whole("poll", L::TASKS, "Seconds between looks at a background task; 0 when nobody waits for it."),
    whole("port", L::EVERYWHERE, "The port of the connection."),
    word("post_tasks", L::PLAY, "Tasks after the others."),
    word("pre_tasks", L::PLAY, "Tasks before roles."),
    word("read_only", L::TASKS, "Says that a command only reads, so that it may overlap with other reads."),
    word("register", L::TASKS, "The variable that gets the result."),
    text("remote_user", L::EVERYWHERE, "The user to log in as."),
    word("rescue", L::BLOCK, "Tasks that run where the block failed."),
    whole("retries", L::TASKS, "Attempts after the first."),
    word("role", L::ROLE, "The role's name."),
    word("roles", L::PLAY, "Roles, run before tasks."),
    flag("run_once", L::EVERYWHERE, "Run on one host; the result is everybody's."),
    word("serial", L::PLAY, "How many hosts go through the play at a time."),
    word("strategy", L::PLAY, "linear, free or host_pinned."),
    word("tags", L::EVERYWHERE, "Names by which `--tags` and `--skip-tags` choose."),
    word("tasks", L::PLAY, "The tasks."),
    whole("throttle", L::EVERYWHERE, "How many hosts run the task at a time."),
    whole("timeout", L::EVERYWHERE, "Seconds that the task may take."),
    word("until", L::TASKS, "Repeat until this holds."),
    accepted("user", L::PLAY, "the old name of `remote_user`", "The user to log in as."),
    word("vars", L::EVERYWHERE, "Variables."),
    word("vars_files", L::PLAY, "Files of variables."),
    word("vars_prompt", L::PLAY, "Variables that are asked for."),
    word(
        "verify",
        L::TASK,
        "Tasks that must succeed, over a fresh connection, before a change with `confirm_within` is kept.",
    ),
    word("when", Level(2 | 4 | 8 | 16), "Whether to run."),
];

/// Returns the keyword of that name where it may stand.
pub(super) fn find(name: &str, on: Level) -> Option<&'static Keyword> {
    KEYWORDS.iter().find(|keyword| keyword.name == name && keyword.on.meets(on))
}

/// Returns what the keyword of that name takes.
pub fn takes(name: &str) -> Takes {
    KEYWORDS.iter().find(|keyword| keyword.name == name).map_or(Takes::Anything, |keyword| keyword.takes)
}

/// Returns the names of the keywords that may stand there.
pub(super) fn names(on: Level) -> impl Iterator<Item = &'static str> {
    KEYWORDS.iter().filter(move |keyword| keyword.on.meets(on)).map(|keyword| keyword.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Keywords as Ansible's own parser has them (`tests/module/options.py` records them).
    #[test]
    fn every_keyword_of_ansible_is_known_where_it_may_stand() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/module/keywords.json");
        let recorded: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let levels = [Level::PLAY, Level::BLOCK, Level::TASK, Level::HANDLER, Level::ROLE];
        let mut wrong = Vec::new();
        for level in levels {
            let names = recorded[level.word()].as_array().expect("every level is recorded");
            // `async_val` is what the parser itself calls `async`.
            for name in names.iter().filter_map(|name| name.as_str()).filter(|name| *name != "async_val") {
                if find(name, level).is_none() {
                    wrong.push(format!("`{name}` of a {}", level.word()));
                }
            }
        }
        assert!(wrong.is_empty(), "not known: {}", wrong.join(", "));
    }

    #[test]
    fn the_table_is_sorted_and_says_what_each_keyword_means() {
        assert!(KEYWORDS.is_sorted_by(|a, b| a.name < b.name));
        assert!(KEYWORDS.iter().all(|keyword| keyword.doc.ends_with('.')));
    }
}
