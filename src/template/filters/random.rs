//! `random` and `shuffle`. With a seed they give what Python gives for it: playbooks spread cron jobs by
//! `59 | random(seed=inventory_hostname)` and rely on the same minute for ever.

use super::args::{Args, add_filter};
use super::{Filter, data};
use crate::value::Value as Data;
use minijinja::{Error, State, Value};
use sha2::Digest as _;

pub(super) static FILTERS: &[Filter] = &[
    Filter {
        name: "random",
        aliases: &[],
        doc: "Returns a random item of a list, or a number from `start` (0) to below the input by `step` (1).",
        add: |env, name| add_filter(env, name, &["start", "step", "seed"], random),
    },
    Filter {
        name: "shuffle",
        aliases: &[],
        doc: "Returns the list in random order, the same one for the same `seed`.",
        add: |env, name| add_filter(env, name, &["seed"], shuffle),
    },
];

/// The Mersenne Twister (MT19937), seeded as Python seeds it.
pub(crate) struct Twister {
    words: [u32; Twister::WORDS],
    at: usize,
}

impl Twister {
    const WORDS: usize = 624;
    const SHIFT: usize = 397;

    fn from_words(key: &[u32]) -> Twister {
        let mut words = [0; Twister::WORDS];
        words[0] = 19_650_218u32;
        for i in 1..Twister::WORDS {
            let before = words[i - 1];
            words[i] = 1_812_433_253u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(i as u32);
        }
        let (mut i, mut j) = (1, 0);
        let mixed =
            |words: &[u32], i: usize, by: u32| (words[i - 1] ^ (words[i - 1] >> 30)).wrapping_mul(by) ^ words[i];
        let step = |words: &mut [u32; Twister::WORDS], i: &mut usize| {
            *i += 1;
            if *i >= Twister::WORDS {
                words[0] = words[Twister::WORDS - 1];
                *i = 1;
            }
        };
        for _ in 0..key.len().max(Twister::WORDS) {
            words[i] = mixed(&words, i, 1_664_525).wrapping_add(key[j]).wrapping_add(j as u32);
            step(&mut words, &mut i);
            j = (j + 1) % key.len();
        }
        for _ in 1..Twister::WORDS {
            words[i] = mixed(&words, i, 1_566_083_941).wrapping_sub(i as u32);
            step(&mut words, &mut i);
        }
        words[0] = 0x8000_0000;
        Twister { words, at: Twister::WORDS }
    }

    /// Seeds from a value: numbers by their size, text by itself and its SHA-512.
    pub(crate) fn seeded(seed: &Data) -> Twister {
        let bytes = match seed {
            Data::Int(n) => n.unsigned_abs().to_be_bytes().to_vec(),
            Data::Bool(b) => vec![u8::from(*b)],
            other => {
                let text = other.to_text().into_bytes();
                let hash = sha2::Sha512::digest(&text);
                [&text[..], &hash].concat()
            }
        };
        let mut key: Vec<u32> =
            bytes.rchunks(4).map(|chunk| chunk.iter().fold(0, |word, byte| (word << 8) | u32::from(*byte))).collect();
        while key.len() > 1 && key.last() == Some(&0) {
            key.pop();
        }
        Twister::from_words(&key)
    }

    fn refill(&mut self) {
        for i in 0..Twister::WORDS {
            let next = self.words[(i + 1) % Twister::WORDS];
            let both = (self.words[i] & 0x8000_0000) | (next & 0x7fff_ffff);
            let twist = if both & 1 == 1 { 0x9908_b0df } else { 0 };
            self.words[i] = self.words[(i + Twister::SHIFT) % Twister::WORDS] ^ (both >> 1) ^ twist;
        }
        self.at = 0;
    }

    fn word(&mut self) -> u32 {
        if self.at >= Twister::WORDS {
            self.refill();
        }
        let mut word = self.words[self.at];
        self.at += 1;
        word ^= word >> 11;
        word ^= (word << 7) & 0x9d2c_5680;
        word ^= (word << 15) & 0xefc6_0000;
        word ^ (word >> 18)
    }

    /// Returns a number of that many bits, the first word being the lowest.
    fn bits(&mut self, bits: u32) -> u128 {
        let mut out = 0;
        let mut done = 0;
        while done < bits {
            let take = (bits - done).min(32);
            out |= u128::from(self.word() >> (32 - take)) << done;
            done += take;
        }
        out
    }

    /// Returns a number below `limit`, which is at least 1.
    pub(crate) fn below(&mut self, limit: u128) -> u128 {
        let bits = u128::BITS - limit.leading_zeros();
        loop {
            let n = self.bits(bits);
            if n < limit {
                return n;
            }
        }
    }
}

impl Twister {
    /// Seeds from the filter's `seed`, or from the system's random numbers.
    pub(super) fn of(args: &Args) -> Result<Twister, Error> {
        Ok(match args.given("seed") {
            Some(seed) => match data(seed)? {
                Data::Float(_) | Data::List(_) | Data::Map(_) => {
                    return Err(args.wrong("a number or text as `seed`", seed));
                }
                seed => Twister::seeded(&seed),
            },
            // Version 4 UUIDs come from the system's random numbers.
            None => Twister::seeded(&Data::from(uuid::Uuid::new_v4().to_string())),
        })
    }
}

fn random(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let mut twister = Twister::of(args)?;
    let end = match data(args.input())? {
        Data::Int(end) => Some(end),
        Data::Bool(end) => Some(end.into()),
        Data::Map(_) => return Err(args.wrong("a list or a number", args.input())),
        _ => None,
    };
    if let Some(end) = end {
        let start = args.int("start")?.filter(|start| *start != 0).unwrap_or(0);
        let step = args.int("step")?.filter(|step| *step != 0).unwrap_or(1);
        if [end, start, step].iter().any(|n| n.unsigned_abs() > 1 << 96) {
            return Err(args.error("the numbers are too large"));
        }
        let distance = end - start;
        let count = if step > 0 { (distance - 1).div_euclid(step) + 1 } else { (distance + 1) / step + 1 };
        if distance.signum() != step.signum() || count <= 0 {
            return Err(args.error(format!("there is no number from {start} to below {end} by {step}")));
        }
        let picked = twister.below(count.unsigned_abs()) as i128;
        return Ok(super::to_engine(&Data::Int(start + step * picked)));
    }
    if args.given("start").is_some() || args.given("step").is_some() {
        return Err(args.error("takes `start` and `step` for numbers only"));
    }
    let items = args.items()?;
    if items.is_empty() {
        return Err(args.error("the list is empty"));
    }
    let picked = twister.below(items.len() as u128) as usize;
    Ok(items.into_iter().nth(picked).unwrap_or(Value::UNDEFINED))
}

fn shuffle(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let mut twister = Twister::of(args)?;
    if matches!(data(args.input())?, Data::Null | Data::Bool(_) | Data::Int(_) | Data::Float(_)) {
        // What has no order passes as it is, as in Ansible.
        return Ok(args.input().clone());
    }
    let mut items = args.items()?;
    for i in (1..items.len()).rev() {
        let other = twister.below(i as u128 + 1) as usize;
        items.swap(i, other);
    }
    Ok(items.into())
}
