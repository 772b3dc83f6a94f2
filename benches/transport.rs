//! The transports by themselves, without playbooks, for `run` beside this file:
//!
//! `transport calls URL COUNT CONNECTIONS` makes so many GETs over so many connections.
//!
//! `transport lag PORT USER KEY SECONDS HOST…` measures how long a message waits for the event loop: while nothing else
//! goes on, while as many SSH logins as there are hosts are under way, while a read begins on each of them, while these
//! block, and while their answers come. The servers are on this machine and start a program for each read. A plain thread sends one message a millisecond; the time until the loop has it is the lag. Prints microseconds; and of the work
//! on the loop (`polls`) how often it was taken up, the longest that one turn of it took of a processor, and how often
//! one slept in its midst: what of the lag is not that has been waiting for a processor.

#![expect(clippy::print_stdout, reason = "the figures are its output")]

use netplay::effect::Effect;
use netplay::module::{Action, Exec, HttpCall, Program, Work};
use netplay::transport::{
    Bounds, Connection, HostKeyPolicy, HttpClients, Kind, Limits, Settings, Shared, SshTarget, Target, Terminal,
    connect, raise_open_files,
};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    // As many threads as netplay has.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.expect("threads can be started");
    match args.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
        ["calls", url, count, connections] => runtime.block_on(calls(url, number(count), number(connections))),
        ["lag", port, user, key, seconds, hosts @ ..] => {
            raise_open_files();
            let login = Login { port: number(port) as u16, user, key };
            runtime.block_on(lag(&login, Duration::from_secs(number(seconds) as u64), hosts));
        }
        // `cargo bench` runs every bench without arguments: there is nothing to do then.
        _ => {}
    }
    runtime.shutdown_timeout(Duration::from_millis(100));
}

fn number(text: &str) -> usize {
    text.parse().expect("a number")
}

fn limits() -> Limits {
    Limits { timeout: Some(Duration::from_secs(120)), cancel: CancellationToken::new() }
}

async fn calls(url: &str, count: usize, connections: usize) {
    let clients = Arc::new(HttpClients::with_most_per_origin(connections));
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let (clients, url) = (Arc::clone(&clients), url.to_owned());
        tasks.spawn(async move {
            // What `uri` asks for when its author says no more than the URL.
            let call = HttpCall {
                method: "GET".into(),
                url,
                timeout: Some(Duration::from_secs(30)),
                use_netrc: true,
                validate_certs: true,
                use_proxy: true,
                decompress: true,
                ..HttpCall::default()
            };
            for _ in 0..count / connections {
                let answer = clients.call(&call, &limits()).await.expect("the server answers");
                assert_eq!(answer.status, 200);
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("no call panics");
    }
}

struct Login<'a> {
    port: u16,
    user: &'a str,
    key: &'a str,
}

impl Login<'_> {
    fn target(&self, host: &str) -> Target {
        Target {
            host: host.into(),
            kind: Kind::Ssh,
            ssh: SshTarget {
                address: host.into(),
                port: Some(self.port),
                user: Some(self.user.into()),
                password: None,
                private_key: Some(self.key.into()),
                passphrase: None,
                host_key: HostKeyPolicy::Off,
                known_hosts: Vec::new(),
                config_file: Some("/nonexistent".into()),
                jump: None,
                proxy_command: None,
                legacy: false,
                connect_timeout: Duration::from_secs(120),
                keepalive: None,
                use_agent: false,
                bounds: Bounds::default(),
            },
            platform: None,
            elevate: None,
            command_timeout: None,
            kept_shell: false,
            terminal: Terminal::default(),
        }
    }
}

async fn lag(login: &Login<'_>, time: Duration, hosts: &[&str]) {
    let idle = measured(tokio::time::sleep(time)).await.1;
    report("alone", idle);
    let shared = Shared::new(Settings::default());
    let (connections, lags) = measured(async {
        let mut logins = JoinSet::new();
        for host in hosts {
            let (target, shared) = (login.target(host), shared.clone());
            let login = async move { connect(&target, &shared, &limits()).await.expect("the server lets us in") };
            logins.spawn(watched(login));
        }
        logins.join_all().await
    })
    .await;
    report("logins", lags);
    report_polls("logins");
    let place = Place::new();
    let (reads, lags) = measured(async {
        let mut reads = JoinSet::new();
        for connection in connections {
            reads.spawn(watched(read(connection, place.command())));
        }
        place.until_begun(hosts.len()).await;
        reads
    })
    .await;
    report("beginning", lags);
    report_polls("beginning");
    let (_, lags) = measured(tokio::time::sleep(time)).await;
    report("reads", lags);
    report_polls("reads");
    let (_, lags) = measured(async {
        place.let_go();
        reads.join_all().await
    })
    .await;
    report("answers", lags);
    report_polls("answers");
}

