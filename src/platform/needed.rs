//! What a text has to contain for an expression to fit: most are asked about lines that have nothing of it, and then
//! they need not be compiled at all.

/// A literal part of an expression that stands in everything that the expression fits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Needed {
    literal: String,
    /// The expression takes both cases.
    any_case: bool,
}

/// In longer texts a literal of any case is not looked for: comparing at each place would cost more than asking.
const LONG: usize = 4096;

impl Needed {
    /// Returns the longest literal that an expression cannot do without; `None` where none is plain to see: a choice at
    /// its top, flags in its midst, characters outside of ASCII.
    pub(super) fn of(expression: &str) -> Option<Needed> {
        let (any_case, rest) = match expression.strip_prefix("(?i)") {
            Some(rest) => (true, rest),
            None => (false, expression),
        };
        if !expression.is_ascii() || has_flags(rest) || (any_case && rest.to_ascii_lowercase().contains("\\p")) {
            return None;
        }
        let literal = longest(rest.as_bytes())?;
        Some(Needed { literal, any_case })
    }

    /// Claims that a text may fit.
    pub(super) fn is_in(&self, text: &str) -> bool {
        if !self.any_case {
            return memchr::memmem::find(text.as_bytes(), self.literal.as_bytes()).is_some();
        }
        let literal = self.literal.as_bytes();
        text.len() > LONG || text.as_bytes().windows(literal.len()).any(|part| part.eq_ignore_ascii_case(literal))
    }
}

/// Claims that groups change what letters and blanks mean: `(?i:`, `(?x)`.
fn has_flags(expression: &str) -> bool {
    expression.match_indices("(?").any(|(at, _)| {
        let flags = expression[at + 2..].chars().take_while(|c| c.is_ascii_alphabetic() || *c == '-');
        flags.clone().any(|flag| matches!(flag, 'i' | 'x')) && !expression[at + 2..].starts_with("P<")
    })
}

/// Returns the longest run of plain characters outside of groups and classes.
fn longest(expression: &[u8]) -> Option<String> {
    let mut best = String::new();
    let mut run = String::new();
    let mut at = 0;
    while let Some(&byte) = expression.get(at) {
        let (literal, length) = match byte {
            b'|' => return None,
            b'(' => (None, group(&expression[at..])?),
            b'[' => (None, class(&expression[at..])?),
            b'\\' => escape(&expression[at..])?,
            b'?' | b'*' | b'{' => {
                // What stands before it may be missing.
                run.pop();
                (None, if byte == b'{' { 1 + expression[at..].iter().position(|b| *b == b'}')? } else { 1 })
            }
            b'+' | b'.' | b'^' | b'$' => (None, 1),
            byte => (Some(char::from(byte)), 1),
        };
        match literal {
            Some(literal) => run.push(literal),
            None => {
                if run.len() > best.len() {
                    best.clone_from(&run);
                }
                run.clear();
            }
        }
        at += length;
    }
    let longest = if run.len() > best.len() { run } else { best };
    (!longest.is_empty()).then_some(longest)
}

/// Returns the character that an escape means, if it is a plain one, and its length.
fn escape(expression: &[u8]) -> Option<(Option<char>, usize)> {
    match expression.get(1)? {
        punctuation if punctuation.is_ascii_punctuation() => Some((Some(char::from(*punctuation)), 2)),
        // Classes and places without braces.
        b'd' | b'D' | b's' | b'S' | b'w' | b'W' | b'b' | b'B' | b'A' | b'z' | b'n' | b'r' | b't' => Some((None, 2)),
        _ => None,
    }
}

/// Returns the length of a group.
fn group(expression: &[u8]) -> Option<usize> {
    let mut depth = 0;
    let mut at = 0;
    while let Some(byte) = expression.get(at) {
        at += match byte {
            b'\\' => 2,
            b'[' => class(&expression[at..])?,
            b'(' => {
                depth += 1;
                1
            }
            b')' => {
                depth -= 1;
                if depth == 0 {
                    return Some(at + 1);
                }
                1
            }
            _ => 1,
        };
    }
    None
}

