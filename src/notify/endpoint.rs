//! The address of a channel. It is a secret, because it is all one needs to post: it is never printed,
//! and may be in a file of its own, which is read again for every message.

use std::fmt;
use std::fs;
use std::path::PathBuf;

use http::Uri;

/// A channel's address and the format it takes.
#[derive(Clone, Debug)]
pub struct Endpoint {
    /// The address.
    pub address: Address,
    /// The format its receiver accepts.
    pub format: PayloadFormat,
}

/// The format of a request body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PayloadFormat {
    /// An incoming webhook of Slack or of a compatible chat.
    #[default]
    Slack,
    /// The message as plain JSON.
    Json,
    /// A Workflows webhook of Microsoft Teams, for the digest of wins.
    Teams,
}

impl PayloadFormat {
    /// Whether reminders have this format.
    pub const fn takes_reminders(self) -> bool {
        match self {
            Self::Slack | Self::Json => true,
            Self::Teams => false,
        }
    }
}

/// An address, or the file that contains it.
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
    /// The URL now.
    ///
    /// # Errors
    /// A message, when the file cannot be read or contains no URL.
    pub fn resolve(&self) -> Result<Uri, String> {
        match self {
            Self::Url(uri) => Ok(uri.clone()),
            Self::File(file) => {
                let text = fs::read_to_string(file)
                    .map_err(|error| format!("{}: {error}", file.display()))?;
                url(text.trim()).map_err(|why| format!("{}: {why}", file.display()))
            }
        }
    }

    /// Whether it may need certificate authorities.
    pub fn may_need_tls(&self) -> bool {
        match self {
            Self::Url(uri) => is_https(uri),
            Self::File(_) => true,
        }
    }
}

/// Whether a connection to it is encrypted.
fn is_https(uri: &Uri) -> bool {
    uri.scheme_str() == Some("https")
}

/// A URL messages can be posted to.
///
/// # Errors
/// A message that does not repeat the URL.
pub fn url(text: &str) -> Result<Uri, &'static str> {
    let uri: Uri = text.parse().map_err(|_| "this is not a URL")?;
    if !matches!(uri.scheme_str(), Some("http" | "https")) {
        return Err("the URL must begin with https:// or http://");
    }
    match uri.authority() {
        Some(authority) if authority.as_str().contains('@') => {
            Err("user names and passwords in a URL are not sent: put a token into its path")
        }
        Some(_) => Ok(uri),
        None => Err("the URL has no host"),
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
