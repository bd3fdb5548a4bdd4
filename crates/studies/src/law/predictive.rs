//! What a law, with all that is left open about it, foretells of runs at a size that nobody has looked at.

use super::evidence::LawFit;
use super::threshold::logistic;
use std::collections::BTreeMap;

/// Steps of θ in which the foretold thresholds are put together: a percent.
const BIN: f64 = 0.01;
/// The scatter is summed over ε / τ from −6 to 6, in steps of a quarter.
const STEPS_OF_SCATTER: i32 = 24;
const STEP_OF_SCATTER: f64 = 0.25;
/// What is left out, as a share of the whole. Surprises of one law decide what is expected of the other: with 10⁻⁶ a case in the
/// tests came to 5.0 bits instead of 4.3.
const NEGLIGIBLE: f64 = 1e-10;

/// Thresholds θ and slopes b with their shares.
pub(super) struct Predictive {
    nodes: Vec<Node>,
}

struct Node {
    theta: f64,
    slope: f64,
    weight: f64,
}

impl Predictive {
    /// Of the law at M.
    pub(super) fn of(law: &LawFit, m: f64) -> Self {
        // Atoms that agree in b, τ and the percent of θ first, then each spread by its scatter.
        let mut heaps: BTreeMap<(u64, u64, i64), f64> = BTreeMap::new();
        for atom in &law.atoms {
            let growth = |m| law.form.ln_growth(m, atom.exponent).unwrap_or(0.0);
            let theta = atom.nu + growth(m) - growth(law.middle);
            let key = (atom.slope.to_bits(), atom.scatter.to_bits(), (theta / BIN).round() as i64);
            *heaps.entry(key).or_default() += atom.weight;
        }
        let gauss = |i: i32| (-0.5 * (STEP_OF_SCATTER * f64::from(i)).powi(2)).exp();
        let all: f64 = (-STEPS_OF_SCATTER..=STEPS_OF_SCATTER).map(gauss).sum();
        let mut spread: BTreeMap<(u64, i64), f64> = BTreeMap::new();
        for ((slope, scatter, bin), weight) in heaps {
            for i in -STEPS_OF_SCATTER..=STEPS_OF_SCATTER {
                let shift = f64::from_bits(scatter) * STEP_OF_SCATTER * f64::from(i);
                let bin = bin + (shift / BIN).round() as i64;
                *spread.entry((slope, bin)).or_default() += weight * gauss(i) / all;
            }
        }
        let nodes = spread.into_iter().filter(|(_, weight)| *weight > NEGLIGIBLE);
        let mut nodes: Vec<Node> = nodes
            .map(|((slope, bin), weight)| Node { theta: bin as f64 * BIN, slope: f64::from_bits(slope), weight })
            .collect();
        let sum: f64 = nodes.iter().map(|node| node.weight).sum();
        nodes.iter_mut().for_each(|node| node.weight /= sum);
        Self { nodes }
    }

    /// θ below which `share` lies.
    pub(super) fn quantile(&self, share: f64) -> f64 {
        let mut thetas: Vec<(f64, f64)> = self.nodes.iter().map(|node| (node.theta, node.weight)).collect();
        thetas.sort_by(|a, b| a.0.total_cmp(&b.0));
        let mut sum = 0.0;
        let at = thetas.iter().find(|(_, weight)| {
            sum += weight;
            sum >= share
        });
        at.map_or(f64::NAN, |(theta, _)| *theta)
    }

    /// Probabilities of 0, 1, … of `runs` runs generalizing at `n`, for every node.
    pub(super) fn masses(&self, n: usize, runs: usize) -> Masses {
        let choices = binomials(runs);
        let of_node = |node: &Node| {
            let p = logistic(node.slope * ((n as f64).ln() - node.theta));
            let mass = |k: usize| choices[k] * p.powi(k as i32) * (1.0 - p).powi((runs - k) as i32);
            (0..=runs).map(mass).collect::<Vec<f64>>()
        };
        Masses { of_node: self.nodes.iter().flat_map(of_node).collect(), len: runs + 1 }
    }

    /// Probabilities of the outcomes at one amount.
    pub(super) fn outcomes(&self, at: &Masses) -> Vec<f64> {
        let mut all = vec![0.0; at.len];
        for (node, masses) in self.nodes.iter().zip(at.of_node.chunks(at.len)) {
            all.iter_mut().zip(masses).for_each(|(sum, mass)| *sum += node.weight * mass);
        }
        all
    }

    /// Probabilities of the outcomes at two amounts, which share what the law leaves open; the second one's count runs faster.
    pub(super) fn joint(&self, first: &Masses, second: &Masses) -> Vec<f64> {
        let mut all = vec![0.0; first.len * second.len];
        let masses = first.of_node.chunks(first.len).zip(second.of_node.chunks(second.len));
        for (node, (first, second)) in self.nodes.iter().zip(masses) {
            for (row, mass) in all.chunks_mut(second.len()).zip(first) {
                let share = node.weight * mass;
                row.iter_mut().zip(second).for_each(|(sum, mass)| *sum += share * mass);
            }
        }
        all
    }
}

/// Of every node in turn, the probabilities of 0, 1, … runs.
pub(super) struct Masses {
    of_node: Vec<f64>,
    len: usize,
}

/// How many ways there are to choose 0, 1, … of `n`.
fn binomials(n: usize) -> Vec<f64> {
    let mut row = vec![1.0];
    for k in 0..n {
        row.push(row[k] * (n - k) as f64 / (k + 1) as f64);
    }
    row
}
