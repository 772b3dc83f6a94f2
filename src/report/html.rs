//! A page about a run that needs nothing but itself: no script, no network.

use super::critical::CriticalPath;
use super::text::{counted, duration};
use super::timeline::{Step, Timeline};
use crate::event::Status;
use crate::redact::Clean;
use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;

/// How many hosts have a line in the drawing: more cannot be told apart, and would make the page heavy.
const MOST_LINES: usize = 200;

/// How many steps of a run are drawn at most, the longest of them.
const MOST_BARS: usize = 5_000;

/// How many failures are shown in full.
const MOST_FAILURES: usize = 100;

/// Width of the drawing without the names, in its own units.
const WIDTH: f64 = 1000.0;

/// Height of a host's line.
const LINE: f64 = 16.0;

/// Returns the page.
pub fn html(timeline: &Timeline) -> String {
    let mut body = String::new();
    head(timeline, &mut body);
    failures(timeline, &mut body);
    drawing(timeline, &mut body);
    path(timeline, &mut body);
    tasks(timeline, &mut body);
    recap(timeline, &mut body);
    let title = escaped(&playbooks(timeline));
    let style = include_str!("page.css");
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width\">\n<title>netplay: {title}</title>\n\
         <style>\n{style}</style>\n</head>\n<body>\n{body}</body>\n</html>\n"
    )
}

fn playbooks(timeline: &Timeline) -> String {
    timeline.playbooks.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" ")
}

fn head(timeline: &Timeline, out: &mut String) {
    let (class, result) = match timeline.exit_code {
        None => ("failed", "cut off".to_owned()),
        Some(0) => ("ok", "everything went well".to_owned()),
        Some(2) => ("failed", "a host failed".to_owned()),
        Some(4) => ("unreachable", "a host could not be reached".to_owned()),
        Some(130) => ("failed", "interrupted".to_owned()),
        Some(code) => ("failed", format!("exit code {code}")),
    };
    let hosts = timeline.recap.len().max(by_host(timeline).len());
    let mut facts = vec![
        escaped(timeline.started_at.as_str()),
        format!("took {}", duration(timeline.elapsed_ms)),
        counted(hosts, "host"),
        counted(timeline.steps.len(), "step"),
    ];
    facts.extend(timeline.check.then(|| "check mode: nothing was changed".to_owned()));
    facts.extend(timeline.shard.map(|shard| format!("shard {shard}")));
    // Writing to a `String` cannot fail.
    let _ = writeln!(
        out,
        "<header><h1>{}</h1><p class=\"result {class}\">{result}</p><p>{}</p></header>",
        escaped(&playbooks(timeline)),
        facts.join(" · ")
    );
    for warning in &timeline.warnings {
        let _ = writeln!(out, "<p class=\"warning\">{}</p>", escaped(warning.as_str()));
    }
}

fn is_bad(step: &&Step) -> bool {
    matches!(step.status, Some(Status::Failed | Status::Unreachable) | None)
}

fn failures(timeline: &Timeline, out: &mut String) {
    let bad: Vec<&Step> = timeline.steps.iter().filter(is_bad).collect();
    if bad.is_empty() {
        return;
    }
    out.push_str("<section><h2>Failures</h2>\n");
    // The same on many hosts is shown once.
    let mut groups: BTreeMap<(u32, String), Vec<&Step>> = BTreeMap::new();
    for step in &bad {
        let message = match &step.failure {
            Some(failure) => failure.message.to_string(),
            None => "the run was cut off".to_owned(),
        };
        groups.entry((step.task, message)).or_default().push(step);
    }
    for ((task, message), steps) in groups.iter().take(MOST_FAILURES) {
        let hosts: Vec<String> = steps.iter().map(|step| escaped(step.host.as_str())).collect();
        let _ = writeln!(
            out,
            "<details open><summary><b>{}</b> on {}</summary><p>{}</p>",
            escaped(timeline.task_name(*task)),
            hosts.join(", "),
            escaped(message)
        );
        if let Some(failure) = steps.iter().find_map(|step| step.failure.as_ref()) {
            let _ = writeln!(out, "<pre>{}</pre>", escaped(failure.drawn.as_str()));
            if let Some(help) = &failure.help {
                let _ = writeln!(out, "<p>{}</p>", escaped(help.as_str()));
            }
        }
        out.push_str("</details>\n");
    }
    let more = groups.len().saturating_sub(MOST_FAILURES);
    if more > 0 {
        let _ = writeln!(out, "<p>and {}</p>", counted(more, "more failure"));
    }
    out.push_str("</section>\n");
}

