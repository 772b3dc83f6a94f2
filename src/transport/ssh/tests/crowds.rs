//! Many at once: sessions of one connection, logins to one server, threads.

use super::*;
use crate::transport::sys::waits;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

/// Waits for all and returns what they gave.
async fn all<T: Send + 'static>(futures: impl IntoIterator<Item = impl Future<Output = T> + Send + 'static>) -> Vec<T> {
    let tasks: Vec<_> = futures.into_iter().map(tokio::spawn).collect();
    let mut results = Vec::new();
    for task in tasks {
        results.push(task.await.unwrap());
    }
    results
}

#[test]
fn commands_run_side_by_side_on_one_connection() {
    let sshd = Sshd::start();
    run(async {
        let connection: Arc<dyn Connection> = open(&target(&sshd)).await.unwrap().into();
        let folder = sshd.dir().display().to_string();
        // Each waits for the other: one after the other they would never end.
        let pair = [("a", "b"), ("b", "a")].map(|(ours, theirs)| {
            let connection = Arc::clone(&connection);
            let script = format!("cd {folder}; touch {ours}; until [ -e {theirs} ]; do sleep 0.01; done");
            async move { exec(&*connection, &script).await.unwrap().status }
        });
        assert_eq!(all(pair).await, [0, 0]);
    });
}

#[test]
fn no_command_is_lost_when_the_server_allows_few_sessions() {
    for lines in [&["MaxSessions 2"][..], &["MaxSessions 1"], &[]] {
        let sshd = Sshd::with(lines);
        run(async {
            let connection: Arc<dyn Connection> = open(&target(&sshd)).await.unwrap().into();
            let commands = (0..20).map(|n| {
                let connection = Arc::clone(&connection);
                async move { exec(&*connection, &format!("sleep 0.05; exit {n}")).await.map(|output| output.status) }
            });
            let statuses: Vec<_> = all(commands).await.into_iter().map(|status| status.unwrap()).collect();
            assert_eq!(statuses, (0..20).collect::<Vec<_>>(), "{lines:?}");
        });
    }
}

/// What is read for one stream may belong to the other, which then has nothing left to wake it.
#[test]
fn nothing_that_a_shell_says_is_left_lying() {
    if !sshd::has_terminals("nothing that a shell says is left lying") {
        return;
    }
    let sshd = Sshd::start();
    run(async {
        let pty = crate::transport::ssh::Pty { term: "vt100".into(), cols: 80, rows: 24 };
        let mut wire = crate::transport::ssh::open_shell(&target(&sshd), &shared(), &limits(), pty).await.unwrap();
        wire.send(b"stty -echo; PS1=; exec cat\n").await.unwrap();
        let mut said = Vec::new();
        for n in 0..3000 {
            let line = format!("<{n}>");
            wire.send(format!("{line}\n").as_bytes()).await.unwrap();
            while !String::from_utf8_lossy(&said).contains(&line) {
                let more = tokio::time::timeout(Duration::from_secs(20), wire.receive()).await;
                said.extend(more.unwrap_or_else(|_| panic!("nothing after line {n}")).unwrap());
            }
            said.clear();
        }
        wire.close().await;
    });
}

#[test]
fn a_server_without_sessions_is_given_up() {
    let sshd = Sshd::with(&["MaxSessions 0"]);
    run(async {
        let connection = open(&target(&sshd)).await.unwrap();
        let failure = exec(&*connection, "true").await.unwrap_err();
        assert!(failure.message.expose().contains("opens no session"), "{}", failure.message.expose());
    });
}

#[test]
fn logins_that_a_busy_server_drops_are_tried_again() {
    let sshd = Sshd::with(&["MaxStartups 2:100:2"]);
    let target = target(&sshd);
    run(async {
        let shared = shared();
        let logins = (0..30).map(|_| {
            let (target, shared) = (target.clone(), shared.clone());
            async move {
                let connection = connect(&target, &shared, &limits()).await?;
                let status = exec(&*connection, "exit 4").await?.status;
                connection.close().await;
                Ok::<_, Failure>(status)
            }
        });
        for result in all(logins).await {
            assert_eq!(result.unwrap_or_else(|failure| panic!("{}", failure.message.expose())), 4);
        }
    });
    assert!(sshd.log().contains("MaxStartups"), "the server was never busy:\n{}", sshd.log());
}

