//! What stands at the end of a run: the failures once more with all that is known of them, and the recap.

use super::Look;
use super::stats::Stats;
use super::text::{block, counted, duration, printable};
use crate::event::{Event, FailureReport, Recap, Status, StepDone, What};
use crate::redact::{Clean, CleanValue};
use crate::value::{Map, Value};
use indexmap::IndexMap;
use std::collections::HashMap;

/// How many failures are shown in full. Arbitrary: more scroll the first ones away, and the rest is in the lines above.
const MOST_FAILURES: usize = 20;

/// How many hosts with the same failure are named.
const MOST_HOSTS: usize = 8;

/// How many lines of a command's output are shown; the last ones, because that is where errors stand.
const MOST_LINES: usize = 30;

/// How much of it is shown when its lines are long.
const MOST_BYTES: usize = 8 << 10;

/// How many failed items of a step are shown.
const MOST_ITEMS: usize = 5;

/// Up to this many hosts, each has its row in the recap; of more, only those with something to tell.
const MOST_ROWS: usize = 50;

/// Collects what the end will show.
pub(super) struct Summary {
    look: Look,
    /// Failures by task and message: the same one on many hosts is shown once.
    failures: IndexMap<(u32, Clean), Failed>,
    /// Items that failed, by task and host, until their step is done.
    items: HashMap<(u32, Clean), Vec<Item>>,
    stats: Stats,
}

/// A failure with the hosts that it happened on.
struct Failed {
    name: Clean,
    hosts: Vec<Clean>,
    report: Option<FailureReport>,
    result: Option<CleanValue>,
    items: Vec<Item>,
}

/// The label of an item that failed, and its result.
type Item = (Clean, Option<CleanValue>);

impl Summary {
    pub(super) fn new(look: Look) -> Summary {
        Summary { look, failures: IndexMap::new(), items: HashMap::new(), stats: Stats::default() }
    }

    /// Remembers an event, if it matters at the end.
    pub(super) fn add(&mut self, event: &Event) {
        match &event.what {
            What::ItemDone { task, host, item, status: Status::Failed | Status::Unreachable, result } => {
                let items = self.items.entry((*task, host.clone())).or_default();
                if items.len() < MOST_ITEMS {
                    items.push((item.clone(), result.clone()));
                }
            }
            What::StepDone(done) => self.step(done),
            _ => {}
        }
    }

    fn step(&mut self, done: &StepDone) {
        if self.look.stats {
            self.stats.add(done);
        }
        let items = self.items.remove(&(done.task, done.host.clone())).unwrap_or_default();
        if !matches!(done.status, Status::Failed | Status::Unreachable) {
            return;
        }
        let message = done.failure.as_ref().map(|failure| failure.message.clone()).unwrap_or_default();
        let failed = self.failures.entry((done.task, message)).or_insert_with(|| Failed {
            name: done.name.clone(),
            hosts: Vec::new(),
            report: done.failure.clone(),
            result: done.result.clone(),
            items,
        });
        failed.hosts.push(done.host.clone());
    }

    /// Returns what stands at the end.
    pub(super) fn text(&self, recap: &[Recap], elapsed_ms: u64) -> String {
        let mut out = String::new();
        self.write_failures(&mut out);
        self.write_recap(recap, elapsed_ms, &mut out);
        self.write_stats(&mut out);
        out
    }

    fn write_stats(&self, out: &mut String) {
        if self.stats.is_empty() {
            return;
        }
        out.push('\n');
        out.push_str(&self.look.headline("CUSTOM STATS"));
        out.push('\n');
        for (of, stats) in self.stats.iter() {
            out.push_str(&format!("{}:\n{}", printable(of), block(&stats.clone().into(), 4)));
        }
    }

    fn write_failures(&self, out: &mut String) {
        if self.failures.is_empty() {
            return;
        }
        out.push('\n');
        out.push_str(&self.look.headline("FAILURES"));
        out.push('\n');
        let most = if self.look.verbosity >= 1 { usize::MAX } else { MOST_FAILURES };
        for ((_, message), failed) in self.failures.iter().take(most) {
            self.write_failure(message, failed, out);
        }
        let more = self.failures.len().saturating_sub(most);
        if more > 0 {
            out.push_str(&format!("{} and {}; -v shows all\n", self.look.ellipsis(), counted(more, "more failure")));
        }
    }

    fn write_failure(&self, message: &Clean, failed: &Failed, out: &mut String) {
        let hosts = self.named(&failed.hosts);
        let head = format!("TASK [{}] on {hosts}:", printable(failed.name.as_str()));
        out.push_str(&self.look.painted(&head, Status::Failed));
        out.push_str(&format!(" {}\n", printable(message.as_str())));
        if let Some(report) = &failed.report {
            let drawn = printable(report.drawn.as_str());
            if !drawn.contains(report.place.as_str()) {
                out.push_str(&format!("  --> {}\n", report.place));
            }
            for line in drawn.lines() {
                out.push_str(&format!("  {line}\n"));
            }
        }
        if let Some(Value::Map(result)) = failed.result.as_ref().map(CleanValue::value) {
            out.push_str(&block_or_nothing(&self.answer(result, message.as_str()), 2));
        }
        for (item, result) in &failed.items {
            out.push_str(&format!("  item {}:\n", printable(item.as_str())));
            if let Some(Value::Map(result)) = result.as_ref().map(CleanValue::value) {
                out.push_str(&block_or_nothing(&self.answer(result, ""), 4));
            }
        }
        if let Some(help) = failed.report.as_ref().and_then(|report| report.help.as_ref()) {
            out.push_str(&format!("  help: {}\n", printable(help.as_str())));
        }
        out.push('\n');
    }

