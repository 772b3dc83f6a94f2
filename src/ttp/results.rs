//! The matches in the order of the text, put together to groups.

use super::judge::{Judged, judge};
use super::line::Action;
use super::search::{Found, Hit};
use super::tree::{Branch, Fields, Step, at, save};
use super::{Group, Id};
use crate::value::{Map, Value};
use std::collections::{HashMap, HashSet};

/// Goes through the matches of all groups.
pub(super) fn gather(shown: &[(String, Vec<String>)], found: Vec<Found<'_>>, settings: Map) -> Fields {
    let mut gatherer = Gatherer {
        root: Branch::Map(Fields::new()),
        record: Record::default(),
        started: vec![],
        ended: HashSet::new(),
        parts: HashMap::new(),
        settings,
    };
    if found.iter().any(|hits| !hits.is_empty()) {
        gatherer.show(shown);
    }
    for hits in found {
        for hits in hits.into_values() {
            gatherer.take(hits);
        }
    }
    gatherer.close();
    match gatherer.root {
        Branch::Map(fields) => fields,
        _ => Fields::new(),
    }
}

/// The group that is being put together.
#[derive(Default)]
struct Record<'t> {
    group: Option<&'t Group>,
    fields: Fields,
    defaults: Map,
    path: Vec<String>,
    /// It goes on with one that was saved already.
    goes_on: bool,
}

struct Gatherer<'t> {
    root: Branch,
    record: Record<'t>,
    /// The groups that are open, the outermost first.
    started: Vec<Id>,
    ended: HashSet<Id>,
    /// What variables in paths were last.
    parts: HashMap<String, String>,
    settings: Map,
}

impl<'t> Gatherer<'t> {
    /// Puts the variables into the result that are to be shown there.
    fn show(&mut self, shown: &[(String, Vec<String>)]) {
        let mut shown: Vec<_> = shown.iter().collect();
        shown.sort();
        for (path, names) in shown {
            let value = |name: &String| Some((name.clone(), Branch::of(self.settings.get(name)?)));
            let fields: Fields = names.iter().filter_map(value).collect();
            let steps: Vec<String> = path.split('.').map(|step| step.trim().to_owned()).collect();
            if let Some(path) = self.filled(&steps, &mut Fields::new()) {
                save(&mut self.root, &path, Branch::Map(fields), false);
            }
        }
    }

    /// Takes the matches that begin at one place: the best of them counts.
    fn take(&mut self, mut hits: Vec<Hit<'t>>) {
        let Some(at) = self.choose(&hits) else { return };
        let hit = hits.swap_remove(at);
        let group = hit.group;
        let Some(result) = hit.result else {
            self.ended.insert(group.id.clone());
            return;
        };
        if group.parent.as_ref().is_some_and(|parent| self.ended.contains(parent)) {
            return;
        }
        let starts = matches!(hit.action, Action::Start | Action::StartEmpty);
        if self.ended.contains(&group.id) {
            if !starts {
                return;
            }
            self.ended.remove(&group.id);
        }
        let fields: Fields = result.iter().map(|(key, value)| (key.to_string(), Branch::Leaf(value.clone()))).collect();
        match hit.action {
            Action::Start => self.start(group, fields, hit.is_any),
            Action::StartEmpty => self.start(group, Fields::new(), hit.is_any),
            Action::Add | Action::Join if self.record.path == group.path => match hit.action {
                Action::Join => {
                    self.join(fields, &hit.variables.iter().map(|one| (one.name.as_str(), joint(one))).collect())
                }
                _ => {
                    for (key, value) in fields {
                        self.record.fields.entry(key).or_insert(value);
                    }
                }
            },
            Action::Add | Action::Join if self.started.contains(&group.id) => {
                self.start(group, fields, hit.is_any);
                self.record.goes_on = true;
                self.record.defaults = Map::new();
            }
            Action::Add | Action::Join => {}
            Action::End => {
                let is_inner = self.record.path != group.path && self.started.last() == Some(&group.id);
                if !is_inner {
                    self.ended.insert(group.id.clone());
                }
            }
        }
    }

