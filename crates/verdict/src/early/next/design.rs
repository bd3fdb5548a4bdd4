//! Cell after cell, for the most gain a step.

use super::belief::{Belief, chance};
use super::grid::Cell;
use dunwu_design::information_of_odds;
use schemars::JsonSchema;
use serde::Serialize;

/// The question that further runs are made to answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Aim {
    /// A run that generalizes.
    #[default]
    One,
    /// Where runs begin to generalize.
    Boundary,
    /// A run that generalizes sooner than all so far.
    Fastest,
    /// Which of the two best laws of the critical sample size holds.
    Laws,
}

/// A cell that was chosen.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Chosen {
    /// Its place among the cells.
    pub cell: usize,
    /// The probability that it generalizes, given that what was chosen before helped least.
    pub probability: f64,
    /// What is gained: a probability (`one`), bits (`boundary`) or steps (`fastest`).
    pub gain: f64,
}

/// Most runs of a list.
const LONGEST: usize = 1_000;
/// Most runs of one cell that are made for the fastest: further seeds of it hope for luck alone.
const SEEDS: usize = 3;
/// Share of the fastest so far below which nothing worth a run is gained.
const WORTH_A_RUN: f64 = 0.02;

/// The list for an aim, whose runs may make so many steps together at most.
pub(super) fn design(belief: &Belief, cells: &[Cell], fastest: Option<u64>, aim: Aim, budget: u64) -> Vec<Chosen> {
    let (mut belief, mut fastest) = (belief.clone(), fastest);
    let (mut left, mut chosen) = (budget, Vec::new());
    let mut hope = 1.0;
    while chosen.len() < LONGEST {
        let n_of = |place: usize| chosen.iter().filter(|other: &&Chosen| other.cell == place).count();
        let may = |(place, cell): &(usize, &Cell)| cell.steps <= left && (aim != Aim::Fastest || n_of(*place) < SEEDS);
        let judged = cells.iter().enumerate().filter(may).map(|(place, cell)| {
            let odds = belief.odds.of(&cell.x);
            let probability = chance(odds);
            let gain = match aim {
                Aim::One => probability,
                Aim::Boundary => information_of_odds(odds.0, odds.1),
                Aim::Fastest => sooner(&belief, cell, probability, fastest),
                Aim::Laws => 0.0,
            };
            // A search ends with the first that generalizes, so that it takes what it is expected to; the others use up their budget.
            let cost =
                if aim == Aim::One { expected_steps(&belief, cell, probability) } else { cell.steps.max(1) as f64 };
            (Chosen { cell: place, probability, gain }, gain / cost)
        });
        let best = judged.max_by(|a, b| a.1.total_cmp(&b.1).then(b.0.cell.cmp(&a.0.cell)));
        let Some((best, _)) = best.filter(|(_, worth)| *worth > 0.0) else { break };
        let least = fastest.filter(|_| aim == Aim::Fastest).map_or(0.0, |step| WORTH_A_RUN * step as f64);
        if best.gain < least {
            break;
        }
        let cell = &cells[best.cell];
        left -= cell.steps;
        let p = best.probability;
        // What is learned of θ whatever it does; of a search, as if it did not generalize.
        belief.odds.hear(&cell.x, p * (1.0 - p), if aim == Aim::One { -p } else { 0.0 });
        match aim {
            Aim::One => hope *= 1.0 - p,
            Aim::Boundary => {}
            // As if it took as long as expected.
            Aim::Fastest => {
                let expected = belief.log_time(cell).map(|(mean, _)| mean.exp() as u64);
                fastest = if p > 0.5 { fastest.into_iter().chain(expected).min() } else { fastest };
                belief.times.hear(&cell.x, p / (belief.spread * belief.spread), 0.0);
            }
            Aim::Laws => break,
        }
        chosen.push(best);
        // Where one generalizes almost surely, more of them find nothing.
        if aim == Aim::One && hope < 1e-3 {
            break;
        }
    }
    chosen
}

/// Steps that a run is expected to make: it ends once it has generalized, or makes all of them.
pub(super) fn expected_steps(belief: &Belief, cell: &Cell, probability: f64) -> f64 {
    let all = cell.steps.max(1) as f64;
    let to_its_end = belief.log_time(cell).map_or(all, |(mean, _)| mean.exp().min(all));
    let to_its_end = if cell.stops { to_its_end } else { all };
    probability * to_its_end + (1.0 - probability) * all
}

/// Steps below the fastest so far that are expected, E[max(best − t, 0)] with ln t normal, times the chance that it generalizes.
fn sooner(belief: &Belief, cell: &Cell, probability: f64, fastest: Option<u64>) -> f64 {
    let all = cell.steps as f64;
    let Some((mean, deviation)) = belief.log_time(cell) else { return probability };
    let best = fastest.map_or(all, |step| step as f64);
    // E[max(b − t, 0)] = b Φ(d) − e^{μ + s²/2} Φ(d − s), d = (ln b − μ)/s.
    let d = (best.max(1.0).ln() - mean) / deviation;
    let gain = best * normal(d) - (mean + deviation * deviation / 2.0).exp() * normal(d - deviation);
    probability * gain.max(0.0)
}

/// Φ.
fn normal(z: f64) -> f64 {
    0.5 * libm::erfc(-z / std::f64::consts::SQRT_2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dunwu_design::entropy;

    /// Closed forms against sums over a fine grid.
    #[test]
    fn gains_are_the_integrals_that_they_stand_for() {
        let grid = |f: &dyn Fn(f64) -> f64| {
            let (mut sum, mut weights) = (0.0, 0.0);
            for point in -4000..=4000 {
                let z = f64::from(point) / 500.0;
                let weight = (-z * z / 2.0).exp();
                sum += weight * f(z);
                weights += weight;
            }
            sum / weights
        };
        for (mean, deviation) in [(0.0, 1.0), (2.0, 0.5), (-1.0, 2.0)] {
            let p = |z: f64| crate::early::trees::probability(mean + deviation * z);
            let exact = entropy(grid(&p)) - grid(&|z| entropy(p(z)));
            assert!((information_of_odds(mean, deviation * deviation) - exact).abs() < 2e-3);
        }
        assert!(information_of_odds(8.0, 0.1) < information_of_odds(0.0, 0.1), "what is sure says little");
        assert!(information_of_odds(0.0, 0.01) < information_of_odds(0.0, 1.0), "and what is known already");
        let d = |best: f64, mean: f64, s: f64| {
            let d = (best.ln() - mean) / s;
            best * normal(d) - (mean + s * s / 2.0).exp() * normal(d - s)
        };
        for (best, mean, s) in [(100.0, 4.0, 0.5), (50.0, 5.0, 0.3)] {
            let exact = grid(&|z| (best - f64::exp(mean + s * z)).max(0.0));
            assert!((d(best, mean, s) - exact).abs() < 1e-2 * exact.max(0.1), "{} {exact}", d(best, mean, s));
        }
    }
}
