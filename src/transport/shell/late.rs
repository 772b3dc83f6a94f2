//! Messages of the device's own log that come behind the prompt. A device may print its prompt, then a message, then its
//! prompt again; whether they are still seen as part of the answer would depend on how fast they come.

/// Cuts what stands behind the prompt of an answer, where that is messages of the log and nothing else. A line that looks like
/// the prompt in the midst of other text stays.
pub(super) fn without_late_messages(mut output: String, prompt: &str) -> String {
    let is_late = |line: &str| line.trim().is_empty() || line.trim() == prompt || is_log_message(line);
    let mut end = output.len();
    let mut cut = None;
    for line in output.rsplit('\n') {
        let start = end - line.len();
        if !is_late(line) {
            break;
        }
        if !prompt.is_empty() && line.trim() == prompt {
            cut = Some(start);
        }
        end = start.saturating_sub(1);
    }
    if let Some(cut) = cut {
        output.truncate(cut);
        output.truncate(output.trim_end_matches('\n').len());
    }
    output
}

/// Claims that a line is a message of the log as Cisco's systems and their kin write them: `…: %FACILITY-5-MNEMONIC: …`
/// (Cisco, "System Message Guide").
fn is_log_message(line: &str) -> bool {
    let word = |text: &str| {
        !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'_')
    };
    line.split('%').skip(1).any(|after| {
        let Some((code, _)) = after.split_once(':') else { return false };
        let mut parts = code.rsplitn(3, '-');
        let (mnemonic, severity, facility) = (parts.next(), parts.next(), parts.next());
        mnemonic.is_some_and(word)
            && severity.is_some_and(|digit| matches!(digit.as_bytes(), [b'0'..=b'7']))
            && facility.is_some_and(|facility| facility.split('-').all(word))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const UP: &str = "*Mar  1 00:01:03.003: %LINK-3-UPDOWN: Interface Gi0/1, changed state to up";

    #[test]
    fn messages_behind_the_prompt_are_no_answer() {
        let cut = |text: &str| without_late_messages(text.to_owned(), "r1#");
        assert_eq!(cut(&format!("one\ntwo\nr1#\n{UP}")), "one\ntwo");
        assert_eq!(cut(&format!("one\nr1#\n\n{UP}\nr1#\n{UP}\n")), "one");
        assert_eq!(cut(&format!("r1#\n{UP}")), "");
        assert_eq!(cut(""), "");
    }

    #[test]
    fn what_is_no_message_or_stands_before_the_prompt_stays() {
        let same = |text: &str| assert_eq!(without_late_messages(text.to_owned(), "r1#"), text);
        same(&format!("one\n{UP}\ntwo"));
        same(&format!("one\n{UP}"));
        same("one\nr1#\ntwo");
        same(&format!("r1#\nbusy: 5% of 3-4-5: no\n{UP}"));
        assert_eq!(without_late_messages(format!("one\n\n{UP}"), ""), format!("one\n\n{UP}"));
    }
}
