//! What a Jinja text says: pieces, tokens, expressions, statements, each with its place in the text.
//!
//! The engine has a parser of its own, but keeps it to itself. This one serves everything that has to look at a template
//! without running it (which names, filters and lookups it uses, where it is wrong), and the few things in which Python's
//! Jinja and the engine differ are put right between the two, in [`super::emit`].

mod lex;
mod parse;
mod statement;

pub(crate) use lex::{Delimiters, Newline, Piece, PieceKind, pieces};
pub(crate) use parse::{expression, tokens_expression};
pub(crate) use statement::{Statement, statement};

use std::ops::Range;

/// A mistake in a template, with its place in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// The bytes of the text.
    pub at: Range<usize>,
    /// What to do about it.
    pub help: Option<String>,
}

impl SyntaxError {
    pub(crate) fn new(message: impl Into<String>, at: Range<usize>) -> SyntaxError {
        SyntaxError { message: message.into(), at, help: None }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> SyntaxError {
        self.help = Some(help.into());
        self
    }
}

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Expr {
    pub kind: ExprKind,
    /// The bytes of the text.
    pub at: Range<usize>,
}

/// What an expression is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum ExprKind {
    Name(String),
    Str(String),
    /// A number as written.
    Number(String),
    Bool(bool),
    None,
    List(Vec<Expr>),
    Tuple(Vec<Expr>),
    Dict(Vec<(Expr, Expr)>),
    /// `base.name`
    Attr(Box<Expr>, String),
    /// `base[index]`
    Item(Box<Expr>, Box<Expr>),
    /// `base[from:to:step]`
    Slice(Box<Expr>, [Option<Box<Expr>>; 3]),
    Call(Box<Expr>, Vec<Arg>),
    /// `base | name(args)`
    Filter(Box<Expr>, Called),
    /// `base is [not] name(args)`
    Test(Box<Expr>, Called, bool),
    Negative(Box<Expr>),
    Positive(Box<Expr>),
    Not(Box<Expr>),
    Binary(Operator, Box<Expr>, Box<Expr>),
    /// `a < b <= c`
    Compare(Box<Expr>, Vec<(Comparison, Expr)>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
    /// `then if test else otherwise`
    If(Box<Expr>, Box<Expr>, Option<Box<Expr>>),
}

/// A filter or test with its arguments.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Called {
    pub name: String,
    pub at: Range<usize>,
    pub args: Vec<Arg>,
}

/// An argument of a call.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Arg {
    Value(Expr),
    Named(String, Expr),
    Splat(Expr),
    NamedSplat(Expr),
}

impl Arg {
    pub(crate) fn expr(&self) -> &Expr {
        match self {
            Arg::Value(expr) | Arg::Named(_, expr) | Arg::Splat(expr) | Arg::NamedSplat(expr) => expr,
        }
    }

    pub(crate) fn expr_mut(&mut self) -> &mut Expr {
        match self {
            Arg::Value(expr) | Arg::Named(_, expr) | Arg::Splat(expr) | Arg::NamedSplat(expr) => expr,
        }
    }
}

/// An operator between two values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Add,
    Subtract,
    Multiply,
    Divide,
    FloorDivide,
    Modulo,
    Power,
    Concat,
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Comparison {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    In,
    NotIn,
}

impl Expr {
    pub(crate) fn new(kind: ExprKind, at: Range<usize>) -> Expr {
        Expr { kind, at }
    }

    /// Returns the text of a literal string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        match &self.kind {
            ExprKind::Str(text) => Some(text),
            _ => None,
        }
    }

    /// Calls `visit` for every expression directly inside.
    pub(crate) fn children<'a>(&'a self, visit: &mut dyn FnMut(&'a Expr)) {
        match &self.kind {
            ExprKind::Name(_) | ExprKind::Str(_) | ExprKind::Number(_) | ExprKind::Bool(_) | ExprKind::None => {}
            ExprKind::List(items) | ExprKind::Tuple(items) => items.iter().for_each(visit),
            ExprKind::Dict(entries) => entries.iter().for_each(|(key, value)| {
                visit(key);
                visit(value);
            }),
            ExprKind::Attr(base, _) => visit(base),
            ExprKind::Item(base, index) => {
                visit(base);
                visit(index);
            }
            ExprKind::Slice(base, parts) => {
                visit(base);
                parts.iter().flatten().for_each(|part| visit(part));
            }
            ExprKind::Call(callee, args) => {
                visit(callee);
                args.iter().for_each(|arg| visit(arg.expr()));
            }
            ExprKind::Filter(base, called) | ExprKind::Test(base, called, _) => {
                visit(base);
                called.args.iter().for_each(|arg| visit(arg.expr()));
            }
            ExprKind::Negative(inner) | ExprKind::Positive(inner) | ExprKind::Not(inner) => visit(inner),
            ExprKind::Binary(_, left, right) | ExprKind::And(left, right) | ExprKind::Or(left, right) => {
                visit(left);
                visit(right);
            }
            ExprKind::Compare(first, rest) => {
                visit(first);
                rest.iter().for_each(|(_, right)| visit(right));
            }
            ExprKind::If(then, test, otherwise) => {
                visit(test);
                visit(then);
                if let Some(otherwise) = otherwise {
                    visit(otherwise);
                }
            }
        }
    }

    /// Calls `change` for every name in it.
    pub(crate) fn names_mut(&mut self, change: &mut dyn FnMut(&mut String)) {
        match &mut self.kind {
            ExprKind::Name(name) => change(name),
            ExprKind::Str(_) | ExprKind::Number(_) | ExprKind::Bool(_) | ExprKind::None => {}
            ExprKind::List(items) | ExprKind::Tuple(items) => {
                items.iter_mut().for_each(|item| item.names_mut(change));
            }
            ExprKind::Dict(entries) => entries.iter_mut().for_each(|(key, value)| {
                key.names_mut(change);
                value.names_mut(change);
            }),
            ExprKind::Attr(base, _) => base.names_mut(change),
            ExprKind::Item(base, index) => {
                base.names_mut(change);
                index.names_mut(change);
            }
            ExprKind::Slice(base, parts) => {
                base.names_mut(change);
                parts.iter_mut().flatten().for_each(|part| part.names_mut(change));
            }
            ExprKind::Call(callee, args) => {
                callee.names_mut(change);
                args.iter_mut().for_each(|arg| arg.expr_mut().names_mut(change));
            }
            ExprKind::Filter(base, called) | ExprKind::Test(base, called, _) => {
                base.names_mut(change);
                called.args.iter_mut().for_each(|arg| arg.expr_mut().names_mut(change));
            }
            ExprKind::Negative(inner) | ExprKind::Positive(inner) | ExprKind::Not(inner) => inner.names_mut(change),
            ExprKind::Binary(_, left, right) | ExprKind::And(left, right) | ExprKind::Or(left, right) => {
                left.names_mut(change);
                right.names_mut(change);
            }
            ExprKind::Compare(first, rest) => {
                first.names_mut(change);
                rest.iter_mut().for_each(|(_, right)| right.names_mut(change));
            }
            ExprKind::If(then, test, otherwise) => {
                test.names_mut(change);
                then.names_mut(change);
                if let Some(otherwise) = otherwise {
                    otherwise.names_mut(change);
                }
            }
        }
    }
}
