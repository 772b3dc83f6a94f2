//! Devices of vendors whose command lines have much in common: a configuration of sections or of whole lines, changed at
//! once or as a candidate, kept only when it is confirmed.
//!
//! [`Vendor`] is the session; what is the vendor's own stands in a file of its own: [`Words`], and the commands that
//! confirm, check and take back.

mod aoscx;
mod comware;
mod fortios;
mod iosxr;
mod routeros;
mod sros;
mod vrp;
mod vyos;

pub(super) use routeros::SAFE_MODE;

use super::device::{Device, Said, State};
use super::file::Model;
use super::tree::Tree;
use similar::TextDiff;
use std::sync::Arc;

/// What is said in a vendor's own words.
struct Words {
    /// What leads into the configuration.
    enter: &'static [&'static str],
    /// What leads out of it from wherever one is.
    end: &'static [&'static str],
    /// What leaves one section.
    up: &'static [&'static str],
    /// What undoes a line when it stands before it.
    negate: &'static str,
    /// What begins a line that sets something, where lines are whole commands.
    set: Option<&'static str>,
    /// Values are shown in single quotes; what is typed may have them or not.
    quotes: bool,
    /// First words of lines that open a section, and whether it stands at the top.
    sections: &'static [(&'static str, bool)],
    /// First words of lines that are understood; all when empty.
    first: &'static [&'static str],
    /// What shows the running configuration, the startup configuration, and saves the one as the other.
    running: &'static str,
    startup: &'static str,
    save: &'static str,
    /// Commands that prepare the terminal.
    setup: &'static [&'static str],
    version: (&'static str, &'static str),
    /// Lines wait in a candidate.
    has_candidate: bool,
    /// A candidate is what runs with a session's own lines: what others commit in the meantime is in it.
    merges: bool,
    /// The line that gives the device its name, up to the name.
    name: &'static str,
    prompt: fn(&Vendor, &str) -> String,
    /// The vendor's own commands, before all others.
    command: fn(&mut Vendor, &str) -> Option<Said>,
    /// The error text for a line that is not understood.
    invalid: fn(&str) -> String,
}

/// What the next line answers.
enum Ask {
    /// Leave the configuration and lose what waits?
    Leave,
    /// Commit although others have?
    Anyway(String),
    /// Something of the vendor's own: the command that is performed when it is answered with yes.
    Proceed(String),
}

/// What a session did to its candidate.
enum Edit {
    Set(String),
    Remove(String),
    /// It was replaced as a whole.
    Load(Tree),
}

/// A session.
pub(super) struct Vendor {
    device: Arc<Device>,
    words: &'static Words,
    is_configuring: bool,
    /// The sections that are open.
    path: Vec<String>,
    /// What waits to be committed, and how many commits there had been when it was begun.
    candidate: Option<(Tree, u64)>,
    /// The session's own lines in it, where others' are merged.
    edits: Vec<Edit>,
    ask: Option<Ask>,
    /// A change that lasts as long as this session.
    holds: bool,
    /// The exclusive right to configure.
    lock: Option<Arc<()>>,
}

impl Drop for Vendor {
    fn drop(&mut self) {
        if self.holds {
            self.device.state().revert();
        }
    }
}

/// Returns the words of a model; `None` for one that is not simulated here.
fn words(model: Model) -> Option<&'static Words> {
    Some(match model {
        Model::CiscoIosxr => &iosxr::WORDS,
        Model::Vyos => &vyos::WORDS,
        Model::NokiaSros => &sros::WORDS,
        Model::HuaweiVrpv8 => &vrp::WORDS,
        Model::ArubaAoscx => &aoscx::WORDS,
        Model::HpComware => &comware::WORDS,
        Model::FortinetFortios => &fortios::WORDS,
        Model::MikrotikRouteros => &routeros::WORDS,
        Model::CiscoIos | Model::AristaEos | Model::JuniperJunos | Model::Frr | Model::Linux | Model::Netconf => {
            return None;
        }
    })
}

/// Claims that a model is simulated here.
pub(super) fn is_one(model: Model) -> bool {
    words(model).is_some()
}

