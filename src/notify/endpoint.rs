//! Where a channel leads. The address is a secret, as whoever knows it can post: it is never
//! printed, and may stand in a file of its own that is read anew for every message.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use http::Uri;

/// A channel's address and the format it takes.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// Where to.
    pub address: Address,
    /// In which format.
    pub format: Format,
}

/// A body's format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// An incoming webhook of Slack, or of what takes the same.
    #[default]
    Slack,
    /// The message as plain JSON.
    Json,
}

/// An address, or the file it stands in.
#[derive(Clone)]
pub enum Address {
    /// Given in the configuration.
    Url(Uri),
    /// In a file, such as a mounted Secret.
    File(PathBuf),
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Url(_) => f.write_str("a URL"),
            Self::File(file) => write!(f, "the URL in {}", file.display()),
        }
    }
}

impl Address {
    /// Where it leads now.
    ///
    /// # Errors
    /// In words, when the file cannot be read or holds no URL.
    pub fn resolve(&self) -> Result<Uri, String> {
        match self {
            Self::Url(uri) => Ok(uri.clone()),
            Self::File(file) => {
                let text = fs::read_to_string(file);
                let text = text.map_err(|error| format!("{}: {error}", file.display()))?;
                url(text.trim()).map_err(|why| format!("{}: {why}", file.display()))
            }
        }
    }

    /// Whether it is known to need certificate authorities.
    pub fn may_need_tls(&self) -> bool {
        match self {
            Self::Url(uri) => is_https(uri),
            Self::File(_) => true,
        }
    }
}

/// Whether a connection to it is encrypted.
pub fn is_https(uri: &Uri) -> bool {
    uri.scheme_str() == Some("https")
}

/// A URL messages can be posted to.
///
/// # Errors
/// In words that do not repeat it.
pub fn url(text: &str) -> Result<Uri, &'static str> {
    let uri: Uri = text.parse().map_err(|_| "this is no URL")?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err("the URL has to begin with https:// or http://");
    }
    match uri.authority() {
        Some(authority) if authority.as_str().contains('@') => {
            Err("user names and passwords in a URL are not sent: put a token into its path")
        }
        Some(_) => Ok(uri),
        None => Err("the URL names no host"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_never_printed() {
        let address = Address::Url(url("https://hooks.example.com/T0/secret").unwrap());
        assert!(!format!("{address:?}").contains("secret"));
        let refused = url("https://me:secret@hooks.example.com/").unwrap_err();
        assert!(!refused.contains("secret"));
    }

    #[test]
    fn only_http_addresses_are_addresses() {
        for text in [
            "",
            "hooks.example.com/x",
            "ftp://a/b",
            "file:///etc/passwd",
            "/x",
        ] {
            assert!(url(text).is_err(), "{text}");
        }
        assert!(url("http://127.0.0.1:9/x?y=z").is_ok());
    }
}
