//! `reboot`: a host whose connections are cut, and that is another one when it answers again.

use crate::project::Project;
use crate::sshd::Sshd;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

/// Cuts the connection it comes by, as a host does that goes down, and lets the host be another one a while later.
const GO_DOWN: &str = "#!/bin/sh\n\
    (sleep 0.5; echo second >FOLDER/id) >/dev/null 2>&1 &\n\
    echo \"$@\" >FOLDER/called\n\
    p=$$; while [ \"$p\" -gt 1 ] && ! grep -q sshd \"/proc/$p/comm\"; do p=$(cut -d' ' -f4 \"/proc/$p/stat\"); done\n\
    kill -9 \"$p\"\n";

fn project(server: &Sshd, task: &str) -> Project {
    let project = Project::new().ssh_host("h1", server, "");
    let folder = project.dir().display().to_string();
    let project = project.file("id", "first\n").file("shutdown", GO_DOWN.replace("FOLDER", &folder));
    fs::set_permissions(project.at("shutdown"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    let task = task.replace("FOLDER", &folder);
    project.tasks("all", &format!("- name: anew\n  reboot: {task}\n- name: after\n  command: cat {folder}/id\n"))
}

#[test]
fn a_host_that_starts_anew_is_waited_for() {
    let server = Sshd::start();
    let task = "{boot_time_command: cat FOLDER/id, search_paths: [FOLDER], msg: it goes down, pre_reboot_delay: 150}";
    let project = project(&server, task);
    let ended = project.run().with("--check --output jsonl").exits(0);
    assert_eq!(ended.step("anew", "h1")["result"]["rebooted"], true, "{ended}");
    assert!(!project.at("called").exists(), "check mode leaves the host alone");
    let ended = project.run().with("--output jsonl").exits(0);
    let step = ended.step("anew", "h1");
    assert_eq!((&step["status"], &step["result"]["rebooted"]), (&"changed".into(), &true.into()), "{step}");
    assert_eq!(ended.step("after", "h1")["result"]["stdout"], "second");
    assert_eq!(fs::read_to_string(project.at("called")).expect("it was called"), "-r 2 it goes down\n");
}

#[test]
fn a_host_that_does_not_start_anew_or_fails_afterwards_is_told() {
    let server = Sshd::start();
    let stays = "{boot_time_command: cat FOLDER/id, reboot_command: /bin/true, reboot_timeout: 1}";
    let ended = project(&server, stays).run().exits(2);
    ended.shows("Timed out waiting for the host after 1 s: the host was not seen to have started anew");
    let fails = "{boot_time_command: cat FOLDER/id, search_paths: [FOLDER], test_command: 'false', reboot_timeout: 1}";
    project(&server, fails).run().exits(2).shows("the test command did not succeed");
    let no_command = "{reboot_command: np-nothing}";
    project(&server, no_command).run().exits(2).shows("Reboot command failed").shows("search paths");
    let no_time = "{boot_time_command: cat FOLDER/nothing}";
    project(&server, no_time).run().exits(2).shows("failed to get host boot time info");
    // This machine is left alone, also in check mode.
    let project = Project::of_tasks("- reboot:\n").host("h1 ansible_connection=local");
    project.run().exits(2).shows("would reboot the control node");
    project.run().with("--check").exits(2).shows("would reboot the control node");
}
