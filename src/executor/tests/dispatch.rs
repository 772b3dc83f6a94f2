//! Runs playbooks of the model through the loader, the graph and the dispatcher, and compares what is left.

use super::super::batch::{Batch, BatchStart, Standing};
use super::super::random::{Random, mix};
use super::super::share::Share;
use super::super::step::{Included, Inclusion, Job, Outcome, VarWrite};
use super::super::world::{PlayView, Shelf, World};
use super::super::{Context, Defaults, FactSettings, Pool, Publisher, Settings};
use super::interpreter::{Left, interpret};
use super::maker::{Taste, random_program};
use super::program::{CELLS, End, Item, Kind, Program, SHARED_CELLS, SHARED_VARS, Task};
use super::shrink::check;
use crate::event::{Event, Status, What};
use crate::failure::{Failure, FailureKind};
use crate::graph::{Knowledge, Lowering, TagFilter, lower_play};
use crate::inventory::Inventory;
use crate::playbook::{Loader, load};
use crate::redact::Redactor;
use crate::source::{Diagnostics, SourceMap};
use crate::transport::{self, HttpClients, Shared};
use crate::value::{Map, Value};
use crate::vars::{Layer, Origin, Var};
use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

/// The devices of the model: per host, its cells.
pub(super) type Cells = Arc<Mutex<Vec<[u64; CELLS]>>>;

/// What a run through the dispatcher left.
struct Ran {
    left: Left,
    /// Nodes that are not settled on some host: there must be none.
    unsettled: usize,
    /// How many steps ran at once at most, those that are pure left out.
    most: usize,
    /// How often each step that writes was begun, and how often that was told.
    writes: (usize, usize),
}

pub(super) fn host_name(host: usize) -> Arc<str> {
    format!("h{host}").into()
}

pub(super) fn host_number(name: &str) -> usize {
    name[1..].parse().unwrap()
}

pub(super) fn context(hosts: usize, forks: usize, events: &Arc<Mutex<Vec<Event>>>) -> Arc<Context> {
    let mut inventory = Inventory::default();
    for host in 0..hosts {
        inventory.add_host(&host_name(host), &[], Vec::new());
    }
    let sources = Arc::new(SourceMap::new());
    let extra = Arc::new(Layer::new(Origin::ExtraVars));
    let sink = Arc::clone(events);
    Arc::new(Context {
        stepper: None,
        world: Arc::new(World::new(inventory, Arc::clone(&extra), Layer::new(Origin::Magic))),
        publisher: Publisher::new(Arc::new(Redactor::new()), Arc::new(move |event| sink.lock().unwrap().push(event))),
        loader: Arc::new(Loader::new(sources, extra)),
        pool: Pool::new(Shared::new(transport::Settings::default()), HttpClients::new()),
        settings: Settings {
            check: false,
            diff: false,
            verbosity: 0,
            forks,
            seed: None,
            tags: TagFilter::default(),
            limit: None,
            shard: None,
            force_handlers: false,
            defaults: Defaults::default(),
            facts: FactSettings::default(),
        },
        cut: CancellationToken::new(),
    })
}

pub(super) fn batch(program: &Program, context: &Arc<Context>, dir: &Path, seed: Option<u64>) -> Batch {
    let path = dir.join("p.yml");
    for (name, _, text) in program.files() {
        std::fs::write(dir.join(name + ".yml"), text).unwrap();
    }
    std::fs::write(&path, program.yaml()).unwrap();
    let mut found = Diagnostics::new();
    let plays = load(&context.loader, &path, &mut found);
    assert!(!found.has_errors(), "{}\n{:?}", program.yaml(), found.iter().collect::<Vec<_>>());
    let play = Arc::clone(&plays[0]);
    let hosts: Vec<Arc<str>> = (0..program.hosts).map(host_name).collect();
    let knowledge = Knowledge::default();
    let how = Lowering {
        knowledge: &knowledge,
        platforms: &[],
        fail_together: program.max_fail_percentage.is_some(),
        flushes: true,
    };
    let graph = lower_play(&play, &play.sections, &how, &mut found);
    let view = PlayView {
        play,
        all_hosts: hosts.clone(),
        play_hosts: hosts.clone(),
        exports: Default::default(),
        included: Default::default(),
        newcomers: Default::default(),
        out: hosts.iter().map(|_| AtomicBool::new(false)).collect(),
        batch: hosts,
        late_vars: Default::default(),
    };
    Batch::new(BatchStart {
        context: Arc::clone(context),
        view: Arc::new(view),
        graph,
        knowledge,
        platforms: Vec::new(),
        share: Share::new(program.forks, seed),
        play: 1,
        max_fail_percentage: program.max_fail_percentage.map(|percentage| percentage as f64),
        arrivals: None,
        exit: None,
    })
}

