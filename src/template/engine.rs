//! The engine: one environment for the process, with our operators in place of its own.

use super::convert::{NoElse, OmitObject, Undefined, carried, defined, is_undefined};
use super::lazy::Core;
use super::mutable::mutable;
use super::operate;
use super::syntax::{Comparison, Operator};
use super::{apart, callable, globals, methods, nodes, undefined};
use crate::failure::{Failure, FailureKind};
use minijinja::syntax::SyntaxConfig;
use minijinja::value::{Kwargs, Object, ObjectRepr, Rest, Value};
use minijinja::{AutoEscape, Environment, Error, ErrorKind, State, UndefinedBehavior};
use std::sync::{Arc, OnceLock};

/// Instructions until a rendering counts as endless: some seconds of work.
const FUEL: u64 = 10_000_000;

/// How deep macros, includes and loops may nest.
const RECURSION: usize = 200;

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
    env.set_formatter(|out, state, value| nodes::emit_counted(state, value, out));
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
    env.add_filter("__apart", |names: &Value| apart::apart(names));
    env.add_filter("__exports", |module: &Value, depth: usize| apart::exports(module, depth));
    env.add_filter("__open", |state: &mut State<'_, '_>, nothing: Value| {
        nodes::open(state);
        nothing
    });
    env.add_filter("__close", |state: &mut State<'_, '_>, text: Value| nodes::close(state, text));
    env.add_filter("__then", |state: &mut State<'_, '_>, _: Value, text: Value| nodes::close(state, text));
    env.add_filter("__callable", |inner: &Value, name: String, takes_more: bool, takes_named: bool| {
        callable::callable(inner, name, takes_more, takes_named)
    });
    env.add_filter("__no_else", |_: Value| Value::from_object(NoElse));
    env.add_filter("__missing", |_: Value| Value::from_object(MissingArgument));
    env.add_filter("__is_missing", |value: &Value| value.downcast_object_ref::<MissingArgument>().is_some());
    env.add_filter("__member", |value: &Value, name: String| methods::member(value, &name));
    env.add_filter("__iterate", |value: &Value| operate::iterate(value));
    env.add_filter("__mutable", |value: &Value| mutable(value));
    env.add_filter("__negative", |value: &Value| operate::sign(value, true));
    env.add_filter("__positive", |value: &Value| operate::sign(value, false));
    env.add_filter("__slice", |value: &Value, start: &Value, stop: &Value, step: &Value| {
        super::sequence::slice(value, start, stop, step)
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
            match all.iter().find(|value| is_undefined(value)) {
                Some(undefined) => Ok(undefined.clone()),
                None => soft(state.apply_filter(name.as_str().unwrap_or_default(), &all)),
            }
        },
    );
    env.add_filter(
        "__soft_test",
        |state: &mut State<'_, '_>, value: Value, name: Value, args: Rest<Value>, named: Kwargs| {
            let mut all = vec![value];
            all.extend(arguments(args, named));
            match all.iter().find(|value| is_undefined(value)) {
                Some(undefined) => Ok(undefined.clone()),
                None => soft(state.perform_test(name.as_str().unwrap_or_default(), &all).map(Value::from)),
            }
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

/// Returns what came of something undefined as an undefined value, for those who ask whether it is one.
fn soft(result: Result<Value, Error>) -> Result<Value, Error> {
    match result {
        Err(error) if error.kind() == ErrorKind::UndefinedError => {
            let said = || Failure::new(FailureKind::Undefined, error.detail().unwrap_or_default().to_owned());
            Ok(Value::from_object(Undefined(carried(&error).cloned().unwrap_or_else(said))))
        }
        other => other,
    }
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

/// Makes the value that `omit` is.
pub(crate) fn omit() -> Value {
    Value::from_object(OmitObject)
}

/// Returns a failure for an engine error that carries none.
pub(crate) fn plain_failure(error: &Error) -> Failure {
    let message = |text: &str| apart::without_marks(error.detail().unwrap_or(text)).into_owned();
    match error.kind() {
        ErrorKind::OutOfFuel => {
            Failure::new(FailureKind::Template, "template takes too long: it may be endless").help("look at its loops")
        }
        ErrorKind::UndefinedError => Failure::new(FailureKind::Undefined, message("a value is undefined")),
        ErrorKind::WriteFailure => Failure::new(FailureKind::Template, message("template writes too much")),
        kind => Failure::new(FailureKind::Template, message(&kind.to_string())),
    }
}
