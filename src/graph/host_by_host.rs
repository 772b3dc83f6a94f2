//! Whether hosts go from one play to the next each for itself.
//!
//! Plays follow each other as a whole, as in Ansible: a host that is through waits for the others. Where both plays let
//! hosts run free (`free`, `host_pinned`) and neither writes, nobody can see whether it waits; so it does not. Where one
//! writes, a look at the next host may show what the write on this one has done: there the author has to say that hosts
//! need not wait (`host_by_host: true` on the later play). What concerns several hosts at once keeps them together in any
//! case, and what is known only at run time does too.

use super::{Graph, Node, NodeNames, Work};
use crate::effect::Effect;
use crate::playbook::{Action, Meta, Play, Strategy, Task};
use crate::source::{Diagnostic, Span};
use std::sync::Arc;

/// A play, its graph, and that of its handlers.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The play.
    pub play: &'a Play,
    /// Its tasks.
    pub graph: &'a Graph,
    /// Its handlers, as if they were tasks.
    pub handlers: &'a Graph,
}

/// Why hosts that are through a play wait for the others.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// What keeps them together.
    pub why: String,
    /// Where it is written.
    pub at: Option<Span>,
    /// The author's word (`host_by_host: true`) would do away with it.
    pub may_be_said: bool,
}

impl Obstacle {
    fn new(why: impl Into<String>, at: Option<Span>) -> Obstacle {
        Obstacle { why: why.into(), at, may_be_said: false }
    }

    /// Returns what keeps hosts together, and how that can be helped.
    pub fn words(&self) -> String {
        let help =
            if self.may_be_said { " (`host_by_host: true` on the later play says that they need not)" } else { "" };
        format!("{}{help}", self.why)
    }
}

/// Names that tell which hosts are in a play: they change while hosts of the play before may still fall out of it.
const WHO_IS_IN: [&str; 3] = ["ansible_play_batch", "ansible_play_hosts", "play_hosts"];

/// Claims that it is worth looking closer: hosts may go from play to play each for itself as far as the plays' own
/// keywords say.
pub fn may_go_host_by_host(before: &Play, after: &Play) -> Result<(), Obstacle> {
    if let Some((false, span)) = after.host_by_host {
        return Err(Obstacle::new("`host_by_host: false` says so", Some(span)));
    }
    if after.needs.is_some() && after.host_by_host.is_none() {
        return Err(Obstacle::new("`needs` waits for whole plays", None));
    }
    for play in [before, after] {
        let span = Some(play.span);
        if play.strategy == Strategy::Linear {
            return Err(Obstacle::new("a play runs under `linear`, where hosts go together", span));
        }
        if !play.serial.is_empty() {
            return Err(Obstacle::new("`serial` lets hosts through in batches", span));
        }
        if play.max_fail_percentage.is_some() {
            return Err(Obstacle::new("`max_fail_percentage` may end a play for all hosts", span));
        }
        if play.any_errors_fatal.is_some() {
            return Err(Obstacle::new("`any_errors_fatal` may end a play for all hosts", span));
        }
    }
    if let Some(node) = after.late_vars_files.first() {
        return Err(Obstacle::new("`vars_files` depend on what hosts know when the play begins", Some(node.span)));
    }
    Ok(())
}

/// Says whether a host that is through the first play begins the second while others are not, or what keeps it.
pub fn host_by_host(before: Side<'_>, after: Side<'_>) -> Result<(), Obstacle> {
    may_go_host_by_host(before.play, after.play)?;
    for side in [before, after] {
        for (node, task) in side.tasks() {
            if let Some(why) = concerns_others(task, &node.names) {
                return Err(about(task, why));
            }
        }
    }
    for (node, task) in before.tasks() {
        if let Some(why) = changes_the_next(task, &node.names) {
            return Err(about(task, why));
        }
    }
    for (node, task) in after.tasks() {
        let uses = &node.names.uses;
        let who = WHO_IS_IN.iter().find(|name| uses.own.contains(**name));
        if let Some(name) = who {
            return Err(about(task, &format!("uses `{name}`, which is known when the play before is over")));
        }
        if uses.everything {
            return Err(about(task, "uses names known only at run time"));
        }
    }
    if after.play.host_by_host.is_some() {
        return Ok(());
    }
    let writes = |side: Side<'_>| {
        let mut tasks = side.tasks();
        tasks.find(|(node, _)| node.effect == Effect::Write).map(|(_, task)| Arc::clone(task))
    };
    let looks = |side: Side<'_>| side.tasks().any(|(node, _)| node.effect != Effect::Pure);
    let writer = writes(before).filter(|_| looks(after)).or_else(|| writes(after).filter(|_| looks(before)));
    match writer {
        Some(task) => {
            let why = "writes, and what looks at another host may see it";
            Err(Obstacle { may_be_said: true, ..about(&task, why) })
        }
        None => Ok(()),
    }
}

