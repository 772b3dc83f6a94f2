//! netplay runs Ansible-style playbooks against network devices, servers and HTTP APIs as a concurrent task graph.
//!
//! The map of the house, in the order in which data flows; `ARCHITECTURE.md` says more.

pub mod cli;
pub mod configuration;
pub mod effect;
pub mod event;
pub mod executor;
pub mod facts;
pub mod failure;
pub mod graph;
pub(crate) mod halt;
pub mod inventory;
pub mod journal;
#[cfg(feature = "lab")]
pub mod lab;
pub mod module;
pub mod phase;
pub mod platform;
pub mod playbook;
pub(crate) mod python_regex;
pub mod redact;
pub mod report;
pub mod resource;
pub mod source;
pub mod template;
pub mod textfsm;
pub mod transport;
pub mod ttp;
pub mod value;
pub mod vars;
pub mod vault;
pub mod xml;
pub mod yaml;
