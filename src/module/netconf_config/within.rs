//! `confirm_within`: a commit that the server takes back by itself unless it is confirmed by its name.

use super::{Server, refuse};
use crate::failure::Failure;
use crate::module::Commit;
use crate::module::cli_config::duration;
use crate::value::{Map, Value};
use std::time::Duration;

/// The shortest time: one answer may take so long, and the change would be taken back while it is being verified.
const LEAST: Duration = Duration::from_secs(30);
/// The longest: an unsigned number of 32 bits is what the protocol has; a day is what anybody can mean.
const MOST: Duration = Duration::from_secs(86_400);

/// In which time a change must be confirmed, and under which name.
pub(super) struct Within {
    time: Duration,
    name: String,
}

impl Within {
    /// Reads the argument, and holds it against what the server can do.
    pub(super) fn of(text: &str, server: &Server) -> Result<Within, Failure> {
        if !server.has_version("confirmed-commit", "1.1") {
            let message = "the server takes no change back that another session may confirm (`confirmed-commit:1.1`)";
            return Err(
                refuse(message).help("nothing was sent; leave `confirm_within` out to change it without that safety")
            );
        }
        let time = duration(text).ok_or_else(|| {
            refuse(format!("`confirm_within: {text}` is no time"))
                .help("write seconds, minutes or hours: `90s`, `2m`, `1h`")
        })?;
        if !(LEAST..=MOST).contains(&time) {
            return Err(refuse(format!("`confirm_within` is between 30s and 24h, not {text}")));
        }
        Ok(Within { time, name: Commit::new_session() })
    }

    /// Returns the operation that commits for this time.
    pub(super) fn commit(&self) -> String {
        let (seconds, name) = (self.time.as_secs(), &self.name);
        format!(
            "<nc:commit><nc:confirmed/><nc:confirm-timeout>{seconds}</nc:confirm-timeout><nc:persist>{name}</nc:persist></nc:commit>"
        )
    }

    /// Returns the result field that says what waits to be confirmed: `netconf_confirm` takes it.
    pub(super) fn pending(&self, is_pending: bool, saves: bool) -> Map {
        let mut map = Map::new();
        map.insert("only_time", false);
        map.insert("pending", is_pending);
        map.insert("within", self.time.as_secs() as i64);
        map.insert("session", if is_pending { Value::from(self.name.as_str()) } else { Value::Null });
        map.insert("save", saves);
        map
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_that_knows_no_names_of_commits_is_refused() {
        let server = |capability: &str| Server { capabilities: [capability.to_owned()].into() };
        let why = |capability: &str, text: &str| {
            Within::of(text, &server(capability)).err().map(|failure| failure.message.expose().to_owned())
        };
        let able = "urn:ietf:params:netconf:capability:confirmed-commit:1.1";
        assert_eq!(why(able, "2m"), None);
        assert!(why(able, "2 weeks").is_some_and(|why| why.contains("is no time")));
        let old = "urn:ietf:params:netconf:capability:confirmed-commit:1.0";
        assert!(why(old, "2m").is_some_and(|why| why.contains("`confirmed-commit:1.1`")));
        let Ok(within) = Within::of("2m", &server(able)) else { panic!("it is able") };
        assert!(within.commit().contains(&format!("<nc:persist>{}</nc:persist>", within.name)), "{}", within.commit());
    }
}
