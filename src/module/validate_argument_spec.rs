//! `validate_argument_spec`: checks variables against the specification of a role's arguments.

use super::argument_spec::validate;
use super::{Arg, ArgKind, Change, Context, Module, Needs};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};

/// `validate_argument_spec`
pub static MODULE: Module = Module {
    name: "validate_argument_spec",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Checks variables against the specification of a role's arguments.",
    args: &[
        Arg::new("argument_spec", ArgKind::Dict, "What each argument must be, by name.").required(),
        Arg::new("provided_arguments", ArgKind::Dict, "Arguments that count before variables of their names.")
            .default("{}"),
        Arg::new("validate_args_context", ArgKind::Dict, "What is being checked, for the result.").default("{}"),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Nothing,
    changes_run: false,
    once: false,
    effect: |_| Effect::Pure,
    plan: |context| Box::pin(plan(context)),
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let (Some(spec), Some(provided)) = (args.dict("argument_spec"), args.dict("provided_arguments")) else {
        return Err(Failure::new(FailureKind::Argument, "`argument_spec` must be a dictionary"));
    };
    let mut parameters = Map::new();
    for (name, option) in spec.iter() {
        if option.as_map().is_none() {
            let message = format!("what `argument_spec` says of `{name}` must be a dictionary");
            return Err(Failure::new(FailureKind::Argument, message));
        }
        if let Some(value) = context.templar.var(&name.to_string())? {
            parameters.insert(name.clone(), value);
        }
    }
    for (name, value) in provided.iter() {
        parameters.insert(name.clone(), value.clone());
    }
    let about = args.get("validate_args_context").cloned().unwrap_or_else(|| Value::from(Map::new()));
    let errors = validate(spec, parameters);
    if errors.is_empty() {
        return Ok(Change::nothing(Map::new())
            .field("msg", "The arg spec validation passed")
            .field("validate_args_context", about));
    }
    let message = format!("Validation of arguments failed:\n{}", errors.join("\n"));
    let mut result = Map::new();
    result.insert("argument_errors", errors);
    result.insert("argument_spec_data", spec.clone());
    result.insert("validate_args_context", about);
    Err(Failure::new(FailureKind::Module, message).with_result(result))
}
