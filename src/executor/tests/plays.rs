//! Several plays, some of which say what they need: whatever order and overlap they come to have, the end is that of
//! one play after the other.
//!
//! Each play has a cell and variables to itself, and uses those of plays that it waits for; so the end is determined.
//! Where all plays follow each other, and hosts may go on each for itself, all use the same cells and variables: what a
//! host does in one play has to come after all that it does in those before.

use super::super::plays::run_with;
use super::super::random::Random;
use super::super::run::Interrupt;
use super::super::share::Share;
use super::dispatch::{Cells, context, host_name, host_number, step};
use super::interpreter::{Left, interpret_from};
use super::program::{CELLS, Item, Kind, Program, Task, VARS};
use crate::event::{Event, Status, What};
use crate::graph::order_plays;
use crate::playbook::load;
use crate::source::Diagnostics;
use crate::value::Value;
use crate::vars::Var;
use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

/// A play of the model.
#[derive(Clone, Debug)]
struct Part {
    /// The plays that it needs; all before it when it does not say.
    needs: Option<Vec<usize>>,
    /// Its hosts, as bits.
    hosts: u32,
    strategy: &'static str,
    /// Hosts go on to it each for itself, where nothing forbids it.
    host_by_host: bool,
    tasks: Vec<Task>,
}

fn random_parts(random: &mut Random, hosts: usize) -> Vec<Part> {
    let mut parts: Vec<Part> = Vec::new();
    let count = 2 + random.below(CELLS - 2);
    for number in 0..count {
        let needs = random.percent(70).then(|| (0..number).filter(|_| random.percent(40)).collect::<Vec<_>>());
        let before = waited_for(&parts, number, &needs);
        let tasks = (0..1 + random.below(3)).map(|at| random_task(random, number, 10 * number + at, &before)).collect();
        let all = (1_u32 << hosts) - 1;
        let some = random.next() as u32 & all;
        let strategy = ["linear", "free", "free", "host_pinned"][random.below(4)];
        let hosts = if some == 0 || random.percent(40) { all } else { some };
        parts.push(Part { needs, hosts, strategy, host_by_host: random.percent(70), tasks });
    }
    parts
}

/// Plays that follow each other and share cells and variables; most let hosts go on each for itself.
fn random_chain(random: &mut Random, hosts: usize) -> Vec<Part> {
    let all = (1_u32 << hosts) - 1;
    let count = 2 + random.below(3);
    let mut parts = Vec::new();
    for number in 0..count {
        let strategy = ["free", "free", "free", "free", "host_pinned", "host_pinned", "linear"][random.below(7)];
        let tasks = (0..1 + random.below(3)).map(|at| {
            let cell = random.below(CELLS);
            let mut task = random_task(random, cell, 10 * number + at, &(0..VARS).collect());
            // Where hosts do not wait for each other, whom these end is chance.
            task.once = strategy == "linear" && random.percent(15);
            task.fatal = strategy == "linear" && random.percent(10);
            task
        });
        let tasks = tasks.collect();
        let some = random.next() as u32 & all;
        let hosts = if some == 0 || random.percent(60) { all } else { some };
        parts.push(Part { needs: None, hosts, strategy, host_by_host: random.percent(95), tasks });
    }
    parts
}

fn random_task(random: &mut Random, play: usize, id: usize, before: &BTreeSet<usize>) -> Task {
    let kind = [Kind::Read, Kind::Write, Kind::Fact][random.below(3)];
    let mut task = Task::new(id, kind);
    task.cell = play;
    task.sets = Some(play);
    let usable: Vec<usize> = before.iter().copied().chain([play]).collect();
    task.uses = (0..random.below(3)).map(|_| usable[random.below(usable.len())]).collect();
    if random.percent(20) {
        task.fails = random.next() as u32 & random.next() as u32;
    }
    task.ignore = random.percent(15);
    task
}

/// Returns the plays that one waits for, those included that they wait for.
fn waited_for(parts: &[Part], number: usize, needs: &Option<Vec<usize>>) -> BTreeSet<usize> {
    let mut all: BTreeSet<usize> = match needs {
        None => (0..number).collect(),
        Some(needs) => needs.iter().copied().collect(),
    };
    for play in all.clone() {
        all.extend(waited_for(parts, play, &parts[play].needs));
    }
    all
}

fn yaml(parts: &[Part], hosts: usize) -> String {
    let mut out = String::new();
    for (number, part) in parts.iter().enumerate() {
        let items = part.tasks.iter().cloned().map(Item::Task).collect();
        let text = Program { items, ..Program::default() }.yaml();
        let names: Vec<String> =
            (0..hosts).filter(|host| part.hosts >> host & 1 == 1).map(|host| format!("h{host}")).collect();
        let mut head = format!("- name: p{number}\n  hosts: \"{}\"\n  strategy: {}\n", names.join(","), part.strategy);
        if part.host_by_host {
            head += "  host_by_host: true\n";
        }
        if let Some(needs) = &part.needs {
            let names: Vec<String> = needs.iter().map(|play| format!("p{play}")).collect();
            head += &format!("  needs: [{}]\n", names.join(", "));
        }
        out += &text.replace("- hosts: all\n", &head);
    }
    out
}

