//! Which proxy an address is reached through: `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, read as Go's
//! `net/http` reads them. hyper-util's matcher follows curl instead, which differs in ports, in leading
//! dots and in loopback addresses.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use http::{HeaderValue, Uri};
use ipnet::IpNet;
use percent_encoding::percent_decode_str;

/// A proxy, without its credentials when printed.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    /// How to speak to it.
    pub protocol: Protocol,
    /// Its address, without credentials and with a port.
    pub address: Uri,
    credentials: Option<Credentials>,
}

#[derive(Clone, PartialEq, Eq)]
struct Credentials {
    user: String,
    password: String,
}

/// The protocols of proxies that kubectl supports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// HTTP.
    Http,
    /// HTTP over TLS.
    Https,
    /// SOCKS 5; the proxy resolves names.
    Socks5,
}

/// Why a proxy cannot be used. The text never holds its address, which may hold a password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{setting} is not the address of a proxy: write http://HOST:PORT, https:// or socks5://")]
pub struct ProxyError {
    setting: &'static str,
}

/// The proxies that the environment names.
#[derive(Clone, Debug, Default)]
pub struct Environment {
    https: Option<String>,
    http: Option<String>,
    is_cgi: bool,
    bypasses: Vec<Bypass>,
}

/// One entry of `NO_PROXY`.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Bypass {
    Everything,
    Network(IpNet),
    Address {
        address: IpAddr,
        port: Option<String>,
    },
    /// `suffix` begins with a dot.
    Domain {
        suffix: String,
        port: Option<String>,
        with_host: bool,
    },
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (scheme, _) = self.protocol.scheme_and_port();
        let authority = self.address.authority().map_or("", |it| it.as_str());
        write!(f, "{scheme}://{authority}")
    }
}

impl Protocol {
    const fn scheme_and_port(self) -> (&'static str, u16) {
        match self {
            Self::Http => ("http", 80),
            Self::Https => ("https", 443),
            Self::Socks5 => ("socks5", 1080),
        }
    }
}

impl Proxy {
    /// The proxy of a kubeconfig's `proxy-url`, which kubectl wants complete.
    ///
    /// # Errors
    /// When kubectl would refuse it.
    pub fn of_kubeconfig(text: &str) -> Result<Self, ProxyError> {
        text.contains("://")
            .then(|| Self::parse(text))
            .flatten()
            .ok_or(ProxyError {
                setting: "proxy-url",
            })
    }

    fn parse(text: &str) -> Option<Self> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let protocol = match scheme.to_ascii_lowercase().as_str() {
            "http" => Protocol::Http,
            "https" => Protocol::Https,
            "socks5" | "socks5h" => Protocol::Socks5,
            _ => return None,
        };
        let authority = rest.split(['/', '?', '#']).next()?;
        let (userinfo, host) = match authority.rsplit_once('@') {
            Some((userinfo, host)) => (Some(userinfo), host),
            None => (None, authority),
        };
        let (scheme, port) = protocol.scheme_and_port();
        let host: http::uri::Authority = host.parse().ok()?;
        let name = Some(host.host()).filter(|name| !name.is_empty())?;
        let port = host.port_u16().unwrap_or(port);
        let address = format!("{scheme}://{name}:{port}/").parse().ok()?;
        Some(Self {
            protocol,
            address,
            credentials: userinfo.map(Credentials::of),
        })
    }

    /// The value of `Proxy-Authorization`; none without credentials.
    pub fn authorization(&self) -> Option<HeaderValue> {
        let credentials = self.credentials.as_ref()?;
        let pair = format!("{}:{}", credentials.user, credentials.password);
        let value = format!("Basic {}", BASE64_STANDARD.encode(pair));
        let mut value = HeaderValue::try_from(value).ok()?;
        value.set_sensitive(true);
        Some(value)
    }

    /// User name and password; none without credentials.
    pub fn user_and_password(&self) -> Option<(String, String)> {
        let credentials = self.credentials.clone()?;
        Some((credentials.user, credentials.password))
    }
}

impl FromStr for Proxy {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        Self::parse(text).ok_or(())
    }
}

impl Credentials {
    fn of(userinfo: &str) -> Self {
        let decoded = |part: &str| percent_decode_str(part).decode_utf8_lossy().into_owned();
        let (user, password) = userinfo.split_once(':').unwrap_or((userinfo, ""));
        Self {
            user: decoded(user),
            password: decoded(password),
        }
    }
}

impl Environment {
    /// The environment of this process.
    pub fn read() -> Self {
        let first = |names: [&str; 2]| {
            names
                .iter()
                .filter_map(|name| std::env::var(name).ok())
                .find(|value| !value.is_empty())
        };
        Self::new(
            first(["HTTPS_PROXY", "https_proxy"]),
            first(["HTTP_PROXY", "http_proxy"]),
            &first(["NO_PROXY", "no_proxy"]).unwrap_or_default(),
        )
        .in_cgi(std::env::var_os("REQUEST_METHOD").is_some())
    }

