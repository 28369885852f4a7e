//! The names of formats. `library` validates text against them.

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamedFormat {
    /// A lowercase label, or its prefix.
    Dns1123Label {
        prefix: bool,
    },
    /// Labels separated by dots.
    Dns1123Subdomain {
        prefix: bool,
    },
    /// A label that begins with a letter.
    Dns1035Label {
        prefix: bool,
    },
    /// A label's key.
    QualifiedName,
    /// A label's value.
    LabelValue,
    /// An absolute URL or path.
    Uri,
    /// 32 hexadecimal digits, with or without hyphens.
    Uuid,
    Byte,
    /// `2006-01-02`.
    Date,
    /// Date and time of RFC 3339.
    Datetime,
}
