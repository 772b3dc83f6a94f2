//! Every resource, by the name of its module.

use super::{Definition, Refused};
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// A module for a resource.
#[derive(Debug)]
pub struct Row {
    /// The module's short name: `ios_interfaces`.
    pub name: &'static str,
    /// Its collection: `cisco.ios`.
    pub collection: &'static str,
    /// The platform that the name implies.
    pub platform: &'static str,
    text: &'static str,
}

impl Row {
    /// Returns the definition's text.
    #[cfg(not(test))]
    pub(super) fn text(&self) -> std::borrow::Cow<'static, str> {
        self.text.into()
    }

    /// Returns the text of the definition's file as it is now: cases can be tried without building.
    #[cfg(test)]
    pub(super) fn text(&self) -> String {
        let path = format!("{}/src/resource/definitions/{}.yaml", env!("CARGO_MANIFEST_DIR"), self.name);
        std::fs::read_to_string(path).unwrap_or_else(|_| self.text.to_owned())
    }

    /// Returns the definition, read when somebody first asks for it and kept as long as the process lives.
    pub fn definition(&self) -> &'static Definition {
        static READ: Mutex<Option<HashMap<&'static str, &'static Definition>>> = Mutex::new(None);
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        let known = read.get_or_insert_default();
        known.entry(self.name).or_insert_with(|| {
            let read = Definition::read(&self.text()).unwrap_or_else(|why| panic!("{}: {why}", self.name));
            Box::leak(Box::new(Definition { refused: refused(self.name), ..read }))
        })
    }
}

/// A line for each reason of a module: its name, the options that it has elsewhere and not here, and why. A test holds it to
/// what is documented.
const REFUSED: &str = include_str!("refused.txt");

fn refused(name: &str) -> Vec<Refused> {
    let lines = REFUSED.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(": ")?.split_once(": "));
    lines.flat_map(|(paths, why)| paths.split_whitespace().map(move |path| Refused { path, why })).collect()
}

macro_rules! rows {
    ($($collection:literal $platform:literal { $($name:literal)* })*) => {
        &[$($(Row {
            name: $name,
            collection: $collection,
            platform: $platform,
            text: include_str!(concat!("definitions/", $name, ".yaml")),
        },)*)*]
    };
}

