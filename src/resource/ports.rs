//! Ports of TCP and UDP: people write numbers or names, and devices show a name where they know one. A name means one
//! number on all of them (but for two), while which names a line takes depends on the device and the protocol: so ports are
//! compared and sent by number.

/// The names that devices show (IOS `permit tcp any any eq ?` and the same with `udp`; EOS, NX-OS and ASA add a few).
const NAMES: &[(&str, u16)] = &[
    ("aol", 5190),
    ("bgp", 179),
    ("biff", 512),
    ("bootpc", 68),
    ("bootps", 67),
    ("chargen", 19),
    ("cifs", 3020),
    ("citrix-ica", 1494),
    ("cmd", 514),
    ("ctiqbe", 2748),
    ("daytime", 13),
    ("discard", 9),
    ("dnsix", 195),
    ("domain", 53),
    ("drip", 3949),
    ("echo", 7),
    ("exec", 512),
    ("finger", 79),
    ("ftp", 21),
    ("ftp-data", 20),
    ("gopher", 70),
    ("h323", 1720),
    ("hostname", 101),
    ("https", 443),
    ("ident", 113),
    ("imap4", 143),
    ("irc", 194),
    ("isakmp", 500),
    ("klogin", 543),
    ("kshell", 544),
    ("ldap", 389),
    ("ldaps", 636),
    ("login", 513),
    ("lotusnotes", 1352),
    ("lpd", 515),
    ("mobile-ip", 434),
    ("nameserver", 42),
    ("netbios-dgm", 138),
    ("netbios-ns", 137),
    ("netbios-ss", 139),
    ("netbios-ssn", 139),
    ("nfs", 2049),
    ("nntp", 119),
    ("non500-isakmp", 4500),
    ("ntp", 123),
    ("pcanywhere-data", 5631),
    ("pcanywhere-status", 5632),
    ("pim-auto-rp", 496),
    ("pop2", 109),
    ("pop3", 110),
    ("pptp", 1723),
    ("radius", 1812),
    ("radius-acct", 1813),
    ("rip", 520),
    ("rsh", 514),
    ("rtsp", 554),
    ("secureid-udp", 5510),
    ("sip", 5060),
    ("smtp", 25),
    ("snmp", 161),
    ("snmptrap", 162),
    ("sqlnet", 1521),
    ("ssh", 22),
    ("sunrpc", 111),
    ("syslog", 514),
    ("tacacs", 49),
    ("talk", 517),
    ("telnet", 23),
    ("tftp", 69),
    ("time", 37),
    ("uucp", 540),
    ("vxlan", 4789),
    ("who", 513),
    ("whois", 43),
    ("www", 80),
    ("xdmcp", 177),
];

/// Names that mean another number on a platform. (Cisco ASA Series General Operations CLI Configuration Guide, "Addresses,
/// Protocols, and Ports")
const OF_PLATFORMS: &[(&str, &str, &str)] = &[("cisco_asa", "radius", "1645"), ("cisco_asa", "radius-acct", "1646")];

/// Returns a port by its number; a name that nobody knows stays as it is.
pub(super) fn number(platform: &str, text: &str) -> String {
    let text = text.trim();
    if let Some((_, _, number)) = OF_PLATFORMS.iter().find(|(its, name, _)| *its == platform && *name == text) {
        return (*number).to_owned();
    }
    let found = NAMES.binary_search_by_key(&text, |(name, _)| name);
    found.map_or_else(|_| text.to_owned(), |place| NAMES[place].1.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_numbers() {
        assert!(NAMES.is_sorted(), "they are looked up by halves");
        let cases = [("www", "80"), ("80", "80"), ("ssh", "22"), ("syslog", "514"), ("own", "own"), ("radius", "1812")];
        for (text, number_of_it) in cases {
            assert_eq!(number("cisco_ios", text), number_of_it, "{text}");
        }
        assert_eq!(number("cisco_asa", "radius"), "1645");
    }
}
