//! What an author may write: plays, tasks, blocks, roles; checked against the keyword and module tables.
//!
//! [`load()`] reads a playbook file and everything that is imported statically (`import_tasks`, `import_role`,
//! `import_playbook`, `roles:`) and returns plays whose tasks carry all that they inherit. Includes are read at run
//! time by [`Loader::include_file`] and [`Loader::include_role`].

mod action;
mod arguments;
mod block;
mod call;
mod check;
mod collection;
mod defaults;
mod former;
mod gather;
mod import;
mod keyword;
mod load;
mod play;
mod prompt;
mod repeat;
mod role;
mod sealed;
mod settings;
mod start_at;
mod takes;
mod task;
mod verify;
mod words;

pub use gather::Gather;
pub use keyword::{KEYWORDS, Keyword, Level, Support, takes};
pub use load::{Loader, load, load_text};
pub use prompt::{Prompt, Prompts};
pub use repeat::LOOP_CONTROL;
pub(crate) use role::role_use;
pub use role::{Role, RoleExports, RoleKey, RoleName, RoleUse, RoleUses, UseOfRole};
pub(crate) use settings::{named_settings, settings_mut, settings_nodes};
pub use start_at::start_at;
pub use takes::{Takes, flag, given, percent};

use crate::module::Module;
use crate::source::{SearchPath, Span};
use crate::vars::Layer;
use crate::yaml::{Mapping, Node};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

/// A play.
#[derive(Clone, Debug)]
pub struct Play {
    /// Its name as written.
    pub name: Option<Node>,
    /// The host pattern as written.
    pub hosts: Node,
    /// Where the play is written.
    pub span: Span,
    /// The folder of its playbook.
    pub dir: PathBuf,
    /// Its own variables, lowest precedence first: `vars`, `vars_prompt`, and the `vars_files` read before the run.
    pub vars: Vec<Arc<Layer>>,
    /// `vars_files` whose names hold templates, read when the hosts are known.
    pub late_vars_files: Vec<Node>,
    /// Role defaults and role variables that are visible in the whole play.
    pub role_layers: Vec<Arc<Layer>>,
    /// Its roles, and those that its tasks import: their names, in the order of Ansible.
    pub role_names: Vec<RoleName>,
    /// `strategy`.
    pub strategy: Strategy,
    /// `serial`: sizes of batches, the last repeated.
    pub serial: Vec<Node>,
    /// `order`: how hosts are ordered.
    pub order: Option<Node>,
    /// `force_handlers`.
    pub force_handlers: Option<bool>,
    /// `max_fail_percentage`, with its place.
    pub max_fail_percentage: Option<(f64, Span)>,
    /// `any_errors_fatal` of the play.
    pub any_errors_fatal: Option<Node>,
    /// `ignore_unreachable` and the other settings that hold for the play as a whole.
    pub settings: Settings,
    /// The gathering of facts before them.
    pub gather: Gather,
    /// The parts in which tasks run; handlers are flushed after each.
    pub sections: Vec<Vec<Item>>,
    /// Handlers in the order in which they run.
    pub handlers: Vec<Item>,
    /// `tags` of the play.
    pub tags: BTreeSet<Arc<str>>,
    /// `needs` of the play.
    pub needs: Option<Vec<(Arc<str>, Span)>>,
    /// `host_by_host`, with its place.
    pub host_by_host: Option<(bool, Span)>,
    /// The uses of roles in it, also of what is included later.
    pub role_uses: RoleUses,
}

/// In which order hosts go through tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Strategy {
    /// All hosts finish a writing task before the next begins.
    #[default]
    Linear,
    /// Each host goes on as fast as it can.
    Free,
    /// As `Free`, and no more hosts are under way than there are forks.
    HostPinned,
}

/// A thing in a list of tasks.
#[derive(Clone, Debug)]
pub enum Item {
    /// A task.
    Task(Arc<Task>),
    /// A block.
    Block(Arc<Block>),
    /// The tasks of a role where it is used.
    Role(Arc<RoleTasks>),
}

/// The tasks of a role where it is used. They end with it: from then on the role has run on a host, if one of them has.
#[derive(Clone, Debug)]
pub struct RoleTasks {
    /// The role.
    pub role: Arc<Role>,
    /// Its tasks.
    pub items: Vec<Item>,
}

/// A block.
#[derive(Clone, Debug)]
pub struct Block {
    /// Its name as written.
    pub name: Option<Node>,
    /// Where it is written.
    pub span: Span,
    /// Its tasks.
    pub body: Vec<Item>,
    /// What runs on a host where the body failed.
    pub rescue: Vec<Item>,
    /// What runs in any case.
    pub always: Vec<Item>,
    /// Its tasks have no order among themselves (`parallel:`).
    pub parallel: bool,
}

