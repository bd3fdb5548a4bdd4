//! Many cases on all cores, in an order that does not depend on them.

use rayon::prelude::*;

/// Cases that are worked on between two looks of whoever watches.
const AT_ONCE: usize = 8;

/// What becomes of the cases 0 to n, in that order; `watch` hears the share that is done.
pub(crate) fn each<T: Send>(n: usize, watch: &mut dyn FnMut(f64), of: impl Fn(usize) -> T + Sync) -> Vec<T> {
    let mut all = Vec::with_capacity(n);
    while all.len() < n {
        let first = all.len();
        let next: Vec<T> = (first..n.min(first + AT_ONCE)).into_par_iter().map(&of).collect();
        all.extend(next);
        watch(all.len() as f64 / n as f64);
    }
    all
}
