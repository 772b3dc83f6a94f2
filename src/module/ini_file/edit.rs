//! A text of sections and options, as an option in it is set or taken away.

/// How a text should be.
pub(super) struct Wanted<'a> {
    /// The section; `None` stands for what comes before the first one.
    pub(super) section: Option<&'a str>,
    /// Options that the section has, with one of these values (or any); among several of a name it is the one that is meant.
    pub(super) having: Vec<(String, Vec<String>)>,
    /// The option; without it, the section itself is meant.
    pub(super) option: Option<&'a str>,
    /// Its values, each once.
    pub(super) values: Vec<String>,
    pub(super) present: bool,
    /// The option has no other values than these.
    pub(super) exclusive: bool,
    /// `a=b`, not `a = b`.
    pub(super) tight: bool,
    /// A line that differs by blanks alone stays as it is.
    pub(super) ignore_blanks: bool,
    /// An option may stand without a value.
    pub(super) bare: bool,
    /// A line that is commented out may become the option.
    pub(super) revive: bool,
}

/// What became of a text.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Edited {
    /// The text as it should be; `None` when it is so already.
    pub(super) text: Option<String>,
    /// What is different, in words of Ansible.
    pub(super) said: &'static str,
}

/// An option as it stands in a line.
struct Entry<'a> {
    is_comment: bool,
    value: &'a str,
}

/// Reads a line as one of the option of that name.
fn entry<'a>(line: &'a str, option: &str) -> Option<Entry<'a>> {
    const BLANKS: [char; 2] = [' ', '\t'];
    let line = line.trim_end_matches('\n').trim_start_matches(BLANKS);
    let active = line.strip_prefix(['#', ';']);
    let rest = active.unwrap_or(line).trim_start_matches(BLANKS).strip_prefix(option)?.trim_start_matches(BLANKS);
    let value = match rest.strip_prefix('=') {
        Some(value) => value.trim_start_matches(BLANKS),
        None if rest.is_empty() => "",
        None => return None,
    };
    Some(Entry { is_comment: active.is_some(), value })
}

/// Claims that a line says nothing.
fn is_blank(line: &str) -> bool {
    let rest = line.trim_start_matches([' ', '\t']).trim_end_matches('\n');
    rest.is_empty() || rest.starts_with(['#', ';'])
}

