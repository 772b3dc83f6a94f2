//! Sources that are the configuration of an inventory plugin: YAML with the key `plugin`.
//!
//! One row a plugin. What only Python can do is refused, with a way around.

use super::builder::Builder;
use super::{constructed, generator};
use crate::source::{Diagnostic, did_you_mean};
use crate::yaml::{Mapping, Node};

/// A plugin that reads its configuration from a source.
struct Plugin {
    /// Its short name; with `ansible.builtin.` before it, it is known too.
    name: &'static str,
    /// The options that it takes.
    options: &'static [&'static str],
    read: fn(&mut Builder<'_>, &Mapping),
}

/// Every plugin. Sorted by name.
static PLUGINS: &[Plugin] = &[
    Plugin { name: "constructed", options: constructed::OPTIONS, read: constructed::read },
    Plugin { name: "generator", options: &["hosts", "layers"], read: generator::read },
];

/// Formats that have no configuration: their sources are inventories themselves.
const FORMATS: [&str; 7] = ["advanced_host_list", "auto", "host_list", "ini", "script", "toml", "yaml"];

/// Reads a source that names a plugin.
pub(super) fn read(builder: &mut Builder<'_>, root: &Mapping, key: &Node, plugin: &Node) {
    let name = plugin.as_str().unwrap_or("?");
    let short = name.strip_prefix("ansible.builtin.").unwrap_or(name);
    let Some(known) = PLUGINS.iter().find(|known| known.name == short) else {
        return builder.found.push(unknown(name, short).at(key.span.to(plugin.span)));
    };
    if !builder.options.enables(short) {
        let message = format!("the inventory plugin `{short}` is not enabled");
        return builder.found.push(Diagnostic::error("E0403", message).at(key.span.to(plugin.span)));
    }
    for (option, key, _) in root.iter().filter(|(option, _, _)| option.as_str() != Some("plugin")) {
        let option = option.to_string();
        if !known.options.contains(&&*option) {
            builder.found.push(
                Diagnostic::error("E0406", format!("the inventory plugin `{short}` has no option `{option}`"))
                    .at(key.span)
                    .maybe_help(did_you_mean(&option, known.options.iter().copied())),
            );
        }
    }
    (known.read)(builder, root);
}

fn unknown(name: &str, short: &str) -> Diagnostic {
    if FORMATS.contains(&short) {
        return Diagnostic::error("E0403", format!("the inventory plugin `{name}` takes no configuration"))
            .help("name the inventory itself as the source");
    }
    let known: Vec<String> = PLUGINS.iter().map(|plugin| format!("`{}`", plugin.name)).collect();
    let message = format!("the inventory plugin `{name}` is not part of netplay; it has {}", known.join(" and "));
    Diagnostic::error("E0403", message)
        .maybe_help(did_you_mean(short, PLUGINS.iter().map(|plugin| plugin.name)))
        .help("plugins in Python do not run: save what `ansible-inventory --list --export` prints, or write a script that prints it, and use that as the inventory")
}
