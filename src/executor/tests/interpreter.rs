//! The meaning of a playbook, carried out plainly: one task after the other, each on all hosts.

use super::program::{CELLS, End, Item, Kind, Program, Task, VARS};
use std::collections::BTreeSet;

/// What a run leaves.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Left {
    /// Per host, what came of each task that it reached, in order.
    pub(super) statuses: Vec<Vec<(usize, &'static str)>>,
    /// Per host, its variables.
    pub(super) vars: Vec<[Option<u64>; VARS]>,
    /// Per host, the cells of its device.
    pub(super) cells: Vec<[u64; CELLS]>,
    /// Per host: `in`, `failed` or `unreachable`.
    pub(super) standing: Vec<&'static str>,
}

impl Left {
    /// What there is before anything has run.
    pub(super) fn nothing(hosts: usize) -> Left {
        Left {
            statuses: vec![Vec::new(); hosts],
            vars: vec![[None; VARS]; hosts],
            cells: vec![[0; CELLS]; hosts],
            standing: vec!["in"; hosts],
        }
    }
}

/// Carries out a playbook.
pub(super) fn interpret(program: &Program) -> Left {
    interpret_from(program, Left::nothing(program.hosts))
}

/// Carries out a playbook after what another left.
pub(super) fn interpret_from(program: &Program, left: Left) -> Left {
    let hosts = program.hosts;
    let (condemned, doomed) = (vec![false; hosts], vec![false; hosts]);
    let batch = left.standing.iter().map(|standing| *standing == "in").collect();
    let mut run = Interpreter { program, batch, left, notified: BTreeSet::new(), condemned, doomed, broken: false };
    let all = vec![true; hosts];
    let failed = run.items(&program.items, &all, Around { root: true, rescued: false, last: true });
    let live: Vec<bool> = failed.iter().map(|failed| !failed).collect();
    // The handlers run at the end of the section.
    let mut failed = vec![false; hosts];
    run.flush(&live, &mut failed, Around { root: true, rescued: false, last: true });
    run.left
}

/// Where a list of items stands.
#[derive(Clone, Copy)]
struct Around {
    /// In no block: who fails is out.
    root: bool,
    /// A failure will be rescued.
    rescued: bool,
    /// After a failure no part of a block is left to come.
    last: bool,
}

struct Interpreter<'a> {
    program: &'a Program,
    /// Per host, whether it was in when the play began.
    batch: Vec<bool>,
    left: Left,
    notified: BTreeSet<(usize, usize)>,
    /// Per host, whether it failed because too many others did.
    condemned: Vec<bool>,
    /// Per host, whether it failed where nothing rescues it any more.
    doomed: Vec<bool>,
    /// Too many failed.
    broken: bool,
}

