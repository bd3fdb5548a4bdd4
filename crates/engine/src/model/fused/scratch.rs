//! The buffers of one thread.

use super::two_layer::BLOCK;
use crate::kernel::{Buffer, Workers};
use std::cell::RefCell;

/// f and σ′ of one block and slab; df too where it is not used up tile by tile.
pub(super) struct Scratch {
    pub(super) features: Buffer,
    pub(super) slopes: Buffer,
    pub(super) feature_gradients: Buffer,
}

impl Scratch {
    fn new() -> Self {
        let buffer = Buffer::zeros(BLOCK * 64);
        Self { features: buffer.clone(), slopes: buffer.clone(), feature_gradients: buffer }
    }
}

/// [`Workers::each`] with buffers that a thread keeps from item to item and from step to step.
pub(super) fn for_each<T: Send>(workers: &Workers, items: &mut [T], work: impl Fn(usize, &mut T, &mut Scratch) + Sync) {
    workers.each(items, |index, item| SCRATCH.with_borrow_mut(|scratch| work(index, item, scratch)));
}

thread_local! {
    /// Made once a thread: a step of a small network is shorter than making these would take.
    static SCRATCH: RefCell<Scratch> = RefCell::new(Scratch::new());
}
