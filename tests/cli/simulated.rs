//! Devices that people outside this project simulate, and what netmiko and scrapli make of the same answers.
//!
//! `tests/simulated/devices.yaml` says which, and what is asked; `tests/run` installs the simulator and the libraries.

use crate::project::Project;
use crate::router::Router;
use crate::sshd::{left_out, user};
use serde_json::{Value as Json, json};
use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, Stdio};

/// What both simulators say to what they do not know, where nobody taught them a device's own words.
const NOT_KNOWN: &str = "Unknown command";

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/simulated")
}

/// Returns the Python that has the libraries; `None`, said loudly, where it is missing.
fn python(case: &str) -> Option<PathBuf> {
    let python = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/test-tools/venv/bin/python");
    let has = "import netmiko, scrapli\ntry: import simnos\nexcept ImportError: import fakenos";
    let there = Command::new(&python).args(["-c", has]).stderr(Stdio::null()).status();
    if there.is_ok_and(|status| status.success()) {
        return Some(python);
    }
    left_out(case, "no simulator, netmiko or scrapli; `./tests/run` installs them");
    None
}

fn devices() -> BTreeMap<String, Json> {
    let text = std::fs::read_to_string(folder().join("devices.yaml")).expect("it is in the repository");
    serde_yaml::from_str(&text).expect("it is YAML")
}

/// Simulated devices that run; they end when this is dropped.
struct Simulated {
    child: Child,
    /// Its end is theirs.
    stop: Option<ChildStdin>,
    said: Json,
}

impl Simulated {
    fn start(python: &Path, names: &[&str]) -> Simulated {
        let mut child = Command::new(python)
            .args([folder().join("serve.py"), folder().join("devices.yaml")])
            .args(names)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("Python can be run");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("it is a pipe")).read_line(&mut line).expect("it says something");
        let said = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"));
        Simulated { stop: child.stdin.take(), child, said }
    }

    fn port(&self, name: &str) -> &Json {
        &self.said["ports"][name]
    }

    /// Returns an inventory of the devices.
    fn inventory(&self, devices: &BTreeMap<String, Json>) -> String {
        let hosts = devices.iter().map(|(name, device)| {
            let version = device["version"][0].as_str().unwrap_or("show version");
            let has_config = device.get("enter").is_some();
            let vars = json!({
                "ansible_port": self.port(name), "ansible_network_os": name,
                "ansible_user": device.get("user").unwrap_or(&self.said["user"]),
                "version": version, "line": device["line"], "has_config": has_config,
            });
            (name.clone(), vars)
        });
        let vars = json!({
            "ansible_connection": "network_cli", "ansible_host": "127.0.0.1",
            "ansible_password": self.said["password"], "ansible_become": true, "ansible_become_method": "enable",
        });
        json!({"all": {"vars": vars, "hosts": hosts.collect::<serde_json::Map<_, _>>()}}).to_string()
    }
}

