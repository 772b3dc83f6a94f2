//! How output looks, decided once by the command line.

use crate::event::Status;
use console::Style;

/// How output looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Whether colours may be used. Nothing is readable by colour alone.
    pub colour: bool,
    /// Whether other than ASCII characters may be used for bars and marks.
    pub unicode: bool,
    /// `-v` is 1, `-vv` is 2, and so on.
    pub verbosity: u8,
    /// Only failures and the recap are shown.
    pub quiet: bool,
    /// Hosts on which a task was skipped are shown.
    pub skipped: bool,
    /// Hosts on which a task changed nothing are shown.
    pub unchanged: bool,
    /// What `set_stats` has set is shown at the end.
    pub stats: bool,
    /// The width of a line in columns.
    pub width: usize,
}

impl Default for Look {
    fn default() -> Look {
        Look {
            colour: false,
            unicode: true,
            verbosity: 0,
            quiet: false,
            skipped: true,
            unchanged: true,
            stats: false,
            width: 80,
        }
    }
}

impl Look {
    /// Returns text in the colour of a status.
    pub(super) fn painted(&self, text: &str, status: Status) -> String {
        let style = Style::new();
        let style = match status {
            Status::Ok => style.green(),
            Status::Changed => style.yellow(),
            Status::Failed | Status::Unreachable => style.red(),
            Status::Skipped | Status::NotReached => style.cyan(),
            Status::Rescued | Status::Ignored => style.magenta(),
        };
        self.styled(text, style)
    }

    /// Returns text in a style, where colours may be used.
    pub(super) fn styled(&self, text: &str, style: Style) -> String {
        match self.colour {
            true => style.force_styling(true).apply_to(text).to_string(),
            false => text.to_owned(),
        }
    }

    /// Returns a headline that is filled up with asterisks to the width of a line.
    pub(super) fn headline(&self, text: &str) -> String {
        let used = console::measure_text_width(text) + 1;
        let stars = self.width.min(100).saturating_sub(used).max(3);
        self.styled(&format!("{text} {}", "*".repeat(stars)), Style::new().bold())
    }

    /// Returns the mark that stands for what was left out.
    pub(super) fn ellipsis(&self) -> &'static str {
        if self.unicode { "…" } else { "..." }
    }
}
