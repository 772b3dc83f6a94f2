//! Playbooks of the model: what their tasks do is known to the model's runner and to the interpreter alike.

use super::super::random::mix;
use std::fmt::Write as _;

/// How many variables there are.
pub(super) const VARS: usize = 7;

/// The variables that any task may use and set; each of the others belongs to one task, or one play.
pub(super) const SHARED_VARS: usize = 3;

/// How many cells a device has.
pub(super) const CELLS: usize = 6;

/// The cells that any task may look at and change; each of the others belongs to one task, or one play.
pub(super) const SHARED_CELLS: usize = 2;

/// A playbook.
#[derive(Clone, Debug, Default)]
pub(super) struct Program {
    pub(super) hosts: usize,
    pub(super) free: bool,
    pub(super) pinned: bool,
    pub(super) forks: usize,
    pub(super) max_fail_percentage: Option<usize>,
    pub(super) items: Vec<Item>,
    /// The handlers, by number.
    pub(super) handlers: Vec<Task>,
}

#[derive(Clone, Debug)]
pub(super) enum Item {
    Task(Task),
    Block {
        body: Vec<Item>,
        rescue: Vec<Item>,
        always: Vec<Item>,
    },
    Parallel(Vec<Item>),
    Flush,
    /// A file of tasks, which some hosts include.
    Include {
        task: Task,
        hosts: u32,
        items: Vec<Item>,
    },
}

/// What a task does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Reads a cell.
    Read,
    /// Adds to a cell.
    Write,
    /// Sets a variable and nothing else.
    Fact,
    /// May fail, and holds up what stands behind it.
    Guard,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Task {
    pub(super) id: usize,
    pub(super) kind: Kind,
    pub(super) cell: usize,
    /// Variables that it uses.
    pub(super) uses: Vec<usize>,
    /// A variable of another host that it uses.
    pub(super) other: Option<(usize, usize)>,
    /// The variable that it sets.
    pub(super) sets: Option<usize>,
    /// How many items its loop has; one when it has none. Each looks and acts for itself.
    pub(super) items: usize,
    /// The host that it acts on in place of its own.
    pub(super) delegate: Option<usize>,
    /// The hosts on which it fails.
    pub(super) fails: u32,
    /// The hosts on which it finds nobody.
    pub(super) unreachable: u32,
    /// It fails also where its value is odd.
    pub(super) odd_fails: bool,
    pub(super) ignore: bool,
    pub(super) once: bool,
    pub(super) fatal: bool,
    pub(super) throttle: bool,
    pub(super) notify: Option<usize>,
    /// The tasks that it waits for, whatever stands between.
    pub(super) needs: Option<Vec<usize>>,
}

/// How a step of the model ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Fine,
    Fails,
    Unreachable,
}

impl Task {
    pub(super) fn new(id: usize, kind: Kind) -> Task {
        Task {
            id,
            kind,
            cell: 0,
            uses: Vec::new(),
            other: None,
            sets: None,
            items: 1,
            delegate: None,
            fails: 0,
            unreachable: 0,
            odd_fails: false,
            ignore: false,
            once: false,
            fatal: false,
            throttle: false,
            notify: None,
            needs: None,
        }
    }

    /// Returns what the task makes on a host of what it has seen.
    pub(super) fn value(&self, host: usize, seen: &[Option<u64>]) -> u64 {
        let mut value = mix((self.id as u64) << 8 | host as u64);
        for part in seen {
            value = mix(value ^ part.map_or(1, |part| part.wrapping_mul(2)));
        }
        value
    }

    /// Changes a cell. What several hosts do to one in one task has no order among hosts, so that there it must not matter.
    pub(super) fn change(&self, cell: &mut u64, value: u64) {
        let before = if self.delegate.is_some() { *cell } else { cell.wrapping_mul(31) };
        *cell = before.wrapping_add(value);
    }

    pub(super) fn end(&self, host: usize, value: u64) -> End {
        match () {
            () if self.unreachable >> host & 1 == 1 => End::Unreachable,
            () if self.fails >> host & 1 == 1 || (self.odd_fails && value % 2 == 1) => End::Fails,
            () => End::Fine,
        }
    }

    pub(super) fn name(&self) -> String {
        format!("t{}", self.id)
    }

