//! `urlize`: addresses in a text as links.

use super::Filter;
use super::args::{Args, add_filter};
use super::html::escape;
use super::python::text;
use crate::python_regex::{Anchor, Flags, Regex, compile};
use minijinja::{Error, Value};
use std::sync::Arc;

pub(super) static FILTERS: &[Filter] = &[Filter {
    name: "urlize",
    aliases: &[],
    doc: "Makes links of web and mail addresses in a text, for web pages.",
    add: |env, name| {
        let params = &["trim_url_limit", "nofollow", "target", "rel", "extra_schemes"];
        add_filter(env, name, params, |_, args| urlize(args))
    },
}];

/// Claims that a text is a scheme with its colon and up to two slashes.
fn is_scheme(text: &str) -> bool {
    let name = text.trim_end_matches('/');
    let slashes = text.len() - name.len();
    let fits = |c: char| c == '_' || c.is_alphanumeric() || "+-.".contains(c);
    let name = name.strip_suffix(':').filter(|name| name.chars().count() >= 2 && name.chars().all(fits));
    slashes <= 2 && name.is_some()
}

/// What is an address of the web: with a scheme or `www.`, under one of the old top-level domains, or by number.
const WEB: &str = concat!(
    r"(?:(?:https?://|www\.)(?:[\w%-]+\.)*(?:[a-z]{2,63}|xn--[\w%]{2,59})",
    r"|(?:[\w%-]{2,63}\.)+(?:com|net|int|edu|gov|org|info|mil)",
    r"|https?://(?:\d{1,3}(?:\.\d{1,3}){3}|\[(?:[\da-f]{0,4}:){2}(?:[\da-f]{0,4}:?){1,6}\]))",
    r"(?::\d{1,5})?(?:[/?#]\S*)?$"
);
/// What is an address of mail.
const MAIL: &str = r"\S+@\w[\w.-]*\.\w+$";
/// What may stand before and behind an address, escaped.
const OPENING: &[&str] = &["(", "<", "&lt;"];
const CLOSING: &[&str] = &[")", ">", ".", ",", "\n", "&gt;"];
/// What is balanced within an address.
const PAIRS: &[(&str, &str)] = &[("(", ")"), ("<", ">"), ("&lt;", "&gt;")];

/// How links are made.
struct Links {
    web: Arc<Regex>,
    mail: Arc<Regex>,
    limit: Option<usize>,
    attributes: String,
    schemes: Vec<String>,
}

fn urlize(args: &Args) -> Result<Value, Error> {
    let regex = |pattern, ignore_case| {
        let flags = Flags { ignore_case, ..Flags::default() };
        compile(pattern, flags, Anchor::Start).map_err(|why| args.error(why))
    };
    let mut rel: Vec<String> = args.text("rel")?.unwrap_or_default().split_whitespace().map(str::to_owned).collect();
    if args.flag("nofollow", false) {
        rel.push("nofollow".into());
    }
    rel.push("noopener".into());
    rel.sort();
    rel.dedup();
    let target = args.text("target")?.filter(|target| !target.is_empty());
    let target = target.map_or_else(String::new, |target| format!(" target=\"{}\"", escape(&target)));
    let mut schemes = Vec::new();
    if let Some(given) = args.given("extra_schemes") {
        for scheme in given.try_iter()? {
            let scheme = text(&scheme)?;
            if !is_scheme(&scheme) {
                return Err(args.error(format!("`{scheme}` is no scheme: write `{scheme}:` or `{scheme}://`")));
            }
            schemes.push(scheme);
        }
    }
    let limit = match args.given("trim_url_limit") {
        Some(_) => Some(args.count("trim_url_limit", 0, 1 << 20)?),
        None => None,
    };
    let attributes = format!(" rel=\"{}\"{target}", escape(&rel.join(" ")));
    let links = Links { web: regex(WEB, true)?, mail: regex(MAIL, false)?, limit, attributes, schemes };
    let input = escape(&text(args.input())?);
    let mut out = String::with_capacity(input.len() * 2);
    let mut rest = input.as_str();
    while !rest.is_empty() {
        let blank = rest.find(|c: char| !c.is_whitespace()).unwrap_or(rest.len());
        out.push_str(&rest[..blank]);
        rest = &rest[blank..];
        let word = rest.find(char::is_whitespace).unwrap_or(rest.len());
        out.push_str(&links.word(&rest[..word]).map_err(|why| args.error(why))?);
        rest = &rest[word..];
        args.bounded(out.len())?;
    }
    Ok(out.into())
}

impl Links {
    fn word(&self, word: &str) -> Result<String, String> {
        let mut middle = word;
        while let Some(mark) = OPENING.iter().find(|mark| middle.starts_with(**mark)) {
            middle = &middle[mark.len()..];
        }
        let head = &word[..word.len() - middle.len()];
        while let Some(mark) = CLOSING.iter().find(|mark| middle.ends_with(**mark)) {
            middle = &middle[..middle.len() - mark.len()];
        }
        let start = head.len();
        let mut end = start + middle.len();
        // What was opened within the address is closed within it.
        for (open, close) in PAIRS {
            let address = &word[start..end];
            let opened = address.matches(open).count();
            if opened <= address.matches(close).count() {
                continue;
            }
            for _ in 0..opened.min(word[end..].matches(close).count()) {
                end += word[end..].find(close).map_or(0, |at| at + close.len());
            }
        }
        Ok(format!("{head}{}{}", self.link(&word[start..end])?, &word[end..]))
    }

    fn link(&self, address: &str) -> Result<String, String> {
        if address.is_empty() {
            return Ok(String::new());
        }
        let attributes = &self.attributes;
        if self.web.is_match(address)? {
            let is_whole = address.starts_with("https://") || address.starts_with("http://");
            let scheme = if is_whole { "" } else { "https://" };
            return Ok(format!("<a href=\"{scheme}{address}\"{attributes}>{}</a>", self.trimmed(address)));
        }
        if let Some(mail) = address.strip_prefix("mailto:")
            && self.mail.is_match(mail)?
        {
            return Ok(format!("<a href=\"{address}\">{mail}</a>"));
        }
        let may_be_mail = address.contains('@') && !address.starts_with("www.") && !address.starts_with('@');
        if may_be_mail && !address.contains(':') && self.mail.is_match(address)? {
            return Ok(format!("<a href=\"mailto:{address}\">{address}</a>"));
        }
        let mut link = address.to_owned();
        for scheme in &self.schemes {
            if link != *scheme && link.starts_with(scheme.as_str()) {
                link = format!("<a href=\"{link}\"{attributes}>{link}</a>");
            }
        }
        Ok(link)
    }

    fn trimmed(&self, address: &str) -> String {
        match self.limit.and_then(|limit| address.char_indices().nth(limit)) {
            Some((at, _)) => format!("{}...", &address[..at]),
            None => address.to_owned(),
        }
    }
}
