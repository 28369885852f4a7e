//! CloudEvents 1.0 over HTTP: binary, structured and batched JSON. Only the attributes that incidents
//! need are read; extensions and unknown attributes are ignored.

use percent_encoding::percent_decode;
use serde_json::{Map, Value};

use super::{EventError, brief};

/// One event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Envelope {
    /// Identity of the event at its source.
    pub id: String,
    /// Where it comes from.
    pub source: String,
    /// Its type.
    pub kind: String,
    /// Its data.
    pub data: Value,
}

/// A header of a request, by lower-case name.
pub type Header<'a> = &'a dyn Fn(&str) -> Option<&'a [u8]>;

/// The media type of a batch.
const BATCH: &str = "application/cloudevents-batch+json";
/// The media type of one structured event.
const STRUCTURED: &str = "application/cloudevents+json";
/// Media types of other formats begin like this too.
/// Most events in a batch.
pub(super) const MOST_EVENTS: usize = 500;
const CLOUD_EVENTS: &str = "application/cloudevents";

/// The events in one request.
///
/// # Errors
/// When the request is not a CloudEvents 1.0 request in JSON.
pub fn read(header: Header<'_>, body: &[u8]) -> Result<Vec<Envelope>, EventError> {
    let content_type = header("content-type").map(String::from_utf8_lossy);
    let media_type = content_type.as_deref().map(media_type);
    match media_type.as_deref() {
        Some(STRUCTURED) => {
            let event: Map<String, Value> = json(body)?;
            Ok(vec![structured(event)?])
        }
        Some(BATCH) => {
            let events: Vec<Map<String, Value>> = json(body)?;
            if events.len() > MOST_EVENTS {
                return Err(EventError::Batch(events.len()));
            }
            events.into_iter().map(structured).collect()
        }
        Some(other) if other.starts_with(CLOUD_EVENTS) || !is_json(other) => {
            Err(EventError::MediaType(brief(other)))
        }
        Some(_) | None => Ok(vec![binary(header, body)?]),
    }
}

/// A media type without its parameters, in lower case.
pub fn media_type(content_type: &str) -> String {
    let media_type = content_type.split(';').next().unwrap_or_default();
    media_type.trim().to_ascii_lowercase()
}

/// Whether a media type is JSON.
pub fn is_json(media_type: &str) -> bool {
    media_type == "application/json" || media_type == "text/json" || media_type.ends_with("+json")
}

fn json<T: serde::de::DeserializeOwned>(body: &[u8]) -> Result<T, EventError> {
    serde_json::from_slice(body).map_err(|error| EventError::body(&error))
}

fn structured(mut event: Map<String, Value>) -> Result<Envelope, EventError> {
    let text = |event: &Map<String, Value>, name: &'static str| {
        let text = event.get(name).and_then(Value::as_str);
        required(name, text.map(str::to_owned))
    };
    is_supported(&text(&event, "specversion")?)?;
    let (id, source) = (text(&event, "id")?, text(&event, "source")?);
    let kind = text(&event, "type")?;
    let data = match (event.remove("data"), event.remove("data_base64")) {
        // Some senders put the JSON into a string.
        (Some(Value::String(data)), _) => json(data.as_bytes())?,
        (Some(data), _) => data,
        (None, Some(Value::String(encoded))) => {
            use base64::Engine as _;
            let data = base64::engine::general_purpose::STANDARD.decode(encoded);
            let data =
                data.map_err(|_| EventError::Body("data_base64 is not base64".to_owned()))?;
            json(&data)?
        }
        (None, _) => Value::Null,
    };
    Ok(Envelope {
        id,
        source,
        kind,
        data,
    })
}

fn binary(header: Header<'_>, body: &[u8]) -> Result<Envelope, EventError> {
    is_supported(&attribute(header, "specversion", "ce-specversion")?)?;
    Ok(Envelope {
        id: attribute(header, "id", "ce-id")?,
        source: attribute(header, "source", "ce-source")?,
        kind: attribute(header, "type", "ce-type")?,
        data: json(body)?,
    })
}

/// A header's value, percent-decoded once.
fn attribute(
    header: Header<'_>,
    name: &'static str,
    key: &'static str,
) -> Result<String, EventError> {
    let decoded = header(key).map(|value| percent_decode(value.trim_ascii()).decode_utf8());
    let text = decoded.transpose();
    let text = text.map_err(|_| EventError::MalformedAttribute(name))?;
    required(name, text.map(std::borrow::Cow::into_owned))
}

