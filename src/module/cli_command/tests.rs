use super::*;
use crate::module::{Action, Boxed, Cli, CliResponse, Finished, Output, Work};
use crate::platform;
use crate::source::{SourceId, Span};
use crate::yaml::{Mapping, ScalarStyle};
use std::sync::Mutex;

/// Answers each reading action with the next of its outputs.
struct FakeProbe(Mutex<Vec<Vec<&'static str>>>);

impl Probe for FakeProbe {
    fn read(&self, action: Action) -> Boxed<'_, Result<Output, Failure>> {
        assert_eq!(action.effect, Effect::Read);
        let outputs = self.0.lock().unwrap().remove(0);
        Box::pin(async move { Ok(Output::Cli(outputs.into_iter().map(answered).collect())) })
    }
}

fn answered(output: &str) -> CliResponse {
    CliResponse { output: output.into(), ..CliResponse::default() }
}

fn args(json: serde_json::Value) -> Args {
    let Value::Map(map) = Value::from(json) else { panic!("arguments are a map") };
    Args::of((*map).clone())
}

async fn planned(json: serde_json::Value, outputs: Vec<Vec<&'static str>>) -> Result<Change, Failure> {
    plan(&args(json), &FakeProbe(Mutex::new(outputs)), platform::find("ios"), None).await
}

fn finish(change: Change, responses: Vec<CliResponse>) -> Result<Finished, Failure> {
    (change.finish.expect("it acts"))(vec![Output::Cli(responses)], change.result)
}