    /// An environment with these values of `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`.
    pub fn new(https: Option<String>, http: Option<String>, no_proxy: &str) -> Self {
        Self {
            https,
            http,
            is_cgi: false,
            bypasses: no_proxy.split(',').filter_map(Bypass::parse).collect(),
        }
    }

    /// As Go: in a CGI script, `HTTP_PROXY` is a header that a client sent.
    fn in_cgi(mut self, is_cgi: bool) -> Self {
        self.is_cgi = is_cgi;
        self
    }

    /// The proxy for an address; none where it is reached directly.
    ///
    /// # Errors
    /// When the environment names something that is not a proxy.
    pub fn proxy_for(&self, address: &Uri) -> Result<Option<Proxy>, ProxyError> {
        let (setting, value) = match address.scheme_str() {
            Some("https") => ("HTTPS_PROXY", &self.https),
            Some("http") if !self.is_cgi => ("HTTP_PROXY", &self.http),
            Some(_) | None => return Ok(None),
        };
        let Some(value) = value.as_ref().filter(|_| self.is_proxied(address)) else {
            return Ok(None);
        };
        Proxy::parse(value).map(Some).ok_or(ProxyError { setting })
    }

    fn is_proxied(&self, address: &Uri) -> bool {
        let host = address.host().unwrap_or_default().to_ascii_lowercase();
        let host = host.trim_matches(['[', ']']);
        let ip: Option<IpAddr> = host.parse().ok();
        if host == "localhost" || ip.is_some_and(|ip| ip.to_canonical().is_loopback()) {
            return false;
        }
        let default = if address.scheme_str() == Some("https") {
            443
        } else {
            80
        };
        let port = address.port_u16().unwrap_or(default).to_string();
        !self
            .bypasses
            .iter()
            .any(|bypass| bypass.matches(host, &port, ip))
    }
}

impl Bypass {
    fn parse(entry: &str) -> Option<Self> {
        let entry = entry.trim().to_ascii_lowercase();
        if entry == "*" {
            return Some(Self::Everything);
        }
        if let Ok(network) = entry.parse() {
            return Some(Self::Network(network));
        }
        let (host, port) = host_and_port(&entry);
        if let Ok(address) = host.parse() {
            return Some(Self::Address { address, port });
        }
        let host = host
            .strip_prefix('*')
            .filter(|rest| rest.starts_with('.'))
            .unwrap_or(host);
        if host.is_empty() {
            return None;
        }
        let with_host = !host.starts_with('.');
        let suffix = if with_host {
            format!(".{host}")
        } else {
            host.to_owned()
        };
        Some(Self::Domain {
            suffix,
            port,
            with_host,
        })
    }

    fn matches(&self, host: &str, port: &str, ip: Option<IpAddr>) -> bool {
        let is_port = |wanted: &Option<String>| wanted.as_deref().is_none_or(|it| it == port);
        match self {
            Self::Everything => true,
            Self::Network(network) => {
                ip.is_some_and(|ip| network.contains(&ip) || network.contains(&ip.to_canonical()))
            }
            Self::Address {
                address,
                port: wanted,
            } => {
                ip.is_some_and(|ip| ip.to_canonical() == address.to_canonical()) && is_port(wanted)
            }
            Self::Domain {
                suffix,
                port: wanted,
                with_host,
            } => {
                let is_host = *with_host && suffix.strip_prefix('.') == Some(host);
                (is_host || host.ends_with(suffix.as_str())) && is_port(wanted)
            }
        }
    }
}

