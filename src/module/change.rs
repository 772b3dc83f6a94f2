use super::Boxed;
use super::action::{Action, Output};
use crate::failure::Failure;
use crate::value::{Map, Value};
use crate::vars::Vars;
use std::sync::Arc;

/// What a module wants done, worked out by reading only. The executor acts on it, or, in check mode, does not.
pub struct Change {
    /// What is sent, in order. The first failure of a transport ends it.
    pub actions: Vec<Action>,
    /// Result fields that are known before acting. They are the result when actions are withheld.
    pub result: Map,
    /// Whether something changes, if all goes well; `finish` may know better.
    pub changed: bool,
    /// What differs, for `--diff`.
    pub diff: Vec<TextDiff>,
    /// What check mode says when the actions are withheld.
    pub withheld: Withheld,
    /// In check mode the host is not even connected to, as in Ansible (`raw`).
    pub unseen: bool,
    /// Says what else is to be done, once the outputs of `actions` are known (writing an answer's body to a file).
    pub then: Option<Then>,
    /// Makes the result of what came back.
    pub finish: Option<Finish>,
    /// In place of `actions`, `then` and `finish`: acts step by step, where each depends on the answer before it.
    pub dialogue: Option<Dialogue>,
    /// Variables that the host gets.
    pub facts: Map,
    /// Where they are kept.
    pub keep: KeepFacts,
    /// Variables that the host gets as an author wrote them, rendered when used (`include_vars`).
    pub vars: Vars,
    /// What changes in the run itself.
    pub run: Vec<RunChange>,
    /// Why the module itself says that there is nothing to do: the step counts as skipped.
    pub skipped: Option<String>,
    /// What the user should be told.
    pub warnings: Vec<String>,
}

/// Makes further actions of the outputs so far; their outputs follow those in what `finish` gets.
pub type Then = Box<dyn FnOnce(&[Output]) -> Result<Vec<Action>, Failure> + Send>;

/// Makes a result of the outputs, one per action in order.
pub type Finish = Box<dyn FnOnce(Vec<Output>, Map) -> Result<Finished, Failure> + Send>;

/// Acts until the work is done. It is a change: in check mode it does not begin.
pub type Dialogue = Box<dyn for<'a> FnOnce(&'a dyn Actor) -> Boxed<'a, Result<Finished, Failure>> + Send>;

/// Lets actions of a dialogue pass the gate.
pub trait Actor: Send + Sync {
    /// Performs one action.
    fn act(&self, action: Action) -> Boxed<'_, Result<Output, Failure>>;
}

/// The end of a step's work.
pub struct Finished {
    /// The result fields.
    pub result: Map,
    /// Whether something changed.
    pub changed: bool,
    /// Variables that the host gets.
    pub facts: Map,
    /// What the user should be told.
    pub warnings: Vec<String>,
}

impl Finished {
    /// Makes an end with these result fields.
    pub fn new(result: Map, changed: bool) -> Finished {
        Finished { result, changed, facts: Map::new(), warnings: Vec::new() }
    }
}

/// Where the facts of a change are kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum KeepFacts {
    /// As variables (`set_fact`).
    #[default]
    AsVariables,
    /// As facts (`ansible_facts`, the fact cache), which are below the variables of plays (`setup`).
    AsFacts,
    /// As both (`set_fact` with `cacheable`).
    AsBoth,
}

/// What check mode says of withheld actions.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub enum Withheld {
    /// The change is known: the step is reported as it would have come out.
    #[default]
    Predicted,
    /// Nobody can know (a command): the step is skipped with this reason, and its result is unknown.
    Skipped(&'static str),
}

/// A text that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextDiff {
    /// What the text before is of.
    pub before_header: String,
    /// What the text after is of.
    pub after_header: String,
    /// The text before.
    pub before: String,
    /// The text after.
    pub after: String,
}

/// What changes in the run itself.
#[derive(Clone, Debug)]
pub enum RunChange {
    /// `add_host`
    AddHost {
        /// The host.
        name: Arc<str>,
        /// Its groups.
        groups: Vec<Arc<str>>,
        /// Its variables.
        vars: Map,
    },
    /// `group_by`
    GroupBy {
        /// The group that the step's host joins.
        group: Arc<str>,
        /// The group's parents.
        parents: Vec<Arc<str>>,
    },
}

impl Change {
    /// Makes a change that sends nothing and has these result fields.
    pub fn nothing(result: Map) -> Change {
        Change {
            actions: Vec::new(),
            result,
            changed: false,
            diff: Vec::new(),
            withheld: Withheld::Predicted,
            unseen: false,
            then: None,
            finish: None,
            dialogue: None,
            facts: Map::new(),
            keep: KeepFacts::default(),
            vars: Vars::default(),
            run: Vec::new(),
            skipped: None,
            warnings: Vec::new(),
        }
    }

    /// Makes a change of one action, whose output `finish` turns into the result.
    pub fn act(
        action: Action,
        finish: impl FnOnce(Output, Map) -> Result<Finished, Failure> + Send + 'static,
    ) -> Change {
        let finish: Finish = Box::new(move |mut outputs, result| {
            let output = if outputs.is_empty() { Output::Done } else { outputs.remove(0) };
            finish(output, result)
        });
        Change { actions: vec![action], finish: Some(finish), ..Change::nothing(Map::new()) }
    }

    /// Makes a change that does nothing, because of `reason`; the step counts as skipped.
    pub fn skip(reason: impl Into<String>) -> Change {
        Change { skipped: Some(reason.into()), ..Change::nothing(Map::new()) }
    }

    /// Adds a result field that is known before acting.
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Change {
        self.result.insert(name, value);
        self
    }
}
