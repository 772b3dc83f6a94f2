//! Options about how to log in, beyond the few that everybody needs.

use crate::cli::config::{Config, table};
use crate::cli::vault::password_of_file;
use crate::executor::{SshArgs, UNDERSTOOD};
use crate::redact::Secret;
use clap::Args;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// Options about logins.
#[derive(Args)]
pub(in crate::cli) struct LoginOptions {
    /// A file with the login password, or a script that prints it
    #[arg(long, visible_alias = "conn-pass-file", value_name = "FILE", conflicts_with = "ask_pass")]
    pub(super) connection_password_file: Option<PathBuf>,

    /// A file with the password that gives other rights, or a script that prints it
    #[arg(long, visible_alias = "become-pass-file", value_name = "FILE", conflicts_with = "ask_become_pass")]
    pub(super) become_password_file: Option<PathBuf>,

    /// Options of the OpenSSH client, as far as they have a meaning here
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    ssh_common_args: Option<String>,

    /// Write down all that is said to network devices, without secrets, in this folder: one file a session
    #[arg(long, value_name = "DIR")]
    pub(super) session_log: Option<PathBuf>,

    /// More options of the OpenSSH client
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true)]
    ssh_extra_args: Option<String>,

    /// Refused: files go over the connection that there is
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true, hide = true)]
    sftp_extra_args: Option<String>,

    /// Refused: files go over the connection that there is
    #[arg(long, value_name = "ARGS", allow_hyphen_values = true, hide = true)]
    scp_extra_args: Option<String>,

    /// Refused: there are no modules written in Python
    #[arg(short = 'M', long, value_name = "PATH", hide = true)]
    module_path: Vec<String>,

    /// What the settings say of `ssh_args`.
    #[arg(skip)]
    ssh_args: Option<String>,

    /// Of the settings: the program that gives other rights, and its flags.
    #[arg(skip)]
    pub(super) become_exe: Option<String>,
    #[arg(skip)]
    pub(super) become_flags: Option<String>,

    /// Of the settings: the port, and how long a command may take.
    #[arg(skip)]
    pub(super) port: Option<u16>,
    #[arg(skip)]
    pub(super) command_timeout: Option<Duration>,
}

impl LoginOptions {
    /// Takes from the settings what the command line does not say, and refuses what has no meaning.
    pub(super) fn settle(&mut self, config: &Config, asks: bool, asks_become: bool) -> Result<(), String> {
        if !self.module_path.is_empty() {
            return Err("`--module-path` has no meaning: modules written in Python cannot be run; \
                        `netplay doc` lists those that there are"
                .into());
        }
        for (name, given) in [("--sftp-extra-args", &self.sftp_extra_args), ("--scp-extra-args", &self.scp_extra_args)]
        {
            if given.as_ref().is_some_and(|text| !text.trim().is_empty()) {
                return Err(format!("`{name}` has no meaning: files go over the connection that there is"));
            }
        }
        let file = |said: &mut Option<PathBuf>, asks: bool, setting| {
            *said = said.take().or_else(|| config.path(setting).filter(|_| !asks));
        };
        file(&mut self.connection_password_file, asks, &table::CONNECTION_PASSWORD_FILE);
        file(&mut self.become_password_file, asks_become, &table::BECOME_PASSWORD_FILE);
        self.ssh_args = config.text(&table::SSH_ARGS);
        self.ssh_common_args = self.ssh_common_args.take().or_else(|| config.text(&table::SSH_COMMON_ARGS));
        self.ssh_extra_args = self.ssh_extra_args.take().or_else(|| config.text(&table::SSH_EXTRA_ARGS));
        self.become_exe = config.text(&table::BECOME_EXE);
        self.become_flags = config.text(&table::BECOME_FLAGS);
        self.port = config.number(&table::REMOTE_PORT).and_then(|port| u16::try_from(port).ok());
        self.command_timeout = config.number(&table::COMMAND_TIMEOUT).map(Duration::from_secs);
        for (name, text) in ["ssh_args", "--ssh-common-args", "--ssh-extra-args"].iter().zip(self.ssh_args()) {
            if let Some(text) = text {
                SshArgs::parse(&text).map_err(|why| format!("`{name}`: {why}; {UNDERSTOOD}"))?;
            }
        }
        Ok(())
    }

    /// Returns the options of the OpenSSH client: those of the settings, the common ones, the extra ones.
    pub(super) fn ssh_args(&self) -> [Option<String>; 3] {
        [self.ssh_args.clone(), self.ssh_common_args.clone(), self.ssh_extra_args.clone()]
    }

    /// Reads a password from a file, or from the script that it is.
    pub(super) fn password(file: Option<&Path>) -> Result<Option<Secret>, String> {
        let Some(file) = file else { return Ok(None) };
        let password = password_of_file(file)?;
        match std::str::from_utf8(password.bytes()) {
            Ok(text) => Ok(Some(Secret::new(text))),
            Err(_) => Err(format!("the password in `{}` is not UTF-8 text", file.display())),
        }
    }
}