/// As Go's `net.SplitHostPort`: an address of version 6 has brackets where a port follows.
fn host_and_port(entry: &str) -> (&str, Option<String>) {
    let whole = |entry| (entry, None);
    match entry.rsplit_once(':') {
        Some((host, port)) if host.starts_with('[') && host.ends_with(']') => {
            (host.trim_matches(['[', ']']), Some(port.to_owned()))
        }
        Some((host, port)) if !host.contains(':') => {
            let port = Some(port).filter(|port| !port.is_empty());
            (host, port.map(str::to_owned))
        }
        Some(_) | None => whole(entry),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(no_proxy: &str) -> Environment {
        let proxy = |name: &str| Some(format!("http://{name}.example.com:3128"));
        Environment::new(proxy("secure"), proxy("plain"), no_proxy)
    }

    fn proxy_of(address: &str, no_proxy: &str) -> Option<String> {
        let proxy = environment(no_proxy).proxy_for(&address.parse().unwrap());
        proxy.unwrap().map(|proxy| proxy.to_string())
    }

    #[test]
    fn the_scheme_of_the_address_chooses_the_variable() {
        for (address, proxy) in [
            ("https://a.example.com", "http://secure.example.com:3128"),
            ("http://a.example.com", "http://plain.example.com:3128"),
        ] {
            assert_eq!(proxy_of(address, "").as_deref(), Some(proxy), "{address}");
        }
        let cgi = environment("").in_cgi(true);
        assert_eq!(
            cgi.proxy_for(&"http://a.example.com".parse().unwrap()),
            Ok(None)
        );
    }

    #[test]
    fn this_machine_is_never_proxied_by_the_environment() {
        for address in [
            "https://localhost:6443",
            "https://127.0.0.1:6443",
            "https://127.9.9.9",
            "https://[::1]:6443",
            "http://127.0.0.1",
        ] {
            assert_eq!(proxy_of(address, ""), None, "{address}");
        }
        assert!(proxy_of("https://localhost.example.com", "").is_some());
    }

    // The tables of golang.org/x/net/http/httpproxy.
    #[test]
    fn no_proxy_is_read_as_go_reads_it() {
        for (no_proxy, address, is_proxied) in [
            ("example.com", "https://example.com", false),
            ("example.com", "https://api.example.com:6443", false),
            ("example.com", "https://notexample.com", true),
            (".example.com", "https://example.com", true),
            (".example.com", "https://api.example.com", false),
            ("*.example.com", "https://example.com", true),
            ("*.example.com", "https://api.example.com", false),
            ("Example.COM", "https://API.example.com", false),
            ("example.com:6443", "https://api.example.com:6443", false),
            ("example.com:6443", "https://api.example.com", true),
            ("example.com:443", "https://api.example.com", false),
            ("example.com:80", "http://api.example.com", false),
            ("10.0.0.0/8", "https://10.1.2.3:6443", false),
            ("10.0.0.0/8", "https://11.1.2.3", true),
            ("10.0.0.0/8", "https://name.example.com", true),
            ("10.1.2.3", "https://10.1.2.3:6443", false),
            ("10.1.2.3:443", "https://10.1.2.3:6443", true),
            ("fd00::/8", "https://[fd00::1]:6443", false),
            ("[fd00::1]:6443", "https://[fd00::1]:6443", false),
            ("[fd00::1]:6443", "https://[fd00::1]:443", true),
            ("fd00::1", "https://[fd00::1]", false),
            ("*", "https://api.example.com", false),
            ("a.b, *", "https://10.0.0.1", false),
            (" foo.com , example.com ", "https://example.com", false),
            (",,:80,", "https://example.com", true),
            (".svc,10.96.0.1", "https://kubernetes.default.svc", false),
        ] {
            let proxied = proxy_of(address, no_proxy).is_some();
            assert_eq!(proxied, is_proxied, "NO_PROXY={no_proxy} {address}");
        }
    }

    #[test]
    fn a_proxy_has_a_protocol_a_port_and_perhaps_credentials() {
        for (text, shown) in [
            ("proxy.example.com:3128", "http://proxy.example.com:3128"),
            ("http://proxy.example.com", "http://proxy.example.com:80"),
            (
                "https://proxy.example.com/",
                "https://proxy.example.com:443",
            ),
            ("socks5://[::1]", "socks5://[::1]:1080"),
            ("SOCKS5H://127.0.0.1:9", "socks5://127.0.0.1:9"),
            ("http://sam:p%40ss@proxy:3128", "http://proxy:3128"),
        ] {
            let proxy: Proxy = text.parse().unwrap();
            assert_eq!(proxy.to_string(), shown, "{text}");
            assert!(!format!("{proxy:?}").contains("sam"));
        }
        let proxy: Proxy = "http://sam:p%40ss:1@proxy:3128".parse().unwrap();
        let pair = Some(("sam".to_owned(), "p@ss:1".to_owned()));
        assert_eq!(proxy.user_and_password(), pair);
        assert_eq!(proxy.authorization().unwrap(), "Basic c2FtOnBAc3M6MQ==");
        for text in ["", "ftp://proxy", "http://", "http://:3128"] {
            assert!(text.parse::<Proxy>().is_err(), "{text}");
        }
        assert!(Proxy::of_kubeconfig("proxy:3128").is_err());
        assert!(Proxy::of_kubeconfig("socks5://proxy").is_ok());
    }

    #[test]
    fn what_is_no_proxy_is_refused_by_the_name_of_its_variable() {
        let environment = Environment::new(Some("ftp://sam:secret@proxy".to_owned()), None, "");
        let error = environment.proxy_for(&"https://a.example.com".parse().unwrap());
        let text = error.unwrap_err().to_string();
        assert!(text.starts_with("HTTPS_PROXY is not"), "{text}");
        assert!(!text.contains("secret"), "{text}");
        // What needs no proxy needs no valid one.
        assert_eq!(
            environment.proxy_for(&"https://localhost".parse().unwrap()),
            Ok(None)
        );
    }
}
