//! What the dispatcher itself costs.

use super::super::step::{Job, Outcome};
use super::dispatch::{batch, context};
use super::program::{Item, Kind, Program, Task};
use crate::event::{Event, Status};
use std::sync::{Arc, Mutex};
use tokio_util::sync::CancellationToken;

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