/// Returns the length of a class of characters; `None` of one that has another in it.
fn class(expression: &[u8]) -> Option<usize> {
    let mut at = 1;
    if expression.get(at) == Some(&b'^') {
        at += 1;
    }
    // A bracket that comes first is a character.
    if expression.get(at) == Some(&b']') {
        at += 1;
    }
    loop {
        match expression.get(at)? {
            b']' => return Some(at + 1),
            b'[' => return None,
            b'\\' => at += 2,
            _ => at += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use proptest::strategy::ValueTree;
    use proptest::test_runner::TestRunner;

    fn needed(expression: &str) -> Option<(String, bool)> {
        Needed::of(expression).map(|needed| (needed.literal, needed.any_case))
    }

    #[test]
    fn the_longest_literal_is_found() {
        for (expression, literal) in [
            ("^% ?Invalid", "Invalid"),
            ("^% ?(?:Unknown|Unrecognized) command", " command"),
            (r"^\S+ is not running$", " is not running"),
            ("^%.* (?:is not running|does not exist)", "%"),
            (r"a\.b+c", "a.b"),
            (r"[]x]ab{2}cd", "cd"),
            (r"([(]|\)) end", " end"),
            ("x[^]]y?zz", "zz"),
        ] {
            assert_eq!(needed(expression), Some((literal.into(), false)), "{expression}");
        }
        assert_eq!(needed("(?i)^error: "), Some(("error: ".into(), true)));
        for expression in [
            "a|b", r"\S+", "", "(?:a)", "x*", "a(?i)b", "(?ix) a", "(?i:a)b", r"\x41", r"\p{L}a", "\u{e4}", "[a[b]]c",
            "(a",
        ] {
            assert_eq!(needed(expression), None, "{expression}");
        }
    }

    #[test]
    fn a_literal_of_any_case_is_found_in_any_case() {
        let needed = Needed::of("(?i)^error: ").expect("a literal");
        assert!(needed.is_in("x ERROR: no") && !needed.is_in("error") && !needed.is_in(""));
        assert!(needed.is_in(&"-".repeat(LONG + 1)), "long texts are left to the expression");
    }

    fn strings(value: &serde_yaml::Value, texts: &mut Vec<String>) {
        match value {
            serde_yaml::Value::String(text) => texts.push(text.clone()),
            serde_yaml::Value::Sequence(values) => values.iter().for_each(|value| strings(value, texts)),
            serde_yaml::Value::Mapping(entries) => entries.values().for_each(|value| strings(value, texts)),
            _ => {}
        }
    }

    #[test]
    fn whatever_an_expression_of_a_definition_fits_contains_what_is_needed() {
        let mut tried = 0;
        let mut runner = TestRunner::deterministic();
        let mut texts = Vec::new();
        for (_, definition, _) in crate::platform::DEFINITIONS {
            strings(&serde_yaml::from_str(definition).expect("YAML"), &mut texts);
        }
        // Texts that are no expressions, as commands are, do no harm here.
        for expression in texts {
            let Some(needed) = Needed::of(&expression) else { continue };
            let written = expression.replace("(?i)", "").replace(['^', '$'], "").replace(r"\b", "");
            let Ok(strategy) = proptest::string::string_regex(&written) else { continue };
            let Ok(regex) = regex::RegexBuilder::new(&expression).multi_line(true).build() else { continue };
            for _ in 0..8 {
                let Ok(tree) = strategy.new_tree(&mut runner) else { break };
                let text = tree.current();
                if regex.is_match(&text) {
                    tried += 1;
                    assert!(needed.is_in(&text), "`{expression}` fits {text:?} without {needed:?}");
                }
            }
        }
        assert!(tried > 2_000, "{tried}");
    }

    proptest! {
        #[test]
        fn whatever_an_expression_fits_contains_what_is_needed(
            parts in prop::collection::vec(prop_oneof![
                "[a-c% ]{1,3}", Just(r"\S".into()), Just("?".into()), Just("*".into()), Just("+".into()), Just("(?:ab|c)".into()),
                Just("[a-c]".into()), Just("[^%]".into()), Just("{2}".into()), Just("^".into()), Just("$".into()),
                Just(r"\.".into()), Just("|".into()), Just("(a)".into()), Just(".".into()), Just("(?i)".into()),
            ], 0..8),
            texts in prop::collection::vec("[a-cA-C%. ]{0,8}", 20),
        ) {
            let expression = parts.concat();
            let (Some(needed), Ok(regex)) = (Needed::of(&expression), regex::Regex::new(&expression)) else { return Ok(()) };
            for text in texts {
                prop_assert!(!regex.is_match(&text) || needed.is_in(&text), "`{}` fits {:?} without {:?}", expression, text, needed);
            }
        }
    }
}
