//! Rows of dictionaries as JSON, a table or CSV.

use super::table;
use crate::value::Value;
use clap::ValueEnum;

/// How rows are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Layout {
    /// A list of dictionaries
    Json,
    /// Columns for people
    Table,
    /// Comma-separated values with a header
    Csv,
}

/// Returns rows as text, with a line end.
pub(super) fn shown(header: &[&str], rows: &Value, layout: Layout) -> String {
    let cells = |row: &Value| -> Vec<String> {
        header.iter().map(|name| row.get(name).map(plain).unwrap_or_default()).collect()
    };
    let lines = || rows.as_list().unwrap_or_default().iter().map(cells);
    match layout {
        Layout::Json => format!("{:#}\n", rows.to_json()),
        Layout::Csv => {
            let header = header.iter().map(|name| (*name).to_owned()).collect();
            std::iter::once(header).chain(lines()).map(|cells| csv(&cells)).collect()
        }
        Layout::Table => table::drawn(header, &lines().collect::<Vec<_>>(), width()),
    }
}

/// Returns how wide the terminal is, where standard output is one.
fn width() -> Option<usize> {
    let terminal = console::Term::stdout();
    terminal.is_term().then(|| usize::from(terminal.size().1))
}

/// Returns a cell as one text; the items of a list with commas between them.
fn plain(cell: &Value) -> String {
    match cell {
        Value::List(items) => items.iter().map(Value::to_text).collect::<Vec<_>>().join(", "),
        other => other.to_text(),
    }
}

fn csv(cells: &[String]) -> String {
    let quoted = cells.iter().map(|cell| match cell.contains([',', '"', '\n', '\r']) {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell.clone(),
    });
    quoted.collect::<Vec<_>>().join(",") + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows() -> Value {
        serde_json::json!([{"a": "x, \"y\"", "b": ["1", "2"]}, {"a": "", "b": "w\ti"}]).into()
    }

    #[test]
    fn rows_are_shown_in_three_ways() {
        assert_eq!(shown(&["a", "b"], &rows(), Layout::Csv), "a,b\n\"x, \"\"y\"\"\",\"1, 2\"\n,w\ti\n");
        assert_eq!(
            shown(&["a", "b"], &rows(), Layout::Table),
            "a       b\n------  ----\nx, \"y\"  1, 2\n        w i\n"
        );
        let json = shown(&["a", "b"], &rows(), Layout::Json);
        assert!(json.starts_with("[\n  {\n    \"a\": \"x, \\\"y\\\"\",\n    \"b\": [\n"), "{json}");
    }
}
