//! What is kept instead of written: the bodies of macros, `set` blocks, filter blocks and calls, and what blocks and loops
//! give in an expression. Where such a thing may be one value, or none, it is put between [`super::super::nodes::open`] and
//! `close`; where it has text in any case, it is text, as the engine has it.

use super::{Emitter, Parsed};
use crate::template::callable::{NAMED, POSITIONAL};
use crate::template::syntax::{Arg, Called, Expr, ExprKind, Piece, PieceKind, Statement};

/// Where the engine has a macro until it has its own name.
const MACRO: &str = "__macro";

/// What stands between a statement and its end.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Body {
    /// It writes text of its own whenever it is run.
    has_text: bool,
    /// It sets names that do not count outside of it.
    sets: bool,
    /// It looks at further arguments, by their place or by their names.
    pub(super) takes_more: bool,
    pub(super) takes_named: bool,
}

impl Body {
    /// Returns it for a macro with these parameters: one that is called `varargs` is like any other.
    fn without_named(self, params: &[(String, Option<Expr>)]) -> Body {
        let names = |name: &str| params.iter().any(|(param, _)| param == name);
        Body {
            takes_more: self.takes_more && !names(POSITIONAL),
            takes_named: self.takes_named && !names(NAMED),
            ..self
        }
    }
}

/// What ends an open statement.
pub(super) struct Opened {
    what: &'static str,
    /// Is emitted in place of its end.
    end: End,
}

enum End {
    Plain,
    Text(String),
    /// The call of a macro whose `caller` was defined.
    Call(Box<Expr>),
}

