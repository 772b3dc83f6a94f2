//! Statements: what stands between `{%` and `%}`.

use super::lex::Token;
use super::parse::Parser;
use super::{Arg, Called, Expr, ExprKind, SyntaxError};
use crate::source::did_you_mean;
use std::ops::Range;

/// A statement's tag. The bodies between tags are pieces of their own.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Statement {
    For {
        target: Expr,
        over: Expr,
        filter: Option<Expr>,
        recursive: bool,
    },
    If(Expr),
    Elif(Expr),
    Else,
    Set {
        targets: Vec<Expr>,
        value: Expr,
    },
    SetBlock {
        target: Expr,
        filters: Vec<Called>,
    },
    With(Vec<(Expr, Expr)>),
    Macro {
        name: String,
        params: Vec<(String, Option<Expr>)>,
    },
    CallBlock {
        params: Vec<(String, Option<Expr>)>,
        call: Expr,
    },
    FilterBlock(Vec<Called>),
    Block {
        name: String,
        /// What is set around it is seen in it.
        scoped: bool,
        required: bool,
    },
    Extends(Expr),
    Include {
        template: Expr,
        ignore_missing: bool,
        /// The file sees what there is around the statement; the same in imports.
        context: bool,
    },
    Import {
        template: Expr,
        name: String,
        context: bool,
    },
    From {
        template: Expr,
        /// What is imported, and the name that it gets.
        names: Vec<(String, String)>,
        context: bool,
    },
    Do(Expr),
    Break,
    Continue,
    /// `endfor` and the like, without the `end`.
    End(String),
}

const KEYWORDS: [&str; 19] = [
    "for",
    "if",
    "elif",
    "else",
    "set",
    "with",
    "macro",
    "call",
    "filter",
    "block",
    "extends",
    "include",
    "import",
    "from",
    "do",
    "break",
    "continue",
    "raw",
    "autoescape",
];

const ENDS: [&str; 9] = ["for", "if", "set", "with", "macro", "call", "filter", "block", "autoescape"];

/// Reads a statement that takes all tokens.
pub(crate) fn statement(tokens: &[Token], at: Range<usize>) -> Result<Statement, SyntaxError> {
    let mut parser = Parser::new(tokens, at);
    let (keyword, place) = parser.name("a statement")?;
    let found = body(&mut parser, &keyword, place)?;
    parser.end()?;
    Ok(found)
}

fn body(parser: &mut Parser<'_>, keyword: &str, at: Range<usize>) -> Result<Statement, SyntaxError> {
    Ok(match keyword {
        "for" => for_(parser)?,
        "if" => Statement::If(parser.tuple(true)?),
        "elif" => Statement::Elif(parser.tuple(true)?),
        "else" => Statement::Else,
        "set" => set(parser)?,
        "with" => with(parser)?,
        "macro" => {
            let name = parser.name("the name of the macro")?.0;
            Statement::Macro { name, params: params(parser)? }
        }
        "call" => {
            let params = if parser.is_mark("(") { params(parser)? } else { Vec::new() };
            let call = parser.expr()?;
            if !matches!(call.kind, ExprKind::Call(..)) {
                return Err(SyntaxError::new("expected a call of a macro", call.at));
            }
            Statement::CallBlock { params, call }
        }
        "filter" => Statement::FilterBlock(filter_chain(parser)?),
        "block" => {
            let name = parser.name("the name of the block")?.0;
            let scoped = parser.skip_name("scoped");
            Statement::Block { name, scoped, required: parser.skip_name("required") }
        }
        "extends" => Statement::Extends(parser.expr()?),
        "include" => {
            let template = parser.expr()?;
            let mut ignore_missing = false;
            if parser.skip_name("ignore") {
                parser.expect_name("missing")?;
                ignore_missing = true;
            }
            Statement::Include { template, ignore_missing, context: context_word(parser, true)? }
        }
        "import" => {
            let template = parser.expr()?;
            parser.expect_name("as")?;
            let name = parser.name("a name")?.0;
            Statement::Import { template, name, context: context_word(parser, false)? }
        }
        "from" => from(parser)?,
        "do" => Statement::Do(parser.tuple(true)?),
        "break" => Statement::Break,
        "continue" => Statement::Continue,
        // Nothing is escaped anyway; the block keeps what is set in it.
        "autoescape" => match parser.expr()?.kind {
            ExprKind::Bool(false) => Statement::With(Vec::new()),
            _ => {
                let message = "`autoescape` is supported with `false` only";
                return Err(SyntaxError::new(message, at).help("use the filter `escape`"));
            }
        },
        "trans" | "pluralize" | "debug" => return Err(SyntaxError::new(format!("`{keyword}` is not supported"), at)),
        _ => match keyword.strip_prefix("end").filter(|what| ENDS.contains(what)) {
            Some(what) => {
                // `{% endblock name %}` repeats the name.
                if what == "block" && !parser.is_done() {
                    parser.name("the name of the block")?;
                }
                Statement::End(if what == "autoescape" { "with" } else { what }.to_owned())
            }
            None => {
                let mut error = SyntaxError::new(format!("unknown statement `{keyword}`"), at);
                error.help = did_you_mean(keyword, KEYWORDS.iter().copied());
                return Err(error);
            }
        },
    })
}

