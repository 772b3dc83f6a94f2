//! What becomes of a run when the machine or the network gives out: a link that is cut, no more threads.

use crate::call::Call;
use crate::project::Project;
use crate::sshd::{Sshd, left_out, wait_until};
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// A network namespace with one link to it.
struct Apart {
    name: String,
    /// This machine's end of the link.
    link: String,
    address: Ipv4Addr,
}

impl Apart {
    /// Makes one. Says why not where the machine forbids it.
    fn new(case: &str) -> Option<Apart> {
        let number = std::process::id();
        let [_, _, high, low] = number.to_be_bytes();
        // The network for measurements (RFC 2544): nobody's; one piece of it for each process.
        let address = |last: u8| Ipv4Addr::new(198, 18 + (number >> 16) as u8 % 2, high, (low & 0xfc) | last);
        let (ours, theirs) = (address(1), address(2));
        let apart = Apart { name: format!("npt{number}"), link: format!("npa{number}"), address: ours };
        let (name, link, inner) = (&apart.name, &apart.link, format!("npb{number}"));
        let steps = [
            format!("netns add {name}"),
            format!("link add {link} type veth peer name {inner} netns {name}"),
            format!("addr add {ours}/30 dev {link}"),
            format!("link set {link} up"),
            format!("-n {name} addr add {theirs}/30 dev {inner}"),
            format!("-n {name} link set {inner} up"),
            format!("-n {name} link set lo up"),
        ];
        for step in steps {
            if let Err(why) = ip(&step) {
                left_out(case, &format!("`ip {step}`: {why}"));
                return None;
            }
        }
        Some(apart)
    }

    /// Begins netplay on the other side of the link.
    fn netplay(&self, project: &Project) -> Call {
        let inside = format!("exec ip netns exec {} \"$0\" \"$@\"", self.name);
        Call::limited(&inside, project.dir(), &project.at("home"))
    }

    /// Cuts the link: from now on all packets are lost, and nobody is told.
    fn cut(&self) {
        ip(&format!("link set {} down", self.link)).expect("it is our link");
    }
}

impl Drop for Apart {
    fn drop(&mut self) {
        // With the namespace goes its end of the link, and with that ours.
        let _ = ip(&format!("netns del {}", self.name));
        let _ = ip(&format!("link del {}", self.link));
    }
}

fn ip(words: &str) -> Result<(), String> {
    let output = Command::new("ip").args(words.split_whitespace()).output().map_err(|error| error.to_string())?;
    let said = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    if output.status.success() { Ok(()) } else { Err(said) }
}

#[test]
fn a_link_that_is_cut_ends_the_steps_that_wait_behind_it() {
    let Some(apart) = Apart::new("a link that is cut") else { return };
    let sshd = Sshd::on(apart.address, &["ed25519"], &[]);
    let folder = sshd.dir().display().to_string();
    let host = "{{ inventory_hostname }}";
    let silent = format!("touch {folder}/begun-{host}; until [ ! -d {folder} ]; do sleep 0.2; done");
    let tasks = format!(
        "- {{name: first, command: \"true\"}}\n\
         - {{name: silent, shell: '{silent}'}}\n\
         - {{name: last, command: \"true\"}}\n"
    );
    // One runs its command in the kept shell, one in a session of its own.
    let project = Project::of_tasks(&tasks).ssh_host("h1", &sshd, "").ssh_host("h2", &sshd, "netplay_kept_shell=false");
    let run = apart.netplay(&project).with("run site.yml -i hosts.ini --output jsonl").start();
    wait_until("both are at work", || {
        ["h1", "h2"].iter().all(|host| sshd.dir().join(format!("begun-{host}")).exists())
    });
    apart.cut();
    let ended = run.ended().exits(4);
    for host in ["h1", "h2"] {
        assert_eq!(ended.step("first", host)["status"], "changed");
        let step = ended.step("silent", host);
        assert_eq!(step["status"], "unreachable", "{step}");
        assert!(step.to_string().contains("lost the connection"), "{step}");
    }
}

