//! The threads of one run.

use rayon::prelude::*;

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
}
