//! Programs that go on without anybody waiting for them: `async`, and `async_status` that asks how they are.
//!
//! A job is a program that POSIX sh starts in the background of the host, in a session of its own, so that it outlives the
//! connection. While it runs `~/.ansible_async/ID` says so; when it has ended, or had to be ended, the file holds the result as
//! JSON, in the form that Ansible's own jobs leave. Any later run, and Ansible too, can ask for it.
//!
//! Traps: a shell can tell of a signal only by the status 128 + number; output is made JSON by `sed`, so control
//! characters other than tab, newline, carriage return and escape are dropped.

use super::remote::{path_word, path_word_literal, quote};
use super::{Action, Exec, ExecOutput, Program, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::value::{Map, Value};

/// Where jobs are kept when nobody says (`ansible_async_dir`).
pub const FOLDER: &str = "~/.ansible_async";

/// Modules whose whole work is one program, so that a host can go on with it alone.
pub const DETACHED: &[&str] = &["command", "shell"];

/// Modules that Ansible does not run in the background either.
pub const NEVER: &[&str] = &[
    "add_host",
    "assemble",
    "assert",
    "async_status",
    "cli_command",
    "cli_config",
    "copy",
    "debug",
    "fail",
    "fetch",
    "group_by",
    "include_vars",
    "net_ping",
    "pause",
    "raw",
    "reboot",
    "script",
    "set_fact",
    "set_stats",
    "template",
    "unarchive",
    "validate_argument_spec",
    "wait_for_connection",
];

/// What runs on the host: `$1` the file of the job, `$2` its ID, `$3` its limit in seconds, `$4` the beginning of its
/// result, `$5` and on the program.
const RUNNER: &str = r#"j=$1 id=$2 n=$3 begin=$4; shift 4
LC_ALL=C T=$(printf '\t') R=$(printf '\r') E=$(printf '\033')
json() {
  tr -d '\000-\010\013\014\016-\032\034-\037' <"$1" |
    LC_ALL=C sed -e 's/[\\"]/\\&/g' -e "s/$T/\\\\t/g" -e "s/$R/\\\\r/g" -e "s/$E/\\\\u001b/g" |
    LC_ALL=C awk 'NR > 1 { printf "\\n" } { printf "%s", $0 }'
}
now() { date '+%Y-%m-%d %H:%M:%S.000000'; }
start=$(now) from=$(date +%s)
own=; command -v setsid >/dev/null 2>&1 && own=setsid
: >"$j.run"
$own "$@" <"$j.in" >"$j.out" 2>"$j.err" &
p=$!
(
  while [ -e "$j.run" ]; do
    if [ "$n" -le 0 ]; then
      : >"$j.late"; kill -KILL "-$p" 2>/dev/null || kill -KILL "$p" 2>/dev/null; exit
    fi
    sleep 1; n=$((n - 1))
  done
) >/dev/null 2>&1 &
wait "$p" 2>/dev/null; rc=$?
rm -f "$j.run"
took=$(($(date +%s) - from))
[ "$rc" -gt 128 ] && rc=$((128 - rc))
failed=false msg=; [ "$rc" -eq 0 ] || { failed=true; msg='non-zero return code'; }
{
  if [ -e "$j.late" ]; then
    printf '{"failed": true, "msg": "Timeout exceeded", "child_pid": %s, ' "$p"
  else
    printf '%s"rc": %s, "msg": "%s", "failed": %s, "changed": true, ' "$begin" "$rc" "$msg" "$failed"
    printf '"start": "%s", "end": "%s", "delta": "%d:%02d:%02d.000000", ' \
      "$start" "$(now)" $((took / 3600)) $((took % 3600 / 60)) $((took % 60))
    printf '"stdout": "'; json "$j.out"; printf '", "stderr": "'; json "$j.err"; printf '", '
  fi
  printf '"started": 1, "finished": 1, "ansible_job_id": "%s"}' "$id"
} >"$j.tmp"
mv -f "$j.tmp" "$j"
rm -f "$j.in" "$j.out" "$j.err" "$j.late"
"#;

/// A job.
#[derive(Clone, Debug)]
pub struct Job {
    /// Its ID, as `ansible_job_id` tells it.
    pub id: String,
    /// The folder on the host in which it is kept; `~` and variables are the host's.
    pub folder: String,
}

/// How a job is.
#[derive(Debug)]
pub struct JobState {
    /// The file that tells of it.
    pub results_file: String,
    /// What it tells; `None` when there is no such job.
    pub result: Option<Map>,
}

impl Job {
    /// Makes a job with an ID of its own.
    pub fn new(folder: &str) -> Job {
        let number = uuid::Uuid::new_v4().as_u128();
        Job { id: format!("j{}.{}", number % 1_000_000_000_000, std::process::id()), folder: folder.to_owned() }
    }

    /// Returns the action that begins a program as this job; its output is the path of the file that tells of it.
    /// `known` are the fields of the result that are known before.
    pub fn begin(&self, exec: Exec, known: &Map, limit_seconds: u64) -> Result<Action, Failure> {
        let words = match exec.program {
            Program::Argv(words) => words,
            Program::Shell { text, executable } => {
                vec![executable.unwrap_or_else(|| "/bin/sh".into()), "-c".into(), text]
            }
            Program::Raw(_) => {
                let message = "what the login shell reads cannot run in the background";
                return Err(Failure::new(FailureKind::Argument, message));
            }
        };
        let mut begin = String::from("{");
        for (key, value) in known.iter() {
            let name = serde_json::Value::from(key.to_string());
            begin.push_str(&format!("{name}: {}, ", value.to_json()));
        }
        let words: Vec<String> = words.iter().map(|word| quote(word)).collect();
        let text = format!(
            "umask 077; d={}; mkdir -p \"$d\" || exit 1; j=$d/{}\n\
             cat >\"$j.in\" && printf '{{\"started\": 1, \"finished\": 0, \"ansible_job_id\": \"%s\"}}' {} >\"$j\" || exit 1\n\
             nohup /bin/sh -c {} sh \"$j\" {} {limit_seconds} {} {} </dev/null >/dev/null 2>&1 &\n\
             printf %s \"$j\"",
            path_word(&self.folder),
            quote(&self.id),
            quote(&self.id),
            quote(RUNNER),
            quote(&self.id),
            quote(&begin),
            words.join(" "),
        );
        let program = Program::Shell { text, executable: None };
        let stdin = Some(exec.stdin.unwrap_or_default());
        Ok(Action::on_host(Effect::Write, Work::Exec(Exec { program, stdin, ..exec })))
    }

    /// Returns the action that asks how the job is.
    pub fn ask(&self) -> Action {
        let text = format!(
            "j={}/{}; printf '%s\\n' \"$j\"; [ -f \"$j\" ] || exit 0; cat \"$j\"",
            path_word(&self.folder),
            quote(&self.id)
        );
        Action::on_host(Effect::Read, shell(text))
    }

    /// Reads the answer to [`Job::ask`].
    pub fn state(&self, output: &ExecOutput) -> Result<JobState, Failure> {
        let text = String::from_utf8_lossy(&output.stdout);
        let (results_file, told) = text.split_once('\n').unwrap_or((&text, ""));
        let results_file = results_file.to_owned();
        if told.trim().is_empty() {
            return Ok(JobState { results_file, result: None });
        }
        // Ansible's own jobs may put a line of warnings before the JSON.
        let json = told.find('{').and_then(|at| serde_json::from_str::<serde_json::Value>(&told[at..]).ok());
        let Some(Value::Map(result)) = json.map(Value::from) else {
            let message = format!("Could not parse job output: {told}");
            return Err(Failure::new(FailureKind::Module, message));
        };
        Ok(JobState { results_file, result: Some((*result).clone()) })
    }

    /// Returns the action that removes the file.
    pub fn remove(&self, results_file: &str) -> Action {
        Action::on_host(Effect::Write, shell(format!("rm -f {}", path_word_literal(results_file))))
    }
}

impl JobState {
    /// Claims that the job has come to its end.
    pub fn is_finished(&self) -> bool {
        self.result.as_ref().is_some_and(|result| result.get("finished").is_some_and(Value::is_truthy))
    }

    /// Returns the result as `async_status` tells it, and whether it failed.
    pub fn into_result(self, id: &str) -> (Map, bool) {
        let JobState { results_file, result } = self;
        let is_there = result.is_some();
        let mut result = result.unwrap_or_default();
        if !is_there {
            result.insert("msg", "could not find job");
            result.insert("finished", true);
            result.insert("started", true);
        }
        for name in ["started", "finished"] {
            let on = result.get(name).is_some_and(Value::is_truthy);
            result.insert(name, on);
        }
        result.insert("ansible_job_id", id);
        result.insert("results_file", results_file);
        for name in ["stdout", "stderr"] {
            let text = result.get(name).map(Value::to_text).unwrap_or_default();
            super::program::add_text(&mut result, name, text.trim_end_matches(['\r', '\n']));
        }
        let failed = !is_there || result.get("failed").is_some_and(Value::is_truthy);
        result.remove("failed");
        (result, failed)
    }
}

fn shell(text: String) -> Work {
    let program = Program::Shell { text, executable: None };
    Work::Exec(Exec { program, elevate: true, ..Exec::default() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::fake::Fake;
    use crate::module::{Change, Finished, Output};
    use std::time::Duration;

    async fn output(host: &Fake, action: Action) -> ExecOutput {
        let change = Change::act(action, |output, _| {
            let Output::Exec(output) = output else { panic!("no program ran") };
            let mut result = Map::new();
            result.insert("status", i64::from(output.status));
            result.insert("stdout", String::from_utf8_lossy(&output.stdout).into_owned());
            Ok(Finished::new(result, true))
        });
        let came = host.act(change).await.unwrap();
        let stdout = came.result.get("stdout").unwrap().to_text().into_bytes();
        ExecOutput { stdout, ..ExecOutput::default() }
    }

    /// Runs a job to its end and returns its result.
    async fn run(host: &Fake, program: Program, stdin: &str, limit: u64) -> (Map, bool) {
        let job = Job::new(&host.path("jobs"));
        let known: Map = [("cmd", Value::from("x \"y\""))].into_iter().collect();
        let exec = Exec { program, stdin: Some(stdin.into()), ..Exec::default() };
        let began = output(host, job.begin(exec, &known, limit).unwrap()).await;
        assert!(String::from_utf8_lossy(&began.stdout).ends_with(&job.id));
        loop {
            let state = job.state(&output(host, job.ask()).await).unwrap();
            if state.is_finished() {
                output(host, job.remove(&state.results_file)).await;
                assert!(job.state(&output(host, job.ask()).await).unwrap().result.is_none());
                return state.into_result(&job.id);
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    fn text(result: &Map, name: &str) -> String {
        result.get(name).map(Value::to_text).unwrap_or_default()
    }

    #[tokio::test]
    async fn a_job_leaves_its_result_in_every_shell() {
        for host in Fake::with_every_shell() {
            let script = "printf 'a\"b\\\\c\\td\\n\\033[1mé\\n\\n'; cat; echo err >&2; exit 3";
            let program = Program::Shell { text: script.into(), executable: None };
            let (result, failed) = run(&host, program, "in\n", 60).await;
            assert!(failed);
            assert_eq!(text(&result, "stdout"), "a\"b\\c\td\n\u{1b}[1mé\n\nin", "{:?}", host.shell);
            assert_eq!((text(&result, "stderr"), text(&result, "rc")), ("err".into(), "3".into()));
            assert_eq!((text(&result, "cmd"), text(&result, "msg")), ("x \"y\"".into(), "non-zero return code".into()));
            let (result, failed) = run(&host, Program::Argv(vec!["echo".into(), "a b".into()]), "", 60).await;
            assert_eq!((text(&result, "stdout"), failed), ("a b".into(), false));
            // They go a moment after the result has come.
            let left = || std::fs::read_dir(host.path("jobs")).unwrap().count();
            for _ in 0..1000 {
                if left() == 0 {
                    break;
                }
                tokio::time::sleep(std::time::Duration::from_millis(10)).await;
            }
            assert_eq!(left(), 0, "{:?} leaves files behind", host.shell);
        }
    }

    #[tokio::test]
    async fn a_job_that_takes_too_long_is_ended_with_all_that_it_started() {
        let host = Fake::new();
        let mark = host.path("mark");
        let script = format!("(sleep 30; : >{mark}) & sleep 30");
        let (result, failed) = run(&host, Program::Shell { text: script, executable: None }, "", 1).await;
        assert!(failed);
        assert_eq!(text(&result, "msg"), "Timeout exceeded");
        let pid = text(&result, "child_pid");
        // A process that is killed needs its turn to be gone; by themselves these would go on for half a minute.
        let since = std::time::Instant::now();
        while let Some(stat) = running_of_group(&pid) {
            assert!(since.elapsed().as_secs() < 20, "still there: {stat}");
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        }
        assert!(!std::path::Path::new(&mark).exists());
    }

    /// Returns what is known of a process of a group that runs; what nobody has waited for yet is dead all the same.
    fn running_of_group(group: &str) -> Option<String> {
        std::fs::read_dir("/proc").unwrap().flatten().find_map(|entry| {
            let stat = std::fs::read_to_string(entry.path().join("stat")).ok()?;
            let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
            (fields[2] == group && !["Z", "X"].contains(&fields[0])).then_some(stat)
        })
    }
}
