//! The threads of one run. WebAssembly in a page has none: there every number of threads is one, with the same bits.

#[cfg(target_family = "wasm")]
use alone as pool;
use pool::Pool;
pub use pool::Refusal;
#[cfg(not(target_family = "wasm"))]
use threaded as pool;

/// A fixed number of threads that share out independent items; which thread takes which item never shows in a result.
pub struct Workers {
    pool: Option<Pool>,
}

impl Workers {
    /// `threads` threads, the calling one counted in; 0 and 1 are the calling thread alone.
    pub fn new(threads: usize) -> Result<Self, Refusal> {
        let pool = if threads > 1 { pool::start(threads)? } else { None };
        Ok(Self { pool })
    }

    /// Number of threads.
    pub fn n_threads(&self) -> usize {
        self.pool.as_ref().map_or(1, pool::n_threads)
    }

    /// `work(index, item)` for each item, in any order, each once.
    pub fn each<T: Send>(&self, items: &mut [T], work: impl Fn(usize, &mut T) + Sync) {
        match &self.pool {
            None => items.iter_mut().enumerate().for_each(|(index, item)| work(index, item)),
            Some(pool) => pool::each(pool, items, work),
        }
    }
}

/// Threads of the system, through rayon.
#[cfg(not(target_family = "wasm"))]
mod threaded {
    use rayon::prelude::*;

    pub(super) type Pool = rayon::ThreadPool;

    /// Why the system gave no threads.
    pub type Refusal = rayon::ThreadPoolBuildError;

    pub(super) fn start(threads: usize) -> Result<Option<Pool>, Refusal> {
        rayon::ThreadPoolBuilder::new().num_threads(threads).build().map(Some)
    }

    pub(super) fn n_threads(pool: &Pool) -> usize {
        pool.current_num_threads()
    }

    pub(super) fn each<T: Send>(pool: &Pool, items: &mut [T], work: impl Fn(usize, &mut T) + Sync) {
        pool.install(|| items.par_iter_mut().enumerate().for_each(|(index, item)| work(index, item)));
    }
}

/// No threads beside the calling one; that there is no pool is known by type.
#[cfg(target_family = "wasm")]
mod alone {
    use std::convert::Infallible;

    pub(super) type Pool = Infallible;

    /// Nothing is asked of the system, and nothing refused.
    pub type Refusal = Infallible;

    pub(super) fn start(_: usize) -> Result<Option<Pool>, Refusal> {
        Ok(None)
    }

    pub(super) fn n_threads(pool: &Pool) -> usize {
        match *pool {}
    }

    pub(super) fn each<T>(pool: &Pool, _: &mut [T], _: impl Fn(usize, &mut T)) {
        match *pool {}
    }
}
