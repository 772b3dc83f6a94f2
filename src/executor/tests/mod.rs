//! The dispatcher against a model: random playbooks, whose steps end in random order, must leave the same as the same
//! playbook carried out one step after the other.

mod counters;
mod dispatch;
mod interpreter;
mod plays;
mod program;
