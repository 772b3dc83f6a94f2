//! A change that waits to be confirmed, as `cli_config` and `netconf_config` register it (`confirm` of their results), and what
//! `cli_confirm` and `netconf_confirm` are told of it.

use super::{Arg, ArgKind, Args};
use crate::value::Value;

pub(super) const STATE: Arg =
    Arg::new("state", ArgKind::Str, "Whether the change is kept (`confirmed`) or taken back (`cancelled`).")
        .choices(&["confirmed", "cancelled"])
        .default("confirmed");

/// What is said of a change when there is none.
pub(super) const NONE: &str = "no change waits to be confirmed";

/// A change that waits.
pub(super) struct Waiting {
    /// The name under which it waits, where it has one.
    pub(super) name: Option<String>,
    /// In how many seconds it is taken back.
    pub(super) within: String,
    /// It is to be kept.
    pub(super) keeps: bool,
    /// What is kept is saved.
    pub(super) saves: bool,
}

impl Waiting {
    /// Reads `change` and `state`; `None` when nothing waits.
    pub(super) fn of(args: &Args) -> Option<Waiting> {
        let change = args.dict("change")?;
        let is = |name: &str| matches!(change.get(name), Some(Value::Bool(true)));
        is("pending").then(|| Waiting {
            name: change.get("session").and_then(Value::as_str).map(str::to_owned),
            within: change.get("within").map(Value::to_text).unwrap_or_default(),
            keeps: args.text("state") == Some("confirmed"),
            saves: is("save"),
        })
    }
}
