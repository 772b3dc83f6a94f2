//! Comma-separated values, read as Python's `csv` reads them.

use crate::value::{Key, Map};

/// How a text is separated.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Dialect {
    pub(crate) delimiter: char,
    /// Blanks behind a delimiter do not count.
    pub(crate) skips_blanks: bool,
    /// What is written wrong is an error.
    pub(crate) is_strict: bool,
}

impl Dialect {
    /// Returns one of Python's dialects, with another delimiter if one is said.
    ///
    /// # Errors
    /// Says what is wrong.
    pub(crate) fn named(name: Option<&str>, delimiter: Option<&str>) -> Result<Dialect, String> {
        let usual = match name {
            None | Some("excel" | "unix") => ',',
            Some("excel-tab") => '\t',
            Some(other) => return Err(format!("knows no dialect `{other}`; it knows `excel`, `excel-tab`, `unix`")),
        };
        let delimiter = match delimiter.map(|said| said.chars().collect::<Vec<_>>()).as_deref() {
            None => usual,
            Some([one]) if !matches!(one, '\n' | '\r' | '"') => *one,
            Some(_) => return Err("`delimiter` is one character".into()),
        };
        Ok(Dialect { delimiter, skips_blanks: false, is_strict: false })
    }
}

/// Reads a text as records, by the names of their fields; the first row has the names where they are not given. Returns
/// the names, too. Rows without cells are left out, and cells without a name come together under none.
///
/// # Errors
/// Says what is wrong.
pub(crate) fn records(text: &str, dialect: Dialect, names: Option<Vec<Key>>) -> Result<(Vec<Key>, Vec<Map>), String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rows = rows(text, dialect)?.into_iter();
    let names = names.unwrap_or_else(|| rows.next().unwrap_or_default().into_iter().map(Key::from).collect());
    let record = |row: Vec<String>| {
        let mut record = Map::new();
        for (at, name) in names.iter().enumerate() {
            record.insert(name.clone(), row.get(at).map(String::as_str));
        }
        if row.len() > names.len() {
            record.insert(Key::Null, row[names.len()..].to_vec());
        }
        record
    };
    let records = rows.filter(|row| !row.is_empty()).map(record).collect();
    Ok((names, records))
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
