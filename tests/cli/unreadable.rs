//! Files of a project that are not what they should be: folders in their place, no text, no YAML, encrypted for somebody
//! else, far too large, or written in Python. Each is named with its place, and nothing hangs.

use crate::project::Project;

/// What stands in the play; `{}` is the way to a file.
const WAYS: &[(&str, &str, i32)] = &[
    ("  vars_files: [bad.yml]\n  tasks: []\n", "bad.yml", 65),
    ("  tasks: [import_tasks: bad.yml]\n", "bad.yml", 65),
    ("  tasks: [include_tasks: bad.yml]\n", "bad.yml", 2),
    ("  tasks: [include_vars: bad.yml]\n", "bad.yml", 2),
    ("  roles: [r]\n", "roles/r/tasks/main.yml", 65),
    ("  roles: [r]\n", "roles/r/defaults/main.yml", 65),
    ("  roles: [r]\n", "roles/r/handlers/main.yml", 65),
    ("  roles: [r]\n", "roles/r/meta/main.yml", 65),
    ("  roles: [r]\n", "roles/r/meta/argument_specs.yml", 65),
    ("  tasks: []\n- import_playbook: bad.yml\n", "bad.yml", 65),
    ("  tasks: []\n", "group_vars/all.yml", 65),
    ("  tasks: []\n", "host_vars/h1.yml", 65),
    ("  tasks: []\n  module_defaults: {group/a.b.c: {}}\n", "collections/ansible_collections/a/b/meta/runtime.yml", 65),
];

/// Makes a project whose file on the way is that.
fn project(play: &str, path: &str, content: &[u8]) -> Project {
    let project = Project::new().host("h1 ansible_connection=local").file("pw", "secret\n");
    project.playbook(&format!("- hosts: h1\n  gather_facts: false\n{play}")).file(path, content)
}

#[test]
fn every_file_that_is_no_yaml_is_named_with_its_place() {
    let encrypted = crate::vault::encrypted("a: 1\n", "default", "another");
    let contents: &[(&str, &[u8], &str)] = &[
        ("no UTF-8", b"a: \xff\xfe\n", "not UTF-8 text"),
        ("no YAML", b"a: [1\n", "YAML"),
        ("a cut string", b"a: \"b\n", "YAML"),
        ("a tab", b"a:\n\tb: 1\n", "YAML"),
        ("encrypted", encrypted.as_bytes(), "does not fit"),
    ];
    for (play, path, code) in WAYS {
        for (what, content, phrase) in contents {
            let ended = project(play, path, content).run().with("--vault-password-file pw").exits(*code);
            let said = format!("{}{}", ended.stdout, ended.stderr);
            let name = path.rsplit('/').next().unwrap_or_default();
            assert!(said.contains(phrase) && said.contains(name), "{what} at {path} of\n{play}\nsays\n{said}");
        }
    }
}

#[test]
fn a_folder_in_the_place_of_a_file_is_said() {
    for (play, path, code) in WAYS {
        // What may as well be a folder of files, or may be missing, is left out.
        if path.contains("_vars/") || path.contains("roles/") || path.contains("runtime") {
            continue;
        }
        let ended = project(play, &format!("{path}/inside"), b"").run().exits(*code);
        let said = format!("{}{}", ended.stdout, ended.stderr);
        assert!(said.contains("bad.yml") && said.contains("directory"), "{play}\nsays\n{said}");
    }
}

#[test]
fn a_large_file_is_read_to_its_end() {
    // Ten megabytes of good YAML with a mistake in the last line.
    let mut text = "a: |\n".to_owned();
    while text.len() < 10 << 20 {
        text.push_str("  a line of a text that is rather long, as texts in files of variables sometimes are\n");
    }
    let lines = text.lines().count();
    text.push_str("b: [\n");
    let ended = project("  vars_files: [bad.yml]\n  tasks: []\n", "bad.yml", text.as_bytes()).run().exits(65);
    ended.complains(&format!("bad.yml:{}", lines + 1)).complains("YAML");
}

#[test]
fn what_is_written_in_python_is_refused_with_its_file() {
    let play =
        "  tasks:\n    - own_module: {a: 1}\n    - a.b.theirs: {a: 1}\n    - debug: {msg: \"{{ 1 | own_filter }}\"}\n";
    let project = project(play, "library/own_module.py", b"")
        .file("collections/ansible_collections/a/b/plugins/modules/theirs.py", "")
        .file(
            "filter_plugins/mine.py",
            "class FilterModule:\n    def filters(self):\n        return {'own_filter': str}\n",
        );
    let ended = project.run().exits(65).complains("site.yml:4:7").complains("`own_module` is written in Python");
    ended.complains("site.yml:5:7").complains("`a.b.theirs` is written in Python").complains("filter_plugins/mine.py");
}
