//! The lookup `config`: what settings are.

use super::{Call, Lookup, argument};
use crate::failure::Failure;
use crate::value::Value;
use std::sync::OnceLock;

pub(super) static LOOKUPS: &[Lookup] = &[Lookup {
    name: "config",
    doc: "Gives settings by Ansible's names, as `DEFAULT_FORKS`; those that netplay has.",
    options: &["on_missing", "show_origin"],
    run: config,
}];

/// Returns the value of a setting and where it was said.
pub type Settings = fn(&str) -> Option<(Value, String)>;

static SETTINGS: OnceLock<Settings> = OnceLock::new();

/// Says who knows the settings. Only the first call counts.
pub fn set_settings(settings: Settings) {
    // A second call has nothing new to say.
    let _ = SETTINGS.set(settings);
}

fn config(call: &Call<'_>) -> Result<Vec<Value>, Failure> {
    let on_missing = call.text("on_missing").unwrap_or("error".into());
    if !["error", "skip", "warn"].contains(&on_missing.as_str()) {
        return Err(argument(format!("`on_missing` of lookup `config` is error, skip or warn, not `{on_missing}`")));
    }
    let mut found = Vec::new();
    for term in &call.terms {
        let Some(name) = term.as_str() else { return Err(argument("the name of a setting is text")) };
        match SETTINGS.get().and_then(|settings| settings(name)) {
            Some((value, origin)) if call.flag("show_origin", false) => {
                found.push(Value::list([value, origin.into()]));
            }
            Some((value, _)) => found.push(value),
            None if on_missing != "error" => {}
            None => {
                return Err(argument(format!("there is no setting `{name}`"))
                    .help("`netplay config` lists the settings; `on_missing='skip'` leaves others out"));
            }
        }
    }
    Ok(found)
}
