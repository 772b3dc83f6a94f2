//! Whether what `needs` names can be waited for: looked at over all plays, before there is a graph.

use crate::playbook::{Action, Item, Play, Task};
use crate::source::{Diagnostic, Diagnostics, Span, did_you_mean};
use std::sync::Arc;

/// Complains of names in the `needs` of tasks that nothing can be met for, with what they may have been meant to be.
pub fn check_needs(plays: &[Arc<Play>], found: &mut Diagnostics) {
    for (index, play) in plays.iter().enumerate() {
        let tasks = tasks_of(&play.sections.iter().flatten().collect::<Vec<_>>());
        for task in &tasks {
            for (name, span) in task.needs.iter().flatten() {
                if !tasks.iter().any(|other| is_called(other, name)) {
                    found.push(unknown(plays, index, &tasks, name, *span));
                }
            }
        }
        for handler in tasks_of(&play.handlers.iter().collect::<Vec<_>>()) {
            if let Some((_, span)) = handler.needs.iter().flatten().next() {
                let error = Diagnostic::error("E0705", "a handler cannot say what it needs").at(*span);
                found.push(error.help(
                    "handlers run where they are flushed, in the order in which they stand; \
                     `meta: flush_handlers` says where",
                ));
            }
        }
    }
}

fn tasks_of<'a>(items: &[&'a Item]) -> Vec<&'a Arc<Task>> {
    let mut tasks = Vec::new();
    items.iter().for_each(|item| item.each_task(&mut |task| tasks.push(task)));
    tasks
}

fn is_called(task: &Task, name: &str) -> bool {
    task.plain_name() == Some(name)
}

/// Complains of a name that no task of the play bears.
fn unknown(plays: &[Arc<Play>], index: usize, tasks: &[&Arc<Task>], name: &str, span: Span) -> Diagnostic {
    let play = &plays[index];
    let error = Diagnostic::error("E0701", format!("`needs` names no task `{name}` of this play")).at(span);
    let handlers = tasks_of(&play.handlers.iter().collect::<Vec<_>>());
    let is_handler = |task: &&&Arc<Task>| is_called(task, name) || task.listen.iter().any(|other| **other == *name);
    if let Some(handler) = handlers.iter().find(is_handler) {
        return error.also(handler.span, "this is a handler").help(
            "a handler runs where it is flushed, if it was notified; what comes after `meta: flush_handlers` comes after it",
        );
    }
    if let Some(inside) = play.sections.iter().flatten().find_map(|item| block_called(item, name)) {
        let names: Vec<String> = inside.iter().filter_map(|task| Some(format!("`{}`", task.plain_name()?))).collect();
        return error
            .help(format!("`{name}` is a block; name the tasks in it that must be done: {}", names.join(", ")));
    }
    if let Some(task) = tasks.iter().find(|task| task.title() == name) {
        let short = task.plain_name().unwrap_or_default();
        return error.also(task.span, "this is the task").help(format!("name it without its role: `{short}`"));
    }
    let elsewhere = plays.iter().enumerate().filter(|(other, _)| *other != index).find_map(|(_, other)| {
        let tasks = tasks_of(&other.sections.iter().flatten().chain(&other.handlers).collect::<Vec<_>>());
        tasks.into_iter().find(|task| is_called(task, name))
    });
    if let Some(task) = elsewhere {
        return error
            .also(task.span, "it stands in another play")
            .help("tasks wait for tasks of their own play; plays wait for plays: put `needs` on the play");
    }
    if plays.iter().any(|play| play.name.as_ref().and_then(|name| name.as_str()) == Some(name)) {
        return error.help(format!("`{name}` is a play; put `needs: [{name}]` on the play that has to wait for it"));
    }
    let suggestion = did_you_mean(name, tasks.iter().filter_map(|task| task.plain_name()));
    let brings = tasks.iter().find(|task| matches!(task.action, Action::IncludeTasks | Action::IncludeRole));
    match (suggestion, brings) {
        (Some(suggestion), _) => error.help(suggestion),
        (None, Some(include)) => error
            .also(include.span, "what this brings is known only at run time")
            .help("give the include a name and need that: it is done when all that it brings is"),
        (None, None) => error,
    }
}

