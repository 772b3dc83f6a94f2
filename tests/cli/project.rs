//! A folder with a playbook and what belongs to it.

use crate::call::Call;
use crate::sshd::{self, Sshd};
use std::fs;
use std::path::{Path, PathBuf};

/// A folder of a user: playbook, inventory, files, and a home.
pub(crate) struct Project {
    dir: tempfile::TempDir,
}

impl Project {
    /// Makes an empty one.
    pub(crate) fn new() -> Project {
        let dir = tempfile::Builder::new().prefix("project-").tempdir().expect("a temporary folder can be made");
        fs::create_dir_all(dir.path().join("home/.ssh")).expect("the folder is ours");
        Project { dir }
    }

    /// Makes one whose `site.yml` is a play of these tasks on all hosts.
    pub(crate) fn of_tasks(tasks: &str) -> Project {
        Project::new().tasks("all", tasks)
    }

    /// Writes `site.yml`: a play of tasks (a list in YAML) on hosts of a pattern.
    pub(crate) fn tasks(self, hosts: &str, tasks: &str) -> Project {
        let tasks: String = tasks.lines().map(|line| format!("    {line}\n")).collect();
        self.file("site.yml", format!("- hosts: \"{hosts}\"\n  gather_facts: false\n  tasks:\n{tasks}"))
    }

    /// Writes `site.yml` as it is.
    pub(crate) fn playbook(self, text: &str) -> Project {
        self.file("site.yml", text)
    }

    /// Writes a file, with the folders that it needs.
    pub(crate) fn file(self, name: &str, contents: impl AsRef<[u8]>) -> Project {
        let path = self.at(name);
        fs::create_dir_all(path.parent().expect("it is below the folder")).expect("the folder is ours");
        fs::write(path, contents).expect("the folder is ours");
        self
    }

    /// Adds a line to the inventory, an INI file.
    pub(crate) fn host(self, line: &str) -> Project {
        self.append("hosts.ini", &format!("{line}\n"))
    }

    /// Adds a host on a server that lets it in, and whose key is known.
    pub(crate) fn ssh_host(self, name: &str, server: &Sshd, vars: &str) -> Project {
        let keys = server.known_hosts_line("ed25519");
        self.append("home/.ssh/known_hosts", &keys).unknown_ssh_host(name, server, vars)
    }

    /// Adds a host on a server whose key is not known.
    pub(crate) fn unknown_ssh_host(self, name: &str, server: &Sshd, vars: &str) -> Project {
        let (address, port, key) = (server.address, server.port, server.key());
        let (user, key) = (sshd::user(), key.display());
        self.host(&format!(
            "{name} ansible_host={address} ansible_port={port} ansible_user={user} ansible_private_key_file={key} {vars}"
        ))
    }

    /// Adds to a file.
    pub(crate) fn append(self, name: &str, text: &str) -> Project {
        let before = fs::read_to_string(self.at(name)).unwrap_or_default();
        self.file(name, before + text)
    }

    /// Returns the path of a file in it.
    pub(crate) fn at(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Returns its folder.
    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    /// Begins `netplay` with arguments.
    pub(crate) fn netplay(&self, words: &str) -> Call {
        Call::netplay(self.dir(), &self.at("home")).with(words)
    }

    /// Begins `netplay run site.yml`, on the inventories that there are.
    pub(crate) fn run(&self) -> Call {
        let there = |name: &&str| self.at(name).exists();
        let names = ["hosts.ini", "hosts.yml"].into_iter().filter(there);
        names.fold(self.netplay("run site.yml"), |call, name| call.with("-i").arg(name))
    }

    /// Begins a run whose output is events.
    pub(crate) fn run_events(&self) -> Call {
        self.run().with("--output jsonl")
    }
}
