//! Wrong input: all of it is said before anything is sent, with its place, and ends with exit code 65.

use crate::project::Project;

const PING: &str = "- ping:\n";

fn local() -> Project {
    Project::new().host("h1 ansible_connection=local")
}

/// Bytes that are no text, the same in every run.
fn noise(size: usize) -> Vec<u8> {
    let mut state: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    // The first byte is one that no UTF-8 text begins with.
    std::iter::once(0xff).chain((1..size).map(|_| next())).collect()
}

/// A playbook that is wrong, and what is said about it; the first that is named is the place.
const WRONG: &[(&str, &[&str])] = &[
    ("", &["site.yml:1:1", "a list of plays", "is empty"]),
    ("hosts: all\n", &["site.yml:1:1", "a list of plays", "is a dictionary", "begin every play with"]),
    ("- hosts: all\n  tasks: [\n", &["site.yml:2:", "invalid YAML"]),
    ("- hosts: all\n\ttasks: 1\n", &["site.yml:2:", "invalid YAML"]),
    ("- 7\n", &["site.yml:1:3", "a play must be a dictionary, not a number"]),
    ("- hosts: all\n  vars: 3\n", &["site.yml:2:9", "variables must be a dictionary, not a number"]),
    ("- hosts: all\n  tasks: ping\n", &["site.yml:2:10", "a list of tasks is expected"]),
    ("- hosts: all\n  gather_facts: maybe\n", &["site.yml:2:17", "must be true or false"]),
    ("- tasks: []\n", &["site.yml:1:3", "`hosts`"]),
    ("- name: a\n  hosts: all\n- hosts: all\n  needs: [b]\n", &["site.yml:4:11", "`needs` names no play `b`"]),
    ("- hosts: all\n  needs: a\n- name: a\n  hosts: all\n", &["site.yml:2:10", "does not come before"]),
    ("- hosts: all\n  taskss: []\n", &["site.yml:2:3", "did you mean `tasks`?"]),
    ("- hosts: all\n  become: yess\n  tasks: []\n", &["site.yml:2:11", "`become` must be true or false, not `yess`"]),
    (
        "- hosts: all\n  tasks:\n  - ping:\n    throttle: many\n",
        &["site.yml:4:15", "`throttle` must be a whole number, not `many`"],
    ),
    (
        "- hosts: all\n  tasks:\n  - block: [{ping: }]\n    remote_user: [a]\n",
        &["site.yml:4:18", "`remote_user` must be one text, not a list"],
    ),
    ("- hosts: all\n  tasks:\n  - pingg:\n", &["site.yml:3:5", "did you mean `ping`?"]),
    ("- hosts: all\n  tasks:\n  - command: ls\n    wen: x\n", &["site.yml:4:5", "did you mean `when`?"]),
    ("- hosts: all\n  tasks:\n  - copy: {scr: a, dest: b}\n", &["site.yml:3:12", "did you mean `src`?"]),
    ("- hosts: all\n  tasks:\n  - copy: {src: a}\n", &["site.yml:3:5", "`dest`"]),
    ("- hosts: all\n  tasks:\n  - pause: {seconds: soon}\n", &["site.yml:3:", "seconds", "soon"]),
    (
        "- hosts: all\n  tasks:\n  - debug: {msg: \"{{ a | defualt(1) }}\"}\n",
        &["site.yml:3:26", "defualt", "did you mean `default`?"],
    ),
    ("- hosts: all\n  tasks:\n  - debug: {msg: \"{{ a\"}\n", &["site.yml:3:", "syntax error in a template"]),
    (
        "- hosts: all\n  module_defaults:\n    group/awss: {region: x}\n  tasks: []\n",
        &["site.yml:3:5", "no group of modules `awss`", "did you mean `aws`?"],
    ),
    ("- hosts: []\n", &["site.yml:1:10", "`hosts` is empty"]),
    ("- hosts: 3\n", &["site.yml:1:10", "`hosts` takes patterns of hosts, not a number"]),
    ("- hosts: {a: b}\n", &["site.yml:1:10", "`hosts` takes patterns of hosts, not a dictionary"]),
    ("- hosts: [localhost, 3]\n", &["site.yml:1:22", "`hosts` takes patterns of hosts, not a number"]),
    (
        "- hosts: all\n  max_fail_percentage: foo\n",
        &["site.yml:2:24", "`max_fail_percentage` must be a percentage, not `foo`"],
    ),
    (
        "- hosts: all\n  max_fail_percentage: [1]\n",
        &["site.yml:2:24", "`max_fail_percentage` must be a percentage, not a list"],
    ),
    (
        "- hosts: all\n  max_fail_percentage: ''\n",
        &["site.yml:2:24", "`max_fail_percentage` must be a percentage, not an empty text"],
    ),
    (
        "- hosts: all\n  vars: {most: many}\n  max_fail_percentage: '{{ most }}'\n",
        &["site.yml:3:24", "`max_fail_percentage` must be a percentage, not `many`"],
    ),
    ("- hosts: all\n  module_defaults: foo\n", &["site.yml:2:20", "`module_defaults` must be a dictionary"]),
    ("- hosts: all\n  module_defaults: [foo]\n", &["site.yml:2:21", "`module_defaults` must be a dictionary"]),
    ("- hosts: all\n  environment: 3\n", &["site.yml:2:16", "`environment` must be a dictionary, not a number"]),
    (
        "- hosts: all\n  tasks:\n  - ping:\n    environment: foo\n",
        &["site.yml:4:18", "`environment` must be a dictionary, not a string"],
    ),
    ("- hosts: all\n  tasks:\n  - ping:\n    loop: foo\n", &["site.yml:4:11", "`loop` needs a list", "`{{ foo }}`"]),
    ("- hosts: all\n  tasks:\n  - ping:\n    loop: 3\n", &["site.yml:4:11", "`loop` needs a list, not a number"]),
    ("- hosts: all\n  tasks:\n  - ping:\n    loop: {a: b}\n", &["site.yml:4:11", "`loop` needs a list", "dict2items"]),
    ("- hosts: all\n  tasks:\n  - ping:\n    with_items:\n", &["site.yml:4:", "`with_items` needs something"]),
    (
        "- hosts: all\n  tasks:\n  - ping:\n    loop: [1]\n    loop_control:\n",
        &["site.yml:5:", "`loop_control` must be a dictionary"],
    ),
    (
        "- hosts: all\n  tasks:\n  - ping:\n    notify: {a: b}\n",
        &["site.yml:4:13", "`notify` takes names of handlers, not a dictionary"],
    ),
    ("- hosts: all\n  tasks:\n  - ping:\n    notify: nobody\n", &["site.yml:4:13", "`nobody`"]),
    ("- hosts: all\n  tasks:\n  - import_tasks: none.yml\n", &["site.yml:3:", "none.yml"]),
    ("- hosts: all\n  roles: [nobody]\n", &["site.yml:2:", "`nobody`"]),
    ("- import_playbook: none.yml\n", &["site.yml:1:", "none.yml", "no such file"]),
    ("- hosts: all\n  vars_files: none.yml\n  tasks: []\n", &["site.yml:2:", "none.yml"]),
    ("$ANSIBLE_VAULT;1.1;AES256\n3131\n", &["site.yml:1:1", "vault text is damaged"]),
];

