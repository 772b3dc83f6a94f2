//! `napalm_get`: what a device says of itself, in NAPALM's shape, made of the facts that `cli_facts` gathers.

use super::{COLLECTION, REACHED, check_options, platform_of};
use crate::effect::Effect;
use crate::failure::{Failure, FailureKind};
use crate::module::args::args_with;
use crate::module::cli_config::read_text;
use crate::module::{Alias, Arg, ArgKind, Change, Context, KeepFacts, Module, Needs, Rule, cli_facts};
use crate::platform::Platform;
use crate::source::{Diagnostic, did_you_mean};
use crate::value::{Key, Map, Value};
use crate::yaml::Node;

/// A getter, and the part of the facts that it is made of.
type Getter = (&'static str, &'static str);

const GETTERS: &[Getter] = &[
    ("config", "min"),
    ("facts", "interfaces"),
    ("interfaces", "interfaces"),
    ("interfaces_ip", "interfaces"),
    ("is_alive", "min"),
    ("lldp_neighbors", "interfaces"),
];

/// `napalm_get`, and `napalm_get_facts` as it was called before.
pub(in crate::module) static MODULE: Module = Module {
    name: "napalm_get",
    collections: &[COLLECTION],
    aliases: &[
        Alias { name: "napalm_get_facts", platform: None },
        Alias { name: "napalm.napalm.napalm_get_facts", platform: None },
    ],
    summary: "Gathers what a network device says of itself, as `napalm_*` in NAPALM's shape.",
    args: args_with![REACHED;
        Arg::new("filter", ArgKind::List, "What: `config`, `facts`, `interfaces`, `interfaces_ip`, `is_alive`, `lldp_neighbors`.")
            .default("[facts]"),
        Arg::new("ignore_notimplemented", ArgKind::Bool, "Leave out what is not known in place of failing.").default("false"),
        Arg::new("args", ArgKind::Dict, "What a getter of NAPALM takes.").refused("the getters here take nothing"),
    ],
    rules: &[Rule::Passes("filter", check_filter), Rule::Passes("optional_args", check_options)],
    free_form: None,
    any_args: false,
    needs: Needs::Cli,
    changes_run: false,
    once: false,
    effect: |_| Effect::Read,
    plan: |context| Box::pin(plan(context)),
};

/// What can be done where a getter is not there.
pub(super) const INSTEAD: &str =
    "`cli_parse` makes data of any command's answer, and the platform's own facts have more";

fn check_filter(node: &Node) -> Option<Diagnostic> {
    let items: Vec<&Node> = node.as_seq().map_or_else(|| vec![node], |items| items.iter().collect());
    let (name, item) = items.iter().filter(|item| item.is_static()).find_map(|item| {
        let mut names = item.as_str()?.split(',').map(str::trim);
        names.find(|name| getter(name).is_none()).map(|name| (name.to_owned(), *item))
    })?;
    let help = did_you_mean(&name, GETTERS.iter().map(|(name, _)| *name)).unwrap_or_else(|| INSTEAD.into());
    Some(Diagnostic::error("E0307", format!("there is no getter `{name}` here")).at(item.span).help(help))
}

fn getter(name: &str) -> Option<&'static Getter> {
    let name = name.strip_prefix("get_").unwrap_or(name);
    GETTERS.iter().find(|(known, _)| *known == name)
}

async fn plan(context: Context<'_>) -> Result<Change, Failure> {
    let platform = platform_of(&context)?;
    let mut wanted = Vec::new();
    let mut left_out = Vec::new();
    for name in context.args.texts("filter") {
        match getter(&name) {
            Some(getter) => wanted.push(*getter),
            None if context.args.flag("ignore_notimplemented") => left_out.push(name),
            None => {
                return Err(
                    Failure::new(FailureKind::Argument, format!("there is no getter `{name}` here")).help(INSTEAD)
                );
            }
        }
    }
    let told = told(&context, platform, &wanted).await?;
    let facts: Map = told.into_iter().map(|(name, value)| (Key::from(format!("napalm_{name}")), value)).collect();
    let mut change = Change::nothing(Map::new()).field("ansible_facts", facts.clone());
    if !left_out.is_empty() {
        change = change.field("not_implemented", left_out);
    }
    change.facts = facts;
    change.keep = KeepFacts::AsFacts;
    Ok(change)
}

