use super::*;
use crate::module::Boxed;
use crate::platform;
use crate::value::Value;
use std::sync::Mutex;

/// Answers reads by their command, and notes them.
struct FakeProbe {
    answers: Vec<(&'static str, &'static str)>,
    asked: Mutex<Vec<String>>,
}

impl Probe for FakeProbe {
    fn read(&self, action: Action) -> Boxed<'_, Result<Output, Failure>> {
        assert_eq!(action.effect, Effect::Read);
        let Work::Cli(cli) = &action.work else { panic!("{action:?}") };
        let command = cli.lines[0].text.clone();
        let output = self.answers.iter().find(|(asked, _)| *asked == command).map(|(_, output)| *output);
        self.asked.lock().unwrap().push(command.clone());
        Box::pin(async move {
            let output = output.unwrap_or_else(|| panic!("{command} is not answered"));
            let error = output.starts_with('%').then(|| output.to_owned());
            Ok(Output::Cli(vec![CliResponse { line: command, output: output.into(), error, prompt: String::new() }]))
        })
    }
}

const RUNNING: &str = "hostname r1\ninterface Gi0/1\n description x\n";

async fn planned(json: serde_json::Value) -> Result<Change, Failure> {
    planned_on("ios", &[("show running-config", RUNNING), ("show startup-config", "hostname old\n")], json).await
}

async fn planned_on(
    platform: &str,
    answers: &[(&'static str, &'static str)],
    json: serde_json::Value,
) -> Result<Change, Failure> {
    let Value::Map(map) = Value::from(json) else { panic!("arguments are a map") };
    let probe = FakeProbe { answers: answers.to_vec(), asked: Mutex::default() };
    plan(&Args::of((*map).clone()), &SearchPath::default(), &probe, platform::find(platform)).await
}

fn sent(change: &Change) -> Vec<Vec<String>> {
    let lines = |action: &Action| match &action.work {
        Work::Cli(cli) => cli.lines.iter().map(|line| line.text.clone()).collect(),
        other => panic!("{other:?}"),
    };
    change.actions.iter().map(lines).collect()
}

fn ok(lines: &[&str]) -> Vec<CliResponse> {
    lines.iter().map(|line| CliResponse { line: (*line).into(), ..CliResponse::default() }).collect()
}

fn refusing(mut responses: Vec<CliResponse>) -> Vec<CliResponse> {
    if let Some(last) = responses.last_mut() {
        last.error = Some("% Invalid input".into());
    }
    responses
}

fn finish(change: Change, outputs: Vec<Vec<CliResponse>>) -> Result<Finished, Failure> {
    (change.finish.expect("it acts"))(outputs.into_iter().map(Output::Cli).collect(), change.result)
}

#[tokio::test]
async fn nothing_is_sent_when_nothing_is_missing() {
    let change =
        planned(serde_json::json!({"lines": ["description x"], "parents": ["interface Gi0/1"]})).await.unwrap();
    assert!(change.actions.is_empty() && !change.changed && change.diff.is_empty());
    let finished = finish(change, vec![]).unwrap();
    assert!(!finished.changed);
    assert_eq!(finished.result.get("commands").map(Value::to_text).as_deref(), Some("[]"));
}

#[tokio::test]
async fn what_is_missing_is_sent_with_its_parents_and_shown_as_a_diff() {
    let change = planned(serde_json::json!({
        "lines": ["description y", "mtu 9000"], "parents": ["interface Gi0/1"],
        "before": ["no ip x"], "after": ["ip x"],
    }))
    .await
    .unwrap();
    assert!(change.changed);
    assert_eq!(sent(&change), [["no ip x", "interface Gi0/1", "description y", "mtu 9000", "ip x"]]);
    assert_eq!(change.actions[0].effect, Effect::Write);
    let Work::Cli(cli) = &change.actions[0].work else { panic!() };
    assert_eq!((cli.level.as_deref(), cli.stop_on_error), (Some("config"), true));
    let diff = &change.diff[0];
    assert_eq!(diff.before, "hostname r1\ninterface Gi0/1\n description x\n");
    assert_eq!(diff.after, "hostname r1\ninterface Gi0/1\n description x\n description y\n mtu 9000\n");
    let lines = ["no ip x", "interface Gi0/1", "description y", "mtu 9000", "ip x"];
    assert!(finish(change, vec![ok(&lines)]).unwrap().changed);
}

