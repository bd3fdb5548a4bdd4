//! The bench: every part, seed by seed.

use super::banks::Banks;
use super::counterfactual::{Retrained, Retraining};
use super::digits::NoisyDigits;
use super::grokked::{role, train};
use super::peers::scores;
use super::planted::Planted;
use super::rank::spearman;
use super::rows::{BenchPart, BenchRow, UnitsBench};
use super::sequences::PlantedSequences;
use super::shuffled::shuffled;
use super::small_net::Course;
use crate::units::evidence::evidence;
use crate::units::flags::Flags;
use crate::units::label::label;
use crate::units::layer::Contributions;
use crate::units::layer_samples::LayerSamples;
use crate::units::{Arrays, LayerVerdict, UnitRole};
use dunwu::verb::{VerbError, Watcher};

/// Which parts of the bench, and how large.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitsBenchRequest {
    /// The parts.
    pub parts: Vec<BenchPart>,
    /// Seeds of parts a, e and f, from 0 on.
    pub seeds: u64,
    /// Seeds of part d.
    pub retrained_seeds: u64,
    /// Networks that part d trains for each seed and kind of network.
    pub networks: usize,
    /// Threads of part d.
    pub threads: usize,
}

/// Seeds, and networks of part d: 4,000 leave a reliability of 0.98.
impl Default for UnitsBenchRequest {
    fn default() -> Self {
        Self { parts: BenchPart::ALL.to_vec(), seeds: 10, retrained_seeds: 1, networks: 4_000, threads: 1 }
    }
}

/// Samples of part d, a tenth of them with a wrong label.
const RETRAINED: (usize, usize) = (250, 25);
/// Chunks of 16 networks that few copies are estimated from.
const FEW_COPIES: usize = 5;

impl UnitsBenchRequest {
    /// Runs it.
    pub fn run(&self, watcher: &mut Watcher<'_>) -> Result<UnitsBench, VerbError> {
        let mut rows = Vec::new();
        for &part in &self.parts {
            match part {
                BenchPart::A => self.planted(&mut rows, watcher)?,
                BenchPart::D => self.retrained(&mut rows, watcher)?,
                BenchPart::E => self.shuffled(&mut rows, watcher)?,
                BenchPart::F => self.engine(&mut rows, watcher)?,
            }
        }
        Ok(UnitsBench::of(rows))
    }

    fn planted(&self, rows: &mut Vec<BenchRow>, watcher: &mut Watcher<'_>) -> Result<(), VerbError> {
        watcher.phase("networks built by hand", Some(self.seeds));
        for seed in 0..self.seeds {
            going_on(watcher)?;
            let planted = Planted::build(seed);
            let verdict = LayerVerdict::of(&planted.samples, &planted.contributions)?;
            told(rows, "hand-built", seed, &verdict, &planted.truth);
            let banks = Banks::train(seed);
            let verdict = LayerVerdict::of(&banks.samples, &Contributions::of_last_layer(&banks.samples))?;
            told(rows, "two banks", seed, &verdict, &banks.truth);
            let planted = PlantedSequences::build(seed);
            let verdict = LayerVerdict::of_arrays(&Arrays::parse(&planted.bytes)?)?;
            told(rows, "hand-built sequences", seed, &verdict, &planted.truth);
            watcher.pieces(seed + 1);
        }
        Ok(())
    }

    fn shuffled(&self, rows: &mut Vec<BenchRow>, watcher: &mut Watcher<'_>) -> Result<(), VerbError> {
        watcher.phase("shuffled labels", Some(self.seeds));
        for seed in 0..self.seeds {
            going_on(watcher)?;
            let samples = shuffled(seed);
            let contributions = Contributions::of_last_layer(&samples);
            let verdict = LayerVerdict::of(&samples, &contributions)?;
            let mut add =
                |figure: &str, value: f64| rows.push(row(BenchPart::E, "shuffled labels", seed, figure, value));
            let share = |verdict: &LayerVerdict, role| verdict.count(role) as f64 / verdict.units.len() as f64;
            add("train accuracy", verdict.soundness.train_accuracy);
            add("generalizing", share(&verdict, UnitRole::Generalizing));
            add("cannot tell", share(&verdict, UnitRole::CannotTell));
            for (name, role) in [
                ("generalizing", UnitRole::Generalizing),
                ("memorizing", UnitRole::Memorizing),
                ("both", UnitRole::Both),
            ] {
                add(&format!("{name}, were chance not asked"), unguarded(&samples, &contributions, role)?);
            }
            watcher.pieces(seed + 1);
        }
        Ok(())
    }

