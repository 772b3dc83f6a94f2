//! The lookup that makes passwords up and keeps them in files.

use super::{Call, Lookup, argument};
use crate::failure::{Failure, FailureKind};
use crate::source::plain_io_error;
use crate::template::crypt::{Scheme, Settings};
use crate::template::filters::random::Twister;
use crate::value::{Map, Value};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;
use std::sync::Mutex;

/// The longest password.
const MAX_LENGTH: usize = 4096;

pub(super) static LOOKUPS: &[Lookup] = &[Lookup {
    name: "password",
    doc: "Gives the password that stands in a file, or its hash by `encrypt`; makes one up and writes it there when there is none.",
    options: &["length", "chars", "seed", "encrypt", "ident"],
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

/// What a password file holds: the password in clear, and what makes its hash the same each time.
struct Kept {
    password: String,
    salt: Option<String>,
    ident: Option<String>,
}

impl Kept {
    fn parse(text: &str) -> Kept {
        let line = text.trim_end_matches(['\n', '\r']);
        let (password, rest) = match line.rsplit_once(" salt=") {
            Some((password, rest)) => (password, Some(rest)),
            None => (line, None),
        };
        let (salt, ident) = match rest.map(|rest| rest.rsplit_once(" ident=").unwrap_or((rest, ""))) {
            Some((salt, ident)) => (Some(salt.to_owned()), Some(ident.to_owned()).filter(|ident| !ident.is_empty())),
            None => (None, None),
        };
        Kept { password: password.to_owned(), salt, ident }
    }

    fn line(&self) -> String {
        let part = |name: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!(" {name}={value}")).unwrap_or_default()
        };
        format!("{}{}{}", self.password, part("salt", &self.salt), part("ident", &self.ident))
    }
}

/// Hosts that render at the same time make one password, not several.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

fn password(call: &Call<'_>, term: &str) -> Result<String, Failure> {
    let mut options: Map = call.options.clone();
    let mut words = Vec::new();
    for word in term.split_whitespace() {
        match word.split_once('=') {
            Some((name @ ("length" | "chars" | "seed" | "encrypt" | "ident"), value)) => options.insert(name, value),
            _ => words.push(word),
        }
    }
    let path = words.join(" ");
    let path = match call.core.files.candidates("files", &path) {
        _ if Path::new(&path).is_absolute() => path.into(),
        candidates => candidates
            .iter()
            .find(|path| path.exists())
            .cloned()
            .unwrap_or_else(|| call.core.files.playbook_dir.join(&path)),
    };
    let scheme = match options.get("encrypt").filter(|name| name.is_truthy()) {
        None => None,
        Some(name) => Some(Scheme::named(&name.to_text()).ok_or_else(|| {
            argument(format!("`encrypt` of a password is `{}`, which is not known", name.to_text()))
                .help("it knows `sha512_crypt`, `sha256_crypt`, `md5_crypt`, `bcrypt`")
        })?),
    };
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let is_kept = path != Path::new("/dev/null");
    let (kept, is_new) = match std::fs::read_to_string(&path) {
        Ok(text) if is_kept => (Kept::parse(&text), false),
        Err(error) if is_kept && error.kind() != std::io::ErrorKind::NotFound => {
            let message = format!("cannot read `{}`: {}", path.display(), plain_io_error(&error));
            return Err(Failure::new(FailureKind::File, message));
        }
        _ => (Kept { password: make(&options)?, salt: None, ident: None }, true),
    };
    let (kept, is_changed) = with_salt(kept, scheme, &options)?;
    if is_kept && (is_new || is_changed) {
        write(&path, &kept.line(), is_new).map_err(|error| {
            Failure::new(FailureKind::File, format!("cannot write `{}`: {}", path.display(), plain_io_error(&error)))
        })?;
    }
    match scheme {
        None => Ok(kept.password),
        Some(scheme) => {
            let settings = Settings { salt: kept.salt, ident: kept.ident, ..Settings::default() };
            scheme.hash(&kept.password, &settings).map_err(|why| argument(format!("cannot hash the password: {why}")))
        }
    }
}

