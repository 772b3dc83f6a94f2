//! Settings by the names that Ansible's own code gives them, for the lookup `config`.

use super::kind::{Kind, boolean};
use super::table::{Setting, TABLE};
use super::{Config, Whence};
use crate::value::Value;
use std::sync::OnceLock;

static CONFIG: OnceLock<Config> = OnceLock::new();

/// Names that do not follow from the variable of the environment.
const OTHERS: [(&str, &str); 4] = [
    ("DEFAULT_HOST_LIST", "ANSIBLE_INVENTORY"),
    ("INJECT_FACTS_AS_VARS", "ANSIBLE_INJECT_FACT_VARS"),
    ("TAGS_RUN", "ANSIBLE_RUN_TAGS"),
    ("TAGS_SKIP", "ANSIBLE_SKIP_TAGS"),
];

/// Keeps the settings of this process for templates. Only the first call counts.
pub(in crate::cli) fn keep(config: &Config) {
    // A second call has nothing new to say.
    let _ = CONFIG.set(config.clone());
}

/// Returns a setting's value and where it was said; `None` when there is no setting of that name.
pub(in crate::cli) fn value(name: &str) -> Option<(Value, String)> {
    let fits = |env: &str| {
        let other = OTHERS.iter().find(|(constant, _)| *constant == name);
        let plain = name.strip_prefix("DEFAULT_").unwrap_or(name);
        other.map_or_else(|| env == name || env.strip_prefix("ANSIBLE_") == Some(plain), |(_, known)| *known == env)
    };
    let setting: &Setting = TABLE.iter().find(|setting| setting.env.iter().any(|env| fits(env)))?;
    let said = CONFIG.get().and_then(|config| config.said(setting));
    let origin = match said.map(|said| &said.whence) {
        None => "default".to_owned(),
        Some(Whence::Environment(name)) => format!("env: {name}"),
        Some(Whence::File(_)) => "file".to_owned(),
    };
    let items = said.map_or_else(|| setting.kind.split(setting.default), |said| said.items.clone());
    let first = items.first().map(String::as_str).filter(|text| !text.is_empty());
    let value = match setting.kind {
        Kind::List | Kind::Paths => Value::list(items.iter().map(|item| Value::from(item.as_str()))),
        Kind::Bool | Kind::Always(..) => first.and_then(boolean).map_or(Value::Null, Value::Bool),
        Kind::Number(..) => first.and_then(|text| text.parse::<i64>().ok()).map_or(Value::Null, Value::from),
        Kind::Text | Kind::Choice(_) | Kind::Path => first.map_or(Value::Null, Value::from),
    };
    Some((value, origin))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_have_ansibles_names_and_kinds() {
        let of = |name| value(name).map(|(value, _)| value);
        assert_eq!(of("DEFAULT_FORKS"), Some(Value::from(500)));
        assert_eq!(of("DEFAULT_TRANSPORT"), Some("ssh".into()));
        assert_eq!(of("DEFAULT_REMOTE_USER"), Some(Value::Null));
        assert_eq!(of("TAGS_RUN"), Some(Value::list(Vec::<Value>::new())));
        assert!(of("DEFAULT_HOST_LIST").is_some());
        assert_eq!(of("COLOR_OK"), None);
    }
}