fn for_(parser: &mut Parser<'_>) -> Result<Statement, SyntaxError> {
    let target = target(parser)?;
    parser.expect_name("in")?;
    let over = parser.tuple(false)?;
    let filter = if parser.skip_name("if") { Some(parser.expr()?) } else { None };
    let recursive = parser.skip_name("recursive");
    Ok(Statement::For { target, over, filter, recursive })
}

/// Reads what is assigned to: a name, `namespace.name`, or several of them.
fn target(parser: &mut Parser<'_>) -> Result<Expr, SyntaxError> {
    let start = parser.here().start;
    let mut items = Vec::new();
    let mut is_tuple = false;
    loop {
        if parser.skip_mark("(") {
            items.push(target(parser)?);
            parser.expect_mark(")")?;
        } else {
            let (name, at) = parser.name("a name to assign to")?;
            let base = Expr::new(ExprKind::Name(name), at.clone());
            if parser.skip_mark(".") {
                let (attribute, end) = parser.name("a name behind the dot")?;
                items.push(Expr::new(ExprKind::Attr(Box::new(base), attribute), at.start..end.end));
            } else {
                items.push(base);
            }
        }
        if !parser.skip_mark(",") {
            break;
        }
        is_tuple = true;
        if parser.is_name("in") || parser.is_mark("=") || parser.is_mark(")") {
            break;
        }
    }
    let end = items.last().map_or(start, |item| item.at.end);
    match items.pop() {
        Some(only) if !is_tuple => Ok(only),
        Some(last) => {
            items.push(last);
            Ok(Expr::new(ExprKind::Tuple(items), start..end))
        }
        None => Err(parser.wrong("a name to assign to")),
    }
}

fn set(parser: &mut Parser<'_>) -> Result<Statement, SyntaxError> {
    let first = target(parser)?;
    if !parser.skip_mark("=") {
        let filters = if parser.skip_mark("|") { filter_chain(parser)? } else { Vec::new() };
        return Ok(Statement::SetBlock { target: first, filters });
    }
    let value = parser.tuple(true)?;
    Ok(Statement::Set { targets: vec![first], value })
}

fn with(parser: &mut Parser<'_>) -> Result<Statement, SyntaxError> {
    let mut set = Vec::new();
    while !parser.is_done() {
        if !set.is_empty() {
            parser.expect_mark(",")?;
        }
        let (name, at) = parser.name("a name to assign to")?;
        parser.expect_mark("=")?;
        set.push((Expr::new(ExprKind::Name(name), at), parser.expr()?));
    }
    Ok(Statement::With(set))
}

