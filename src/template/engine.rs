//! The engine: one environment for the process, and the templates compiled so far.
//!
//! A text of expressions alone is compiled expression by expression and put together here: that keeps native types and
//! gives every error its place. A text with statements becomes one template of the engine. Compiled texts are shared by
//! all hosts and threads, so that ten thousand hosts compile a template once.

use super::convert::{NoElse, OmitObject, Undefined, defined, is_undefined};

use super::emit::{Emitted, Options, Parsed, changes_in_place, emit_expression, emit_template};
use super::lazy::Core;
use super::mutable::mutable;
use super::operate;
use super::syntax::{
    Comparison, Delimiters, Expr, ExprKind, Operator, Piece, PieceKind, Statement, SyntaxError, expression, pieces,
    statement, tokens_expression,
};
use super::{globals, methods, undefined};
use crate::failure::{Failure, FailureKind};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Object, ObjectRepr, Rest, Value, ValueKind};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, Expression, State, UndefinedBehavior};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::{Arc, OnceLock, RwLock};

/// Instructions until a rendering counts as endless: some seconds of work.
const FUEL: u64 = 10_000_000;

/// How deep macros, includes and loops may nest.
const RECURSION: usize = 200;

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
        ExprKind::Attr(base, name) => {
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
    /// Names that the text itself sets.
    pub(crate) locals: Vec<String>,
    /// Everything that it writes is captured: by `set`, a macro, a filter.
    pub(crate) is_captured: bool,
}

/// The name of the only template in a [`Template`]'s environment.
pub(crate) const MAIN: &str = "<template>";

/// Returns the environment that every rendering shares.
pub(crate) fn environment() -> &'static Environment<'static> {
    static ENVIRONMENT: OnceLock<Environment<'static>> = OnceLock::new();
    ENVIRONMENT.get_or_init(build)
}

fn build() -> Environment<'static> {
    let mut env = Environment::empty();
    env.set_debug(false);
    env.set_undefined_behavior(UndefinedBehavior::Chainable);
    env.set_fuel(Some(FUEL));
    env.set_recursion_limit(RECURSION);
    env.set_auto_escape_callback(|_| AutoEscape::None);
    let mut syntax = SyntaxConfig::builder();
    syntax.keep_trailing_newline(true);
    if let Ok(syntax) = syntax.build() {
        env.set_syntax(syntax);
    }
    env.set_formatter(|out, state, value| super::render::emit_counted(state, value, out));
    env.set_unknown_method_callback(methods::call);
    undefined::add(&mut env);
    add_operators(&mut env);
    globals::add(&mut env);
    env
}

fn add_operators(env: &mut Environment<'static>) {
    env.add_filter("__must", |value: &Value| defined(value).map(|()| value.clone()));
    // No name at all is one that is missing, which `ignore missing` passes over.
    env.add_filter("__or_nothing", |value: &Value| if value.is_none() { Value::from("") } else { value.clone() });
    env.add_filter("__no_else", |_: Value| Value::from_object(NoElse));
    env.add_filter("__missing", |_: Value| Value::from_object(MissingArgument));
    env.add_filter("__is_missing", |value: &Value| value.downcast_object_ref::<MissingArgument>().is_some());
    env.add_filter("__iterate", |value: &Value| operate::iterate(value));
    env.add_filter("__mutable", |value: &Value| mutable(value));
    env.add_filter("__negative", |value: &Value| operate::sign(value, true));
    env.add_filter("__positive", |value: &Value| operate::sign(value, false));
    env.add_filter("__slice", |value: &Value, start: &Value, stop: &Value, step: &Value| {
        operate::slice(value, start, stop, step)
    });
    env.add_filter("__render", |state: &mut State<'_, '_>, text: Value| match Core::of(state) {
        Some(core) => core.render_literal(&text),
        None => Ok(text),
    });
    env.add_filter(
        "__soft_filter",
        |state: &mut State<'_, '_>, value: Value, name: Value, args: Rest<Value>, named: Kwargs| {
            let mut all = vec![value];
            all.extend(arguments(args, named));
            if let Some(undefined) = all.iter().find(|value| is_undefined(value)) {
                return Ok(undefined.clone());
            }
            state.apply_filter(name.as_str().unwrap_or_default(), &all)
        },
    );
    env.add_filter(
        "__soft_method",
        |state: &mut State<'_, '_>, value: Value, name: Value, args: Rest<Value>, named: Kwargs| {
            if is_undefined(&value) {
                return Ok(value);
            }
            let called = value.call_method(state, name.as_str().unwrap_or_default(), &arguments(args, named));
            match called {
                Err(error) if error.kind() == ErrorKind::UnknownMethod => {
                    let failure = Failure::new(FailureKind::Undefined, error.detail().unwrap_or_default().to_owned());
                    Ok(Value::from_object(Undefined(failure)))
                }
                other => other,
            }
        },
    );
    macro_rules! operators {
        ($($name:literal => $operator:ident),*) => { $(
            env.add_filter($name, |a: &Value, b: &Value| operate::binary(Operator::$operator, a, b));
        )* };
    }
    operators!("__add" => Add, "__subtract" => Subtract, "__multiply" => Multiply, "__divide" => Divide,
        "__floor_divide" => FloorDivide, "__modulo" => Modulo, "__power" => Power, "__concat" => Concat);
    macro_rules! comparisons {
        ($($name:literal => $comparison:ident),*) => { $(
            env.add_filter($name, |a: &Value, b: &Value| operate::compare(Comparison::$comparison, a, b));
        )* };
    }
    comparisons!("__equal" => Equal, "__not_equal" => NotEqual, "__less" => Less, "__less_or_equal" => LessOrEqual,
        "__greater" => Greater, "__greater_or_equal" => GreaterOrEqual, "__in" => In, "__not_in" => NotIn);
}

