mod answers;
mod mistakes;

use super::*;
use crate::source::{Diagnostic, Source, Style, render};

/// A text read, with all that was said about it.
struct Read {
    sources: SourceMap,
    node: Option<Node>,
    found: Vec<Diagnostic>,
}

fn read(text: &str) -> Read {
    let sources = SourceMap::new();
    let id = sources.add(Source::new("t.yml", None, text));
    let mut found = Diagnostics::new();
    let node = parse(id, &sources, &mut found);
    Read { sources, node, found: found.into_iter().collect() }
}

impl Read {
    /// Returns the tree of a text with nothing wrong in it.
    #[track_caller]
    fn clean(self) -> Node {
        assert_eq!(self.found, [], "nothing is wrong");
        self.node.expect("a tree")
    }

    /// Returns the code of everything said.
    fn codes(&self) -> Vec<&'static str> {
        self.found.iter().map(|diagnostic| diagnostic.code).collect()
    }

    /// Returns the text under a span.
    fn slice(&self, node: &Node) -> String {
        self.sources.get(node.span.source).slice(node.span).to_owned()
    }
}

/// Returns the value as Python would print it.
#[track_caller]
fn python(text: &str) -> String {
    read(text).clean().to_value().to_text()
}

#[test]
fn documents_are_read_as_ansible_reads_them() {
    let cases = [
        ("", "None"),
        ("# only a comment\n", "None"),
        ("---\n", "None"),
        ("a: yes\nb: no\nc: 'yes'\n", "{'a': True, 'b': False, 'c': 'yes'}"),
        ("- 0644\n- 1_000\n- 0x1f\n- 1:30\n- 1e3\n- 1.5e+3\n", "[420, 1000, 31, 90, '1e3', 1500.0]"),
        (
            "a: 2024-01-02\nb: 1.2.3.4\nc: ~\nd:\n",
            "{'a': datetime.date(2024, 1, 2), 'b': '1.2.3.4', 'c': None, 'd': None}",
        ),
        ("{\"a\": [1, 2.5, null, true], \"b\": 1e3}", "{'a': [1, 2.5, None, True], 'b': 1000.0}"),
        ("[\"\\ud83d\\ude00\", {\"a\"\n: 1}]", "['😀', {'a': 1}]"),
        ("a: |\n  x\n   y\nb: >-\n  x\n  y\n", "{'a': 'x\\n y\\n', 'b': 'x y'}"),
        ("1: a\ntrue: b\n1.50: c\n~: d\n=: e\n", "{1: 'a', True: 'b', '1.5': 'c', None: 'd', '=': 'e'}"),
        ("! 12", "12"),
        ("[!!str 12, !!int '12', !!float 1, !!bool 'ON', !!null x, !!str ]", "['12', 12, 1.0, True, None, '']"),
    ];
    for (text, value) in cases {
        assert_eq!(python(text), value, "{text}");
    }
}

#[test]
fn merged_entries_come_first_and_give_way() {
    let cases = [
        ("a: &a {x: 1, y: 2}\nb: {x: 0, <<: *a, z: 3}\n", "{'x': 0, 'y': 2, 'z': 3}"),
        ("a: &a {x: 1}\nb: {<<: [*a, {x: 2, w: 2}], z: 3}\n", "{'x': 1, 'w': 2, 'z': 3}"),
        ("a: &a {x: 1}\nb: {<<: *a, <<: {x: 2}}\n", "{'x': 2}"),
        ("a: &a {x: {y: 1}}\nb: {<<: *a, x: {z: 1}}\n", "{'x': {'z': 1}}"),
        ("b: {'<<': 1}\n", "{'<<': 1}"),
    ];
    for (text, value) in cases {
        let node = read(text).clean();
        let merged = node.as_map().and_then(|map| map.get("b")).expect("a mapping `b`");
        assert_eq!(merged.to_value().to_text(), value, "{text}");
    }
}

#[test]
fn vault_and_unsafe_texts_keep_their_kind() {
    let node =
        read("v: !vault |\n  $ANSIBLE_VAULT;1.1;AES256\n  3132\nu: !unsafe '{{ x }}'\nl: !unsafe [a, {b: c}, 1]\n")
            .clean();
    let map = node.as_map().expect("a mapping");
    assert_eq!(map.get("v").map(|v| &v.kind), Some(&Kind::Vault("$ANSIBLE_VAULT;1.1;AES256\n3132\n".into())));
    assert_eq!(map.get("u").map(|u| &u.kind), Some(&Kind::Unsafe("{{ x }}".into())));
    let list = map.get("l").and_then(Node::as_seq).expect("a list");
    assert_eq!(list[0].kind, Kind::Unsafe("a".into()));
    assert_eq!(list[1].as_map().and_then(|m| m.get("b")).map(|c| &c.kind), Some(&Kind::Unsafe("c".into())));
    assert_eq!(list[2].kind, Kind::Int(1));
    assert!(node.as_map().and_then(|m| m.get("u")).is_some_and(Node::is_static));
}

