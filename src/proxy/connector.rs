//! Opens connections for hyper's client: directly, through a tunnel, through SOCKS, or to an HTTP proxy
//! that forwards requests. Errors name the proxy without its credentials.

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::vec;

use futures::FutureExt as _;
use futures::future::BoxFuture;
use http::{HeaderValue, Uri};
use hyper::rt::{Read, ReadBufCursor, Write};
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use hyper_util::client::legacy::connect::proxy::{SocksV5, Tunnel};
use hyper_util::client::legacy::connect::{Connected, Connection, HttpConnector};
use tower::{BoxError, Service, ServiceExt as _};

use super::rules::{Environment, Protocol, Proxy, ProxyError};

/// How the proxy of an address is found.
#[derive(Clone, Debug)]
pub enum Route {
    /// Every address through this proxy, or all directly.
    Fixed(Option<Proxy>),
    /// As the environment says for each address.
    Environment(Arc<Environment>),
}

/// The connection to a host, or through its proxy, failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ProxyFailure {
    /// The way through the proxy failed.
    #[error("failed to connect through the proxy {proxy}")]
    Through {
        /// The proxy, without credentials.
        proxy: String,
        /// Why.
        source: BoxError,
    },
    /// The name has no address.
    #[error("no address found for the host {host}")]
    NoSuchHost {
        /// The host.
        host: String,
        /// Why.
        source: io::Error,
    },
}

impl Route {
    /// The proxy for an address; none where it is reached directly.
    ///
    /// # Errors
    /// When the environment names something that is not a proxy.
    pub fn proxy_for(&self, address: &Uri) -> Result<Option<Proxy>, ProxyError> {
        match self {
            Self::Fixed(proxy) => Ok(proxy.clone()),
            Self::Environment(environment) => environment.proxy_for(address),
        }
    }

    /// The header that a proxy which forwards requests to this address wants with each of them. Tunnels
    /// get it when they are built.
    pub fn authorization_for(&self, address: &Uri) -> Option<HeaderValue> {
        let proxy = self.proxy_for(address).ok().flatten()?;
        forwards(&proxy, address).then(|| proxy.authorization())?
    }
}

/// Plain HTTP is not tunnelled: the proxy reads and forwards each request.
fn forwards(proxy: &Proxy, address: &Uri) -> bool {
    proxy.protocol != Protocol::Socks5 && address.scheme_str() != Some("https")
}

/// Opens connections.
#[derive(Clone)]
pub struct Connector {
    http: HttpConnector<Resolver>,
    route: Route,
    /// For proxies that are reached over TLS.
    tls: Arc<rustls::ClientConfig>,
}

impl Connector {
    /// A connector; `tls` verifies proxies that are reached over TLS.
    pub fn new(route: Route, tls: Arc<rustls::ClientConfig>) -> Self {
        let mut http = HttpConnector::new_with_resolver(Resolver(GaiResolver::new()));
        http.enforce_http(false);
        Self { http, route, tls }
    }

    async fn connect_through(self, proxy: &Proxy, address: Uri) -> Result<Stream, BoxError> {
        let to = proxy.address.clone();
        let over_tls = || HttpsConnector::from((self.http.clone(), self.tls.clone()));
        match proxy.protocol {
            Protocol::Socks5 => {
                let mut socks = SocksV5::new(to, self.http);
                if let Some((user, password)) = proxy.user_and_password() {
                    socks = socks.with_auth(user, password);
                }
                Ok(Stream::new(socks.oneshot(address).await?, false))
            }
            Protocol::Http if forwards(proxy, &address) => {
                Ok(Stream::new(self.http.oneshot(to).await?, true))
            }
            Protocol::Https if forwards(proxy, &address) => {
                Ok(Stream::new(over_tls().oneshot(to).await?, true))
            }
            Protocol::Http => tunnel(proxy, self.http.clone(), address).await,
            Protocol::Https => tunnel(proxy, over_tls(), address).await,
        }
    }
}

async fn tunnel<C>(proxy: &Proxy, connector: C, address: Uri) -> Result<Stream, BoxError>
where
    C: Service<Uri> + Send,
    C::Response: Read + Write + Connection + Send + Unpin + 'static,
    C::Error: Into<BoxError>,
    C::Future: Send + 'static,
{
    let mut tunnel = Tunnel::new(proxy.address.clone(), connector);
    if let Some(authorization) = proxy.authorization() {
        tunnel = tunnel.with_auth(authorization);
    }
    Ok(Stream::new(tunnel.oneshot(address).await?, false))
}

impl Service<Uri> for Connector {
    type Response = Stream;
    type Error = BoxError;
    type Future = BoxFuture<'static, Result<Stream, BoxError>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        // Each call waits for its own copy of the connector.
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, address: Uri) -> Self::Future {
        let connector = self.clone();
        async move {
            let Some(proxy) = connector.route.proxy_for(&address)? else {
                return Ok(Stream::new(connector.http.oneshot(address).await?, false));
            };
            connector
                .connect_through(&proxy, address)
                .await
                .map_err(|source| {
                    let proxy = proxy.to_string();
                    ProxyFailure::Through { proxy, source }.into()
                })
        }
        .boxed()
    }
}

/// Looks names up, and names the host where that fails.
#[derive(Clone)]
struct Resolver(GaiResolver);

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = ProxyFailure;
    type Future = BoxFuture<'static, Result<Self::Response, ProxyFailure>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), ProxyFailure>> {
        self.0.poll_ready(context).map_err(|source| {
            let host = String::new();
            ProxyFailure::NoSuchHost { host, source }
        })
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let host = name.as_str().to_owned();
        let found = self.0.call(name);
        async move {
            match found.await {
                Ok(addresses) => Ok(addresses.collect::<Vec<_>>().into_iter()),
                Err(source) => Err(ProxyFailure::NoSuchHost { host, source }),
            }
        }
        .boxed()
    }
}

/// A connection of any kind.
pub struct Stream {
    inner: Box<dyn Transport>,
    /// Whether a proxy at the other end forwards requests, so that each needs its whole address.
    is_forwarded: bool,
}

trait Transport: Read + Write + Connection + Send + Unpin {}

impl<T: Read + Write + Connection + Send + Unpin> Transport for T {}

impl Stream {
    fn new(inner: impl Transport + 'static, is_forwarded: bool) -> Self {
        let inner = Box::new(inner);
        Self {
            inner,
            is_forwarded,
        }
    }
}

impl Connection for Stream {
    fn connected(&self) -> Connected {
        self.inner.connected().proxy(self.is_forwarded)
    }
}

impl Read for Stream {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: ReadBufCursor<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_read(context, buffer)
    }
}

impl Write for Stream {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.inner).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut *self.inner).poll_shutdown(context)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        parts: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut *self.inner).poll_write_vectored(context, parts)
    }
}
