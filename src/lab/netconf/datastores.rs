//! A server that keeps any XML: running, candidate and startup, with locks and confirmed commits.
//!
//! There is no model: an element whose first part is a leaf is known by that leaf where it has sisters, as entries of
//! lists are.

use super::{Came, Refusal, Server, bad_element, datastore};
use crate::xml::{Element, Node};
use std::collections::BTreeMap;
use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

const NAMES: [&str; 3] = ["running", "candidate", "startup"];

/// The datastores of a device.
#[derive(Default)]
pub(in crate::lab) struct Datastores {
    stores: BTreeMap<&'static str, Vec<Node>>,
    locks: BTreeMap<&'static str, Weak<u32>>,
    held: Option<Held>,
}

/// A commit that waits to be confirmed.
struct Held {
    until: Instant,
    before: Vec<Node>,
    /// Who confirms it: whoever knows the name, or else the session.
    persist: Option<String>,
    session: Weak<u32>,
}

impl Datastores {
    /// Makes datastores that all hold these elements.
    pub(in crate::lab) fn new(text: &str) -> Datastores {
        let root = Element::read(&format!("<config>{text}</config>")).map(|root| root.nodes).unwrap_or_default();
        let root: Vec<Node> = root.into_iter().filter(|node| matches!(node, Node::Element(_))).collect();
        Datastores { stores: NAMES.into_iter().map(|name| (name, root.clone())).collect(), ..Datastores::default() }
    }

    /// Ends a session: its locks are gone, and what nobody else may confirm is taken back.
    pub(super) fn leave(&mut self, life: &Arc<u32>) {
        let own = |weak: &Weak<u32>| weak.upgrade().is_some_and(|known| Arc::ptr_eq(&known, life));
        if self.locks.get("candidate").is_some_and(own) {
            self.discard();
        }
        self.locks.retain(|_, lock| !own(lock));
        if self.held.as_ref().is_some_and(|held| held.persist.is_none() && own(&held.session)) {
            self.revert();
        }
    }

    fn discard(&mut self) {
        let running = self.store("running").clone();
        self.stores.insert("candidate", running);
    }

    fn revert(&mut self) {
        if let Some(held) = self.held.take() {
            self.stores.insert("running", held.before);
            self.discard();
        }
    }

    /// Takes back what is overdue.
    pub(in crate::lab) fn look_at_the_clock(&mut self) {
        if self.held.as_ref().is_some_and(|held| held.until <= Instant::now()) {
            self.revert();
        }
    }

    fn store(&mut self, name: &'static str) -> &mut Vec<Node> {
        self.stores.entry(name).or_default()
    }

    /// Refuses what somebody else has locked.
    fn check_lock(&self, name: &str, life: &Arc<u32>) -> Result<(), Refusal> {
        match self.locks.get(name).and_then(Weak::upgrade) {
            Some(holder) if !Arc::ptr_eq(&holder, life) => Err(denied(&holder)),
            _ => Ok(()),
        }
    }
}

/// Refuses what somebody holds, and names the session.
fn denied(holder: &u32) -> Refusal {
    Refusal {
        info: format!("<session-id>{holder}</session-id>"),
        ..Refusal::new("lock-denied", "the datastore is locked already")
    }
}

fn known(name: &str) -> Result<&'static str, Refusal> {
    let found = NAMES.into_iter().find(|known| *known == name);
    found.ok_or_else(|| bad_element("unknown-element", format!("no datastore `{name}`"), name))
}

