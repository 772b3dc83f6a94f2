//! Texts compiled for the engine, and kept.
//!
//! A text of expressions alone is compiled expression by expression and put together in `render`: that keeps native types
//! and gives every error its place. A text with statements becomes one template of the engine. Compiled texts are shared by
//! all hosts and threads, so that ten thousand hosts compile a template once.

use super::convert::is_undefined;
use super::emit::{
    Emitted, Options, Parsed, changes_in_place, emit_expression, emit_template, is_method, keeps_values,
};
use super::engine::environment;
use super::included::is_alone;
use super::scope::{Scoped, scoped};
use super::survey::{always_writes_text, changes};
use super::syntax::{
    Delimiters, Expr, ExprKind, Piece, PieceKind, SyntaxError, expression, pieces, statement, tokens_expression,
};
use minijinja::value::{Value, ValueKind};
use minijinja::{Environment, Error, Expression};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock, RwLock};

/// Compiled texts that are kept; beyond it the cache starts anew. Arbitrary: a large repository has some thousands.
const CACHED: usize = 20_000;

/// The longest text that is kept: longer ones are rare, and compiling them is little beside rendering them.
const CACHED_BYTES: usize = 1 << 20;

/// How a text is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// Text with templates in it, in a playbook or a variables file.
    Text,
    /// A bare expression.
    Expression,
    /// A bare expression in `when` and its relatives: escapes count, and literals that are templates are rendered.
    Condition,
}

/// A compiled text.
#[derive(Debug)]
pub(crate) enum Compiled {
    /// Text and expressions.
    Parts { parts: Vec<Part>, mutable: bool },
    /// A text with statements.
    Template(Box<Template>),
    /// It cannot be compiled.
    Wrong(SyntaxError),
}

/// A part of a text.
#[derive(Debug)]
pub(crate) enum Part {
    Text(String),
    Expression(Unit),
}

/// A compiled expression.
#[derive(Debug)]
pub(crate) struct Unit {
    pub(crate) expression: Expression<'static, 'static>,
    pub(crate) emitted: Emitted,
    /// Where it stands in the text.
    pub(crate) at: Range<usize>,
    /// The name and the attributes that it is made of, where it is nothing else.
    path: Option<Vec<String>>,
}

impl Unit {
    /// Returns the value without running the engine, which takes longer to start than to look up a name; none where it is
    /// not so simple, and where there is no such value: the engine says why.
    pub(crate) fn looked_up(&self, root: &Value) -> Option<Value> {
        let mut value = root.clone();
        for name in self.path.as_ref()? {
            value = value.get_attr(name).ok()?;
            if matches!(value.kind(), ValueKind::Undefined | ValueKind::Invalid) || is_undefined(&value) {
                return None;
            }
        }
        Some(value)
    }
}

/// Returns the name and the attributes of an expression that is nothing else.
fn path(expr: &Expr) -> Option<Vec<String>> {
    match &expr.kind {
        // What the engine itself makes of these is no variable.
        ExprKind::Name(name) if matches!(name.as_str(), "loop" | "self" | "super" | "caller") => None,
        ExprKind::Name(name) => Some(vec![name.clone()]),
        ExprKind::Attr(base, name) if !is_method(base, name) => {
            let mut names = path(base)?;
            names.push(name.clone());
            Some(names)
        }
        _ => None,
    }
}

/// A compiled text with statements.
#[derive(Debug)]
pub(crate) struct Template {
    pub(crate) environment: Environment<'static>,
    pub(crate) emitted: Emitted,
    pub(crate) mutable: bool,
    /// Some names in it are not those of the variables (see [`super::scope`]).
    pub(crate) is_renamed: bool,
    /// Names that the text itself sets.
    pub(crate) locals: Vec<String>,
}

/// The name of the only template in a [`Template`]'s environment.
pub(crate) const MAIN: &str = "<template>";

/// Returns a text compiled, from the cache where it is there.
pub(crate) fn compiled(text: &Arc<str>, mode: Mode) -> Arc<Compiled> {
    type Cache = RwLock<HashMap<Arc<str>, Arc<Compiled>>>;
    static CACHES: [OnceLock<Cache>; 3] = [const { OnceLock::new() }; 3];
    let cache = CACHES[mode as usize].get_or_init(Cache::default);
    if let Some(found) = cache.read().unwrap_or_else(|poisoned| poisoned.into_inner()).get(&**text) {
        return Arc::clone(found);
    }
    let made = Arc::new(match mode {
        Mode::Text => compile_text(text),
        Mode::Expression | Mode::Condition => compile_expression(text, mode == Mode::Condition),
    });
    if text.len() <= CACHED_BYTES {
        let mut cache = cache.write().unwrap_or_else(|poisoned| poisoned.into_inner());
        if cache.len() >= CACHED {
            cache.clear();
        }
        cache.insert(Arc::clone(text), Arc::clone(&made));
    }
    made
}

