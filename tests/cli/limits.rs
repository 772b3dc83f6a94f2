//! How many steps are at work on one host, and on the hosts of a group together.

use crate::call::Ended;
use crate::project::Project;

/// A command that writes when it is at work, and a task of it.
fn task(name: &str, log: &str) -> String {
    format!("- {{name: {name}, shell: 'echo + >> {log}; sleep 0.05; echo - >> {log}'}}\n")
}

/// Returns how many were at work at once at most.
fn most(ended: &Ended, log: &str) -> (usize, i32) {
    let (mut now, mut most) = (0, 0);
    let text = ended.file(log);
    for line in text.lines() {
        now += if line == "+" { 1 } else { -1 };
        most = most.max(now);
    }
    (text.lines().count(), most)
}

fn parallel(count: usize, log: &str) -> String {
    let tasks: String = (0..count).map(|number| format!("    {}", task(&format!("t{number}"), log))).collect();
    format!("- parallel:\n{tasks}")
}

#[test]
fn no_more_steps_are_at_work_on_a_host_than_its_limit() {
    for (limit, at_most) in [("netplay_max_commands=1", 1), ("netplay_max_commands=2", 2)] {
        let project = Project::of_tasks(&parallel(6, "log")).host(&format!("h1 ansible_connection=local {limit}"));
        let ended = project.run().exits(0);
        let (lines, most) = most(&ended, "log");
        assert!(lines == 12 && most <= at_most, "{limit}: {most} at once");
    }
}

#[test]
fn no_more_steps_are_at_work_on_a_group_than_its_limit_and_others_do_not_wait() {
    // The hosts of the group wait for a file that another host makes: a limit holds up nobody outside of it.
    let wait = "for i in $(seq 1200); do [ -e go ] && break; sleep 0.05; done; [ -e go ] || exit 1";
    let tasks = format!(
        "- {{name: wait, shell: 'echo + >> log; {wait}; echo - >> log', when: \"'wan' in group_names\"}}\n\
         - {{name: go, shell: touch go, when: \"'wan' not in group_names\", needs: []}}\n"
    );
    let mut project = Project::of_tasks(&tasks).host("free ansible_connection=local").host("[wan]");
    for number in 0..4 {
        project = project.host(&format!("w{number} ansible_connection=local"));
    }
    let project = project.host("[all:vars]").host("netplay_group_limits={'wan': 1}");
    let ended = project.run_events().with("--forks 2").exits(0);
    assert_eq!(most(&ended, "log"), (8, 1));
    assert_eq!(ended.step("go", "free")["status"], "changed");
}

#[test]
fn a_limit_that_is_no_number_fails_the_step_and_says_so() {
    for (limit, said) in [
        ("netplay_max_commands=0", "`netplay_max_commands` takes whole numbers from 1 on, not `0`"),
        ("netplay_group_limits=3", "must be a dictionary"),
    ] {
        let project = Project::of_tasks(&task("t", "log")).host(&format!("h1 ansible_connection=local {limit}"));
        project.run().exits(2).shows(said);
    }
}