/// Asks a device for what getters give, in their order.
async fn told(
    context: &Context<'_>,
    platform: &'static Platform,
    wanted: &[Getter],
) -> Result<Vec<(&'static str, Value)>, Failure> {
    let needs_facts = wanted.iter().any(|(name, _)| !matches!(*name, "config" | "is_alive"));
    let mut subsets: Vec<String> = wanted.iter().map(|(_, subset)| (*subset).to_owned()).collect();
    subsets.dedup();
    let told = match needs_facts {
        true => cli_facts::gather(context, platform, &subsets).await?.facts,
        false => Map::new(),
    };
    let mut all = Vec::with_capacity(wanted.len());
    for (name, _) in wanted {
        let value = match *name {
            "facts" => of_device(&told, platform),
            "interfaces" => interfaces(&told),
            "interfaces_ip" => addresses(&told),
            "lldp_neighbors" => neighbors(&told),
            "config" => configurations(context, platform).await?,
            // Whoever answers is.
            _ => {
                read_text(context.probe, show(platform)?).await?;
                Value::map([("is_alive", true)])
            }
        };
        all.push((*name, value));
    }
    Ok(all)
}

/// Returns what one getter gives; `None` when there is no such getter.
pub(super) async fn one(
    context: &Context<'_>,
    platform: &'static Platform,
    name: &str,
) -> Result<Option<Value>, Failure> {
    let Some(getter) = getter(name) else { return Ok(None) };
    let mut told = told(context, platform, std::slice::from_ref(getter)).await?;
    Ok(told.pop().map(|(_, value)| value))
}

fn show(platform: &Platform) -> Result<&str, Failure> {
    let message = || format!("platform `{}` has no configuration to show", platform.name);
    platform.show_running.as_deref().ok_or_else(|| Failure::new(FailureKind::Argument, message()))
}

/// Makers whose platforms' names do not begin with theirs.
const VENDORS: &[(&str, &str)] = &[
    ("frr", "FRRouting"),
    ("vyos", "VyOS"),
    ("hp", "HPE"),
    ("fortinet", "Fortinet"),
    ("paloalto", "Palo Alto Networks"),
    ("mikrotik", "MikroTik"),
];