#[test]
fn a_wrong_playbook_is_shown_with_its_place_before_anything_is_sent() {
    for (playbook, phrases) in WRONG {
        let mut ended = local().playbook(playbook).run().exits(65).complains("nothing was sent");
        assert_eq!(ended.stdout, "", "{ended}");
        for phrase in *phrases {
            ended = ended.complains(phrase);
        }
    }
}

#[test]
fn everything_that_is_wrong_is_said_in_one_run() {
    let project = local().tasks("all", "- pingg:\n- copy: {scr: a, dest: b}\n- debug: {msg: \"{{ a | defualt }}\"}\n");
    let ended = project.run().exits(65);
    let ended = ended.complains("`pingg`").complains("`scr`").complains("`defualt`");
    assert!(ended.stderr.ends_with("errors; nothing was sent\n"), "{ended}");
}

#[test]
fn files_that_are_no_text_or_not_there_are_named() {
    let project = local().tasks("all", PING);
    project.netplay("run none.yml").exits(65).complains("cannot read `none.yml`: no such file or directory");
    project.netplay("run home -i hosts.ini").exits(65).complains("cannot read `home`: it is a directory");
    project.netplay("run site.yml -i none.ini").exits(65).complains("there is no inventory `none.ini`");
    project.netplay("run site.yml -i hosts.ini -e @none.yml").exits(65).complains("cannot read `none.yml`");
    for size in [100, 1 << 20] {
        let project = local().tasks("all", PING).file("noise.yml", noise(size)).file("noise.ini", noise(size));
        project.netplay("run noise.yml -i hosts.ini").exits(65).complains("`noise.yml`: not UTF-8 text");
        for inventory in ["noise.yml", "noise.ini"] {
            let ended = project.netplay("run site.yml -i").arg(inventory).exits(65);
            ended.complains(&format!("`{inventory}`: not UTF-8 text"));
        }
        project.run().with("-e @noise.yml").exits(65).complains("`noise.yml`: not UTF-8 text");
        // Text of many odd characters is no better, but text.
        let odd: String = noise(size).iter().map(|byte| char::from(*byte)).collect();
        let project = project.file("odd.yml", &odd).file("odd.ini", &odd);
        project.netplay("run odd.yml -i hosts.ini").exits(65);
        project.netplay("run site.yml -i odd.ini").exits(65);
    }
}

