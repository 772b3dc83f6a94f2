//! Secrets are in no output, in none of their written forms.

use crate::project::Project;
use crate::sshd::{Sshd, wait_until};
use base64::Engine as _;

/// Of characters that every quoting has to do something about.
const SECRET: &str = "pa'ss w\"ord/é&1";

/// Returns the forms in which a secret may be written, each with what it is.
fn forms(secret: &str) -> Vec<(&'static str, String)> {
    let url: String = secret
        .bytes()
        .map(|byte| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02X}") })
        .collect();
    let json = serde_json::to_string(secret).expect("text is JSON");
    vec![
        ("plain", secret.to_owned()),
        ("quoted for a shell", shlex::try_quote(secret).expect("no NUL").into_owned()),
        ("quoted as Ansible does", secret.replace('\'', "'\"'\"'")),
        ("in JSON", json.trim_matches('"').to_owned()),
        ("in a URL", url),
        ("in base64", base64::engine::general_purpose::STANDARD.encode(secret)),
    ]
}

fn yaml(text: &str) -> String {
    serde_json::to_string(text).expect("text is JSON, and JSON is YAML")
}

/// Runs a project in every way of showing things and looks for the secret.
fn never_shown(project: &Project, code: i32) {
    for words in ["", "-v", "-vvvv", "--diff -vvvv", "--output jsonl", "--output jsonl -vvvv", "--check --diff -vvv"] {
        let ended = project.run().with(words).done().without_fault();
        if !words.contains("check") {
            ended.clone().exits(code);
        }
        for (what, form) in forms(SECRET) {
            let shown = ended.stdout.contains(&form) || ended.stderr.contains(&form);
            assert!(!shown, "the secret {what} ({form}) under {words:?}:\n{ended}");
        }
    }
    let runs = std::fs::read_dir(project.at("home/.local/state/netplay/runs")).expect("runs have left journals");
    for run in runs.flatten() {
        let journal = std::fs::read_to_string(run.path().join("events.jsonl")).expect("a journal can be read");
        for (what, form) in forms(SECRET) {
            assert!(!journal.contains(&form), "the secret {what} ({form}) is in a journal:\n{journal}");
        }
    }
}

#[test]
fn a_password_of_the_inventory_is_never_shown() {
    let forms = "{{ ansible_password }} {{ ansible_password | quote }} {{ ansible_password | b64encode }} \
                 {{ ansible_password | urlencode }} {{ {'a': ansible_password} | to_json }}";
    let tasks = format!(
        "- debug: {{msg: {0}}}\n- command: echo {{{{ ansible_password | quote }}}}\n\
         - shell: \"echo {{{{ ansible_password | quote }}}} >&2; false\"\n  ignore_errors: true\n\
         - copy: {{content: {0}, dest: \"{{{{ playbook_dir }}}}/out\"}}\n  diff: true\n\
         - set_fact: {{derived: \"x-{{{{ ansible_password }}}}-y\"}}\n- debug: {{var: derived}}\n\
         - debug: {{var: \"hostvars[inventory_hostname]\"}}\n\
         - fail: {{msg: \"the password is {{{{ ansible_password }}}}\"}}\n",
        yaml(forms)
    );
    let hosts =
        format!("all:\n  hosts:\n    h1:\n      ansible_connection: local\n      ansible_password: {}\n", yaml(SECRET));
    let project = Project::of_tasks(&tasks).file("hosts.yml", hosts);
    never_shown(&project, 2);
}

#[test]
fn a_password_of_group_vars_play_vars_or_the_command_line_is_never_shown() {
    let tasks = "- debug: {msg: \"{{ ansible_become_password }}\"}\n";
    let line = format!("ansible_become_password: {}\n", yaml(SECRET));
    let project = Project::of_tasks(tasks).host("h1 ansible_connection=local");
    never_shown(&project.file("group_vars/all.yml", &line), 0);

    let project = Project::of_tasks(tasks).host("h1 ansible_connection=local").file("secret.yml", &line);
    for words in ["-vvvv", "--output jsonl"] {
        let ended = project.run().with("-e @secret.yml").with(words).exits(0);
        assert!(!ended.stdout.contains("ord/é"), "{ended}");
        ended.shows("********");
    }
}

