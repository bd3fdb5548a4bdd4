//! Which policy each layer and key head has.

use super::{Policy, PolicyError};
use crate::model::Hyperparameters;
use std::ops::Range;

/// A policy for each layer and key head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assignment {
    /// `[layer][key head]`.
    pub policies: Vec<Vec<Policy>>,
}

/// Why an assignment cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AssignmentError {
    /// A policy in it cannot be read.
    #[error(transparent)]
    Policy(#[from] PolicyError),
    /// The layers of a part are not written as layers are.
    #[error(
        "{written:?} are no layers of this model; write a layer or a range of 0..{n_layers}, the end left out, such as 0..4=window:64/4..=full"
    )]
    Layers {
        /// What was written.
        written: String,
        /// How many layers there are.
        n_layers: usize,
    },
    /// A layer has no policy, or two.
    #[error("layer {layer} has {n} policies in {written:?}; give each of the {n_layers} layers one")]
    NotOnce {
        /// Which layer.
        layer: usize,
        /// How many it has.
        n: usize,
        /// What was written.
        written: String,
        /// How many layers there are.
        n_layers: usize,
    },
}

impl Assignment {
    /// The same policy everywhere.
    pub fn uniform(policy: Policy, shape: &Hyperparameters) -> Self {
        Self { policies: vec![vec![policy; shape.n_key_heads]; shape.n_layers] }
    }

    /// A policy for all layers, `sinks:4+1020`, or one for each range of layers, `0..12=window:256/12..30=sinks:4+1020`.
    pub fn parse(written: &str, shape: &Hyperparameters) -> Result<Self, AssignmentError> {
        if !written.contains('=') {
            return Ok(Self::uniform(written.parse()?, shape));
        }
        let n_layers = shape.n_layers;
        let mut of_layer = vec![Vec::new(); n_layers];
        for part in written.split('/') {
            let (layers, policy) = part.split_once('=').unwrap_or((part, ""));
            let range = layer_range(layers, n_layers);
            let range = range.ok_or_else(|| AssignmentError::Layers { written: layers.to_owned(), n_layers })?;
            let policy: Policy = policy.parse()?;
            of_layer[range].iter_mut().for_each(|policies| policies.push(policy));
        }
        if let Some(layer) = of_layer.iter().position(|policies| policies.len() != 1) {
            let (n, written) = (of_layer[layer].len(), written.to_owned());
            return Err(AssignmentError::NotOnce { layer, n, written, n_layers });
        }
        Ok(Self { policies: of_layer.iter().map(|policies| vec![policies[0]; shape.n_key_heads]).collect() })
    }
}

/// `7`, or `4..12`, or `12..`.
fn layer_range(written: &str, n_layers: usize) -> Option<Range<usize>> {
    let number = |text: &str| text.trim().parse::<usize>().ok();
    let range = match written.split_once("..") {
        None => number(written).map(|layer| layer..layer + 1)?,
        Some((first, "")) => number(first)?..n_layers,
        Some((first, end)) => number(first)?..number(end)?,
    };
    (!range.is_empty() && range.end <= n_layers).then_some(range)
}
