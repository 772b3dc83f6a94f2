//! The ordering rules, shown on small playbooks: each `tests/graph/NAME.yml` has its graph beside it as `NAME.snap`.

use super::*;
use crate::platform::{self, Platform};
use crate::playbook::{Loader, Play, load};
use crate::source::{Diagnostics, SourceMap, Style, render};
use crate::vars::{Layer, Origin};
use std::path::{Path, PathBuf};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/graph")
}

/// A playbook that was read, and its plays' graphs.
struct Case {
    sources: Arc<SourceMap>,
    found: Diagnostics,
    graphs: Vec<PlayGraph>,
}

impl Case {
    fn read(path: &Path, platforms: &[&'static Platform]) -> Case {
        let sources = Arc::new(SourceMap::new());
        let loader = Loader::new(Arc::clone(&sources), Arc::new(Layer::new(Origin::ExtraVars)));
        let mut found = Diagnostics::new();
        let plays = load(&loader, path, &mut found);
        let order = order_plays(&plays, &mut found);
        let mut graph = |play| lower(play, platforms, &mut found);
        let graphs = plays.iter().zip(order).map(|(play, after)| {
            let name = play.name.as_ref().map_or("p".into(), |name| name.to_value().to_text());
            PlayGraph { name, graph: graph(play), after }
        });
        let graphs = graphs.collect();
        Case { sources, found, graphs }
    }

    /// Reads a playbook that stands in the test itself.
    fn of(text: &str) -> Case {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("p.yml");
        std::fs::write(&path, text).unwrap();
        Case::read(&path, &[])
    }

    fn view(&self, format: Format) -> String {
        view(&self.graphs, &self.sources, format).replace(&format!("{}/", folder().display()), "")
    }

    fn complaints(&self) -> String {
        let drawn: Vec<String> = self.found.iter().map(|found| render(found, &self.sources, Style::Plain)).collect();
        drawn.join("\n\n").replace(&format!("{}/", folder().display()), "")
    }
}

fn lower(play: &Arc<Play>, platforms: &[&'static Platform], found: &mut Diagnostics) -> Graph {
    let mut knowledge = Knowledge::default();
    play.vars.iter().chain(&play.role_layers).for_each(|layer| knowledge.learn(layer));
    let fail_together = play.max_fail_percentage.is_some() || play.any_errors_fatal.is_some();
    let how = Lowering { knowledge: &knowledge, platforms, fail_together, flushes: true };
    lower_play(play, &play.sections, &how, found)
}

/// Returns the platforms that the first line of a case names.
fn platforms_of(path: &Path) -> Vec<&'static Platform> {
    let text = std::fs::read_to_string(path).unwrap();
    let named = text.lines().next().and_then(|line| line.strip_prefix("# platforms: "));
    named.into_iter().flat_map(|names| names.split(", ")).map(|name| platform::find(name).unwrap()).collect()
}

fn snapshot(name: &str, shown: String) {
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(folder());
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| insta::assert_snapshot!(name, shown));
}

#[test]
fn playbooks_have_the_graphs_beside_them() {
    let mut paths: Vec<PathBuf> = std::fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_some_and(|extension| extension == "yml"));
    paths.sort();
    assert!(paths.len() > 20, "only {} cases", paths.len());
    for path in paths {
        let case = Case::read(&path, &platforms_of(&path));
        let mut shown = case.complaints();
        if !case.found.has_errors() {
            shown += &case.view(Format::Text);
        }
        snapshot(path.file_stem().unwrap().to_str().unwrap(), shown);
    }
}

/// What a person may write as a name, and what would break out of a label.
const ODD: &str = r##"
- hosts: all
  tasks:
    - {name: 'say "hello" \N', ansible.builtin.stat: {path: /a}, register: a}
    - {name: "two\nlines, `code`, #1; <b>", ansible.builtin.debug: {var: a}}
    - {name: "ends in \\", ansible.builtin.command: "true"}
"##;