/// Returns what is wrong with an author's `host_by_host: true` that cannot be done.
pub fn refuse_host_by_host(after: &Play, obstacle: &Obstacle) -> Option<Diagnostic> {
    let (true, span) = after.host_by_host? else { return None };
    let message = format!("hosts cannot go on to this play each for itself: {}", obstacle.why);
    let error = Diagnostic::error("E0704", message).at(span);
    let error = match obstacle.at {
        Some(at) if at != span => error.also(at, "because of this"),
        _ => error,
    };
    Some(error.help("leave `host_by_host` out: the play then begins when the one before it is over for all hosts"))
}

impl<'a> Side<'a> {
    fn tasks(self) -> impl Iterator<Item = (&'a Node, &'a Arc<Task>)> {
        let nodes = self.graph.nodes.iter().chain(&self.handlers.nodes);
        nodes.filter_map(|node| match &node.work {
            Work::Task(task) | Work::Handler(task) => Some((node, task)),
            _ => None,
        })
    }
}

fn about(task: &Task, why: &str) -> Obstacle {
    Obstacle::new(format!("the task `{}` {why}", task.title()), Some(task.span))
}

/// Returns what makes a task one that concerns more hosts than its own.
fn concerns_others(task: &Task, names: &NodeNames) -> Option<&'static str> {
    let settings = &task.settings;
    match task.action {
        Action::IncludeTasks | Action::IncludeRole => return Some("brings tasks that are known only at run time"),
        Action::Meta(Meta::Noop | Meta::FlushHandlers | Meta::EndHost | Meta::EndRole | Meta::ResetConnection) => {}
        Action::Meta(_) => return Some("is about all hosts of its play"),
        Action::Module { module, .. } if module.changes_run => return Some("changes the hosts and groups of the run"),
        Action::Module { module, .. } if module.once => return Some("runs once for all hosts"),
        Action::Module { .. } => {}
    }
    match () {
        () if settings.run_once.is_some() => Some("runs once for all hosts (`run_once`)"),
        () if settings.any_errors_fatal.is_some() => Some("may end the play for all hosts (`any_errors_fatal`)"),
        () if settings.delegate_to.is_some() => Some("works on another host (`delegate_to`)"),
        () if settings.delegate_facts.is_some() => Some("gives facts to another host (`delegate_facts`)"),
        () if names.uses.other_hosts => Some("uses variables of other hosts"),
        () => None,
    }
}