/// How many steps are at work.
#[derive(Default)]
pub(super) struct AtWork {
    now: usize,
    most: usize,
    writes: usize,
}

/// Carries out a step of the model: it looks when it begins, acts in the middle and ends some time later.
pub(super) async fn step(job: Job, task: Task, cells: Cells, at_work: Arc<Mutex<AtWork>>, order: u64) -> Outcome {
    let host = host_number(&job.host);
    let counted = matches!(task.kind, Kind::Read | Kind::Write);
    if counted {
        let mut at_work = at_work.lock().unwrap();
        at_work.now += 1;
        at_work.most = at_work.most.max(at_work.now);
        at_work.writes += usize::from(task.kind == Kind::Write);
    }
    let mut random = Random::new(mix(order ^ ((task.id as u64) << 8 | host as u64)));
    let var = |host: usize, var: usize| {
        let own = job.context.world.host_vars(&host_name(host));
        match own.set.get(format!("v{var}").as_str()) {
            Some(Var::Data(Value::Int(value))) => Some(*value as u64),
            _ => None,
        }
    };
    let mut seen: Vec<Option<u64>> = task.uses.iter().map(|used| var(host, *used)).collect();
    seen.extend(task.other.map(|(other, used)| var(other, used)));
    let place = task.delegate.unwrap_or(host);
    let (mut value, mut cancelled) = (0, false);
    for _ in 0..task.items {
        pause(&mut random).await;
        cancelled = job.cancel.is_cancelled();
        if task.kind == Kind::Read {
            seen.push(Some(cells.lock().unwrap()[place][task.cell]));
        }
        value = task.value(host, &seen);
        if task.kind == Kind::Write && !cancelled {
            task.change(&mut cells.lock().unwrap()[place][task.cell], value);
        }
        seen.push(Some(value));
    }
    pause(&mut random).await;
    if counted {
        at_work.lock().unwrap().now -= 1;
    }
    let mut outcome = match task.end(host, value) {
        _ if cancelled => Outcome::failed(Failure::new(FailureKind::Cancelled, "cancelled"), task.name()),
        End::Fine => Outcome::empty(if task.kind == Kind::Write { Status::Changed } else { Status::Ok }, task.name()),
        End::Fails => Outcome::failed(Failure::new(FailureKind::Module, "fails"), task.name()),
        End::Unreachable => Outcome::failed(Failure::new(FailureKind::Unreachable, "nobody"), task.name()),
    };
    outcome.fatal = task.fatal && matches!(outcome.status, Status::Failed | Status::Unreachable);
    if let (Some(set), true) = (task.sets, task.kind != Kind::Fact || outcome.status == Status::Ok) {
        outcome.writes.push(VarWrite {
            host: None,
            shelf: Shelf::Set,
            name: format!("v{set}").into(),
            var: Var::Data(Value::Int(value.into())),
        });
    }
    if let (Some(handler), Status::Changed) = (task.notify, outcome.status) {
        outcome.notify.push(format!("n{handler}").into());
    }
    if task.ignore && outcome.status == Status::Failed {
        outcome.status = Status::Ignored;
        outcome.fatal = false;
    }
    outcome
}

