//! The threads of connections. One that has ended serves the next: in a run over many hosts there is always a next one, and
//! to start a thread, and to end it, takes as long as a part of a login.

use crate::transport::sys::name_thread;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Enough for libssh2 and OpenSSL, and a thousand connections need no more than a few hundred megabytes of addresses.
const STACK_BYTES: usize = 256 * 1024;

/// How long a thread waits for something to do. Arbitrary; many times what lies between two hosts of a large run.
const PATIENCE: Duration = Duration::from_millis(300);

/// What a thread does.
pub(super) type Work = Box<dyn FnOnce() + Send>;

/// Threads, those that have nothing to do included.
#[derive(Debug, Default)]
pub(super) struct Threads {
    idle: Arc<Mutex<Vec<Idle>>>,
    started: AtomicU64,
}

/// A thread that has nothing to do.
#[derive(Debug)]
struct Idle {
    number: u64,
    next: Sender<(String, Work)>,
}

impl Threads {
    /// Does some work on a thread of its own, under a name.
    ///
    /// # Errors
    /// When the system starts no more threads.
    pub(super) fn run(&self, name: String, work: Work) -> io::Result<()> {
        let mut next = (name, work);
        loop {
            let Some(idle) = lock(&self.idle).pop() else { break };
            match idle.next.send(next) {
                Ok(()) => return Ok(()),
                // It has ended by itself.
                Err(back) => next = back.0,
            }
        }
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let idle = Arc::clone(&self.idle);
        let (name, work) = next;
        let life = move || {
            work();
            serve(number, &idle);
        };
        std::thread::Builder::new().name(name).stack_size(STACK_BYTES).spawn(life).map(drop)
    }
}

/// Does one work after the other as long as they come.
fn serve(number: u64, idle: &Mutex<Vec<Idle>>) {
    let (next, works) = channel();
    loop {
        lock(idle).push(Idle { number, next: next.clone() });
        name_thread("ssh (idle)");
        let Some((name, work)) = wait(number, idle, &works) else { return };
        name_thread(&name);
        work();
    }
}

/// Waits for work; nothing when none comes in time.
fn wait(number: u64, idle: &Mutex<Vec<Idle>>, works: &Receiver<(String, Work)>) -> Option<(String, Work)> {
    match works.recv_timeout(PATIENCE) {
        Ok(work) => Some(work),
        Err(RecvTimeoutError::Disconnected) => None,
        Err(RecvTimeoutError::Timeout) => {
            let mut idle = lock(idle);
            match idle.iter().position(|other| other.number == number) {
                Some(at) => {
                    idle.swap_remove(at);
                    None
                }
                // Somebody has chosen it in the meantime, and is about to send.
                None => {
                    drop(idle);
                    works.recv().ok()
                }
            }
        }
    }
}

fn lock(idle: &Mutex<Vec<Idle>>) -> MutexGuard<'_, Vec<Idle>> {
    idle.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::thread::ThreadId;

    /// Does nothing on a thread and returns which it was.
    fn visit(threads: &Threads) -> ThreadId {
        let (say, said) = channel();
        threads.run("ssh x".into(), Box::new(move || say.send(std::thread::current().id()).unwrap())).unwrap();
        said.recv_timeout(Duration::from_secs(20)).unwrap()
    }

    fn wait_until(holds: impl Fn() -> bool) {
        let since = std::time::Instant::now();
        while !holds() {
            assert!(since.elapsed() < Duration::from_secs(20));
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    #[test]
    fn a_thread_that_is_through_serves_the_next_and_ends_when_none_comes() {
        let threads = Threads::default();
        let idle = || lock(&threads.idle).len();
        let first = visit(&threads);
        wait_until(|| idle() == 1);
        assert_eq!(visit(&threads), first);
        wait_until(|| idle() == 1);
        wait_until(|| idle() == 0);
        assert_ne!(visit(&threads), first, "it has ended");
    }

    #[test]
    fn works_at_the_same_time_have_a_thread_each() {
        let threads = Threads::default();
        let (go, gone) = channel::<()>();
        let gone = Arc::new(Mutex::new(gone));
        let (say, said) = channel();
        for _ in 0..8 {
            let (say, gone) = (say.clone(), Arc::clone(&gone));
            let work = move || {
                say.send(std::thread::current().id()).unwrap();
                let _ = gone.lock().unwrap_or_else(PoisonError::into_inner).recv();
            };
            threads.run("ssh x".into(), Box::new(work)).unwrap();
        }
        let ids: std::collections::HashSet<ThreadId> =
            (0..8).map(|_| said.recv_timeout(Duration::from_secs(20)).unwrap()).collect();
        assert_eq!(ids.len(), 8);
        drop(go);
        wait_until(|| lock(&threads.idle).len() == 8);
    }

    #[test]
    fn a_work_that_panics_takes_only_its_thread_along() {
        let threads = Threads::default();
        let _ = visit(&threads);
        wait_until(|| lock(&threads.idle).len() == 1);
        threads.run("ssh x".into(), Box::new(|| std::panic::resume_unwind(Box::new(())))).unwrap();
        let _ = visit(&threads);
    }
}
