//! The marks by which a kept shell says where the output of a command ends. Pure; the bytes come from the host.

use memchr::memmem;

/// Looks for a mark in a stream that arrives in pieces. What has been looked at once is not looked at again.
#[derive(Debug, Default)]
pub(super) struct Seeker {
    searched: usize,
    /// Where the mark begins, once it has come.
    pub(super) at: Option<usize>,
}

impl Seeker {
    /// Looks at what has come; `bytes` is the whole stream so far.
    pub(super) fn seek(&mut self, bytes: &[u8], mark: &[u8]) {
        if self.at.is_some() || bytes.len() == self.searched {
            return;
        }
        // A mark may begin at the end of one piece and end in the next.
        let from = self.searched.saturating_sub(mark.len().saturating_sub(1)).min(bytes.len());
        self.at = memmem::find(&bytes[from..], mark).map(|at| from + at);
        self.searched = bytes.len();
    }
}

/// How a command ended, in the words of the shell: ` STATUS LEFT SIGNAL.`
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Ending {
    /// The exit status as shells count it.
    pub(super) status: i32,
    /// Processes of the command are still there.
    pub(super) left: bool,
    /// The signal that ended it: `TERM`.
    pub(super) signal: Option<String>,
    /// How many bytes say so.
    pub(super) len: usize,
}

/// The longest ending that is waited for.
const LONGEST_ENDING: usize = 64;

impl Ending {
    /// Reads an ending; `Ok(None)` when more has to come.
    ///
    /// # Errors
    ///
    /// When it is none.
    pub(super) fn read(bytes: &[u8]) -> Result<Option<Ending>, ()> {
        let Some(end) = bytes.iter().take(LONGEST_ENDING).position(|byte| *byte == b'.') else {
            return if bytes.len() < LONGEST_ENDING { Ok(None) } else { Err(()) };
        };
        let words: Vec<&str> = std::str::from_utf8(&bytes[..end]).map_err(|_| ())?.split(' ').collect();
        let ["", status, left @ ("0" | "1"), signal] = words.as_slice() else { return Err(()) };
        if !signal.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'+' || byte == b'-') {
            return Err(());
        }
        Ok(Some(Ending {
            status: status.parse().map_err(|_| ())?,
            left: *left == "1",
            signal: (!signal.is_empty()).then(|| signal.trim_start_matches("SIG").to_owned()),
            len: end + 1,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn endings_are_read() {
        let ending =
            |status, left, signal: Option<&str>, len| Ending { status, left, signal: signal.map(Into::into), len };
        type Read = Result<Option<Ending>, ()>;
        let cases: [(&[u8], Read); 9] = [
            (b" 0 0 .", Ok(Some(ending(0, false, None, 6)))),
            (b" 137 1 KILL.rest", Ok(Some(ending(137, true, Some("KILL"), 12)))),
            (b" 143 0 SIGTERM.", Ok(Some(ending(143, false, Some("TERM"), 15)))),
            (b" 0 0 ", Ok(None)),
            (b"", Ok(None)),
            (b" x 0 .", Err(())),
            (b" 0 2 .", Err(())),
            (b" 0 0 \xff.", Err(())),
            (&[b' '; 64], Err(())),
        ];
        for (bytes, expected) in cases {
            assert_eq!(Ending::read(bytes), expected, "{}", String::from_utf8_lossy(bytes));
        }
    }

    proptest! {
        /// However a stream is cut into pieces, the mark is found where it is, and look-alikes are not.
        #[test]
        fn a_mark_is_found_in_any_pieces(
            before in "[mark]{0,40}",
            after in "[mark]{0,20}",
            cuts in proptest::collection::vec(1usize..9, 0..30),
        ) {
            let whole = format!("{before}marked{after}").into_bytes();
            let mut seeker = Seeker::default();
            let mut come = 0;
            for cut in cuts.into_iter().chain([whole.len()]) {
                come = (come + cut).min(whole.len());
                seeker.seek(&whole[..come], b"marked");
                if come < before.len() + 6 {
                    prop_assert_eq!(seeker.at, None);
                }
            }
            prop_assert_eq!(seeker.at, Some(before.len()));
        }

        #[test]
        fn any_ending_is_read_without_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            if let Ok(Some(ending)) = Ending::read(&bytes) {
                prop_assert!(ending.len <= bytes.len());
            }
        }
    }
}
