//! Settings: which file counts, what they do, and what they lose to.

use crate::project::Project;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

const SHOW: &str =
    "- debug: {msg: \"forks={{ ansible_forks }} tags={{ ansible_run_tags | join('+') }}\"}\n  tags: [x, y]\n";

fn project() -> Project {
    Project::of_tasks(SHOW).file("hosts", "h1 ansible_connection=local\n")
}

#[test]
fn the_command_line_is_stronger_than_environment_toml_and_cfg() {
    let project = project().file("ansible.cfg", "[defaults]\ninventory = hosts\nforks = 11\n[tags]\nrun = x\n");
    let call = || project.netplay("run site.yml");
    call().exits(0).shows("forks=11 tags=x");
    let project = project.file("netplay.toml", "forks = 12\n");
    let call = || project.netplay("run site.yml");
    call().exits(0).shows("forks=12");
    call().env("ANSIBLE_FORKS", "13").exits(0).shows("forks=13");
    call().env("ANSIBLE_FORKS", "13").with("-f 14 -t y").exits(0).shows("forks=14 tags=y");
    let shown = project.netplay("config").env("ANSIBLE_TIMEOUT", "3").exits(0);
    shown
        .shows("forks = 12    (netplay.toml:1:1)")
        .shows("run_tags = x    (ansible.cfg:5:1)")
        .shows("timeout = 3    (ANSIBLE_TIMEOUT)");
    project.netplay("config forks --doc").exits(0).shows("[defaults] forks, ANSIBLE_FORKS");
    project.netplay("config forkz").exits(64).complains("did you mean `forks`?");
    project.netplay("config --unused").exits(0).shows("nocows");
}

#[test]
fn the_file_is_found_where_ansible_finds_it() {
    let project = project()
        .file("other/ansible.cfg", "[defaults]\ninventory = ../hosts\nforks = 21\n")
        .file("home/.ansible.cfg", "[defaults]\ninventory = ../hosts\nforks = 22\n");
    let call = || project.netplay("run site.yml");
    call().exits(0).shows("forks=22");
    call().env("ANSIBLE_CONFIG", "other/ansible.cfg").exits(0).shows("forks=21");
    call().env("ANSIBLE_CONFIG", "other").exits(0).shows("forks=21");
    // A folder in which everybody may write is not trusted.
    let project = project.file("ansible.cfg", "[defaults]\ninventory = hosts\nforks = 23\n");
    let call = || project.netplay("run site.yml");
    call().exits(0).shows("forks=23");
    fs::set_permissions(project.dir(), fs::Permissions::from_mode(0o777)).expect("the folder is ours");
    call().exits(0).shows("forks=22").complains("everybody may write to this folder");
}

#[test]
fn what_settings_say_happens() {
    let project = project().file(
        "ansible.cfg",
        "[defaults]\ninventory = hosts\nno_log = true\nnocows = 1\nforce_handlers = yes\nverbosity = 1\nforkz = 2\n\
         [privilege_escalation]\nbecome = false\n",
    );
    let ended = project.netplay("run site.yml").exits(0);
    ended
        .complains("ansible.cfg:4:1: `nocows in [defaults]` has no effect here")
        .complains("did you mean `forks`?")
        .never_says("forks=");
    let project = project
        .file("ansible.cfg", "[defaults]\ninventory = hosts\nany_errors_fatal = true\nroles_path = away\n")
        .file("hosts", "h1 ansible_connection=local\nh2 ansible_connection=local\n")
        .file("away/r/tasks/main.yml", "- command: test {{ inventory_hostname }} = h2\n- debug: {msg: not-reached}\n")
        .playbook("- hosts: all\n  gather_facts: false\n  roles: [r]\n");
    project.netplay("run site.yml").exits(2).never_says("\"not-reached\"");
    project.netplay("run site.yml").env("ANSIBLE_ANY_ERRORS_FATAL", "no").exits(2).shows("not-reached");
    project
        .netplay("run site.yml")
        .env("ANSIBLE_FORKS", "0")
        .exits(65)
        .complains("`ANSIBLE_FORKS` must be a number from 1");
    let project = project.file("netplay.toml", "ouput = 'plain'\n");
    let ended = project.netplay("run site.yml").exits(65);
    ended.complains("there is no setting `ouput`").complains("did you mean `output`?").complains("netplay.toml:1:1");
}

#[test]
fn options_without_a_meaning_are_refused() {
    let project = project();
    let call = |words: &str| project.netplay("run site.yml -i hosts").with(words);
    call("-M modules").exits(64).complains("modules written in Python cannot be run");
    call("--sftp-extra-args=-f").exits(64).complains("--sftp-extra-args");
    call("--ssh-common-args").arg("-R 1:2:3").exits(64).complains("`-R` is not understood").complains("ProxyJump");
    call("--ssh-common-args").arg("-o ProxyJump=b -o ControlMaster=auto").exits(0);
    call("-k --connection-password-file pw").exits(64);
    call("--connection-password-file none").exits(65).complains("cannot read password file `none`");
}

#[test]
fn a_run_starts_at_a_task() {
    let tasks = "- debug: {msg: one}\n  name: first\n- block:\n  - debug: {msg: two}\n    name: second task\n  - debug: {msg: three}\n";
    let project = project()
        .tasks("all", tasks)
        .append("site.yml", "- hosts: all\n  gather_facts: false\n  tasks:\n  - debug: {msg: four}\n");
    let call = |name: &str| project.netplay("run site.yml -i hosts --start-at-task").arg(name);
    call("second task").exits(0).never_says("one").shows("two").shows("three").shows("four");
    call("sec*").exits(0).never_says("one").shows("two");
    call("secnd task").exits(65).complains("no task is called `secnd task`").complains("did you mean `second task`?");
}

#[test]
fn lists_have_the_shape_of_ansible_playbook() {
    let project = project().playbook(
        "- hosts: all\n  tags: p\n  gather_facts: false\n  tasks:\n  - name: one\n    debug:\n    tags: [b, a]\n  - debug:\n    tags: never\n\
         - name: second play\n  hosts: h1,localhost\n  gather_facts: false\n",
    );
    let call = |words: &str| project.netplay("run site.yml -i hosts").with(words).exits(0).stdout;
    assert_eq!(
        call("--list-hosts --list-tasks --list-tags"),
        "\nplaybook: site.yml\n\n  play #1 (all): all\tTAGS: [p]\n    pattern: ['all']\n    hosts (1):\n      h1\n    tasks:\n      one\tTAGS: [a, b, p]\n\
         \x20     debug\tTAGS: [never, p]\n      TASK TAGS: [a, b, never, p]\n\n  play #2 (h1,localhost): second play\tTAGS: []\n    pattern: ['h1,localhost']\n\
         \x20   hosts (2):\n      h1\n      localhost\n    tasks:\n      TASK TAGS: []\n"
    );
    assert!(call("--list-tasks").contains("    tasks:\n      one\tTAGS: [a, b, p]\n\n"), "`never` is left out");
}
