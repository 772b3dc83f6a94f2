//! Where a step's time goes. Whoever spends it says so: a step runs inside [`measured`], and what works for it adds up
//! its times with [`add`] or [`time`], at the price of two looks at the clock.
//!
//! The times of a step belong to its task of the event loop. What other threads do is told by whoever waits for them.

use serde::{Deserialize, Serialize};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a step spends time on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Phase {
    /// Waiting for its turn although nothing before it was left to do: for one of the run's slots, for a place among the
    /// hosts under way, for its turn among the steps of a task.
    Queue,
    /// Opening the connection: name lookup, jump hosts, TCP, key exchange; or waiting for another step of the host that
    /// opens it.
    Connect,
    /// Logging in.
    Auth,
    /// Handing over what is to be done.
    Send,
    /// Waiting for the answer.
    Wait,
    /// Making a result of the answer.
    Parse,
    /// Rendering names, conditions and arguments, and working out what is to be done.
    Template,
}

impl Phase {
    /// All of them, in the order in which they usually come.
    pub const ALL: [Phase; 7] =
        [Phase::Queue, Phase::Template, Phase::Connect, Phase::Auth, Phase::Send, Phase::Wait, Phase::Parse];

    /// Returns the word for people.
    pub fn word(self) -> &'static str {
        match self {
            Phase::Queue => "queue",
            Phase::Connect => "connect",
            Phase::Auth => "auth",
            Phase::Send => "send",
            Phase::Wait => "wait",
            Phase::Parse => "parse",
            Phase::Template => "template",
        }
    }
}

/// The times of a step, in milliseconds with three decimals; what took no time is left out where it is written down.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Phases {
    /// [`Phase::Queue`]
    #[serde(skip_serializing_if = "is_zero")]
    pub queue_ms: f64,
    /// [`Phase::Template`]
    #[serde(skip_serializing_if = "is_zero")]
    pub template_ms: f64,
    /// [`Phase::Connect`]
    #[serde(skip_serializing_if = "is_zero")]
    pub connect_ms: f64,
    /// [`Phase::Auth`]
    #[serde(skip_serializing_if = "is_zero")]
    pub auth_ms: f64,
    /// [`Phase::Send`]
    #[serde(skip_serializing_if = "is_zero")]
    pub send_ms: f64,
    /// [`Phase::Wait`]
    #[serde(skip_serializing_if = "is_zero")]
    pub wait_ms: f64,
    /// [`Phase::Parse`]
    #[serde(skip_serializing_if = "is_zero")]
    pub parse_ms: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(ms: &f64) -> bool {
    *ms == 0.0
}

impl Phases {
    /// Returns the milliseconds of a phase.
    pub fn ms(&self, phase: Phase) -> f64 {
        match phase {
            Phase::Queue => self.queue_ms,
            Phase::Connect => self.connect_ms,
            Phase::Auth => self.auth_ms,
            Phase::Send => self.send_ms,
            Phase::Wait => self.wait_ms,
            Phase::Parse => self.parse_ms,
            Phase::Template => self.template_ms,
        }
    }

    /// Adds time to a phase.
    pub fn add(&mut self, phase: Phase, time: Duration) {
        let field = match phase {
            Phase::Queue => &mut self.queue_ms,
            Phase::Connect => &mut self.connect_ms,
            Phase::Auth => &mut self.auth_ms,
            Phase::Send => &mut self.send_ms,
            Phase::Wait => &mut self.wait_ms,
            Phase::Parse => &mut self.parse_ms,
            Phase::Template => &mut self.template_ms,
        };
        // Whole microseconds: what is written and read back is the same.
        *field = ((*field * 1000.0).round() + time.as_micros() as f64) / 1000.0;
    }
}

/// The clocks of a step, in nanoseconds.
#[derive(Debug, Default)]
struct Clocks([AtomicU64; 7]);

tokio::task_local! {
    static CLOCKS: Clocks;
}

/// Runs a step's work and returns what it spent its time on.
pub async fn measured<F: Future>(work: F) -> (F::Output, Phases) {
    let inside = async {
        let output = work.await;
        let mut phases = Phases::default();
        CLOCKS.with(|clocks| {
            for phase in Phase::ALL {
                let nanos = clocks.0[phase as usize].load(Ordering::Relaxed);
                phases.add(phase, Duration::from_nanos(nanos));
            }
        });
        (output, phases)
    };
    CLOCKS.scope(Clocks::default(), inside).await
}

/// Adds time to a phase of the step that runs; outside of steps it is nobody's.
pub fn add(phase: Phase, time: Duration) {
    let nanos = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
    let _ = CLOCKS.try_with(|clocks| clocks.0[phase as usize].fetch_add(nanos, Ordering::Relaxed));
}

/// Gives a phase what the work takes beyond what it adds to phases itself.
pub async fn rest<F: Future>(phase: Phase, work: F) -> F::Output {
    let (before, since) = (spent(), Instant::now());
    let output = work.await;
    add(phase, since.elapsed().saturating_sub(spent().saturating_sub(before)));
    output
}

fn spent() -> Duration {
    let sum = |clocks: &Clocks| clocks.0.iter().map(|nanos| nanos.load(Ordering::Relaxed)).sum();
    Duration::from_nanos(CLOCKS.try_with(sum).unwrap_or_default())
}

/// Adds the time until what is returned goes out of scope.
#[must_use = "the time ends where this goes out of scope"]
pub fn time(phase: Phase) -> Timed {
    Timed { phase, since: Instant::now() }
}

/// A time that is being taken.
#[derive(Debug)]
pub struct Timed {
    phase: Phase,
    since: Instant,
}

impl Drop for Timed {
    fn drop(&mut self) {
        add(self.phase, self.since.elapsed());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn times_go_to_the_step_that_runs() {
        let step = |ms: u64| async move {
            add(Phase::Wait, Duration::from_millis(ms));
            tokio::task::yield_now().await;
            add(Phase::Wait, Duration::from_micros(5));
        };
        let (((), one), ((), two)) = tokio::join!(measured(step(1)), measured(step(20)));
        assert_eq!((one.wait_ms, two.wait_ms), (1.005, 20.005));
        add(Phase::Wait, Duration::from_secs(1));
    }

    #[tokio::test]
    async fn the_rest_is_what_nobody_else_took() {
        let work = async {
            let started = Instant::now();
            tokio::time::sleep(Duration::from_millis(20)).await;
            add(Phase::Connect, started.elapsed());
        };
        let ((), phases) = measured(rest(Phase::Wait, work)).await;
        assert!(phases.connect_ms >= 20.0, "{phases:?}");
        assert!(phases.wait_ms < phases.connect_ms / 2.0, "what connecting took is not waited twice: {phases:?}");
    }

    #[test]
    fn every_phase_has_its_own_clock_and_field() {
        for phase in Phase::ALL {
            let mut phases = Phases::default();
            phases.add(phase, Duration::from_micros(1500));
            assert_eq!(Phase::ALL.map(|other| phases.ms(other)).iter().sum::<f64>(), 1.5);
            assert_eq!(phases.ms(phase), 1.5);
            let written = serde_json::to_string(&phases).expect("plain data");
            assert_eq!(written, format!("{{\"{}_ms\":1.5}}", phase.word()));
        }
    }
}
