//! `mount`: what is mounted where, in the table that is read at boot (`/etc/fstab`) and now.

use super::edit::{Opened, open_at};
use super::remote::{path_word, quote};
use super::tool::{TOOLS, ask, on_host};
use super::{Arg, ArgKind, Args, Change, Context, Finished, Module, Output, Rule};
use crate::failure::{Failure, FailureKind};
use crate::module::remote::{exec_output, write_action};
use crate::value::Map;

/// The table that `mount` reads when nobody names another one.
const FSTAB: &str = "/etc/fstab";

/// What is said where options cannot be applied to what is mounted.
const NO_REMOUNT: &str = "Options were specified with remounted, but the remount command failed. Failing in order to prevent an \
    unexpected mount result. Try replacing this command with a \"state: unmounted\" followed by a \"state: mounted\" using the \
    full desired mount options instead.";

/// `mount`
pub static MODULE: Module = Module {
    rules: &[
        Rule::RequiredIf("state", "mounted", &["src", "fstype"]),
        Rule::RequiredIf("state", "present", &["src", "fstype"]),
        Rule::RequiredIf("state", "ephemeral", &["src", "fstype"]),
    ],
    ..on_host(
        "mount",
        &["ansible.posix"],
        "Says what is mounted where, now and at every start.",
        &[
            Arg::new("path", ArgKind::Path, "Where it is mounted.").aliases(&["name"]).required(),
            Arg::new("state", ArgKind::Str, "In the table and mounted, in one of both, or in none.")
                .choices(&["absent", "absent_from_fstab", "ephemeral", "mounted", "present", "remounted", "unmounted"])
                .required(),
            Arg::new("src", ArgKind::Path, "What is mounted: a device, `LABEL=…`, a share."),
            Arg::new("fstype", ArgKind::Str, "The kind of file system."),
            Arg::new("opts", ArgKind::Str, "Its options; `defaults` when nobody says."),
            Arg::new("dump", ArgKind::Str, "The fifth field of the table.").default("0"),
            Arg::new("passno", ArgKind::Str, "The sixth field of the table: when it is checked.").default("0"),
            Arg::new("boot", ArgKind::Bool, "Mount it at every start; else its options get `noauto`.").default("true"),
            Arg::new("fstab", ArgKind::Path, "Another table than `/etc/fstab`."),
            Arg::new("backup", ArgKind::Bool, "Keep the table as it was under another name.").default("false"),
        ],
        |context| Box::pin(plan(context)),
    )
};

/// What a task wants.
pub(super) struct Wanted {
    path: String,
    src: Option<String>,
    fstype: Option<String>,
    opts: String,
    dump: String,
    passno: String,
    fstab: String,
}

impl Wanted {
    pub(super) fn of(args: &Args) -> Wanted {
        let text = |name: &str| args.text(name).map(str::to_owned);
        let said = text("opts").unwrap_or_else(|| "defaults".into());
        Wanted {
            path: text("path").unwrap_or_default(),
            src: text("src"),
            fstype: text("fstype"),
            opts: if args.flag("boot") { said } else { format!("{said},noauto") },
            dump: text("dump").unwrap_or_default(),
            passno: text("passno").unwrap_or_default(),
            fstab: text("fstab").unwrap_or_else(|| FSTAB.into()),
        }
    }

    fn result(&self, boot: bool) -> Map {
        let mut result = Map::new();
        for (name, value) in [
            ("name", &self.path),
            ("opts", &self.opts),
            ("dump", &self.dump),
            ("passno", &self.passno),
            ("fstab", &self.fstab),
        ] {
            result.insert(name, value.as_str());
        }
        result.insert("boot", if boot { "yes" } else { "no" });
        result.insert("backup_file", "");
        for (name, value) in [("src", &self.src), ("fstype", &self.fstype)] {
            if let Some(value) = value {
                result.insert(name, value.as_str());
            }
        }
        result
    }

    /// Returns its line of the table.
    fn line(&self) -> String {
        let fields = [self.src.as_deref().unwrap_or_default(), &self.path, self.fstype.as_deref().unwrap_or_default()];
        let fields = fields.into_iter().chain([&*self.opts, &self.dump, &self.passno]);
        fields.map(escaped).collect::<Vec<_>>().join(" ")
    }

    /// Claims that a line of the table is about it; swap has no place, and is known by its device.
    fn is_line(&self, fields: &[&str]) -> bool {
        let [src, path, fstype, ..] = fields else { return false };
        let is_other_swap = *path == "none" && *fstype == "swap" && self.src.as_deref().is_some_and(|own| own != *src);
        *path == escaped(&self.path) && !is_other_swap
    }

    /// Returns the table with its line; nothing when it stands there already.
    pub(super) fn added(&self, table: &str) -> Option<String> {
        let wanted = self.line();
        let (mut lines, mut seen, mut changed) = (Vec::new(), false, false);
        for line in table.lines() {
            let fields = fields(line);
            if !self.is_line(&fields) {
                lines.push(line.to_owned());
                continue;
            }
            seen = true;
            let same = fields.join(" ") == wanted;
            changed |= !same;
            lines.push(if same { line.to_owned() } else { wanted.clone() });
        }
        if !seen {
            lines.push(wanted);
        }
        (changed || !seen).then(|| lines.join("\n") + "\n")
    }