#[test]
fn a_result_under_no_log_is_never_shown() {
    let tasks = format!(
        "- command: echo {0}\n  no_log: true\n  register: out\n\
         - shell: \"echo {0}; false\"\n  no_log: true\n  ignore_errors: true\n\
         - command: \"echo {{{{ item | quote }}}}\"\n  loop: [{1}]\n  no_log: true\n",
        "{{ secret | quote }}",
        yaml(SECRET)
    );
    let playbook =
        "- hosts: all\n  gather_facts: false\n  vars:\n    secret: ".to_owned() + &yaml(SECRET) + "\n  tasks:\n";
    let tasks: String = tasks.lines().map(|line| format!("  {line}\n")).collect();
    let project = Project::new().playbook(&(playbook + &tasks)).host("h1 ansible_connection=local");
    never_shown(&project, 0);
}

#[test]
fn a_line_under_no_log_is_not_drawn() {
    let project = Project::of_tasks("- name: try\n  command: sh -c 'exit 1' 5wordfish\n  no_log: true\n");
    let project = project.host("h1 ansible_connection=local");
    project.run().with("-vvvv").exits(2).never_says("5wordfish").shows("--> site.yml:4:7");
    project.run_events().exits(2).never_says("5wordfish");
}

#[test]
fn credentials_of_web_calls_are_never_shown() {
    let lab = format!(
        "apis:\n  - name: api\n    user: me\n    password: {}\n    routes:\n      - {{path: /x, json: {{ok: true}}}}\n",
        yaml(SECRET)
    );
    let tasks = format!(
        "- name: ask\n  uri:\n    url: \"{{{{ api_url }}}}/x\"\n    url_username: me\n    url_password: {0}\n    force_basic_auth: true\n    return_content: true\n\
         - name: ask in vain\n  uri:\n    url: \"{{{{ api_url }}}}/none\"\n    url_username: me\n    url_password: {0}\n  ignore_errors: true\n",
        yaml(SECRET)
    );
    let project = Project::of_tasks(&tasks).file("lab.yml", lab).host("h1 ansible_connection=local");
    for words in ["", "-vvvv", "--output jsonl"] {
        let ended = project.run().with("--lab lab.yml -l h1").with(words).exits(0);
        let basic = base64::engine::general_purpose::STANDARD.encode(format!("me:{SECRET}"));
        for (what, form) in forms(SECRET).into_iter().chain([("as basic authentication", basic)]) {
            assert!(!ended.stdout.contains(&form), "the secret {what} under {words:?}:\n{ended}");
        }
    }
}

#[test]
fn what_is_sent_with_a_web_call_is_never_shown() {
    let lab = "apis:\n  - name: api\n    routes:\n      - {path: /x, json: {ok: true}}\n";
    let tasks = "- uri:\n    url: \"{{ api_url }}/x\"\n    method: POST\n    body_format: json\n    body: {password: body-5wordfish}\n    \
                 headers: {Authorization: Bearer bearer-5wordfish, X-Api-Key: key-5wordfish}\n\
                 - uri: {url: \"http://me:url-5wordfish@127.0.0.1:1/x\"}\n  ignore_errors: true\n\
                 - command: \"true\"\n  environment: {TOKEN: environment-5wordfish}\n";
    let project = Project::of_tasks(tasks).file("lab.yml", lab).host("h1 ansible_connection=local");
    for words in ["", "-vvvv", "--output jsonl -vvvv"] {
        project.run().with("--lab lab.yml -l h1").with(words).exits(0).never_says("5wordfish");
    }
}

#[test]
fn a_password_is_on_no_command_line_of_a_process() {
    let sshd = Sshd::start();
    let mark = sshd.dir().join("begun");
    // `become` by sudo: its password goes to standard input, not into the command.
    let tasks = format!("- shell: \"touch {}; sleep 600\"\n  become: true\n", mark.display());
    let user = crate::sshd::user();
    let vars = format!(
        "ansible_become_method=sudo ansible_become_user={user} ansible_become_password=sw0rdfish ansible_password=sw0rdfish"
    );
    let project = Project::of_tasks(&tasks).ssh_host("h1", &sshd, &vars);
    let run = project.run().with("-vvvv").start();
    wait_until("the command runs, or the run has ended", || mark.exists() || run.stdout().contains("RECAP"));
    // Who is not root may be asked by sudo for another password than this one.
    assert!(mark.exists() || !crate::sshd::is_root(), "the command does not run:\n{}", run.stdout());
    for entry in std::fs::read_dir("/proc").expect("Linux").flatten() {
        for name in ["cmdline", "environ"] {
            let bytes = std::fs::read(entry.path().join(name)).unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            // The test itself may have it in its own memory, but not here.
            assert!(!text.contains("sw0rdfish"), "{}: {text}", entry.path().join(name).display());
        }
    }
    run.signal("INT").until_it_shows("no new ones start").signal("INT").ended().never_says("sw0rdfish");
}
