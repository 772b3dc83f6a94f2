//! What authors read when something is wrong, and where it points.

use super::recorded::Fixed;
use super::{FileOptions, Templar, check, check_condition, check_expression, check_file, names, names_of_expression};
use crate::failure::Failure;
use crate::source::{Diagnostics, SearchPath, Source, SourceMap};
use crate::value::Value;
use crate::vars::{Scope, Var};
use crate::yaml::{self, Node};
use std::collections::BTreeMap;
use std::sync::Arc;

struct Written {
    sources: Arc<SourceMap>,
    node: Node,
}

fn written(text: &str) -> Written {
    let sources = Arc::new(SourceMap::new());
    let id = sources.add(Source::new("site.yml", None, text));
    let mut found = Diagnostics::new();
    let node = yaml::parse(id, &sources, &mut found);
    let node = node.unwrap_or_else(|| panic!("{found:?}"));
    Written { sources, node }
}

impl Written {
    /// Returns a templar whose variables are the entries of `vars`.
    fn templar(&self) -> Templar {
        let mut vars: BTreeMap<Arc<str>, Var> = BTreeMap::new();
        for (key, _, value) in self.node.get("vars").as_map().unwrap().iter() {
            vars.insert(key.as_str().unwrap().into(), Var::Author(value.clone()));
        }
        let scope: Arc<dyn Scope> = Arc::new(Fixed { vars, hosts: BTreeMap::new() });
        Templar::new(scope, SearchPath::default(), Arc::clone(&self.sources))
    }

    /// Returns message, marked text and help.
    fn shown(&self, failure: &Failure) -> (String, String, String) {
        let marked = failure.place.map_or(String::new(), |span| self.sources.get(span.source).slice(span).to_owned());
        let help = failure.help.as_ref().map_or(String::new(), |help| help.expose().to_owned());
        (failure.message.expose().to_owned(), marked, help)
    }
}

/// `node.get("key")` of a mapping, for tests.
trait Entry {
    fn get(&self, key: &str) -> &Node;
}

impl Entry for Node {
    fn get(&self, key: &str) -> &Node {
        self.as_map().and_then(|map| map.get(key)).unwrap_or_else(|| panic!("no `{key}`"))
    }
}

