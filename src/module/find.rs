//! `find`: lists the files and folders below some folders of the host that are as asked for.
//!
//! One `find` a folder tells of everything below it; what is wanted is chosen here, so that hosts need no more than
//! POSIX tools, and patterns mean what they mean in Python.

use super::attributes::Mode;
use super::remote::{FileKind, Look, Stat, exec_output, look, look_below_program, path_word, path_word_literal, sh};
use super::slurp::content;
use super::stat::permission_fields;
use super::{Action, Arg, ArgKind, Args, Change, Context, Exec, Module, Needs, Program, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::python_regex::{Anchor, Flags, Regex, compile};
use crate::value::{Map, Value};
use std::collections::HashMap;
use std::sync::Arc;

/// `find`
pub static MODULE: Module = Module {
    name: "find",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Lists files and folders of the host that are as asked for.",
    args: &[
        Arg::new("paths", ArgKind::List, "The folders to look in.").aliases(&["name", "path"]).required(),
        Arg::new("patterns", ArgKind::List, "Shell patterns (or regular expressions) of names that are wanted.")
            .aliases(&["pattern"])
            .default("[]"),
        Arg::new("excludes", ArgKind::List, "Patterns of names that are not wanted.").aliases(&["exclude"]),
        Arg::new("use_regex", ArgKind::Bool, "Patterns are regular expressions.").default("false"),
        Arg::new("file_type", ArgKind::Str, "What is wanted.")
            .choices(&["any", "directory", "file", "link"])
            .default("file"),
        Arg::new("recurse", ArgKind::Bool, "Look in the folders below too.").default("false"),
        Arg::new("depth", ArgKind::Int, "With `recurse`: how many folders deep."),
        Arg::new("hidden", ArgKind::Bool, "Names that begin with a dot are wanted too.").default("false"),
        Arg::new("follow", ArgKind::Bool, "With `recurse`: go through links to folders.").default("false"),
        Arg::new("contains", ArgKind::Str, "A regular expression that the beginning of a line must match."),
        Arg::new("read_whole_file", ArgKind::Bool, "`contains` may match anywhere in the file.").default("false"),
        Arg::new("encoding", ArgKind::Str, "How files are encoded.").refused("files are read as UTF-8"),
        Arg::new("age", ArgKind::Str, "At least so old (`2d`), or with a minus at most: seconds, or s, m, h, d, w."),
        Arg::new("age_stamp", ArgKind::Str, "Which time `age` is about.")
            .choices(&["atime", "ctime", "mtime"])
            .default("mtime"),
        Arg::new("size", ArgKind::Str, "At least so large (`1m`), or with a minus at most: bytes, or b, k, m, g, t."),
        Arg::new("mode", ArgKind::Raw, "Permissions, octal or symbolic, as text."),
        Arg::new("exact_mode", ArgKind::Bool, "Just these permissions, not one of them at least.").default("true"),
        Arg::new("get_checksum", ArgKind::Bool, "Tell the checksum of files.").default("false"),
        Arg::new("checksum_algorithm", ArgKind::Str, "How the checksum is computed.")
            .aliases(&["checksum", "checksum_algo"])
            .choices(&["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
            .default("sha1"),
        Arg::new("limit", ArgKind::Int, "Stop after so many."),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Read,
    plan: |context| Box::pin(plan(context)),
};

/// The largest file that is read for `contains`.
const CONTENT_BYTES: u64 = 64 << 20;

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let wanted = Wanted::of(&context).await?;
    let args = context.args;
    let limit = args.int("limit").map(|limit| limit as usize);
    let words: Vec<String> = args.texts("paths").iter().map(|path| path_word(path)).collect();
    let roots = look(context.probe, &words, Look::default()).await?.stats;
    let mut found: Vec<Stat> = Vec::new();
    let mut skipped = Map::new();
    let mut warnings = Vec::new();
    let mut examined = 0;
    for root in &roots {
        if !root.leads_to_dir {
            let why = format!("'{}' is not a directory", root.path);
            warnings.push(format!("Skipped '{}' path due to this access issue: {why}\n", root.path));
            skipped.insert(root.path.as_str(), why);
            continue;
        }
        for stat in below(&context, root).await? {
            examined += 1;
            if stat.is_dir() && !(stat.readable && stat.executable) {
                skipped.insert(stat.path.as_str(), format!("[Errno 13] Permission denied: '{}'", stat.path));
            }
            let full = limit.is_some_and(|limit| found.len() >= limit);
            if !full && wanted.takes(&context, root, &stat).await? {
                found.push(stat);
            }
        }
    }
    let reached = limit.is_some_and(|limit| found.len() >= limit);
    let message = match (warnings.is_empty(), reached) {
        (false, _) => "Not all paths examined, check warnings for details",
        (true, true) => "Limit of matches reached",
        (true, false) => "All paths examined",
    };
    let checksums = checksums(&context, &found).await?;
    let files = found.iter().map(|stat| fields(stat, checksums.get(&stat.path)));
    let mut change = Change::nothing(Map::new())
        .field("examined", examined)
        .field("files", Value::list(files))
        .field("matched", found.len())
        .field("msg", message)
        .field("skipped_paths", skipped);
    change.warnings = warnings;
    Ok(change)
}

/// Returns everything below a folder, paths made plain.
async fn below(context: &Context<'_>, root: &Stat) -> Result<Vec<Stat>, Failure> {
    let args = context.args;
    // One level more than is wanted is counted among the examined, as in Ansible.
    let depth = match (args.flag("recurse"), args.int("depth")) {
        (false, _) => Some(1),
        (true, Some(depth)) if depth > 0 => Some(depth + 1),
        (true, _) => None,
    };
    let follow = if args.flag("recurse") && args.flag("follow") { "-L " } else { "" };
    let folder = format!("{}/.", root.path.trim_end_matches('/'));
    let deepest = depth.map(|depth| format!(" -maxdepth {depth}")).unwrap_or_default();
    let selection = format!("{follow}{}{deepest} ! -name .", path_word_literal(&folder));
    let text = format!("{} 2>/dev/null; exit 0", look_below_program(&selection));
    let exec = Exec { program: Program::Shell { text, executable: None }, elevate: true, ..Exec::default() };
    let output = exec_output(context.probe.read(Action::on_host(Effect::Read, Work::Exec(exec))).await?)?;
    let mut stats = super::remote::stats_of(&output.stdout)?;
    for stat in &mut stats {
        stat.path = plain_path(&stat.path);
    }
    Ok(stats)
}

/// What is asked for.
struct Wanted<'a> {
    args: &'a Args,
    patterns: Vec<Arc<Regex>>,
    excludes: Vec<Arc<Regex>>,
    contains: Option<Arc<Regex>>,
    /// Seconds; negative for "at most".
    age: Option<i128>,
    /// Bytes; negative for "at most".
    size: Option<i128>,
    mode: Option<u32>,
    /// The host's clock, where it matters.
    now: f64,
}

impl<'a> Wanted<'a> {
    async fn of(context: &Context<'a>) -> Result<Wanted<'a>, Failure> {
        let args = context.args;
        if let Some(limit) = args.int("limit").filter(|limit| *limit <= 0) {
            return Err(wrong(args, "limit", format!("limit cannot be {limit} (use None for unlimited)")));
        }
        let age = amount(args, "age", &[("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 604_800)])?;
        let size = amount(args, "size", &[("b", 1), ("k", 1 << 10), ("m", 1 << 20), ("g", 1 << 30), ("t", 1 << 40)])?;
        let now = match age {
            Some(_) => {
                let said = sh(context.probe, "date +%s".into()).await?.stdout;
                String::from_utf8_lossy(&said).trim().parse().unwrap_or(0.0)
            }
            None => 0.0,
        };
        Ok(Wanted {
            args,
            patterns: patterns(args, "patterns")?,
            excludes: patterns(args, "excludes")?,
            contains: match args.text("contains") {
                Some(text) => {
                    let anchor = if args.flag("read_whole_file") { Anchor::Anywhere } else { Anchor::Start };
                    Some(regex(args, "contains", text, anchor)?)
                }
                None => None,
            },
            age,
            size,
            mode: mode(args)?,
            now,
        })
    }

    async fn takes(&self, context: &Context<'_>, root: &Stat, stat: &Stat) -> Result<bool, Failure> {
        let args = self.args;
        let name = stat.path.rsplit('/').next().unwrap_or_default();
        let inside = stat.path.strip_prefix(plain_path(&root.path).trim_end_matches('/')).unwrap_or(&stat.path);
        let too_deep = args.int("depth").is_some_and(|depth| depth > 0 && inside.matches('/').count() as i128 > depth);
        if too_deep || (name.starts_with('.') && !args.flag("hidden")) || !self.takes_name(name)? {
            return Ok(false);
        }
        let kind = args.text("file_type").unwrap_or("file");
        let is_file = stat.kind == FileKind::File;
        let of_kind = match kind {
            "any" => true,
            "directory" => stat.is_dir(),
            "link" => stat.kind == FileKind::Link,
            _ => is_file,
        };
        if !of_kind || !self.takes_age(stat) || !self.takes_mode(stat) || (is_file && !self.takes_size(stat)) {
            return Ok(false);
        }
        match &self.contains {
            Some(pattern) if kind == "file" => self.takes_content(context, pattern, stat).await,
            _ => Ok(true),
        }
    }

    fn takes_name(&self, name: &str) -> Result<bool, Failure> {
        let any = |list: &[Arc<Regex>]| -> Result<bool, Failure> {
            for pattern in list {
                if matches(pattern, name)? {
                    return Ok(true);
                }
            }
            Ok(false)
        };
        Ok((self.patterns.is_empty() || any(&self.patterns)?) && !any(&self.excludes)?)
    }

    fn takes_age(&self, stat: &Stat) -> bool {
        let stamp = match self.args.text("age_stamp") {
            Some("atime") => stat.atime,
            Some("ctime") => stat.ctime,
            _ => stat.mtime,
        };
        self.age.is_none_or(|age| {
            let old = self.now - stamp;
            if age >= 0 { old >= age as f64 } else { old <= -age as f64 }
        })
    }

    fn takes_size(&self, stat: &Stat) -> bool {
        self.size.is_none_or(|size| if size >= 0 { stat.size >= size } else { stat.size <= -size })
    }

    fn takes_mode(&self, stat: &Stat) -> bool {
        self.mode.is_none_or(|mode| match self.args.flag("exact_mode") {
            true => stat.mode == mode,
            false => stat.mode & mode != 0,
        })
    }

    async fn takes_content(&self, context: &Context<'_>, pattern: &Regex, stat: &Stat) -> Result<bool, Failure> {
        // A file that cannot be read does not hold it.
        let Ok(bytes) = content(context.probe, &stat.path, CONTENT_BYTES).await else { return Ok(false) };
        let Ok(text) = String::from_utf8(bytes) else {
            let message = format!("Failed to read the file {} due to an encoding error.", stat.path);
            return Err(Failure::new(FailureKind::File, message).help("only UTF-8 text is looked into by `contains`"));
        };
        if self.args.flag("read_whole_file") {
            return matches(pattern, &text);
        }
        for line in text.split_inclusive('\n') {
            if matches(pattern, line)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn wrong(args: &Args, name: &str, message: String) -> Failure {
    let failure = Failure::new(FailureKind::Argument, message);
    match args.span(name) {
        Some(span) => failure.at(span),
        None => failure,
    }
}

fn matches(pattern: &Regex, text: &str) -> Result<bool, Failure> {
    pattern.is_match(text).map_err(|why| Failure::new(FailureKind::Argument, format!("the pattern {why}")))
}

fn regex(args: &Args, name: &str, text: &str, anchor: Anchor) -> Result<Arc<Regex>, Failure> {
    compile(text, Flags::default(), anchor).map_err(|why| wrong(args, name, format!("the pattern `{text}` {why}")))
}

fn patterns(args: &Args, name: &str) -> Result<Vec<Arc<Regex>>, Failure> {
    let is_regex = args.flag("use_regex");
    let texts = args.texts(name);
    texts
        .iter()
        .map(|text| match is_regex {
            true => regex(args, name, text, Anchor::Start),
            false => compile(&shell_pattern(text), Flags { dot_all: true, ..Flags::default() }, Anchor::Whole)
                .map_err(|why| wrong(args, name, format!("the pattern `{text}` {why}"))),
        })
        .collect()
}

/// Returns a shell pattern as a regular expression, as Python's `fnmatch` reads one.
pub(super) fn shell_pattern(pattern: &str) -> String {
    let mut out = String::new();
    let mut rest = pattern;
    while let Some(c) = rest.chars().next() {
        let after = &rest[c.len_utf8()..];
        rest = after;
        match c {
            '*' => out.push_str(".*"),
            '?' => out.push('.'),
            '[' => {
                // A `]` right after the beginning is one of the set.
                let from = after.chars().take_while(|c| *c == '!').take(1).count();
                let from = from + usize::from(after[from..].starts_with(']'));
                match after[from..].find(']') {
                    Some(end) => {
                        let set = after[..from + end].replace('\\', "\\\\").replace('[', "\\[");
                        let set = match set.strip_prefix('!') {
                            Some(rest) => format!("^{}", rest.replacen(']', "\\]", 1)),
                            None => set.replacen('^', "\\^", 1).replacen(']', "\\]", 1),
                        };
                        out.push_str(&format!("[{set}]"));
                        rest = &after[from + end + 1..];
                    }
                    None => out.push_str("\\["),
                }
            }
            c if c.is_alphanumeric() || c == '_' => out.push(c),
            c => {
                out.push('\\');
                out.push(c);
            }
        }
    }
    out
}

/// Reads a number with a unit.
fn amount(args: &Args, name: &str, units: &[(&str, i128)]) -> Result<Option<i128>, Failure> {
    let Some(text) = args.text(name) else { return Ok(None) };
    let lower = text.to_lowercase();
    let (digits, factor) = match units.iter().find_map(|(unit, n)| lower.strip_suffix(unit).map(|rest| (rest, *n))) {
        Some(split) => split,
        None => (lower.as_str(), 1),
    };
    let number = digits.parse::<i64>().ok().filter(|_| !digits.starts_with('+'));
    match number {
        Some(number) => Ok(Some(i128::from(number) * factor)),
        None => {
            let result: Map = [(name, Value::from(text))].into_iter().collect();
            Err(wrong(args, name, format!("failed to process {name}")).with_result(result))
        }
    }
}

fn mode(args: &Args) -> Result<Option<u32>, Failure> {
    let Some(value) = args.get("mode") else { return Ok(None) };
    let Value::Str(_) = value else {
        let message = "argument 'mode' is not a string and conversion is not allowed".to_owned();
        return Err(wrong(args, "mode", message).help("write it in quotes: `mode: \"0644\"`"));
    };
    let mode = Mode::parse(value).map_err(|why| wrong(args, "mode", format!("argument `mode` {why}")))?;
    Ok(Some(mode.applied_to(0, false, 0)))
}

/// Returns the checksums of the files that were found, by path.
async fn checksums(context: &Context<'_>, found: &[Stat]) -> Result<HashMap<String, String>, Failure> {
    if !context.args.flag("get_checksum") || context.args.text("file_type") == Some("directory") {
        return Ok(HashMap::new());
    }
    let files = found.iter().filter(|stat| stat.kind == FileKind::File);
    let words: Vec<String> = files.map(|stat| path_word_literal(&stat.path)).collect();
    let what = Look { checksum: context.args.text("checksum_algorithm"), ..Look::default() };
    let seen = look(context.probe, &words, what).await?;
    Ok(seen.stats.into_iter().filter_map(|stat| Some((stat.path, stat.checksum?))).collect())
}

fn fields(stat: &Stat, checksum: Option<&String>) -> Value {
    let mut map = Map::new();
    map.insert("path", stat.path.as_str());
    permission_fields(stat, &mut map);
    map.insert("gr_name", stat.group.clone().unwrap_or_default());
    map.insert("pw_name", stat.owner.clone().unwrap_or_default());
    if let Some(checksum) = checksum {
        map.insert("checksum", checksum.as_str());
    }
    Value::from(map)
}

/// Returns a path without doubled slashes and single dots.
fn plain_path(path: &str) -> String {
    let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
    let joined = parts.join("/");
    match (path.starts_with('/'), joined.is_empty()) {
        (true, _) => format!("/{joined}"),
        (false, true) => ".".into(),
        (false, false) => joined,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shell_patterns_match_as_pythons_do() {
        let cases = [
            ("*.cfg", "a.cfg", true),
            ("*.cfg", "a.cfgx", false),
            ("r?", "r1", true),
            ("r[12]", "r2", true),
            ("r[!12]", "r2", false),
            ("r[!12]", "r3", true),
            ("a[]]b", "a]b", true),
            ("a[^b]", "ab", true),
            ("a[", "a[", true),
            ("a+b", "a+b", true),
            ("*", "", true),
            ("[a-c]*", "bcd", true),
        ];
        for (pattern, name, expected) in cases {
            let regex = compile(&shell_pattern(pattern), Flags::default(), Anchor::Whole).unwrap();
            assert_eq!(regex.is_match(name), Ok(expected), "{pattern} {name}");
        }
    }

    #[test]
    fn paths_are_made_plain() {
        let cases = [("/a//./b/", "/a/b"), ("./a", "a"), ("/", "/"), (".", ".")];
        for (path, expected) in cases {
            assert_eq!(plain_path(path), expected);
        }
    }
}
