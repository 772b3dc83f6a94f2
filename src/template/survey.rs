//! What a text does, as its pieces tell without running it.

use super::emit::{Parsed, changes_in_place};
use super::syntax::{Expr, ExprKind, Piece, PieceKind, Statement, SyntaxError};

/// Claims that a text with these pieces changes lists or dictionaries in place.
pub(crate) fn changes(pieces: &[(Piece, Parsed)]) -> bool {
    pieces.iter().any(|(_, parsed)| match parsed {
        Parsed::Text => false,
        Parsed::Expression(expr) => changes_in_place(expr),
        Parsed::Statement(statement) => statement.exprs().into_iter().any(changes_in_place),
    })
}

/// Refuses what macros have in Ansible only.
pub(crate) fn check_macros(pieces: &[(Piece, Parsed)]) -> Result<(), SyntaxError> {
    fn refuse(expr: &Expr, wrong: &mut Option<SyntaxError>) {
        if let ExprKind::Name(name) = &expr.kind
            && matches!(name.as_str(), "varargs" | "kwargs")
        {
            let message = format!("`{name}` in a macro is not supported");
            let help = "name the parameters, and give them defaults";
            wrong.get_or_insert_with(|| SyntaxError::new(message, expr.at.clone()).help(help));
        }
        expr.children(&mut |child| refuse(child, wrong));
    }
    // For each open block whether it is a macro.
    let mut open = Vec::new();
    let mut wrong = None;
    for (_, parsed) in pieces {
        match parsed {
            Parsed::Expression(expr) if open.contains(&true) => refuse(expr, &mut wrong),
            Parsed::Statement(statement) => {
                if open.contains(&true) {
                    statement.exprs().into_iter().for_each(|expr| refuse(expr, &mut wrong));
                }
                match statement {
                    Statement::Macro { .. } => open.push(true),
                    Statement::End(_) => drop(open.pop()),
                    other if other.opens() => open.push(false),
                    _ => {}
                }
            }
            _ => {}
        }
    }
    wrong.map_or(Ok(()), Err)
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

/// Claims that no expression of a text is written where it stands.
pub(crate) fn all_captured(pieces: &[(Piece, Parsed)]) -> bool {
    // For each open block whether it captures.
    let mut open = Vec::new();
    for (_, parsed) in pieces {
        match parsed {
            Parsed::Expression(_) if !open.contains(&true) => return false,
            Parsed::Statement(statement) => match statement {
                Statement::SetBlock { .. } | Statement::Macro { .. } => open.push(true),
                Statement::CallBlock { .. } | Statement::FilterBlock(_) | Statement::Include { .. } => return false,
                Statement::End(_) => drop(open.pop()),
                Statement::For { .. } | Statement::If(_) | Statement::With(_) | Statement::Block { .. } => {
                    open.push(false);
                }
                _ => {}
            },
            _ => {}
        }
    }
    true
}
