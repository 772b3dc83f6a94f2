//! Expansion of the graph in place: what runtime includes bring, and notified handlers.

use super::batch::Batch;
use super::step::{Included, Inclusion};
use super::tracker::HostIndex;
use super::world::StepScope;
use crate::event::{FailureReport, Status, StepDone, What};
use crate::failure::FailureKind;
use crate::graph::{Lowering, NodeId, Work, keep_tagged};
use crate::playbook::{Inherited, Item, Strategy, Task};
use crate::source::{Diagnostics, Style, render};
use crate::template::Templar;
use crate::value::Map;
use crate::vars::{Layer, Origin, Var};
use std::sync::Arc;

/// How often handlers may notify each other in one flush before that is taken for a circle.
const MAX_FLUSH_ROUNDS: u32 = 100;

/// What several hosts include alike.
struct Group {
    inclusion: Inclusion,
    hosts: Vec<HostIndex>,
}

impl Batch {
    /// The end of an include or a flush: on the first visit what it brings is put before it.
    pub(super) fn end_expansion(&mut self, end: NodeId, host: HostIndex, start: NodeId) {
        // Where hosts go together, all of them have come to the start when the first comes to the end.
        let only = (self.graph.strategy != Strategy::Linear).then_some(host);
        let grown = match self.graph.node(start).work.clone() {
            Work::Flush => self.expand_handlers(start, end, only),
            Work::Task(task) | Work::Handler(task) => self.expand_include(start, end, only, &task),
            Work::Join(_) => false,
        };
        if grown {
            self.tracker.put_back(end, host);
        } else {
            self.pass(end, host);
        }
    }

    fn expand_include(&mut self, start: NodeId, end: NodeId, only: Option<HostIndex>, task: &Arc<Task>) -> bool {
        if !self.expanded.insert((start, only)) {
            return false;
        }
        let mut all = self.inclusions.remove(&start).unwrap_or_default();
        let (mut now, later): (Vec<_>, Vec<_>) =
            all.drain(..).partition(|(host, _)| only.is_none_or(|only| only == *host));
        if !later.is_empty() {
            self.inclusions.insert(start, later);
        }
        now.sort_by_key(|(host, _)| *host);
        let mut from = start;
        let mut grown = false;
        for group in grouped(now) {
            let mut found = Diagnostics::new();
            let items = self.read_inclusion(task, &group.inclusion, &mut found);
            if found.has_errors() {
                self.include_failed(start, task, &group.hosts, &found);
                continue;
            }
            let items = keep_tagged(&items, &self.context.settings.tags);
            if items.is_empty() {
                continue;
            }
            let handlers = matches!(self.graph.node(start).work, Work::Handler(_));
            match self.grow(from, end, &items, handlers, &group.hosts) {
                Ok(last) => {
                    from = last;
                    grown = true;
                }
                Err(found) => self.include_failed(start, task, &group.hosts, &found),
            }
        }
        grown
    }

    /// Reads what is included, with what stands around the include.
    fn read_inclusion(&mut self, task: &Arc<Task>, inclusion: &Inclusion, found: &mut Diagnostics) -> Vec<Item> {
        let loader = Arc::clone(&self.context.loader);
        let inherited = Arc::new(included_inherits(task, inclusion, &loader, found));
        match &inclusion.what {
            Included::File(path) => loader.include_file(path, &inherited, false, found),
            Included::Role { name, how } => {
                let Some((role, items)) = loader.include_role(name, how, inclusion.named_at, &inherited, found) else {
                    return Vec::new();
                };
                // Handlers of an included role are there for the rest of the play.
                self.handlers.extend(role.handlers.iter().cloned());
                items
            }
        }
    }

