//! The way of events from the run to its file and to those who show them; bounded in memory, and never waiting.

use super::read::EventFile;
use super::weight::weight_bytes;
use super::writer;
use crate::event::{Event, What};
use crate::redact::Redactor;
use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// How many bytes of events may wait to be shown, and as many to be written. Arbitrary: a second's worth of a run that
/// does nothing but produce events, and little beside what such a run takes itself.
const MOST_WAITING_BYTES: usize = 16 << 20;

/// How long a thread that was woken by an event waits for more. Waking it costs as much as a step of the run does, so that
/// a run that produces events all the time wakes it once for many; nobody sees a delay this short.
const GATHER: Duration = Duration::from_millis(2);

/// How many events are read back at a time by reporters that are behind.
const READ_BACK: usize = 256;

/// Takes the events of a run.
pub struct Feed {
    state: Mutex<State>,
    /// Something may be there for reporters.
    shown: Condvar,
    /// Something may be there for the file.
    written: Condvar,
    most_bytes: usize,
    pub(super) written_bytes: AtomicU64,
}

#[derive(Default)]
pub(super) struct State {
    /// No event comes after these.
    ended: bool,
    show: Queue,
    pub(super) write: Queue,
    /// All events are written, not only those that reporters have no room for.
    keeps: bool,
    /// The file to write to from now on.
    pub(super) file: Option<File>,
    /// Writing is over: the file cannot be written.
    broken: bool,
    /// Reporters are behind: what is to be shown next is in the file.
    pub(super) behind: Option<Behind>,
    /// Events that are missing from the file since the last that was sent there, because the disk fell behind.
    pub(super) lost: u64,
    /// Events that reporters will never see.
    unseen: u64,
    /// What is to be said of the feed itself.
    notes: VecDeque<String>,
    last_t_ms: u64,
    /// Reporters sleep until they are woken. Waking costs a system call, whether somebody sleeps or not.
    reporters_sleep: bool,
    /// The thread that writes sleeps until it is woken.
    writer_sleeps: bool,
}

/// Reporters that are behind.
#[derive(Default)]
pub(super) struct Behind {
    /// The file, at the next event to be shown; it is away while it is being read.
    pub(super) file: Option<EventFile>,
    /// How many events have been sent since.
    pub(super) sent: u64,
    /// How many of them are in the file.
    pub(super) written: u64,
    /// How many of them were read back.
    read: u64,
}

/// Events that wait, and what they weigh.
#[derive(Default)]
pub(super) struct Queue {
    events: VecDeque<Waiting>,
    bytes: usize,
}

pub(super) struct Waiting {
    pub(super) event: Arc<Event>,
    bytes: usize,
    /// Reporters fell behind with this one.
    pub(super) first_behind: bool,
    /// How many before it are missing from the file.
    pub(super) missing_before: u64,
}

impl Queue {
    fn push(&mut self, event: &Arc<Event>, bytes: usize, first_behind: bool, missing_before: u64) {
        self.bytes += bytes;
        self.events.push_back(Waiting { event: Arc::clone(event), bytes, first_behind, missing_before });
    }

    fn pop(&mut self) -> Option<Arc<Event>> {
        let waiting = self.events.pop_front()?;
        self.bytes -= waiting.bytes;
        Some(waiting.event)
    }

    /// Returns everything that waits, leaving its weight until [`Queue::done`].
    pub(super) fn take(&mut self) -> VecDeque<Waiting> {
        std::mem::take(&mut self.events)
    }

    /// Forgets the weight of what was taken.
    pub(super) fn done(&mut self, taken: &VecDeque<Waiting>) {
        self.bytes -= taken.iter().map(|waiting| waiting.bytes).sum::<usize>();
    }

    pub(super) fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

impl Feed {
    /// Makes a feed, and the thread that writes. Without [`Feed::keep`] only that is written, to a file without a name,
    /// which reporters have no room for.
    pub fn start() -> io::Result<(Arc<Feed>, JoinHandle<()>)> {
        Feed::with_room(MOST_WAITING_BYTES)
    }

