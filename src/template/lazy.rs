//! Variables as the engine sees them: looked up when a template names them, rendered when it uses them.
//!
//! What an author wrote becomes [`LazyList`] and [`LazyMap`], whose elements are rendered one by one, so that reading one
//! entry of a large dictionary costs one entry. What was rendered is remembered as long as the [`Core`] lives: one step.
//! A variable that uses itself is found by a stack of the names that are being rendered, kept per thread.

use super::convert::{Undefined, carry, from_key, to_engine, to_key};
use crate::failure::{Failure, FailureKind};
use crate::source::{SearchPath, SourceMap, Span};
use crate::value::{Key, Map, Moment};
use crate::vars::{Scope, Var};
use crate::yaml::{Kind, Mapping, Node, ScalarStyle, has_template};
use foldhash::fast::RandomState;
use minijinja::value::{Enumerator, Object, ObjectRepr, Value};
use std::cell::RefCell;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

/// How many variables may stand one behind the other. Arbitrary: above what Python's stack lets Ansible do.
const MAX_CHAIN: usize = 100;

/// The stack that rendering one variable may take, and by how much the stack grows where less is left: variables nest, and
/// so do the macros and blocks in each of them.
const STACK_BYTES: usize = 256 << 10;
const MORE_STACK_BYTES: usize = 2 << 20;

/// The name under which functions find the [`Core`]. No author can write it.
const HANDLE: &str = "\u{0}core";

/// What renders with one step's variables; shared by everything lazy that comes out of it.
pub(crate) struct Core {
    pub(crate) scope: Arc<dyn Scope>,
    pub(crate) files: SearchPath,
    pub(crate) sources: Arc<SourceMap>,
    /// Variables on top of the scope's.
    pub(crate) extra: Option<Arc<Map>>,
    memo: Mutex<HashMap<Arc<str>, Value, RandomState>>,
    hosts: Mutex<HashMap<Arc<str>, Arc<Core>>>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Core")
    }
}

thread_local! {
    /// What is being rendered, the outermost first.
    static RENDERING: RefCell<Vec<Entry>> = const { RefCell::new(Vec::new()) };
}

