//! What is known to trip programs that talk to FRR's vtysh, on a real one. The bytes of each are recordings in
//! `tests/platforms/frr`.

use crate::project::Project;
use crate::router::Router;
use serde_json::Value as Json;

const FRR: &str = "ansible_connection=network_cli ansible_network_os=frr";

fn message(step: &Json) -> &str {
    step["failure"]["message"].as_str().unwrap_or_default()
}

fn stdout(step: &Json) -> &str {
    step["result"]["stdout"].as_str().unwrap_or_default()
}

#[test]
fn nothing_that_vtysh_is_known_for_trips_us() {
    let Some(router) = Router::start_with("sleep 2; ") else { return };
    let tasks = "\
        - {name: slow start, cli_command: {command: show version}}\n\
        - {name: refused show, cli_command: {command: show foo}, ignore_errors: true}\n\
        - {name: look-alike, cli_config: {lines: ['description r1# fake'], parents: [interface lo]}}\n\
        - {name: again, cli_config: {lines: ['description r1# fake'], parents: [interface lo]}}\n\
        - {name: not spelled so, cli_config: {lines: ['ip  route 10.78.0.0/16   blackhole']}}\n\
        - {name: not spelled so again, cli_config: {lines: ['ip  route 10.78.0.0/16   blackhole']}}\n\
        - {name: running, cli_command: {command: show running-config}}\n\
        - {name: wrong line, cli_config: {lines: [descriptionn x, shutdown], parents: [interface lo]}, ignore_errors: true}\n\
        - {name: after it, cli_command: {command: show running-config}}\n\
        - {name: data, cli_command: {command: show ip route json}}\n\
        - {name: no such pipe, cli_command: {command: show ip route | json}, ignore_errors: true}\n\
        - {name: filter, cli_command: {command: 'show running-config | include hostname'}}\n\
        - {name: rename, cli_config: {lines: [hostname another-name]}}\n\
        - {name: by another name, cli_command: {command: show version}}\n\
        - {name: save, cli_command: {command: write memory}}\n";
    let project = Project::of_tasks(tasks).ssh_host("r1", &router.sshd, FRR);
    let ended = project.run_events().exits(0);
    let step = |name: &str| ended.step(name, "r1");

    assert!(stdout(&step("slow start")).starts_with("FRRouting "), "{}", step("slow start"));
    assert_eq!(message(&step("refused show")), "the device refuses `show foo`: % Unknown command: show foo");
    assert_eq!(step("look-alike")["status"], "changed");
    assert_eq!(step("again")["status"], "ok", "the same line is not sent again");
    assert_eq!(step("not spelled so")["status"], "changed");
    assert_eq!(step("not spelled so again")["status"], "ok", "{}", step("not spelled so again"));
    let running = stdout(&step("running")).to_owned();
    assert!(running.contains(" description r1# fake\n") && running.ends_with("\nend"), "{running}");

    let wrong = step("wrong line");
    assert!(message(&wrong).contains("% Unknown command: descriptionn x"), "{wrong}");
    assert_eq!(stdout(&step("after it")), running, "what followed the wrong line was not sent");
    assert!(serde_json::from_str::<Json>(stdout(&step("data"))).is_ok_and(|data| data.is_object()));
    assert!(message(&step("no such pipe")).contains("% Unknown action"), "{}", step("no such pipe"));
    assert!(!stdout(&step("filter")).contains("interface"), "{}", step("filter"));
    assert!(stdout(&step("by another name")).starts_with("FRRouting "));
    // It warns that it cannot give the file to another owner, and saves all the same.
    assert_eq!(step("save")["status"], "ok", "{}", step("save"));
}