#[test]
fn a_file_that_may_not_be_read_is_named() {
    if crate::sshd::is_root() {
        crate::sshd::left_out("a playbook that may not be read", "root may read everything");
        return;
    }
    use std::os::unix::fs::PermissionsExt as _;
    let project = local().tasks("all", PING);
    std::fs::set_permissions(project.at("site.yml"), std::fs::Permissions::from_mode(0o000)).expect("it is ours");
    project.run().exits(65).complains("cannot read `site.yml`: permission denied");
}

#[test]
fn hostile_yaml_is_refused_with_its_place() {
    let names: Vec<char> = ('a'..='i').collect();
    let mut laughs = "- hosts: all\n  vars:\n    a: &a [x,x,x,x,x,x,x,x,x]\n".to_owned();
    for pair in names.windows(2) {
        let (before, name) = (pair[0], pair[1]);
        laughs += &format!("    {name}: &{name} [{}]\n", vec![format!("*{before}"); 9].join(","));
    }
    let open = "[".repeat(10_000);
    let steps: String = (0..10_000).map(|depth| " ".repeat(depth) + "- \n").collect();
    let brackets = format!("- hosts: all\n  tasks:\n  - debug: {{msg: '{{{{ {}1 }}}}'}}\n", "(".repeat(10_000));
    for (text, phrase) in [
        (laughs, "aliases and merge keys add more than"),
        (format!("- hosts: all\n  vars: {open}\n"), "nested deeper than"),
        (format!("{open}{}", "]".repeat(10_000)), "nested deeper than"),
        (steps, "nested deeper than"),
        (brackets, "brackets inside each other"),
    ] {
        let project = local().playbook(&text).file("odd.yml", &text).file("ok.yml", "- hosts: all\n  tasks: []\n");
        project.run().exits(65).complains(phrase);
        if phrase != "brackets inside each other" {
            project.netplay("run ok.yml -i odd.yml").exits(65).complains(phrase);
            project.netplay("run ok.yml -i hosts.ini -e @odd.yml").exits(65).complains(phrase);
        }
    }
}

#[test]
fn hosts_that_nothing_matches_are_a_warning() {
    let project = local().tasks("nope,h1", PING);
    project.run().exits(0).complains("no host or group matches `nope`").complains("site.yml:1:10").shows("ok: [h1]");
    let project = local().tasks("h2", PING);
    let ended = project.run().exits(0).complains("did you mean `h1`?");
    ended.shows("skipping: no hosts matched").never_says("TASK");
    let nobody = Project::of_tasks(PING).run().exits(0);
    nobody.complains("the inventory has no hosts").shows("skipping: no hosts matched");
}

