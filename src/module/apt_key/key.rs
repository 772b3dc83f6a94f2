//! The numbers of keys: as they are given, and as they are listed.

/// The number of a key, in the lengths in which it is told.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// As it is given, in capitals.
    pub(super) id: String,
    /// Its last eight digits.
    pub(super) short: String,
    /// Its last sixteen digits, if there are so many.
    pub(super) print: String,
}

impl Key {
    /// Returns the key of a number; nothing for what is none.
    pub(super) fn of(id: &str) -> Option<Key> {
        let id = id.trim().to_ascii_uppercase();
        let id = id.strip_prefix("0X").unwrap_or(&id).to_owned();
        let is_long_enough = matches!(id.len(), 8 | 16..);
        if !is_long_enough || !id.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return None;
        }
        let last = |count: usize| id[id.len().saturating_sub(count)..].to_owned();
        Some(Key { short: last(8), print: last(16), id })
    }

    /// Claims that only eight digits are known.
    pub(super) fn is_short(&self) -> bool {
        self.id.len() == 8
    }

    /// Claims that the key is in a list.
    pub(super) fn is_among(&self, list: &[String]) -> bool {
        list.contains(if self.is_short() { &self.short } else { &self.print })
    }
}

/// Returns the numbers of keys and subkeys that gpg lists, for people (`pub   ed25519/…`) or with colons; short ones where
/// only these are asked for.
pub(in crate::module) fn listed(text: &str, short: bool) -> Vec<String> {
    let is_key = |line: &&str| (line.starts_with("pub") || line.starts_with("sub")) && !line.contains("expired");
    let number = |line: &str| {
        let mut parts = line.split_whitespace().nth(1).unwrap_or_default().split('/');
        match (parts.next(), parts.next(), parts.next()) {
            (Some(_), Some(number), None) => Some(number.to_owned()),
            _ => line.split(':').nth(4).map(str::to_owned),
        }
    };
    let last = |number: String| number.get(number.len().saturating_sub(8)..).unwrap_or_default().to_owned();
    let numbers = text.lines().filter(is_key).filter_map(number);
    numbers.map(|number| if short { last(number) } else { number }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_eight_or_at_least_sixteen_digits() {
        let key = Key::of("0xf1802ba5b9bcfd6a9b7c30073fbcc87cdb728ba4").unwrap();
        assert_eq!((key.short.as_str(), key.print.as_str()), ("DB728BA4", "3FBCC87CDB728BA4"));
        assert!(!key.is_short() && Key::of("DB728BA4").unwrap().is_short());
        for wrong in ["", "0x", "DB728BA", "DB728BA4A", "G0000000", "DB728BAé"] {
            assert_eq!(Key::of(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn keys_are_read_from_both_lists_of_gpgs() {
        let people = "/etc/apt/x.gpg\n---\npub   ed25519/3FBCC87CDB728BA4 2020-01-01 [SC]\n      F1802BA5B9BC\nuid   [ unknown] np\n\
                      sub   rsa4096/0123456789ABCDEF 2020-01-01 [E]\npub   rsa2048/1111111111111111 2010-01-01 [expired: 2011-01-01]\n";
        assert_eq!(listed(people, false), ["3FBCC87CDB728BA4", "0123456789ABCDEF"]);
        assert_eq!(listed(people, true), ["DB728BA4", "89ABCDEF"]);
        assert_eq!(listed("pub:u:255:22:3FBCC87CDB728BA4:15:::u:\nuid:::::::::np:\n", false), ["3FBCC87CDB728BA4"]);
        assert_eq!(listed("pub\nsub é:é\n", true), Vec::<String>::new());
    }
}