#[tokio::test]
async fn lines_are_sent_without_comparing_when_asked_to() {
    let change = planned(serde_json::json!({"config": "hostname r1", "match": "none"})).await.unwrap();
    assert_eq!(sent(&change), [["hostname r1"]]);
}

#[tokio::test]
async fn a_refused_line_says_what_is_in_and_what_is_not() {
    let change = planned(serde_json::json!({"config": "ip a\nip b\nip c\nip d\n"})).await.unwrap();
    let failure = finish(change, vec![refusing(ok(&["ip a", "ip b"]))]).err().unwrap();
    assert_eq!(failure.kind, FailureKind::Command);
    assert_eq!(
        failure.message.expose(),
        "the device refuses line 2 of 4, `ip b`: % Invalid input; `ip a` are in, `ip c`, `ip d` were not sent"
    );
    let field = |name| failure.result.get(name).map(Value::to_text);
    assert_eq!(field("failed_line").as_deref(), Some("ip b"));
    assert_eq!(field("applied").as_deref(), Some("['ip a']"));
    assert_eq!(field("not_sent").as_deref(), Some("['ip c', 'ip d']"));
}

#[tokio::test]
async fn a_candidate_changes_when_it_was_committed() {
    let answers = [("show configuration | display set", "set system host-name mx1\n")];
    let plan = || planned_on("junos", &answers, serde_json::json!({"lines": ["set a b"]}));
    let change = plan().await.unwrap();
    assert_eq!(sent(&change), [["set a b"]]);
    assert!(finish(change, vec![ok(&["set a b", "show | compare", "commit"])]).unwrap().changed);
    let change = plan().await.unwrap();
    assert!(!finish(change, vec![ok(&["set a b", "show | compare"])]).unwrap().changed);
    let change = plan().await.unwrap();
    let failure = finish(change, vec![refusing(ok(&["set a b", "show | compare", "commit"]))]).err().unwrap();
    assert_eq!(failure.message.expose(), "the device refuses `commit`: % Invalid input; nothing was committed");
}

#[tokio::test]
async fn the_configuration_is_saved_when_asked_to() {
    let cases = [
        ("never", "hostname r1", 0),
        ("changed", "hostname r1", 0),
        ("changed", "hostname r2", 2),
        ("modified", "hostname r1", 1),
        ("always", "hostname r1", 1),
    ];
    for (when, config, actions) in cases {
        let change = planned(serde_json::json!({"config": config, "save_when": when})).await.unwrap();
        assert_eq!(change.actions.len(), actions, "{when}");
        assert_eq!(change.changed, actions > 0, "{when}");
        if actions > 0 {
            assert_eq!(sent(&change).last().unwrap(), &["copy running-config startup-config"]);
        }
    }
    let change = planned(serde_json::json!({"config": "hostname r1", "save_when": "always"})).await.unwrap();
    let failure = finish(change, vec![refusing(ok(&["copy running-config startup-config"]))]).err().unwrap();
    assert!(failure.message.expose().contains("was not saved"), "{:?}", failure.message.expose());
}

#[tokio::test]
async fn what_cannot_be_configured_is_said() {
    let linux = planned_on("linux", &[], serde_json::json!({"config": "x"})).await.err().unwrap();
    assert_eq!(linux.kind, FailureKind::Argument);
    let refused = planned_on("ios", &[("show running-config", "% Invalid input")], serde_json::json!({"config": "x"}));
    assert_eq!(
        refused.await.err().unwrap().message.expose(),
        "the device refuses `show running-config`: % Invalid input"
    );
    let missing = planned(serde_json::json!({"src": "no/such.cfg"})).await.err().unwrap();
    assert_eq!((missing.kind, missing.message.expose()), (FailureKind::File, "cannot find `no/such.cfg`"));
}

#[tokio::test]
async fn a_file_is_sent_as_it_is_and_a_template_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    std::fs::write(dir.path().join("a.cfg"), "hostname r2\n").unwrap();
    std::fs::write(dir.path().join("b.cfg"), "hostname {{ name }}\n").unwrap();
    let path = |name: &str| dir.path().join(name).display().to_string();
    let change = planned(serde_json::json!({"src": path("a.cfg")})).await.unwrap();
    assert_eq!(sent(&change), [["hostname r2"]]);
    let failure = planned(serde_json::json!({"src": path("b.cfg")})).await.err().unwrap();
    assert!(failure.message.expose().contains("is a template"), "{:?}", failure.message.expose());
}
