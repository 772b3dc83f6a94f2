use super::*;
use crate::module::fake::{Device, Fake};
use crate::module::{CliResponse, Finished};
use crate::platform;
use crate::value::Value;

const RUNNING: &str = "hostname r1\ninterface Gi0/1\n description x\n";

async fn planned(json: serde_json::Value) -> Result<Change, Failure> {
    planned_on("ios", &[("show running-config", RUNNING), ("show startup-config", "hostname old\n")], json).await
}

async fn planned_on(
    platform: &str,
    answers: &[(&'static str, &'static str)],
    json: serde_json::Value,
) -> Result<Change, Failure> {
    planned_by(&device(platform, answers), json).await
}

fn device(platform: &str, answers: &[(&'static str, &'static str)]) -> Fake {
    let platform = platform::find(platform).unwrap();
    Fake { device: Some(Device { platform, answers: answers.to_vec() }), ..Fake::new() }
}

async fn planned_by(fake: &Fake, json: serde_json::Value) -> Result<Change, Failure> {
    let Value::Map(map) = Value::from(json) else { panic!("arguments are a map") };
    let args: Vec<(String, Value)> = map.iter().map(|(key, value)| (key.to_string(), value.clone())).collect();
    let args: Vec<(&str, Value)> = args.iter().map(|(key, value)| (key.as_str(), value.clone())).collect();
    fake.plan(&MODULE, &args).await
}

fn sent(change: &Change) -> Vec<Vec<String>> {
    let lines = |action: &Action| match &action.work {
        Work::Cli(cli) => cli.lines.iter().map(|line| line.text.clone()).collect(),
        other => panic!("{other:?}"),
    };
    change.actions.iter().map(lines).collect()
}

/// Returns what is sent after the lines, when the device has answered so.
fn afterwards(change: Change, answers: Vec<CliResponse>) -> Vec<Vec<String>> {
    let actions = change.then.expect("something follows")(&[Output::Cli(answers)]).expect("it is no failure");
    sent(&Change { actions, ..Change::nothing(Map::new()) })
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
    assert_eq!(diff.after, "hostname r1\ninterface Gi0/1\n description y\n mtu 9000\n");
    let lines = ["no ip x", "interface Gi0/1", "description y", "mtu 9000", "ip x"];
    assert!(finish(change, vec![ok(&lines)]).unwrap().changed);
}

#[tokio::test]
async fn lines_are_sent_without_comparing_when_asked_to() {
    let change = planned(serde_json::json!({"config": "hostname r1", "match": "none"})).await.unwrap();
    assert_eq!(sent(&change), [["hostname r1"]]);
}

#[tokio::test]
async fn what_runs_is_read_for_a_comparison_or_for_those_who_want_to_see_it() {
    let reads = async |more: serde_json::Value, diff: bool| {
        let answers = [("show running-config", RUNNING), ("show startup-config", RUNNING)];
        let fake = Fake { diff, ..device("ios", &answers) };
        let mut json = serde_json::json!({"config": "hostname r1"});
        json.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        planned_by(&fake, json).await.unwrap();
        let log = fake.log.lock().unwrap();
        log.len()
    };
    let none = serde_json::json!({"match": "none"});
    assert_eq!((reads(none.clone(), false).await, reads(none, true).await), (0, 1));
    assert_eq!(reads(serde_json::json!({}), false).await, 1);
    for (more, value, count) in [("backup", "true", 1), ("save_when", "modified", 1), ("replace", "config", 1)] {
        assert_eq!(reads(serde_json::json!({"match": "none", more: value}), false).await, count, "{more}");
    }
}

