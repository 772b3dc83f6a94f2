//! Modules of network collections that are not here.

/// Modules of one collection that have the same way out.
pub(super) struct Family {
    /// The collection.
    pub(super) collection: &'static str,
    /// What their names begin with.
    pub(super) start: &'static str,
    /// The rest of their names.
    pub(super) names: &'static str,
    /// What to use instead.
    pub(super) why: &'static str,
}

/// Modules of collections for network CLIs, here or not: those that are not here are configured by lines.
pub(super) static FAMILIES: &[Family] = &[
    Family {
        collection: "cisco.ios",
        start: "ios_",
        names: "acl_interfaces acls banner bgp bgp_address_family bgp_global command config evpn_ethernet evpn_evi \
                evpn_global facts hostname hsrp_interfaces interface interfaces l2_interface l2_interfaces \
                l3_interface l3_interfaces lacp lacp_interfaces lag_interfaces linkagg lldp lldp_global \
                lldp_interfaces logging logging_global ntp ntp_global ospf_interfaces ospfv2 ospfv3 ping \
                prefix_lists route_maps service snmp_server static_route static_routes system user vlan vlans vrf \
                vrf_address_family vrf_global vrf_interfaces vxlan_vtep",
        why: "`ios_config` with the lines themselves sends what differs",
    },
    Family {
        collection: "cisco.nxos",
        start: "nxos_",
        names: "aaa_server aaa_server_host acl acl_interface acl_interfaces acls banner bfd_global bfd_interfaces \
                bgp bgp_address_family bgp_af bgp_global bgp_neighbor bgp_neighbor_address_family bgp_neighbor_af \
                bgp_templates command config devicealias evpn_global evpn_vni facts fc_interfaces feature file_copy \
                gir gir_profile_management hostname hsrp hsrp_interfaces igmp igmp_interface igmp_snooping \
                install_os interface interface_ospf interfaces l2_interfaces l3_interface l3_interfaces lacp \
                lacp_interfaces lag_interfaces linkagg lldp lldp_global lldp_interfaces logging logging_global ntp \
                ntp_auth ntp_global ntp_options nxapi ospf ospf_interfaces ospf_vrf ospfv2 ospfv3 overlay_global pim \
                pim_interface pim_rp_address ping portchannel prefix_lists reboot rollback route_maps rpm smu \
                snapshot snmp_community snmp_contact snmp_host snmp_location snmp_server snmp_traps snmp_user \
                static_route static_routes switchport system telemetry udld udld_interface user vlan vlans vpc \
                vpc_interface vrf vrf_address_family vrf_af vrf_global vrf_interface vrf_interfaces vrrp vsan vtp \
                vtp_domain vtp_password vtp_version vxlan_vtep vxlan_vtep_vni zone_zoneset",
        why: "`nxos_config` with the lines themselves sends what differs",
    },
    Family {
        collection: "cisco.iosxr",
        start: "iosxr_",
        names: "acl_interfaces acls banner bgp_address_family bgp_global bgp_neighbor_address_family bgp_templates \
                command config facts hostname interface interfaces l2_interfaces l3_interfaces lacp lacp_interfaces \
                lag_interfaces lldp_global lldp_interfaces logging logging_global netconf ntp_global ospf_interfaces \
                ospfv2 ospfv3 ping prefix_lists route_maps snmp_server static_routes system user vrf_address_family \
                vrf_global vrf_interfaces",
        why: "`iosxr_config` with the lines themselves sends what differs",
    },
    Family {
        collection: "cisco.asa",
        start: "asa_",
        names: "acls command config facts ogs",
        why: "`asa_config` with the lines themselves sends what differs",
    },
    Family {
        collection: "arista.eos",
        start: "eos_",
        names: "acl_interfaces acls banner bgp bgp_address_family bgp_global command config eapi facts hostname \
                interface interfaces l2_interfaces l3_interface l3_interfaces lacp lacp_interfaces lag_interfaces \
                linkagg lldp lldp_global lldp_interfaces logging logging_global ntp_global ospf_interfaces ospfv2 \
                ospfv3 prefix_lists route_maps snmp_server static_route static_routes system user vlan vlans vrf \
                vrf_global",
        why: "`eos_config` with the lines themselves sends what differs",
    },
    Family {
        collection: "junipernetworks.junos",
        start: "junos_",
        names: "acl_interfaces acls banner bgp_address_family bgp_global command config facts hostname interface \
                interfaces l2_interface l2_interfaces l3_interface l3_interfaces lacp lacp_interfaces lag_interfaces \
                linkagg lldp lldp_global lldp_interface lldp_interfaces logging logging_global netconf ntp_global \
                ospf_interfaces ospfv2 ospfv3 package ping prefix_lists routing_instances routing_options rpc scp \
                security_policies security_policies_global security_zones snmp_server static_route static_routes \
                system user vlan vlans vrf",
        why: "`junos_config` with the lines themselves sends what differs",
    },
    Family {
        collection: "vyos.vyos",
        start: "vyos_",
        names: "banner bgp_address_family bgp_global command config facts firewall_global firewall_interfaces \
                firewall_rules hostname interface interfaces l3_interface l3_interfaces lag_interfaces linkagg lldp \
                lldp_global lldp_interface lldp_interfaces logging logging_global ntp_global ospf_interfaces ospfv2 \
                ospfv3 ping prefix_lists route_maps snmp_server static_route static_routes system user vlan",
        why: "`vyos_config` with the lines themselves sends what differs",
    },
    Family {
        collection: "napalm.napalm",
        start: "napalm_",
        names: "confirmed_commit diff_yang parse_yang rollback translate_yang",
        why: "`cli_config` with `confirm_within` or `rollback`, and `netconf_get` for data of YANG models",
    },
    Family {
        collection: "juniper.device",
        start: "junos_",
        names: "cli commit get_config get_facts get_table install_config install_os jsnapy rollback shutdown template",
        why: "`junos_command`, `junos_config`, `junos_facts`, `junos_ping` and `junos_rpc`",
    },
    Family {
        collection: "juniper.device",
        start: "juniper_junos_",
        names: "command config facts jsnapy ping pmtud rpc software srx_cluster system table",
        why: "`junos_command`, `junos_config`, `junos_facts`, `junos_ping` and `junos_rpc`",
    },
    Family {
        collection: "ansible.netcommon",
        start: "net_",
        names: "banner interface l2_interface l3_interface linkagg lldp lldp_interface logging static_route system user vlan vrf",
        why: "the module of the platform, as `ios_static_route`, or `cli_config` with the lines",
    },
];