/// Returns for each piece what is known of the body that it opens.
pub(super) fn bodies(pieces: &[(Piece, Parsed)]) -> Vec<Body> {
    let mut bodies = vec![Body::default(); pieces.len()];
    let mut open: Vec<(usize, &Statement)> = Vec::new();
    let mut macros = 0;
    for (at, (piece, parsed)) in pieces.iter().enumerate() {
        match (&piece.kind, parsed) {
            (PieceKind::Text(text), _) if !text.is_empty() => {
                for (opened, statement) in open.iter().rev() {
                    bodies[*opened].has_text = true;
                    if !matches!(statement, Statement::With(_)) {
                        break;
                    }
                }
            }
            (_, Parsed::Expression(expr)) if macros > 0 => look_for_further(expr, &open, &mut bodies),
            (_, Parsed::Statement(statement)) => {
                if macros > 0 {
                    statement.exprs().into_iter().for_each(|expr| look_for_further(expr, &open, &mut bodies));
                }
                if sets(statement) {
                    let scope = open.iter().rev().find(|(_, statement)| !matches!(statement, Statement::If(_)));
                    if let Some((opened, _)) = scope {
                        bodies[*opened].sets = true;
                    }
                }
                match statement {
                    Statement::End(_) => {
                        let ended = open.pop();
                        macros -= usize::from(ended.is_some_and(|(_, statement)| is_macro(statement)));
                    }
                    other if other.opens() => {
                        macros += usize::from(is_macro(other));
                        open.push((at, other));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    bodies
}

fn is_macro(statement: &Statement) -> bool {
    matches!(statement, Statement::Macro { .. } | Statement::CallBlock { .. })
}

fn sets(statement: &Statement) -> bool {
    matches!(
        statement,
        Statement::Set { .. }
            | Statement::SetBlock { .. }
            | Statement::Macro { .. }
            | Statement::Import { .. }
            | Statement::From { .. }
    )
}

/// Notes where an expression uses `varargs` or `kwargs`: in every macro around it, as they may be those of any.
fn look_for_further(expr: &Expr, open: &[(usize, &Statement)], bodies: &mut [Body]) {
    if let ExprKind::Name(name) = &expr.kind
        && (name == POSITIONAL || name == NAMED)
    {
        for (at, _) in open.iter().filter(|(_, statement)| is_macro(statement)) {
            let body = &mut bodies[*at];
            body.takes_more |= name == POSITIONAL;
            body.takes_named |= name == NAMED;
        }
    }
    expr.children(&mut |child| look_for_further(child, open, bodies));
}

/// Claims that something which a text keeps may be one value, or none.
pub(crate) fn keeps_values(pieces: &[(Piece, Parsed)]) -> bool {
    let is_kept = |statement: &Statement| {
        matches!(
            statement,
            Statement::SetBlock { .. }
                | Statement::FilterBlock(_)
                | Statement::Macro { .. }
                | Statement::CallBlock { .. }
        )
    };
    fn inside(expr: &Expr) -> bool {
        let mut found = gives_text(expr);
        expr.children(&mut |child| found = found || inside(child));
        found
    }
    pieces.iter().zip(bodies(pieces)).any(|((_, parsed), body)| match parsed {
        Parsed::Text => false,
        Parsed::Expression(expr) => {
            let mut found = false;
            expr.children(&mut |child| found = found || inside(child));
            found
        }
        Parsed::Statement(statement) => {
            (is_kept(statement) && !body.has_text) || statement.exprs().into_iter().any(inside)
        }
    })
}

/// Claims that an expression calls what the engine gives the text of: a block, or the loop around it.
pub(super) fn gives_text(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Call(callee, _) => match &callee.kind {
            ExprKind::Name(name) => name == "super" || name == "loop",
            ExprKind::Attr(base, _) => matches!(&base.kind, ExprKind::Name(name) if name == "self"),
            _ => false,
        },
        _ => false,
    }
}

impl Emitter {
    /// Claims that a body is to be kept as values.
    fn is_kept(&self, body: Body) -> bool {
        self.options.counts || self.options.mutable || !body.has_text
    }

    /// Emits what is written where it stands.
    pub(super) fn written(&mut self, expr: &Expr) {
        match &expr.kind {
            // What such a call writes counts as written here.
            ExprKind::Call(callee, args) if gives_text(expr) => {
                let start = self.out.text.len();
                self.call(callee, args, false);
                self.out.places.push((start..self.out.text.len(), expr.at.clone()));
            }
            _ => self.expr(expr, false),
        }
    }

    /// Emits the call of a block or a loop whose value is needed.
    pub(super) fn kept_call(&mut self, callee: &Expr, args: &[Arg]) {
        self.push("(none|__open|__then(");
        self.call(callee, args, false);
        self.push("))");
    }

    /// Emits what stands at the end of the tag of a `set` or filter block, in whose `filters` it is.
    pub(super) fn keep(&mut self, what: &'static str, filters: &[Called], body: Body) {
        let is_kept = self.is_kept(body);
        let mut next = if what == "filter" { " " } else { " | " };
        if is_kept {
            self.push(next);
            self.push("__close");
            next = " | ";
        }
        for filter in filters {
            self.push(next);
            self.bare_filter(filter);
            next = " | ";
        }
        let end = if is_kept {
            self.push(" %}{% with __opened = none|__open");
            End::Text(format!("endwith %}}{{% end{what}"))
        } else if body.sets {
            self.push(" %}{% with");
            End::Text(format!("endwith %}}{{% end{what}"))
        } else {
            End::Plain
        };
        self.open.push(Opened { what, end });
    }

    /// Emits the tag of a macro.
    pub(super) fn macro_tag(&mut self, name: &str, params: &[(String, Option<Expr>)], body: Body) {
        let body = body.without_named(params);
        self.push("macro ");
        let is_kept = self.is_kept(body) || body.takes_more || body.takes_named;
        self.push(if is_kept { MACRO } else { name });
        self.params(params, body);
        let end = match is_kept {
            true => End::Text(format!("endmacro %}}{{% set {name} = {}", self.callable(MACRO, name, body))),
            false => End::Plain,
        };
        self.open.push(Opened { what: "macro", end });
    }

    /// Emits the tag of a call. Where its body may give a value, that is a macro like any other.
    pub(super) fn call_tag(&mut self, params: &[(String, Option<Expr>)], call: &Expr, body: Body) {
        let body = body.without_named(params);
        if !self.is_kept(body) && !body.takes_more && !body.takes_named {
            self.push("call");
            self.params(params, body);
            self.push(" ");
            self.expr(call, false);
            return self.open.push(Opened { what: "call", end: End::Plain });
        }
        self.push("macro ");
        self.push(MACRO);
        self.params(params, body);
        let mut call = call.clone();
        if let ExprKind::Call(_, args) = &mut call.kind {
            let caller = Expr::new(ExprKind::Name(self.callable(MACRO, "caller", body)), call.at.clone());
            args.push(Arg::Named("caller".to_owned(), caller));
        }
        self.open.push(Opened { what: "call", end: End::Call(Box::new(call)) });
    }

    /// Returns the expression of a macro of the engine's as one that gives values.
    fn callable(&self, inner: &str, name: &str, body: Body) -> String {
        let Body { takes_more, takes_named, .. } = body;
        format!("{inner}|__callable(\"{name}\", {takes_more}, {takes_named})")
    }

    /// Remembers a statement that ends as it is written.
    pub(super) fn opened(&mut self, what: &'static str) {
        self.open.push(Opened { what, end: End::Plain });
    }

    /// Begins what stands behind an `else`: that of a loop keeps to itself what it sets.
    pub(super) fn otherwise(&mut self) {
        if let Some(opened @ Opened { what: "for", end: End::Plain }) = self.open.last_mut() {
            opened.end = End::Text("endwith %}{% endfor".to_owned());
            self.push(" %}{% with");
        }
    }

    /// Emits the rest of the tag that ends a statement; one that does not fit is left to the engine, which says so.
    pub(super) fn end(&mut self, what: &str) {
        match self.open.pop() {
            Some(Opened { what: opened, end: End::Text(text) }) if opened == what => self.push(&text),
            Some(Opened { what: opened, end: End::Call(call) }) if opened == what => {
                self.push("endmacro %}{{ ");
                self.expr(&call, false);
                return self.push(" }}");
            }
            _ => {
                self.push("end");
                self.push(what);
            }
        }
        self.push(" %}");
    }

    /// Claims that what is written where the emitter is goes nowhere, if the template extends another.
    pub(super) fn is_lost(&self) -> bool {
        self.open.iter().all(|opened| matches!(opened.what, "for" | "if" | "with"))
    }
}
