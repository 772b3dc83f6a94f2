//! `netplay platforms`: the device types, and the definition of one.

use super::{Exit, say, say_error};
use crate::platform::{self, Platform};
use crate::source::{Diagnostics, SourceMap, Style, did_you_mean, render};
use clap::{Args, Subcommand};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Options of `netplay platforms`.
#[derive(Args)]
pub(super) struct PlatformsArgs {
    #[command(subcommand)]
    what: Option<What>,
}

#[derive(Subcommand)]
enum What {
    /// Show the definition of a platform
    Show {
        /// Its name, or another under which it is known
        #[arg(value_name = "NAME")]
        name: String,
    },
}

pub(super) fn main(args: &PlatformsArgs, colour: Option<bool>) -> Exit {
    let (sources, mut found) = (SourceMap::new(), Diagnostics::new());
    read_own(Some(Path::new("")), &sources, &mut found);
    let style = if colour.unwrap_or_else(console::colors_enabled_stderr) { Style::Coloured } else { Style::Plain };
    say_error(&found.iter().map(|one| render(one, &sources, style) + "\n\n").collect::<String>());
    if found.has_errors() {
        return Exit::Input;
    }
    match &args.what {
        None => {
            say(&list());
            Exit::Ok
        }
        Some(What::Show { name }) => match platform::definition(name) {
            Some((text, _)) => {
                say(text);
                Exit::Ok
            }
            None => {
                let help = did_you_mean(name, platform::names()).map(|help| format!("; {help}")).unwrap_or_default();
                say_error(&format!("netplay: no platform is called `{name}`{help}\n"));
                Exit::Usage
            }
        },
    }
}

/// Reads users' definitions: of the folders in `NETPLAY_PLATFORMS` (with `:` between), and of `platforms/` in a folder.
pub(super) fn read_own(beside: Option<&Path>, sources: &SourceMap, found: &mut Diagnostics) {
    let said = std::env::var_os("NETPLAY_PLATFORMS").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&said).filter(|path| !path.as_os_str().is_empty()).collect();
    // A folder that is called so and has other files in it is none of ours.
    let is_one = |folder: &PathBuf| {
        let files = std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
        files.into_iter().any(|file| file.extension().is_some_and(|ending| ending == "yaml" || ending == "yml"))
    };
    folders.extend(beside.map(|dir| dir.join("platforms")).filter(is_one));
    for folder in folders {
        platform::read_folder(&folder, sources, found);
    }
}

fn list() -> String {
    let mut out = String::new();
    let rows: Vec<&Platform> = platform::all().collect();
    let width = rows.iter().map(|platform| platform.name.len()).max().unwrap_or(0);
    for platform in rows {
        // Writing to a `String` cannot fail.
        let _ = write!(out, "{:<width$}  {:<9}  {}", platform.name, model(platform), platform.aliases.join(", "));
        if let Some((_, Some(file))) = platform::definition(&platform.name) {
            let _ = write!(out, "  ({})", file.display());
        }
        out.truncate(out.trim_end().len());
        out.push('\n');
    }
    out
}

/// Returns how a platform takes its configuration.
fn model(platform: &Platform) -> &'static str {
    match (platform.is_host, &platform.commit, &platform.config_level) {
        (true, ..) => "host",
        (_, Some(_), _) => "candidate",
        (_, None, Some(_)) => "running",
        (_, None, None) => "commands",
    }
}
