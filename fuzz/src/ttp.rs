//! Any text is a TTP template or refused, and what is one makes data of any output, in a bounded time.

use netplay::source::SourceMap;
use netplay::ttp::Template;
use netplay::value::Map;
use std::sync::Arc;

/// Reads the bytes.
pub(crate) fn run(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    let (template, output) = text.split_once('\u{0}').unwrap_or((text, text));
    if let Ok(template) = Template::read("fuzz.ttp", template, &Arc::new(SourceMap::new())) {
        let _ = template.parse(output, &Map::new());
        let _ = template
            .parse("interface a\n description b\n mtu 9000\n!\ninterface c\n ip address 192.0.2.1\n", &Map::new());
    }
}