impl Server {
    pub(super) fn datastore(&mut self, operation: &Element) -> Came {
        let device = Arc::clone(&self.device);
        let mut state = device.state();
        let stores = &mut state.netconf;
        let ok = || Ok("<ok/>".to_owned());
        match operation.local() {
            name @ ("get" | "get-config") => {
                let source = if name == "get" { "running" } else { known(datastore(operation, "source")?)? };
                let filter = operation.child("filter");
                if filter.and_then(|filter| filter.attribute("type")).is_some_and(|kind| kind != "subtree") {
                    return Err(bad_element("bad-attribute", "only subtree filters are known", "filter"));
                }
                let nodes = stores.store(source).clone();
                let nodes = filter.map_or(nodes.clone(), |filter| filtered(&nodes, filter));
                Ok(Element { nodes, ..Element::new("data") }.to_string())
            }
            "lock" => {
                let target = known(datastore(operation, "target")?)?;
                // Whoever holds it may not lock it once more either (RFC 6241, section 7.5).
                if let Some(holder) = stores.locks.get(target).and_then(Weak::upgrade) {
                    return Err(denied(&holder));
                }
                stores.locks.insert(target, Arc::downgrade(&self.life));
                ok()
            }
            "unlock" => {
                let target = known(datastore(operation, "target")?)?;
                stores.check_lock(target, &self.life)?;
                match stores.locks.remove(target).and_then(|lock| lock.upgrade()) {
                    Some(_) => ok(),
                    None => Err(Refusal::new("operation-failed", "the datastore is not locked")),
                }
            }
            "edit-config" => {
                let target = known(datastore(operation, "target")?)?;
                stores.check_lock(target, &self.life)?;
                let default = operation.child("default-operation").map_or("merge".to_owned(), Element::text);
                let config = operation.child("config").ok_or_else(|| Refusal::new("missing-element", "no config"))?;
                let mut root = Element { nodes: stores.store(target).clone(), ..Element::new("config") };
                if default == "replace" {
                    root.nodes.clear();
                }
                edit(&mut root, config, &default)?;
                *stores.store(target) = root.nodes;
                ok()
            }
            "copy-config" => {
                let (target, source) =
                    (known(datastore(operation, "target")?)?, known(datastore(operation, "source")?)?);
                stores.check_lock(target, &self.life)?;
                let copied = stores.store(source).clone();
                stores.stores.insert(target, copied);
                ok()
            }
            "delete-config" => {
                let target = known(datastore(operation, "target")?)?;
                if target == "running" {
                    return Err(Refusal::new("operation-not-supported", "the running configuration stays"));
                }
                stores.stores.insert(target, Vec::new());
                ok()
            }
            "validate" => {
                known(datastore(operation, "source")?)?;
                ok()
            }
            "discard-changes" => {
                stores.check_lock("candidate", &self.life)?;
                stores.discard();
                ok()
            }
            "commit" => {
                stores.check_lock("running", &self.life)?;
                commit(stores, operation, &self.life)
            }
            "cancel-commit" => {
                is_own(stores.held.as_ref(), operation, &self.life)?;
                stores.revert();
                ok()
            }
            other => Err(bad_element("operation-not-supported", format!("no operation `{other}`"), other)),
        }
    }
}

fn is_own(held: Option<&Held>, operation: &Element, life: &Arc<u32>) -> Result<(), Refusal> {
    let persist = operation.child("persist-id").map(Element::text);
    match held {
        None if persist.is_some() => Err(Refusal::new("invalid-value", "no commit waits to be confirmed")),
        None => Ok(()),
        Some(held) => {
            let is_session = held.session.upgrade().is_some_and(|session| Arc::ptr_eq(&session, life));
            match persist == held.persist && (held.persist.is_some() || is_session) {
                true => Ok(()),
                false => Err(Refusal::new("in-use", "a commit of somebody else waits to be confirmed")),
            }
        }
    }
}

fn commit(stores: &mut Datastores, operation: &Element, life: &Arc<u32>) -> Came {
    is_own(stores.held.as_ref(), operation, life)?;
    if operation.child("confirmed").is_some() {
        let seconds = operation.child("confirm-timeout").map_or(Ok(600), |timeout| timeout.text().parse::<u64>());
        let seconds = seconds.map_err(|_| bad_element("invalid-value", "no number of seconds", "confirm-timeout"))?;
        let before = stores.held.take().map_or_else(|| stores.store("running").clone(), |held| held.before);
        stores.held = Some(Held {
            until: Instant::now() + Duration::from_secs(seconds),
            before,
            persist: operation.child("persist").map(Element::text),
            session: Arc::downgrade(life),
        });
    } else {
        stores.held = None;
    }
    let candidate = stores.store("candidate").clone();
    stores.stores.insert("running", candidate);
    Ok("<ok/>".to_owned())
}

