//! A document that was written whole: with an `ETag`, compressed where the reader accepts that, and not sent
//! again where the reader has it. What it says is not known here.

use std::convert::Infallible;
use std::io::Write as _;

use axum::body::Bytes;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

use crate::assess::object::digest::digest;

/// Smaller bodies are not compressed.
const MIN_COMPRESSED_BYTES: usize = 1024;
/// Hexadecimal digits of an `ETag`.
const TAG_DIGITS: usize = 16;

/// What a document depends on besides the facts, and what its reader has already.
#[derive(Clone, Debug)]
pub(super) struct Asked {
    /// Path and query.
    pub(super) address: String,
    /// Whether the reader unpacks gzip.
    pub(super) is_packed: bool,
    /// `If-None-Match`.
    pub(super) known: String,
}

impl<S: Send + Sync> FromRequestParts<S> for Asked {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        let known = parts.headers.get(header::IF_NONE_MATCH);
        let known = known.and_then(|value| value.to_str().ok());
        Ok(Self {
            address: parts.uri.to_string(),
            is_packed: accepts_gzip(&parts.headers),
            known: known.unwrap_or_default().to_owned(),
        })
    }
}

/// A body with the name of its content.
#[derive(Debug)]
pub(super) struct File {
    body: Bytes,
    kind: &'static str,
    tag: String,
    is_compressed: bool,
}

impl File {
    /// Names the content, and compresses it where the reader accepts that.
    pub(super) fn of(body: Bytes, kind: &'static str, is_packed: bool) -> Self {
        // Weak: the same for each encoding.
        let tag = format!("W/\"{}\"", digest(&body, TAG_DIGITS));
        let is_large = body.len() >= MIN_COMPRESSED_BYTES;
        let compressed = (is_large && is_packed).then(|| compressed(&body)).flatten();
        Self {
            is_compressed: compressed.is_some(),
            body: compressed.unwrap_or(body),
            kind,
            tag,
        }
    }

    /// Its length as it is sent, in bytes.
    pub(super) fn len(&self) -> usize {
        self.body.len()
    }

    pub(super) fn respond(&self, asked: &Asked) -> Response {
        let is_known = asked.known.split(',').any(|tag| tag.trim() == self.tag);
        let common = [
            (header::ETAG, self.tag.clone()),
            (header::VARY, "accept-encoding".to_owned()),
        ];
        if is_known {
            return (StatusCode::NOT_MODIFIED, common).into_response();
        }
        let kind = [(header::CONTENT_TYPE, self.kind)];
        let mut response = (common, kind, self.body.clone()).into_response();
        if self.is_compressed {
            let gzip = HeaderValue::from_static("gzip");
            response
                .headers_mut()
                .insert(header::CONTENT_ENCODING, gzip);
        }
        response
    }
}

fn accepts_gzip(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING);
    let accepted = accepted
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    accepted.split(',').any(|coding| {
        let mut parts = coding.split(';').map(str::trim);
        parts.next() == Some("gzip")
            && !parts.any(|weight| {
                weight.starts_with("q=0")
                    && !weight.contains(['1', '2', '3', '4', '5', '6', '7', '8', '9'])
            })
    })
}

fn compressed(body: &[u8]) -> Option<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok().map(Bytes::from)
}
