use crate::failure::FailureKind;
use crate::module::fake::Fake;
use crate::module::{RunChange, add_host, fail, group_by, set_fact};
use crate::value::{Key, Value};

#[tokio::test]
async fn set_fact_gives_variables_with_their_types() {
    let host = Fake::new();
    let args = [("a", Value::list([1, 2])), ("b", "yes".into()), ("cacheable", "yes".into())];
    let change = host.plan(&set_fact::MODULE, &args).await.unwrap();
    assert_eq!(Value::from(change.facts).to_text(), "{'a': [1, 2], 'b': 'yes'}");
    assert!(change.keep == crate::module::KeepFacts::AsBoth && !change.changed);
    for args in [vec![], vec![("1a", Value::Null)], vec![("a-b", 1.into())]] {
        let failure = host.plan(&set_fact::MODULE, &args).await.err();
        assert_eq!(failure.map(|f| f.kind), Some(FailureKind::Argument), "{args:?}");
    }
}

#[tokio::test]
async fn add_host_takes_any_variables() {
    let host = Fake::new();
    let args = [("hostname", "r9:2222".into()), ("groups", "a, b".into()), ("role", "edge".into())];
    let change = host.plan(&add_host::MODULE, &args).await.unwrap();
    let [RunChange::AddHost { name, groups, vars }] = &change.run[..] else { panic!("no host") };
    assert_eq!((&**name, groups.len()), ("r9", 2));
    assert_eq!(Value::from(vars.clone()).to_text(), "{'role': 'edge', 'ansible_ssh_port': 2222}");
    assert!(change.result.get("add_host").unwrap().as_map().unwrap().get_key(&Key::from("host_vars")).is_some());
}

#[tokio::test]
async fn group_by_makes_a_group_of_a_key() {
    let host = Fake::new();
    let args = [("key", "os_Cisco IOS".into()), ("parents", "all platforms".into())];
    let change = host.plan(&group_by::MODULE, &args).await.unwrap();
    let [RunChange::GroupBy { group, parents }] = &change.run[..] else { panic!("no group") };
    assert_eq!((&**group, &*parents[0]), ("os_Cisco-IOS", "all-platforms"));
}

#[tokio::test]
async fn fail_fails_with_its_message() {
    let host = Fake::new();
    let failure = host.plan(&fail::MODULE, &[]).await.err().unwrap();
    assert_eq!(failure.message.expose(), "Failed as requested from task");
    let failure = host.plan(&fail::MODULE, &[("msg", Value::list(["a", "b"]))]).await.err().unwrap();
    assert_eq!(failure.result.get("msg"), Some(&vec!["a", "b"].into()));
}
