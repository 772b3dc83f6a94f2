//! Lookups that read one value out of a file of records.

use super::files::read;
use super::{Call, Lookup, argument};
use crate::failure::Failure;
use crate::value::Value;

pub(super) static LOOKUPS: &[Lookup] = &[
    Lookup {
        name: "csvfile",
        doc: "Gives a column of the line of a CSV file whose first column is the term.",
        options: &["file", "delimiter", "col", "keycol", "default", "encoding"],
        run: csvfile,
    },
    Lookup {
        name: "ini",
        doc: "Gives the value of a key in an INI or properties file.",
        options: &[
            "file",
            "section",
            "type",
            "default",
            "encoding",
            "case_sensitive",
            "re",
            "allow_none",
            "interpolation",
        ],
        run: ini,
    },
];

/// Reads `key name=value name=value` of a term.
fn term_words(term: &str) -> (String, Vec<(String, String)>) {
    let mut key = Vec::new();
    let mut options = Vec::new();
    for word in term.split_whitespace() {
        match word.split_once('=') {
            Some((name, value)) if !key.is_empty() => options.push((name.to_owned(), value.to_owned())),
            _ => key.push(word),
        }
    }
    (key.join(" "), options)
}

fn csvfile(call: &Call<'_>) -> Result<Vec<Value>, Failure> {
    let mut found = Vec::new();
    for term in &call.terms {
        let (key, words) = term_words(&term.to_text());
        let option = |name: &str| {
            words.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone()).or_else(|| call.text(name))
        };
        let number = |name: &str, default: usize| match option(name) {
            None => Ok(default),
            Some(text) => {
                text.parse().map_err(|_| argument(format!("`{name}` of lookup `csvfile` is a column's number")))
            }
        };
        let (column, key_column) = (number("col", 1)?, number("keycol", 0)?);
        let delimiter = match option("delimiter").as_deref() {
            None | Some("TAB" | "t" | "\t" | "\\t") => '\t',
            Some(other) => other.chars().next().unwrap_or('\t'),
        };
        let text = read(call, "files", &option("file").unwrap_or_else(|| "ansible.csv".into()))?.1;
        let row =
            csv_rows(&text, delimiter).into_iter().find(|row| row.get(key_column).is_some_and(|cell| *cell == key));
        match row {
            Some(row) => match row.get(column) {
                Some(cell) => found.push(Value::from(cell.as_str())),
                None => return Err(argument(format!("line `{key}` has no column {column}"))),
            },
            None => found.extend(call.option("default").cloned().or_else(|| option("default").map(Value::from))),
        }
    }
    Ok(found)
}

/// Splits CSV into cells; quotes keep delimiters and newlines, a quote is doubled.
fn csv_rows(text: &str, delimiter: char) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    let mut row = Vec::new();
    let mut cell = String::new();
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '"' if quoted && chars.next_if_eq(&'"').is_some() => cell.push('"'),
            '"' if quoted => quoted = false,
            '"' if cell.is_empty() => quoted = true,
            c if quoted => cell.push(c),
            '\r' => {}
            '\n' => {
                row.push(std::mem::take(&mut cell));
                rows.push(std::mem::take(&mut row));
            }
            c if c == delimiter => row.push(std::mem::take(&mut cell)),
            c => cell.push(c),
        }
    }
    if !cell.is_empty() || !row.is_empty() {
        row.push(cell);
        rows.push(row);
    }
    rows
}

fn ini(call: &Call<'_>) -> Result<Vec<Value>, Failure> {
    if call.flag("re", false) {
        return Err(argument("option `re` of lookup `ini` is not supported"));
    }
    let mut found = Vec::new();
    for term in &call.terms {
        let (key, words) = term_words(&term.to_text());
        let option = |name: &str| {
            words.iter().find(|(other, _)| other == name).map(|(_, value)| value.clone()).or_else(|| call.text(name))
        };
        let is_properties = option("type").as_deref() == Some("properties");
        let section = match is_properties {
            true => String::new(),
            false => option("section").unwrap_or_else(|| "global".into()),
        };
        let case_sensitive = call.flag("case_sensitive", false);
        let text = read(call, "files", &option("file").unwrap_or_else(|| "ansible.ini".into()))?.1;
        match ini_value(&text, &section, &key, case_sensitive) {
            Some(value) => found.push(Value::from(value)),
            None => found.push(
                call.option("default")
                    .cloned()
                    .or_else(|| option("default").map(Value::from))
                    .unwrap_or_else(|| "".into()),
            ),
        }
    }
    Ok(found)
}

fn ini_value(text: &str, section: &str, key: &str, case_sensitive: bool) -> Option<String> {
    let same = |a: &str| if case_sensitive { a == key } else { a.to_lowercase() == key.to_lowercase() };
    let mut here = String::new();
    let mut found: Option<String> = None;
    let mut is_last = false;
    for line in text.lines() {
        let bare = line.trim();
        if bare.is_empty() || bare.starts_with(['#', ';']) {
            continue;
        }
        if let Some(name) = bare.strip_prefix('[').and_then(|rest| rest.split(']').next()) {
            here = name.to_owned();
            is_last = false;
            continue;
        }
        if line.starts_with([' ', '\t']) && is_last {
            if let Some(value) = &mut found {
                value.push('\n');
                value.push_str(bare);
            }
            continue;
        }
        is_last = false;
        // The keys of `[DEFAULT]` hold in every section.
        let (name, value) = bare.split_once(['=', ':']).unwrap_or((bare, ""));
        let is_default = here == "DEFAULT" && found.is_none();
        if same(name.trim()) && (here == section || is_default) {
            found = Some(value.trim().to_owned());
            is_last = true;
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_cells_may_hold_delimiters_quotes_and_newlines() {
        let rows = csv_rows("a,\"b,\"\"c\"\"\nd\",e\nf,g", ',');
        assert_eq!(rows, [vec!["a", "b,\"c\"\nd", "e"], vec!["f", "g"]]);
    }

    #[test]
    fn ini_keys_belong_to_their_section() {
        let text = "; note\n[a]\nuser = x\n[b]\nuser: y\n  more\nother=z\n[DEFAULT]\nport=22\n";
        assert_eq!(ini_value(text, "a", "user", false).as_deref(), Some("x"));
        assert_eq!(ini_value(text, "b", "USER", false).as_deref(), Some("y\nmore"));
        assert_eq!(ini_value(text, "b", "USER", true), None);
        assert_eq!(ini_value(text, "a", "port", false).as_deref(), Some("22"));
        assert_eq!(ini_value(text, "a", "other", false), None);
    }
}