/// Whoever waits for others to log in has not been called long before, and does not lose its own time by it.
#[test]
fn hosts_are_called_when_it_is_nearly_their_turn() {
    const HOSTS: u8 = 60;
    let listener = TcpListener::bind("0.0.0.0:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (open, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let serve = |mut stream: TcpStream| {
        most.fetch_max(open.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        // Its first words come when the login begins; whatever the answer, this host is then through.
        let _ = stream.read(&mut [0; 64]);
        std::thread::sleep(Duration::from_millis(25));
        let _ = stream.write_all(b"SSH-2.0-short\r\n");
        open.fetch_sub(1, Ordering::SeqCst);
    };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..HOSTS {
                let stream = listener.accept().unwrap().0;
                scope.spawn(|| serve(stream));
            }
        });
        run(async {
            let shared = Shared::new(Settings { logins: 1, ..Settings::default() });
            let logins = (1..=HOSTS).map(|host| {
                let mut target = nobody(format!("127.0.0.{host}"), port);
                // Less than all of them take, one after the other.
                target.ssh.connect_timeout = Duration::from_millis(25 * 30);
                let shared = shared.clone();
                async move { connect(&target, &shared, &limits()).await.map(|_| ()).unwrap_err() }
            });
            for failure in all(logins).await {
                let message = failure.message.expose();
                assert!(!message.contains("within"), "{message}");
            }
        });
    });
    // Sixteen are called ahead, and one logs in; a few more where the machine is too busy to see in time that they answer.
    let most = most.into_inner();
    assert!((2..=30).contains(&most), "{most} of {HOSTS} hosts had been called at once");
}

/// Returns how many threads of this process are those of connections.
fn connection_threads() -> usize {
    let tasks = std::fs::read_dir("/proc/self/task").unwrap().filter_map(Result::ok);
    let names = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("comm")).ok());
    names.filter(|name| name.starts_with("ssh ")).count()
}

/// Returns the memory of this process that is in use.
fn resident_kib() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn fifty_connections_cost_little_and_leave_nothing() {
    // Other tests of this process may have connections of their own; under nextest each has its own process.
    let sshd = Sshd::start();
    let target = target(&sshd);
    run(async {
        let shared = shared();
        drop(connect(&target, &shared, &limits()).await.unwrap());
        sshd::wait_until("the first thread has gone", || connection_threads() == 0 || !under_nextest());
        let (threads, memory) = (connection_threads(), resident_kib());
        let mut connections = Vec::new();
        for batch in 0..5 {
            let logins = (0..10).map(|_| {
                let (target, shared) = (target.clone(), shared.clone());
                async move { connect(&target, &shared, &limits()).await.map_err(|failure| format!("{failure:?}")) }
            });
            for connection in all(logins).await {
                connections.push(connection.unwrap_or_else(|failure| panic!("batch {batch}: {failure}")));
            }
        }
        if under_nextest() {
            assert_eq!(connection_threads(), threads + 50, "one each");
            let each = resident_kib().saturating_sub(memory) / 50;
            assert!(each < 400, "{each} KiB a connection in a build without optimisation");
        }
        let (closed, dropped) = connections.split_at_mut(25);
        for connection in closed {
            connection.close().await;
        }
        assert_eq!(dropped.len(), 25);
        drop(connections);
        sshd::wait_until("all threads have gone", || connection_threads() <= threads);
    });
}

fn under_nextest() -> bool {
    std::env::var_os("NEXTEST").is_some()
}

#[test]
fn an_idle_connection_answers_the_server_that_asks_whether_it_is_alive() {
    // The server hangs up after three seconds without an answer.
    let sshd = Sshd::with(&["ClientAliveInterval 1", "ClientAliveCountMax 8"]);
    run(async {
        let connection = open(&target(&sshd)).await.unwrap();
        assert_eq!(exec(&*connection, "exit 4").await.unwrap().status, 4);
        let start = Instant::now();
        // What is waited for is time here: nothing else happens on an idle connection.
        while start.elapsed() < Duration::from_secs(11) {
            tokio::time::sleep(Duration::from_millis(200)).await;
            assert!(connection.is_open(), "{}", sshd.log());
        }
        assert_eq!(exec(&*connection, "exit 4").await.unwrap().status, 4);
    });
}

#[test]
fn an_idle_connection_notices_that_the_server_has_gone() {
    let sshd = Sshd::start();
    run(async {
        let connection = open(&target(&sshd)).await.unwrap();
        sshd.kill_sessions();
        let gone = || !connection.is_open();
        sshd::wait_until("the end is noticed", gone);
    });
}

