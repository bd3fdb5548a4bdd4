//! `dunwu serve-model`: a model behind `OpenAI`'s HTTP interface, for programs of this machine.
//!
//! ```text
//! connections (tokio, one thread) ──▶ Queue ──▶ scheduler (one thread, owns the decoder)
//!            ▲                                      │
//!            └────── a bounded channel each ◀───────┘
//! ```
//!
//! A connection never decodes, and the scheduler never waits for a connection.

mod event;
mod fields;
mod guard;
mod queue;
mod refusal;
mod reply;
mod request;
mod routes;
mod scheduler;
mod served;

use super::connections::{Limits, accept};
use super::listen::{address, listen};
use crate::failure::Failure;
use crate::say::{note, say};
use crate::signals::Signals;
use crate::watching::show;
use anyhow::{Context as _, anyhow};
use clap::Args;
use dunwu_attention::cache::Assignment;
use dunwu_attention::constrain::TokenTrie;
use dunwu_attention::template::ChatTemplate;
use dunwu_streams::{LanguageModel, language_model};
use event::Event;
use queue::Queue;
use routes::Shared;
use scheduler::{STOPPED, Scheduling, schedule};
use serde_json::json;
use served::Served;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinError;

/// Which model is served, to whom, and with how much of the machine.
#[derive(Args)]
pub(crate) struct Serving {
    /// A GGUF file, or a folder with safetensors, config.json and tokenizer.json
    model: PathBuf,
    /// Port; 0 takes a free one
    #[arg(long, default_value_t = 8080)]
    port: u16,
    /// Address to listen on; there is no authentication
    #[arg(long, default_value = "127.0.0.1", value_parser = address)]
    host: IpAddr,
    /// What each answer's cache keeps: full, window:2048, sinks:4+2044, …
    #[arg(long, default_value = "sinks:4+2044")]
    policy: String,
    /// Tokens of a prompt and its answer with the policy `full` (default: as many as the model was trained on)
    #[arg(long, value_name = "TOKENS", value_parser = clap::value_parser!(u64).range(1..))]
    context: Option<u64>,
    /// Threads that decode (default: as many as there are cores)
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    threads: Option<u16>,
    /// Answers at once, each with a cache of its own
    #[arg(long, value_name = "N", default_value = "4", value_parser = clap::value_parser!(u16).range(1..=256))]
    parallel: u16,
    /// Requests that may wait; further ones are told to try again
    #[arg(long, value_name = "N", default_value = "64", value_parser = clap::value_parser!(u16).range(0..=4096))]
    waiting: u16,
    /// How long a client that does not read its answer is waited for
    #[arg(long, value_name = "SECONDS", default_value = "60", value_parser = crate::run::seconds)]
    patience: Duration,
    /// No progress on standard error
    #[arg(long)]
    quiet: bool,
    /// The address as one JSON object on standard output
    #[arg(long)]
    json: bool,
}

/// How long answers may take to get to their clients when the server is stopped.
const FAREWELL: Duration = Duration::from_secs(3);

/// Connections beside those whose requests are answered or wait: for the next requests, and for browsers, which open some in
/// advance. With the defaults 256 in all, of which a process may have 1024 on Linux by default.
const SPARE: usize = 188;

/// How long the header of a request may take, and a connection may stay open between two requests.
const HEADER: Duration = Duration::from_secs(15);

/// How soon a signal is noticed.
const WATCH: Duration = Duration::from_millis(50);

