//! `goldenpath open`: the page of an operator in the browser, passed on through the API server with the
//! rights of the kubeconfig. It judges and writes nothing.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::process::{Command, Stdio};
use std::sync::Arc;

use axum::body::Body;
use clap::Args;
use futures::future::{BoxFuture, FutureExt};
use http::{HeaderMap, Response};

use super::error::Result;
use super::operator_report::refused;
use super::{Exit, Invocation, page_server, runtime, terminal};
use crate::cluster::{OperatorProxy, OperatorService};
use crate::server::{self, Upstream};

pub(super) const HELP: &str = "\
Open the operator's page in a browser. It passes requests on through the API server's proxy to the \
operator's Service, with the rights of your kubeconfig, so nothing has to be exposed: it takes the \
right get on services/proxy of that Service. It serves on loopback alone, until Ctrl-C.";
pub(super) const EXAMPLES: &str = "\
Examples:
  kubectl goldenpath open
  kubectl goldenpath open --operator platform/goldenpath --no-browser";

/// Flags of `open`.
#[derive(Args, Clone, Debug)]
pub struct OpenArgs {
    /// The operator's Service
    #[arg(
        long,
        value_name = "NAMESPACE/SERVICE",
        default_value = "goldenpath-system/goldenpath",
        value_parser = service
    )]
    pub operator: OperatorService,

    /// Port on loopback; 0 takes a free one
    #[arg(long, value_name = "PORT", default_value_t = 0)]
    pub port: u16,

    /// Print the address and open no browser
    #[arg(long)]
    pub no_browser: bool,
}

fn service(text: &str) -> Result<OperatorService, &'static str> {
    text.parse().map_err(|()| "write NAMESPACE/SERVICE")
}

/// Passes requests on until SIGTERM or Ctrl-C.
pub(super) fn run(args: &OpenArgs, invocation: &Invocation<'_>) -> Result<Exit> {
    let target = invocation.global.target();
    let address = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), args.port);
    runtime::start()?.block_on(async {
        let proxy = OperatorProxy::connect(&target, &args.operator).await;
        let proxy = proxy.map_err(|error| refused(error, &args.operator, ""))?;
        let routes = server::forward(Arc::new(proxy));
        page_server::serve(address, routes, |bound| {
            let page = format!("http://{bound}/");
            terminal::note(&format!("page       {page}\n"));
            if !args.no_browser {
                browse(&page);
            }
        })
        .await
    })
}

/// Opens an address with the browser of the desktop; without one, the printed address has to do.
fn browse(page: &str) {
    let opener = if cfg!(target_os = "macos") {
        "open"
    } else {
        "xdg-open"
    };
    let mut command = Command::new(opener);
    command
        .arg(page)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    if command.spawn().is_err() {
        terminal::note(&format!(
            "{opener} is not there: open the address yourself\n"
        ));
    }
}

impl Upstream for OperatorProxy {
    fn get(
        &self,
        address: String,
        headers: HeaderMap,
    ) -> BoxFuture<'_, Result<Response<Body>, String>> {
        async move {
            let answer = Self::get(self, &address, headers).await;
            let answer = answer.map_err(|error| error.to_string())?;
            Ok(answer.map(Body::new))
        }
        .boxed()
    }
}
