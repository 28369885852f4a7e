//! Small forms of what every workload's record holds: an instant in 8 bytes and a uid in 24 without
//! an allocation. They are exact for what Kubernetes stores; nothing else of an object is read here.

use std::num::NonZeroI64;

use jiff::Timestamp;
use uuid::Uuid;

/// An instant to the microsecond, the finest Kubernetes stores. An `Option` of it takes 8 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct MicroTime(NonZeroI64);

/// Added to the microseconds: no instant is that early, so none becomes zero.
const OFFSET: i64 = 1 << 62;

impl MicroTime {
    pub fn of(at: Timestamp) -> Self {
        Self(NonZeroI64::new(at.as_microsecond().saturating_add(OFFSET)).unwrap_or(NonZeroI64::MIN))
    }

    pub fn instant(self) -> Timestamp {
        Timestamp::from_microsecond(self.0.get().saturating_sub(OFFSET)).unwrap_or(Timestamp::MIN)
    }
}

/// The uid of an object: a UUID, as the API server makes them, or another text.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Uid(Form);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Form {
    Uuid(Uuid),
    Text(Box<str>),
}

impl Uid {
    pub fn of(text: &str) -> Self {
        match Uuid::try_parse(text) {
            Ok(uuid) if uuid.hyphenated().to_string() == text => Self(Form::Uuid(uuid)),
            Ok(_) | Err(_) => Self(Form::Text(text.into())),
        }
    }

    /// The text it was read from.
    pub fn text(&self) -> Box<str> {
        match &self.0 {
            Form::Uuid(uuid) => uuid.hyphenated().to_string().into(),
            Form::Text(text) => text.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_instant_and_a_uid_come_back_as_they_were() {
        for text in [
            "2026-02-01T00:00:00Z",
            "-009999-01-02T01:59:59Z",
            "9999-12-30T22:00:00Z",
            "2026-02-01T00:00:00.123456Z",
        ] {
            let at: Timestamp = text.parse().unwrap();
            assert_eq!(MicroTime::of(at).instant(), at);
        }
        for text in [
            "0b5aa75f-5d2c-4a4d-8e30-0b3a5f1f6e6c",
            "0B5AA75F-5d2c-4a4d-8e30-0b3a5f1f6e6c",
            "0b5aa75f5d2c4a4d8e300b3a5f1f6e6c",
            "uid-web",
            "",
        ] {
            assert_eq!(&*Uid::of(text).text(), text);
        }
        assert_eq!(size_of::<Option<MicroTime>>(), 8);
        assert_eq!(size_of::<Option<Uid>>(), 24);
    }
}