fn vendor(platform: &Platform) -> String {
    let first = platform.name.split('_').next().unwrap_or_default();
    if let Some((_, vendor)) = VENDORS.iter().find(|(name, _)| *name == first) {
        return (*vendor).to_owned();
    }
    let mut letters = first.chars();
    letters.next().map(|letter| letter.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn of_device(told: &Map, platform: &Platform) -> Value {
    let text = |name: &str| told.get(&format!("ansible_net_{name}")).map(Value::to_text).unwrap_or_default();
    let known = |name: &str| Some(text(name)).filter(|text| !text.is_empty()).unwrap_or_else(|| "Unknown".into());
    let host = known("hostname");
    Value::map([
        ("hostname", Value::from(host.split('.').next().unwrap_or_default())),
        ("fqdn", host.as_str().into()),
        ("vendor", vendor(platform).into()),
        ("model", known("model").into()),
        ("serial_number", known("serialnum").into()),
        ("os_version", known("version").into()),
        // NAPALM's word for "not known".
        ("uptime", Value::Float(-1.0)),
        ("interface_list", Value::list(entries(told, "interfaces").map(|(name, _)| name))),
    ])
}

/// Returns the entries of a fact that is a dictionary of dictionaries or lists.
fn entries<'a>(told: &'a Map, name: &str) -> impl Iterator<Item = (String, &'a Value)> {
    let map = told.get(&format!("ansible_net_{name}")).and_then(Value::as_map);
    map.into_iter().flat_map(Map::iter).map(|(name, value)| (name.to_string(), value))
}

fn interfaces(told: &Map) -> Value {
    let one = |(name, about): (String, &Value)| {
        let text = |key: &str| about.get(key).filter(|value| value.is_truthy()).map(Value::to_text).unwrap_or_default();
        let number = |key: &str| about.get(key).and_then(Value::as_int);
        let (line, state) = (text("lineprotocol"), text("operstatus"));
        let is_up =
            if line.is_empty() { state.starts_with("up") || state == "connected" } else { line.starts_with("up") };
        let speed = number("bandwidth").map_or(-1.0, |kilobits| kilobits as f64 / 1000.0);
        let about = Value::map([
            ("is_up", Value::from(is_up)),
            ("is_enabled", (!state.contains("admin") && state != "disabled").into()),
            ("description", text("description").into()),
            ("last_flapped", Value::Float(-1.0)),
            ("speed", Value::Float(speed)),
            ("mtu", number("mtu").map_or(Value::Int(-1), Value::Int)),
            ("mac_address", mac(&text("macaddress")).into()),
        ]);
        (name, about)
    };
    Value::from(entries(told, "interfaces").map(one).collect::<Map>())
}

/// Returns a MAC address in pairs of capital letters.
fn mac(text: &str) -> String {
    let digits: Vec<char> = text.chars().filter(char::is_ascii_hexdigit).collect();
    if digits.len() != 12 {
        return text.to_owned();
    }
    digits.chunks(2).map(|pair| pair.iter().collect::<String>().to_uppercase()).collect::<Vec<_>>().join(":")
}

fn addresses(told: &Map) -> Value {
    let mut all = Map::new();
    for (name, about) in entries(told, "interfaces") {
        let mut families = Map::new();
        for family in ["ipv4", "ipv6"] {
            let value = about.get(family);
            let list: Vec<&Value> = match value {
                Some(Value::List(items)) => items.iter().collect(),
                Some(one @ Value::Map(_)) => vec![one],
                _ => continue,
            };
            let addresses: Map = list.into_iter().filter_map(address).collect();
            if !addresses.is_empty() {
                families.insert(family, addresses);
            }
        }
        if !families.is_empty() {
            all.insert(name, families);
        }
    }
    all.into()
}

/// Returns an address with the length of its prefix, which facts have as `subnet` (a length, a mask, or an IPv6 network) or
/// `masklen`.
fn address(one: &Value) -> Option<(String, Value)> {
    let address = one.get("address")?.to_text();
    let length = one.get("masklen").or_else(|| one.get("subnet")).map(Value::to_text).unwrap_or_default();
    let length = length.rsplit('/').next().unwrap_or_default();
    let bits = match length.parse::<std::net::Ipv4Addr>() {
        Ok(mask) => i64::from(u32::from(mask).leading_ones()),
        Err(_) => length.parse().ok()?,
    };
    let address = address.split('/').next().unwrap_or_default().to_owned();
    Some((address, Value::map([("prefix_length", bits)])))
}

fn neighbors(told: &Map) -> Value {
    let one = |there: &Value| {
        let text = |key: &str| there.get(key).filter(|value| value.is_truthy()).map(Value::to_text).unwrap_or_default();
        Value::map([("hostname", text("host")), ("port", text("port"))])
    };
    let of = |(name, there): (String, &Value)| (name, Value::list(there.as_list().unwrap_or_default().iter().map(one)));
    Value::from(entries(told, "neighbors").map(of).collect::<Map>())
}

async fn configurations(context: &Context<'_>, platform: &Platform) -> Result<Value, Failure> {
    let running = read_text(context.probe, show(platform)?).await?;
    let startup = match &platform.show_startup {
        Some(show) => read_text(context.probe, show).await?,
        None => String::new(),
    };
    Ok(Value::map([("running", running), ("startup", startup), ("candidate", String::new())]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_told_has_the_shape_of_napalm() {
        let ethernet = Value::map([
            ("description", Value::from("to core")),
            ("macaddress", "5254.00ab.cdef".into()),
            ("mtu", Value::Int(1500)),
            ("bandwidth", Value::Int(1_000_000)),
            ("operstatus", "administratively down".into()),
            ("lineprotocol", "down".into()),
            ("ipv4", Value::list([Value::map([("address", "10.0.0.1"), ("subnet", "24")])])),
            ("ipv6", Value::list([Value::map([("address", "2001:DB8::1"), ("subnet", "2001:DB8::/64")])])),
        ]);
        let there = Value::list([Value::map([("host", "r2"), ("port", "Gi0/2"), ("ip", "10.0.0.2")])]);
        let told: Map = [
            ("ansible_net_hostname", Value::from("r1.example.com")),
            ("ansible_net_version", "15.2".into()),
            ("ansible_net_interfaces", Value::map([("Gi0/1", ethernet)])),
            ("ansible_net_neighbors", Value::map([("Gi0/1", there)])),
        ]
        .into_iter()
        .collect();
        let json = |value: Value| serde_json::to_value(&value).expect("it is data");
        let platform = crate::platform::find("ios").expect("it is there");
        let facts = serde_json::json!({"hostname": "r1", "fqdn": "r1.example.com", "vendor": "Cisco", "model": "Unknown",
            "serial_number": "Unknown", "os_version": "15.2", "uptime": -1.0, "interface_list": ["Gi0/1"]});
        assert_eq!(json(of_device(&told, platform)), facts);
        let about = serde_json::json!({"Gi0/1": {"is_up": false, "is_enabled": false, "description": "to core",
            "last_flapped": -1.0, "speed": 1000.0, "mtu": 1500, "mac_address": "52:54:00:AB:CD:EF"}});
        assert_eq!(json(interfaces(&told)), about);
        let both = serde_json::json!({"Gi0/1": {"ipv4": {"10.0.0.1": {"prefix_length": 24}},
            "ipv6": {"2001:DB8::1": {"prefix_length": 64}}}});
        assert_eq!(json(addresses(&told)), both);
        assert_eq!(json(neighbors(&told)), serde_json::json!({"Gi0/1": [{"hostname": "r2", "port": "Gi0/2"}]}));
    }
}
