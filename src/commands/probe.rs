//! `goldenpath probe`: requests one HTTP address and compares the answer, for the chart's `helm test`,
//! whose image holds no other HTTP client. Plain HTTP, no redirects. It knows nothing of clusters and
//! changes nothing.

use std::fmt::Write as _;
use std::io::Write as _;
use std::time::{Duration, Instant};

use clap::Args;
use http::uri::Scheme;
use http::{Request, StatusCode, Uri};

use super::error::{CommandError, ErrorKind, Result};
use super::{Exit, runtime, terminal};
use crate::api::Period;
use crate::outbound::{Body, HttpClient, read_text};
use crate::proxy::Environment;
use crate::report::terminal::plain::plain;

pub(super) const HELP: &str = "\
Request one plain HTTP address and check the answer: a status of 200 to 299, and every text of \
--expect in the body. `helm test` runs this, because the image holds no other HTTP client.

The value of a Service's environment variable, tcp://10.0.0.1:8081, is accepted as an address.

Exit code: 0 the answer is as expected, 1 it is not, 2 the request failed.";
pub(super) const EXAMPLES: &str = "\
Examples:
  goldenpath probe http://goldenpath.goldenpath-system:8081/readyz
  goldenpath probe http://127.0.0.1:8081/metrics --expect goldenpath_build_info
  goldenpath probe $GOLDENPATH_PORT_8081_TCP/readyz --within 60s   (in a pod beside the Service)";

/// Flags of `probe`.
#[derive(Args, Clone, Debug)]
pub struct ProbeArgs {
    /// The address, such as <http://127.0.0.1:8081/readyz>
    #[arg(value_name = "URL")]
    pub url: String,

    /// A text that must be in the body; may be given more than once
    #[arg(long, value_name = "TEXT")]
    pub expect: Vec<String>,

    /// How long to retry until the answer is as expected [default: one request]
    #[arg(long, value_name = "PERIOD")]
    pub within: Option<Period>,
}

const PAUSE: Duration = Duration::from_secs(1);
/// Far above the metrics of the largest measured fleet, in bytes.
const LARGEST_BODY: usize = 64 << 20;
/// How much of an unexpected body is shown, in characters.
const SHOWN: usize = 300;

/// An answer.
struct Answer {
    status: StatusCode,
    body: String,
}

impl Answer {
    fn missing<'a>(&self, expected: &'a [String]) -> Vec<&'a str> {
        expected
            .iter()
            .map(String::as_str)
            .filter(|text| !self.body.contains(text))
            .collect()
    }

    fn is_as(&self, expected: &[String]) -> bool {
        self.status.is_success() && self.missing(expected).is_empty()
    }

    /// One line for the log of the test.
    fn line(&self, url: &Uri, expected: &[String]) -> String {
        let mut line = format!("{url} answers {}", self.status.as_u16());
        // Writing to a String cannot fail.
        if !self.status.is_success() {
            let body: String = self.body.trim().chars().take(SHOWN).collect();
            let _ = write!(line, ": {}", plain(&body.replace('\n', " ")));
            return line;
        }
        let missing = self.missing(expected);
        if !missing.is_empty() {
            let _ = write!(line, ", without {}", missing.join(", "));
        } else if !expected.is_empty() {
            let _ = write!(line, ", with {}", expected.join(", "));
        }
        line
    }
}

/// Probes the address and prints one line.
pub(super) fn run(args: &ProbeArgs) -> Result<Exit> {
    let url = address(&args.url)?;
    let answer = runtime::start()?.block_on(probe_until(&url, args))?;
    writeln!(terminal::stdout(), "{}", answer.line(&url, &args.expect))
        .map_err(CommandError::output)?;
    Ok(if answer.is_as(&args.expect) {
        Exit::Fine
    } else {
        Exit::Found
    })
}

/// Parses an address. A Service's environment variable has the scheme `tcp`.
fn address(text: &str) -> Result<Uri, ErrorKind> {
    let refused = |source| ErrorKind::Address {
        url: plain(text).into_owned(),
        source,
    };
    let written = match text.strip_prefix("tcp://") {
        Some(rest) => format!("http://{rest}"),
        None => text.to_owned(),
    };
    let url: Uri = written.parse().map_err(|error| refused(Some(error)))?;
    match url.scheme() {
        Some(scheme) if *scheme == Scheme::HTTP => Ok(url),
        Some(_) | None => Err(refused(None)),
    }
}

