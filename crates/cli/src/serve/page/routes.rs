//! Which path does what. [`END_POINTS`](super::openapi) describes them to programs.

use super::access::{Access, guard};
use super::asking::ask_for_page;
use super::jobs::{Job, Jobs};
use super::kept_runs::KeptRuns;
use super::listing::RunsOnPage;
use super::openapi::openapi;
use super::refusal::Refused;
use super::{events, files, words};
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::{StatusCode, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use dunwu_report::packed::PackedRequest;
use dunwu_report::skin::AskedOnPage;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

/// Bytes of a request.
const BODY_LIMIT: usize = 1 << 20;

/// Commands that are computed at once for all listeners. Each takes all cores, so that more would not be done sooner.
const MOST_AT_ONCE: usize = 2;

/// The server's state, which all connections share.
pub(super) struct Shared {
    folder: PathBuf,
    runs: KeptRuns,
    pub(super) jobs: Arc<Jobs>,
    listing: super::listing::Listing,
    turns: Semaphore,
}

/// The server in three facts, which need no token.
#[derive(Serialize, JsonSchema)]
pub(super) struct About {
    /// Version of the program.
    version: &'static str,
    /// The folder of runs.
    folder: PathBuf,
    /// Whether whoever holds the token may change runs.
    may_change: bool,
}

/// The body of a request that begins a job.
#[derive(Deserialize, JsonSchema)]
pub(super) struct Words {
    /// The command, a word an entry, without the name of the program.
    words: Vec<String>,
}

/// The query of a request for a packed run.
#[derive(Deserialize)]
struct Rows {
    after: Option<u64>,
    tables: Option<String>,
}

impl Shared {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self {
            runs: KeptRuns::new(folder.clone()),
            jobs: Arc::new(Jobs::new(folder.clone())),
            listing: super::listing::Listing::new(folder.clone()),
            turns: Semaphore::new(MOST_AT_ONCE),
            folder,
        }
    }
}

pub(super) fn router(shared: Arc<Shared>, access: Arc<Access>) -> Router {
    Router::new()
        .route("/api/about", get(about))
        .route("/api/openapi.json", get(async || Json(openapi())))
        .route("/api/runs", get(runs))
        .route("/api/runs/{name}/packed", get(packed))
        .route("/api/runs/{name}/events", get(events_of_run))
        .route("/api/events", get(events_of_folder))
        .route("/api/answer", get(answer))
        .route("/api/jobs", get(jobs).post(start_job))
        .route("/api/jobs/{id}", get(job).delete(stop_job))
        .fallback_service(get(files::file))
        .method_not_allowed_fallback(async || {
            Refused::new(StatusCode::METHOD_NOT_ALLOWED, "this path has no such method")
        })
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(access, guard))
        .with_state(shared)
}

async fn about(State(shared): State<Arc<Shared>>) -> Json<About> {
    Json(About { version: env!("CARGO_PKG_VERSION"), folder: shared.folder.clone(), may_change: true })
}

async fn runs(State(shared): State<Arc<Shared>>) -> Result<Json<RunsOnPage>, Refused> {
    let listed = spawn_blocking(move || shared.listing.list()).await.map_err(Refused::failed)?;
    listed.map(Json).map_err(|error| Refused::failed(error.sentence()))
}

async fn packed(
    State(shared): State<Arc<Shared>>,
    Path(name): Path<String>,
    Query(Rows { after, tables }): Query<Rows>,
) -> Result<Response, Refused> {
    let tables = tables.map(|tables| tables.split(',').map(str::to_owned).collect());
    let request = PackedRequest { after, tables, ..PackedRequest::default() };
    let packed = spawn_blocking(move || shared.runs.packed(&name, &request)).await.map_err(Refused::failed)??;
    Ok(([(header::CONTENT_TYPE, "application/octet-stream")], packed).into_response())
}

async fn events_of_run(State(shared): State<Arc<Shared>>, Path(name): Path<String>) -> Result<Response, Refused> {
    Ok(events::of_run(shared.runs.find(&name)?))
}

async fn events_of_folder(State(shared): State<Arc<Shared>>) -> Response {
    events::of_folder(shared.folder.clone(), Arc::clone(&shared.jobs))
}

/// Asks the command to stop when whoever asked does not wait for it any more.
struct StopWhenDropped(Arc<AtomicBool>);

impl Drop for StopWhenDropped {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

async fn answer(
    State(shared): State<Arc<Shared>>,
    Query(pairs): Query<Vec<(String, String)>>,
) -> Result<Json<AskedOnPage>, Refused> {
    let words: Vec<String> = pairs.into_iter().filter(|(key, _)| key == "word").map(|(_, word)| word).collect();
    if let Some(why) = words::refusal_to_read(&words) {
        return Err(Refused::wrong(why));
    }
    let stop = Arc::new(AtomicBool::new(false));
    let _stop = StopWhenDropped(Arc::clone(&stop));
    let _turn = shared.turns.acquire().await.map_err(Refused::failed)?;
    let folder = shared.folder.clone();
    let asked = spawn_blocking(move || ask_for_page(&folder, &words, Box::new(drop), stop));
    let asked = asked.await.map_err(Refused::failed)?;
    asked.map(Json).map_err(|refusal| Refused::wrong(refusal.message))
}

async fn jobs(State(shared): State<Arc<Shared>>) -> Json<Vec<Job>> {
    Json(shared.jobs.list())
}

async fn job(State(shared): State<Arc<Shared>>, Path(id): Path<u64>) -> Result<Json<Job>, Refused> {
    shared.jobs.get(id).map(Json)
}

async fn start_job(State(shared): State<Arc<Shared>>, body: Bytes) -> Result<Json<Job>, Refused> {
    let asked: Words = serde_json::from_slice(&body)
        .map_err(|error| Refused::wrong(format!("the body is not {{\"words\": [...]}}: {error}")))?;
    match words::refusal_to_change(&asked.words) {
        Some(why) => Err(Refused::wrong(why)),
        None => shared.jobs.start(asked.words).map(Json),
    }
}

async fn stop_job(State(shared): State<Arc<Shared>>, Path(id): Path<u64>) -> Result<StatusCode, Refused> {
    shared.jobs.stop(id)?;
    Ok(StatusCode::NO_CONTENT)
}
