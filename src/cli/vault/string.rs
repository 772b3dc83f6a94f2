//! `encrypt-string`: values for pasting into YAML.

use super::file::{Output, read, write};
use super::{EncryptWith, Said, finished, sealed};
use crate::cli::config::Config;
use crate::cli::{ask, say_error};
use clap::Args;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// Options of `netplay vault encrypt-string`.
#[derive(Args)]
pub(super) struct StringArgs {
    /// The values; none or `-` is standard input
    #[arg(value_name = "TEXT")]
    values: Vec<String>,

    /// The name of the variable; once for each value
    #[arg(short, long = "name", value_name = "NAME")]
    names: Vec<String>,

    /// Take a value from standard input, under this name
    #[arg(long, value_name = "NAME")]
    stdin_name: Option<String>,

    /// Ask for the value
    #[arg(short, long)]
    prompt: bool,

    /// With --prompt: show what is typed
    #[arg(long)]
    show_input: bool,

    /// Where to write the result; `-` is standard output
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,

    #[command(flatten)]
    with: EncryptWith,
}

/// How deep the digits stand below the name, as Ansible writes them.
const INDENT: &str = "          ";

struct Value {
    name: Option<String>,
    from: &'static str,
    text: Zeroizing<Vec<u8>>,
}

pub(super) fn main(args: StringArgs, config: &Config) -> Said<()> {
    let password = args.with.password(config)?;
    let values = args.values()?;
    let mut text = String::new();
    for (number, value) in values.iter().enumerate() {
        if values.len() > 1 {
            let number = number + 1;
            say_error(&match &value.name {
                Some(name) => format!(
                    "# The encrypted version of variable (\"{name}\", the string #{number} from {}).\n",
                    value.from
                ),
                None => format!("# The encrypted version of the string #{number} from {}.)\n", value.from),
            });
        }
        let name = value.name.as_ref().map(|name| format!("{name}: ")).unwrap_or_default();
        text.push_str(&format!("{name}!vault |\n"));
        for line in sealed(&value.text, &password, config)?.lines() {
            text.push_str(&format!("{INDENT}{line}\n"));
        }
    }
    write(Output::of(args.output.as_deref().unwrap_or(Path::new("-"))), text.as_bytes())?;
    finished("Encryption successful\n");
    Ok(())
}

impl StringArgs {
    fn values(&self) -> Said<Vec<Value>> {
        let wants_stdin = self.values.iter().any(|value| value == "-")
            || self.stdin_name.is_some()
            || (self.values.is_empty() && !self.prompt);
        if wants_stdin && self.prompt {
            return Err("--prompt and standard input exclude each other".into());
        }
        let mut values = Vec::new();
        if self.prompt {
            values.push(self.asked()?);
        }
        if wants_stdin {
            let text = read(Path::new("-"))?;
            values.push(Value { name: self.stdin_name.clone(), from: "stdin", text });
        }
        let given: Vec<&String> = self.values.iter().filter(|value| *value != "-").collect();
        if self.names.len() > given.len() {
            return Err("there are more --name than values".into());
        }
        for (at, value) in given.into_iter().enumerate() {
            let text = Zeroizing::new(value.as_bytes().to_vec());
            values.push(Value { name: self.names.get(at).cloned(), from: "the command line args", text });
        }
        match values.iter().find(|value| value.text.is_empty()) {
            Some(value) => Err(format!("the value from {} is empty", value.from)),
            None => Ok(values),
        }
    }

    fn asked(&self) -> Said<Value> {
        let cannot = |error: std::io::Error| format!("cannot ask: {error}");
        let name = ask::text("Variable name (enter for no name): ").map_err(cannot)?;
        let text = match self.show_input {
            true => Zeroizing::new(ask::text("String to encrypt: ").map_err(cannot)?),
            false => ask::secret("String to encrypt (hidden): ").map_err(cannot)?,
        };
        let name = Some(name).filter(|name| !name.is_empty());
        Ok(Value { name, from: "the interactive prompt", text: Zeroizing::new(text.as_bytes().to_vec()) })
    }
}