    /// Makes a feed in which so many bytes of events may wait in each queue.
    pub fn with_room(most_bytes: usize) -> io::Result<(Arc<Feed>, JoinHandle<()>)> {
        let feed = Arc::new(Feed {
            state: Mutex::default(),
            shown: Condvar::new(),
            written: Condvar::new(),
            most_bytes,
            written_bytes: AtomicU64::new(0),
        });
        let writer = Arc::clone(&feed);
        let thread = std::thread::Builder::new().name("journal".into()).spawn(move || writer::run(&writer))?;
        Ok((feed, thread))
    }

    /// Writes all events from now on to a file.
    pub fn keep(&self, file: File) {
        let mut state = self.lock();
        state.keeps = true;
        state.file = Some(file);
    }

    /// Takes an event. Never waits.
    pub fn send(&self, event: Event) {
        // One large output must not leave those after it without room.
        let (bytes, event) = (weight_bytes(&event).min(self.most_bytes / 4), Arc::new(event));
        let mut guard = self.lock();
        let state = &mut *guard;
        if state.ended {
            return;
        }
        state.last_t_ms = event.t_ms;
        let is_late = state.behind.is_none() && state.show.bytes >= self.most_bytes;
        if state.behind.is_none() && !is_late {
            state.show.push(&event, bytes, false, 0);
        }
        let can_write = !state.broken && state.write.bytes < self.most_bytes;
        if can_write && (state.keeps || is_late || state.behind.is_some()) {
            state.write.push(&event, bytes, is_late, std::mem::take(&mut state.lost));
            if is_late {
                state.behind = Some(Behind::default());
            }
            if let Some(behind) = &mut state.behind {
                behind.sent += 1;
            }
        } else {
            state.lost += u64::from(state.keeps && !state.broken);
            state.unseen += u64::from(is_late || state.behind.is_some());
        }
        let wakes = (state.reporters_sleep, state.writer_sleeps && !state.write.is_empty());
        drop(guard);
        if wakes.0 {
            self.shown.notify_one();
        }
        if wakes.1 {
            self.written.notify_one();
        }
    }

    /// Returns how much the disk has taken.
    pub fn written_bytes(&self) -> u64 {
        self.written_bytes.load(Ordering::Relaxed)
    }

    /// Claims that everything that was sent is shown: the reporters wait for more.
    pub fn is_shown(&self) -> bool {
        let state = self.lock();
        state.show.is_empty() && state.behind.is_none() && state.reporters_sleep
    }

    /// Says that no more events come.
    pub fn end(&self) {
        self.lock().ended = true;
        self.shown.notify_all();
        self.written.notify_all();
    }

    /// Returns the next event to show; waits for it up to `patience`.
    pub fn next(&self, patience: Duration) -> Result<Arc<Event>, RecvTimeoutError> {
        let until = Instant::now() + patience;
        let mut state = self.lock();
        loop {
            if let Some(event) = state.show.pop() {
                return Ok(event);
            }
            if let Some(behind) = &mut state.behind {
                let ready = behind.written - behind.read;
                if let Some(file) = behind.file.take_if(|_| ready > 0) {
                    drop(state);
                    state = self.read_back(file, ready);
                    continue;
                }
                if behind.read == behind.sent || state.broken {
                    state.unseen += state.behind.take().map_or(0, |behind| behind.sent - behind.read);
                    continue;
                }
            } else if let Some(note) = state.note() {
                return Ok(Arc::new(note));
            } else if state.ended {
                return Err(RecvTimeoutError::Disconnected);
            }
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Err(RecvTimeoutError::Timeout);
            }
            state.reporters_sleep = true;
            state = self.shown.wait_timeout(state, left).unwrap_or_else(|poisoned| poisoned.into_inner()).0;
            state = self.gather(state, |state| &mut state.reporters_sleep);
        }
    }

