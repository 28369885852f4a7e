//! `goldenpath probe`: asks one HTTP address and compares the answer, for the chart's `helm test`,
//! whose image holds nothing else that could ask. Plain HTTP, no redirects. It knows nothing of
//! clusters and changes nothing.

use std::fmt::Write as _;
use std::io::{self, Write as _};
use std::time::{Duration, Instant};

use http::uri::{InvalidUri, Scheme};
use http::{Request, StatusCode, Uri};
use http_body_util::{BodyExt as _, Limited};
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::client::legacy::{self, Client};
use hyper_util::rt::TokioExecutor;

use crate::cli::ProbeArgs;
use crate::report::terminal::plain::plain;
use crate::screen;

/// How long one answer may take.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_secs(1);
/// Far above the metrics of the largest fleet measured.
const LARGEST_BODY: usize = 64 << 20;
/// How much of an answer is shown, in characters.
const SHOWN: usize = 300;

/// Why an address cannot be asked.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It is no address.
    #[error("'{url}' is no address: write http://HOST:PORT/PATH")]
    Address {
        /// What was written.
        url: String,
        /// What is wrong with it.
        #[source]
        source: Option<InvalidUri>,
    },
    /// Nobody is there, or not for long enough.
    #[error("failed to ask {url}")]
    Unreachable {
        /// Whom.
        url: String,
        /// Why.
        source: Box<legacy::Error>,
    },
    /// The answer breaks off, or is too long.
    #[error("failed to read what {url} answers")]
    Broken {
        /// Who answers.
        url: String,
        /// Why.
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// It takes too long.
    #[error("{url} does not answer within {} s", PATIENCE.as_secs())]
    Late {
        /// Who.
        url: String,
    },
    /// The process cannot be set up, or nobody reads what it prints.
    #[error("failed to ask and tell")]
    Start(#[from] io::Error),
}

impl Error {
    /// A word for logs.
    pub fn reason(&self) -> &'static str {
        match self {
            Self::Address { .. } => "Address",
            Self::Unreachable { .. } => "Unreachable",
            Self::Broken { .. } => "Broken",
            Self::Late { .. } => "Late",
            Self::Start(_) => "Start",
        }
    }

    /// Whether the reader of our output has gone, which is no failure of ours.
    pub fn is_broken_pipe(&self) -> bool {
        matches!(self, Self::Start(error) if error.kind() == io::ErrorKind::BrokenPipe)
    }

    /// Whether it may be otherwise in a moment.
    fn may_pass(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::Broken { .. } | Self::Late { .. } => true,
            Self::Address { .. } | Self::Start(_) => false,
        }
    }
}

/// What came back.
struct Answer {
    status: StatusCode,
    body: String,
}

impl Answer {
    /// The texts that are not in it.
    fn lacks<'a>(&self, expected: &'a [String]) -> Vec<&'a str> {
        let texts = expected.iter().map(String::as_str);
        texts.filter(|text| !self.body.contains(text)).collect()
    }

    fn is_as(&self, expected: &[String]) -> bool {
        self.status.is_success() && self.lacks(expected).is_empty()
    }

    /// One line for whoever reads the log of the test.
    fn line(&self, url: &Uri, expected: &[String]) -> String {
        let mut line = format!("{url} answers {}", self.status.as_u16());
        // Writing to a String cannot fail.
        if !self.status.is_success() {
            let body: String = self.body.trim().chars().take(SHOWN).collect();
            let _ = write!(line, ": {}", plain(&body.replace('\n', " ")));
            return line;
        }
        let lacks = self.lacks(expected);
        if !lacks.is_empty() {
            let _ = write!(line, ", without {}", lacks.join(", "));
        } else if !expected.is_empty() {
            let _ = write!(line, ", with {}", expected.join(", "));
        }
        line
    }
}

/// `goldenpath probe`: whether the address answers as expected, and a line that says what it does.
///
/// # Errors
/// When it cannot be asked.
pub fn run(args: &ProbeArgs) -> Result<bool, Error> {
    let url = address(&args.url)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let answer = runtime.block_on(ask_until(&url, args))?;
    writeln!(screen::stdout(), "{}", answer.line(&url, &args.expect))?;
    Ok(answer.is_as(&args.expect))
}

/// The scheme `tcp` is how a Service's environment variable writes it.
fn address(text: &str) -> Result<Uri, Error> {
    let refused = |source| Error::Address {
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

async fn ask_until(url: &Uri, args: &ProbeArgs) -> Result<Answer, Error> {
    let client = Client::builder(TokioExecutor::new()).build_http();
    let patience = args.within.unwrap_or_default().as_seconds();
    let end = Instant::now() + Duration::from_secs(patience);
    loop {
        let outcome = ask(&client, url).await;
        let is_final = match &outcome {
            Ok(answer) => answer.is_as(&args.expect),
            Err(error) => !error.may_pass(),
        };
        if is_final || Instant::now() + PAUSE > end {
            return outcome;
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn ask(client: &Client<HttpConnector, String>, url: &Uri) -> Result<Answer, Error> {
    let late = |_| Error::Late {
        url: url.to_string(),
    };
    tokio::time::timeout(PATIENCE, ask_once(client, url))
        .await
        .map_err(late)?
}

async fn ask_once(client: &Client<HttpConnector, String>, url: &Uri) -> Result<Answer, Error> {
    let mut question = Request::new(String::new());
    *question.uri_mut() = url.clone();
    let unreachable = |source| Error::Unreachable {
        url: url.to_string(),
        source: Box::new(source),
    };
    let broken = |source| Error::Broken {
        url: url.to_string(),
        source,
    };
    let (head, body) = client
        .request(question)
        .await
        .map_err(unreachable)?
        .into_parts();
    let body = Limited::new(body, LARGEST_BODY).collect();
    let body = body.await.map_err(broken)?.to_bytes();
    Ok(Answer {
        status: head.status,
        body: String::from_utf8_lossy(&body).into_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;
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
    fn an_answer_is_told_in_one_line() {
        let said = line(503, "waiting for:\n- golden paths\n", &[]);
        let url = "http://[::1]:8081/readyz answers";
        assert_eq!(said, format!("{url} 503: waiting for: - golden paths"));
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

    fn asked(url: String, within: Option<Period>) -> bool {
        let expect = vec!["ready".to_owned()];
        run(&ProbeArgs {
            url,
            expect,
            within,
        })
        .unwrap()
    }

    #[test]
    fn it_asks_once_or_until_the_answer_is_as_expected() {
        assert!(!asked(serve(&[503, 200]), None));
        let patience = Some(Period::seconds(60));
        assert!(asked(serve(&[503, 404, 200]), patience));
    }

    #[test]
    fn whoever_cannot_be_reached_is_named() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        drop(listener);
        let args = ProbeArgs {
            url: url.clone(),
            expect: Vec::new(),
            within: None,
        };
        let error = run(&args).unwrap_err();
        assert_eq!(error.reason(), "Unreachable");
        assert_eq!(error.to_string(), format!("failed to ask {url}"));
    }

    #[test]
    fn the_address_of_a_service_is_understood() {
        let url = address("tcp://[fd00::1]:8081/readyz").unwrap();
        assert_eq!(url, Uri::from_static("http://[fd00::1]:8081/readyz"));
    }

    #[test]
    fn what_cannot_be_asked_in_plain_http_is_refused() {
        for text in [
            "",
            "/readyz",
            "https://a/",
            "a:8081",
            "http://",
            "http://a b/",
        ] {
            let error = address(text).unwrap_err();
            assert_eq!(error.reason(), "Address", "{text}");
        }
    }
}
