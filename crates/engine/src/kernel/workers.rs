//! The threads of one run.

use super::two_layer::Scratch;
use rayon::prelude::*;
use std::cell::RefCell;

/// A fixed number of threads that share out independent items; which thread takes which item never shows in a result.
pub struct Workers {
    pool: Option<rayon::ThreadPool>,
}

impl Workers {
    /// `threads` threads, the calling one counted in; 0 and 1 are the calling thread alone.
    pub fn new(threads: usize) -> Result<Self, rayon::ThreadPoolBuildError> {
        let pool = (threads > 1).then(|| rayon::ThreadPoolBuilder::new().num_threads(threads).build()).transpose()?;
        Ok(Self { pool })
    }

    /// Number of threads.
    pub fn n_threads(&self) -> usize {
        self.pool.as_ref().map_or(1, rayon::ThreadPool::current_num_threads)
    }

    /// `work(index, item)` for each item, in any order, each once.
    pub fn each<T: Send>(&self, items: &mut [T], work: impl Fn(usize, &mut T) + Sync) {
        match &self.pool {
            None => items.iter_mut().enumerate().for_each(|(index, item)| work(index, item)),
            Some(pool) => {
                pool.install(|| items.par_iter_mut().enumerate().for_each(|(index, item)| work(index, item)));
            }
        }
    }

    /// The same with buffers that a thread keeps from item to item and from step to step.
    pub(super) fn for_each<T: Send>(&self, items: &mut [T], work: impl Fn(usize, &mut T, &mut Scratch) + Sync) {
        self.each(items, |index, item| SCRATCH.with_borrow_mut(|scratch| work(index, item, scratch)));
    }
}

thread_local! {
    /// Made once a thread: a step of a small network is shorter than making these would take.
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::new());
}
