//! `package_facts`: the packages that are installed on a host, as facts.

use super::tool::{ask, on_host};
use super::{Arg, ArgKind, Change, Context, KeepFacts, Module};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Key, Map, Value};
use std::collections::HashMap;

/// `package_facts`
pub static MODULE: Module = Module {
    effect: |_| Effect::Read,
    ..on_host(
        "package_facts",
        &["ansible.builtin"],
        "Reads the packages that are installed on a host into `ansible_facts.packages`.",
        &[
            Arg::new(
                "manager",
                ArgKind::List,
                "The package managers to ask, in this order; `auto` is every known one.",
            )
            .choices(&["apk", "apt", "auto", "dnf", "dnf5", "pacman", "rpm", "yum", "zypper"])
            .default("[auto]"),
            Arg::new("strategy", ArgKind::Str, "Ask the first that has packages, or all of them.")
                .choices(&["all", "first"])
                .default("first"),
        ],
        |context| Box::pin(plan(context)),
    )
};

/// A package manager: how to ask it, and how to read what it says.
struct Manager {
    name: &'static str,
    program: &'static str,
    read: fn(&str) -> Vec<Map>,
}

/// Those that are known, in the order of `auto`.
const MANAGERS: &[Manager] = &[
    Manager { name: "apk", program: "command -v apk >/dev/null && apk info -v", read: of_apk },
    Manager {
        name: "apt",
        program: "command -v apt-cache >/dev/null && dpkg --print-architecture && apt-cache policy && echo == && \
            dpkg-query -W -f '${db:Status-Status}\\t${Package}\\t${Version}\\t${Architecture}\\t${Section}\\n' && echo == && \
            apt-cache policy $(dpkg-query -W -f '${Package}:${Architecture} ' | sed 's/:all / /g')",
        read: of_apt,
    },
    Manager { name: "pacman", program: "command -v pacman >/dev/null && pacman -Qi", read: of_pacman },
    Manager {
        name: "rpm",
        program: "command -v rpm >/dev/null && rpm -qa --qf '%{NAME}\\t%{VERSION}\\t%{RELEASE}\\t%{EPOCH}\\t%{ARCH}\\n'",
        read: of_rpm,
    },
];

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let mut wanted: Vec<&Manager> = Vec::new();
    for name in context.args.texts("manager") {
        let name = if ["dnf", "dnf5", "yum", "zypper"].contains(&&*name) { "rpm" } else { name.as_str() };
        let named = MANAGERS.iter().filter(|manager| manager.name == name || name == "auto");
        wanted.extend(named);
    }
    let mut seen = Vec::new();
    wanted.retain(|manager| {
        !seen.contains(&manager.name) && {
            seen.push(manager.name);
            true
        }
    });
    let mut packages = Map::new();
    let mut found = 0;
    for manager in &wanted {
        if found > 0 && context.args.text("strategy") == Some("first") {
            break;
        }
        let [said] = ask(context.probe, [manager.program.to_owned()]).await?;
        let of_manager = (manager.read)(&said);
        found += usize::from(!of_manager.is_empty());
        for mut package in of_manager {
            package.insert("source", manager.name);
            let name = package.get("name").map(Value::to_text).unwrap_or_default();
            let known = packages.get(&name).and_then(Value::as_list).unwrap_or_default().iter().cloned();
            let all = Value::list(known.chain([Value::from(package)]).collect::<Vec<_>>());
            packages.insert(Key::from(name.as_str()), all);
        }
    }
    if found == 0 {
        let names: Vec<&str> = wanted.iter().map(|manager| manager.name).collect();
        let message =
            format!("Could not detect a supported package manager from the following list: {}", names.join(", "));
        return Err(Failure::new(FailureKind::Command, message));
    }
    let facts: Map = [("packages", Value::from(packages))].into_iter().collect();
    let mut change = Change::nothing(Map::new()).field("ansible_facts", facts.clone());
    change.facts = facts;
    change.keep = KeepFacts::AsFacts;
    Ok(change)
}

fn package(names: &[&str], values: &[&str]) -> Map {
    names.iter().zip(values).map(|(name, value)| (*name, Value::from(*value))).collect()
}

pub(super) fn of_rpm(said: &str) -> Vec<Map> {
    let fields = said.lines().map(|line| line.split('\t').collect::<Vec<_>>()).filter(|fields| fields.len() == 5);
    fields
        .map(|fields| {
            // As Python shows what there is not.
            let epoch = if fields[3] == "(none)" { "None" } else { fields[3] };
            let values = [fields[0], fields[1], fields[2], epoch, fields[4]];
            package(&["name", "version", "release", "epoch", "arch"], &values)
        })
        .collect()
}

pub(super) fn of_apk(said: &str) -> Vec<Map> {
    said.lines()
        .filter(|line| !line.is_empty())
        .map(|line| {
            let mut parts = line.rsplitn(3, '-');
            match (parts.next(), parts.next(), parts.next()) {
                (Some(release), Some(version), Some(name)) => {
                    package(&["name", "version", "release"], &[name, version, release])
                }
                _ => package(&["name", "version", "release"], &[line, "", ""]),
            }
        })
        .collect()
}

