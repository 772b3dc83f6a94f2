//! Which places say a variable, and which of them counts: the order of precedence, walked in one place for all who ask.

use super::world::{StepScope, read};
use crate::value::{Key, Value};
use crate::vars::{Layer, Origin, Var};
use crate::yaml::{Kind, Mapping, Node};
use std::ops::ControlFlow;
use std::sync::Arc;

/// Says whether those who ask have enough.
type Visit<'a> = &'a mut dyn FnMut(&Origin, &Var) -> ControlFlow<()>;

impl StepScope {
    /// Returns the variable that counts: the strongest, or all of them merged where settings say so.
    pub(super) fn lookup(&self, name: &str) -> Option<Var> {
        let mut found = None;
        let merges = self.world.merges_dictionaries();
        let _ = self.visit(name, &mut |_, var| {
            found = Some(match found.take() {
                None => var.clone(),
                Some(stronger) => merged(var, &stronger),
            });
            // Below something that is no dictionary nothing can be merged.
            if merges && found.as_ref().is_some_and(is_dictionary) {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        });
        found
    }

    /// Returns every place that says a variable, the strongest first, with what it says.
    pub fn chain(&self, name: &str) -> Vec<(Origin, Var)> {
        let mut chain: Vec<(Origin, Var)> = Vec::new();
        let _ = self.visit(name, &mut |origin, var| {
            // The task's own role is among those of the play as well.
            if !chain.iter().any(|(known, other)| known == origin && other == var) {
                chain.push((origin.clone(), var.clone()));
            }
            ControlFlow::Continue(())
        });
        chain
    }

    /// Shows what is said of a name, the strongest first, until `visit` has enough.
    fn visit(&self, name: &str, visit: Visit<'_>) -> ControlFlow<()> {
        let task = self.task.as_deref();
        let role = task.and_then(|task| task.role.as_deref());
        one(&self.world.extra, name, visit)?;
        // Parameters are above what the run sets; variables of blocks and tasks below.
        let vars = |visit: Visit<'_>, wanted: fn(&Origin) -> bool| {
            let layers = task.into_iter().flat_map(|task| task.vars.iter().rev());
            all(layers.filter(|layer| wanted(&layer.origin)), name, visit)
        };
        vars(visit, |origin| *origin == Origin::IncludeParams)?;
        all(role.and_then(|role| role.params.as_ref()), name, visit)?;
        // Those of the roles around it.
        let own = role.and_then(|role| role.params.as_ref());
        let of_roles = task.into_iter().flat_map(|task| task.vars.iter().rev());
        let of_roles = of_roles.filter(|layer| layer.origin == Origin::RoleParams);
        all(of_roles.filter(|layer| own.is_none_or(|own| !Arc::ptr_eq(own, layer))), name, visit)?;
        shelf(self.own.set.get(name), &Origin::SetFacts, visit)?;
        shelf(self.own.included.get(name), &Origin::IncludeVars, visit)?;
        vars(visit, |origin| matches!(origin, Origin::BlockVars | Origin::TaskVars))?;
        all(role.and_then(|role| role.vars.as_ref()), name, visit)?;
        self.visit_play(name, visit)?;
        shelf(self.own.facts.get(name).filter(|_| self.world.injects_facts()), &Origin::Facts, visit)?;
        all(self.layers.iter().rev(), name, visit)?;
        all(role.and_then(|role| role.defaults.as_ref()), name, visit)?;
        self.visit_roles(name, true, visit)
    }

    /// Roles' variables and the play's own.
    fn visit_play(&self, name: &str, visit: Visit<'_>) -> ControlFlow<()> {
        let Some(view) = self.play.as_deref() else { return ControlFlow::Continue(()) };
        self.visit_roles(name, false, visit)?;
        all(view.late_vars.get(&self.host).into_iter().flatten().rev(), name, visit)?;
        // Within one play the order of origins is the order of precedence; of two of one origin the later counts.
        let mut own: Vec<&Arc<Layer>> = view.play.vars.iter().filter(|layer| layer.vars.contains_key(name)).collect();
        own.sort_by(|a, b| a.origin.cmp(&b.origin));
        all(own.into_iter().rev(), name, visit)
    }

