//! Values that can be written in several ways, in the one by which they are compared.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Returns an address as `10.0.0.1/24`, and how many words it was written in: with the length of its prefix, with a mask
/// behind it, or alone. Without the bits beyond the mask where it is that of a network.
pub(super) fn address(first: &str, second: Option<&str>, of_network: bool) -> Option<(String, usize)> {
    if let Some((address, length)) = first.split_once('/') {
        let (address, length) = (address.parse().ok()?, length.parse().ok()?);
        return Some((prefix(address, length, of_network)?, 1));
    }
    let address: IpAddr = first.parse().ok()?;
    let length = second.filter(|_| address.is_ipv4()).and_then(|mask| match mask {
        "0.0.0.0" if address.is_unspecified() => Some(0),
        mask => length_of(mask),
    });
    match length {
        Some(length) => Some((prefix(address, length, of_network)?, 2)),
        None => Some((address.to_string(), 1)),
    }
}

/// Returns how many bits a mask has (`255.255.255.0`); `None` when it is none.
fn length_of(mask: &str) -> Option<u8> {
    let bits = u32::from(mask.parse::<Ipv4Addr>().ok()?);
    let length = bits.leading_ones();
    // `10.0.0.1 0.0.0.0` is an address and a wildcard.
    (bits.count_ones() == length && length > 0).then_some(u8::try_from(length).ok()?)
}

fn prefix(address: IpAddr, length: u8, of_network: bool) -> Option<String> {
    let address = match address {
        IpAddr::V4(_) if length > 32 => return None,
        IpAddr::V6(_) if length > 128 => return None,
        address if !of_network => address,
        IpAddr::V4(v4) => {
            Ipv4Addr::from(u32::from(v4) & u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0)).into()
        }
        IpAddr::V6(v6) => {
            Ipv6Addr::from(u128::from(v6) & u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0)).into()
        }
    };
    Some(format!("{address}/{length}"))
}

/// Returns a MAC address as twelve small digits.
pub(super) fn mac(word: &str) -> Option<String> {
    let digits: String = word.chars().filter(|c| !matches!(c, '.' | ':' | '-')).collect();
    let is_mac = digits.len() == 12 && digits.chars().all(|c| c.is_ascii_hexdigit()) && word.len() > 12;
    is_mac.then(|| digits.to_ascii_lowercase())
}

/// The most numbers that a range is taken apart into: VLANs go up to 4094.
const MOST: u32 = 4096;

/// Returns numbers and ranges of them in their order, as short as can be: `10-12,20`; and in how many words they were
/// written.
pub(super) fn ranges(words: &[&str]) -> Option<(String, usize)> {
    let is_part = |word: &&&str| word.chars().all(|c| c.is_ascii_digit() || matches!(c, ',' | '-'));
    let taken = words.iter().take_while(is_part).count();
    let text = words[..taken].concat();
    // `10 20` is no list.
    let is_list = taken == 1
        || words[..taken].windows(2).all(|two| two[0].ends_with([',', '-']) || two[1].starts_with([',', '-']));
    let numbers = numbers(&text).filter(|_| is_list)?;
    let mut out = String::new();
    let mut rest = numbers.as_slice();
    while let Some(first) = rest.first() {
        let run = rest.iter().zip(*first..).take_while(|(number, next)| **number == *next).count();
        let separator = if out.is_empty() { "" } else { "," };
        out.push_str(&match run {
            1 => format!("{separator}{first}"),
            _ => format!("{separator}{first}-{}", rest[run - 1]),
        });
        rest = &rest[run..];
    }
    Some((out, taken))
}

/// Returns the numbers of a list such as `10,12-14`, each once, in order; `None` where it is no such list.
pub(super) fn numbers(text: &str) -> Option<Vec<u32>> {
    let mut found = Vec::new();
    for part in text.split(',') {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        if last < first || last - first >= MOST || found.len() > MOST as usize {
            return None;
        }
        found.extend(first..=last);
    }
    found.sort_unstable();
    found.dedup();
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is made of words, and of how many.
    type Read<'a> = Option<(&'a str, usize)>;
    /// Two words, whether they are a network's, and what is made of them.
    type Written<'a> = (&'a str, Option<&'a str>, bool, Read<'a>);

    #[test]
    fn addresses_are_one_however_they_are_written() {
        let cases: [Written<'_>; 13] = [
            ("10.0.0.1", Some("255.255.255.0"), false, Some(("10.0.0.1/24", 2))),
            ("10.0.0.1/24", None, false, Some(("10.0.0.1/24", 1))),
            ("10.0.0.1/24", Some("secondary"), true, Some(("10.0.0.0/24", 1))),
            ("10.0.0.1", Some("secondary"), false, Some(("10.0.0.1", 1))),
            ("10.0.0.1", Some("0.0.0.255"), false, Some(("10.0.0.1", 1))),
            ("10.0.0.1", Some("255.0.255.0"), false, Some(("10.0.0.1", 1))),
            ("2001:DB8:0::1/64", None, false, Some(("2001:db8::1/64", 1))),
            ("2001:DB8::1/64", None, true, Some(("2001:db8::/64", 1))),
            ("10.0.0.1/33", None, false, None),
            ("0.0.0.0/0", None, true, Some(("0.0.0.0/0", 1))),
            ("0.0.0.0", Some("0.0.0.0"), true, Some(("0.0.0.0/0", 2))),
            ("10.0.0.1", Some("0.0.0.0"), true, Some(("10.0.0.1", 1))),
            ("dhcp", None, false, None),
        ];
        for (first, second, of_network, expected) in cases {
            let expected = expected.map(|(text, taken)| (text.to_owned(), taken));
            assert_eq!(address(first, second, of_network), expected, "{first} {second:?}");
        }
    }

    #[test]
    fn lists_of_numbers_are_one_however_they_are_written() {
        let cases: [(&[&str], Read<'_>); 8] = [
            (&["10,11,12"], Some(("10-12", 1))),
            (&["20,10-12,13"], Some(("10-13,20", 1))),
            (&["10", ",", "12", "x"], Some(("10,12", 3))),
            (&["10,", "11"], Some(("10-11", 2))),
            (&["10", "20"], None),
            (&["12-10"], None),
            (&["1-99999"], None),
            (&["add"], None),
        ];
        for (words, expected) in cases {
            assert_eq!(ranges(words), expected.map(|(text, taken)| (text.to_owned(), taken)), "{words:?}");
        }
        assert_eq!(mac("00:1C:73:00:00:0a").as_deref(), Some("001c7300000a"));
        assert_eq!(mac("001c.7300.000A").as_deref(), Some("001c7300000a"));
        assert_eq!(mac("001c7300000a"), None);
    }
}
