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