impl Interpreter<'_> {
    /// Carries out items on the hosts that enter; returns those that failed.
    fn items(&mut self, items: &[Item], entered: &[bool], around: Around) -> Vec<bool> {
        let mut failed = vec![false; entered.len()];
        for item in items {
            match item {
                Item::Task(task) => self.task(task, entered, &mut failed, around),
                Item::Flush => self.flush(entered, &mut failed, around),
                Item::Include { task, hosts, items } => {
                    let mut live = self.live(entered, &failed);
                    for host in (0..live.len()).filter(|host| live[*host]) {
                        self.left.statuses[host].push((task.id, "ok"));
                    }
                    (0..live.len()).for_each(|host| live[host] &= hosts >> host & 1 == 1);
                    let fails = self.items(items, &live, around);
                    (0..live.len()).for_each(|host| failed[host] |= fails[host]);
                }
                Item::Block { body, rescue, always } => {
                    let live = self.live(entered, &failed);
                    let fails = self.block(body, rescue, always, &live, around);
                    self.fail(&fails, &mut failed, around);
                }
                Item::Parallel(items) => {
                    let live = self.live(entered, &failed);
                    let inside = Around { root: false, last: false, ..around };
                    let mut fails = vec![false; entered.len()];
                    for item in items {
                        let some = self.items(std::slice::from_ref(item), &live, inside);
                        (0..some.len()).for_each(|host| fails[host] |= some[host]);
                    }
                    self.fail(&fails, &mut failed, around);
                }
            }
        }
        failed
    }

    fn block(&mut self, body: &[Item], rescue: &[Item], always: &[Item], live: &[bool], around: Around) -> Vec<bool> {
        let rescues = !rescue.is_empty();
        let inside = Around { root: false, ..around };
        let before_always = Around { last: around.last && always.is_empty(), ..inside };
        if !rescues && always.is_empty() {
            // Such a block only groups.
            return self.items(body, live, around);
        }
        let mut fails = self.items(body, live, Around { rescued: around.rescued || rescues, last: false, ..inside });
        if rescues {
            fails = self.items(rescue, &fails, before_always);
        }
        let last = self.items(always, live, inside);
        (0..fails.len()).for_each(|host| fails[host] |= last[host]);
        fails
    }

    fn live(&self, entered: &[bool], failed: &[bool]) -> Vec<bool> {
        (0..entered.len()).map(|host| entered[host] && !failed[host] && self.left.standing[host] == "in").collect()
    }

    fn fail(&mut self, hosts: &[bool], failed: &mut [bool], around: Around) {
        for host in (0..hosts.len()).filter(|host| hosts[*host]) {
            if self.left.standing[host] != "in" {
                continue;
            }
            failed[host] = true;
            self.doomed[host] |= around.last;
            if around.root {
                self.left.standing[host] = "failed";
            }
        }
    }

    fn task(&mut self, task: &Task, entered: &[bool], failed: &mut [bool], around: Around) {
        let live = self.live(entered, failed);
        let Some(first) = live.iter().position(|live| *live) else { return };
        let mut fails = vec![false; live.len()];
        let mut fatal = false;
        if task.once {
            let (value, end) = self.step(task, first, around);
            let bad = end != End::Fine && !(task.ignore && end == End::Fails);
            for host in 0..live.len() {
                let gets = host != first && self.batch[host] && self.left.standing[host] != "unreachable";
                if let (Some(var), true) = (task.sets, gets && (task.kind != Kind::Fact || end == End::Fine)) {
                    self.left.vars[host][var] = Some(value);
                }
                fails[host] = bad && live[host];
            }
        } else {
            for host in (0..live.len()).filter(|host| live[*host]) {
                let (_, end) = self.step(task, host, around);
                fails[host] = end == End::Fails && !task.ignore;
                fatal |= task.fatal && (fails[host] || end == End::Unreachable);
            }
        }
        self.fail(&fails, failed, around);
        self.judge((fatal, &fails), entered, failed, around);
    }

    /// Ends it for all when one failure is one for all, or when too many failed.
    fn judge(&mut self, (fatal, fails): (bool, &[bool]), entered: &[bool], failed: &mut [bool], around: Around) {
        let limit = self.program.max_fail_percentage;
        let too_many = limit.is_some_and(|limit| self.failed_hosts() * 100 > limit * self.program.hosts);
        if fatal || too_many {
            let live = self.live(entered, failed);
            if too_many {
                (0..live.len())
                    .for_each(|host| self.condemned[host] |= self.left.standing[host] == "in" && !fails[host]);
            }
            self.fail(&live, failed, around);
        }
        // Too many failed, and the others are among them by now: it ends for all.
        self.broken |= too_many;
        let unreachable = self.left.standing.iter().filter(|standing| **standing == "unreachable").count();
        if self.broken && self.failed_hosts() >= self.program.hosts - unreachable {
            self.left
                .standing
                .iter_mut()
                .filter(|standing| **standing == "in")
                .for_each(|standing| *standing = "failed");
        }
    }

    fn failed_hosts(&self) -> usize {
        let is_out =
            |host: &usize| self.left.standing[*host] == "failed" || self.condemned[*host] || self.doomed[*host];
        (0..self.left.standing.len()).filter(is_out).count()
    }

    fn flush(&mut self, entered: &[bool], failed: &mut [bool], around: Around) {
        let live = self.live(entered, failed);
        let (now, later) = std::mem::take(&mut self.notified).into_iter().partition(|(_, host)| live[*host]);
        self.notified = later;
        let now: BTreeSet<(usize, usize)> = now;
        for (number, handler) in self.program.handlers.iter().enumerate() {
            let asked: Vec<bool> = (0..live.len()).map(|host| now.contains(&(number, host)) && live[host]).collect();
            let hosts: Vec<bool> = self.live(&asked, failed);
            // A handler that begins nowhere changes nothing.
            if !hosts.contains(&true) {
                continue;
            }
            let mut fails = vec![false; live.len()];
            let mut fatal = false;
            for host in (0..live.len()).filter(|host| hosts[*host]) {
                let (_, end) = self.step(handler, host, around);
                fails[host] = end == End::Fails && !handler.ignore;
                fatal |= handler.fatal && (fails[host] || end == End::Unreachable);
            }
            self.fail(&fails, failed, around);
            self.judge((fatal, &fails), entered, failed, around);
        }
    }

    /// Carries out one step.
    fn step(&mut self, task: &Task, host: usize, around: Around) -> (u64, End) {
        let mut seen: Vec<Option<u64>> = task.uses.iter().map(|var| self.left.vars[host][*var]).collect();
        seen.extend(task.other.map(|(other, var)| self.left.vars[other][var]));
        let cell = &mut self.left.cells[task.delegate.unwrap_or(host)][task.cell];
        let mut value = 0;
        for _ in 0..task.items {
            if task.kind == Kind::Read {
                seen.push(Some(*cell));
            }
            value = task.value(host, &seen);
            if task.kind == Kind::Write {
                task.change(cell, value);
            }
            seen.push(Some(value));
        }
        let end = task.end(host, value);
        if let (Some(var), true) = (task.sets, task.kind != Kind::Fact || end == End::Fine) {
            self.left.vars[host][var] = Some(value);
        }
        let status = match end {
            End::Unreachable => "unreachable",
            End::Fails if task.ignore => "ignored",
            End::Fails if around.rescued => "rescued",
            End::Fails => "failed",
            End::Fine if task.kind == Kind::Write => "changed",
            End::Fine => "ok",
        };
        if end == End::Unreachable {
            self.left.standing[host] = "unreachable";
        }
        self.left.statuses[host].push((task.id, status));
        if let (Some(handler), "changed") = (task.notify, status) {
            let number = self.program.handlers.iter().position(|known| known.id == handler);
            self.notified.extend(number.map(|number| (number, host)));
        }
        (value, end)
    }
}
