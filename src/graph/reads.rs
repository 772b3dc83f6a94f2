//! Which registered results anything of a run may read. The others are told in events and kept by nobody.

use super::Knowledge;
use crate::playbook::{Action, Play, Task};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The names that may be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reads {
    /// Any, as far as anybody can know.
    Anything,
    /// These.
    Names(BTreeSet<Arc<str>>),
}

/// What modules and connections ask for by name begins like this.
const ASKED_FOR: [&str; 3] = ["ansible_", "netplay_", "textfsm_"];

impl Reads {
    /// Returns what the tasks of plays read. `knowledge` is of all variables outside of the plays.
    pub fn of(plays: &[Arc<Play>], knowledge: &Knowledge) -> Reads {
        let mut names = BTreeSet::new();
        for play in plays {
            // Such files come when hosts are known; what they hold may use anything.
            if !play.late_vars_files.is_empty() {
                return Reads::Anything;
            }
            let items = || play.sections.iter().flatten().chain(&play.handlers);
            let mut knowledge = knowledge.clone();
            play.vars.iter().chain(&play.role_layers).for_each(|layer| knowledge.learn(layer));
            for item in items() {
                item.each_task(&mut |task| task.vars.iter().for_each(|layer| knowledge.learn(layer)));
            }
            let settings = knowledge.used_by_settings();
            let mut anything = settings.everything || settings.other_hosts;
            names.extend(settings.own);
            for item in items() {
                item.each_task(&mut |task| {
                    if anything || reads_anything(task) {
                        anything = true;
                        return;
                    }
                    let uses = knowledge.of_task(task).uses;
                    anything |= uses.everything || uses.other_hosts;
                    names.extend(uses.own);
                });
            }
            if anything {
                return Reads::Anything;
            }
        }
        Reads::Names(names)
    }

    /// Claims that a name may be read.
    pub fn may_read(&self, name: &str) -> bool {
        match self {
            Reads::Anything => true,
            Reads::Names(names) => names.contains(name) || ASKED_FOR.iter().any(|begin| name.starts_with(begin)),
        }
    }
}

/// Claims that a task may read variables whose names do not stand in it: what it brings is known only at run time, or it
/// asks for variables by names that are data.
fn reads_anything(task: &Task) -> bool {
    match task.action {
        Action::IncludeTasks | Action::IncludeRole => true,
        Action::Module { module, .. } => matches!(module.name, "include_vars" | "validate_argument_spec"),
        Action::Meta(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::{Loader, load};
    use crate::source::{Diagnostics, SourceMap};
    use crate::vars::{Layer, Origin};

    fn reads(text: &str) -> Reads {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.yml");
        std::fs::write(&path, text).unwrap();
        std::fs::write(dir.path().join("t.j2"), "{{ in_template }}").unwrap();
        let loader = Loader::new(Arc::new(SourceMap::new()), Arc::new(Layer::new(Origin::ExtraVars)));
        let mut found = Diagnostics::new();
        let plays = load(&loader, &path, &mut found);
        assert!(!found.has_errors(), "{text}{:?}", found.iter().collect::<Vec<_>>());
        Reads::of(&plays, &Knowledge::default())
    }

    fn of_task(task: &str) -> Reads {
        reads(&format!("- {{hosts: all, gather_facts: false, tasks: [{{command: x, register: r}}, {{{task}}}]}}\n"))
    }

    #[test]
    fn what_is_read_anywhere_is_known() {
        let readers = [
            "debug: {var: r}",
            "debug: {msg: '{{ r.stdout }}'}",
            "command: 'x {{ r }}'",
            "command: x, when: r is changed",
            "command: x, loop: '{{ r.results }}'",
            "command: x, changed_when: r.rc",
            "command: x, environment: {A: '{{ r }}'}",
            "command: x, vars: {a: '{{ r }}'}, args: {chdir: '{{ a }}'}",
            "command: x, delegate_to: '{{ r.host }}'",
            "command: x, module_defaults: {command: {chdir: '{{ r }}'}}",
            "name: 'of {{ r }}', command: x",
            "command: x, throttle: '{{ r }}'",
        ];
        for reader in readers {
            assert!(of_task(reader).may_read("r"), "{reader}");
        }
        for other in ["debug: {msg: 'r'}", "command: x, register: r", "command: x, vars: {a: '{{ r }}'}"] {
            assert!(!of_task(other).may_read("r"), "{other}");
        }
        assert!(of_task("template: {src: t.j2, dest: /x}").may_read("in_template"));
        assert!(of_task("command: x").may_read("ansible_host"), "what connections ask for stays");
    }

    #[test]
    fn what_cannot_be_known_reads_anything() {
        let readers = [
            "debug: {msg: '{{ vars[a] }}'}",
            "debug: {msg: \"{{ hostvars['h'] }}\"}",
            "debug: {msg: \"{{ lookup('vars', a) }}\"}",
            "include_tasks: x.yml",
            "include_vars: x.yml",
            "template: {src: '{{ a }}', dest: /x}",
        ];
        for reader in readers {
            assert_eq!(of_task(reader), Reads::Anything, "{reader}");
        }
        let late = "- {hosts: all, vars_files: ['{{ inventory_hostname }}.yml'], tasks: [{command: x}]}\n";
        assert_eq!(reads(late), Reads::Anything);
    }

    #[test]
    fn a_later_play_and_its_handlers_and_variables_read_as_well() {
        let first = "- {hosts: all, gather_facts: false, tasks: [{command: x, register: r}]}\n";
        let then = [
            "- {hosts: all, gather_facts: false, tasks: [{debug: {var: r}}]}\n",
            "- {hosts: all, gather_facts: false, tasks: [], handlers: [{name: n, debug: {var: r}}]}\n",
            "- {hosts: all, gather_facts: false, vars: {a: '{{ r }}'}, tasks: [{debug: {var: a}}]}\n",
            "- {hosts: all, gather_facts: false, vars: {netplay_max_commands: '{{ r }}'}, tasks: [{command: x}]}\n",
        ];
        for then in then {
            assert!(reads(&format!("{first}{then}")).may_read("r"), "{then}");
        }
        assert!(!reads(first).may_read("r"));
    }
}