fn params(parser: &mut Parser<'_>) -> Result<Vec<(String, Option<Expr>)>, SyntaxError> {
    parser.expect_mark("(")?;
    let mut found: Vec<(String, Option<Expr>)> = Vec::new();
    while !parser.is_mark(")") {
        if !found.is_empty() {
            parser.expect_mark(",")?;
            if parser.is_mark(")") {
                break;
            }
        }
        let name = parser.name("the name of a parameter")?.0;
        let default = if parser.skip_mark("=") { Some(parser.expr()?) } else { None };
        found.push((name, default));
    }
    parser.expect_mark(")")?;
    Ok(found)
}

fn filter_chain(parser: &mut Parser<'_>) -> Result<Vec<Called>, SyntaxError> {
    let mut filters = vec![parser.filter()?];
    while parser.skip_mark("|") {
        filters.push(parser.filter()?);
    }
    Ok(filters)
}

/// Reads `with context` or `without context`, and returns whether there is one; `unsaid` where nothing stands.
fn context_word(parser: &mut Parser<'_>, unsaid: bool) -> Result<bool, SyntaxError> {
    let with = parser.skip_name("with");
    if with || parser.skip_name("without") {
        parser.expect_name("context")?;
        return Ok(with);
    }
    Ok(unsaid)
}

fn from(parser: &mut Parser<'_>) -> Result<Statement, SyntaxError> {
    let template = parser.expr()?;
    parser.expect_name("import")?;
    let mut names = Vec::new();
    loop {
        if parser.is_name("with") || parser.is_name("without") {
            break;
        }
        let (name, at) = parser.name("a name")?;
        if name.starts_with('_') {
            return Err(SyntaxError::new(
                format!("`{name}` cannot be imported: names that start with `_` are private"),
                at,
            ));
        }
        let alias = if parser.skip_name("as") { parser.name("a name")?.0 } else { name.clone() };
        names.push((name, alias));
        if !parser.skip_mark(",") {
            break;
        }
    }
    let context = context_word(parser, false)?;
    Ok(Statement::From { template, names, context })
}

impl Statement {
    /// Returns the expressions that the tag itself evaluates.
    pub(crate) fn exprs(&self) -> Vec<&Expr> {
        match self {
            Statement::For { over, filter, .. } => std::iter::once(over).chain(filter.as_ref()).collect(),
            Statement::If(e)
            | Statement::Elif(e)
            | Statement::Extends(e)
            | Statement::Include { template: e, .. }
            | Statement::Import { template: e, .. }
            | Statement::From { template: e, .. }
            | Statement::Do(e) => vec![e],
            Statement::Set { targets, value } => targets.iter().chain(std::iter::once(value)).collect(),
            Statement::With(set) => set.iter().map(|(_, value)| value).collect(),
            Statement::Macro { params, .. } => params.iter().filter_map(|(_, default)| default.as_ref()).collect(),
            Statement::CallBlock { params, call } => {
                params.iter().filter_map(|(_, default)| default.as_ref()).chain(std::iter::once(call)).collect()
            }
            Statement::SetBlock { filters, .. } | Statement::FilterBlock(filters) => {
                filters.iter().flat_map(|called| called.args.iter().map(Arg::expr)).collect()
            }
            Statement::Else | Statement::Block { .. } | Statement::Break | Statement::Continue | Statement::End(_) => {
                Vec::new()
            }
        }
    }

    /// Claims that the tag opens a block, which an end tag closes.
    pub(crate) fn opens(&self) -> bool {
        matches!(
            self,
            Statement::For { .. }
                | Statement::If(_)
                | Statement::With(_)
                | Statement::Macro { .. }
                | Statement::SetBlock { .. }
                | Statement::CallBlock { .. }
                | Statement::FilterBlock(_)
                | Statement::Block { .. }
        )
    }

    /// Returns the filters that the tag itself names.
    pub(crate) fn filters(&self) -> &[Called] {
        match self {
            Statement::SetBlock { filters, .. } | Statement::FilterBlock(filters) => filters,
            _ => &[],
        }
    }
}
