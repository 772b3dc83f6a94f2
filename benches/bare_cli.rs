//! The floor of network CLIs: threads and ssh2 and a wait for the prompt, nothing else. One thread a device.
//!
//! `bare_cli PORT USER KEY PROMPT LINES HOST…`, with the lines that are typed in one word, `;` between them. A line ends when
//! what has come ends with the prompt, which may be any of those given with `|` between.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::os::linux::net::TcpStreamExt as _;
use std::sync::atomic::{AtomicUsize, Ordering};

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    // `cargo bench` runs every bench without arguments: there is nothing to do then.
    let [port, user, key, prompts, lines, hosts @ ..] = args.as_slice() else { return };
    let port: u16 = port.parse().expect("a port");
    let key = std::fs::read_to_string(key).expect("a private key");
    let prompts: Vec<&str> = prompts.split('|').collect();
    let lines: Vec<&str> = lines.split(';').collect();
    let failed = AtomicUsize::new(0);
    let (failed_there, key, prompts, lines) = (&failed, &key, &prompts, &lines);
    std::thread::scope(|scope| {
        for host in hosts {
            let work = move || {
                if let Err(error) = run(host, port, user, key, prompts, lines) {
                    failed_there.fetch_add(1, Ordering::Relaxed);
                    let _ = std::io::stderr().write_all(format!("{host}: {error}\n").as_bytes());
                }
            };
            std::thread::Builder::new().stack_size(256 << 10).spawn_scoped(scope, work).expect("a thread");
        }
    });
    std::process::exit(if failed.into_inner() == 0 { 0 } else { 2 });
}

fn run(
    host: &str,
    port: u16,
    user: &str,
    key: &str,
    prompts: &[&str],
    lines: &[&str],
) -> Result<(), Box<dyn std::error::Error>> {
    let socket = TcpStream::connect((host, port))?;
    socket.set_nodelay(true)?;
    let acknowledge = socket.try_clone()?;
    let mut session = ssh2::Session::new()?;
    session.set_tcp_stream(socket);
    session.handshake()?;
    session.userauth_pubkey_memory(user, None, key, None)?;
    acknowledge.set_quickack(true)?;
    let mut channel = session.channel_session()?;
    channel.request_pty("vt100", None, Some((511, 1000, 0, 0)))?;
    channel.shell()?;
    wait(&mut channel, prompts)?;
    for line in lines {
        channel.write_all(format!("{line}\n").as_bytes())?;
        wait(&mut channel, prompts)?;
    }
    session.disconnect(None, "done", None)?;
    Ok(())
}

fn wait(channel: &mut ssh2::Channel, prompts: &[&str]) -> std::io::Result<()> {
    let mut heard: Vec<u8> = Vec::new();
    let mut part = [0; 16 * 1024];
    loop {
        let read = channel.read(&mut part)?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        heard.extend_from_slice(&part[..read]);
        if prompts.iter().any(|prompt| heard.ends_with(prompt.as_bytes())) {
            return Ok(());
        }
    }
}