    /// Lowers items between two nodes for some hosts; returns the node after which the next group comes.
    fn grow(
        &mut self,
        from: NodeId,
        end: NodeId,
        items: &[Item],
        handlers: bool,
        hosts: &[HostIndex],
    ) -> Result<NodeId, Diagnostics> {
        let mut found = Diagnostics::new();
        let how =
            Lowering { knowledge: &self.knowledge, platforms: &self.platforms, fail_together: self.fails_together() };
        let (range, last) = self.graph.expand(from, end, items, handlers, &how, &mut found);
        if found.has_errors() {
            return Err(found);
        }
        self.grow_sections();
        let tasks = self.graph.nodes[range.clone()].iter().filter(|node| node.task().is_some()).count();
        self.context.publisher.publish(What::StepsAdded { steps: tasks * hosts.len() });
        self.tracker.add(&self.graph, range, Some(hosts));
        if let Some(edge) = self.graph.node(end).edges.last().cloned() {
            self.tracker.add_edge(end, &edge);
        }
        Ok(last)
    }

    /// Puts the handlers that were notified before the end of a flush. Who cannot run them here (it is on its way to a
    /// rescue section) keeps them for the next flush.
    fn expand_handlers(&mut self, start: NodeId, end: NodeId, only: Option<HostIndex>) -> bool {
        if self.notified.is_empty() {
            return false;
        }
        let section = self.graph.node(start).section;
        let mut from = start;
        let mut grown = false;
        let waiting: Vec<usize> = self.notified.keys().copied().collect();
        let handlers = self.handler_tasks();
        for index in waiting {
            let (Some(notified), Some(task)) = (self.notified.get(&index), handlers.get(index)) else { continue };
            let here =
                |host: &HostIndex| only.is_none_or(|only| only == *host) && self.tracker.takes_part(start, *host);
            let runs = |host: &HostIndex| self.is_live(section, *host) || self.is_forced(*host);
            let mut take: Vec<HostIndex> = notified.iter().copied().filter(here).filter(runs).collect();
            take.sort_unstable();
            if take.is_empty() {
                continue;
            }
            if let Some(notified) = self.notified.get_mut(&index) {
                notified.retain(|host| take.binary_search(host).is_err());
            }
            let items = [Item::Task(Arc::clone(task))];
            if let Ok(last) = self.grow(from, end, &items, true, &take) {
                from = last;
                grown = true;
            }
        }
        self.notified.retain(|_, hosts| !hosts.is_empty());
        let rounds = self.flush_rounds.entry((start, only)).or_default();
        *rounds += u32::from(grown);
        if *rounds >= MAX_FLUSH_ROUNDS {
            // Handlers that notify each other without end.
            self.notified.values_mut().for_each(|hosts| hosts.retain(|host| only.is_some_and(|only| only != *host)));
            self.notified.retain(|_, hosts| !hosts.is_empty());
        }
        grown
    }

    /// Returns the handlers one by one, in the order in which they run.
    fn handler_tasks(&self) -> Vec<Arc<Task>> {
        let mut tasks = Vec::new();
        for item in &self.handlers {
            item.each_task(&mut |task| tasks.push(Arc::clone(task)));
        }
        tasks
    }

    /// Notes that a host notified handlers by a name.
    pub(super) fn notify(&mut self, name: &str, host: HostIndex, by: Option<&Task>) {
        let mut known = false;
        for (index, handler) in self.handler_tasks().iter().enumerate() {
            if self.answers_to(handler, name, host) {
                self.notified.entry(index).or_default().insert(host);
                known = true;
            }
        }
        if !known {
            let publisher = &self.context.publisher;
            let place = by.map(|task| publisher.clean(self.context.loader.sources.place(task.span)));
            publisher.publish(What::Warning { message: publisher.clean(format!("no handler `{name}`")), place });
        }
    }

