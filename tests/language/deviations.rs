//! Which recorded playbooks differ from Ansible; `docs/differences.md` has the same rows.

const NO_HANDLER: &str =
    "a handler that is not there is said before the run; Ansible says it when the task changes something, or never";

const TEMPLATED_IGNORE: &str = "Ansible takes a template in `ignore_errors` for true where it asks whether a failure is fatal; here it counts what it yields";

const FATAL_IN_RESCUE: &str = "a failure in a rescue section ends it for all: who came through the block without one goes on, and counts as failed; Ansible has it run the rescue section first";

/// What differs from Ansible: the case, the part of the record, and why.
pub(crate) const DEVIATIONS: &[(&str, &str, &str)] = &[
    ("debugger-values", "refused", "there is no debugger, and what may stop in one is refused"),
    ("handlers-block-rescue", "exit_code", "Ansible runs a block in a handler's file without its rescue section"),
    ("handlers-block-rescue", "recap", "as above"),
    ("handlers-block-rescue", "steps", "as above"),
    (
        "handlers-missing",
        "refused",
        "a handler whose name is known in the run only, and is not there, is a warning; Ansible breaks the whole run off",
    ),
    ("include-tasks-missing", "recap", "Ansible counts a missing file as failed even where it has been rescued"),
    (
        "output-not-utf8",
        "exit_code",
        "Ansible 2.19 fails a command whose output is not UTF-8; here its text has U+FFFD instead",
    ),
    ("output-not-utf8", "recap", "as above"),
    ("output-not-utf8", "steps", "as above"),
    (
        "roles-argument-list-for-dict",
        "steps",
        "Ansible breaks off with an error of its own where a list stands for a dictionary; here it says what is wrong",
    ),
    ("run-once-failing", "recap", "Ansible rescues the host on which the task ran, and silently loses the others"),
    ("run-once-failing", "steps", "as above"),
    (
        "tangles-78",
        "recap",
        "a handler fails in a flush that is included in an `always` section: nothing rescues it, and Ansible counts it so",
    ),
    (
        "with-sequence-hexadecimal",
        "recap",
        "a sequence takes the hexadecimal numbers that Ansible documents; its release 2.19 refuses them",
    ),
    ("with-sequence-hexadecimal", "steps", "as above"),
    ("keywords-vars-files-missing", "refused", "a missing file of variables is refused; Ansible 2.19 silently goes on"),
    ("keywords-vars-files-all-missing", "refused", "as above"),
    ("keywords-vars-files-undefined-name", "refused", "as above"),
    ("keywords-fatal-ignored-templated", "recap", TEMPLATED_IGNORE),
    ("keywords-fatal-ignored-templated", "steps", "as above"),
    (
        "keywords-fatal-templated",
        "recap",
        "Ansible takes a template in `any_errors_fatal` for true; here it counts what it yields",
    ),
    ("keywords-fatal-templated", "steps", "as above"),
    (
        "keywords-ignored-before",
        "recap",
        "Ansible takes a template in `ignore_errors` for true when a task fails before its arguments; here it counts what it yields",
    ),
    ("keywords-ignored-before", "steps", "as above"),
    ("values-name", "steps", "a name that cannot be rendered is shown as it is written, not as an error"),
    ("when-integer", "refused", "what is no condition is refused before the run, not on each host"),
    ("weaves-122", "refused", NO_HANDLER),
    ("weaves-142", "refused", NO_HANDLER),
    ("weaves-29", "refused", NO_HANDLER),
    ("weaves-57", "refused", NO_HANDLER),
    ("weaves-74", "refused", NO_HANDLER),
    ("weaves-75", "refused", NO_HANDLER),
    ("weaves-91", "refused", NO_HANDLER),
    ("weaves-94", "refused", NO_HANDLER),
    (
        "weaves-130",
        "refused",
        "a handler whose name is known in the run only, and is not there, is a warning; Ansible breaks the whole run off",
    ),
    (
        "weaves-88",
        "refused",
        "`end_role` in a file that is included outside of a role fails that host; Ansible breaks the whole run off",
    ),
    (
        "weaves-110",
        "exit_code",
        "a task with `run_once` fails in a file that is included for one host: Ansible then silently loses the others",
    ),
    ("weaves-110", "recap", "as above"),
    ("weaves-110", "steps", "as above"),
    (
        "weaves-12",
        "steps",
        "handlers of a role that an included role imports keep `no_log` of what stands around the include; Ansible loses it",
    ),
    (
        "weaves-66",
        "exit_code",
        "who has failed when others end the batch has failed; Ansible forgets it of hosts in blocks inside of others",
    ),
    ("weaves-66", "recap", "as above"),
    ("weaves-66", "steps", "as above"),
    ("weaves-15", "recap", TEMPLATED_IGNORE),
    ("weaves-15", "steps", "as above"),
    ("weaves-62", "recap", TEMPLATED_IGNORE),
    ("weaves-62", "steps", "as above"),
    ("weaves-152", "refused", NO_HANDLER),
    ("weaves-168", "refused", NO_HANDLER),
    ("weaves-169", "refused", NO_HANDLER),
    ("weaves-182", "refused", NO_HANDLER),
    (
        "weaves-225",
        "refused",
        "a handler whose name is known in the run only, and is not there, is a warning; Ansible breaks the whole run off",
    ),
    (
        "weaves-167",
        "exit_code",
        "too many hosts of a batch failed, so none follows; Ansible counts one of them twice, and goes on with the next",
    ),
    ("weaves-167", "recap", "as above"),
    ("weaves-167", "steps", "as above"),
    (
        "meta-clear-host-errors-unreachable",
        "exit_code",
        "a host that was not reached in an earlier play is in again from the next play on; Ansible has it back in this play, and not in the next",
    ),
    ("meta-clear-host-errors-unreachable", "steps", "as above"),
    (
        "fatal-percentage-always",
        "recap",
        "a host that failed before an `always` section counts for `max_fail_percentage`; Ansible forgets it",
    ),
    ("fatal-percentage-always", "steps", "as above"),
    (
        "run-once-failing-included",
        "recap",
        "a task with `run_once` fails in a file that is included for one host: Ansible then silently loses the others",
    ),
    ("run-once-failing-included", "steps", "as above"),
    ("fatal-in-rescue", "recap", FATAL_IN_RESCUE),
    ("fatal-in-rescue", "steps", "as above"),
    ("fatal-in-rescue-nested", "exit_code", FATAL_IN_RESCUE),
    ("fatal-in-rescue-nested", "recap", "as above"),
    ("fatal-in-rescue-nested", "steps", "as above"),
];
