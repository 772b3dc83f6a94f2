//! What may not overlap because of variables, on a host and from host to host.

use super::{Behind, Order};
use crate::graph::{Defines, Graph, NodeId, Reason, Scope, Until, data::may_be_fact};
use crate::playbook::Strategy;
use crate::template::Names;
use std::sync::Arc;

impl Graph {
    /// Takes note of what is open before a point that hosts pass together or each for itself.
    pub(super) fn leave_behind(&self, scope: Scope, order: &mut Order) {
        if scope == Scope::All {
            order.behind = Behind::default();
            return;
        }
        for from in order.open.clone() {
            self.note_behind(from, order);
        }
    }

    pub(super) fn note_behind(&self, id: NodeId, order: &mut Order) {
        let names = &self.node(id).names;
        if !names.defines.is_empty() {
            order.behind.define.push(id);
        }
        if names.uses.other_hosts {
            order.behind.look_across.push(id);
        }
    }

    /// Lets a node wait for what other hosts have yet to do, where variables go from host to host.
    pub(super) fn look_behind(&mut self, id: NodeId, order: &Order) {
        if self.strategy == Strategy::HostPinned {
            return;
        }
        let names = Arc::clone(&self.node(id).names);
        if names.uses.other_hosts {
            for from in &order.behind.define {
                self.edge(id, *from, Scope::All, Until::Settled, Reason::OtherHosts);
            }
        }
        if !names.defines.is_empty() {
            for from in &order.behind.look_across {
                self.edge(id, *from, Scope::All, Until::Ran, Reason::OtherHosts);
            }
        }
    }

    /// Returns why `later` cannot overlap with `earlier`, although both only read.
    pub(super) fn hazard(&self, earlier: NodeId, later: NodeId) -> Option<(Scope, Until, Reason)> {
        let (a, b) = (&self.node(earlier).names, &self.node(later).names);
        // Hosts that are not under way yet cannot be waited for by those that are.
        let all = if self.strategy == Strategy::HostPinned { Scope::Host } else { Scope::All };
        if b.uses.other_hosts && !a.defines.is_empty() {
            // A read that ran ahead may come to nothing on its host; what another host saw could not be taken back.
            return Some((all, Until::Settled, Reason::OtherHosts));
        }
        let ran = |scope, reason| Some((scope, Until::Ran, reason));
        if a.uses.other_hosts && !b.defines.is_empty() {
            return ran(all, Reason::OtherHosts);
        }
        if let Some(name) = meets(&a.defines, &b.uses) {
            return ran(Scope::Host, name.map_or(Reason::UsesAnything, Reason::Uses));
        }
        if let Some(name) = meets(&b.defines, &a.uses) {
            return ran(Scope::Host, name.map_or(Reason::UsesAnything, Reason::Sets));
        }
        let both = a.defines.names.intersection(&b.defines.names).next();
        if let Some(name) = both {
            return ran(Scope::Host, Reason::Sets(Arc::clone(name)));
        }
        let overwrites = (a.defines.facts && b.defines.sets_facts())
            || (b.defines.facts && a.defines.sets_facts())
            || (a.defines.everything && !b.defines.is_empty())
            || (b.defines.everything && !a.defines.is_empty());
        if overwrites { ran(Scope::Host, Reason::UsesAnything) } else { None }
    }
}

/// Returns a name that is defined and used; `Some(None)` when they meet without a name that is known.
fn meets(defines: &Defines, uses: &Names) -> Option<Option<Arc<str>>> {
    if let Some(name) = defines.names.intersection(&uses.own).next() {
        return Some(Some(Arc::clone(name)));
    }
    if defines.facts
        && let Some(name) = uses.own.iter().find(|name| may_be_fact(name))
    {
        return Some(Some(Arc::clone(name)));
    }
    let blind = (uses.everything && !defines.is_empty()) || (defines.everything && !uses.own.is_empty());
    blind.then_some(None)
}