    fn answers_to(&self, handler: &Arc<Task>, name: &str, host: HostIndex) -> bool {
        if handler.listen.iter().any(|topic| **topic == *name)
            || handler.title() == name
            || handler.plain_name() == Some(name)
        {
            return true;
        }
        let Some(written) = handler.name.as_ref().filter(|node| !node.is_static()) else { return false };
        let scope = StepScope::new(&self.context.world, &self.hosts[host as usize], Some(&self.view), Some(handler));
        let templar = Templar::new(Arc::new(scope), handler.files.clone(), Arc::clone(&self.context.loader.sources));
        templar.node(written).is_ok_and(|value| value.to_text() == name)
    }

    /// Fails an include on hosts, because what it names cannot be read.
    fn include_failed(&mut self, start: NodeId, task: &Arc<Task>, hosts: &[HostIndex], found: &Diagnostics) {
        let sources = Arc::clone(&self.context.loader.sources);
        let publisher = self.context.publisher.clone();
        let drawn: Vec<String> = found.iter().map(|diagnostic| render(diagnostic, &sources, Style::Plain)).collect();
        let first = found.iter().find(|diagnostic| diagnostic.is_error());
        let message = first.map(|diagnostic| diagnostic.message.clone()).unwrap_or_default();
        let place = first.and_then(|diagnostic| diagnostic.primary.as_ref()).map_or(task.span, |label| label.span);
        let rescued = self.graph.is_rescued(self.graph.node(start).section);
        for host in hosts {
            publisher.publish(What::StepDone(Box::new(StepDone {
                task: self.number(start),
                name: publisher.clean(task.title()),
                host: publisher.clean(&self.hosts[*host as usize]),
                delegated_to: None,
                status: if rescued { Status::Rescued } else { Status::Failed },
                elapsed_ms: 0,
                result: None,
                diff: Vec::new(),
                failure: Some(FailureReport {
                    kind: FailureKind::File,
                    message: publisher.clean(&message),
                    place: publisher.clean(sources.place(place)),
                    help: first.and_then(|diagnostic| diagnostic.help.as_ref()).map(|help| publisher.clean(help)),
                    drawn: publisher.clean(drawn.join("\n\n")),
                }),
                skip_reason: None,
            })));
            self.fail_at(start, *host);
        }
    }
}

/// Brings hosts together that include the same with the same variables, in the order in which they name it.
fn grouped(inclusions: Vec<(HostIndex, Vec<Inclusion>)>) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (host, list) in inclusions {
        let mut from = 0;
        for inclusion in list {
            // A host's own inclusions keep their order: each goes into a group after that of the one before.
            let same = groups.iter().skip(from).position(|group| {
                group.inclusion.what == inclusion.what
                    && group.inclusion.vars == inclusion.vars
                    && !group.hosts.contains(&host)
            });
            match same {
                Some(index) => {
                    groups[from + index].hosts.push(host);
                    from += index + 1;
                }
                None => {
                    groups.push(Group { inclusion, hosts: vec![host] });
                    from = groups.len();
                }
            }
        }
    }
    groups
}

/// Returns what included tasks inherit: what stands around the include, its variables, and what `apply` says.
fn included_inherits(
    task: &Arc<Task>,
    inclusion: &Inclusion,
    loader: &crate::playbook::Loader,
    found: &mut Diagnostics,
) -> Inherited {
    let mut inherited = (*task.around).clone();
    let own = task.vars.iter().skip(inherited.vars.len());
    inherited.vars.extend(own.map(|layer| Arc::new(Layer { origin: Origin::IncludeParams, vars: layer.vars.clone() })));
    if let Some(layer) = loop_layer(&inclusion.vars) {
        inherited.vars.push(layer);
    }
    match inclusion.apply.as_ref().and_then(|node| node.as_map()) {
        Some(apply) => loader.apply(apply, &inherited, found),
        None => inherited,
    }
}

fn loop_layer(vars: &Map) -> Option<Arc<Layer>> {
    let mut layer = Layer::new(Origin::IncludeParams);
    for (key, value) in vars.iter() {
        layer.vars.insert(key.to_string().into(), Var::Data(value.clone()));
    }
    (!layer.vars.is_empty()).then(|| Arc::new(layer))
}
