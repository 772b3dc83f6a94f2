//! `package`: packages, with the package manager that the host has.

use super::tool::{ask, on_host};
use super::{Arg, ArgKind, Change, Context, Module, apt, dnf};
use crate::failure::{Failure, FailureKind};

/// `package`
pub static MODULE: Module = on_host(
    "package",
    &["ansible.builtin"],
    "Installs, upgrades and removes packages, with what the host has for it: apt or dnf.",
    &[
        Arg::new("name", ArgKind::List, "The packages.").required(),
        Arg::new("state", ArgKind::Str, "How they should be.").choices(&["absent", "latest", "present"]).required(),
        Arg::new("use", ArgKind::Str, "The package manager.")
            .choices(&["apt", "auto", "dnf", "dnf4", "dnf5", "yum"])
            .default("auto"),
    ],
    |context| Box::pin(plan(context)),
);

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let manager = match context.args.text("use") {
        Some("auto") | None => {
            let [found] = ask(context.probe, ["command -v apt-get || command -v dnf".into()]).await?;
            found.trim().rsplit('/').next().unwrap_or_default().to_owned()
        }
        Some(named) => named.to_owned(),
    };
    match manager.as_str() {
        "apt" | "apt-get" => apt::plan(context).await,
        "" => Err(Failure::new(FailureKind::Command, "the host has neither `apt-get` nor `dnf`")
            .help("other package managers are run with `command`")),
        _ => dnf::plan(context).await,
    }
}
