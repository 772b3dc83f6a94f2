//! `verify:` of a task that changes a device's configuration with `confirm_within`.
//!
//! The task becomes a block, so that the graph, the executor and the reporters know nothing new:
//!
//! ```yaml
//! - block:
//!     - cli_config: {…, confirm_within: 2m}      # the device takes it back by itself unless it is confirmed
//!       register: change
//!     - when: change.confirm.pending
//!       ignore_errors: false                     # whatever holds for the play
//!       ignore_unreachable: false
//!       block:
//!         - meta: reset_connection               # verified over a fresh connection
//!         - …                                    # the tasks of `verify`
//!         - cli_confirm: {change: …}             # keeps it
//!   rescue:
//!     - cli_confirm: {state: cancelled, …}       # takes it back at once
//!     - fail: …
//! ```
//!
//! When netplay is killed, or the host cannot be reached any more, nothing confirms, and the device's own timer takes the
//! change back.

use crate::module;
use crate::source::{Diagnostic, Diagnostics, Span};
use crate::yaml::{Kind, Mapping, Node};
use std::sync::Arc;

/// Keywords that hold for the whole block; all others stay on the task.
const OF_THE_BLOCK: &[&str] = &[
    "become",
    "become_exe",
    "become_flags",
    "become_method",
    "become_user",
    "connection",
    "delegate_to",
    "diff",
    "no_log",
    "port",
    "remote_user",
    "tags",
    "timeout",
    "vars",
    "when",
];

/// Keywords that cannot be combined with `verify`, and why.
const REFUSED: &[(&str, &str)] = &[
    ("async", "a change in the background is not there yet when it is verified"),
    ("ignore_errors", "a failed verification would be ignored, and the change kept"),
    ("loop", "each change has a verification of its own: include a file of tasks in a loop"),
    ("until", "a change that is repeated cannot be confirmed once"),
];

/// Returns the block that a task with `verify` stands for; `None` when something is wrong with it.
pub(super) fn block_of(node: &Node, map: &Mapping, found: &mut Diagnostics) -> Option<Node> {
    let (verify_key, verify) = map.entry("verify")?;
    let at = verify_key.span;
    let mut is_wrong = false;
    let mut wrong = |diagnostic: Diagnostic| {
        is_wrong = true;
        found.push(diagnostic);
    };
    for (key, key_node, _) in map.iter() {
        let name = key.to_string();
        let refused = REFUSED.iter().find(|(word, _)| *word == name || (*word == "loop" && name.starts_with("with_")));
        if let Some((_, why)) = refused {
            wrong(
                Diagnostic::error("E0613", format!("`{name}` and `verify` exclude each other"))
                    .at(key_node.span)
                    .help(*why),
            );
        }
    }
    let confirm = confirming(map);
    if confirm.is_none() {
        wrong(
            Diagnostic::error("E0613", "`verify` needs a change that the device takes back by itself")
                .at(at)
                .help("it belongs to `cli_config` (and its other names) and `netconf_config` with `confirm_within`"),
        );
    }
    if verify.as_seq().is_none_or(<[Node]>::is_empty) {
        wrong(
            Diagnostic::error("E0613", "`verify` is a list of tasks")
                .at(verify.span)
                .help("a change that nothing verifies needs no `verify`: confirm it with `cli_confirm`"),
        );
    }
    if is_wrong {
        return None;
    }
    Some(Writer { at, confirm: confirm? }.block(node, map, verify))
}

/// Modules that change a configuration, and those that keep such a change.
const CONFIRMED_BY: &[(&str, &str)] =
    &[("cli_config", "cli_confirm"), ("napalm_install_config", "cli_confirm"), ("netconf_config", "netconf_confirm")];

