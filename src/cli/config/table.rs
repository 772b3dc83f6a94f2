//! The settings: one row each.

use super::kind::Kind;

/// A setting.
#[derive(Debug)]
pub(in crate::cli) struct Setting {
    /// Its name, also in `netplay.toml`.
    pub(in crate::cli) name: &'static str,
    /// Sections and keys of `ansible.cfg`.
    pub(in crate::cli) ini: &'static [(&'static str, &'static str)],
    /// Variables of the environment, the strongest first.
    pub(in crate::cli) env: &'static [&'static str],
    /// What it may be.
    pub(in crate::cli) kind: Kind,
    /// What counts when nobody says, as `netplay config` shows it.
    pub(in crate::cli) default: &'static str,
    /// What it means, in one sentence.
    pub(in crate::cli) doc: &'static str,
}

const fn setting(
    name: &'static str,
    ini: &'static [(&'static str, &'static str)],
    env: &'static [&'static str],
    kind: Kind,
    default: &'static str,
    doc: &'static str,
) -> Setting {
    Setting { name, ini, env, kind, default, doc }
}

/// A day, in seconds; longer waits are slips of the pen.
const DAY: u64 = 86_400;

macro_rules! settings {
    ($($id:ident = $row:expr;)*) => {
        $(pub(in crate::cli) static $id: Setting = $row;)*
        /// Every setting, in the order in which `netplay config` shows them.
        pub(in crate::cli) static TABLE: &[&Setting] = &[$(&$id),*];
    };
}

