//! The README's job on real parts, by inventory alone: FRR's vtysh behind sshd, bash behind sshd, httpbin.

use crate::httpbin::Httpbin;
use crate::project::Project;
use crate::router::Router;
use crate::sshd::Sshd;

const NETWORK: &str = "ansible_connection=ansible.netcommon.network_cli ansible_network_os=frr.frr.frr";

#[test]
fn a_router_and_a_web_service_are_read_at_the_same_time() {
    let (Some(router), Some(service)) = (Router::start(), Httpbin::start()) else { return };
    let project = Project::of_tasks(
        "- name: read\n  cli_command: {command: show running-config}\n  register: running\n\
         - name: ask\n  uri: {url: \"{{ service }}/delay/2\"}\n  register: device\n\
         - name: write\n  template: {src: report.j2, dest: \"{{ playbook_dir }}/report\"}\n  delegate_to: localhost\n",
    );
    let project = project
        .file("report.j2", "{{ running.stdout }}\n{{ device.status }} {{ device.json.url }}\n")
        .ssh_host("r1", &router.sshd, &format!("{NETWORK} service={}", service.url));
    let ended = project.run_events().exits(0);
    let report = ended.file("report");
    assert!(report.contains("frr version") && report.contains("200 http://127.0.0.1"), "{report}");
    let started = ended.events_of("step_started");
    let read = ended.step("read", "r1");
    let asked = started.iter().find(|event| event["task"] == 1).expect("it started");
    assert!(asked["t_ms"].as_u64() <= read["t_ms"].as_u64(), "the service was asked before the router had answered");
}

#[test]
fn a_real_router_is_configured_and_says_what_is_wrong() {
    let Some(router) = Router::start() else { return };
    let project = Project::of_tasks(
        "- name: configure\n  cli_config: {config: \"ip route 10.77.0.0/16 blackhole\"}\n\
         - name: look\n  cli_command: {command: show running-config}\n  register: running\n  \
           failed_when: \"'10.77.0.0/16' not in running.stdout\"\n\
         - name: mistake\n  cli_command: {command: show nonsense}\n",
    );
    let project = project.ssh_host("r1", &router.sshd, NETWORK);
    // In check mode nothing reaches the router.
    let checked = project.run_events().with("--check").done();
    assert_eq!(checked.step("configure", "r1")["status"], "changed");
    assert_eq!(checked.step("look", "r1")["status"], "failed");
    let ended = project.run_events().exits(2);
    let configured = ended.step("configure", "r1");
    assert_eq!(configured["status"], "changed", "{configured}");
    assert_eq!(ended.step("look", "r1")["status"], "ok");
    let mistake = ended.step("mistake", "r1");
    assert_eq!(mistake["status"], "failed");
    assert!(mistake["failure"]["message"].as_str().is_some_and(|text| text.contains("% Unknown command")), "{mistake}");
}

#[test]
fn a_host_with_bash_runs_commands_and_takes_files() {
    let sshd = Sshd::start();
    let project = Project::of_tasks(
        "- name: command\n  command: uname -s\n  register: kernel\n\
         - name: shell\n  shell: \"echo one; echo two >&2; exit 3\"\n  register: out\n  failed_when: out.rc != 3\n\
         - name: script\n  script: \"greet.sh moon\"\n  register: greeting\n\
         - name: copy\n  copy: {content: \"{{ kernel.stdout }}\\n\", dest: \"{{ place }}/kernel\"}\n\
         - name: slurp\n  slurp: {src: \"{{ place }}/kernel\"}\n  register: read\n\
         - name: fetch\n  fetch: {src: \"{{ place }}/kernel\", dest: \"{{ playbook_dir }}/fetched\", flat: true}\n\
         - name: say\n  debug: {msg: \"{{ read.content | b64decode | trim }} {{ out.stderr }} {{ greeting.stdout | trim }}\"}\n",
    );
    let project = project.file("greet.sh", "#!/bin/bash\necho hello $1\n");
    let project = project.ssh_host("web1", &sshd, &format!("place={}", sshd.dir().display()));
    let ended = project.run_events().exits(0);
    assert_eq!(ended.step("say", "web1")["result"]["msg"], "Linux two hello moon");
    assert_eq!(ended.file("fetched"), "Linux\n");
}
