//! What an alert ends at: a webhook that keeps what it was told. It listens in the network of the
//! node, where Alertmanager is.

use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex};
use std::thread;

use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use serde_json::Value;

type Told = Arc<Mutex<Vec<Value>>>;

pub struct Receiver {
    pub address: SocketAddr,
    told: Told,
}

impl Receiver {
    /// Answers on `listener` until the test program ends.
    pub fn start(listener: TcpListener) -> Self {
        let address = listener.local_addr().unwrap();
        let told = Told::default();
        let keeps = told.clone();
        thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                listener.set_nonblocking(true).unwrap();
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                let router = axum::Router::new().route("/", post(keep)).with_state(keeps);
                axum::serve(listener, router).await.unwrap();
            });
        });
        Self { address, told }
    }

    /// Alerts with this name that came so far, the latest message last.
    pub fn alerts(&self, name: &str) -> Vec<Value> {
        let messages = self.told.lock().unwrap().clone();
        let alerts = messages
            .iter()
            .filter_map(|message| message["alerts"].as_array());
        let named = alerts
            .flatten()
            .filter(|alert| alert["labels"]["alertname"] == name);
        named.cloned().collect()
    }
}

async fn keep(State(told): State<Told>, body: Bytes) {
    told.lock()
        .unwrap()
        .push(serde_json::from_slice(&body).unwrap());
}