/// Modules that are not here, and the module that does their work.
pub(super) static INSTEAD: &[(&str, &str)] = &[
    ("eos_bgp", "`eos_bgp_global`"),
    ("eos_linkagg", "`eos_lag_interfaces`"),
    ("eos_logging", "`eos_logging_global`"),
    ("eos_static_route", "`eos_static_routes`"),
    ("ios_bgp", "`ios_bgp_global`"),
    ("ios_linkagg", "`ios_lag_interfaces`"),
    ("ios_logging", "`ios_logging_global`"),
    ("ios_ntp", "`ios_ntp_global`"),
    ("ios_vrf", "`ios_vrf_global`, and `ios_vrf_interfaces` for the interfaces in them"),
    ("iosxr_interface", "`iosxr_interfaces`"),
    ("junos_interface", "`junos_interfaces`"),
    ("junos_l3_interface", "`junos_l3_interfaces`"),
    ("junos_linkagg", "`junos_lag_interfaces`"),
    ("junos_lldp", "`junos_lldp_global`"),
    ("junos_lldp_interface", "`junos_lldp_interfaces`"),
    ("junos_static_route", "`junos_static_routes`"),
    ("junos_vlan", "`junos_vlans`"),
    ("nxos_file_copy", "`net_put` copies a file to the device, `net_get` from it, over SCP or SFTP"),
    ("nxos_gir", "`nxos_config` with `lines: system mode maintenance`"),
    ("nxos_install_os", "`nxos_command` with `install all nxos …`, and `prompt` and `answer` for what it asks"),
    ("nxos_linkagg", "`nxos_lag_interfaces`"),
    ("nxos_lldp", "`nxos_lldp_global`"),
    ("nxos_logging", "`nxos_logging_global`"),
    ("nxos_ntp", "`nxos_ntp_global`"),
    ("nxos_ntp_auth", "`nxos_ntp_global`"),
    ("nxos_ntp_options", "`nxos_ntp_global`"),
    ("nxos_nxapi", "`nxos_feature` with `feature: nxapi`, and `nxos_config` for `nxapi http port …`"),
    ("nxos_portchannel", "`nxos_lag_interfaces`"),
    ("nxos_reboot", "`nxos_command` with `reload`, and `prompt` and `answer` for what it asks"),
    ("nxos_rollback", "`nxos_command` with `checkpoint …` and `rollback running-config checkpoint …`"),
    ("nxos_snapshot", "`nxos_command` with `snapshot create …` and `show snapshots compare …`"),
    ("nxos_static_route", "`nxos_static_routes`"),
    ("nxos_switchport", "`nxos_l2_interfaces`"),
    ("vyos_interface", "`vyos_interfaces`"),
    ("vyos_l3_interface", "`vyos_l3_interfaces`"),
    ("vyos_static_route", "`vyos_static_routes`"),
];

