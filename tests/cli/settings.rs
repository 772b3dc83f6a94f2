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

#[test]
fn settings_of_ansible_have_their_effect() {
    let role = "colls/ansible_collections/a/b/roles/r/tasks/main.yml";
    let project = project()
        .file(role, "- debug: {msg: from the collection}\n")
        .file("ansible.cfg", "[defaults]\ninventory = hosts\ncollections_path = colls\nlog_path = run.log\n")
        .playbook("- hosts: all\n  gather_facts: false\n  roles: [a.b.r]\n");
    project.netplay("run site.yml").exits(0).shows("from the collection");
    project.netplay("run site.yml").exits(0);
    let log = fs::read_to_string(project.at("run.log")).expect("the log was written");
    assert_eq!(log.matches("netplay run site.yml").count(), 2, "{log}");
    assert!(log.contains("from the collection") && log.contains("PLAY RECAP"), "{log}");
    let project = project.tasks("all", "- command: sleep 600\n").file("ansible.cfg", "[defaults]\ntask_timeout = 1\n");
    project.netplay("run site.yml -i hosts").exits(2).shows("1 failed");
    let project = project.tasks("all", "- debug: {msg: a, msg: b}\n");
    let call = |what: &str| project.netplay("run site.yml -i hosts").env("ANSIBLE_DUPLICATE_YAML_DICT_KEY", what);
    call("error").exits(65).complains("E0101").complains("key `msg` is written twice").complains("site.yml:4:");
    call("warn").exits(0).complains("key `msg` is written twice").shows("msg: b");
    let ended = call("ignore").exits(0);
    assert_eq!(ended.stderr, "", "{ended}");
}

#[test]
fn settings_that_cannot_have_an_effect_are_refused() {
    let project = project();
    let call = |name: &str, value: &str| project.netplay("run site.yml -i hosts").env(name, value);
    call("ANSIBLE_ERROR_ON_UNDEFINED_VARS", "false").exits(65).complains("cannot be anything but true here");
    call("ANSIBLE_ERROR_ON_UNDEFINED_VARS", "true").exits(0);
    call("ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED", "no").exits(65).complains("may be the one that names the hosts");
    call("ANSIBLE_INVENTORY_UNPARSED_FAILED", "no").exits(65).complains("a run without the hosts that were asked for");
    call("ANSIBLE_INVENTORY_UNPARSED_FAILED", "yes").exits(0);
    call("ANSIBLE_STDOUT_CALLBACK", "json").exits(64).complains("output = jsonl");
    call("ANSIBLE_STDOUT_CALLBACK", "my_own").exits(64).complains("a plugin written in Python");
    for look in ["yaml", "community.general.yaml", "debug", "minimal", "ansible.builtin.default"] {
        call("ANSIBLE_STDOUT_CALLBACK", look).exits(0).shows("forks=");
    }
}

#[test]
fn entries_of_a_folder_of_inventories_are_left_out_as_settings_say() {
    let project = Project::of_tasks("- debug: {msg: \"{{ ansible_play_hosts | join('+') }}\"}\n  run_once: true\n")
        .file("inv/a.ini", "h1 ansible_connection=local\n")
        .file("inv/b.ini", "h2 ansible_connection=local\n")
        .file("inv/c.draft", "h3 ansible_connection=local\n");
    let call = || project.netplay("run site.yml -i inv");
    call().exits(0).shows("h1+h2+h3");
    call().env("ANSIBLE_INVENTORY_IGNORE", ".draft").exits(0).shows("msg: h1+h2\n");
    call().env("ANSIBLE_INVENTORY_IGNORE_REGEX", "^[bc]\\.").exits(0).shows("msg: h1\n");
    call().env("ANSIBLE_INVENTORY_IGNORE_REGEX", "(").exits(65).complains("`(` is no regular expression");
}

#[test]
fn statistics_are_shown_at_the_end_when_asked_for() {
    let tasks = "- set_stats: {data: {count: 1, seen: [\"{{ inventory_hostname }}\"]}}\n\
                 - set_stats: {data: {own: \"{{ inventory_hostname }}\"}, per_host: true}\n";
    let project = Project::of_tasks(tasks).host("h1 ansible_connection=local").host("h2 ansible_connection=local");
    project.run().exits(0).never_says("CUSTOM STATS");
    let ended = project.run().env("ANSIBLE_SHOW_CUSTOM_STATS", "1").exits(0).shows("CUSTOM STATS");
    ended.shows("run:\n    count: 2\n").shows("h1:\n    own: h1\n").shows("- h2");
}

