//! Lines that take others of their section along when they change: a port that comes into another VRF loses its addresses, so those that
//! are wanted are sent again.

use super::Section;
use super::spelled::said;
use crate::platform::{ConfigText, Pattern};

/// What goes with the lines of a section that change.
pub(super) struct Resets<'a>(Vec<&'a Pattern>);

impl<'a> Resets<'a> {
    /// Looks at the lines wanted that come, of which `comes` claims it, and at those that go.
    pub(super) fn of(
        wanted: &[Section],
        comes: impl Fn(&str) -> bool,
        goes: impl Iterator<Item = String>,
        (within, text): (Option<&str>, &'a ConfigText),
    ) -> Resets<'a> {
        if text.resets.is_empty() || within.is_none() {
            return Resets(Vec::new());
        }
        let lines = wanted.iter().map(|section| said(&section.line, text)).filter(|line| comes(line));
        let changing: Vec<String> = lines.chain(goes).collect();
        let does = |reset: &&crate::platform::Reset| changing.iter().any(|line| reset.line.is_match(line));
        Resets(text.resets.iter().filter(does).map(|reset| &reset.takes).collect())
    }

    /// Claims that a line goes with them.
    pub(super) fn take(&self, line: &str) -> bool {
        self.0.iter().any(|takes| takes.is_match(line))
    }
}

#[cfg(test)]
mod tests {
    use crate::configuration::{missing, parse, remedy, to_send};
    use crate::platform;

    #[test]
    fn a_port_that_comes_into_a_vrf_keeps_its_addresses() {
        let cases = [
            ("ios", "vrf forwarding N", "ip address 10.0.0.1 255.255.255.0"),
            ("eos", "vrf N", "ip address 10.0.0.1/24"),
            ("nxos", "vrf member N", "ip address 10.0.0.1/24"),
        ];
        for (platform, vrf, address) in cases {
            let text = &platform::find(platform).unwrap().text;
            let port = |vrf: &str| parse(&format!("interface Vlan10\n description x\n {vrf}\n {address}\n"), text);
            let (red, blue) = (port(&vrf.replace('N', "RED")), port(&vrf.replace('N', "BLUE")));
            let lines = ["interface Vlan10", &vrf.replace('N', "BLUE"), address];
            assert_eq!(to_send(&missing(&blue, &red, text), text, None), lines, "{platform}");
            assert_eq!(to_send(&remedy(&blue, &red, text), text, None), lines, "{platform}");
            assert!(missing(&blue, &blue, text).is_empty() && remedy(&blue, &blue, text).is_empty(), "{platform}");
            let none = parse(&format!("interface Vlan10\n description x\n {address}\n"), text);
            let back = to_send(&remedy(&none, &red, text), text, None);
            assert_eq!(back, ["interface Vlan10", &format!("no {}", vrf.replace('N', "RED")), address], "{platform}");
        }
    }
}
