//! What a sequence leaves behind: the keys and values of each layer and key head, and the policies that say which are kept.

mod policy;

pub use policy::{Policy, PolicyError};

use crate::model::Hyperparameters;

/// The number format of cached keys and values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Precision {
    /// As computed; for tests.
    F32,
    /// Half precision.
    F16,
    /// Bytes with a scale for each key.
    Int8,
}

/// Which policy each layer and key head has.
#[derive(Clone, Debug, PartialEq)]
pub struct Assignment {
    /// `[layer][key head]`.
    pub policies: Vec<Vec<Policy>>,
}

impl Assignment {
    /// The same policy everywhere.
    pub fn uniform(policy: Policy, shape: &Hyperparameters) -> Self {
        Self { policies: vec![vec![policy; shape.n_key_heads]; shape.n_layers] }
    }
}

/// Keys and values of one sequence.
pub struct Cache {}

impl Cache {
    /// An empty cache.
    pub fn new(_shape: &Hyperparameters, _assignment: &Assignment, _precision: Precision) -> Self {
        todo!()
    }

    /// Tokens read so far.
    pub fn position(&self) -> u64 {
        todo!()
    }

    /// Bytes that it holds for keys, values and what policies remember.
    pub fn bytes(&self) -> usize {
        todo!()
    }

    /// All of it, to go on from later with the same bits.
    pub fn save(&self) -> Vec<u8> {
        todo!()
    }

    /// What [`Self::save`] wrote, into a cache made with the same arguments; `None` if it does not fit.
    pub fn restore(&mut self, _saved: &[u8]) -> Option<()> {
        todo!()
    }
}
