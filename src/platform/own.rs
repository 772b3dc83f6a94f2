//! Definitions that users write: folders of files like ours. They live as long as the process.

use super::pattern::Compile;
use super::{Entry, read};
use crate::source::{Diagnostic, Diagnostics, SourceId, SourceMap, Span, plain_io_error};
use std::path::{Path, PathBuf};
use std::sync::{OnceLock, RwLock};

static OWN: RwLock<Vec<&'static Entry>> = RwLock::new(Vec::new());

/// Returns the users' entries; what was read last comes first.
pub(super) fn entries() -> Vec<&'static Entry> {
    OWN.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
}

/// Reads the definitions of a folder: its files `*.yaml` and `*.yml`. They go before ours with the same name or alias. A
/// file that was read before is not read again.
pub fn read_folder(folder: &Path, sources: &SourceMap, found: &mut Diagnostics) {
    let cannot = |why: String| Diagnostic::error("E1100", format!("cannot read `{}`: {why}", folder.display()));
    let listed = match std::fs::read_dir(folder) {
        Ok(listed) => listed,
        Err(error) => return found.push(cannot(plain_io_error(&error))),
    };
    let mut files: Vec<PathBuf> = listed.flatten().map(|entry| entry.path()).collect();
    files.retain(|file| file.extension().is_some_and(|ending| ending == "yaml" || ending == "yml") && file.is_file());
    files.sort();
    for file in files {
        let known = entries().iter().any(|entry| entry.file.as_deref() == Some(&file));
        if known {
            continue;
        }
        if let Some(id) = found.keep(sources.load(&file)) {
            let text = std::sync::Arc::clone(&sources.get(id).text);
            if let Some(entry) = found.keep(entry(id, file, &text)) {
                OWN.write().unwrap_or_else(|poisoned| poisoned.into_inner()).insert(0, entry);
            }
        }
    }
}

fn entry(source: SourceId, file: PathBuf, text: &str) -> Result<&'static Entry, Diagnostic> {
    let platform = read::read(text, Compile::AtOnce).map_err(|wrong| {
        let start = wrong.offset.unwrap_or(0).min(text.len());
        let end = text[start..].find('\n').map_or(text.len(), |end| start + end);
        Diagnostic::error("E1101", format!("the platform's definition is wrong: {}", wrong.message))
            .at(Span::new(source, start, end))
            .help("`netplay platforms show NAME` shows one to begin with")
    })?;
    let entry = Entry {
        name: platform.name.clone().leak(),
        aliases: platform.aliases.clone(),
        is_host: platform.is_host,
        text: text.to_owned().leak(),
        json: "",
        file: Some(file),
        platform: OnceLock::from(platform),
    };
    Ok(Box::leak(Box::new(entry)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_user_s_definition_is_found_and_a_wrong_one_has_its_place() {
        let folder = tempfile::tempdir().unwrap();
        let text = "name: own_switch\naliases: [own.switch]\ncommand_level: exec\n\
                    levels: [{name: exec, prompt: '^own>$'}]\ntext: {}\ntimeout_seconds: 5\n";
        std::fs::write(folder.path().join("own.yaml"), text).unwrap();
        std::fs::write(folder.path().join("bad.yml"), text.replace("text:", "txet:")).unwrap();
        std::fs::write(folder.path().join("readme.md"), "no definition").unwrap();
        let (sources, mut found) = (SourceMap::new(), Diagnostics::new());
        read_folder(folder.path(), &sources, &mut found);
        let wrong: Vec<_> = found.iter().map(|one| (one.code, one.message.as_str())).collect();
        assert_eq!(wrong.len(), 1, "{wrong:?}");
        assert!(wrong[0].1.contains("unknown field `txet`"), "{wrong:?}");
        let place = found.iter().next().and_then(|one| one.primary.as_ref()).map(|label| sources.place(label.span));
        assert!(place.is_some_and(|place| place.ends_with("bad.yml:5:1")), "{found:?}");
        assert_eq!(super::super::find("own.switch").map(|platform| platform.name.as_str()), Some("own_switch"));
    }
}
