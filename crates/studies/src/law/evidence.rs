//! How well a law foretells the runs: its evidence, and what they leave of its unknowns.
//!
//! ```text
//! Z(law) = ∫ dν db dτ (da) p(ν) p(b) p(τ) (p(a)) Π over sizes of L_τ(ν + ln g(M) − ln g(M̄), b)
//! ```
//!
//! ν is the logarithm of the threshold at the geometric mean size M̄, and has the same prior for every law: uniform between the smallest and the largest
//! sample that there is. So no law is favoured by the units of its constant. Every integral is a mean over the middles of the cells
//! of a grid; nothing is sampled and nothing approximated by a Gaussian.

use super::form::{EXPONENTS, Form};
use super::likelihood::{SCATTERS, SizeLikelihood, ln_mean, slopes};
use super::runs::Runs;

/// What the runs leave of one law.
#[derive(Clone, Debug, PartialEq)]
pub struct LawFit {
    /// The law.
    pub form: Form,
    /// ln of its evidence.
    pub ln_evidence: f64,
    /// How many bits it is behind the law with the largest evidence among all of [`Form::ALL`]; 0 for that one.
    pub bits: f64,
    /// c, with its 95 % interval; `None` for no law, without width for the author's line.
    pub scale: Option<Estimate>,
    /// a, where it is free.
    pub exponent: Option<Estimate>,
    /// Mean of τ, the scatter of a threshold's logarithm about the law; `None` for no law.
    pub scatter: Option<f64>,
    /// M̄.
    pub(super) middle: f64,
    /// What the runs leave of the unknowns.
    pub(super) atoms: Vec<Atom>,
}

/// An unknown quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Mean of a, median of c.
    pub value: f64,
    /// 2.5 % point.
    pub low: f64,
    /// 97.5 % point.
    pub high: f64,
}

/// One combination of unknowns with its share of the posterior.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Atom {
    pub(super) nu: f64,
    pub(super) exponent: f64,
    pub(super) slope: f64,
    pub(super) scatter: f64,
    pub(super) weight: f64,
}

/// Tables of all sizes, and the grids.
pub(super) struct Tables<'a> {
    runs: &'a Runs,
    sizes: Vec<SizeLikelihood>,
    slopes: Vec<f64>,
    middle: f64,
    /// Uniform prior of ν.
    nu: (f64, f64),
    /// Step of ν.
    step: f64,
}

/// Step of ν for a thousand runs: less than its posterior's standard deviation (0.7 % for 9 sizes whose thresholds are known to 2 %).
const NU_STEP: f64 = 0.005;
/// Step of a likewise, which 455 runs of 7 sizes tell to 0.023 (`tests`).
const EXPONENT_STEP: f64 = 0.01;
/// Runs for which these steps do; they shrink with the root of how many more there are, and grow with that of how many fewer.
const RUNS_OF_STEP: f64 = 1000.0;
/// So far at most: 1.5 times the width 1/b of the sharpest transition, which a mean over middles still sums to e⁻¹³.
const LARGEST_STEP: f64 = 3.0;
/// Combinations that are e⁻⁴⁰ of the largest so far are left out of the sum: the largest grid has e¹⁷ points for a thousand runs.
const NEGLIGIBLE: f64 = 40.0;
/// Of these the posterior is made.
const KEPT: f64 = 20.0;

impl<'a> Tables<'a> {
    pub(super) fn of(runs: &'a Runs) -> Self {
        let slopes = slopes();
        let n = runs.sizes.len() as f64;
        let middle = runs.middle();
        let ln_population = runs.sizes.iter().map(|size| (size.population as f64).ln()).sum::<f64>() / n;
        Self {
            sizes: runs.sizes.iter().map(|size| SizeLikelihood::of(size, &slopes)).collect(),
            slopes,
            middle,
            nu: (middle.ln(), ln_population),
            step: NU_STEP * (RUNS_OF_STEP / runs.len() as f64).sqrt().min(LARGEST_STEP),
            runs,
        }
    }

    /// Every law with its evidence; bits against the best of them.
    pub(super) fn compare(&self) -> Vec<LawFit> {
        let mut fits: Vec<LawFit> = Form::ALL.iter().map(|&form| self.fit(form)).collect();
        let best = fits.iter().map(|fit| fit.ln_evidence).fold(f64::NEG_INFINITY, f64::max);
        for fit in &mut fits {
            fit.bits = (best - fit.ln_evidence) / std::f64::consts::LN_2;
        }
        fits
    }

    pub(super) fn fit(&self, form: Form) -> LawFit {
        let empty = LawFit {
            form,
            ln_evidence: self.no_law(),
            bits: 0.0,
            scale: None,
            exponent: None,
            scatter: None,
            middle: self.middle,
            atoms: Vec::new(),
        };
        let Some(ln_evidence_and_atoms) = self.integral(form) else { return empty };
        let (ln_evidence, atoms) = ln_evidence_and_atoms;
        let ln_scale = |atom: &Atom| atom.nu - form.ln_growth(self.middle, atom.exponent).unwrap_or(0.0);
        let exponent = |atom: &Atom| atom.exponent;
        let mean = |of: &dyn Fn(&Atom) -> f64| atoms.iter().map(|atom| atom.weight * of(atom)).sum::<f64>();
        let estimate = |of: &dyn Fn(&Atom) -> f64| [0.5, 0.025, 0.975].map(|share| quantile(&atoms, share, of));
        let [c, c_low, c_high] = estimate(&ln_scale).map(f64::exp);
        let is_free = form == Form::Power;
        LawFit {
            ln_evidence,
            scale: Some(Estimate { value: c, low: c_low, high: c_high }),
            exponent: is_free.then(|| {
                let [_, low, high] = estimate(&exponent);
                Estimate { value: mean(&exponent), low, high }
            }),
            scatter: Some(mean(&|atom: &Atom| atom.scatter)),
            atoms,
            ..empty
        }
    }