#[test]
fn an_alias_inside_unsafe_is_unsafe_and_outside_it_is_not() {
    let node = read("a: &a ['{{ x }}']\nb: !unsafe [*a]\nc: *a\n").clean();
    let map = node.as_map().expect("a mapping");
    assert!(map.get("b").is_some_and(Node::is_static));
    assert!(!map.get("c").is_some_and(Node::is_static));
}

#[test]
fn spans_cover_what_was_written() {
    let text = "plain: some text # c\nquoted: \"a \\\" b\"\ntagged: !unsafe  'x'\nlist:\n  - a\n  - {b: c}\n\nblock: |\n  x\n  y\n\nempty:\nflow: [1, 2 ]\nanchor: &a\n  k: v\n";
    let read = read(text);
    let map = read.node.as_ref().and_then(Node::as_map).expect("a mapping");
    let cases = [
        ("plain", "some text"),
        ("quoted", "\"a \\\" b\""),
        ("tagged", "'x'"),
        ("list", "- a\n  - {b: c}"),
        ("block", "|\n  x\n  y"),
        ("empty", ""),
        ("flow", "[1, 2 ]"),
        ("anchor", "k: v"),
    ];
    for (key, slice) in cases {
        let (key_node, value) = map.entry(key).expect("the key");
        assert_eq!(read.slice(value), slice, "value of {key}");
        assert_eq!(read.slice(key_node), key);
    }
    let styles: Vec<_> =
        ["plain", "tagged", "quoted", "block"].iter().filter_map(|k| Some(map.get(k)?.style)).collect();
    use ScalarStyle::*;
    assert_eq!(styles, [Plain, SingleQuoted, DoubleQuoted, Literal]);
}

#[test]
fn mistakes_have_a_code() {
    let cases: [(&str, &[&str]); 18] = [
        ("a: [1", &["E0101"]),
        ("a: *nope", &["E0102"]),
        ("a: &a [*a]", &["E0102"]),
        ("a: &a 1\nb: &a 2", &["E0102"]),
        ("a: {{ b }}", &["E0103"]),
        ("? [a]\n: b", &["E0103"]),
        ("a: !nope b\nc: !!set {d}", &["E0104", "E0104"]),
        ("a: 1\n---\nb: 2", &["E0105"]),
        ("a: =", &["E0108"]),
        ("a: <<", &["E0108"]),
        ("a: 0x_", &["E0108"]),
        ("a: 999999999999999999999999999999999999999999", &["E0108"]),
        ("a: !!int x", &["E0108"]),
        ("a: !!seq {}", &["E0108"]),
        ("a: !vault [x]", &["E0108"]),
        ("<<: 3", &["E0109"]),
        ("<<: [{}, 3]", &["E0109"]),
        ("a: 1\nb: 2\na: 3", &["W0101"]),
    ];
    for (text, codes) in cases {
        assert_eq!(read(text).codes(), codes, "{text}");
    }
}

#[test]
fn of_a_key_written_twice_the_last_value_counts() {
    let read = read("a: 1\nb: 2\na: 3\n");
    assert_eq!(read.node.as_ref().map(|n| n.to_value().to_text()).as_deref(), Some("{'a': 3, 'b': 2}"));
    let drawn = render(&read.found[0], &read.sources, Style::Plain);
    assert!(drawn.contains("this one counts") && drawn.contains("first written here"), "{drawn}");
}

#[test]
fn hostile_text_is_harmless() {
    let deep = "[".repeat(100_000);
    assert_eq!(read(&deep).codes(), ["E0106"]);
    let dashes = "- ".repeat(100_000);
    assert_eq!(read(&dashes).codes(), ["E0106"]);
    let mut laughs = "a0: &a0 [lol]\n".to_owned();
    for n in 1..60 {
        let before = n - 1;
        laughs += &format!("a{n}: &a{n} [*a{before}, *a{before}, *a{before}, *a{before}, *a{before}]\n");
    }
    assert_eq!(read(&laughs).codes(), ["E0107"]);
    let mut chain = "a0: &a0 [x]\n".to_owned();
    for n in 1..300 {
        chain += &format!("a{n}: &a{n} [*a{}]\n", n - 1);
    }
    assert_eq!(read(&chain).codes(), ["E0106"], "nesting is counted through aliases");
    let wide: String = (0..20_000).map(|n| format!("  k{n}: 0\n")).collect();
    let merges = format!("a: &a\n{wide}b:\n  <<: [{}]\n", "*a, ".repeat(250));
    assert_eq!(read(&merges).codes(), ["E0107"]);
}

#[test]
fn thousands_of_mistakes_are_said_fifty_times() {
    let text = "a: 1\n".repeat(5_000);
    assert_eq!(read(&text).codes().len(), 50);
}

