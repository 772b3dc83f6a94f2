//! The number that a new rule gets.

/// Returns the number with which a rule is inserted; nothing where it comes last, as ufw takes no number beyond its rules.
pub(in crate::module) fn of(number: i128, from: Option<&str>, numbered: &str) -> Option<i128> {
    let from = from.filter(|from| *from != "zero");
    let Some(from) = from else { return Some(number) };
    let rules: Vec<(i128, bool)> = numbered.lines().filter_map(numbered_rule).collect();
    let last = rules.iter().map(|(number, _)| *number).max().unwrap_or(0);
    let last_four = rules.iter().filter(|(_, is_six)| !is_six).map(|(number, _)| *number).max();
    let has_six = rules.iter().any(|(_, is_six)| *is_six);
    let start = match from {
        "last-ipv4" => last_four.unwrap_or(1),
        "first-ipv6" => last_four.map_or(1, |last| last + 1),
        "last-ipv6" if has_six => last,
        "last-ipv6" => last + 1,
        _ => 1,
    };
    Some(number + start).filter(|number| *number <= last)
}

/// Returns the number of a line of `ufw status numbered`, and whether its rule is one for IPv6.
fn numbered_rule(line: &str) -> Option<(i128, bool)> {
    let (number, _) = line.strip_prefix('[')?.split_once("] ")?;
    Some((number.trim().parse().ok()?, line.contains("(v6)")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_from_the_first_and_last_rule_of_a_version() {
        let said = "Status: active\n\n[ 1] 80/tcp ALLOW IN Anywhere\n[ 2] 22 ALLOW IN Anywhere\n[ 3] 80/tcp (v6) ALLOW IN Anywhere (v6)\n";
        assert_eq!(of(7, None, said), Some(7));
        assert_eq!(of(0, Some("first-ipv4"), said), Some(1));
        assert_eq!(of(0, Some("last-ipv4"), said), Some(2));
        assert_eq!(of(0, Some("first-ipv6"), said), Some(3));
        assert_eq!(of(0, Some("last-ipv6"), said), Some(3));
        assert_eq!(of(1, Some("last-ipv6"), said), None);
        assert_eq!(of(0, Some("last-ipv6"), ""), None);
    }
}
