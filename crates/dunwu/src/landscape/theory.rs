//! What the theory says of a landscape before it is climbed, with its printed errors corrected, and where it says nothing.

use super::projection::EnergyKind;
use crate::group::{Irrep, IrrepKind};
use dunwu_engine::model::Activation;
use dunwu_engine::task::Structure;
use dunwu_engine::{Problem, RunSpec};

/// Height of the peaks of an irrep on the complete table of a group of order M, σ = x², ‖w‖ = 1.
///
/// ```text
/// real: M / 2d      complex pair, quaternionic: M / 4d
/// ```
///
/// - Source: Tian 2025, arXiv:2509.21519, Theorem 2
/// - Differs: the paper prints a quarter of it, M/8d and M/16d (its proof drops the 2 of (u + v)² = … + 2uv, which is squared),
///   and counts a quaternionic irrep, which a real unit learns like a complex pair, as real
pub fn feature_height(irrep: &Irrep, order: usize) -> f64 {
    let d = irrep.degree as f64;
    match irrep.kind {
        IrrepKind::Real => order as f64 / (2.0 * d),
        IrrepKind::Complex | IrrepKind::Quaternionic => order as f64 / (4.0 * d),
    }
}

/// Directions along which such a peak is flat: phases, and for d ≥ 2 the vectors a, b, c of û = a b*, v̂ = b c*, each on its
/// sphere, less what changes nothing. (Where the irrep is quaternionic, û is of rank one over the quaternions: its complex singular
/// values come in equal pairs.)
pub fn flat_directions(irrep: &Irrep) -> usize {
    let d = irrep.degree;
    match irrep.kind {
        IrrepKind::Real => 3 * (d - 1),
        IrrepKind::Complex => 3 * (2 * d - 1) - 1,
        IrrepKind::Quaternionic => 3 * (2 * d - 1) - 3,
    }
}

/// Samples from which on feature peaks should win, `2.7482 · max(1, d/2) · M ln M` with d the largest degree of an irrep:
/// Theorem 4's order with the constant that the author fitted to trained networks. `None` where the task is no group.
pub fn critical_samples(problem: &Problem, irreps: Option<&[Irrep]>) -> Option<f64> {
    let degree = irreps?.iter().map(|irrep| irrep.degree).max()? as f64;
    let m = problem.n_labels as f64;
    Some(crate::theory::FITTED * (degree / 2.0).max(1.0) * m * m.ln())
}

/// Which statements of the theory do not apply here, and why, in sentences.
pub fn silent(problem: &Problem, spec: &RunSpec, energy: EnergyKind) -> Vec<String> {
    let mut sentences = Vec::new();
    match problem.structure {
        Structure::Group(_) if problem.n_operands() == 2 => {}
        Structure::Group(_) => sentences.push(format!(
            "Theorems 2 and 4 are of two operands; {} has {}, so heights and sample sizes are not predicted.",
            problem.name,
            problem.n_operands()
        )),
        Structure::Quasigroup(_) => sentences.push(format!(
            "{} is a Latin square but no group: it has no irreps, so Theorems 2 and 4 say nothing of its peaks. Their heights, \
             basins and what carries over are measured all the same.",
            problem.name
        )),
        Structure::Function => sentences.push(format!(
            "The operation of {} is no group multiplication: irreps, translations and a critical sample size are not defined for it, \
             so Theorems 2 and 4 say nothing of its peaks. Their heights, basins and what carries over are measured all the same.",
            problem.name
        )),
    }
    if problem.n_features > 0 {
        sentences.push(
            "Its inputs are numbers, so no peak stands for tokens, and Theorem 5 (focused or spread) does not apply."
                .to_owned(),
        );
    }
    if spec.model.activation != Activation::Square {
        sentences
            .push("The closed heights of Theorem 2 are those of σ = x²; for this σ no height is predicted.".to_owned());
    }
    if spec.model.activation.has_kink() {
        sentences
            .push("σ has a kink at 0, which is rounded over ±0.01, so that peaks on it can be certified.".to_owned());
    }
    if energy == EnergyKind::Whitened && problem.n_operands() != 2 {
        sentences.push(
            "For these inputs the whitened energy takes the kernel of random units over all samples, with a ridge of a \
             tenth of its mean diagonal unless `ridge` says otherwise."
                .to_owned(),
        );
    }
    sentences
}
