//! Loops: `loop`, `with_X` and `loop_control`.

use super::Loop;
use super::load::Loader;
use super::words::conditions;
use crate::source::{Diagnostic, Diagnostics, did_you_mean};
use crate::yaml::{Kind, Mapping, Node};
use std::sync::Arc;

/// What may stand under `loop_control`, and what it means.
pub const LOOP_CONTROL: &[(&str, &str)] = &[
    ("break_when", "Conditions under which no further item follows."),
    ("extended", "Whether `ansible_loop` says where in the list the item stands."),
    ("extended_allitems", "Whether `ansible_loop.allitems` holds the whole list; it does when nobody says."),
    ("index_var", "The variable that holds the number of the item, from 0."),
    ("label", "What is shown of the item."),
    ("loop_var", "The variable that holds the item; `item` when nobody says."),
    (
        "parallel",
        "How many items are at work at once, 1 when nobody says. Results stand in the order of the items; an item does not \
         see what others set.",
    ),
    ("pause", "Seconds between items."),
];

impl Loader {
    /// Reads `loop`, `with_X` and `loop_control` of a task.
    pub(super) fn repeat(&self, map: &Mapping, found: &mut Diagnostics) -> Option<Loop> {
        let mut over: Option<(Option<Arc<str>>, &Node, &Node)> = None;
        for (key, key_node, value) in map.iter() {
            let name = key.to_string();
            let lookup = match name.strip_prefix("with_") {
                Some(lookup) => Some(Arc::<str>::from(plain(lookup))),
                None if name == "loop" => None,
                None => continue,
            };
            check_over(&name, value, found);
            if let Some((_, _, first)) = &over {
                found.push(
                    Diagnostic::error("E0609", "a task has one loop")
                        .at(key_node.span)
                        .also(first.span, "the first loop"),
                );
            } else {
                if let Some(lookup) = &lookup {
                    self.check_lookup(lookup, key_node.span, found);
                }
                over = Some((lookup, value, key_node));
            }
        }
        let control = map.get("loop_control");
        let is_written = over.is_some();
        let Some((lookup, over, _)) = over.filter(|(_, over, _)| !over.is_null()) else {
            if let Some(control) = control.filter(|_| !is_written) {
                found.push(
                    Diagnostic::error("E0609", "`loop_control` without a loop").at(control.span).help("add `loop:`"),
                );
            }
            return None;
        };
        let empty = Mapping::default();
        let fields = match control.map(|node| (node, node.as_map())) {
            None => &empty,
            Some((_, Some(fields))) => fields,
            Some((node, None)) => {
                let message = format!("`loop_control` must be a dictionary, not a {}", node.kind_name());
                found.push(Diagnostic::error("E0606", message).at(node.span));
                &empty
            }
        };
        check_fields(fields, found);
        check_parallel(fields, map, found);
        let text = |key: &str| fields.get(key).and_then(Node::as_str).map(Arc::from);
        Some(Loop {
            lookup,
            over: over.clone(),
            var: text("loop_var").unwrap_or_else(|| "item".into()),
            index_var: text("index_var"),
            label: fields.get("label").cloned(),
            pause: fields.get("pause").cloned(),
            extended: fields.get("extended").cloned(),
            extended_allitems: fields.get("extended_allitems").cloned(),
            break_when: fields.get("break_when").map(conditions).unwrap_or_default(),
            parallel: fields.get("parallel").cloned(),
        })
    }
}

/// Returns the name of a lookup without the collection that has all of them.
fn plain(lookup: &str) -> &str {
    ["ansible.builtin.", "ansible.legacy."].iter().find_map(|own| lookup.strip_prefix(own)).unwrap_or(lookup)
}

/// Says where that what is looped over can be seen to be none. `loop` without a value is no loop.
fn check_over(name: &str, over: &Node, found: &mut Diagnostics) {
    let error = |message: String| Diagnostic::error("E0606", message).at(over.span);
    if name != "loop" && over.is_null() {
        found.push(error(format!("`{name}` needs something to loop over")));
    }
    if name == "loop" && over.is_static() && over.as_seq().is_none() && !over.is_null() {
        let help = match &over.kind {
            Kind::Map(_) => Some("a dictionary becomes a list by `{{ … | dict2items }}`".to_owned()),
            Kind::Str(text) => Some(format!("a variable is written `{{{{ {text} }}}}`")),
            _ => None,
        };
        found.push(error(format!("`loop` needs a list, not a {}", over.kind_name())).maybe_help(help));
    }
}