pub(crate) fn serve(serving: &Serving) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .max_blocking_threads(2) // requests are prepared there: templates, tokens, schemas
        .build()
        .context("cannot begin to serve")?;
    // Before the model is loaded: a port in use is told at once.
    let listener = runtime.block_on(async { listen(SocketAddr::new(serving.host, serving.port)) });
    let listener = listener.with_context(|| format!("cannot listen on {}:{}", serving.host, serving.port))?;
    let (served, scheduling) = load(serving)?;
    let served = Arc::new(served);
    let signals = Signals::watch()?;
    let queue = Arc::new(Queue::new(usize::from(serving.waiting)));
    let shared = Arc::new(Shared::new(Arc::clone(&served), Arc::clone(&queue)));
    let n_open = usize::from(serving.parallel) + usize::from(serving.waiting) + SPARE;
    let limits = Limits { n_open, header: HEADER };
    let decoding = decode(served, Arc::clone(&queue), scheduling)?;
    announce(serving, listener.local_addr()?);
    let ended = runtime.block_on(connections(listener, shared, limits, &signals, &decoding, &queue));
    runtime.shutdown_background();
    if decoding.join().is_err() {
        return Err(anyhow!("the thread that decodes has panicked, which is a bug").into());
    }
    ended?;
    signals.caught().map_or(Ok(()), |signal| Err(Failure::Stopped { signal }))
}

fn load(serving: &Serving) -> Result<(Served, Scheduling), Failure> {
    let opened = show(serving.quiet, |watcher| LanguageModel::open(&serving.model, watcher));
    let LanguageModel { file, model, tokenizer } = opened?;
    let shape = model.hyperparameters();
    let assignment =
        Assignment::parse(&serving.policy, shape).map_err(|error| Failure::usage(format!("--policy: {error}")))?;
    let is_endless = assignment.policies.iter().flatten().all(|policy| policy.keys().is_some());
    if serving.context.is_some() && is_endless {
        let policy = &serving.policy;
        return Err(Failure::usage(format!("--context goes with the policy full: {policy} forgets, and has no end")));
    }
    let scheduling = Scheduling {
        n_threads: language_model::threads(serving.threads),
        parallel: usize::from(serving.parallel),
        patience: serving.patience,
        assignment,
    };
    let template = file.chat_template.as_deref().map(ChatTemplate::new).transpose();
    let trained_context = shape.trained_context as u64;
    let served = Served {
        trie: TokenTrie::new(&tokenizer),
        tokenizer,
        template: template.context("the model's chat template cannot be used")?,
        name: name(&serving.model),
        created: SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs()),
        context: (!is_endless).then(|| serving.context.unwrap_or(trained_context)),
        max_tokens: trained_context,
        model,
    };
    Ok((served, scheduling))
}

/// What a model is called: its file without the folder and the ending.
fn name(path: &Path) -> String {
    let name = if path.is_dir() { path.file_name() } else { path.file_stem() };
    name.map_or_else(|| "model".to_owned(), |name| name.to_string_lossy().into_owned())
}

fn decode(served: Arc<Served>, queue: Arc<Queue>, scheduling: Scheduling) -> io::Result<JoinHandle<()>> {
    let run = move || schedule(&served.model, &served.tokenizer, &queue, &scheduling);
    thread::Builder::new().name("decode".to_owned()).spawn(run)
}

fn announce(serving: &Serving, address: SocketAddr) {
    if !serving.host.is_loopback() {
        note!("note: whoever reaches {address} may use the model: there is no authentication");
    }
    note!("listening on http://{address}");
    if serving.json {
        say!("{}", json!({ "url": format!("http://{address}"), "model": name(&serving.model) }));
    }
}

/// Serves until a signal comes, or until nothing decodes any more. Then no connection is accepted, answers under way end with an
/// error, and what is on its way is waited for, but not for long.
async fn connections(
    listener: TcpListener,
    shared: Arc<Shared>,
    limits: Limits,
    signals: &Signals,
    decoding: &JoinHandle<()>,
    queue: &Queue,
) -> Result<(), JoinError> {
    let (stop, stopped) = oneshot::channel::<()>();
    let address = listener.local_addr();
    let router = routes::router(shared, address.is_ok_and(|address| address.ip().is_loopback()));
    let mut server = tokio::spawn(accept(listener, router, limits, stopped));
    while signals.caught().is_none() && !decoding.is_finished() {
        if server.is_finished() {
            return server.await;
        }
        tokio::time::sleep(WATCH).await;
    }
    for job in queue.close() {
        let told = job.events.try_send(Event::Failed { reason: STOPPED.to_owned() });
        drop(told); // or the client is gone
    }
    drop(stop);
    tokio::time::timeout(FAREWELL, &mut server).await.unwrap_or(Ok(()))
}