/// A text that is being rendered: whose it is, what it is called, and where it is written.
struct Entry {
    core: usize,
    text: Arc<str>,
    name: Arc<str>,
    span: Span,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Core {
    pub(crate) fn new(
        scope: Arc<dyn Scope>,
        files: SearchPath,
        sources: Arc<SourceMap>,
        extra: Option<Arc<Map>>,
    ) -> Arc<Core> {
        Arc::new(Core { scope, files, sources, extra, memo: Mutex::default(), hosts: Mutex::default() })
    }

    /// Forgets everything lazy: its values hold the core, and the core holds them.
    pub(crate) fn forget(&self) {
        let values = std::mem::take(&mut *lock(&self.memo));
        let hosts = std::mem::take(&mut *lock(&self.hosts));
        hosts.values().for_each(|core| core.forget());
        drop(values);
    }

    /// Returns the core that a template is being rendered with.
    pub(crate) fn of(state: &minijinja::State<'_, '_>) -> Option<Arc<Core>> {
        state.lookup(HANDLE)?.downcast_object::<Handle>().map(|handle| Arc::clone(&handle.0))
    }

    /// Returns a variable; `None` when there is none of that name. What fails comes back as a value that fails when it
    /// is used.
    pub(crate) fn variable(self: &Arc<Self>, name: &str) -> Option<Value> {
        if let Some(value) = self.extra.as_ref().and_then(|extra| extra.get(name)) {
            return Some(to_engine(value));
        }
        match name {
            "hostvars" => return Some(Value::from_object(HostVars(Arc::clone(self)))),
            "vars" => return Some(Value::from_object(Vars(Arc::clone(self)))),
            _ => {}
        }
        if let Some(value) = lock(&self.memo).get(name) {
            return Some(value.clone());
        }
        let value = match self.scope.var(name)? {
            Var::Data(value) => to_engine(&value),
            Var::Author(node) => self.value(name, &node),
        };
        lock(&self.memo).insert(name.into(), value.clone());
        Some(value)
    }

    /// Renders text of a variable, or of an element of one. `name` is what messages call it.
    fn rendered(self: &Arc<Self>, name: &str, text: &Arc<str>, node: &Node) -> Value {
        let me = Arc::as_ptr(self) as usize;
        let problem = RENDERING.with_borrow(|stack| {
            // The same text of the same host needs itself: whatever it is called, it has no end.
            let is_same = |entry: &Entry| entry.core == me && Arc::ptr_eq(&entry.text, text);
            if let Some(first) = stack.iter().position(is_same) {
                return Some(self.cycle(&stack[first..]));
            }
            (stack.len() >= MAX_CHAIN).then(|| {
                Failure::new(
                    FailureKind::Template,
                    format!("more than {MAX_CHAIN} variables use each other in a chain"),
                )
                .at(node.span)
            })
        });
        if let Some(failure) = problem {
            return Value::from(carry(failure));
        }
        let entry = Entry { core: me, text: Arc::clone(text), name: name.into(), span: node.span };
        RENDERING.with_borrow_mut(|stack| stack.push(entry));
        let _guard = Popped;
        match stacker::maybe_grow(STACK_BYTES, MORE_STACK_BYTES, || self.render(text, node)) {
            Ok(value) => value,
            Err(failure) => failed(failure),
        }
    }

    fn cycle(&self, stack: &[Entry]) -> Failure {
        let chain: Vec<&str> = stack.iter().chain(stack.first()).map(|entry| &*entry.name).collect();
        let places: Vec<String> =
            stack.iter().map(|entry| format!("`{}` at {}", entry.name, self.sources.place(entry.span))).collect();
        let failure = Failure::new(FailureKind::Template, format!("variable uses itself: {}", chain.join(" → ")))
            .help(format!("written here: {}", places.join(", ")));
        match stack.first() {
            Some(entry) => failure.at(entry.span),
            None => failure,
        }
    }

    /// Returns what an author wrote as a value; text is rendered, containers wait until they are used.
    pub(crate) fn value(self: &Arc<Self>, name: &str, node: &Node) -> Value {
        match &node.kind {
            Kind::Null => Value::from(()),
            Kind::Bool(b) => Value::from(*b),
            Kind::Int(n) => super::convert::from_int(*n),
            Kind::Float(f) => Value::from(*f),
            Kind::Unsafe(text) => Value::from(Arc::clone(text)),
            Kind::Str(text) if node.style == ScalarStyle::Moment => {
                Moment::read(text).map_or_else(|| Value::from(Arc::clone(text)), Moment::value)
            }
            Kind::Str(text) if !has_template(text) => Value::from(Arc::clone(text)),
            Kind::Str(text) => self.rendered(name, text, node),
            Kind::Vault(text) => match self.opened(text, node) {
                Ok(text) => Value::from(text),
                Err(failure) => Value::from(carry(failure)),
            },
            Kind::Seq(items) => Value::from_object(LazyList {
                core: Arc::clone(self),
                items: Arc::clone(items),
                memo: Mutex::default(),
            }),
            Kind::Map(map) => {
                Value::from_object(LazyMap { core: Arc::clone(self), map: Arc::clone(map), memo: Mutex::default() })
            }
        }
    }

    /// Returns what an encrypted value (`!vault`) holds. It is data: as in Ansible, nothing in it is rendered.
    pub(crate) fn opened(&self, text: &str, node: &Node) -> Result<Arc<str>, Failure> {
        self.sources.keyring().open_value(text).map_err(|error| {
            Failure::new(FailureKind::Template, format!("cannot use an encrypted value: {error}"))
                .at(node.span)
                .help(error.help())
        })
    }

    /// Returns what renders with another host's variables.
    pub(crate) fn host(self: &Arc<Self>, name: &str) -> Option<Arc<Core>> {
        if let Some(core) = lock(&self.hosts).get(name) {
            return Some(Arc::clone(core));
        }
        let scope = self.scope.host(name)?;
        let core = Core::new(scope, self.files.clone(), Arc::clone(&self.sources), None);
        lock(&self.hosts).insert(name.into(), Arc::clone(&core));
        Some(core)
    }
}

/// Returns a failure as a value: one that `default` and `is defined` see when something is undefined.
fn failed(failure: Failure) -> Value {
    match failure.kind {
        FailureKind::Undefined => Value::from_object(Undefined(failure)),
        _ => Value::from(carry(failure)),
    }
}

/// Takes the innermost variable off the stack, also when rendering panics.
struct Popped;

impl Drop for Popped {
    fn drop(&mut self) {
        RENDERING.with_borrow_mut(|stack| {
            stack.pop();
        });
    }
}

/// The core as a value, for [`Core::of`].
#[derive(Debug)]
struct Handle(Arc<Core>);

impl Object for Handle {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

/// All names, as the engine asks for them; lives for one rendering of one text.
#[derive(Debug)]
pub(crate) struct Root {
    core: Arc<Core>,
    /// Variables that the text may change in place, by name: its own copies.
    copies: Option<Mutex<HashMap<String, Value>>>,
    /// The text has other names for some variables (see [`super::scope`]).
    is_renamed: bool,
}

impl Root {
    pub(crate) fn value(core: &Arc<Core>, mutable: bool, is_renamed: bool) -> Value {
        Value::from_object(Root { core: Arc::clone(core), copies: mutable.then(Mutex::default), is_renamed })
    }
}

impl Object for Root {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        if name == HANDLE {
            return Some(Value::from_object(Handle(Arc::clone(&self.core))));
        }
        let name = if self.is_renamed { super::scope::variable(name)? } else { name };
        let Some(copies) = &self.copies else { return self.core.variable(name) };
        if let Some(copy) = lock(copies).get(name) {
            return Some(copy.clone());
        }
        let value = self.core.variable(name)?;
        match super::mutable::variable(&value) {
            Ok(copy) => {
                lock(copies).insert(name.to_owned(), copy.clone());
                Some(copy)
            }
            Err(error) => Some(Value::from(error)),
        }
    }
}

/// A sequence that an author wrote.
#[derive(Debug)]
pub(crate) struct LazyList {
    core: Arc<Core>,
    items: Arc<Vec<Node>>,
    memo: Mutex<HashMap<usize, Value>>,
}

impl Object for LazyList {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Seq
    }

    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        let at = key.as_usize()?;
        let node = self.items.get(at)?;
        Some(remembered(&self.core, &self.memo, &at, &format!("[{at}]"), node))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let is_omitted = |value: &Value| value.downcast_object_ref::<super::convert::OmitObject>().is_some();
        let may_omit = self.items.iter().any(|node| matches!(&node.kind, Kind::Str(text) if text.contains("omit")));
        if !may_omit {
            return Enumerator::Seq(self.items.len());
        }
        let items = (0..self.items.len()).filter_map(|at| self.get_value(&Value::from(at)));
        Enumerator::Values(items.filter(|item| !is_omitted(item)).collect())
    }
}