#[test]
fn a_limit_that_leaves_no_host_is_an_error() {
    let project = local().tasks("all", PING);
    project.run().with("-l h2").exits(65).complains("`--limit h2` leaves no host").complains("did you mean `h1`?");
    project.run().with("-l h1,h2").exits(0).complains("no host or group matches `h2`").shows("ok: [h1]");
    project.run().with("-l @none").exits(65).complains("none");
}

#[test]
fn a_wrong_command_line_is_told_from_wrong_input() {
    let project = local().tasks("all", PING);
    project.run().with("--nope").exits(64).complains("--nope");
    project.netplay("run").exits(64).complains("<PLAYBOOK>");
    project.netplay("").exits(64);
    project.netplay("rum site.yml").exits(64).complains("'run'");
    project.run().with("--forks 0").exits(64).complains("--forks");
    project.run().with("--syntax-check --list-hosts").exits(64).complains("cannot be used with");
    project.run().with("-e [1]").exits(65).complains("must be a dictionary, not a list");
    project.run().with("-e word").exits(65).complains("`-e word` is no variable");
    project.netplay("--help").exits(0).shows("Exit codes:").shows("130  interrupted");
    project.netplay("--version").exits(0).shows(env!("CARGO_PKG_VERSION"));
}

/// Files by name and text.
type Files = &'static [(&'static str, &'static str)];

/// Circles of all kinds: the playbook, the files beside it, the exit code, and what is said.
const CIRCLES: &[(&str, Files, i32, &str)] = &[
    (
        "  tasks: [include_tasks: self.yml]\n",
        &[("self.yml", "- include_tasks: self.yml\n")],
        2,
        "does the file include itself?",
    ),
    (
        "  tasks: [import_tasks: self.yml]\n",
        &[("self.yml", "- import_tasks: self.yml\n")],
        65,
        "look for a file that imports itself",
    ),
    (
        "  roles: [a]\n",
        &[("roles/a/tasks/main.yml", "- include_role: {name: a}\n")],
        2,
        "does the file include itself?",
    ),
    (
        "  roles: [a]\n",
        &[("roles/a/tasks/main.yml", "- import_role: {name: a}\n")],
        65,
        "look for a file that imports itself",
    ),
    (
        "  roles: [a]\n",
        &[("roles/a/meta/main.yml", "dependencies: [b]\n"), ("roles/b/meta/main.yml", "dependencies: [a]\n")],
        65,
        "a → b → a",
    ),
    (
        "  vars: {x: \"{{ y }}\", y: \"{{ x }}\"}\n  tasks: [debug: {var: x}]\n",
        &[],
        2,
        "written here: `x` at site.yml:3:13, `y` at",
    ),
];

#[test]
fn circles_come_to_an_end_and_are_named() {
    for (play, files, code, phrase) in CIRCLES {
        let mut project = local().playbook(&format!("- hosts: h1\n  gather_facts: false\n{play}"));
        for (name, text) in *files {
            project = project.file(name, text);
        }
        let ended = project.run().exits(*code);
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(said.contains(phrase), "{play}: no {phrase:?} in\n{said}");
    }
    let project = local().playbook("- import_playbook: site.yml\n");
    project.run().exits(65).complains("imports itself").complains("site.yml:1:3");
}

#[test]
fn much_output_is_kept_and_little_of_it_shown() {
    let much = "head -c 10000000 /dev/zero | tr '\\0' x";
    let tasks = format!(
        "- shell: {much}\n  register: r\n- debug: {{msg: \"{{{{ r.stdout | length }}}} bytes\"}}\n\
         - shell: \"{}; echo the end; exit 3\"\n",
        much.replace('\\', "\\\\")
    );
    let ended = local().tasks("all", &tasks).run().exits(2).shows("10000000 bytes").shows("the end");
    assert!(ended.stdout.len() < 100_000, "{} bytes are shown", ended.stdout.len());
}
