//! Sweeps that obey a law by construction, for tests.

use super::runs::{Run, Runs, Size};
use dunwu::store::{Column, Table};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{RngCore, SeedableRng};

/// How the runs of a sweep are made up.
pub struct Recipe<'a> {
    /// M of every size.
    pub sizes: &'a [usize],
    /// The threshold at M.
    pub critical: &'a dyn Fn(f64) -> f64,
    /// b.
    pub slope: f64,
    /// τ.
    pub scatter: f64,
    /// Seeds a size.
    pub seeds: u64,
    /// Amounts a size, from 0.6 to 1.6 times the law's.
    pub amounts: usize,
    /// Whether a seed has one threshold for all amounts, as where samples of one seed are nested, instead of one a run.
    pub by_seed: bool,
    /// Of the generator.
    pub seed: u64,
}

impl Recipe<'_> {
    /// The runs that the recipe makes.
    pub fn runs(&self) -> Runs {
        let mut chance = Chance(ChaCha8Rng::seed_from_u64(self.seed));
        let sizes: Vec<Size> = self.sizes.iter().map(|&m| self.size(m, &mut chance)).collect();
        let work = sizes.iter().flat_map(|size| size.runs.iter().map(|run| 1000.0 * (run.n * size.m) as f64)).sum();
        Runs {
            family: "cyclic".into(),
            sizes,
            failed: 0,
            diverged: 0,
            collapsed: 0,
            lost: 0,
            following: Vec::new(),
            common: Vec::new(),
            steps: 1000,
            work,
            seconds: 3600.0,
        }
    }

    fn size(&self, m: usize, chance: &mut Chance) -> Size {
        let law = (self.critical)(m as f64);
        let threshold = law.ln() + self.scatter * chance.gauss();
        let mut runs = Vec::new();
        for seed in 0..self.seeds {
            let common = chance.logistic();
            for i in 0..self.amounts {
                let share = i as f64 / (self.amounts - 1).max(1) as f64;
                let n = ((law * 0.6 * (1.6_f64 / 0.6).powf(share)).round() as usize).clamp(1, m * m);
                let own = if self.by_seed { common } else { chance.logistic() };
                runs.push(Run { n, seed, generalized: (n as f64).ln() > threshold + own / self.slope });
            }
        }
        runs.sort_unstable();
        Size { task: format!("cyclic:{m}"), m, population: m * m, runs }
    }

    /// The same as a sweep's table, rows in the order of a sweep.
    pub fn table(&self) -> Table {
        table(&self.runs())
    }
}

/// Runs as a sweep's table.
pub fn table(runs: &Runs) -> Table {
    let rows: Vec<(&Size, &Run)> =
        runs.sizes.iter().flat_map(|size| size.runs.iter().map(move |r| (size, r))).collect();
    let ints = |of: &dyn Fn(&Size, &Run) -> usize| Column::Int64(rows.iter().map(|(s, r)| of(s, r) as i64).collect());
    let text = |of: &dyn Fn(&Size, &Run) -> String| Column::Utf8(rows.iter().map(|(s, r)| of(s, r)).collect());
    let all = |value: f64| Column::Float64(vec![value; rows.len()]);
    let step = |run: &Run| run.generalized.then_some(400_i64);
    let number = |value: f64| Column::OptFloat64(vec![Some(value); rows.len()]);
    Table::default()
        .with("task", text(&|size, _| size.task.clone()))
        .with("data.count", ints(&|_, run| run.n))
        .with("model.width", ints(&|_, _| 256))
        .with("optimizer.learning_rate", all(0.005))
        .with("steps", ints(&|_, _| 1000))
        .with("seed", ints(&|_, run| run.seed as usize))
        .with("run", text(&|size, run| format!("{:04x}{:06x}{:06x}", size.m, run.n, run.seed)))
        .with("n_labels", ints(&|size, _| size.m))
        .with("n_train", ints(&|_, run| run.n))
        .with("n_population", ints(&|size, _| size.population))
        .with("outcome", text(&|_, run| if run.generalized { "grokked" } else { "censored" }.to_owned()))
        .with("step", ints(&|_, _| 1000))
        .with("step_memorized", Column::OptInt64(vec![Some(100); rows.len()]))
        .with("step_generalized", Column::OptInt64(rows.iter().map(|(_, run)| step(run)).collect()))
        .with("train_loss", number(0.01))
        .with("train_accuracy", number(1.0))
        .with("test_loss", number(0.5))
        .with("test_accuracy", number(0.5))
        .with("units_generalizing", Column::OptInt64(vec![None; rows.len()]))
        .with("units_memorizing", Column::OptInt64(vec![None; rows.len()]))
        .with("units_undecided", Column::OptInt64(vec![None; rows.len()]))
        .with("units_dead", Column::OptInt64(vec![None; rows.len()]))
        .with("seconds", all(3.0))
        .with("error", Column::OptUtf8(vec![None; rows.len()]))
        .with("kernel", text(&|_, _| "avx2".to_owned()))
        .with("version", text(&|_, _| "0.1.0".to_owned()))
}

/// Random numbers of the distributions that are needed.
pub struct Chance(pub ChaCha8Rng);

impl Chance {
    /// Uniform on (0, 1).
    pub fn uniform(&mut self) -> f64 {
        ((self.0.next_u64() >> 11) as f64 + 0.5) * 2f64.powi(-53)
    }

    fn logistic(&mut self) -> f64 {
        let u = self.uniform();
        (u / (1.0 - u)).ln()
    }

    fn gauss(&mut self) -> f64 {
        (-2.0 * self.uniform().ln()).sqrt() * (std::f64::consts::TAU * self.uniform()).cos()
    }
}
