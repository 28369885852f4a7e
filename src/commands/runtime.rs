//! What a process needs to talk to a cluster or to run the operator: threads, signals and logs.

use std::future::Future;

use clap::ValueEnum;
use tokio::runtime::{Builder, Runtime};
use tracing_subscriber::EnvFilter;

use super::error::{ErrorKind, Result};
use super::global::Color;
use super::terminal::{self, log};

/// Format of logs.
#[derive(ValueEnum, Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// Text
    #[default]
    Text,
    /// One JSON object per line
    Json,
}

/// The threads everything runs on. One worker is enough: it waits for the API server nearly all the
/// time, and each further one costs megabytes of memory the allocator keeps for it.
pub(super) fn start() -> Result<Runtime> {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build();
    Ok(runtime.map_err(ErrorKind::Runtime)?)
}

/// Ends with SIGTERM or Ctrl-C.
pub(super) fn stop_signal() -> Result<impl Future<Output = ()>> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut terminate = signal(SignalKind::terminate()).map_err(ErrorKind::Runtime)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ErrorKind::Runtime)?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}

/// Logs to standard error from now on, as far as `filter` lets through. A second call changes nothing.
pub(super) fn log(filter: &str, format: LogFormat, color: Color) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    // Our own watches log what they meet, once.
    let filter = match "kube_runtime=error".parse() {
        Ok(quieter) => filter.add_directive(quieter),
        Err(_) => filter,
    };
    let logs = tracing_subscriber::fmt().with_env_filter(filter);
    // Logging that is set up already stays.
    let _ = match format {
        LogFormat::Text => {
            let color = terminal::colors_errors(color);
            let logs = logs.with_ansi(color).fmt_fields(log::fields());
            logs.with_writer(move || log::LogWriter::Text(color))
                .try_init()
        }
        LogFormat::Json => logs.json().with_writer(|| log::LogWriter::Json).try_init(),
    };
}