#[test]
fn a_keepalive_goes_through_while_a_command_is_silent() {
    let sshd = Sshd::start();
    run(async {
        let mut target = target(&sshd);
        target.ssh.keepalive = Some(Duration::from_millis(50));
        let connection = open(&target).await.unwrap();
        assert_eq!(exec(&*connection, "sleep 1; exit 6").await.unwrap().status, 6);
        tokio::time::sleep(Duration::from_millis(300)).await;
        assert_eq!(exec(&*connection, "exit 6").await.unwrap().status, 6);
    });
}

/// Returns the processor time of this process in hundredths of a second.
fn processor_time() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let fields: Vec<u64> = stat.rsplit(')').next().unwrap().split_whitespace().filter_map(|n| n.parse().ok()).collect();
    // User and system time. The state before them is no number.
    fields[10] + fields[11]
}

/// Claims that connections sleep while nothing comes: a wait that ends at once again and again would be seen.
///
/// What came before may take a while to end on a busy machine, so one quiet second of many is enough: who spins has none.
async fn assert_sleeping(what: &str) {
    if !under_nextest() {
        return;
    }
    let mut seen = Vec::new();
    for _ in 0..15 {
        let (waits, used) = (waits(), processor_time());
        tokio::time::sleep(Duration::from_secs(1)).await;
        let second = (self::waits() - waits, processor_time() - used);
        if second.0 < 10 && second.1 < 20 {
            return;
        }
        seen.push(second);
    }
    panic!("{what}: waits and hundredths of a processor in each second: {seen:?}");
}

#[test]
fn a_connection_that_waits_sleeps() {
    let sshd = Sshd::start();
    run(async {
        let connection: Arc<dyn Connection> = open(&target(&sshd)).await.unwrap().into();
        assert_sleeping("after the login").await;
        exec(&*connection, "true").await.unwrap();
        assert_sleeping("between commands").await;
        let (limits, copy) = (limits(), Arc::clone(&connection));
        let (cancel, silent) = (limits.cancel.clone(), async move {
            exec_within(&*copy, Exec { stdin: Some(vec![0; 4_000_000]), ..shell("sleep 60") }, &limits).await
        });
        let silent = tokio::spawn(silent);
        assert_sleeping("a command that neither reads nor writes").await;
        cancel.cancel();
        silent.await.unwrap().unwrap_err();
        drop(connection);
        if !sshd::has_terminals("a shell that nobody reads") {
            return;
        }
        let pty = crate::transport::ssh::Pty { term: "vt100".into(), cols: 80, rows: 24 };
        let mut wire =
            crate::transport::ssh::open_shell(&target(&sshd), &shared(), &self::limits(), pty).await.unwrap();
        wire.send(b"yes\n").await.unwrap();
        // Until all buffers on the way are full.
        tokio::time::sleep(Duration::from_secs(1)).await;
        assert_sleeping("a shell that nobody reads").await;
        wire.close().await;
    });
}

/// On a loop of one thread a single blocking call would hold up everything: the commands wait for a file that the loop
/// makes only after it has turned many times.
#[test]
fn reads_that_block_leave_the_event_loop_alone() {
    let sshd = Sshd::start();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let shared = shared();
        let go = sshd.dir().join("go");
        let script = format!("until [ -e {} ]; do sleep 0.1; done; exit 7", go.display());
        let commands: Vec<_> = (0..40)
            .map(|_| {
                let (target, shared, script) = (target(&sshd), shared.clone(), script.clone());
                tokio::spawn(async move {
                    let connection = connect(&target, &shared, &limits()).await?;
                    exec(&*connection, &script).await.map(|output| output.status)
                })
            })
            .collect();
        let running = || descendants_named(&sshd, "sleep") > 0;
        while !running() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(commands.iter().all(|command| !command.is_finished()));
        std::fs::write(&go, "").unwrap();
        for command in commands {
            assert_eq!(command.await.unwrap().unwrap_or_else(|failure| panic!("{}", failure.message.expose())), 7);
        }
    });
}

/// Counts the processes of a server that run a program.
fn descendants_named(sshd: &Sshd, program: &str) -> usize {
    let names = sshd.sessions().into_iter().filter_map(|pid| std::fs::read_to_string(format!("/proc/{pid}/comm")).ok());
    names.filter(|name| name.trim() == program).count()
}
