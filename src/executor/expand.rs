//! Expansion of the graph in place: what runtime includes bring. What flushes bring is in `handlers`.

use super::batch::Batch;
use super::step::{Included, Inclusion};
use super::tracker::HostIndex;
use crate::event::{FailureReport, Status, StepDone, What};
use crate::failure::FailureKind;
use crate::graph::{Lowering, NodeId, Work, keep_tagged};
use crate::phase::Phases;
use crate::playbook::{Action, Inherited, Item, Meta, RoleExports, RoleUse, Strategy, Task, UseOfRole};
use crate::source::{Diagnostic, Diagnostics, Style, render};
use crate::value::Map;
use crate::vars::{Layer, Origin, Var};
use std::sync::Arc;

/// How deep includes may stand in each other. Files that include themselves until something is there are usual; their
/// rounds are counted in tens.
const MAX_INCLUDES: usize = 250;

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
            Work::Flush => self.expand_handlers(start, end, only, false),
            Work::Task(task) if matches!(task.action, Action::Meta(Meta::FlushHandlers)) => {
                self.expand_handlers(start, end, only, true)
            }
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
        let mut inherited = included_inherits(task, inclusion, &loader, found);
        inherited.uses = self.view.play.role_uses.clone();
        inherited.exports = RoleExports::default();
        let inherited = Arc::new(inherited);
        if found.has_errors() {
            return Vec::new();
        }
        let mut roles = Vec::new();
        let exports = inherited.exports.clone();
        let items = match &inclusion.what {
            Included::File(path) => loader.include_file(path, &inherited, false, found),
            Included::Role { name, how, public } => {
                let of_loop = loop_layer(&inclusion.vars);
                let given = UseOfRole::of_layers(task.vars.iter().skip(task.around.vars.len()).chain(&of_loop));
                let how = &RoleUse { given, ..how.clone() };
                let included = loader.include_role(name, how, *public, inclusion.named_at, &inherited, found);
                let Some((used, items)) = included else {
                    self.view.include_roles(exports.take_named());
                    return Vec::new();
                };
                roles = used;
                items
            }
        };
        // As in Ansible: what an include imports gives to the play what an import of the play itself would.
        inherited.exports.take().iter().for_each(|role| self.view.export(role));
        let imported = inherited.exports.take_read();
        self.view.include_roles(exports.take_named());
        // Handlers of roles that are included, or imported there, are there for the rest of the play.
        for handler in imported.iter().chain(&roles).flat_map(|role| &role.handlers) {
            self.learn_handler(handler);
        }
        items
    }

    /// Lowers items between two nodes for some hosts; returns the node after which the next group comes.
    pub(super) fn grow(
        &mut self,
        from: NodeId,
        end: NodeId,
        items: &[Item],
        handlers: bool,
        hosts: &[HostIndex],
    ) -> Result<NodeId, Diagnostics> {
        let mut found = Diagnostics::new();
        let how = Lowering {
            knowledge: &self.knowledge,
            platforms: &self.platforms,
            fail_together: self.fails_together(),
            flushes: true,
        };
        let (range, last) = self.graph.expand(from, end, items, handlers, &how, &mut found);
        if found.has_errors() {
            return Err(found);
        }
        self.grow_tables();
        let tasks = self.graph.nodes[range.clone()].iter().filter(|node| node.task().is_some()).count();
        self.context.publisher.publish(What::StepsAdded { steps: tasks * hosts.len() });
        self.tracker.add(&self.graph, range, Some(hosts));
        if let Some(edge) = self.graph.node(end).edges.last().cloned() {
            self.tracker.add_edge(end, &edge);
        }
        Ok(last)
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
                phases: Phases::default(),
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
    let mut inherited = match inclusion.apply.as_ref().and_then(|node| node.as_map()) {
        Some(apply) => loader.apply(apply, &task.around, found),
        None => (*task.around).clone(),
    };
    inherited.collections.clone_from(&task.collections);
    inherited.includes += 1;
    if inherited.includes > MAX_INCLUDES {
        let message = format!("includes nest more than {MAX_INCLUDES} deep");
        found.push(Diagnostic::error("E0610", message).at(inclusion.named_at).help("does the file include itself?"));
    }
    let own = task.vars.iter().skip(task.around.vars.len());
    inherited.vars.extend(own.map(|layer| Arc::new(Layer { origin: Origin::IncludeParams, vars: layer.vars.clone() })));
    inherited.vars.extend(loop_layer(&inclusion.vars));
    inherited
}

fn loop_layer(vars: &Map) -> Option<Arc<Layer>> {
    let mut layer = Layer::new(Origin::IncludeParams);
    for (key, value) in vars.iter() {
        layer.vars.insert(key.to_string().into(), Var::Data(value.clone()));
    }
    (!layer.vars.is_empty()).then(|| Arc::new(layer))
}