/// Carries out an include of the model.
fn include(job: &Job, hosts: u32) -> Outcome {
    let name = job.task.plain_name().unwrap();
    let mut outcome = Outcome::empty(Status::Ok, name.to_owned());
    if hosts >> host_number(&job.host) & 1 == 1 {
        let path = job.task.files.playbook_dir.join(format!("{name}.yml"));
        let what = Included::File(path);
        outcome.inclusions.push(Inclusion { what, vars: Map::new(), apply: None, named_at: job.task.span });
    }
    outcome
}

async fn pause(random: &mut Random) {
    for _ in 0..random.below(6) {
        tokio::task::yield_now().await;
    }
}

/// Runs a playbook; steps end in an order that the seed gives.
fn run(program: &Program, order: u64) -> Ran {
    run_until(program, order, None)
}

/// Runs a playbook, and asks for its end when so many steps have begun.
fn run_until(program: &Program, order: u64, drain_at: Option<usize>) -> Ran {
    let drain = CancellationToken::new();
    let (asked, begun) = (drain.clone(), AtomicUsize::new(0));
    let events: Arc<Mutex<Vec<Event>>> = Arc::default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _inside = runtime.enter();
    let context = context(program.hosts, program.forks, &events);
    let mut tasks: HashMap<String, Task> = HashMap::new();
    program.each_task(&mut |task| drop(tasks.insert(task.name(), task.clone())));
    let cells: Cells = Arc::new(Mutex::new(vec![[0; CELLS]; program.hosts]));
    let at_work: Arc<Mutex<AtWork>> = Arc::default();
    let files: HashMap<String, u32> = program.files().into_iter().map(|(name, hosts, _)| (name, hosts)).collect();
    let (devices, counter) = (Arc::clone(&cells), Arc::clone(&at_work));
    let runner = Arc::new(move |job: Job| -> crate::module::Boxed<'static, Outcome> {
        if drain_at == Some(begun.fetch_add(1, Ordering::Relaxed)) {
            asked.cancel();
        }
        let name = job.task.plain_name().unwrap();
        if let Some(hosts) = files.get(name) {
            let outcome = include(&job, *hosts);
            return Box::pin(async { outcome });
        }
        let task = tasks[name].clone();
        Box::pin(step(job, task, Arc::clone(&devices), Arc::clone(&counter), order))
    });
    let dir = tempfile::tempdir().unwrap();
    // Of every two orders of endings one has an order of beginnings of its own.
    let mut batch = batch(program, &context, dir.path(), (order % 2 == 1).then_some(order)).with_runner(runner);
    runtime.block_on(batch.dispatch(&drain));
    let unsettled = batch.unsettled();
    let mut statuses = vec![Vec::new(); program.hosts];
    for event in events.lock().unwrap().iter() {
        // What ran ahead and was dropped is told as not reached: that is what one step at a time leaves.
        if let What::StepDone(done) = &event.what
            && done.status != Status::NotReached
        {
            let id = done.name.as_str()[1..].parse().unwrap();
            statuses[host_number(done.host.as_str())].push((id, done.status.word()));
        }
    }
    let var = |host: usize, var: usize| match context.world.host_vars(&host_name(host)).set.get(&*format!("v{var}")) {
        Some(Var::Data(Value::Int(value))) => Some(*value as u64),
        _ => None,
    };
    let left = Left {
        statuses,
        vars: (0..program.hosts).map(|host| std::array::from_fn(|number| var(host, number))).collect(),
        cells: cells.lock().unwrap().clone(),
        standing: batch
            .standing
            .iter()
            .map(|standing| match standing {
                Standing::In => "in",
                Standing::Ended => "ended",
                Standing::Failed => "failed",
                Standing::Unreachable => "unreachable",
            })
            .collect(),
    };
    let mut writing = HashSet::new();
    program.each_task(&mut |task| {
        if task.kind == Kind::Write {
            writing.insert(task.id);
        }
    });
    let told = left.statuses.iter().flatten().filter(|(id, _)| writing.contains(id)).count();
    let at_work = at_work.lock().unwrap();
    Ran { unsettled, most: at_work.most, writes: (at_work.writes, told), left }
}

