use super::keyword::KEYWORDS;
use crate::vault::Keyring;
use crate::yaml::{Node, learn_texts};

/// Makes what is secret in encrypted plays or tasks known: variables and arguments of modules. Names, conditions and
/// the other keywords are shown, or nobody could follow the run.
pub(super) fn learn_tasks(node: &Node, keyring: &Keyring) {
    for entry in node.as_seq().into_iter().flatten().filter_map(Node::as_map) {
        for (key, _, value) in entry.iter() {
            match key.as_str().unwrap_or_default() {
                "tasks" | "pre_tasks" | "post_tasks" | "handlers" | "block" | "rescue" | "always" | "parallel" => {
                    learn_tasks(value, keyring);
                }
                "vars" | "environment" | "args" | "module_defaults" => learn_texts(value, keyring),
                name if KEYWORDS.iter().any(|keyword| keyword.name == name) => {}
                _ => learn_texts(value, keyring),
            }
        }
    }
}
