//! `napalm_ping`: lets a device ping an address, as `net_ping` does, and says in NAPALM's shape what came of it. That nobody
//! answers is a result, no failure.

use super::{COLLECTION, REACHED, check_options};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::module::args::args_with;
use crate::module::net_ping::{Counts, counts, line};
use crate::module::{
    Action, Arg, ArgKind, Args, Change, Cli, CliLine, Context, Finished, Module, Needs, Output, Rule, Work,
};
use crate::platform::Platform;
use crate::value::{Key, Map, Value};

/// `napalm_ping`
pub(in crate::module) static MODULE: Module = Module {
    name: "napalm_ping",
    collections: &[COLLECTION],
    aliases: &[],
    summary: "Lets a network device ping an address; `ping_results` says in NAPALM's shape what came of it.",
    args: args_with![REACHED;
        Arg::new("destination", ArgKind::Str, "The address or name to ping.").required(),
        Arg::new("source", ArgKind::Str, "The address or interface to ping from."),
        Arg::new("ttl", ArgKind::Int, "How many routers a packet may pass."),
        Arg::new("ping_timeout", ArgKind::Int, "How many seconds to wait for an answer."),
        Arg::new("size", ArgKind::Int, "The size of a packet in bytes."),
        Arg::new("count", ArgKind::Int, "How many packets; 5 when not given."),
        Arg::new("vrf", ArgKind::Str, "The VRF to ping in."),
    ],
    rules: &[Rule::Passes("optional_args", check_options)],
    free_form: None,
    any_args: false,
    needs: Needs::Cli,
    changes_run: false,
    once: false,
    effect: |_| Effect::Read,
    plan: |context| Box::pin(async move { plan(&context) }),
};

fn plan(context: &Context<'_>) -> Result<Change, Failure> {
    let args = context.args.all();
    let (action, destination) = asked(|name| args.get(name).cloned(), context.platform)?;
    Ok(Change::act(action, move |output, _| {
        let mut result = Map::new();
        result.insert("ping_results", judge(output, &destination)?);
        Ok(Finished::new(result, false))
    }))
}

/// NAPALM's arguments, and those of `net_ping` that say the same.
const ARGUMENTS: &[(&str, &str)] = &[
    ("destination", "dest"),
    ("source", "source"),
    ("ttl", "ttl"),
    ("ping_timeout", "timeout"),
    ("size", "size"),
    ("count", "count"),
    ("vrf", "vrf"),
];

/// Returns the action that pings, and whom.
fn asked(given: impl Fn(&str) -> Option<Value>, platform: Option<&Platform>) -> Result<(Action, String), Failure> {
    let mut map = Map::new();
    for (name, called) in ARGUMENTS {
        let value = given(name).filter(|value| !matches!(value, Value::Null) && value.as_str() != Some(""));
        if let Some(value) = value {
            map.insert(*called, value);
        }
    }
    let destination = map.get("dest").map(Value::to_text).unwrap_or_default();
    if destination.is_empty() {
        return Err(Failure::new(FailureKind::Argument, "a ping needs a `destination`"));
    }
    let six = destination.parse::<std::net::Ipv6Addr>().is_ok();
    map.insert("dest", destination.as_str());
    map.insert("afi", if six { "ipv6" } else { "ip" });
    let line = line(&Args::of(map), platform)?;
    let cli = Cli { lines: vec![CliLine::new(line)], ..Cli::default() };
    Ok((Action::on_host(Effect::Read, Work::Cli(cli)), destination))
}

/// Pings, with the arguments that a validation file says.
pub(super) async fn pinged(context: &Context<'_>, given: &Map) -> Result<Value, Failure> {
    // There, as in NAPALM's own function, the time is `timeout`.
    if let Some((unknown, _)) = given.iter().find(|(key, _)| !is_known(key)) {
        return Err(Failure::new(FailureKind::Argument, format!("`_kwargs` of `ping` has no `{unknown}`")));
    }
    let named = |name: &str| given.get(if name == "ping_timeout" { "timeout" } else { name }).cloned();
    let (action, destination) = asked(named, context.platform)?;
    judge(context.probe.read(action).await?, &destination)
}

