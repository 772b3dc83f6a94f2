//! Who comes when: `--seed`, and `throttle`, `serial` and `run_once` together with `parallel:`.

use crate::call::Ended;
use crate::project::Project;

fn local_hosts(project: Project, count: usize) -> Project {
    (1..=count).fold(project, |project, number| project.host(&format!("h{number} ansible_connection=local")))
}

/// Returns what happened to steps, in order: `started t1 h2`, `done t1 h2`.
fn story(ended: &Ended) -> Vec<String> {
    let mut names = std::collections::HashMap::new();
    let mut story = Vec::new();
    for event in ended.events() {
        let (task, host) = (event["task"].clone().to_string(), event["host"].as_str().unwrap_or_default());
        match event["event"].as_str().unwrap_or_default() {
            "task_started" => drop(names.insert(task, event["name"].as_str().unwrap_or_default().to_owned())),
            "step_started" => story.push(format!("started {} {host}", names[&task])),
            "step_done" if event["status"] != "not-reached" => story.push(format!("done {} {host}", names[&task])),
            _ => {}
        }
    }
    story
}

#[test]
fn the_same_seed_gives_the_same_order() {
    let tasks = "- parallel:\n    - {name: a, debug: {msg: x}}\n    - {name: b, debug: {msg: x}}\n    \
                 - {name: c, command: 'true', read_only: true}\n- {name: d, command: 'true'}\n";
    let project = local_hosts(Project::of_tasks(tasks), 4);
    let story = |seed: u32| story(&project.run_events().with(&format!("--forks 1 --seed {seed}")).exits(0));
    let first = story(7);
    assert_eq!(first.len(), 2 * 4 * 4, "{first:?}");
    assert_eq!(first, story(7));
    assert!((1..5).any(|seed| story(seed) != first), "chance decides: {first:?}");
}

/// Plays beside each other, and hosts that are in two plays at once.
#[test]
fn the_same_seed_gives_the_same_order_among_plays() {
    let play = |name: &str, words: &str| {
        let task = |n: u32| format!("    - {{name: {name}{n}, command: 'true'}}\n");
        let head = format!("- name: {name}\n  hosts: all\n  gather_facts: false\n  strategy: free\n{words}  tasks:\n");
        head + &task(1) + &task(2)
    };
    let text = play("a", "") + &play("b", "  needs: []\n") + &play("c", "  needs: [a]\n  host_by_host: true\n");
    let project = local_hosts(Project::new().playbook(&text), 3);
    let story = |seed: u32| story(&project.run_events().with(&format!("--forks 1 --seed {seed}")).exits(0));
    let stories: Vec<Vec<String>> = (1..7).map(story).collect();
    for (seed, first) in (1..7).zip(&stories) {
        assert_eq!(first.len(), 2 * 3 * 6, "{first:?}");
        assert_eq!(first, &story(seed), "seed {seed}");
    }
    let place = |story: &[String], task: &str, last: bool| {
        let mut places = story.iter().enumerate().filter(|(_, told)| told.starts_with(&format!("started {task}")));
        if last { places.next_back().unwrap().0 } else { places.next().unwrap().0 }
    };
    let crossed = stories.iter().filter(|story| place(story, "b1", false) < place(story, "a2", true));
    assert!(crossed.count() > 1, "plays beside each other: {stories:?}");
    let went_on = stories.iter().filter(|story| place(story, "c1", false) < place(story, "a2", true));
    assert!(went_on.count() > 0, "some host went on before others were through: {stories:?}");
}

/// What is over is not shown as running, though its outcome counts only when the slow one before it is over.
#[test]
fn a_step_that_is_through_before_its_turn_says_so() {
    // The first one goes on when the run has said that the second one is through.
    let tasks = "- {name: slow, shell: 'until [ -e said ]; do sleep 0.02; done', read_only: true, args: {chdir: \"{{ playbook_dir }}\"}}\n\
                 - {name: quick, shell: 'true', read_only: true}\n";
    let project = local_hosts(Project::of_tasks(tasks), 1);
    let running = project.run_events().start().until_it_shows("\"event\":\"step_ran\"");
    std::fs::write(project.at("said"), "").expect("it is ours");
    let ended = running.ended();
    let ran = ended.events_of("step_ran");
    let begun = ended.events_of("task_started");
    let quick = begun.iter().find(|task| task["name"] == "quick").expect("it began");
    assert_eq!(ran.len(), 1, "{ended}");
    assert_eq!((&ran[0]["task"], ran[0]["host"].as_str()), (&quick["task"], Some("h1")), "{ended}");
}

