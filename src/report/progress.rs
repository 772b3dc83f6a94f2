//! Progress bars for a terminal: one total, a few of the steps that run, and results scrolling above.
//!
//! Nothing is drawn while an event is handled. Lines and counts are gathered and drawn at the next tick, ten times a second,
//! so that a thousand results cost one drawing and not a thousand. This is the only file that knows indicatif.

use super::lines::Lines;
use super::text::{first_line, printable};
use super::waiting::waits_for;
use super::{Look, Output, Reporter};
use crate::event::{Event, Status, TaskNumber, What};
use crate::redact::Clean;
use indicatif::{MultiProgress, ProgressBar, ProgressDrawTarget, ProgressStyle, TermLike};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

/// The most running steps shown; fewer on a low terminal, where a quarter of the lines is theirs.
const MOST_ROWS: usize = 6;

/// How long no step begins or ends before it is said whom the run waits for. Arbitrary: long enough that the line does not
/// come and go.
const QUIET: Duration = Duration::from_secs(3);

/// For how many tasks that is said at most: the results that scroll above are worth more.
const MOST_WAITED_FOR: usize = 2;

/// How much text may wait for the next tick. A reader of a slow terminal sees it sooner, and memory stays bounded.
const MOST_WAITING: usize = 64 << 10;

/// Shows bars below scrolling lines.
pub struct Progress {
    look: Look,
    lines: Lines,
    output: Output,
    bars: MultiProgress,
    total: ProgressBar,
    /// A line for each running step shown, and one for how many more there are: one bar with a message of many lines,
    /// because bars of their own would be drawn one after the other, with old rows and new ones together on the screen.
    rows: Option<ProgressBar>,
    size: Box<dyn Fn() -> (usize, usize) + Send>,
    waiting: String,
    steps: Steps,
    quiet: Duration,
}

/// What is known of the steps.
#[derive(Default)]
struct Steps {
    /// Expected by the plays that have begun.
    expected: u64,
    /// Plays that have begun and not ended, by number.
    plays: HashSet<u32>,
    done: u64,
    counts: HashMap<Status, u64>,
    /// Running steps in the order in which they started: the slowest come first.
    running: BTreeMap<u64, Running>,
    numbers: HashMap<(TaskNumber, Clean), u64>,
    next: u64,
    /// When a step began or ended last.
    moved: Option<Instant>,
}

struct Running {
    host: Clean,
    task: TaskNumber,
    since: Instant,
}

impl Progress {
    /// Makes a reporter on the terminal that is the standard output, where `output` must lead too: bars and lines have
    /// to be written in one order.
    pub fn stdout(look: Look, output: Output) -> Progress {
        let term = console::Term::stdout();
        let size_of = term.clone();
        let size = move || {
            let (height, width) = size_of.size();
            (usize::from(height), usize::from(width))
        };
        Progress::on(look, output, ProgressDrawTarget::term(term, 20), Box::new(size))
    }

    /// Makes a reporter on something like a terminal, on which `output` ends up too.
    pub fn on_terminal(look: Look, output: Output, terminal: impl TermLike + Clone + 'static) -> Progress {
        let size_of = terminal.clone();
        let size = move || (usize::from(size_of.height()), usize::from(size_of.width()));
        Progress::on(look, output, ProgressDrawTarget::term_like(Box::new(terminal)), Box::new(size))
    }

    /// Makes it one that says whom the run waits for after so long a time in which nothing happens.
    #[cfg(test)]
    pub(super) fn patient(self, quiet: Duration) -> Progress {
        Progress { quiet, ..self }
    }

    fn on(
        look: Look,
        output: Output,
        target: ProgressDrawTarget,
        size: Box<dyn Fn() -> (usize, usize) + Send>,
    ) -> Progress {
        let bars = MultiProgress::with_draw_target(target);
        let total = bars.add(ProgressBar::new(0));
        let template = match look.colour {
            true => "{bar:16.green/white} {pos}/{len} {wide_msg}",
            false => "{bar:16} {pos}/{len} {wide_msg}",
        };
        let marks = if look.unicode { "█▉▊▋▌▍▎▏ " } else { "=> " };
        let style = ProgressStyle::with_template(template).expect("the template is a constant");
        total.set_style(style.progress_chars(marks));
        let lines = Lines::new(look, true);
        Progress {
            look,
            lines,
            output,
            bars,
            total,
            rows: None,
            size,
            waiting: String::new(),
            steps: Steps::default(),
            quiet: QUIET,
        }
    }

    /// Draws everything anew.
    fn draw(&mut self) {
        self.write_waiting();
        let (height, width) = (self.size)();
        self.draw_rows(height, width);
        self.total.set_length(self.steps.expected.max(self.steps.done));
        self.total.set_position(self.steps.done);
        self.total.set_message(self.counters());
        // What was set above may not have been drawn: indicatif limits how often that happens.
        self.rows.iter().for_each(ProgressBar::force_draw);
        self.total.force_draw();
    }

    /// Writes the lines that wait above the bars.
    fn write_waiting(&mut self) {
        let text = std::mem::take(&mut self.waiting);
        if !text.is_empty() {
            // indicatif's own way of printing above bars fills lines with blanks instead of ending them, so that text
            // copied from the terminal is one long line.
            self.bars.suspend(|| self.output.write(&text));
        }
    }

