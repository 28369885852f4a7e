//! What is sent to Prometheus, and what is never done: following redirects, reading long answers or
//! answers of other servers.

use std::path::PathBuf;

use goldenpath::assess::goals::objective::measurement::NoData;
use goldenpath::prometheus::{Credentials, PrometheusClient, PrometheusSettings};
use goldenpath::proxy::Environment;
use jiff::Timestamp;

use crate::gate::{Gate, Mode};

const JSON: &str = "Content-Type: application/json\r\n";
const ONE: &str = r#"{"status":"success","data":{"resultType":"scalar","result":[1,"42"]}}"#;

fn token_file(name: &str, token: &str) -> PathBuf {
    let file = format!("prometheus-{name}-{}", std::process::id());
    let file = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(file);
    std::fs::write(&file, token).unwrap();
    file
}

fn ask(gate: &Gate, credentials: Credentials, query: &str) -> Result<f64, NoData> {
    let settings = PrometheusSettings {
        url: format!("{}/prometheus/", gate.url()).parse().unwrap(),
        credentials,
        tenant: Some("platform".try_into().unwrap()),
        timeout: "3s".parse().unwrap(),
    };
    let client = PrometheusClient::with(settings, Environment::default()).unwrap();
    let at: Timestamp = "2026-03-01T09:00:00Z".parse().unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(client.value(query, at))
}

fn answered(status: &'static str, headers: &str, body: &str) -> Result<f64, NoData> {
    let gate = Gate::open(Mode::Answer(status, headers.to_owned(), body.to_owned()));
    ask(&gate, Credentials::default(), "up")
}

#[test]
fn a_query_is_a_form_with_the_time_the_token_and_the_tenant() {
    let gate = Gate::open(Mode::Answer("200 OK", JSON.to_owned(), ONE.to_owned()));
    let credentials = Credentials {
        token: Some(token_file("form", "s3cret\n")),
        ..Credentials::default()
    };
    assert_eq!(ask(&gate, credentials, "sum(a{b=\"ü & c\"})"), Ok(42.0));
    let request = gate.requests().remove(0);
    let (head, body) = request.split_once("\r\n\r\n").unwrap();
    assert!(
        head.starts_with("POST /prometheus/api/v1/query HTTP/1.1\r\n"),
        "{head}"
    );
    for line in ["authorization: Bearer s3cret", "x-scope-orgid: platform"] {
        assert!(head.contains(line), "{head}");
    }
    assert_eq!(
        body,
        "query=sum%28a%7Bb%3D%22%C3%BC%20%26%20c%22%7D%29&time=2026%2D03%2D01T09%3A00%3A00Z\
         &timeout=3s&partial_response=false&deny_partial_response=1"
    );
}

#[test]
fn name_and_password_are_sent_as_basic_authentication() {
    let gate = Gate::open(Mode::Answer("200 OK", JSON.to_owned(), ONE.to_owned()));
    let credentials = Credentials {
        basic_auth: Some(token_file("basic", "ada:s3cret")),
        ..Credentials::default()
    };
    assert_eq!(ask(&gate, credentials, "up"), Ok(42.0));
    assert!(gate.requests()[0].contains("authorization: Basic YWRhOnMzY3JldA=="));
}

#[test]
fn a_redirect_is_not_followed() {
    let other = Gate::open(Mode::Answer("200 OK", JSON.to_owned(), ONE.to_owned()));
    let location = format!("Location: {}/api/v1/query\r\n", other.url());
    let refused = answered("307 Temporary Redirect", &location, "").unwrap_err();
    assert!(
        refused.to_string().contains("redirects are not followed"),
        "{refused}"
    );
    assert_eq!(other.requests(), [""; 0]);
}

#[test]
fn answers_of_other_servers_and_long_ones_are_no_data() {
    let html = "Content-Type: text/html\r\n";
    let page = answered("200 OK", html, "<html>Sign in</html>").unwrap_err();
    assert!(matches!(page, NoData::Foreign(_)), "{page}");
    let long = format!("{ONE}{}", " ".repeat(1 << 20));
    assert_eq!(answered("200 OK", JSON, &long), Err(NoData::TooLong));
    let gate = Gate::open(Mode::HangUp);
    let none = ask(&gate, Credentials::default(), "up").unwrap_err();
    assert!(matches!(none, NoData::Unreachable(_)), "{none}");
}

#[test]
fn files_that_cannot_be_used_are_named_and_never_shown() {
    let gate = Gate::open(Mode::HangUp);
    let refused = |credentials: Credentials| ask(&gate, credentials, "up").unwrap_err().to_string();
    let missing = refused(Credentials {
        token: Some(PathBuf::from("/nowhere/token")),
        ..Credentials::default()
    });
    assert!(missing.contains("/nowhere/token"), "{missing}");
    let no_pem = token_file("authorities", "s3cret");
    let broken = refused(Credentials {
        authorities: Some(no_pem.clone()),
        ..Credentials::default()
    });
    assert!(
        broken.contains("holds no certificate") && !broken.contains("s3cret"),
        "{broken}"
    );
    let pair = refused(Credentials {
        certificate: Some((no_pem.clone(), no_pem)),
        ..Credentials::default()
    });
    assert!(pair.contains("holds no certificate"), "{pair}");
    assert_eq!(gate.requests(), [""; 0]);
}
