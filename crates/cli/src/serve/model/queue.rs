//! Requests that wait for their turn, between the connections and the one thread that decodes.

use super::event::Event;
use dunwu_attention::speak::Manner;
use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::sync::mpsc::Sender;

/// What is to be answered.
pub(super) struct Job {
    /// The tokens of the prompt, at least one.
    pub(super) prompt: Vec<u32>,
    /// How the answer is to be.
    pub(super) manner: Manner,
    /// Where it goes. Bounded, so that a client that does not read makes no memory grow; an answer that is collected until it is
    /// whole has at most as many tokens as the context, or as the model was trained on.
    pub(super) events: Sender<Event>,
}

/// Why a job was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turned {
    /// So many are waiting already.
    Full,
    /// The server is about to end.
    Closed,
}

/// Jobs in the order in which they came.
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    came: Condvar,
    capacity: usize,
}

#[derive(Default)]
struct Waiting {
    jobs: VecDeque<Job>,
    is_closed: bool,
}

impl Queue {
    pub(super) fn new(capacity: usize) -> Self {
        Self { waiting: Mutex::default(), came: Condvar::new(), capacity }
    }

    pub(super) fn push(&self, job: Job) -> Result<(), Turned> {
        let mut waiting = self.lock();
        if waiting.is_closed {
            return Err(Turned::Closed);
        }
        waiting.jobs.retain(|job| !job.events.is_closed()); // clients that are gone keep no place
        if waiting.jobs.len() >= self.capacity {
            return Err(Turned::Full);
        }
        waiting.jobs.push_back(job);
        self.came.notify_one();
        Ok(())
    }

    /// The next job whose client still waits.
    pub(super) fn take(&self) -> Option<Job> {
        let mut waiting = self.lock();
        while let Some(job) = waiting.jobs.pop_front() {
            if !job.events.is_closed() {
                return Some(job);
            }
        }
        None
    }

    /// Waits until something came, it was closed, or the time is up.
    pub(super) fn wait(&self, at_most: Option<Duration>) {
        let waiting = self.lock();
        let is_idle = |waiting: &mut Waiting| waiting.jobs.is_empty() && !waiting.is_closed;
        match at_most {
            // Not before the time is up even if jobs wait: there was no room for them.
            Some(time) => drop(self.came.wait_timeout(waiting, time)),
            None => drop(self.came.wait_while(waiting, is_idle)),
        }
    }

    /// Takes no more jobs, and gives those back that nobody took.
    pub(super) fn close(&self) -> VecDeque<Job> {
        let mut waiting = self.lock();
        waiting.is_closed = true;
        self.came.notify_one();
        std::mem::take(&mut waiting.jobs)
    }

    pub(super) fn is_closed(&self) -> bool {
        self.lock().is_closed
    }

    /// No code panics while it holds the lock, and if it did, a queue of jobs would still be one.
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokio::sync::mpsc::{Receiver, channel};

    fn job(first: u32) -> (Job, Receiver<Event>) {
        let (events, receiver) = channel(1);
        (Job { prompt: vec![first], manner: Manner::default(), events }, receiver)
    }

    #[test]
    fn jobs_wait_in_order_and_only_so_many() {
        let queue = Queue::new(2);
        let (jobs, clients): (Vec<_>, Vec<_>) = (0..4).map(job).unzip();
        let turned: Vec<_> = jobs.into_iter().map(|job| queue.push(job)).collect();
        assert_eq!(turned, [Ok(()), Ok(()), Err(Turned::Full), Err(Turned::Full)]);
        assert_eq!(queue.take().unwrap().prompt, [0]);
        assert_eq!(queue.take().unwrap().prompt, [1]);
        assert!(queue.take().is_none());
        drop(clients);
    }

    #[test]
    fn a_client_that_is_gone_keeps_no_place() {
        let queue = Queue::new(1);
        let (gone, client) = job(0);
        queue.push(gone).unwrap();
        drop(client);
        let (next, _client) = job(1);
        assert_eq!(queue.push(next), Ok(()));
        assert_eq!(queue.take().unwrap().prompt, [1]);
    }

    #[test]
    fn a_closed_queue_takes_nothing_and_holds_up_nobody() {
        let queue = Queue::new(3);
        let (waiting, _client) = job(0);
        queue.push(waiting).unwrap();
        assert_eq!(queue.close().len(), 1);
        queue.wait(None);
        assert_eq!(queue.push(job(1).0), Err(Turned::Closed));
    }
}
