//! The smallest playbook that still goes wrong.

use super::dispatch::complaint;
use super::program::{Item, Kind, Program, Task};
use std::collections::HashSet;

/// Looks for a wrong run among several orders.
fn wrong_order(program: &Program, orders: u64) -> Option<(u64, String)> {
    (0..orders).find_map(|order| complaint(program, order).map(|text| (order, text)))
}

/// Fails with the smallest playbook that still goes wrong.
pub(super) fn check(program: &Program, orders: u64) {
    let Some(mut wrong) = wrong_order(program, orders) else { return };
    let mut program = program.clone();
    // A smaller playbook may need luck to go wrong.
    'smaller: loop {
        for smaller in smaller(&program) {
            if let Some(found) = wrong_order(&smaller, 20 * orders) {
                (program, wrong) = (smaller, found);
                continue 'smaller;
            }
        }
        break;
    }
    panic!("order {}\n{}\n{:?}\n{}", wrong.0, program.yaml(), program, wrong.1);
}

/// Returns playbooks with something left out.
fn smaller(program: &Program) -> Vec<Program> {
    let mut all: Vec<Program> = Vec::new();
    let mut with = |change: &dyn Fn(&mut Program)| {
        let mut smaller = program.clone();
        change(&mut smaller);
        all.push(smaller);
    };
    for items in smaller_items(&program.items) {
        with(&|program| program.items = items.clone());
    }
    if program.hosts > 1 {
        with(&|program| program.hosts -= 1);
    }
    if program.max_fail_percentage.is_some() {
        with(&|program| program.max_fail_percentage = None);
    }
    if program.forks < 8 {
        with(&|program| program.forks = 8);
    }
    if !program.handlers.is_empty() {
        with(&|program| {
            program.handlers.pop();
        });
    }
    for (number, handler) in program.handlers.iter().enumerate() {
        for task in smaller_tasks(handler) {
            with(&|program| program.handlers[number] = task.clone());
        }
    }
    all.retain(|program| {
        let mut ids = HashSet::new();
        program.each_task(&mut |task| {
            ids.insert(task.id);
        });
        let mut known = true;
        program.each_task(&mut |task| known &= task.needs.iter().flatten().all(|id| ids.contains(id)));
        known && program.items.iter().all(|item| is_closed(item, program))
    });
    all
}

/// Claims that every name in it still means something.
fn is_closed(item: &Item, program: &Program) -> bool {
    let all = |items: &[Item]| items.iter().all(|item| is_closed(item, program));
    match item {
        Item::Task(task) => {
            task.notify.is_none_or(|id| program.handlers.iter().any(|handler| handler.id == id))
                && task.other.is_none_or(|(host, _)| host < program.hosts)
                && task.delegate.is_none_or(|host| host < program.hosts)
        }
        Item::Block { body, rescue, always } => !body.is_empty() && all(body) && all(rescue) && all(always),
        Item::Parallel(items) | Item::Include { items, .. } => !items.is_empty() && all(items),
        Item::Flush => true,
    }
}

fn smaller_items(items: &[Item]) -> Vec<Vec<Item>> {
    let mut all = Vec::new();
    for at in 0..items.len() {
        let mut replaced = |with: Vec<Item>| {
            let mut list = items.to_vec();
            list.splice(at..=at, with);
            all.push(list);
        };
        replaced(Vec::new());
        match &items[at] {
            Item::Task(task) => smaller_tasks(task).into_iter().for_each(|task| replaced(vec![Item::Task(task)])),
            Item::Block { body, rescue, always } => {
                replaced(body.clone());
                for body in smaller_items(body) {
                    replaced(vec![Item::Block { body, rescue: rescue.clone(), always: always.clone() }]);
                }
                for rescue in smaller_items(rescue) {
                    replaced(vec![Item::Block { body: body.clone(), rescue, always: always.clone() }]);
                }
                for always in smaller_items(always) {
                    replaced(vec![Item::Block { body: body.clone(), rescue: rescue.clone(), always }]);
                }
            }
            Item::Parallel(items) => {
                replaced(items.clone());
                smaller_items(items).into_iter().for_each(|items| replaced(vec![Item::Parallel(items)]));
            }
            Item::Include { task, hosts, items } => {
                replaced(items.clone());
                for items in smaller_items(items) {
                    replaced(vec![Item::Include { task: task.clone(), hosts: *hosts, items }]);
                }
            }
            Item::Flush => {}
        }
    }
    all
}

fn smaller_tasks(task: &Task) -> Vec<Task> {
    let simple = Task { sets: (task.kind == Kind::Fact).then_some(0), ..Task::new(task.id, task.kind) };
    let candidates = [
        Task { uses: Vec::new(), ..task.clone() },
        Task { other: None, ..task.clone() },
        Task { sets: simple.sets, ..task.clone() },
        Task { items: 1, ..task.clone() },
        Task { delegate: None, ..task.clone() },
        Task { fails: 0, ..task.clone() },
        Task { unreachable: 0, ..task.clone() },
        Task { odd_fails: false, ..task.clone() },
        Task { ignore: false, ..task.clone() },
        Task { once: false, ..task.clone() },
        Task { fatal: false, ..task.clone() },
        Task { throttle: false, ..task.clone() },
        Task { notify: None, ..task.clone() },
        Task { needs: task.needs.as_ref().map(|_| Vec::new()), ..task.clone() },
        Task { cell: 0, ..task.clone() },
    ];
    candidates.into_iter().filter(|smaller| smaller != task).collect()
}
