//! The program that asks a host about paths, and what it answers.
//!
//! The answer is a list of NUL-terminated pairs; `path` begins a new one. The numbers come from GNU or busybox `stat -c`,
//! BSD `stat -f`, or where there is no `stat` (OpenWrt) from `ls -dn`, whichever works first.

use super::{Look, Me, Seen};
use crate::failure::{Failure, FailureKind};
use std::collections::HashMap;

/// Defines `look PATH FOLLOW ALGORITHM MIME FLAGS`; says who runs it.
pub(super) const PROGRAM: &str = r#"LC_ALL=C; export LC_ALL
f() { printf '%s\0%s\0' "$1" "$2"; }
has() { command -v "$1" >/dev/null 2>&1; }
digest() {
  if has "$1sum"; then set -- "$("$1sum" <"$2")"
  elif has openssl; then set -- "$(openssl dgst "-$1" -r <"$2")"
  elif has "$1"; then set -- "$("$1" -q <"$2")"
  elif has shasum; then set -- "$(shasum -a "${1#sha}" <"$2")"
  else set -- ''; fi 2>/dev/null
  printf '%s' "${1%% *}"
}
look() {
  f path "$1"
  case $1 in */*) d=${1%/*};; *) d=.;; esac
  [ -n "$d" ] || d=/
  [ -d "$1" ] && f leads_to_dir 1
  [ -d "$d" ] && f parent 1
  [ -w "$d" ] && f parent_writable 1
  [ -L "$1" ] && f target "$(readlink "$1")"
  [ -L "$1" ] && f source "$(readlink -f "$1" 2>/dev/null || realpath "$1" 2>/dev/null)"
  if [ ! -e "$1" ]; then
    if [ "$2" = 1 ] || [ ! -L "$1" ]; then f error "$(ls -ld "$1" 2>&1 >/dev/null)"; return; fi
  fi
  L=; [ "$2" = 1 ] && L=-L
  if s=$(stat $L -c '%f %u %g %s %.9X %.9Y %.9Z %i %d %h %b %o %t %T
%U
%G' "$1" 2>/dev/null); then f gnu "$s"
  elif s=$(stat $L -f '%Xp %u %g %z %Fa %Fm %Fc %i %d %l %b %k %r 0%n%Su%n%Sg' "$1" 2>/dev/null); then f bsd "$s"
  else f ls "$(ls -dn $L "$1")"; f names "$(ls -d -l $L "$1")"; f time "$(date -r "$1" +%s 2>/dev/null)"; fi
  [ -r "$1" ] && f readable 1
  [ -w "$1" ] && f writeable 1
  [ -x "$1" ] && f executable 1
  if [ "$3" != - ] && [ -f "$1" ] && [ -r "$1" ]; then
    if [ "$2" = 1 ] || [ ! -L "$1" ]; then f checksum "$(digest "$3" "$1")"; fi
  fi
  [ "$4" = 1 ] && f mime "$(file --mime-type --mime-encoding "$1" 2>/dev/null)"
  [ "$5" = 1 ] && f flags "$(lsattr -vd "$1" 2>/dev/null)"
  :
}
f me "$(id -u) $(id -g) $(umask)
$(id -un)
$(id -gn)"
"#;

/// Returns the program for these paths.
pub(super) fn program(words: &[String], what: Look<'_>) -> String {
    let mut text = PROGRAM.to_owned();
    let flag = |on: bool| if on { '1' } else { '0' };
    for word in words {
        let (follow, mime, flags) = (flag(what.follow), flag(what.mime), flag(what.flags));
        text.push_str(&format!("look {word} {follow} {} {mime} {flags}\n", what.checksum.unwrap_or("-")));
    }
    text
}

/// What a path is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub(in crate::module) enum FileKind {
    /// Nothing is there.
    #[default]
    Absent,
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link.
    Link,
    /// A device of characters.
    CharDevice,
    /// A device of blocks.
    BlockDevice,
    /// A named pipe.
    Fifo,
    /// A socket.
    Socket,
}

/// What a host says of a path.
#[derive(Clone, Debug, Default)]
pub(in crate::module) struct Stat {
    /// The path with `~` and variables expanded by the host.
    pub(in crate::module) path: String,
    pub(in crate::module) kind: FileKind,
    /// Permission bits, setuid, setgid and sticky included.
    pub(in crate::module) mode: u32,
    pub(in crate::module) uid: i128,
    pub(in crate::module) gid: i128,
    pub(in crate::module) owner: Option<String>,
    pub(in crate::module) group: Option<String>,
    pub(in crate::module) size: i128,
    pub(in crate::module) atime: f64,
    pub(in crate::module) mtime: f64,
    pub(in crate::module) ctime: f64,
    pub(in crate::module) inode: i128,
    pub(in crate::module) dev: i128,
    pub(in crate::module) nlink: i128,
    pub(in crate::module) blocks: Option<i128>,
    pub(in crate::module) block_size: Option<i128>,
    pub(in crate::module) device_type: Option<i128>,
    pub(in crate::module) readable: bool,
    pub(in crate::module) writeable: bool,
    pub(in crate::module) executable: bool,
    /// The checksum; `None` when there is none: no regular file, not readable, or the host has no tool for it.
    pub(in crate::module) checksum: Option<String>,
    /// What a symbolic link says.
    pub(in crate::module) target: Option<String>,
    /// Where a symbolic link leads in the end.
    pub(in crate::module) source: Option<String>,
    /// What `file` says, when it was asked.
    pub(in crate::module) mime: Option<String>,
    /// What `lsattr -v` says, when it was asked.
    pub(in crate::module) flags: Option<String>,
    /// It is a directory, or a link that leads to one.
    pub(in crate::module) leads_to_dir: bool,
    pub(in crate::module) parent_exists: bool,
    pub(in crate::module) parent_writable: bool,
    /// Why nothing is there, when it is not simply missing: a parent that is no directory or may not be read.
    pub(in crate::module) error: Option<&'static str>,
}

impl Stat {
    /// Claims that something is there.
    pub(in crate::module) fn exists(&self) -> bool {
        self.kind != FileKind::Absent
    }

    /// Claims that it is a directory.
    pub(in crate::module) fn is_dir(&self) -> bool {
        self.kind == FileKind::Directory
    }

    /// Returns the word that result fields named `state` hold.
    pub(in crate::module) fn state(&self) -> &'static str {
        match self.kind {
            FileKind::Absent => "absent",
            FileKind::Directory => "directory",
            FileKind::Link => "link",
            _ if self.nlink > 1 => "hard",
            _ => "file",
        }
    }
}

/// Reads the program's answer.
pub(super) fn parse(answer: &[u8], seen: &mut Seen) -> Result<(), Failure> {
    let text = String::from_utf8_lossy(answer);
    let mut parts = text.split('\0');
    let mut fields: HashMap<&str, &str> = HashMap::new();
    while let (Some(key), Some(value)) = (parts.next(), parts.next()) {
        if key == "me" {
            seen.me = me_of(value);
            continue;
        }
        if key == "path" && !fields.is_empty() {
            seen.stats.push(stat_of(&fields)?);
            fields.clear();
        }
        fields.insert(key, value);
    }
    if !fields.is_empty() {
        seen.stats.push(stat_of(&fields)?);
    }
    Ok(())
}

/// Reads the numbers of user, group and mask, and the two names on lines of their own.
fn me_of(text: &str) -> Me {
    let mut lines = text.lines();
    let numbers: Vec<&str> = lines.next().unwrap_or_default().split_whitespace().collect();
    let mut me = Me::default();
    if let [uid, gid, umask] = numbers[..] {
        me.uid = uid.parse().unwrap_or(0);
        me.gid = gid.parse().unwrap_or(0);
        me.umask = u32::from_str_radix(umask, 8).unwrap_or(0o022);
    }
    me.user = lines.next().unwrap_or_default().to_owned();
    me.group = lines.next().unwrap_or_default().to_owned();
    me
}

fn stat_of(fields: &HashMap<&str, &str>) -> Result<Stat, Failure> {
    let text = |key: &str| fields.get(key).filter(|t| !t.is_empty()).map(|t| (*t).to_owned());
    let flag = |key: &str| fields.contains_key(key);
    let mut stat = Stat {
        path: fields.get("path").copied().unwrap_or_default().to_owned(),
        readable: flag("readable"),
        writeable: flag("writeable"),
        executable: flag("executable"),
        checksum: text("checksum"),
        target: text("target"),
        source: text("source"),
        mime: text("mime"),
        flags: text("flags"),
        leads_to_dir: flag("leads_to_dir"),
        parent_exists: flag("parent"),
        parent_writable: flag("parent_writable"),
        ..Stat::default()
    };
    if let Some(error) = fields.get("error") {
        stat.error = ["Permission denied", "Not a directory", "Too many levels of symbolic links"]
            .into_iter()
            .find(|why| error.contains(why));
        return Ok(stat);
    }
    let read = match (fields.get("gnu"), fields.get("bsd"), fields.get("ls")) {
        (Some(line), ..) => from_numbers(&mut stat, line, true),
        (_, Some(line), _) => from_numbers(&mut stat, line, false),
        (_, _, Some(line)) => from_ls(&mut stat, line, fields),
        _ => None,
    };
    read.ok_or_else(|| Failure::new(FailureKind::File, format!("cannot read what the host says of `{}`", stat.path)))?;
    Ok(stat)
}

/// Reads the fields of `stat`: numbers on the first line, the two names on lines of their own.
fn from_numbers(stat: &mut Stat, text: &str, gnu: bool) -> Option<()> {
    let mut lines = text.lines();
    let numbers: Vec<&str> = lines.next()?.split_whitespace().collect();
    let &[mode, uid, gid, size, atime, mtime, ctime, inode, dev, nlink, blocks, block_size, major, minor] =
        &numbers[..]
    else {
        return None;
    };
    let raw = u32::from_str_radix(mode, 16).ok()?;
    stat.kind = kind_of(raw);
    stat.mode = raw & 0o7777;
    stat.uid = uid.parse().ok()?;
    stat.gid = gid.parse().ok()?;
    stat.size = size.parse().ok()?;
    stat.atime = atime.parse().ok()?;
    stat.mtime = mtime.parse().ok()?;
    stat.ctime = ctime.parse().ok()?;
    stat.inode = inode.parse().ok()?;
    stat.dev = dev.parse().ok()?;
    stat.nlink = nlink.parse().ok()?;
    stat.blocks = blocks.parse().ok();
    stat.block_size = block_size.parse().ok();
    stat.device_type = if gnu {
        let hex = |text: &str| i128::from_str_radix(text, 16).ok();
        hex(major).zip(hex(minor)).map(|(major, minor)| device_number(major, minor))
    } else {
        major.parse().ok()
    };
    let name = |line: Option<&str>| line.filter(|name| !name.is_empty() && *name != "UNKNOWN").map(str::to_owned);
    // BSD prints the number where there is no name.
    stat.owner = name(lines.next()).filter(|name| gnu || *name != uid);
    stat.group = name(lines.next()).filter(|name| gnu || *name != gid);
    Some(())
}

/// Returns the number that Linux makes of a device's major and minor (`makedev(3)`).
fn device_number(major: i128, minor: i128) -> i128 {
    (minor & 0xff) | ((major & 0xfff) << 8) | ((minor & !0xff) << 12) | ((major & !0xfff) << 32)
}

fn kind_of(raw: u32) -> FileKind {
    match raw & 0o170_000 {
        0o040_000 => FileKind::Directory,
        0o120_000 => FileKind::Link,
        0o020_000 => FileKind::CharDevice,
        0o060_000 => FileKind::BlockDevice,
        0o010_000 => FileKind::Fifo,
        0o140_000 => FileKind::Socket,
        _ => FileKind::File,
    }
}

/// Reads `ls -dn` (`-rw-r--r-- 1 0 0 1234 …`); times come from `date -r`.
fn from_ls(stat: &mut Stat, line: &str, fields: &HashMap<&str, &str>) -> Option<()> {
    let words: Vec<&str> = line.split_whitespace().collect();
    let letters = words.first()?.as_bytes();
    stat.kind = match letters.first()? {
        b'd' => FileKind::Directory,
        b'l' => FileKind::Link,
        b'c' => FileKind::CharDevice,
        b'b' => FileKind::BlockDevice,
        b'p' => FileKind::Fifo,
        b's' => FileKind::Socket,
        _ => FileKind::File,
    };
    stat.mode = mode_of_letters(letters.get(1..10)?);
    stat.nlink = words.get(1)?.parse().ok()?;
    stat.uid = words.get(2)?.parse().ok()?;
    stat.gid = words.get(3)?.parse().ok()?;
    // Devices have `major, minor` where others have their size.
    stat.size = words.get(4)?.parse().unwrap_or(0);
    let time = fields.get("time").and_then(|time| time.parse().ok()).unwrap_or(0.0);
    (stat.atime, stat.mtime, stat.ctime) = (time, time, time);
    let names: Vec<&str> = fields.get("names").map(|line| line.split_whitespace().collect()).unwrap_or_default();
    let name = |at: usize, number: &str| names.get(at).filter(|name| **name != number).map(|name| (*name).to_owned());
    stat.owner = name(2, words[2]);
    stat.group = name(3, words[3]);
    Some(())
}

/// Returns the permission bits of `rwxr-xr-x` and its relatives.
pub(super) fn mode_of_letters(letters: &[u8]) -> u32 {
    let mut mode = 0;
    for (at, letter) in letters.iter().enumerate().take(9) {
        let bit = 0o400 >> at;
        let special = 0o4000 >> (at / 3);
        match letter {
            b'-' => {}
            b'S' | b'T' => mode |= special,
            b's' | b't' => mode |= special | bit,
            _ => mode |= bit,
        }
    }
    mode
}