/// Returns the steps of each host, hosts in the order in which they began.
fn by_host(timeline: &Timeline) -> Vec<(&Clean, Vec<&Step>)> {
    let mut places: HashMap<&Clean, usize> = HashMap::new();
    let mut hosts: Vec<(&Clean, Vec<&Step>)> = Vec::new();
    for step in &timeline.steps {
        let place = *places.entry(&step.host).or_insert(hosts.len());
        if place == hosts.len() {
            hosts.push((&step.host, Vec::new()));
        }
        hosts[place].1.push(step);
    }
    hosts
}

fn drawing(timeline: &Timeline, out: &mut String) {
    let mut hosts = by_host(timeline);
    if hosts.is_empty() {
        return;
    }
    let all = hosts.len();
    if all > MOST_LINES {
        // Those that took longest, and those with a failure before all.
        let busy = |steps: &[&Step]| steps.iter().map(|step| timeline.ended_ms(step) - step.started_ms).sum::<u64>();
        hosts.sort_by_key(|(_, steps)| (std::cmp::Reverse(steps.iter().any(is_bad)), std::cmp::Reverse(busy(steps))));
        hosts.truncate(MOST_LINES);
    }
    let mut lengths: Vec<u64> = hosts
        .iter()
        .flat_map(|(_, steps)| steps.iter().map(|step| timeline.ended_ms(step) - step.started_ms))
        .collect();
    lengths.sort_unstable_by(|a, b| b.cmp(a));
    let shortest = lengths.get(MOST_BARS).copied().unwrap_or(0);
    let scale = WIDTH / (timeline.elapsed_ms as f64).max(1.0);
    let height = LINE * hosts.len() as f64 + 24.0;
    out.push_str("<section><h2>Hosts over time</h2>\n");
    let _ = writeln!(out, "<svg viewBox=\"-160 0 {} {height}\" role=\"img\">", WIDTH + 190.0);
    for tenth in 0..=5 {
        let x = WIDTH * f64::from(tenth) / 5.0;
        let label = duration((timeline.elapsed_ms as f64 * f64::from(tenth) / 5.0) as u64);
        let _ = writeln!(
            out,
            "<line class=\"grid\" x1=\"{x}\" y1=\"18\" x2=\"{x}\" y2=\"{height}\"/><text class=\"scale\" x=\"{x}\" y=\"12\">{label}</text>"
        );
    }
    for (number, (host, steps)) in hosts.iter().enumerate() {
        let y = 22.0 + LINE * number as f64;
        let name = console::truncate_str(host.as_str(), 24, "…");
        let _ = writeln!(
            out,
            "<text class=\"host\" x=\"-8\" y=\"{}\">{}<title>{}</title></text>",
            y + 11.0,
            escaped(&name),
            escaped(host.as_str())
        );
        for (lane, lanes, step) in in_lanes(timeline, steps) {
            let took = timeline.ended_ms(step) - step.started_ms;
            if took < shortest {
                continue;
            }
            let bar = (LINE - 4.0) / lanes as f64;
            let status = step.status.map_or("cut", Status::word);
            let _ = writeln!(
                out,
                "<rect class=\"{status}\" x=\"{:.2}\" y=\"{:.2}\" width=\"{:.2}\" height=\"{bar:.2}\"><title>{}: {} ({status}, {} ms)</title></rect>",
                step.started_ms as f64 * scale,
                y + bar * lane as f64,
                (took as f64 * scale).max(1.0),
                escaped(host.as_str()),
                escaped(timeline.task_name(step.task)),
                took
            );
        }
    }
    out.push_str("</svg>\n");
    if all > hosts.len() {
        let _ = writeln!(out, "<p>of {all} hosts, those with failures and those that took longest</p>");
    }
    out.push_str("</section>\n");
}

/// Puts steps that overlap into lanes; each with its lane and how many there are.
fn in_lanes<'s>(timeline: &Timeline, steps: &[&'s Step]) -> Vec<(usize, usize, &'s Step)> {
    let mut free_at: Vec<u64> = Vec::new();
    let mut placed = Vec::with_capacity(steps.len());
    for step in steps {
        let end = timeline.ended_ms(step);
        let lane = free_at.iter().position(|at| *at <= step.started_ms).unwrap_or(free_at.len());
        match free_at.get_mut(lane) {
            Some(at) => *at = end,
            None => free_at.push(end),
        }
        placed.push((lane, *step));
    }
    let lanes = free_at.len().max(1);
    placed.into_iter().map(|(lane, step)| (lane, lanes, step)).collect()
}

fn path(timeline: &Timeline, out: &mut String) {
    let Some(path) = CriticalPath::of(timeline) else { return };
    let _ = writeln!(
        out,
        "<section><h2>Critical path</h2><details><summary>{} of {} made the run as long as it was</summary>\n<pre>{}</pre></details></section>",
        path.path.len(),
        counted(path.steps, "step"),
        escaped(&path.text())
    );
}

