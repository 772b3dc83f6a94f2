//! The ends of roles. Whether a role runs again on a host is known when its uses before are over there.

use super::Order;
use crate::effect::Effect;
use crate::graph::{Graph, Join, NodeId, Scope, SectionId, Until, Work};
use crate::playbook::{RoleKey, Task};
use std::sync::Arc;

impl Graph {
    /// Adds the end of a role. Nothing waits for it but what ends what is open, and tasks of the same role.
    pub(super) fn end_role(&mut self, role: RoleKey, section: SectionId, order: &mut Order) {
        let id = self.add(Work::Join(Join::RoleEnd(role)), section, Effect::Pure, Arc::default());
        let reason = self.after(id);
        if let Some((barrier, scope)) = order.barrier {
            self.edge(id, barrier, scope, Until::Settled, reason.clone());
        }
        for from in order.open.clone() {
            self.edge(id, from, Scope::Host, Until::Settled, reason.clone());
        }
        self.nodes[id.index()].settles_after = order.last;
        order.last = Some(id);
        order.open.push(id);
    }

    /// Claims that a node says whether the task's role is to run once more.
    pub(super) fn decides(&self, from: NodeId, task: &Task) -> bool {
        let Work::Join(Join::RoleEnd(key)) = self.node(from).work else { return false };
        task.role.as_ref().is_some_and(|role| !role.repeats && role.key == key)
    }
}
