//! `copy` with `remote_src`: from the host to the host.

use super::super::attributes::{Attributes, Mode, add_fields, chmod_bits, mode_arg};
use super::super::place::{check_folder, finish_with_attributes, predict_attributes};
use super::super::remote::{
    FileKind, Look, Me, Stat, look, look_action, look_at, path_word, path_word_literal, quote, sh, write_action,
};
use super::super::write::{backup_path, make_folders, temporary_path};
use super::super::{Change, Context};
use crate::failure::{Failure, FailureKind};
use crate::value::Map;

/// Plans a copy of `src` on the host to `dest` on the host.
pub(super) async fn plan(context: &Context<'_>, src: &str, mut attributes: Attributes) -> Result<Change, Failure> {
    let dest = context.args.text("dest").unwrap_or_default();
    let name = src.trim_end_matches('/').rsplit('/').next().unwrap_or_default();
    let inside = format!("{}/{name}", dest.trim_end_matches('/'));
    let words = [path_word(src), path_word(dest), path_word(&inside)];
    let what = Look { follow: true, ..Look::FILE };
    let seen = look(context.probe, &words, what).await?;
    let Ok([source, outside, inside]) = <[Stat; 3]>::try_from(seen.stats) else {
        return Err(Failure::new(FailureKind::Internal, "nothing was seen of a path"));
    };
    if !source.exists() {
        return Err(Failure::new(FailureKind::File, format!("Source {} not found", source.path)));
    }
    if !source.readable {
        return Err(Failure::new(FailureKind::File, format!("Source {} not readable", source.path)));
    }
    if attributes.mode == Some(Mode::Preserve) {
        attributes.mode = Some(Mode::Bits(source.mode));
    }
    if source.is_dir() {
        let target = if src.ends_with('/') { outside } else { inside };
        return folder(context, &source, target, &attributes, &seen.me).await;
    }
    if source.kind != FileKind::File {
        return Err(Failure::new(
            FailureKind::File,
            format!("Cannot copy invalid source '{}': not a file", source.path),
        ));
    }
    let new_folder = (dest.ends_with('/') && !outside.is_dir()).then(|| outside.path.clone());
    let target = if outside.is_dir() || new_folder.is_some() { inside } else { outside };
    let what = Look { follow: true, checksum: Some("md5"), ..Look::default() };
    let md5 = look_at(context.probe, src, what).await?.checksum;
    file(context, &source, target, &attributes, &seen.me, new_folder, md5)
}

fn file(
    context: &Context<'_>,
    source: &Stat,
    target: Stat,
    attributes: &Attributes,
    me: &Me,
    new_folder: Option<String>,
    md5: Option<String>,
) -> Result<Change, Failure> {
    let args = context.args;
    let mut change = Change::nothing(Map::new())
        .field("checksum", source.checksum.clone())
        .field("md5sum", md5)
        .field("dest", target.path.as_str())
        .field("src", source.path.as_str());
    if target.exists() && !args.flag("force") {
        return Ok(change.field("msg", "file already exists"));
    }
    if new_folder.is_none() {
        check_folder(&target)?;
    }
    let same = target.kind == FileKind::File && target.checksum.is_some() && target.checksum == source.checksum;
    let now = if target.exists() {
        target.clone()
    } else {
        Stat { path: target.path.clone(), kind: FileKind::File, mode: source.mode, ..me_stat(me) }
    };
    add_fields(&mut change.result, &now);
    predict_attributes(&mut change.result, attributes, &now, me.umask);
    change.result.insert("size", source.size);
    let mut program = String::new();
    if let Some(folder) = new_folder {
        let mode = mode_arg(args, "directory_mode")?;
        program.push_str(&make_folders(&[folder], mode.as_ref(), attributes, me.umask));
    }
    let mut commands = Vec::new();
    if !same {
        let (from, to) = (path_word_literal(&source.path), path_word_literal(&target.path));
        if args.flag("backup") && target.exists() {
            let backup = backup_path(&target.path);
            commands.push(format!("cp -p {to} {}", path_word_literal(&backup)));
            change.result.insert("backup_file", backup);
        }
        let temporary = path_word_literal(&temporary_path(&target.path));
        commands.push(format!("cp -p {from} {temporary}"));
        commands.push(format!("mv -f {temporary} {to}"));
        if let Some(mode) = &attributes.mode {
            commands.push(format!("chmod {} {to}", chmod_bits(mode.applied_to(now.mode, false, me.umask))));
        }
        for (tool, wanted) in [("chown", &attributes.owner), ("chgrp", &attributes.group)] {
            if let Some(wanted) = wanted {
                commands.push(format!("{tool} {} {to}", quote(wanted)));
            }
        }
    } else {
        commands = attributes.commands(&target, me.umask);
    }
    if commands.is_empty() {
        return Ok(change);
    }
    program.push_str(&commands.join(" &&\n"));
    change.changed = true;
    change.actions = vec![write_action(program), look_action(&target.path)];
    change.finish = Some(Box::new(finish_with_attributes));
    Ok(change)
}

fn me_stat(me: &Me) -> Stat {
    Stat { uid: me.uid, gid: me.gid, owner: Some(me.user.clone()), group: Some(me.group.clone()), ..Stat::default() }
}

async fn folder(
    context: &Context<'_>,
    source: &Stat,
    target: Stat,
    attributes: &Attributes,
    me: &Me,
) -> Result<Change, Failure> {
    let args = context.args;
    let (from, to) = (path_word_literal(&source.path), path_word_literal(&target.path));
    // Every file and folder that is missing or differs, a line each; only whether there are any counts.
    let program = format!(
        "cd {from} || exit 1\nt={to}; case $t in /*) ;; *) t=$OLDPWD/$t;; esac\n\
         find . -type d -exec sh -c 'for f do [ -d \"$0/$f\" ] || echo d; done' \"$t\" {{}} +\n\
         find . -type f -exec sh -c 'for f do cmp -s \"$f\" \"$0/$f\" || echo f; done' \"$t\" {{}} +\n"
    );
    let differs = !sh(context.probe, program).await?.stdout.is_empty();
    let mut change = Change::nothing(Map::new())
        .field("checksum", crate::value::Value::Null)
        .field("dest", target.path.as_str())
        .field("src", source.path.as_str());
    if !differs {
        return Ok(change);
    }
    let mode = mode_arg(args, "directory_mode")?;
    let mut program = make_folders(std::slice::from_ref(&target.path), mode.as_ref(), attributes, me.umask);
    let force = if args.flag("force") { "" } else { "n" };
    program.push_str(&format!("cp -R{force} {from}/. {to}/\n"));
    change.changed = true;
    change.actions = vec![write_action(program), look_action(&target.path)];
    change.finish = Some(Box::new(finish_with_attributes));
    Ok(change)
}