/// Where the commands of the servers, which are on this machine, say that they have begun, and what they wait for.
struct Place {
    folder: PathBuf,
}

impl Place {
    fn new() -> Place {
        let folder = std::env::temp_dir().join(format!("netplay-lag-{}", std::process::id()));
        std::fs::create_dir(&folder).expect("a folder can be made");
        let made = std::process::Command::new("mkfifo").arg(folder.join("gate")).status();
        assert!(made.expect("mkfifo is there").success());
        Place { folder }
    }

    /// Returns a command that blocks until the gate is opened.
    fn command(&self) -> String {
        let folder = self.folder.display();
        format!("echo begun >> {folder}/begun; read _ < {folder}/gate || true")
    }

    async fn until_begun(&self, wanted: usize) {
        let begun = || std::fs::metadata(self.folder.join("begun")).map_or(0, |file| file.len() as usize);
        while begun() < wanted * "begun\n".len() {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Opens the gate: who reads sees its end at once.
    fn let_go(&self) {
        drop(std::fs::OpenOptions::new().write(true).open(self.folder.join("gate")).expect("somebody reads"));
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

async fn read(connection: Box<dyn Connection>, command: String) -> Box<dyn Connection> {
    let exec = Exec { program: Program::Raw(command), ..Exec::default() };
    connection.perform(&Action::on_host(Effect::Read, Work::Exec(exec)), &limits()).await.expect("it runs");
    connection
}

/// Turns of watched work: how many, the longest on a processor in nanoseconds, how many slept.
static POLLS: [AtomicU64; 3] = [const { AtomicU64::new(0) }; 3];

/// Notes of each turn of some work what it took.
async fn watched<T>(work: impl Future<Output = T>) -> T {
    let mut work = std::pin::pin!(work);
    std::future::poll_fn(|context| {
        let (before, slept) = thread_usage();
        let polled = work.as_mut().poll(context);
        let (after, sleeps) = thread_usage();
        POLLS[0].fetch_add(1, Ordering::Relaxed);
        POLLS[1].fetch_max(after - before, Ordering::Relaxed);
        POLLS[2].fetch_add(u64::from(sleeps != slept), Ordering::Relaxed);
        polled
    })
    .await
}

/// Returns the processor time of this thread in nanoseconds, and how often it has gone to sleep by itself.
fn thread_usage() -> (u64, i64) {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    #[expect(unsafe_code, reason = "std does not know what a thread has used")]
    // SAFETY: both calls write to a struct of this stack, for which all zeroes are a value.
    let usage = unsafe {
        libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time);
        let mut usage: libc::rusage = std::mem::zeroed();
        libc::getrusage(libc::RUSAGE_THREAD, &mut usage);
        usage
    };
    (time.tv_sec as u64 * 1_000_000_000 + time.tv_nsec as u64, usage.ru_nvcsw)
}

fn report_polls(what: &str) {
    let [count, longest, slept] = [0, 1, 2].map(|number| POLLS[number].swap(0, Ordering::Relaxed));
    println!("{what}-polls {count} {slept} {} 0", longest / 1000);
}

/// Runs work and returns how long messages had to wait for the loop meanwhile.
async fn measured<T>(work: impl Future<Output = T>) -> (T, Vec<Duration>) {
    let (send, mut sent) = tokio::sync::mpsc::unbounded_channel::<Instant>();
    let over = CancellationToken::new();
    let stop = over.clone();
    let sender = std::thread::spawn(move || {
        while !stop.is_cancelled() && send.send(Instant::now()).is_ok() {
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    let receiver = tokio::spawn(async move {
        let mut lags = Vec::new();
        while let Some(at) = sent.recv().await {
            lags.push(at.elapsed());
        }
        lags
    });
    let output = work.await;
    over.cancel();
    sender.join().expect("it only sends");
    (output, receiver.await.expect("it only receives"))
}

fn report(what: &str, mut lags: Vec<Duration>) {
    lags.sort();
    let at = |part: f64| lags[((lags.len() - 1) as f64 * part) as usize].as_micros();
    println!("{what} {} {} {} {}", lags.len(), at(0.5), at(0.99), at(1.0));
}