    /// Returns which of several matches at one place counts.
    fn choose(&self, hits: &[Hit<'t>]) -> Option<usize> {
        if hits.len() < 2 {
            return (!hits.is_empty()).then_some(0);
        }
        let of =
            |wanted: fn(&Hit<'t>) -> bool| -> Vec<usize> { (0..hits.len()).filter(|at| wanted(&hits[*at])).collect() };
        let kinds: [Vec<usize>; 4] = [
            of(|hit| !hit.is_any && hit.action == Action::StartEmpty),
            of(|hit| !hit.is_any && hit.action == Action::Start),
            of(|hit| !hit.is_any && !matches!(hit.action, Action::Start | Action::StartEmpty)),
            of(|hit| hit.is_any),
        ];
        let (kind, places) = kinds.iter().enumerate().find(|(_, places)| !places.is_empty())?;
        let is_current = |hit: &Hit<'t>| self.record.group.is_some_and(|group| group.id == hit.group.id);
        let counts = |at: &&usize| kind > 1 || hits[**at].result.as_ref().is_some_and(|result| !result.is_empty());
        let current = places.iter().filter(counts).find(|at| is_current(&hits[**at]));
        let next = || match kind {
            0 | 1 => places.iter().filter(counts).find(|at| {
                let group = hits[**at].group;
                let is_inside = self.record.group.is_some_and(|record| group.id.0.starts_with(&record.id.0));
                is_inside || group.parent.as_ref().is_some_and(|parent| self.started.contains(parent))
            }),
            2 => places.iter().find(|at| self.started.contains(&hits[**at].group.id)),
            _ => None,
        };
        current.or_else(next).or(places.last()).copied()
    }

    fn start(&mut self, group: &'t Group, fields: Fields, is_any: bool) {
        loop {
            match self.started.last() {
                None => {
                    self.started.push(group.id.clone());
                    break;
                }
                Some(last) if group.parent.as_ref() == Some(last) || is_any => {
                    self.started.push(group.id.clone());
                    break;
                }
                Some(_) => drop(self.started.pop()),
            }
        }
        self.close();
        let mut defaults = Map::new();
        for (name, value) in group.defaults.iter() {
            // A default that is the name of a variable is its value.
            let known = value.as_str().and_then(|name| self.settings.get(name)).cloned();
            defaults.insert(name.clone(), known.unwrap_or_else(|| value.clone()));
        }
        self.record = Record { group: Some(group), fields, defaults, path: group.path.clone(), goes_on: false };
    }

    fn join(&mut self, fields: Fields, joints: &HashMap<&str, String>) {
        let any = joints.values().find(|joint| *joint != "\n").cloned().unwrap_or("\n".into());
        for (key, value) in fields {
            let Some(there) = self.record.fields.get_mut(&key) else {
                self.record.fields.insert(key, value);
                continue;
            };
            let joined = match (there.clone().into_value(), value.into_value()) {
                (Value::Str(first), Value::Str(second)) => Value::from(format!("{first}{any}{second}")),
                (Value::List(first), Value::List(second)) => Value::from([&first[..], &second[..]].concat()),
                (Value::List(first), second) => Value::from([&first[..], &[second]].concat()),
                (first, second) => Value::list([first, second]),
            };
            *there = Branch::Leaf(joined);
        }
    }

    /// Ends the group that is being put together, and saves it where it belongs.
    fn close(&mut self) {
        let mut record = std::mem::take(&mut self.record);
        for (name, value) in record.defaults.iter() {
            record.fields.entry(name.to_string()).or_insert_with(|| Branch::of(value));
        }
        if record.goes_on {
            let path = self.filled(&record.path, &mut record.fields.clone());
            if let Some(there) = path.and_then(|path| at(&mut self.root, &path)) {
                let last = match there {
                    Branch::List(items) => items.last().cloned(),
                    other => Some(other.clone()),
                };
                if let Some(Branch::Map(mut fields)) = last {
                    fields.extend(record.fields);
                    record.fields = fields;
                }
            }
        }
        let mut result = Branch::Map(record.fields);
        for function in record.group.iter().flat_map(|group| &group.functions) {
            let Branch::Map(fields) = result else { break };
            match judge(function, fields, &record.defaults, &mut self.settings, &mut record.path) {
                Judged::Kept(kept) => result = kept,
                Judged::Dropped => return,
            }
        }
        let filled = match &mut result {
            Branch::Map(fields) => self.filled(&record.path, fields),
            _ => self.filled(&record.path, &mut Fields::new()),
        };
        if let Some(path) = filled.filter(|path: &Vec<Step>| !path.is_empty()) {
            save(&mut self.root, &path, result, record.goes_on);
        }
    }

    /// Fills variables into a path, out of the result, which loses them. `None` when one is not known.
    fn filled(&mut self, path: &[String], fields: &mut Fields) -> Option<Vec<Step>> {
        let mut made = Vec::with_capacity(path.len());
        for step in path {
            let mut name = step.trim_end_matches('*').to_owned();
            let stars = step.len() - name.len();
            while let Some(start) = name.find("{{") {
                let long = name[start..].find("}}")?;
                let variable = name[start + 2..start + long].trim().to_owned();
                let text = match fields.shift_remove(&variable) {
                    Some(value) => {
                        let text = value.into_value().to_text();
                        self.parts.insert(variable.clone(), text.clone());
                        text
                    }
                    None => match (self.parts.get(&variable), self.settings.get(&variable)) {
                        (Some(text), _) => text.clone(),
                        (None, Some(value)) => value.to_text(),
                        (None, None) => return None,
                    },
                };
                // What was found may itself look like a variable: it is text.
                name.replace_range(start..start + long + 2, &text.replace("{{", "{\u{0}{"));
            }
            made.push((name.replace("{\u{0}{", "{{"), stars));
        }
        Some(made)
    }
}

/// Returns what joins the matches of a variable.
fn joint(variable: &super::line::Variable) -> String {
    let joins = variable.functions.iter().find(|call| call.name == "joinmatches");
    joins.and_then(|call| call.text(0, "char")).unwrap_or("\n".into())
}