#[test]
fn the_program_that_gives_rights_and_its_flags_can_be_said() {
    let fake = "#!/bin/sh\necho \"$@\" >> called\nwhile [ \"$1\" != /bin/sh ]; do shift; done\nexec \"$@\"\n";
    let tasks = "- command: id -un\n  become: true\n- command: id -u\n  become: true\n  become_flags: -E\n  become_user: nobody\n";
    let project = Project::of_tasks(tasks).file("fake", fake).host("h1 ansible_connection=local");
    fs::set_permissions(project.at("fake"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    let exe = project.at("fake").display().to_string();
    project.run().env("ANSIBLE_BECOME_EXE", &exe).exits(0);
    let called = || fs::read_to_string(project.at("called")).expect("it was called");
    let lines = called();
    let starts: Vec<&str> = lines
        .lines()
        .filter(|line| line.starts_with('-'))
        .map(|line| line.split(" /bin/sh").next().unwrap_or_default())
        .collect();
    assert_eq!(starts, ["-H -n -u root", "-E -n -u nobody"], "{lines}");
    let variables = format!("ansible_become_exe={exe} ansible_become_flags=-A");
    project.run().with("-e").arg(variables).exits(0);
    // Variables are stronger than keywords.
    assert_eq!(called().matches("-A -n -u").count(), 2, "{}", called());
}

#[test]
fn the_inventory_is_read_again_when_a_play_asks() {
    let script = "#!/bin/sh\nprintf '{\"all\": {\"hosts\": [%s]}, \"_meta\": {\"hostvars\": {}}}' \"$(cat names)\"\n";
    let play = "- hosts: h1\n  gather_facts: false\n  connection: local\n  tasks:\n\
                \x20 - add_host: {name: added}\n\
                \x20 - copy: {content: '\"h1\", \"h2\"', dest: \"{{ playbook_dir }}/names\"}\n\
                \x20 - meta: refresh_inventory\n\
                - hosts: all\n  gather_facts: false\n  tasks:\n  - debug: {msg: \"{{ ansible_play_hosts | sort | join('+') }}\"}\n    run_once: true\n";
    let project = Project::new().playbook(play).file("inv", script).file("names", "\"h1\"");
    fs::set_permissions(project.at("inv"), fs::Permissions::from_mode(0o755)).expect("it is ours");
    project.netplay("run site.yml -i inv").exits(0).shows("msg: added+h1+h2");
}

#[test]
fn each_task_is_asked_about_under_step() {
    let tasks = "- debug: {msg: one}\n- debug: {msg: two}\n- meta: noop\n- command: echo three\n- debug: {msg: four}\n- debug: {msg: five}\n";
    let project = Project::of_tasks(tasks).host("h1 ansible_connection=local").host("h2 ansible_connection=local");
    let ended = project.run().with("--step").stdin("y\nn\nY\nc\n").exits(0);
    let ended = ended.shows("msg: one").never_says("msg: two").shows("msg: four").shows("msg: five");
    let ended = ended.complains("Perform task: TASK: command (N)o/(y)es/(c)ontinue: ");
    assert_eq!(ended.stderr.matches("Perform task").count(), 4, "{ended}");
    // At the end of the input nothing more runs.
    let ended = project.run().with("--step").stdin("y\n").exits(0).shows("msg: one").never_says("msg: four");
    assert!(ended.stdout.contains("ok=1"), "{ended}");
    let free = project.append("site.yml", "").tasks("all", "- debug: {msg: one}\n");
    let free =
        free.file("free.yml", "- hosts: all\n  strategy: free\n  gather_facts: false\n  tasks: [debug: {msg: one}]\n");
    let ended = free.netplay("run free.yml -i hosts.ini --step").stdin("n\ny\n").exits(0);
    ended.complains("TASK: debug on h1").complains("TASK: debug on h2").shows("ok: [h2]").never_says("ok: [h1]");
}

#[test]
fn words_of_the_past_and_modules_that_are_not_there_say_what_to_write_instead() {
    let project = Project::new().host("h1 ansible_connection=local");
    let cases = [
        ("- hosts: all\n  sudo: true\n", "write `become: true`"),
        ("- hosts: all\n  tasks: [include: x.yml]\n", "write `import_tasks`"),
        ("- hosts: all\n  tasks: [{command: ls, sudo_user: me}]\n", "write `become_user`"),
        ("- hosts: all\n  tasks: [{command: ls, always_run: true}]\n", "write `check_mode: false`"),
        ("- hosts: all\n  tasks: [{include_tasks: x.yml, static: true}]\n", "write `import_tasks` in place of"),
        ("- hosts: all\n  tasks: [subversion: {repo: x}]\n", "`command: svn …`"),
        ("- hosts: all\n  tasks: [ansible.posix.synchronize: {src: a}]\n", "`copy` copies folders"),
    ];
    let mut project = project;
    for (play, phrase) in cases {
        project = project.playbook(play);
        project.run().exits(65).complains(phrase).complains("site.yml:");
    }
    project.netplay("doc subversion").exits(0).shows("ansible.builtin.subversion");
    project.netplay("doc --list").exits(0).shows("module\tansible.builtin.subversion\trefused");
}

#[test]
fn patterns_that_match_nothing_are_told_as_the_setting_says() {
    let project = Project::new()
        .host("h1 ansible_connection=local")
        .playbook("- hosts: h1:nowhere\n  gather_facts: false\n  tasks: [debug: {msg: ran}]\n");
    let call = |what: &str| project.run().env("ANSIBLE_HOST_PATTERN_MISMATCH", what);
    call("warning").exits(0).shows("msg: ran").complains("W0500").complains("no host or group matches `nowhere`");
    call("error").exits(65).complains("E0504").complains("site.yml:1:10").never_says("msg: ran");
    let ended = call("ignore").exits(0).shows("msg: ran");
    assert_eq!(ended.stderr, "", "{ended}");
    call("loud").exits(65).complains("`ANSIBLE_HOST_PATTERN_MISMATCH`");
    // The same counts for `--limit`.
    let project = project.playbook("- hosts: h1\n  gather_facts: false\n");
    let call = |what: &str| project.run().with("-l h1,gone").env("ANSIBLE_HOST_PATTERN_MISMATCH", what);
    call("error").exits(65).complains("E0504").complains("no host or group matches `gone`");
    call("warning").exits(0).complains("W0500").complains("no host or group matches `gone`");
    let ended = call("ignore").exits(0);
    assert_eq!(ended.stderr, "", "{ended}");
}

#[test]
fn an_inventory_without_hosts_is_told_unless_a_setting_says_no() {
    let project = Project::new().playbook("- hosts: all\n  gather_facts: false\n  tasks: [debug: {msg: ran}]\n");
    let call = || project.netplay("run site.yml");
    call().exits(0).complains("W0501").complains("the inventory has no hosts; there is `localhost` only");
    call().env("ANSIBLE_INVENTORY_UNPARSED_WARNING", "false").exits(0).never_says("W0501");
    let project = project.file("ansible.cfg", "[inventory]\ninventory_unparsed_warning = no\n");
    project.netplay("run site.yml").exits(0).never_says("W0501");
}

#[test]
fn a_playbook_can_ask_what_its_run_was_given() {
    let tasks = "- debug: {msg: \"{{ ansible_config_file | basename }} {{ ansible_inventory_sources | map('basename') | join('+') }} \
                 {{ ansible_limit | default('all') }}\"}\n  run_once: true\n";
    let project =
        Project::of_tasks(tasks).host("h1 ansible_connection=local").file("other", "h2 ansible_connection=local\n");
    project.run().with("-i other -i h3,").exits(0).shows("msg: \" hosts.ini+other+h3, all\"");
    let project = project.file("ansible.cfg", "[defaults]\ninventory = other\n").file("netplay.toml", "forks = 3\n");
    project.netplay("run site.yml -l h2").exits(0).shows("msg: ansible.cfg other h2");
}
