//! Words of earlier releases of Ansible, and of other tools, that are no keywords any more: what to write instead.

/// The words, sorted, each with what stands for it now.
const FORMER: &[(&str, &str)] = &[
    ("accelerate", "connections are kept open anyway: remove it"),
    ("accelerate_port", "connections are kept open anyway: remove it"),
    ("always_run", "write `check_mode: false`"),
    ("become_pass", "passwords are variables: `ansible_become_password`, from the vault"),
    ("become_password", "passwords are variables: `ansible_become_password`, from the vault"),
    ("first_available_file", "write `with_first_found:`, or `loop:` with the lookup `first_found`"),
    (
        "include",
        "write `import_tasks` (read before the run) or `include_tasks` (read in the run); for a playbook `import_playbook`",
    ),
    ("only_if", "write `when:`"),
    ("static", "write `import_tasks` in place of `include_tasks` with `static: true`"),
    ("su", "write `become: true` and `become_method: su`"),
    ("su_user", "write `become_user`"),
    ("sudo", "write `become: true`"),
    ("sudo_user", "write `become_user`"),
    ("vars_prompts", "write `vars_prompt`"),
    ("when_changed", "write `when: RESULT is changed`, with the name of a registered result"),
    ("when_failed", "write `when: RESULT is failed`, with the name of a registered result"),
    ("when_set", "write `when: NAME is defined`"),
    ("when_unset", "write `when: NAME is not defined`"),
];

/// Says what to write in place of a word of earlier releases.
pub(super) fn instead(word: &str) -> Option<String> {
    let word = word.strip_prefix("ansible.builtin.").unwrap_or(word);
    FORMER.iter().find(|(former, _)| *former == word).map(|(_, now)| format!("it is of the past: {now}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::playbook::keyword::KEYWORDS;

    #[test]
    fn former_words_are_sorted_and_mean_nothing_now() {
        assert!(FORMER.is_sorted_by(|a, b| a.0 < b.0));
        for (word, _) in FORMER {
            assert!(KEYWORDS.iter().all(|keyword| keyword.name != *word), "{word}");
            assert!(crate::module::find(word).is_none(), "{word}");
        }
    }
}
