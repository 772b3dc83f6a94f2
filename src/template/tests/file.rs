//! Tests on paths of this machine.

use super::Test;
use crate::template::filters::args::{Args, add_test};
use crate::template::filters::path::on_disk;
use minijinja::Error;
use std::fs::Metadata;
use std::os::unix::fs::MetadataExt as _;

pub(super) static TESTS: &[Test] = &[
    Test {
        name: "directory",
        aliases: &["is_dir"],
        doc: "Claims that the path is a directory here.",
        add: |env, name| add_test(env, name, &[], |_, args| found(args, true, |meta| meta.is_dir())),
    },
    Test {
        name: "file",
        aliases: &["is_file"],
        doc: "Claims that the path is a regular file here.",
        add: |env, name| add_test(env, name, &[], |_, args| found(args, true, |meta| meta.is_file())),
    },
    Test {
        name: "link",
        aliases: &["is_link"],
        doc: "Claims that the path is a symbolic link here.",
        add: |env, name| add_test(env, name, &[], |_, args| found(args, false, |meta| meta.is_symlink())),
    },
    Test {
        name: "exists",
        aliases: &[],
        doc: "Claims that there is something at the path here.",
        add: |env, name| add_test(env, name, &[], |_, args| found(args, true, |_| true)),
    },
    Test {
        name: "link_exists",
        aliases: &[],
        doc: "Claims that there is something at the path here, be it a link to nowhere.",
        add: |env, name| add_test(env, name, &[], |_, args| found(args, false, |_| true)),
    },
    Test {
        name: "abs",
        aliases: &["is_abs"],
        doc: "Claims that the path is absolute.",
        add: |env, name| add_test(env, name, &[], |_, args| Ok(args.input_text()?.starts_with('/'))),
    },
    Test {
        name: "same_file",
        aliases: &["is_same_file"],
        doc: "Claims that both paths are one file here.",
        add: |env, name| {
            add_test(env, name, &["path"], |_, args| {
                let known = |path: &str| {
                    std::fs::metadata(on_disk(path)).map_err(|error| {
                        args.error(format!("cannot read `{path}`: {}", crate::source::plain_io_error(&error)))
                    })
                };
                let (a, b) = (known(&args.input_text()?)?, known(&args.need_text("path")?)?);
                Ok((a.dev(), a.ino()) == (b.dev(), b.ino()))
            })
        },
    },
    Test {
        name: "mount",
        aliases: &["is_mount"],
        doc: "Claims that a file system is mounted at the path here.",
        add: |env, name| add_test(env, name, &[], |_, args| mount(args)),
    },
];

fn found(args: &Args, follow: bool, is: fn(&Metadata) -> bool) -> Result<bool, Error> {
    let path = on_disk(&args.input_text()?);
    let metadata = if follow { std::fs::metadata(path) } else { std::fs::symlink_metadata(path) };
    // What cannot be looked at counts as not there, as in Python.
    Ok(metadata.is_ok_and(|metadata| is(&metadata)))
}

fn mount(args: &Args) -> Result<bool, Error> {
    let path = on_disk(&args.input_text()?);
    let (Ok(own), Ok(parent)) = (std::fs::symlink_metadata(&path), std::fs::metadata(path.join(".."))) else {
        return Ok(false);
    };
    Ok(!own.is_symlink() && (own.dev() != parent.dev() || own.ino() == parent.ino()))
}
