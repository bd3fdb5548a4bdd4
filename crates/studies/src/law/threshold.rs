//! The critical sample size of one task: where half of the runs generalize.

use super::runs::{Run, Size};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};
use std::collections::BTreeMap;

/// Resamplings of the seeds.
pub const REPLICATES: usize = 1000;
/// Of the generator that resamples; any number does.
const RESAMPLING_SEED: u64 = 20_250_921;
/// Below so many seeds an interval over seeds says little.
const FEW_SEEDS: usize = 3;

/// What the runs of one task say about its threshold.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// The task.
    pub task: String,
    /// M.
    pub m: usize,
    /// n at which half of the runs generalize; `None` where it lies outside of what was looked at.
    pub n_critical: Option<f64>,
    /// Lower end of the 95 % interval, or a lower bound.
    pub low: Option<f64>,
    /// Upper end, or an upper bound.
    pub high: Option<f64>,
    /// b of `P(n) = 1 / (1 + (n_c / n)^b)`.
    pub slope: Option<f64>,
    /// Where the threshold lies.
    pub standing: Standing,
    /// Runs.
    pub runs: usize,
    /// Runs that generalized.
    pub generalized: usize,
    /// Different seeds.
    pub seeds: usize,
    /// Different amounts of data.
    pub amounts: usize,
}

/// Where a threshold lies in what was looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Between amounts at which some and some do not generalize.
    Inside,
    /// Between two amounts: none generalizes at the lower or below, all do at the upper or above. The data know no more than that.
    Separated,
    /// Above all that was looked at.
    Above,
    /// Below all that was looked at.
    Below,
    /// More data did not make generalization more likely, or there was one amount only.
    Nowhere,
}

impl Threshold {
    /// From the runs of one task.
    pub fn of(size: &Size) -> Self {
        let seeds = by_seed(&size.runs);
        let all = Cells::of(&size.runs);
        let (n_low, n_high) = (all.n[0], all.n[all.n.len() - 1]);
        let mut threshold = Self {
            task: size.task.clone(),
            m: size.m,
            n_critical: None,
            low: None,
            high: None,
            slope: None,
            standing: Standing::Nowhere,
            runs: size.runs.len(),
            generalized: size.n_generalized(),
            seeds: seeds.len(),
            amounts: all.n.len(),
        };
        match all.located() {
            Located::Below => (threshold.standing, threshold.high) = (Standing::Below, Some(n_low)),
            Located::Above => (threshold.standing, threshold.low) = (Standing::Above, Some(n_high)),
            Located::Nowhere => {}
            Located::At(fit) => {
                let (mut low, mut high) = interval(&all, &seeds);
                threshold.standing = Standing::Inside;
                if let Some((below, above)) = all.gap() {
                    threshold.standing = Standing::Separated;
                    (low, high) = (low.min(below), high.max(above));
                }
                let n_critical = fit.ln_critical.exp();
                threshold.n_critical = Some(n_critical);
                threshold.slope = Some(fit.slope);
                // Few seeds are resampled coarsely; the estimate itself is always inside.
                (threshold.low, threshold.high) = (Some(low.min(n_critical)), Some(high.max(n_critical)));
            }
        }
        threshold
    }

    /// What limits it, in a few words; `None` where nothing does.
    pub fn note(&self) -> Option<String> {
        let few = (self.seeds < FEW_SEEDS)
            .then(|| format!("only {} seed{}", self.seeds, if self.seeds == 1 { "" } else { "s" }));
        let standing = match self.standing {
            Standing::Inside => None,
            Standing::Separated => Some("no run in between: the interval is at least the gap".to_owned()),
            Standing::Above => Some("above all that was looked at: a bound only".to_owned()),
            Standing::Below => Some("below all that was looked at: a bound only".to_owned()),
            Standing::Nowhere if self.amounts == 1 => Some("one amount of data only: no estimate".to_owned()),
            Standing::Nowhere => Some("more data did not help: no estimate".to_owned()),
        };
        let notes: Vec<String> = [standing, few].into_iter().flatten().collect();
        (!notes.is_empty()).then(|| notes.join("; "))
    }
}

/// Runs that generalized and all runs, by amount of data.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Cells {
    /// Amounts, ascending.
    pub(super) n: Vec<f64>,
    /// Runs at each that generalized.
    pub(super) successes: Vec<f64>,
    /// Runs at each.
    pub(super) totals: Vec<f64>,
}

/// A logistic curve in ln n.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Logistic {
    pub(super) ln_critical: f64,
    pub(super) slope: f64,
}

enum Located {
    Below,
    At(Logistic),
    Above,
    Nowhere,
}

