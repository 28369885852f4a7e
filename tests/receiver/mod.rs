//! A real receiver of messages on loopback: it stores what it gets, and answers as configured.

#![allow(dead_code)] // each test binary uses its own part

use std::collections::VecDeque;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use tokio::net::TcpSocket;
use tokio::runtime::Runtime;
use tokio::sync::watch;

/// What came.
#[derive(Clone, Debug)]
pub struct Received {
    pub at: Instant,
    pub path: String,
    pub headers: HeaderMap,
    pub body: Value,
}

impl Received {
    /// The message's own name.
    pub fn key(&self) -> String {
        self.headers["idempotency-key"].to_str().unwrap().to_owned()
    }

    /// `NAMESPACE/NAME STAGE` of each item of a message in plain JSON.
    pub fn items(&self) -> Vec<String> {
        let items = self.body["items"].as_array().unwrap().iter();
        let text = |item: &Value, field: &str| item[field].as_str().unwrap().to_owned();
        let one = |item: &Value| format!("{} {}", text(item, "exception"), text(item, "stage"));
        items.map(one).collect()
    }
}

/// How one request is answered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// With this status, these headers and this text.
    With(u16, Vec<(&'static str, String)>, &'static str),
    /// With 200, after a while.
    After(Duration),
    /// Not before [`Receiver::release`].
    Never,
}

#[derive(Default)]
struct Inside {
    received: Mutex<Vec<Received>>,
    answers: Mutex<VecDeque<Answer>>,
    always: Mutex<Option<Answer>>,
    released: watch::Sender<bool>,
}

/// An address at which nothing listens yet, and that no other program can take meanwhile.
pub struct Reserved(TcpSocket);

impl Reserved {
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        Self(socket)
    }

    pub fn address(&self) -> String {
        self.0.local_addr().unwrap().to_string()
    }
}

/// The receiver. Dropping it closes it.
pub struct Receiver {
    inside: Arc<Inside>,
    address: String,
    _runtime: Runtime,
}

impl Receiver {
    /// Takes everything that comes.
    pub fn start() -> Self {
        Self::on(TcpListener::bind("127.0.0.1:0").unwrap())
    }

    /// As [`Receiver::start`], where somebody has bound already.
    pub fn on(listener: TcpListener) -> Self {
        let address = listener.local_addr().unwrap().to_string();
        listener.set_nonblocking(true).unwrap();
        Self::serve(address, move || {
            tokio::net::TcpListener::from_std(listener).unwrap()
        })
    }

    /// As [`Receiver::start`], at an address where connections were refused so far.
    pub fn at(address: Reserved) -> Self {
        let at = address.address();
        Self::serve(at, move || address.0.listen(1_024).unwrap())
    }

    /// `listen` is called where sockets can be registered.
    fn serve(
        address: String,
        listen: impl FnOnce() -> tokio::net::TcpListener + Send + 'static,
    ) -> Self {
        let inside = Arc::new(Inside::default());
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .unwrap();
        let router = Router::new().fallback(receive).with_state(inside.clone());
        runtime.spawn(async move {
            axum::serve(listen(), router).await.unwrap();
        });
        Self {
            inside,
            address,
            _runtime: runtime,
        }
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Answers the next requests so, one each.
    pub fn answer(&self, answers: impl IntoIterator<Item = Answer>) {
        lock(&self.inside.answers).extend(answers);
    }

    /// The answer to everything without a configured one; `None` accepts it.
    pub fn always(&self, answer: Option<Answer>) {
        *lock(&self.inside.always) = answer;
    }

    /// Lets requests go that were not to be answered.
    pub fn release(&self) {
        self.inside.released.send_replace(true);
    }

    /// Everything that came so far.
    pub fn received(&self) -> Vec<Received> {
        lock(&self.inside.received).clone()
    }
}

async fn receive(
    State(inside): State<Arc<Inside>>,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let received = Received {
        at: Instant::now(),
        path: uri.path().to_owned(),
        headers,
        body: serde_json::from_slice(&body).unwrap_or_default(),
    };
    lock(&inside.received).push(received);
    let next = lock(&inside.answers).pop_front();
    let next = next.or_else(|| lock(&inside.always).clone());
    match next {
        None => StatusCode::OK.into_response(),
        Some(Answer::With(status, headers, text)) => {
            let headers = headers.into_iter().map(|(name, value)| {
                (
                    HeaderName::from_static(name),
                    HeaderValue::from_str(&value).unwrap(),
                )
            });
            let status = StatusCode::from_u16(status).unwrap();
            (status, headers.collect::<HeaderMap>(), text).into_response()
        }
        Some(Answer::After(pause)) => {
            tokio::time::sleep(pause).await;
            StatusCode::OK.into_response()
        }
        Some(Answer::Never) => {
            let mut released = inside.released.subscribe();
            let _ = released.wait_for(|released| *released).await;
            StatusCode::OK.into_response()
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap()
}
