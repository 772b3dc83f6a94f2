//! The index of a folder of templates: which template is for which command of which platform.
//!
//! Comma-separated lines below a header with the columns `Template` and, as wanted, `Platform`, `Command` and others;
//! cells but the template are expressions, and `sh[[ow]]` in a command is `sh(o(w)?)?`. The first line that fits counts.

use crate::python_regex::{LineMatch, LinePattern};
use crate::source::{Diagnostic, Diagnostics, SourceId, Span};

/// An index.
#[derive(Debug)]
pub struct Index {
    columns: Vec<String>,
    rows: Vec<Row>,
}

#[derive(Debug)]
struct Row {
    templates: Vec<String>,
    /// One a column; `None` where the cell is empty, which fits everything.
    cells: Vec<Option<LinePattern>>,
}

impl Index {
    /// Reads an index. Lines with another number of cells than the header are left out, with a warning.
    ///
    /// # Errors
    /// Returns all that is wrong with it.
    pub fn read(source: SourceId, text: &str) -> Result<(Index, Diagnostics), Diagnostics> {
        let mut found = Diagnostics::new();
        let mut lines = lines(text);
        let header = lines.by_ref().find(|(_, line)| !without_comment(line).is_empty());
        let Some((at, header)) = header else {
            return Err(Diagnostic::error("E1005", "the index is empty").at(Span::new(source, 0, 0)).into());
        };
        let columns: Vec<String> = without_comment(header).split(',').map(|column| column.trim().to_owned()).collect();
        let Some(template) = columns.iter().position(|column| column == "Template") else {
            let span = Span::new(source, at, at + header.len());
            return Err(Diagnostic::error("E1005", "the index has no column `Template`").at(span).into());
        };
        let mut rows = Vec::new();
        for (at, line) in lines {
            if line.starts_with('#') || line.trim().is_empty() {
                continue;
            }
            let span = Span::new(source, at, at + line.trim_end().len());
            let cells: Vec<&str> = line.split(',').map(str::trim).collect();
            if cells.len() != columns.len() {
                let message = format!("{} cells under {} columns; the line is left out", cells.len(), columns.len());
                found.push(Diagnostic::warning("W1000", message).at(span));
                continue;
            }
            let patterns = columns.iter().zip(&cells).enumerate().map(|(number, (column, cell))| {
                if number == template || cell.is_empty() {
                    return Ok(None);
                }
                let expression = if column == "Command" { completed(cell) } else { (*cell).to_owned() };
                LinePattern::new(&expression).map(Some)
            });
            match patterns.collect::<Result<Vec<_>, String>>() {
                Ok(cells_read) => {
                    let templates = cells[template].split(':').map(str::to_owned).collect();
                    rows.push(Row { templates, cells: cells_read });
                }
                Err(why) => found.push(Diagnostic::error("E1005", format!("an expression {why}")).at(span)),
            }
        }
        if found.has_errors() { Err(found) } else { Ok((Index { columns, rows }, found)) }
    }

    /// Returns the templates for a command of a platform: one, or several whose columns are joined.
    pub fn templates(&self, platform: &str, command: &str) -> Option<&[String]> {
        let mut found = LineMatch::default();
        let mut fits = |row: &Row, column: &str, text: &str| {
            let Some(number) = self.columns.iter().position(|name| name == column) else { return true };
            row.cells[number].as_ref().is_none_or(|pattern| pattern.find(text, &mut found).unwrap_or(false))
        };
        self.rows
            .iter()
            .find(|row| fits(row, "Platform", platform) && fits(row, "Command", command))
            .map(|row| row.templates.as_slice())
    }
}

fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split_inclusive('\n').scan(0, |at, line| {
        let start = *at;
        *at += line.len();
        Some((start, line.trim_end_matches(['\n', '\r'])))
    })
}

fn without_comment(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

/// Returns a command with `[[word]]` as letters that may be left out from the end.
fn completed(command: &str) -> String {
    let mut out = String::with_capacity(command.len());
    let mut rest = command;
    while let Some(start) = rest.find("[[") {
        let inner = &rest[start + 2..];
        // The shortest word of at least one character.
        let first = inner.chars().next().map_or(0, char::len_utf8);
        let Some(long) = inner[first..].find("]]").map(|end| first + end).filter(|_| first > 0) else { break };
        out.push_str(&rest[..start]);
        let word = &inner[..long];
        for letter in word.chars() {
            out.push('(');
            out.push(letter);
        }
        out.extend(word.chars().map(|_| ")?"));
        rest = &inner[long + 2..];
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(text: &str) -> Index {
        Index::read(SourceId(0), text).map_err(|found| format!("{found:?}")).unwrap().0
    }

    #[test]
    fn the_first_row_that_fits_counts() {
        let index = index(
            "# about\n\nTemplate, Hostname, Platform, Command # more\n\
             # a.textfsm, .*, cisco_ios, show none\n\
             a.textfsm, .*, cisco_ios, sh[[ow]] ver[[sion]]\n\
             b.textfsm:c.textfsm, .*, cisco_(ios|xe), show.*\n\
             too, few, cells\n\
             d.textfsm, , , \n",
        );
        let found = |platform, command| index.templates(platform, command).map(|all| all.join("+"));
        for (platform, command, templates) in [
            ("cisco_ios", "show version", "a.textfsm"),
            ("cisco_ios", "sho vers", "a.textfsm"),
            ("cisco_ios", "show vlan", "b.textfsm+c.textfsm"),
            ("cisco_xe", "show version", "b.textfsm+c.textfsm"),
            ("arista_eos", "anything", "d.textfsm"),
        ] {
            assert_eq!(found(platform, command).as_deref(), Some(templates), "{platform} {command}");
        }
    }

    #[test]
    fn what_is_wrong_with_an_index_is_said() {
        let wrong = |text: &str| Index::read(SourceId(0), text).err().map(|found| format!("{found:?}"));
        assert!(wrong("").is_some_and(|why| why.contains("empty")));
        assert!(wrong("File, Command\n").is_some_and(|why| why.contains("no column `Template`")));
        assert!(wrong("Template, Command\na, sh(ow\n").is_some_and(|why| why.contains("not closed")));
        let (_, warnings) = Index::read(SourceId(0), "Template, Command\na, b, c\n").ok().unwrap();
        assert_eq!(warnings.iter().count(), 1);
    }

    #[test]
    fn words_in_double_brackets_may_be_cut() {
        assert_eq!(completed("sh[[ow]] v[[e]]x [[ "), "sh(o(w)?)? v(e)?x [[ ");
        assert_eq!(completed("[[é]]"), "(é)?");
        assert_eq!(completed("[[]]x]]"), "(](](x)?)?)?");
    }
}
