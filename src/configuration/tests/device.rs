//! A model device takes the lines that were computed for it: afterwards it has what was wanted, and a second run sends
//! nothing. For every way of writing configurations, over random ones.

use super::super::compare::is_whole;
use super::super::spelled;
use super::super::*;
use crate::platform::{self, ConfigStyle, ConfigText};
use proptest::prelude::*;

/// Returns what a line says where nothing is abbreviated.
fn said(line: &str) -> String {
    spelled::said(line, &ConfigText::default())
}

/// How a platform's configurations are made up for the test.
#[derive(Clone, Copy, Debug)]
struct Style {
    platform: &'static str,
    /// Lines that open a section at a depth, and lines within: `N` stands for a number.
    sections: &'static [&'static str],
    lines: &'static [&'static str],
    /// Whole texts that stand at the top: the line that opens one, and lines within.
    texts: &'static [(&'static str, &'static [&'static str])],
}

const STYLES: &[Style] = &[
    Style {
        platform: "cisco_ios",
        sections: &["router bgp N", "address-family ipv4 vrf N"],
        // What undoes `beta 1` takes `beta 1 x` along.
        lines: &["alpha N x", "beta N", "beta N x", "no gamma N", "delta \"a  b\" N"],
        texts: &[
            ("banner motd ^C\nkeep out N\n ! not a comment\nr1#\n^C", &[]),
            ("crypto pki certificate chain N", &["certificate ca 01", "certificate 02"]),
        ],
    },
    Style {
        platform: "arista_eos",
        sections: &["router bgp N", "address-family N"],
        lines: &["alpha N x", "alpha N", "beta N", "no gamma N"],
        texts: &[("banner login\nwelcome N\n   end\n# N\nEOF", &[])],
    },
    Style {
        platform: "cisco_iosxr",
        sections: &["router bgp N", "neighbor 10.0.0.N", "address-family N"],
        lines: &["alpha N x", "beta N"],
        texts: &[
            ("route-policy P-N", &["if destination in S then", "pass", "endif", "drop"]),
            ("prefix-set S-N", &["10.0.0.0/8,", "10.1.0.0/16"]),
        ],
    },
    Style {
        platform: "huawei_vrpv8",
        sections: &["bgp N", "ipv4-family N"],
        lines: &["alpha N x", "beta N"],
        texts: &[],
    },
    Style {
        platform: "hp_comware",
        sections: &["bgp N", "address-family N"],
        lines: &["alpha N", "beta N x"],
        texts: &[],
    },
    Style { platform: "aruba_aoscx", sections: &["vlan N", "inner N"], lines: &["alpha N", "beta N"], texts: &[] },
    Style {
        platform: "fortinet_fortios",
        sections: &["config router N", "edit N", "config inner N"],
        lines: &["set aN \"b c\"", "set bN \"-----BEGIN\n  MII N\n-----END\"", "set cN x"],
        texts: &[],
    },
    Style {
        platform: "juniper_junos",
        sections: &[],
        lines: &["set system host-name N", "set interfaces ge-0/0/N description \"a b\"", "set a b N c"],
        texts: &[],
    },
    Style {
        platform: "vyos",
        sections: &[],
        lines: &["set system name-server 10.0.0.N", "set interfaces ethernet ethN address 'dhcp'", "set a N"],
        texts: &[],
    },
    Style {
        platform: "nokia_sros",
        sections: &[],
        lines: &["/configure system name \"N\"", "/configure port 1/1/N admin-state enable", "/configure log N"],
        texts: &[],
    },
];

/// Makes a tree of numbers into a configuration of a style: equal lines of a section are one.
fn configuration(style: &Style, seeds: &[(u8, u8, u8)]) -> Vec<Section> {
    let mut root: Vec<Section> = Vec::new();
    let numbered = |template: &str, number: u8| template.replace('N', &(number % 4).to_string());
    let mut add = |path: &[String], line: String, children: Vec<Section>| {
        let mut place = &mut root;
        for outer in path {
            let at = match place.iter().position(|section| section.line == *outer) {
                Some(at) => at,
                None => {
                    place.push(Section::of(outer));
                    place.len() - 1
                }
            };
            place = &mut place[at].children;
        }
        // There is one banner of a kind.
        let first = |line: &str| line.lines().next().map(said);
        if !place.iter().any(|section| first(&section.line) == first(&line)) {
            place.push(Section { line, children });
        }
    };
    for (kind, depth, number) in seeds {
        // FortiOS has nothing at the top but sections.
        let least = usize::from(style.platform == "fortinet_fortios");
        let depth = (usize::from(*depth) % (style.sections.len() + 1)).max(least.min(style.sections.len()));
        let path: Vec<String> = style.sections[..depth].iter().map(|section| numbered(section, *number)).collect();
        let is_text = !style.texts.is_empty() && kind % 5 == 0;
        if is_text {
            let (head, lines) = style.texts[usize::from(*number) % style.texts.len()];
            let lines = lines.iter().take(1 + usize::from(kind / 5) % lines.len().max(1));
            let line = |line: &&str| match line.starts_with("certificate ") {
                true => Section { line: line.to_string(), children: vec![Section::of(&format!("3082{number:02x}"))] },
                false => Section::of(line),
            };
            add(&[], numbered(head, *number), lines.map(line).collect());
        } else {
            add(
                &path,
                numbered(style.lines[usize::from(*kind) % style.lines.len()], number.wrapping_add(*kind)),
                vec![],
            );
        }
    }
    root
}