impl Cells {
    pub(super) fn of(runs: &[Run]) -> Self {
        let mut counts: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
        for run in runs {
            let (successes, total) = counts.entry(run.n).or_default();
            *successes += f64::from(u8::from(run.generalized));
            *total += 1.0;
        }
        Self {
            n: counts.keys().map(|&n| n as f64).collect(),
            successes: counts.values().map(|&(successes, _)| successes).collect(),
            totals: counts.values().map(|&(_, total)| total).collect(),
        }
    }

    /// The largest amount at or below which none generalizes and the smallest from which on all do, where nothing lies between.
    fn gap(&self) -> Option<(f64, f64)> {
        let first = self.successes.iter().position(|&successes| successes > 0.0)?;
        let is_all = |i: usize| self.successes[i] == self.totals[i];
        (first > 0 && (first..self.n.len()).all(is_all)).then(|| (self.n[first - 1], self.n[first]))
    }

    fn located(&self) -> Located {
        let (successes, total) = (self.successes.iter().sum::<f64>(), self.totals.iter().sum::<f64>());
        if successes == 0.0 {
            return Located::Above;
        }
        if successes == total {
            return Located::Below;
        }
        match self.firth() {
            Some(fit) if fit.slope > 0.0 && fit.ln_critical < self.n[0].ln() => Located::Below,
            Some(fit) if fit.slope > 0.0 && fit.ln_critical > self.n[self.n.len() - 1].ln() => Located::Above,
            Some(fit) if fit.slope > 0.0 => Located::At(fit),
            _ => Located::Nowhere,
        }
    }

    /// The logistic curve of largest penalised likelihood, `None` for a single amount.
    ///
    /// ```text
    /// ℓ(α, b) + ½ ln det I(α, b),   P(n) = 1 / (1 + exp(−α − b (ln n − x̄)))
    /// ```
    ///
    /// - Source: Firth 1993, Biometrika 80, 27; for logistic curves Heinze & Schemper 2002, Statist. Med. 21, 2409: finite where a
    ///   gap separates the runs, where the likelihood itself has no maximum
    /// - Oracle: the penalised likelihood on a grid
    pub(super) fn firth(&self) -> Option<Logistic> {
        const STEPS: usize = 200;
        if self.n.len() < 2 {
            return None;
        }
        let total: f64 = self.totals.iter().sum();
        let centre = self.n.iter().zip(&self.totals).map(|(n, total)| n.ln() * total).sum::<f64>() / total;
        let x: Vec<f64> = self.n.iter().map(|n| n.ln() - centre).collect();
        let (mut alpha, mut b) = (0.0, 0.0);
        let mut height = self.penalised(&x, alpha, b);
        for _ in 0..STEPS {
            let (d_alpha, d_b) = self.scoring_step(&x, alpha, b);
            let mut share = 1.0;
            loop {
                let tried = self.penalised(&x, alpha + share * d_alpha, b + share * d_b);
                if tried >= height {
                    (alpha, b, height) = (alpha + share * d_alpha, b + share * d_b, tried);
                    break;
                }
                share /= 2.0;
                if share < 1e-10 {
                    return Some(Logistic { ln_critical: centre - alpha / b, slope: b });
                }
            }
            if (share * d_alpha).abs() < 1e-9 && (share * d_b).abs() < 1e-9 * (1.0 + b.abs()) {
                break;
            }
        }
        Some(Logistic { ln_critical: centre - alpha / b, slope: b })
    }

    pub(super) fn penalised(&self, x: &[f64], alpha: f64, b: f64) -> f64 {
        let eta = |x: f64| alpha + b * x;
        let likelihood: f64 =
            x.iter().zip(&self.successes).zip(&self.totals).map(|((&x, k), n)| k * eta(x) - n * softplus(eta(x))).sum();
        let [i00, i01, i11] = self.information(x, alpha, b);
        likelihood + 0.5 * (i00 * i11 - i01 * i01).max(f64::MIN_POSITIVE).ln()
    }

    fn information(&self, x: &[f64], alpha: f64, b: f64) -> [f64; 3] {
        let mut sums = [0.0; 3];
        for (&x, n) in x.iter().zip(&self.totals) {
            let p = logistic(alpha + b * x);
            let w = n * p * (1.0 - p);
            sums[0] += w;
            sums[1] += w * x;
            sums[2] += w * x * x;
        }
        sums
    }

    /// I⁻¹ times the modified score Σ (k − N p + h (½ − p)) (1, x), with h the leverage of all runs at one amount.
    fn scoring_step(&self, x: &[f64], alpha: f64, b: f64) -> (f64, f64) {
        let [i00, i01, i11] = self.information(x, alpha, b);
        let determinant = (i00 * i11 - i01 * i01).max(f64::MIN_POSITIVE);
        let (mut u0, mut u1) = (0.0, 0.0);
        for ((&x, k), n) in x.iter().zip(&self.successes).zip(&self.totals) {
            let p = logistic(alpha + b * x);
            let leverage = n * p * (1.0 - p) * (i11 - 2.0 * i01 * x + i00 * x * x) / determinant;
            let residual = k - n * p + leverage * (0.5 - p);
            u0 += residual;
            u1 += residual * x;
        }
        ((i11 * u0 - i01 * u1) / determinant, (i00 * u1 - i01 * u0) / determinant)
    }
}

