//! Release files: what each distribution writes about itself, and how that becomes name, version and release.

use super::answers::{Answers, assignments, unquoted};
use regex::Regex;
use std::collections::HashMap;
use std::sync::LazyLock;

/// What is known of a distribution.
#[derive(Clone, Debug, Default)]
pub(super) struct Release {
    pub(super) name: Option<String>,
    pub(super) version: Option<String>,
    pub(super) major: Option<String>,
    pub(super) minor: Option<String>,
    pub(super) release: Option<String>,
    /// The words by which it was recognised, where a file is of several distributions.
    pub(super) search: Option<&'static str>,
}

/// A file that may say which distribution this is.
pub(super) struct Variety {
    pub(super) name: &'static str,
    pub(super) path: &'static str,
    /// It counts even when it is empty.
    pub(super) may_be_empty: bool,
    pub(super) parse: fn(&str, &Answers) -> Option<Release>,
}

const fn variety(name: &'static str, path: &'static str, parse: fn(&str, &Answers) -> Option<Release>) -> Variety {
    Variety { name, path, may_be_empty: false, parse }
}

/// The files in the order in which they are asked: the first that is of its distribution counts.
pub(super) static VARIETIES: &[Variety] = &[
    variety("Altlinux", "/etc/altlinux-release", |text, _| by_word(text, "Altlinux", "ALT")),
    variety("OracleLinux", "/etc/oracle-release", |text, _| by_word(text, "OracleLinux", "Oracle Linux")),
    variety("Slackware", "/etc/slackware-version", |text, _| of("Slackware", text.contains("Slackware"))),
    variety("CentOS", "/etc/centos-release", centos),
    variety("RedHat", "/etc/redhat-release", |text, _| by_word(text, "RedHat", "Red Hat")),
    variety("OpenWrt", "/etc/openwrt_release", openwrt),
    variety("Amazon", "/etc/os-release", amazon),
    variety("Amazon", "/etc/system-release", amazon_old),
    variety("Alpine", "/etc/alpine-release", alpine),
    Variety { name: "Archlinux", path: "/etc/arch-release", may_be_empty: true, parse: |_, _| of("Archlinux", true) },
    variety("Archlinux", "/etc/os-release", |text, _| of("Archlinux", text.contains("Arch Linux"))),
    variety("SUSE", "/etc/os-release", suse),
    variety("Gentoo", "/etc/gentoo-release", |_, _| of("Gentoo", true)),
    variety("Debian", "/etc/os-release", debian),
    variety("Debian", "/etc/lsb-release", debian),
    variety("ClearLinux", "/usr/lib/os-release", clear_linux),
    variety("Flatcar", "/etc/os-release", flatcar),
    variety("NA", "/etc/os-release", other),
    variety("NA", "/usr/lib/os-release", other),
];

fn of(name: &str, is: bool) -> Option<Release> {
    is.then(|| Release { name: Some(name.into()), ..Release::default() })
}

/// A file that names its distribution in words: the one looked for, or the first word.
fn by_word(text: &str, name: &str, words: &'static str) -> Option<Release> {
    if text.contains(words) {
        return Some(Release { name: Some(name.into()), search: Some(words), ..Release::default() });
    }
    of(text.split_whitespace().next()?, true)
}

fn centos(text: &str, _: &Answers) -> Option<Release> {
    if text.contains("CentOS Stream") {
        return Some(Release { name: Some("CentOS".into()), release: Some("Stream".into()), ..Release::default() });
    }
    of("TencentOS", text.contains("TencentOS Server"))
}

fn openwrt(text: &str, _: &Answers) -> Option<Release> {
    // Only double quotes count, as in Ansible.
    let get = |name: &str| {
        let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix("=\"")?.strip_suffix('"'));
        value.map(str::to_owned)
    };
    let release = Release { version: get("DISTRIB_RELEASE"), release: get("DISTRIB_CODENAME"), ..Release::default() };
    of("OpenWrt", text.contains("OpenWrt")).map(|found| Release { name: found.name, ..release })
}

