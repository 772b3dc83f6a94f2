//! Shell patterns over names: `*`, `?`, `[seq]`, `[!seq]`; nothing else is special.

/// A shell pattern.
#[derive(Clone, Debug)]
pub(super) struct Glob(Vec<Token>);

#[derive(Clone, Debug)]
enum Token {
    Char(char),
    Any,
    Star,
    Set { negated: bool, ranges: Vec<(char, char)> },
}

impl Glob {
    /// Reads a pattern. A bracket that is never closed stands for itself.
    pub(super) fn new(pattern: &str) -> Glob {
        let letters: Vec<char> = pattern.chars().collect();
        let mut tokens = Vec::new();
        let mut at = 0;
        while let Some(c) = letters.get(at) {
            at += 1;
            match c {
                '*' => {
                    if !matches!(tokens.last(), Some(Token::Star)) {
                        tokens.push(Token::Star);
                    }
                }
                '?' => tokens.push(Token::Any),
                '[' => match set(&letters[at..]) {
                    Some((set, length)) => {
                        tokens.push(set);
                        at += length;
                    }
                    None => tokens.push(Token::Char('[')),
                },
                c => tokens.push(Token::Char(*c)),
            }
        }
        Glob(tokens)
    }

    /// Claims that the whole text matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        let letters: Vec<char> = text.chars().collect();
        let (mut token, mut letter) = (0, 0);
        // The last star and the letter after what it covers: a mismatch goes back to it and lets it cover one more.
        // Earlier stars never need a second try, so that this is quadratic at worst.
        let mut star: Option<(usize, usize)> = None;
        while letter < letters.len() {
            match self.0.get(token) {
                Some(Token::Star) => {
                    star = Some((token, letter));
                    token += 1;
                }
                Some(one) if one.fits(letters[letter]) => {
                    token += 1;
                    letter += 1;
                }
                _ => match &mut star {
                    Some((at, covered)) => {
                        *covered += 1;
                        letter = *covered;
                        token = *at + 1;
                    }
                    None => return false,
                },
            }
        }
        self.0[token..].iter().all(|token| matches!(token, Token::Star))
    }
}

impl Token {
    /// Claims that the token matches this one letter.
    fn fits(&self, letter: char) -> bool {
        match self {
            Token::Char(c) => *c == letter,
            Token::Any => true,
            Token::Star => false,
            Token::Set { negated, ranges } => {
                ranges.iter().any(|(low, high)| (*low..=*high).contains(&letter)) != *negated
            }
        }
    }
}

/// Reads a set after its opening bracket; also returns how many letters it takes with the closing one.
fn set(letters: &[char]) -> Option<(Token, usize)> {
    let negated = letters.first() == Some(&'!');
    let start = usize::from(negated);
    // A closing bracket right at the start is a letter of the set.
    let end = letters.iter().skip(start + 1).position(|c| *c == ']')? + start + 1;
    let mut ranges = Vec::new();
    let mut at = start;
    while at < end {
        if at + 2 < end && letters[at + 1] == '-' {
            ranges.push((letters[at], letters[at + 2]));
            at += 3;
        } else {
            ranges.push((letters[at], letters[at]));
            at += 1;
        }
    }
    Some((Token::Set { negated, ranges }, end + 1))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn patterns_match_as_in_a_shell() {
        let cases = [
            ("web*", "web", true),
            ("web*", "web1.example.com", true),
            ("*.com", "web1.com", true),
            ("*b*1", "web11", true),
            ("*b*1", "web12", false),
            ("web?", "web1", true),
            ("web?", "web", false),
            ("web[12]", "web2", true),
            ("web[!12]", "web2", false),
            ("web[a-c]x", "webbx", true),
            ("web[c-a]", "webb", false),
            ("web[]]", "web]", true),
            ("web[1", "web[1", true),
            ("web[", "web[", true),
            ("[-a]", "-", true),
            ("Web", "web", false),
            ("w.b", "web", false),
            ("", "", true),
        ];
        for (pattern, text, expected) in cases {
            assert_eq!(Glob::new(pattern).matches(text), expected, "{pattern} on {text}");
        }
    }

    /// Matches by trying every way, for comparison.
    fn model(pattern: &[char], text: &[char]) -> bool {
        match (pattern, text) {
            ([], []) => true,
            (['*', rest @ ..], _) => (0..=text.len()).any(|n| model(rest, &text[n..])),
            (['?', rest @ ..], [_, more @ ..]) => model(rest, more),
            ([c, rest @ ..], [d, more @ ..]) => c == d && model(rest, more),
            _ => false,
        }
    }

    proptest! {
        #[test]
        fn stars_agree_with_trying_every_way(pattern in "[ab*?]{0,8}", text in "[ab]{0,10}") {
            let letters = |text: &str| text.chars().collect::<Vec<_>>();
            prop_assert_eq!(Glob::new(&pattern).matches(&text), model(&letters(&pattern), &letters(&text)));
        }

        #[test]
        fn any_text_is_a_pattern(pattern in "[\\[\\]!a-c*?é-]{0,16}", text in "[\\[\\]!a-cé-]{0,16}") {
            Glob::new(&pattern).matches(&text);
        }
    }
}
