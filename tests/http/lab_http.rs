use netplay::failure::FailureKind;
use netplay::module::HttpCall;
use netplay::transport::HttpClients;
use netplay::transport::Limits;
use std::sync::Arc;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

const LAB: &str = "
apis:
- name: slow-one
  delay_seconds: 0.2
  routes:
  - {path: '/devices/{name}', json: {site: north}, headers: {X-Lab: 'yes'}}
  - {path: /quick, body: quick, delay_seconds: 0}
  - {path: /made, method: POST, status: 201}
  - {path: /cut, fault: close}
  - {path: /silent, fault: silence, delay_seconds: 0}
- name: guarded
  user: ann
  password: secret
  routes: [{path: /, body: in}]
";

fn get(url: String) -> HttpCall {
    HttpCall { method: "GET".into(), url, validate_certs: true, ..HttpCall::default() }
}

#[tokio::test]
async fn an_api_answers_as_its_routes_say() {
    let lab = crate::lab(LAB).await;
    let vars = lab.vars();
    let url = |name: &str| vars.get(name).and_then(|url| url.as_str()).expect("every API has a URL").to_owned();
    let (slow, guarded) = (url("slow_one_url"), url("guarded_url"));
    let clients = HttpClients::new();
    let limits = Limits { timeout: Some(Duration::from_secs(30)), cancel: CancellationToken::new() };

    let answer = clients.call(&get(format!("{slow}/devices/r1")), &limits).await.expect("it answers");
    assert_eq!((answer.status, answer.body.as_slice()), (200, br#"{"site":"north"}"#.as_slice()));
    assert!(answer.headers.contains(&("content-type".into(), "application/json".into())));
    assert!(answer.headers.contains(&("x-lab".into(), "yes".into())));
    assert!(answer.elapsed >= Duration::from_millis(200), "the delay is a lower bound");

    for (method, path, status) in [("GET", "/quick", 200), ("POST", "/made", 201), ("GET", "/made", 404)] {
        let call = HttpCall { method: method.into(), ..get(format!("{slow}{path}")) };
        assert_eq!(clients.call(&call, &limits).await.expect("it answers").status, status, "{method} {path}");
    }
    let cut = clients.call(&get(format!("{slow}/cut")), &limits).await.expect_err("it is cut");
    assert_eq!(cut.kind, FailureKind::Http);
    let silent = HttpCall { timeout: Some(Duration::from_millis(50)), ..get(format!("{slow}/silent")) };
    assert_eq!(clients.call(&silent, &limits).await.expect_err("nothing comes").kind, FailureKind::Timeout);

    assert_eq!(clients.call(&get(guarded.clone()), &limits).await.expect("it answers").status, 401);
    let inside = get(guarded.replace("http://", "http://ann:secret@"));
    assert_eq!(clients.call(&inside, &limits).await.expect("it answers").status, 200);
    lab.stop().await;
    let gone = clients.call(&get(guarded), &limits).await.expect_err("the lab has stopped");
    assert_eq!(gone.kind, FailureKind::Http);
}

#[tokio::test]
async fn the_lab_of_the_example_has_what_its_playbook_needs() {
    let sources = netplay::source::SourceMap::new();
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("playbooks/lab.yml");
    let file = netplay::lab::LabFile::load(&sources, &path).expect("the example is right");
    let lab = netplay::lab::Lab::start(file).await.expect("loopback has free ports");
    let vars = lab.vars();
    let url = vars.get("api_url").and_then(|url| url.as_str()).expect("the playbook uses `api_url`").to_owned();
    let routers: Vec<_> = lab.hosts().into_iter().filter(|host| host.groups == ["routers"]).collect();
    assert_eq!(routers.len(), 3);
    let limits = Limits { timeout: Some(Duration::from_secs(30)), cancel: CancellationToken::new() };
    let (clients, limits) = (Arc::new(HttpClients::new()), Arc::new(limits));
    // All at once, as the playbook asks: each takes two seconds.
    let mut calls = tokio::task::JoinSet::new();
    for router in &routers {
        let (clients, limits) = (Arc::clone(&clients), Arc::clone(&limits));
        let call = get(format!("{url}/devices/{}", router.name));
        calls.spawn(async move { clients.call(&call, &limits).await.expect("it answers") });
    }
    for answer in calls.join_all().await {
        let json: serde_json::Value = serde_json::from_slice(&answer.body).expect("it is JSON");
        assert!(json["site"].is_string() && json["contact"].is_string());
    }
    lab.stop().await;
}
