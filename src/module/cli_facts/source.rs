//! Where the facts of a platform come from: a command, and the template whose columns are facts. Adding facts is a
//! template in `templates/` and a line here; commands must be among those that the platform lists as reading.

/// What the rows of a template are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Kind {
    /// One row of facts.
    Facts,
    /// A row an item of lists: each column is a list.
    Lists,
    /// A row an interface.
    Interfaces,
    /// A row an interface's IPv6 addresses.
    Addresses,
    /// A row a neighbour.
    Neighbors,
    /// A row a file system.
    Filesystems,
    /// A row a processor's core.
    Cpu,
    /// A row a commit.
    Commits,
    /// A row an entry of the list of that name.
    Entries(&'static str),
    /// A row a routing engine.
    Engines,
}

/// Where facts come from.
pub(super) struct Source {
    pub(super) platform: &'static str,
    pub(super) subset: &'static str,
    pub(super) command: &'static str,
    pub(super) template: &'static str,
    pub(super) kind: Kind,
}

/// The parts that can be asked for, on one platform or another.
pub(super) const SUBSETS: &[&str] = &["min", "hardware", "config", "features", "interfaces", "legacy", "neighbors"];

macro_rules! sources {
    ($($platform:literal $subset:literal $command:literal $file:literal $kind:ident $(($fact:literal))?;)*) => {
        &[$(Source {
            platform: $platform,
            subset: $subset,
            command: $command,
            template: include_str!(concat!("templates/", $file, ".textfsm")),
            kind: Kind::$kind $(($fact))?,
        }),*]
    };
}

