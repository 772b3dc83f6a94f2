//! The gathering of facts before the tasks of a play.

use super::load::Loader;
use super::task::Place;
use super::{Inherited, Item, Level, Task};
use crate::source::{Diagnostics, Span};
use crate::template;
use crate::yaml::{Kind, Mapping, Node};
use std::sync::Arc;

/// How a play gathers facts.
#[derive(Clone, Debug, Default)]
pub struct Gather {
    /// `gather_facts` as written.
    pub said: Option<Node>,
    /// The task that gathers.
    pub task: Option<Arc<Task>>,
}

impl Gather {
    /// Claims that a task is the one that gathers for the play.
    pub fn is(&self, task: &Arc<Task>) -> bool {
        self.task.as_ref().is_some_and(|own| Arc::ptr_eq(own, task))
    }
}

/// Keywords of a play that are arguments of the task.
const ARGUMENTS: [&str; 3] = ["fact_path", "gather_subset", "gather_timeout"];

impl Loader {
    /// Makes the task that gathers facts for a play. Whether it runs is known when the settings of the run are.
    pub(super) fn gather(&self, map: &Mapping, span: Span, base: &Arc<Inherited>, found: &mut Diagnostics) -> Gather {
        let said = map.get("gather_facts").filter(|node| !node.is_null()).cloned();
        if let Some(node) = &said {
            template::check(node, &self.sources, found);
            if node.is_static() {
                super::words::boolean(node, "gather_facts", found);
            }
        }
        let text = |text: &str| Node::new(Kind::Str(text.into()), span);
        let mut args = Mapping::default();
        for name in ARGUMENTS {
            if let Some((key, node)) = map.entry(name).filter(|(_, node)| !node.is_null()) {
                args.insert(name.into(), key.clone(), node.clone());
            }
        }
        let mut task = Mapping::default();
        let mut put = |name: &str, node: Node| task.insert(name.into(), text(name), node);
        put("name", text("Gathering Facts"));
        put("gather_facts", Node::new(Kind::Map(Arc::new(args)), span));
        if base.tags.is_empty() {
            put("tags", text("always"));
        }
        let list = Node::new(Kind::Seq(vec![Node::new(Kind::Map(Arc::new(task)), span)].into()), span);
        let place = Place { inherited: base, level: Level::TASK, depth: 0 };
        let task = match self.items(&list, place, found).pop() {
            Some(Item::Task(task)) => Some(task),
            _ => None,
        };
        Gather { said, task }
    }
}
