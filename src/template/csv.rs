//! Comma-separated values, read as Python's `csv` reads them.

/// How a text is separated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    pub(crate) delimiter: char,
    /// Blanks behind a delimiter do not count.
    pub(crate) skips_blanks: bool,
    /// What is written wrong is an error.
    pub(crate) is_strict: bool,
}

/// Splits a text into rows of cells; quotes keep delimiters and newlines, a doubled quote stands for one. A line without
/// anything gives a row without cells.
///
/// # Errors
/// Says what is wrong.
pub(crate) fn rows(text: &str, dialect: Dialect) -> Result<Vec<Vec<String>>, String> {
    let mut rows = Vec::new();
    let mut row: Vec<String> = Vec::new();
    let mut cell = String::new();
    // Whether a cell has begun, stands in quotes, or has had them.
    let (mut begun, mut quoted, mut closed) = (false, false, false);
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' if quoted => (quoted, closed) = (false, true),
            c if quoted => cell.push(c),
            '\n' | '\r' => {
                if c == '\r' && chars.next_if_eq(&'\n').is_none() && chars.peek().is_some() {
                    return Err("has a carriage return in the middle of a line".into());
                }
                if begun || !row.is_empty() {
                    row.push(std::mem::take(&mut cell));
                }
                rows.push(std::mem::take(&mut row));
                (begun, closed) = (false, false);
            }
            c if c == dialect.delimiter => {
                row.push(std::mem::take(&mut cell));
                // Whatever follows, even nothing, is a cell.
                (begun, closed) = (true, false);
            }
            ' ' if dialect.skips_blanks && cell.is_empty() && !closed => {}
            '"' if cell.is_empty() && !closed => (begun, quoted) = (true, true),
            _ if closed && dialect.is_strict => return Err(format!("has `{c}` behind a quote, not a delimiter")),
            c => {
                begun = true;
                cell.push(c);
            }
        }
    }
    if quoted && dialect.is_strict {
        return Err("ends inside quotes".into());
    }
    if begun || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_keep_what_they_hold() {
        let dialect = Dialect { delimiter: ',', skips_blanks: false, is_strict: false };
        let read = |text: &str| rows(text, dialect).unwrap();
        assert_eq!(read("a,\"b,\n\"\"c\"\"\",\r\nd"), vec![vec!["a", "b,\n\"c\"", ""], vec!["d"]]);
        assert_eq!(read("a\n\nb\n"), vec![vec!["a"], vec![], vec!["b"]]);
        assert!(rows("\"a", Dialect { is_strict: true, ..dialect }).is_err());
        assert!(rows("\"a\"b", Dialect { is_strict: true, ..dialect }).is_err());
    }
}
