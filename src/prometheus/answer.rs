//! Reads an answer of Prometheus: exactly one finite number, or why there is none. An answer that is, or
//! may be, of a part of the data is no number.

use http::StatusCode;
use serde::Deserialize;
use serde_json::Value;

use crate::api::text::truncate;
use crate::assess::goals::objective::measurement::NoData;
use crate::report::terminal::plain::plain;

/// How much of a foreign text is quoted, in characters.
const QUOTED: usize = 200;

/// The envelope of every answer.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Envelope {
    status: String,
    data: Option<Data>,
    #[serde(default)]
    warnings: Vec<String>,
    /// `VictoriaMetrics` sets it where some of its storage did not answer.
    is_partial: Option<bool>,
    #[serde(default)]
    error_type: String,
    #[serde(default)]
    error: String,
}

/// The kind of error of a Prometheus that is not ready.
const UNAVAILABLE: &str = "unavailable";

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Data {
    result_type: String,
    result: Value,
}

#[derive(Deserialize)]
struct Series {
    value: Sample,
}

/// An instant and a number as text.
type Sample = (Value, String);

/// The number that an answer holds.
///
/// # Errors
/// Why it holds none.
pub(super) fn value(status: StatusCode, content_type: &str, body: &str) -> Result<f64, NoData> {
    let envelope = is_json(content_type)
        .then(|| serde_json::from_str::<Envelope>(body).ok())
        .flatten();
    let Some(envelope) = envelope else {
        return Err(foreign(status, content_type));
    };
    if envelope.status != "success" || !status.is_success() {
        return Err(refusal(status, &envelope));
    }
    if envelope.is_partial == Some(true) {
        return Err(NoData::Partial);
    }
    if let Some(warning) = envelope.warnings.first() {
        return Err(NoData::Warned(quoted(warning)));
    }
    let Some(data) = envelope.data else {
        return Err(NoData::Foreign("it holds no data".to_owned()));
    };
    number(&sample(data)?.1)
}

/// An error that Prometheus itself reports. One with a kind is of this query alone, such as a query that
/// took too long (503), unless Prometheus is not ready or wants fewer queries.
fn refusal(status: StatusCode, envelope: &Envelope) -> NoData {
    let message = quoted(&envelope.error);
    let kind = envelope.error_type.as_str();
    let is_of_query = envelope.status == "error" && !kind.is_empty() && kind != UNAVAILABLE;
    match status.as_u16() {
        400 | 422 => NoData::Query(message),
        500.. if is_of_query => NoData::Query(message),
        status => NoData::Http { status, message },
    }
}

fn is_json(content_type: &str) -> bool {
    let kind = content_type.split(';').next().unwrap_or_default().trim();
    kind.eq_ignore_ascii_case("application/json")
}

/// An answer of something else: a proxy, a login page, another server.
fn foreign(status: StatusCode, content_type: &str) -> NoData {
    let code = status.as_u16();
    let message = match code {
        300..=399 => "redirects are not followed; set --prometheus-url to the address itself",
        401 | 403 => "the credentials are missing or refused",
        404 => "there is no such address; --prometheus-url ends before /api/v1",
        _ if status.is_success() => {
            if is_json(content_type) {
                return NoData::Foreign("it is not JSON".to_owned());
            }
            let kind = match content_type {
                "" => "it names no content type".to_owned(),
                kind => format!("its content type is {}", quoted(kind)),
            };
            return NoData::Foreign(kind);
        }
        _ => status.canonical_reason().unwrap_or("an error"),
    };
    NoData::Http {
        status: code,
        message: message.to_owned(),
    }
}

fn sample(data: Data) -> Result<Sample, NoData> {
    let unreadable = |_| NoData::Foreign("its result is not one of the API".to_owned());
    match data.result_type.as_str() {
        "scalar" => serde_json::from_value(data.result).map_err(unreadable),
        "vector" => {
            let series: Vec<Value> = serde_json::from_value(data.result).map_err(unreadable)?;
            let count = series.len();
            let mut series = series.into_iter();
            match (series.next(), count) {
                (None, _) => Err(NoData::Empty),
                (Some(one), 1) => {
                    let one: Series = serde_json::from_value(one)
                        .map_err(|_| NoData::WrongType("histogram".to_owned()))?;
                    Ok(one.value)
                }
                (Some(_), count) => Err(NoData::Several(count)),
            }
        }
        "matrix" => Err(NoData::WrongType("range vector".to_owned())),
        other => Err(NoData::WrongType(quoted(other))),
    }
}

fn number(text: &str) -> Result<f64, NoData> {
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok(number),
        Ok(_) | Err(_) => Err(NoData::NotFinite(quoted(text))),
    }
}

