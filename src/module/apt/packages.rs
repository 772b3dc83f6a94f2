//! What is installed, what could be, and what is missing for what is asked for.

use crate::failure::{Failure, FailureKind};
use crate::module::Args;
use crate::module::find::shell_pattern;
use crate::module::remote::{glob_word, quote};
use crate::python_regex::{Anchor, Flags, compile};

/// What the host says of the packages that are asked about.
#[derive(Debug, Default)]
pub(in crate::module) struct Known {
    packages: Vec<Package>,
    deb: Option<(String, String)>,
}

/// A package: what is installed of it, and what could be.
#[derive(Clone, Debug, Default, PartialEq)]
struct Package {
    /// The name or pattern for which it was asked about.
    asked: String,
    name: String,
    /// The version that is installed.
    installed: Option<String>,
    /// It was removed, but its configuration files are still there.
    has_rest: bool,
    candidate: Option<String>,
    versions: Vec<String>,
    /// A package that is installed provides it.
    is_provided: bool,
    is_virtual: bool,
}

/// Splits `NAME=VERSION` and `NAME/RELEASE`.
fn split(spec: &str) -> (&str, Option<(char, &str)>) {
    match spec.find(['=', '/']) {
        Some(at) => (&spec[..at], spec[at..].chars().next().map(|sign| (sign, &spec[at + 1..]))),
        None => (spec, None),
    }
}

/// Returns a program that tells what there is, a line a fact.
pub(super) fn look_program(names: &[String], deb: Option<&str>) -> String {
    let mut text = String::from(
        "q() { printf '@ %s %s\\n' \"$1\" \"$2\"\n\
         dpkg-query -W -f='I ${db:Status-Status} ${Version}\\n' \"$2\"\n\
         apt-cache policy \"$2\" | sed -n 's/^ *Candidate: /C /p'\n\
         apt-cache madison \"$2\" | sed -n 's/^[^|]*| *\\([^ |]*\\) *|.*/M \\1/p'\n\
         apt-cache showpkg \"$2\" | sed '1,/^Reverse Provides/d' | cut -d' ' -f1 | sort -u | while read -r v; do\n\
         dpkg-query -W -f='V ${db:Status-Status}\\n' \"$v\" || echo V none; done; }\n",
    );
    for spec in names.iter().filter(|name| *name != "*") {
        let (name, _) = split(spec);
        let word = quote(name);
        if name.contains(['*', '?', '[']) {
            text.push_str(&format!(
                "{{ apt-cache pkgnames; dpkg-query -W -f='${{Package}}\\n'; }} | sort -u | while read -r p; do\n\
                 case $p in {}) q {word} \"$p\";; esac; done\n",
                glob_word(name)
            ));
        } else {
            text.push_str(&format!("q {word} {word}\n"));
        }
    }
    if let Some(deb) = deb {
        let word = quote(deb);
        text.push_str(&format!(
            "n=$(dpkg-deb -f {word} Package); printf 'D %s %s\\n' \"$(dpkg-deb -f {word} Version)\" \
             \"$(dpkg-query -W -f='${{db:Status-Status}}/${{Version}}' \"$n\")\"\n"
        ));
    }
    text.push_str("true");
    text
}

impl Known {
    /// Reads what that program said.
    pub(in crate::module) fn read(said: &str) -> Known {
        let mut known = Known::default();
        for line in said.lines() {
            let mut words = line.split(' ');
            let (kind, first, second) = (words.next(), words.next().unwrap_or(""), words.next().unwrap_or(""));
            if kind == Some("D") {
                known.deb = Some((first.to_owned(), second.to_owned()));
            }
            if kind == Some("@") {
                known.packages.push(Package { asked: first.into(), name: second.into(), ..Package::default() });
            }
            let Some(package) = known.packages.last_mut() else { continue };
            match (kind, first) {
                (Some("I"), "installed") => package.installed = Some(second.to_owned()),
                (Some("I"), "config-files") => package.has_rest = true,
                (Some("C"), version) if version != "(none)" => package.candidate = Some(version.to_owned()),
                (Some("M"), version) => package.versions.push(version.to_owned()),
                (Some("V"), status) => {
                    package.is_virtual = true;
                    package.is_provided |= status == "installed";
                }
                _ => {}
            }
        }
        known
    }

