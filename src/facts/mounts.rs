//! File systems that are mounted, and how full they are.

use super::answers::Answers;
use super::{Collector, Facts};
use crate::value::{Map, Value};
use std::collections::{HashMap, HashSet};

pub(super) static COLLECTORS: &[Collector] = &[Collector {
    name: "hardware",
    ids: &["mounts"],
    links: &["/dev/disk/by-uuid/*"],
    // A server that does not answer must not hold up the others: each network file system is asked for itself, with a
    // deadline.
    asks: r#"if [ -r /etc/mtab ]; then m=/etc/mtab; else m=/proc/mounts; fi
e mounts "$(cat $m 2>/dev/null)"
e mountinfo "$(cat /proc/self/mountinfo 2>/dev/null)"
has lsblk && e lsblk "$(lsblk --list --noheadings --paths --output NAME,UUID --exclude 2 2>/dev/null)"
size() { stat -f -c '%n|%S|%s|%b|%a|%c|%d' "$@" 2>/dev/null; }
e sizes "$(set --
while read -r device folder kind rest; do
  case $device in /*|*:/*|'\'*) ;; *) continue;; esac
  case $folder in *'\'*) folder=$(printf '%s' "$folder" | sed -e 's/\\040/ /g' -e 's/\\011/	/g' -e 's/\\134/\\/g');; esac
  case $kind in nfs*|cifs|smb*|fuse.*|ceph|glusterfs|9p|afs)
    has timeout && timeout "$limit" stat -f -c '%n|%S|%s|%b|%a|%c|%d' "$folder" 2>/dev/null; [ $? = 124 ] && printf '%s|late\n' "$folder";;
  *) set -- "$@" "$folder";; esac
done <$m
[ $# -gt 0 ] && size "$@")"
"#,
    read,
    ..Collector::NONE
}];

fn read(answers: &Answers, facts: &mut Facts) {
    let sizes: HashMap<&str, Vec<&str>> = answers
        .text("sizes")
        .unwrap_or_default()
        .lines()
        .filter_map(|line| line.split_once('|'))
        .map(|(folder, numbers)| (folder, numbers.split('|').collect()))
        .collect();
    let uuids = uuids(answers);
    let bound = bound(answers.text("mountinfo").unwrap_or_default());
    let mut mounts: Vec<Value> = Vec::new();
    let mut by_folder: HashMap<String, usize> = HashMap::new();
    for line in answers.text("mounts").unwrap_or_default().lines() {
        let fields: Vec<String> = line.split_whitespace().map(unescaped).collect();
        let [device, folder, kind, options, rest @ ..] = &fields[..] else { continue };
        if (!device.starts_with(['/', '\\']) && !device.contains(":/")) || kind == "none" {
            continue;
        }
        let number = |at: usize| rest.get(at).and_then(|field| field.parse::<i64>().ok()).unwrap_or(0);
        let options = if bound.contains(folder) && !options.contains("bind") {
            format!("{options},bind")
        } else {
            options.clone()
        };
        let mut mount = Map::new();
        for (name, value) in [("mount", folder), ("device", device), ("fstype", kind), ("options", &options)] {
            mount.insert(name, value.as_str());
        }
        mount.insert("dump", number(0));
        mount.insert("passno", number(1));
        match sizes.get(&**folder).map(Vec::as_slice) {
            Some(["late"]) => {
                mount.insert("note", "Could not get extra information due to timeout");
                facts.warn(format!("Timeout exceeded when getting mount info for {folder}"));
            }
            Some(numbers) => add_size(&mut mount, numbers),
            None => {}
        }
        mount.insert("uuid", uuids.get(device.as_str()).copied().unwrap_or("N/A"));
        // What is mounted over something covers it.
        match by_folder.get(folder) {
            Some(at) => mounts[*at] = mount.into(),
            None => {
                by_folder.insert(folder.clone(), mounts.len());
                mounts.push(mount.into());
            }
        }
    }
    facts.set("mounts", mounts);
}

/// Adds what `stat -f` says: size of fragments, of blocks, blocks, those to be had, inodes, free ones.
fn add_size(mount: &mut Map, numbers: &[&str]) {
    let numbers: Vec<i64> = numbers.iter().filter_map(|number| number.parse().ok()).collect();
    let [fragment, block, blocks, available, inodes, inodes_free] = numbers[..] else { return };
    for (name, value) in [
        ("size_total", fragment.saturating_mul(blocks)),
        ("size_available", fragment.saturating_mul(available)),
        ("block_size", block),
        ("block_total", blocks),
        ("block_available", available),
        ("block_used", blocks - available),
        ("inode_total", inodes),
        ("inode_available", inodes_free),
        ("inode_used", inodes - inodes_free),
    ] {
        mount.insert(name, value);
    }
}

/// Returns the ids of file systems by device: those that `lsblk` knows, else those that have a link.
fn uuids(answers: &Answers) -> HashMap<String, &str> {
    let mut uuids: HashMap<String, &str> = HashMap::new();
    for (uuid, target) in answers.links_in("/dev/disk/by-uuid/", "") {
        uuids.insert(format!("/dev/{}", super::answers::base_name(target)), uuid);
    }
    for line in answers.text("lsblk").unwrap_or_default().lines() {
        if let Some((device, uuid)) = line.trim().split_once(char::is_whitespace) {
            uuids.insert(device.to_owned(), uuid.trim());
        }
    }
    uuids
}

/// Returns the folders on which a part of a file system is mounted, not its root.
fn bound(mountinfo: &str) -> HashSet<String> {
    let mut bound = HashSet::new();
    for line in mountinfo.lines() {
        let fields: Vec<&str> = line.split(' ').collect();
        if let [_, _, _, root, folder, ..] = fields[..]
            && root != "/"
        {
            bound.insert(unescaped(folder));
        }
    }
    bound
}

/// Returns a field with its octal escapes (`\040`) undone.
fn unescaped(field: &str) -> String {
    let mut text = String::with_capacity(field.len());
    let mut rest = field;
    while let Some(at) = rest.find('\\') {
        text.push_str(&rest[..at]);
        let code = rest.get(at + 1..at + 4).filter(|digits| digits.bytes().all(|b| b.is_ascii_digit()));
        match code.and_then(|digits| u8::from_str_radix(digits, 8).ok()) {
            Some(byte) => {
                text.push(char::from(byte));
                rest = &rest[at + 4..];
            }
            None => {
                text.push('\\');
                rest = &rest[at + 1..];
            }
        }
    }
    text.push_str(rest);
    text
}