mod any_text {
    use super::*;
    use proptest::prelude::*;

    /// Holds for every node: its span lies in the text, on character boundaries, and each part of a string has a place.
    fn check(read: &Read, node: &Node) {
        let source = read.sources.get(node.span.source);
        let (start, end) = (node.span.start as usize, node.span.end as usize);
        assert!(source.text.get(start..end).is_some(), "{start}..{end} in {:?}", source.text);
        match &node.kind {
            Kind::Str(text) | Kind::Unsafe(text) | Kind::Vault(text) => {
                for end in [0, 1, text.len() / 2, text.len()] {
                    let place = node.place_of(&read.sources, end / 2, end);
                    let (start, end) = (place.start as usize, place.end as usize);
                    assert!(source.text.get(start..end).is_some(), "{start}..{end} in {:?}", source.text);
                }
            }
            Kind::Seq(items) => items.iter().for_each(|item| check(read, item)),
            Kind::Map(map) => map.iter().for_each(|(_, key, value)| {
                check(read, key);
                check(read, value);
            }),
            _ => {}
        }
    }

    /// Reads a text and draws all that is said about it; a panic is the failure.
    fn check_text(text: &str) {
        let read = read(text);
        for diagnostic in &read.found {
            render(diagnostic, &read.sources, Style::Plain);
        }
        match &read.node {
            Some(node) => check(&read, node),
            None => assert!(read.found.iter().any(Diagnostic::is_error), "no tree and no error"),
        }
    }

    const PIECES: [&str; 44] = [
        "a",
        "key",
        ": ",
        ":",
        "- ",
        "\n",
        "\n  ",
        "\n    ",
        " ",
        "\t",
        "{",
        "}",
        "[",
        "]",
        ", ",
        "'",
        "\"",
        "#",
        " # c",
        "&a ",
        "*a",
        "!!str ",
        "!!int ",
        "!unsafe ",
        "!vault ",
        "!x ",
        "|\n",
        ">-\n",
        "|2\n",
        "---\n",
        "...\n",
        "<<: ",
        "\\",
        "\\x41",
        "{{ x }}",
        "yes",
        "0x_",
        "1:30",
        "~",
        "é",
        "\u{2028}",
        "\r\n",
        "? ",
        "%YAML 1.1\n",
    ];

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(400))]

        #[test]
        fn of_random_characters_is_harmless(text in "\\PC{0,60}") {
            check_text(&text);
        }

        #[test]
        fn of_random_bytes_is_harmless(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            check_text(&String::from_utf8_lossy(&bytes));
        }

        #[test]
        fn of_pieces_of_yaml_is_harmless(pieces in prop::collection::vec(prop::sample::select(&PIECES[..]), 0..40)) {
            check_text(&pieces.concat());
        }

        #[test]
        fn cut_anywhere_is_harmless(start in 0..400_usize, end in 0..400_usize) {
            let text = "all:\n  hosts: &h {a: 1, b: [x, 'y', \"z\\n\"]}\n  v: !vault |\n    $ANSIBLE\n    31\n  <<: *h\n  t: >-\n    é {{ x }}\n\n    b\n  - {{ y }}\n";
            let floor = |n: usize| (0..=n.min(text.len())).rev().find(|n| text.is_char_boundary(*n)).unwrap_or(0);
            let (start, end) = (floor(start), floor(end));
            check_text(&text[start.min(end)..end.max(start)]);
        }
    }
}

#[test]
fn files_that_hold_nothing_or_no_text_are_told_apart() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let load = |name: &str, bytes: Option<&[u8]>| {
        let path = folder.path().join(name);
        if let Some(bytes) = bytes {
            std::fs::write(&path, bytes).expect("written");
        }
        let sources = SourceMap::new();
        let mut found = Diagnostics::new();
        let id = found.keep(sources.load(&path));
        let node = id.and_then(|id| parse(id, &sources, &mut found));
        (
            node.map(|node| node.is_null()),
            found.iter().map(|d| d.message.replace(&path.display().to_string(), name)).collect::<Vec<_>>(),
        )
    };
    let cases = [
        ("missing", None, None, "cannot read `missing`: no such file or directory"),
        ("empty", Some(&b""[..]), Some(true), ""),
        ("mark", Some(b"\xef\xbb\xbf# with a byte order mark\n"), Some(true), ""),
        ("program", Some(b"\x7fELF\x02\x01\x01\0"), None, "invalid YAML: control characters are not allowed"),
        ("latin", Some(b"a: \xe4"), None, "cannot read `latin`: not UTF-8 text (first bad byte at offset 3)"),
    ];
    for (name, bytes, null, message) in cases {
        let (node, said) = load(name, bytes);
        assert_eq!((node, said.join("\n").as_str()), (null, message), "{name}");
    }
}
