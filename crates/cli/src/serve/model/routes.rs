//! Which path does what.

use super::guard::guard;
use super::queue::{Job, Queue, Turned};
use super::refusal::Refusal;
use super::reply::{self, Chunks, Heading, Kind};
use super::request::{self, Asked, Delivery};
use super::served::Served;
use axum::body::{Body, Bytes};
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, FromRequest as _, Request, State};
use axum::http::{HeaderValue, StatusCode, Uri, header};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use tokio::sync::mpsc::channel;

/// What all connections share.
pub(super) struct Shared {
    pub(super) served: Arc<Served>,
    queue: Arc<Queue>,
    /// Makes the ids of answers, and seeds where clients name none.
    n_answers: AtomicU64,
}

/// Bytes of a request. A conversation of a million characters fits.
const BODY_LIMIT: usize = 4 << 20;

/// How long a request may take to arrive.
const ARRIVAL: Duration = Duration::from_mins(1);

/// Events that a client may be behind before its answer pauses.
const BEHIND: usize = 32;

impl Shared {
    pub(super) fn new(served: Arc<Served>, queue: Arc<Queue>) -> Self {
        Self { served, queue, n_answers: AtomicU64::new(0) }
    }

    fn model(&self) -> Value {
        json!({ "id": self.served.name, "object": "model", "created": self.served.created, "owned_by": "dunwu" })
    }
}

pub(super) fn router(shared: Arc<Shared>, is_loopback: bool) -> Router {
    Router::new()
        .route("/health", get(async || Json(json!({ "status": "ok" }))))
        .route("/v1/models", get(models))
        .route("/v1/models/{name}", get(models_one))
        .route("/v1/chat/completions", post(chat_completions))
        .route("/v1/completions", post(completions))
        .fallback(unknown)
        .method_not_allowed_fallback(not_allowed)
        .layer(DefaultBodyLimit::max(BODY_LIMIT))
        .layer(from_fn_with_state(is_loopback, guard))
        .with_state(shared)
}

async fn models(State(shared): State<Arc<Shared>>) -> Json<Value> {
    Json(json!({ "object": "list", "data": [shared.model()] }))
}

async fn models_one(State(shared): State<Arc<Shared>>, uri: Uri) -> Result<Json<Value>, Refusal> {
    let is_ours = uri.path().strip_prefix("/v1/models/") == Some(shared.served.name.as_str());
    let message = || format!("there is no such model; the only one is {}", shared.served.name);
    let unknown = || Refusal::new(StatusCode::NOT_FOUND, message()).with_code("model_not_found");
    is_ours.then(|| Json(shared.model())).ok_or_else(unknown)
}

async fn unknown(uri: Uri) -> Refusal {
    let message = format!(
        "there is no {}: paths are /v1/chat/completions, /v1/completions, /v1/models, /health",
        uri.path().chars().take(100).collect::<String>()
    );
    Refusal::new(StatusCode::NOT_FOUND, message).with_code("unknown_url")
}

async fn not_allowed(request: Request) -> Refusal {
    let message = format!("{} is not allowed here", request.method());
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, message).with_code("method_not_allowed")
}

async fn chat_completions(State(shared): State<Arc<Shared>>, request: Request) -> Result<Response, Refusal> {
    let asked = request::chat(&body(request).await?)?;
    answer(shared, Kind::Chat, asked).await
}

async fn completions(State(shared): State<Arc<Shared>>, request: Request) -> Result<Response, Refusal> {
    let asked = request::text(&body(request).await?)?;
    answer(shared, Kind::Text, asked).await
}

async fn body(request: Request) -> Result<Value, Refusal> {
    let arrived = tokio::time::timeout(ARRIVAL, Bytes::from_request(request, &())).await;
    let bytes = match arrived {
        Ok(Ok(bytes)) => bytes,
        Ok(Err(error)) => return Err(unreadable(&error)),
        Err(_elapsed) => return Err(Refusal::new(StatusCode::REQUEST_TIMEOUT, "the request did not arrive in time")),
    };
    serde_json::from_slice(&bytes).map_err(|error| {
        Refusal::new(StatusCode::BAD_REQUEST, format!("the body is not JSON: {error}")).with_code("invalid_json")
    })
}

fn unreadable(error: &BytesRejection) -> Refusal {
    match error.status() {
        StatusCode::PAYLOAD_TOO_LARGE => {
            let message = format!("the body is larger than {} MiB", BODY_LIMIT >> 20);
            Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, message)
        }
        _ => {
            let message = "the body did not arrive whole: its chunks or its length are not what was announced";
            Refusal::new(StatusCode::BAD_REQUEST, message).with_code("invalid_body")
        }
    }
}

async fn answer(shared: Arc<Shared>, kind: Kind, asked: Asked) -> Result<Response, Refusal> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let number = shared.n_answers.fetch_add(1, Ordering::Relaxed);
    let own_seed = (now.as_nanos() as u64).wrapping_add(number);
    let (delivery, has_logprobs) = (asked.delivery, asked.n_likeliest.is_some());
    let served = Arc::clone(&shared.served);
    let prepared = tokio::task::spawn_blocking(move || served.prepare(asked, own_seed)).await;
    let (prompt, manner) =
        prepared.map_err(|error| Refusal::new(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))??;
    let heading = Heading {
        kind,
        id: format!("{}-{own_seed:016x}{number:08x}", if kind == Kind::Chat { "chatcmpl" } else { "cmpl" }),
        created: now.as_secs(),
        model: shared.served.name.clone(),
        n_prompt: prompt.len() as u64,
    };
    let (events, receiver) = channel(BEHIND);
    shared.queue.push(Job { prompt, manner, events }).map_err(turned)?;
    match delivery {
        Delivery::Whole => {
            let whole = reply::whole(&heading, receiver, has_logprobs, &shared.served.tokenizer).await?;
            Ok(Json(whole).into_response())
        }
        Delivery::Streamed { with_usage } => {
            Ok(event_stream(Chunks::new(heading, receiver, with_usage, Arc::clone(&shared.served))))
        }
    }
}

fn event_stream(chunks: impl futures_core::Stream<Item = io::Result<Bytes>> + Send + 'static) -> Response {
    let mut response = Body::from_stream(chunks).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

fn turned(turned: Turned) -> Refusal {
    let message = match turned {
        Turned::Full => "too many requests are waiting: try again soon",
        Turned::Closed => "the server is about to end",
    };
    Refusal::new(StatusCode::SERVICE_UNAVAILABLE, message).with_code("overloaded")
}