/// Stands for an argument of a macro that was not given, until its default is computed.
#[derive(Debug)]
struct MissingArgument;

impl Object for MissingArgument {
    fn repr(self: &Arc<Self>) -> ObjectRepr {
        ObjectRepr::Plain
    }
}

/// Returns arguments as the engine passes them: the named ones last, if there are any.
fn arguments(args: Rest<Value>, named: Kwargs) -> Vec<Value> {
    let mut all = args.0;
    if named.args().next().is_some() {
        all.push(Value::from(named));
    }
    all
}

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

fn compile_pieces(pieces: Vec<(Piece, Parsed)>) -> Result<Compiled, SyntaxError> {
    check_macros(&pieces)?;
    let mutable = changes(&pieces);
    let options = Options { mutable, render_literals: false };
    if pieces.iter().any(|(_, parsed)| matches!(parsed, Parsed::Statement(_))) {
        let emitted = emit_template(&pieces, options);
        let mut environment = environment().clone();
        set_formatter(&mut environment, &pieces);
        environment
            .add_template_owned(MAIN, emitted.text.clone())
            .map_err(|error| syntax_error(&error, &emitted, &(0..0)))?;
        let locals = super::names::assigned(&pieces);
        let is_captured = all_captured(&pieces);
        return Ok(Compiled::Template(Box::new(Template { environment, emitted, mutable, locals, is_captured })));
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

/// Spares an environment the counting of values, where the text of a template beside them makes text of all.
pub(crate) fn set_formatter(env: &mut Environment<'static>, pieces: &[(Piece, Parsed)]) {
    if always_writes_text(pieces) {
        env.set_formatter(|out, _, value| super::render::emit(value, out));
    }
}

/// Claims that a template writes text of its own whatever its values are.
fn always_writes_text(pieces: &[(Piece, Parsed)]) -> bool {
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

fn compile_expression(text: &str, is_condition: bool) -> Compiled {
    let expr = match expression(text, !is_condition) {
        Ok(expr) => expr,
        Err(error) => return Compiled::Wrong(error),
    };
    let mutable = changes_in_place(&expr);
    match unit(&expr, 0..text.len(), Options { mutable, render_literals: is_condition }) {
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

/// Makes the value that `omit` is.
pub(crate) fn omit() -> Value {
    Value::from_object(OmitObject)
}

/// Returns a failure for an engine error that carries none.
pub(crate) fn plain_failure(error: &Error) -> Failure {
    let message = |text: &str| error.detail().map_or_else(|| text.to_owned(), str::to_owned);
    match error.kind() {
        ErrorKind::OutOfFuel => {
            Failure::new(FailureKind::Template, "template takes too long: it may be endless").help("look at its loops")
        }
        ErrorKind::UndefinedError => Failure::new(FailureKind::Undefined, message("a value is undefined")),
        ErrorKind::WriteFailure => Failure::new(FailureKind::Template, message("template writes too much")),
        kind => Failure::new(FailureKind::Template, message(&kind.to_string())),
    }
}
