//! Files on real hosts: written once, withheld in check mode, and what happens when there is no room.

use crate::project::Project;
use crate::sshd::{Sshd, is_root, left_out};
use std::fs;
use std::path::Path;
use std::process::Command;

const WRITE: &str = "- name: template\n  template: {src: a.j2, dest: \"{{ place }}/a\", mode: \"0640\"}\n\
                     - name: copy\n  copy: {content: \"one\\ntwo\\n\", dest: \"{{ place }}/b\"}\n\
                     - name: folder\n  file: {path: \"{{ place }}/c\", state: directory}\n";

fn project(sshd: &Sshd) -> Project {
    let place = format!("place={}", sshd.dir().display());
    Project::of_tasks(WRITE).file("a.j2", "for {{ inventory_hostname }}\n").ssh_host("h1", sshd, &place)
}

#[test]
fn check_mode_withholds_writes_and_shows_them() {
    let sshd = Sshd::start();
    let project = project(&sshd);
    let ended = project.run().with("--check --diff").exits(0);
    let ended = ended.shows("changed: [h1]").shows("+for h1").shows("+two").shows("changed=3");
    assert!(ended.stdout.contains("--- ") && ended.stdout.contains("+++ ") && ended.stdout.contains("@@ "), "{ended}");
    for name in ["a", "b", "c"] {
        assert!(!sshd.dir().join(name).exists(), "{name} was written in check mode");
    }
}

#[test]
fn what_is_there_already_is_not_written_again() {
    use std::os::unix::fs::MetadataExt as _;
    let sshd = Sshd::start();
    let project = project(&sshd);
    project.run().exits(0).shows("changed=3");
    let file = sshd.dir().join("a");
    assert_eq!(fs::read_to_string(&file).expect("it was written"), "for h1\n");
    let before = fs::metadata(&file).expect("it is there");
    assert_eq!(before.mode() & 0o777, 0o640);
    project.run().with("--diff").exits(0).shows("ok=3 changed=0").never_says("@@ ");
    let after = fs::metadata(&file).expect("it is there");
    assert_eq!((before.ino(), before.mtime_nsec()), (after.ino(), after.mtime_nsec()), "nobody has touched it");

    // A change is shown against what is there, and only the changed file is written.
    fs::write(sshd.dir().join("b"), "one\n2\n").expect("it is ours");
    project.run().with("--diff").exits(0).shows("-2\n").shows("+two\n").shows("changed=1");
    assert_eq!(fs::read_to_string(sshd.dir().join("b")).expect("it is there"), "one\ntwo\n");
}

/// The keyword is stronger than the option, in both directions.
#[test]
fn a_task_says_itself_whether_its_difference_is_shown() {
    let tasks = "- copy: {content: \"shown\\n\", dest: \"{{ playbook_dir }}/a\"}\n  diff: true\n\
                 - copy: {content: \"as asked\\n\", dest: \"{{ playbook_dir }}/b\"}\n\
                 - copy: {content: \"hidden\\n\", dest: \"{{ playbook_dir }}/c\"}\n  diff: \"{{ 1 == 2 }}\"\n";
    let project = || Project::of_tasks(tasks).host("h1 ansible_connection=local");
    project().run().exits(0).shows("+shown").never_says("+as asked").never_says("+hidden");
    project().run().with("--diff").exits(0).shows("+shown").shows("+as asked").never_says("+hidden");
}

/// A folder on a file system of 64 KiB; unmounted when it is dropped.
struct Small(tempfile::TempDir);

impl Small {
    fn new() -> Option<Small> {
        let dir = tempfile::tempdir().expect("a temporary folder can be made");
        let mount = Command::new("mount").args(["-t", "tmpfs", "-o", "size=64k", "tmpfs"]).arg(dir.path()).output();
        if !is_root() || !mount.is_ok_and(|output| output.status.success()) {
            left_out("a full disk", "no file system can be mounted");
            return None;
        }
        Some(Small(dir))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.path()).status();
    }
}

#[test]
fn a_full_disk_fails_the_copy_and_leaves_nothing_behind() {
    let (Some(small), sshd) = (Small::new(), Sshd::start()) else { return };
    let tasks = format!(
        "- name: copy\n  copy: {{content: \"{{{{ 'x' * 1000000 }}}}\", dest: \"{0}/big\"}}\n  register: out\n  ignore_errors: true\n\
         - name: copy of a file\n  copy: {{src: big, dest: \"{0}/big\"}}\n",
        small.path().display()
    );
    for host in ["ssh", "local"] {
        let project = Project::of_tasks(&tasks).file("big", "y".repeat(1_000_000));
        let project = match host {
            "ssh" => project.ssh_host("h1", &sshd, ""),
            _ => project.host("h1 ansible_connection=local"),
        };
        let ended = project.run_events().exits(2);
        for task in ["copy", "copy of a file"] {
            let failure = &ended.step(task, "h1")["failure"];
            let message = failure["message"].as_str().unwrap_or_default().to_lowercase();
            assert!(message.contains("no space left on device"), "{host}, {task}: {failure}");
        }
        let left: Vec<_> = fs::read_dir(small.path()).expect("it is mounted").flatten().collect();
        assert!(left.is_empty(), "{host} leaves {left:?}");
    }
}

#[test]
fn a_target_that_cannot_be_written_fails_the_copy() {
    let sshd = Sshd::start();
    // A name below a file, and a folder that even root may not write.
    let tasks = format!(
        "- name: below a file\n  copy: {{content: x, dest: {}/client/x}}\n  ignore_errors: true\n\
         - name: read-only\n  copy: {{content: x, dest: /proc/netplay}}\n",
        sshd.dir().display()
    );
    let ended = Project::of_tasks(&tasks).ssh_host("h1", &sshd, "").run_events().exits(2);
    assert_eq!(ended.step("below a file", "h1")["status"], "ignored");
    let failure = &ended.step("read-only", "h1")["failure"];
    assert!(failure["message"].as_str().is_some_and(|text| text.contains("/proc/netplay")), "{failure}");
    assert_eq!(failure["kind"], "file", "{failure}");
}

#[test]
fn a_source_that_is_not_there_is_named_with_where_it_was_looked_for() {
    let project =
        Project::of_tasks("- copy: {src: nowhere, dest: /nonexistent/x}\n").host("h1 ansible_connection=local");
    project.run().exits(2).shows("'nowhere'").shows("files/nowhere");
}
