use super::negotiation::{Heard, Negotiation, typed};
use proptest::prelude::*;

const DO_ECHO: &[u8] = b"\xff\xfd\x01";

fn hear(parts: impl IntoIterator<Item = impl AsRef<[u8]>>) -> Heard {
    let mut negotiation = Negotiation::new(511, 1000);
    let mut all = Heard::default();
    for part in parts {
        let heard = negotiation.hear(part.as_ref());
        all.data.extend(heard.data);
        all.answer.extend(heard.answer);
    }
    all
}

#[test]
fn what_is_agreed_on_is_answered_once() {
    // WILL ECHO, WILL SGA, DO TTYPE, DO NAWS, WILL STATUS, DO LINEMODE
    let offer = b"\xff\xfb\x01\xff\xfb\x03\xff\xfd\x18\xff\xfd\x1f\xff\xfb\x05\xff\xfd\x22login: ";
    let heard = hear([offer]);
    assert_eq!(heard.data, b"login: ");
    let size = b"\xff\xfa\x1f\x01\xff\xff\x03\xe8\xff\xf0";
    let expected =
        [DO_ECHO, b"\xff\xfd\x03", b"\xff\xfb\x18", b"\xff\xfb\x1f", size, b"\xff\xfe\x05", b"\xff\xfc\x22"].concat();
    assert_eq!(heard.answer, expected);
    // The same offers again are no news; what is refused is refused again, since it was asked again.
    let again = hear([offer, offer]);
    assert_eq!(again.answer, [&expected[..], b"\xff\xfe\x05\xff\xfc\x22"].concat());
    assert_eq!(hear([b"\xff\xfc\x01\xff\xfe\x18"]).answer, b"", "nothing was on that could be turned off");
}

#[test]
fn the_terminal_s_type_is_told_when_asked() {
    assert_eq!(hear([b"\xff\xfa\x18\x01\xff\xf0"]).answer, b"\xff\xfa\x18\x00vt100\xff\xf0");
    assert_eq!(hear([b"\xff\xfa\x27\x01\xff\xf0x"]), Heard { data: b"x".to_vec(), answer: Vec::new() });
}

#[test]
fn bytes_that_look_like_commands_are_data_when_doubled() {
    assert_eq!(hear([b"a\xff\xffb\xff\xf1c"]).data, b"a\xffbc");
    assert_eq!(typed(b"a\xffb\nc\rd\r\n"), b"a\xff\xffb\r\nc\r\0d\r\n");
}

proptest! {
    #[test]
    fn the_same_is_heard_however_it_is_cut(
        bytes in proptest::collection::vec(
            prop_oneof![any::<u8>(), 240u8..=255, Just(255u8), Just(1), Just(24), Just(31)], 0..200),
        size in 1usize..7,
    ) {
        prop_assert_eq!(hear([&bytes]), hear(bytes.chunks(size)));
    }

    #[test]
    fn two_sides_that_answer_each_other_come_to_an_end(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
        let (mut one, mut other) = (Negotiation::new(80, 24), Negotiation::new(511, 1000));
        let mut sent = bytes;
        for _ in 0..600 {
            if sent.is_empty() {
                return Ok(());
            }
            sent = one.hear(&sent).answer;
            std::mem::swap(&mut one, &mut other);
        }
        prop_assert!(sent.is_empty(), "{:?}", sent);
    }
}