    /// What the roles of the play give to all its tasks: defaults, or variables; the last role first.
    fn visit_roles(&self, name: &str, defaults: bool, visit: Visit<'_>) -> ControlFlow<()> {
        let Some(view) = self.play.as_deref() else { return ControlFlow::Continue(()) };
        let wanted = |layer: &&Arc<Layer>| matches!(layer.origin, Origin::RoleDefaults(_)) == defaults;
        all(read(&view.exports).iter().rev().filter(wanted), name, visit)?;
        all(view.play.role_layers.iter().rev().filter(wanted), name, visit)
    }
}

fn one(layer: &Arc<Layer>, name: &str, visit: Visit<'_>) -> ControlFlow<()> {
    shelf(layer.vars.get(name), &layer.origin, visit)
}

fn all<'a>(layers: impl IntoIterator<Item = &'a Arc<Layer>>, name: &str, visit: Visit<'_>) -> ControlFlow<()> {
    layers.into_iter().try_for_each(|layer| one(layer, name, visit))
}

fn shelf(var: Option<&Var>, origin: &Origin, visit: Visit<'_>) -> ControlFlow<()> {
    var.map_or(ControlFlow::Continue(()), |var| visit(origin, var))
}

fn is_dictionary(var: &Var) -> bool {
    match var {
        Var::Author(node) => node.as_map().is_some(),
        Var::Data(value) => matches!(value, Value::Map(_)),
    }
}

/// Returns the stronger variable merged into the weaker (`hash_behaviour = merge`): dictionaries entry by entry, and
/// those inside them; everything else is replaced.
fn merged(weaker: &Var, stronger: &Var) -> Var {
    let (weak, strong) = match (weaker, stronger) {
        (Var::Author(weak), Var::Author(strong)) => (weak.clone(), strong.clone()),
        (Var::Data(weak), Var::Author(strong)) => (as_node(weak, strong), strong.clone()),
        (Var::Author(weak), Var::Data(strong)) => (weak.clone(), as_node(strong, weak)),
        (Var::Data(Value::Map(weak)), Var::Data(Value::Map(strong))) => {
            return Var::Data(merged_values(&Value::Map(Arc::clone(weak)), &Value::Map(Arc::clone(strong))));
        }
        (Var::Data(_), Var::Data(_)) => return stronger.clone(),
    };
    Var::Author(merged_nodes(&weak, &strong))
}

fn merged_nodes(weak: &Node, strong: &Node) -> Node {
    let (Some(below), Some(above)) = (weak.as_map(), strong.as_map()) else { return strong.clone() };
    let mut map = below.clone();
    for (key, key_node, value) in above.iter() {
        let below = below.iter().find(|(other, _, _)| *other == key).map(|(_, _, node)| node);
        let value = below.map_or_else(|| value.clone(), |below| merged_nodes(below, value));
        map.insert(key.clone(), key_node.clone(), value);
    }
    Node { kind: Kind::Map(Arc::new(map)), ..strong.clone() }
}

fn merged_values(weak: &Value, strong: &Value) -> Value {
    let (Value::Map(below), Value::Map(above)) = (weak, strong) else { return strong.clone() };
    let mut map = (**below).clone();
    for (key, value) in above.iter() {
        let value = below
            .iter()
            .find(|(other, _)| *other == key)
            .map_or_else(|| value.clone(), |(_, b)| merged_values(b, value));
        map.insert(key.clone(), value);
    }
    Value::from(map)
}

/// Returns data as a node that stands where `place` does and is never rendered.
pub(in crate::executor) fn as_node(value: &Value, place: &Node) -> Node {
    let kind = match value {
        Value::Null | Value::Omit => Kind::Null,
        Value::Bool(flag) => Kind::Bool(*flag),
        Value::Int(n) => Kind::Int(*n),
        Value::Float(f) => Kind::Float(*f),
        Value::List(items) => Kind::Seq(Arc::new(items.iter().map(|item| as_node(item, place)).collect())),
        Value::Map(map) => {
            let mut mapping = Mapping::default();
            for (key, item) in map.iter() {
                let name = Node::new(Kind::Unsafe(key_text(key)), place.span);
                mapping.insert(key.clone(), name, as_node(item, place));
            }
            Kind::Map(Arc::new(mapping))
        }
        other => Kind::Unsafe(other.to_text().into()),
    };
    Node::new(kind, place.span)
}

fn key_text(key: &Key) -> Arc<str> {
    key.to_string().into()
}