    /// Returns the table without its lines; nothing when there is none.
    pub(super) fn removed(&self, table: &str) -> Option<String> {
        let kept: Vec<&str> = table.lines().filter(|line| !self.is_line(&fields(line))).collect();
        let text: String = kept.iter().flat_map(|line| [*line, "\n"]).collect();
        (kept.len() < table.lines().count()).then_some(text)
    }

    /// Returns the words with which `mount` reads its table.
    fn by_table(&self, options: &str) -> String {
        let table = if self.fstab == FSTAB { String::new() } else { format!(" -T {}", path_word(&self.fstab)) };
        format!("mount{table}{options} {} >&2", path_word(&self.path))
    }

    /// Returns the program that applies options to what is mounted; where that cannot be it is mounted anew.
    fn remount(&self) -> String {
        let remount = self.by_table(" -o remount");
        let again = self.by_table("");
        format!("{remount} 2>/dev/null || {{ umount {} >&2 && {again}; }}", path_word(&self.path))
    }
}

/// Returns the fields of a line that says what is mounted; none of comments and of what is no such line. The last two may
/// be left away.
fn fields(line: &str) -> Vec<&str> {
    let fields: Vec<&str> = line.split_whitespace().collect();
    let is_one = !line.trim_start().starts_with('#') && (4..=6).contains(&fields.len());
    if is_one { fields } else { Vec::new() }
}

/// Returns a field as the table has it: without blanks.
fn escaped(text: &str) -> String {
    text.replace('\\', r"\134").replace(' ', r"\040").replace('&', r"\046")
}

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let args = context.args;
    let wanted = Wanted::of(args);
    let state = args.text("state").unwrap_or_default();
    let [mounts, exists] =
        ask(context.probe, ["cat /proc/self/mounts".into(), format!("[ -e {} ] && echo yes", path_word(&wanted.path))])
            .await?;
    let device = device_at(&mounts, &wanted.path);
    let is_there = exists.trim() == "yes";
    let path = path_word(&wanted.path);
    let folder = if is_there { String::new() } else { format!("{}mkdir -p {path} || exit\n", first_new(&path)) };
    let opened = match state {
        "unmounted" | "remounted" | "ephemeral" => None,
        _ => Some(open_at(&context, &wanted.fstab).await?),
    };
    let table = opened.as_ref().map(|opened| opened.text.clone()).unwrap_or_default();
    let text = match state {
        "present" | "mounted" => wanted.added(&table),
        "absent" | "absent_from_fstab" => wanted.removed(&table),
        _ => None,
    };
    let differs = text.is_some();
    let (program, failing) = match state {
        "mounted" if device.is_none() => (Some(wanted.by_table("")), "mounting"),
        "mounted" => (differs.then(|| wanted.remount()), "mounting"),
        "absent" if differs => {
            let failing = if device.is_some() { "unmounting" } else { "rmdir" };
            let unmount = device.map(|_| format!("umount {path} >&2 || exit\n")).unwrap_or_default();
            let remove = if is_there { format!("rmdir {path}") } else { "true".into() };
            (Some(format!("{unmount}{remove}")), failing)
        }
        "unmounted" => (device.map(|_| format!("umount {path} >&2")), "unmounting"),
        "remounted" => match args.text("opts") {
            None => (Some(wanted.remount()), "remounting"),
            Some(opts) => (Some(format!("mount -o {} {path} >&2", quote(&format!("remount,{opts}")))), "remounting"),
        },
        "ephemeral" => (Some(ephemeral(&wanted, device)?), "mounting"),
        _ => (None, ""),
    };
    let mut change = save(&context, opened, text, wanted.result(args.flag("boot")))?;
    change.changed = differs || program.is_some();
    if let Some(program) = program {
        let program = match state {
            "mounted" => format!(
                "{folder}{program} || {{ status=$?\n{}exit $status; }}",
                undo(differs, &table, &wanted, is_there)
            ),
            "ephemeral" => format!("{folder}{program}"),
            _ => program,
        };
        change.actions.push(write_action(format!("{TOOLS}export LC_ALL=C\n{program}")));
        let (name, changed) = (wanted.path, change.changed);
        let with_options = state == "remounted" && args.text("opts").is_some();
        let edited = change.finish.take();
        change.finish = Some(Box::new(move |mut outputs: Vec<Output>, result| {
            let last = outputs.pop();
            if let Some(edited) = edited {
                edited(outputs, result.clone())?;
            }
            let output = last.map(exec_output).transpose()?;
            match output.filter(|output| output.status != 0) {
                None => Ok(Finished::new(result, changed)),
                Some(_) if with_options => Err(Failure::new(FailureKind::Command, NO_REMOUNT)),
                Some(output) => {
                    let said = String::from_utf8_lossy(&output.stderr).into_owned();
                    Err(Failure::new(FailureKind::Command, format!("Error {failing} {name}: {said}")))
                }
            }
        }));
    }
    Ok(change)
}