settings! {
    INVENTORY = setting("inventory", &[("defaults", "inventory")], &["ANSIBLE_INVENTORY"], Kind::Text, "",
        "Inventory files or folders, with commas between them, or a list of hosts.");
    INVENTORY_ENABLED = setting("inventory_enabled", &[("inventory", "enable_plugins")], &["ANSIBLE_INVENTORY_ENABLED"], Kind::List,
        "host_list, script, auto, yaml, ini, toml", "The inventory plugins that may read sources.");
    ROLES_PATH = setting("roles_path", &[("defaults", "roles_path")], &["ANSIBLE_ROLES_PATH"], Kind::Paths,
        "~/.ansible/roles:/usr/share/ansible/roles:/etc/ansible/roles", "Folders of roles besides `roles/` beside the playbook.");
    COLLECTIONS_PATH = setting("collections_path", &[("defaults", "collections_path"), ("defaults", "collections_paths")],
        &["ANSIBLE_COLLECTIONS_PATH", "ANSIBLE_COLLECTIONS_PATHS"], Kind::Paths,
        "~/.ansible/collections:/usr/share/ansible/collections", "Folders of collections besides `collections/` beside the playbook.");
    INVENTORY_IGNORE_EXTENSIONS = setting("inventory_ignore_extensions",
        &[("inventory", "ignore_extensions"), ("defaults", "inventory_ignore_extensions")], &["ANSIBLE_INVENTORY_IGNORE"], Kind::List,
        "~, .pyc, .pyo, .swp, .bak, .rpm, .md, .txt, .rst, .orig, .cfg, .retry", "Ends of names of files in a folder of inventories that are no sources.");
    INVENTORY_IGNORE_PATTERNS = setting("inventory_ignore_patterns",
        &[("inventory", "ignore_patterns"), ("defaults", "inventory_ignore_patterns")], &["ANSIBLE_INVENTORY_IGNORE_REGEX"], Kind::List,
        "", "Regular expressions for names in a folder of inventories that are no sources.");
    ANY_UNPARSED_IS_FAILED = setting("any_unparsed_is_failed", &[("inventory", "any_unparsed_is_failed")],
        &["ANSIBLE_INVENTORY_ANY_UNPARSED_IS_FAILED"],
        Kind::Always(true, "a source that cannot be read may be the one that names the hosts"), "true",
        "A source of the inventory that cannot be read ends the run before it begins.");
    UNPARSED_IS_FAILED = setting("unparsed_is_failed", &[("inventory", "unparsed_is_failed")], &["ANSIBLE_INVENTORY_UNPARSED_FAILED"],
        Kind::Always(true, "a run without the hosts that were asked for is no run"), "true",
        "When no source of the inventory can be read, nothing runs.");
    FORKS = setting("forks", &[("defaults", "forks")], &["ANSIBLE_FORKS"], Kind::Number(1, 1_000_000), "500",
        "How many steps may be under way at once.");
    LOGINS = setting("logins", &[], &["NETPLAY_LOGINS"], Kind::Number(1, 10_000), "32",
        "How many SSH logins may be in flight at once.");
    LOGINS_PER_ADDRESS = setting("logins_per_address", &[], &["NETPLAY_LOGINS_PER_ADDRESS"], Kind::Number(1, 10_000), "8",
        "How many of them may go to one address.");
    LOGINS_PER_JUMP = setting("logins_per_jump", &[], &["NETPLAY_LOGINS_PER_JUMP"], Kind::Number(1, 10_000), "16",
        "How many of them may go through one jump host.");
    COMMANDS_PER_CONNECTION = setting("commands_per_connection", &[], &["NETPLAY_COMMANDS_PER_CONNECTION"], Kind::Number(1, 1000), "8",
        "How many commands may run at once on the connection of a host.");
    HTTP_PER_ORIGIN = setting("http_per_origin", &[], &["NETPLAY_HTTP_PER_ORIGIN"], Kind::Number(1, 100_000), "100",
        "How many HTTP calls may be under way to one server at once.");
    REMOTE_USER = setting("remote_user", &[("defaults", "remote_user")], &["ANSIBLE_REMOTE_USER"], Kind::Text, "",
        "The user to log in as.");
    REMOTE_PORT = setting("remote_port", &[("defaults", "remote_port")], &["ANSIBLE_REMOTE_PORT"], Kind::Number(1, 65535), "",
        "The port to log in at.");
    PRIVATE_KEY_FILE = setting("private_key_file", &[("defaults", "private_key_file")], &["ANSIBLE_PRIVATE_KEY_FILE"], Kind::Path, "",
        "The private key to log in with.");
    CONNECTION = setting("transport", &[("defaults", "transport")], &["ANSIBLE_TRANSPORT"], Kind::Text, "ssh",
        "How to reach hosts that do not say: ssh, network_cli, local or smart.");
    TIMEOUT = setting("timeout", &[("defaults", "timeout"), ("ssh_connection", "timeout")], &["ANSIBLE_TIMEOUT", "ANSIBLE_SSH_TIMEOUT"],
        Kind::Number(0, DAY), "10", "Seconds that connecting may take.");
    COMMAND_TIMEOUT = setting("command_timeout", &[("persistent_connection", "command_timeout")], &["ANSIBLE_PERSISTENT_COMMAND_TIMEOUT"],
        Kind::Number(1, DAY), "30", "Seconds that a command on a device may take.");
    HOST_KEY_CHECKING = setting("host_key_checking", &[("defaults", "host_key_checking"), ("ssh_connection", "host_key_checking")],
        &["ANSIBLE_HOST_KEY_CHECKING", "ANSIBLE_SSH_HOST_KEY_CHECKING"],
        Kind::Choice(&["strict", "accept-new", "off", "true", "false", "True", "False", "yes", "no", "1", "0"]), "strict",
        "What to do about host keys that are not known: strict (true), accept-new or off (false).");
    SSH_ARGS = setting("ssh_args", &[("ssh_connection", "ssh_args")], &["ANSIBLE_SSH_ARGS"], Kind::Text, "",
        "Options of the OpenSSH client, as far as they have a meaning here.");
    SSH_COMMON_ARGS = setting("ssh_common_args", &[("ssh_connection", "ssh_common_args")], &["ANSIBLE_SSH_COMMON_ARGS"], Kind::Text, "",
        "More options of the OpenSSH client.");
    SSH_EXTRA_ARGS = setting("ssh_extra_args", &[("ssh_connection", "ssh_extra_args")], &["ANSIBLE_SSH_EXTRA_ARGS"], Kind::Text, "",
        "Still more options of the OpenSSH client.");
    ASK_PASS = setting("ask_pass", &[("defaults", "ask_pass")], &["ANSIBLE_ASK_PASS"], Kind::Bool, "false",
        "Ask for the login password.");
    CONNECTION_PASSWORD_FILE = setting("connection_password_file", &[("defaults", "connection_password_file")],
        &["ANSIBLE_CONNECTION_PASSWORD_FILE"], Kind::Path, "", "A file with the login password, or a script that prints it.");
    BECOME = setting("become", &[("privilege_escalation", "become")], &["ANSIBLE_BECOME"], Kind::Bool, "false",
        "Take other rights on hosts.");
    BECOME_METHOD = setting("become_method", &[("privilege_escalation", "become_method")], &["ANSIBLE_BECOME_METHOD"], Kind::Text, "sudo",
        "How to take them: sudo, su, doas or enable.");
    BECOME_EXE = setting("become_exe", &[("privilege_escalation", "become_exe"), ("sudo_become_plugin", "executable")],
        &["ANSIBLE_BECOME_EXE"], Kind::Text, "", "The program that gives them, where it is not the method itself.");
    BECOME_FLAGS = setting("become_flags", &[("privilege_escalation", "become_flags"), ("sudo_become_plugin", "flags")],
        &["ANSIBLE_BECOME_FLAGS"], Kind::Text, "", "Its flags, in place of those that the method has (sudo: `-H`).");
    BECOME_USER = setting("become_user", &[("privilege_escalation", "become_user"), ("sudo_become_plugin", "user")], &["ANSIBLE_BECOME_USER"], Kind::Text, "root",
        "Whose rights to take.");
    BECOME_ASK_PASS = setting("become_ask_pass", &[("privilege_escalation", "become_ask_pass")], &["ANSIBLE_BECOME_ASK_PASS"], Kind::Bool,
        "false", "Ask for the password that gives them.");
    BECOME_PASSWORD_FILE = setting("become_password_file", &[("defaults", "become_password_file")], &["ANSIBLE_BECOME_PASSWORD_FILE"],
        Kind::Path, "", "A file with the password that gives them, or a script that prints it.");
    VAULT_PASSWORD_FILE = setting("vault_password_file", &[("defaults", "vault_password_file")], &["ANSIBLE_VAULT_PASSWORD_FILE"],
        Kind::Path, "", "A file with the vault password, or a script that prints it.");
    VAULT_IDENTITY_LIST = setting("vault_identity_list", &[("defaults", "vault_identity_list")], &["ANSIBLE_VAULT_IDENTITY_LIST"],
        Kind::List, "", "Vault passwords, as `--vault-id` names them.");
    VAULT_ENCRYPT_IDENTITY = setting("vault_encrypt_identity", &[("defaults", "vault_encrypt_identity")],
        &["ANSIBLE_VAULT_ENCRYPT_IDENTITY"], Kind::Text, "", "Which of several vault passwords to encrypt with.");
    VAULT_ENCRYPT_SALT = setting("vault_encrypt_salt", &[("defaults", "vault_encrypt_salt")], &["ANSIBLE_VAULT_ENCRYPT_SALT"],
        Kind::Text, "", "The salt to encrypt with; without it each text has one of its own, which is safer.");
    VAULT_ID_MATCH = setting("vault_id_match", &[("defaults", "vault_id_match")], &["ANSIBLE_VAULT_ID_MATCH"], Kind::Bool, "false",
        "Try only the password whose name an encrypted text says.");
    ASK_VAULT_PASS = setting("ask_vault_pass", &[("defaults", "ask_vault_pass")], &["ANSIBLE_ASK_VAULT_PASS"], Kind::Bool, "false",
        "Ask for the vault password.");
    TAGS_RUN = setting("run_tags", &[("tags", "run")], &["ANSIBLE_RUN_TAGS"], Kind::List, "", "Only tasks with these tags.");
    TAGS_SKIP = setting("skip_tags", &[("tags", "skip")], &["ANSIBLE_SKIP_TAGS"], Kind::List, "", "No tasks with these tags.");
    STRATEGY = setting("strategy", &[("defaults", "strategy")], &["ANSIBLE_STRATEGY"],
        Kind::Choice(&["linear", "free", "host_pinned", "ansible.builtin.linear", "ansible.builtin.free", "ansible.builtin.host_pinned"]),
        "linear", "How plays that do not say wait for their hosts: linear, free or host_pinned.");
    ANY_ERRORS_FATAL = setting("any_errors_fatal", &[("defaults", "any_errors_fatal")], &["ANSIBLE_ANY_ERRORS_FATAL"], Kind::Bool, "false",
        "A failure on one host ends a play for all.");
    HOST_PATTERN_MISMATCH = setting("host_pattern_mismatch", &[("inventory", "host_pattern_mismatch")],
        &["ANSIBLE_HOST_PATTERN_MISMATCH"], Kind::Choice(&["warning", "error", "ignore"]), "warning",
        "What to say of a host pattern that matches nothing.");
    INVENTORY_UNPARSED_WARNING = setting("inventory_unparsed_warning", &[("inventory", "inventory_unparsed_warning")],
        &["ANSIBLE_INVENTORY_UNPARSED_WARNING"], Kind::Bool, "true", "Warn when there is no inventory, and `localhost` only.");
    ERROR_ON_MISSING_HANDLER = setting("error_on_missing_handler", &[("defaults", "error_on_missing_handler")],
        &["ANSIBLE_ERROR_ON_MISSING_HANDLER"], Kind::Bool, "true",
        "A handler that is notified and is not there is an error, not a warning.");
    TASK_TIMEOUT = setting("task_timeout", &[("defaults", "task_timeout")], &["ANSIBLE_TASK_TIMEOUT"], Kind::Number(0, DAY), "0",
        "Seconds that a task may take that does not say; 0 is without end.");
    ERROR_ON_UNDEFINED_VARS = setting("error_on_undefined_vars", &[("defaults", "error_on_undefined_vars")],
        &["ANSIBLE_ERROR_ON_UNDEFINED_VARS"],
        Kind::Always(true, "a template that uses what is not defined would be sent as it is written"), "true",
        "A variable that is not defined is an error.");
    DUPLICATE_DICT_KEY = setting("duplicate_dict_key", &[("defaults", "duplicate_dict_key")], &["ANSIBLE_DUPLICATE_YAML_DICT_KEY"],
        Kind::Choice(&["warn", "error", "ignore"]), "warn", "What to say of a key that stands twice in a dictionary of YAML.");
    FORCE_HANDLERS = setting("force_handlers", &[("defaults", "force_handlers")], &["ANSIBLE_FORCE_HANDLERS"], Kind::Bool, "false",
        "Run handlers even on hosts that failed.");
    GATHERING = setting("gathering", &[("defaults", "gathering")], &["ANSIBLE_GATHERING"],
        Kind::Choice(&["implicit", "explicit", "smart"]), "implicit",
        "When plays gather facts: unless they say no, if they say so, or only of hosts whose facts are not known.");
    INJECT_FACTS = setting("inject_facts_as_vars", &[("defaults", "inject_facts_as_vars")], &["ANSIBLE_INJECT_FACT_VARS"], Kind::Bool, "true",
        "Facts are variables of their own, not only in `ansible_facts`.");
    FACT_CACHING = setting("fact_caching", &[("defaults", "fact_caching")], &["ANSIBLE_CACHE_PLUGIN"],
        Kind::Choice(&["memory", "jsonfile", "ansible.builtin.memory", "ansible.builtin.jsonfile"]), "memory",
        "Where facts are kept: for the run, or in JSON files.");
    FACT_CACHING_CONNECTION = setting("fact_caching_connection", &[("defaults", "fact_caching_connection")], &["ANSIBLE_CACHE_PLUGIN_CONNECTION"],
        Kind::Path, "", "The folder of the files of facts.");
    FACT_CACHING_PREFIX = setting("fact_caching_prefix", &[("defaults", "fact_caching_prefix")], &["ANSIBLE_CACHE_PLUGIN_PREFIX"],
        Kind::Text, "", "What stands before the host in the name of a file of facts.");
    FACT_CACHING_TIMEOUT = setting("fact_caching_timeout", &[("defaults", "fact_caching_timeout")], &["ANSIBLE_CACHE_PLUGIN_TIMEOUT"],
        Kind::Number(0, 3650 * DAY), "86400", "Seconds that kept facts count; 0 is for ever.");
    HASH_BEHAVIOUR = setting("hash_behaviour", &[("defaults", "hash_behaviour")], &["ANSIBLE_HASH_BEHAVIOUR"],
        Kind::Choice(&["replace", "merge"]), "replace", "Whether a dictionary takes the place of a weaker one or is merged into it.");
    NO_LOG = setting("no_log", &[("defaults", "no_log")], &["ANSIBLE_NO_LOG"], Kind::Bool, "false",
        "Show no results of tasks that do not say.");
    DIFF = setting("diff", &[("diff", "always")], &["ANSIBLE_DIFF_ALWAYS"], Kind::Bool, "false",
        "Show what changes in files and configurations.");
    VERBOSITY = setting("verbosity", &[("defaults", "verbosity")], &["ANSIBLE_VERBOSITY"], Kind::Number(0, 9), "0",
        "How much to show, as so many `-v`.");
    DISPLAY_SKIPPED_HOSTS = setting("display_skipped_hosts", &[("defaults", "display_skipped_hosts")], &["ANSIBLE_DISPLAY_SKIPPED_HOSTS"],
        Kind::Bool, "true", "Show hosts on which a task was skipped.");
    DISPLAY_OK_HOSTS = setting("display_ok_hosts", &[("defaults", "display_ok_hosts")], &["ANSIBLE_DISPLAY_OK_HOSTS"],
        Kind::Bool, "true", "Show hosts on which a task changed nothing.");
    SHOW_CUSTOM_STATS = setting("show_custom_stats", &[("defaults", "show_custom_stats")], &["ANSIBLE_SHOW_CUSTOM_STATS"], Kind::Bool,
        "false", "Show at the end what `set_stats` has set.");
    STDOUT_CALLBACK = setting("stdout_callback", &[("defaults", "stdout_callback")], &["ANSIBLE_STDOUT_CALLBACK"], Kind::Text, "default",
        "How Ansible shows a run: its looks for people stand for the lines here, those for programs are refused.");
    LOG_PATH = setting("log_path", &[("defaults", "log_path")], &["ANSIBLE_LOG_PATH"], Kind::Path, "",
        "A file to which the lines of every run are added.");
    OUTPUT = setting("output", &[], &["NETPLAY_OUTPUT"], Kind::Text, "auto", "How to show what happens, as `--output` has it.");
    QUIET = setting("quiet", &[], &["NETPLAY_QUIET"], Kind::Bool, "false", "Show failures and the recap only.");
    NOCOLOR = setting("nocolor", &[("defaults", "nocolor")], &["ANSIBLE_NOCOLOR"], Kind::Bool, "false", "Use no colour.");
    FORCE_COLOR = setting("force_color", &[("defaults", "force_color")], &["ANSIBLE_FORCE_COLOR"], Kind::Bool, "false",
        "Use colour where there is no terminal, too.");
    EDITOR = setting("editor", &[("defaults", "editor")], &["ANSIBLE_EDITOR", "EDITOR"], Kind::Text, "vi",
        "The editor of `netplay vault edit`.");
}