    /// Shows the steps that have run longest, each in one line.
    fn draw_rows(&mut self, height: usize, width: usize) {
        let most = (height / 4).clamp(1, MOST_ROWS);
        let mut texts: Vec<String> = self.steps.running.values().take(most).map(|step| self.row(step)).collect();
        let more = self.steps.running.len() - texts.len();
        if self.steps.moved.is_some_and(|moved| moved.elapsed() >= self.quiet) && !texts.is_empty() {
            let running = self.steps.running.values().map(|step| (step.task, &step.host));
            let lines = waits_for(running, &self.lines);
            texts.extend(lines.into_iter().take(MOST_WAITED_FOR).map(|line| format!("  {line}")));
        } else if more > 0 {
            texts.push(format!("  {} and {more} more", self.look.ellipsis()));
        }
        if texts.is_empty() {
            self.remove_rows();
            return;
        }
        // One column stays free: some terminals break the line as soon as the last one is written.
        let room = width.saturating_sub(1);
        let cut = |text: &String| console::truncate_str(text, room, self.look.ellipsis()).into_owned();
        let message = texts.iter().map(cut).collect::<Vec<_>>().join("\n");
        let rows = self.rows.get_or_insert_with(|| {
            let style = ProgressStyle::with_template("{msg}").expect("the template is a constant");
            self.bars.insert_before(&self.total, ProgressBar::new_spinner().with_style(style))
        });
        rows.set_message(message);
    }

    fn remove_rows(&mut self) {
        if let Some(rows) = self.rows.take() {
            rows.finish_and_clear();
            self.bars.remove(&rows);
        }
    }

    fn row(&self, step: &Running) -> String {
        let seconds = step.since.elapsed().as_secs();
        let task = first_line(self.lines.task_name(step.task), self.look.ellipsis());
        format!("  {seconds:>3} s  [{}] {task}", printable(step.host.as_str()))
    }

    /// Returns what stands beside the total: the counts that are not zero, and the time.
    fn counters(&self) -> String {
        let mut parts = Vec::new();
        let words = [Status::Ok, Status::Changed, Status::Failed, Status::Unreachable, Status::Skipped];
        for status in words.into_iter().chain([Status::Rescued, Status::Ignored]) {
            let count = self.steps.counts.get(&status).copied().unwrap_or_default();
            // The first three are always there, so that the line does not jump about.
            if count > 0 || matches!(status, Status::Ok | Status::Changed | Status::Failed) {
                let text = format!("{count} {}", status.word());
                parts.push(if count > 0 { self.look.painted(&text, status) } else { text });
            }
        }
        let clock = |seconds: u64| format!("{}:{:02}", seconds / 60, seconds % 60);
        let mut time = clock(self.total.elapsed().as_secs());
        if self.steps.done > 0 && self.steps.done < self.steps.expected {
            time.push_str(&format!(", {} left", clock(self.total.eta().as_secs())));
        }
        format!("{}  {time}", parts.join(" "))
    }
}

impl Reporter for Progress {
    fn handle(&mut self, event: &Event) {
        self.steps.add(event);
        let text = self.lines.of(event);
        if matches!(event.what, What::RunEnded { .. }) {
            // The end stands alone: bars would only repeat it.
            self.clear();
            self.output.write(&text);
            return;
        }
        self.waiting.push_str(&text);
        if self.waiting.len() > MOST_WAITING {
            self.write_waiting();
        }
    }

    fn tick(&mut self) {
        // Before the first play there is nothing to count, and after the end nothing to draw.
        match self.steps.expected > 0 && !self.total.is_finished() {
            true => self.draw(),
            false => self.write_waiting(),
        }
    }

    fn finish(&mut self) {
        self.clear();
    }
}

impl Progress {
    /// Takes the bars away and writes what waits.
    fn clear(&mut self) {
        self.remove_rows();
        self.total.finish_and_clear();
        self.output.write(&std::mem::take(&mut self.waiting));
    }
}

impl Steps {
    fn add(&mut self, event: &Event) {
        if let What::PlayStarted { number, .. } = &event.what {
            self.plays.insert(*number);
        }
        match &event.what {
            What::PlayStarted { steps, .. } | What::StepsAdded { steps } => self.expected += *steps as u64,
            What::StepStarted { task, host, .. } => {
                self.moved = Some(Instant::now());
                self.next += 1;
                self.numbers.insert((*task, host.clone()), self.next);
                let step = Running { host: host.clone(), task: *task, since: Instant::now() };
                self.running.insert(self.next, step);
            }
            What::StepRan { task, host } => self.stop(*task, host),
            What::StepDone(done) => {
                self.moved = Some(Instant::now());
                self.done += 1;
                *self.counts.entry(done.status).or_default() += 1;
                self.stop(done.task, &done.host);
            }
            What::StepsPassed { steps } => self.expected = self.expected.saturating_sub(*steps as u64).max(self.done),
            // Hosts that fell out leave steps that nobody will take; the total counts none of them.
            What::PlayEnded { number, .. } => {
                self.plays.remove(number);
                if self.plays.is_empty() {
                    self.expected = self.done;
                }
            }
            _ => {}
        }
    }

    /// Takes note that a step is no longer at work.
    fn stop(&mut self, task: TaskNumber, host: &Clean) {
        if let Some(number) = self.numbers.remove(&(task, host.clone())) {
            self.running.remove(&number);
        }
    }
}
