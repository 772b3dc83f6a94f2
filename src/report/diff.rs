//! Diffs as unified text.

use super::Look;
use super::text::printable;
use crate::event::Diff;
use console::Style;
use similar::TextDiff;
use std::time::Duration;

/// How long a diff may take; past this it is coarser. Two unlike configurations of 30,000 lines would take seconds.
const AT_MOST: Duration = Duration::from_millis(500);

/// Returns a diff as unified text; nothing when nothing differs.
pub(super) fn unified(diff: &Diff, look: &Look) -> String {
    let (before, after) = (printable(diff.before.as_str()), printable(diff.after.as_str()));
    if before == after {
        return String::new();
    }
    let header = |word: &str, of: &str| if of.is_empty() { word.to_owned() } else { format!("{word}: {of}") };
    let changes = TextDiff::configure().timeout(AT_MOST).diff_lines(&*before, &*after);
    let text = changes
        .unified_diff()
        .header(&header("before", diff.before_header.as_str()), &header("after", diff.after_header.as_str()))
        .to_string();
    let mut out = String::with_capacity(text.len());
    for line in text.lines() {
        let style = match line.as_bytes() {
            [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => Style::new().bold(),
            [b'-', ..] => Style::new().red(),
            [b'+', ..] => Style::new().green(),
            [b'@', ..] => Style::new().cyan(),
            _ => Style::new(),
        };
        out.push_str(&look.styled(line, style));
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::redact::Clean;

    fn diff(before: &'static str, after: &'static str) -> Diff {
        Diff {
            before_header: Clean::literal("running-config"),
            after_header: Clean::literal(""),
            before: Clean::literal(before),
            after: Clean::literal(after),
        }
    }

    #[test]
    fn a_diff_is_unified_text_with_headers() {
        let text = unified(&diff("a\nb\nc\n", "a\nB\nc\n"), &Look::default());
        assert_eq!(text, "--- before: running-config\n+++ after\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n");
        assert_eq!(unified(&diff("a\n", "a\n"), &Look::default()), "");
    }

    #[test]
    fn a_missing_line_break_at_the_end_is_said() {
        let text = unified(&diff("a\n", "a"), &Look::default());
        assert!(text.contains("\\ No newline at end of file"), "{text}");
    }
}