/// ln(1 + eˣ).
pub(super) fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// 1 / (1 + e⁻ˣ).
pub(super) fn logistic(x: f64) -> f64 {
    if x >= 0.0 {
        1.0 / (1.0 + (-x).exp())
    } else {
        let e = x.exp();
        e / (1.0 + e)
    }
}

fn by_seed(runs: &[Run]) -> Vec<Vec<Run>> {
    let mut seeds: BTreeMap<u64, Vec<Run>> = BTreeMap::new();
    for run in runs {
        seeds.entry(run.seed).or_default().push(*run);
    }
    seeds.into_values().collect()
}

/// The 95 % interval of the threshold: percentiles over resampled seeds, further out the fewer seeds there are.
///
/// - Source: Hesterberg 2015, The American Statistician 69, 371 (expanded percentile interval)
/// - Differs: the plain percentile interval of 5 seeds is too narrow by √(4/5) and by Student against Gauss
fn interval(all: &Cells, seeds: &[Vec<Run>]) -> (f64, f64) {
    let mut rng = ChaCha8Rng::seed_from_u64(RESAMPLING_SEED);
    let (n_low, n_high) = (all.n[0], all.n[all.n.len() - 1]);
    let mut estimates: Vec<f64> = Vec::with_capacity(REPLICATES);
    for _ in 0..REPLICATES {
        let drawn = (0..seeds.len()).flat_map(|_| &seeds[below(&mut rng, seeds.len())]);
        let runs: Vec<Run> = drawn.copied().collect();
        estimates.push(match Cells::of(&runs).located() {
            Located::At(fit) => fit.ln_critical.exp().clamp(n_low, n_high),
            Located::Below => n_low,
            Located::Above => n_high,
            // Nothing to be learned from this one: it widens neither side.
            Located::Nowhere => continue,
        });
    }
    estimates.sort_by(f64::total_cmp);
    let Some(last) = estimates.len().checked_sub(1) else { return (n_low, n_high) };
    let rank = tail(seeds.len()) * last as f64;
    (estimates[rank.floor() as usize], estimates[last - rank.floor() as usize])
}

/// Share of replicates outside of either end: Φ(−√(s / (s − 1)) t), with t Student's 97.5 % point of s − 1 degrees of freedom.
fn tail(n_seeds: usize) -> f64 {
    if n_seeds < 3 {
        return 0.0;
    }
    let (s, f) = (n_seeds as f64, n_seeds as f64 - 1.0);
    // Cornish and Fisher's expansion (Abramowitz & Stegun 26.7.5), within 1 % from 4 degrees of freedom on; with fewer, the
    // ends are those of all replicates either way.
    let z: f64 = 1.959_964;
    let t = z + (z.powi(3) + z) / (4.0 * f) + (5.0 * z.powi(5) + 16.0 * z.powi(3) + 3.0 * z) / (96.0 * f * f);
    0.5 * libm::erfc((s / f).sqrt() * t / std::f64::consts::SQRT_2)
}

