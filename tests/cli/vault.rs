//! The vault: what Ansible has encrypted opens, what is opened is masked, and files are never lost.

use crate::project::Project;
use crate::sshd::wait_until;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

const SECRET: &str = "hunter22-topsecret";

/// A text encrypted with a password by the program itself, whose cipher is held to Ansible's by its unit tests.
pub(crate) fn encrypted(plain: &str, id: &str, password: &str) -> String {
    let password = netplay::vault::Password::new(id, password);
    netplay::vault::encrypt(plain.as_bytes(), &password, plain.len().to_string().as_bytes()).to_text()
}

/// Writes an encrypted text as a value in YAML.
fn inline(text: &str, indent: usize) -> String {
    let lines: Vec<String> = text.lines().map(|line| format!("{}{line}", " ".repeat(indent))).collect();
    format!("!vault |\n{}\n", lines.join("\n"))
}

fn local() -> Project {
    Project::new().host("h1 ansible_connection=local").file("pw", "first\n").file("pw2", "second\n")
}

#[test]
fn encrypted_files_are_read_wherever_files_are_read() {
    let vars = |name: &str| encrypted(&format!("{name}: {SECRET}-{name}\n"), "default", "first");
    let project = local()
        .file("group_vars/all.yml", vars("in_group"))
        .file("host_vars/h1/secret.yml", vars("in_host"))
        .file("files.yml", vars("in_file"))
        .file("later.yml", vars("in_later"))
        .file("extra.yml", vars("in_extra"))
        .file("text", encrypted(&format!("{SECRET}-text\n"), "default", "first"))
        .file("text.j2", encrypted(&format!("{SECRET}-{{{{ in_group }}}}\n"), "default", "first"))
        .file("tasks.yml", encrypted("- debug: {msg: in-the-tasks}\n- debug: {var: in_host}\n", "default", "first"))
        .playbook(&format!(
            "- hosts: all\n  gather_facts: false\n  vars_files: files.yml\n  vars:\n    value: {}  tasks:\n  \
             - include_vars: later.yml\n  - include_tasks: tasks.yml\n  \
             - copy: {{src: text, dest: '{{{{ playbook_dir }}}}/copied'}}\n  \
             - template: {{src: text.j2, dest: '{{{{ playbook_dir }}}}/rendered'}}\n  \
             - copy: {{dest: '{{{{ playbook_dir }}}}/all', content: '{{{{ [in_group, in_host, in_file, in_later, \
             in_extra, value, value is vault_encrypted, lookup(\"unvault\", \"text\"), \"pw\" is vaulted_file, \
             \"text\" is vaulted_file] | join(\" \") }}}}'}}\n  - debug: {{var: value}}\n  - debug: {{var: in_later}}\n",
            inline(&encrypted(&format!("{SECRET}-{{{{ value }}}}"), "default", "first"), 6)
        ));
    let call = || project.run().with("--vault-password-file pw -e @extra.yml");
    let ended = call().with("-vvv --diff").exits(0);
    assert!(!ended.stdout.contains(SECRET) && !ended.stderr.contains(SECRET), "{ended}");
    assert!(!ended.stdout.contains("in-the-tasks"), "{ended}");
    let read = |name: &str| fs::read_to_string(project.at(name)).expect("the run has written it");
    let each =
        ["in_group", "in_host", "in_file", "in_later", "in_extra", "{{ value }}"].map(|n| format!("{SECRET}-{n}"));
    assert_eq!(read("all"), format!("{} True {SECRET}-text\n False True", each.join(" ")));
    assert_eq!(read("copied"), format!("{SECRET}-text\n"));
    assert_eq!(read("rendered"), format!("{SECRET}-{SECRET}-in_group\n"));
    let events = call().with("--output jsonl -vvv --diff").exits(0);
    assert!(!events.stdout.contains(SECRET) && !events.stderr.contains(SECRET), "{events}");
    // A whole playbook, and an inventory.
    let hosts = encrypted("all:\n  hosts:\n    h9: {ansible_connection: local, x: hidden-value}\n", "default", "first");
    let play =
        encrypted("- hosts: h9\n  gather_facts: false\n  tasks: [debug: {msg: \"{{ x }}\"}]\n", "default", "first");
    let project = local().file("hosts.yml", hosts).file("site.yml", play);
    let ended = project.netplay("run site.yml -i hosts.yml --vault-password-file pw").exits(0).shows("h9");
    assert!(!ended.stdout.contains("hidden-value"), "{ended}");
}