/// Returns what is mounted at a place, the last one of several.
pub(super) fn device_at(mounts: &str, path: &str) -> Option<String> {
    let path = match path.trim_end_matches('/') {
        "" => "/".to_owned(),
        path => escaped(path),
    };
    let lines = mounts.lines().map(|line| line.split(' ').collect::<Vec<_>>());
    lines.rev().find(|fields| fields.get(1) == Some(&&*path)).map(|fields| fields[0].to_owned())
}

/// Returns the program that mounts without a word in the table.
fn ephemeral(wanted: &Wanted, device: Option<String>) -> Result<String, Failure> {
    let (src, fstype) = (wanted.src.as_deref().unwrap_or_default(), wanted.fstype.as_deref().unwrap_or_default());
    let path = path_word(&wanted.path);
    let opts = |opts: &str| quote(opts);
    match device {
        Some(device) if device != escaped(src) => Err(Failure::new(
            FailureKind::Module,
            "Ephemeral mount point is already mounted with a different source than the specified one. Failing in order to \
             prevent an unwanted unmount or override operation. Try replacing this command with a \"state: unmounted\" \
             followed by a \"state: ephemeral\", or use a different destination path.",
        )),
        Some(_) => Ok(format!("mount -o {} {path} >&2", opts(&format!("remount,{}", wanted.opts)))),
        None => Ok(format!("mount -t {} -o {} {} {path} >&2", quote(fstype), opts(&wanted.opts), path_word(src))),
    }
}

/// Returns the program that finds the first folder that has yet to be made.
fn first_new(path: &str) -> String {
    format!(
        "folder={path}\nfirst=$folder\nwhile up=${{first%/*}}; [ -n \"$up\" ] && [ ! -e \"$up\" ]; do first=$up; done\n"
    )
}

/// Returns what takes back the table and the folders where mounting fails.
fn undo(differs: bool, table: &str, wanted: &Wanted, is_there: bool) -> String {
    let mut undo = String::new();
    if differs {
        undo.push_str(&format!("printf %s {} >{}\n", quote(table), path_word(&wanted.fstab)));
    }
    if !is_there {
        undo.push_str("while rmdir \"$folder\" && [ \"$folder\" != \"$first\" ]; do folder=${folder%/*}; done\n");
    }
    undo
}

/// Returns the change of the table, with the module's own result.
fn save(context: &Context<'_>, opened: Option<Opened>, text: Option<String>, result: Map) -> Result<Change, Failure> {
    let (Some(opened), Some(text)) = (opened, text) else { return Ok(Change::nothing(result)) };
    let mut change = opened.save(context, Some(text), "")?;
    let kept = change.result.get("backup_file").cloned();
    change.result = result;
    if let Some(kept) = kept {
        change.result.insert("backup_file", kept);
    }
    Ok(change)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wanted(path: &str) -> Wanted {
        let text = |text: &str| text.to_owned();
        Wanted {
            path: text(path),
            src: Some(text("LABEL=a b")),
            fstype: Some(text("ext4")),
            opts: text("ro"),
            dump: text("0"),
            passno: text("2"),
            fstab: text(FSTAB),
        }
    }

    #[test]
    fn a_table_has_a_place_once_and_keeps_what_it_has_besides() {
        let table = "# LABEL=a\\040b /x ext4 ro 0 2\n\n/dev/b  /b\text4 rw 0 1\nlone\n";
        let added = wanted("/x").added(table).expect("it is not there yet");
        assert_eq!(added, format!("{table}LABEL=a\\040b /x ext4 ro 0 2\n"));
        assert_eq!(wanted("/x").added(&added), None);
        assert_eq!(wanted("/x").removed(&added).as_deref(), Some(table));
        assert_eq!(wanted("/x").removed(table), None);
        let changed = wanted("/b").added(table).expect("it is another one");
        assert!(changed.contains("\nLABEL=a\\040b /b ext4 ro 0 2\nlone\n") && !changed.contains("/dev/b"), "{changed}");
    }

    #[test]
    fn swap_is_known_by_its_device() {
        let table = "/dev/s1 none swap sw 0 0\n/dev/s2 none swap sw 0 0\n";
        let swap = Wanted { src: Some("/dev/s2".into()), fstype: Some("swap".into()), ..wanted("none") };
        assert_eq!(swap.removed(table).as_deref(), Some("/dev/s1 none swap sw 0 0\n"));
    }

    #[test]
    fn what_is_mounted_is_found_by_its_place() {
        let mounts = "none /x\\040y tmpfs rw 0 0\na /x tmpfs rw 0 0\nb /x tmpfs rw 0 0\n";
        assert_eq!(device_at(mounts, "/x y").as_deref(), Some("none"));
        assert_eq!(device_at(mounts, "/x/").as_deref(), Some("b"));
        assert_eq!(device_at(mounts, "/"), None);
    }
}