async fn probe_until(url: &Uri, args: &ProbeArgs) -> Result<Answer, ErrorKind> {
    let client = HttpClient::build(false, Environment::read())?;
    let within = Duration::from_secs(args.within.unwrap_or_default().as_seconds());
    let end = Instant::now() + within;
    loop {
        let answer = probe_once(&client, url).await;
        let is_final = match &answer {
            Ok(answer) => answer.is_as(&args.expect),
            Err(error) => !may_pass(error),
        };
        if is_final || Instant::now() + PAUSE > end {
            return answer;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Whether the next request may succeed.
const fn may_pass(error: &ErrorKind) -> bool {
    matches!(
        error,
        ErrorKind::Unreachable { .. } | ErrorKind::BrokenAnswer { .. }
    )
}

async fn probe_once(client: &HttpClient, url: &Uri) -> Result<Answer, ErrorKind> {
    let mut request = Request::new(Body::default());
    *request.uri_mut() = url.clone();
    let unreachable = |source| ErrorKind::Unreachable {
        url: url.to_string(),
        source,
    };
    let broken = |source| ErrorKind::BrokenAnswer {
        url: url.to_string(),
        source,
    };
    let (head, body) = client
        .send(request)
        .await
        .map_err(unreachable)?
        .into_parts();
    Ok(Answer {
        status: head.status,
        body: read_text(body, LARGEST_BODY).await.map_err(broken)?,
    })
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;
    use crate::api::Period;

    fn line(status: u16, body: &str, expected: &[&str]) -> String {
        let answer = Answer {
            status: StatusCode::from_u16(status).unwrap(),
            body: body.to_owned(),
        };
        let expected: Vec<String> = expected.iter().map(ToString::to_string).collect();
        answer.line(&Uri::from_static("http://[::1]:8081/readyz"), &expected)
    }

    #[test]
    fn an_answer_is_one_line() {
        let shown = line(503, "waiting for:\n- golden paths\n", &[]);
        let url = "http://[::1]:8081/readyz answers";
        assert_eq!(shown, format!("{url} 503: waiting for: - golden paths"));
        assert_eq!(
            line(200, "a b", &["a", "c"]),
            format!("{url} 200, without c")
        );
        assert_eq!(line(200, "a b", &["a"]), format!("{url} 200, with a"));
        assert_eq!(line(200, "", &[]), format!("{url} 200"));
    }

    /// Answers each question with the next status, and ends with the last.
    fn serve(statuses: &'static [u16]) -> String {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            for status in statuses {
                let (mut stream, _) = listener.accept().unwrap();
                let _ = stream.read(&mut [0; 1024]).unwrap();
                let head = format!("HTTP/1.1 {status} X\r\nconnection: close\r\n");
                write!(stream, "{head}content-length: 5\r\n\r\nready").unwrap();
            }
        });
        format!("http://{address}/readyz")
    }

    fn probed(url: String, within: Option<Period>) -> bool {
        let expect = vec!["ready".to_owned()];
        let args = ProbeArgs {
            url,
            expect,
            within,
        };
        run(&args).unwrap() == Exit::Fine
    }

    #[test]
    fn one_request_or_retries_until_the_answer_is_as_expected() {
        assert!(!probed(serve(&[503, 200]), None));
        let patience = Some(Period::seconds(60));
        assert!(probed(serve(&[503, 404, 200]), patience));
    }

    #[test]
    fn an_unreachable_address_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        let args = ProbeArgs {
            url: url.clone(),
            expect: Vec::new(),
            within: None,
        };
        let error = run(&args).unwrap_err();
        assert_eq!(error.to_string(), format!("failed to reach {url}"));
    }

    #[test]
    fn the_address_of_a_service_is_accepted() {
        let url = address("tcp://[fd00::1]:8081/readyz").unwrap();
        assert_eq!(url, Uri::from_static("http://[fd00::1]:8081/readyz"));
    }

    #[test]
    fn only_plain_http_is_accepted() {
        for text in [
            "",
            "/readyz",
            "https://a/",
            "a:8081",
            "http://",
            "http://a b/",
        ] {
            let error = address(text).unwrap_err();
            assert!(matches!(error, ErrorKind::Address { .. }), "{text}");
        }
    }
}
