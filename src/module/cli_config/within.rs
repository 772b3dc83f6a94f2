//! `confirm_within`: a change that the device takes back by itself unless it is confirmed.

use super::{Commit, Failure, FailureKind, Probe};
use crate::effect::Effect;
use crate::module::{Action, Cli, CliLine, Output, Work};
use crate::platform::{Need, Platform};
use crate::value::{Map, Value};
use std::time::Duration;

/// Returns the time of `confirm_within`, or why it cannot be.
pub(super) fn time(text: &str, platform: &Platform) -> Result<Duration, Failure> {
    let refuse = |message: String| Failure::new(FailureKind::Argument, message);
    let Some(confirm) = &platform.confirm_within else {
        let why = platform.no_confirm_within.as_ref().map(|why| format!(": {why}")).unwrap_or_default();
        return Err(refuse(format!("`{}` cannot take a change back by itself{why}", platform.name))
            .help("nothing was sent; leave `confirm_within` out to change it without that safety"));
    };
    let time = duration(text).ok_or_else(|| {
        refuse(format!("`confirm_within: {text}` is no time"))
            .help("write seconds, minutes or hours: `90s`, `2m`, `1h`")
    })?;
    let (least, most) = (*confirm.range.start(), *confirm.range.end());
    if !confirm.range.contains(&time) {
        return Err(refuse(format!(
            "`{}` takes between {} and {} for `confirm_within`, not {text}",
            platform.name,
            shown(least),
            shown(most)
        )));
    }
    if time < platform.timeout {
        return Err(refuse(format!(
            "`confirm_within: {text}` is shorter than one command may take ({})",
            shown(platform.timeout)
        ))
        .help("the change might be taken back while it is being checked"));
    }
    Ok(time)
}

/// Reads `90s`, `2m`, `1h` or a number of seconds.
pub(in crate::module) fn duration(text: &str) -> Option<Duration> {
    let text = text.trim();
    let (number, unit) = match text.find(|c: char| !c.is_ascii_digit()) {
        Some(at) => text.split_at(at),
        None => (text, "s"),
    };
    let number: u64 = number.parse().ok()?;
    let seconds = match unit.trim() {
        "s" => number,
        "m" => number.checked_mul(60)?,
        "h" => number.checked_mul(3600)?,
        _ => return None,
    };
    Some(Duration::from_secs(seconds))
}

fn shown(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds % 3600, seconds % 60) {
        (0, _) if seconds > 0 => format!("{}h", seconds / 3600),
        (_, 0) if seconds > 0 => format!("{}m", seconds / 60),
        _ => format!("{seconds}s"),
    }
}

/// Asks the device whether it can take a change back.
pub(super) async fn check_needs(probe: &dyn Probe, platform: &Platform) -> Result<(), Failure> {
    for need in platform.confirm_within.iter().flat_map(|confirm| &confirm.needs) {
        let cli = Cli { lines: vec![CliLine::new(&need.send)], stop_on_error: true, ..Cli::default() };
        let said = match probe.read(Action::on_host(Effect::Read, Work::Cli(cli))).await? {
            Output::Cli(responses) => responses.into_iter().next().map(|response| response.output).unwrap_or_default(),
            _ => String::new(),
        };
        if !holds(need, &said) {
            let said = said.lines().find(|line| !line.trim().is_empty()).unwrap_or_default().trim().to_owned();
            let message = format!("the device cannot take the change back now: `{}` says `{said}`", need.send);
            return Err(Failure::new(FailureKind::Command, message).help(format!("{}; nothing was sent", need.help)));
        }
    }
    Ok(())
}

fn holds(need: &Need, said: &str) -> bool {
    need.says.as_ref().is_none_or(|says| says.is_match(said))
        && !need.says_not.as_ref().is_some_and(|says| says.is_match(said))
}

/// Returns the result field that says what waits to be confirmed: `cli_confirm` takes it.
///
/// `only_time` is true where nobody can take the change back before its time is over.
pub(super) fn pending(commit: &Commit, is_pending: bool, saves: bool) -> Map {
    let mut map = Map::new();
    map.insert("only_time", commit.only_time);
    map.insert("pending", is_pending);
    map.insert("within", commit.within.map_or(Value::Null, |within| Value::from(within.as_secs() as i64)));
    map.insert("session", commit.session.clone().map_or(Value::Null, Value::from));
    map.insert("save", is_pending && saves);
    map
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform;

    #[test]
    fn times_are_read_and_held_against_what_the_device_takes() {
        let ios = platform::find("ios").unwrap();
        let said = |text: &str, platform| time(text, platform).map_err(|failure| failure.message.expose().to_owned());
        for (text, seconds) in [("2m", 120), ("90s", 90), ("90", 90), ("1h", 3600)] {
            assert_eq!(said(text, ios), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for text in ["", "m", "2 weeks", "-1s", "99999999999999999999s", "18446744073709551615h"] {
            assert_eq!(said(text, ios), Err(format!("`confirm_within: {text}` is no time")));
        }
        assert_eq!(said("30s", ios), Err("`cisco_ios` takes between 1m and 2h for `confirm_within`, not 30s".into()));
        let eos = platform::find("eos").unwrap();
        assert_eq!(said("5s", eos), Err("`confirm_within: 5s` is shorter than one command may take (30s)".into()));
        let frr = platform::find("frr").unwrap();
        assert_eq!(
            said("2m", frr),
            Err("`frr` cannot take a change back by itself: lines act at once and nothing counts down".into())
        );
    }
}
