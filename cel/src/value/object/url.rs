//! URLs as Go's `net/url` parses them for a request: absolute, or a path from the root.

use std::net::IpAddr;

use crate::value::display::quoted;

#[derive(Clone, Debug, Default, PartialEq)]
pub struct Url {
    pub(crate) scheme: String,
    pub(crate) host: String,
    /// Decoded. Bytes, because escapes may encode invalid UTF-8.
    path: Vec<u8>,
    /// As written, if that differs from the encoded path.
    raw_path: String,
    query: String,
    /// The rest as written, for equality.
    opaque: String,
    fragment: Option<String>,
}

#[derive(Clone, Copy, PartialEq)]
enum Part {
    Path,
    Host,
    Zone,
    Query,
    User,
}

fn read(text: &str, request: bool) -> Result<Url, String> {
    if text.bytes().any(|b| b < b' ' || b == 0x7f) {
        return Err("net/url: invalid control character in URL".into());
    }
    if text.is_empty() && request {
        return Err("empty url".into());
    }
    let (scheme, rest) = scheme(text)?;
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let mut url = Url {
        scheme: scheme.to_ascii_lowercase(),
        query: query.to_owned(),
        ..Url::default()
    };
    if text == "*" {
        url.path = b"*".to_vec();
        return Ok(url);
    }
    if !rest.starts_with('/') {
        if !scheme.is_empty() {
            rest.clone_into(&mut url.opaque);
            return Ok(url);
        }
        let first = rest.split('/').next().unwrap_or(rest);
        if request || first.contains(':') {
            return Err("invalid URI for request".into());
        }
    }
    let has_host = !scheme.is_empty() || (!request && !rest.starts_with("///"));
    let after_slashes = rest.strip_prefix("//").filter(|_| has_host);
    let path = match after_slashes {
        Some(rest) => {
            let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
            url.host = authority(&url.scheme, host)?;
            path
        }
        None => rest,
    };
    url.set_path(path)?;
    Ok(url)
}

fn scheme(text: &str) -> Result<(&str, &str), String> {
    for (at, b) in text.bytes().enumerate() {
        match b {
            b'a'..=b'z' | b'A'..=b'Z' => {}
            b'0'..=b'9' | b'+' | b'-' | b'.' if at > 0 => {}
            b':' if at == 0 => return Err("missing protocol scheme".into()),
            b':' => return Ok((&text[..at], &text[at + 1..])),
            _ => break,
        }
    }
    Ok(("", text))
}

fn authority(scheme: &str, text: &str) -> Result<String, String> {
    let Some((user, host)) = text.rsplit_once('@') else {
        return host(scheme, text);
    };
    let known = |b: u8| b.is_ascii_alphanumeric() || b"-._:~!$&'()*+,;=%@".contains(&b);
    if !user.bytes().all(known) {
        return Err("net/url: invalid userinfo".into());
    }
    decode(user, Part::User)?;
    self::host(scheme, host)
}

fn host(scheme: &str, text: &str) -> Result<String, String> {
    match text.rfind('[') {
        Some(0) => return literal(text),
        Some(_) => return Err("invalid IP-literal".into()),
        None => {}
    }
    // Schemes other than http allow lists of hosts, with more than one colon.
    let colon = match scheme {
        "http" | "https" => text.find(':'),
        _ => text.rfind(':'),
    };
    port(colon.map_or("", |at| &text[at..]))?;
    decoded_text(text, Part::Host)
}

/// An IPv6 address in brackets, with an optional zone and port.
fn literal(text: &str) -> Result<String, String> {
    let close = text.rfind(']').ok_or("missing ']' in host")?;
    let (inside, after) = (&text[1..close], &text[close + 1..]);
    port(after)?;
    let (address, zone) = inside.split_at(inside.find("%25").unwrap_or(inside.len()));
    let address = decoded_text(address, Part::Host)?;
    let zone = decoded_text(zone, Part::Zone)?;
    match address.parse() {
        Ok(IpAddr::V6(_)) if zone != "%" => Ok(format!("[{address}{zone}]{after}")),
        Ok(IpAddr::V4(_)) => Err("invalid IP-literal".into()),
        _ => Err("invalid host".into()),
    }
}

fn port(text: &str) -> Result<(), String> {
    let digits = text.strip_prefix(':').unwrap_or(text);
    let sound =
        text.is_empty() || (text.starts_with(':') && digits.bytes().all(|b| b.is_ascii_digit()));
    sound
        .then_some(())
        .ok_or_else(|| format!("invalid port {} after host", quoted(text)))
}

fn decoded_text(text: &str, part: Part) -> Result<String, String> {
    String::from_utf8(decode(text, part)?).map_err(|_| "invalid UTF-8 in host".into())
}