/// The slow host is at its first read until every other one is through its last: only then does the write begin, which is
/// the barrier of a linear play. With `free`, the others are through the write as well.
#[test]
fn a_slow_host_delays_no_other_beyond_what_a_barrier_demands() {
    for (strategy, last) in [("linear", "third"), ("free", "write")] {
        let mark = |task: &str| format!("touch {task}.{{{{ inventory_hostname }}}}");
        let read = |task: &str, command: &str| {
            format!(
                "    - {{name: {task}, shell: '{command}', read_only: true, args: {{chdir: '{{{{ playbook_dir }}}}'}}}}\n"
            )
        };
        let held =
            format!("[ $H != h1 ] || until [ -e {last}.h2 -a -e {last}.h3 -a -e {last}.h4 ]; do sleep 0.02; done");
        let text = format!(
            "- hosts: all\n  gather_facts: false\n  strategy: {strategy}\n  environment: {{H: '{{{{ inventory_hostname }}}}'}}\n  tasks:\n"
        ) + &read("first", &held)
            + &read("second", "true")
            + &read("third", &mark("third"))
            + &format!(
                "    - {{name: write, shell: '{}', args: {{chdir: '{{{{ playbook_dir }}}}'}}}}\n",
                mark("write")
            );
        let ended = local_hosts(Project::new().playbook(&text), 4).run_events().exits(0);
        let story = story(&ended);
        let at =
            |what: &str| story.iter().position(|said| said == what).unwrap_or_else(|| panic!("no {what}: {story:?}"));
        assert_eq!(at("done first h1") < at("started write h2"), strategy == "linear", "{strategy}: {story:?}");
    }
}

#[test]
fn throttle_holds_for_each_task_of_a_parallel_block() {
    let task = |name: &str| {
        format!(
            "    - {{name: {name}, shell: 'echo + >> {name}.log; sleep 0.05; echo - >> {name}.log', throttle: 2}}\n"
        )
    };
    let project = local_hosts(Project::of_tasks(&format!("- parallel:\n{}{}", task("a"), task("b"))), 6);
    let ended = project.run().exits(0);
    for log in ["a.log", "b.log"] {
        let (mut now, mut most) = (0, 0);
        let text = ended.file(log);
        for line in text.lines() {
            now += if line == "+" { 1 } else { -1 };
            most = most.max(now);
        }
        assert_eq!(text.lines().count(), 12);
        assert!(most <= 2, "{log}: {most} at once");
    }
}

#[test]
fn a_batch_is_through_its_parallel_block_before_the_next_begins() {
    let text = "- hosts: all\n  gather_facts: false\n  serial: 2\n  tasks:\n    - parallel:\n        \
                - {name: a, command: sleep 0.1}\n        - {name: b, command: 'true'}\n";
    let story = story(&local_hosts(Project::new().playbook(text), 4).run_events().exits(0));
    let at = |what: &str| story.iter().position(|said| said == what).unwrap_or_else(|| panic!("no {what}: {story:?}"));
    let first_ends = ["done a h1", "done a h2", "done b h1", "done b h2"].map(at).into_iter().max();
    let second_begins = ["started a h3", "started a h4", "started b h3", "started b h4"].map(at).into_iter().min();
    assert!(first_ends < second_begins, "{story:?}");
}

#[test]
fn what_runs_once_in_a_parallel_block_is_everybodys() {
    let tasks = "- parallel:\n    - {name: once, command: echo said, run_once: true, register: r}\n    \
                 - {name: each, command: 'true'}\n\
                 - {name: see, assert: {that: r.stdout == 'said'}}\n";
    let ended = local_hosts(Project::of_tasks(tasks), 3).run_events().exits(0);
    let story = story(&ended);
    let count = |begin: &str| story.iter().filter(|said| said.starts_with(begin)).count();
    assert_eq!((count("done once"), count("done each"), count("done see")), (1, 3, 3), "{story:?}");
}

#[test]
fn what_fails_once_in_a_parallel_block_fails_for_all_when_the_block_is_done() {
    let tasks = "- parallel:\n    - {name: once, command: 'false', run_once: true}\n    \
                 - {name: each, command: sleep 0.2}\n\
                 - {name: after, command: 'true'}\n";
    let ended = local_hosts(Project::of_tasks(tasks), 3).run_events().exits(2);
    let story = story(&ended);
    let count = |begin: &str| story.iter().filter(|said| said.starts_with(begin)).count();
    assert_eq!((count("done once"), count("done each"), count("started after")), (1, 3, 0), "{story:?}");
}

#[test]
fn tasks_that_tags_leave_out_are_not_waited_for() {
    let tasks = "- {name: a, command: 'true', tags: [slow]}\n- {name: b, command: 'true', needs: [a]}\n";
    let project = local_hosts(Project::of_tasks(tasks), 1);
    project.run().with("--skip-tags slow").exits(0).shows("ok=1");
}

#[test]
fn a_name_that_cannot_be_needed_is_an_error_before_the_run() {
    let text = "- name: first\n  hosts: all\n  gather_facts: false\n  tasks:\n    - {name: a, command: touch ran}\n\
                - name: second\n  hosts: all\n  gather_facts: false\n  tasks:\n    - {name: b, command: touch ran, needs: [a]}\n";
    let project = local_hosts(Project::new().playbook(text), 1);
    project.run().exits(65).complains("E0701").complains("it stands in another play").complains("site.yml:10:");
    assert!(!project.at("ran").exists());
}
