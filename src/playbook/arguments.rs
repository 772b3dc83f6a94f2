//! `meta/argument_specs.yml` of a role: its first task checks the arguments that the role is given.

use super::load::Loader;
use super::role::{Role, part_file};
use crate::source::{Diagnostics, Span};
use crate::vars::Var;
use crate::yaml::{Kind, Mapping, Node};
use std::sync::Arc;

/// Returns the task that checks a role's arguments, as if an author had written it; `None` when the role asks for none at this
/// entry point.
pub(super) fn validation(
    loader: &Loader,
    role: &Role,
    meta: Option<&Node>,
    entry_point: &str,
    named_at: Span,
    found: &mut Diagnostics,
) -> Option<Node> {
    let file = part_file(&role.path.join("meta"), "argument_specs");
    let own = match file {
        Some(file) => loader.read(&file, Some(named_at), found),
        None => meta.cloned(),
    }?;
    let spec = own.as_map()?.get("argument_specs")?.as_map()?.get(entry_point)?;
    let fields = spec.as_map().filter(|fields| !fields.is_empty())?;
    let at = spec.span;
    let text = |text: &str| Node::new(Kind::Unsafe(text.into()), at);
    let map = |entries: Vec<(&str, Node)>| {
        let mut map = Mapping::default();
        for (name, node) in entries {
            map.insert(name.into(), text(name), node);
        }
        Node::new(Kind::Map(Arc::new(map)), at)
    };
    let about = match fields.get("short_description").and_then(Node::as_str) {
        Some(about) => format!(" - {about}"),
        None => String::new(),
    };
    let mut provided = Mapping::default();
    for (name, var) in role.params.iter().flat_map(|layer| &layer.vars) {
        if let Var::Author(node) = var {
            provided.insert((&**name).into(), text(name), node.clone());
        }
    }
    let context = map(vec![
        ("type", text("role")),
        ("name", text(&role.name)),
        ("argument_spec_name", text(entry_point)),
        ("path", text(&crate::source::absolute(&role.path).display().to_string())),
    ]);
    let args = map(vec![
        ("argument_spec", fields.get("options").cloned().unwrap_or_else(|| map(Vec::new()))),
        ("provided_arguments", Node::new(Kind::Map(Arc::new(provided)), at)),
        ("validate_args_context", context),
    ]);
    Some(map(vec![
        ("name", text(&format!("Validating arguments against arg spec '{entry_point}'{about}"))),
        ("ansible.builtin.validate_argument_spec", args),
        ("tags", Node::new(Kind::Seq(vec![text("always")].into()), at)),
    ]))
}
