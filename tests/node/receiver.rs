//! The end of an alert: a webhook that stores what it receives. It listens in the node's network,
//! where Alertmanager runs.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use serde_json::Value;

type Received = Arc<Mutex<Vec<Value>>>;

pub struct Receiver {
    pub address: SocketAddr,
    received: Received,
}

impl Receiver {
    /// Answers on `listener` until the test program ends.
    pub fn start(listener: TcpListener) -> Self {
        let address = listener.local_addr().unwrap();
        let received = Received::default();
        let keeps = received.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                listener.set_nonblocking(true).unwrap();
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let router = axum::Router::new()
                    .route("/", post(store))
                    .with_state(keeps);
                axum::serve(listener, router).await.unwrap();
            });
        });
        Self { address, received }
    }

    /// Alerts with this name that came so far, the latest message last.
    pub fn alerts(&self, name: &str) -> Vec<Value> {
        let messages = self.received.lock().unwrap().clone();
        let alerts = messages
            .iter()
            .filter_map(|message| message["alerts"].as_array());
        let named = alerts
            .flatten()
            .filter(|alert| alert["labels"]["alertname"] == name);
        named.cloned().collect()
    }
}

async fn store(State(received): State<Received>, body: Bytes) {
    received
        .lock()
        .unwrap()
        .push(serde_json::from_slice(&body).unwrap());
}