    /// Returns the fields of a result that say what was asked and what came back.
    fn answer(&self, result: &Map, message: &str) -> Map {
        let command = ["cmd", "command", "commands", "url"].into_iter().filter_map(|key| Some((key, result.get(key)?)));
        let command = command.map(|(key, value)| {
            let words = value.as_list().filter(|_| key == "cmd");
            let text = words.map(|words| words.iter().map(Value::to_text).collect::<Vec<_>>().join(" "));
            (if key == "cmd" { "command" } else { key }, text.map_or(value.clone(), Value::from))
        });
        let answer = ["rc", "status", "msg", "stdout", "stderr"].into_iter().filter_map(|key| {
            let value = result.get(key)?;
            let told = value.as_str().is_some_and(|text| text.trim().is_empty() || text == message);
            (!told).then(|| (key, self.shortened(value)))
        });
        command.chain(answer).collect()
    }

    /// Returns a text's last lines.
    fn shortened(&self, value: &Value) -> Value {
        let Some(text) = value.as_str().filter(|_| self.look.verbosity < 1) else { return value.clone() };
        if text.len() > MOST_BYTES {
            let cut = (text.len() - MOST_BYTES..text.len()).find(|at| text.is_char_boundary(*at));
            let cut = cut.unwrap_or(text.len());
            let left_out = format!("{} {} above", self.look.ellipsis(), counted(cut, "byte"));
            return Value::from(left_out + "\n" + &text[cut..]);
        }
        let lines: Vec<&str> = text.lines().collect();
        match lines.len().checked_sub(MOST_LINES) {
            None | Some(0) => value.clone(),
            Some(above) => {
                let left_out = format!("{} {} above", self.look.ellipsis(), counted(above, "line"));
                Value::from(left_out + "\n" + &lines[above..].join("\n"))
            }
        }
    }

    /// Returns hosts as a phrase: `r1`, `r1, r2`, `r1, r2 and 3 more`.
    fn named(&self, hosts: &[Clean]) -> String {
        let names: Vec<&str> = hosts.iter().take(MOST_HOSTS).map(Clean::as_str).collect();
        match hosts.len().saturating_sub(MOST_HOSTS) {
            0 => names.join(", "),
            more => format!("{} and {more} more", names.join(", ")),
        }
    }

    fn write_recap(&self, recap: &[Recap], elapsed_ms: u64, out: &mut String) {
        out.push('\n');
        out.push_str(&self.look.headline("PLAY RECAP"));
        out.push('\n');
        let all = recap.len() <= MOST_ROWS || self.look.verbosity >= 1;
        let shown: Vec<&Recap> = recap.iter().filter(|row| all || has_something_to_tell(row)).collect();
        let widths: Vec<usize> =
            (0..7).map(|n| shown.iter().map(|row| counters(row)[n].1.to_string().len()).max().unwrap_or(1)).collect();
        let host_width = shown.iter().map(|row| console::measure_text_width(row.host.as_str())).max().unwrap_or(0);
        for row in &shown {
            let name = console::pad_str(row.host.as_str(), host_width, console::Alignment::Left, None);
            let mut line = self.look.painted(&name, worst(row));
            line.push_str(" :");
            for ((word, count, status), width) in counters(row).into_iter().zip(&widths) {
                let text = format!("{word}={count:<width$}");
                line.push(' ');
                line.push_str(&if count > 0 { self.look.painted(&text, status) } else { text });
            }
            out.push_str(line.trim_end());
            out.push('\n');
        }
        let rest = recap.len() - shown.len();
        if rest > 0 {
            let hosts = counted(rest, "host");
            out.push_str(&format!(
                "{} and {hosts} without changes or problems (-v shows them)\n",
                self.look.ellipsis()
            ));
        }
        let sum = |n: usize| recap.iter().map(|row| counters(row)[n].1 as usize).sum::<usize>();
        let bad = match (sum(3), sum(2)) {
            (0, 0) => String::new(),
            (failed, 0) => format!(", {failed} failed"),
            (0, unreachable) => format!(", {unreachable} unreachable"),
            (failed, unreachable) => format!(", {failed} failed, {unreachable} unreachable"),
        };
        let hosts = counted(recap.len(), "host");
        out.push_str(&format!("{hosts}, {} ok, {} changed{bad} in {}\n", sum(0), sum(1), duration(elapsed_ms)));
    }
}

fn block_or_nothing(map: &Map, indent: usize) -> String {
    if map.is_empty() { String::new() } else { block(&map.clone().into(), indent) }
}

/// Returns a row's counters with the words and colours they are shown in.
fn counters(row: &Recap) -> [(&'static str, u32, Status); 7] {
    [
        ("ok", row.ok, Status::Ok),
        ("changed", row.changed, Status::Changed),
        ("unreachable", row.unreachable, Status::Unreachable),
        ("failed", row.failed, Status::Failed),
        ("skipped", row.skipped, Status::Skipped),
        ("rescued", row.rescued, Status::Rescued),
        ("ignored", row.ignored, Status::Ignored),
    ]
}

fn has_something_to_tell(row: &Recap) -> bool {
    row.changed + row.unreachable + row.failed + row.rescued + row.ignored > 0
}

fn worst(row: &Recap) -> Status {
    match row {
        Recap { failed: 1.., .. } => Status::Failed,
        Recap { unreachable: 1.., .. } => Status::Unreachable,
        Recap { changed: 1.., .. } => Status::Changed,
        _ => Status::Ok,
    }
}
