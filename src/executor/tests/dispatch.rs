//! Runs playbooks of the model through the loader, the graph and the dispatcher, and compares what is left.

use super::super::batch::{Batch, BatchStart, Standing};
use super::super::random::{Random, mix};
use super::super::share::Share;
use super::super::step::{Included, Inclusion, Job, Outcome, VarWrite};
use super::super::world::{PlayView, Shelf, World};
use super::super::{Context, Defaults, FactSettings, Pool, Publisher, Settings};
use super::interpreter::{Left, interpret};
use super::program::{CELLS, End, Item, Kind, Program, Task, Taste, random_program};
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

fn batch(program: &Program, context: &Arc<Context>, dir: &Path, seed: Option<u64>) -> Batch {
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
    let how = Lowering { knowledge: &knowledge, platforms: &[], fail_together: program.max_fail_percentage.is_some() };
    let graph = lower_play(&play, &play.sections, &how, &mut found);
    let view = PlayView {
        play,
        all_hosts: hosts.clone(),
        play_hosts: hosts.clone(),
        exports: Default::default(),
        out: hosts.iter().map(|_| AtomicBool::new(false)).collect(),
        batch: hosts,
        late_vars: HashMap::new(),
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
    pause(&mut random).await;
    let cancelled = job.cancel.is_cancelled();
    if task.kind == Kind::Read {
        seen.push(Some(cells.lock().unwrap()[host][task.cell]));
    }
    let value = task.value(host, &seen);
    if task.kind == Kind::Write && !cancelled {
        let cell = &mut cells.lock().unwrap()[host][task.cell];
        *cell = cell.wrapping_mul(31).wrapping_add(value);
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
fn complaint(program: &Program, order: u64) -> Option<String> {
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
    (ran.left != wanted).then(|| format!("wanted {wanted:#?}\ngot {:#?}", ran.left))
}

fn has_parallel(items: &[Item]) -> bool {
    items.iter().any(|item| match item {
        Item::Parallel(_) => true,
        Item::Block { body, rescue, always } => [body, rescue, always].into_iter().any(|part| has_parallel(part)),
        Item::Include { items, .. } => has_parallel(items),
        Item::Task(_) | Item::Flush => false,
    })
}

/// Looks for a wrong run among several orders.
fn wrong_order(program: &Program, orders: u64) -> Option<(u64, String)> {
    (0..orders).find_map(|order| complaint(program, order).map(|text| (order, text)))
}

/// Fails with the smallest playbook that still goes wrong.
fn check(program: &Program, orders: u64) {
    let Some(mut wrong) = wrong_order(program, orders) else { return };
    let mut program = program.clone();
    // A smaller playbook may need luck to go wrong.
    'smaller: loop {
        for smaller in smaller(&program) {
            if let Some(found) = wrong_order(&smaller, 20 * orders) {
                (program, wrong) = (smaller, found);
                continue 'smaller;
            }
        }
        break;
    }
    panic!("order {}\n{}\n{:?}\n{}", wrong.0, program.yaml(), program, wrong.1);
}

/// Returns playbooks with something left out.
fn smaller(program: &Program) -> Vec<Program> {
    let mut all: Vec<Program> = Vec::new();
    let mut with = |change: &dyn Fn(&mut Program)| {
        let mut smaller = program.clone();
        change(&mut smaller);
        all.push(smaller);
    };
    for items in smaller_items(&program.items) {
        with(&|program| program.items = items.clone());
    }
    if program.hosts > 1 {
        with(&|program| program.hosts -= 1);
    }
    if program.max_fail_percentage.is_some() {
        with(&|program| program.max_fail_percentage = None);
    }
    if program.forks < 8 {
        with(&|program| program.forks = 8);
    }
    if !program.handlers.is_empty() {
        with(&|program| {
            program.handlers.pop();
        });
    }
    for (number, handler) in program.handlers.iter().enumerate() {
        for task in smaller_tasks(handler) {
            with(&|program| program.handlers[number] = task.clone());
        }
    }
    all.retain(|program| {
        let mut ids = HashSet::new();
        program.each_task(&mut |task| {
            ids.insert(task.id);
        });
        let mut known = true;
        program.each_task(&mut |task| known &= task.needs.iter().flatten().all(|id| ids.contains(id)));
        known && program.items.iter().all(|item| is_closed(item, program))
    });
    all
}

/// Claims that every name in it still means something.
fn is_closed(item: &Item, program: &Program) -> bool {
    let all = |items: &[Item]| items.iter().all(|item| is_closed(item, program));
    match item {
        Item::Task(task) => {
            task.notify.is_none_or(|id| program.handlers.iter().any(|handler| handler.id == id))
                && task.other.is_none_or(|(host, _)| host < program.hosts)
        }
        Item::Block { body, rescue, always } => !body.is_empty() && all(body) && all(rescue) && all(always),
        Item::Parallel(items) | Item::Include { items, .. } => !items.is_empty() && all(items),
        Item::Flush => true,
    }
}

fn smaller_items(items: &[Item]) -> Vec<Vec<Item>> {
    let mut all = Vec::new();
    for at in 0..items.len() {
        let mut replaced = |with: Vec<Item>| {
            let mut list = items.to_vec();
            list.splice(at..=at, with);
            all.push(list);
        };
        replaced(Vec::new());
        match &items[at] {
            Item::Task(task) => smaller_tasks(task).into_iter().for_each(|task| replaced(vec![Item::Task(task)])),
            Item::Block { body, rescue, always } => {
                replaced(body.clone());
                for body in smaller_items(body) {
                    replaced(vec![Item::Block { body, rescue: rescue.clone(), always: always.clone() }]);
                }
                for rescue in smaller_items(rescue) {
                    replaced(vec![Item::Block { body: body.clone(), rescue, always: always.clone() }]);
                }
                for always in smaller_items(always) {
                    replaced(vec![Item::Block { body: body.clone(), rescue: rescue.clone(), always }]);
                }
            }
            Item::Parallel(items) => {
                replaced(items.clone());
                smaller_items(items).into_iter().for_each(|items| replaced(vec![Item::Parallel(items)]));
            }
            Item::Include { task, hosts, items } => {
                replaced(items.clone());
                for items in smaller_items(items) {
                    replaced(vec![Item::Include { task: task.clone(), hosts: *hosts, items }]);
                }
            }
            Item::Flush => {}
        }
    }
    all
}

fn smaller_tasks(task: &Task) -> Vec<Task> {
    let simple = Task { sets: (task.kind == Kind::Fact).then_some(0), ..Task::new(task.id, task.kind) };
    let candidates = [
        Task { uses: Vec::new(), ..task.clone() },
        Task { other: None, ..task.clone() },
        Task { sets: simple.sets, ..task.clone() },
        Task { fails: 0, ..task.clone() },
        Task { unreachable: 0, ..task.clone() },
        Task { odd_fails: false, ..task.clone() },
        Task { ignore: false, ..task.clone() },
        Task { once: false, ..task.clone() },
        Task { fatal: false, ..task.clone() },
        Task { throttle: false, ..task.clone() },
        Task { notify: None, ..task.clone() },
        Task { needs: task.needs.as_ref().map(|_| Vec::new()), ..task.clone() },
        Task { cell: 0, ..task.clone() },
    ];
    candidates.into_iter().filter(|smaller| smaller != task).collect()
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

/// Every nesting of blocks with so few tasks, each of which is fine, fails or fails and is ignored, on two hosts that
/// differ.
#[test]
fn small_blocks_of_every_shape_leave_what_they_leave_one_step_at_a_time() {
    let shapes: Vec<Vec<Item>> = (1..=4).flat_map(|tasks| lists(tasks, 2)).collect();
    assert!(shapes.len() > 100, "only {} shapes", shapes.len());
    for (number, shape) in shapes.iter().enumerate() {
        let tasks = count(shape);
        for ends in 0..1_u32 << tasks {
            let mut items = shape.clone();
            let mut next = 0;
            // The first host fails where the bits say so, the second where the first does not, the kinds alternate.
            fill(&mut items, &mut next, &|id| {
                let kind = if (id + number) % 3 == 2 { Kind::Write } else { Kind::Read };
                let fails = if ends >> id & 1 == 1 { 0b01 } else { 0b10 };
                let mut task = Task { fails, sets: Some(id % 2), uses: vec![0], ..Task::new(id, kind) };
                task.fails &= if (id + number) % 4 == 0 { 0b01 } else { 0b11 };
                task
            });
            let program = Program { hosts: 2, forks: 4, items, ..Program::default() };
            check(&program, 1);
        }
    }
}

/// Returns every list of items with so many tasks and blocks nested so deep.
fn lists(tasks: usize, depth: usize) -> Vec<Vec<Item>> {
    if tasks == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for first in 1..=tasks {
        let mut heads = Vec::new();
        if first == 1 {
            heads.push(Item::Task(Task::new(0, Kind::Read)));
        }
        if depth > 0 && first > 1 {
            for body in 1..first {
                for rescue in 0..=first - body {
                    for (body, rescue, always) in parts(body, rescue, first - body - rescue, depth - 1) {
                        heads.push(Item::Block { body, rescue, always });
                    }
                }
            }
        }
        for head in heads {
            for rest in lists(tasks - first, depth) {
                all.push(std::iter::once(head.clone()).chain(rest).collect());
            }
        }
    }
    all
}

fn parts(body: usize, rescue: usize, always: usize, depth: usize) -> Vec<(Vec<Item>, Vec<Item>, Vec<Item>)> {
    let mut all = Vec::new();
    for body in lists(body, depth) {
        for rescue in lists(rescue, depth) {
            for always in lists(always, depth) {
                all.push((body.clone(), rescue.clone(), always));
            }
        }
    }
    all
}

fn count(items: &[Item]) -> usize {
    let mut tasks = 0;
    fill(&mut items.to_vec(), &mut tasks, &|id| Task::new(id, Kind::Read));
    tasks
}

/// Gives each task its number and what `make` makes of it.
fn fill(items: &mut [Item], next: &mut usize, make: &dyn Fn(usize) -> Task) {
    for item in items {
        match item {
            Item::Task(task) => {
                *task = make(*next);
                *next += 1;
            }
            Item::Block { body, rescue, always } => {
                [body, rescue, always].into_iter().for_each(|part| fill(part, next, make));
            }
            Item::Parallel(items) | Item::Include { items, .. } => fill(items, next, make),
            Item::Flush => {}
        }
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

/// Says what the dispatcher costs without any work to do. Run by hand:
/// `cargo test --lib what_a_step_costs -- --ignored --nocapture`
#[test]
#[ignore = "a measurement"]
fn what_a_step_costs() {
    use std::io::Write as _;
    let number = |name: &str, other: usize| std::env::var(name).map_or(other, |text| text.parse().unwrap());
    let (hosts, tasks) = (number("HOSTS", 2000), number("TASKS", 50));
    let plain = |kind| Task { sets: Some(0), ..Task::new(0, kind) };
    let ways = [
        (plain(Kind::Fact), "pure"),
        (plain(Kind::Read), "reading"),
        (plain(Kind::Write), "writing"),
        (Task { once: true, ..plain(Kind::Read) }, "once"),
        (Task { throttle: true, ..plain(Kind::Read) }, "throttled"),
        (Task { other: Some((0, 0)), ..plain(Kind::Read) }, "hostvars"),
    ];
    for (like, what) in ways {
        let items = (0..tasks).map(|id| Item::Task(Task { id, sets: Some(id % 3), ..like.clone() })).collect();
        let program = Program { hosts, forks: 500, items, ..Program::default() };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
        let _inside = runtime.enter();
        let events: Arc<Mutex<Vec<Event>>> = Arc::default();
        let context = context(program.hosts, program.forks, &events);
        let runner = Arc::new(|_: Job| -> crate::module::Boxed<'static, Outcome> {
            Box::pin(async { Outcome::empty(Status::Ok, String::new()) })
        });
        let dir = tempfile::tempdir().unwrap();
        let mut batch = batch(&program, &context, dir.path(), None).with_runner(runner);
        let started = std::time::Instant::now();
        runtime.block_on(batch.dispatch(&CancellationToken::new()));
        let micros = started.elapsed().as_secs_f64() * 1e6 / (hosts * tasks) as f64;
        assert_eq!(batch.unsettled(), 0);
        let _ = writeln!(std::io::stderr(), "{hosts} hosts, {tasks} {what} tasks: {micros:.1} µs per step");
    }
}
