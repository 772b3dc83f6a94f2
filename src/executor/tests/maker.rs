//! Random playbooks of the model.

use super::super::random::Random;
use super::program::{Item, Kind, Program, SHARED_CELLS, SHARED_VARS, Task};

/// How many tasks have cell and variable to themselves.
const OWN: usize = 4;

/// What random playbooks may have.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taste {
    pub(super) tasks: usize,
    pub(super) parallel: bool,
    pub(super) strategies: bool,
    pub(super) includes: bool,
    /// Tasks say what they need. Where something fails, it is chance whether those ran before.
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
    // What failures for all mean beside a percentage is recorded from Ansible, and not modelled.
    let shares = cross && program.max_fail_percentage.is_none();
    let mut maker =
        Maker { random, taste, next: 0, hosts: program.hosts, cross, shares, needing: 0, known: Vec::new() };
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
    /// A failure on one host may be one of all.
    shares: bool,
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
        (task.once, task.fatal, task.other, task.delegate) = (false, false, None, None);
        // Whom a failure of it ends is chance, unless it is ignored.
        (task.unreachable, task.fails) = (0, if task.ignore { task.fails } else { 0 });
        task.odd_fails &= task.ignore;
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
            (task.once, task.fatal, task.unreachable, task.delegate) = (false, false, 0, None);
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
        task.once = self.cross && self.shares && random.percent(12);
        task.fatal = self.cross && self.shares && random.percent(8);
        task.throttle = random.percent(8);
        if kind != Kind::Guard && kind != Kind::Fact {
            task.items = if random.percent(15) { 1 + random.below(3) } else { 1 };
            task.delegate = (self.cross && random.percent(12)).then(|| random.below(self.hosts));
        }
        task
    }
}
