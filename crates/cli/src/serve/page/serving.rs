//! The server: its address, its token, and its end.

use super::access::Access;
use super::routes::{Shared, router};
use crate::failure::Failure;
use crate::opener::open_address;
use crate::say::{note, say};
use crate::serve::connections::{Limits, accept};
use crate::serve::listen::{address, listen};
use crate::signals::Signals;
use anyhow::{Context as _, anyhow};
use axum::Router;
use clap::Args;
use serde_json::json;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

/// Open the page: watch runs as they train, look at every unit, change what is trained (`dunwu serve`, then follow the address)
///
/// The address carries a token, without which nobody reads or changes anything: keep it to yourself. Only programs of this machine reach the
/// server unless --host says otherwise. Runs that the page begins end with the server, with their checkpoints written.
#[derive(Args)]
pub(crate) struct PageServing {
    /// Port; 0 takes a free one
    #[arg(long, default_value_t = PORT)]
    port: u16,
    /// Address to listen on; whoever reaches it and has the token may begin runs
    #[arg(long, default_value = "127.0.0.1", value_parser = address)]
    host: IpAddr,
    /// Folder that holds the run directories
    #[arg(long, value_name = "DIR", default_value = "runs")]
    runs: PathBuf,
    /// Open the page in the browser of this desktop
    #[arg(long)]
    open: bool,
    /// Address and token as one JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// None that notebooks, dashboards or servers of models take by default.
const PORT: u16 = 7987;
/// Ports after a taken one that are tried for the remedy.
const NEXT_PORTS: u16 = 100;
/// Connections at once: a browser opens six to a host, and each tab listens on two.
const CONNECTIONS: usize = 256;
/// How long the header of a request may take, and a connection may stay open between two requests.
const HEADER: Duration = Duration::from_secs(15);
/// How soon a signal is noticed.
const WATCH: Duration = Duration::from_millis(50);
/// How long answers may take to get to the browser when the server is stopped.
const FAREWELL: Duration = Duration::from_millis(500);

pub(crate) fn serve(serving: &PageServing) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(16)
        .build()
        .context("cannot begin to serve")?;
    if serving.runs.exists() && !serving.runs.is_dir() {
        let runs = serving.runs.display();
        return Err(Failure::usage(format!(
            "--runs: {runs} is a file; name the folder that holds the run directories"
        )));
    }
    let listener = listener(&runtime, serving)?;
    let address = listener.local_addr()?;
    let access = Arc::new(Access::new(address.ip().is_loopback()).context("cannot draw a token")?);
    let shared = Arc::new(Shared::new(serving.runs.clone()));
    let signals = Signals::watch()?;
    announce(serving, address, access.token());
    let served = runtime.block_on(until_signal(listener, router(Arc::clone(&shared), access), &signals));
    shared.jobs.end();
    runtime.shutdown_background();
    served?;
    signals.caught().map_or(Ok(()), |signal| Err(Failure::Stopped { signal }))
}

/// The port that was asked for; where it is taken, the next free one is named.
fn listener(runtime: &Runtime, serving: &PageServing) -> Result<TcpListener, Failure> {
    let at = |port| runtime.block_on(async { listen(SocketAddr::new(serving.host, port)) });
    let PageServing { host, port, .. } = *serving;
    at(port).map_err(|error| match error.kind() {
        io::ErrorKind::AddrInUse => {
            let next = (port.saturating_add(1)..=port.saturating_add(NEXT_PORTS)).find(|&next| at(next).is_ok());
            let remedy =
                next.map_or_else(String::new, |next| format!(": `dunwu serve --port {next}` takes the next free one"));
            anyhow!("port {port} of {host} is taken{remedy}").into()
        }
        _ => anyhow::Error::from(error).context(format!("cannot listen on {host}:{port}")).into(),
    })
}

fn announce(serving: &PageServing, address: SocketAddr, token: &str) {
    let page = format!("http://{address}/#token={token}");
    if !address.ip().is_loopback() {
        note!(
            "note: whoever reaches {address} and has the token may begin runs here; the token is not encrypted on its way"
        );
    }
    if serving.json {
        say!("{}", json!({ "url": format!("http://{address}/"), "token": token, "page": page, "runs": serving.runs }));
    } else {
        say!("Page, to open in a browser: {page}");
    }
    if serving.open {
        open_address(&page);
    }
}

/// Serves until a signal comes.
async fn until_signal(listener: TcpListener, router: Router, signals: &Signals) -> Result<(), tokio::task::JoinError> {
    let (stop, stopped) = oneshot::channel::<()>();
    let limits = Limits { n_open: CONNECTIONS, header: HEADER };
    let mut server = tokio::spawn(accept(listener, router, limits, stopped));
    while signals.caught().is_none() {
        if server.is_finished() {
            return server.await;
        }
        tokio::time::sleep(WATCH).await;
    }
    drop(stop);
    // Event streams have no end of their own.
    tokio::time::timeout(FAREWELL, &mut server).await.unwrap_or(Ok(()))
}
