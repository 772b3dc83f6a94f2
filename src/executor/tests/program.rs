//! Playbooks of the model: what their tasks do is known to the model's runner and to the interpreter alike.

use super::super::random::{Random, mix};
use std::fmt::Write as _;

/// How many variables there are.
pub(super) const VARS: usize = 7;

/// The variables that any task may use and set; each of the others belongs to one task, or one play.
const SHARED_VARS: usize = 3;

/// How many cells a device has.
pub(super) const CELLS: usize = 6;

/// The cells that any task may look at and change; each of the others belongs to one task, or one play.
const SHARED_CELLS: usize = 2;

/// How many tasks have cell and variable to themselves.
const OWN: usize = 4;

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

/// What random playbooks may have.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taste {
    pub(super) tasks: usize,
    pub(super) parallel: bool,
    pub(super) strategies: bool,
    pub(super) includes: bool,
    /// Tasks say what they need. Nothing fails then: what ran before a failure, and what did not, would be chance.
    pub(super) needs: bool,
}

/// Makes a random playbook.
pub(super) fn random_program(random: &mut Random, taste: Taste) -> Program {
    let mut program = Program { hosts: 1 + random.below(4), forks: 1 + random.below(6), ..Program::default() };
    if taste.strategies {
        program.pinned = random.percent(30);
        program.free = !program.pinned && random.percent(60);
    }
    // A judgement over all hosts inside of an include that some do not take part in is not modelled.
    if !program.free && !program.pinned && !taste.includes && random.percent(10) {
        program.max_fail_percentage = Some([0, 30, 60][random.below(3)]);
    }
    let cross = !program.free && !program.pinned;
    let mut maker = Maker { random, taste, next: 0, hosts: program.hosts, cross, needing: 0, known: Vec::new() };
    for _ in 0..maker.random.below(3) {
        let kind = [Kind::Read, Kind::Write, Kind::Fact][maker.random.below(3)];
        let task = maker.task(kind, 0);
        program.handlers.push(task);
    }
    for handler in &mut program.handlers {
        handler.once = false;
    }
    let handlers: Vec<usize> = program.handlers.iter().map(|task| task.id).collect();
    let tasks = 1 + maker.random.below(taste.tasks);
    program.items = maker.items(tasks, 0, &handlers);
    program
}

struct Maker<'a> {
    random: &'a mut Random,
    taste: Taste,
    next: usize,
    hosts: usize,
    /// What concerns several hosts at once is there.
    cross: bool,
    /// How many tasks say what they need.
    needing: usize,
    /// The tasks that can be needed.
    known: Vec<usize>,
}

impl Maker<'_> {
    fn items(&mut self, tasks: usize, depth: usize, handlers: &[usize]) -> Vec<Item> {
        let mut items = Vec::new();
        let mut left = tasks;
        while left > 0 {
            let part = 1 + self.random.below(left);
            if depth < 3 && left > 1 && self.random.percent(35) {
                left -= part;
                let body = self.items(part, depth + 1, handlers);
                let (rescue, always) = (self.part(depth, handlers), self.part(depth, handlers));
                items.push(Item::Block { body, rescue, always });
            } else if self.taste.parallel && self.random.percent(15) {
                left -= part;
                items.push(self.parallel(part, depth, handlers));
            } else if depth < 3 && self.taste.includes && self.random.percent(15) {
                left -= part;
                let task = Task::new(self.next, Kind::Fact);
                self.next += 1;
                // What concerns several hosts at once would concern those that do not include it as well.
                let cross = std::mem::replace(&mut self.cross, false);
                // Nor is what it brings known to what stands around it.
                let (needs, known) = (std::mem::replace(&mut self.taste.needs, false), self.known.clone());
                let brought = self.items(part, depth + 1, handlers);
                (self.cross, self.taste.needs, self.known) = (cross, needs, known);
                items.push(Item::Include { task, hosts: self.random.next() as u32 | 1, items: brought });
            } else if self.taste.needs && self.needing < OWN && self.random.percent(30) {
                items.push(Item::Task(self.needing_task()));
                left -= 1;
            } else if !handlers.is_empty() && self.random.percent(10) {
                items.push(Item::Flush);
                left -= 1;
            } else {
                let kind = [Kind::Read, Kind::Read, Kind::Read, Kind::Write, Kind::Fact, Kind::Guard];
                let kind = kind[self.random.below(kind.len())];
                let mut task = self.task(kind, depth);
                if kind == Kind::Write && !handlers.is_empty() && self.random.percent(50) {
                    task.notify = Some(handlers[self.random.below(handlers.len())]);
                }
                self.known.push(task.id);
                items.push(Item::Task(task));
                left -= 1;
            }
        }
        items
    }

    /// A task that runs beside others has a cell and a variable to itself.
    fn needing_task(&mut self) -> Task {
        let kind = [Kind::Read, Kind::Write][self.random.below(2)];
        let mut task = self.task(kind, 0);
        task.needs = Some(self.known.iter().copied().filter(|_| self.random.percent(25)).collect());
        (task.once, task.fatal, task.other) = (false, false, None);
        (task.cell, task.sets) = (SHARED_CELLS + self.needing, Some(SHARED_VARS + self.needing));
        self.needing += 1;
        self.known.push(task.id);
        task
    }

    fn part(&mut self, depth: usize, handlers: &[usize]) -> Vec<Item> {
        if self.random.percent(50) {
            Vec::new()
        } else {
            let tasks = 1 + self.random.below(2);
            self.items(tasks, depth + 1, handlers)
        }
    }

    /// Children of `parallel` have nothing to do with each other: variables and cells of their own.
    fn parallel(&mut self, tasks: usize, depth: usize, handlers: &[usize]) -> Item {
        let mut items = Vec::new();
        for number in 0..tasks.min(SHARED_CELLS) {
            let kind = [Kind::Read, Kind::Write][self.random.below(2)];
            let mut task = self.task(kind, depth);
            (task.cell, task.uses, task.other, task.sets) = (number, Vec::new(), None, Some(number));
            (task.once, task.fatal, task.unreachable) = (false, false, 0);
            if kind == Kind::Write && !handlers.is_empty() && self.random.percent(30) {
                task.notify = Some(handlers[self.random.below(handlers.len())]);
            }
            items.push(Item::Task(task));
        }
        Item::Parallel(items)
    }

    fn task(&mut self, kind: Kind, _depth: usize) -> Task {
        let mut task = Task::new(self.next, kind);
        self.next += 1;
        let random = &mut *self.random;
        task.cell = random.below(SHARED_CELLS);
        task.uses = (0..random.below(3)).map(|_| random.below(SHARED_VARS)).collect();
        if self.cross && random.percent(15) {
            task.other = Some((random.below(self.hosts), random.below(SHARED_VARS)));
        }
        task.sets =
            (kind == Kind::Fact || (kind != Kind::Guard && random.percent(60))).then(|| random.below(SHARED_VARS));
        if random.percent(30) {
            task.fails = random.next() as u32 & random.next() as u32 & 0xF;
        }
        if random.percent(8) {
            task.unreachable = random.next() as u32 & random.next() as u32 & 0xF;
        }
        if task.other.is_some_and(|(_, var)| task.sets == Some(var)) {
            // What a task sets on one host while it runs on another is not known.
            task.other = None;
        }
        task.odd_fails = random.percent(10);
        task.ignore = random.percent(15);
        task.once = self.cross && random.percent(12);
        task.fatal = self.cross && random.percent(8);
        task.throttle = random.percent(8);
        if self.taste.needs {
            (task.fails, task.unreachable, task.odd_fails) = (0, 0, false);
        }
        task
    }
}