fn host_byte(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:[]<>\"".contains(&b)
}

/// Decodes escapes. In a host only bytes beyond ASCII may be escaped.
fn decode(text: &str, part: Part) -> Result<Vec<u8>, String> {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let b = bytes[at];
        at += 1;
        match b {
            b'%' => {
                let code = bytes
                    .get(at..at + 2)
                    .and_then(hex)
                    .filter(|code| allowed(*code, part));
                out.push(code.ok_or_else(|| invalid_escape(&bytes[at - 1..]))?);
                at += 2;
            }
            b'+' if part == Part::Query => out.push(b' '),
            b if matches!(part, Part::Host | Part::Zone) && b < 0x80 && !host_byte(b) => {
                let shown = quoted(&char::from(b).to_string());
                return Err(format!("invalid character {shown} in host name"));
            }
            b => out.push(b),
        }
    }
    Ok(out)
}

fn invalid_escape(from: &[u8]) -> String {
    let shown = String::from_utf8_lossy(&from[..from.len().min(3)]);
    format!("invalid URL escape {}", quoted(&shown))
}

fn hex(digits: &[u8]) -> Option<u8> {
    let text = std::str::from_utf8(digits).ok()?;
    (!text.starts_with('+')).then(|| u8::from_str_radix(text, 16).ok())?
}

/// Whether a part may contain this byte as an escape.
fn allowed(code: u8, part: Part) -> bool {
    match part {
        Part::Host => code >= 0x80 || code == b'%',
        Part::Zone => code == b'%' || code == b' ' || host_byte(code),
        Part::Path | Part::Query | Part::User => true,
    }
}

fn encode(path: &[u8]) -> String {
    let mut out = String::with_capacity(path.len());
    for b in path {
        if b.is_ascii_alphanumeric() || b"-_.~$&+,/:;=@".contains(b) {
            out.push(char::from(*b));
        } else {
            out.extend([format!("%{b:02X}")]);
        }
    }
    out
}

impl Url {
    pub(crate) fn parse(text: &str) -> Result<Self, String> {
        Self::validate(text)?;
        let (before, fragment) = match text.split_once('#') {
            Some((before, fragment)) => (before, Some(fragment.to_owned())),
            None => (text, None),
        };
        let url = read(before, false)?;
        if let Some(fragment) = &fragment {
            decode(fragment, Part::Path)?;
        }
        Ok(Self { fragment, ..url })
    }

    /// Fails if Go refuses the URL of a request.
    pub(crate) fn validate(text: &str) -> Result<(), String> {
        read(text, true).map(|_| ())
    }

    fn set_path(&mut self, path: &str) -> Result<(), String> {
        self.path = decode(path, Part::Path)?;
        if encode(&self.path) != path {
            path.clone_into(&mut self.raw_path);
        }
        Ok(())
    }

    /// The host without its port and without brackets.
    pub(crate) fn hostname(&self) -> &str {
        let name = self.split_port().0;
        let inside = name
            .strip_prefix('[')
            .and_then(|name| name.strip_suffix(']'));
        inside.unwrap_or(name)
    }

    /// Empty if there is none.
    pub(crate) fn port(&self) -> &str {
        self.split_port().1
    }

    fn split_port(&self) -> (&str, &str) {
        match self.host.rsplit_once(':') {
            Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => (host, port),
            _ => (&self.host, ""),
        }
    }

    /// The path as written if that is a valid encoding, otherwise encoded.
    pub(crate) fn escaped_path(&self) -> String {
        let valid = |b: u8| b.is_ascii_alphanumeric() || b"-_.~!$&'()*+,;=:@[]%/".contains(&b);
        if !self.raw_path.is_empty() && self.raw_path.bytes().all(valid) {
            return self.raw_path.clone();
        }
        if self.path == b"*" {
            return "*".into();
        }
        encode(&self.path)
    }

    /// Most memory of `parameters` and of the map made from them.
    pub(crate) fn query_bytes(&self) -> usize {
        const EACH: usize = 400;
        EACH * (1 + self.query.matches('&').count()) + 2 * self.query.len()
    }

    /// The names and values of the query, in order, without those that are invalid.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        let text = |part: &str| {
            let bytes = decode(part, Part::Query).ok()?;
            Some(String::from_utf8_lossy(&bytes).into_owned())
        };
        let pairs = self
            .query
            .split('&')
            .filter(|pair| !pair.is_empty() && !pair.contains(';'));
        pairs
            .filter_map(|pair| {
                let (key, value) = pair.split_once('=').unwrap_or((pair, ""));
                Some((text(key)?, text(value)?))
            })
            .collect()
    }
}