/// Edits as the protocol says (RFC 6241, section 7.2).
fn edit(target: &mut Element, wanted: &Element, inherited: &str) -> Result<(), Refusal> {
    for part in wanted.children() {
        let operation = part.attribute("operation").unwrap_or(inherited).to_owned();
        let at = position(target, part, wanted);
        let bare = || Element { nodes: Vec::new(), attributes: plain_attributes(part), ..part.clone() };
        match (&*operation, at) {
            ("delete", None) => return Err(bad_element("data-missing", "it is not there", part.local())),
            ("create", Some(_)) => return Err(bad_element("data-exists", "it is there already", part.local())),
            ("delete" | "remove", Some(at)) => drop(target.nodes.remove(at)),
            ("remove", None) | ("none", None) => {}
            ("merge" | "none" | "replace" | "create", at) => {
                let at = at.unwrap_or_else(|| {
                    target.nodes.push(Node::Element(bare()));
                    target.nodes.len() - 1
                });
                if operation == "replace" {
                    target.nodes[at] = Node::Element(bare());
                }
                if let Node::Element(known) = &mut target.nodes[at] {
                    if part.children().next().is_some() {
                        edit(known, part, &operation)?;
                    } else if operation != "none" {
                        known.nodes.clone_from(&part.nodes);
                    }
                }
            }
            (other, _) => return Err(bad_element("bad-attribute", format!("no operation `{other}`"), part.local())),
        }
    }
    Ok(())
}

fn plain_attributes(element: &Element) -> Vec<(String, String)> {
    let attributes = element.attributes.iter().filter(|(name, _)| !name.ends_with("operation"));
    attributes.filter(|(name, _)| !name.starts_with("xmlns:")).cloned().collect()
}

fn position(target: &Element, part: &Element, wanted: &Element) -> Option<usize> {
    let sisters = |parent: &Element| parent.children().filter(|child| child.local() == part.local()).count();
    let is_many = sisters(target) > 1 || sisters(wanted) > 1;
    target.nodes.iter().position(|node| {
        let Node::Element(known) = node else { return false };
        if known.local() != part.local() {
            return false;
        }
        match part.children().next() {
            None => !is_many || known.text() == part.text(),
            Some(first) if first.children().next().is_some() => true,
            Some(first) if first.local() == "name" || is_many => {
                known.child(first.local()).is_some_and(|key| key.text() == first.text())
            }
            Some(_) => true,
        }
    })
}

/// Returns what a subtree filter leaves (RFC 6241, section 6).
fn filtered(nodes: &[Node], filter: &Element) -> Vec<Node> {
    let elements = nodes.iter().filter_map(|node| match node {
        Node::Element(element) => Some(element),
        Node::Text(_) => None,
    });
    elements.filter_map(|element| left(element, filter)).map(Node::Element).collect()
}

fn left(element: &Element, filter: &Element) -> Option<Element> {
    let wanted: Vec<&Element> = filter.children().filter(|wanted| wanted.local() == element.local()).collect();
    for wanted in wanted {
        let parts: Vec<&Element> = wanted.children().collect();
        if parts.is_empty() {
            let text = wanted.text();
            if text.is_empty() || text == element.text() {
                return Some(element.clone());
            }
            continue;
        }
        let matches: Vec<&Element> =
            parts.iter().copied().filter(|part| part.children().next().is_none() && !part.text().is_empty()).collect();
        let fits = matches
            .iter()
            .all(|part| element.children().any(|child| child.local() == part.local() && child.text() == part.text()));
        if !fits {
            continue;
        }
        if matches.len() == parts.len() {
            return Some(element.clone());
        }
        let nodes = filtered(&element.nodes, wanted);
        if !nodes.is_empty() {
            return Some(Element { nodes, ..element.clone() });
        }
    }
    None
}