/// Tells which lines a line undoes.
type Undoes = Box<dyn Fn(&str) -> bool>;

/// A device: what it has, and the section in which it takes lines.
struct Device<'a> {
    text: &'a ConfigText,
    style: &'a Style,
    root: Vec<Section>,
    path: Vec<String>,
    /// Within a section that is one text, the lines so far.
    within: bool,
}

impl Device<'_> {
    fn place(&mut self) -> &mut Vec<Section> {
        let mut place = &mut self.root;
        for outer in &self.path {
            let at = place.iter().position(|section| section.line == *outer).expect("an open section is there");
            place = &mut place[at].children;
        }
        place
    }

    /// Returns how deep a line of the style stands; `None` where it may stand anywhere.
    fn depth_of(&self, line: &str) -> Option<usize> {
        self.style.sections.iter().position(|template| line.starts_with(template.split('N').next().unwrap_or_default()))
    }

    fn take(&mut self, line: &str) -> Result<(), String> {
        let ends = self.text.leave_as.iter().find(|(head, _)| self.path.last().is_some_and(|last| head.is_match(last)));
        let leave = match (ends, self.text.leave.is_empty()) {
            (Some((_, end)), _) => end.as_str(),
            (None, true) => "exit",
            (None, false) => self.text.leave.as_str(),
        };
        if line == leave {
            self.within = false;
            return self.path.pop().map(drop).ok_or_else(|| format!("`{line}` where nothing is open"));
        }
        if self.within {
            self.place().push(Section::of(line));
            return Ok(());
        }
        if ends.is_some() && self.depth_of(line).is_none_or(|depth| depth < self.path.len()) && self.text.quotes_lines {
            let is_known = line.starts_with("set ") || line.starts_with("unset ") || line.starts_with("delete ");
            return is_known
                .then_some(())
                .ok_or_else(|| format!("`{line}` in `{:?}`", self.path))
                .and_then(|()| self.line(line));
        }
        self.line(line)
    }

    fn line(&mut self, line: &str) -> Result<(), String> {
        if let Some(depth) = self.depth_of(line) {
            // The line of another section leads out of the one that is open, where that needs no end.
            if depth > self.path.len() {
                return Err(format!("`{line}` is not known in {:?}", self.path));
            }
            self.path.truncate(depth);
        } else if self
            .style
            .texts
            .iter()
            .any(|(head, lines)| !lines.is_empty() && line.starts_with(head.split('N').next().unwrap_or_default()))
        {
            self.path.clear();
        }
        if let Some(goes) = self.undone(line) {
            let place = self.place();
            let before = place.len();
            place.retain(|section| !goes(&section.line));
            return (place.len() < before).then_some(()).ok_or_else(|| format!("`{line}` undoes nothing"));
        }
        let is_text = is_whole(line, self.text);
        let within = self.path.last().cloned();
        let single = self.text.place(line, within.as_deref());
        let opens =
            self.depth_of(line).is_some()
                || is_text
                || self.style.texts.iter().any(|(head, lines)| {
                    !lines.is_empty() && line.starts_with(head.split('N').next().unwrap_or_default())
                });
        let opens = opens && self.text.style == ConfigStyle::Indent;
        let text = self.text;
        let place = self.place();
        let there = place.iter().position(|section| said(&section.line) == said(line));
        match (there, single) {
            (Some(at), _) if is_text => place[at].children.clear(),
            (Some(_), _) => {}
            (None, Some(single)) => {
                match place
                    .iter_mut()
                    .find(|section| text.place(&section.line, within.as_deref()).as_ref() == Some(&single))
                {
                    Some(old) => old.line = line.to_owned(),
                    None => place.push(Section::of(line)),
                }
            }
            (None, None) => place.push(Section::of(line)),
        }
        if opens {
            let own =
                place.iter().find(|section| said(&section.line) == said(line)).map(|section| section.line.clone());
            self.path.extend(own);
            self.within = is_text;
        }
        Ok(())
    }

    /// Returns which lines a line undoes; `None` when it is none that does.
    fn undone(&self, line: &str) -> Option<Undoes> {
        let negate = self.text.negate.as_str();
        let exact = |what: String| -> Undoes { Box::new(move |other| said(other) == said(&what)) };
        let starts = |what: String| -> Undoes {
            Box::new(move |other| said(other) == said(&what) || said(other).starts_with(&format!("{} ", said(&what))))
        };
        if self.text.quotes_lines {
            let words: Vec<&str> = line.splitn(2, ' ').collect();
            return match words.as_slice() {
                ["unset", what] => Some(starts(format!("set {what}"))),
                ["delete", what] => Some(exact(format!("edit {what}"))),
                _ => None,
            };
        }
        if let Some(kind) = line.strip_prefix("no banner ") {
            let kind = format!("banner {kind}");
            return Some(Box::new(move |other| other.starts_with(&kind)));
        }
        match line.strip_prefix(negate) {
            Some(what) if self.text.style == ConfigStyle::Set => Some(starts(format!("{}{what}", self.text.set))),
            // `no gamma` is a line of the style; it is undone by `gamma`.
            Some(what) if !what.starts_with("gamma") => Some(starts(what.to_owned())),
            None if line.starts_with("gamma") => Some(exact(format!("{negate}{line}"))),
            _ => None,
        }
    }
}

