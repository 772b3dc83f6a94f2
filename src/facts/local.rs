//! Facts that the host's own administrators give: `*.fact` files, JSON or INI, read or run.

use super::answers::{Answers, base_name};
use super::{Collector, Facts, ini};
use crate::value::{Map, Value};

pub(super) static COLLECTORS: &[Collector] = &[Collector {
    name: "local",
    minimal: true,
    // A program's output is followed by its exit status and what it wrote to its standard error.
    asks: r#"for p in "$facts"/*.fact; do
[ -e "$p" ] || continue
e local "$p"
if [ -x "$p" ] && [ ! -d "$p" ]; then
  e local_ran "$({ x=$("$p" 2>&1 >&3 3>&- </dev/null; r=$?; printf .; exit $r); printf '\1%s\1%s\1' "$?" "${x%.}"; } 3>&1)"
else e local_text "$(cat "$p" 2>/dev/null)"; fi
done
"#,
    read,
    ..Collector::NONE
}];

fn read(answers: &Answers, facts: &mut Facts) {
    let mut local = Map::new();
    let mut path = "";
    for (name, text) in answers.texts() {
        let value = match name {
            "local" => {
                path = text;
                continue;
            }
            "local_text" => parsed(path, text),
            "local_ran" => ran(path, text),
            _ => continue,
        };
        let value = value.unwrap_or_else(|why| {
            facts.warn(why.clone());
            why.into()
        });
        local.insert(base_name(path).replace(".fact", ""), value);
    }
    facts.set("local", local);
}

/// Reads what a program printed, if it ended well.
fn ran(path: &str, text: &str) -> Result<Value, String> {
    let mut parts = text.strip_suffix('\u{1}').unwrap_or(text).rsplitn(3, '\u{1}');
    let (said, status) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    if status != "0" {
        return Err(format!("Failure executing fact script ({path}), rc: {status}, err: {said}"));
    }
    parsed(path, parts.next().unwrap_or_default())
}

/// Reads a text as JSON, else as INI.
fn parsed(path: &str, text: &str) -> Result<Value, String> {
    if let Ok(json) = serde_json::from_str::<serde_json::Value>(text) {
        return Ok(json.into());
    }
    ini::read(text).map_err(|error| match error {
        ini::Wrong::Text => format!("error loading facts as JSON or ini - please check content: {path}"),
        ini::Wrong::Value(why) => format!("error loading facts as ini - please check content: {path} ({why})"),
    })
}
