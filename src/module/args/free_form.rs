//! Arguments in one line of text: `key=value`, and the free form of commands.

use crate::module::Module;

/// Splits `a=1 b="x y" rest` as Ansible splits free-form arguments: at blanks outside quotes and outside `{{ }}`.
/// A word without `=` has no key; quotes around a value are taken off.
pub fn split_key_value(text: &str) -> Vec<(Option<String>, String)> {
    word_ranges(text).into_iter().map(|range| key_and_value(&text[range])).collect()
}

/// Takes the arguments out of a free-form text (`command: ls chdir=/tmp`) and returns what is left, just as it is
/// written, and them. To be done before anything is rendered: what a variable holds is no argument.
///
/// Commands give up only what Ansible's do; everything else with a `=` in it is theirs.
pub fn split_free_form(module: &Module, text: &str) -> (String, Vec<(String, String)>) {
    const OF_COMMANDS: &[&str] =
        &["creates", "removes", "chdir", "executable", "stdin", "stdin_add_newline", "strip_empty_ends"];
    let is_command = matches!(module.name, "command" | "shell" | "script" | "raw");
    let is_argument = |name: &str| {
        let declared = module.args.iter().any(|arg| arg.answers_to(name) && Some(arg.name) != module.free_form);
        declared && (!is_command || OF_COMMANDS.contains(&name))
    };
    let mut rest = String::new();
    let mut found = Vec::new();
    let mut from = 0;
    for range in word_ranges(text) {
        let (Some(key), value) = key_and_value(&text[range.clone()]) else { continue };
        if !is_argument(&key) {
            continue;
        }
        rest.push_str(&text[from..range.start]);
        let after = &text[range.end..];
        from = text.len() - after.trim_start_matches([' ', '\t']).len();
        found.push((key, value));
    }
    rest.push_str(&text[from..]);
    (rest.trim_end().to_owned(), found)
}

/// Returns where the words of a text are.
fn word_ranges(text: &str) -> Vec<std::ops::Range<usize>> {
    let mut ranges = Vec::new();
    let mut start: Option<usize> = None;
    let mut quote: Option<char> = None;
    let mut depth = 0usize;
    let mut escaped = false;
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        if c.is_whitespace() && quote.is_none() && depth == 0 {
            ranges.extend(start.take().map(|start| start..at));
            continue;
        }
        start.get_or_insert(at);
        let next = chars.peek().map(|(_, next)| *next);
        match c {
            _ if escaped => escaped = false,
            '\\' if quote.is_some() => escaped = true,
            '\'' | '"' if depth == 0 && quote.is_none() => quote = Some(c),
            c if depth == 0 && quote == Some(c) => quote = None,
            '{' if matches!(next, Some('{' | '%' | '#')) => {
                depth += 1;
                chars.next();
            }
            '}' | '%' | '#' if depth > 0 && next == Some('}') => {
                depth -= 1;
                chars.next();
            }
            _ => {}
        }
    }
    ranges.extend(start.map(|start| start..text.len()));
    ranges
}

fn key_and_value(word: &str) -> (Option<String>, String) {
    let Some((key, value)) = word.split_once('=') else {
        return (None, word.to_owned());
    };
    let is_name =
        |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if !is_name(key) {
        return (None, word.to_owned());
    }
    let inside = ['"', '\''].iter().find_map(|q| value.strip_prefix(*q).and_then(|v| v.strip_suffix(*q)));
    (Some(key.to_owned()), unescaped(inside.unwrap_or(value)))
}

/// Returns the value of a `name=value` argument with its escapes resolved, as Python reads them.
pub(in crate::module) fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let after = &rest[at + 1..];
        let (letter, used) = match after.chars().next() {
            Some('n') => (Some('\n'), 1),
            Some('t') => (Some('\t'), 1),
            Some('r') => (Some('\r'), 1),
            Some('a') => (Some('\x07'), 1),
            Some('b') => (Some('\x08'), 1),
            Some('f') => (Some('\x0c'), 1),
            Some('v') => (Some('\x0b'), 1),
            Some(c @ ('\\' | '\'' | '"')) => (Some(c), 1),
            Some('x') => (coded(after, 2), 3),
            Some('u') => (coded(after, 4), 5),
            Some('U') => (coded(after, 8), 9),
            _ => (None, 0),
        };
        match letter {
            Some(letter) => {
                out.push(letter);
                rest = &after[used..];
            }
            None => {
                out.push('\\');
                rest = after;
            }
        }
    }
    out + rest
}

/// Returns the letter whose number stands behind the first letter in so many hexadecimal digits.
fn coded(text: &str, digits: usize) -> Option<char> {
    let number = text.get(1..=digits).filter(|number| number.chars().all(|c| c.is_ascii_hexdigit()))?;
    char::from_u32(u32::from_str_radix(number, 16).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn free_form_text_is_split_outside_quotes_and_templates() {
        let pairs = split_key_value(r#"src={{ a | default('x y') }} dest="/tmp/a b" mode=0644 word"#);
        let expected = [
            (Some("src"), "{{ a | default('x y') }}"),
            (Some("dest"), "/tmp/a b"),
            (Some("mode"), "0644"),
            (None, "word"),
        ];
        let pairs: Vec<_> = pairs.iter().map(|(k, v)| (k.as_deref(), v.as_str())).collect();
        assert_eq!(pairs, expected);
    }

    #[test]
    fn a_command_keeps_all_that_is_no_argument_of_its_own() {
        let (command, shell) = (&crate::module::command::MODULE, &crate::module::shell::MODULE);
        let include = &crate::module::include_vars::MODULE;
        type Case = (&'static Module, &'static str, &'static str, &'static [(&'static str, &'static str)]);
        let cases: [Case; 6] = [
            (command, "ls  -l chdir=/tmp a=b", "ls  -l a=b", &[("chdir", "/tmp")]),
            (command, "creates='/a b' touch x=1 cmd=2", "touch x=1 cmd=2", &[("creates", "/a b")]),
            (shell, "a=1\nb=2  'x  y'\n", "a=1\nb=2  'x  y'", &[]),
            (
                shell,
                "echo {{ a | default('chdir=/x y') }} executable=/bin/bash",
                "echo {{ a | default('chdir=/x y') }}",
                &[("executable", "/bin/bash")],
            ),
            (command, "echo 'chdir=/tmp'", "echo 'chdir=/tmp'", &[]),
            (include, "x.yml name=all", "x.yml", &[("name", "all")]),
        ];
        for (module, text, rest, args) in cases {
            let (left, found) = split_free_form(module, text);
            let found: Vec<_> = found.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
            assert_eq!((left.as_str(), &found[..]), (rest, args), "{text}");
        }
    }
}
