//! Streaming heads and retrieval heads: which policy each key head needs, chosen by what was measured.
//!
//! `DuoAttention` (Xiao et al. 2024, arXiv:2410.10819) trains a gate for each head on made-up passkeys; here a head streams if sinks
//! and a window hold enough of its attention, which takes no training and says nothing about what the rest was good for.

use crate::cache::{Assignment, Policy, PolicyError};
use crate::model::Hyperparameters;
use crate::sparsity::{SINKS, Sparsity};
use serde::{Deserialize, Serialize};

/// Version of the file.
const FORMAT: u32 = 1;
/// Bytes of a cached number: half precision.
const BYTES: u64 = 2;

/// An assignment as it lies in a file.
#[derive(Serialize, Deserialize)]
struct Stored {
    format: u32,
    model: String,
    /// Layers of key heads.
    policies: Vec<Vec<String>>,
}

/// Why an assignment cannot be read or does not fit a model.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AssignmentFileError {
    /// Not JSON of this form.
    #[error("not an assignment as `dunwu attend --assign` writes it: {source}")]
    Json {
        /// What is wrong.
        #[from]
        source: serde_json::Error,
    },
    /// From another build.
    #[error("the assignment has format {format}, this build reads {FORMAT}")]
    Format {
        /// Which.
        format: u32,
    },
    /// A policy that is none.
    #[error("layer {layer}, key head {head}: {source}")]
    Policy {
        /// Where.
        layer: usize,
        /// Where in it.
        head: usize,
        /// What is wrong.
        source: PolicyError,
    },
    /// Of another model.
    #[error(
        "the assignment is of {found_layers} layers with {found_heads} key heads, the model has {layers} with {heads}: make one for \
         this model with `dunwu attend MODEL TEXT --assign FILE`"
    )]
    Shape {
        /// Layers that it has.
        found_layers: usize,
        /// Key heads of the first layer that does not fit, or of all.
        found_heads: usize,
        /// Layers of the model.
        layers: usize,
        /// Key heads of each of them.
        heads: usize,
    },
}

impl Assignment {
    /// Reads the text of a file that [`Self::write`] made.
    pub fn read(text: &str) -> Result<Self, AssignmentFileError> {
        let stored: Stored = serde_json::from_str(text)?;
        if stored.format != FORMAT {
            return Err(AssignmentFileError::Format { format: stored.format });
        }
        let policy = |layer: usize, head: usize, text: &String| {
            text.parse().map_err(|source| AssignmentFileError::Policy { layer, head, source })
        };
        let layer = |(layer, heads): (usize, &Vec<String>)| {
            heads.iter().enumerate().map(|(head, text)| policy(layer, head, text)).collect()
        };
        let policies: Result<Vec<Vec<Policy>>, _> = stored.policies.iter().enumerate().map(layer).collect();
        Ok(Self { policies: policies? })
    }

    /// The text of a file; `model` is for people.
    pub fn write(&self, model: &str) -> String {
        let layers = self.policies.iter().map(|heads| heads.iter().map(Policy::to_string).collect()).collect();
        let stored = Stored { format: FORMAT, model: model.to_owned(), policies: layers };
        serde_json::to_string(&stored).expect("strings and a number are JSON")
    }

    /// Whether it has a policy for each key head of a model of this shape, and no more.
    pub fn check(&self, shape: &Hyperparameters) -> Result<(), AssignmentFileError> {
        let found_layers = self.policies.len();
        let misfit = self.policies.iter().find(|heads| heads.len() != shape.n_key_heads);
        if found_layers == shape.n_layers && misfit.is_none() {
            return Ok(());
        }
        let found_heads = misfit.or(self.policies.first()).map_or(0, Vec::len);
        let (layers, heads) = (shape.n_layers, shape.n_key_heads);
        Err(AssignmentFileError::Shape { found_layers, found_heads, layers, heads })
    }

    /// Bytes of keys and values in half precision once `n_tokens` were read; at most [`u64::MAX`].
    pub fn bytes_at(&self, shape: &Hyperparameters, n_tokens: usize) -> u64 {
        let keys: u128 = self.policies.iter().flatten().map(|policy| keys_at(*policy, n_tokens) as u128).sum();
        let bytes = (u128::from(2 * BYTES) * shape.d_head as u128).saturating_mul(keys);
        u64::try_from(bytes).unwrap_or(u64::MAX)
    }

    /// Key heads with this policy.
    pub fn count(&self, policy: Policy) -> usize {
        self.policies.iter().flatten().filter(|other| **other == policy).count()
    }
}

/// Keys that a policy keeps of `n_tokens`.
fn keys_at(policy: Policy, n_tokens: usize) -> usize {
    policy.keys().map_or(n_tokens, |most| most.min(n_tokens))
}

/// First keys and a window that are `size` keys together.
pub fn streaming(size: usize) -> Policy {
    Policy::Sinks { far: SINKS, recent: size - SINKS }
}

