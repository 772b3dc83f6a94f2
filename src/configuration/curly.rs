//! Configurations in braces (`system { host-name r1; }`) as `set` lines.
//!
//! Junos and VyOS show them so, and people write templates that way. A statement ends with `;` (Junos) or with its line
//! (VyOS); `[ a b ]` stands for several values; marks (`inactive:`, `protect:`) say what is done to what follows; `/* … */` and `#` are
//! comments.

/// Claims that a text is written in braces: a line that opens a section ends with `{`.
pub(super) fn is_curly(text: &str) -> bool {
    text.lines().any(|line| line.trim_end().ends_with('{') && !line.trim_start().starts_with("set "))
}

/// Returns the `set` lines of a text in braces. A brace too many or too few does not stop the reading: what it says of
/// the lines around it is what the device would be told, and the device's own check has the last word.
pub(super) fn set_lines(text: &str) -> Vec<String> {
    let mut reader = Reader::default();
    for token in Tokens::of(text) {
        match token {
            Token::Open => reader.open(),
            Token::Close => {
                // VyOS ends the last statement with the brace.
                reader.say();
                reader.path.pop();
            }
            Token::End => reader.say(),
            Token::Word(word) => reader.statement.push(word),
        }
    }
    reader.say();
    reader.lines.append(&mut reader.marked);
    reader.lines
}

/// Marks before a statement of Junos, and what is done to what it names.
const MARKS: &[(&str, &str)] = &[
    ("inactive:", "deactivate"),
    ("active:", "activate"),
    ("protect:", "protect"),
    ("unprotect:", "unprotect"),
    ("delete:", "delete"),
    ("replace:", ""),
];

#[derive(Default)]
struct Reader {
    /// The sections that are open.
    path: Vec<String>,
    /// The words of the statement so far.
    statement: Vec<String>,
    lines: Vec<String>,
    /// What is done to statements that are there: it comes last.
    marked: Vec<String>,
}

impl Reader {
    /// Takes the marks off the beginning of a statement, and says what they ask for. What `replace:` marks is merged here.
    fn take_statement(&mut self, is_section: bool) -> Vec<String> {
        let mut words = std::mem::take(&mut self.statement);
        while let Some((_, verb)) = words.first().and_then(|word| MARKS.iter().find(|(mark, _)| mark == word)) {
            words.remove(0);
            // `inactive: route 10.0.0.0/8 discard;` is said of the route.
            let named = if is_section { words.as_slice() } else { &words[..words.len().min(2)] };
            let marked = [self.path.as_slice(), named].concat().join(" ");
            match *verb {
                "" => {}
                "delete" => self.lines.push(format!("delete {marked}")),
                verb => self.marked.push(format!("{verb} {marked}")),
            }
        }
        words
    }

    fn open(&mut self) {
        let words = self.take_statement(true);
        self.path.push(words.join(" "));
    }

    /// Ends a statement.
    fn say(&mut self) {
        let is_deleted = self.statement.first().is_some_and(|word| word == "delete:");
        let words = self.take_statement(false);
        if words.is_empty() || is_deleted {
            return;
        }
        let path = self.path.clone();
        let line = |words: &[String]| {
            let words: Vec<&str> =
                path.iter().chain(words).map(String::as_str).filter(|word| !word.is_empty()).collect();
            format!("set {}", words.join(" "))
        };
        let list = words.iter().position(|word| word == "[").zip(words.iter().rposition(|word| word == "]"));
        match list.filter(|(open, close)| open < close) {
            Some((open, close)) => self.lines.extend(
                words[open + 1..close]
                    .iter()
                    .map(|value| line(&[&words[..open], std::slice::from_ref(value)].concat())),
            ),
            None => self.lines.push(line(&words)),
        }
    }
}

enum Token {
    Word(String),
    Open,
    Close,
    /// The end of a statement.
    End,
}

/// The tokens of a text in braces.
struct Tokens<'a> {
    rest: std::iter::Peekable<std::str::Chars<'a>>,
    /// A word of a statement was read that has not ended.
    has_word: bool,
    /// The end of a line ends a statement: there are no semicolons.
    by_line: bool,
}

impl<'a> Tokens<'a> {
    fn of(text: &'a str) -> Tokens<'a> {
        let by_line = !text.lines().any(|line| line.trim_end().ends_with(';'));
        Tokens { rest: text.chars().peekable(), has_word: false, by_line }
    }

    fn skip_line(&mut self) {
        while self.rest.next_if(|c| *c != '\n').is_some() {}
    }

    fn skip_comment(&mut self) {
        let mut before = ' ';
        for c in self.rest.by_ref() {
            if before == '*' && c == '/' {
                break;
            }
            before = c;
        }
    }

    fn word(&mut self, first: char) -> String {
        let mut word = String::from(first);
        if first == '"' {
            let mut escaped = false;
            for c in self.rest.by_ref() {
                word.push(c);
                if c == '"' && !escaped {
                    break;
                }
                escaped = c == '\\' && !escaped;
            }
            return word;
        }
        while let Some(c) = self.rest.next_if(|c| !c.is_whitespace() && !matches!(c, ';' | '{' | '}' | '[' | ']')) {
            word.push(c);
        }
        word
    }
}

impl Iterator for Tokens<'_> {
    type Item = Token;

    fn next(&mut self) -> Option<Token> {
        while let Some(c) = self.rest.next() {
            match c {
                '\n' if self.by_line && std::mem::take(&mut self.has_word) => return Some(Token::End),
                c if c.is_whitespace() => {}
                '#' if !self.has_word => self.skip_line(),
                '/' if self.rest.peek() == Some(&'*') => self.skip_comment(),
                // Junos: `## SECRET-DATA` behind a statement.
                '#' if self.rest.peek() == Some(&'#') => self.skip_line(),
                ';' => {
                    self.has_word = false;
                    return Some(Token::End);
                }
                '{' => {
                    self.has_word = false;
                    return Some(Token::Open);
                }
                '}' => {
                    self.has_word = false;
                    return Some(Token::Close);
                }
                '[' | ']' => return Some(Token::Word(c.to_string())),
                first => {
                    self.has_word = true;
                    return Some(Token::Word(self.word(first)));
                }
            }
        }
        None
    }
}
