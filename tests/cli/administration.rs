//! Accounts, services, packages and downloads, on a copy of this machine that is gone afterwards: what they change and
//! what they return is what Ansible changed and returned there (`tests/system/record`).

use serde_json::{Map, Value, json};
use std::path::Path;
use std::process::Command;

/// What depends on the moment, the machine, or what tools say in their own words.
const VOLATILE: &[&str] = &[
    "start",
    "end",
    "delta",
    "stdout",
    "stdout_lines",
    "stderr",
    "stderr_lines",
    "cache_update_time",
    "src",
    "elapsed",
    "cmd",
    "ssh_fingerprint",
    "ssh_public_key",
    "rc",
    "commands",
];

/// Results that differ on purpose, field by field.
const DIFFERENCES: &[(&str, &[&str], &str)] = &[
    ("a name", &["ansible_facts"], "Ansible's way for Alpine sets the name that the file had before"),
    ("the same name", &["ansible_facts"], "the same"),
    ("the name", &["stdout"], "the same"),
    ("a wrong digest", &["msg"], "the temporary file has another name"),
    ("no folder", &["checksum_src", "msg"], "a folder that is not there is seen before the download"),
    ("not there", &["response"], "the host's curl does not tell the reason of a status"),
    ("services of scripts", &["ansible_facts"], "services are those of the machine"),
    ("services of systemd", &["ansible_facts"], "services are those of the machine"),
    ("packages as facts", &["ansible_facts"], "packages are those of the machine"),
    ("packages by a manager", &["ansible_facts"], "packages are those of the machine"),
    ("an archive", &["extract_results"], "the temporary file has another name"),
    ("an archive from a server", &["extract_results"], "the temporary file has another name"),
    ("no archive here", &["msg"], "where it was looked for is told in other words"),
    ("what is no archive", &["msg"], "what each tool said of it is left out"),
    ("something is there", &["failed", "skip_reason"], "what is skipped says why in words of its own"),
    ("sources in the end", &["stdout"], "a file that apt cannot read beside the others is taken away again"),
    ("a source whose lists cannot be fetched", &["msg"], "what apt says is told as it is"),
    ("an rpm from a repository that is off", &["msg", "failures"], "dnf says why in its own words"),
    ("no table of values", &["msg"], "it is said in words of its own"),
    ("records of another dialect", &["msg"], "it is said in words of its own"),
    ("no answer is left", &["msg"], "what the program said is told as text"),
    ("a folder as a file of sections", &["msg", "rc"], "it is said in words of its own"),
    ("remounted elsewhere", &["msg"], "what `umount` says is told as it is"),
    ("cannot be mounted", &["msg"], "what `mount` says is told as it is"),
    ("two folders for what cannot be mounted", &["msg"], "what `mount` says is told as it is"),
    ("absent where a folder is full", &["msg"], "what `rmdir` says is told as it is"),
    ("a key that is not on the server", &["msg"], "what curl says is told as it is"),
    ("no rule that the filter knows", &["msg"], "iptables says its version"),
    ("no chain that is used", &["msg"], "iptables says its version"),
    ("a question with a secret", &["current"], "a password is not shown"),
    ("another secret", &["current"], "a password is not shown"),
    ("a package that pip does not find", &["msg"], "what pip says is told without the streams' names"),
];

