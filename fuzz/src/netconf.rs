//! Bytes of a NETCONF server, in either framing, whole and cut in two places: the same messages, or refused both times.

use netplay::transport::netconf::{Framer, Framing, read_message};

/// Reads the bytes: the first chooses the framing.
pub(crate) fn run(bytes: &[u8]) {
    let Some((first, bytes)) = bytes.split_first() else { return };
    let framing = if first % 2 == 0 { Framing::Mark } else { Framing::Chunks };
    let (before, after) = bytes.split_at(bytes.len() / 2);
    let whole = messages(framing, &[bytes]);
    let parts = messages(framing, &[before, after]);
    assert_eq!(whole.is_err(), parts.is_err());
    let Ok(whole) = whole else { return };
    assert_eq!(Ok(&whole), parts.as_ref());
    for message in whole {
        // Whatever it is, it is a message or refused.
        let _ = read_message(&message);
    }
}

fn messages(framing: Framing, parts: &[&[u8]]) -> Result<Vec<Vec<u8>>, String> {
    let mut framer = Framer::default();
    framer.change(framing);
    let mut found = Vec::new();
    for part in parts {
        framer.feed(part);
        while let Some(message) = framer.next_message()? {
            found.push(message);
        }
    }
    Ok(found)
}
