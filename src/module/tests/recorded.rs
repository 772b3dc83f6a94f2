//! Results beside what Ansible returned for the same tasks (`tests/module/record.sh`).

use crate::failure::Failure;
use crate::module::fake::Fake;
use crate::module::{Change, Module, find};
use crate::value::{Map, Value};
use std::os::unix::fs::PermissionsExt as _;

/// Fields whose values depend on the host, the moment or the tool; their type is compared.
const VOLATILE: &[&str] =
    &["size", "uid", "gid", "owner", "group", "nlink", "pw_name", "gr_name", "elapsed", "remote_md5sum"];

/// Results that differ on purpose: what is said of a missing source, and the temporary paths of Ansible's own.
const MESSAGES_OF_OUR_OWN: &[&str] = &["copy of nothing"];

fn data(name: &str) -> serde_json::Value {
    let path = format!("{}/tests/module/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

fn at(value: &Value, from: &str, to: &str) -> Value {
    match value {
        Value::Str(text) => text.replace(from, to).into(),
        Value::List(items) => Value::list(items.iter().map(|item| at(item, from, to))),
        Value::Map(map) => {
            let key = |key: &crate::value::Key| crate::value::Key::from(key.to_string().replace(from, to));
            Value::from(map.iter().map(|(k, v)| (key(k), at(v, from, to))).collect::<Map>())
        }
        other => other.clone(),
    }
}

/// Prepares the files of a case as the recording does.
fn prepare(host: &Fake, case: &serde_json::Value) {
    for (path, text) in case["files"].as_object().into_iter().flatten() {
        let path = host.write(path, text.as_str().unwrap());
        let mode = if path.ends_with(".sh") { 0o755 } else { 0o644 };
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    }
    for (path, target) in case["links"].as_object().into_iter().flatten() {
        std::os::unix::fs::symlink(target.as_str().unwrap(), host.path(path)).unwrap();
    }
}

/// Modules that do nothing when all is as wanted, and know in check mode what they would return.
const WRITERS: &[&str] = &["assemble", "blockinfile", "copy", "file", "lineinfile", "replace", "template"];

/// Plans a case.
async fn plan(host: &Fake, module: &'static Module, case: &serde_json::Value, args: &Map) -> Result<Change, Failure> {
    match &case["vars"] {
        serde_json::Value::Null => {
            let args: Vec<(&str, Value)> =
                args.iter().map(|(key, value)| (key.as_str().unwrap(), value.clone())).collect();
            host.plan(module, &args).await
        }
        // JSON is YAML.
        vars => host.task(module, &Value::from(args.clone()).to_json().to_string(), &vars.to_string()).await,
    }
}

/// Checks that what check mode would have returned has the fields and the values of what came.
fn check_prediction(case: &serde_json::Value, predicted: &Map, came: &Map) {
    // The size of a folder is the file system's.
    for (key, value) in came.iter().filter(|(key, _)| key.as_str() != Some("size")) {
        assert_eq!(predicted.get_key(key), Some(value), "{}: {key} was not foreseen", case["name"]);
    }
    assert_eq!(predicted.len(), came.len(), "{}: fields were foreseen that did not come", case["name"]);
}

/// Runs a case and returns what a register would hold, but for what the executor adds.
async fn registered(host: &Fake, case: &serde_json::Value) -> Map {
    let name = case["module"].as_str().unwrap();
    let (module, _) = find(name).unwrap();
    let dir = host.dir.path().display().to_string();
    let args = at(&Value::from(case["args"].clone()), "{dir}", &dir);
    let args = args.as_map().unwrap();
    let planned = plan(host, module, case, args).await;
    if let Some(reason) = planned.as_ref().ok().and_then(|change| change.skipped.clone()) {
        let reason = Value::from(reason.replace(&dir, "{dir}"));
        return [("skipped", Value::from(true)), ("reason", reason)].into_iter().collect();
    }
    // Whether the run changed is the inventory's to say.
    let changes_run = module.changes_run;
    let came = match planned {
        Ok(change) => {
            let predicted = change.result.clone();
            let came = host.act(change).await;
            if let (Ok(came), true) = (&came, WRITERS.contains(&name)) {
                check_prediction(case, &predicted, &came.result);
                if case["args"]["state"] != "touch" {
                    let again = plan(host, module, case, args).await.unwrap();
                    assert!(!again.changed && again.actions.is_empty(), "{} is not idempotent", case["name"]);
                }
            }
            came
        }
        Err(failure) => Err(failure),
    };
    let mut result = match came {
        Ok(came) => {
            let mut result = came.result;
            result.insert("changed", came.changed || changes_run);
            result.insert("failed", false);
            result
        }
        Err(failure) => {
            let mut result = failure.result;
            if !result.contains("msg") {
                result.insert("msg", failure.message.expose());
            }
            if !result.contains("changed") {
                result.insert("changed", false);
            }
            result.insert("failed", true);
            result
        }
    };
    let file = host.dir.path().join("f");
    if matches!(name, "assemble" | "lineinfile" | "blockinfile" | "replace" | "template" | "copy") && file.is_file() {
        result.insert("file afterwards", std::fs::read_to_string(file).unwrap());
    }
    result = at(&Value::from(result), &dir, "{dir}").as_map().cloned().unwrap_or_default();
    result
}

/// Adds to `wrong` what differs between a result and the recorded one.
fn compare(case: &str, place: &str, ours: &Value, theirs: &Value, wrong: &mut Vec<String>) {
    if let (Some(ours), Some(theirs)) = (ours.as_list(), theirs.as_list())
        && ours.len() == theirs.len()
    {
        // In which order a folder's files are listed is the file system's.
        let by_path = |list: &[Value]| {
            let mut list = list.to_vec();
            list.sort_by_key(|item| item.get("path").map(Value::to_text));
            list
        };
        for (ours, theirs) in by_path(ours).iter().zip(by_path(theirs)) {
            compare(case, place, ours, &theirs, wrong);
        }
        return;
    }
    let (Some(ours), Some(theirs)) = (ours.as_map(), theirs.as_map()) else {
        if ours != theirs {
            wrong.push(format!("{case}: {place} is {} and should be {}", ours.to_text(), theirs.to_text()));
        }
        return;
    };
    for (key, value) in theirs.iter() {
        let name = key.to_string();
        let Some(own) = ours.get(&name) else {
            wrong.push(format!("{case}: {place}{name} is missing ({})", value.to_text()));
            continue;
        };
        let kind = value
            .as_str()
            .and_then(|text| text.strip_prefix('<')?.strip_suffix('>'))
            .filter(|kind| !kind.contains(' '));
        match kind {
            // File systems differ in whether they have flags at all.
            Some(kind) if kind_of(own) != kind && own.is_truthy() => {
                wrong.push(format!("{case}: {place}{name} is a {} and should be a {kind}", kind_of(own)));
            }
            Some(_) => {}
            None if VOLATILE.contains(&&*name)
                || (case, &*name) == ("pause", "stdout")
                || value.as_str() == Some("{temporary}") =>
            {
                if kind_of(own) != kind_of(value) {
                    wrong.push(format!(
                        "{case}: {place}{name} is a {} and should be a {}",
                        kind_of(own),
                        kind_of(value)
                    ));
                }
            }
            None if name == "msg" && MESSAGES_OF_OUR_OWN.contains(&case) => {}
            None => compare(case, &format!("{place}{name}."), own, value, wrong),
        }
    }
    for (key, value) in ours.iter() {
        if theirs.get_key(key).is_none() {
            wrong.push(format!("{case}: {place}{key} is not Ansible's ({})", value.to_text()));
        }
    }
}

fn kind_of(value: &Value) -> &'static str {
    match value {
        Value::Null => "NoneType",
        Value::Bool(_) => "bool",
        Value::Int(_) => "int",
        Value::Float(_) => "float",
        Value::List(_) => "list",
        Value::Map(_) => "dict",
        Value::Moment(moment) => moment.type_name(),
        Value::Str(_) | Value::Omit => "str",
    }
}

#[tokio::test]
async fn results_have_ansibles_fields_and_values() {
    let cases = data("cases.json");
    let recorded = Value::from(data("results.json"));
    let mut wrong = Vec::new();
    for case in cases.as_array().unwrap() {
        let name = case["name"].as_str().unwrap();
        let host = Fake::new();
        prepare(&host, case);
        let ours = registered(&host, case).await;
        let Some(theirs) = recorded.get(name) else {
            wrong.push(format!("{name}: not recorded; run tests/module/record.sh"));
            continue;
        };
        if theirs.get("skipped") == Some(&true.into()) {
            // Under which name the reason is told differs from module to module; telling is the executor's.
            let reason = theirs.get("msg").or(theirs.get("skipped_reason"));
            if ours.get("reason") != reason {
                wrong.push(format!("{name}: skipped for another reason"));
            }
            continue;
        }
        compare(name, "", &Value::from(ours), theirs, &mut wrong);
    }
    assert!(wrong.is_empty(), "{} differences:\n{}", wrong.len(), wrong.join("\n"));
}