fn data(name: &str) -> Value {
    let path = format!("{}/tests/system/{name}", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Returns the playbook of the cases, which writes what they return to a file.
fn playbook(cases: &[Value], folder: &str) -> Value {
    let mut tasks: Vec<Value> = Vec::new();
    let mut names = Vec::new();
    for (number, case) in cases.iter().enumerate() {
        let mut task = case.clone();
        task["register"] = json!(format!("r_{number}"));
        task["ignore_errors"] = json!(true);
        tasks.push(task);
        names.push(format!("{}: r_{number}", case["name"]));
    }
    let content = format!("{{{{ {{{}}} | to_json }}}}", names.join(", "));
    tasks.push(json!({"copy": {"content": content, "dest": format!("{folder}/all.json")}, "no_log": true}));
    let vars = json!({"folder": folder, "port": format!("{{{{ lookup('file', '{folder}/port') }}}}")});
    json!([{"hosts": "h1", "gather_facts": false, "vars": vars, "tasks": tasks}])
}

/// Runs a playbook on a throwaway copy of this machine; `None` where there can be none.
fn run(folder: &Path, playbook: &Value) -> Option<Value> {
    let system = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/system");
    std::fs::copy(system.join("prepare"), folder.join("prepare")).unwrap();
    std::fs::write(folder.join("play.yml"), playbook.to_string()).unwrap();
    std::fs::write(folder.join("hosts"), "h1 ansible_connection=local\n").unwrap();
    let script = "\"$1/prepare\" \"$1\" && cd \"$1\" && umask 022 && \"$2\" run -i hosts play.yml --no-journal";
    let ended = Command::new(system.join("throwaway"))
        .arg(folder)
        .args(["sh", "-c", script, "sh"])
        .arg(folder)
        .arg(env!("CARGO_BIN_EXE_netplay"))
        .output()
        .unwrap();
    if ended.status.code() == Some(77) {
        say_skipped(&String::from_utf8_lossy(&ended.stderr));
        return None;
    }
    let text = std::fs::read_to_string(folder.join("all.json")).unwrap_or_else(|_| {
        panic!("{}\n{}", String::from_utf8_lossy(&ended.stdout), String::from_utf8_lossy(&ended.stderr))
    });
    let port = std::fs::read_to_string(folder.join("port")).unwrap();
    let text = text.replace(&folder.display().to_string(), "FOLDER").replace(port.trim(), "PORT");
    Some(serde_json::from_str(&text).unwrap())
}

#[expect(clippy::print_stderr, reason = "whoever runs the tests should know what was not tested")]
fn say_skipped(why: &str) {
    eprintln!("skipped: this machine makes no copy of its root: {why}");
}

/// Returns a result without what is not compared.
fn compared(case: &Value, result: &Value) -> Map<String, Value> {
    let name = case["name"].as_str().unwrap();
    let mut fields = result.as_object().unwrap().clone();
    let is_command = ["command", "shell", "expect"].iter().any(|module| case.get(module).is_some());
    let failed = fields.get("failed") == Some(&json!(true));
    let keep = |key: &str| match key {
        "stdout" => is_command,
        "msg" => failed,
        "diff" | "warnings" => false,
        _ => !VOLATILE.contains(&key),
    };
    fields.retain(|key, _| keep(key));
    if case["check_mode"] == json!(true) {
        fields.retain(|key, _| key == "changed" || key == "failed");
    }
    for (_, fields_that_differ, _) in DIFFERENCES.iter().filter(|(case, ..)| *case == name) {
        fields.retain(|key, _| !fields_that_differ.contains(&key.as_str()));
    }
    for value in fields.values_mut() {
        if let Value::String(text) = value {
            *text = text.trim().to_owned();
        }
    }
    if fields.contains_key("backup_file") {
        fields.insert("backup_file".into(), json!("a file"));
    }
    fields
}

#[test]
fn accounts_services_packages_and_downloads_are_ansibles() {
    let cases = data("cases.json");
    let cases = cases.as_array().unwrap();
    let expected = data("results.json");
    let folder = tempfile::tempdir().unwrap();
    let Some(came) = run(folder.path(), &playbook(cases, &folder.path().display().to_string())) else { return };
    let mut wrong = Vec::new();
    // Later releases of Debian have it no more.
    let has_apt_key = Path::new("/usr/bin/apt-key").exists();
    let is_about_apt_key = |case: &Value| case.get("apt_key").is_some() || case.to_string().contains("apt-key");
    for case in cases.iter().filter(|case| has_apt_key || !is_about_apt_key(case)) {
        let name = case["name"].as_str().unwrap();
        let (ours, theirs) = (compared(case, &came[name]), compared(case, &expected[name]));
        if ours != theirs {
            wrong.push(format!(
                "{name}:\n  here    {}\n  Ansible {}\n  whole {}",
                json!(ours),
                json!(theirs),
                came[name]
            ));
        }
    }
    assert!(wrong.is_empty(), "{} of {} differ:\n{}", wrong.len(), cases.len(), wrong.join("\n"));
}
