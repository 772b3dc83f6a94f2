//! Commands on many hosts, without a playbook.

use crate::lab::playbooks;
use crate::project::Project;
use crate::sshd::{Sshd, wait_until};
use serde_json::{Value as Json, json};

/// Three hosts that are this machine.
fn project() -> Project {
    ["one", "two", "three"]
        .iter()
        .fold(Project::new(), |project, name| project.host(&format!("{name} ansible_connection=local")))
}

fn json_of(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}: {text}"))
}

#[test]
fn every_host_s_output_is_shown_by_its_name() {
    let project = project();
    let exec = |words: &str| project.netplay("exec all,!three -i hosts.ini").with(words);
    let plain = exec("").arg("echo $((40 + 2))").arg("echo {{ inventory_hostname }}; echo aside >&2").exits(0);
    plain.shows("one:\n42\none\naside\n").shows("two:\n42\ntwo\naside\n").never_says("three");
    let all = exec("--output json").arg("echo a").arg("echo b").exits(0);
    let host = json!({"status": "ok", "stdout": ["a\n", "b\n"], "stderr": ["", ""]});
    assert_eq!(json_of(&all.stdout), json!({"one": host, "two": host}));
    assert_eq!(
        exec("-o csv").arg("echo a,b; echo c").exits(0).stdout,
        "host,output\none,\"a,b\"\none,c\ntwo,\"a,b\"\ntwo,c\n"
    );
    assert_eq!(exec("-o table").arg("echo a").exits(0).stdout, "host  output\n----  ------\none   a\ntwo   a\n");
}

#[test]
fn it_exits_as_a_run_does() {
    let project = project().host("gone ansible_host=127.0.0.1 ansible_port=1");
    let exec = |words: &str| project.netplay("exec -i hosts.ini").with(words);
    let failed = exec("one").arg("echo before").arg("echo why >&2; exit 3").arg("echo never").exits(2);
    assert_eq!(failed.stdout, "one:\nbefore\nwhy\nfailed: non-zero return code (rc=3)\n\n");
    let gone = exec("gone,two -o json").arg("echo here").exits(4).complains("gone: ");
    let gone = json_of(&gone.stdout);
    assert_eq!(
        (&gone["gone"]["status"], &gone["two"]["stdout"][0]),
        (&"unreachable".into(), &"here\n".into()),
        "{gone}"
    );
    exec("one --platform cisco_ois").arg("show version").exits(64).complains("did you mean `cisco_ios`?");
    exec("one").exits(64).complains("<COMMAND>");
    exec("one").arg("echo {{ x").exits(65).complains("tag is never closed").complains("nothing was sent");
    exec("one -i none.ini").arg("true").exits(65).complains("none.ini");
}

#[test]
fn it_leaves_a_journal_and_shows_no_secret() {
    let project = project().append("hosts.ini", "[all:vars]\nansible_password=open-sesame-7\n");
    let shown = project.netplay("exec one,two -i hosts.ini").arg("echo say {{ ansible_password }}").exits(0);
    shown.shows("one:\nsay ****").never_says("open-sesame");
    project.netplay("runs").exits(0).shows("exec one,two echo say").never_says("open-sesame");
    project.netplay("runs show last -v").exits(0).shows("ok: [one]").never_says("open-sesame");
    project.netplay("exec one -i hosts.ini true --no-journal").exits(0);
    assert_eq!(project.netplay("runs").exits(0).stdout.lines().count(), 2, "a header and one run");
}

#[test]
fn an_interrupt_lets_commands_end_and_sends_no_more() {
    let project = project();
    let wait = "touch begun-{{ inventory_hostname }}; until [ -e go ]; do sleep 0.05; done; echo through";
    let run = project.netplay("exec one,two -i hosts.ini").arg(wait).arg("touch never").start();
    wait_until("both hosts are at work", || project.at("begun-one").exists() && project.at("begun-two").exists());
    let run = run.signal("INT");
    wait_until("the run knows", || run.stderr().contains("interrupted: "));
    std::fs::write(project.at("go"), "").expect("the folder is ours");
    run.ended().exits(130).shows("one:\nthrough\n").shows("two:\nthrough\n");
    assert!(!project.at("never").exists(), "nothing new begins");
}