    fn engine(&self, rows: &mut Vec<BenchRow>, watcher: &mut Watcher<'_>) -> Result<(), VerbError> {
        let seeds = self.seeds.min(ENGINE_SEEDS);
        watcher.phase("networks of the engine", Some(seeds * ENGINE_RUNS.len() as u64));
        for (place, (name, preset, words)) in ENGINE_RUNS.iter().enumerate() {
            for seed in 0..seeds {
                going_on(watcher)?;
                let run = train(preset, &format!("{words} seed={seed}"))?;
                let verdict = LayerVerdict::of(&run.samples, &Contributions::of_last_layer(&run.samples))?;
                let mut add = |figure: &str, value: f64| rows.push(row(BenchPart::F, name, seed, figure, value));
                add("held-out accuracy", verdict.soundness.held_out_accuracy.unwrap_or(0.0));
                add("flagged", verdict.flagged.len() as f64);
                let pairs: Vec<(Option<UnitRole>, UnitRole)> = run
                    .labels
                    .iter()
                    .zip(&verdict.units)
                    .map(|(&label, unit)| (role(label), unit.label.role))
                    .collect();
                for engine in [UnitRole::Generalizing, UnitRole::Memorizing, UnitRole::Neither] {
                    let name = if engine == UnitRole::Neither { "dead" } else { engine.name() };
                    let of_engine: Vec<UnitRole> =
                        pairs.iter().filter(|pair| pair.0 == Some(engine)).map(|pair| pair.1).collect();
                    add(&format!("engine: {name}"), of_engine.len() as f64 / pairs.len() as f64);
                    for role in UnitRole::ALL {
                        let both = of_engine.iter().filter(|&&other| other == role).count();
                        if both > 0 {
                            add(&format!("engine: {name}, arrays: {}", role.name()), both as f64 / pairs.len() as f64);
                        }
                    }
                }
                // What the arrays prove of held-out samples alone, whether or not memory can be told.
                let carried = |unit: &crate::units::JudgedUnit| {
                    let h = unit.evidence.held_out;
                    h.is_some_and(|h| h.z() >= 3.0 && h.mean > 0.1 * unit.evidence.scale)
                };
                let told: Vec<bool> = pairs
                    .iter()
                    .zip(&verdict.units)
                    .filter(|(pair, _)| matches!(pair.0, Some(UnitRole::Generalizing | UnitRole::Memorizing)))
                    .map(|(pair, unit)| carried(unit) == (pair.0 == Some(UnitRole::Generalizing)))
                    .collect();
                if !told.is_empty() {
                    let agree = told.iter().filter(|&&agrees| agrees).count();
                    add("H agrees with the engine's memorizing or generalizing", agree as f64 / told.len() as f64);
                }
                watcher.pieces(place as u64 * seeds + seed + 1);
            }
        }
        Ok(())
    }

