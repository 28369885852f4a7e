//! The pull policy that follows from an image's name, whose tag is read as the API server reads it. A name
//! that does not parse has no tag.

/// Longest name, with its registry.
const LONGEST: usize = 255;

/// `Always` for the tag `latest`, stated or implied. A digest implies no tag.
pub(super) fn pull_policy(image: &str) -> &'static str {
    if tag(image) == Some("latest") {
        "Always"
    } else {
        "IfNotPresent"
    }
}

/// The tag of a name; none where the name does not parse, or has only a digest.
fn tag(image: &str) -> Option<&str> {
    let (domain, rest) = match image.split_once('/') {
        Some((host, rest)) if is_host(host) => (Some(host), rest),
        Some(_) | None => (None, image),
    };
    let (name, digest) = match rest.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (rest, None),
    };
    let (path, tag) = match name.split_once(':') {
        Some((path, tag)) => (path, Some(tag)),
        None => (name, None),
    };
    let is_id = image.len() == 64 && image.bytes().all(is_hexadecimal);
    let parses = !is_id
        && domain.is_none_or(is_domain)
        && path.split('/').all(is_component)
        && domain.map_or(0, str::len) + path.len() < LONGEST
        && tag.is_none_or(is_tag)
        && digest.is_none_or(is_digest);
    let implied = digest.is_none().then_some("latest");
    tag.or(implied).filter(|_| parses)
}

/// Whether the part ahead of the first slash names a registry, and not a directory of the default one.
fn is_host(text: &str) -> bool {
    text.contains(['.', ':'])
        || text == "localhost"
        || text.contains(|c: char| c.is_ascii_uppercase())
}

fn is_domain(text: &str) -> bool {
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        Some(_) | None => (text, None),
    };
    let address = host
        .strip_prefix('[')
        .and_then(|rest| rest.strip_suffix(']'));
    let is_host = match address {
        Some(address) => {
            !address.is_empty()
                && address
                    .bytes()
                    .all(|byte| byte == b':' || byte.is_ascii_hexdigit())
        }
        None => host.split('.').all(is_label),
    };
    is_host && port.is_none_or(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
}

fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    is_end(bytes.first())
        && is_end(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

/// Lower-case letters and digits, with one of `.`, `_`, `__` or any number of `-` between them.
fn is_component(text: &str) -> bool {
    let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let separators = text.split(is_word).filter(|part| !part.is_empty());
    text.starts_with(is_word)
        && text.ends_with(is_word)
        && separators.into_iter().all(|separator| {
            matches!(separator, "." | "_" | "__") || separator.bytes().all(|byte| byte == b'-')
        })
}

fn is_tag(text: &str) -> bool {
    let is_word = |byte: &u8| byte.is_ascii_alphanumeric() || *byte == b'_';
    text.len() <= 128
        && text.as_bytes().first().is_some_and(is_word)
        && text
            .bytes()
            .all(|byte| is_word(&byte) || matches!(byte, b'.' | b'-'))
}

fn is_digest(text: &str) -> bool {
    let digits = match text.split_once(':') {
        Some(("sha256", digits)) if digits.len() == 64 => digits,
        Some(("sha384", digits)) if digits.len() == 96 => digits,
        Some(("sha512", digits)) if digits.len() == 128 => digits,
        Some(_) | None => return false,
    };
    digits.bytes().all(is_hexadecimal)
}

const fn is_hexadecimal(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pull_policy_follows_the_tag() {
        let digest = "0".repeat(64);
        let pinned = format!("nginx:latest@sha256:{digest}");
        for (image, policy) in [
            ("nginx", "Always"),
            ("nginx:latest", "Always"),
            ("nginx:1.29", "IfNotPresent"),
            ("registry.example.com:5000/a/b", "Always"),
            ("registry.example.com:5000/a/b:2", "IfNotPresent"),
            ("[::1]:5000/a", "Always"),
            ("UPPER/a", "Always"),
            ("a__b-----c", "Always"),
            (&pinned, "Always"),
        ] {
            assert_eq!(pull_policy(image), policy, "{image}");
        }
    }

    #[test]
    fn a_name_that_does_not_parse_has_no_tag() {
        for image in [
            "",
            "a/Not-A-Name",
            "ko://example.com/a",
            "${REG}/a",
            "a___b",
            "a//b",
            "a:",
            "a:b:latest",
            "nginx@sha256:0123",
            "nginx:latest@sha256:0123",
            &"0".repeat(64),
        ] {
            assert_eq!(tag(image), None, "{image}");
        }
    }
}