/// Every resource. A test reads all of them.
pub static TABLE: &[Row] = rows![
    "arista.eos" "arista_eos" {
        "eos_acl_interfaces"
        "eos_acls"
        "eos_banner"
        "eos_bgp_address_family"
        "eos_bgp_global"
        "eos_eapi"
        "eos_hostname"
        "eos_interface"
        "eos_interfaces"
        "eos_l2_interface"
        "eos_l2_interfaces"
        "eos_l3_interface"
        "eos_l3_interfaces"
        "eos_lacp"
        "eos_lacp_interfaces"
        "eos_lag_interfaces"
        "eos_lldp"
        "eos_lldp_global"
        "eos_lldp_interfaces"
        "eos_logging_global"
        "eos_ntp_global"
        "eos_ospf_interfaces"
        "eos_ospfv2"
        "eos_ospfv3"
        "eos_prefix_lists"
        "eos_route_maps"
        "eos_snmp_server"
        "eos_static_routes"
        "eos_system"
        "eos_user"
        "eos_vlan"
        "eos_vlans"
        "eos_vrf"
        "eos_vrf_global"
    }
    "cisco.asa" "cisco_asa" {
        "asa_acls"
        "asa_ogs"
    }
    "cisco.ios" "cisco_ios" {
        "ios_acl_interfaces"
        "ios_acls"
        "ios_banner"
        "ios_bgp_address_family"
        "ios_bgp_global"
        "ios_evpn_ethernet"
        "ios_evpn_evi"
        "ios_evpn_global"
        "ios_hostname"
        "ios_hsrp_interfaces"
        "ios_interface"
        "ios_interfaces"
        "ios_l2_interface"
        "ios_l2_interfaces"
        "ios_l3_interface"
        "ios_l3_interfaces"
        "ios_lacp"
        "ios_lacp_interfaces"
        "ios_lag_interfaces"
        "ios_lldp"
        "ios_lldp_global"
        "ios_lldp_interfaces"
        "ios_logging_global"
        "ios_ntp_global"
        "ios_ospf_interfaces"
        "ios_ospfv2"
        "ios_ospfv3"
        "ios_prefix_lists"
        "ios_route_maps"
        "ios_service"
        "ios_snmp_server"
        "ios_static_route"
        "ios_static_routes"
        "ios_system"
        "ios_user"
        "ios_vlan"
        "ios_vlans"
        "ios_vrf_address_family"
        "ios_vrf_global"
        "ios_vrf_interfaces"
        "ios_vxlan_vtep"
    }
    "cisco.iosxr" "cisco_iosxr" {
        "iosxr_acl_interfaces"
        "iosxr_acls"
        "iosxr_banner"
        "iosxr_bgp_address_family"
        "iosxr_bgp_global"
        "iosxr_bgp_neighbor_address_family"
        "iosxr_bgp_templates"
        "iosxr_hostname"
        "iosxr_interfaces"
        "iosxr_l3_interfaces"
        "iosxr_lacp"
        "iosxr_lacp_interfaces"
        "iosxr_lag_interfaces"
        "iosxr_lldp_global"
        "iosxr_lldp_interfaces"
        "iosxr_logging_global"
        "iosxr_ntp_global"
        "iosxr_ospf_interfaces"
        "iosxr_ospfv2"
        "iosxr_prefix_lists"
        "iosxr_snmp_server"
        "iosxr_static_routes"
        "iosxr_system"
        "iosxr_user"
        "iosxr_vrf_address_family"
        "iosxr_vrf_global"
        "iosxr_vrf_interfaces"
    }
    "cisco.nxos" "cisco_nxos" {
        "nxos_aaa_server"
        "nxos_aaa_server_host"
        "nxos_acl"
        "nxos_acl_interface"
        "nxos_acl_interfaces"
        "nxos_acls"
        "nxos_banner"
        "nxos_bfd_interfaces"
        "nxos_bgp"
        "nxos_bgp_address_family"
        "nxos_bgp_af"
        "nxos_bgp_global"
        "nxos_bgp_neighbor"
        "nxos_bgp_neighbor_address_family"
        "nxos_bgp_neighbor_af"
        "nxos_bgp_templates"
        "nxos_evpn_global"
        "nxos_evpn_vni"
        "nxos_feature"
        "nxos_hostname"
        "nxos_hsrp"
        "nxos_hsrp_interfaces"
        "nxos_igmp"
        "nxos_igmp_snooping"
        "nxos_interface"
        "nxos_interface_ospf"
        "nxos_interfaces"
        "nxos_ip_interface"
        "nxos_l2_interface"
        "nxos_l2_interfaces"
        "nxos_l3_interface"
        "nxos_l3_interfaces"
        "nxos_lacp"
        "nxos_lacp_interfaces"
        "nxos_lag_interfaces"
        "nxos_lldp_global"
        "nxos_lldp_interfaces"
        "nxos_logging_global"
        "nxos_ntp_global"
        "nxos_ospf"
        "nxos_ospf_interfaces"
        "nxos_ospf_vrf"
        "nxos_ospfv2"
        "nxos_ospfv3"
        "nxos_overlay_global"
        "nxos_pim"
        "nxos_pim_interface"
        "nxos_pim_rp_address"
        "nxos_prefix_lists"
        "nxos_route_maps"
        "nxos_snmp_community"
        "nxos_snmp_contact"
        "nxos_snmp_host"
        "nxos_snmp_location"
        "nxos_snmp_server"
        "nxos_snmp_user"
        "nxos_static_routes"
        "nxos_system"
        "nxos_udld"
        "nxos_udld_interface"
        "nxos_user"
        "nxos_vlan"
        "nxos_vlans"
        "nxos_vpc"
        "nxos_vpc_interface"
        "nxos_vrf"
        "nxos_vrf_address_family"
        "nxos_vrf_af"
        "nxos_vrf_global"
        "nxos_vrf_interface"
        "nxos_vrf_interfaces"
        "nxos_vrrp"
        "nxos_vtp_domain"
        "nxos_vtp_version"
        "nxos_vxlan_vtep"
        "nxos_vxlan_vtep_vni"
    }
    "junipernetworks.junos" "juniper_junos" {
        "junos_acl_interfaces"
        "junos_acls"
        "junos_banner"
        "junos_bgp_address_family"
        "junos_bgp_global"
        "junos_hostname"
        "junos_interfaces"
        "junos_l3_interfaces"
        "junos_lacp"
        "junos_lacp_interfaces"
        "junos_lag_interfaces"
        "junos_lldp_global"
        "junos_lldp_interfaces"
        "junos_logging_global"
        "junos_netconf"
        "junos_ntp_global"
        "junos_ospf_interfaces"
        "junos_ospfv2"
        "junos_ospfv3"
        "junos_prefix_lists"
        "junos_routing_instances"
        "junos_routing_options"
        "junos_security_policies"
        "junos_security_policies_global"
        "junos_security_zones"
        "junos_snmp_server"
        "junos_static_routes"
        "junos_system"
        "junos_user"
        "junos_vlans"
        "junos_vrf"
    }
    "vyos.vyos" "vyos" {
        "vyos_banner"
        "vyos_bgp_address_family"
        "vyos_bgp_global"
        "vyos_firewall_global"
        "vyos_firewall_interfaces"
        "vyos_firewall_rules"
        "vyos_hostname"
        "vyos_interfaces"
        "vyos_l3_interfaces"
        "vyos_lag_interfaces"
        "vyos_lldp_global"
        "vyos_lldp_interfaces"
        "vyos_logging_global"
        "vyos_ntp_global"
        "vyos_ospf_interfaces"
        "vyos_ospfv2"
        "vyos_ospfv3"
        "vyos_prefix_lists"
        "vyos_route_maps"
        "vyos_snmp_server"
        "vyos_static_routes"
        "vyos_system"
        "vyos_user"
        "vyos_vlan"
    }
];

/// Returns the resource of that module.
pub fn find(name: &str) -> Option<&'static Row> {
    TABLE.iter().find(|row| row.name == name)
}