fn tasks(timeline: &Timeline, out: &mut String) {
    let mut rows: BTreeMap<u32, Vec<&Step>> = BTreeMap::new();
    timeline.steps.iter().for_each(|step| rows.entry(step.task).or_default().push(step));
    if rows.is_empty() {
        return;
    }
    out.push_str("<section><h2>Tasks</h2>\n<table><tr><th>Task</th><th>Module</th><th>Place</th><th>Result</th><th>Longest</th><th>On</th></tr>\n");
    for (task, steps) in rows {
        let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
        steps.iter().for_each(|step| *counts.entry(step.status.map_or("cut", Status::word)).or_default() += 1);
        let counts: Vec<String> = counts
            .into_iter()
            .map(|(status, count)| format!("<span class=\"{status}\">{count} {status}</span>"))
            .collect();
        let took = |step: &&&Step| timeline.ended_ms(step) - step.started_ms;
        let slowest = steps.iter().max_by_key(took);
        let (module, place) =
            timeline.tasks.get(&task).map_or(("", ""), |task| (task.module.as_str(), task.place.as_str()));
        let _ = writeln!(
            out,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td class=\"number\">{}</td><td>{}</td></tr>",
            escaped(timeline.task_name(task)),
            escaped(module),
            escaped(place),
            counts.join(" "),
            slowest.map(|step| format!("{} ms", took(&step))).unwrap_or_default(),
            slowest.map(|step| escaped(step.host.as_str())).unwrap_or_default()
        );
    }
    out.push_str("</table></section>\n");
}

fn recap(timeline: &Timeline, out: &mut String) {
    if timeline.recap.is_empty() {
        return;
    }
    let words = ["ok", "changed", "unreachable", "failed", "skipped", "rescued", "ignored"];
    out.push_str("<section><h2>Hosts</h2>\n<table><tr><th>Host</th>");
    words.iter().for_each(|word| {
        let _ = write!(out, "<th>{word}</th>");
    });
    out.push_str("</tr>\n");
    for row in &timeline.recap {
        let counts = [row.ok, row.changed, row.unreachable, row.failed, row.skipped, row.rescued, row.ignored];
        let _ = write!(out, "<tr><td>{}</td>", escaped(row.host.as_str()));
        for (word, count) in words.iter().zip(counts) {
            let class = if count > 0 { word } else { "" };
            let _ = write!(out, "<td class=\"number\"><span class=\"{class}\">{count}</span></td>");
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</table></section>\n");
}

/// Returns text in which nothing is markup.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\n' | '\t' => out.push(c),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::samples::*;

    fn page(events: &[crate::event::Event]) -> String {
        let mut timeline = Timeline::default();
        events.iter().for_each(|event| timeline.add(event));
        html(&timeline)
    }

    #[test]
    fn a_page_tells_of_failures_hosts_tasks_and_needs_nothing_else() {
        let row = crate::event::Recap { host: clean("r1"), failed: 1, ..Default::default() };
        let text = page(&[
            started(),
            play("p", &["r1", "r2"]),
            task(1, "show", "cli_command"),
            step(1, "r1"),
            step(1, "r2"),
            done_with(1, "r1", Status::Failed, |done| done.failure = Some(failure("it broke"))),
            done(1, "r2", Status::Changed),
            ended(vec![row]),
        ]);
        for part in
            ["<h1>site.yml</h1>", "it broke", "<b>show</b> on r1", "class=\"failed\"", "1 changed", "site.yml:4:7"]
        {
            assert!(text.contains(part), "no {part}:\n{text}");
        }
        for outside in ["http://", "https://", "<script", "src=", "@import", "url("] {
            assert!(!text.contains(outside), "{outside}");
        }
    }

    #[test]
    fn nothing_that_hosts_say_becomes_markup() {
        let evil = "<script>alert(1)</script>\"'&";
        let text = page(&[
            started(),
            play(evil, &[evil]),
            task(1, evil, "command"),
            step(1, evil),
            done_with(1, evil, Status::Failed, |done| done.failure = Some(failure(evil))),
            ended(vec![crate::event::Recap { host: clean(evil), ..Default::default() }]),
        ]);
        assert!(!text.contains("<script"), "{text}");
        assert!(text.contains("&lt;script&gt;"));
    }

    #[test]
    fn a_run_of_nothing_and_a_run_that_was_cut_have_a_page() {
        assert!(page(&[started(), ended(vec![])]).contains("0 hosts"));
        let cut = page(&[started(), play("p", &["r1"]), task(1, "t", "command"), step(1, "r1")]);
        assert!(cut.contains("cut off"));
    }
}
