//! Makes the modules, of their definitions, when somebody first asks for them; `any_platform.rs` makes those that are for
//! whatever platform the host has.

use super::any_platform;
use super::arguments::arguments;
use super::plan;
use crate::effect::Effect;
use crate::module::{Call, Module, Needs};
use crate::resource::{self, Row};
use std::sync::OnceLock;

/// What makes the modules, in the order of the table.
static MADE: OnceLock<Vec<OnceLock<Module>>> = OnceLock::new();

/// Returns the module of that name, short or with its collection.
pub(in crate::module) fn find(name: &str) -> Option<(&'static Module, Option<&'static str>)> {
    let (collection, short) =
        name.rsplit_once('.').map_or((None, name), |(collection, short)| (Some(collection), short));
    let Some(place) = resource::TABLE.iter().position(|row| row.name == short) else {
        return any_platform::find(collection, short).map(|module| (module, None));
    };
    let row = &resource::TABLE[place];
    collection.is_none_or(|collection| collection == row.collection).then(|| (made(place), Some(row.platform)))
}

/// Returns the modules of all resources.
pub(in crate::module) fn all() -> impl Iterator<Item = &'static Module> {
    (0..resource::TABLE.len()).map(made).chain(any_platform::all())
}

fn made(place: usize) -> &'static Module {
    let all = MADE.get_or_init(|| resource::TABLE.iter().map(|_| OnceLock::new()).collect());
    all[place].get_or_init(|| make(&resource::TABLE[place]))
}

/// Makes a module. What it is made of lives as long as the process: there is one of each.
fn make(row: &'static Row) -> Module {
    let definition = row.definition();
    Module {
        name: row.name,
        collections: std::slice::from_ref(&row.collection),
        aliases: &[],
        summary: &definition.summary,
        args: arguments(definition).leak(),
        rules: &[],
        free_form: None,
        any_args: false,
        needs: Needs::Cli,
        changes_run: false,
        once: false,
        effect,
        plan: |context| Box::pin(plan(context)),
    }
}

pub(super) fn effect(call: &Call<'_>) -> Effect {
    match call.literal("state") {
        Some("gathered") => Effect::Read,
        Some("rendered" | "parsed") => Effect::Pure,
        _ => Effect::Write,
    }
}
