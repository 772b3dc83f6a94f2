//! The lookup that makes passwords up and keeps them in files.

use super::{Call, Lookup, argument};
use crate::failure::{Failure, FailureKind};
use crate::source::plain_io_error;
use crate::value::{Map, Value};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

/// The longest password.
const MAX_LENGTH: usize = 4096;

pub(super) static LOOKUPS: &[Lookup] = &[Lookup {
    name: "password",
    doc: "Gives the password that stands in a file; makes one up and writes it there when there is none.",
    options: &["length", "chars", "seed"],
    run: |call| call.terms.iter().map(|term| password(call, &term.to_text()).map(Value::from)).collect(),
}];

/// Returns a random number below `limit`, each with the same chance.
pub(super) fn random(limit: usize) -> Result<usize, Failure> {
    let unusable = |error: &std::io::Error| {
        Failure::new(FailureKind::Internal, format!("no random numbers: {}", plain_io_error(error)))
    };
    let mut source = std::fs::File::open("/dev/urandom").map_err(|error| unusable(&error))?;
    let limit = limit.max(1) as u64;
    loop {
        let mut bytes = [0; 8];
        source.read_exact(&mut bytes).map_err(|error| unusable(&error))?;
        let number = u64::from_le_bytes(bytes);
        // Numbers of the last, incomplete round would favour the low results.
        if number < u64::MAX - u64::MAX % limit {
            return Ok((number % limit) as usize);
        }
    }
}

fn password(call: &Call<'_>, term: &str) -> Result<String, Failure> {
    let mut options: Map = call.options.clone();
    let mut path = String::new();
    for word in term.split_whitespace() {
        match word.split_once('=') {
            Some((name @ ("length" | "chars" | "seed"), value)) => options.insert(name, value),
            Some((name @ ("encrypt" | "ident"), _)) => {
                return Err(argument(format!("option `{name}` of lookup `password` is not supported")));
            }
            _ => {
                if !path.is_empty() {
                    path.push(' ');
                }
                path.push_str(word);
            }
        }
    }
    if options.contains("seed") {
        return Err(argument(
            "option `seed` of lookup `password` is not supported: the same text gives another password",
        ));
    }
    let path = match call.core.files.candidates("files", &path) {
        _ if Path::new(&path).is_absolute() => path.into(),
        candidates => candidates
            .iter()
            .find(|path| path.exists())
            .cloned()
            .unwrap_or_else(|| call.core.files.playbook_dir.join(&path)),
    };
    let is_kept = path != Path::new("/dev/null");
    if is_kept && let Ok(text) = std::fs::read_to_string(&path) {
        let line = text.trim_end_matches(['\n', '\r']);
        return Ok(line.split(" salt=").next().unwrap_or(line).to_owned());
    }
    let made = make(&options)?;
    if is_kept {
        write(&path, &made).map_err(|error| {
            Failure::new(FailureKind::File, format!("cannot write `{}`: {}", path.display(), plain_io_error(&error)))
        })?;
    }
    Ok(made)
}

fn make(options: &Map) -> Result<String, Failure> {
    let length = match options.get("length") {
        None => 20,
        Some(length) => match length.to_text().parse::<usize>() {
            Ok(length) if length <= MAX_LENGTH => length,
            _ => return Err(argument(format!("`length` of a password is a number up to {MAX_LENGTH}"))),
        },
    };
    let wanted = match options.get("chars") {
        None => vec!["ascii_letters".to_owned(), "digits".into(), ".,:-_".into()],
        Some(Value::List(items)) => items.iter().map(Value::to_text).collect(),
        Some(text) => text.to_text().replace(",,", "\u{0}").split(',').map(|part| part.replace('\u{0}', ",")).collect(),
    };
    let mut chars: Vec<char> = Vec::new();
    for set in wanted {
        match set.as_str() {
            "ascii_letters" => chars.extend(('a'..='z').chain('A'..='Z')),
            "ascii_lowercase" => chars.extend('a'..='z'),
            "ascii_uppercase" => chars.extend('A'..='Z'),
            "digits" => chars.extend('0'..='9'),
            "hexdigits" => chars.extend("0123456789abcdefABCDEF".chars()),
            "octdigits" => chars.extend('0'..='7'),
            "punctuation" => chars.extend((' '..='~').filter(char::is_ascii_punctuation)),
            other => chars.extend(other.chars()),
        }
    }
    chars.sort_unstable();
    chars.dedup();
    if chars.is_empty() {
        return Err(argument("`chars` of a password is empty"));
    }
    (0..length).map(|_| random(chars.len()).map(|at| chars[at])).collect()
}

fn write(path: &Path, text: &str) -> std::io::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{text}")
}