fn compile_text(text: &str) -> Compiled {
    let how = Delimiters::playbook();
    match parsed_pieces(how.without_last_newline(text), &how) {
        Ok(parsed) => compile_pieces(parsed).unwrap_or_else(Compiled::Wrong),
        Err(error) => Compiled::Wrong(error),
    }
}

/// Returns what is wrong with a text whose pieces can all be read.
pub(crate) fn compile_error(text: &str, how: &Delimiters) -> Option<SyntaxError> {
    let pieces = parsed_pieces(how.without_last_newline(text), how).ok()?;
    match compile_pieces(pieces) {
        Ok(_) => None,
        Err(error) if error.at.is_empty() => Some(SyntaxError { at: 0..text.len(), ..error }),
        Err(error) => Some(error),
    }
}

/// Takes a text apart and reads what is in the parts.
pub(crate) fn parsed_pieces(text: &str, how: &Delimiters) -> Result<Vec<(Piece, Parsed)>, SyntaxError> {
    pieces(text, how)?.into_iter().map(|piece| parse_piece(&piece).map(|parsed| (piece, parsed))).collect()
}

/// Reads what is in a piece.
pub(crate) fn parse_piece(piece: &Piece) -> Result<Parsed, SyntaxError> {
    Ok(match &piece.kind {
        PieceKind::Text(_) => Parsed::Text,
        PieceKind::Expression(tokens) => Parsed::Expression(tokens_expression(tokens, piece.at.clone())?),
        PieceKind::Statement(tokens) => Parsed::Statement(statement(tokens, piece.at.clone())?),
    })
}

fn compile_pieces(pieces: Vec<(Piece, Parsed)>) -> Result<Compiled, SyntaxError> {
    let mutable = changes(&pieces);
    let options = Options { mutable, ..Options::default() };
    if pieces.iter().any(|(_, parsed)| matches!(parsed, Parsed::Statement(_))) {
        let locals = super::names::assigned(&pieces);
        let is_alone = is_alone(&pieces);
        let Scoped { pieces, is_renamed } = scoped(pieces, 0, is_alone);
        let options = Options { counts: !always_writes_text(&pieces), ..options };
        let emitted = emit_template(&pieces, options);
        let mut environment = environment().clone();
        set_formatter(&mut environment, options, keeps_values(&pieces));
        environment
            .add_template_owned(MAIN, emitted.text.clone())
            .map_err(|error| syntax_error(&error, &emitted, &(0..0)))?;
        let template = Template { environment, emitted, mutable, is_renamed, locals };
        return Ok(Compiled::Template(Box::new(template)));
    }
    let mut parts = Vec::with_capacity(pieces.len());
    for (piece, parsed) in pieces {
        match (piece.kind, parsed) {
            (PieceKind::Text(text), _) => parts.push(Part::Text(text)),
            (_, Parsed::Expression(expr)) => parts.push(Part::Expression(unit(&expr, piece.at, options)?)),
            _ => {}
        }
    }
    Ok(Compiled::Parts { parts, mutable })
}

/// Has an environment write values as a text needs it; `keeps_values` says that something in it may be one value.
pub(crate) fn set_formatter(env: &mut Environment<'static>, options: Options, keeps_values: bool) {
    if options.mutable {
        env.set_formatter(|out, state, value| super::nodes::emit_late(state, value, out));
    } else if !options.counts && !keeps_values {
        // Nothing has to be counted.
        env.set_formatter(|out, _, value| super::render::emit(value, out));
    }
}

fn compile_expression(text: &str, is_condition: bool) -> Compiled {
    let expr = match expression(text, !is_condition) {
        Ok(expr) => expr,
        Err(error) => return Compiled::Wrong(error),
    };
    let mutable = changes_in_place(&expr);
    match unit(&expr, 0..text.len(), Options { mutable, render_literals: is_condition, ..Options::default() }) {
        Ok(unit) => Compiled::Parts { parts: vec![Part::Expression(unit)], mutable },
        Err(error) => Compiled::Wrong(error),
    }
}

fn unit(expr: &Expr, at: Range<usize>, options: Options) -> Result<Unit, SyntaxError> {
    let emitted = emit_expression(expr, options);
    match environment().compile_expression_owned(emitted.text.clone()) {
        Ok(expression) => Ok(Unit { expression, emitted, at: expr.at.clone(), path: path(expr) }),
        Err(error) => Err(syntax_error(&error, &emitted, &at)),
    }
}

/// Returns what the engine says against a text that our parser took: a limit, or an unbalanced statement.
pub(crate) fn syntax_error(error: &Error, emitted: &Emitted, whole: &Range<usize>) -> SyntaxError {
    let at = error.range().and_then(|range| emitted.place(range)).unwrap_or_else(|| whole.clone());
    SyntaxError::new(error.detail().unwrap_or("template cannot be compiled").to_owned(), at)
}
