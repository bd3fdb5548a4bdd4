//! Connections: how many there are, how long each may take to ask, and how they end. What a connection costs is bounded, so that
//! clients that ask nothing, or never come to the end of it, keep nobody else from asking.

use axum::Router;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::oneshot;
use tokio::task::AbortHandle;

/// What connections may take.
#[derive(Clone, Copy)]
pub(super) struct Limits {
    /// How many are open.
    pub(super) n_open: usize,
    /// How long the header of a request may take, counted from the connection's begin or the last answer's end.
    pub(super) header: Duration,
}

/// After how long it is tried again to accept a connection when there are no file descriptors.
const RETRY: Duration = Duration::from_millis(50);

/// Answers whoever connects, until `stopped` comes or its sender is gone. Then what is asked is answered, and nothing else.
pub(super) async fn accept(listener: TcpListener, router: Router, limits: Limits, stopped: oneshot::Receiver<()>) {
    let mut stopped = pin!(stopped);
    let shutdown = GracefulShutdown::new();
    let mut open = Open { connections: VecDeque::new(), n_most: limits.n_open.max(1) };
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            _ = &mut stopped => break,
        };
        match accepted {
            Ok((stream, _)) if open.has_room() => open.serve(stream, &router, limits.header, &shutdown),
            Ok((stream, _)) => drop(stream),
            // A client that was gone before it was accepted, or no file descriptors: neither is a reason to end.
            Err(_) => {
                open.close_one();
                tokio::time::sleep(RETRY).await;
            }
        }
    }
    drop(listener);
    shutdown.shutdown().await;
}

/// Connections that are open, the oldest first.
struct Open {
    connections: VecDeque<Connection>,
    n_most: usize,
}

struct Connection {
    task: AbortHandle,
    /// Whether the header of a request came over it.
    has_asked: Arc<AtomicBool>,
}

impl Open {
    /// Whether one more may be open, if need be in the place of one that has asked nothing yet.
    fn has_room(&mut self) -> bool {
        self.connections.retain(|connection| !connection.task.is_finished());
        self.connections.len() < self.n_most || self.close_one()
    }

    /// Closes the oldest one that has asked nothing yet.
    fn close_one(&mut self) -> bool {
        let is_silent = |connection: &Connection| !connection.has_asked.load(Ordering::Relaxed);
        let silent = self.connections.iter().position(is_silent).and_then(|index| self.connections.remove(index));
        silent.as_ref().inspect(|connection| connection.task.abort()).is_some()
    }

    fn serve(&mut self, stream: TcpStream, router: &Router, header: Duration, shutdown: &GracefulShutdown) {
        let has_asked = Arc::new(AtomicBool::new(false));
        let asked = Arc::clone(&has_asked);
        let router = TowerToHyperService::new(router.clone());
        let service = service_fn(move |request: hyper::Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            router.call(request)
        });
        let mut http = http1::Builder::new();
        http.timer(TokioTimer::new()).header_read_timeout(header);
        let connection = shutdown.watch(http.serve_connection(TokioIo::new(stream), service));
        // An error is a client that is gone or speaks no HTTP.
        let task = tokio::spawn(async move { drop(connection.await) }).abort_handle();
        self.connections.push_back(Connection { task, has_asked });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axum::routing::get;
    use std::io::{Read as _, Write as _};
    use std::net::{SocketAddr, TcpStream as Client};
    use std::thread::{self, JoinHandle};
    use std::time::Instant;

    /// A server that ends when what is returned with its address is dropped.
    fn server(limits: Limits) -> (SocketAddr, oneshot::Sender<()>, JoinHandle<()>) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let (stop, stopped) = oneshot::channel();
        let slow = get(async || {
            tokio::time::sleep(Duration::from_millis(300)).await;
            "slow"
        });
        let router = Router::new().route("/", get(async || "here")).route("/slow", slow);
        (address, stop, thread::spawn(move || runtime.block_on(accept(listener, router, limits, stopped))))
    }

    fn send(address: SocketAddr, text: &str) -> Client {
        let mut client = Client::connect(address).unwrap();
        client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        client.write_all(text.as_bytes()).unwrap();
        client
    }

    fn ask(path: &str) -> String {
        format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
    }

    /// What comes until the connection is closed.
    fn received(mut client: Client) -> String {
        let mut text = Vec::new();
        let ended = client.read_to_end(&mut text);
        // Closed with something unread is a reset.
        assert!(ended.is_ok() || text.is_empty());
        String::from_utf8(text).unwrap()
    }

    const HALF: &str = "GET / HTTP/1.1\r\nHost: loc";

    #[test]
    fn half_a_header_and_none_at_all_are_closed_after_a_while() {
        let (address, _stop, _server) = server(Limits { n_open: 10, header: Duration::from_millis(200) });
        let began = Instant::now();
        let clients = [HALF, ""].map(|text| send(address, text));
        for client in clients {
            assert!(!received(client).contains("200 OK"));
        }
        assert!((Duration::from_millis(150)..Duration::from_secs(10)).contains(&began.elapsed()));
        assert!(received(send(address, &ask("/"))).ends_with("here"));
    }

    #[test]
    fn who_asks_is_answered_beside_any_number_who_do_not() {
        let (address, _stop, _server) = server(Limits { n_open: 20, header: Duration::from_secs(1000) });
        let slow = send(address, &ask("/slow"));
        thread::sleep(Duration::from_millis(50));
        let half: Vec<Client> = (0..300).map(|_| send(address, HALF)).collect();
        assert!(received(send(address, &ask("/"))).ends_with("here"));
        assert!(received(slow).ends_with("slow"), "what is asked is not given up for what is not");
        drop(half);
    }

    #[test]
    fn above_the_limit_a_connection_is_closed_at_once() {
        let (address, _stop, _server) = server(Limits { n_open: 2, header: Duration::from_secs(1000) });
        let slow = [(); 2].map(|()| send(address, &ask("/slow")));
        thread::sleep(Duration::from_millis(100));
        let mut third = Client::connect(address).unwrap();
        third.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        assert!(!matches!(third.read(&mut [0; 9]), Ok(1..)));
        for client in slow {
            assert!(received(client).ends_with("slow"));
        }
        assert!(received(send(address, &ask("/"))).ends_with("here"), "there is room again");
    }

    #[test]
    fn what_is_asked_when_it_is_stopped_is_answered() {
        let (address, stop, server) = server(Limits { n_open: 9, header: Duration::from_secs(1000) });
        let slow = send(address, &ask("/slow"));
        thread::sleep(Duration::from_millis(100));
        drop(stop);
        server.join().unwrap();
        assert!(received(slow).ends_with("slow"));
    }
}
