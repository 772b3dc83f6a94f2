//! How many letters a part of a pattern takes: Python looks back over parts of one length only.

/// The least and the most letters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Width {
    pub(super) least: u64,
    pub(super) most: u64,
}

impl Width {
    pub(super) const NONE: Width = Width { least: 0, most: 0 };
    pub(super) const ONE: Width = Width { least: 1, most: 1 };

    fn and(self, other: Width) -> Width {
        Width { least: self.least.saturating_add(other.least), most: self.most.saturating_add(other.most) }
    }

    fn or(self, other: Width) -> Width {
        Width { least: self.least.min(other.least), most: self.most.max(other.most) }
    }
}

/// The width of an alternation that is being read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Widths {
    /// The alternatives that are over.
    before: Option<Width>,
    /// The current one, but for its last part.
    sequence: Width,
    last: Width,
}

impl Default for Widths {
    fn default() -> Widths {
        Widths { before: None, sequence: Width::NONE, last: Width::NONE }
    }
}

impl Widths {
    /// Adds a part.
    pub(super) fn then(&mut self, part: Width) {
        self.sequence = self.sequence.and(self.last);
        self.last = part;
    }

    /// Repeats the last part.
    pub(super) fn repeat(&mut self, least: u32, most: Option<u32>) {
        let most = match most {
            Some(most) => self.last.most.saturating_mul(most.into()),
            None if self.last.most == 0 => 0,
            None => u64::MAX,
        };
        self.last = Width { least: self.last.least.saturating_mul(least.into()), most };
    }

    /// Claims that the last part takes no letters.
    pub(super) fn last_is_empty(&self) -> bool {
        self.last.most == 0
    }

    /// Begins another alternative.
    pub(super) fn or_else(&mut self) {
        *self = Widths { before: Some(self.all()), ..Widths::default() };
    }

    /// Returns the width of all alternatives.
    pub(super) fn all(&self) -> Width {
        let current = self.sequence.and(self.last);
        self.before.map_or(current, |before| before.or(current))
    }
}
