//! What comes of one POST: an answer alone, or an event stream with notifications before it.

use crate::call::{Sink, lock};
use crate::client::Client;
use crate::message::Kind;
use axum::body::Bytes;
use futures_core::Stream;
use serde_json::Value;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Interval, interval_at};

/// The answer to a POST, and what kind of fault it tells.
pub(super) type Answer = (Value, Option<Kind>);

/// Notifications that a client may be behind; further ones are dropped until it has read some.
const BEHIND: usize = 64;

/// A stream that says nothing for this long sends a comment, so that nobody between takes it for dead.
const ALIVE: Duration = Duration::from_secs(10);

/// The sending half.
pub(super) struct PostSink {
    notifications: mpsc::Sender<Value>,
    answer: Mutex<Option<oneshot::Sender<Answer>>>,
}

impl Sink for PostSink {
    fn notify(&self, notification: &Value) {
        // A full channel drops it: progress is no matter of life.
        drop(self.notifications.try_send(notification.clone()));
    }

    fn answer(&self, answer: Value, fault: Option<Kind>) {
        if let Some(sender) = lock(&self.answer).take() {
            drop(sender.send((answer, fault))); // or the client is gone
        }
    }
}

/// The receiving half.
pub(super) struct Received {
    pub(super) notifications: mpsc::Receiver<Value>,
    pub(super) answer: oneshot::Receiver<Answer>,
}

pub(super) fn pair() -> (Arc<dyn Sink>, Received) {
    let (notify, notifications) = mpsc::channel(BEHIND);
    let (send, answer) = oneshot::channel();
    let sink = PostSink { notifications: notify, answer: Mutex::new(Some(send)) };
    (Arc::new(sink), Received { notifications, answer })
}

/// Cancels what a client asked when it hangs up, where the revision says so.
pub(super) struct Presence(pub(super) Option<Arc<Client>>);

impl Drop for Presence {
    fn drop(&mut self) {
        if let Some(client) = &self.0 {
            client.cancel_all();
        }
    }
}

/// An event stream: notifications in their order, then the answer, then the end. Without an answer, for a request that was
/// cancelled, it just ends.
pub(super) struct Events {
    received: Received,
    alive: Interval,
    /// The answer, while notifications that came before it are sent.
    answer: Option<Value>,
    has_ended: bool,
    presence: Presence,
}

impl Events {
    pub(super) fn new(received: Received, presence: Presence) -> Self {
        let alive = interval_at(tokio::time::Instant::now() + ALIVE, ALIVE);
        Self { received, alive, answer: None, has_ended: false, presence }
    }

    fn end(&mut self) {
        self.has_ended = true;
        self.presence.0 = None;
    }
}

impl Stream for Events {
    type Item = Result<Bytes, Infallible>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        if this.has_ended {
            return Poll::Ready(None);
        }
        if this.answer.is_none()
            && let Poll::Ready(answered) = Pin::new(&mut this.received.answer).poll(context)
        {
            match answered {
                Ok((answer, _)) => this.answer = Some(answer),
                Err(_dropped) => {
                    this.end();
                    return Poll::Ready(None);
                }
            }
        }
        // After the answer is there, nothing is notified any more: what is in the channel came before it.
        if let Poll::Ready(Some(notification)) = this.received.notifications.poll_recv(context) {
            this.alive.reset();
            return Poll::Ready(Some(Ok(event(&notification))));
        }
        if let Some(answer) = this.answer.take() {
            this.end();
            return Poll::Ready(Some(Ok(event(&answer))));
        }
        if this.alive.poll_tick(context).is_ready() {
            return Poll::Ready(Some(Ok(Bytes::from_static(b":\n\n"))));
        }
        Poll::Pending
    }
}

fn event(message: &Value) -> Bytes {
    Bytes::from(format!("event: message\ndata: {message}\n\n"))
}
