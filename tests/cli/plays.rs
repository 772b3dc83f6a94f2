//! Several plays: those that need nothing of each other run at the same time.

use crate::project::Project;

/// A shell that ends when a file is there, and gives up after a minute.
fn until_there(file: &str) -> String {
    format!("for i in $(seq 1200); do [ -e {file} ] && exit 0; sleep 0.05; done; exit 1")
}

/// Each of two plays waits for a file that the other makes; a third comes after both.
fn project() -> Project {
    let (a, b) = (until_there("b-began"), until_there("a-began"));
    Project::new().host("h1 ansible_connection=local").host("h2 ansible_connection=local").playbook(&format!(
        "- name: a\n  hosts: h1\n  gather_facts: false\n  tasks:\n    \
           - {{name: a1, shell: touch a-began}}\n    - {{name: a2, shell: '{a}'}}\n\
         - name: b\n  hosts: h1:h2\n  gather_facts: false\n  needs: []\n  tasks:\n    \
           - {{name: b1, shell: touch b-began}}\n    - {{name: b2, shell: '{b}'}}\n    \
           - {{name: b3, command: 'false', when: inventory_hostname == 'h2'}}\n\
         - name: c\n  hosts: all\n  gather_facts: false\n  tasks:\n    - {{name: c1, command: 'true'}}\n\
         - name: d\n  hosts: all\n  gather_facts: false\n  needs: [a]\n  tasks:\n    - {{name: d1, command: 'true'}}\n"
    ))
}

#[test]
fn plays_that_need_nothing_of_each_other_run_at_the_same_time() {
    let ended = project().run_events().exits(2);
    let order: Vec<(String, u64)> = ended
        .events()
        .iter()
        .filter(|event| event["event"] == "play_started" || event["event"] == "play_ended")
        .map(|event| (event["event"].as_str().unwrap_or_default().to_owned(), event["number"].as_u64().unwrap_or(0)))
        .collect();
    let at = |what: &str, number: u64| order.iter().position(|(event, n)| event == what && *n == number).unwrap();
    assert!(at("play_started", 2) < at("play_ended", 1), "the second does not wait: {order:?}");
    assert!(at("play_ended", 1) < at("play_started", 4), "the fourth waits for the first: {order:?}");
    let last = at("play_ended", 1).max(at("play_ended", 2));
    assert!(last < at("play_started", 3), "the third waits for both: {order:?}");
    for host in ["h1", "h2"] {
        assert_eq!(ended.step("b2", host)["status"], "changed");
    }
    // Who fell out in a play is out of those that wait for it, and of no others.
    assert_eq!(ended.step("b3", "h2")["status"], "failed");
    let hosts_of = |task: &str| {
        let mut hosts: Vec<String> = Vec::new();
        for event in ended.events_of("step_done") {
            if event["name"] == task {
                hosts.push(event["host"].as_str().unwrap_or_default().to_owned());
            }
        }
        hosts.sort();
        hosts
    };
    assert_eq!(hosts_of("c1"), ["h1"]);
    assert_eq!(hosts_of("d1"), ["h1", "h2"]);
}

#[test]
fn one_slot_is_enough_for_several_plays() {
    let playbook: String = (0..3)
        .map(|n| {
            format!(
                "- name: p{n}\n  hosts: all\n  gather_facts: false\n  needs: []\n  tasks:\n    \
                   - {{name: one{n}, command: 'true'}}\n    - {{name: two{n}, command: 'true'}}\n"
            )
        })
        .collect();
    let project = Project::new().playbook(&playbook);
    let project = ["h1", "h2", "h3"].iter().fold(project, |p, h| p.host(&format!("{h} ansible_connection=local")));
    let ended = project.run_events().with("--forks 1").exits(0);
    let (mut now, mut most) = (0_i32, 0);
    for event in ended.events() {
        now += i32::from(event["event"] == "step_started") - i32::from(event["event"] == "step_done");
        most = most.max(now);
    }
    assert_eq!(ended.events_of("step_done").len(), 18);
    assert_eq!(most, 1, "never two at once: the plays share the slots");
}

#[test]
fn lines_say_to_which_play_they_belong() {
    let ended = project().run().exits(2);
    ended.shows("PLAY [a] (continued)").shows("PLAY [b]");
}

/// Two hosts under `free`: the first play of h2 ends when the second play of h1 has done its task.
fn crossing(word: &str, read_only: bool) -> Project {
    let wait = until_there("h1-went-on");
    let read = if read_only { ", read_only: true" } else { "" };
    Project::new().host("h1 ansible_connection=local").host("h2 ansible_connection=local").playbook(&format!(
        "- name: a\n  hosts: all\n  gather_facts: false\n  strategy: free\n  tasks:\n    \
           - {{name: a1, shell: '{wait}', when: inventory_hostname == 'h2'{read}}}\n\
         - name: b\n  hosts: all\n  gather_facts: false\n  strategy: free\n{word}  tasks:\n    \
           - {{name: b1, shell: 'echo >> {{{{ inventory_hostname }}}}-went-on'{read}}}\n\
         - name: c\n  hosts: all\n  gather_facts: false\n  tasks:\n    - {{name: c1, command: 'true'}}\n"
    ))
}

