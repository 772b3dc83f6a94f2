//! The program as a user runs it: the real binary against real parts on loopback.
//!
//! [`project::Project`] is a folder with a playbook and an inventory, and a home of its own; [`call::Call`] one command in
//! it; [`call::Ended`] what came of it. Hosts are real OpenSSH servers, FRR's vtysh behind one, httpbin, and the lab.
//! What a machine cannot offer is left out loudly (`LEFT OUT: …`).

#![cfg(feature = "lab")]

#[path = "../support/sshd.rs"]
mod sshd;

mod abbreviated;
mod administration;
mod call;
mod httpbin;
mod project;
mod resources;
mod router;
mod terminal;

mod crowd;
mod detect;
mod device_files;
mod devices;
mod environment;
mod exec;
mod explain;
mod facts;
mod faults;
mod files;
mod hostile;
mod hosts;
mod input;
mod interrupts;
mod journal;
mod lab;
mod large;
mod limits;
mod listing;
mod loops;
mod napalm;
mod netconf;
mod netconfd;
mod ntc_templates;
mod order;
mod output;
mod parse;
mod pitfalls;
mod plays;
mod readme;
mod real;
mod reboot;
mod redaction;
mod refused_change;
mod report;
mod safe_change;
mod settings;
mod simulated;
mod telnet;
mod unbalanced;
mod unreadable;
mod values;
mod vault;
mod web;
mod whole;
