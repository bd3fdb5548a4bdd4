//! News as server-sent events: that a run has grown, that the list of runs or the jobs have changed.
//!
//! Every listener has a task and a channel of one place. A browser that does not read holds up its own task and nothing else, and hears of
//! the latest state when it reads again: what it missed in between was never made.

use super::jobs::Jobs;
use super::kept_runs::length_of_record;
use super::listing::STREAMS;
use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use futures_core::Stream;
use serde_json::json;
use std::convert::Infallible;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};
use tokio::sync::mpsc::{Receiver, Sender, channel};
use tokio::task::spawn_blocking;

/// How often a record is looked at for new lines.
const RECORD: Duration = Duration::from_millis(200);
/// How often a folder is looked at, and by how much longer than a look takes the next one waits at least.
const FOLDER: Duration = Duration::from_secs(1);
const PATIENCE: u32 = 20;
/// After so long without news a line goes out, so that a listener who is gone is noticed.
const SILENCE: Duration = Duration::from_secs(15);

/// One event.
fn event(name: &str, data: &serde_json::Value) -> Bytes {
    format!("event: {name}\ndata: {data}\n\n").into()
}

/// That the run in `dir` has grown: at once, and then whenever its record has.
pub(super) fn of_run(dir: PathBuf) -> Response {
    let (sender, receiver) = channel(1);
    tokio::spawn(async move {
        let mut known = None;
        let mut spoke = Instant::now();
        loop {
            let length = length_of_record(&dir);
            let news = if known != Some(length) {
                event("grown", &json!({ "bytes": length }))
            } else if spoke.elapsed() >= SILENCE {
                Bytes::from_static(b":\n\n")
            } else {
                tokio::time::sleep(RECORD).await;
                continue;
            };
            if sender.send(news).await.is_err() {
                return;
            }
            (known, spoke) = (Some(length), Instant::now());
        }
    });
    stream(receiver)
}

/// That the list of runs or the jobs have changed.
pub(super) fn of_folder(folder: PathBuf, jobs: Arc<Jobs>) -> Response {
    let (sender, receiver) = channel(1);
    tokio::spawn(tell_of_runs(folder, sender.clone()));
    tokio::spawn(tell_of_jobs(jobs, sender));
    stream(receiver)
}

async fn tell_of_runs(folder: PathBuf, sender: Sender<Bytes>) {
    let mut known = None;
    let mut spoke = Instant::now();
    loop {
        let began = Instant::now();
        let looked = folder.clone();
        let Ok(state) = spawn_blocking(move || state_of(&looked)).await else { return };
        let took = began.elapsed();
        let news = if known != Some(state) {
            event("runs", &json!({}))
        } else if spoke.elapsed() >= SILENCE {
            Bytes::from_static(b":\n\n")
        } else {
            tokio::time::sleep(FOLDER.max(took * PATIENCE)).await;
            continue;
        };
        if sender.send(news).await.is_err() {
            return;
        }
        (known, spoke) = (Some(state), Instant::now());
    }
}

async fn tell_of_jobs(jobs: Arc<Jobs>, sender: Sender<Bytes>) {
    let mut changes = jobs.changes();
    loop {
        if sender.send(event("jobs", &json!(jobs.list()))).await.is_err() {
            return;
        }
        // Jobs report thousands of pieces a second.
        tokio::time::sleep(RECORD).await;
        tokio::select! {
            changed = changes.changed() => if changed.is_err() { return },
            () = sender.closed() => return,
        }
    }
}

/// A number that changes when a run comes, goes, is recorded or gets a tag, and when a stream has read another segment.
fn state_of(folder: &Path) -> u64 {
    let mut hasher = DefaultHasher::new();
    let mut names: Vec<PathBuf> =
        std::fs::read_dir(folder).into_iter().flatten().filter_map(|entry| Some(entry.ok()?.path())).collect();
    names.sort();
    for dir in names {
        for file in ["", "record.jsonl"] {
            let known = std::fs::metadata(dir.join(file)).map(|known| (known.len(), known.modified().ok())).ok();
            (&dir, known).hash(&mut hasher);
        }
    }
    let mut streams: Vec<PathBuf> = std::fs::read_dir(folder.join(STREAMS))
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path().join("segments.jsonl")))
        .collect();
    streams.sort();
    for log in streams {
        let length = std::fs::metadata(&log).map(|known| known.len()).ok();
        (&log, length).hash(&mut hasher);
    }
    hasher.finish()
}

fn stream(receiver: Receiver<Bytes>) -> Response {
    let mut response = Body::from_stream(News(receiver)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    response
}

struct News(Receiver<Bytes>);

impl Stream for News {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(context).map(|news| news.map(Ok))
    }
}