#[test]
fn a_value_that_nobody_uses_needs_no_password() {
    let value = inline(&encrypted(SECRET, "prod", "first"), 6);
    let project = local().playbook(&format!(
        "- hosts: all\n  gather_facts: false\n  vars:\n    unused: {value}    used: {value}  tasks:\n  \
         - debug: {{msg: fine}}\n  - debug: {{msg: \"{{{{ used }}}}\"}}\n    when: ask | default(false) | bool\n"
    ));
    project.run().exits(0).shows("fine");
    project.run().with("-e ask=yes").exits(2).shows("there is no vault password").shows("site.yml:");
    let wrong = project.run().with("-e ask=yes --vault-id dev@pw2").exits(2);
    wrong.shows("does not fit, or the text was changed").shows("encrypted with the password `prod`; known are: dev");
    // The name is a hint only; of several passwords the one that fits is taken.
    project.run().with("-e ask=yes --vault-id dev@pw2 --vault-id x@pw").exits(0);
}

#[test]
fn a_file_that_cannot_be_opened_is_said_with_its_place() {
    let text = encrypted("a: 1\n", "default", "first");
    let project = local().tasks("all", "- ping:\n").file("secret.yml", &text);
    let ended = project.run().with("-e @secret.yml").exits(65);
    ended.complains("secret.yml:1:1").complains("there is no vault password").complains("--vault-password-file");
    let ended = project.run().with("-e @secret.yml --vault-password-file pw2").exits(65);
    ended.complains("secret.yml:1:1").complains("does not fit, or the text was changed");
    let tampered = project.file("secret.yml", text.replacen("31", "32", 1));
    tampered.run().with("-e @secret.yml --vault-password-file pw").exits(65).complains("secret.yml:1:1");
    tampered.run().with("--vault-password-file none").exits(65).complains("cannot read password file `none`");
    // What is wrong inside is said without a line of it.
    let inside = encrypted(&format!("- {SECRET}\n"), "default", "first");
    let project = tampered.file("secret.yml", inside);
    let ended = project.run().with("-e @secret.yml --vault-password-file pw").exits(65);
    let ended = ended.complains("must hold a dictionary").complains("secret.yml (encrypted):1:1");
    assert!(!ended.stderr.contains(SECRET), "{ended}");
}

#[test]
fn passwords_come_from_scripts_settings_and_questions() {
    let script = "#!/bin/sh\n[ \"$1 $2\" = \"--vault-id prod\" ] || exit 2\necho first\n";
    let project = local()
        .tasks("all", "- debug: {msg: \"{{ a }}\"}\n")
        .file("secret.yml", encrypted("a: 17\n", "prod", "first"))
        .file("get-client.sh", script)
        .file("print.sh", "#!/bin/sh\nprintf 'first\\n\\n'\n")
        .file("pw-sealed", encrypted("first\n", "key", "second"));
    for script in ["get-client.sh", "print.sh"] {
        fs::set_permissions(project.at(script), fs::Permissions::from_mode(0o755)).expect("the file is ours");
    }
    let call = || project.run().with("-e @secret.yml");
    call().with("--vault-id prod@get-client.sh").exits(0).shows("17");
    call().with("--vault-id dev@get-client.sh").exits(65).complains("knows no password for vault id `dev`");
    call().with("--vault-password-file print.sh").exits(0);
    call().with("--vault-id key@pw2 --vault-id prod@pw-sealed").exits(0);
    call().env("ANSIBLE_VAULT_PASSWORD_FILE", "pw").exits(0);
    call().env("ANSIBLE_VAULT_IDENTITY_LIST", "dev@pw2, prod@pw").exits(0);
    call().with("--vault-id dev@pw").exits(0);
    call().with("--vault-id dev@pw").env("ANSIBLE_VAULT_ID_MATCH", "true").exits(65).complains("does not fit");
    call().with("--vault-id prod@pw").env("ANSIBLE_VAULT_ID_MATCH", "true").exits(0);
    call().with("--vault-id none --vault-id pw").exits(0).complains("cannot read password file `none`");
    call().with("-J").stdin("first\n").exits(0).complains("Vault password: ");
    call().with("--vault-id prod@prompt").stdin("\n").exits(65).complains("the vault password is empty");
}

