//! The lab of a run: started before it, stopped after it.

use super::options::RunArgs;
use super::run;
use crate::cli::Exit;
use crate::cli::setup::Setup;
use crate::playbook::Play;
use crate::redact::Secret;
use std::path::PathBuf;
use std::sync::Arc;
#[cfg(feature = "lab")]
use {crate::cli::say_error, crate::inventory::Newcomers, crate::vars::Var};

#[cfg(feature = "lab")]
pub(super) async fn with_lab(args: RunArgs, colour: Option<bool>, mut setup: Setup, plays: Vec<Arc<Play>>) -> Exit {
    let Some(path) = args.lab.clone() else { return run(args, colour, setup, plays, LabPart::default()).await };
    let file = match crate::lab::LabFile::load(&setup.sources, &path) {
        Ok(file) => file,
        Err(found) => {
            setup.found.extend(found);
            return setup.show_found().err().unwrap_or(Exit::Input);
        }
    };
    let lab = match crate::lab::Lab::start(file).await {
        Ok(lab) => lab,
        Err(failure) => {
            say_error(&format!("netplay: the lab cannot start: {}\n", failure.message.expose()));
            return Exit::Internal;
        }
    };
    let vars = |vars: &crate::value::Map| -> Vec<(Arc<str>, Var)> {
        vars.iter().map(|(key, value)| (Arc::from(key.to_string()), Var::Data(value.clone()))).collect()
    };
    let mut newcomers = Newcomers::default();
    for host in lab.hosts() {
        let groups: Vec<&str> = host.groups.iter().map(String::as_str).collect();
        setup.inventory.add_host(&host.name, &groups, vars(&host.vars));
        newcomers.hosts.push(host.name.as_str().into());
        newcomers.groups.extend(groups.into_iter().map(Arc::from));
    }
    setup.inventory.set_group_vars("all", vars(&lab.vars()));
    setup.inventory.read_files_of(&newcomers, &mut setup.found);
    if let Err(exit) = setup.show_found() {
        lab.stop().await;
        return exit;
    }
    let known_hosts = match known_hosts_file(lab.known_hosts()) {
        Ok(file) => file,
        Err(error) => {
            say_error(&format!("netplay: cannot write the lab's host keys: {error}\n"));
            return Exit::Internal;
        }
    };
    let part = LabPart { known_hosts: Some(known_hosts.path().to_owned()), secrets: lab.secrets() };
    let exit = run(args, colour, setup, plays, part).await;
    lab.stop().await;
    exit
}

#[cfg(not(feature = "lab"))]
pub(super) async fn with_lab(args: RunArgs, colour: Option<bool>, setup: Setup, plays: Vec<Arc<Play>>) -> Exit {
    run(args, colour, setup, plays, LabPart::default()).await
}

/// What a lab gives to a run.
#[derive(Default)]
pub(super) struct LabPart {
    pub(super) known_hosts: Option<PathBuf>,
    pub(super) secrets: Vec<Secret>,
}

#[cfg(feature = "lab")]
fn known_hosts_file(text: &str) -> std::io::Result<tempfile::NamedTempFile> {
    use std::io::Write as _;
    let mut file = tempfile::Builder::new().prefix("netplay-lab-").tempfile()?;
    file.write_all(text.as_bytes())?;
    Ok(file)
}
