//! How many steps are at work on one host, and on the hosts of a group together.

use crate::call::Ended;
use crate::project::Project;
use crate::sshd::{self, Sshd};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

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

/// Returns how many logins a server had under way at once at most: those that have connected and are not let in.
fn most_logins(sshd: &Sshd) -> i32 {
    let (mut now, mut most) = (0, 0);
    for line in sshd.log().lines() {
        if line.contains("Connection from ") {
            now += 1;
        } else if line.contains("Accepted publickey ") {
            now -= 1;
        }
        most = most.max(now);
    }
    most
}

#[test]
fn logins_to_one_address_are_bounded_by_a_variable() {
    let logins = |bound: &str| {
        let sshd = Sshd::start();
        let mut project = Project::of_tasks("- command: \"true\"\n");
        for number in 0..8 {
            project = project.ssh_host(&format!("h{number}"), &sshd, bound);
        }
        project.run().exits(0);
        most_logins(&sshd)
    };
    assert_eq!(logins("netplay_logins_per_address=1"), 1);
    assert!(logins("") > 1, "several at once when nobody says");
}

#[test]
fn logins_through_a_jump_host_are_bounded_by_a_variable_of_a_group() {
    let logins = |bound: &str| {
        let (jump, sshd) = (Sshd::start(), Sshd::on(Ipv4Addr::UNSPECIFIED, &["ed25519"], &[]));
        jump.authorize(&sshd.key().with_extension("pub"));
        let mut project = Project::of_tasks("- command: \"true\"\n");
        project = project.append("home/.ssh/known_hosts", &jump.known_hosts_line("ed25519"));
        project = project.host("[behind]");
        for number in 1..=8 {
            let address = format!("127.0.84.{number}");
            let keys = sshd.known_hosts_line("ed25519").replace("0.0.0.0", &address);
            project = project.append("home/.ssh/known_hosts", &keys);
            project = project.unknown_ssh_host(&format!("h{number}"), &sshd, &format!("ansible_host={address}"));
        }
        let way = format!("ansible_ssh_jump={}@{}:{}", sshd::user(), jump.address, jump.port);
        project.host("[behind:vars]").host(&way).host(bound).run().exits(0);
        most_logins(&sshd)
    };
    assert_eq!(logins("netplay_logins_per_jump=1"), 1);
    assert!(logins("") > 1, "several at once when nobody says");
}

#[test]
fn commands_on_a_connection_are_bounded_by_a_variable() {
    let sshd = Sshd::start();
    let log = sshd.dir().join("commands").display().to_string();
    for (bound, at_most) in [("netplay_commands_per_connection=2", 2), ("netplay_commands_per_connection=1", 1)] {
        let _ = std::fs::remove_file(&log);
        let vars = format!("{bound} netplay_kept_shell=false");
        let project = Project::of_tasks(&parallel(6, &log)).ssh_host("h1", &sshd, &vars);
        let (lines, most) = most(&project.run().exits(0), &log);
        assert!(lines == 12 && most <= at_most, "{bound}: {most} at once");
    }
}

#[test]
fn http_calls_to_one_server_are_bounded_by_a_variable() {
    let server = Counting::start();
    let tasks = format!(
        "- uri: {{url: \"http://127.0.0.1:{}/\"}}\n  loop: \"{{{{ range(12) | list }}}}\"\n  loop_control: {{parallel: 12}}\n",
        server.port
    );
    let most = |bound: &str| {
        server.most.store(0, Ordering::SeqCst);
        Project::of_tasks(&tasks).host(&format!("h1 ansible_connection=local {bound}")).run().exits(0);
        server.most.load(Ordering::SeqCst)
    };
    assert_eq!(most("netplay_http_per_origin=1"), 1);
    assert!(most("netplay_http_per_origin=3") <= 3);
    assert!(most("") > 3, "many at once when nobody says");
}

/// A server of HTTP that takes a moment for each answer and counts how many are under way.
struct Counting {
    port: u16,
    most: Arc<AtomicUsize>,
}

impl Counting {
    fn start() -> Counting {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        let port = listener.local_addr().expect("it is bound").port();
        let (now, most) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
        let counted = Arc::clone(&most);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let (now, most) = (Arc::clone(&now), Arc::clone(&counted));
                std::thread::spawn(move || {
                    let mut lines = BufReader::new(&stream).lines();
                    // A request ends with an empty line; the connection is used for several.
                    while lines.by_ref().map_while(Result::ok).any(|line| line.is_empty()) {
                        most.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                        std::thread::sleep(std::time::Duration::from_millis(50));
                        now.fetch_sub(1, Ordering::SeqCst);
                        if (&stream).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}").is_err() {
                            return;
                        }
                    }
                });
            }
        });
        Counting { port, most }
    }
}

#[test]
fn a_bound_that_is_no_number_fails_the_step_and_says_so() {
    let project = Project::of_tasks(&task("t", "log")).host("h1 ansible_connection=local netplay_http_per_origin=many");
    project.run().exits(2).shows("`netplay_http_per_origin` takes whole numbers from 1 on, not `many`");
}
