//! The same calls by the same HTTP client library and nothing else: what any program on it needs at least.
//!
//! `bare_http URL COUNT CONNECTIONS` makes so many GETs over so many connections.

use tokio::task::JoinSet;

fn main() {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    // `cargo bench` runs every bench without arguments: there is nothing to do then.
    let [url, count, connections] = args.as_slice() else { return };
    let count: usize = count.parse().expect("a number of calls");
    let connections: usize = connections.parse().expect("a number of connections");
    // As many threads as netplay has.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.expect("threads can be started").block_on(calls(url, count / connections, connections));
}

async fn calls(url: &str, each: usize, connections: usize) {
    let client = reqwest::Client::builder().tcp_nodelay(true).build().expect("a client");
    let mut tasks = JoinSet::new();
    for _ in 0..connections {
        let (client, url) = (client.clone(), url.to_owned());
        tasks.spawn(async move {
            for _ in 0..each {
                let answer = client.get(&url).send().await.expect("the server answers");
                assert_eq!(answer.status(), 200);
                answer.bytes().await.expect("a body");
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.expect("no call panics");
    }
}
