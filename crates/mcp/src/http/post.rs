//! What the end point does with each request.

use super::events::{Events, Presence, Received, pair};
use super::headers;
use super::sessions::Sessions;
use crate::call::lock;
use crate::client::Client;
use crate::message::{self, Fault, Kind};
use crate::revision::Revision;
use crate::server::Server;
use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::Value;
use std::sync::{Arc, Mutex, Weak};
use std::time::Duration;

/// What all connections share.
pub(super) struct Shared {
    server: Arc<Server>,
    sessions: Sessions,
    /// Clients whose requests run, to be told of the end.
    clients: Mutex<Vec<Weak<Client>>>,
}

/// How long a message may take to arrive.
const ARRIVAL: Duration = Duration::from_mins(1);

/// How long a client that takes event streams waits for an answer alone.
const PATIENCE: Duration = Duration::from_secs(5);

const SESSION: &str = "mcp-session-id";

impl Shared {
    pub(super) fn new(server: Arc<Server>) -> Self {
        Self { server, sessions: Sessions::default(), clients: Mutex::default() }
    }

    /// Ends all subscriptions.
    pub(super) fn close(&self) {
        for client in lock(&self.clients).iter().filter_map(Weak::upgrade) {
            client.close();
        }
    }

    fn remember(&self, client: &Arc<Client>) {
        let mut clients = lock(&self.clients);
        clients.retain(|client| client.strong_count() > 0);
        if !clients.iter().any(|other| other.as_ptr() == Arc::as_ptr(client)) {
            clients.push(Arc::downgrade(client));
        }
    }
}

/// GET: streams of what a server says unasked, which is nothing here.
pub(super) async fn not_allowed() -> Response {
    let allowed = [(header::ALLOW, "POST, DELETE, OPTIONS")];
    (StatusCode::METHOD_NOT_ALLOWED, allowed, "POST JSON-RPC messages here\n").into_response()
}