/// Carries plays out one after the other.
fn one_by_one(parts: &[Part], hosts: usize) -> Left {
    let mut left = Left::nothing(hosts);
    let mut out: Vec<BTreeSet<usize>> = Vec::new();
    let mut stopped: Vec<bool> = Vec::new();
    for (number, part) in parts.iter().enumerate() {
        let before = waited_for(parts, number, &part.needs);
        let mut gone: BTreeSet<usize> = before.iter().flat_map(|play| out[*play].iter().copied()).collect();
        let takes_part = |host: &usize, gone: &BTreeSet<usize>| part.hosts >> host & 1 == 1 && !gone.contains(host);
        let is_over = before.iter().any(|play| stopped[*play]);
        if !is_over {
            for host in 0..hosts {
                left.standing[host] = if takes_part(&host, &gone) { "in" } else { "elsewhere" };
            }
            let items = part.tasks.iter().cloned().map(Item::Task).collect();
            let free = part.strategy == "free";
            left = interpret_from(&Program { hosts, free, items, ..Program::default() }, left);
            gone.extend((0..hosts).filter(|host| left.standing[*host] == "failed"));
        }
        let any = (0..hosts).any(|host| takes_part(&host, &gone));
        stopped.push(is_over || !any);
        out.push(gone);
    }
    left.standing = vec!["in"; hosts];
    left.statuses.iter_mut().for_each(|list| list.sort());
    left
}

/// Runs plays through the executor. Also says how often a step of a play began before the play before was over.
fn at_once(parts: &[Part], hosts: usize, forks: usize, seed: u64) -> (Left, usize) {
    let events: Arc<Mutex<Vec<Event>>> = Arc::default();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_time().build().unwrap();
    let _inside = runtime.enter();
    let context = context(hosts, forks, &events);
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("p.yml");
    std::fs::write(&path, yaml(parts, hosts)).unwrap();
    let mut found = Diagnostics::new();
    let plays = load(&context.loader, &path, &mut found);
    order_plays(&plays, &mut found);
    assert!(!found.has_errors(), "{:?}", found.iter().collect::<Vec<_>>());
    let cells: Cells = Arc::new(Mutex::new(vec![[0; CELLS]; hosts]));
    let tasks: HashMap<String, Task> =
        parts.iter().flat_map(|part| &part.tasks).map(|task| (task.name(), task.clone())).collect();
    let mut share = Share::new(forks, seed.is_multiple_of(3).then_some(seed));
    let devices = Arc::clone(&cells);
    share.runner = Arc::new(move |job| {
        let task = tasks[job.task.plain_name().unwrap()].clone();
        Box::pin(step(job, task, Arc::clone(&devices), Arc::default(), seed))
    });
    let end = runtime.block_on(run_with(&context, &plays, share, &Interrupt::default()));
    assert!(end.is_ok_and(|end| !end.interrupted));
    let mut left = Left::nothing(hosts);
    for event in events.lock().unwrap().iter() {
        if let What::StepDone(done) = &event.what
            && done.status != Status::NotReached
        {
            let id = done.name.as_str()[1..].parse().unwrap();
            left.statuses[host_number(done.host.as_str())].push((id, done.status.word()));
        }
    }
    left.statuses.iter_mut().for_each(|list| list.sort());
    for host in 0..hosts {
        let own = context.world.host_vars(&host_name(host));
        let var = |number: usize| match own.set.get(&*format!("v{number}")) {
            Some(Var::Data(Value::Int(value))) => Some(*value as u64),
            _ => None,
        };
        left.vars[host] = std::array::from_fn::<_, VARS, _>(var);
    }
    left.cells.clone_from(&cells.lock().unwrap());
    let ahead = ahead(&events.lock().unwrap());
    (left, ahead)
}

/// Counts the plays that begin while the one before is under way.
fn ahead(events: &[Event]) -> usize {
    let mut ended: BTreeSet<u32> = BTreeSet::new();
    let mut ahead = 0;
    for event in events {
        match event.what {
            What::PlayStarted { number, .. } => ahead += usize::from(number > 1 && !ended.contains(&(number - 1))),
            What::PlayEnded { number, .. } => drop(ended.insert(number)),
            _ => {}
        }
    }
    ahead
}

fn differs(parts: &[Part], hosts: usize, seed: u64) -> Result<usize, String> {
    let (wanted, (got, ahead)) = (one_by_one(parts, hosts), at_once(parts, hosts, 1 + (seed % 4) as usize, seed));
    if wanted == got { Ok(ahead) } else { Err(format!("wanted {wanted:#?}\ngot {got:#?}")) }
}

/// Fails with the fewest tasks with which it still goes wrong. Returns how many plays began before their time in the file.
fn check(parts: &[Part], hosts: usize, seed: u64) -> usize {
    let mut wrong = match differs(parts, hosts, seed) {
        Ok(ahead) => return ahead,
        Err(wrong) => wrong,
    };
    let mut parts = parts.to_vec();
    'smaller: loop {
        for number in 0..parts.len() {
            for task in 0..parts[number].tasks.len() {
                let mut smaller = parts.clone();
                smaller[number].tasks.remove(task);
                if let Some(found) = (0..10).find_map(|order| differs(&smaller, hosts, seed + order).err()) {
                    (parts, wrong) = (smaller, found);
                    continue 'smaller;
                }
            }
        }
        break;
    }
    panic!("seed {seed}\n{}\n{wrong}", yaml(&parts, hosts));
}

#[test]
fn plays_leave_what_they_leave_one_after_the_other() {
    for seed in 0..400 {
        let mut random = Random::new(seed);
        let hosts = 1 + random.below(3);
        check(&random_parts(&mut random, hosts), hosts, seed);
    }
}

#[test]
fn hosts_that_go_on_each_for_itself_leave_what_they_leave_together() {
    let mut ahead = 0;
    for seed in 0..600 {
        let mut random = Random::new(seed);
        let hosts = 2 + random.below(3);
        ahead += check(&random_chain(&mut random, hosts), hosts, seed);
    }
    // How many is a matter of the moment; some tens on a slow machine.
    assert!(ahead > 10, "only {ahead} plays began while others were under way");
}
