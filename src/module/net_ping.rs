//! `net_ping`, `ios_ping`, `nxos_ping`, …: lets a device ping an address and judges what comes of it.
//!
//! How a platform is told is a row of `way.rs`.

mod way;

use super::{Action, Alias, Arg, ArgKind, Args, Change, Cli, CliLine, Finished, Module, Needs, Output, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::platform::Platform;
use crate::value::{Map, Value};
use way::Way;
pub(super) use way::{Counts, counts};

/// `net_ping`
pub static MODULE: Module = Module {
    name: "net_ping",
    collections: &["ansible.netcommon"],
    aliases: &[
        Alias { name: "cisco.ios.ios_ping", platform: Some("cisco_ios") },
        Alias { name: "ios_ping", platform: Some("cisco_ios") },
        Alias { name: "cisco.nxos.nxos_ping", platform: Some("cisco_nxos") },
        Alias { name: "nxos_ping", platform: Some("cisco_nxos") },
        Alias { name: "cisco.iosxr.iosxr_ping", platform: Some("cisco_iosxr") },
        Alias { name: "iosxr_ping", platform: Some("cisco_iosxr") },
        Alias { name: "junipernetworks.junos.junos_ping", platform: Some("juniper_junos") },
        Alias { name: "junos_ping", platform: Some("juniper_junos") },
        Alias { name: "vyos.vyos.vyos_ping", platform: Some("vyos") },
        Alias { name: "vyos_ping", platform: Some("vyos") },
    ],
    summary: "Lets a network device ping an address.",
    args: &[
        Arg::new("dest", ArgKind::Str, "The address or name to ping.").required(),
        Arg::new("afi", ArgKind::Str, "The protocol.").choices(&["ip", "ipv6"]).default("ip"),
        Arg::new("count", ArgKind::Int, "How many packets; 5 when not given."),
        Arg::new("size", ArgKind::Int, "The size of a packet in bytes."),
        Arg::new("source", ArgKind::Str, "The interface or address to ping from."),
        Arg::new("vrf", ArgKind::Str, "The VRF to ping in."),
        Arg::new("interface", ArgKind::Str, "The interface to send by (Junos)."),
        Arg::new("ttl", ArgKind::Int, "How many routers a packet may pass (Junos, VyOS)."),
        Arg::new("interval", ArgKind::Int, "The seconds between two packets (Junos, VyOS)."),
        Arg::new("timeout", ArgKind::Int, "How many seconds to wait for an answer (IOS)."),
        Arg::new("rapid", ArgKind::Bool, "Send the next packet at once (Junos).").default("false"),
        Arg::new("df_bit", ArgKind::Bool, "Set the bit that forbids fragments.").default("false"),
        Arg::new("state", ArgKind::Str, "Whether answers are expected.")
            .choices(&["present", "absent"])
            .default("present"),
    ],
    rules: &[],
    free_form: None,
    any_args: false,
    needs: Needs::Cli,
    changes_run: false,
    once: false,
    effect: |_| Effect::Read,
    plan: |context| Box::pin(async move { plan(context.args, context.platform) }),
};

fn plan(args: &Args, platform: Option<&Platform>) -> Result<Change, Failure> {
    let line = line(args, platform)?;
    let wanted = args.text("state") != Some("absent");
    let cli = Cli { lines: vec![CliLine::new(line.as_str())], stop_on_error: true, ..Cli::default() };
    Ok(Change::act(Action::on_host(Effect::Read, Work::Cli(cli)), move |output, _| judge(output, &line, wanted)))
}

/// Returns the command with which a platform pings.
pub(super) fn line(args: &Args, platform: Option<&Platform>) -> Result<String, Failure> {
    let name = platform.map_or("cisco_ios", |platform| platform.name.as_str());
    let Some(way) = way::find(name) else {
        let message = format!("`net_ping` does not know how `{name}` pings");
        return Err(
            Failure::new(FailureKind::Argument, message).help("use `cli_command` with the device's own command")
        );
    };
    command(args, way)
}

/// Returns the command, with its options in the order in which the platform takes them.
fn command(args: &Args, way: &Way) -> Result<String, Failure> {
    let mut words = vec!["ping".to_owned()];
    let mut known = vec!["dest", "state", "afi", "provider"];
    for (argument, word) in way.words {
        known.push(argument);
        let value = match *argument {
            "dest" => args.text("dest").map(str::to_owned),
            "afi" => (args.text("afi") == Some("ipv6")).then(String::new),
            "df_bit" | "rapid" => args.flag(argument).then(String::new),
            "count" if way.counts_always => Some(args.int("count").unwrap_or(5).to_string()),
            other => args.get(other).map(Value::to_text),
        };
        let Some(value) = value else { continue };
        words.extend([(*word).to_owned(), value].into_iter().filter(|word| !word.is_empty()));
    }
    let given = args.all().iter().filter(|(_, value)| !matches!(value, Value::Null | Value::Bool(false)));
    if let Some((unknown, _)) = given.into_iter().find(|(key, _)| !known.contains(&key.to_string().as_str())) {
        let message = format!("`{}` cannot be told `{unknown}` with a ping", way.platform);
        return Err(Failure::new(FailureKind::Argument, message));
    }
    // Each value is one word of a command line: a newline in it would be a command of its own.
    match words.iter().find(|word| word.contains(|c: char| c.is_control())) {
        Some(_) => Err(Failure::new(FailureKind::Argument, "an argument of `net_ping` holds a control character")),
        None => Ok(words.join(" ")),
    }
}

/// Makes the result of what the device printed.
fn judge(output: Output, line: &str, wanted: bool) -> Result<Finished, Failure> {
    let answer = match output {
        Output::Cli(mut responses) if !responses.is_empty() => responses.remove(0),
        _ => return Err(Failure::new(FailureKind::Internal, "the device's answer to a ping is missing")),
    };
    let mut result: Map =
        [("commands", Value::list([line])), ("stdout", Value::from(answer.output.as_str()))].into_iter().collect();
    if let Some(error) = answer.error {
        return Err(
            Failure::new(FailureKind::Command, format!("the device refused the ping: {error}")).with_result(result)
        );
    }
    let Some(counts) = counts(&answer.output) else {
        return Err(Failure::new(FailureKind::Module, "the device printed no success rate").with_result(result));
    };
    result.insert("packet_loss", format!("{}%", counts.loss_percent()));
    result.insert("packets_rx", counts.received);
    result.insert("packets_tx", counts.sent);
    let times = counts.times.map_or([Value::Null, Value::Null, Value::Null], |times| times.map(Value::from));
    result.insert("rtt", Value::map(["min", "avg", "max"].into_iter().zip(times)));
    match (wanted, counts.received) {
        (true, 0) => Err(Failure::new(FailureKind::Module, "Ping failed unexpectedly").with_result(result)),
        (false, 1..) => Err(Failure::new(FailureKind::Module, "Ping succeeded unexpectedly").with_result(result)),
        _ => Ok(Finished::new(result, false)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::CliResponse;

    fn args(entries: &[(&str, Value)]) -> Args {
        Args::of(entries.iter().cloned().collect())
    }

    fn answered(text: &str, wanted: bool) -> Result<Finished, Failure> {
        judge(Output::Cli(vec![CliResponse { output: text.into(), ..CliResponse::default() }]), "ping x", wanted)
    }

    #[test]
    fn options_come_in_the_order_of_the_platform() {
        let all = [
            ("dest", Value::from("10.0.0.1")),
            ("vrf", "mgmt".into()),
            ("count", 20.into()),
            ("size", 1400.into()),
            ("df_bit", true.into()),
            ("source", "Loopback0".into()),
        ];
        let cases = [
            ("cisco_ios", "ping vrf mgmt 10.0.0.1 repeat 20 size 1400 df-bit source Loopback0"),
            ("cisco_iosxr", "ping vrf mgmt 10.0.0.1 count 20 size 1400 donotfrag source Loopback0"),
            ("cisco_nxos", "ping 10.0.0.1 count 20 packet-size 1400 df-bit source Loopback0 vrf mgmt"),
            ("arista_eos", "ping vrf mgmt 10.0.0.1 repeat 20 size 1400 df-bit source Loopback0"),
        ];
        for (platform, line) in cases {
            assert_eq!(command(&args(&all), way::find(platform).unwrap()).unwrap(), line);
        }
        let ios = way::find("cisco_ios").unwrap();
        let six = args(&[("dest", "2001:db8::1".into()), ("afi", "ipv6".into())]);
        assert_eq!(command(&six, ios).unwrap(), "ping ipv6 2001:db8::1");
        assert!(command(&args(&[("dest", "x\nreload".into())]), ios).is_err(), "a second command is refused");
        let vyos = way::find("vyos").unwrap();
        let one = args(&[("dest", "10.0.0.1".into()), ("ttl", 3.into())]);
        assert_eq!(command(&one, vyos).unwrap(), "ping 10.0.0.1 count 5 ttl 3");
        let failure = command(&args(&all), vyos).unwrap_err();
        assert_eq!(failure.message.expose(), "`vyos` cannot be told `vrf` with a ping");
    }

    #[test]
    fn the_success_rate_decides() {
        let good = "Sending 5, 100-byte ICMP Echos to 10.0.0.1, timeout is 2 seconds:\n.!!!!\n\
                    Success rate is 80 percent (4/5), round-trip min/avg/max = 1/2/4 ms";
        let result = answered(good, true).ok().unwrap().result;
        assert_eq!(result.get("packet_loss"), Some(&Value::from("20%")));
        assert_eq!(result.get("packets_rx"), Some(&Value::Int(4)));
        assert_eq!(result.get("rtt").unwrap().to_text(), "{'min': 1, 'avg': 2, 'max': 4}");
        assert_eq!(answered(good, false).err().unwrap().message.expose(), "Ping succeeded unexpectedly");
        let none = ".....\nSuccess rate is 0 percent (0/5)";
        assert!(answered(none, false).is_ok());
        assert_eq!(answered(none, true).err().unwrap().kind, FailureKind::Module);
        assert!(answered("% Unrecognized host or address", true).is_err());
    }

    #[test]
    fn what_unix_pings_print_is_understood() {
        let nxos = "--- 10.0.0.1 ping statistics ---\n5 packets transmitted, 4 packets received, 20.00% packet loss\n\
                    round-trip min/avg/max = 0.5/0.75/1 ms";
        let result = answered(nxos, true).ok().unwrap().result;
        assert_eq!(result.get("packet_loss"), Some(&Value::from("20%")));
        assert_eq!(result.get("rtt").unwrap().to_text(), "{'min': 0.5, 'avg': 0.75, 'max': 1}");
        let linux = "3 packets transmitted, 0 received, 100% packet loss, time 2046ms\n";
        assert_eq!(answered(linux, true).err().unwrap().message.expose(), "Ping failed unexpectedly");
        assert!(answered(linux, false).is_ok());
    }
}
