//! Loops whose items are at work at the same time.

use crate::project::Project;

fn local(tasks: &str) -> Project {
    Project::of_tasks(tasks).host("h1 ansible_connection=local")
}

#[test]
fn items_at_once_meet_and_their_results_stand_in_their_order() {
    // Each item waits until the others have begun; the last ends first.
    let all = "for f in b1 b2 b3; do for i in $(seq 1200); do [ -e $f ] && break; sleep 0.05; done; [ -e $f ] || exit 1; done";
    let tasks = format!(
        "- name: meet\n  shell: 'touch b{{{{ item }}}}; {all}; sleep 0.{{{{ 4 - item }}}}; echo {{{{ item }}}}'\n  loop: [1, 2, 3]\n  \
           loop_control: {{parallel: 3, extended: true}}\n  register: met\n\
         - name: tell\n  debug:\n    msg: \"{{{{ met.results | map(attribute='stdout') | join(',') }}}} {{{{ met.results[2].ansible_loop.last }}}}\"\n"
    );
    let ended = local(&tasks).run_events().exits(0);
    let items: Vec<String> =
        ended.events_of("item_done").iter().map(|item| item["item"].as_str().unwrap_or_default().to_owned()).collect();
    assert_eq!(items, ["1", "2", "3"]);
    assert_eq!(ended.step("tell", "h1")["result"]["msg"], "1,2,3 True", "{ended}");
}

#[test]
fn no_more_items_are_at_work_than_asked_for() {
    let tasks = "- name: count\n  shell: 'echo + >> log; sleep 0.02; echo - >> log'\n  loop: \"{{ range(12) | list }}\"\n  \
                   loop_control: {parallel: \"{{ 1 + 1 }}\"}\n";
    let project = local(tasks);
    let ended = project.run().exits(0);
    let log = ended.file("log");
    let (mut now, mut most) = (0, 0);
    for line in log.lines() {
        now += if line == "+" { 1 } else { -1 };
        most = most.max(now);
    }
    assert_eq!((log.lines().count(), most), (24, 2), "{log}");
}

#[test]
fn a_failed_item_fails_the_step_and_the_others_are_done_all_the_same() {
    let tasks = "- name: some\n  command: \"{{ item }}\"\n  loop: ['true', 'false', 'true']\n  loop_control: {parallel: 3}\n  \
                   register: some\n  ignore_errors: true\n\
                 - name: tell\n  debug: {msg: \"{{ some.results | map(attribute='failed') | list }}\"}\n";
    let ended = local(tasks).run_events().exits(0);
    assert_eq!(ended.step("some", "h1")["status"], "ignored");
    assert_eq!(ended.step("tell", "h1")["result"]["msg"].to_string(), "[false,true,false]", "{ended}");
}

#[test]
fn a_number_that_is_none_is_a_failure_with_its_place() {
    let tasks = "- name: bad\n  command: 'true'\n  loop: [1]\n  loop_control: {parallel: \"{{ 'x' }}\"}\n";
    let ended = local(tasks).run().exits(2);
    ended.shows("`parallel` must come to a number").shows("site.yml:7:");
    let tasks = tasks.replace("\"{{ 'x' }}\"", "0");
    local(&tasks).run().exits(65).complains("from 1 on");
}

#[test]
fn the_reference_says_what_loop_control_knows() {
    Project::new().netplay("doc loop_control").exits(0).shows("parallel").shows("index_var");
}
