//! What a name in a template means, where the engine would look for it in other places than the language does.
//!
//! The engine looks a name up in everything that is open when it gets there. In the language a block sees the variables
//! and what its template sets outermost, but nothing of the loop around it (unless it is `scoped`); and a file that is
//! included or imported without context sees no variable at all. So before such a template is emitted its names are
//! rewritten, each by where it stands:
//!
//! - in a file that is [`super::apart`] every name but those of functions becomes one that no other file has;
//! - in a file with blocks, what loops, `with`, blocks and the like set becomes `NAME__local`, which only those names mean
//!   that stand in the same loop. Where it must be seen under its own name all the same (in a file that is included, in a
//!   scoped block) it is set once more.
//!
//! Parameters of macros keep their names: callers use them. Names of an author's that look like ours get `__plain` behind
//! them, so that there is no such clash. Templates without any of this are left as they are.

#[cfg(test)]
mod tests;
mod walk;

use super::apart;
use super::emit::Parsed;
use super::syntax::{Expr, ExprKind, Piece, Statement};
use std::borrow::Cow;

/// What is set in a loop, a block and the like of a file with blocks.
const LOCAL: &str = "__local";

/// The loop around a block, as the block sees it.
const OUTER_LOOP: &str = "loop__outer";

/// An author's name that looks like one of ours.
const PLAIN: &str = "__plain";

/// Pieces whose names are what they mean.
pub(super) struct Scoped {
    pub(super) pieces: Vec<(Piece, Parsed)>,
    /// Some names are not those of the variables: see [`variable`].
    pub(super) is_renamed: bool,
}

/// Returns a template's pieces with the names under which the engine finds what they mean. `depth` is how far it is apart
/// from the main file; `is_alone` says that there is no other file.
pub(super) fn scoped(pieces: Vec<(Piece, Parsed)>, depth: usize, is_alone: bool) -> Scoped {
    let has_blocks = pieces.iter().any(|(_, parsed)| matches!(parsed, Parsed::Statement(Statement::Block { .. })));
    let is_plain = depth == 0 && !has_blocks && !names_files_in_macros(&pieces);
    if is_plain && (is_alone || !looks_like_ours(&pieces)) {
        return Scoped { pieces, is_renamed: !is_alone };
    }
    Scoped { pieces: walk::walked(pieces, depth, has_blocks), is_renamed: true }
}

/// Returns the variable that a name in a rewritten template stands for; none where it can stand for none.
pub(super) fn variable(name: &str) -> Option<&str> {
    match name.strip_suffix(PLAIN) {
        Some(name) => Some(name),
        None if is_ours(name) => None,
        None => Some(name),
    }
}

/// Claims that a name looks like one that is made here.
fn is_ours(name: &str) -> bool {
    [LOCAL, PLAIN].iter().any(|suffix| name.ends_with(suffix)) || name == OUTER_LOOP || apart::is_apart(name)
}

/// Returns an author's name so that it is none of ours.
fn plain(name: &str) -> Cow<'_, str> {
    if is_ours(name) { Cow::Owned(format!("{name}{PLAIN}")) } else { Cow::Borrowed(name) }
}

/// Claims that another file is named in a macro, which then sees what is around the macro.
fn names_files_in_macros(pieces: &[(Piece, Parsed)]) -> bool {
    let mut open = Vec::new();
    for (_, parsed) in pieces {
        let Parsed::Statement(statement) = parsed else { continue };
        match statement {
            Statement::End(_) => drop(open.pop()),
            Statement::Include { .. } | Statement::Import { .. } | Statement::From { .. } if open.contains(&true) => {
                return true;
            }
            other if other.opens() => {
                open.push(matches!(other, Statement::Macro { .. } | Statement::CallBlock { .. }));
            }
            _ => {}
        }
    }
    false
}

fn looks_like_ours(pieces: &[(Piece, Parsed)]) -> bool {
    fn any(expr: &Expr) -> bool {
        let mut found = matches!(&expr.kind, ExprKind::Name(name) if is_ours(name));
        expr.children(&mut |child| found = found || any(child));
        found
    }
    pieces.iter().any(|(_, parsed)| match parsed {
        Parsed::Text => false,
        Parsed::Expression(expr) => any(expr),
        Parsed::Statement(statement) => statement.exprs().into_iter().any(any),
    }) || super::names::assigned(pieces).iter().any(|name| is_ours(name))
}

#[cfg(test)]
mod names_of_authors {
    use super::*;

    #[test]
    fn every_name_of_an_author_is_found_again() {
        for name in ["x", "x__local", "x__plain", "x__apart1", "x__apart", "loop__outer", "x__local__plain"] {
            assert_eq!(variable(&plain(name)), Some(name));
        }
        for name in [format!("x{LOCAL}"), OUTER_LOOP.into(), apart::name_of("x", 2), apart::name_of("x__plain", 2)] {
            assert_eq!(variable(&name), None, "{name}");
        }
    }
}
