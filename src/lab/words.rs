//! Command lines of a simulated host: words, quotes and operators.

/// How deep `sh -c` may call itself.
pub(super) const DEEPEST: usize = 8;

/// A word or an operator.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    Word(String),
    Operator(&'static str),
}

/// Returns how many tokens there are before the next `;`, `&&` or `||` outside braces.
pub(super) fn end_of_pipeline(tokens: &[Token]) -> usize {
    let mut depth = 0usize;
    let mut at_start = true;
    for (at, token) in tokens.iter().enumerate() {
        match token {
            Token::Word(word) if at_start && word == "{" => depth += 1,
            Token::Word(word) if at_start && word == "}" => depth = depth.saturating_sub(1),
            Token::Operator("&&" | "||" | ";") if depth == 0 => return at,
            _ => {}
        }
        // A brace is one only where a command begins.
        at_start = match token {
            Token::Operator(operator) => matches!(*operator, "&&" | "||" | ";" | "|"),
            Token::Word(word) => at_start && word == "{",
        };
    }
    tokens.len()
}

/// Claims that a command reads its standard input, so that it is waited for.
pub(super) fn wants_stdin(text: &str, depth: usize) -> bool {
    let Ok(tokens) = tokens(text) else { return false };
    let mut piped = false;
    for command in tokens.split_inclusive(|token| matches!(token, Token::Operator("&&" | "||" | ";" | "|"))) {
        let words: Vec<&str> = command
            .iter()
            .take_while(|token| !matches!(token, Token::Operator(">" | ">>")))
            .filter_map(|token| match token {
                Token::Word(word) if word != "{" => Some(word.as_str()),
                _ => None,
            })
            .collect();
        let reads = match words.as_slice() {
            ["cat"] | ["cat", "-"] => !command.contains(&Token::Operator("<")),
            [shell, "-c", inner, ..] if shell.ends_with("sh") && depth < DEEPEST => wants_stdin(inner, depth + 1),
            _ => false,
        };
        if reads && !piped {
            return true;
        }
        piped = command.last() == Some(&Token::Operator("|"));
    }
    false
}

/// Splits a line into words and operators.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, &'static str> {
    let mut out = Vec::new();
    let mut word: Option<String> = None;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let mut operator = |name: &'static str, word: &mut Option<String>| {
            out.extend(word.take().map(Token::Word));
            out.push(Token::Operator(name));
        };
        match c {
            '\'' => {
                let into = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('\'') => break,
                        Some(c) => into.push(c),
                        None => return Err("a quote is not closed"),
                    }
                }
            }
            '"' => {
                let into = word.get_or_insert_default();
                loop {
                    match chars.next() {
                        Some('"') => break,
                        Some('\\') if matches!(chars.peek(), Some('"' | '\\' | '$' | '`')) => into.extend(chars.next()),
                        Some(c) => into.push(c),
                        None => return Err("a quote is not closed"),
                    }
                }
            }
            '\\' => word.get_or_insert_default().extend(chars.next()),
            ' ' | '\t' => out.extend(word.take().map(Token::Word)),
            '\n' | ';' => operator(";", &mut word),
            '&' if chars.next_if_eq(&'&').is_some() => operator("&&", &mut word),
            '|' if chars.next_if_eq(&'|').is_some() => operator("||", &mut word),
            '|' => operator("|", &mut word),
            '>' if word.as_deref() == Some("2") => {
                word = None;
                let joins = chars.next_if_eq(&'&').is_some() && chars.next_if_eq(&'1').is_some();
                operator(if joins { "2>&1" } else { "2>" }, &mut word);
            }
            '>' if chars.next_if_eq(&'&').is_some() => match chars.next_if_eq(&'2') {
                Some(_) => operator(">&2", &mut word),
                None => return Err("only `>&2` is simulated"),
            },
            '>' if chars.next_if_eq(&'>').is_some() => operator(">>", &mut word),
            '>' => operator(">", &mut word),
            '<' => operator("<", &mut word),
            '#' if word.is_none() => while chars.next_if(|c| *c != '\n').is_some() {},
            '&' | '`' => return Err("jobs and command substitution are not simulated"),
            '$' if matches!(chars.peek(), Some('(' | '{')) => return Err("substitution is not simulated"),
            c => word.get_or_insert_default().push(c),
        }
    }
    out.extend(word.map(Token::Word));
    Ok(out)
}