/// DELETE: the end of a session.
pub(super) async fn delete(State(shared): State<Arc<Shared>>, headers: HeaderMap) -> Response {
    let Some(id) = headers.get(SESSION).and_then(|id| id.to_str().ok()) else { return not_allowed().await };
    match shared.sessions.end(id) {
        Some(client) => {
            client.cancel_all();
            StatusCode::NO_CONTENT.into_response()
        }
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

/// POST: a message, or a batch of them.
pub(super) async fn post(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    match try_post(&shared, request).await {
        Ok(response) => response,
        Err(Refused { status, fault, revision }) => json(status, &fault.answer_without_id(revision)),
    }
}

struct Refused {
    status: StatusCode,
    fault: Fault,
    revision: Option<Revision>,
}

impl Refused {
    fn new(status: StatusCode, message: &str) -> Self {
        Self { status, fault: Fault::new(Kind::InvalidRequest, message), revision: None }
    }
}

async fn try_post(shared: &Arc<Shared>, request: Request) -> Result<Response, Refused> {
    let headers = request.headers().clone();
    if !names(&headers, header::CONTENT_TYPE, &["application/json"]) {
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the content type is application/json"));
    }
    let takes_events = names(&headers, header::ACCEPT, &["text/event-stream", "text/*", "*/*"]);
    let takes_json = names(&headers, header::ACCEPT, &["application/json", "application/*", "*/*"]);
    if headers.contains_key(header::ACCEPT) && !takes_events && !takes_json {
        let message = "accept application/json and text/event-stream";
        return Err(Refused::new(StatusCode::NOT_ACCEPTABLE, message));
    }
    let takes_events = takes_events && headers.contains_key(header::ACCEPT);
    let stated = headers::revision(&headers);
    let revision = stated.as_ref().ok().copied().flatten();
    let bad = |fault: Fault| Refused { status: StatusCode::BAD_REQUEST, fault, revision };
    let value = message::parse(&body(request, shared.server.limits.message_bytes).await?).map_err(bad)?;
    let stated = match stated.and_then(|stated| headers::agree(&headers, stated, &value).map(|()| stated)) {
        Ok(stated) => stated,
        Err(fault) => return Ok(refused(&value, &fault, revision)),
    };

    let has_begun = value.get("method").and_then(Value::as_str) == Some("initialize");
    let is_stateless = stated.is_some_and(Revision::is_stateless);
    let session = headers.get(SESSION).filter(|_| !has_begun && !is_stateless);
    let client = match session {
        Some(id) => {
            let found = id.to_str().ok().and_then(|id| shared.sessions.find(id));
            let unknown = || Refused::new(StatusCode::NOT_FOUND, "there is no such session: send initialize again");
            found.ok_or_else(unknown)?
        }
        // A client that began without a session, or before the header was invented.
        None => {
            let chosen = stated.filter(|revision| !revision.is_stateless());
            let chosen = if is_stateless || has_begun { None } else { chosen.or(Some(Revision::V2025_03_26)) };
            Arc::new(Client::new(Arc::clone(&shared.server), chosen))
        }
    };
    shared.remember(&client);

    let has_requests = has(&value, |message| message.get("method").is_some() && message.get("id").is_some());
    let wants_events = takes_events && (!takes_json || has(&value, wants_notifications));
    let (sink, received) = pair();
    // In a stateless revision who hangs up cancels. Before, a call goes on without anybody to answer.
    let presence = Presence(is_stateless.then(|| Arc::clone(&client)));
    client.hear(value, &sink);
    drop(sink);
    let mut response = if has_requests && wants_events {
        event_stream(received, presence)
    } else {
        whole(received, presence, takes_events, is_stateless, has_requests).await
    };
    if has_begun && client.chosen().is_some() {
        let id = shared.sessions.begin(client);
        if let Ok(id) = HeaderValue::from_str(&id) {
            response.headers_mut().insert(SESSION, id);
        }
    }
    Ok(response)
}

/// The answer alone, if it comes soon or the client takes nothing else.
async fn whole(
    mut received: Received,
    mut presence: Presence,
    takes_events: bool,
    is_stateless: bool,
    has_requests: bool,
) -> Response {
    let answered = if takes_events && has_requests {
        match tokio::time::timeout(PATIENCE, &mut received.answer).await {
            Ok(answered) => answered,
            Err(_elapsed) => return event_stream(received, presence),
        }
    } else {
        received.answer.await
    };
    presence.0 = None;
    match answered {
        Ok((answer, fault)) => json(status(fault, is_stateless), &answer),
        Err(_) if !has_requests => StatusCode::ACCEPTED.into_response(),
        Err(_) => {
            let fault = Fault::new(Kind::Cancelled, "the request was cancelled");
            json(StatusCode::OK, &fault.answer_without_id(None))
        }
    }
}

fn status(fault: Option<Kind>, is_stateless: bool) -> StatusCode {
    match fault {
        None => StatusCode::OK,
        Some(Kind::Parse | Kind::InvalidRequest | Kind::NoMeta | Kind::HeaderMismatch | Kind::NoRevision) => {
            StatusCode::BAD_REQUEST
        }
        Some(Kind::NoMethod) if is_stateless => StatusCode::NOT_FOUND,
        Some(Kind::NoMethod | Kind::InvalidParams | Kind::Internal | Kind::Cancelled) => StatusCode::OK,
    }
}

fn refused(value: &Value, fault: &Fault, revision: Option<Revision>) -> Response {
    let id = value.get("id").and_then(message::Id::parse);
    let answer = id.map_or_else(|| fault.answer_without_id(revision), |id| fault.answer(&id));
    json(StatusCode::BAD_REQUEST, &answer)
}

fn wants_notifications(message: &Value) -> bool {
    let has_token = |params: &Value| params.get("_meta")?.get("progressToken").map(|token| !token.is_null());
    let is_call = |method: &str| message.get("method").and_then(Value::as_str) == Some(method);
    is_call("subscriptions/listen")
        || is_call("tools/call") && message.get("params").and_then(has_token).unwrap_or_default()
}

fn has(value: &Value, holds: impl Fn(&Value) -> bool) -> bool {
    value.as_array().map_or_else(|| holds(value), |values| values.iter().any(&holds))
}

/// Whether a header lists one of some media types.
fn names(headers: &HeaderMap, name: header::HeaderName, types: &[&str]) -> bool {
    let values = headers.get_all(name);
    let mut named = values.iter().filter_map(|value| value.to_str().ok()).flat_map(|value| value.split(','));
    named.any(|item| {
        let item = item.split(';').next().unwrap_or_default().trim();
        types.iter().any(|one| item.eq_ignore_ascii_case(one))
    })
}

async fn body(request: Request, longest: usize) -> Result<Bytes, Refused> {
    match tokio::time::timeout(ARRIVAL, Bytes::from_request(request, &())).await {
        Ok(Ok(bytes)) => Ok(bytes),
        Ok(Err(error)) if error.status() == StatusCode::PAYLOAD_TOO_LARGE => {
            let message = format!("a message has at most {longest} bytes: send less at once");
            Err(Refused::new(StatusCode::PAYLOAD_TOO_LARGE, &message))
        }
        Ok(Err(_)) => Err(Refused::new(StatusCode::BAD_REQUEST, "the message did not arrive whole")),
        Err(_elapsed) => Err(Refused::new(StatusCode::REQUEST_TIMEOUT, "the message did not arrive in time")),
    }
}

fn json(status: StatusCode, message: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, message.to_string()).into_response()
}

fn event_stream(received: Received, presence: Presence) -> Response {
    let headers = [
        (header::CONTENT_TYPE, "text/event-stream"),
        (header::CACHE_CONTROL, "no-cache"),
        (header::HeaderName::from_static("x-accel-buffering"), "no"),
    ];
    (headers, Body::from_stream(Events::new(received, presence))).into_response()
}
