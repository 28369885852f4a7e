//! Documents that are written whole: with an `ETag`, compressed where the reader accepts that, and not sent
//! again where the reader has them. What they say is decided by the caller.

use std::io::Write as _;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::write::GzEncoder;

use super::recent::Asked;
use super::shared::Unavailable;
use super::{Responses, not_found};
use crate::assess::object::digest::digest;
use crate::report::document::view::ReportView;

/// Smaller bodies are not compressed.
const MIN_COMPRESSED_BYTES: usize = 1024;
/// Hexadecimal digits of an `ETag`.
const TAG_DIGITS: usize = 16;

/// Answers with a file: JSON or CSV.
pub(super) async fn file(
    write: impl FnOnce(&ReportView) -> Option<String> + Send + 'static,
    kind: &'static str,
    responses: &Responses,
    asked: Asked,
) -> Response {
    match written(write, kind, responses, &asked).await {
        Ok(Some(file)) => file.respond(&asked),
        Ok(None) => not_found(),
        Err(unavailable) => super::unavailable(unavailable, responses),
    }
}

/// A document from the shared view: one that was written from the same facts, else a new one, written on a
/// thread of its own.
pub(super) async fn written(
    write: impl FnOnce(&ReportView) -> Option<String> + Send + 'static,
    kind: &'static str,
    responses: &Responses,
    asked: &Asked,
) -> Result<Option<Arc<File>>, Unavailable> {
    let source = responses.source.clone();
    let (view, turn) = responses.views.get(move || source.view()).await?;
    let facts = view.facts();
    if let Some(file) = responses.files.get(&facts, asked) {
        return Ok(Some(file));
    }
    let (files, asked) = (responses.files.clone(), asked.clone());
    let work = move || {
        // Another request may have written it while this one waited for its turn.
        let file = files.get(&facts, &asked).or_else(|| {
            let file = File::of(write(&view)?.into(), kind, asked.is_packed);
            Some(files.keep(&facts, asked, file))
        });
        drop((view, turn));
        file
    };
    let built = responses.builders.run(work).await;
    built.map_err(|_| Unavailable::Failed)
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
        let compressed = (is_large && is_packed)
            .then(|| compressed(&body))
            .flatten();
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

pub(super) fn accepts_gzip(headers: &HeaderMap) -> bool {
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
