use crate::failure::FailureKind;
use crate::module::fake::Fake;
use crate::module::{assert, debug, include_vars, template};
use crate::value::Value;
use crate::vars::Var;

#[tokio::test]
async fn debug_shows_a_message_or_a_variable() {
    let host = Fake::new();
    let cases = [
        ("{}", "{'msg': 'Hello world!'}"),
        ("msg: '{{ a }} and {{ a + 1 }}'", "{'msg': '1 and 2'}"),
        ("msg: [x, '{{ a }}']", "{'msg': ['x', 1]}"),
        ("var: a", "{'a': 1}"),
        ("var: b.c | length", "{'b.c | length': 2}"),
        ("var: nope", "{'nope': \"<< error 1 - 'nope' is undefined >>\"}"),
    ];
    for (args, expected) in cases {
        let change = host.task(&debug::MODULE, args, "a: 1\nb: {c: [x, '{{ a }}']}").await.unwrap();
        assert_eq!(Value::from(change.result).to_text(), expected, "{args}");
    }
    let change = host.task(&debug::MODULE, "{msg: x, verbosity: 1}", "").await.unwrap();
    assert_eq!(change.skipped.as_deref(), Some("Verbosity threshold not met."));
    let loud = Fake { verbosity: 1, ..Fake::new() };
    assert_eq!(loud.task(&debug::MODULE, "{msg: x, verbosity: 1}", "").await.unwrap().skipped, None);
}

#[tokio::test]
async fn assert_holds_or_says_what_does_not() {
    let host = Fake::new();
    let vars = "a: 1\nchecks: [a == 1, a < 5]";
    for args in ["that: a == 1", "that: [a == 1, a is defined, true]", "that: '{{ checks }}'"] {
        let change = host.task(&assert::MODULE, args, vars).await.unwrap();
        assert_eq!(change.result.get("msg"), Some(&"All assertions passed".into()), "{args}");
    }
    let args = "that: [a == 1, a > 1]\nmsg: 'a is {{ a }}'";
    let failure = host.task(&assert::MODULE, args, vars).await.err().unwrap();
    assert_eq!((failure.kind, failure.message.expose()), (FailureKind::Module, "a is 1"));
    assert_eq!(failure.result.get("assertion"), Some(&"a > 1".into()));
    assert_eq!(failure.result.get("evaluated_to"), Some(&false.into()));
    assert_eq!(host.sources.place(failure.place.unwrap()), "test:1:16");
    let failure = host.task(&assert::MODULE, "that: nope == 1", vars).await.err().unwrap();
    assert_eq!(failure.kind, FailureKind::Undefined);
}

#[tokio::test]
async fn a_template_is_rendered_and_placed_once() {
    let host = Fake::new();
    host.write("templates/a.j2", "{# {{ ansible_managed }} #}\n{% for i in list %}\nhost {{ i }}\n{% endfor %}\nend\n");
    let args = format!("{{src: a.j2, dest: {}, mode: '0600'}}", host.path("out"));
    let vars = "list: [1, '{{ b }}']\nb: x";
    let change = host.task(&template::MODULE, &args, vars).await.unwrap();
    assert_eq!(change.diff[0].after, "host 1\nhost x\nend\n");
    assert!(host.act(change).await.unwrap().changed);
    assert_eq!((host.read_text("out"), host.mode("out")), ("host 1\nhost x\nend\n".into(), 0o600));
    let change = host.task(&template::MODULE, &args, vars).await.unwrap();
    assert!(change.actions.is_empty() && !change.changed);
}

#[tokio::test]
async fn a_template_may_have_other_delimiters_and_newlines() {
    let host = Fake::new();
    host.write("a.j2", "<< a >> {{ a }}\n[% if a %]\n yes\n[% endif %]\n");
    let args = format!(
        "{{src: a.j2, dest: {}, variable_start_string: '<<', variable_end_string: '>>', block_start_string: '[%', \
         block_end_string: '%]', newline_sequence: '\\r\\n'}}",
        host.path("out")
    );
    host.act(host.task(&template::MODULE, &args, "a: 1").await.unwrap()).await.unwrap();
    assert_eq!(host.read_text("out"), "1 {{ a }}\r\n yes\r\n");
}

