//! The digest that a download must have, and what its URL says.

use crate::failure::{Failure, FailureKind};
use crate::module::Args;
use crate::module::remote::quote;

/// A digest that is asked for: how it is computed, and what it is, or the list that has it.
pub(super) struct Digest {
    pub(super) algorithm: String,
    pub(super) wanted: String,
}

impl Digest {
    pub(super) fn of(args: &Args) -> Result<Option<Digest>, Failure> {
        let Some(text) = args.text("checksum").filter(|text| !text.is_empty()) else { return Ok(None) };
        let wrong = |why: &str| Failure::new(FailureKind::Argument, why);
        let (algorithm, wanted) = text
            .split_once(':')
            .ok_or_else(|| wrong("The checksum parameter has to be in format <algorithm>:<checksum>"))?;
        if !["md5", "sha1", "sha224", "sha256", "sha384", "sha512"].contains(&algorithm) {
            return Err(wrong(&format!("the checksum's algorithm `{algorithm}` is not known"))
                .help("md5, sha1, sha224, sha256, sha384 and sha512 are"));
        }
        let is_list = wanted.contains("://");
        let digits: String = wanted.chars().filter(|c| c.is_alphanumeric()).collect::<String>().to_lowercase();
        if !is_list && (digits.is_empty() || !digits.chars().all(|c| c.is_ascii_hexdigit())) {
            return Err(wrong("The checksum format is invalid"));
        }
        let wanted = if is_list { wanted.to_owned() } else { digits };
        Ok(Some(Digest { algorithm: algorithm.to_owned(), wanted }))
    }

    /// Returns the program that sets `$w` to the digest that is wanted.
    pub(super) fn program(&self, name: &str, fetch: impl Fn(&str, &str) -> String) -> String {
        if !self.wanted.contains("://") {
            return format!("w={}\n", quote(&self.wanted));
        }
        // A list of digests, as GNU's and BSD's tools write them, or a digest alone.
        format!(
            "l=$t.list; {}\n[ \"$c\" = 200 ] || [ \"$c\" = 000 ] && [ -s \"$l\" ] || {{ rm -f \"$l\"; echo 'cannot fetch the list of checksums' >&2; exit 97; }}\n\
             w=$(awk -v n={} 'NR == 1 && NF == 1 {{ one = $1 }}\n\
             {{ f = $2; sub(/^[*]/, \"\", f); sub(/^[.]\\//, \"\", f); if (f == n) {{ print $1; exit }}\n\
             if ($0 ~ /^[A-Za-z0-9]+ ?[(].*[)] ?= /) {{ p = $0; sub(/^[^(]*[(]/, \"\", p); d = p; sub(/[)] ?= .*/, \"\", p); sub(/.*= /, \"\", d); if (p == n) {{ print d; exit }} }} }}\n\
             END {{ if (NR == 1 && one != \"\") print one }}' \"$l\" | head -n 1); rm -f \"$l\"\n\
             [ -n \"$w\" ] || {{ printf 'Unable to find a checksum for file %s in %s\\n' {} {} >&2; exit 97; }}\n",
            fetch(&self.wanted, "\"$l\""),
            quote(name),
            quote(&format!("'{name}'")),
            quote(&format!("'{}'", masked(&self.wanted))),
        )
    }
}

/// Returns a URL without its password.
pub(super) fn masked(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else { return url.to_owned() };
    let host_end = rest.find('/').unwrap_or(rest.len());
    match rest[..host_end].rsplit_once('@') {
        Some((login, host)) if login.contains(':') => {
            let user = login.split(':').next().unwrap_or_default();
            format!("{scheme}://{user}:********@{host}{}", &rest[host_end..])
        }
        _ => url.to_owned(),
    }
}

/// Returns the last part of a URL's path.
pub(super) fn file_name(url: &str) -> String {
    let path = url.split_once("://").map_or(url, |(_, rest)| rest.split_once('/').map_or("", |(_, path)| path));
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let name = path.rsplit('/').next().unwrap_or_default();
    if name.is_empty() { "index.html".into() } else { name.to_owned() }
}
