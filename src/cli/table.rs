//! A table for people, that fits into the terminal.
//!
//! Columns are as wide as their widest cell while that fits. Where it does not, the widest columns give way and their
//! cells go on below; where even that is too wide, each row is a block of lines, one a column. Nothing is cut off. What is
//! no terminal (a file, a pipe) has no width: there a row is one line.

use console::measure_text_width as width_of;

/// Between two columns.
const GAP: usize = 2;

/// No column gives way to less than that: narrower ones cannot be read. Arbitrary.
const LEAST: usize = 8;

/// Returns rows below their header as text.
pub(super) fn drawn(header: &[&str], rows: &[Vec<String>], width: Option<usize>) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| cell.replace(char::is_control, " ")).collect()).collect();
    let wanted: Vec<usize> = header
        .iter()
        .enumerate()
        .map(|(number, name)| rows.iter().map(|row| width_of(&row[number])).fold(width_of(name), usize::max))
        .collect();
    match width.map_or(Some(wanted.clone()), |width| fitted(&wanted, width)) {
        Some(widths) => columns(header, &rows, &widths),
        None => blocks(header, &rows),
    }
}

/// Returns the widths of columns that fit into so many; `None` where they would be too narrow.
fn fitted(wanted: &[usize], width: usize) -> Option<Vec<usize>> {
    let gaps = GAP * wanted.len().saturating_sub(1);
    let mut widths = wanted.to_vec();
    while widths.iter().sum::<usize>() + gaps > width {
        let widest = widths.iter_mut().max()?;
        if *widest <= LEAST {
            return None;
        }
        *widest -= 1;
    }
    Some(widths)
}

fn columns(header: &[&str], rows: &[Vec<String>], widths: &[usize]) -> String {
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut out = row(header.iter().copied(), widths) + &row(rule.iter().map(String::as_str), widths);
    for cells in rows {
        out += &row(cells.iter().map(String::as_str), widths);
    }
    out
}

/// Returns one row, of as many lines as its longest cell needs.
fn row<'a>(cells: impl Iterator<Item = &'a str>, widths: &[usize]) -> String {
    let cells: Vec<Vec<String>> = cells.zip(widths).map(|(cell, width)| wrapped(cell, *width)).collect();
    let height = cells.iter().map(Vec::len).max().unwrap_or_default();
    let line = |number: usize| {
        let padded = cells.iter().zip(widths).map(|(cell, width)| {
            let text = cell.get(number).map(String::as_str).unwrap_or_default();
            format!("{text}{}", " ".repeat(width.saturating_sub(width_of(text))))
        });
        padded.collect::<Vec<_>>().join(&" ".repeat(GAP)).trim_end().to_owned() + "\n"
    };
    (0..height.max(1)).map(line).collect()
}

/// Breaks a text into lines of a width: at blanks, and within a word only where that is longer than a line.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    if width_of(text) <= width {
        return vec![text.to_owned()];
    }
    let mut lines = Vec::new();
    let mut line = String::new();
    for word in text.split_inclusive([' ', ',', '/']) {
        let word_width = width_of(word.trim_end());
        if !line.is_empty() && word_width <= width && width_of(&line) + word_width > width {
            lines.push(std::mem::take(&mut line));
        }
        for letter in word.chars() {
            let letter_width = width_of(letter.encode_utf8(&mut [0; 4]));
            if !line.is_empty() && width_of(&line) + letter_width > width {
                if letter == ' ' {
                    continue;
                }
                lines.push(std::mem::take(&mut line));
            }
            line.push(letter);
        }
    }
    lines.push(line);
    lines.into_iter().map(|line| line.trim_end().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// Returns rows as blocks of `name  value`, with a blank line between two.
fn blocks(header: &[&str], rows: &[Vec<String>]) -> String {
    let names = header.iter().map(|name| width_of(name)).max().unwrap_or_default();
    let block = |cells: &Vec<String>| -> String {
        let line = |(name, cell): (&&str, &String)| {
            let line = format!("{name}{}{}{cell}", " ".repeat(names - width_of(name)), " ".repeat(GAP));
            line.trim_end().to_owned() + "\n"
        };
        header.iter().zip(cells).map(line).collect()
    };
    rows.iter().map(block).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn rows(rows: &[&[&str]]) -> Vec<Vec<String>> {
        rows.iter().map(|row| row.iter().map(|cell| (*cell).to_owned()).collect()).collect()
    }

    #[test]
    fn columns_are_as_wide_as_their_cells_where_that_fits() {
        let rows = rows(&[&["r1", "up"], &["long-name", "日本"]]);
        let wanted = "host       state\n---------  -----\nr1         up\nlong-name  日本\n";
        assert_eq!(drawn(&["host", "state"], &rows, None), wanted);
        assert_eq!(drawn(&["host", "state"], &rows, Some(16)), wanted);
    }

    #[test]
    fn the_widest_column_gives_way_and_its_cells_go_on_below() {
        let rows = rows(&[&["r1", "Gi0/1", "a link to the other side of the hall"], &["r2", "Gi0/2", ""]]);
        let wanted = "host  name   description\n----  -----  --------------\nr1    Gi0/1  a link to the\n\
                      \x20            other side of\n             the hall\nr2    Gi0/2\n";
        assert_eq!(drawn(&["host", "name", "description"], &rows, Some(27)), wanted);
    }

    #[test]
    fn a_word_that_is_longer_than_its_column_is_broken() {
        assert_eq!(
            wrapped("bootflash:/isr4300-universalk9.bin x", 10),
            ["bootflash:", "/isr4300-u", "niversalk9", ".bin x"]
        );
        assert_eq!(wrapped("日本語", 4), ["日本", "語"]);
    }

    #[test]
    fn rows_of_too_many_columns_are_blocks() {
        let rows = rows(&[&["r1", "1", "2"], &["r2", "3", ""]]);
        let wanted = "a-long-name  r1\nanother-one  1\nthe-last     2\n\na-long-name  r2\nanother-one  3\nthe-last\n";
        assert_eq!(drawn(&["a-long-name", "another-one", "the-last"], &rows, Some(20)), wanted);
    }

    proptest! {
        #[test]
        fn no_line_is_wider_than_the_terminal_and_no_letter_is_lost(
            cells in proptest::collection::vec("[ -~é日]{0,60}", 6),
            width in 28usize..120,
        ) {
            let rows: Vec<Vec<String>> = cells.chunks(3).map(<[String]>::to_vec).collect();
            let drawn = drawn(&["a", "b", "c"], &rows, Some(width));
            let letters = |text: &str| {
                let mut letters: Vec<char> = text.chars().filter(|letter| !letter.is_whitespace()).collect();
                letters.sort_unstable();
                letters
            };
            // The header and its rule are no letters of cells.
            let body: String = drawn.lines().skip(2).collect();
            prop_assert_eq!(letters(&body), letters(&cells.concat()));
            for line in drawn.lines() {
                prop_assert!(width_of(line) <= width, "{:?}", line);
            }
        }
    }
}
