//! The dispatcher against a model: random playbooks, whose steps end in random order, must leave the same as the same
//! playbook carried out one step after the other.

mod cost;
mod counters;
mod dispatch;
mod interpreter;
mod maker;
mod plays;
mod program;
mod shapes;
mod shrink;
