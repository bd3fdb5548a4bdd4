//! The cache of one sequence, over all layers and key heads.

use super::Assignment;
use super::head::{HeadCache, take_number};
use crate::model::Hyperparameters;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// The number format of cached keys and values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Precision {
    /// As computed, four bytes.
    F32,
    /// Half precision, two bytes.
    #[default]
    F16,
    /// One byte, with a scale for each key and each value.
    Int8,
}

impl Precision {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::F32, Self::F16, Self::Int8];
}

impl Display for Precision {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Int8 => "int8",
        })
    }
}

impl FromStr for Precision {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let known = Self::ALL.into_iter().find(|precision| precision.to_string() == text);
        known.ok_or_else(|| {
            format!("unknown precision {text:?}; there are {}", Self::ALL.map(|p| p.to_string()).join(", "))
        })
    }
}

/// Keys and values of one sequence.
pub struct Cache {
    pub(crate) position: u64,
    /// `[layer][key head]`, flat.
    pub(crate) heads: Vec<HeadCache>,
}

impl Cache {
    /// An empty cache.
    pub fn new(shape: &Hyperparameters, assignment: &Assignment, precision: Precision) -> Self {
        let policies = &assignment.policies;
        let fits = policies.len() == shape.n_layers && policies.iter().all(|layer| layer.len() == shape.n_key_heads);
        assert!(fits, "an assignment has a policy for each layer and key head of its model");
        let heads = policies.iter().enumerate().flat_map(|(layer, policies)| {
            let policies = policies.iter().enumerate();
            policies.map(move |(key_head, &policy)| HeadCache::new(policy, (layer, key_head), shape, precision))
        });
        Self { position: 0, heads: heads.collect() }
    }

    /// Tokens read so far.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Bytes that it holds: keys, values, what policies remember.
    pub fn bytes(&mut self) -> usize {
        self.heads.iter_mut().map(HeadCache::bytes).sum()
    }

    /// All of it, to go on from later with the same bits.
    pub fn save(&mut self) -> Vec<u8> {
        let mut saved = self.position.to_le_bytes().to_vec();
        self.heads.iter_mut().for_each(|head| head.save(&mut saved));
        saved
    }

    /// What [`Self::save`] wrote, into a cache made with the same arguments; `None` if it does not fit, and then the cache is spoilt.
    pub fn restore(&mut self, mut saved: &[u8]) -> Option<()> {
        self.position = take_number(&mut saved)?;
        for head in &mut self.heads {
            head.restore(&mut saved)?;
        }
        saved.is_empty().then_some(())
    }
}
