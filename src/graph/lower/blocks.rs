//! Blocks: their parts follow each other on a host; those of `parallel` have no order among themselves.

use super::{Behind, Lowering, Order, effect, is_barrier};
use crate::effect::Effect;
use crate::graph::{Graph, Join, NodeId, Part, Reason, Scope, SectionId, Until, Work};
use crate::playbook::{Block, Item};
use std::sync::Arc;

impl Graph {
    pub(super) fn lower_block(
        &mut self,
        block: &Arc<Block>,
        section: SectionId,
        order: &mut Order,
        how: &Lowering<'_>,
    ) {
        if block.rescue.is_empty() && block.always.is_empty() {
            // Such a block only groups: a failure in it is one of the section around it.
            return self.lower_items(&block.body, section, order, how);
        }
        let body = self.add_section(section, Part::Body);
        let rescue = (!block.rescue.is_empty()).then(|| self.add_section(section, Part::Rescue));
        let always = (!block.always.is_empty()).then(|| self.add_section(section, Part::Always));
        for part in [Some(body), rescue, always].into_iter().flatten() {
            let entry = &mut self.sections[part.index()];
            (entry.body, entry.rescue, entry.always) = (body, rescue, always);
        }
        self.lower_items(&block.body, body, order, how);
        let around = order.entry;
        for (part, items) in [(rescue, &block.rescue), (always, &block.always)] {
            if let Some(part) = part {
                order.entry = Some(self.host_join(Join::PartEnd, section, order));
                self.lower_items(items, part, order, how);
            }
        }
        order.entry = around;
        self.host_join(Join::BlockEnd(body), section, order);
    }

    /// Adds a join that each host passes for itself once it is through with everything before it.
    pub(super) fn host_join(&mut self, join: Join, section: SectionId, order: &mut Order) -> NodeId {
        let id = self.add(Work::Join(join), section, Effect::Pure, Arc::default());
        let reason = self.after(id);
        self.leave_behind(Scope::Host, order);
        for from in std::mem::take(&mut order.open) {
            self.edge(id, from, Scope::Host, Until::Settled, reason.clone());
        }
        if let Some((barrier, scope)) = order.barrier {
            // A barrier keeps its scope: what writes after a block still waits for what wrote before it, everywhere.
            self.edge(id, barrier, scope, Until::Settled, reason);
        }
        order.guards.clear();
        order.barrier = Some((id, Scope::Host));
        self.nodes[id.index()].settles_after = order.last;
        order.last = Some(id);
        id
    }

    /// Lowers a block whose tasks have no order among themselves. Each of them is a section of its own: what fails in
    /// one does not end the others, and counts when all are done. So what comes of it does not depend on the clock.
    pub(super) fn lower_parallel(
        &mut self,
        block: &Arc<Block>,
        section: SectionId,
        order: &mut Order,
        how: &Lowering<'_>,
    ) {
        let body = apart(&block.body);
        let mut writes = false;
        for item in &body {
            item.each_task(&mut |task| writes |= is_barrier(task, effect(task, how.platforms), how));
        }
        let start = if writes {
            let start = self.add(Work::Join(Join::ParallelStart), section, Effect::Pure, Arc::default());
            self.close_with(start, order, &Reason::Parallel);
            start
        } else {
            self.host_join(Join::ParallelStart, section, order)
        };
        let scope = if writes { self.barrier_scope() } else { Scope::Host };
        let first = SectionId(self.sections.len() as u32);
        let children: Vec<SectionId> = body.iter().map(|_| self.add_section(section, Part::Body)).collect();
        let mut ends = Vec::new();
        for (item, child) in body.iter().zip(&children) {
            let mut inside = Order {
                entry: order.entry,
                barrier: Some((start, scope)),
                last: Some(start),
                behind: order.behind.clone(),
                ..Order::default()
            };
            self.lower_items(std::slice::from_ref(item), *child, &mut inside, how);
            let barrier = inside.barrier.map(|(barrier, _)| barrier).filter(|barrier| *barrier != start);
            ends.extend(inside.open.into_iter().chain(barrier));
        }
        let join = Join::ParallelEnd { first, count: children.len() as u32 };
        let end = self.add(Work::Join(join), section, Effect::Pure, Arc::default());
        self.edge(end, start, scope, Until::Settled, Reason::Parallel);
        for from in ends {
            self.edge(end, from, scope, Until::Settled, Reason::Parallel);
        }
        self.nodes[end.index()].settles_after = Some(start);
        match scope {
            Scope::All => order.behind = Behind::default(),
            Scope::Host => (start.0..end.0).map(NodeId).for_each(|id| self.note_behind(id, order)),
        }
        order.barrier = Some((end, scope));
        order.open.clear();
        order.guards.clear();
        order.last = Some(end);
    }
}

/// Returns items without the roles around them: the tasks of a role have no order there either.
fn apart(items: &[Item]) -> Vec<Item> {
    let mut all = Vec::with_capacity(items.len());
    for item in items {
        match item {
            Item::Role(used) => all.extend(apart(&used.items)),
            other => all.push(other.clone()),
        }
    }
    all
}
