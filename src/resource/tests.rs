use super::*;
use proptest::prelude::*;

#[test]
fn every_definition_is_read() {
    for row in TABLE {
        let read = Definition::read(include(row.name));
        let definition = read.unwrap_or_else(|why| panic!("{}: {why}", row.name));
        assert_eq!(definition.platform.name, row.platform, "{}", row.name);
        assert!(definition.summary.ends_with('.'), "{}: the summary is a sentence", row.name);
    }
}

fn include(name: &str) -> &'static str {
    let path = format!("{}/src/resource/definitions/{name}.yaml", env!("CARGO_MANIFEST_DIR"));
    std::fs::read_to_string(path).unwrap().leak()
}

fn line() -> impl Strategy<Value = String> {
    prop::collection::vec(
        prop_oneof![
            Just("interface".to_owned()),
            Just("GigabitEthernet0/1".to_owned()),
            Just("description".to_owned()),
            Just("no".to_owned()),
            Just("set".to_owned()),
            Just("10-20,7".to_owned()),
            Just("10.0.0.1 255.255.255.0".to_owned()),
            "[ -~]{0,12}",
            "[0-9]{1,25}",
        ],
        0..6,
    )
    .prop_map(|words| words.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// What devices show is text from outside: nothing in it makes a reader fail, and what was read can be written.
    #[test]
    fn whatever_is_shown_is_read(lines in prop::collection::vec((0usize..3, line()), 0..20)) {
        let text: String = lines.iter().map(|(depth, line)| format!("{}{line}\n", " ".repeat(*depth))).collect();
        for row in TABLE {
            let definition = row.definition();
            let tree = read(definition, &text);
            for state in [State::Overridden, State::Deleted, State::Merged] {
                commands(definition, &tree, &tree, state);
            }
            prop_assert!(
                commands(definition, &tree, &tree, State::Overridden).is_empty(),
                "{}: what is there is not sent again", row.name
            );
        }
    }
}
