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

/// Returns a project with these hosts on one server, each at an address of its own.
fn on_one_server(project: Project, sshd: &Sshd, network: u8, hosts: u8) -> Project {
    (1..=hosts).fold(project, |project, number| {
        let address = format!("127.0.{network}.{number}");
        let keys = sshd.known_hosts_line("ed25519").replace("0.0.0.0", &address);
        let project = project.append("home/.ssh/known_hosts", &keys);
        project.unknown_ssh_host(&format!("h{number}"), sshd, &format!("ansible_host={address}"))
    })
}

#[test]
fn connections_are_closed_as_soon_as_no_play_needs_their_host() {
    let sshd = Sshd::on(Ipv4Addr::UNSPECIFIED, &["ed25519"], &[]);
    // Waits until its server has no more than two connections: its own, and one that is being closed.
    let count = "port=$(printf %04X ${SSH_CONNECTION##* }); for i in $(seq 600); do \
                 n=$(grep -c \"^ *[0-9]*: [0-9A-F]*:$port [0-9A-F:]* 01\" /proc/net/tcp); \
                 [ $n -le 2 ] && exit 0; sleep 0.05; done; echo $n at once; exit 1";
    let tasks = format!("- shell: '{count}'\n- debug: msg=over\n");
    let ended = on_one_server(Project::of_tasks(&tasks), &sshd, 79, 6).run_events().with("--forks 1").exits(0);
    assert_eq!(ended.events_of("step_done").into_iter().filter(|step| step["status"] == "changed").count(), 6);
}

#[test]
fn connections_stay_open_for_handlers_includes_and_later_plays() {
    let sshd = Sshd::on(Ipv4Addr::UNSPECIFIED, &["ed25519"], &[]);
    let site = "- hosts: all\n  gather_facts: false\n  tasks:\n    - {shell: echo one, notify: told}\n    \
                - include_tasks: more.yml\n  handlers:\n    - {name: told, shell: echo told}\n\
                - hosts: all\n  gather_facts: false\n  tasks:\n    - shell: echo two\n    - {debug: {msg: between}}\n\
                - hosts: h1\n  gather_facts: false\n  tasks:\n    - shell: echo three\n";
    let project = Project::new().playbook(site).file("more.yml", "- shell: echo more\n");
    let ended = on_one_server(project, &sshd, 80, 2).run_events().exits(0);
    assert_eq!(ended.events_of("step_done").into_iter().filter(|step| step["status"] == "changed").count(), 9);
    assert_eq!(sshd.log().matches("Accepted publickey").count(), 2, "one login a host:\n{}", sshd.log());
}