#[test]
fn hosts_are_reached_by_ssh_whatever_their_platform_is() {
    let sshd = Sshd::start();
    let project = Project::new().ssh_host("h1", &sshd, "");
    let exec = |words: &str| project.netplay("exec h1 -i hosts.ini -o json").with(words);
    let over_ssh = |ended: crate::call::Ended| {
        let out = json_of(&ended.stdout)["h1"]["stdout"][0].to_string();
        assert!(out.contains("on 127.0.0.1"), "{out}");
    };
    // Only a session of a server has the variable.
    let command = "set -- $SSH_CONNECTION; echo on $3";
    over_ssh(exec("").arg(command).exits(0));
    over_ssh(exec("--platform linux --forks 1 --timeout 20").arg(command).exits(0));
    // `raw` would run here, and not there, on a connection of devices.
    let cli = exec("-e ansible_connection=network_cli --platform linux").arg(command).done();
    assert!(!cli.stdout.contains(r#""on\n""#), "it ran here: {cli}");
    exec("-e ansible_connection=network_cli").arg("true").exits(2).complains("the platform of `h1` is not known");
}

#[test]
fn devices_answer_on_their_command_lines_and_outputs_become_rows() {
    let template = "Value VERSION (\\S+?)\nValue UPTIME (.+)\n\nStart\n  ^.*Version ${VERSION}(,|$$)\n  \
                    ^.*image version: ${VERSION}$$\n  ^.*[Uu]ptime( is|:) ${UPTIME} -> Record\n";
    let index = "Template, Platform, Command\nversion.textfsm, cisco_ios|arista_eos, sh[[ow]] ver[[sion]]\n";
    let project = playbooks().file("folder/index", index).file("folder/version.textfsm", template);
    let exec = |words: &str| {
        let call = project.netplay("exec --lab playbooks/lab.yml").with(words);
        call.env("NTC_TEMPLATES_DIR", project.at("folder"))
    };
    let plain = exec("edge1,web1").arg("show version").exits(2);
    plain.shows("edge1:\nCisco IOS Software").shows("web1:\n").shows("failed: non-zero return code (rc=127)");
    let rows = exec("edge1,leaf1 --parse textfsm -o csv").arg("show version").exits(0);
    assert_eq!(rows.stdout, "host,version,uptime\nedge1,15.9(3)M,\"1 hour, 2 minutes\"\nleaf1,4.30.1F,1 hour\n");
    let data = exec("edge1 --parse textfsm -o json").arg("show version").exits(0);
    assert_eq!(json_of(&data.stdout)["edge1"]["parsed"][0][0]["version"], "15.9(3)M");
    // What has no template fails and leaves the other hosts their rows.
    let mixed = exec("edge1,core1 --parse textfsm").arg("show version").exits(2);
    mixed.shows("host   version").shows("edge1  15.9(3)M").complains("core1: no template in ");
    let refused = exec("edge1").arg("show nonsense").exits(2);
    refused.shows("edge1:\n").shows("failed: ");
}

#[test]
fn outputs_that_are_json_become_rows() {
    let project = project();
    let exec = |words: &str| project.netplay("exec one -i hosts.ini --parse json").with(words);
    let rows =
        exec("").arg("printf '[{\"a\":1},{\"a\":2,\"b\":\"x\"}]'").arg("echo '{\"host\":\"no\",\"b\":3}'").exits(0);
    assert_eq!(rows.stdout, "host  a  b\n----  -  -\none   1\none   2  x\none      3\n");
    exec("").arg("echo no").exits(2).complains("one: the output is no JSON");
}
