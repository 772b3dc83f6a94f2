//! The HTTP side of the lab: one listener per API, answers as the lab file prescribes.

use super::file::{ApiSpec, Fault, Route};
use base64::Engine as _;
use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::header::{AUTHORIZATION, CONTENT_TYPE, WWW_AUTHENTICATE};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// Serves an API until cancelled.
pub(super) async fn serve(listener: TcpListener, api: Arc<ApiSpec>, cancel: CancellationToken, tasks: TaskTracker) {
    loop {
        let accepted = tokio::select! {
            () = cancel.cancelled() => return,
            accepted = listener.accept() => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(Duration::from_millis(50)).await;
            continue;
        };
        tasks.spawn(connection(stream, Arc::clone(&api), cancel.clone()));
    }
}

async fn connection(stream: TcpStream, api: Arc<ApiSpec>, cancel: CancellationToken) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: Request<Incoming>| {
        let api = Arc::clone(&api);
        async move { answer(&api, request).await }
    });
    tokio::select! {
        () = cancel.cancelled() => {}
        // How a client ends its connection is its business.
        _ = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service) => {}
    }
}

async fn answer(api: &ApiSpec, request: Request<Incoming>) -> io::Result<Response<Full<Bytes>>> {
    let (parts, body) = request.into_parts();
    // Read away, so that the connection can be used again.
    let _ = http_body_util::Limited::new(body, 16 << 20).collect().await;
    let given = parts.headers.get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    if !allowed(api, given) {
        let refused = Response::builder().status(401).header(WWW_AUTHENTICATE, "Basic realm=\"lab\"");
        return respond(refused, b"{\"error\": \"authentication is needed\"}".to_vec());
    }
    let route = find(&api.routes, parts.method.as_str(), parts.uri.path());
    let delay = route.and_then(|route| route.delay).unwrap_or(api.delay);
    tokio::time::sleep(delay).await;
    let Some(route) = route else {
        return respond(Response::builder().status(404), b"{\"error\": \"there is nothing here\"}".to_vec());
    };
    match route.fault {
        Some(Fault::Close) => return Err(io::Error::other("cut on purpose")),
        Some(Fault::Silence) => std::future::pending().await,
        None => {}
    }
    let mut response = Response::builder().status(route.status);
    for (name, value) in &route.headers {
        response = response.header(name, value);
    }
    match (&route.json, &route.body) {
        (Some(json), _) => respond(response, json.to_string().into_bytes()),
        (None, Some(body)) => {
            if !route.headers.keys().any(|name| name.eq_ignore_ascii_case("content-type")) {
                response = response.header(CONTENT_TYPE, "text/plain; charset=utf-8");
            }
            response.body(Full::from(body.clone())).map_err(io::Error::other)
        }
        (None, None) => response.body(Full::default()).map_err(io::Error::other),
    }
}

fn respond(mut response: hyper::http::response::Builder, json: Vec<u8>) -> io::Result<Response<Full<Bytes>>> {
    let typed = response.headers_ref().is_some_and(|headers| headers.contains_key(CONTENT_TYPE));
    if !typed {
        response = response.header(CONTENT_TYPE, "application/json");
    }
    response.body(Full::from(json)).map_err(io::Error::other)
}

fn allowed(api: &ApiSpec, given: Option<&str>) -> bool {
    let Some(user) = &api.user else { return true };
    let password = api.password.as_ref().map(|secret| secret.expose()).unwrap_or_default();
    let wanted = base64::engine::general_purpose::STANDARD.encode(format!("{user}:{password}"));
    given.and_then(|field| field.strip_prefix("Basic ")).is_some_and(|pair| pair == wanted)
}

/// Returns the first route for a request.
fn find<'a>(routes: &'a [Route], method: &str, path: &str) -> Option<&'a Route> {
    routes.iter().find(|route| {
        let right_method = match &route.method {
            Some(wanted) => wanted.eq_ignore_ascii_case(method),
            None => true,
        };
        let (wanted, given): (Vec<&str>, Vec<&str>) = (route.path.split('/').collect(), path.split('/').collect());
        let fits = |(wanted, given): (&&str, &&str)| {
            wanted == given || (wanted.starts_with('{') && wanted.ends_with('}') && !given.is_empty())
        };
        right_method && wanted.len() == given.len() && wanted.iter().zip(&given).all(fits)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_route_that_fits_answers() {
        let routes: Vec<Route> = serde_yaml::from_str(
            "[{path: /a, method: post, status: 201}, {path: /a, status: 202}, {path: '/d/{name}/x', status: 203}]",
        )
        .expect("these are routes");
        let cases = [
            ("POST", "/a", Some(201)),
            ("GET", "/a", Some(202)),
            ("GET", "/d/r1/x", Some(203)),
            ("GET", "/d//x", None),
            ("GET", "/d/r1", None),
            ("GET", "/b", None),
        ];
        for (method, path, status) in cases {
            assert_eq!(find(&routes, method, path).map(|route| route.status), status, "{method} {path}");
        }
    }
}
