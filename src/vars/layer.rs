use super::Vars;
use std::sync::Arc;

/// Where a layer of variables comes from: the level in Ansible's order of precedence, lowest first (the derived order
/// is the precedence), with what there is to say about it.
///
/// <https://docs.ansible.com/ansible/latest/playbook_guide/playbooks_variables.html#understanding-variable-precedence>
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A command-line value such as `-u user`.
    CommandLine,
    /// `defaults/` of a role.
    RoleDefaults(Arc<str>),
    /// Variables of a group in an inventory source, `all` before its children.
    InventoryGroup(Arc<str>),
    /// `group_vars/all` beside the inventory.
    InventoryGroupVarsAll,
    /// `group_vars/all` beside the playbook.
    PlaybookGroupVarsAll,
    /// `group_vars/NAME` beside the inventory.
    InventoryGroupVars(Arc<str>),
    /// `group_vars/NAME` beside the playbook.
    PlaybookGroupVars(Arc<str>),
    /// Variables of a host in an inventory source.
    InventoryHost,
    /// `host_vars/NAME` beside the inventory.
    InventoryHostVars,
    /// `host_vars/NAME` beside the playbook.
    PlaybookHostVars,
    /// Gathered facts.
    Facts,
    /// `vars:` of a play.
    PlayVars,
    /// `vars_prompt:`.
    PlayPrompt,
    /// `vars_files:`.
    PlayVarsFiles,
    /// `vars/` of a role.
    RoleVars(Arc<str>),
    /// `vars:` of a block.
    BlockVars,
    /// `vars:` of a task.
    TaskVars,
    /// `include_vars`.
    IncludeVars,
    /// `set_fact`, `register`.
    SetFacts,
    /// Parameters of a role.
    RoleParams,
    /// Parameters of an include.
    IncludeParams,
    /// The item of a loop and its relatives.
    Loop,
    /// `-e`.
    ExtraVars,
    /// `inventory_hostname` and the other names that Ansible itself sets.
    Magic,
}

impl Origin {
    /// How many levels there are.
    pub const LEVELS: u8 = 22;

    /// Returns the level in Ansible's list of them, 1 for the weakest; loops and magic variables stand above it.
    pub fn level(&self) -> u8 {
        match self {
            Origin::CommandLine => 1,
            Origin::RoleDefaults(_) => 2,
            Origin::InventoryGroup(_) => 3,
            Origin::InventoryGroupVarsAll => 4,
            Origin::PlaybookGroupVarsAll => 5,
            Origin::InventoryGroupVars(_) => 6,
            Origin::PlaybookGroupVars(_) => 7,
            Origin::InventoryHost => 8,
            Origin::InventoryHostVars => 9,
            Origin::PlaybookHostVars => 10,
            Origin::Facts => 11,
            Origin::PlayVars => 12,
            Origin::PlayPrompt => 13,
            Origin::PlayVarsFiles => 14,
            Origin::RoleVars(_) => 15,
            Origin::BlockVars => 16,
            Origin::TaskVars => 17,
            Origin::IncludeVars => 18,
            Origin::SetFacts => 19,
            Origin::RoleParams => 20,
            Origin::IncludeParams => 21,
            Origin::ExtraVars => Origin::LEVELS,
            Origin::Loop | Origin::Magic => Origin::LEVELS + 1,
        }
    }
}

impl std::fmt::Display for Origin {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Origin::CommandLine => f.write_str("command line"),
            Origin::RoleDefaults(role) => write!(f, "defaults of role {role}"),
            Origin::InventoryGroup(group) => write!(f, "inventory, group {group}"),
            Origin::InventoryGroupVarsAll => f.write_str("group_vars/all beside the inventory"),
            Origin::PlaybookGroupVarsAll => f.write_str("group_vars/all beside the playbook"),
            Origin::InventoryGroupVars(group) => write!(f, "group_vars/{group} beside the inventory"),
            Origin::PlaybookGroupVars(group) => write!(f, "group_vars/{group} beside the playbook"),
            Origin::InventoryHost => f.write_str("inventory, host"),
            Origin::InventoryHostVars => f.write_str("host_vars beside the inventory"),
            Origin::PlaybookHostVars => f.write_str("host_vars beside the playbook"),
            Origin::Facts => f.write_str("facts"),
            Origin::PlayVars => f.write_str("vars of the play"),
            Origin::PlayPrompt => f.write_str("vars_prompt"),
            Origin::PlayVarsFiles => f.write_str("vars_files"),
            Origin::RoleVars(role) => write!(f, "vars of role {role}"),
            Origin::BlockVars => f.write_str("vars of a block"),
            Origin::TaskVars => f.write_str("vars of the task"),
            Origin::IncludeVars => f.write_str("include_vars"),
            Origin::SetFacts => f.write_str("set_fact or register"),
            Origin::RoleParams => f.write_str("parameters of a role"),
            Origin::IncludeParams => f.write_str("parameters of an include"),
            Origin::Loop => f.write_str("loop"),
            Origin::ExtraVars => f.write_str("extra vars (-e)"),
            Origin::Magic => f.write_str("netplay itself"),
        }
    }
}

/// Variables of one origin.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Where they come from; layers are sorted by it.
    pub origin: Origin,
    /// The variables in the order written.
    pub vars: Vars,
}

impl Layer {
    /// Makes an empty layer.
    pub fn new(origin: Origin) -> Layer {
        Layer { origin, vars: Vars::default() }
    }
}