    /// ln Z and the posterior; `None` for no law.
    fn integral(&self, form: Form) -> Option<(f64, Vec<Atom>)> {
        form.ln_growth(self.middle, 1.0)?;
        let growth = |m: f64, exponent: f64| form.ln_growth(m, exponent).unwrap_or(0.0);
        let nus = match form.fixed_scale() {
            Some(scale) => vec![scale.ln() + growth(self.middle, 1.0)],
            None => middles(self.nu, self.step),
        };
        let exponents = match form {
            Form::Power => middles(EXPONENTS, EXPONENT_STEP * self.step / NU_STEP),
            _ => vec![1.0],
        };
        let offsets: Vec<Vec<f64>> = exponents
            .iter()
            .map(|&a| self.runs.sizes.iter().map(|size| growth(size.m as f64, a) - growth(self.middle, a)).collect())
            .collect();
        let mut best = f64::NEG_INFINITY;
        let mut atoms: Vec<Atom> = Vec::new();
        for (t, &scatter) in SCATTERS.iter().enumerate() {
            for (b, &slope) in self.slopes.iter().enumerate() {
                let row = t * self.slopes.len() + b;
                let ceiling: f64 = self.sizes.iter().map(|size| size.peak(row)).sum();
                for (offsets, &exponent) in offsets.iter().zip(&exponents) {
                    for &nu in &nus {
                        let Some(log) = self.product(row, slope, nu, offsets, ceiling, best - NEGLIGIBLE) else {
                            continue;
                        };
                        best = best.max(log);
                        atoms.push(Atom { nu, exponent, slope, scatter, weight: log });
                    }
                }
            }
        }
        let sum: f64 = atoms.iter().map(|atom| (atom.weight - best).exp()).sum();
        let n = (nus.len() * exponents.len() * self.slopes.len() * SCATTERS.len()) as f64;
        atoms.retain(|atom| atom.weight > best - KEPT);
        atoms.iter_mut().for_each(|atom| atom.weight = (atom.weight - best).exp());
        let kept: f64 = atoms.iter().map(|atom| atom.weight).sum();
        atoms.iter_mut().for_each(|atom| atom.weight /= kept);
        Some((best + (sum / n).ln(), atoms))
    }

    /// Σ over sizes of ln L; `None` as soon as it cannot reach `floor` any more. `ceiling` is the sum of the largest values.
    fn product(&self, row: usize, b: f64, nu: f64, offsets: &[f64], ceiling: f64, floor: f64) -> Option<f64> {
        let mut reachable = ceiling;
        for (size, offset) in self.sizes.iter().zip(offsets) {
            reachable += size.at(row, nu + offset, b) - size.peak(row);
            if reachable < floor {
                return None;
            }
        }
        Some(reachable)
    }

    /// ln of the evidence that every size has a threshold of its own, uniform in ln n between M and its population.
    fn no_law(&self) -> f64 {
        let of_slope = |&b: &f64| {
            let sizes = self.sizes.iter().zip(&self.runs.sizes);
            sizes.map(|(table, size)| table.free(((size.m as f64).ln(), (size.population as f64).ln()), b)).sum()
        };
        ln_mean(&self.slopes.iter().map(of_slope).collect::<Vec<f64>>())
    }
}

impl LawFit {
    /// The threshold at M by the law as fitted; `None` for no law.
    pub fn n_critical(&self, m: f64) -> Option<f64> {
        let exponent = self.exponent.map_or(1.0, |exponent| exponent.value);
        // With a free, c hangs on a: the curve goes through the median at the mean size.
        let nu = quantile(&self.atoms, 0.5, &|atom: &Atom| atom.nu);
        let growth = self.form.ln_growth(m, exponent)? - self.form.ln_growth(self.middle, exponent)?;
        Some((nu + growth).exp())
    }
}

/// Middles of cells of at most `step` between the ends.
fn middles((low, high): (f64, f64), step: f64) -> Vec<f64> {
    let n = ((high - low) / step).ceil().max(1.0);
    (0..n as usize).map(|i| low + (high - low) * (i as f64 + 0.5) / n).collect()
}

/// The value of `of` below which `share` of the posterior lies.
fn quantile(atoms: &[Atom], share: f64, of: &dyn Fn(&Atom) -> f64) -> f64 {
    let mut values: Vec<(f64, f64)> = atoms.iter().map(|atom| (of(atom), atom.weight)).collect();
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut sum = 0.0;
    for (value, weight) in &values {
        sum += weight;
        if sum >= share {
            return *value;
        }
    }
    values.last().map_or(f64::NAN, |last| last.0)
}
