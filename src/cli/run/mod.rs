//! `netplay run`: from the command line to the exit code of a run.

mod digest;
mod facts;
mod lab;
mod listing;
mod login;
mod options;
mod planning;
mod prompts;
mod records;
mod settings;
mod shard;
mod show;
mod stepping;

pub(super) use login::LoginOptions;
pub(super) use options::{HostKeys, MakeReporter, RunArgs};
pub(super) use planning::plan_all;
pub(super) use records::RecordOptions;
pub(super) use settings::context;

use super::setup::Setup;
use super::{Exit, event_loop, orderly_event_loop, say, say_error, signals};
use crate::event::{Event, What};
use crate::executor::{self, Context, Interrupt};
use crate::graph::{Graph, order_plays};
use crate::playbook::{self, Play};
use crate::report::Tally;
use crate::source::Diagnostics;
use digest::digest;
use lab::{LabPart, with_lab};
use listing::listing;
use planning::limit_leaves_hosts;
use records::Records;
use settings::{build, settings};
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::Duration;

pub(super) fn main(args: RunArgs, colour: Option<bool>) -> Exit {
    let mut setup = Setup::new(&args.hosts, args.playbooks.first().map(PathBuf::as_path), colour);
    let plays = setup.playbooks(&args.playbooks);
    start(args, colour, setup, plays)
}

/// Runs plays that have been read.
pub(super) fn start(mut args: RunArgs, colour: Option<bool>, mut setup: Setup, mut plays: Vec<Arc<Play>>) -> Exit {
    let colour = colour.or_else(|| setup.config.colour());
    if let Err(exit) = setup.show_found() {
        return exit;
    }
    if let Err(message) = args.settle(&setup.config) {
        say_error(&format!("netplay: {message}\n"));
        return Exit::Usage;
    }
    if args.verbose > 0 {
        setup.show_unused_settings();
    }
    if !args.only_looks() && prompts::ask_all(&mut setup) {
        if let Err(exit) = setup.show_found() {
            return exit;
        }
        plays = setup.playbooks(&args.playbooks);
    }
    if let Some(name) = &args.start_at_task {
        match playbook::start_at(&plays, name) {
            Ok(left) => plays = left,
            Err(error) => setup.found.push(error),
        }
        if let Err(exit) = setup.show_found() {
            return exit;
        }
    }
    crate::transport::bound_memory(setup.inventory.hosts_of("all").len());
    // The same number is to give the same order.
    let Ok(runtime) = (if args.seed.is_some() { orderly_event_loop() } else { event_loop() }) else {
        say_error("netplay: cannot start threads\n");
        return Exit::Internal;
    };
    let exit = runtime.block_on(with_lab(args, colour, setup, plays));
    // Whatever still runs then (a name lookup that nobody can interrupt) ends with the process.
    runtime.shutdown_timeout(Duration::from_millis(100));
    exit
}

async fn run(args: RunArgs, colour: Option<bool>, mut setup: Setup, plays: Vec<Arc<Play>>, lab: LabPart) -> Exit {
    let settings = match settings(&args, &lab) {
        Ok(settings) => settings,
        Err(message) => {
            say_error(&format!("netplay: {message}\n"));
            return Exit::Input;
        }
    };
    let tally = Arc::new(Mutex::new(Tally::new()));
    let records = match Records::start(&args, colour) {
        Ok(records) => records,
        Err(message) => {
            say_error(&format!("netplay: {message}\n"));
            return Exit::Input;
        }
    };
    let counted = Arc::clone(&tally);
    let record = records.sender();
    let send = Arc::new(move |event: Event| {
        counted.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).add(&event);
        record(event);
    });
    let exit = {
        let stepper = args.step.then(|| stepping::stepper(&records));
        let context = build(&setup, settings, stepper, send);
        lab.secrets.iter().for_each(|secret| context.publisher.redactor().learn(secret));
        setup.learn_passwords();
        let exit = checked_run(&args, &context, &mut setup, &plays, &tally, &records).await;
        context.pool.close().await;
        exit
    };
    records.end().await;
    exit
}

/// Runs after everything has been checked that can be checked before something is sent.
async fn checked_run(
    args: &RunArgs,
    context: &Arc<Context>,
    setup: &mut Setup,
    plays: &[Arc<Play>],
    tally: &Arc<Mutex<Tally>>,
    records: &Records,
) -> Exit {
    let planned = plan_all(context, plays, setup);
    // The graphs are made again when plays begin; here they show what is wrong with them.
    let graphs: Vec<Graph> = planned.iter().map(|play| executor::graph_of(context, play, &mut setup.found)).collect();
    executor::passages(context, &planned, &mut order_plays(plays, &mut Diagnostics::new()), &mut setup.found);
    if context.settings.shard.is_some() && !args.sharding.shard_anyway {
        executor::check_shards(&planned, &graphs, &mut setup.found);
    }
    drop(graphs);
    if let Err(exit) = setup.show_found() {
        return exit;
    }
    if args.syntax_check {
        return Exit::Ok;
    }
    if args.only_looks() {
        say(&listing(args, setup, &planned));
        return Exit::Ok;
    }
    if let Err(exit) = limit_leaves_hosts(context, setup) {
        return exit;
    }
    let Ok(watch) = signals::Watch::new() else {
        say_error("netplay: cannot listen to signals\n");
        return Exit::Internal;
    };
    let publisher = &context.publisher;
    let begun = records.begin(&args.records);
    publisher.publish(What::RunStarted {
        schema: 1,
        version: env!("CARGO_PKG_VERSION").into(),
        playbooks: args.playbooks.iter().map(|path| publisher.clean(path.display().to_string())).collect(),
        started_at: publisher.clean(jiff::Timestamp::now().to_string()),
        check: args.check,
        run: publisher.clean(&begun.name),
        digest: publisher.clean(digest(args, &planned, &setup.sources)),
        shard: context.settings.shard,
    });
    if let Some(warning) = begun.warning {
        publisher.publish(What::Warning { message: publisher.clean(warning), place: None });
    }
    let interrupt = Interrupt::default();
    super::fetch::end_with(&context.cut);
    watch.begin(signals::Heard {
        interrupt: interrupt.clone(),
        cut: context.cut.clone(),
        publisher: publisher.clone(),
    });
    crate::transport::forget_start(setup.inventory.hosts_of("all").len());
    let end = {
        // On a thread of the loop, and not on this one beside it.
        let (context, plays, interrupt) = (Arc::clone(context), plays.to_vec(), interrupt.clone());
        let run = tokio::spawn(async move { executor::run(&context, &plays, &interrupt).await });
        run.await.unwrap_or_else(|fault| std::panic::resume_unwind(fault.into_panic()))
    };
    watch.end();
    let (end, wrong) = match end {
        Ok(end) => (end, false),
        Err(found) => {
            setup.found.extend(found);
            (executor::RunEnd::default(), true)
        }
    };
    let (recap, code) = {
        let tally = tally.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        (tally.rows(), tally.exit_code())
    };
    let exit = match (wrong, end.interrupted, end.fatal, code) {
        (true, ..) => Exit::Input,
        (_, true, ..) => Exit::Interrupted,
        // As in Ansible: hosts that could not be reached do not matter then.
        _ if end.broken => Exit::Failed,
        (_, _, true, 0) => Exit::Failed,
        (.., code) => Exit::Run(code),
    };
    let elapsed_ms = publisher.elapsed_ms();
    publisher.publish(What::RunEnded { recap, exit_code: exit.code(), elapsed_ms });
    match setup.show_found() {
        Err(exit) => exit,
        Ok(()) => exit,
    }
}