/// Returns what makes a task one whose results decide what the next play is.
fn changes_the_next(task: &Task, names: &NodeNames) -> Option<&'static str> {
    let connection = names.defines.names.iter().any(|name| super::data::is_connection_name(name));
    if connection {
        return Some("sets how hosts are reached");
    }
    let facts = matches!(task.action, Action::Module { module, .. } if module.name.ends_with("facts"));
    (names.defines.everything && !facts).then_some("sets variables whose names are known only at run time")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::graph::{Knowledge, Lowering, lower_handlers, lower_play};
    use crate::playbook::{Loader, load};
    use crate::source::{Diagnostics, SourceMap};
    use crate::vars::{Layer, Origin};

    /// Says what keeps hosts together between two plays, of which the second may have keywords of its own.
    fn kept(first: &str, second: &str, keyword: &str) -> Option<String> {
        let head = "gather_facts: false, strategy: free";
        let text = format!(
            "- {{name: a, hosts: all, {head}, {first}}}\n- {{name: b, hosts: all, {head}, {keyword}{second}}}\n"
        );
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.yml");
        std::fs::write(&path, &text).unwrap();
        let loader = Loader::new(Arc::new(SourceMap::new()), Arc::new(Layer::new(Origin::ExtraVars)));
        let mut found = Diagnostics::new();
        let plays = load(&loader, &path, &mut found);
        assert!(!found.has_errors(), "{text}{:?}", found.iter().collect::<Vec<_>>());
        let knowledge = Knowledge::default();
        let how = Lowering { knowledge: &knowledge, platforms: &[], fail_together: false, flushes: true };
        let graphs: Vec<(Graph, Graph)> = plays
            .iter()
            .map(|play| (lower_play(play, &play.sections, &how, &mut found), lower_handlers(play, &how)))
            .collect();
        let side = |number: usize| Side { play: &plays[number], graph: &graphs[number].0, handlers: &graphs[number].1 };
        host_by_host(side(0), side(1)).err().map(|obstacle| obstacle.words())
    }

    const READ: &str = "tasks: [{command: show, read_only: true}]";
    const WRITE: &str = "tasks: [{name: w, command: set}]";
    const PURE: &str = "tasks: [{debug: {msg: x}}]";

    #[test]
    fn hosts_go_on_where_nobody_can_see_it_or_the_author_says_so() {
        for (first, second) in [(READ, READ), (PURE, WRITE), (WRITE, PURE), (READ, PURE)] {
            assert_eq!(kept(first, second, ""), None, "{first} {second}");
        }
        for (first, second) in [(READ, WRITE), (WRITE, READ), (WRITE, WRITE)] {
            assert!(kept(first, second, "").unwrap().contains("task `w` writes"), "{first} {second}");
            assert_eq!(kept(first, second, "host_by_host: true, "), None, "{first} {second}");
        }
    }

    #[test]
    fn what_concerns_other_hosts_keeps_them_together_whatever_is_said() {
        let task = |task: &str| format!("tasks: [{{name: t, {task}}}]");
        let either = [
            ("command: x, run_once: true", "runs once"),
            ("command: x, delegate_to: other", "works on another host"),
            ("set_fact: {a: 1}, delegate_facts: true, delegate_to: o", "works on another host"),
            ("command: x, any_errors_fatal: true", "end the play for all"),
            ("add_host: {name: x}", "changes the hosts"),
            ("group_by: {key: x}", "changes the hosts"),
            ("pause: {seconds: 1}", "runs once"),
            ("include_tasks: x.yml", "only at run time"),
            ("meta: end_play", "about all hosts"),
            ("meta: clear_host_errors", "about all hosts"),
            ("debug: {msg: \"{{ hostvars['a'].b }}\"}", "variables of other hosts"),
        ];
        for (body, why) in either {
            for (first, second) in [(task(body), READ.to_owned()), (READ.to_owned(), task(body))] {
                let said = kept(&first, &second, "host_by_host: true, ").unwrap_or_default();
                assert!(said.contains(why), "{first} | {second}: {said:?}");
            }
        }
        let first = [
            ("set_fact: {ansible_host: x}", "how hosts are reached"),
            ("include_vars: x.yml", "names are known only at run time"),
        ];
        for (body, why) in first {
            assert!(kept(&task(body), READ, "host_by_host: true, ").unwrap().contains(why), "{body}");
        }
        let second = [
            ("debug: {msg: \"{{ ansible_play_hosts }}\"}", "`ansible_play_hosts`"),
            ("debug: {msg: \"{{ vars[x] }}\"}", "only at run time"),
        ];
        for (body, why) in second {
            assert!(kept(READ, &task(body), "host_by_host: true, ").unwrap().contains(why), "{body}");
            assert_eq!(kept(&task(body), READ, "host_by_host: true, "), None, "{body}");
        }
        let keywords = [
            ("serial: 1", "`serial`"),
            ("max_fail_percentage: 30", "`max_fail_percentage`"),
            ("any_errors_fatal: true", "`any_errors_fatal`"),
        ];
        for (keyword, why) in keywords {
            let with = format!("{keyword}, {READ}");
            assert!(kept(&with, READ, "").unwrap().contains(why), "{keyword} first");
            assert!(kept(READ, &with, "").unwrap().contains(why), "{keyword} second");
        }
        assert!(kept(READ, READ, "host_by_host: false, ").unwrap().contains("says so"));
        assert!(kept(READ, READ, "needs: [a], ").unwrap().contains("whole plays"));
        assert_eq!(kept(READ, READ, "needs: [a], host_by_host: true, "), None);
    }

    #[test]
    fn handlers_are_looked_at_as_well() {
        let notifies = |handler: &str| {
            format!(
                "tasks: [{{command: show, read_only: true, changed_when: true, notify: n}}], \
                 handlers: [{{name: n, {handler}}}]"
            )
        };
        assert!(kept(&notifies("command: restart"), READ, "").unwrap().contains("task `n` writes"));
        assert_eq!(kept(&notifies("debug: {msg: x}"), READ, ""), None);
        assert!(kept(READ, &notifies("command: x, run_once: true"), "").unwrap().contains("runs once"));
    }
}
