//! The encodings of text that templates know: by name for `encode()`, `decode()` and base64.

/// How text is written in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    Utf8,
    Ascii,
    Latin1,
    /// With a mark of its byte order in front; written low byte first.
    Utf16,
    Utf16Le,
    Utf16Be,
}

/// The names that errors give as known.
pub(crate) const KNOWN: &str = "`utf-8`, `ascii`, `latin-1`, `utf-16`, `utf-16-le`, `utf-16-be`";

/// What becomes of a character that an encoding lacks, and of bytes that are no text in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unfit {
    Refused,
    LeftOut,
    /// `?` in bytes, U+FFFD in text.
    Replaced,
    /// `&#252;`; for encoding only.
    Referenced,
    /// `\xfc`; for encoding only.
    Escaped,
}

impl Unfit {
    /// Returns what Python's name of an error handler means.
    pub(crate) fn named(name: &str) -> Option<Unfit> {
        Some(match name {
            "strict" => Unfit::Refused,
            "ignore" => Unfit::LeftOut,
            "replace" => Unfit::Replaced,
            "xmlcharrefreplace" => Unfit::Referenced,
            "backslashreplace" => Unfit::Escaped,
            _ => return None,
        })
    }
}

impl Encoding {
    /// Returns the encoding of a name, in any case and with `_` or `-`.
    pub(crate) fn named(name: &str) -> Option<Encoding> {
        Some(match &name.to_lowercase().replace('_', "-")[..] {
            "utf-8" | "utf8" => Encoding::Utf8,
            "ascii" | "us-ascii" => Encoding::Ascii,
            "latin-1" | "latin1" | "iso-8859-1" | "iso8859-1" => Encoding::Latin1,
            "utf-16" | "utf16" => Encoding::Utf16,
            "utf-16-le" | "utf-16le" => Encoding::Utf16Le,
            "utf-16-be" | "utf-16be" => Encoding::Utf16Be,
            _ => return None,
        })
    }

    /// Returns the name that messages give it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Encoding::Utf8 => "utf-8",
            Encoding::Ascii => "ascii",
            Encoding::Latin1 => "latin-1",
            Encoding::Utf16 => "utf-16",
            Encoding::Utf16Le => "utf-16-le",
            Encoding::Utf16Be => "utf-16-be",
        }
    }

    /// Writes text as bytes; `None` where it has a character that the encoding lacks.
    pub(crate) fn encode(self, text: &str, unfit: Unfit) -> Option<Vec<u8>> {
        let most = match self {
            Encoding::Utf8 => return Some(text.as_bytes().to_vec()),
            Encoding::Utf16 => {
                let units = std::iter::once(0xfeff).chain(text.encode_utf16());
                return Some(units.flat_map(u16::to_le_bytes).collect());
            }
            Encoding::Utf16Le => return Some(text.encode_utf16().flat_map(u16::to_le_bytes).collect()),
            Encoding::Utf16Be => return Some(text.encode_utf16().flat_map(u16::to_be_bytes).collect()),
            Encoding::Ascii => 0x7f,
            Encoding::Latin1 => 0xff,
        };
        let mut out = Vec::with_capacity(text.len());
        for c in text.chars() {
            let code = u32::from(c);
            match (u8::try_from(code), unfit) {
                (Ok(byte), _) if byte <= most => out.push(byte),
                (_, Unfit::Refused) => return None,
                (_, Unfit::LeftOut) => {}
                (_, Unfit::Replaced) => out.push(b'?'),
                (_, Unfit::Referenced) => out.extend(format!("&#{code};").bytes()),
                (_, Unfit::Escaped) => out.extend(escaped(code).bytes()),
            }
        }
        Some(out)
    }

    /// Reads bytes as text; `None` where they are no text in this encoding.
    pub(crate) fn decode(self, bytes: &[u8], unfit: Unfit) -> Option<String> {
        match self {
            Encoding::Latin1 => Some(bytes.iter().map(|byte| char::from(*byte)).collect()),
            Encoding::Utf8 => match unfit {
                Unfit::Replaced => Some(String::from_utf8_lossy(bytes).into_owned()),
                Unfit::LeftOut => Some(bytes.utf8_chunks().map(|chunk| chunk.valid()).collect()),
                Unfit::Escaped => Some(
                    bytes
                        .utf8_chunks()
                        .flat_map(|chunk| {
                            let odd: String = chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")).collect();
                            [chunk.valid().to_owned(), odd]
                        })
                        .collect(),
                ),
                _ => std::str::from_utf8(bytes).ok().map(str::to_owned),
            },
            Encoding::Ascii => {
                let mut out = String::with_capacity(bytes.len());
                for byte in bytes {
                    match unfit {
                        _ if byte.is_ascii() => out.push(char::from(*byte)),
                        Unfit::LeftOut => {}
                        Unfit::Replaced => out.push('\u{fffd}'),
                        Unfit::Escaped => out.push_str(&format!("\\x{byte:02x}")),
                        _ => return None,
                    }
                }
                Some(out)
            }
            Encoding::Utf16 => match bytes {
                [0xff, 0xfe, rest @ ..] => Encoding::Utf16Le.decode(rest, unfit),
                [0xfe, 0xff, rest @ ..] => Encoding::Utf16Be.decode(rest, unfit),
                bytes => Encoding::Utf16Le.decode(bytes, unfit),
            },
            Encoding::Utf16Le => wide(bytes, u16::from_le_bytes, unfit),
            Encoding::Utf16Be => wide(bytes, u16::from_be_bytes, unfit),
        }
    }
}

/// Returns a character as Python escapes it.
fn escaped(code: u32) -> String {
    match code {
        0..=0xff => format!("\\x{code:02x}"),
        0x100..=0xffff => format!("\\u{code:04x}"),
        _ => format!("\\U{code:08x}"),
    }
}

fn wide(bytes: &[u8], read: fn([u8; 2]) -> u16, unfit: Unfit) -> Option<String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| read(*pair)).collect();
    match unfit {
        Unfit::Replaced => Some(String::from_utf16_lossy(&units) + if rest.is_empty() { "" } else { "\u{fffd}" }),
        Unfit::LeftOut => Some(char::decode_utf16(units).filter_map(Result::ok).collect()),
        _ => String::from_utf16(&units).ok().filter(|_| rest.is_empty()),
    }
}