/// A mapping that an author wrote.
#[derive(Debug)]
pub(crate) struct LazyMap {
    core: Arc<Core>,
    map: Arc<Mapping>,
    memo: Mutex<HashMap<Key, Value>>,
}

impl Object for LazyMap {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        if let Some(name) = key.as_str() {
            return self.get_value_by_str(name);
        }
        let key = to_key(key).ok()?;
        let node = self.map.iter().find(|(other, _, _)| **other == key).map(|(_, _, node)| node)?;
        self.entry(key, node)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        let node = self.map.get(name)?;
        match &node.kind {
            // Nothing to render, nothing to remember.
            Kind::Str(text) if has_template(text) => self.entry(Key::from(name), node),
            Kind::Seq(_) | Kind::Map(_) => self.entry(Key::from(name), node),
            _ => Some(self.core.value(name, node)),
        }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let mut keys = Vec::with_capacity(self.map.len());
        for (key, _, node) in self.map.iter() {
            let may_omit = matches!(&node.kind, Kind::Str(text) if text.contains("omit"));
            if may_omit && self.entry(key.clone(), node).is_none() {
                continue;
            }
            keys.push(from_key(key));
        }
        Enumerator::Values(keys)
    }
}

impl LazyMap {
    /// Returns an entry; an omitted one is not there.
    fn entry(&self, key: Key, node: &Node) -> Option<Value> {
        let value = remembered(&self.core, &self.memo, &key, &format!(".{key}"), node);
        if value.downcast_object_ref::<super::convert::OmitObject>().is_some() {
            return None;
        }
        Some(value)
    }
}

fn remembered<K: Clone + Eq + std::hash::Hash>(
    core: &Arc<Core>,
    memo: &Mutex<HashMap<K, Value>>,
    key: &K,
    name: &str,
    node: &Node,
) -> Value {
    if let Some(value) = lock(memo).get(key) {
        return value.clone();
    }
    let value = core.value(name, node);
    lock(memo).insert(key.clone(), value.clone());
    value
}

/// `hostvars`: the variables of every host.
#[derive(Debug)]
struct HostVars(Arc<Core>);

impl Object for HostVars {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        self.0.host(name).map(|core| Value::from_object(Vars(core)))
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        Enumerator::Values(self.0.scope.hosts().into_iter().map(Value::from).collect())
    }
}

/// `vars`, and each entry of `hostvars`: the variables of one host.
#[derive(Debug)]
struct Vars(Arc<Core>);

impl Object for Vars {
    fn get_value(self: &Arc<Self>, key: &Value) -> Option<Value> {
        self.get_value_by_str(key.as_str()?)
    }

    fn get_value_by_str(self: &Arc<Self>, name: &str) -> Option<Value> {
        // `vars.vars` and `hostvars.h.hostvars` would have no end.
        if matches!(name, "vars" | "hostvars") { None } else { self.0.variable(name) }
    }

    fn enumerate(self: &Arc<Self>) -> Enumerator {
        let mut names: Vec<Arc<str>> = self.0.scope.names();
        names.extend(
            self.0.extra.iter().flat_map(|extra| extra.iter()).filter_map(|(key, _)| key.as_str().map(Arc::from)),
        );
        names.sort();
        names.dedup();
        names.retain(|name| !matches!(&**name, "vars" | "hostvars"));
        Enumerator::Values(names.into_iter().map(Value::from).collect())
    }
}
