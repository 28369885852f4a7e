//! The base path that a proxy puts before every address. The server removes it before it chooses a route.
//! Addresses without it work as well, so that probes, and proxies that remove it themselves, need no flag.

use std::fmt;
use std::sync::Arc;

use axum::body::Body;
use axum::http::uri::PathAndQuery;
use axum::http::{Request, Response, StatusCode, Uri, header};

/// A path such as `/goldenpath`, without a slash at its end.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BasePath(Option<Arc<str>>);

impl BasePath {
    /// Reads a path; `/` and nothing are none.
    ///
    /// # Errors
    /// When it is not an absolute path of letters, digits and `-._~/`.
    pub fn parse(text: &str) -> Result<Self, &'static str> {
        let path = text.trim_end_matches('/');
        let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._~/".contains(c);
        if path.is_empty() {
            return Ok(Self(None));
        }
        if !path.starts_with('/') || path.contains("//") || !path.chars().all(is_plain) {
            return Err("write a path such as /goldenpath");
        }
        Ok(Self(Some(path.into())))
    }

    /// Removes the base path from a request.
    ///
    /// # Errors
    /// A redirect to the slash after the path, when the request lacks it: relative links need the slash.
    pub(super) fn strip_from<B>(
        &self,
        mut request: Request<B>,
    ) -> Result<Request<B>, Box<Response<Body>>> {
        let Some(base) = &self.0 else {
            return Ok(request);
        };
        let Some(rest) = request.uri().path().strip_prefix(&**base) else {
            return Ok(request);
        };
        if rest.is_empty() {
            let name = base.rsplit('/').next().unwrap_or_default();
            let answer = Response::builder()
                .status(StatusCode::PERMANENT_REDIRECT)
                .header(header::LOCATION, format!("{name}/"))
                .body(Body::empty());
            return Err(Box::new(answer.unwrap_or_default()));
        }
        if !rest.starts_with('/') {
            return Ok(request);
        }
        let query = request
            .uri()
            .query()
            .map_or(String::new(), |query| format!("?{query}"));
        if let Ok(path) = format!("{rest}{query}").parse::<PathAndQuery>() {
            *request.uri_mut() = Uri::from(path);
        }
        Ok(request)
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(base: &str, uri: &str) -> String {
        let request = Request::get(uri).body(()).unwrap();
        match BasePath::parse(base).unwrap().strip_from(request) {
            Ok(request) => request.uri().to_string(),
            Err(answer) => {
                let location = answer.headers()[header::LOCATION].to_str().unwrap();
                format!("to {location}")
            }
        }
    }

    #[test]
    fn the_prefix_is_taken_off_where_it_is_a_whole_part_of_the_path() {
        for (base, uri, seen) in [
            ("", "/services?team=x", "/services?team=x"),
            ("/", "/services", "/services"),
            ("/gp", "/gp/services?team=x", "/services?team=x"),
            ("/gp/", "/gp/", "/"),
            ("/gp", "/gp", "to gp/"),
            ("/tools/gp", "/tools/gp", "to gp/"),
            ("/gp", "/gpx/services", "/gpx/services"),
            ("/gp", "/livez", "/livez"),
        ] {
            assert_eq!(path(base, uri), seen, "{base} {uri}");
        }
    }

    #[test]
    fn a_prefix_is_a_plain_path() {
        for text in ["gp", "/a//b", "/a b", "/a?b", "/ä"] {
            assert!(BasePath::parse(text).is_err(), "{text}");
        }
    }
}