impl Wanted<'_> {
    /// Returns what is to become of a text.
    pub(super) fn edit(mut self, text: &str) -> Edited {
        let text = text.trim_start_matches('\u{feff}').replace("\r\n", "\n").replace('\r', "\n");
        let mut lines: Vec<String> = text.split_inclusive('\n').map(str::to_owned).collect();
        let mut is_new = false;
        match lines.last_mut() {
            None => lines.push("\n".into()),
            Some(last) if !last.ends_with('\n') => {
                last.push('\n');
                is_new = true;
            }
            Some(_) => {}
        }
        let mut section = match self.section(&lines) {
            Some(range) => Section { lines: lines.splice(range.clone(), []).map(Line::of).collect(), at: range.start },
            None if !self.present => return Edited { text: is_new.then(|| lines.concat()), said: "OK" },
            None => {
                let said = self.add_section(&mut lines);
                return Edited { text: Some(lines.concat()), said };
            }
        };
        let said = if self.present { self.put(&mut section) } else { self.take(&mut section) };
        let at = section.at;
        lines.splice(at..at, section.lines.into_iter().map(|line| line.text));
        Edited { text: (is_new || said.is_some()).then(|| lines.concat()), said: said.unwrap_or("OK") }
    }

    /// Returns the lines of the section that is meant, its heading included.
    fn section(&self, lines: &[String]) -> Option<std::ops::Range<usize>> {
        let is_heading = |line: &String| line.starts_with('[');
        let end =
            |from: usize| lines.iter().skip(from).position(is_heading).map_or(lines.len(), |length| from + length);
        let has_all = |range: &std::ops::Range<usize>| {
            self.having.iter().all(|(option, values)| {
                let fits = |entry: Entry<'_>| values.is_empty() || values.iter().any(|value| value == entry.value);
                lines[range.clone()].iter().any(|line| entry(line, option).is_some_and(fits))
            })
        };
        let Some(name) = self.section else { return Some(0..end(0)).filter(has_all) };
        let is_named = |line: &String| {
            let inside = line.strip_prefix('[').and_then(|line| line.trim_start().strip_prefix(name.trim()));
            inside.is_some_and(|rest| rest.trim_start().starts_with(']'))
        };
        (0..lines.len()).filter(|at| is_named(&lines[*at])).map(|at| at..end(at + 1)).find(has_all)
    }

    fn assigned(&self, option: &str, value: &str) -> String {
        if self.tight { format!("{option}={value}\n") } else { format!("{option} = {value}\n") }
    }

    /// Writes a new section at the end of the text.
    fn add_section(&mut self, lines: &mut Vec<String>) -> &'static str {
        lines.extend(self.section.map(|name| format!("[{name}]\n")));
        for (option, values) in std::mem::take(&mut self.having) {
            match (self.option == Some(&*option), self.exclusive) {
                (true, true) => {}
                (true, false) => {
                    let more: Vec<String> = values.into_iter().filter(|value| !self.values.contains(value)).collect();
                    self.values.extend(more);
                }
                (false, _) if values.is_empty() && self.bare => lines.push(format!("{option}\n")),
                (false, _) => lines.extend(values.iter().map(|value| self.assigned(&option, value))),
            }
        }
        match self.option {
            Some(option) if !self.values.is_empty() => {
                lines.extend(self.values.iter().map(|value| self.assigned(option, value)));
            }
            Some(option) if self.bare => lines.push(format!("{option}\n")),
            _ => return "only section added",
        }
        "section and option added"
    }

    /// Gives the option its values; returns what is different.
    fn put(&mut self, section: &mut Section) -> Option<&'static str> {
        let option = self.option?;
        let mut said = None;
        let mut is_bare = false;
        for at in 0..section.lines.len() {
            let Some(value) = self.value_in(section, at, option) else { continue };
            if let Some(place) = self.values.iter().position(|wanted| *wanted == value) {
                is_bare |= value.is_empty() && self.bare;
                let line =
                    if value.is_empty() && self.bare { format!("{option}\n") } else { self.assigned(option, &value) };
                said = section.replace(at, option, line, self.ignore_blanks).or(said);
                self.values.remove(place);
            } else if self.values.is_empty() && self.bare {
                said = section.replace(at, option, format!("{option}\n"), self.ignore_blanks).or(said);
                is_bare = true;
                break;
            }
        }
        if self.exclusive && !self.bare {
            said = self.displace(section, option).or(said);
        }
        let mut missing: Vec<String> = self.values.iter().map(|value| self.assigned(option, value)).collect();
        if missing.is_empty() && self.bare && !is_bare {
            missing.push(format!("{option}\n"));
        }
        if missing.is_empty() {
            return said;
        }
        // Blank lines and comments at the end of a section stay there; before the first section there may be nothing else.
        let last = section.lines.iter().rposition(|line| !is_blank(&line.text)).map_or(0, |last| last + 1);
        section.lines.splice(last..last, missing.into_iter().map(Line::of));
        Some("option added")
    }

    /// Returns the value of the option in a line, if the line is one of it.
    fn value_in(&self, section: &Section, at: usize, option: &str) -> Option<String> {
        let found = entry(&section.lines[at].text, option)?;
        (self.revive || !found.is_comment).then(|| found.value.to_owned())
    }

    /// Lets values that are missing take the place of others, and takes the rest of these away.
    fn displace(&mut self, section: &mut Section, option: &str) -> Option<&'static str> {
        let mut said = None;
        let others: Vec<usize> = (0..section.lines.len())
            .filter(|at| !section.lines[*at].is_settled && self.value_in(section, *at, option).is_some())
            .collect();
        let taken = others.len().min(self.values.len());
        let values: Vec<String> = self.values.drain(..taken).collect();
        for (at, value) in others.iter().zip(values) {
            let line = self.assigned(option, &value);
            said = section.replace(*at, option, line, self.ignore_blanks).or(said);
        }
        for at in others.iter().skip(taken).rev() {
            section.lines.remove(*at);
            said = Some("option changed");
        }
        said
    }

    /// Takes the option away, or the section; returns what is different.
    fn take(&self, section: &mut Section) -> Option<&'static str> {
        let Some(option) = self.option else {
            section.lines.clear();
            return Some("section removed");
        };
        let before = section.lines.len();
        section.lines.retain(|line| match entry(&line.text, option).filter(|found| !found.is_comment) {
            Some(found) => !self.exclusive && !self.values.iter().any(|value| value == found.value),
            None => true,
        });
        (section.lines.len() != before).then_some("option changed")
    }
}

/// A section that is taken out of its text.
struct Section {
    /// Its heading, if it has one, and what comes below.
    lines: Vec<Line>,
    /// Where it stands.
    at: usize,
}

struct Line {
    text: String,
    /// It is as it should be.
    is_settled: bool,
}

impl Line {
    fn of(text: String) -> Line {
        Line { text, is_settled: false }
    }
}

impl Section {
    /// Lets a line be another one; returns what is different.
    fn replace(&mut self, at: usize, option: &str, text: String, ignore_blanks: bool) -> Option<&'static str> {
        let line = &mut self.lines[at];
        line.is_settled = true;
        let is_same = match entry(&line.text, option).filter(|found| ignore_blanks && !found.is_comment) {
            Some(found) => entry(&text, option).is_some_and(|new| new.value == found.value),
            None => line.text == text,
        };
        if is_same {
            return None;
        }
        line.text = text;
        Some("option changed")
    }
}
