//! Energies of the normalised units, `E(w/‖w‖) = ½ ‖Ỹᵀ σ(X w/‖w‖)‖²`, on the training sample and on the population.

use super::forward::{HiddenLayer, layer};
use super::{ClassSums, Scene};
use dunwu_engine::model::Activation;

/// One energy a unit; `None` for a unit without weights.
pub(crate) struct Energies {
    /// On the training sample, by the labels as given; `None` without training samples or a table of tokens.
    pub(crate) train: Option<Vec<Option<f64>>>,
    /// On the whole population, by the true labels; `None` without samples or a table of tokens.
    pub(crate) population: Option<Vec<Option<f64>>>,
}

impl Energies {
    /// Streams the population once, O(samples · K), without an array over samples.
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let nothing = Self { train: None, population: None };
        let Some(weights) = scene.token_weights().filter(|weights| weights.n_units > 0) else { return nothing };
        let split = scene.setup.split;
        let n_units = weights.n_units;
        let norms = weights.unit_norms();
        if let Some((train, population)) = of_moments(scene, &norms) {
            return Self { train: energies(&train, &norms), population: energies(&population, &norms) };
        }
        let scales: Vec<f64> = norms.iter().map(|&norm| if norm > 0.0 { norm.recip() } else { 0.0 }).collect();
        let hidden: Vec<f32> = weights
            .hidden
            .chunks_exact(n_units)
            .flat_map(|row| row.iter().zip(&scales).map(|(&w, scale)| (f64::from(w) * scale) as f32))
            .collect();
        let layer = HiddenLayer {
            hidden: &hidden,
            n_units,
            operand_sizes: &scene.setup.problem.operand_sizes,
            activation: scene.setup.activation,
        };
        let mut train = ClassSums::zeros(weights.n_labels, n_units);
        layer.for_each_block(&split.train, |first, block| {
            for (row, &label) in block.chunks_exact(n_units).zip(&split.train.labels[first..]) {
                train.add(label, row, 1.0);
            }
        });
        let mut population = train.clone();
        let mut row = vec![0.0; n_units];
        for &i in &split.corrupted {
            let i = i as usize;
            layer.activations(&split.train, i, &mut row);
            population.add(split.train.labels[i], &row, -1.0);
            population.add(split.train_true_labels[i], &row, 1.0);
        }
        let mut test = ClassSums::zeros(weights.n_labels, n_units);
        layer.for_each_block(&split.test, |first, block| {
            for (row, &label) in block.chunks_exact(n_units).zip(&split.test.labels[first..]) {
                test.add(label, row, 1.0);
            }
        });
        population.merge(&test);
        Self { train: energies(&train, &norms), population: energies(&population, &norms) }
    }
}

/// Norms between which the activations of a unit are those of its direction, scaled, to the rounding of f32: their cubes and the
/// squares of these are far from the ends of what f32 holds.
const MODERATE: std::ops::Range<f64> = 1e-4..1e4;

/// Sums by label of the normalised units, on the training sample and on the population, from the sums of the units as they are: for
/// σ(cx) = cᵏ σ(x) the normalised unit's activations are ‖w‖⁻ᵏ times the unit's, so no sample is looked at again. They differ from
/// [`Energies::of`]'s own pass by the rounding of f32 weights and activations, 10⁻⁷ relative. `None` where σ is not homogeneous or a
/// norm is extreme, or where features are more than σ(XW).
fn of_moments(scene: &Scene<'_>, norms: &[f64]) -> Option<(ClassSums, ClassSums)> {
    let degree = degree(scene.setup.activation)?;
    if !scene.is_made_of_tables() || !norms.iter().all(|&norm| norm == 0.0 || MODERATE.contains(&norm)) {
        return None;
    }
    let split = scene.setup.split;
    let empty = || ClassSums::zeros(scene.weights().n_labels, norms.len());
    let train = scene.train().map_or_else(empty, |train| train.moments.first.clone());
    let mut population = train.clone();
    let mut row = vec![0.0; norms.len()];
    for &i in &split.corrupted {
        let i = i as usize;
        layer(scene).activations(&split.train, i, &mut row);
        population.add(split.train.labels[i], &row, -1.0);
        population.add(split.train_true_labels[i], &row, 1.0);
    }
    scene.held_out().into_iter().for_each(|held_out| population.merge(&held_out.moments.first));
    let factors: Vec<f64> = norms.iter().map(|&norm| if norm > 0.0 { norm.powi(-degree) } else { 0.0 }).collect();
    Some((train.scaled(&factors), population.scaled(&factors)))
}

/// k where σ(cx) = cᵏ σ(x) for every c > 0.
fn degree(activation: Activation) -> Option<i32> {
    match activation {
        Activation::Relu | Activation::Abs => Some(1),
        Activation::Square | Activation::ReluSquared => Some(2),
        Activation::Cube => Some(3),
        Activation::Silu | Activation::Gelu => None,
    }
}

fn energies(sums: &ClassSums, norms: &[f64]) -> Option<Vec<Option<f64>>> {
    (sums.n() > 0.0).then(|| {
        let means = sums.means();
        let mut squares = vec![0.0; sums.n_units];
        for (row, count) in sums.sums.chunks_exact(sums.n_units).zip(&sums.counts) {
            for ((square, sum), mean) in squares.iter_mut().zip(row).zip(&means) {
                let centred = sum - count * mean;
                *square += centred * centred;
            }
        }
        norms.iter().zip(squares).map(|(&norm, square)| (norm > 0.0).then_some(0.5 * square)).collect()
    })
}