/// Orders sections so that two configurations can be told apart by what they have.
fn sorted(sections: &[Section], text: &ConfigText) -> Vec<(String, Vec<String>)> {
    fn lines(sections: &[Section], path: &str, text: &ConfigText, out: &mut Vec<(String, Vec<String>)>) {
        for section in sections {
            let line = format!("{path} / {}", said(&section.line));
            if is_whole(&section.line, text) {
                out.push((line, section.children.iter().map(|child| said(&child.line)).collect()));
            } else {
                lines(&section.children, &line, text, out);
                out.push((line, Vec::new()));
            }
        }
    }
    let mut out = Vec::new();
    lines(sections, "", text, &mut out);
    out.sort();
    out
}

fn check(style: &Style, wanted: &[(u8, u8, u8)], running: &[(u8, u8, u8)]) -> Result<(), TestCaseError> {
    let text = &platform::find(style.platform).expect("it is a platform").text;
    let (wanted, running) = (configuration(style, wanted), configuration(style, running));
    for replaces in [true, false] {
        let difference = |running: &[Section]| match replaces {
            true => remedy(&wanted, running, text),
            false => missing(&wanted, running, text),
        };
        let lines = to_send(&difference(&running), text, None);
        let mut device = Device { text, style, root: running.clone(), path: Vec::new(), within: false };
        for line in &lines {
            device.take(line).map_err(|why| {
                TestCaseError::fail(format!("{}: {why}\n{lines:#?}\non\n{}", style.platform, print(&running)))
            })?;
        }
        let after = device.root;
        if replaces {
            // Sections that cannot go stay, empty, and what is never undone stays whole.
            let stays = |line: &str| text.permanent.iter().chain(&text.keep).any(|stays| stays.is_match(line));
            let bare = |sections: &[Section]| -> Vec<_> {
                let is_bare = |line: &str| {
                    let mut parts = line[3..].split(" / ");
                    let (first, last) = (parts.next().unwrap_or_default(), parts.last());
                    !text.keep.iter().any(|keep| keep.is_match(first)) && !stays(last.unwrap_or(first))
                };
                sorted(sections, text).into_iter().filter(|(line, _)| is_bare(line)).collect()
            };
            prop_assert_eq!(bare(&after), bare(&wanted), "{}: {:#?}", style.platform, lines);
        }
        // A second run, on what the device shows.
        let shown = parse(&print(&after), text);
        let again = to_send(&difference(&shown), text, None);
        prop_assert_eq!(again, Vec::<String>::new(), "{}: a second run after {:#?}", style.platform, lines);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
    #[test]
    fn lines_computed_lead_to_what_is_wanted_and_a_second_run_sends_none(
        wanted in proptest::collection::vec(any::<(u8, u8, u8)>(), 1..12),
        running in proptest::collection::vec(any::<(u8, u8, u8)>(), 0..12),
    ) {
        for style in STYLES {
            check(style, &wanted, &running)?;
        }
    }
}