#[tokio::test]
async fn a_rollback_loads_the_configuration_of_so_many_commits_ago() {
    let answers = [("show configuration | display set", "set system host-name r1\n")];
    for (number, line) in [(0, "rollback 0"), (2, "rollback 2")] {
        let change = planned_on("junos", &answers, serde_json::json!({"rollback": number})).await.unwrap();
        assert_eq!(sent(&change), [[line]]);
        assert!(change.changed);
    }
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
        ("changed", "hostname r2", 1),
        ("modified", "hostname r1", 1),
        ("always", "hostname r1", 1),
    ];
    for (when, config, actions) in cases {
        let change = planned(serde_json::json!({"config": config, "save_when": when})).await.unwrap();
        assert_eq!(change.actions.len(), actions, "{when}");
        assert_eq!(change.changed, actions > 0, "{when}");
        let saves = ["copy running-config startup-config"];
        match when {
            "changed" if actions > 0 => {
                assert_eq!(afterwards(change, ok(&["hostname r2"]))[0], saves);
                let change = planned(serde_json::json!({"config": config, "save_when": when})).await.unwrap();
                assert!(afterwards(change, refusing(ok(&["hostname r2"]))).is_empty(), "half a change is not saved");
            }
            _ if actions > 0 => assert_eq!(sent(&change)[0], saves),
            _ => {}
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
    assert_eq!((missing.kind, missing.message.expose()), (FailureKind::File, "Could not find or access 'no/such.cfg'"));
}

#[tokio::test]
async fn a_file_is_rendered_and_what_is_left_of_a_template_is_never_sent() {
    let fake = device("ios", &[("show running-config", RUNNING)]);
    fake.write("a.cfg", "hostname r2\n");
    fake.write("b.j2", "{% for n in [1, 2] %}\ninterface Lo{{ n }}\n description l{{ n }}\n{% endfor %}\n");
    fake.write("c.j2", "hostname {{ '{{ name }}' }}\n");
    fake.write("d.j2", "{% if false %}hostname x{% endif %}\n");
    let change = planned_by(&fake, serde_json::json!({"src": "a.cfg"})).await.unwrap();
    assert_eq!(sent(&change), [["hostname r2"]]);
    let change = planned_by(&fake, serde_json::json!({"src": "b.j2"})).await.unwrap();
    assert_eq!(sent(&change), [["interface Lo1", "description l1", "interface Lo2", "description l2"]]);
    let failed = async |name: &str| {
        let failure = planned_by(&fake, serde_json::json!({"src": name})).await.err().unwrap();
        failure.message.expose().to_owned()
    };
    let left = "line 1 of the configuration wanted has a template left in it: `hostname {{ name }}`";
    assert_eq!(failed("c.j2").await, left);
    assert_eq!(failed("d.j2").await, "the configuration wanted has no lines");
    let change = planned_by(&fake, serde_json::json!({"lines": ["a {{ b }}"]})).await;
    assert!(change.err().unwrap().message.expose().contains("has a template left"));
}

#[tokio::test]
async fn lines_are_compared_as_asked() {
    let acl = "ip access-list extended A\n permit ip any any\n deny ip any any\n";
    let cases: [(serde_json::Value, &[&str]); 6] = [
        (serde_json::json!({"lines": ["deny ip any any", "permit ip any any"]}), &[]),
        (
            serde_json::json!({"lines": ["deny ip any any", "permit ip any any"], "match": "strict"}),
            &["ip access-list extended A", "deny ip any any", "permit ip any any"],
        ),
        (serde_json::json!({"lines": ["permit ip any any"], "match": "strict"}), &[]),
        (
            serde_json::json!({"lines": ["permit ip any any"], "match": "exact", "before": ["no ip access-list extended A"]}),
            &["no ip access-list extended A", "ip access-list extended A", "permit ip any any"],
        ),
        (serde_json::json!({"lines": ["permit ip any any", "deny ip any any"], "match": "exact"}), &[]),
        (
            serde_json::json!({"lines": ["permit ip any any", "permit tcp any any"], "replace": "block"}),
            &["ip access-list extended A", "permit ip any any", "permit tcp any any"],
        ),
    ];
    for (mut args, lines) in cases {
        args["parents"] = serde_json::json!(["ip access-list extended A"]);
        let change = planned_on("ios", &[("show running-config", acl)], args.clone()).await.unwrap();
        let expected: Vec<Vec<&str>> = if lines.is_empty() { vec![] } else { vec![lines.to_vec()] };
        assert_eq!(sent(&change), expected, "{args}");
    }
}

#[tokio::test]
async fn a_whole_configuration_undoes_what_is_not_in_it() {
    let running = "hostname r1\nip route 10.9.0.0 255.255.0.0 10.0.0.9\ninterface GigabitEthernet0/1\n description x\n \
                   mtu 9000\ninterface Loopback7\n description l\nrouter bgp 1\n neighbor 10.0.0.2 remote-as 2\n \
                   neighbor 10.0.0.2 description old\n";
    let wanted = "hostname r2\ninterface GigabitEthernet0/1\n description y\nrouter bgp 1\n neighbor 10.0.0.2 \
                  remote-as 3\n neighbor 10.0.0.2 description old\n";
    let answers = [("show running-config", running)];
    let change = planned_on("ios", &answers, serde_json::json!({"config": wanted, "replace": "config"}));
    let lines = [
        "hostname r2",
        "interface GigabitEthernet0/1",
        "no mtu",
        "description y",
        "router bgp 1",
        "neighbor 10.0.0.2 remote-as 3",
        "exit",
        "no interface Loopback7",
        "no ip route 10.9.0.0 255.255.0.0 10.0.0.9",
    ];
    assert_eq!(sent(&change.await.unwrap()), [lines]);
    let same = planned_on("ios", &answers, serde_json::json!({"config": running, "replace": "config"}));
    assert!(sent(&same.await.unwrap()).is_empty());
    let nothing = planned(serde_json::json!({"config": " ", "replace": "config"})).await.err().unwrap();
    assert_eq!(nothing.message.expose(), "the configuration wanted has no lines");
    let lines = planned(serde_json::json!({"lines": ["a"], "replace": "config"})).await.err().unwrap();
    assert_eq!(lines.message.expose(), "`replace: config` needs a whole configuration");
}

#[tokio::test]
async fn junos_takes_braces_and_deletes_what_is_not_wanted() {
    let show = "show configuration | display set";
    let running = "set system host-name mx1\nset system services telnet\n";
    let wanted = "system {\n    host-name mx2; ## comment\n    name-server [ 10.0.0.1 10.0.0.2 ];\n    inactive: services {\n        ssh;\n    }\n}\n";
    let answers = [(show, running)];
    let change = planned_on("junos", &answers, serde_json::json!({"config": wanted, "update": "override"}));
    let lines = [
        "delete system services telnet",
        "delete system host-name mx1",
        "set system host-name mx2",
        "set system name-server 10.0.0.1",
        "set system name-server 10.0.0.2",
        "set system services ssh",
        "deactivate system services",
    ];
    assert_eq!(sent(&change.await.unwrap()), [lines]);
}

#[tokio::test]
async fn ignored_lines_and_a_given_configuration_spare_the_device() {
    let change = planned_on(
        "ios",
        &[],
        serde_json::json!({"config": "hostname r2\nntp clock 7", "running_config": "hostname r1", "diff_ignore_lines": ["^ntp "]}),
    );
    assert_eq!(sent(&change.await.unwrap()), [["hostname r2"]]);
    let wrong = planned(serde_json::json!({"config": "x", "diff_ignore_lines": ["("]})).await.err().unwrap();
    assert!(wrong.message.expose().starts_with("`(` of `diff_ignore_lines` is no expression"));
}

#[tokio::test]
async fn the_configuration_before_is_kept_in_a_file() {
    let fake = device("ios", &[("show running-config", RUNNING), ("hostname r2", "")]);
    let args = serde_json::json!({"config": "hostname r2", "backup": true, "backup_options": {"filename": "r1.cfg"}});
    let came = fake.act(planned_by(&fake, args).await.unwrap()).await.unwrap();
    assert!(came.changed);
    let path = fake.path("backup/r1.cfg");
    assert_eq!(came.result.get("backup_path").map(Value::to_text), Some(path));
    assert_eq!(fake.read_text("backup/r1.cfg"), RUNNING);
    let change = planned_by(&fake, serde_json::json!({"backup": true})).await.unwrap();
    assert!(!change.changed, "a backup changes nothing");
    let path = change.result.get("backup_path").map(Value::to_text).unwrap();
    assert!(path.contains("/backup/h1_config.2"), "{path}");
    for name in ["../x", "/etc/passwd", ".."] {
        let args = serde_json::json!({"backup": true, "backup_options": {"filename": name}});
        assert!(planned_by(&fake, args).await.is_err(), "{name}");
    }
}

#[tokio::test]
async fn a_change_is_held_until_it_is_confirmed() {
    let ready = "No Rollback Confirmed Change pending";
    let answers = [
        ("show running-config", RUNNING),
        ("show archive", "The maximum archive configurations"),
        ("show archive config rollback timer", ready),
    ];
    let args = serde_json::json!({"config": "hostname r2", "confirm_within": "2m", "save_when": "changed"});
    let change = planned_on("ios", &answers, args.clone()).await.unwrap();
    assert_eq!(sent(&change), [["hostname r2"]], "it is saved when it is confirmed, not now");
    let Work::Cli(cli) = &change.actions[0].work else { panic!() };
    assert_eq!(cli.commit.within, Some(std::time::Duration::from_secs(120)));
    let field = |map: &Map, name: &str| {
        map.get("confirm").and_then(Value::as_map).and_then(|map| map.get(name).map(Value::to_text))
    };
    assert_eq!(field(&change.result, "pending").as_deref(), Some("False"), "check mode holds nothing");
    let finished = finish(change, vec![ok(&["hostname r2"])]).unwrap();
    assert_eq!(field(&finished.result, "pending").as_deref(), Some("True"));
    assert_eq!(field(&finished.result, "save").as_deref(), Some("True"));
    let unsafe_now = [("show running-config", RUNNING), ("show archive", "Archive feature not enabled")];
    let refused = planned_on("ios", &unsafe_now, args).await.err().unwrap();
    assert_eq!(
        refused.message.expose(),
        "the device cannot take the change back now: `show archive` says `Archive feature not enabled`"
    );
}

#[tokio::test]
async fn how_a_change_is_committed_is_said_in_ones_own_words_or_in_those_of_the_vendors_modules() {
    let junos = [("show configuration | display set", "set system host-name mx1\n")];
    let vyos = [("show configuration commands", "set system host-name vy1\n")];
    let xr = [("show running-config", "hostname xr1\n")];
    let planned = async |platform: &str, options: serde_json::Value| {
        let (answers, config) = match platform {
            "junos" => (&junos, "set system host-name new"),
            "vyos" => (&vyos, "set system host-name new"),
            _ => (&xr, "hostname new"),
        };
        let mut args = serde_json::json!({"config": config});
        args.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        let change = planned_on(platform, answers, args).await?;
        let Work::Cli(cli) = &change.actions[0].work else { panic!() };
        Ok::<_, Failure>(cli.commit.clone())
    };
    let seconds = |commit: &Commit| commit.within.map(|within| within.as_secs());
    let commit = planned("junos", serde_json::json!({"comment": "why", "commit_at": "22:30"})).await.unwrap();
    assert_eq!((commit.comment.as_deref(), commit.at.as_deref()), (Some("why"), Some("22:30")));
    let commit = planned("iosxr", serde_json::json!({"comment": "why", "label": "a1"})).await.unwrap();
    assert_eq!((commit.comment.as_deref(), commit.label.as_deref()), (Some("why"), Some("a1")));
    assert_eq!(seconds(&planned("junos", serde_json::json!({"confirm": 5})).await.unwrap()), Some(300));
    assert_eq!(seconds(&planned("junos", serde_json::json!({"confirm": 0})).await.unwrap()), None);
    let manual = serde_json::json!({"confirm": "manual", "confirm_timeout": 3});
    assert_eq!(seconds(&planned("vyos", manual).await.unwrap()), Some(180));
    let commit = planned("junos", serde_json::json!({"check_commit": true})).await.unwrap();
    assert!(commit.check && commit.discard);
    let refused = [
        ("vyos", serde_json::json!({"label": "x"}), "`vyos` gives a change no label"),
        ("vyos", serde_json::json!({"commit_at": "22:30"}), "`vyos` has no commit at a given time"),
        ("iosxr", serde_json::json!({"check_commit": true}), "`cisco_iosxr` cannot check a candidate alone"),
        ("ios", serde_json::json!({"comment": "x"}), "`cisco_ios` keeps no comment with a change"),
        ("ios", serde_json::json!({"rollback": 1, "config": null}), "`cisco_ios` cannot go back to an earlier commit"),
        (
            "junos",
            serde_json::json!({"confirm": 5, "commit": false}),
            "`confirm_within` and `commit: false` exclude each other",
        ),
        (
            "junos",
            serde_json::json!({"confirm": 5, "commit_at": "22:30"}),
            "`confirm_within` and `commit_at` exclude each other",
        ),
        ("vyos", serde_json::json!({"confirm": "automatic"}), "`confirm: automatic` confirms what nobody has verified"),
        (
            "nxos",
            serde_json::json!({"confirm_within": "2m"}),
            "`cisco_nxos` cannot take a change back by itself: a checkpoint is gone back to only when somebody asks for it",
        ),
    ];
    for (platform, options, message) in refused {
        let failure = planned(platform, options).await.err().unwrap();
        assert_eq!(failure.message.expose(), message);
    }
}

#[tokio::test]
async fn a_change_that_waits_is_kept_by_a_task_of_its_own() {
    let junos = [("show configuration | display set", "set system host-name mx1\n")];
    let change = planned_on("junos", &junos, serde_json::json!({"confirm_commit": true})).await.unwrap();
    assert_eq!(sent(&change), [["commit"]]);
    let Work::Cli(cli) = &change.actions[0].work else { panic!() };
    assert!(cli.commit.concludes);
    let eos = planned_on("eos", &[], serde_json::json!({"confirm_commit": true})).await.err().unwrap();
    assert_eq!(eos.message.expose(), "`arista_eos` confirms a change by its name");
}

/// Every `match` with every `replace`, on each way of writing a configuration: what is sent.
#[tokio::test]
async fn every_match_with_every_replace_on_every_style() {
    let ios_running = "hostname r1\nip access-list extended A\n permit ip a\n permit ip b\nno ip http server\n";
    let ios_wanted = "ip access-list extended A\n permit ip b\n permit ip c\n";
    let block: &[&str] = &["ip access-list extended A", "permit ip b", "permit ip c"];
    let whole: &[&str] =
        &["ip access-list extended A", "no permit ip a", "permit ip c", "exit", "ip http server", "no hostname r1"];
    let missing: &[&str] = &["ip access-list extended A", "permit ip c"];
    let cases: [(&str, &str, &[&str]); 12] = [
        ("line", "line", missing),
        ("line", "block", block),
        ("line", "config", whole),
        ("strict", "line", block),
        ("strict", "block", block),
        ("strict", "config", whole),
        ("exact", "line", block),
        ("exact", "block", block),
        ("exact", "config", whole),
        ("none", "line", block),
        ("none", "block", block),
        ("none", "config", whole),
    ];
    for (how, replace, lines) in cases {
        let args = serde_json::json!({"config": ios_wanted, "match": how, "replace": replace});
        let change = planned_on("ios", &[("show running-config", ios_running)], args).await.unwrap();
        assert_eq!(sent(&change), [lines], "ios: match {how}, replace {replace}");
    }
    let set_running = "set system host-name mx1\nset system services ssh\nset system services telnet\n";
    let set_wanted = [
        "set system host-name mx1\nset system services ssh\nset system ntp server x\n",
        "system {\n host-name mx1;\n services {\n  ssh;\n }\n ntp {\n  server x;\n }\n}\n",
    ];
    for (how, replace) in cases.map(|(how, replace, _)| (how, replace)) {
        for wanted in set_wanted {
            let args = serde_json::json!({"config": wanted, "match": how, "replace": replace});
            let change = planned_on("junos", &[("show configuration | display set", set_running)], args).await.unwrap();
            let lines: &[&str] = match (how, replace) {
                (_, "config") => &["delete system services telnet", "set system ntp server x"],
                ("none", _) => &["set system host-name mx1", "set system services ssh", "set system ntp server x"],
                _ => &["set system ntp server x"],
            };
            assert_eq!(sent(&change), [lines], "junos: match {how}, replace {replace}");
        }
    }
}

/// Returns what the user is told after lines were taken and the device shows this.
async fn told(args: serde_json::Value, shown: &str) -> (Vec<String>, String) {
    let change = planned(args).await.unwrap();
    let lines = sent(&change)[0].clone();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let shown = vec![CliResponse { output: shown.into(), ..CliResponse::default() }];
    let finished = finish(change, vec![ok(&lines), shown]).unwrap();
    (finished.warnings, finished.result.get("not_shown").map(Value::to_text).unwrap_or_default())
}

#[tokio::test]
async fn lines_that_the_device_does_not_show_are_told() {
    let parents = "interface Gi0/1";
    let one = |line: &str| serde_json::json!({"lines": [line], "parents": [parents]});
    let section = |lines: &str| format!("hostname r1\ninterface Gi0/1\n description x\n{lines}");
    let cases = [
        (one("mtu 9000"), section(" mtu 9000\n"), vec![]),
        (one("shutd"), section(" shutdown\n"), vec![]),
        (
            one("frobnicate 7"),
            section(""),
            vec![
                "`frobnicate 7` in `interface Gi0/1` is sent in every run: the device does not show it, as it does with defaults; \
             leave it out, or name it in `diff_ignore_lines`",
            ],
        ),
        (
            one("frob 7"),
            section(" frobnicate 7\n"),
            vec!["`frob 7` in `interface Gi0/1` is sent in every run: the device shows `frobnicate 7`; write it so"],
        ),
        (
            serde_json::json!({"config": "username bob secret hunter2"}),
            section("username bob secret 9 $9$x\n"),
            vec![
                "`username bob secret \u{2026}` is sent in every run: of a secret the device shows a hash or nothing; write the \
             line as it is shown, or let `diff_ignore_lines` leave it out",
            ],
        ),
    ];
    for (args, shown, warnings) in cases {
        assert_eq!(told(args.clone(), &shown).await.0, warnings, "{args}");
    }
    let many: Vec<String> = (0..8).map(|n| format!("frobnicate {n}")).collect();
    let (warnings, not_shown) = told(serde_json::json!({"lines": many}), RUNNING).await;
    assert_eq!(warnings.len(), 6);
    assert_eq!(warnings[5], "3 more lines are sent in every run, as the device does not show them");
    assert_eq!(not_shown.matches("frobnicate").count(), 8);
}

#[tokio::test]
async fn the_configuration_is_read_again_only_after_lines_that_are_compared() {
    let reads = |args: serde_json::Value| async {
        let change = planned(args).await.unwrap();
        change.then.is_some_and(|then| !then(&[Output::Cli(ok(&["hostname r2"]))]).unwrap().is_empty())
    };
    assert!(reads(serde_json::json!({"config": "hostname r2"})).await);
    assert!(!reads(serde_json::json!({"config": "hostname r1"})).await);
    assert!(!reads(serde_json::json!({"config": "hostname r2", "match": "none"})).await);
    assert!(!reads(serde_json::json!({"config": "hostname r2", "verify_lines": false})).await);
}

#[tokio::test]
async fn the_form_of_a_junos_configuration_is_as_said() {
    let braces = "system {\n    host-name mx1;\n}\n";
    let why = |format: &'static str, config: &'static str| async move {
        let args = serde_json::json!({"config": config, "src_format": format});
        let planned =
            planned_on("junos", &[("show configuration | display set", "set system host-name mx1\n")], args).await;
        planned.err().map(|failure| failure.message.expose().to_owned())
    };
    assert_eq!(why("text", braces).await, None);
    assert_eq!(why("set", "set system host-name mx1").await, None);
    assert!(why("set", braces).await.is_some_and(|why| why.contains("in braces")));
    assert!(why("text", "set system host-name mx1").await.is_some_and(|why| why.contains("made of `set` lines")));
    assert_eq!(why("xml", "<configuration/>").await, None);
    assert!(why("json", "<configuration/>").await.is_some_and(|why| why.contains("is no JSON")));
}

#[tokio::test]
async fn a_secret_in_plain_is_held_against_the_hash_that_is_shown() {
    let shown = "hostname r1\nusername bob privilege 15 secret 5 $1$abcd$3XZbaqgzuThI2m9mmOxyV1\nline vty 0 4\n password 7 0822455D0A16\n";
    let lines = |config: &'static str| async move {
        let change =
            planned_on("ios", &[("show running-config", shown)], serde_json::json!({"config": config})).await.unwrap();
        change.actions.first().map(|_| sent(&change)[0].clone()).unwrap_or_default()
    };
    assert_eq!(lines("username bob privilege 15 secret 0 hunter2\nline vty 0 4\n password cisco").await, [""; 0]);
    let other = "username bob privilege 15 secret 0 hunter3";
    assert_eq!(lines(other).await, [other]);
    assert_eq!(lines("line vty 0 4\n password secret").await, ["line vty 0 4", "password secret"]);
}

