//! The mistakes that people make, with the place that is marked and the hint that is given.

use super::*;

/// Text, place (line and column), what is marked there, help.
const MISTAKES: [(&str, &str, &str, &str); 41] = [
    ("a:\n\tb: 1\n", "2:1", "\t", "indent with spaces: YAML does not allow tabs there"),
    ("a:\n  b: 1\n\tc: 2\n", "3:1", "\t", "indent with spaces: YAML does not allow tabs there"),
    ("- a\n-\tb: 1\n\tc: 2\n", "2:2", "\t", "indent with spaces: YAML does not allow tabs there"),
    ("msg: {{ x }}.y\n", "1:6", "{{ x }}.y", "quote the whole value: \"{{ x }}.y\""),
    ("msg: {{ x }}\n", "1:6", "{{ x }}", "quote the whole value: \"{{ x }}\""),
    (
        "- debug:\n    msg: {{ x }} and {{ y }}\n    b: c\n",
        "2:10",
        "{{ x }} and {{ y }}",
        "quote the whole value: \"{{ x }} and {{ y }}\"",
    ),
    (
        "when: {{ a | default({}) }}\n",
        "1:7",
        "{{ a | default({}) }}",
        "quote the whole value: \"{{ a | default({}) }}\"",
    ),
    (
        "- name: show: version\n  a: b\n",
        "1:13",
        ":",
        "quote the value, in which a colon has a space behind it: \"show: version\"",
    ),
    ("a: b\n  c: d\n", "2:4", ":", "indent this line like the one above, whose key has a value already"),
    ("hosts\n  all: x\n", "1:1", "hosts", "a colon may be missing at the end of this line"),
    ("a:1\nb: 2\n", "1:1", "a:1", "put a space behind the colon: `a: 1`"),
    (
        "- hosts: all\n  tasks:\n   - name: x\n  - name: y\n",
        "4:3",
        "- name: y",
        "check the indentation: a list item stands here among keys",
    ),
    ("a: 'it's'\nb: c\n", "1:4", "'it's'", "double the quote inside: 'it''s'"),
    (
        "a: \"x\" in y\nb: c\n",
        "1:4",
        "\"x\" in y",
        "quote the whole value: it goes on behind its closing quote: '\"x\" in y'",
    ),
    ("a: \"unclosed\nb: c\n", "1:4", "\"", "close the quote that starts here"),
    ("a: [1, 2\nb: c\n", "1:4", "[", "close the `[` that starts here with `]`"),
    ("a: {b: 1\nc: d\n", "1:4", "{", "close the `{` that starts here with `}`"),
    ("a: @x\n", "1:4", "@", "quote the value: it cannot start with this character"),
    ("a: `x`\n", "1:4", "`", "quote the value: it cannot start with this character"),
    ("a: %x\n", "1:4", "%", "quote the value: it cannot start with this character"),
    ("a: *\n", "1:4", "*", "quote the value: a `*` at its start makes it an alias"),
    ("a: &\n", "1:4", "&", "quote the value: a `&` at its start makes it an anchor"),
    ("a: \"\\d\"\n", "1:5", "\\", "in double quotes a backslash starts an escape: double it, or use single quotes"),
    ("- a\nb: c\n", "2:1", "b: c", "check the indentation: this stands among list items but does not start with `-`"),
    ("b: c\n- a\n", "2:1", "- a", "check the indentation: a list item stands here among keys"),
    (
        "a:\n  - b\n  c: d\n",
        "3:3",
        "c: d",
        "check the indentation: this stands among list items but does not start with `-`",
    ),
    ("  a: 1\nb: 2\n", "2:1", "b: 2", "check the indentation: this stands further left than the first line"),
    ("a:\n    b: 1\n  c: 2\n", "3:3", "c: 2", "check the indentation: it fits none of the lines above"),
    (
        "msg: \"{{ a }}\" \"{{ b }}\"\n",
        "1:6",
        "\"{{ a }}\" \"{{ b }}\"",
        "quote the whole value: it goes on behind its closing quote: '\"{{ a }}\" \"{{ b }}\"'",
    ),
    (
        "{% if x %}\na: b\n{% endif %}\n",
        "1:1",
        "{% if x %}",
        "templates stand inside values, not around lines: use `when`, `loop`, or the `template` module",
    ),
    ("- {{ item }}\n", "1:3", "{{ item }}", "quote the whole value: \"{{ item }}\""),
    (
        "- shell: echo \"a: b\" c: d\n",
        "1:17",
        ":",
        "quote the value, in which a colon has a space behind it: 'echo \"a: b\" c: d'",
    ),
    ("a: !<\n", "1:4", "!", "quote the value: a `!` at its start makes it a tag"),
    ("a: |x\n  b\n", "1:4", "|", "quote the value: a `|` or `>` at its start makes it a block of text"),
    ("a: }\n", "1:4", "}", "quote the value: it cannot start with this character"),
    ("a: b: c: d\n", "1:5", ":", "quote the value, in which a colon has a space behind it: \"b: c: d\""),
    ("a: x # y: z\n  c: d\n", "2:3", "c: d", "check the indentation: it fits none of the lines above"),
    ("a: 'b\n", "1:4", "'", "close the quote that starts here"),
    ("- name: x\n   hosts: y\n", "2:9", ":", "indent this line like the one above, whose key has a value already"),
    ("a: !vault|\n  x\n", "1:4", "!", "put a space behind the tag, or quote the value if it is text"),
    ("a: - b\n", "1:4", "-", "start the list on a line of its own, or quote the value if it is text"),
];

#[test]
fn a_usual_mistake_is_marked_where_it_is_and_has_a_hint() {
    for (text, place, marked, help) in MISTAKES {
        let read = read(text);
        assert_eq!(read.found.len(), 1, "one thing is wrong in {text:?}: {:?}", read.found);
        let span = read.found[0].primary.as_ref().expect("a place").span;
        let said = (
            read.sources.place(span),
            read.sources.get(span.source).slice(span).to_owned(),
            read.found[0].help.clone().unwrap_or_default(),
        );
        assert_eq!(said, (format!("t.yml:{place}"), marked.to_owned(), help.to_owned()), "{text:?}");
    }
}

#[test]
fn a_syntax_error_is_drawn_with_what_the_parser_was_doing() {
    let read = read("- hosts: all\n  tasks:\n    - debug: {msg: hi\n");
    let drawn = render(&read.found[0], &read.sources, Style::Plain);
    let expected = "\
error[E0101]: invalid YAML: did not find expected ',' or '}'
 --> t.yml:3:14
  |
3 |     - debug: {msg: hi
  |              ^
  |              |
  |              while parsing a flow mapping
  |
  = help: close the `{` that starts here with `}`";
    assert_eq!(drawn, expected);
}