/// Adds what a hash needs and the file lacks; returns whether it did.
fn with_salt(mut kept: Kept, scheme: Option<Scheme>, options: &Map) -> Result<(Kept, bool), Failure> {
    let Some(scheme) = scheme else { return Ok((kept, false)) };
    let mut is_changed = false;
    if kept.salt.is_none() {
        let letters: Vec<char> = ('a'..='z').chain('A'..='Z').chain('0'..='9').chain(['.', '/']).collect();
        let salt = (0..scheme.salt_size()).map(|_| random(letters.len()).map(|at| letters[at]));
        kept.salt = Some(salt.collect::<Result<String, Failure>>()?);
        is_changed = true;
    }
    let wanted = options.get("ident").filter(|ident| ident.is_truthy()).map(Value::to_text);
    match (&kept.ident, wanted) {
        (Some(ident), Some(wanted)) if *ident != wanted => {
            return Err(argument(format!("`ident` of the password is `{wanted}`, but its file has `{ident}`")));
        }
        (None, wanted) => {
            kept.ident = wanted.or_else(|| (scheme == Scheme::Bcrypt).then(|| "2b".to_owned()));
            is_changed |= kept.ident.is_some();
        }
        _ => {}
    }
    Ok((kept, is_changed))
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
    // As in Ansible: quotes are never part of a password.
    chars.retain(|c| !matches!(c, '"' | '\''));
    if chars.is_empty() {
        return Err(argument("`chars` of a password is empty"));
    }
    match options.get("seed").filter(|seed| **seed != Value::Null) {
        None => (0..length).map(|_| random(chars.len()).map(|at| chars[at])).collect(),
        Some(seed) => {
            let mut twister = Twister::seeded(seed);
            Ok((0..length).map(|_| chars[twister.below(chars.len() as u128) as usize]).collect())
        }
    }
}

/// Writes the file, for its owner alone. One that is there is replaced as a whole, so that it is never half written.
fn write(path: &Path, text: &str, is_new: bool) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder)?;
    if is_new {
        let mut file = std::fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
        return writeln!(file, "{text}");
    }
    let mut file = tempfile::NamedTempFile::new_in(folder)?;
    writeln!(file, "{text}")?;
    file.persist(path).map(drop).map_err(|error| error.error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::recorded::{recorded_vars, templar, text_node};
    use std::sync::Arc;

    fn looked_up(term: &str) -> Result<Value, Failure> {
        templar(Arc::new(recorded_vars())).node(&text_node(&format!("{{{{ lookup('password', {term}) }}}}")))
    }

    #[test]
    fn a_seed_gives_what_it_gives_in_ansible() {
        // Recorded from ansible-core 2.19.
        for (term, wanted) in [
            ("'/dev/null', seed='r1'", SEEDED[0]),
            ("'/dev/null', seed='r1', length=8, chars=['digits']", SEEDED[1]),
            ("'/dev/null', seed='x', length=12, chars=['ascii_lowercase', 'digits']", SEEDED[2]),
        ] {
            assert_eq!(looked_up(term).unwrap(), Value::from(wanted), "{term}");
        }
    }

    const SEEDED: [&str; 3] = ["IeLSsf9Y8bQI5yG3_5EY", "94094520", "u4ey32yky466"];

    #[test]
    fn a_hash_keeps_its_salt_in_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("deep/pw");
        let term = |more: &str| format!("'{}', {more}", path.display());
        let plain = looked_up(&term("length=12")).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), format!("{}\n", plain.to_text()));
        let hash = looked_up(&term("encrypt='md5_crypt'")).unwrap();
        let line = std::fs::read_to_string(&path).unwrap();
        let (password, salt) = line.trim_end().split_once(" salt=").unwrap();
        assert_eq!(password, plain.to_text());
        let settings = Settings { salt: Some(salt.to_owned()), ..Settings::default() };
        assert_eq!(hash, Value::from(Scheme::Md5.hash(password, &settings).unwrap()));
        assert_eq!(looked_up(&term("encrypt='md5_crypt'")).unwrap(), hash);
        assert_eq!(looked_up(&term("length=99")).unwrap(), plain, "what is kept counts");
        assert!(looked_up(&term("encrypt='nope'")).is_err());
    }

    #[test]
    fn idents_are_kept_and_must_agree() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pw");
        std::fs::write(&path, "secret salt=If6bvum7DFjUnE9p2uDeDu ident=2a\n").unwrap();
        let term = |more: &str| format!("'{}', encrypt='bcrypt', {more}", path.display());
        let hash = looked_up(&term("wantlist=false")).unwrap().to_text();
        assert!(hash.starts_with("$2a$12$If6bvum7DFjUnE9p2uDeDu"), "{hash}");
        assert!(looked_up(&term("ident='2b'")).is_err());
    }
}
