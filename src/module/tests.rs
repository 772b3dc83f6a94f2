//! What holds for every module, and what modules do on a real host.

mod commands;
mod file;
mod files;
mod network_files;
mod options;
mod recorded;
mod table;
mod templates;
mod variables;
mod waiting;