#[test]
fn hosts_go_on_to_the_next_play_each_for_itself() {
    for (word, read_only) in [("  host_by_host: true\n", false), ("", true)] {
        let ended = crossing(word, read_only).run_events().exits(0);
        let done: Vec<(String, String)> = ended
            .events_of("step_done")
            .iter()
            .map(|event| {
                (event["name"].as_str().unwrap_or_default().into(), event["host"].as_str().unwrap_or_default().into())
            })
            .collect();
        let at = |task: &str, host: &str| done.iter().position(|(t, h)| t == task && h == host).unwrap();
        // That h1 did not wait for h2 is shown by the end of `a1`, which waits for `b1`.
        assert!(at("a1", "h2") < at("b1", "h2"), "{done:?}");
        assert!(at("b1", "h2") < at("c1", "h1"), "a play under `linear` comes after both: {done:?}");
        // What held up the first step of the second play was the last one of its host.
        let began = ended.events_of("step_started").into_iter().filter(|event| event["host"] == "h2").nth(1).unwrap();
        assert_eq!(began["after"]["why"], "its host was through the play before");
        let ends: Vec<u64> =
            ended.events_of("play_ended").iter().map(|event| event["number"].as_u64().unwrap()).collect();
        assert_eq!(ends.last(), Some(&3));
    }
}

#[test]
fn hosts_go_on_to_a_play_that_waits_for_several() {
    // h2 is held in the first and in the second play until h1 has been through the third.
    let held = |task: &str| {
        format!("    - {{name: {task}, shell: '{}', when: inventory_hostname == 'h2'}}\n", until_there("h1-was-in-c"))
    };
    let head = |name: &str, words: &str| {
        format!("- name: {name}\n  hosts: all\n  gather_facts: false\n  strategy: free\n{words}  tasks:\n")
    };
    let last = "    - {name: c1, shell: 'echo > {{ inventory_hostname }}-was-in-c'}\n";
    for second in ["  needs: []\n", ""] {
        let word = if second.is_empty() { "  host_by_host: true\n" } else { second };
        let text = [
            head("a", ""),
            held("a1"),
            head("b", word),
            held("b1"),
            head("c", "  needs: [a, b]\n  host_by_host: true\n"),
            last.to_owned(),
        ];
        let project = Project::new().host("h1 ansible_connection=local").host("h2 ansible_connection=local");
        let project = project.playbook(&text.concat());
        project.run().exits(0);
        let graph = |how: &str| project.netplay(&format!("graph site.yml -i hosts.ini {how}")).exits(0);
        graph("--explain a1 c1").shows("each host begins when it is through");
        graph("--explain b1 c1").shows("each host begins when it is through");
    }
}

#[test]
fn who_has_yet_to_come_to_a_play_does_not_hold_up_the_end_of_an_interrupted_run() {
    let project =
        Project::new().host("h1 ansible_connection=local").host("h2 ansible_connection=local").playbook(&format!(
            "- hosts: all\n  gather_facts: false\n  strategy: free\n  tasks:\n    \
           - {{name: a1, shell: '{}', when: inventory_hostname == 'h2', read_only: true}}\n\
         - hosts: all\n  gather_facts: false\n  strategy: free\n  tasks:\n    \
           - {{name: b1, shell: 'echo > {{{{ inventory_hostname }}}}-went-on', read_only: true}}\n",
            until_there("go")
        ));
    let run = project.run_events().start().until_it_shows("b1").signal("INT").until_it_shows("interrupted");
    std::fs::write(project.at("go"), "").unwrap();
    run.ended().exits(130);
    assert!(project.at("h1-went-on").exists() && !project.at("h2-went-on").exists());
}

#[test]
fn the_graph_says_whether_hosts_go_on() {
    let graph =
        |word: &str, how: &str| crossing(word, false).netplay(&format!("graph site.yml -i hosts.ini {how}")).exits(0);
    let (asked, words) = ("  host_by_host: true\n", "each host begins when it is through");
    for how in ["--explain a1 b1", "--format text", "--format mermaid", "--format dot", "--format svg"] {
        graph(asked, how).shows(words);
        let held = graph("", how).never_says(words);
        let why = held.stdout.replace("#96;", "`");
        assert!(why.contains("hosts wait for each other, because the task `a1` writes"), "{how}: {why}");
        assert!(why.contains("`host_by_host: true`"), "{how}: {why}");
    }
    let edge = |word: &str| -> serde_json::Value {
        let shown: serde_json::Value = serde_json::from_str(&graph(word, "--format json").stdout).unwrap();
        shown["plays"][1]["after"][0].clone()
    };
    assert_eq!((&edge(asked)["scope"], &edge(asked)["held"]), (&"host".into(), &serde_json::Value::Null));
    assert_eq!(edge("")["scope"], "all");
    assert!(edge("")["held"].as_str().unwrap().contains("`a1` writes"));
}

#[test]
fn asking_for_what_hosts_cannot_do_is_an_error_before_the_run() {
    let text = "- name: a\n  hosts: all\n  gather_facts: false\n  strategy: free\n  tasks:\n    - command: touch ran\n\
                - name: b\n  hosts: all\n  gather_facts: false\n  strategy: free\n  host_by_host: true\n  tasks:\n    \
                - {name: one, command: 'true', run_once: true}\n";
    let project = Project::new().host("h1 ansible_connection=local").playbook(text);
    project.run().exits(65).complains("E0704").complains("the task `one` runs once");
    assert!(!project.at("ran").exists());
}
