//! The floor: threads and ssh2 and nothing else. One thread a host up to a bound, one command each; what any program on
//! the same library needs at least.
//!
//! `bare_ssh2 PORT USER KEY THREADS COMMANDS COMMAND HOST…`

use std::io::Read as _;
use std::net::TcpStream;
use std::os::linux::net::TcpStreamExt as _;
use std::sync::Mutex;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    // `cargo bench` runs every bench without arguments: there is nothing to do then.
    let [port, user, key, threads, commands, command, hosts @ ..] = args.as_slice() else { return };
    let port: u16 = port.parse().expect("a port");
    let threads: usize = threads.parse().expect("a number of threads");
    let commands: usize = commands.parse().expect("a number of commands");
    let key = std::fs::read_to_string(key).expect("a private key");
    let todo = Mutex::new(hosts.iter());
    let failed = Mutex::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads.min(hosts.len()) {
            let builder = std::thread::Builder::new().stack_size(256 << 10);
            let work = || {
                while let Some(host) = { todo.lock().expect("not poisoned").next() } {
                    if let Err(error) = run(host, port, user, &key, commands, command) {
                        *failed.lock().expect("not poisoned") += 1;
                        let _ =
                            std::io::Write::write_all(&mut std::io::stderr(), format!("{host}: {error}\n").as_bytes());
                    }
                }
            };
            builder.spawn_scoped(scope, work).expect("a thread");
        }
    });
    std::process::exit(if *failed.lock().expect("not poisoned") == 0 { 0 } else { 2 });
}

fn run(host: &str, port: u16, user: &str, key: &str, commands: usize, command: &str) -> Result<(), ssh2::Error> {
    let lost = |_| ssh2::Error::from_errno(ssh2::ErrorCode::Session(-43));
    let socket = TcpStream::connect((host, port)).map_err(lost)?;
    socket.set_nodelay(true).map_err(lost)?;
    let acknowledge = socket.try_clone().map_err(lost)?;
    let mut session = ssh2::Session::new()?;
    session.set_tcp_stream(socket);
    session.handshake()?;
    session.userauth_pubkey_memory(user, None, key, None)?;
    for _ in 0..commands {
        acknowledge.set_quickack(true).map_err(lost)?;
        let mut channel = session.channel_session()?;
        channel.exec(command)?;
        let mut output = Vec::new();
        channel.read_to_end(&mut output).map_err(lost)?;
        channel.wait_close()?;
        if channel.exit_status()? != 0 {
            return Err(ssh2::Error::from_errno(ssh2::ErrorCode::Session(-1)));
        }
    }
    session.disconnect(None, "done", None)
}