fn amazon(text: &str, _: &Answers) -> Option<Release> {
    let mut found = of("Amazon", text.contains("Amazon"))?;
    if let Some(version) = assignments(text).get("VERSION_ID") {
        let (major, minor) = version.split_once('.').unwrap_or((version, "NA"));
        (found.major, found.minor) = (Some(major.into()), Some(minor.into()));
        found.version = Some((*version).into());
    }
    Some(found)
}

fn amazon_old(text: &str, _: &Answers) -> Option<Release> {
    let mut found = of("Amazon", text.contains("Amazon"))?;
    let number = text.split_whitespace().find(|word| word.chars().all(|c| c.is_ascii_digit()));
    found.version = Some(number.unwrap_or("NA").into());
    Some(found)
}

fn alpine(text: &str, _: &Answers) -> Option<Release> {
    Some(Release { name: Some("Alpine".into()), version: Some(text.into()), ..Release::default() })
}

fn suse(text: &str, answers: &Answers) -> Option<Release> {
    let lower = text.to_lowercase();
    if !lower.contains("suse") {
        return None;
    }
    let said = assignments(text);
    let get = |name: &str| said.get(name).copied();
    let mut found = Release { name: get("NAME").map(Into::into), ..Release::default() };
    if let Some(version) = get("VERSION_ID") {
        let (major, minor) = version.split_once('.').unwrap_or((version, ""));
        (found.version, found.major) = (Some(version.into()), Some(major.into()));
        // Without a minor number it is the first release of SLES.
        let is_first = minor.is_empty() && !lower.contains("open") && lower.contains("enterprise");
        found.release = Some(if is_first { "0".into() } else { minor.into() });
    }
    let product = answers.link("/etc/products.d/baseproduct").unwrap_or_default();
    match get("VARIANT_ID") {
        Some("server-sap" | "sles-sap") => found.name = Some("SLES_SAP".into()),
        Some("transactional") => found.name = Some("SL-Micro".into()),
        Some(_) => {}
        None if product.ends_with("SLES_SAP.prod") => found.name = Some("SLES_SAP".into()),
        None if product.ends_with("SL-Micro.prod") => found.name = Some("SL-Micro".into()),
        None => {}
    }
    Some(found)
}

/// `PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"`: what is in parentheses.
static IN_PARENTHESES: LazyLock<Option<Regex>> =
    LazyLock::new(|| Regex::new(r"PRETTY_NAME=[^(\n]*\(?([^)\n]+?)\)").ok());
static TWO_NUMBERS: LazyLock<Option<Regex>> = LazyLock::new(|| Regex::new(r"\d+\.(\d+)").ok());

/// Returns the first group of a match.
fn group(regex: &LazyLock<Option<Regex>>, text: &str) -> Option<String> {
    let found = LazyLock::force(regex).as_ref()?.captures(text)?;
    found.get(1).map(|group| group.as_str().to_owned())
}

fn debian(text: &str, answers: &Answers) -> Option<Release> {
    let said = assignments(text);
    let get = |name: &str| said.get(name).map(|value| (*value).to_owned());
    let major = |version: &Option<String>| version.as_ref().and_then(|v| v.split('.').next()).map(str::to_owned);
    let named = |name: &str| Release { name: Some(name.into()), ..Release::default() };
    let with_version = |name: &str| {
        let version = get("VERSION_ID");
        Release { major: major(&version), version, release: get("VERSION_CODENAME"), ..named(name) }
    };
    let has = |words: &[&str]| words.iter().any(|word| text.contains(word));
    Some(if has(&["Debian", "Raspbian"]) {
        let minor = answers.file("/etc/debian_version").and_then(|version| group(&TWO_NUMBERS, version));
        Release { release: group(&IN_PARENTHESES, text), minor, ..named("Debian") }
    } else if has(&["Ubuntu"]) {
        named("Ubuntu")
    } else if has(&["SteamOS"]) {
        named("SteamOS")
    } else if has(&["Kali"]) {
        Release { release: get("DISTRIB_RELEASE"), ..named("Kali") }
    } else if has(&["Parrot"]) {
        Release { release: get("DISTRIB_RELEASE"), ..named("Parrot") }
    } else if has(&["Devuan"]) {
        let version = get("VERSION_ID");
        Release { major: version.clone(), version, release: group(&IN_PARENTHESES, text), ..named("Devuan") }
    } else if has(&["Cumulus"]) {
        Release { release: get("VERSION"), ..with_version("Cumulus Linux") }
    } else if has(&["Mint"]) {
        Release { release: None, ..with_version("Linux Mint") }
    } else if has(&["UOS", "Uos", "uos"]) {
        with_version("Uos")
    } else if has(&["Deepin", "deepin"]) {
        with_version("Deepin")
    } else if has(&["LMDE"]) {
        named("Linux Mint Debian Edition")
    } else {
        return None;
    })
}

