//! The nested listing as YAML text, as Ansible writes it.

use super::generator::Nothing;
use crate::failure::Failure;
use crate::source::{SearchPath, SourceMap};
use crate::template::Templar;
use crate::value::{Map, Value};
use std::sync::Arc;

/// Stands for an encrypted text while the others are written; no author writes it.
const TOKEN: &str = "netplay-vault-";

/// Returns data as YAML; encrypted texts are marked `!vault`.
pub fn yaml_text(data: &Value) -> Result<String, Failure> {
    let mut vaults = Vec::new();
    let with_tokens = hide_vaults(data, &mut vaults);
    let templar = Templar::new(Arc::new(Nothing), SearchPath::default(), Arc::new(SourceMap::new()));
    let input: Map = [("inventory", with_tokens)].into_iter().collect();
    let text = templar.with(input).expression_text("inventory | to_nice_yaml(indent=2)", None)?.to_text();
    if vaults.is_empty() {
        return Ok(text);
    }
    Ok(text.lines().map(|line| show_vault(line, &vaults) + "\n").collect())
}

fn hide_vaults(value: &Value, vaults: &mut Vec<Arc<str>>) -> Value {
    match value {
        Value::List(items) => Value::list(items.iter().map(|item| hide_vaults(item, vaults)).collect::<Vec<_>>()),
        Value::Map(map) => match (map.len(), map.get("__ansible_vault")) {
            (1, Some(Value::Str(text))) => {
                vaults.push(Arc::clone(text));
                Value::from(format!("{TOKEN}{:09}", vaults.len() - 1))
            }
            _ => {
                Value::map(map.iter().map(|(key, value)| (key.clone(), hide_vaults(value, vaults))).collect::<Vec<_>>())
            }
        },
        other => other.clone(),
    }
}

fn show_vault(line: &str, vaults: &[Arc<str>]) -> String {
    let found = line.find(TOKEN).and_then(|at| Some((at, line[at + TOKEN.len()..].parse::<usize>().ok()?)));
    let Some((at, text)) = found.and_then(|(at, number)| Some((at, vaults.get(number)?))) else {
        return line.to_owned();
    };
    let indent = line.len() - line.trim_start_matches([' ', '-']).len() + 2;
    let mark = if text.ends_with('\n') { "|" } else { "|-" };
    let block: Vec<String> = text.lines().map(|line| format!("{}{line}", " ".repeat(indent))).collect();
    format!("{}!vault {mark}\n{}", &line[..at], block.join("\n"))
}