    /// Reads events back and lets them wait to be shown.
    fn read_back(&self, mut file: EventFile, ready: u64) -> MutexGuard<'_, State> {
        let wanted = ready.min(READ_BACK as u64);
        let events: Vec<Arc<Event>> =
            file.by_ref().take(wanted as usize).filter_map(Result::ok).map(Arc::new).collect();
        let mut state = self.lock();
        state.unseen += wanted - events.len() as u64;
        events.iter().for_each(|event| state.show.push(event, weight_bytes(event), false, 0));
        if let Some(behind) = &mut state.behind {
            behind.read += wanted;
            behind.file = Some(file);
        }
        state
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// Waits until there is something to write; nothing when there is nothing more.
    pub(super) fn wait_to_write(&self) -> Option<MutexGuard<'_, State>> {
        let mut state = self.lock();
        while state.write.is_empty() {
            if state.ended {
                return None;
            }
            state.writer_sleeps = true;
            state = self.written.wait(state).unwrap_or_else(|poisoned| poisoned.into_inner());
            state = self.gather(state, |state| &mut state.writer_sleeps);
        }
        Some(state)
    }

    /// Lets more events come before those are looked at that ended a sleep.
    fn gather<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        sleeps: impl Fn(&mut State) -> &mut bool,
    ) -> MutexGuard<'a, State> {
        *sleeps(&mut state) = false;
        if state.ended || (state.show.is_empty() && state.write.is_empty()) {
            return state;
        }
        drop(state);
        std::thread::sleep(GATHER);
        self.lock()
    }

    pub(super) fn wake_reporters(&self) {
        self.shown.notify_one();
    }
}

impl State {
    /// Returns what is to be said of the feed itself.
    fn note(&mut self) -> Option<Event> {
        if self.unseen > 0 {
            let unseen = std::mem::take(&mut self.unseen);
            self.notes.push_back(format!("{unseen} events are not shown: the output was read too slowly"));
        }
        let text = self.notes.pop_front()?;
        Some(warning(self.last_t_ms, text))
    }

    /// Gives writing up.
    pub(super) fn fail(&mut self, error: &io::Error) {
        self.broken = true;
        self.lost = 0;
        self.notes.push_back(format!("the journal cannot be written any more: {error}"));
    }
}

