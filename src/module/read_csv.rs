//! `read_csv`: a file of comma-separated values of the host, as records.

use super::slurp::content;
use super::tool::on_host;
use super::{Arg, ArgKind, Change, Context, Module};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::module::remote::expanded;
use crate::template::csv::{Dialect, records};
use crate::value::{Key, Map, Value};

/// `read_csv`
pub static MODULE: Module = Module {
    effect: |_| Effect::Read,
    ..on_host(
        "read_csv",
        &["community.general"],
        "Reads a file of comma-separated values of the host as records.",
        &[
            Arg::new("path", ArgKind::Path, "The file on the host.").aliases(&["filename"]).required(),
            Arg::new(
                "key",
                ArgKind::Str,
                "The field by which records are told apart; without it there is a list of them.",
            ),
            Arg::new("unique", ArgKind::Bool, "Fail where two records have the same key.").default("true"),
            Arg::new("fieldnames", ArgKind::List, "The names of the fields, where the first line does not have them."),
            Arg::new("dialect", ArgKind::Str, "How it is written: `excel`, `excel-tab`, or `unix`.").default("excel"),
            Arg::new("delimiter", ArgKind::Str, "What stands between fields."),
            Arg::new("skipinitialspace", ArgKind::Bool, "Blanks behind a delimiter do not count."),
            Arg::new("strict", ArgKind::Bool, "What is written wrong is an error."),
        ],
        |context| Box::pin(plan(context)),
    )
};

/// The largest file that is read; it goes through memory.
const LIMIT_BYTES: u64 = 64 << 20;

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let dialect = Dialect::named(args.text("dialect"), args.text("delimiter"));
    let dialect = dialect.map_err(|why| Failure::new(FailureKind::Argument, format!("`read_csv` {why}")))?;
    let dialect = Dialect { skips_blanks: args.flag("skipinitialspace"), is_strict: args.flag("strict"), ..dialect };
    let path = expanded(context.probe, args.text("path").unwrap_or_default()).await?;
    let bytes = content(context.probe, &path, LIMIT_BYTES).await?;
    let file = |why: String| Failure::new(FailureKind::File, format!("Unable to process file: {path} {why}"));
    let text = String::from_utf8(bytes).map_err(|_| file("is not UTF-8 text".into()))?;
    let names = args.get("fieldnames").map(|_| args.texts("fieldnames").into_iter().map(Key::from).collect());
    let (names, records) = records(&text, dialect, names).map_err(file)?;
    let Some(key) = args.text("key") else {
        return Ok(Change::nothing(Map::new()).field("dict", Map::new()).field("list", Value::list(records)));
    };
    let wrong = |message: String| Failure::new(FailureKind::Module, message);
    if !names.iter().any(|name| name.as_str() == Some(key)) {
        let names: Vec<String> = names.iter().map(Key::to_string).collect();
        let message = format!("Key '{key}' was not found in the CSV header fields: {}", names.join(", "));
        return Err(wrong(message));
    }
    let mut by_key = Map::new();
    for record in records {
        let value = record.get(key).map(Value::to_text).unwrap_or_default();
        if args.flag("unique") && by_key.contains(&value) {
            return Err(wrong(format!("Key '{key}' is not unique for value '{value}'")));
        }
        by_key.insert(Key::from(value.as_str()), record);
    }
    Ok(Change::nothing(Map::new()).field("dict", by_key).field("list", Value::list(Vec::<Value>::new())))
}