/// Returns the configuration that a device of a model begins with.
pub(super) fn first_configuration(model: Model, text: &str, name: &str) -> Tree {
    let Some(words) = words(model) else { return Tree::parse(text) };
    let mut tree = match words.set {
        None => Tree::parse(&text.lines().filter(|line| line.trim() != "next").collect::<Vec<_>>().join("\n")),
        Some(set) => {
            let mut tree = Tree::default();
            let lines = text.lines().filter_map(|line| line.trim().strip_prefix(set));
            lines.for_each(|line| tree.insert(&[], line));
            tree
        }
    };
    if own_name(words, &tree).is_none() {
        let (parents, line) = match words.name.rsplit_once('\n') {
            Some((parent, line)) => (vec![parent.to_owned()], line),
            None => (Vec::new(), words.name),
        };
        let blank = if line.ends_with('=') { "" } else { " " };
        tree.insert(&parents, &format!("{line}{blank}{name}"));
    }
    tree
}

fn own_name<'a>(words: &Words, tree: &'a Tree) -> Option<&'a str> {
    match words.name.rsplit_once('\n') {
        Some((parent, line)) => tree.under(parent)?.value(line),
        None => tree.value(words.name),
    }
}

fn difference(before: &Tree, after: &Tree) -> String {
    let (before, after) = (before.render(1, &[]).join("\n"), after.render(1, &[]).join("\n"));
    let changed = TextDiff::from_lines(&before, &after).unified_diff().to_string();
    changed.trim_end().to_owned()
}

impl Vendor {
    pub(super) fn new(device: Arc<Device>) -> Option<Vendor> {
        let words = words(device.spec.platform)?;
        Some(Vendor {
            device,
            words,
            is_configuring: false,
            path: Vec::new(),
            candidate: None,
            edits: Vec::new(),
            ask: None,
            holds: false,
            lock: None,
        })
    }

    pub(super) fn prompt(&self) -> String {
        let state = self.device.state();
        let name = own_name(self.words, &state.running).unwrap_or(self.device.name()).trim_matches('"').to_owned();
        drop(state);
        (self.words.prompt)(self, &name)
    }

    pub(super) fn run(&mut self, line: &str) -> Said {
        let words = self.words;
        if line.is_empty() || line.starts_with(['!', '#']) {
            return Said::default();
        }
        self.merge();
        if let Some(said) = (words.command)(self, line) {
            return said;
        }
        if words.setup.iter().any(|setup| line.starts_with(setup)) {
            return Said::default();
        }
        if line == words.running || line == words.startup {
            let state = self.device.state();
            let tree = if line == words.running { &state.running } else { &state.startup };
            return Said::text(self.shown(tree));
        }
        if line == words.save {
            let mut state = self.device.state();
            state.startup = state.running.clone();
            return Said::text("");
        }
        if line == words.version.0 {
            return Said::text(words.version.1);
        }
        match self.is_configuring || words.enter.is_empty() {
            true => self.configure(line),
            false => self.operate(line),
        }
    }

    fn operate(&mut self, line: &str) -> Said {
        if self.words.enter.contains(&line) {
            return self.enter();
        }
        if self.words.up.contains(&line) || matches!(line, "exit" | "quit" | "logout") {
            return Said::end();
        }
        Said::text((self.words.invalid)(line))
    }

    fn enter(&mut self) -> Said {
        self.is_configuring = true;
        if self.words.has_candidate {
            let state = self.device.state();
            self.candidate = Some((state.running.clone(), state.commits));
        }
        Said::default()
    }

    fn leave(&mut self) -> Said {
        self.is_configuring = false;
        self.path.clear();
        self.candidate = None;
        self.edits.clear();
        self.lock = None;
        Said::default()
    }

    /// Claims that something waits to be committed.
    fn has_changes(&self) -> bool {
        self.candidate.as_ref().is_some_and(|(candidate, _)| *candidate != self.device.state().running)
    }

    fn configure(&mut self, line: &str) -> Said {
        let words = self.words;
        if words.end.contains(&line) {
            return self.leave();
        }
        if words.up.contains(&line) {
            return match self.path.pop() {
                Some(_) => Said::default(),
                None if words.enter.is_empty() => Said::end(),
                None => self.leave(),
            };
        }
        let (wanted, removes) = match line.strip_prefix(words.negate).filter(|_| !words.negate.is_empty()) {
            Some(rest) => (rest, true),
            None => (line, false),
        };
        let wanted = match words.set {
            Some(set) if !removes => match wanted.strip_prefix(set) {
                Some(rest) => rest,
                None => return Said::text((words.invalid)(line)),
            },
            _ => wanted,
        };
        let wanted = if words.quotes { &wanted.replace('\'', "") } else { wanted };
        let first = wanted.split(' ').next().unwrap_or_default();
        if !words.first.is_empty() && !words.first.contains(&first) && !self.device.has_lines_of(first) {
            return Said::text((words.invalid)(line));
        }
        self.change(wanted, removes);
        Said::default()
    }