#[tokio::test]
async fn a_template_knows_itself_and_fails_at_its_own_place() {
    let host = Fake::new();
    let path = host.write("templates/a.j2", "{{ ansible_managed }} {{ template_path }} {{ template_destpath }}\n");
    let args = format!("{{src: a.j2, dest: {}}}", host.path("out"));
    host.act(host.task(&template::MODULE, &args, "").await.unwrap()).await.unwrap();
    assert_eq!(host.read_text("out"), format!("Ansible managed a.j2 {}\n", host.path("out")));
    host.write("templates/a.j2", "ok\n  {{ nope }}\n");
    let failure = host.task(&template::MODULE, &args, "").await.err().unwrap();
    assert_eq!(failure.kind, FailureKind::Undefined);
    assert_eq!(host.sources.place(failure.place.unwrap()), format!("{path}:2:6"));
    let failure = host.task(&template::MODULE, &args.replace("a.j2", "b.j2"), "").await.err().unwrap();
    assert!(failure.help.unwrap().expose().contains("templates/b.j2"));
}

#[tokio::test]
async fn variables_of_files_stay_the_authors() {
    let host = Fake::new();
    host.write("vars/x.yml", "a: '{{ b }}'\nc: {d: 1}\n");
    let change = host.task(&include_vars::MODULE, "file: x.yml", "").await.unwrap();
    assert!(matches!(&change.vars["a"], Var::Author(node) if node.as_str() == Some("{{ b }}")));
    assert_eq!(change.result.get("ansible_included_var_files").unwrap().as_list().unwrap().len(), 1);
    let change = host.task(&include_vars::MODULE, "{file: x.yml, name: all}", "").await.unwrap();
    let Var::Author(node) = &change.vars["all"] else { panic!("data") };
    assert_eq!(node.to_value().to_text(), "{'a': '{{ b }}', 'c': {'d': 1}}");
    let change = host
        .task(&include_vars::MODULE, "{file: x.yml, hash_behaviour: merge}", "b: 7\nc: {e: '{{ b }}'}")
        .await
        .unwrap();
    let Var::Data(value) = &change.vars["c"] else { panic!("not merged") };
    assert_eq!(value.to_text(), "{'e': 7, 'd': 1}");
    let failure = host.task(&include_vars::MODULE, "file: none.yml", "").await.err().unwrap();
    assert_eq!(failure.message.expose(), "Could not find or access 'none.yml'");
}

#[tokio::test]
async fn a_folder_of_variables_is_read_in_order_and_depth() {
    let host = Fake::new();
    for (path, text) in [
        ("d/b.yml", "x: b\n"),
        ("d/a.yaml", "x: a\n"),
        ("d/deep/c.json", "{\"x\": \"c\"}"),
        ("d/skip.yml", "x: skip\n"),
    ] {
        host.write(path, text);
    }
    let last = |args: &'static str| {
        let host = &host;
        async move {
            let change = host.task(&include_vars::MODULE, args, "").await.unwrap();
            let Var::Author(node) = &change.vars["x"] else { panic!("data") };
            node.as_str().unwrap().to_owned()
        }
    };
    assert_eq!(last("{dir: d, ignore_files: [skip.yml]}").await, "c");
    assert_eq!(last("{dir: d, ignore_files: [skip.yml], depth: 1}").await, "b");
    assert_eq!(last("{dir: d, files_matching: '^[ab]'}").await, "b");
    host.write("d/notes.txt", "");
    let failure = host.task(&include_vars::MODULE, "dir: d", "").await.err().unwrap();
    assert!(failure.message.expose().ends_with("notes.txt does not have a valid extension: yaml, yml, json"));
    assert_eq!(last("{dir: d, ignore_unknown_extensions: true, depth: 1}").await, "skip");
    let failure = host.task(&include_vars::MODULE, "dir: none", "").await.err().unwrap();
    assert!(failure.message.expose().ends_with("directory does not exist"));
}