#[test]
fn graphs_are_shown_as_mermaid_dot_and_json() {
    let case = Case::of(ODD);
    let place = regex::Regex::new(r#"[^" ]*/p\.yml"#).unwrap();
    let json = case.view(Format::Json);
    assert!(serde_json::from_str::<serde_json::Value>(&json).is_ok());
    let shown = [case.view(Format::Mermaid), case.view(Format::Dot), place.replace_all(&json, "p.yml").into_owned()];
    snapshot("formats", shown.join("\n"));
}

/// Reads the strings of a DOT text as Graphviz does: a quote ends one unless a backslash stands before it.
#[test]
fn every_line_of_dot_has_whole_strings() {
    for line in Case::of(ODD).view(Format::Dot).lines() {
        let mut inside = false;
        let mut chars = line.chars();
        while let Some(c) = chars.next() {
            match c {
                '\\' if inside => {
                    assert!(chars.next().is_some_and(|next| "\\\"n".contains(next)), "{line}");
                }
                '"' => inside = !inside,
                _ => {}
            }
        }
        assert!(!inside, "{line}");
    }
}

#[test]
fn a_circle_of_an_include_leaves_the_graph_as_it_was() {
    let case = Case::of(
        "- hosts: all\n  tasks:\n    - {name: more, ansible.builtin.include_tasks: x.yml}\n    - {name: late, ansible.builtin.command: x}\n",
    );
    let mut graph = case.graphs[0].graph.clone();
    let brought = Case::of("- hosts: all\n  tasks:\n    - {name: inner, ansible.builtin.command: y, needs: [late]}\n");
    assert!(brought.found.has_errors(), "in a play of its own `late` is not known");
    let sources = Arc::new(SourceMap::new());
    let loader = Loader::new(Arc::clone(&sources), Arc::new(Layer::new(Origin::ExtraVars)));
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("x.yml");
    std::fs::write(&path, "- {name: inner, ansible.builtin.command: y, needs: [late]}\n").unwrap();
    let mut found = Diagnostics::new();
    let items = loader.include_file(&path, &Arc::default(), false, &mut found);
    assert!(!found.has_errors() && items.len() == 1);
    let before = format!("{graph:?}");
    let how = Lowering { knowledge: &Knowledge::default(), platforms: &[], fail_together: false, flushes: true };
    graph.expand(NodeId(0), NodeId(1), &items, false, &how, &mut found);
    assert_eq!(found.iter().map(|found| found.code).collect::<Vec<_>>(), ["E0702"]);
    assert_eq!(format!("{graph:?}"), before);
}

/// Names that would break out of XML, several plays, and a line that passes rows.
#[test]
fn a_picture_is_whole_xml_with_every_box_and_reason() {
    let text = ODD.replace("- hosts: all", "- name: \"<one> & \\e\\\"two\\\"\"\n  hosts: all")
        + "- {name: late, hosts: all, tasks: [{name: last, ansible.builtin.command: x}]}\n\
           - {name: beside, hosts: all, needs: []}\n";
    let case = Case::of(&text);
    assert_eq!(case.complaints(), "");
    let svg = case.view(Format::Svg);
    let mut open: Vec<String> = Vec::new();
    let mut rest = svg.as_str();
    while let Some((before, after)) = rest.split_once('<') {
        assert!(before.chars().all(|c| c == '\n' || !c.is_control()), "{before:?}");
        assert!(open.is_empty() || !before.contains('>') || open.last().is_some_and(|tag| tag == "style"), "{before}");
        let (tag, after) = after.split_once('>').expect("every tag ends");
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        match tag.strip_prefix('/') {
            Some(end) => assert_eq!(open.pop().as_deref(), Some(end), "{tag}"),
            None if tag.ends_with('/') => {}
            None => open.push(tag.split(' ').next().unwrap_or_default().to_owned()),
        }
        rest = after;
    }
    assert!(open.is_empty(), "{open:?}");
    for part in [
        "say &quot;hello&quot; \\N",
        "ends in \\",
        "it uses `a`",
        "play late waits for play &lt;one&gt; &amp;",
        "it writes, so everything before it is done first",
    ] {
        assert!(svg.contains(part), "{part}\n{svg}");
    }
    assert_eq!(svg.matches("class=\"frame\"").count(), 3);
    assert_eq!(svg.matches("class=\"line play\"").count(), 1);
}

#[test]
fn why_one_task_waits_for_another_is_said_by_the_edges_between_them() {
    let case = Case::read(&folder().join("explain.yml"), &[]);
    assert_eq!(case.complaints(), "");
    let pairs = [
        ("save", "check"),
        ("look", "check"),
        ("look", "list"),
        ("list", "look"),
        ("check", "look"),
        ("look", "urgent"),
        ("left", "right"),
        ("save", "last"),
        ("save", "beside"),
        ("1.0", "1.3"),
        ("twice", "look"),
        ("look", "look"),
        ("lok", "save"),
        ("9.1", "save"),
    ];
    let mut shown = String::new();
    for (first, second) in pairs {
        let said = explain(&case.graphs, &case.sources, first, second);
        let said = said.unwrap_or_else(|message| format!("error: {message}\n"));
        shown += &format!("--explain {first} {second}\n{said}\n");
    }
    snapshot("explained", shown.replace(&format!("{}/", folder().display()), ""));
}