/// The beginning of a foreign text, on one line.
pub(super) fn quoted(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    truncate(&plain(&line), QUOTED).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    const JSON: &str = "application/json";

    fn of(data: &str) -> Result<f64, NoData> {
        let body = format!(r#"{{"status":"success","data":{data}}}"#);
        value(StatusCode::OK, JSON, &body)
    }

    #[test]
    fn a_scalar_and_one_sample_are_numbers() {
        assert_eq!(
            of(r#"{"resultType":"scalar","result":[1435781451.781,"2.5"]}"#),
            Ok(2.5)
        );
        let one = r#"{"resultType":"vector","result":[{"metric":{"a":"b"},"value":[1,"-0.02"]}]}"#;
        assert_eq!(of(one), Ok(-0.02));
    }

    #[test]
    fn anything_else_is_no_data_with_its_reason() {
        let vector = |samples: &str| {
            of(&format!(
                r#"{{"resultType":"vector","result":[{samples}]}}"#
            ))
        };
        let one = |value: &str| format!(r#"{{"metric":{{}},"value":[1,"{value}"]}}"#);
        assert_eq!(vector(""), Err(NoData::Empty));
        assert_eq!(
            vector(&[one("1"), one("2")].join(",")),
            Err(NoData::Several(2))
        );
        for text in ["NaN", "+Inf", "-Inf", "x"] {
            assert_eq!(vector(&one(text)), Err(NoData::NotFinite(text.to_owned())));
        }
        let histogram = r#"{"metric":{},"histogram":[1,{"count":"1"}]}"#;
        assert_eq!(
            vector(histogram),
            Err(NoData::WrongType("histogram".to_owned()))
        );
        let matrix = r#"{"resultType":"matrix","result":[]}"#;
        assert_eq!(
            of(matrix),
            Err(NoData::WrongType("range vector".to_owned()))
        );
        let text = r#"{"resultType":"string","result":[1,"a"]}"#;
        assert_eq!(of(text), Err(NoData::WrongType("string".to_owned())));
    }

    #[test]
    fn a_warning_makes_an_answer_partial_and_an_info_does_not() {
        let with = |key: &str| {
            let body = format!(
                r#"{{"status":"success","data":{{"resultType":"scalar","result":[1,"1"]}},"{key}":["no store\nmatched"]}}"#
            );
            value(StatusCode::OK, JSON, &body)
        };
        assert_eq!(
            with("warnings"),
            Err(NoData::Warned("no store matched".to_owned()))
        );
        assert_eq!(with("infos"), Ok(1.0));
    }

    #[test]
    fn an_answer_that_is_marked_as_partial_is_no_number() {
        let marked = |mark: &str| {
            let body = format!(
                r#"{{"status":"success","isPartial":{mark},"data":{{"resultType":"vector","result":[{{"metric":{{}},"value":[1,"7"]}}]}}}}"#
            );
            value(StatusCode::OK, JSON, &body)
        };
        assert_eq!(marked("true"), Err(NoData::Partial));
        assert_eq!(marked("false"), Ok(7.0));
        assert_eq!(marked("null"), Ok(7.0));
    }

    #[test]
    fn errors_are_of_the_query_or_of_the_server() {
        let at = |status: u16, kind: &str| {
            let error = format!(r#"{{"status":"error",{kind}"error":"it failed"}}"#);
            let status = StatusCode::from_u16(status).unwrap();
            value(status, "application/json; charset=utf-8", &error).unwrap_err()
        };
        let of_query = NoData::Query("it failed".to_owned());
        assert_eq!(at(400, r#""errorType":"bad_data","#), of_query);
        assert_eq!(at(422, r#""errorType":"execution","#), of_query);
        assert_eq!(at(500, r#""errorType":"internal","#), of_query);
        assert_eq!(at(503, r#""errorType":"timeout","#), of_query);
        assert!(!of_query.is_outage(), "other queries are asked");
        for (status, kind) in [
            (503, r#""errorType":"unavailable","#),
            (503, ""),
            (429, r#""errorType":"too_many_requests","#),
        ] {
            let outage = at(status, kind);
            assert!(outage.is_outage(), "{status} {kind}");
            assert!(outage.to_string().contains("it failed"));
        }
    }

    #[test]
    fn answers_of_other_servers_are_never_read() {
        let page = "<html>Sign in</html>";
        let at = |status: u16, kind: &str| {
            let status = StatusCode::from_u16(status).unwrap();
            value(status, kind, page).unwrap_err().to_string()
        };
        assert!(at(200, "text/html").contains("its content type is text/html"));
        assert!(at(302, "").contains("redirects are not followed"));
        assert!(at(401, "text/plain").contains("HTTP 401: the credentials"));
        assert!(at(404, "text/html").contains("ends before /api/v1"));
        assert!(at(502, "text/html").contains("Bad Gateway"));
        assert!(at(200, JSON).contains("it is not JSON"));
    }
}
