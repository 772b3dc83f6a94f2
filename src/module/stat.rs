//! `stat`: what is known of a path on the host.

use super::remote::{FileKind, Look, Stat, look_at};
use super::{Arg, ArgKind, Change, Context, Module, Needs};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};

/// `stat`
pub static MODULE: Module = Module {
    name: "stat",
    collections: &["ansible.builtin"],
    aliases: &[],
    summary: "Tells what is known of a path on the host.",
    args: &[
        Arg::new("path", ArgKind::Path, "The path.").aliases(&["dest", "name"]).required(),
        Arg::new("follow", ArgKind::Bool, "Tell of what a symbolic link points to.").default("false"),
        Arg::new("get_checksum", ArgKind::Bool, "Compute the checksum of a regular file.").default("true"),
        Arg::new("checksum_algorithm", ArgKind::Str, "How the checksum is computed.")
            .aliases(&["checksum", "checksum_algo"])
            .choices(&["md5", "sha1", "sha224", "sha256", "sha384", "sha512"])
            .default("sha1"),
        Arg::new("get_mime", ArgKind::Bool, "Ask `file` for type and charset.")
            .aliases(&["mime", "mime_type", "mime-type"])
            .default("true"),
        Arg::new("get_attributes", ArgKind::Bool, "Ask `lsattr` for the flags of the file system.")
            .aliases(&["attr", "attributes"])
            .default("true"),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Host,
    changes_run: false,
    once: false,
    effect: |_| Effect::Read,
    plan: |context| Box::pin(plan(context)),
};

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let algorithm = args.text("checksum_algorithm").unwrap_or("sha1");
    let what = Look {
        follow: args.flag("follow"),
        checksum: args.flag("get_checksum").then_some(algorithm),
        mime: args.flag("get_mime"),
        flags: args.flag("get_attributes"),
    };
    let seen = look_at(context.probe, args.text("path").unwrap_or_default(), what).await?;
    if let Some(why) = seen.error {
        return Err(Failure::new(FailureKind::File, why).help(format!("while looking at `{}`", seen.path)));
    }
    Ok(Change::nothing(Map::new()).field("stat", fields(&seen, what)))
}

fn fields(seen: &Stat, what: Look<'_>) -> Value {
    if !seen.exists() {
        return Value::map([("exists", false)]);
    }
    let mut map = Map::new();
    map.insert("exists", true);
    map.insert("path", seen.path.as_str());
    permission_fields(seen, &mut map);
    let optional = [("blocks", seen.blocks), ("block_size", seen.block_size), ("device_type", seen.device_type)];
    for (name, number) in optional {
        if let Some(number) = number {
            map.insert(name, number);
        }
    }
    map.insert("readable", seen.readable);
    map.insert("writeable", seen.writeable);
    map.insert("executable", seen.executable);
    if seen.kind == FileKind::Link {
        map.insert("lnk_source", seen.source.clone().or_else(|| seen.target.clone()));
        map.insert("lnk_target", seen.target.clone());
    }
    let texts = [("pw_name", &seen.owner), ("gr_name", &seen.group), ("checksum", &seen.checksum)];
    for (name, text) in texts {
        if let Some(text) = text {
            map.insert(name, text.as_str());
        }
    }
    if what.mime {
        let (mime, charset) = seen.mime.as_deref().and_then(mime_of).unwrap_or(("unknown", "unknown"));
        map.insert("mimetype", mime);
        map.insert("charset", charset);
    }
    if what.flags {
        add_flags(&mut map, seen.flags.as_deref().unwrap_or_default());
    }
    Value::from(map)
}

/// Adds what `stat` and `find` both tell of a path: kind, permissions, owner, size and times.
pub(super) fn permission_fields(stat: &Stat, map: &mut Map) {
    map.insert("mode", format!("{:04o}", stat.mode));
    let kinds = [
        ("isdir", FileKind::Directory),
        ("ischr", FileKind::CharDevice),
        ("isblk", FileKind::BlockDevice),
        ("isreg", FileKind::File),
        ("isfifo", FileKind::Fifo),
        ("islnk", FileKind::Link),
        ("issock", FileKind::Socket),
    ];
    for (name, kind) in kinds {
        map.insert(name, stat.kind == kind);
    }
    map.insert("uid", stat.uid);
    map.insert("gid", stat.gid);
    map.insert("size", stat.size);
    map.insert("inode", stat.inode);
    map.insert("dev", stat.dev);
    map.insert("nlink", stat.nlink);
    map.insert("atime", stat.atime);
    map.insert("mtime", stat.mtime);
    map.insert("ctime", stat.ctime);
    let bits = ["wusr", "rusr", "xusr", "wgrp", "rgrp", "xgrp", "woth", "roth", "xoth", "isuid", "isgid"];
    let masks = [0o200, 0o400, 0o100, 0o020, 0o040, 0o010, 0o002, 0o004, 0o001, 0o4000, 0o2000];
    for (name, mask) in bits.into_iter().zip(masks) {
        map.insert(name, stat.mode & mask != 0);
    }
}

/// Reads `path: text/plain; charset=us-ascii`.
fn mime_of(said: &str) -> Option<(&str, &str)> {
    let (_, said) = said.rsplit_once(':')?;
    let (mime, charset) = said.split_once(';')?;
    Some((mime.trim(), charset.split_once('=')?.1.trim()))
}

/// Reads `version flags path`, as `lsattr -v` prints it.
fn add_flags(map: &mut Map, said: &str) {
    let mut words = said.split_whitespace();
    let (version, flags) = (words.next(), words.next());
    let letters = flags.unwrap_or_default().replace('-', "");
    let names = letters.chars().filter_map(|letter| FLAGS.iter().find(|(l, _)| *l == letter)).map(|(_, name)| *name);
    map.insert("version", version.filter(|_| flags.is_some()));
    map.insert("attributes", Value::list(names));
    map.insert("attr_flags", letters.as_str());
}

/// Letters of `chattr` and the names under which Ansible returns them.
const FLAGS: &[(char, &str)] = &[
    ('A', "noatime"),
    ('a', "append"),
    ('c', "compressed"),
    ('C', "nocow"),
    ('d', "nodump"),
    ('D', "dirsync"),
    ('e', "extents"),
    ('E', "encrypted"),
    ('h', "blocksize"),
    ('i', "immutable"),
    ('I', "indexed"),
    ('j', "journalled"),
    ('N', "inline"),
    ('s', "zero"),
    ('S', "synchronous"),
    ('t', "notail"),
    ('T', "blockroot"),
    ('u', "undelete"),
    ('X', "compressedraw"),
    ('Z', "compresseddirty"),
];
