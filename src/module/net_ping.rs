//! `net_ping`, `ios_ping`: lets a device ping an address and judges what comes of it. So far IOS is understood.

use super::{Action, Alias, Arg, ArgKind, Args, Change, Cli, CliLine, Finished, Module, Needs, Output, Work};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::platform::Platform;
use crate::value::{Map, Value};
use regex::Regex;

/// `net_ping`
pub static MODULE: Module = Module {
    name: "net_ping",
    collections: &["ansible.netcommon"],
    aliases: &[
        Alias { name: "cisco.ios.ios_ping", platform: Some("cisco_ios") },
        Alias { name: "ios_ping", platform: Some("cisco_ios") },
    ],
    summary: "Lets a network device ping an address.",
    args: &[
        Arg::new("dest", ArgKind::Str, "The address or name to ping.").required(),
        Arg::new("afi", ArgKind::Str, "The protocol.").choices(&["ip", "ipv6"]).default("ip"),
        Arg::new("count", ArgKind::Int, "How many packets; the device sends 5 when not given."),
        Arg::new("size", ArgKind::Int, "The size of a packet in bytes."),
        Arg::new("source", ArgKind::Str, "The interface or address to ping from."),
        Arg::new("vrf", ArgKind::Str, "The VRF to ping in."),
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
    if let Some(other) = platform.filter(|platform| platform.name != "cisco_ios") {
        let message = format!("`net_ping` does not know how `{}` pings yet", other.name);
        return Err(
            Failure::new(FailureKind::Argument, message).help("use `cli_command` with the device's own command")
        );
    }
    let line = command(args)?;
    let wanted = args.text("state") != Some("absent");
    let cli = Cli { lines: vec![CliLine::new(line.as_str())], stop_on_error: true, ..Cli::default() };
    Ok(Change::act(Action::on_host(Effect::Read, Work::Cli(cli)), move |output, _| judge(output, &line, wanted)))
}

/// Returns the command in the order in which IOS takes its options.
fn command(args: &Args) -> Result<String, Failure> {
    let mut words = vec!["ping".to_owned()];
    if let Some(vrf) = args.text("vrf") {
        words.extend(["vrf".into(), vrf.to_owned()]);
    }
    if args.text("afi") == Some("ipv6") {
        words.push("ipv6".into());
    }
    words.push(args.text("dest").unwrap_or_default().to_owned());
    for (argument, option) in [("count", "repeat"), ("size", "size")] {
        if let Some(number) = args.int(argument) {
            words.extend([option.to_owned(), number.to_string()]);
        }
    }
    if args.flag("df_bit") {
        words.push("df-bit".into());
    }
    if let Some(source) = args.text("source") {
        words.extend(["source".into(), source.to_owned()]);
    }
    // Each value is one word of a command line: a newline in it would be a command of its own.
    match words.iter().find(|word| word.contains(|c: char| c.is_control())) {
        Some(_) => Err(Failure::new(FailureKind::Argument, "an argument of `net_ping` holds a control character")),
        None => Ok(words.join(" ")),
    }
}

/// Makes the result of what the device printed: `Success rate is 80 percent (4/5), round-trip min/avg/max = 1/2/4 ms`.
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
    let rate = Regex::new(
        r"Success rate is (\d+) percent \((\d+)/(\d+)\)(?:, round-trip min/avg/max = (\d+)/(\d+)/(\d+) ms)?",
    )
    .expect("a literal expression");
    let Some(found) = rate.captures(&answer.output) else {
        return Err(Failure::new(FailureKind::Module, "the device printed no success rate").with_result(result));
    };
    let number = |group: usize| found.get(group).and_then(|text| text.as_str().parse::<i64>().ok());
    let percent = number(1).unwrap_or(0);
    result.insert("packet_loss", format!("{}%", 100 - percent));
    result.insert("packets_rx", number(2));
    result.insert("packets_tx", number(3));
    let times = [("min", number(4)), ("avg", number(5)), ("max", number(6))];
    result.insert("rtt", Value::map(times));
    match (wanted, percent) {
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
    fn options_come_in_the_order_of_ios() {
        let all = args(&[
            ("dest", "10.0.0.1".into()),
            ("vrf", "mgmt".into()),
            ("count", 20.into()),
            ("size", 1400.into()),
            ("df_bit", true.into()),
            ("source", "Loopback0".into()),
        ]);
        assert_eq!(command(&all).unwrap(), "ping vrf mgmt 10.0.0.1 repeat 20 size 1400 df-bit source Loopback0");
        let six = args(&[("dest", "2001:db8::1".into()), ("afi", "ipv6".into())]);
        assert_eq!(command(&six).unwrap(), "ping ipv6 2001:db8::1");
        assert!(command(&args(&[("dest", "x\nreload".into())])).is_err(), "a second command is refused");
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
}