impl Drop for Simulated {
    fn drop(&mut self) {
        drop(self.stop.take());
        // It waits for its sessions, of which nothing is wanted any more. An error means that it has ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

const TASKS: &str = "\
    - {name: version, cli_command: {command: '{{ version }}'}, ignore_errors: true}\n\
    - {name: unknown, cli_command: {command: show nonsense}, ignore_errors: true}\n\
    - {name: configure, cli_config: {config: '{{ line }}'}, when: has_config}\n\
    - {name: again, cli_command: {command: '{{ version }}'}, ignore_errors: true}\n";

fn stdout(step: &Json) -> &str {
    step["result"]["stdout"].as_str().unwrap_or_else(|| panic!("no output: {step}"))
}

#[test]
fn devices_that_others_simulate_are_asked_and_configured() {
    let Some(python) = python("simulated devices") else { return };
    let mut devices = devices();
    let simulated = Simulated::start(&python, &[]);
    devices.retain(|name, _| simulated.port(name).is_number());
    assert!(devices.len() >= 18, "{} devices", devices.len());
    let project = Project::of_tasks(TASKS).file("hosts.yml", simulated.inventory(&devices));
    let ended = project.run_events().with("--host-key-checking off --session-log logs").exits(0);
    for (name, device) in &devices {
        let version = ended.step("version", name);
        match device["version"][1].as_str() {
            Some(has) => assert!(stdout(&version).contains(has), "{name}: {version}"),
            None => assert!(!stdout(&version).is_empty(), "{name}: {version}"),
        }
        let unknown = ended.step("unknown", name);
        let refused = unknown["status"] == "ignored";
        assert!(refused || stdout(&unknown) == NOT_KNOWN, "{name}: {unknown}");
        assert!(refused || device.get("refuses").is_none(), "{name}: {unknown}");
        let is_prompt = |line: &str| line.ends_with(['>', '#', '$']) && line.len() < 30;
        assert!(!stdout(&unknown).lines().any(is_prompt), "{name}: {unknown}");
        let configured = ended.step("configure", name);
        if device.get("enter").is_some() {
            // The simulator takes the line in the mode alone, and what is refused fails the step.
            assert_eq!(configured["status"], "changed", "{name}: {configured}");
            let log = ended.file(&format!("logs/{name}.log"));
            for typed in [&device["enter"][0], &device["line"], &device["leave"][0]] {
                let typed = format!("> {}\\", typed.as_str().expect("it is text"));
                assert!(log.contains(&typed), "{name}: {typed}\n{log}");
            }
        }
        assert_eq!(stdout(&ended.step("again", name)), stdout(&version), "{name}");
    }
}

#[test]
fn what_others_simulate_is_found_out() {
    let Some(python) = python("simulated devices of platforms that nobody says") else { return };
    let mut devices = devices();
    devices.retain(|_, device| device.get("found_out").is_some());
    assert!(devices.len() > 5);
    let simulated = Simulated::start(&python, &devices.keys().map(String::as_str).collect::<Vec<_>>());
    let tasks = "- {name: ask, cli_command: {command: '{{ version }}'}, ignore_errors: true}\n";
    let project = Project::of_tasks(tasks).file("hosts.yml", simulated.inventory(&devices));
    let ended = project.run_events().with("--host-key-checking off -e ansible_network_os=auto").exits(0);
    let warnings = ended.events_of("warning");
    for name in devices.keys() {
        let found = format!("`{name}` is a `{name}`, as `ansible_network_os: auto` found out");
        assert!(warnings.iter().any(|event| event["message"] == found.as_str()), "{name}: {ended}");
    }
}

/// What does not count: each library has its own rule for blanks at the ends of lines and of the text.
fn plain(text: &str) -> String {
    text.trim().lines().map(str::trim_end).collect::<Vec<_>>().join("\n")
}

/// Asks through the other libraries.
fn ask(python: &Path, project: &Project, jobs: &[Json]) -> Vec<Json> {
    let file = project.at("jobs.json");
    std::fs::write(&file, json!(jobs).to_string()).expect("the folder is ours");
    let output = Command::new(python).arg(folder().join("ask.py")).arg(file).output().expect("Python can be run");
    serde_json::from_slice(&output.stdout)
        .unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Checks that others got from a device what we did.
fn check_same(ours: &[String], job: &Json, answers: &Json, leaves: &[Json]) {
    let what = format!("{} by {}", job["kind"], job["library"]);
    let theirs = answers.as_array().unwrap_or_else(|| panic!("{what}: {answers}"));
    assert_eq!(ours.len(), theirs.len(), "{what}");
    for (our, their) in ours.iter().zip(theirs) {
        let their = their.as_str().expect("it is text");
        let plain = |text: &str| {
            let cut = |text: String, left: &Json| plain(text.trim_end_matches(left.as_str().expect("it is text")));
            leaves.iter().fold(plain(text), cut)
        };
        assert_eq!(plain(our), plain(their), "{what}");
    }
}

#[test]
fn netmiko_and_scrapli_get_the_same_from_simulated_devices() {
    let Some(python) = python("netmiko and scrapli on simulated devices") else { return };
    let mut devices = devices();
    devices.retain(|_, device| device.get("netmiko").is_some() && device.get("version").is_some());
    let simulated = Simulated::start(&python, &devices.keys().map(String::as_str).collect::<Vec<_>>());
    let tasks = "- {name: ask, cli_command: {command: '{{ version }}'}}\n";
    let project = Project::of_tasks(tasks).file("hosts.yml", simulated.inventory(&devices));
    let ended = project.run_events().with("--host-key-checking off").exits(0);
    let mut jobs = Vec::new();
    for (name, device) in &devices {
        for library in ["netmiko", "scrapli"].into_iter().filter(|library| device.get(library).is_some()) {
            let (user, password) = (&simulated.said["user"], &simulated.said["password"]);
            jobs.push(json!({
                "library": library, "kind": device[library], "host": "127.0.0.1", "port": simulated.port(name),
                "user": user, "password": password, "commands": [device["version"][0]], "name": name,
                "enable": device["enable"] == true,
            }));
        }
    }
    assert!(jobs.len() > devices.len(), "both are asked");
    for (job, answers) in jobs.iter().zip(ask(&python, &project, &jobs)) {
        let name = job["name"].as_str().expect("it is text");
        let step = ended.step("ask", name);
        let leaves = devices[name]["leaves"].as_array().cloned().unwrap_or_default();
        check_same(&[stdout(&step).to_owned()], job, &answers, &leaves);
    }
}

#[test]
fn netmiko_and_scrapli_get_the_same_from_a_real_router() {
    let case = "netmiko and scrapli on a real router";
    let (Some(python), Some(router)) = (python(case), Router::start()) else { return };
    let commands = [
        "show version",
        "show running-config",
        "show ip route",
        "show interface brief",
        "show zebra",
        "show nonsense",
        "show ip route json",
        "show interface lo",
        "show running-config | include hostname",
        "find route",
    ];
    let tasks: String = commands
        .iter()
        .map(|command| format!("- {{name: '{command}', cli_command: {{command: '{command}'}}, ignore_errors: true}}\n"))
        .collect();
    let vars = "ansible_connection=network_cli ansible_network_os=frr";
    let project = Project::of_tasks(&tasks).ssh_host("r1", &router.sshd, vars);
    let ended = project.run_events().exits(0);
    let ours: Vec<String> = commands.iter().map(|command| stdout(&ended.step(command, "r1")).to_owned()).collect();
    let job = |library: &str, kind: &str| {
        json!({
            "library": library, "kind": kind, "host": router.sshd.address.to_string(), "port": router.sshd.port,
            "user": user(), "key": router.sshd.key(), "commands": commands,
        })
    };
    let mut jobs = [job("netmiko", "cisco_ios"), job("scrapli", "cisco_iosxe")];
    jobs[1]["mode"] = "privileged_exec".into();
    for (job, answers) in jobs.iter().zip(ask(&python, &project, &jobs)) {
        check_same(&ours, job, &answers, &[]);
    }
}
