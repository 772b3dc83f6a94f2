//! Keeping secrets out of everything that leaves the process.
//!
//! Text from outside (device output, HTTP answers, error texts) is [`Raw`]: it can be neither printed nor serialised.
//! Events hold only [`Clean`] text. One type converts, the [`Redactor`], which knows every secret of the run in each
//! form in which it may be written: plain, shell-quoted, JSON-escaped, URL-encoded, base64.

mod redactor;

pub use redactor::{MASK, Redactor};

use crate::value::Value;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// Text that may hold a secret. It has neither `Display` nor `Serialize`, and its `Debug` keeps the text to itself.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Raw(Arc<str>);

impl Raw {
    /// Takes text from outside.
    pub fn new(text: impl Into<Arc<str>>) -> Raw {
        Raw(text.into())
    }

    /// Returns the text for work inside the process (matching, parsing, templates); never for showing.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<&str> for Raw {
    fn from(text: &str) -> Raw {
        Raw::new(text)
    }
}

impl From<String> for Raw {
    fn from(text: String) -> Raw {
        Raw::new(text)
    }
}

impl fmt::Debug for Raw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Raw({} bytes)", self.0.len())
    }
}

/// Text from which every known secret has been taken. Only the [`Redactor`] makes it (and [`Clean::literal`] of text
/// that stands in our own source). Reading it back is for events that were written down: they were clean then.
#[derive(Clone, PartialEq, Eq, Default, Debug, Serialize, Deserialize, Hash, PartialOrd, Ord)]
#[serde(transparent)]
pub struct Clean(Arc<str>);

impl Clean {
    /// Takes a text that stands in the program itself.
    pub fn literal(text: &'static str) -> Clean {
        Clean(text.into())
    }

    /// Returns the text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Clean {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}

/// A value from which every known secret has been taken.
#[derive(Clone, PartialEq, Default, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CleanValue(Value);

impl CleanValue {
    /// Returns the value.
    pub fn value(&self) -> &Value {
        &self.0
    }
}

/// A password, key or token. Its `Debug` prints a mask, and its memory is overwritten when the last owner drops it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Arc<zeroize::Zeroizing<String>>);

impl Secret {
    /// Takes a secret.
    pub fn new(text: impl Into<String>) -> Secret {
        Secret(Arc::new(zeroize::Zeroizing::new(text.into())))
    }

    /// Returns the secret for sending it to where it belongs.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(********)")
    }
}