#[test]
fn files_are_encrypted_changed_and_decrypted() {
    let project = local().file("a.yml", "a: 1\n").file("b.yml", "b: 2\n");
    fs::set_permissions(project.at("a.yml"), fs::Permissions::from_mode(0o640)).expect("the file is ours");
    let read = |name: &str| fs::read_to_string(project.at(name)).expect("it is there");
    let vault = |words: &str| project.netplay("vault").with(words);
    vault("encrypt --vault-id prod@pw a.yml b.yml").exits(0);
    assert!(read("a.yml").starts_with("$ANSIBLE_VAULT;1.2;AES256;prod\n") && read("b.yml").starts_with("$ANSIBLE"));
    assert_eq!(fs::metadata(project.at("a.yml")).expect("it is there").permissions().mode() & 0o777, 0o640);
    vault("encrypt --vault-id prod@pw a.yml").exits(65).complains("encrypted already");
    vault("view --vault-id pw a.yml b.yml").exits(0).shows("a: 1\nb: 2\n");
    vault("view --vault-id pw2 a.yml").exits(65).complains("does not fit");
    // One of two cannot be decrypted: neither is touched.
    fs::write(project.at("plain.yml"), "c: 3\n").expect("the folder is ours");
    vault("decrypt --vault-id pw a.yml plain.yml").exits(65).complains("`plain.yml` is not encrypted");
    assert!(read("a.yml").starts_with("$ANSIBLE_VAULT"));
    vault("rekey --vault-id pw --new-vault-id dev@pw2 a.yml").exits(0);
    assert!(read("a.yml").starts_with("$ANSIBLE_VAULT;1.2;AES256;dev\n"));
    vault("decrypt --vault-password-file pw2 a.yml --output c.yml").exits(0);
    assert_eq!(read("c.yml"), "a: 1\n");
    assert_eq!(fs::metadata(project.at("c.yml")).expect("it is there").permissions().mode() & 0o777, 0o600);
    let piped = vault("encrypt --vault-password-file pw").stdin("x: y").exits(0);
    vault("decrypt --vault-password-file pw --output -").stdin(&piped.stdout).exits(0).shows("x: y");
    vault("encrypt --vault-id a@pw --vault-id b@pw2 c.yml").exits(65).complains("--encrypt-vault-id");
    let ended = vault("encrypt-string --vault-id a@pw --vault-id b@pw2 --encrypt-vault-id b -n name hello").exits(0);
    assert!(ended.stdout.starts_with("name: !vault |\n          $ANSIBLE_VAULT;1.2;AES256;b\n"), "{ended}");
}

#[test]
fn an_editor_changes_a_file_and_leaves_nothing_behind() {
    let editor = "#!/bin/sh\necho \"$1\" > \"$HOME/where\"; stat -c %a \"$1\" > \"$HOME/mode\"\n\
                  echo 'b: 2' >> \"$1\"\n[ -z \"$WAIT\" ] || exec sleep 60\n[ -z \"$FAIL\" ]\n";
    let project = local().file("a.yml", encrypted("a: 1\n", "prod", "first")).file("editor", editor);
    fs::set_permissions(project.at("editor"), fs::Permissions::from_mode(0o755)).expect("the file is ours");
    let read = |name: &str| fs::read_to_string(project.at(name)).unwrap_or_default();
    let call = |words: &str| project.netplay("vault").with(words).env("EDITOR", project.at("editor"));
    let is_gone = || !fs::exists(read("home/where").trim()).expect("the folder can be looked at");
    call("edit --vault-id pw a.yml").exits(0);
    assert!(read("home/mode").trim() == "600" && read("home/where").trim().ends_with(".yml") && is_gone());
    assert!(read("a.yml").starts_with("$ANSIBLE_VAULT;1.2;AES256;prod\n"));
    project.netplay("vault view --vault-id pw a.yml").exits(0).shows("a: 1\nb: 2\n");
    let before = read("a.yml");
    call("edit --vault-id pw a.yml").env("FAIL", "1").exits(65).complains("nothing was changed");
    assert!(read("a.yml") == before && is_gone());
    call("create --vault-id pw new.yml").exits(0);
    project.netplay("vault view --vault-id pw new.yml").exits(0).shows("b: 2\n");
    call("create --vault-id pw new.yml").exits(65).complains("is there already");
    // A signal ends the editor, and the plain text goes with it.
    fs::remove_file(project.at("home/mode")).expect("it is there");
    let running = call("edit --vault-id pw a.yml").env("WAIT", "1").start();
    wait_until("the editor has the file", || read("home/mode").trim() == "600");
    running.signal("TERM").ended().exits(65).complains("interrupted");
    assert!(read("a.yml") == before && is_gone());
}
