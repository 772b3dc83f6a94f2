//! One call from its first request to its last answer: authentication, redirects, cookies.

use super::auth::{self, Challenge};
use super::cookies::Jar;
use super::failure::{argument, of_call, shown, without_userinfo};
use super::redirect::{describes_body, follow, is_credential};
use super::{HttpClients, body, redirect};
use crate::failure::{Failure, FailureKind};
use crate::module::{HttpAnswer, HttpBody, HttpCall};
use crate::redact::Secret;
use reqwest::header::{
    ACCEPT_ENCODING, AUTHORIZATION, COOKIE, HeaderMap, HeaderName, HeaderValue, LOCATION, SET_COOKIE, WWW_AUTHENTICATE,
};
use reqwest::{Method, Request, RequestBuilder, Response, Url};
use std::time::Instant;

/// The next request of a call.
struct Hop {
    method: String,
    url: Url,
    headers: HeaderMap,
    with_body: bool,
    /// User and password, as long as it goes to the origin that they are for.
    login: Option<(String, Secret)>,
    /// The `Authorization` that the login came to.
    authorization: Option<Secret>,
    /// A challenge has been answered; another one means that the answer was wrong.
    answered: bool,
}

/// Makes a call.
pub(super) async fn exchange(clients: &HttpClients, call: &HttpCall, started: Instant) -> Result<HttpAnswer, Failure> {
    let client = clients.client(call).await?;
    let mut hop = first_hop(clients, call).await?;
    let first_url = hop.url.clone();
    let mut jar = Jar::default();
    let mut redirects = 0;
    loop {
        let _turn = clients.admit(&hop.url, call.most_per_origin).await;
        let response = send(&client, &hop, call, &jar).await?;
        for field in response.headers().get_all(SET_COOKIE) {
            jar.store(&latin1(field), &hop.url);
        }
        let status = response.status().as_u16();
        if status == 401
            && let Some(authorization) = answer_challenge(&hop, &response)
        {
            body::drain(response).await;
            hop.authorization = Some(authorization);
            hop.answered = true;
            continue;
        }
        if let Some(next) = next_hop(&hop, &response, call)? {
            redirects += 1;
            if redirects > redirect::MOST {
                let message = format!("`{}` redirects more than {} times", shown(&call.url), redirect::MOST);
                return Err(Failure::new(FailureKind::Http, message));
            }
            body::drain(response).await;
            hop = next;
            continue;
        }
        let headers = response.headers().iter().map(|(name, value)| (name.as_str().to_owned(), latin1(value)));
        let headers = headers.collect();
        let reason = response.status().canonical_reason().unwrap_or_default().to_owned();
        let body = body::read(response, hop.url.as_str()).await?;
        let redirected = hop.url != first_url;
        return Ok(HttpAnswer {
            status,
            reason,
            redirected,
            // As it was written, where nothing led elsewhere: results are compared with it.
            url: if redirected { hop.url.into() } else { without_userinfo(call.url.trim()) },
            headers,
            cookies: jar.into_pairs(),
            body,
            elapsed: started.elapsed(),
        });
    }
}

/// Reads URL, headers and login of a call.
async fn first_hop(clients: &HttpClients, call: &HttpCall) -> Result<Hop, Failure> {
    let mut url =
        Url::parse(call.url.trim()).map_err(|e| argument(format!("`{}` is no URL: {e}", shown(&call.url))))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(argument(format!("`{}` is no http or https URL", shown(&call.url))));
    }
    let within = (!url.username().is_empty())
        .then(|| (decoded(url.username()), Secret::new(decoded(url.password().unwrap_or_default()))));
    // They fail only for URLs without a host.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    let mut login = call.login.clone().or(within);
    let mut force = call.force_basic;
    if login.is_none() && call.use_netrc && !call.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case("authorization")) {
        login = clients.netrc().login(url.host_str().unwrap_or_default()).await;
        force |= login.is_some();
    }
    let authorization = login.as_ref().filter(|_| force).map(|(user, password)| auth::basic(user, password));
    Ok(Hop {
        method: call.method.clone(),
        headers: header_map(&call.headers)?,
        with_body: !matches!(call.body, HttpBody::Empty),
        answered: authorization.is_some(),
        url,
        login,
        authorization,
    })
}

fn header_map(fields: &[(String, String)]) -> Result<HeaderMap, Failure> {
    let mut headers = HeaderMap::new();
    for (name, value) in fields {
        let key = HeaderName::from_bytes(name.trim().as_bytes())
            .map_err(|_| argument(format!("`{name}` cannot be the name of a header field")))?;
        let value = HeaderValue::from_bytes(value.trim().as_bytes())
            .map_err(|_| argument(format!("the header field `{name}` holds a line break or a control character")))?;
        headers.append(key, value);
    }
    if !headers.contains_key(ACCEPT_ENCODING) {
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    }
    Ok(headers)
}