/// Returns the setting of a key of `ansible.cfg`.
pub(super) fn of_ini(section: &str, key: &str) -> Option<&'static Setting> {
    TABLE.iter().find(|setting| setting.ini.contains(&(section, key))).copied()
}

/// Sections of `ansible.cfg` in which there may be keys that nobody knows.
const SECTIONS: &[&str] = &[
    "colors",
    "connection",
    "defaults",
    "diff",
    "galaxy",
    "inventory",
    "jinja2",
    "netconf_connection",
    "paramiko_connection",
    "persistent_connection",
    "privilege_escalation",
    "selinux",
    "ssh_connection",
    "sudo_become_plugin",
    "tags",
];

/// Claims that `ansible.cfg` has a section of that name.
pub(super) fn is_section(name: &str) -> bool {
    SECTIONS.contains(&name)
}

/// Returns the sections of `ansible.cfg`.
pub(super) fn sections() -> impl Iterator<Item = &'static str> {
    SECTIONS.iter().copied()
}

/// Returns the keys that have an effect in a section.
pub(super) fn ini_keys(section: &str) -> impl Iterator<Item = &'static str> {
    let pairs = TABLE.iter().flat_map(|setting| setting.ini.iter());
    pairs.filter(move |(other, _)| *other == section).map(|(_, key)| *key)
}