/// Returns what is wrong with a run, if anything is.
pub(super) fn complaint(program: &Program, order: u64) -> Option<String> {
    let mut wanted = interpret(program);
    let ran = std::panic::catch_unwind(|| run(program, order));
    let Ok(mut ran) = ran else { return Some("it panics".into()) };
    if ran.unsettled > 0 {
        return Some(format!("{} steps are not settled", ran.unsettled));
    }
    if ran.most > program.forks {
        return Some(format!("{} steps at once with {} forks", ran.most, program.forks));
    }
    let mut has_needs = false;
    program.each_task(&mut |task| has_needs |= task.needs.is_some());
    if has_needs || has_parallel(&program.items) {
        // Tasks without order among themselves are told in any.
        wanted.statuses.iter_mut().for_each(|list| list.sort());
        ran.left.statuses.iter_mut().for_each(|list| list.sort());
    }
    if has_needs && any_failed(&wanted) {
        forget_needing(program, &mut wanted);
        forget_needing(program, &mut ran.left);
    }
    (ran.left != wanted).then(|| format!("wanted {wanted:#?}\ngot {:#?}", ran.left))
}

/// Claims that something failed that was not ignored.
fn any_failed(left: &Left) -> bool {
    let statuses = left.statuses.iter().flatten().map(|(_, status)| *status);
    statuses.into_iter().any(|status| matches!(status, "failed" | "rescued" | "unreachable"))
}

/// Forgets what tasks did that say what they need: where something failed, they may have run before or not at all.
fn forget_needing(program: &Program, left: &mut Left) {
    let mut needing = HashSet::new();
    program.each_task(&mut |task| needing.extend(task.needs.is_some().then_some(task.id)));
    left.statuses.iter_mut().for_each(|list| list.retain(|(id, _)| !needing.contains(id)));
    left.vars.iter_mut().for_each(|vars| vars[SHARED_VARS..].fill(None));
    left.cells.iter_mut().for_each(|cells| cells[SHARED_CELLS..].fill(0));
}

fn has_parallel(items: &[Item]) -> bool {
    items.iter().any(|item| match item {
        Item::Parallel(_) => true,
        Item::Block { body, rescue, always } => [body, rescue, always].into_iter().any(|part| has_parallel(part)),
        Item::Include { items, .. } => has_parallel(items),
        Item::Task(_) | Item::Flush => false,
    })
}

#[test]
fn random_playbooks_leave_what_they_leave_one_step_at_a_time() {
    let cases = std::env::var("NETPLAY_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(400);
    let first: u64 = std::env::var("NETPLAY_SEED").ok().and_then(|text| text.parse().ok()).unwrap_or(0);
    for seed in first..first + cases {
        let mut random = Random::new(seed);
        let taste = Taste {
            tasks: 3 + (seed % 9) as usize,
            parallel: seed % 3 == 0,
            strategies: seed % 4 == 0,
            includes: seed % 5 < 2,
            needs: seed % 7 < 2,
        };
        check(&random_program(&mut random, taste), 4);
    }
}

#[test]
fn a_drain_ends_every_step_and_tells_of_all_that_wrote() {
    for seed in 0..600 {
        let mut random = Random::new(seed);
        let taste = Taste {
            tasks: 8,
            parallel: seed % 3 == 0,
            strategies: seed % 2 == 0,
            includes: seed % 5 < 2,
            needs: seed % 7 < 2,
        };
        let program = random_program(&mut random, taste);
        let ran = run_until(&program, seed, Some(random.below(12)));
        let shown = program.yaml();
        assert_eq!(ran.unsettled, 0, "seed {seed}\n{shown}");
        assert_eq!(ran.writes.0, ran.writes.1, "seed {seed}\n{shown}");
    }
}