/// A task with all that it inherits.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its name as written.
    pub name: Option<Node>,
    /// Where it is written.
    pub span: Span,
    /// What it does.
    pub action: Action,
    /// The action's name as written.
    pub called: Arc<str>,
    /// Its arguments as written, free form split, `args:` merged.
    pub args: Arc<Mapping>,
    /// `args:` when it is one template that yields the arguments.
    pub args_template: Option<Node>,
    /// Conditions, the outermost first; all must hold.
    pub when: Vec<Node>,
    /// The loop.
    pub repeat: Option<Loop>,
    /// `register`.
    pub register: Option<Arc<str>>,
    /// `until`, `retries`, `delay`.
    pub until: Option<Until>,
    /// `async` and `poll`.
    pub background: Option<Background>,
    /// `changed_when`: all must hold.
    pub changed_when: Option<Vec<Node>>,
    /// `failed_when`: all must hold.
    pub failed_when: Option<Vec<Node>>,
    /// `notify`.
    pub notify: Vec<Node>,
    /// `listen`, of a handler.
    pub listen: Vec<Arc<str>>,
    /// Tags, inherited ones included.
    pub tags: BTreeSet<Arc<str>>,
    /// Variables of blocks and the task, outermost first.
    pub vars: Vec<Arc<Layer>>,
    /// Settings, inherited ones included.
    pub settings: Settings,
    /// `needs`: names of tasks, with their places.
    pub needs: Option<Vec<(Arc<str>, Span)>>,
    /// `read_only`.
    pub read_only: Option<bool>,
    /// The role in which it is written.
    pub role: Option<Arc<Role>>,
    /// Where its files are looked for.
    pub files: SearchPath,
    /// The collections whose roles it knows by their short names.
    pub collections: Vec<Arc<str>>,
    /// What stands around it; what it includes inherits that.
    pub around: Arc<Inherited>,
}

/// What a task does.
#[derive(Clone, Copy)]
pub enum Action {
    /// A module.
    Module {
        /// The module.
        module: &'static Module,
        /// The platform that the name implies.
        platform: Option<&'static str>,
    },
    /// `include_tasks`.
    IncludeTasks,
    /// `include_role`.
    IncludeRole,
    /// `meta`.
    Meta(Meta),
}

impl std::fmt::Debug for Action {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Action::Module { module, .. } => write!(f, "Module({})", module.name),
            Action::IncludeTasks => f.write_str("IncludeTasks"),
            Action::IncludeRole => f.write_str("IncludeRole"),
            Action::Meta(meta) => write!(f, "Meta({meta:?})"),
        }
    }
}

/// What `meta` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meta {
    /// Runs the handlers notified so far.
    FlushHandlers,
    /// Ends the play for every host, without failure.
    EndPlay,
    /// Ends the batch for every host of it.
    EndBatch,
    /// Ends the play for this host, without failure.
    EndHost,
    /// Ends the role for this host.
    EndRole,
    /// Does nothing.
    Noop,
    /// Forgets facts.
    ClearFacts,
    /// Brings failed hosts back.
    ClearHostErrors,
    /// Closes the connection; the next step opens a new one.
    ResetConnection,
    /// Reads the sources of the inventory again.
    RefreshInventory,
}

/// A loop.
#[derive(Clone, Debug)]
pub struct Loop {
    /// The lookup of `with_X`; `None` for `loop`.
    pub lookup: Option<Arc<str>>,
    /// What it loops over.
    pub over: Node,
    /// `loop_control.loop_var`, `item` when nobody says.
    pub var: Arc<str>,
    /// `loop_control.index_var`.
    pub index_var: Option<Arc<str>>,
    /// `loop_control.label`.
    pub label: Option<Node>,
    /// `loop_control.pause`, in seconds.
    pub pause: Option<Node>,
    /// `loop_control.extended`.
    pub extended: Option<Node>,
    /// `loop_control.extended_allitems`: whether `ansible_loop` holds all items; it does when nobody says.
    pub extended_allitems: Option<Node>,
    /// `loop_control.break_when`.
    pub break_when: Vec<Node>,
    /// `loop_control.parallel`: how many items are at work at once; one when nobody says.
    pub parallel: Option<Node>,
}

/// Attempts.
#[derive(Clone, Debug)]
pub struct Until {
    /// All must hold; without any, an attempt that does not fail is enough.
    pub conditions: Vec<Node>,
    /// Attempts after the first; 3 when nobody says.
    pub retries: Option<Node>,
    /// Seconds between attempts; 5 when nobody says.
    pub delay: Option<Node>,
}

/// Work that a host goes on with alone.
#[derive(Clone, Debug)]
pub struct Background {
    /// `async`: how many seconds it may take; 0 for work as usual. Nothing where only `poll` is written.
    pub limit: Option<Node>,
    /// `poll`: seconds between two looks at it, 15 when nobody says; 0 when nobody waits for it.
    pub poll: Option<Node>,
}