fn is_known(key: &Key) -> bool {
    let key = key.to_string();
    key == "timeout" || ARGUMENTS.iter().any(|(name, _)| *name == key && key != "ping_timeout")
}

/// Says what came of a ping.
fn judge(output: Output, destination: &str) -> Result<Value, Failure> {
    let answer = match output {
        Output::Cli(mut responses) if !responses.is_empty() => responses.remove(0),
        _ => return Err(Failure::new(FailureKind::Internal, "the device's answer to a ping is missing")),
    };
    Ok(match counts(&answer.output).filter(|_| answer.error.is_none()) {
        Some(counts) => Value::map([("success", success(&counts, destination))]),
        None => Value::map([("error", answer.output)]),
    })
}

fn success(counts: &Counts, destination: &str) -> Value {
    let number = |value: &Value| match value {
        Value::Int(whole) => *whole as f64,
        Value::Float(number) => *number,
        _ => 0.0,
    };
    let [min, avg, max] = counts.times.as_ref().map_or([0.0; 3], |times| times.each_ref().map(number));
    // Devices say the extremes only: a packet's own time is 0.0, as in NAPALM.
    let one = || Value::map([("ip_address", Value::from(destination)), ("rtt", Value::Float(0.0))]);
    Value::map([
        ("probes_sent", Value::from(counts.sent)),
        ("packet_loss", (counts.sent - counts.received).into()),
        ("rtt_min", Value::Float(min)),
        ("rtt_max", Value::Float(max)),
        ("rtt_avg", Value::Float(avg)),
        ("rtt_stddev", Value::Float(0.0)),
        ("results", Value::list((0..counts.received).map(|_| one()))),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::module::fake::{Device, Fake};
    use crate::platform;

    const GOOD: &str = "Success rate is 40 percent (2/5), round-trip min/avg/max = 1/2/4 ms";

    async fn ping(args: &[(&str, Value)]) -> Result<serde_json::Value, Failure> {
        let answers = vec![
            ("ping vrf A 10.0.0.1 repeat 5 size 200 timeout 3", GOOD),
            ("ping 10.0.0.2", ".....\nSuccess rate is 0 percent (0/5)"),
            ("ping ipv6 2001:db8::1", "% No valid source address"),
        ];
        let device = Device { platform: platform::find("ios").unwrap(), answers };
        let came = Fake { device: Some(device), ..Fake::new() }.run(&MODULE, args).await?;
        Ok(came.result.get("ping_results").unwrap().to_json())
    }

    #[tokio::test]
    async fn what_came_of_a_ping_has_the_shape_of_napalm() {
        let args = [
            ("destination", Value::from("10.0.0.1")),
            ("count", 5.into()),
            ("size", 200.into()),
            ("ping_timeout", 3.into()),
            ("vrf", "A".into()),
        ];
        let one = serde_json::json!({"ip_address": "10.0.0.1", "rtt": 0.0});
        let wanted = serde_json::json!({"success": {"probes_sent": 5, "packet_loss": 3, "rtt_min": 1.0, "rtt_max": 4.0,
            "rtt_avg": 2.0, "rtt_stddev": 0.0, "results": [one, one]}});
        assert_eq!(ping(&args).await.unwrap(), wanted);
        let none = ping(&[("destination", "10.0.0.2".into())]).await.unwrap();
        assert_eq!((&none["success"]["packet_loss"], &none["success"]["results"]), (&5.into(), &serde_json::json!([])));
        let refused = ping(&[("destination", "2001:db8::1".into())]).await.unwrap();
        assert_eq!(refused, serde_json::json!({"error": "% No valid source address"}));
        let failure = ping(&[("destination", "10.0.0.1".into()), ("ttl", 3.into())]).await.unwrap_err();
        assert_eq!(failure.message.expose(), "`cisco_ios` cannot be told `ttl` with a ping");
    }
}