fn check_fields(fields: &Mapping, found: &mut Diagnostics) {
    let known = || LOOP_CONTROL.iter().map(|(name, _)| *name);
    for (key, key_node, _) in fields.iter() {
        let name = key.to_string();
        if !known().any(|known| known == name) {
            found.push(
                Diagnostic::error("E0602", format!("`loop_control` has no `{name}`"))
                    .at(key_node.span)
                    .maybe_help(did_you_mean(&name, known())),
            );
        }
    }
}

/// Says where items at the same time would have no meaning: what goes from one item to the next, and includes, whose
/// files follow each other.
fn check_parallel(fields: &Mapping, task: &Mapping, found: &mut Diagnostics) {
    let Some((key, node)) = fields.entry("parallel") else { return };
    let number = match &node.kind {
        Kind::Int(number) => Some(*number),
        Kind::Str(text) if node.is_static() => Some(text.trim().parse().unwrap_or(0)),
        Kind::Str(_) => None,
        _ => Some(0),
    };
    if number.is_some_and(|number| number < 1) {
        let message = "`parallel` takes a whole number from 1 on: how many items are at work at once";
        found.push(Diagnostic::error("E0606", message).at(node.span));
    }
    for other in ["pause", "break_when"] {
        if let Some((other_key, _)) = fields.entry(other) {
            let message = format!("`{other}` is about one item after another, `parallel` about items at the same time");
            found.push(Diagnostic::error("E0609", message).at(other_key.span).also(key.span, "items at the same time"));
        }
    }
    let include = |name: &str| matches!(name.rsplit('.').next(), Some("include_tasks" | "include_role"));
    if let Some((_, key_node, _)) = task.iter().find(|(name, _, _)| include(&name.to_string())) {
        let message = "what a loop of includes brings follows each other: `parallel` has no meaning there";
        found.push(
            Diagnostic::error("E0609", message)
                .at(key.span)
                .also(key_node.span, "the include")
                .help("put `parallel` on loops inside of what is included"),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::load;
    use crate::source::{SourceMap, Style, render};
    use crate::vars::{Layer, Origin};

    fn complaints(task: &str) -> String {
        let sources = Arc::new(SourceMap::new());
        let loader = Loader::new(Arc::clone(&sources), Arc::new(Layer::new(Origin::ExtraVars)));
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.yml");
        std::fs::write(&path, format!("- hosts: all\n  tasks:\n    - {task}\n")).unwrap();
        let mut found = Diagnostics::new();
        load(&loader, &path, &mut found);
        found.iter().map(|found| render(found, &sources, Style::Plain)).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn parallel_takes_a_number_and_nothing_that_goes_from_item_to_item() {
        let looped = |control: &str| format!("{{command: 'true', loop: [1], loop_control: {{{control}}}}}");
        for good in ["parallel: 1", "parallel: '8'", "parallel: '{{ n }}'"] {
            assert_eq!(complaints(&looped(good)), "", "{good}");
        }
        for (bad, part) in [
            ("parallel: 0", "from 1 on"),
            ("parallel: -3", "from 1 on"),
            ("parallel: many", "from 1 on"),
            ("parallel: [1]", "from 1 on"),
            ("parallel: null", "from 1 on"),
            ("parallel: 2, pause: 1", "`pause` is about one item after another"),
            ("parallel: 2, break_when: x", "`break_when` is about one item after another"),
            ("paralel: 2", "did you mean `parallel`?"),
        ] {
            let said = complaints(&looped(bad));
            assert!(said.contains(part) && said.contains("p.yml:3:"), "{bad}\n{said}");
        }
        let said = complaints("{include_tasks: x.yml, loop: [1], loop_control: {parallel: 2}}");
        assert!(said.contains("follows each other"), "{said}");
    }
}