fn cli(change: &Change) -> &Cli {
    match &change.actions[..] {
        [Action { work: Work::Cli(cli), .. }] => cli,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_command_gives_text_and_commands_give_lists() {
    let one = planned(serde_json::json!({"command": "show version"}), vec![]).await.unwrap();
    assert_eq!(one.actions[0].effect, Effect::Read);
    let result = finish(one, vec![answered("a\nb")]).unwrap();
    assert!(!result.changed);
    assert_eq!(Value::from(result.result).to_text(), r"{'stdout': 'a\nb', 'stdout_lines': ['a', 'b']}");

    let many = planned(serde_json::json!({"commands": ["show version", {"command": "show clock"}]}), vec![]).await;
    let result = finish(many.unwrap(), vec![answered("a\nb"), answered("")]).unwrap();
    let text = Value::from(result.result).to_text();
    assert_eq!(text, r"{'stdout': ['a\nb', ''], 'stdout_lines': [['a', 'b'], []]}");
}

#[tokio::test]
async fn json_is_parsed_where_it_is_asked_for() {
    let one = planned(serde_json::json!({"command": "show x json"}), vec![]).await.unwrap();
    let result = finish(one, vec![answered(r#"{"a": 1}"#)]).unwrap().result;
    assert_eq!(result.get("json").map(Value::to_text).as_deref(), Some("{'a': 1}"));

    let commands = serde_json::json!({"commands": [{"command": "show x", "output": "json"}]});
    let many = plan(&args(commands), &FakeProbe(Mutex::default()), platform::find("eos"), None).await.unwrap();
    assert_eq!(cli(&many).lines[0].text, "show x | json");
    let result = finish(many, vec![answered(r#"{"a": 1}"#)]).unwrap().result;
    assert_eq!(result.get("stdout").map(Value::to_text).as_deref(), Some("[{'a': 1}]"));
}

#[tokio::test]
async fn a_refused_command_fails_with_what_came_so_far() {
    let change = planned(serde_json::json!({"commands": ["show version", "show foo"]}), vec![]).await.unwrap();
    assert!(cli(&change).stop_on_error);
    let refused = CliResponse {
        line: "show foo".into(),
        output: "% Invalid input".into(),
        error: Some("% Invalid input".into()),
        prompt: String::new(),
    };
    let failure = finish(change, vec![answered("v1"), refused]).err().unwrap();
    assert_eq!(failure.kind, FailureKind::Command);
    assert_eq!(failure.message.expose(), "the device refuses `show foo`: % Invalid input");
    assert_eq!(failure.result.get("stdout").map(Value::to_text).as_deref(), Some("['v1', '% Invalid input']"));
}

#[tokio::test]
async fn questions_and_answers_go_with_the_command() {
    let change = planned(
        serde_json::json!({
            "command": "reload", "prompt": ["[confirm]", "Save\\?"], "answer": ["y", "no"],
            "check_all": true, "newline": false, "sendonly": false,
        }),
        vec![],
    )
    .await
    .unwrap();
    assert_eq!(change.actions[0].effect, Effect::Write);
    assert!(matches!(change.withheld, Withheld::Skipped(_)));
    let line = &cli(&change).lines[0];
    let asked: Vec<(&str, &str)> = line.expect.iter().map(|e| (e.question.as_str(), e.answer.expose())).collect();
    assert_eq!(asked, [(r"\[confirm\]", "y"), ("Save\\?", "no")]);
    assert!(line.check_all && !line.newline && !line.send_only);

    let uneven = planned(serde_json::json!({"command": "reload", "prompt": ["a", "b"], "answer": ["y"]}), vec![]).await;
    assert_eq!(uneven.err().unwrap().message.expose(), "`reload` has 2 questions and 1 answers");
}

#[tokio::test]
async fn conditions_are_polled_while_commands_only_read() {
    let wait = |conditions: &[&str], how: &str| {
        serde_json::json!({
            "commands": ["show a", "show b"], "wait_for": conditions, "match": how, "retries": 1, "interval": 0,
        })
    };
    let both = ["result[0] contains up", "result[1] contains up"];
    let change = planned(wait(&both, "all"), vec![vec!["down", "up"], vec!["up", "up"]]).await.unwrap();
    assert!(change.actions.is_empty(), "all was read while planning");
    assert_eq!(change.result.get("stdout").map(Value::to_text).as_deref(), Some("['up', 'up']"));

    let failure = planned(wait(&both, "all"), vec![vec!["down", "up"], vec!["down", "up"]]).await.err().unwrap();
    assert_eq!(failure.kind, FailureKind::Module);
    assert_eq!(
        failure.result.get("failed_conditions").map(Value::to_text).as_deref(),
        Some("['result[0] contains up']")
    );
    assert!(planned(wait(&both, "any"), vec![vec!["down", "up"]]).await.is_ok());
}

#[tokio::test]
async fn attempts_are_the_interval_apart() {
    let since = std::time::Instant::now();
    let wait = serde_json::json!({
        "commands": ["show a"], "wait_for": ["result[0] contains up"], "retries": 3, "interval": 1,
    });
    planned(wait, vec![vec!["down"], vec!["up"]]).await.unwrap();
    assert!(since.elapsed() >= Duration::from_secs(1));
}

#[tokio::test]
async fn a_write_is_checked_once_and_never_repeated() {
    let write = |retries: Option<u32>| serde_json::json!({"commands": ["clear x"], "wait_for": ["result[0] contains ok"], "retries": retries});
    let failure = planned(write(Some(3)), vec![]).await.err().unwrap();
    assert_eq!(failure.kind, FailureKind::Argument);
    let change = planned(write(None), vec![]).await.unwrap();
    assert_eq!(finish(change, vec![answered("no")]).err().unwrap().kind, FailureKind::Module);
    let change = planned(write(None), vec![]).await.unwrap();
    assert!(finish(change, vec![answered("ok")]).is_ok());
}

#[test]
fn only_literal_reading_commands_make_a_reading_step() {
    let span = Span::new(SourceId(0), 0, 0);
    let text = |text: &str| Node { kind: Kind::Str(text.into()), span, style: ScalarStyle::Plain };
    let list =
        |items: &[&str]| Node::new(Kind::Seq(std::sync::Arc::new(items.iter().map(|i| text(i)).collect())), span);
    let ios = platform::find("ios").unwrap();
    let eos = platform::find("eos").unwrap();
    let cases = [
        ("command", text("show version"), vec![ios], Effect::Read),
        ("command", text("show version"), vec![], Effect::Write),
        ("command", text("show {{ what }}"), vec![ios], Effect::Write),
        ("command", text("reload"), vec![ios], Effect::Write),
        ("commands", list(&["show a", "show b"]), vec![ios, eos], Effect::Read),
        ("commands", list(&["show a", "clear b"]), vec![ios], Effect::Write),
        ("commands", list(&[]), vec![ios], Effect::Write),
        ("commands", list(&["show a | sed x"]), vec![ios, eos], Effect::Write),
    ];
    for (name, node, platforms, expected) in cases {
        let mut mapping = Mapping::default();
        mapping.insert(name.into(), text(name), node.clone());
        assert_eq!(effect(&Call { args: &mapping, platforms: &platforms }), expected, "{node:?}");
    }
}