/// For each key head the smallest cache of [`crate::sparsity::Plan::sizes`] whose sinks and window hold, on average over queries
/// and over the query heads that share the keys, `hold` of the mass; `otherwise` for those of which none does. With a policy of
/// limited size as `otherwise`, none is larger.
pub fn assign(sparsity: &Sparsity, hold: f64, otherwise: Policy) -> Assignment {
    let sizes = sparsity.plan.sizes();
    let most = keys_at(otherwise, usize::MAX);
    let choice = |heads: &[crate::sparsity::Head]| {
        let held = |i: usize| 1.0 - heads.iter().map(|head| head.lost[i]).sum::<f64>() / heads.len() as f64;
        let size = sizes.iter().enumerate().find(|(i, _)| held(*i) >= hold).map(|(_, size)| *size);
        size.filter(|size| *size < most).map_or(otherwise, streaming)
    };
    let layer = |layer: usize| sparsity.of_layer(layer).chunks(sparsity.n_sharing).map(choice).collect();
    Assignment { policies: (0..sparsity.n_layers()).map(layer).collect() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::decoder::Watch;
    use crate::model::{Pairs, Rotary};
    use crate::sparsity::Plan;

    fn shape(n_layers: usize, n_heads: usize, n_key_heads: usize) -> Hyperparameters {
        Hyperparameters {
            n_layers,
            d_model: 8 * n_heads,
            n_heads,
            n_key_heads,
            d_head: 8,
            d_mlp: 16,
            n_vocab: 32,
            trained_context: 256,
            norm_epsilon: 1e-5,
            rotary: Rotary { base: 1e4, d_rotated: 8, pairs: Pairs::Halves, factors: Vec::new() },
        }
    }

    /// Heads that put all mass so many tokens back, but on the first one if there are fewer.
    fn looking_back(shape: &Hyperparameters, distances: &[usize]) -> Sparsity {
        let plan = Plan { n_tokens: 1100, from: 1050, recent: 64 };
        let mut observer = Sparsity::observer(shape, plan);
        for query in 0..plan.n_tokens {
            let positions: Vec<u64> = (0..=query as u64).collect();
            for (i, distance) in distances.iter().enumerate() {
                let mut weights = vec![0.0; query + 1];
                weights[query.saturating_sub(*distance)] = 1.0;
                observer.attention(i / shape.n_heads, i % shape.n_heads, query as u64, &positions, &weights);
            }
        }
        observer.finish()
    }

    fn named(assignment: &Assignment) -> Vec<Vec<String>> {
        assignment.policies.iter().map(|heads| heads.iter().map(Policy::to_string).collect()).collect()
    }

    #[test]
    fn a_head_gets_the_smallest_window_that_reaches_as_far_as_it_looks() {
        let shape = shape(2, 4, 4);
        // A cache of 32 keys has a window of 28: distances 0 to 27.
        let sparsity = looking_back(&shape, &[0, 27, 28, 60, 123, 124, 507, 540]);
        let assignment = assign(&sparsity, 0.95, Policy::Full);
        let wanted = [
            ["sinks:4+28", "sinks:4+28", "sinks:4+60", "sinks:4+124"],
            ["sinks:4+124", "sinks:4+252", "sinks:4+508", "full"],
        ];
        assert_eq!(named(&assignment), wanted);
        assert_eq!(assignment.count(Policy::Full), 1);
        // 2 numbers of 2 bytes in each of 8 dimensions.
        assert_eq!(assignment.bytes_at(&shape, 600), 32 * (32 + 32 + 64 + 128 + 128 + 256 + 512 + 600));
        assert_eq!(assignment.bytes_at(&shape, 10), 32 * 8 * 10);
        let limited = assign(&sparsity, 0.95, streaming(256));
        assert_eq!(named(&limited)[1], ["sinks:4+124", "sinks:4+252", "sinks:4+252", "sinks:4+252"]);
    }

    #[test]
    fn query_heads_that_share_keys_are_judged_together() {
        let shape = shape(1, 4, 2);
        let sparsity = looking_back(&shape, &[0, 300, 0, 40]);
        let chosen = |hold| named(&assign(&sparsity, hold, Policy::Full))[0].clone();
        assert_eq!(chosen(0.95), ["sinks:4+508", "sinks:4+60"]);
        assert_eq!(chosen(0.5), ["sinks:4+28", "sinks:4+28"]);
    }

    #[test]
    fn a_file_is_read_as_it_was_written() {
        let shape = shape(2, 4, 2);
        let assignment =
            Assignment { policies: vec![vec![Policy::Full, streaming(64)], vec![Policy::Window { recent: 9 }; 2]] };
        let text = assignment.write("a \"model\"");
        let wanted = r#"{"format":1,"model":"a \"model\"","policies":[["full","sinks:4+60"],["window:9","window:9"]]}"#;
        assert_eq!(text, wanted);
        assert_eq!(Assignment::read(&text).unwrap(), assignment);
        assert!(assignment.check(&shape).is_ok());
    }

    #[test]
    fn what_is_no_assignment_of_the_model_is_refused_by_what_is_wrong() {
        let refused = |text: &str| Assignment::read(text).unwrap_err().to_string();
        assert!(refused("{}").contains("dunwu attend --assign"), "{}", refused("{}"));
        assert!(refused("").contains("not an assignment"));
        assert!(refused(r#"{"format":2,"model":"","policies":[]}"#).contains("format 2, this build reads 1"));
        let policy = refused(r#"{"format":1,"model":"","policies":[["full"],["full","sinks:x"]]}"#);
        assert!(policy.starts_with("layer 1, key head 1: ") && policy.contains("sinks:x"), "{policy}");
        let shape = shape(2, 4, 2);
        for (policies, wanted) in [
            (vec![], "0 layers with 0 key heads"),
            (vec![vec![Policy::Full; 2]], "1 layers with 2"),
            (vec![vec![Policy::Full; 2], vec![Policy::Full; 3]], "2 layers with 3"),
        ] {
            let said = Assignment { policies }.check(&shape).unwrap_err().to_string();
            assert!(said.contains(wanted) && said.contains("the model has 2 with 2"), "{said}");
        }
    }
}