/// Uniform below `n`; the bias of the multiplication is below n / 2⁶⁴.
fn below(rng: &mut ChaCha8Rng, n: usize) -> usize {
    ((u128::from(rng.next_u64()) * n as u128) >> 64) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size(cells: &[(usize, usize, usize)]) -> Size {
        let runs = cells.iter().flat_map(|&(n, successes, total)| {
            (0..total).map(move |seed| Run { n, seed: seed as u64, generalized: seed < successes })
        });
        Size { task: "cyclic:23".into(), m: 23, population: 529, runs: runs.collect() }
    }

    #[test]
    fn the_fit_is_the_maximum_of_the_penalised_likelihood_on_a_grid() {
        let cases: [&[(usize, usize, usize)]; 4] = [
            &[(100, 0, 5), (120, 1, 5), (140, 3, 5), (160, 5, 5)],
            &[(100, 0, 5), (120, 0, 5), (140, 5, 5), (160, 5, 5)],
            &[(100, 0, 1), (200, 1, 1)],
            &[(50, 2, 7), (60, 1, 3), (90, 4, 4)],
        ];
        for case in cases {
            let cells = Cells::of(&size(case).runs);
            let fit = cells.firth().unwrap();
            let x: Vec<f64> = cells.n.iter().map(|n| n.ln() - fit.ln_critical).collect();
            let best = cells.penalised(&x, 0.0, fit.slope);
            for i in -200..=200 {
                for slope in (1..400).map(|j| f64::from(j) * 0.25) {
                    // Only the determinant depends on where x is centred, and it does not: shifts leave it as it is.
                    let other = cells.penalised(&x, -slope * f64::from(i) * 0.003, slope);
                    assert!(other <= best + 1e-9, "{case:?}: {fit:?}, higher at {i}, {slope}");
                }
            }
        }
    }

    #[test]
    fn two_amounts_have_their_closed_form() {
        // Two parameters for two amounts: each cell is fitted alone, and Firth adds half a success and half a failure to it.
        let cells = Cells::of(&size(&[(100, 1, 6), (200, 6, 6)]).runs);
        let fit = cells.firth().unwrap();
        let logit = |k: f64, n: f64| ((k + 0.5) / (n - k + 0.5)).ln();
        let slope = (logit(6.0, 6.0) - logit(1.0, 6.0)) / 2f64.ln();
        assert!((fit.slope - slope).abs() < 1e-6, "{} {slope}", fit.slope);
        let ln_critical = 100f64.ln() - logit(1.0, 6.0) / slope;
        assert!((fit.ln_critical - ln_critical).abs() < 1e-6);
    }

    #[test]
    fn a_separated_threshold_knows_no_more_than_the_gap() {
        let threshold = Threshold::of(&size(&[(100, 0, 5), (120, 0, 5), (160, 5, 5), (200, 5, 5)]));
        assert_eq!(threshold.standing, Standing::Separated);
        assert!(threshold.low.unwrap() <= 120.0 && threshold.high.unwrap() >= 160.0, "{threshold:?}");
        assert!((120.0..160.0).contains(&threshold.n_critical.unwrap()));
        assert!(threshold.note().unwrap().contains("gap"));
    }

    #[test]
    fn beyond_what_was_looked_at_there_is_a_bound_and_no_estimate() {
        let bounds = |cells| {
            let threshold = Threshold::of(&size(cells));
            (threshold.standing, threshold.n_critical, threshold.low, threshold.high, threshold.slope)
        };
        assert_eq!(bounds(&[(100, 0, 5), (200, 0, 5)]), (Standing::Above, None, Some(200.0), None, None));
        assert_eq!(bounds(&[(100, 0, 5), (200, 1, 5)]), (Standing::Above, None, Some(200.0), None, None));
        assert_eq!(bounds(&[(100, 5, 5), (200, 5, 5)]), (Standing::Below, None, None, Some(100.0), None));
        assert_eq!(bounds(&[(100, 4, 5), (200, 1, 5)]), (Standing::Nowhere, None, None, None, None));
        assert_eq!(bounds(&[(100, 2, 5)]), (Standing::Nowhere, None, None, None, None));
        assert_eq!(
            Threshold::of(&size(&[(100, 0, 2), (200, 2, 2)])).note().unwrap().matches("only 2 seeds").count(),
            1
        );
    }

    #[test]
    fn the_interval_covers_a_known_threshold_as_often_as_it_says() {
        // Seeds have thresholds of their own, logistic about 150 with slope 20; 5 seeds, 13 amounts 6 % apart. No resampling of five
        // goes beyond their own range, which covers their median in 1 − 2/2⁵ = 94 % of cases, 281 of 300; the plain percentile
        // interval covers 248 (measured, with 0.025 for `tail`).
        let mut rng = ChaCha8Rng::seed_from_u64(3);
        let mut uniform = || (rng.next_u64() >> 11) as f64 * 2f64.powi(-53) + 2f64.powi(-54);
        let covered = (0..300).filter(|_| {
            let mut runs = Vec::new();
            for seed in 0..5 {
                let u = uniform();
                let own = 150f64.ln() + (u / (1.0 - u)).ln() / 20.0;
                runs.extend((0..13).map(|i| {
                    let n = (105.0 * 1.06f64.powi(i)).round() as usize;
                    Run { n, seed, generalized: (n as f64).ln() > own }
                }));
            }
            runs.sort_unstable();
            let threshold = Threshold::of(&Size { task: String::new(), m: 23, population: 529, runs });
            threshold.low.is_some_and(|low| low <= 150.0) && threshold.high.is_some_and(|high| high >= 150.0)
        });
        let covered = covered.count();
        // Two standard deviations below 281.
        assert!(covered >= 272, "{covered} of 300");
    }

    #[test]
    fn tails_are_those_of_students_table() {
        // t = 2.262 and 2.093 for 9 and 19 degrees of freedom: Φ(−2.384) and Φ(−2.147).
        assert!((tail(10) - 0.00856).abs() < 1e-4, "{}", tail(10));
        assert!((tail(20) - 0.01589).abs() < 1e-4, "{}", tail(20));
        assert!((tail(100_000) - 0.025).abs() < 1e-4);
    }
}
