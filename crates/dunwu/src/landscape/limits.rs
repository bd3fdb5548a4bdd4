//! Which problems have a landscape that can be climbed here.

use super::KernelError;
use dunwu_engine::Problem;

/// Input weights of a unit: tokens of all operands, or numbers of an input.
pub fn dimension(problem: &Problem) -> usize {
    problem.n_inputs() + problem.n_features
}

/// Input weights above which no landscape is climbed: each peak's certificate takes an eigendecomposition of that size.
pub const DIMENSION_LIMIT: usize = 1024;
/// Samples above which a landscape would take hours.
pub const POPULATION_LIMIT: usize = 1 << 18;

/// Why a problem has no landscape here.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum LandscapeError {
    /// Nothing to read.
    #[error("{task} has no inputs: the sphere of dimension 0 has no points")]
    NoInputs {
        /// Its name.
        task: String,
    },
    /// Nothing to tell apart.
    #[error("{task} has a single label, so no unit can tell anything and every height is 0")]
    SingleLabel {
        /// Its name.
        task: String,
    },
    /// Certificates would take too long.
    #[error(
        "a unit of {task} has {weights} input weights, and peaks are certified up to {DIMENSION_LIMIT}: take a smaller order"
    )]
    TooManyWeights {
        /// Its name.
        task: String,
        /// Input weights.
        weights: usize,
    },
    /// Ascents would take too long.
    #[error("{task} has {samples} samples, and landscapes are climbed up to {POPULATION_LIMIT}: take a smaller order")]
    TooManySamples {
        /// Its name.
        task: String,
        /// Samples.
        samples: usize,
    },
    /// The whitened energy has no kernel.
    #[error(transparent)]
    Kernel(#[from] KernelError),
}

/// Whether the problem has a landscape that can be climbed.
pub fn check(problem: &Problem) -> Result<(), LandscapeError> {
    let (task, weights, samples) = (problem.name.clone(), dimension(problem), problem.n_population());
    match weights {
        0 => Err(LandscapeError::NoInputs { task }),
        _ if problem.n_labels < 2 => Err(LandscapeError::SingleLabel { task }),
        _ if weights > DIMENSION_LIMIT => Err(LandscapeError::TooManyWeights { task, weights }),
        _ if samples > POPULATION_LIMIT => Err(LandscapeError::TooManySamples { task, samples }),
        _ => Ok(()),
    }
}
