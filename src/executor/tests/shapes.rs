//! Every small shape of blocks, instead of random ones.

use super::program::{Item, Kind, Program, Task};
use super::shrink::check;

/// Every nesting of blocks with so few tasks, each of which is fine, fails or fails and is ignored, on two hosts that
/// differ.
#[test]
fn small_blocks_of_every_shape_leave_what_they_leave_one_step_at_a_time() {
    let shapes: Vec<Vec<Item>> = (1..=4).flat_map(|tasks| lists(tasks, 2)).collect();
    assert!(shapes.len() > 100, "only {} shapes", shapes.len());
    for (number, shape) in shapes.iter().enumerate() {
        let tasks = count(shape);
        for ends in 0..1_u32 << tasks {
            let mut items = shape.clone();
            let mut next = 0;
            // The first host fails where the bits say so, the second where the first does not, the kinds alternate.
            fill(&mut items, &mut next, &|id| {
                let kind = if (id + number) % 3 == 2 { Kind::Write } else { Kind::Read };
                let fails = if ends >> id & 1 == 1 { 0b01 } else { 0b10 };
                let mut task = Task { fails, sets: Some(id % 2), uses: vec![0], ..Task::new(id, kind) };
                task.fails &= if (id + number) % 4 == 0 { 0b01 } else { 0b11 };
                task
            });
            let program = Program { hosts: 2, forks: 4, items, ..Program::default() };
            check(&program, 1);
        }
    }
}

/// Returns every list of items with so many tasks and blocks nested so deep.
fn lists(tasks: usize, depth: usize) -> Vec<Vec<Item>> {
    if tasks == 0 {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for first in 1..=tasks {
        let mut heads = Vec::new();
        if first == 1 {
            heads.push(Item::Task(Task::new(0, Kind::Read)));
        }
        if depth > 0 && first > 1 {
            for body in 1..first {
                for rescue in 0..=first - body {
                    for (body, rescue, always) in parts(body, rescue, first - body - rescue, depth - 1) {
                        heads.push(Item::Block { body, rescue, always });
                    }
                }
            }
        }
        for head in heads {
            for rest in lists(tasks - first, depth) {
                all.push(std::iter::once(head.clone()).chain(rest).collect());
            }
        }
    }
    all
}

fn parts(body: usize, rescue: usize, always: usize, depth: usize) -> Vec<(Vec<Item>, Vec<Item>, Vec<Item>)> {
    let mut all = Vec::new();
    for body in lists(body, depth) {
        for rescue in lists(rescue, depth) {
            for always in lists(always, depth) {
                all.push((body.clone(), rescue.clone(), always));
            }
        }
    }
    all
}

fn count(items: &[Item]) -> usize {
    let mut tasks = 0;
    fill(&mut items.to_vec(), &mut tasks, &|id| Task::new(id, Kind::Read));
    tasks
}

/// Gives each task its number and what `make` makes of it.
fn fill(items: &mut [Item], next: &mut usize, make: &dyn Fn(usize) -> Task) {
    for item in items {
        match item {
            Item::Task(task) => {
                *task = make(*next);
                *next += 1;
            }
            Item::Block { body, rescue, always } => {
                [body, rescue, always].into_iter().for_each(|part| fill(part, next, make));
            }
            Item::Parallel(items) | Item::Include { items, .. } => fill(items, next, make),
            Item::Flush => {}
        }
    }
}