/// Whole collections, and what to use instead of their modules.
pub(super) static COLLECTIONS: &[(&str, &str)] = &[
    ("arista.avd", "`template` renders a design, and `eos_config` with `replace: config` brings a switch to it"),
    ("arista.cvp", "CloudVision is an HTTP API: `uri` calls it; switches are configured by `eos_config`"),
    ("arubanetworks.aoscx", "`aoscx_command` and `aoscx_config`"),
    ("check_point.mgmt", "the management server is an HTTP API: `uri` calls it"),
    ("cisco.aci", "the controller is an HTTP API: `uri` calls it"),
    ("cisco.asa", "`asa_config` with the lines themselves sends what differs"),
    ("cisco.dcnm", "the controller is an HTTP API: `uri` calls it"),
    ("cisco.dnac", "the controller is an HTTP API: `uri` calls it"),
    ("cisco.ise", "it is an HTTP API: `uri` calls it"),
    ("cisco.meraki", "the dashboard is an HTTP API: `uri` calls it"),
    ("cisco.mso", "the controller is an HTTP API: `uri` calls it"),
    ("cisco.nd", "the controller is an HTTP API: `uri` calls it"),
    ("community.network", "`cli_command` and `cli_config` with the platform (`netplay platforms` lists them)"),
    ("community.routeros", "`cli_command` and `cli_facts` with `ansible_network_os: mikrotik_routeros`"),
    ("dellemc.os10", "`os10_command` and `os10_config`"),
    ("dellemc.os6", "`cli_command` and `cli_config` with `ansible_network_os: dell_os6`"),
    ("dellemc.os9", "`cli_command` and `cli_config` with `ansible_network_os: dell_os9`"),
    (
        "f5networks.f5_bigip",
        "`cli_command` with `ansible_network_os: f5_tmsh` runs tmsh, and `uri` calls iControl REST",
    ),
    (
        "f5networks.f5_modules",
        "`cli_command` with `ansible_network_os: f5_tmsh` runs tmsh, and `uri` calls iControl REST",
    ),
    ("fortinet.fortimanager", "it is an HTTP API: `uri` calls it"),
    ("fortinet.fortios", "`cli_config` with `ansible_network_os: fortinet_fortios`, or `uri` for its HTTP API"),
    ("infoblox.nios_modules", "it is an HTTP API: `uri` calls it"),
    ("juniper.device", "`junos_command`, `junos_config`, `junos_facts`, `junos_ping` and `junos_rpc`"),
    ("netbox.netbox", "NetBox is an HTTP API: `uri` calls it"),
    ("nokia.grpc", "gNMI is not spoken: `cli_config` with `ansible_network_os: nokia_sros`"),
    ("nokia.srlinux", "`cli_command` and `cli_config` with `ansible_network_os: nokia_srlinux`"),
    (
        "paloaltonetworks.panos",
        "`cli_config` with `ansible_network_os: paloalto_panos`, which commits, or `uri` for its HTTP API",
    ),
];

/// Returns the collection of a module of a network collection, and what is said of it.
pub(super) fn refused(collection: Option<&str>, short: &str) -> Option<(&'static str, &'static str)> {
    let is_of = |family: &&Family| {
        let rest = short.strip_prefix(family.start);
        collection.is_none_or(|collection| collection == family.collection)
            && rest.is_some_and(|rest| family.names.split_whitespace().any(|name| name == rest))
    };
    if let Some(family) = FAMILIES.iter().find(is_of) {
        let instead = INSTEAD.binary_search_by_key(&short, |(name, _)| name).ok().map(|place| INSTEAD[place].1);
        return Some((family.collection, instead.unwrap_or(family.why)));
    }
    COLLECTIONS.iter().find(|(name, _)| Some(*name) == collection).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_tables_are_sorted() {
        assert!(COLLECTIONS.is_sorted_by(|a, b| a.0 < b.0));
        assert!(INSTEAD.is_sorted_by(|a, b| a.0 < b.0));
        for family in FAMILIES {
            let names: Vec<&str> = family.names.split_whitespace().collect();
            assert!(names.is_sorted_by(|a, b| a < b), "{}: {}", family.collection, family.names);
        }
    }

    #[test]
    fn names_may_leave_out_what_their_collection_says() {
        for (name, whole) in [
            ("cisco.nxos.command", "cli_command"),
            ("junipernetworks.junos.config", "cli_config"),
            ("arista.eos.vlans", "eos_vlans"),
        ] {
            assert_eq!(crate::module::find(name).map(|(module, _)| module.name), Some(whole), "{name}");
        }
        assert!(crate::module::find("cisco.nxos.ghost").is_none() && crate::module::find("cisco.aci.config").is_none());
    }

    #[test]
    fn what_is_named_instead_is_there() {
        for (name, why) in INSTEAD {
            assert!(crate::module::find(name).is_none() && refused(None, name).is_some(), "{name}");
            for named in why.split('`').skip(1).step_by(2).filter(|named| named.contains('_') && !named.contains(' ')) {
                assert!(crate::module::find(named).is_some(), "{name}: `{named}`");
            }
        }
    }

    #[test]
    fn what_network_playbooks_use_is_there_or_has_a_way_out() {
        for name in [
            "cisco.ios.ios_bgp_address_family",
            "ios_bgp_address_family",
            "arista.cvp.cv_device_v3",
            "f5networks.f5_modules.bigip_pool",
            "ansible.netcommon.net_static_route",
            "paloaltonetworks.panos.panos_security_rule",
            "juniper.device.config",
        ] {
            assert!(crate::module::refused(name).is_some() || crate::module::find(name).is_some(), "{name}");
        }
        assert!(crate::module::refused("cisco.ios.ios_confg").is_none(), "a slip is a slip");
    }
}
