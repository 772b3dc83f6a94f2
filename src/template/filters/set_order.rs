//! The order in which CPython's sets of numbers come out, which is that of their hash tables.
//!
//! Ansible's `union`, `intersect`, `difference` and `symmetric_difference` are Python's on sets, and a template may well
//! write their result: of numbers the order is the same in every run, and the same here. Texts hash differently in
//! each run of Python; what holds one keeps the order of the lists.

use crate::value::Value;

/// How many slots beside the first one are tried before the next jump.
const NEIGHBOURS: usize = 9;
const PERTURB_SHIFT: u32 = 5;
const SMALLEST: usize = 8;
/// Hashes of numbers are remainders by this prime.
const MODULUS_BITS: u32 = 61;
const MODULUS: u64 = (1 << MODULUS_BITS) - 1;

/// A number with its hash; numbers that are equal have the same key.
#[derive(Clone, Debug)]
struct Entry {
    hash: i64,
    key: String,
    value: Value,
}

#[derive(Clone, Debug)]
enum Slot {
    Free,
    /// Something was here and has been taken out.
    Left,
    Taken(Entry),
}

/// A hash table that grows and probes as CPython's does.
#[derive(Clone, Debug)]
pub(super) struct Table {
    slots: Vec<Slot>,
    /// Slots that are or were taken.
    filled: usize,
    used: usize,
}

/// Returns the hash of a number; none of what is no number.
fn hash(value: &Value) -> Option<i64> {
    let hash = match value {
        Value::Bool(b) => i64::from(*b),
        Value::Int(n) => {
            let rest = (n.unsigned_abs() % u128::from(MODULUS)) as i64;
            if *n < 0 { -rest } else { rest }
        }
        Value::Float(f) => hash_float(*f)?,
        _ => return None,
    };
    // -1 says "error" to CPython.
    Some(if hash == -1 { -2 } else { hash })
}

fn hash_float(f: f64) -> Option<i64> {
    if f.is_nan() {
        return None;
    }
    if f.is_infinite() {
        return Some(if f > 0.0 { 314_159 } else { -314_159 });
    }
    let (mut fraction, mut exponent) = split(f.abs());
    let mut hash: u64 = 0;
    while fraction != 0.0 {
        hash = ((hash << 28) & MODULUS) | (hash >> (MODULUS_BITS - 28));
        fraction *= f64::from(1 << 28);
        exponent -= 28;
        let digits = fraction as u64;
        fraction -= digits as f64;
        hash += digits;
        if hash >= MODULUS {
            hash -= MODULUS;
        }
    }
    let bits = MODULUS_BITS as i32;
    let turn = if exponent >= 0 { exponent % bits } else { bits - 1 - ((-1 - exponent) % bits) } as u32;
    let hash = if turn == 0 { hash } else { ((hash << turn) & MODULUS) | (hash >> (MODULUS_BITS - turn)) };
    Some(if f < 0.0 { -(hash as i64) } else { hash as i64 })
}

/// Returns a number from one half to before one, and the power of two that makes the given one of it.
fn split(f: f64) -> (f64, i32) {
    if f == 0.0 {
        return (0.0, 0);
    }
    // What has no leading one is made larger first.
    let (f, below) = if f < f64::MIN_POSITIVE { (f * f64::from(2).powi(54), 54) } else { (f, 0) };
    let exponent = ((f.to_bits() >> 52) & 0x7ff) as i32 - 1022;
    (f64::from_bits(f.to_bits() & !(0x7ff << 52) | (1022 << 52)), exponent - below)
}

impl Table {
    fn with_slots(count: usize) -> Table {
        Table { slots: vec![Slot::Free; count], filled: 0, used: 0 }
    }

    /// Makes the set of a list; none where an item is no number.
    pub(super) fn of(items: &[Value]) -> Option<Table> {
        let mut table = Table::with_slots(SMALLEST);
        for item in items {
            table.add(Entry { hash: hash(item)?, key: super::python::hashed(item), value: item.clone() });
        }
        Some(table)
    }

    /// Makes the set of the numbers in a list. It says what is in the list's own set, not in which order.
    pub(super) fn of_numbers(items: &[Value]) -> Table {
        let numbers: Vec<Value> = items.iter().filter(|item| hash(item).is_some()).cloned().collect();
        Table::of(&numbers).unwrap_or_else(|| Table::with_slots(SMALLEST))
    }

    /// Returns how many items there are.
    pub(super) fn len(&self) -> usize {
        self.used
    }

    /// Returns the items in the order of the table.
    pub(super) fn items(&self) -> Vec<Value> {
        self.entries().map(|entry| entry.value.clone()).collect()
    }

    fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.slots.iter().filter_map(|slot| match slot {
            Slot::Taken(entry) => Some(entry),
            _ => None,
        })
    }

    /// Returns the slot that has the entry, or else the one where it belongs.
    fn find(&self, entry: &Entry) -> usize {
        let mut left = None;
        let mask = self.slots.len() - 1;
        let mut perturb = entry.hash as u64;
        let mut at = perturb as usize & mask;
        loop {
            let last = if at + NEIGHBOURS <= mask { at + NEIGHBOURS } else { at };
            for slot in at..=last {
                match &self.slots[slot] {
                    Slot::Free => return left.unwrap_or(slot),
                    Slot::Left => left = Some(slot),
                    Slot::Taken(other) if other.hash == entry.hash && other.key == entry.key => return slot,
                    _ => {}
                }
            }
            perturb >>= PERTURB_SHIFT;
            at = at.wrapping_mul(5).wrapping_add(1).wrapping_add(perturb as usize) & mask;
        }
    }

    fn has(&self, entry: &Entry) -> bool {
        matches!(self.slots[self.find(entry)], Slot::Taken(_))
    }

    /// Puts an entry in without looking at how full the table is. Claims that it has a slot that was free.
    fn place(&mut self, entry: Entry) -> bool {
        let at = self.find(&entry);
        if matches!(self.slots[at], Slot::Taken(_)) {
            return false;
        }
        let is_fresh = matches!(self.slots[at], Slot::Free);
        self.slots[at] = Slot::Taken(entry);
        self.filled += usize::from(is_fresh);
        self.used += 1;
        is_fresh
    }

    fn add(&mut self, entry: Entry) {
        if self.place(entry) && self.filled * 5 >= (self.slots.len() - 1) * 3 {
            self.resize(if self.used > 50_000 { self.used * 2 } else { self.used * 4 });
        }
    }

    fn resize(&mut self, least: usize) {
        let mut size = SMALLEST;
        while size <= least {
            size *= 2;
        }
        let old = std::mem::replace(self, Table::with_slots(size));
        for entry in old.entries() {
            self.place(entry.clone());
        }
    }

    /// Takes an entry out; false where it is not in.
    fn take_out(&mut self, entry: &Entry) -> bool {
        let at = self.find(entry);
        let is_in = matches!(self.slots[at], Slot::Taken(_));
        if is_in {
            self.slots[at] = Slot::Left;
            self.used -= 1;
        }
        is_in
    }

    fn merge(&mut self, other: &Table) {
        if other.used == 0 {
            return;
        }
        if (self.filled + other.used) * 5 >= (self.slots.len() - 1) * 3 {
            self.resize((self.used + other.used) * 2);
        }
        if self.filled == 0 && self.slots.len() == other.slots.len() && other.filled == other.used {
            *self = other.clone();
        } else if self.filled == 0 {
            for entry in other.entries() {
                self.place(entry.clone());
            }
        } else {
            other.entries().for_each(|entry| self.add(entry.clone()));
        }
    }

    fn copied(&self) -> Table {
        let mut copy = Table::with_slots(SMALLEST);
        copy.merge(self);
        copy
    }

    /// `a | b`
    pub(super) fn union(&self, other: &Table) -> Table {
        let mut all = self.copied();
        all.merge(other);
        all
    }

    /// `a & b` where `b` has more items, and these are its numbers: else it is `b & a`.
    pub(super) fn intersection(&self, other: &Table) -> Table {
        let mut both = Table::with_slots(SMALLEST);
        self.entries().filter(|entry| other.has(entry)).for_each(|entry| both.add(entry.clone()));
        both
    }

    /// `a - b`, where `b` has `size` items, and these are its numbers.
    pub(super) fn difference(&self, other: &Table, size: usize) -> Table {
        if self.used >> 2 > size {
            let mut rest = self.copied();
            for entry in other.entries() {
                rest.take_out(entry);
            }
            if rest.filled - rest.used > (rest.slots.len() - 1) / 4 {
                rest.resize(if rest.used > 50_000 { rest.used * 2 } else { rest.used * 4 });
            }
            return rest;
        }
        let mut rest = Table::with_slots(SMALLEST);
        self.entries().filter(|entry| !other.has(entry)).for_each(|entry| rest.add(entry.clone()));
        rest
    }

    /// `a ^ b`
    pub(super) fn symmetric_difference(&self, other: &Table) -> Table {
        let mut rest = other.copied();
        for entry in self.entries() {
            if !rest.take_out(entry) {
                rest.add(entry.clone());
            }
        }
        rest
    }
}