/// Every source, by platform.
pub(super) static SOURCES: &[Source] = sources![
    "arista_eos" "min" "show version" "arista_eos_version" Facts;
    "arista_eos" "min" "show hostname" "arista_eos_hostname" Facts;
    "arista_eos" "hardware" "show version" "arista_eos_memory" Facts;
    "arista_eos" "hardware" "dir all-filesystems" "arista_eos_filesystems" Filesystems;
    "arista_eos" "interfaces" "show interfaces" "arista_eos_interfaces" Interfaces;
    "arista_eos" "interfaces" "show lldp neighbors detail" "cisco_lldp" Neighbors;
    "aruba_aoscx" "min" "show system" "aruba_aoscx" Facts;
    "checkpoint_gaia" "min" "show version all" "checkpoint_gaia" Facts;
    "checkpoint_gaia" "min" "show hostname" "checkpoint_hostname" Facts;
    "cisco_asa" "min" "show version" "cisco_asa_version" Facts;
    "cisco_asa" "hardware" "show memory" "cisco_asa_memory" Facts;
    "cisco_asa" "hardware" "dir" "cisco_ios_filesystems" Filesystems;
    "cisco_asa" "interfaces" "show interface" "cisco_asa_interfaces" Interfaces;
    "cisco_ios" "min" "show version" "cisco_ios_version" Facts;
    "cisco_ios" "hardware" "dir" "cisco_ios_filesystems" Filesystems;
    "cisco_ios" "hardware" "show memory statistics" "cisco_ios_memory" Facts;
    "cisco_ios" "hardware" "show processes cpu | include CPU utilization" "cisco_cpu" Cpu;
    "cisco_ios" "interfaces" "show interfaces" "cisco_ios_interfaces" Interfaces;
    "cisco_ios" "interfaces" "show ipv6 interface" "cisco_ipv6" Addresses;
    "cisco_ios" "interfaces" "show lldp neighbors detail" "cisco_lldp" Neighbors;
    "cisco_ios" "interfaces" "show cdp neighbors detail" "cisco_cdp" Neighbors;
    "cisco_iosxr" "min" "show version brief" "cisco_iosxr_version" Facts;
    "cisco_iosxr" "hardware" "dir /all" "cisco_iosxr_filesystems" Filesystems;
    "cisco_iosxr" "hardware" "show memory summary" "cisco_iosxr_memory" Facts;
    "cisco_iosxr" "hardware" "show processes cpu | include CPU utilization" "cisco_cpu" Cpu;
    "cisco_iosxr" "interfaces" "show interfaces" "cisco_iosxr_interfaces" Interfaces;
    "cisco_iosxr" "interfaces" "show ipv6 interface" "cisco_ipv6" Addresses;
    "cisco_iosxr" "interfaces" "show lldp neighbors detail" "cisco_lldp" Neighbors;
    "cisco_iosxr" "interfaces" "show cdp neighbors detail" "cisco_cdp" Neighbors;
    "cisco_nxos" "min" "show version" "cisco_nxos_version" Facts;
    "cisco_nxos" "min" "show license host-id" "cisco_nxos_license" Facts;
    "cisco_nxos" "hardware" "dir" "cisco_nxos_filesystems" Filesystems;
    "cisco_nxos" "hardware" "show system resources" "cisco_nxos_memory" Facts;
    "cisco_nxos" "hardware" "show processes cpu" "cisco_cpu" Cpu;
    "cisco_nxos" "features" "show feature" "cisco_nxos_features" Lists;
    "cisco_nxos" "interfaces" "show interface" "cisco_nxos_interfaces" Interfaces;
    "cisco_nxos" "interfaces" "show ipv6 interface" "cisco_nxos_ipv6" Addresses;
    "cisco_nxos" "interfaces" "show lldp neighbors" "cisco_nxos_lldp" Neighbors;
    "cisco_nxos" "interfaces" "show cdp neighbors detail" "cisco_nxos_cdp" Neighbors;
    "cisco_nxos" "legacy" "show interface" "cisco_nxos_interfaces_list" Lists;
    "cisco_nxos" "legacy" "show vlan brief" "cisco_nxos_lists" Lists;
    "cisco_nxos" "legacy" "show module" "cisco_nxos_modules" Entries("module");
    "cisco_nxos" "legacy" "show environment fan" "cisco_nxos_fans" Entries("fan_info");
    "cisco_nxos" "legacy" "show environment power" "cisco_nxos_power" Entries("power_supply_info");
    "dell_os10" "min" "show version" "dell_os10" Facts;
    "dell_os10" "min" "show running-configuration | grep hostname" "dell_os10_hostname" Facts;
    "extreme_exos" "min" "show switch" "extreme_exos" Facts;
    "extreme_exos" "min" "show version" "extreme_exos_version" Facts;
    "f5_tmsh" "min" "show sys version" "f5_tmsh" Facts;
    "f5_tmsh" "min" "show sys hardware" "f5_tmsh_hardware" Facts;
    "f5_tmsh" "min" "list sys global-settings hostname" "f5_tmsh_hostname" Facts;
    "fortinet_fortios" "min" "get system status" "fortinet_fortios" Facts;
    "frr" "min" "show version" "frr_version" Facts;
    "frr" "interfaces" "show interface" "frr_interfaces" Interfaces;
    "hp_comware" "min" "display version" "hp_comware_version" Facts;
    "hp_comware" "min" "display current-configuration | include sysname" "huawei_hostname" Facts;
    "huawei_vrp" "min" "display version" "huawei_version" Facts;
    "huawei_vrp" "min" "display current-configuration | include sysname" "huawei_hostname" Facts;
    "huawei_vrpv8" "min" "display version" "huawei_version" Facts;
    "huawei_vrpv8" "min" "display current-configuration | include sysname" "huawei_hostname" Facts;
    "juniper_junos" "min" "show version" "juniper_junos_version" Facts;
    "juniper_junos" "min" "show chassis hardware" "juniper_junos_hardware" Facts;
    "juniper_junos" "hardware" "show system memory" "juniper_junos_memory" Facts;
    "juniper_junos" "hardware" "show system storage" "juniper_junos_filesystems" Filesystems;
    "juniper_junos" "hardware" "show chassis routing-engine" "juniper_junos_engines" Engines;
    "juniper_junos" "hardware" "show chassis hardware" "juniper_junos_modules" Entries("modules");
    "juniper_junos" "interfaces" "show interfaces" "juniper_junos_interfaces" Interfaces;
    "juniper_junos" "interfaces" "show lldp neighbors" "juniper_junos_lldp" Neighbors;
    "mikrotik_routeros" "min" "/system identity print without-paging" "mikrotik_identity" Facts;
    "mikrotik_routeros" "min" "/system resource print without-paging" "mikrotik_resource" Facts;
    "mikrotik_routeros" "min" "/system routerboard print without-paging" "mikrotik_routerboard" Facts;
    "mikrotik_routeros" "hardware" "/system resource print without-paging" "mikrotik_memory" Facts;
    "nokia_srlinux" "min" "show version" "nokia_srlinux" Facts;
    "nokia_sros" "min" "show system information" "nokia_sros" Facts;
    "nokia_sros" "min" "show chassis" "nokia_sros_chassis" Facts;
    "nokia_sros_classic" "min" "show system information" "nokia_sros" Facts;
    "nokia_sros_classic" "min" "show chassis" "nokia_sros_chassis" Facts;
    "paloalto_panos" "min" "show system info" "paloalto_panos" Facts;
    "vyos" "min" "show version" "vyos_version" Facts;
    "vyos" "min" "show host name" "vyos_hostname" Facts;
    "vyos" "config" "show system commit" "vyos_commits" Commits;
    "vyos" "interfaces" "show interfaces" "vyos_interfaces" Interfaces;
    "vyos" "neighbors" "show lldp neighbors detail" "vyos_lldp" Neighbors;
];