    /// Claims that the package file's version is installed.
    pub(super) fn has_deb(&self) -> bool {
        self.deb.as_ref().is_some_and(|(version, now)| now.strip_prefix("installed/") == Some(version))
    }

    fn of<'a>(&'a self, asked: &'a str) -> impl Iterator<Item = &'a Package> {
        self.packages.iter().filter(move |package| package.asked == asked)
    }
}

/// Claims that a version is as asked for, which may be a pattern.
fn is_version(pattern: &str, version: &str) -> bool {
    if !pattern.contains(['*', '?', '[']) {
        return pattern == version;
    }
    let regex = compile(&shell_pattern(pattern), Flags::default(), Anchor::Whole);
    regex.is_ok_and(|regex| regex.find(version).is_ok_and(|found| found.is_some()))
}

/// Returns the command that brings the packages to the state that is asked for, if one is needed.
pub(super) fn wanted(args: &Args, specs: &[String], known: &Known, apt: &str) -> Result<Option<String>, Failure> {
    let specs = || specs.iter().filter(|spec| *spec != "*").map(|spec| (spec, split(spec)));
    if args.text("state") == Some("build-dep") {
        let words: Vec<String> = specs().map(|(spec, _)| quote(spec)).collect();
        return Ok(Some(format!("{apt} build-dep {}", words.join(" "))));
    }
    if args.text("state") == Some("absent") {
        let purge = args.flag("purge");
        let there = |package: &&Package| package.installed.is_some() || (purge && package.has_rest);
        let names: Vec<String> = specs()
            .flat_map(|(_, (name, _))| known.of(name).filter(there).map(|package| quote(&package.name)))
            .collect();
        let purge = if purge { " --purge" } else { "" };
        let more = if args.flag("autoremove") { " --auto-remove" } else { "" };
        return Ok((!names.is_empty()).then(|| format!("{apt}{purge}{more} remove {}", names.join(" "))));
    }
    let mut words = Vec::new();
    for (_, (name, version)) in specs() {
        let is_pattern = name.contains(['*', '?', '[']);
        let packages: Vec<&Package> = known.of(name).collect();
        if packages.is_empty() {
            return Err(unknown(name));
        }
        for package in packages {
            words.extend(install_word(args, package, version, is_pattern)?);
        }
    }
    let fixed = if args.text("state") == Some("fixed") { " --fix-broken" } else { "" };
    let more = if args.flag("autoremove") { " --auto-remove" } else { "" };
    if words.is_empty() && fixed.is_empty() {
        return Ok(None);
    }
    Ok(Some(format!("{apt}{fixed}{more} install {}", words.join(" ")).trim_end().to_owned()))
}

fn unknown(name: &str) -> Failure {
    Failure::new(FailureKind::Command, format!("No package matching '{name}' is available"))
}

/// Returns what is to be installed of one package, if anything.
fn install_word(
    args: &Args,
    package: &Package,
    version: Option<(char, &str)>,
    is_pattern: bool,
) -> Result<Option<String>, Failure> {
    let is_latest = args.text("state") == Some("latest");
    let may_be_had = package.candidate.is_some() || !package.versions.is_empty() || package.is_virtual;
    if package.installed.is_none() && !may_be_had {
        return if is_pattern { Ok(None) } else { Err(unknown(&package.name)) };
    }
    if args.flag("only_upgrade") && package.installed.is_none() {
        return Ok(None);
    }
    match version {
        Some(('=', version)) => {
            if package.installed.as_deref().is_some_and(|now| is_version(version, now)) {
                return Ok(None);
            }
            let exact = package.versions.iter().find(|there| is_version(version, there));
            let exact = exact.ok_or_else(|| {
                Failure::new(
                    FailureKind::Command,
                    format!("no available installation candidate for {}={version}", package.name),
                )
            })?;
            Ok(Some(quote(&format!("{}={exact}", package.name))))
        }
        Some((_, release)) => match (&package.installed, is_latest) {
            (Some(_), false) => Ok(None),
            _ => Ok(Some(quote(&format!("{}/{release}", package.name)))),
        },
        None => {
            let is_old = package.installed.is_some() && package.candidate != package.installed;
            let is_there = package.installed.is_some() || package.is_provided;
            // What stands before the candidate may be newer than all that can be had.
            Ok((!is_there || (is_latest && is_old && package.candidate.is_some())).then(|| quote(&package.name)))
        }
    }
}