const VARS: &str = "vars:
  interface: {name: eth0, mtu: 1500, 'up time': 3}
  list: [1, 2]
  text: abc
  number: 5
  broken: \"a {{ interfce.name }}\"
  deep: {one: {two: \"{{ number }}\"}}
";

#[test]
fn failures_name_the_place_and_the_nearest_name() {
    let cases = [
        ("{{ interfac.name }}", "`interfac` is undefined", "interfac", "did you mean `interface`?"),
        ("{{ interface.nam }}", "`interface.nam` is undefined", "interface.nam", "did you mean `name`?"),
        (
            "x {{ interface.zzz.y + 1 }}",
            "`interface.zzz` is undefined",
            "interface.zzz",
            "`interface` has `name`, `mtu`, `up time`",
        ),
        ("{{ deep.one.tow }}", "`deep.one.tow` is undefined", "deep.one.tow", "did you mean `two`?"),
        ("{{ list[7] }}", "`list[7]` is undefined", "list[7]", "`list` is a list of 2 items, counted from 0"),
        ("{{ text.size }}", "`text.size` is undefined", "text.size", "`text` is a str"),
        ("{{ number + txt }}", "`txt` is undefined", "txt", "did you mean `text`?"),
        ("{% if nmber > 3 %}x{% endif %}", "`nmber` is undefined", "nmber", "did you mean `number`?"),
        ("{% for i in lst %}x{% endfor %}", "`lst` is undefined", "lst", "did you mean `list`?"),
        ("{% for i in list %}{{ i.name }}{% endfor %}", "`i.name` is undefined", "i.name", ""),
        ("{{ broken | upper }}", "`interfce` is undefined", "interfce", "did you mean `interface`?"),
        ("{{ number + 'a' }}", "unsupported operand types for `+`: int and str", "number + 'a'", ""),
        ("{{ number < 'a' }}", "`<` cannot compare a int with a str", "number < 'a'", ""),
        ("{{ text.nosuch() }}", "a str has no method `nosuch`", "text.nosuch()", ""),
        ("{{ number | }}", "syntax error: expected the name of a filter, found the end", "|", ""),
        ("{{ (number }}", "syntax error: `(` is never closed", "(", ""),
        ("a {{ number b", "syntax error: tag is never closed", "{{ number b", "`}}` closes it"),
    ];
    for (text, message, marked, help) in cases {
        for quoted in [format!("\"{text}\""), format!(">-\n    {text}")] {
            let written = written(&format!("{VARS}task:\n  msg: {quoted}\n"));
            let failure = written.templar().node(written.node.get("task")).unwrap_err();
            let (got, at, advice) = written.shown(&failure);
            assert_eq!((got.as_str(), advice.as_str()), (message, help), "{text}");
            assert_eq!(at, marked, "{text}");
        }
    }
}

#[test]
fn places_are_exact_in_quoted_text() {
    let written = written(&format!("{VARS}task: \"tab\\t{{{{ nope }}}} 'é' {{{{ number }}}}\"\n"));
    let failure = written.templar().node(written.node.get("task")).unwrap_err();
    assert_eq!(written.shown(&failure).1, "nope");
}

#[test]
fn conditions_must_be_true_or_false() {
    let cases = [
        ("text", "condition gives a string, not true or false"),
        ("number", "condition gives an integer, not true or false"),
        ("list", "condition gives a list, not true or false"),
        ("''", "condition is empty"),
        ("[a]", "condition gives a list, not true or false"),
    ];
    for (text, message) in cases {
        let written = written(&format!("{VARS}when: {text}\n"));
        let failure = written.templar().condition(written.node.get("when")).unwrap_err();
        assert_eq!(written.shown(&failure).0, message, "{text}");
        assert!(failure.place.is_some());
    }
}

fn found(
    text: &str,
    run: fn(&Node, &SourceMap, &mut Diagnostics),
) -> Vec<(&'static str, String, String, Option<String>)> {
    let written = written(&format!("it: {text}\n"));
    let mut found = Diagnostics::new();
    run(written.node.get("it"), &written.sources, &mut found);
    let source = written.sources.get(written.node.span.source);
    found
        .iter()
        .map(|d| {
            let marked = source.slice(d.primary.as_ref().unwrap().span).to_owned();
            (d.code, d.message.clone(), marked, d.help.clone())
        })
        .collect()
}

#[test]
fn checks_find_what_is_wrong_without_running() {
    let text: [(&str, &str, &str, &str, Option<&str>); 8] = [
        ("\"{{ a | uper }}\"", "E0202", "unknown filter `uper`", "uper", Some("did you mean `upper`?")),
        ("\"{{ a is defind }}\"", "E0203", "unknown test `defind`", "defind", Some("did you mean `defined`?")),
        ("\"{{ lookup('fil', 'x') }}\"", "E0204", "unknown lookup `fil`", "'fil'", Some("did you mean `file`?")),
        (
            "\"{{ query('etcd', 'x') }}\"",
            "E0204",
            "lookup `etcd` is not supported",
            "'etcd'",
            Some("templates call no services: use a task with `uri` and `register`"),
        ),
        (
            "\"{% fr i in a %}\"",
            "E0201",
            "syntax error in a template: unknown statement `fr`",
            "fr",
            Some("did you mean `for`?"),
        ),
        (
            "['{{ a.b c }}']",
            "E0201",
            "syntax error in a template: expected the end of the expression, found `c`",
            "c",
            None,
        ),
        ("{k: '{{ [1, 2 }}'}", "E0201", "syntax error in a template: `[` is never closed", "[", None),
        (
            "\"{{ a = 1 }}\"",
            "E0201",
            "syntax error in a template: expected the end of the expression, found `=`",
            "=",
            Some("`==` compares"),
        ),
    ];
    for (text, code, message, marked, help) in text {
        let got = found(text, check);
        assert_eq!(got, [(code, message.to_owned(), marked.to_owned(), help.map(str::to_owned))], "{text}");
    }
    assert_eq!(found("\"{% if a %}x\"", check).len(), 1);
    assert_eq!(found("\"{{ a | uper }} {{ b is defind }} {{ c c }}\"", check).len(), 3);
    assert!(found("\"{{ a | ansible.builtin.upper }} {% if a is not defined %}{% endif %}\"", check).is_empty());
}

#[test]
fn conditions_and_expressions_are_checked_too() {
    assert_eq!(found("\"{{ a }}\"", check_condition)[0].0, "W0206");
    assert_eq!(found("3", check_condition)[0].0, "E0205");
    assert_eq!(found("a ==", check_condition)[0].0, "E0201");
    assert_eq!(found("[a is defind, b]", check_condition)[0].0, "E0203");
    assert_eq!(found("a | uper", check_expression)[0].2, "uper");
    assert!(found("true", check_condition).is_empty());
    assert!(found("a == '{{ b }}'", check_condition).is_empty());
    assert!(found("a.b[0] | default([])", check_expression).is_empty());
}

#[test]
fn names_are_found_and_blind_spots_said() {
    let own = |text: &str| {
        let found = names_of_expression(text);
        (
            found.own.iter().map(|name| name.to_string()).collect::<Vec<_>>().join(" "),
            found.everything,
            found.other_hosts,
        )
    };
    assert_eq!(own("a.b[c] and d | default(e) is defined"), ("a c d e".into(), false, false));
    assert_eq!(own("hostvars['h'].x"), ("hostvars".into(), false, true));
    assert_eq!(own("vars['x']"), ("x".into(), false, false));
    assert_eq!(own("vars[name]"), ("name".into(), true, false));
    assert_eq!(own("lookup('vars', 'x') == y"), ("lookup x y".into(), false, false));
    assert!(names_of_expression("lookup('vars', x)").everything);
    assert!(names_of_expression("lookup(kind, x)").everything);
    let written = written("it: '{% for i in list %}{{ i.a }} {{ b }}{% endfor %}{{ i }}'\n");
    let found = names(written.node.get("it"));
    assert_eq!(found.own.iter().map(|n| &**n).collect::<Vec<_>>(), ["b", "i", "list"]);
    let written2 = self::written("it: '{% for i in list %}{{ i }}{% endfor %}'\n");
    assert!(!names(written2.node.get("it")).own.contains("i"));
}

fn file_templar(search: SearchPath) -> (Templar, Arc<SourceMap>) {
    let sources = Arc::new(SourceMap::new());
    let mut vars: BTreeMap<Arc<str>, Var> = BTreeMap::new();
    vars.insert("name".into(), Var::Data("r1".into()));
    vars.insert("items".into(), Var::Data(Value::list(["a", "b"])));
    vars.insert("lines".into(), Var::Data("1\n2".into()));
    let scope: Arc<dyn Scope> = Arc::new(Fixed { vars, hosts: BTreeMap::new() });
    (Templar::new(scope, search, Arc::clone(&sources)), sources)
}

#[test]
fn template_files_keep_their_newlines_and_obey_their_header() {
    let (templar, _) = file_templar(SearchPath::default());
    let loop_text = "start\n{% for i in items %}\n  {{ i }}\n{% endfor %}\nend\n";
    let cases = [
        ("hostname {{ name }}\n", "hostname r1\n"),
        ("{{ name }}", "r1"),
        ("{{ name }}\n\n\n", "r1\n\n\n"),
        ("", ""),
        (loop_text, "start\n  a\n  b\nend\n"),
        ("{# note #}\n{{ name }}\n", "r1\n"),
        ("#jinja2: trim_blocks: False\n{% if name %}\nx{% endif %}\n", "\nx\n"),
        ("#jinja2: lstrip_blocks: True\n  {% if name %}\nx\n  {% endif %}\n", "x\n"),
        ("#jinja2:variable_start_string:'[[', variable_end_string:']]'\n[[ name ]] {{ name }}\n", "r1 {{ name }}\n"),
        ("{{ 'a\\tb' }}\n", "a\tb\n"),
        ("{{ items }}\n", "['a', 'b']"),
        ("{{ items }} \n", "['a', 'b'] \n"),
        ("{# nothing #}\n", ""),
        ("no template\r\n", "no template\r\n"),
        ("#jinja2: newline_sequence: '\\r\\n'\na\n{{ name }}\nb\n", "a\r\nr1\r\nb\n"),
        ("#jinja2: keep_trailing_newline: True\n{{ name }}\n", "r1\n"),
        ("{{ none }}|{{ true }}\n", "|True\n"),
    ];
    for (text, want) in cases {
        let got = templar.file(text, &FileOptions::default(), None);
        assert_eq!(got.unwrap_or_else(|f| f.message.expose().to_owned()), want, "{text:?}");
    }
    let windows = FileOptions { newline_sequence: "\r\n".into(), ..FileOptions::default() };
    assert_eq!(templar.file("a\n{{ name }}\n", &windows, None).unwrap(), "a\r\nr1\r\n");
    assert_eq!(templar.file("{{ lines }}\n", &windows, None).unwrap(), "1\n2\r\n", "newlines of values stay");
    let refused = templar.file("#jinja2: line_statement_prefix: '%'\n% if name\n", &windows, None).unwrap_err();
    assert!(refused.message.expose().contains("`line_statement_prefix` is not supported"));
}

#[test]
fn template_files_include_import_and_extend_others() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir_all(folder.path().join("templates")).unwrap();
    write("part.j2", "part of {{ name }}{{ nope_here }}\n");
    write("good.j2", "part of {{ name }}\n");
    write("macros.j2", "{% macro line(x) %}<{{ x }}>{% endmacro %}\n");
    write("base.j2", "top {% block body %}default{% endblock %} bottom\n");
    write("templates/far.j2", "far\n");
    let search = SearchPath { playbook_dir: folder.path().to_owned(), ..SearchPath::default() };
    let (templar, sources) = file_templar(search);
    let main = folder.path().join("main.j2");
    let cases = [
        ("a {% include 'good.j2' %} b\n", "a part of r1 b\n"),
        ("{% include 'far.j2' %}!\n", "far!\n"),
        ("{% include 'not.j2' ignore missing %}x\n", "x\n"),
        ("{% import 'macros.j2' as m %}{{ m.line(name) }}\n", "<r1>\n"),
        ("{% from 'macros.j2' import line as l with context %}{{ l(1) }}\n", "<1>\n"),
        ("{% extends 'base.j2' %}{% block body %}{{ name }} {{ super() }}{% endblock %}\n", "top r1 default bottom\n"),
        ("{% for i in items %}{% include 'good.j2' %}{% endfor %}\n", "part of r1part of r1\n"),
    ];
    for (text, want) in cases {
        let got = templar.file(text, &FileOptions::default(), Some(&main));
        assert_eq!(got.unwrap_or_else(|f| f.message.expose().to_owned()), want, "{text:?}");
    }
    let text = "one\n{% include 'part.j2' %}\n";
    let failure = templar.file(text, &FileOptions::default(), Some(&main)).unwrap_err();
    assert_eq!(failure.message.expose(), "`nope_here` is undefined");
    let place = sources.place(failure.place.unwrap());
    assert!(place.ends_with("part.j2:1:22"), "{place}");
    let source = sources.add(Source::new("main.j2", None, "x\n{{ nme }}\n"));
    let options = FileOptions { source: Some(source), ..FileOptions::default() };
    let failure = templar.file("x\n{{ nme }}\n", &options, None).unwrap_err();
    assert_eq!(sources.place(failure.place.unwrap()), "main.j2:2:4");
    assert_eq!(failure.help.unwrap().expose(), "did you mean `name`?");
    let failure = templar.file("{% include 'not.j2' %}", &options, None).unwrap_err();
    assert!(failure.message.expose().contains("not.j2"), "{}", failure.message.expose());
    let mut found = Diagnostics::new();
    check_file("x\n{{ a | uper }}\n", &options, source, &mut found);
    assert_eq!(sources.place(found.iter().next().unwrap().primary.as_ref().unwrap().span), "main.j2:2:8");
}

#[test]
fn an_included_file_that_has_changed_is_read_again() {
    let folder = tempfile::tempdir().unwrap();
    let old = std::time::SystemTime::now() - std::time::Duration::from_secs(3600);
    let write = |name: &str, text: &str, at: std::time::SystemTime| {
        std::fs::create_dir_all(folder.path().join(name).parent().unwrap()).unwrap();
        let file = std::fs::File::create(folder.path().join(name)).unwrap();
        std::io::Write::write_all(&mut &file, text.as_bytes()).unwrap();
        file.set_modified(at).unwrap();
    };
    let search = SearchPath { playbook_dir: folder.path().to_owned(), ..SearchPath::default() };
    let (templar, _) = file_templar(search);
    let main = folder.path().join("sub/main.j2");
    let render = || {
        let text = "{% set x = [1] %}{% include 'part.j2' %}{{ x | length }}\n";
        templar.file(text, &FileOptions::default(), Some(&main)).unwrap_or_else(|f| f.message.expose().to_owned())
    };
    write("part.j2", "one {% include 'leaf.j2' %}", old);
    write("leaf.j2", "leaf ", old);
    assert_eq!((render(), render()), ("one leaf 1\n".into(), "one leaf 1\n".into()));
    write("leaf.j2", "tree ", old + std::time::Duration::from_secs(60));
    assert_eq!(render(), "one tree 1\n", "a file that is included by one that is");
    write("leaf.j2", "{% do x.append(2) %}bush ", old + std::time::Duration::from_secs(120));
    assert_eq!(render(), "one bush 2\n", "and it may change what the first one made");
    write("leaf.j2", "tree ", std::time::SystemTime::now());
    assert_eq!(render(), "one tree 1\n");
    write("leaf.j2", "leaf ", std::time::SystemTime::now());
    assert_eq!(render(), "one leaf 1\n", "of the same length, and at the same time");
    write("sub/part.j2", "nearer ", old);
    assert_eq!(render(), "nearer 1\n", "a file that comes before it on the path");
    std::fs::remove_file(folder.path().join("sub/part.j2")).unwrap();
    assert_eq!(render(), "one leaf 1\n");
}

#[test]
fn lookups_read_files_beside_the_playbook() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    std::fs::create_dir_all(folder.path().join("files")).unwrap();
    write("files/a.txt", "hello {{ name }}\n\n");
    write("b.cfg", "1");
    write("t.j2", "for {{ name }} and {{ extra | default('none') }}\n");
    write("x.csv", "k,v\nr1,one\nr2,two\n");
    write("x.ini", "[s]\nuser=me\n");
    let search = SearchPath { playbook_dir: folder.path().to_owned(), ..SearchPath::default() };
    let (templar, _) = file_templar(search);
    let path = |name: &str| folder.path().join(name).display().to_string();
    let cases = [
        ("lookup('file', 'a.txt')", "hello {{ name }}".to_owned()),
        ("lookup('template', 't.j2')", "for r1 and none\n".into()),
        ("lookup('template', 't.j2', template_vars={'extra': 3})", "for r1 and 3\n".into()),
        ("lookup('fileglob', '*.cfg')", path("b.cfg")),
        ("lookup('first_found', ['no.txt', 'a.txt'])", path("files/a.txt")),
        ("lookup('first_found', {'files': ['b.cfg'], 'paths': ['.', 'files']})", path("b.cfg")),
        ("lookup('csvfile', 'r2 file=x.csv delimiter=,')", "two".into()),
        ("lookup('csvfile', name, file='x.csv', delimiter=',', col=1)", "one".into()),
        ("lookup('ini', 'user section=s file=x.ini')", "me".into()),
        ("lookup('ini', 'none', section='s', file='x.ini', default='d')", "d".into()),
        ("lookup('pipe', 'ls *.cfg')", "b.cfg".into()),
        ("lookup('password', 'pw.txt length=12 chars=digits') == lookup('password', 'pw.txt')", "True".into()),
    ];
    for (text, want) in cases {
        let got = templar.expression_text(text, None);
        assert_eq!(got.map_or_else(|f| f.message.expose().to_owned(), |v| v.to_text()), want, "{text}");
    }
    let failure = templar.expression_text("lookup('file', 'zzz.txt')", None).unwrap_err();
    assert_eq!(failure.message.expose(), "cannot find the file `zzz.txt`");
    let failure = templar.expression_text("lookup('file', 'a.txt', rstip=false)", None).unwrap_err();
    assert_eq!(failure.help.unwrap().expose(), "did you mean `rstrip`?");
}
