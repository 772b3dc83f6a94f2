//! Date and time.

use super::answers::Answers;
use super::{Collector, Facts};
use crate::value::Value;

pub(super) static COLLECTORS: &[Collector] = &[Collector {
    name: "date_time",
    minimal: true,
    // The second line is half a year away: it knows the other name of a zone that has a summer time.
    asks: r#"d=$(date '+%Y|%m|%d|%H|%M|%S|%A|%w|%W|%s|%Z|%z|%N'); s=${d#*|*|*|*|*|*|*|*|*|}; s=${s%%|*}
e date "$d
$(date -d "@$((s + 15768000))" '+%Z|%z' 2>/dev/null || date -r "$((s + 15768000))" '+%Z|%z' 2>/dev/null)"
"#,
    read,
    ..Collector::NONE
}];

fn read(answers: &Answers, facts: &mut Facts) {
    let mut lines = answers.text("date").unwrap_or_default().lines();
    let now: Vec<&str> = lines.next().unwrap_or_default().split('|').collect();
    let [year, month, day, hour, minute, second, weekday, weekday_number, week, epoch, zone, offset, rest @ ..] =
        &now[..]
    else {
        return;
    };
    let Ok(seconds) = epoch.parse::<i64>() else { return };
    // busybox has no fractions of a second.
    let nanoseconds = rest.first().and_then(|digits| digits.parse::<i64>().ok()).unwrap_or(0);
    let micro = format!("{:06}", nanoseconds.clamp(0, 999_999_999) / 1000);
    let later: Vec<&str> = lines.next().unwrap_or_default().split('|').collect();
    let summer = match later[..] {
        // Of two offsets the one further east is summer's.
        [other, other_offset] if minutes_east(other_offset) > minutes_east(offset) => other,
        _ => zone,
    };
    let utc = jiff::Timestamp::from_second(seconds).map(|time| time.strftime("%Y-%m-%dT%H:%M:%S").to_string());
    let Ok(utc) = utc else { return };
    let entries = [
        ("year", (*year).to_owned()),
        ("month", (*month).to_owned()),
        ("weekday", (*weekday).to_owned()),
        ("weekday_number", (*weekday_number).to_owned()),
        ("weeknumber", (*week).to_owned()),
        ("day", (*day).to_owned()),
        ("hour", (*hour).to_owned()),
        ("minute", (*minute).to_owned()),
        ("second", (*second).to_owned()),
        ("epoch", (*epoch).to_owned()),
        ("epoch_int", (*epoch).to_owned()),
        ("date", format!("{year}-{month}-{day}")),
        ("time", format!("{hour}:{minute}:{second}")),
        ("iso8601_micro", format!("{utc}.{micro}Z")),
        ("iso8601", format!("{utc}Z")),
        ("iso8601_basic", format!("{year}{month}{day}T{hour}{minute}{second}{micro}")),
        ("iso8601_basic_short", format!("{year}{month}{day}T{hour}{minute}{second}")),
        ("tz", (*zone).to_owned()),
        ("tz_dst", summer.to_owned()),
        ("tz_offset", (*offset).to_owned()),
    ];
    facts.set("date_time", Value::map(entries));
}

/// Returns the minutes of `+0130`; 0 for what is none.
fn minutes_east(offset: &str) -> i32 {
    let Ok(number) = offset.parse::<i32>() else { return 0 };
    number / 100 * 60 + number % 100
}