/// Makes a warning of what the feed says itself.
pub(super) fn warning(t_ms: u64, text: impl AsRef<str>) -> Event {
    // Nothing in it comes from outside.
    Event { t_ms, what: What::Warning { message: Redactor::new().clean_text(text), place: None } }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{BufReader, Read as _, Seek as _};

    fn event(number: u64) -> Event {
        Event { t_ms: number, what: What::StepsAdded { steps: number as usize } }
    }

    fn shown(feed: &Feed) -> Vec<Arc<Event>> {
        std::iter::from_fn(|| feed.next(Duration::from_secs(60)).ok()).collect()
    }

    fn numbers(events: &[Arc<Event>]) -> Vec<u64> {
        events.iter().map(|event| event.t_ms).collect()
    }

    /// Waits until all that was sent is in the file.
    fn until_written(feed: &Feed) {
        while !feed.lock().write.is_empty() || feed.lock().write.bytes > 0 {
            std::thread::yield_now();
        }
    }

    #[test]
    fn reporters_that_fall_behind_read_what_they_missed_in_its_order() {
        for keeps in [false, true] {
            let (feed, thread) = Feed::with_room(2_000).expect("a thread");
            let mut file = tempfile::tempfile().expect("a file");
            if keeps {
                feed.keep(file.try_clone().expect("a handle"));
            }
            for number in 0..500 {
                feed.send(event(number));
                until_written(&feed);
            }
            assert!(feed.lock().show.events.len() < 10, "most of it waits in the file, not in memory");
            // They catch up, and are up to date for a while.
            for number in 0..500 {
                assert_eq!(feed.next(Duration::from_secs(60)).expect("an event").t_ms, number);
            }
            assert!(matches!(feed.next(Duration::ZERO), Err(RecvTimeoutError::Timeout)));
            assert!(feed.lock().behind.is_none());
            for number in 500..600 {
                feed.send(event(number));
                until_written(&feed);
            }
            feed.end();
            assert_eq!(numbers(&shown(&feed)), (500..600).collect::<Vec<u64>>());
            thread.join().expect("no panic");
            file.rewind().expect("a file");
            let mut text = String::new();
            file.read_to_string(&mut text).expect("text");
            assert_eq!(text.lines().count(), if keeps { 600 } else { 0 });
        }
    }

    #[test]
    fn only_what_reporters_miss_is_read_back() {
        let waiting = |number: u64, first_behind| {
            let event = Arc::new(event(number));
            Waiting { bytes: weight_bytes(&event), event, first_behind, missing_before: 0 }
        };
        let plain: VecDeque<Waiting> = (0..3).map(|number| waiting(number, false)).collect();
        let turning: VecDeque<Waiting> = (0..5).map(|number| waiting(number, number == 2)).collect();
        let count = |batch, is_behind| writer::write(&mut None, batch, is_behind).expect("a file").count;
        // Reporters may fall behind while the first is being written: what they miss comes after it.
        assert_eq!((count(&plain, false), count(&plain, true)), (0, 3));
        assert_eq!((count(&turning, false), count(&turning, true)), (3, 3));
    }

    #[test]
    fn a_disk_that_falls_behind_leaves_a_gap_that_is_told_and_memory_stays_bounded() {
        let (reader, file) = io::pipe().expect("a pipe");
        let (feed, thread) = Feed::with_room(50_000).expect("a thread");
        // A pipe that nobody reads takes 64 KiB and then nothing more, as a disk does that hangs.
        feed.keep(File::from(std::os::fd::OwnedFd::from(file)));
        for number in 0..20_000 {
            feed.send(event(number));
            if let Ok(event) = feed.next(Duration::ZERO) {
                assert_eq!(event.t_ms, number, "who shows is not held up");
            }
        }
        assert!(feed.lock().write.bytes < 60_000, "memory stays bounded");
        feed.end();
        let written: Vec<Event> = EventFile::of(BufReader::new(reader)).map(|event| event.expect("an event")).collect();
        thread.join().expect("no panic");
        let (mut next, mut gaps) = (0, 0);
        for event in written {
            match event.what {
                What::Warning { message, .. } => {
                    let missing = message.as_str().split(' ').next().and_then(|count| count.parse::<u64>().ok());
                    next += missing.expect("a count");
                    gaps += 1;
                }
                _ => {
                    assert_eq!(event.t_ms, next, "a gap stands where it is, and says how much is missing");
                    next += 1;
                }
            }
        }
        assert_eq!(next, 20_000);
        assert!(gaps > 0);
    }

    #[test]
    fn when_nothing_can_be_written_it_is_said_and_the_rest_is_counted() {
        let (feed, thread) = Feed::with_room(2_000).expect("a thread");
        feed.keep(File::open("/dev/null").expect("a file that cannot be written"));
        feed.send(event(0));
        while !feed.lock().broken {
            std::thread::yield_now();
        }
        (1..100).for_each(|number| feed.send(event(number)));
        feed.end();
        thread.join().expect("no panic");
        let events = shown(&feed);
        let notes: Vec<String> = events
            .iter()
            .filter_map(|event| match &event.what {
                What::Warning { message, .. } => Some(message.to_string()),
                _ => None,
            })
            .collect();
        let [unwritable, unseen] = &notes[..] else { panic!("{notes:?}") };
        assert!(unwritable.contains("cannot be written"), "{unwritable}");
        assert_eq!(*unseen, format!("{} events are not shown: the output was read too slowly", 102 - events.len()));
    }
}
