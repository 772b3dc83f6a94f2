//! What is taken from the environment: proxies and `~/.netrc`. Each test runs itself again in a process whose
//! environment is set, because that of a running process with threads cannot be changed safely.

use netplay::failure::FailureKind;
use netplay::module::HttpCall;
use netplay::transport::HttpClients;
use netplay::transport::Limits;
use std::process::Command;
use std::time::Duration;
use tokio_util::sync::CancellationToken;

/// Set in the process that makes the calls.
const INNER: &str = "NETPLAY_TEST_URL";

async fn call(call: HttpCall) -> Result<u16, FailureKind> {
    let limits = Limits { timeout: Some(Duration::from_secs(30)), cancel: CancellationToken::new() };
    let outcome = HttpClients::new().call(&call, &limits).await;
    outcome.map(|answer| answer.status).map_err(|failure| failure.kind)
}

fn get(url: &str) -> HttpCall {
    HttpCall { method: "GET".into(), url: url.into(), validate_certs: true, ..HttpCall::default() }
}

/// Runs one test of this program again, with these variables.
async fn again(test: &str, vars: &[(&str, String)]) {
    let mut command = Command::new(std::env::current_exe().expect("a test knows its program"));
    command.args(["--exact", test, "--nocapture"]);
    for name in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY", "REQUEST_METHOD"] {
        command.env_remove(name);
    }
    command.envs(vars.iter().map(|(name, value)| (name, value)));
    let out = tokio::task::spawn_blocking(move || command.output()).await.expect("waiting does not panic");
    let out = out.expect("a test can run its program");
    let ran = String::from_utf8_lossy(&out.stdout).contains("1 passed");
    assert!(
        ran && out.status.success(),
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn proxies_are_used_unless_told_otherwise() {
    if std::env::var(INNER).is_ok() {
        let url = "http://a.name.that.no.resolver.knows.invalid/quick";
        assert_eq!(call(HttpCall { use_proxy: true, ..get(url) }).await, Ok(200));
        assert_eq!(call(HttpCall { use_proxy: false, ..get(url) }).await, Err(FailureKind::Http));
        return;
    }
    // To a proxy a call is one with a whole URL, of which the lab reads the path.
    let lab = crate::lab("apis: [{name: proxy, routes: [{path: /quick}]}]").await;
    let url = lab.vars().get("proxy_url").map(|url| url.to_text()).expect("every API has a URL");
    let vars = [(INNER, url.clone()), ("http_proxy", url)];
    again("environment::proxies_are_used_unless_told_otherwise", &vars).await;
    lab.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn netrc_is_read_where_no_login_is_given() {
    if let Ok(url) = std::env::var(INNER) {
        assert_eq!(call(HttpCall { use_netrc: true, ..get(&url) }).await, Ok(200));
        assert_eq!(call(HttpCall { use_netrc: false, ..get(&url) }).await, Ok(401));
        let other = netplay::redact::Secret::new("other");
        let own = HttpCall { use_netrc: true, login: Some(("ann".into(), other)), ..get(&url) };
        assert_eq!(call(own).await, Ok(401), "a login that is given counts");
        return;
    }
    let lab = crate::lab("apis: [{name: g, user: ann, password: secret, routes: [{path: /}]}]").await;
    let url = lab.vars().get("g_url").map(|url| url.to_text()).expect("every API has a URL");
    let file = tempfile::NamedTempFile::new().expect("a temporary file");
    std::fs::write(file.path(), "machine 127.0.0.1 login ann password secret\n").expect("it can be written");
    let vars = [(INNER, url), ("NETRC", file.path().display().to_string())];
    again("environment::netrc_is_read_where_no_login_is_given", &vars).await;
    lab.stop().await;
}
