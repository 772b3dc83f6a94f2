//! `netplay parse`: command output to rows, by a TextFSM template.

use super::rows::{self, Layout};
use super::{Exit, say, say_error};
use crate::failure::Failure;
use crate::source::{Style, plain_io_error};
use crate::textfsm::{self, Folder};
use crate::value::Value;
use clap::Args;
use std::io::Read as _;
use std::path::PathBuf;

/// Options of `netplay parse`.
#[derive(Args)]
pub(super) struct ParseArgs {
    /// What the device printed; standard input when not given, or `-`
    #[arg(value_name = "FILE")]
    file: Option<PathBuf>,

    /// The TextFSM template
    #[arg(short, long, value_name = "FILE", required_unless_present = "platform", conflicts_with_all = ["platform", "command", "templates"])]
    template: Option<PathBuf>,

    /// The platform of the device, by which the template is found
    #[arg(short, long, value_name = "NAME", requires = "command")]
    platform: Option<String>,

    /// The command that was run
    #[arg(short, long, value_name = "COMMAND", requires = "platform")]
    command: Option<String>,

    /// The folder of templates and their index [default: that of ntc-templates]
    #[arg(long, value_name = "FOLDER")]
    templates: Option<PathBuf>,

    /// How rows are shown
    #[arg(short, long, value_name = "FORMAT", value_enum, default_value = "json")]
    output: Layout,
}

pub(super) fn main(args: &ParseArgs, colour: Option<bool>) -> Exit {
    let text = match read(args) {
        Ok(text) => text,
        Err(why) => {
            say_error(&format!("netplay: {why}\n"));
            return Exit::Input;
        }
    };
    let parsed = match &args.template {
        Some(path) => {
            let template = match textfsm::load(path) {
                Ok(template) => template,
                Err(wrong) => {
                    let coloured = colour.unwrap_or_else(console::colors_enabled_stderr);
                    say_error(&wrong.drawn(if coloured { Style::Coloured } else { Style::Plain }));
                    return Exit::Input;
                }
            };
            template.run(&text).map(|table| (table.header.clone(), table.dictionaries()))
        }
        None => by_command(args, &text),
    };
    match parsed {
        Ok((header, rows)) => {
            let header: Vec<&str> = header.iter().map(|name| &**name).collect();
            say(&rows::shown(&header, &rows, args.output));
            Exit::Ok
        }
        // Nothing is redacted: what is shown stands in a file that was named.
        Err(failure) => {
            let help = failure.help.as_ref().map_or_else(String::new, |help| format!("\n  help: {}", help.expose()));
            say_error(&format!("netplay: {}{help}\n", failure.message.expose()));
            Exit::Input
        }
    }
}

type Parsed = (Vec<std::sync::Arc<str>>, Value);

fn by_command(args: &ParseArgs, text: &str) -> Result<Parsed, Failure> {
    let (platform, command) =
        (args.platform.as_deref().unwrap_or_default(), args.command.as_deref().unwrap_or_default());
    let folder = Folder::find(args.templates.as_deref())?;
    for warning in folder.take_warnings() {
        say_error(&format!("netplay: warning: {warning}\n"));
    }
    let table = folder.parse(platform, command, text)?;
    let header = table.header.iter().map(|name| name.to_lowercase().into()).collect();
    Ok((header, table.lower_case_dictionaries()))
}

/// Reads what the device printed. Bytes that are no text are shown as such and do not stop it.
fn read(args: &ParseArgs) -> Result<String, String> {
    let mut bytes = Vec::new();
    let name = args.file.as_deref().filter(|file| file.as_os_str() != "-");
    let read = match name {
        Some(file) => std::fs::read(file).map(|read| bytes = read),
        None => std::io::stdin().lock().read_to_end(&mut bytes).map(drop),
    };
    let shown = name.map_or_else(|| "standard input".to_owned(), |file| format!("`{}`", file.display()));
    read.map_err(|error| format!("cannot read {shown}: {}", plain_io_error(&error)))?;
    Ok(String::from_utf8(bytes).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}
