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

/// Returns the lines of a definition for values, and what is read of these lines.
fn there_and_back(definition: &Definition, values: serde_json::Value) -> (Vec<String>, serde_json::Value) {
    let tree = crate::value::Value::from(values).as_map().cloned().unwrap();
    let sections = commands(definition, &tree, &crate::value::Map::new(), State::Rendered);
    let text = crate::configuration::print(&sections);
    let read = read(definition, &text);
    (text.lines().map(str::to_owned).collect(), crate::value::Value::from(read).to_json())
}

#[test]
fn short_forms_stand_for_their_lines() {
    let definition = Definition::read(
        "
platform: cisco_ios
summary: Something.
show: [show it]
form: dict
options:
  traps:
    doc: Messages.
    dict:
      bgp: bool BGP.
      cpu: flags(enable|threshold|fan_enable:fan) The processor.
      ike:
        doc: IKE.
        dict:
          policy:
            doc: Policies.
            dict:
              add: bool New ones.
              limit: int So many.
  neighbors:
    doc: Neighbours.
    list:
      address: text! The address.
      shutdown: bool It rests.
      weight: int It weighs.
lines:
  - words: traps
    line: enable traps
    spelled: {bgp: border}
  - prefix: neighbor {address}
    each: neighbors
    lines:
      - line: '{?shutdown:shutdown}'
      - line: weight {weight}
        undo: weight
",
    )
    .unwrap();
    let all = serde_json::json!({
        "traps": {"bgp": true, "cpu": {"threshold": true, "fan_enable": true, "enable": true}, "ike": {"policy": {"add": true, "limit": 5}}},
        "neighbors": [{"address": "10.0.0.1", "shutdown": true}, {"address": "10.0.0.2", "weight": 7}],
    });
    let lines = [
        "enable traps border",
        "enable traps cpu threshold fan",
        "enable traps ike policy add",
        "enable traps ike policy limit 5",
        "neighbor 10.0.0.1 shutdown",
        "neighbor 10.0.0.2 weight 7",
    ];
    assert_eq!(there_and_back(&definition, all.clone()), (lines.map(str::to_owned).to_vec(), all));
    // A word that is none makes the line another one.
    assert!(read(&definition, "enable traps cpu threshold cold").is_empty());
    let whole = serde_json::json!({"traps": {"cpu": {"enable": true}}});
    assert_eq!(there_and_back(&definition, whole.clone()), (vec!["enable traps cpu".to_owned()], whole));
}

#[test]
fn what_leads_to_others_has_a_line_where_none_of_them_is() {
    let definition = Definition::read(
        "
platform: juniper_junos
summary: Something.
show: [show it]
form: dict
options:
  multihop:
    doc: Further away.
    dict:
      set: bool It may be.
      ttl: int So far.
      via: texts By these.
lines:
  - words: ''
    line: protocols bgp
",
    )
    .unwrap();
    let cases = [
        (serde_json::json!({"multihop": {"set": true}}), vec!["set protocols bgp multihop"]),
        (serde_json::json!({"multihop": {"ttl": 5, "set": true}}), vec!["set protocols bgp multihop ttl 5"]),
        (serde_json::json!({"multihop": {"via": ["a"], "set": true}}), vec!["set protocols bgp multihop via a"]),
    ];
    for (values, lines) in cases {
        let (sent, read) = there_and_back(&definition, values.clone());
        assert_eq!((sent, read), (lines.into_iter().map(str::to_owned).collect(), values));
    }
}
