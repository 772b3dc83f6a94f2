use super::*;
use proptest::prelude::*;

/// Returns the lines and the unfinished line that bytes become.
fn clean(bytes: &[u8]) -> (Vec<String>, String) {
    clean_in([bytes])
}

fn clean_in<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> (Vec<String>, String) {
    let mut cleaner = Cleaner::default();
    for part in parts {
        cleaner.feed(part);
    }
    let lines = std::iter::from_fn(|| cleaner.next_line()).map(|line| line.text).collect();
    (lines, cleaner.partial(usize::MAX).unwrap_or_default())
}

#[test]
fn bytes_become_the_lines_that_a_terminal_shows() {
    let cases: [(&[u8], &[&str], &str); 24] = [
        (b"a\r\nb\n", &["a", "b"], ""),
        (b"a\r\r\nb\r\r\r\n", &["a", "b"], ""),
        (b"a\n\rb\n\r", &["a", "b"], ""),
        (b"\r\n\r\nr1# ", &["", ""], "r1# "),
        // A pager's prompt, wiped by what comes over it.
        (b"--More--\r\x1b[Kend\r\n", &["end"], ""),
        // Classic IOS and zebra's vty: blanks and backspaces over the prompt, a NUL in it.
        (
            b" --More-- \x00\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08          \
              \x08\x08\x08\x08\x08\x08\x08\x08\x08\x08ab\r\n",
            &["ab"],
            "",
        ),
        // Ctrl-U in readline, in both ways seen.
        (b"r1# typo\rr1# \x1b[K\0\0\0\0\0\0\0\0\0\0\0\0", &[], "r1# "),
        (b"r1# ab\x08\x08\x1b[K", &[], "r1# "),
        (b"abc\x08 \x08", &[], "ab"),
        // Colours, bracketed paste, titles, character sets, questions about the terminal.
        (b"\x1b[7m--More--\x1b[m", &[], "--More--"),
        (b"\x1b[?2004hu@h:~$ ", &[], "u@h:~$ "),
        (b"\x1b[38;5;196mred\x1b[0m", &[], "red"),
        (b"\x1b]0;u@h: ~\x07$ ", &[], "$ "),
        (b"\x1b]0;title\x1b\\$ ", &[], "$ "),
        (b"\x1b(B\x1b)0\x1b=\x1b>\x1b[c\x1b[6nx", &[], "x"),
        (b"a\x1b\x1b[mb", &[], "ab"),
        // A clear screen begins anew.
        (b"junk\x1b[2J\x1b[Hr1# ", &[], "r1# "),
        (b"abc\x1b[2Dx", &[], "axc"),
        (b"abc\x1b[1Gx\x1b[3Cy", &[], "xbc y"),
        (b"caf\xc3\xa9 \xe2\x82\xac", &[], "café €"),
        (b"bad \xff\xfe \xc3( \xe2\x82x", &[], "bad \u{fffd}\u{fffd} \u{fffd}( \u{fffd}x"),
        (b"\xe2\xc3\xa9", &[], "\u{fffd}é"),
        (b"bell\x07 tab\tend", &[], "bell tab\tend"),
        (b"10%\r20%\r100%\r\n", &["100%"], ""),
    ];
    for (bytes, lines, partial) in cases {
        let (got, rest) = clean(bytes);
        assert_eq!((got.iter().map(String::as_str).collect::<Vec<_>>(), rest.as_str()), (lines.to_vec(), partial));
    }
}

#[test]
fn a_forgotten_prompt_leaves_nothing_however_it_is_wiped() {
    let wipes: [&[u8]; 5] = [
        b"\r",
        b"\r\x1b[K",
        b"(45%)\r",
        b" \x00\x08\x08\x08\x08\x08\x08\x08\x08\x08\x08          \x08\x08\x08\x08\x08\x08\x08\x08\x08\x08",
        b"\x1b[m",
    ];
    for wipe in wipes {
        let mut cleaner = Cleaner::default();
        cleaner.feed(b"\x1b[7m --More--");
        cleaner.forget_partial();
        cleaner.feed(wipe);
        cleaner.feed(b"no\r\n");
        assert_eq!(cleaner.next_line().map(|line| line.text).as_deref(), Some("no"), "{wipe:?}");
    }
}

#[test]
fn what_came_is_kept_where_it_was_overwritten() {
    let mut cleaner = Cleaner::default();
    cleaner.feed(b"r1# show ab\rbc\r\nplain\r\n");
    assert_eq!(cleaner.next_line().map(|line| line.typed().to_owned()).as_deref(), Some("r1# show ab\rbc\r"));
    assert_eq!(cleaner.next_line(), Some(Line { text: "plain".into(), typed: None }));
}

#[test]
fn a_line_without_end_is_bounded() {
    let mut cleaner = Cleaner::default();
    for _ in 0..17 {
        cleaner.feed(&[b'x'; 1 << 20]);
    }
    assert!(cleaner.next_line().is_some_and(|line| line.text.len() <= MAX_LINE + (1 << 20)));
}

#[test]
fn an_unfinished_title_does_not_swallow_the_session() {
    let mut bytes = b"\x1b]0;".to_vec();
    bytes.extend([b'x'; 5000]);
    bytes.extend(b"\r\nr1# ");
    assert_eq!(clean(&bytes).1, "r1# ");
}

proptest! {
    #[test]
    fn any_bytes_come_out_the_same_however_they_are_cut(
        bytes in proptest::collection::vec(
            prop_oneof![
                any::<u8>(),
                Just(0x1b), Just(b'['), Just(b']'), Just(b'K'), Just(b'\r'), Just(b'\n'), Just(8), Just(b' '), Just(b'a'),
            ],
            0..200,
        ),
        size in 1usize..7,
    ) {
        prop_assert_eq!(clean(&bytes), clean_in(bytes.chunks(size)));
    }
}