#[tokio::test]
async fn the_configuration_is_shown_against_what_the_task_says() {
    let headers = |change: &Change| -> Vec<(String, String)> {
        change.diff.iter().map(|diff| (diff.before_header.clone(), diff.after_header.clone())).collect()
    };
    let pair = |before: &str, after: &str| (before.to_owned(), after.to_owned());
    let change = planned(serde_json::json!({"diff_against": "startup"})).await.unwrap();
    assert_eq!(headers(&change), [pair("startup-config", "running-config")]);
    assert_eq!((change.diff[0].before.as_str(), change.diff[0].after.as_str()), ("hostname old\n", RUNNING));
    assert!(change.changed && change.actions.is_empty());
    assert_eq!(change.result.get("diff_found"), Some(&Value::Bool(true)));

    let against = |intended: &str| serde_json::json!({"diff_against": "intended", "intended_config": intended});
    let change = planned(against("hostname r1\n")).await.unwrap();
    assert_eq!(headers(&change), [pair("running-config", "intended-config")]);
    // What the lines make of it is what counts.
    let mut json = against("hostname r2\ninterface Gi0/1\n description x\n");
    json["lines"] = serde_json::json!(["hostname r2"]);
    let change = planned(json).await.unwrap();
    assert_eq!(headers(&change), [pair("running-config", "running-config with the lines")]);
    let change = planned(against(RUNNING)).await.unwrap();
    assert!(!change.changed && change.diff.is_empty());

    let shown = [("show configuration | display set", "set system host-name mx1\n")];
    let refused = planned_on("junos", &shown, serde_json::json!({"diff_against": "startup"})).await.err().unwrap();
    let message = refused.message.expose();
    assert_eq!(message, "platform `juniper_junos` has no startup configuration to compare with");
}

#[tokio::test]
async fn what_is_a_default_is_there_where_all_of_them_are_shown() {
    let all = "hostname r1\ninterface Gi0/1\n mtu 1400\n";
    let shown = [("show running-config", "hostname r1\ninterface Gi0/1\n"), ("show running-config all", all)];
    let args = |defaults: bool| serde_json::json!({"lines": ["mtu 1400"], "parents": ["interface Gi0/1"], "defaults": defaults});
    assert!(planned_on("ios", &shown, args(true)).await.unwrap().actions.is_empty());
    assert_eq!(sent(&planned_on("ios", &shown, args(false)).await.unwrap()), [["interface Gi0/1", "mtu 1400"]]);
}

#[tokio::test]
async fn a_backup_has_the_folder_and_the_name_that_are_asked_for() {
    let options = serde_json::json!({"dir_path": "/nowhere/kept", "filename": "r1.cfg"});
    let change = planned(serde_json::json!({"backup": true, "backup_options": options})).await.unwrap();
    let path = change.result.get("backup_path").map(Value::to_text);
    assert_eq!(path.as_deref(), Some("/nowhere/kept/r1.cfg"));
}
