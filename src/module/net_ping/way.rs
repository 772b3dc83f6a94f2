//! How platforms are told to ping, and what they print of it.

use crate::value::Value;
use regex::Regex;

/// How a platform is told.
pub(super) struct Way {
    pub(super) platform: &'static str,
    /// Arguments in the order in which the command takes them, each with the word before it.
    pub(super) words: &'static [(&'static str, &'static str)],
    /// It pings for ever unless it is told how often.
    pub(super) counts_always: bool,
}

/// (The vendors' command references, "ping".)
const WAYS: &[Way] = &[
    Way {
        platform: "cisco_ios",
        words: &[
            ("vrf", "vrf"),
            ("afi", "ipv6"),
            ("dest", ""),
            ("count", "repeat"),
            ("size", "size"),
            ("df_bit", "df-bit"),
            ("timeout", "timeout"),
            ("source", "source"),
        ],
        counts_always: false,
    },
    Way {
        platform: "cisco_iosxr",
        words: &[
            ("vrf", "vrf"),
            ("afi", "ipv6"),
            ("dest", ""),
            ("count", "count"),
            ("size", "size"),
            ("df_bit", "donotfrag"),
            ("timeout", "timeout"),
            ("source", "source"),
        ],
        counts_always: false,
    },
    Way {
        platform: "cisco_nxos",
        words: &[
            ("dest", ""),
            ("count", "count"),
            ("size", "packet-size"),
            ("df_bit", "df-bit"),
            ("source", "source"),
            ("vrf", "vrf"),
        ],
        counts_always: false,
    },
    Way {
        platform: "arista_eos",
        words: &[
            ("vrf", "vrf"),
            ("afi", "ipv6"),
            ("dest", ""),
            ("count", "repeat"),
            ("size", "size"),
            ("df_bit", "df-bit"),
            ("source", "source"),
        ],
        counts_always: false,
    },
    Way {
        platform: "juniper_junos",
        words: &[
            ("dest", ""),
            ("count", "count"),
            ("rapid", "rapid"),
            ("size", "size"),
            ("df_bit", "do-not-fragment"),
            ("interface", "interface"),
            ("interval", "interval"),
            ("source", "source"),
            ("ttl", "ttl"),
            ("vrf", "routing-instance"),
        ],
        counts_always: true,
    },
    Way {
        platform: "vyos",
        words: &[
            ("dest", ""),
            ("count", "count"),
            ("interval", "interval"),
            ("size", "size"),
            ("source", "interface"),
            ("ttl", "ttl"),
        ],
        counts_always: true,
    },
];

/// Returns how a platform is told.
pub(super) fn find(platform: &str) -> Option<&'static Way> {
    WAYS.iter().find(|way| way.platform == platform)
}

/// What came of a ping.
pub(in crate::module) struct Counts {
    pub(in crate::module) sent: i64,
    pub(in crate::module) received: i64,
    /// The shortest, the middle and the longest time in milliseconds.
    pub(in crate::module) times: Option<[Value; 3]>,
}

impl Counts {
    /// Returns how many of a hundred packets were lost.
    pub(super) fn loss_percent(&self) -> i64 {
        if self.sent == 0 { 100 } else { 100 - self.received * 100 / self.sent }
    }
}

/// Reads what was printed: `Success rate is 80 percent (4/5)` or `5 packets transmitted, 4 packets received`.
pub(in crate::module) fn counts(text: &str) -> Option<Counts> {
    let expression = |text: &str| Regex::new(text).expect("a literal expression");
    let number = |found: &regex::Captures<'_>, group: usize| found.get(group)?.as_str().parse::<i64>().ok();
    let (sent, received) =
        if let Some(found) = expression(r"Success rate is \d+ percent \((\d+)/(\d+)\)").captures(text) {
            (number(&found, 2)?, number(&found, 1)?)
        } else {
            let found = expression(r"(\d+) packets transmitted, (\d+)(?: packets)? received").captures(text)?;
            (number(&found, 1)?, number(&found, 2)?)
        };
    let times = expression(r"min/avg/max(?:/\w+)? = ([\d.]+)/([\d.]+)/([\d.]+)").captures(text).and_then(|found| {
        let time = |group: usize| {
            let text = found.get(group)?.as_str();
            let whole = text.parse::<i64>().ok().map(Value::from);
            whole.or_else(|| text.parse::<f64>().ok().map(Value::Float))
        };
        Some([time(1)?, time(2)?, time(3)?])
    });
    Some(Counts { sent, received, times })
}
