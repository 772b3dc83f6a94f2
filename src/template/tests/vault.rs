//! Tests on what is encrypted.

use super::Test;
use crate::source::plain_io_error;
use crate::template::filters::args::add_test;
use crate::template::filters::path::on_disk;
use crate::template::lazy::Core;
use crate::vault::{HEADER, is_vault};
use std::io::Read as _;

pub(super) static TESTS: &[Test] = &[
    Test {
        name: "vault_encrypted",
        aliases: &[],
        doc: "Claims that a variable is one encrypted value (`!vault`), whole and unchanged.",
        add: |env, name| {
            add_test(env, name, &[], |state, args| {
                let text = args.input_text().ok();
                let core = Core::of(state);
                Ok(text.zip(core).is_some_and(|(text, core)| core.sources.keyring().is_opened_value(&text)))
            })
        },
    },
    Test {
        name: "vaulted_file",
        aliases: &[],
        doc: "Claims that the file is encrypted by the vault.",
        add: |env, name| {
            add_test(env, name, &[], |_, args| {
                let path = args.input_text()?;
                let cannot =
                    |error: std::io::Error| args.error(format!("cannot read `{path}`: {}", plain_io_error(&error)));
                let file = std::fs::File::open(on_disk(&path)).map_err(cannot)?;
                let mut start = Vec::new();
                file.take(HEADER.len() as u64).read_to_end(&mut start).map_err(cannot)?;
                Ok(is_vault(&start))
            })
        },
    },
];