fn required(name: &'static str, text: Option<String>) -> Result<String, EventError> {
    text.filter(|text| !text.is_empty())
        .ok_or(EventError::MissingAttribute(name))
}

fn is_supported(version: &str) -> Result<(), EventError> {
    if version == "1.0" {
        Ok(())
    } else {
        Err(EventError::SpecVersion(brief(version)))
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    type Headers = [(&'static str, &'static str)];

    fn read_all(headers: &Headers, body: &str) -> Result<Vec<Envelope>, EventError> {
        let header = |name: &str| {
            let mut found = headers.iter().filter(|(key, _)| *key == name);
            found.next().map(|(_, value)| value.as_bytes())
        };
        read(&header, body.as_bytes())
    }

    const BINARY: [(&str, &str); 5] = [
        ("content-type", "application/json; charset=utf-8"),
        ("ce-specversion", "1.0"),
        ("ce-id", "1%20%E2%82%AC%25"),
        ("ce-source", "/monitoring/prod1"),
        ("ce-type", "a.b"),
    ];

    fn envelope(id: &str) -> Envelope {
        Envelope {
            id: id.to_owned(),
            source: "/monitoring/prod1".to_owned(),
            kind: "a.b".to_owned(),
            data: json!({"x": 1}),
        }
    }

    fn event(id: &str) -> Value {
        json!({"specversion": "1.0", "id": id, "source": "/monitoring/prod1", "type": "a.b",
            "extension": {"more": true}, "data": {"x": 1}})
    }

    #[test]
    fn all_three_modes_are_read() {
        let binary = read_all(&BINARY, r#"{"x":1}"#);
        assert_eq!(binary, Ok(vec![envelope("1 €%")]));
        let headers = [(
            "content-type",
            "Application/CloudEvents+JSON; charset=UTF-8",
        )];
        let one = read_all(&headers, &event("1").to_string());
        assert_eq!(one, Ok(vec![envelope("1")]));
        let headers = [("content-type", BATCH)];
        let batch = json!([event("1"), event("2")]).to_string();
        let both = read_all(&headers, &batch);
        assert_eq!(both, Ok(vec![envelope("1"), envelope("2")]));
        assert_eq!(read_all(&headers, "[]"), Ok(Vec::new()));
    }

    #[test]
    fn a_batch_has_a_limit() {
        let headers = [("content-type", BATCH)];
        let batch = |events: usize| {
            let events = vec![event("1"); events];
            read_all(&headers, &Value::from(events).to_string())
        };
        assert_eq!(batch(MOST_EVENTS).unwrap().len(), MOST_EVENTS);
        assert_eq!(
            batch(MOST_EVENTS + 1),
            Err(EventError::Batch(MOST_EVENTS + 1))
        );
    }

    #[test]
    fn data_may_be_text_or_base64() {
        let headers = [("content-type", STRUCTURED)];
        for (field, data) in [("data", "{\"x\":1}"), ("data_base64", "eyJ4IjoxfQ==")] {
            let mut event = event("1");
            event.as_object_mut().unwrap().remove("data");
            event[field] = json!(data);
            let read = read_all(&headers, &event.to_string());
            assert_eq!(read, Ok(vec![envelope("1")]), "{field}");
        }
    }

    #[test]
    fn a_bad_request_is_refused_with_a_sentence() {
        let without = |name: &str| {
            let headers: Vec<_> = BINARY.into_iter().filter(|(key, _)| *key != name).collect();
            read_all(&headers, "{}").unwrap_err().to_string()
        };
        assert!(without("ce-specversion").starts_with("the event has no specversion"));
        assert!(without("ce-type").starts_with("the event has no type"));
        let structured = |body: &str| {
            let refused = read_all(&[("content-type", STRUCTURED)], body);
            refused.unwrap_err().to_string()
        };
        for (body, start) in [
            ("", "the body cannot be read: EOF"),
            ("[]", "the body cannot be read: invalid type"),
            (r#"{"specversion":"0.3"}"#, "specversion is '0.3'"),
            (r#"{"specversion":"1.0","id":""}"#, "the event has no id"),
            (r#"{"specversion":"1.0","id":7}"#, "the event has no id"),
        ] {
            let refused = structured(body);
            assert!(refused.starts_with(start), "{body}: {refused}");
        }
        for other in ["application/cloudevents+avro", "text/plain", ""] {
            let refused = read_all(&[("content-type", other)], "{}");
            assert_eq!(refused, Err(EventError::MediaType(other.to_owned())));
        }
    }
}