    fn retrained(&self, rows: &mut Vec<BenchRow>, watcher: &mut Watcher<'_>) -> Result<(), VerbError> {
        let courses = [
            ("mlp", 32, Course { steps: 300, rate: 1e-2, decay: 0.0 }),
            ("logistic", 0, Course { steps: 300, rate: 3e-2, decay: 0.0 }),
        ];
        for seed in 0..self.retrained_seeds {
            let digits = NoisyDigits::draw(seed, RETRAINED.0, RETRAINED.1, 397);
            for (name, n_units, course) in courses {
                watcher.phase(&format!("retraining, {name}"), Some(self.networks as u64));
                let retraining = Retraining { n_units, course, networks: self.networks, seed };
                let retrained = Retrained::train(&digits, retraining, self.threads, watcher)?;
                let mut add = |figure: &str, value: Option<f64>| {
                    rows.extend(value.map(|value| row(BenchPart::D, name, seed, figure, value)));
                };
                let exact = retrained.of_chunks(|_| true);
                let (even, odd) =
                    (retrained.of_chunks(|chunk| chunk % 2 == 0), retrained.of_chunks(|chunk| chunk % 2 == 1));
                add("networks", Some(self.networks as f64));
                add("split halves, probability", spearman(&even.probability, &odd.probability));
                add("split halves, accuracy", spearman(&even.accuracy, &odd.accuracy));
                for (name, scores) in scores(&digits, retraining) {
                    add(&format!("{name}, probability"), spearman(&scores, &exact.probability));
                    add(&format!("{name}, accuracy"), spearman(&scores, &exact.accuracy));
                }
                let few = |version: fn(&super::counterfactual::Memorization) -> &[f64]| {
                    let chunks = FEW_COPIES.min(retrained.chunks() / 2);
                    let of = |few: usize| {
                        let (own, rest) =
                            (retrained.of_chunks(|chunk| chunk == few), retrained.of_chunks(|chunk| chunk != few));
                        spearman(version(&own), version(&rest))
                    };
                    let all: Option<Vec<f64>> = (0..chunks).map(of).collect();
                    all.filter(|all| !all.is_empty()).map(|all| all.iter().sum::<f64>() / all.len() as f64)
                };
                add("16 retrained copies, probability", few(|memorization| &memorization.probability));
                add("16 retrained copies, accuracy", few(|memorization| &memorization.accuracy));
            }
        }
        Ok(())
    }
}

/// Seeds of runs of the engine at most: each is a training.
const ENGINE_SEEDS: u64 = 5;
/// Runs of the engine: what they are called, preset and settings.
const ENGINE_RUNS: [(&str, &str, &str); 2] =
    [("small, grokked", "small", "task=cyclic:23"), ("small, memorized", "small", "task=cyclic:23 data.fraction=0.25")];

fn going_on(watcher: &Watcher<'_>) -> Result<(), VerbError> {
    if watcher.is_stopped() { Err(VerbError::Stopped) } else { Ok(()) }
}

fn row(part: BenchPart, network: &str, seed: u64, figure: &str, value: f64) -> BenchRow {
    BenchRow { part, network: network.to_owned(), seed, figure: figure.to_owned(), value }
}

/// Rows of how right the labels are.
fn told(rows: &mut Vec<BenchRow>, network: &str, seed: u64, verdict: &LayerVerdict, truth: &[UnitRole]) {
    let pairs: Vec<(UnitRole, UnitRole)> =
        verdict.units.iter().map(|unit| unit.label.role).zip(truth.iter().copied()).collect();
    let count = |keep: &dyn Fn(&(UnitRole, UnitRole)) -> bool| pairs.iter().filter(|pair| keep(pair)).count() as f64;
    let all = pairs.len() as f64;
    let told = count(&|pair| pair.0 != UnitRole::CannotTell);
    let acting = count(&|pair| !matches!(pair.0, UnitRole::CannotTell | UnitRole::Neither));
    let right = |keep: &dyn Fn(UnitRole) -> bool| count(&|pair| pair.0 == pair.1 && keep(pair.0));
    let mut add = |figure: &str, value: f64| rows.push(row(BenchPart::A, network, seed, figure, value));
    add("units", all);
    add("cannot tell", (all - told) / all);
    add("right of told", right(&|_| true) / told.max(1.0));
    add("right of told, neither left out", right(&|role| role != UnitRole::Neither) / acting.max(1.0));
    for wanted in [UnitRole::Memorizing, UnitRole::Generalizing, UnitRole::Both] {
        let of_truth = count(&|pair| pair.1 == wanted);
        if of_truth > 0.0 {
            add(&format!("{}: right of all", wanted.name()), count(&|pair| *pair == (wanted, wanted)) / of_truth);
        }
    }
    if let Some(share) = verdict.located.as_ref().and_then(|located| located.of_role(UnitRole::Memorizing)?.share) {
        add("memory located", share);
    }
}

/// The share of units with a role, were the layer not refused.
fn unguarded(samples: &LayerSamples, contributions: &Contributions, role: UnitRole) -> Result<f64, VerbError> {
    let found = evidence(samples, contributions, Flags::of(samples).as_ref())?;
    let labels = label(&found, samples.train.labels.len());
    Ok(labels.iter().filter(|label| label.role == role).count() as f64 / labels.len() as f64)
}
