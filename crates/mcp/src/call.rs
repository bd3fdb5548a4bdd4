//! Calls that run, each on a thread of its own, and who hears of them.

use crate::message::{Id, Kind, notification};
use crate::server::{Call, Server};
use crate::tool::Watch;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

/// Whether a request was cancelled by its client.
pub(crate) type Cancelled = Arc<AtomicBool>;

/// Who gets what comes of one message. Whoever was cancelled gets no answer: the sink is dropped.
pub(crate) trait Sink: Send + Sync {
    /// Takes a notification that goes before the answer. It may be dropped if nobody reads.
    fn notify(&self, notification: &Value);

    /// Takes the answer, and what kind of fault it tells, if it tells one.
    fn answer(&self, answer: Value, fault: Option<Kind>);
}

/// Starts a call on a thread of its own. Its request is in `running` until right before the answer.
pub(crate) fn start(
    server: &Arc<Server>,
    call: Call,
    running: Arc<Running>,
    cancelled: Cancelled,
    sink: Arc<dyn Sink>,
) -> io::Result<()> {
    let server = Arc::clone(server);
    let run = move || {
        let told = Mutex::new(Told { done: f64::NEG_INFINITY, at: None });
        let (id, token) = (call.id.clone(), call.token.clone());
        let watch = CallWatch { server: &server, cancelled: &cancelled, token, told, sink: &*sink };
        let answer = server.perform(call, &watch);
        running.end(&id);
        if !cancelled.load(Ordering::Acquire) {
            sink.answer(answer, None);
        }
    };
    thread::Builder::new().name("call".to_owned()).spawn(run).map(drop)
}

struct CallWatch<'a> {
    server: &'a Server,
    cancelled: &'a AtomicBool,
    token: Option<Value>,
    told: Mutex<Told>,
    sink: &'a dyn Sink,
}

struct Told {
    done: f64,
    at: Option<Instant>,
}

/// Progress notifications of one call are at least this far apart.
const APART: Duration = Duration::from_millis(50);

impl Watch for CallWatch<'_> {
    fn progress(&self, done: f64, of: Option<f64>, message: &str) {
        let Some(token) = &self.token else { return };
        let mut told = lock(&self.told);
        let is_soon = told.at.is_some_and(|at| at.elapsed() < APART);
        if self.cancelled.load(Ordering::Acquire) || is_soon || !done.is_finite() || done <= told.done {
            return;
        }
        *told = Told { done, at: Some(Instant::now()) };
        let mut params = json!({ "progressToken": token, "progress": done, "message": message });
        if let Some(of) = of.filter(|of| of.is_finite()) {
            params["total"] = json!(of);
        }
        self.sink.notify(&notification("notifications/progress", params));
    }

    fn is_cancelled(&self) -> bool {
        self.cancelled.load(Ordering::Acquire) || self.server.stopping.load(Ordering::Acquire)
    }
}

/// The requests of one client that are not answered yet.
#[derive(Default)]
pub(crate) struct Running(Mutex<BTreeMap<Id, Cancelled>>);

impl Running {
    /// Notes a request, unless another one with the same id runs.
    pub(crate) fn begin(&self, id: &Id) -> Option<Cancelled> {
        let mut running = lock(&self.0);
        if running.contains_key(id) {
            return None;
        }
        let cancelled = Cancelled::default();
        running.insert(id.clone(), Arc::clone(&cancelled));
        Some(cancelled)
    }

    pub(crate) fn end(&self, id: &Id) {
        lock(&self.0).remove(id);
    }

    /// Cancels the request that a notification names; one that is unknown or has ended is none of its business.
    pub(crate) fn cancel(&self, id: Option<&Value>) {
        if let Some(cancelled) = id.and_then(Id::parse).and_then(|id| lock(&self.0).get(&id).cloned()) {
            cancelled.store(true, Ordering::Release);
        }
    }

    pub(crate) fn cancel_all(&self) {
        lock(&self.0).values().for_each(|cancelled| cancelled.store(true, Ordering::Release));
    }

    pub(crate) fn is_empty(&self) -> bool {
        lock(&self.0).is_empty()
    }
}

/// What a panic of another thread leaves behind is whole: nothing here panics while it holds a lock.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
