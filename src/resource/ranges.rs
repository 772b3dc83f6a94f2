//! Lists of numbers as devices write them: `1,5-9,20`.

use std::collections::BTreeSet;

/// The most numbers that one list may stand for: all VLANs and all VXLAN segments fit many times over, and a range that
/// somebody mistyped does not fill the memory.
const MOST: usize = 1 << 20;

/// Reads numbers and ranges; `None` when it is something else.
pub(super) fn read(text: &str) -> Option<BTreeSet<u32>> {
    let mut numbers = BTreeSet::new();
    for part in text.split([',', ' ']).map(str::trim).filter(|part| !part.is_empty()) {
        let (first, last) = part.split_once('-').unwrap_or((part, part));
        let (first, last): (u32, u32) = (first.trim().parse().ok()?, last.trim().parse().ok()?);
        if first > last || (last - first) as usize >= MOST || numbers.len() >= MOST {
            return None;
        }
        numbers.extend(first..=last);
    }
    Some(numbers)
}

/// Returns the parts of a list: two or more numbers in a row are a range.
pub(super) fn parts(numbers: &BTreeSet<u32>) -> Vec<String> {
    let mut runs: Vec<(u32, u32)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(*number) => *last = *number,
            _ => runs.push((*number, *number)),
        }
    }
    let shown = |(first, last): (u32, u32)| if first == last { first.to_string() } else { format!("{first}-{last}") };
    runs.into_iter().map(shown).collect()
}

/// Returns the list as devices write it.
pub(super) fn shown(numbers: &BTreeSet<u32>) -> String {
    parts(numbers).join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        for (text, again) in [("10", "10"), ("1,2,3,7", "1-3,7"), ("5-9, 20", "5-9,20"), ("", ""), ("7,5,6", "5-7")] {
            assert_eq!(shown(&read(text).unwrap()), again, "{text}");
        }
        for text in ["all", "9-5", "1-", "-", "1-4294967295", "4294967296"] {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