    /// Adds a line to what is edited, or removes it.
    fn change(&mut self, wanted: &str, removes: bool) {
        let section = self.words.sections.iter().find(|(first, _)| wanted.split(' ').next() == Some(first));
        if section.is_some_and(|(_, is_top)| *is_top) {
            self.path.clear();
        }
        let device = Arc::clone(&self.device);
        let mut state = device.state();
        let edited = match &mut self.candidate {
            Some((candidate, _)) => candidate,
            None => &mut state.running,
        };
        match removes {
            true => edited.remove(&self.path, wanted),
            false => edited.insert(&self.path, wanted),
        }
        if self.words.merges {
            let line = wanted.to_owned();
            self.edits.push(if removes { Edit::Remove(line) } else { Edit::Set(line) });
        }
        if section.is_some() && !removes {
            self.path.push(wanted.to_owned());
        }
    }

    fn shown(&self, tree: &Tree) -> String {
        match self.words.set {
            Some(set) => {
                let quoted = |line: &String| match line.rsplit_once(' ').filter(|_| self.words.quotes) {
                    Some((path, value)) => format!("{set}{path} '{value}'"),
                    None => format!("{set}{line}"),
                };
                tree.render(0, &[]).iter().map(quoted).collect::<Vec<_>>().join("\n")
            }
            None => tree.render(1, &["!"]).join("\n"),
        }
    }

    /// Returns what the candidate changes.
    fn compare(&self) -> String {
        match &self.candidate {
            Some((candidate, _)) => difference(&self.device.state().running, candidate),
            None => String::new(),
        }
    }

    /// Makes the candidate the running configuration, and holds it for so many of the device's seconds.
    fn commit(&mut self, seconds: Option<u64>) {
        let Some((candidate, seen)) = &mut self.candidate else { return };
        let mut state = self.device.state();
        if let Some(seconds) = seconds {
            state.hold(seconds / 60, self.device.minutes(1).mul_f64(seconds as f64 / 60.0));
        }
        state.running = candidate.clone();
        state.commits += 1;
        *seen = state.commits;
        self.edits.clear();
    }

    /// Brings the candidate up to what others have committed, where it is what runs with the session's own lines.
    fn merge(&mut self) {
        let Some((candidate, seen)) = self.candidate.as_mut().filter(|_| self.words.merges) else { return };
        let state = self.device.state();
        (*candidate, *seen) = (state.running.clone(), state.commits);
        for edit in &self.edits {
            match edit {
                Edit::Set(line) => candidate.insert(&[], line),
                Edit::Remove(line) => candidate.remove(&[], line),
                Edit::Load(tree) => *candidate = tree.clone(),
            }
        }
    }

    /// Holds what is there now for so many of the device's seconds: what is changed from here on is taken back then.
    fn hold(&self, state: &mut State, seconds: u64) {
        state.hold(seconds / 60, self.device.minutes(1).mul_f64(seconds as f64 / 60.0));
    }

    /// Throws the candidate away.
    fn discard(&mut self) {
        self.edits.clear();
        if let Some((candidate, seen)) = &mut self.candidate {
            let state = self.device.state();
            (*candidate, *seen) = (state.running.clone(), state.commits);
        }
    }

    /// Answers the question that stands there.
    pub(super) fn answer(&mut self, line: &str) -> Said {
        let is_yes = line.trim().to_lowercase().starts_with('y');
        match self.ask.take() {
            Some(Ask::Leave) => self.leave(),
            Some(Ask::Anyway(_)) if !is_yes => Said::default(),
            Some(Ask::Anyway(command) | Ask::Proceed(command)) => {
                let command = if is_yes { command } else { format!("{command} canceled") };
                (self.words.command)(self, &command).unwrap_or_default()
            }
            None => Said::default(),
        }
    }

    fn ask(&mut self, ask: Ask, question: &str) -> Said {
        self.ask = Some(ask);
        Said::ask(question, true)
    }
}
