//! Many hosts at once.

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
    let project = Project::of_tasks("- name: try\n  command: sleep 0.05\n").host("h[1:12] ansible_connection=local");
    let ended = project.run_events().with("--forks 3").exits(0);
    let (mut now, mut most) = (0_usize, 0);
    for event in ended.events() {
        match event["event"].as_str() {
            Some("step_started") => now += 1,
            Some("step_done") => now -= 1,
            _ => {}
        }
        most = most.max(now);
    }
    assert_eq!(now, 0);
    assert!(most <= 12, "{most}");
}
