//! Processors, memory and how long the host is up.

use super::answers::Answers;
use super::{Collector, Facts};
use crate::value::{Map, Value};
use indexmap::IndexMap;
use std::collections::HashMap;

pub(super) static COLLECTORS: &[Collector] = &[Collector {
    name: "hardware",
    ids: &["processor", "processor_cores", "processor_count"],
    needs: &["platform"],
    files: &["/proc/meminfo", "/proc/uptime", "/sys/hypervisor/type"],
    exists: &["/proc/xen"],
    // The flags are the same for every processor, and long.
    asks: r#"e cpuinfo "$(grep -v -e '^flags' -e '^bugs' -e '^vmx flags' /proc/cpuinfo 2>/dev/null)"
e cpu_flags "$(grep -m 1 '^flags' /proc/cpuinfo 2>/dev/null)"
e nproc "$(nproc 2>/dev/null)"
"#,
    read,
    ..Collector::NONE
}];

fn read(answers: &Answers, facts: &mut Facts) {
    processors(answers, facts);
    memory(answers, facts);
    let uptime = answers.file("/proc/uptime").and_then(|text| text.split('.').next());
    if let Some(seconds) = uptime.and_then(|seconds| seconds.parse::<i64>().ok()) {
        facts.set("uptime_seconds", seconds);
    }
}

/// What `/proc/cpuinfo` says, counted.
#[derive(Default)]
struct Count {
    /// Lines that describe processors.
    described: Vec<String>,
    vendors: i64,
    models: i64,
    numbers: i64,
    /// Cores of each socket by its id.
    sockets: IndexMap<String, i64>,
    /// Threads beside each core by its id.
    cores: IndexMap<String, i64>,
    /// s390x: processors, and threads of each.
    mainframe: (i64, i64),
    /// What the system itself counts (sparc).
    active: Option<i64>,
}

fn processors(answers: &Answers, facts: &mut Facts) {
    let Some(text) = answers.text("cpuinfo").filter(|text| !text.is_empty()) else { return };
    let count = counted(text);
    let flags = answers.text("cpu_flags").and_then(|line| line.split_once(':')).map(|(_, flags)| flags);
    if let Some(flags) = flags {
        facts.set("flags", Value::list(flags.split_whitespace()));
    }
    facts.set("processor", Value::list(count.described.iter().map(String::as_str)));
    let machine = facts.text("architecture").to_owned();
    let mut number = count.active.unwrap_or_else(|| i64::try_from(count.described.len()).unwrap_or(i64::MAX));
    if count.vendors > 0 && count.vendors == count.models {
        number = count.vendors;
    }
    if ["armv", "aarch", "ppc"].iter().any(|kind| machine.starts_with(kind)) {
        number = count.numbers;
    }
    let is_xen = answers.is_there("/proc/xen") || answers.file("/sys/hypervisor/type") == Some("xen");
    let paravirtual = is_xen && flags.is_some_and(|flags| !flags.contains("vme"));
    let (sockets, cores, threads) = if machine == "s390x" {
        let (all, threads) = count.mainframe;
        (1, all / threads.max(1), threads)
    } else if paravirtual {
        (number, number, 1)
    } else {
        let sockets = if count.sockets.is_empty() { number } else { i64::try_from(count.sockets.len()).unwrap_or(1) };
        let cores = count.sockets.values().next().copied().filter(|cores| *cores > 0).unwrap_or(1);
        let beside = count.cores.values().next().copied().unwrap_or(1);
        // Rounded as Python does: a half goes to the even neighbour.
        (sockets, cores, (beside as f64 / cores as f64).round_ties_even() as i64)
    };
    let threads_in_all = match (machine == "s390x", paravirtual) {
        (true, _) => count.mainframe.0,
        (_, true) => number,
        _ => threads.saturating_mul(sockets).saturating_mul(cores),
    };
    facts.set("processor_count", sockets);
    facts.set("processor_cores", cores);
    facts.set("processor_threads_per_core", threads);
    facts.set("processor_vcpus", threads_in_all);
    let usable = answers.text("nproc").and_then(|text| text.trim().parse::<i64>().ok());
    facts.set("processor_nproc", usable.unwrap_or(count.numbers));
}

fn counted(text: &str) -> Count {
    let mut count = Count::default();
    let (mut socket, mut core) = (String::from("0"), String::from("0"));
    for line in text.lines() {
        let (key, value) = line.split_once(':').unwrap_or((line, ""));
        let (key, value) = (key.trim(), value.trim());
        let number = || value.parse::<i64>().unwrap_or(0);
        match key {
            "model name" | "Processor" | "vendor_id" | "cpu" | "Vendor" | "processor" => {
                count.described.push(value.to_owned());
                count.vendors += i64::from(key == "vendor_id");
                count.models += i64::from(key == "model name");
                count.numbers += i64::from(key == "processor");
            }
            "physical id" => {
                socket = value.to_owned();
                count.sockets.entry(socket.clone()).or_insert(1);
            }
            "core id" => {
                core = value.to_owned();
                if !count.sockets.contains_key(&core) {
                    count.cores.insert(core.clone(), 1);
                }
            }
            "cpu cores" => drop(count.sockets.insert(socket.clone(), number())),
            "siblings" => drop(count.cores.insert(core.clone(), number())),
            "# processors" => count.mainframe.0 = number(),
            "max thread id" => count.mainframe.1 = number() + 1,
            "ncpus active" => count.active = Some(number()),
            _ => {}
        }
    }
    count
}

fn memory(answers: &Answers, facts: &mut Facts) {
    let Some(text) = answers.file("/proc/meminfo") else { return };
    let mut mb: HashMap<&str, i64> = HashMap::new();
    for (name, rest) in text.lines().filter_map(|line| line.split_once(':')) {
        let kb = rest.split_whitespace().next().and_then(|number| number.parse::<i64>().ok());
        mb.extend(kb.map(|kb| (name, kb / 1024)));
    }
    let get = |name: &str| mb.get(name).copied();
    for (fact, name) in [
        ("memtotal_mb", "MemTotal"),
        ("memfree_mb", "MemFree"),
        ("swaptotal_mb", "SwapTotal"),
        ("swapfree_mb", "SwapFree"),
    ] {
        if let Some(value) = get(name) {
            facts.set(fact, value);
        }
    }
    let less = |a: Option<i64>, b: Option<i64>| Some(a? - b?);
    let (total, free) = (get("MemTotal"), get("MemFree"));
    let without_cache = (|| Some(get("Cached")? + free? + get("Buffers")?))();
    let (swap, swap_free) = (get("SwapTotal"), get("SwapFree"));
    let entry = |pairs: &[(&str, Option<i64>)]| -> Value {
        Value::from(pairs.iter().map(|(name, value)| (*name, Value::from(*value))).collect::<Map>())
    };
    let map = [
        ("real", entry(&[("total", total), ("used", less(total, free)), ("free", free)])),
        ("nocache", entry(&[("free", without_cache), ("used", less(total, without_cache))])),
        (
            "swap",
            entry(&[
                ("total", swap),
                ("free", swap_free),
                ("used", less(swap, swap_free)),
                ("cached", get("SwapCached")),
            ]),
        ),
    ];
    facts.set("memory_mb", Value::map(map));
}
