//! When facts are gathered, where they go, and how they outlive the run.

use super::Context;
use super::item::boolean;
use super::plan::early;
use super::step::VarWrite;
use super::world::{Shelf, World};
use crate::facts::cache::FactCache;
use crate::playbook::{Play, Task};
use crate::source::{Diagnostic, Diagnostics};
use crate::value::Map;
use crate::vars::{Var, Vars};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

/// When plays gather facts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum GatherWhen {
    /// Unless they say `gather_facts: false`.
    #[default]
    Implicit,
    /// If they say `gather_facts: true`.
    Explicit,
    /// As `Implicit`, and only on hosts whose facts are not known yet.
    Smart,
}

/// How facts are dealt with.
#[derive(Clone, Debug)]
pub struct FactSettings {
    /// When plays gather them.
    pub gathering: GatherWhen,
    /// They are variables of their own (`ansible_distribution`), not only in `ansible_facts`.
    pub inject: bool,
    /// Where they are kept beyond the run.
    pub cache: Option<FactCache>,
    /// What is kept there is forgotten first.
    pub flush: bool,
}

impl Default for FactSettings {
    fn default() -> FactSettings {
        FactSettings { gathering: GatherWhen::default(), inject: true, cache: None, flush: false }
    }
}

/// The fact that says that others have been gathered. No template sees it.
pub(super) const GATHERED: &str = "_ansible_facts_gathered";

/// Claims that a fact is for netplay itself.
pub(super) fn is_internal(name: &str) -> bool {
    name.starts_with("_ansible_")
}

/// Returns the name of a fact in `ansible_facts`.
pub(super) fn fact_name(name: &str) -> &str {
    match name {
        "ansible_local" => name,
        _ => name.strip_prefix("ansible_").unwrap_or(name),
    }
}

/// Returns the task that gathers facts, if the play gathers.
pub(super) fn gathering(context: &Context, play: &Play, found: &mut Diagnostics) -> Option<Arc<Task>> {
    let said = match &play.gather.said {
        None => None,
        Some(node) => {
            let value = early(context, play, node, found)?;
            let flag = boolean(&value);
            if flag.is_none() && !node.is_static() {
                found.push(Diagnostic::error("E0606", "`gather_facts` must be true or false").at(node.span));
            }
            Some(flag?)
        }
    };
    let gathers = match context.settings.facts.gathering {
        GatherWhen::Implicit | GatherWhen::Smart => said.unwrap_or(true),
        GatherWhen::Explicit => said == Some(true),
    };
    play.gather.task.clone().filter(|_| gathers)
}

impl Context {
    /// Claims that a host's facts need not be gathered again.
    pub(super) fn knows_facts(&self, host: &str) -> bool {
        self.settings.facts.gathering == GatherWhen::Smart && self.world.host_vars(host).facts.contains_key(GATHERED)
    }
}

impl World {
    /// Keeps facts beyond the run that a step has set.
    pub(super) fn keep_facts(&self, own: &Arc<str>, writes: &[VarWrite]) {
        let Some(keeper) = self.keeper() else { return };
        let mut owners: Vec<&Arc<str>> = Vec::new();
        for write in writes.iter().filter(|write| write.shelf == Shelf::Facts) {
            let owner = write.host.as_ref().unwrap_or(own);
            if !owners.contains(&owner) {
                owners.push(owner);
            }
        }
        for owner in owners {
            keeper.put(owner, &self.host_vars(owner).facts);
        }
    }
}

/// Writes facts to the cache on a thread of its own, in order.
pub(super) struct FactKeeper {
    cache: FactCache,
    jobs: Mutex<Option<Sender<Job>>>,
    thread: Mutex<Option<JoinHandle<Option<String>>>>,
}

/// What is to be done with a host's facts.
enum Job {
    Put(Arc<str>, Map),
    Forget(Arc<str>),
}

impl FactKeeper {
    /// Makes a keeper; its thread begins with the first facts.
    pub(super) fn new(cache: FactCache) -> FactKeeper {
        FactKeeper { cache, jobs: Mutex::default(), thread: Mutex::default() }
    }

    fn put(&self, host: &Arc<str>, facts: &Vars) {
        let data = facts.iter().filter_map(|(name, var)| match var {
            Var::Data(value) => Some((Arc::clone(name), value.clone())),
            Var::Author(_) => None,
        });
        self.send(Job::Put(Arc::clone(host), data.collect()));
    }

    pub(super) fn forget(&self, host: &Arc<str>) {
        self.send(Job::Forget(Arc::clone(host)));
    }

    fn send(&self, job: Job) {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        let sender = jobs.get_or_insert_with(|| {
            let (sender, receiver) = channel();
            let cache = self.cache.clone();
            let thread = std::thread::Builder::new().name("facts".into()).spawn(move || write(&cache, &receiver));
            *self.thread.lock().unwrap_or_else(PoisonError::into_inner) = thread.ok();
            sender
        });
        // Without a thread nothing is kept; that is told at the end.
        let _ = sender.send(job);
    }

    /// Waits until everything is written; returns what went wrong first.
    fn finish(&self) -> Option<String> {
        let was_asked = self.jobs.lock().unwrap_or_else(PoisonError::into_inner).take().is_some();
        match self.thread.lock().unwrap_or_else(PoisonError::into_inner).take() {
            Some(thread) => thread.join().unwrap_or_else(|_| Some("the thread that writes them crashed".into())),
            None => was_asked.then(|| "no thread can be started".into()),
        }
    }
}

/// Does what comes, until nothing more can come; returns the first error.
fn write(cache: &FactCache, jobs: &Receiver<Job>) -> Option<String> {
    let mut first = None;
    for job in jobs {
        let done = match job {
            Job::Put(host, facts) => cache.put(&host, &facts),
            Job::Forget(host) => cache.forget(&host),
        };
        if let Err(error) = done {
            first.get_or_insert_with(|| error.to_string());
        }
    }
    first
}

/// Brings facts of earlier runs back, or forgets them where the run asks for that.
pub(super) async fn recall(context: &Arc<Context>) {
    let Some(cache) = context.settings.facts.cache.clone() else { return };
    let (context, flush) = (Arc::clone(context), context.settings.facts.flush);
    let work = move || {
        let world = &context.world;
        let inventory = world.inventory();
        let implicit = crate::inventory::LOCALHOST.into_iter().map(Arc::from);
        for host in inventory.hosts.keys().cloned().chain(implicit) {
            if flush {
                world.forget_facts(&host);
            } else if let Some(facts) = cache.get(&host) {
                world.change_host(&host, |vars| {
                    let known = facts.into_iter().map(|(name, value)| (name.to_string().into(), Var::Data(value)));
                    vars.facts.extend(known);
                });
            }
        }
    };
    // A crash there leaves the facts unknown, as if there were no cache.
    let _ = tokio::task::spawn_blocking(work).await;
}

/// Waits until the facts of the run are kept; says so when they cannot be.
pub(super) async fn kept(context: &Arc<Context>) {
    let own = Arc::clone(context);
    let wrong = tokio::task::spawn_blocking(move || own.world.keeper().and_then(FactKeeper::finish)).await;
    if let Ok(Some(wrong)) = wrong {
        let folder = context.settings.facts.cache.as_ref().map(|cache| cache.folder.display().to_string());
        context.publisher.warn(&format!("cannot keep facts in `{}`: {wrong}", folder.unwrap_or_default()));
    }
}