/// A control group that bounds threads.
struct Group(PathBuf);

impl Group {
    /// Makes one for so many. Says why not where the machine forbids it.
    fn new(case: &str, most: u32) -> Option<Group> {
        let name = format!("netplay-test-{}", std::process::id());
        let mut why = String::new();
        for root in ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"] {
            let group = Group(Path::new(root).join(&name));
            let made =
                std::fs::create_dir(&group.0).and_then(|()| std::fs::write(group.0.join("pids.max"), most.to_string()));
            match made {
                Ok(()) => return Some(group),
                Err(error) => why = format!("no control group below {root}: {error}"),
            }
        }
        left_out(case, &why);
        None
    }

    fn limit(&self, most: u32) {
        std::fs::write(self.0.join("pids.max"), most.to_string()).expect("it is our group");
    }

    /// Begins netplay in it.
    fn netplay(&self, project: &Project) -> Call {
        let enter = format!("echo $$ > {}", self.0.join("cgroup.procs").display());
        Call::limited(&enter, project.dir(), &project.at("home"))
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        // What ran in it has ended; the system may take a moment to know.
        for _ in 0..100 {
            if std::fs::remove_dir(&self.0).is_ok() || !self.0.exists() {
                return;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

fn hosts(project: Project, sshd: &Sshd, network: u8, numbers: std::ops::RangeInclusive<u8>) -> Project {
    numbers.fold(project, |project, number| {
        let address = format!("127.0.{network}.{number}");
        let keys = sshd.known_hosts_line("ed25519").replace("0.0.0.0", &address);
        let project = project.append("home/.ssh/known_hosts", &keys);
        project.unknown_ssh_host(&format!("h{number}"), sshd, &format!("ansible_host={address}"))
    })
}

#[test]
fn hosts_wait_for_each_other_where_threads_are_few() {
    let Some(group) = Group::new("few threads", 30) else { return };
    let sshd = Sshd::on(Ipv4Addr::UNSPECIFIED, &["ed25519"], &[]);
    // The first task leaves every host with a connection that the second wants again.
    let project = hosts(Project::of_tasks("- shell: echo one\n- shell: echo two\n"), &sshd, 81, 1..=40);
    let ended = group.netplay(&project).with("run site.yml -i hosts.ini --output jsonl").exits(0);
    let changed = ended.events_of("step_done").into_iter().filter(|step| step["status"] == "changed").count();
    assert_eq!(changed, 80);
    let said = |event: &serde_json::Value| event.to_string().contains("connections may be open at once");
    assert_eq!(ended.events_of("warning").iter().filter(|event| said(event)).count(), 1, "{ended}");
}

#[test]
fn a_run_that_gets_no_more_threads_ends_with_a_status_for_each_step() {
    let Some(group) = Group::new("no more threads", 200) else { return };
    let sshd = Sshd::on(Ipv4Addr::UNSPECIFIED, &["ed25519"], &[]);
    let folder = sshd.dir().display().to_string();
    let wait = format!("touch {folder}/begun; until [ -e {folder}/go ] || [ ! -d {folder} ]; do sleep 0.05; done");
    // Its thread would serve the others in turn if it were through before their time is up.
    let more = "[ {{ inventory_hostname }} != h1 ] || sleep 5; echo more";
    let site = format!(
        "- hosts: h1\n  gather_facts: false\n  tasks:\n    - shell: '{wait}'\n\
         - hosts: all\n  gather_facts: false\n  tasks:\n    - {{name: more, shell: '{more}'}}\n"
    );
    let project = hosts(Project::new().playbook(&site), &sshd, 82, 1..=5);
    let project = project.append("hosts.ini", "[all:vars]\nansible_connect_timeout=2\n");
    let run = group.netplay(&project).with("run site.yml -i hosts.ini --output jsonl").start();
    wait_until("the first host is at work", || sshd.dir().join("begun").exists());
    // Whoever has a thread keeps it.
    group.limit(1);
    std::fs::write(sshd.dir().join("go"), "").expect("it is ours");
    let ended = run.ended().without_fault();
    assert_eq!(ended.step("more", "h1")["status"], "changed", "{ended}");
    for host in ["h2", "h3", "h4", "h5"] {
        let step = ended.step("more", host);
        assert!(step.to_string().contains("cannot start a thread"), "{step}");
        assert!(step["status"] == "failed" || step["status"] == "unreachable", "{step}");
    }
    assert_eq!(ended.events_of("run_ended").len(), 1, "{ended}");
}

/// Returns a server that takes no connections, and those that have filled its queue.
fn deaf_server() -> (tokio::net::TcpListener, Vec<tokio::net::TcpStream>) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("it needs no threads");
    runtime.block_on(async {
        let socket = tokio::net::TcpSocket::new_v4().expect("a socket");
        socket.bind((Ipv4Addr::UNSPECIFIED, 0).into()).expect("loopback has free ports");
        let server = socket.listen(1).expect("it is bound");
        let address = (Ipv4Addr::LOCALHOST, server.local_addr().expect("it is bound").port());
        let mut queued = Vec::new();
        let moment = std::time::Duration::from_millis(300);
        while let Ok(stream) = tokio::time::timeout(moment, tokio::net::TcpStream::connect(address)).await {
            queued.push(stream.expect("loopback is there"));
        }
        (server, queued)
    })
}

#[test]
fn how_long_a_network_without_answers_takes_is_said() {
    // Whoever comes now is left standing: the queue of the server is full.
    let (server, _queued) = deaf_server();
    let port = server.local_addr().expect("it is bound").port();
    let mut project = Project::of_tasks("- {name: try, command: \"true\"}\n");
    for number in 1..=7 {
        project = project.host(&format!("h{number} ansible_host=127.0.83.{number} ansible_port={port}"));
    }
    let project = project.append("hosts.ini", "[all:vars]\nansible_connect_timeout=1\n");
    let ended = project.run_events().with("--forks 3").exits(4);
    assert!(ended.events_of("step_done").iter().filter(|step| step["status"] == "unreachable").count() == 7, "{ended}");
    let warnings = ended.events_of("warning");
    let said = warnings[0]["message"].as_str().unwrap_or_default();
    assert!(warnings.len() == 1 && said.contains("none of the 7 hosts answer, a task takes "), "{ended}");
}

#[test]
fn every_step_has_a_status_where_two_thousand_hosts_refuse() {
    // Bound, but nobody listens: whoever comes is refused.
    let closed = tokio::net::TcpSocket::new_v4().expect("a socket");
    closed.bind((Ipv4Addr::UNSPECIFIED, 0).into()).expect("loopback has free ports");
    let port = closed.local_addr().expect("it is bound").port();
    let hosts: String = (0..2000).map(|n| format!("h{n} ansible_host=127.2.{}.{}\n", n / 250, 1 + n % 250)).collect();
    let project = Project::of_tasks("- {name: first, command: \"true\"}\n- {name: second, command: \"true\"}\n")
        .append("hosts.ini", &format!("{hosts}[all:vars]\nansible_port={port}\n"));
    let ended = project.run_events().exits(4);
    let steps = ended.events_of("step_done");
    assert_eq!(steps.len(), 2000, "one each, and none of the second task");
    for step in steps {
        assert_eq!((&step["name"], &step["status"]), (&"first".into(), &"unreachable".into()), "{step}");
        assert!(step.to_string().contains("connection refused"), "{step}");
    }
    let ends = ended.events_of("run_ended");
    let recap = ends[0]["recap"].as_array().expect("a row a host");
    assert!(recap.len() == 2000 && recap.iter().all(|row| row["unreachable"] == 1), "{}", recap[0]);
}