/// Returns the module that keeps what the task changes with `confirm_within`; `None` when it changes nothing so.
fn confirming(map: &Mapping) -> Option<&'static str> {
    map.iter().find_map(|(key, _, value)| {
        let (module, _) = module::find(&key.to_string())?;
        let (_, confirm) = CONFIRMED_BY.iter().find(|(changes, _)| *changes == module.name)?;
        let mut args = [Some(value), map.get("args")].into_iter().flatten().filter_map(Node::as_map);
        args.any(|args| args.get("confirm_within").is_some()).then_some(*confirm)
    })
}

/// Writes nodes as if the author had: all of them stand where `verify` stands.
struct Writer {
    at: Span,
    /// The module that keeps the change.
    confirm: &'static str,
}

impl Writer {
    fn block(&self, node: &Node, map: &Mapping, verify: &Node) -> Node {
        let mut outer = Mapping::default();
        let mut task = Mapping::default();
        for (key, key_node, value) in map.iter() {
            match key.to_string().as_str() {
                "verify" => {}
                name if OF_THE_BLOCK.contains(&name) => {
                    drop(outer.insert(key.clone(), key_node.clone(), value.clone()))
                }
                _ => drop(task.insert(key.clone(), key_node.clone(), value.clone())),
            }
        }
        let register = match map.get("register").and_then(Node::as_str) {
            Some(register) => register.to_owned(),
            None => {
                // One change a file and place: no two tasks share it.
                let register = format!("netplay_change_{}_{}", self.at.source.0, self.at.start);
                self.put(&mut task, "register", self.text(&register));
                register
            }
        };
        let change = format!("{{{{ {register}.confirm | default({{}}) }}}}");
        let mut tasks = vec![self.task([("meta", self.text("reset_connection"))])];
        tasks.extend(verify.as_seq().unwrap_or_default().iter().cloned());
        tasks.push(self.task([
            ("name", self.text("keep the change")),
            (self.confirm, self.task([("change", self.text(&change))])),
        ]));
        let pending = format!("{register}.confirm.pending | default(false)");
        // What holds for the play must not let a failed verification pass.
        let never = || Node::new(Kind::Bool(false), self.at);
        let verified = self.task([
            ("when", self.text(&pending)),
            ("ignore_errors", never()),
            ("ignore_unreachable", never()),
            ("block", self.list(tasks)),
        ]);
        let cancel = [("state", self.text("cancelled")), ("change", self.text(&change))];
        let rescue = vec![
            self.task([("name", self.text("take the change back")), (self.confirm, self.task(cancel))]),
            self.task([
                ("name", self.text("the change is not in")),
                ("fail", self.task([("msg", self.text(&message(&register)))])),
            ]),
        ];
        let task = Node { kind: Kind::Map(Arc::new(task)), ..node.clone() };
        self.put(&mut outer, "block", self.list(vec![task, verified]));
        self.put(&mut outer, "rescue", self.list(rescue));
        Node { kind: Kind::Map(Arc::new(outer)), ..node.clone() }
    }

    fn text(&self, text: &str) -> Node {
        Node::new(Kind::Str(text.into()), self.at)
    }

    fn list(&self, items: Vec<Node>) -> Node {
        Node::new(Kind::Seq(Arc::new(items)), self.at)
    }

    fn task<const N: usize>(&self, entries: [(&str, Node); N]) -> Node {
        let mut map = Mapping::default();
        entries.into_iter().for_each(|(key, value)| self.put(&mut map, key, value));
        Node::new(Kind::Map(Arc::new(map)), self.at)
    }

    fn put(&self, map: &mut Mapping, key: &str, value: Node) {
        map.insert(key.into(), self.text(key), value);
    }
}

/// Returns the message of a change that did not stay: what failed, and whether anything was taken back.
fn message(register: &str) -> String {
    format!(
        "{{{{ ('the device takes the change back when its time is over: ' if {register}.confirm.only_time | default(false) \
         else 'the change was taken back: ') if {register}.confirm.pending | default(false) else '' }}}}\
         {{{{ ansible_failed_result.msg | default('a task of `verify` failed') }}}}"
    )
}
