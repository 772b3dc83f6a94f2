//! Many hosts at once.

use crate::call::Call;
use crate::project::Project;
use crate::sshd::Sshd;
use std::net::Ipv4Addr;

/// Servers, and hosts on them: every host has an address of its own, which its server hears on.
const HOSTS: u8 = 50;

#[test]
fn fifty_hosts_run_a_command_each() {
    // One server on all addresses, with sshd's own limit of logins under way.
    let sshd = Sshd::on(Ipv4Addr::UNSPECIFIED, &["ed25519"], &["MaxStartups 10:30:100"]);
    let mut project = Project::of_tasks("- name: try\n  shell: echo $SSH_CONNECTION\n  register: out\n");
    for number in 1..=HOSTS {
        let address = format!("127.0.77.{number}");
        let keys = sshd.known_hosts_line("ed25519").replace("0.0.0.0", &address);
        project = project.append("home/.ssh/known_hosts", &keys);
        project = project.unknown_ssh_host(&format!("h{number}"), &sshd, &format!("ansible_host={address}"));
    }
    let ended = project.run_events().exits(0);
    for number in 1..=HOSTS {
        let step = ended.step("try", &format!("h{number}"));
        assert_eq!(step["status"], "changed", "{step}");
        let stdout = step["result"]["stdout"].as_str().unwrap_or_default();
        assert!(stdout.contains(&format!("127.0.77.{number} ")), "another host has answered: {step}");
    }
    let text = crate::terminal::on_a_terminal(&project, "run site.yml -i hosts.ini", &[]);
    assert!(text.contains("50 hosts, 50 ok"), "{text}");
}

#[test]
fn forks_bound_how_many_steps_are_under_way() {
    // Each says how many are at work while it is.
    let project = Project::of_tasks(
        "- name: try\n  shell: \"touch at-{{ inventory_hostname }}; sleep 0.1; ls at-* | wc -l; rm at-{{ inventory_hostname }}\"\n  \
           args: {chdir: \"{{ playbook_dir }}\"}\n",
    );
    let project = project.host("h[1:12] ansible_connection=local");
    let at_once = |words: &str| -> Vec<u32> {
        let ended = project.run_events().with(words).exits(0);
        let steps = ended.events_of("step_done").into_iter();
        steps.map(|step| step["result"]["stdout"].as_str().and_then(|n| n.parse().ok()).expect("a number")).collect()
    };
    let few = at_once("--forks 3");
    assert_eq!(few.len(), 12);
    assert!(few.iter().all(|count| *count <= 3), "{few:?}");
    assert!(at_once("").iter().any(|count| *count > 3), "all at once when nobody says");
}

#[test]
fn hosts_wait_for_each_other_where_open_files_are_few() {
    let sshd = Sshd::on(Ipv4Addr::UNSPECIFIED, &["ed25519"], &[]);
    let mut project = Project::of_tasks("- shell: echo one\n- shell: echo two\n");
    for number in 1..=25 {
        let address = format!("127.0.78.{number}");
        let keys = sshd.known_hosts_line("ed25519").replace("0.0.0.0", &address);
        project = project.append("home/.ssh/known_hosts", &keys);
        project = project.unknown_ssh_host(&format!("h{number}"), &sshd, &format!("ansible_host={address}"));
    }
    // Room for ten connections.
    let call = Call::limited("ulimit -n 60", project.dir(), &project.at("home"));
    let ended = call.with("run site.yml -i hosts.ini --output jsonl").exits(0);
    let changed = ended.events_of("step_done").into_iter().filter(|step| step["status"] == "changed").count();
    assert_eq!(changed, 50);
}

#[test]
fn a_crowd_that_cannot_be_reached_ends_with_a_status_for_each() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a port");
    let project = Project::of_tasks("- shell: echo one\n")
        .host(&format!("h[1:1000] ansible_host=127.0.0.1 ansible_port={}", closed.port()));
    let ended = project.run_events().exits(4);
    let steps = ended.events_of("step_done");
    assert_eq!(steps.len(), 1000);
    assert!(steps.iter().all(|step| step["status"] == "unreachable"));
}
