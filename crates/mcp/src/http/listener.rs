//! Connections: how many there are, how long each may take to ask, and how they end.

use super::guard::guard;
use super::post::{Shared, delete, not_allowed, post};
use crate::server::Server;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::from_fn;
use axum::routing;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::sync::Semaphore;

/// What connections may take.
#[derive(Clone, Copy, Debug)]
pub struct HttpLimits {
    /// Connections that are open at once; further ones wait.
    pub n_open: usize,
    /// How long the header of a request may take, counted from the connection's begin or the last answer's end.
    pub header: Duration,
    /// How long calls may take to end when the server is stopped.
    pub farewell: Duration,
}

impl Default for HttpLimits {
    fn default() -> Self {
        Self { n_open: 128, header: Duration::from_secs(15), farewell: Duration::from_secs(3) }
    }
}

/// How soon a stop is noticed.
const WATCH: Duration = Duration::from_millis(50);

/// After how long it is tried again to accept a connection when there are no file descriptors.
const RETRY: Duration = Duration::from_millis(50);

/// Listens on 127.0.0.1, so that no other machine gets through; port 0 takes a free one.
pub fn bind(port: u16) -> io::Result<TcpListener> {
    TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
}

/// Serves `http://127.0.0.1:PORT/mcp` until `stop` is set. Calls that run then hear that they are cancelled, and their answers
/// are sent if they come in time.
///
/// Any user of this machine may connect: there is no authentication. A listener that other machines reach is an error.
pub fn serve_http(server: Server, listener: TcpListener, limits: HttpLimits, stop: &AtomicBool) -> io::Result<()> {
    if !listener.local_addr()?.ip().is_loopback() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "the address is not one of this machine alone"));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    listener.set_nonblocking(true)?;
    let served = runtime.block_on(serve(Arc::new(server), listener, limits, stop));
    runtime.shutdown_background();
    served
}

async fn serve(server: Arc<Server>, listener: TcpListener, limits: HttpLimits, stop: &AtomicBool) -> io::Result<()> {
    let listener = tokio::net::TcpListener::from_std(listener)?;
    let shared = Arc::new(Shared::new(Arc::clone(&server)));
    let methods = routing::post(post).delete(delete).fallback(not_allowed);
    let router = Router::new()
        .route("/mcp", methods)
        .layer(DefaultBodyLimit::max(server.limits.message_bytes))
        .layer(from_fn(guard))
        .with_state(Arc::clone(&shared));
    let shutdown = GracefulShutdown::new();
    let room = Arc::new(Semaphore::new(limits.n_open.max(1)));
    while !stop.load(Ordering::Relaxed) {
        let Ok(permitted) = tokio::time::timeout(WATCH, Arc::clone(&room).acquire_owned()).await else { continue };
        let Ok(accepted) = tokio::time::timeout(WATCH, listener.accept()).await else { continue };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(RETRY).await;
            continue;
        };
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(limits.header);
        let service = TowerToHyperService::new(router.clone());
        let connection = shutdown.watch(http.serve_connection(TokioIo::new(stream), service));
        // An error is a client that is gone or speaks no HTTP.
        tokio::spawn(async move {
            drop(connection.await);
            drop(permitted);
        });
    }
    drop(listener);
    server.stopping.store(true, Ordering::Release);
    shared.close();
    // Who has not taken its answer by then gets none.
    drop(tokio::time::timeout(limits.farewell, shutdown.shutdown()).await);
    Ok(())
}
