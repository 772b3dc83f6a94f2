//! HTTP calls and the lab over real sockets on loopback.

#![cfg(feature = "lab")]

mod environment;
mod lab_http;
mod lab_ssh;
mod tls;

use netplay::lab::{Lab, LabFile};
use netplay::source::{Source, SourceId};

/// Starts a lab written as text.
pub async fn lab(text: &str) -> Lab {
    let source = Source::new("lab.yml", None, text);
    let file = LabFile::parse(&source, SourceId(0)).expect("the test's lab is right");
    Lab::start(file).await.expect("loopback has free ports")
}