/// Settings that are inherited from play to block to task; the innermost one counts. All may hold templates.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `any_errors_fatal`
    pub any_errors_fatal: Option<Node>,
    /// `become`
    pub elevate: Option<Node>,
    /// `become_exe`
    pub become_exe: Option<Node>,
    /// `become_flags`
    pub become_flags: Option<Node>,
    /// `become_method`
    pub become_method: Option<Node>,
    /// `become_user`
    pub become_user: Option<Node>,
    /// `check_mode`
    pub check_mode: Option<Node>,
    /// `connection`
    pub connection: Option<Node>,
    /// `delegate_facts`
    pub delegate_facts: Option<Node>,
    /// `delegate_to`
    pub delegate_to: Option<Node>,
    /// `diff`
    pub diff: Option<Node>,
    /// `environment`, outermost first; merged.
    pub environment: Vec<Node>,
    /// `ignore_errors`
    pub ignore_errors: Option<Node>,
    /// `ignore_unreachable`
    pub ignore_unreachable: Option<Node>,
    /// `module_defaults`, innermost last.
    pub module_defaults: Vec<Node>,
    /// The groups that are named in them, with their modules.
    pub module_groups: BTreeMap<Arc<str>, Vec<&'static str>>,
    /// `no_log`
    pub no_log: Option<Node>,
    /// `port`
    pub port: Option<Node>,
    /// `remote_user`
    pub remote_user: Option<Node>,
    /// `run_once`
    pub run_once: Option<Node>,
    /// `throttle`
    pub throttle: Option<Node>,
    /// `timeout`, in seconds
    pub timeout: Option<Node>,
    /// What stands around keywords that hold templates, outermost first: it counts where these yield `omit`.
    pub outer: Vec<(&'static str, Node)>,
}

/// What tasks inherit from where they stand.
#[derive(Clone, Debug, Default)]
pub struct Inherited {
    /// Conditions.
    pub when: Vec<Node>,
    /// Tags.
    pub tags: BTreeSet<Arc<str>>,
    /// Variables, outermost first.
    pub vars: Vec<Arc<Layer>>,
    /// The play's variables, for what must be known before there is a host.
    pub play_vars: Arc<[Arc<Layer>]>,
    /// Settings.
    pub settings: Settings,
    /// `notify` of blocks.
    pub notify: Vec<Node>,
    /// The role.
    pub role: Option<Arc<Role>>,
    /// The folder of the role that depends on this one: roles beside it are found too.
    pub role_dir: Option<PathBuf>,
    /// The folders of the roles that depend on what is read here, the outermost first.
    pub dependents: Vec<PathBuf>,
    /// Where files are looked for.
    pub files: SearchPath,
    /// How many runtime includes stand around it.
    pub includes: usize,
    /// The collections whose roles are known by their short names.
    pub collections: Vec<Arc<str>>,
    /// The uses of roles in the play.
    pub uses: RoleUses,
    /// The roles whose defaults and variables become the play's by being imported here.
    pub exports: RoleExports,
}

impl Task {
    /// Returns the name that a person reads, templates unrendered: the name, or the module.
    pub fn title(&self) -> String {
        let name = self.name.as_ref().map(|node| node.to_value().to_text());
        let own = name.unwrap_or_else(|| self.called.to_string());
        match &self.role {
            // As in Ansible, an include of a role says which, and not in which it stands.
            _ if matches!(self.action, Action::IncludeRole) => match (&self.name, self.args.get("name")) {
                (None, Some(role)) => format!("{own} : {}", role.to_value().to_text()),
                _ => own,
            },
            Some(role) => format!("{} : {own}", role.name),
            None => own,
        }
    }

    /// Returns the name by which `needs` and `notify` find it.
    pub fn plain_name(&self) -> Option<&str> {
        self.name.as_ref().and_then(Node::as_str)
    }

    /// Returns the name of the module or action for events.
    pub fn action_name(&self) -> &'static str {
        match self.action {
            Action::Module { module, .. } => module.name,
            Action::IncludeTasks => "include_tasks",
            Action::IncludeRole => "include_role",
            Action::Meta(_) => "meta",
        }
    }
}

impl Item {
    /// Claims that the two come from the same place in the same role.
    pub fn is_written_as(&self, other: &Item) -> bool {
        match (self, other) {
            (Item::Task(a), Item::Task(b)) => {
                let path = |task: &Task| task.role.as_ref().map(|role| role.path.clone());
                path(a) == path(b) && a.title() == b.title() && a.span.start == b.span.start
            }
            (Item::Block(a), Item::Block(b)) => match (a.body.first(), b.body.first()) {
                (Some(a), Some(b)) => a.is_written_as(b),
                _ => false,
            },
            (Item::Role(a), Item::Role(b)) => {
                a.role.path == b.role.path
                    && a.items.first().zip(b.items.first()).is_some_and(|(a, b)| a.is_written_as(b))
            }
            _ => false,
        }
    }

    /// Calls `see` with every task in it, in the order written.
    pub fn each_task<'a>(&'a self, see: &mut dyn FnMut(&'a Arc<Task>)) {
        match self {
            Item::Task(task) => see(task),
            Item::Block(block) => {
                for item in block.body.iter().chain(&block.rescue).chain(&block.always) {
                    item.each_task(see);
                }
            }
            Item::Role(used) => used.items.iter().for_each(|item| item.each_task(see)),
        }
    }
}
