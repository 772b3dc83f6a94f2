//! What a text does, as its pieces tell without running it.

use super::emit::{Parsed, changes_in_place};
use super::syntax::{Piece, PieceKind, Statement};

/// Claims that a text with these pieces changes lists or dictionaries in place.
pub(crate) fn changes(pieces: &[(Piece, Parsed)]) -> bool {
    pieces.iter().any(|(_, parsed)| match parsed {
        Parsed::Text => false,
        Parsed::Expression(expr) => changes_in_place(expr),
        Parsed::Statement(statement) => statement.exprs().into_iter().any(changes_in_place),
    })
}

/// Claims that a template writes text of its own whatever its values are.
pub(crate) fn always_writes_text(pieces: &[(Piece, Parsed)]) -> bool {
    let mut depth = 0;
    let mut found = false;
    for (piece, parsed) in pieces {
        match (&piece.kind, parsed) {
            (PieceKind::Text(text), _) => found |= depth == 0 && !text.is_empty(),
            // What stands beside the blocks of such a template is not written.
            (_, Parsed::Statement(Statement::Extends(_))) => return false,
            (_, Parsed::Statement(Statement::End(_))) => depth -= 1,
            (_, Parsed::Statement(statement)) => depth += i32::from(statement.opens()),
            _ => {}
        }
    }
    found
}