pub(super) fn of_pacman(said: &str) -> Vec<Map> {
    let mut packages = Vec::new();
    for part in said.split("\n\n") {
        let mut fields: Vec<(&str, String)> = Vec::new();
        for line in part.lines() {
            match (line.split_once(" : "), fields.last_mut()) {
                (Some((name, value)), _) if !name.starts_with(' ') => fields.push((name.trim(), value.to_owned())),
                (_, Some((_, value))) => *value = format!("{value}  {}", line.trim_start()),
                _ => {}
            }
        }
        let of = |name: &str| fields.iter().find(|(field, _)| *field == name).map(|(_, value)| value.as_str());
        let (Some(name), Some(version), Some(arch)) = (of("Name"), of("Version"), of("Architecture")) else { continue };
        let mut about = package(&["name", "version", "arch"], &[name, version, arch]);
        let provides = of("Provides").filter(|provides| *provides != "None");
        let names = |provides: &str| {
            let first = |word: &str| word.split('=').next().unwrap_or_default().to_owned();
            Value::list(provides.split("  ").map(first))
        };
        about.insert("provides", provides.map_or(Value::Null, names));
        packages.push(about);
    }
    packages
}

/// Reads what apt says: the machine's architecture and the sources with their origins, the installed packages, and from
/// which source each came first.
pub(super) fn of_apt(said: &str) -> Vec<Map> {
    let mut parts = said.split("==\n");
    let (head, installed, policy) =
        (parts.next().unwrap_or(""), parts.next().unwrap_or(""), parts.next().unwrap_or(""));
    let machine = head.lines().next().unwrap_or_default();
    let origins = origins(head);
    let from = first_sources(policy);
    let mut packages = Vec::new();
    for line in installed.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        let ["installed", name, version, arch, section] = fields[..] else { continue };
        let is_foreign = arch != machine && arch != "all";
        let whole = if is_foreign { format!("{name}:{arch}") } else { name.to_owned() };
        let source = from.get(whole.as_str()).copied().unwrap_or_default();
        let origin = origins.get(source).copied().unwrap_or_default();
        packages.push(package(
            &["name", "version", "arch", "category", "origin"],
            &[&whole, version, arch, section, origin],
        ));
    }
    packages
}

/// Returns the origin of each source, by the words that stand for it in `apt-cache policy`.
fn origins(said: &str) -> HashMap<&str, &str> {
    let mut origins = HashMap::new();
    let mut source = None;
    for line in said.lines() {
        if let Some(release) = line.trim_start().strip_prefix("release ") {
            let origin = release.split(',').find_map(|field| field.strip_prefix("o="));
            origins.extend(source.take().zip(origin));
        } else if let Some((_, words)) = line.trim_start().split_once(' ') {
            source = Some(words.trim());
        }
    }
    origins
}

/// Returns the first source of the installed version of each package.
fn first_sources(said: &str) -> HashMap<&str, &str> {
    let mut from = HashMap::new();
    let (mut name, mut is_next) = ("", false);
    for line in said.lines() {
        if !line.starts_with(' ') {
            name = line.trim_end_matches(':');
        } else if line.trim_start().starts_with("***") {
            is_next = true;
        } else if is_next {
            is_next = false;
            from.extend(line.trim().split_once(' ').map(|(_, source)| (name, source.trim())));
        }
    }
    from
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(packages: &[Map]) -> Vec<String> {
        packages.iter().map(|package| Value::from(package.clone()).to_text()).collect()
    }

    #[test]
    fn apt_says_where_packages_came_from() {
        let said = "amd64\nPackage files:\n 100 /var/lib/dpkg/status\n     release a=now\n \
             500 http://deb.example bookworm/main amd64 Packages\n     release v=12,o=Debian,a=stable\n==\n\
             installed\tbash\t5.2\tamd64\tshells\nconfig-files\told\t1\tall\tmisc\ninstalled\tlibc6\t2.36\ti386\tlibs\n==\n\
             bash:\n  Installed: 5.2\n  Version table:\n *** 5.2 500\n        500 http://deb.example bookworm/main amd64 Packages\n        \
             100 /var/lib/dpkg/status\nlibc6:i386:\n  Version table:\n *** 2.36 100\n        100 /var/lib/dpkg/status\n";
        assert_eq!(
            shown(&of_apt(said)),
            [
                "{'name': 'bash', 'version': '5.2', 'arch': 'amd64', 'category': 'shells', 'origin': 'Debian'}",
                "{'name': 'libc6:i386', 'version': '2.36', 'arch': 'i386', 'category': 'libs', 'origin': ''}",
            ]
        );
    }

    #[test]
    fn rpm_apk_and_pacman_are_read() {
        assert_eq!(
            shown(&of_rpm("bash\t5.1.8\t9.el9\t(none)\tx86_64\n")),
            ["{'name': 'bash', 'version': '5.1.8', 'release': '9.el9', 'epoch': 'None', 'arch': 'x86_64'}"]
        );
        assert_eq!(
            shown(&of_apk("alpine-baselayout-3.4.3-r2\n")),
            ["{'name': 'alpine-baselayout', 'version': '3.4.3', 'release': 'r2'}"]
        );
        let said = "Name            : bash\nVersion         : 5.2-1\nArchitecture    : x86_64\nProvides        : sh  readline=8\nDepends On      : a\n                  b\n\n";
        assert_eq!(
            shown(&of_pacman(said)),
            ["{'name': 'bash', 'version': '5.2-1', 'arch': 'x86_64', 'provides': ['sh', 'readline']}"]
        );
    }
}