async fn send(client: &reqwest::Client, hop: &Hop, call: &HttpCall, jar: &Jar) -> Result<Response, Failure> {
    let method = Method::from_bytes(hop.method.as_bytes())
        .map_err(|_| argument(format!("`{}` cannot be a method", hop.method)))?;
    let mut headers = hop.headers.clone();
    if let Some(authorization) = &hop.authorization {
        let mut value = HeaderValue::from_str(authorization.expose())
            .map_err(|_| argument("user name or realm holds a character that no header field can carry"))?;
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
    if let Some(field) = jar.field(&hop.url) {
        let own = headers.get(COOKIE).map(|own| format!("{}; ", latin1(own))).unwrap_or_default();
        if let Ok(value) = HeaderValue::from_bytes(format!("{own}{field}").as_bytes()) {
            headers.insert(COOKIE, value);
        }
    }
    let mut request = Request::new(method, hop.url.clone());
    *request.headers_mut() = headers;
    let sent = if hop.with_body {
        body::attach(RequestBuilder::from_parts(client.clone(), request), &call.body).await?.send().await
    } else {
        client.execute(request).await
    };
    sent.map_err(|e| of_call(e, hop.url.as_str()))
}

/// Returns the `Authorization` that a 401 asks for, unless there is no login or it was refused already.
fn answer_challenge(hop: &Hop, response: &Response) -> Option<Secret> {
    let (user, password) = hop.login.as_ref().filter(|_| !hop.answered)?;
    let fields: Vec<String> = response.headers().get_all(WWW_AUTHENTICATE).iter().map(latin1).collect();
    match auth::strongest(fields.iter().map(String::as_str))? {
        Challenge::Basic => Some(auth::basic(user, password)),
        Challenge::Digest(asked) => {
            let uri = match hop.url.query() {
                Some(query) => format!("{}?{query}", hop.url.path()),
                None => hop.url.path().to_owned(),
            };
            let cnonce = uuid::Uuid::new_v4().simple().to_string();
            Some(auth::digest(&asked, (user, password), (&hop.method, &uri), &cnonce))
        }
    }
}

/// Returns the request that follows an answer; `None` when it is the last one.
fn next_hop(hop: &Hop, response: &Response, call: &HttpCall) -> Result<Option<Hop>, Failure> {
    let Some(follow) = follow(call.redirects, response.status().as_u16(), &hop.method) else {
        return Ok(None);
    };
    let Some(location) = response.headers().get(LOCATION) else {
        return Ok(None);
    };
    let url = hop.url.join(&latin1(location).replace(' ', "%20")).map_err(|e| {
        Failure::new(FailureKind::Http, format!("`{}` redirects to what is no URL: {e}", shown(hop.url.as_str())))
    })?;
    if !matches!(url.scheme(), "http" | "https") {
        let message = format!("`{}` redirects to a `{}` URL", shown(hop.url.as_str()), url.scheme());
        return Err(Failure::new(FailureKind::Http, message));
    }
    let same_origin = url.origin() == hop.url.origin();
    let stays = |name: &str| !call.unredirected_headers.iter().any(|n| n.eq_ignore_ascii_case(name));
    let mut headers = HeaderMap::new();
    for (name, value) in &hop.headers {
        let unwanted = !stays(name.as_str())
            || (!follow.keep_body && describes_body(name.as_str()))
            || (!same_origin && is_credential(name.as_str()))
            || name == reqwest::header::HOST;
        if !unwanted {
            headers.append(name.clone(), value.clone());
        }
    }
    let login = hop.login.clone().filter(|_| same_origin);
    // A digest is for one URL, so only basic authentication goes along.
    let goes_along = same_origin && stays("authorization");
    let authorization = hop.authorization.clone().filter(|a| goes_along && a.expose().starts_with("Basic "));
    Ok(Some(Hop {
        method: follow.method,
        headers,
        with_body: hop.with_body && follow.keep_body,
        answered: authorization.is_some(),
        url,
        login,
        authorization,
    }))
}

/// Returns a field's text; fields that are not UTF-8 are ISO 8859-1.
fn latin1(value: &HeaderValue) -> String {
    match std::str::from_utf8(value.as_bytes()) {
        Ok(text) => text.to_owned(),
        Err(_) => value.as_bytes().iter().map(|byte| char::from(*byte)).collect(),
    }
}

/// Undoes percent-encoding.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let code =
            bytes.get(at + 1..at + 3).and_then(|hex| u8::from_str_radix(std::str::from_utf8(hex).ok()?, 16).ok());
        match code {
            Some(byte) if bytes[at] == b'%' => {
                out.push(byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}
