//! One client: what its messages come to. Over stdio that is whoever writes to the process; over HTTP it is a session, or one
//! POST of a client that has none.

use crate::call::{self, Running, Sink, lock};
use crate::message::{self, Fault, Id, Kind, Message, Request};
use crate::revision::Revision;
use crate::server::{Server, Step};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

pub(crate) struct Client {
    server: Arc<Server>,
    /// What its handshake chose.
    chosen: Mutex<Option<Revision>>,
    running: Arc<Running>,
    /// Subscriptions by the requests that opened them.
    listening: Mutex<BTreeMap<Id, Subscription>>,
}

/// A subscription: the answer that ends it, and who gets that.
type Subscription = (Value, Arc<dyn Sink>);

/// Subscriptions of one client at once.
const N_LISTENING: usize = 16;

/// Messages of a batch at most.
const N_BATCH: usize = 64;

impl Client {
    pub(crate) fn new(server: Arc<Server>, chosen: Option<Revision>) -> Self {
        let (running, listening) = (Arc::default(), Mutex::default());
        Self { server, chosen: Mutex::new(chosen), running, listening }
    }

    pub(crate) fn chosen(&self) -> Option<Revision> {
        *lock(&self.chosen)
    }

    /// Takes a message, or a batch where the revision has batches.
    pub(crate) fn hear(&self, value: Value, sink: &Arc<dyn Sink>) {
        let Value::Array(values) = value else { return self.hear_one(value, sink, false) };
        let problem = match values.len() {
            _ if !self.chosen().is_some_and(Revision::has_batches) => {
                "batches are in revision 2025-03-26 alone".to_owned()
            }
            0 => "a batch is not empty".to_owned(),
            n if n > N_BATCH => format!("a batch has at most {N_BATCH} messages, and not {n}"),
            _ => {
                let batch: Arc<dyn Sink> = Arc::new(Batch { sink: Arc::clone(sink), answers: Mutex::default() });
                values.into_iter().for_each(|value| self.hear_one(value, &batch, true));
                return;
            }
        };
        self.refuse(&Fault::new(Kind::InvalidRequest, problem), sink);
    }

    /// Tells of a fault in something whose id is not known.
    pub(crate) fn refuse(&self, fault: &Fault, sink: &Arc<dyn Sink>) {
        sink.answer(fault.answer_without_id(self.chosen()), Some(fault.kind));
    }

    fn hear_one(&self, value: Value, sink: &Arc<dyn Sink>, is_in_batch: bool) {
        match message::read(value) {
            Ok(Message::Request(request)) if is_in_batch && request.method == "initialize" => {
                let fault = Fault::new(Kind::InvalidRequest, "initialize is in no batch");
                sink.answer(fault.answer(&request.id), Some(fault.kind));
            }
            Ok(Message::Request(request)) => self.answer(&request, sink),
            Ok(Message::Notification { method, params }) if method == "notifications/cancelled" => {
                self.cancel(params.get("requestId"));
            }
            Ok(Message::Notification { .. } | Message::Response) => {}
            Err(unread) => match *unread {
                (Some(id), fault) => sink.answer(fault.answer(&id), Some(fault.kind)),
                (None, fault) => self.refuse(&fault, sink),
            },
        }
    }

    fn answer(&self, request: &Request, sink: &Arc<dyn Sink>) {
        let id = &request.id;
        let Some(cancelled) = self.running.begin(id) else {
            // Without the id: the client would take it for the answer to the request that runs.
            let message =
                format!("the id {id} belongs to a request that is not answered yet: give each request its own");
            return self.refuse(&Fault::new(Kind::InvalidRequest, message), sink);
        };
        let step = self.server.step(request, self.chosen());
        if let Step::Call(call) = step {
            let started = call::start(&self.server, *call, Arc::clone(&self.running), cancelled, Arc::clone(sink));
            if let Err(error) = started {
                self.running.end(id);
                let fault = Fault::new(Kind::Internal, format!("cannot start a thread: {error}"));
                sink.answer(fault.answer(id), Some(fault.kind));
            }
            return;
        }
        if let Step::Listen { acknowledged, closed } = step {
            return self.listen(id, &acknowledged, closed, sink);
        }
        self.running.end(id);
        match step {
            Step::Answer(answer) => sink.answer(answer, None),
            Step::Greeted { answer, revision } => {
                *lock(&self.chosen) = Some(revision);
                sink.answer(answer, None);
            }
            Step::Fault(fault) => sink.answer(fault.answer(id), Some(fault.kind)),
            Step::Call(_) | Step::Listen { .. } => {} // above
        }
    }

    fn listen(&self, id: &Id, acknowledged: &Value, closed: Value, sink: &Arc<dyn Sink>) {
        let mut listening = lock(&self.listening);
        if listening.len() >= N_LISTENING {
            self.running.end(id);
            let fault = Fault::new(Kind::InvalidRequest, format!("{N_LISTENING} subscriptions are open already"));
            return sink.answer(fault.answer(id), Some(fault.kind));
        }
        sink.notify(acknowledged);
        listening.insert(id.clone(), (closed, Arc::clone(sink)));
    }

    fn cancel(&self, id: Option<&Value>) {
        self.running.cancel(id);
        if let Some(id) = id.and_then(Id::parse)
            && lock(&self.listening).remove(&id).is_some()
        {
            self.running.end(&id);
        }
    }

    /// Ends subscriptions with their answers.
    pub(crate) fn close(&self) {
        for (id, (closed, sink)) in std::mem::take(&mut *lock(&self.listening)) {
            self.running.end(&id);
            sink.answer(closed, None);
        }
    }

    /// Cancels everything: the client is gone.
    pub(crate) fn cancel_all(&self) {
        self.running.cancel_all();
        lock(&self.listening).clear();
    }

    /// Whether every request is answered.
    pub(crate) fn is_idle(&self) -> bool {
        self.running.is_empty()
    }
}

/// The answers to a batch. They are sent together when the last one of its requests has let go of it.
struct Batch {
    sink: Arc<dyn Sink>,
    answers: Mutex<Vec<Value>>,
}

impl Sink for Batch {
    fn notify(&self, notification: &Value) {
        self.sink.notify(notification);
    }

    fn answer(&self, answer: Value, _: Option<Kind>) {
        lock(&self.answers).push(answer);
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        let answers = std::mem::take(&mut *lock(&self.answers));
        if !answers.is_empty() {
            self.sink.answer(json!(answers), None);
        }
    }
}