/// Returns the tasks of the block of a name, if it is in the item.
fn block_called<'a>(item: &'a Item, name: &str) -> Option<Vec<&'a Arc<Task>>> {
    let block = match item {
        Item::Block(block) => block,
        Item::Role(used) => return used.items.iter().find_map(|item| block_called(item, name)),
        Item::Task(_) => return None,
    };
    if block.name.as_ref().and_then(|name| name.as_str()) == Some(name) {
        return Some(tasks_of(&[item]));
    }
    block.body.iter().chain(&block.rescue).chain(&block.always).find_map(|item| block_called(item, name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::{Loader, load};
    use crate::source::{SourceMap, Style, render};
    use crate::vars::{Layer, Origin};

    fn complaints(text: &str) -> String {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.yml");
        std::fs::write(&path, text).unwrap();
        let sources = Arc::new(SourceMap::new());
        let loader = Loader::new(Arc::clone(&sources), Arc::new(Layer::new(Origin::ExtraVars)));
        let mut found = Diagnostics::new();
        let plays = load(&loader, &path, &mut found);
        check_needs(&plays, &mut found);
        found.iter().map(|found| render(found, &sources, Style::Plain)).collect::<Vec<_>>().join("\n")
    }

    /// A play whose first task needs something, among other tasks and keywords.
    fn needing(name: &str, tasks: &str, rest: &str) -> String {
        complaints(&format!(
            "- name: one\n  hosts: all\n  gather_facts: false\n  tasks:\n  \
               - {{name: a, command: x, needs: [{name}]}}\n{tasks}{rest}"
        ))
    }

    #[test]
    fn what_can_be_needed_is_taken() {
        for tasks in [
            "  - {name: b, command: x}\n",
            "  - block: [{name: b, command: x}]\n    rescue: [{name: c, command: x}]\n",
            "  - parallel: [{name: b, command: x}, {name: c, command: x}]\n",
            "  - {name: b, include_tasks: x.yml}\n",
            "  - {name: b, command: x, loop: [1, 2]}\n",
        ] {
            assert_eq!(needing("b", tasks, ""), "", "{tasks}");
        }
    }

    #[test]
    fn what_cannot_is_shown_with_what_it_is() {
        let other = "- {name: two, hosts: all, gather_facts: false, tasks: [{name: b, command: x}]}\n";
        let cases = [
            ("bb", "  - {name: b, command: x}\n", "", vec!["E0701", "p.yml:5:35", "did you mean `b`"]),
            ("b", "", "  handlers: [{name: b, command: x}]\n", vec!["this is a handler", "flush_handlers"]),
            ("n", "", "  handlers: [{name: b, listen: n, command: x}]\n", vec!["this is a handler"]),
            (
                "b",
                "  - name: b\n    block: [{name: c, command: x}, {name: d, command: x}]\n    rescue: [{command: x}]\n",
                "",
                vec!["`b` is a block", "`c`, `d`"],
            ),
            ("b", "", other, vec!["it stands in another play", "6 |", "put `needs` on the play"]),
            ("two", "", other, vec!["`two` is a play"]),
            ("zzz", "  - {name: i, include_tasks: x.yml}\n", "", vec!["known only at run time", "6 |"]),
        ];
        for (name, tasks, rest, said) in cases {
            let text = needing(name, tasks, rest);
            for part in said {
                assert!(text.contains(part), "{name} {tasks}{rest}\n{text}");
            }
        }
        let handler = "- hosts: all\n  gather_facts: false\n  tasks: [{name: a, command: x}]\n  \
                       handlers: [{name: h, command: x, needs: [a]}]\n";
        assert!(complaints(handler).contains("E0705"), "{}", complaints(handler));
    }
}