    fn yaml(&self, out: &mut String, indent: usize, handler: bool) {
        let mut text: String = self.uses.iter().map(|var| format!("{{{{ v{var} }}}}")).collect();
        if let Some((host, var)) = self.other {
            let _ = write!(text, "{{{{ hostvars['h{host}'].v{var} }}}}");
        }
        let action = match self.kind {
            Kind::Read => format!("ansible.builtin.command: \"x{text}\", read_only: true"),
            Kind::Write => format!("ansible.builtin.command: \"x{text}\""),
            Kind::Fact => format!("ansible.builtin.set_fact: {{v{}: \"x{text}\"}}", self.sets.unwrap_or(0)),
            Kind::Guard => format!("ansible.builtin.fail: {{msg: \"x{text}\"}}"),
        };
        let name = if handler { format!("{}, listen: [n{}]", self.name(), self.id) } else { self.name() };
        let mut line = format!("- {{name: {name}, {action}");
        if let (Some(var), true) = (self.sets, matches!(self.kind, Kind::Read | Kind::Write)) {
            let _ = write!(line, ", register: v{var}");
        }
        for (set, what) in [
            (self.ignore, "ignore_errors: true"),
            (self.once, "run_once: true"),
            (self.fatal, "any_errors_fatal: true"),
            (self.throttle, "throttle: 1"),
        ] {
            if set {
                let _ = write!(line, ", {what}");
            }
        }
        if self.items > 1 {
            let _ = write!(line, ", loop: {:?}", (0..self.items).collect::<Vec<_>>());
        }
        if let Some(host) = self.delegate {
            let _ = write!(line, ", delegate_to: h{host}");
        }
        if let Some(needs) = &self.needs {
            let names: Vec<String> = needs.iter().map(|id| format!("t{id}")).collect();
            let _ = write!(line, ", needs: [{}]", names.join(", "));
        }
        if let Some(handler) = self.notify {
            let _ = write!(line, ", notify: [n{handler}]");
        }
        let _ = writeln!(out, "{}{line}}}", " ".repeat(indent));
    }
}

impl Program {
    /// Writes it as a playbook.
    pub(super) fn yaml(&self) -> String {
        let mut out = String::from("- hosts: all\n  gather_facts: false\n");
        if self.free || self.pinned {
            let _ = writeln!(out, "  strategy: {}", if self.pinned { "host_pinned" } else { "free" });
        }
        if let Some(percentage) = self.max_fail_percentage {
            let _ = writeln!(out, "  max_fail_percentage: {percentage}");
        }
        out += "  tasks:\n";
        items_yaml(&self.items, 4, &mut out);
        if !self.handlers.is_empty() {
            out += "  handlers:\n";
            self.handlers.iter().for_each(|task| task.yaml(&mut out, 4, true));
        }
        out
    }

    /// Returns the files that it includes, with the hosts that do.
    pub(super) fn files(&self) -> Vec<(String, u32, String)> {
        fn walk(items: &[Item], files: &mut Vec<(String, u32, String)>) {
            for item in items {
                match item {
                    Item::Include { task, hosts, items } => {
                        let mut text = String::new();
                        items_yaml(items, 0, &mut text);
                        files.push((task.name(), *hosts, text));
                        walk(items, files);
                    }
                    Item::Block { body, rescue, always } => {
                        [body, rescue, always].into_iter().for_each(|part| walk(part, files));
                    }
                    Item::Parallel(items) => walk(items, files),
                    Item::Task(_) | Item::Flush => {}
                }
            }
        }
        let mut files = Vec::new();
        walk(&self.items, &mut files);
        files
    }

    /// Calls `see` with every task.
    pub(super) fn each_task<'a>(&'a self, see: &mut dyn FnMut(&'a Task)) {
        fn walk<'a>(items: &'a [Item], see: &mut dyn FnMut(&'a Task)) {
            for item in items {
                match item {
                    Item::Task(task) => see(task),
                    Item::Block { body, rescue, always } => {
                        [body, rescue, always].into_iter().for_each(|part| walk(part, see));
                    }
                    Item::Parallel(items) => walk(items, see),
                    Item::Include { task, items, .. } => {
                        see(task);
                        walk(items, see);
                    }
                    Item::Flush => {}
                }
            }
        }
        walk(&self.items, see);
        self.handlers.iter().for_each(see);
    }
}

fn items_yaml(items: &[Item], indent: usize, out: &mut String) {
    let pad = " ".repeat(indent);
    if items.is_empty() {
        let _ = writeln!(out, "{pad}[]");
    }
    for item in items {
        match item {
            Item::Task(task) => task.yaml(out, indent, false),
            Item::Flush => {
                let _ = writeln!(out, "{pad}- ansible.builtin.meta: flush_handlers");
            }
            Item::Include { task, .. } => {
                let name = task.name();
                let _ = writeln!(out, "{pad}- {{name: {name}, ansible.builtin.include_tasks: {name}.yml}}");
            }
            Item::Parallel(items) => {
                let _ = writeln!(out, "{pad}- parallel:");
                items_yaml(items, indent + 4, out);
            }
            Item::Block { body, rescue, always } => {
                let _ = writeln!(out, "{pad}- block:");
                items_yaml(body, indent + 4, out);
                for (key, part) in [("rescue", rescue), ("always", always)] {
                    if !part.is_empty() {
                        let _ = writeln!(out, "{pad}  {key}:");
                        items_yaml(part, indent + 4, out);
                    }
                }
            }
        }
    }
}
