use super::MAX_BODY_BYTES;
use super::failure::{argument, file, of_call};
use crate::failure::{Failure, FailureKind};
use crate::module::{Content, HttpBody, HttpPart};
use reqwest::header::{CONTENT_LENGTH, HeaderValue};
use reqwest::multipart::{Form, Part};
use reqwest::{RequestBuilder, Response};
use std::path::Path;

/// Puts a body on a request. Made anew for every hop, because files are streamed and a stream is spent by one request.
pub(super) async fn attach(request: RequestBuilder, body: &HttpBody) -> Result<RequestBuilder, Failure> {
    Ok(match body {
        HttpBody::Empty => request,
        HttpBody::Bytes(bytes) => request.body(bytes.clone()),
        HttpBody::File(path) => {
            let (file, length) = open(path).await?;
            // Without a length the client would send chunks, which many an API refuses.
            request.header(CONTENT_LENGTH, HeaderValue::from(length)).body(file)
        }
        HttpBody::Multipart(parts) => {
            let mut form = Form::new().percent_encode_noop();
            for part in parts {
                form = form.part(part.name.clone(), multipart(part).await?);
            }
            request.multipart(form)
        }
    })
}

async fn open(path: &Path) -> Result<(tokio::fs::File, u64), Failure> {
    let opened = tokio::fs::File::open(path).await.map_err(|e| file("src", path, &e))?;
    let data = opened.metadata().await.map_err(|e| file("src", path, &e))?;
    if !data.is_file() {
        return Err(Failure::new(FailureKind::File, format!("cannot send {}: it is not a file", path.display())));
    }
    Ok((opened, data.len()))
}

async fn multipart(part: &HttpPart) -> Result<Part, Failure> {
    let mut out = match &part.content {
        Content::Bytes(bytes) => Part::bytes(bytes.to_vec()),
        Content::File(path) => {
            let (file, length) = open(path).await?;
            Part::stream_with_length(file, length)
        }
    };
    if let Some(name) = &part.filename {
        out = out.file_name(name.clone());
    }
    if let Some(mime) = &part.mime_type {
        out = out
            .mime_str(mime)
            .map_err(|_| argument(format!("`{mime}` of the form field `{}` is no media type", part.name)))?;
    }
    Ok(out)
}

/// Reads an answer's body, up to [`MAX_BODY_BYTES`].
pub(super) async fn read(mut response: Response, url: &str) -> Result<Vec<u8>, Failure> {
    let too_large = || {
        let message =
            format!("the answer of `{}` is larger than {} MiB", super::failure::shown(url), MAX_BODY_BYTES >> 20);
        Failure::new(FailureKind::Http, message)
    };
    if response.content_length().is_some_and(|length| length > MAX_BODY_BYTES) {
        return Err(too_large());
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|e| broken(e, url))? {
        if (body.len() + chunk.len()) as u64 > MAX_BODY_BYTES {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn broken(error: reqwest::Error, url: &str) -> Failure {
    if error.is_decode() && super::failure::last_cause(&error).contains("gzip") {
        let message = format!("the answer of `{}` is not the gzip it claims to be", super::failure::shown(url));
        return Failure::new(FailureKind::Http, message).help("`decompress: false` keeps it as it came");
    }
    of_call(error, url)
}

/// Reads away a short body, so that its connection can be used again.
pub(super) async fn drain(mut response: Response) {
    const SHORT: u64 = 64 << 10;
    if response.content_length().is_none_or(|length| length > SHORT) {
        return;
    }
    while let Ok(Some(_)) = response.chunk().await {}
}
