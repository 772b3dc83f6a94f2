//! Hardware addresses.

use super::query::Address;
use crate::template::filters::args::Args;
use crate::template::filters::data;
use crate::template::filters::python::text;
use minijinja::{Error, State, Value};

/// Reads a hardware address of six bytes in any of the usual forms.
fn parse(said: &str) -> Option<u64> {
    let groups: Vec<&str> = said.split([':', '-', '.']).collect();
    let most = match groups.len() {
        1 => 12,
        3 => 4,
        6 => 2,
        _ => return None,
    };
    let whole = groups.len() == 1;
    let mut mac = 0;
    for group in groups {
        let well_formed = group.bytes().all(|b| b.is_ascii_hexdigit()) && !group.is_empty() && group.len() <= most;
        if !well_formed || (whole && group.len() != most) {
            return None;
        }
        mac = (mac << (4 * most)) | u64::from_str_radix(group, 16).ok()?;
    }
    Some(mac)
}

/// Writes the bytes in groups.
fn grouped(mac: u64, digits: u32, between: &str) -> String {
    let groups = 12 / digits;
    let mask = (1u64 << (4 * digits)) - 1;
    let group = |i: u32| format!("{:0width$x}", (mac >> (4 * digits * i)) & mask, width = digits as usize);
    (0..groups).rev().map(group).collect::<Vec<_>>().join(between)
}

pub(super) fn hwaddr(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let said = text(args.input())?;
    let query = args.shown("query")?.unwrap_or_default();
    let Some(mac) = parse(&said) else {
        return match &query[..] {
            "" | "bool" => Ok(().into()),
            _ => Err(args.error(format!("`{said}` is no hardware address"))),
        };
    };
    Ok(match &query[..] {
        "" => said.into(),
        "bool" => true.into(),
        "int" => mac.into(),
        "bare" => grouped(mac, 12, "").to_uppercase().into(),
        "linux" => grouped(mac, 2, ":").into(),
        "cisco" => grouped(mac, 4, ".").into(),
        "win" | "eui48" => grouped(mac, 2, "-").to_uppercase().into(),
        "pgsql" | "postgresql" | "psql" => grouped(mac, 6, ":").into(),
        "unix" => (0..6).rev().map(|i| format!("{:x}", (mac >> (8 * i)) & 0xff)).collect::<Vec<_>>().join(":").into(),
        other => return Err(args.error(format!("knows no query `{other}`"))),
    })
}

pub(super) fn slaac(_: &mut State<'_, '_>, args: &Args) -> Result<Value, Error> {
    let query = args.shown("query")?.unwrap_or_default();
    let net = Address::read(&data(args.input())?, None).map(|address| address.net).filter(|net| net.v6);
    let (Some(net), Some(mac)) = (net, parse(&query)) else { return Ok(false.into()) };
    let mac = u128::from(mac);
    // The second lowest bit of the first byte is turned, ff:fe goes into the middle.
    let host = ((mac >> 24) << 40 | 0xff_fe00_0000 | (mac & 0xff_ffff)) ^ (0x02 << 56);
    Ok(net.show(net.first() | host).into())
}