fn clear_linux(text: &str, _: &Answers) -> Option<Release> {
    let said = assignments(text);
    let name = said.get("NAME").filter(|name| name.contains("Clear Linux"))?;
    let version = said.get("VERSION_ID").map(|version| (*version).to_owned());
    let release = said.get("ID").map(|id| (*id).to_owned());
    Some(Release { name: Some((*name).into()), major: version.clone(), version, release, ..Release::default() })
}

fn flatcar(text: &str, _: &Answers) -> Option<Release> {
    let said = assignments(text);
    if !said.get("ID").is_some_and(|id| id.eq_ignore_ascii_case("flatcar")) {
        return None;
    }
    let version = said.get("VERSION").map(|version| (*version).to_owned());
    let major = version.as_ref().and_then(|version| version.split('.').next()).map(str::to_owned);
    Some(Release { name: Some("Flatcar".into()), version, major, ..Release::default() })
}

fn other(text: &str, _: &Answers) -> Option<Release> {
    let said = assignments(text);
    Some(Release { name: said.get("NAME").map(|name| (*name).into()), ..Release::default() })
}

/// Returns what `os-release` and its like say at first sight: for what the file of the distribution leaves open.
pub(super) fn guess(answers: &Answers) -> Release {
    let text = answers.file("/etc/os-release").or(answers.file("/usr/lib/os-release")).unwrap_or_default();
    let said: HashMap<&str, &str> = assignments(text);
    let get = |name: &str| said.get(name).copied().filter(|value| !value.is_empty());
    let id = get("ID").unwrap_or_default().to_lowercase();
    let old = answers.file("/etc/redhat-release").or(answers.file("/etc/centos-release")).unwrap_or_default();
    let version = match &*id {
        "debian" => answers.file("/etc/debian_version").filter(|text| text.starts_with(|c: char| c.is_ascii_digit())),
        "centos" => None,
        _ => None,
    };
    let version = version.or(get("VERSION_ID").filter(|_| id != "centos"));
    let version = version.map(str::to_owned).or_else(|| {
        let number = old.split_whitespace().find(|word| word.starts_with(|c: char| c.is_ascii_digit()))?;
        let parts: Vec<&str> = number.split('.').take(2).collect();
        Some(parts.join("."))
    });
    // An empty one counts.
    let codename = said.get("VERSION_CODENAME").or(said.get("UBUNTU_CODENAME")).map(|name| (*name).to_owned());
    let in_version = || {
        let inner = |text: &str| Some(text.split_once('(')?.1.split_once(')')?.0.to_owned());
        let named = if text.is_empty() { inner(old) } else { inner(get("VERSION").unwrap_or_default()) };
        named.filter(|name| !name.is_empty())
    };
    let name = match &*id {
        "" => old.split_whitespace().next().unwrap_or("OtherLinux").to_owned(),
        "amzn" => "Amazon".into(),
        "rhel" => "Redhat".into(),
        id => capitalised(id),
    };
    let release = codename.or_else(in_version);
    let minor = None;
    Release {
        name: Some(name),
        major: None,
        version: version.or(get("VERSION").map(|text| unquoted(text).into())),
        minor,
        release,
        search: None,
    }
}

fn capitalised(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}
