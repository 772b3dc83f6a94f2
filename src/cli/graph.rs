//! `netplay graph`: the task graph of playbooks.

use super::run::{context, plan_all};
use super::setup::{InventoryOptions, Setup};
use super::{Exit, event_loop, say, say_error};
use crate::executor::{graph_of, passages, play_name};
use crate::graph::{Format, PlayGraph, TagFilter, explain, order_plays, view};
use crate::source::Diagnostics;
use clap::{Args, ValueEnum};
use std::path::PathBuf;
use std::sync::Arc;

/// Options of `netplay graph`.
#[derive(Args)]
pub(super) struct GraphArgs {
    /// The playbooks
    #[arg(required = true, value_name = "PLAYBOOK")]
    playbooks: Vec<PathBuf>,

    #[command(flatten)]
    hosts: InventoryOptions,

    /// How to write it
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: GraphFormat,

    /// Say why the second task waits for the first, or why not: names of tasks, or their numbers
    #[arg(long, num_args = 2, value_names = ["FIRST", "SECOND"], conflicts_with = "format")]
    explain: Option<Vec<String>>,

    /// Only tasks with these tags
    #[arg(short, long, value_delimiter = ',')]
    tags: Vec<String>,

    /// No tasks with these tags
    #[arg(long, value_delimiter = ',')]
    skip_tags: Vec<String>,
}

#[derive(Clone, Copy, ValueEnum)]
enum GraphFormat {
    Text,
    Mermaid,
    Dot,
    Json,
    Svg,
}

pub(super) fn main(args: GraphArgs, colour: Option<bool>) -> Exit {
    let mut setup = Setup::new(&args.hosts, args.playbooks.first().map(PathBuf::as_path), colour);
    let plays = setup.playbooks(&args.playbooks);
    if let Err(exit) = setup.show_found() {
        return exit;
    }
    let Ok(runtime) = event_loop() else {
        say_error("netplay: cannot start threads\n");
        return Exit::Internal;
    };
    let _inside = runtime.enter();
    let tags = TagFilter { only: args.tags.into_iter().collect(), skip: args.skip_tags.into_iter().collect() };
    let context = context(&setup, tags, args.hosts.limit.clone(), Arc::new(|_| {}));
    let planned = plan_all(&context, &plays, &mut setup);
    let mut graphs = Vec::new();
    let mut order = order_plays(&plays, &mut Diagnostics::new());
    passages(&context, &planned, &mut order, &mut setup.found);
    for (play, after) in planned.iter().zip(order) {
        let graph = graph_of(&context, play, &mut setup.found);
        let name = format!("{} ({} hosts)", play_name(&play.play), play.hosts.len());
        graphs.push(PlayGraph { name, graph, after });
    }
    if let Err(exit) = setup.show_found() {
        return exit;
    }
    if let Some([first, second]) = args.explain.as_deref() {
        return match explain(&graphs, &setup.sources, first, second) {
            Ok(text) => {
                say(&text);
                Exit::Ok
            }
            Err(message) => {
                say_error(&format!("netplay: --explain: {message}\n"));
                Exit::Usage
            }
        };
    }
    let format = match args.format {
        GraphFormat::Text => Format::Text,
        GraphFormat::Mermaid => Format::Mermaid,
        GraphFormat::Dot => Format::Dot,
        GraphFormat::Json => Format::Json,
        GraphFormat::Svg => Format::Svg,
    };
    say(&view(&graphs, &setup.sources, format));
    Exit::Ok
}
