//! The rules of the house: which folder may use which, which crate has its home where, and what the documents promise.

mod dependencies;
mod documents;
mod layers;
