//! A run for tests, made up but shaped like the paper's: memorizes, then each unit climbs, then grokks.

use dunwu::Opened;
use dunwu::answer::Fact;
use dunwu::group::{Irrep, IrrepKind};
use dunwu::knowledge::Knowledge;
use dunwu::measure::{self, MEASURES, Quantity};
use dunwu::opened::{Frame, Stage, StageSpan, UnitLabel};
use dunwu_engine::loss::{Loss, Objective};
use dunwu_engine::model::{Activation, Initialization};
use dunwu_engine::optim::{AdamSpec, GradientSpec, Method, OptimizerSpec, Schedule};
use dunwu_engine::spec::{Architecture, DataSpec, EventSpec, ModelSpec, OperandTables, RecordSpec, Sampling, TopLayer};
use dunwu_engine::task::Task;
use dunwu_engine::train::Stay;
use dunwu_engine::{Outcome, RunSpec, Scalars};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;

/// What a run knows whose accuracies arrived at these steps and stayed.
pub(crate) fn known(memorized: Option<u64>, generalized: Option<u64>) -> Knowledge {
    let stay =
        |arrived: Option<u64>| arrived.map(|arrived| Stay { arrived, left: None, lapses: 0, best: 1.0, last: 1.0 });
    Knowledge { memorized: stay(memorized), generalized: stay(generalized) }
}

fn spec(width: usize, steps: u64) -> RunSpec {
    RunSpec {
        task: Task::cyclic(71),
        data: DataSpec::of(Sampling::Fraction(0.4)),
        model: ModelSpec {
            architecture: Architecture::TwoLayer,
            attention: None,
            tables: OperandTables::Separate,
            width,
            activation: Activation::Square,
            initialization: Initialization::Pytorch,
            hidden_scale: 1.0,
            top_scale: 1.0,
            top_layer: TopLayer::Trained,
        },
        loss: Objective::Outputs(Loss::Mse),
        optimizer: OptimizerSpec {
            method: Method::Adam(AdamSpec { beta1: 0.9, beta2: 0.999, epsilon: 1e-8 }),
            learning_rate: 1e-3,
            weight_decay: 2e-4,
            schedule: Schedule::Constant,
            gradient: GradientSpec::NONE,
            qk_clip: 0.0,
        },
        steps,
        seed: 0,
        record: RecordSpec { evaluate_every: 1, snapshots_per_decade: 12, snapshot_every: 0, snapshot_at_events: true },
        events: EventSpec { memorized: 0.99, generalized: 0.99, sustained: 10, collapsed_norm: 1e-6, stop_after: None },
        interventions: Vec::new(),
        numerics: dunwu_engine::kernel::Numerics::Fast,
        threads: 1,
    }
}

/// 0 before, 1 after, half at `middle`, over a factor of `e^width` in time.
fn rise(step: f64, middle: f64, width: f64) -> f64 {
    1.0 / (1.0 + (-((step + 1.0) / (middle + 1.0)).ln() / width).exp())
}

/// ℤ₇₁ with `width` units and `n_frames` snapshots over 400 steps: memorized at 62, generalized at 138.
pub(super) fn run(width: usize, n_frames: usize) -> Opened {
    let n_irreps = 36;
    let mut rng = ChaCha8Rng::seed_from_u64(7);
    let steps = 400u64;
    let irreps = (0..n_irreps)
        .map(|k| match k {
            0 => Irrep { name: "trivial".into(), degree: 1, kind: IrrepKind::Real, dimension: 1 },
            k => Irrep { name: format!("frequency {k}"), degree: 1, kind: IrrepKind::Complex, dimension: 2 },
        })
        .collect();
    let scalars = (0..=steps)
        .map(|step| {
            let t = step as f64;
            let (train, test) = (rise(t, 30.0, 0.16), rise(t, 101.0, 0.068));
            let jitter = 1.0 + 0.03 * rng.random_range(-1.0..1.0);
            Scalars {
                step,
                train_loss: (0.986 * (1.0 - rise(t, 40.0, 0.25)) + 4e-4) * jitter,
                train_accuracy: 0.014 + 0.986 * train,
                test_loss: Some(
                    (0.986 * (1.0 - rise(t, 112.0, 0.16))
                        + 0.3 * rise(t, 40.0, 0.2) * (1.0 - rise(t, 95.0, 0.1))
                        + 3e-3)
                        * jitter,
                ),
                test_accuracy: Some(0.014 + 0.986 * test),
                corrupted_accuracy: None,
                restored_accuracy: None,
            }
        })
        .collect();
    // Each unit: its irrep, when it becomes pure, how it ends.
    let arrival: Vec<f64> = (0..n_irreps).map(|_| 75.0 * (rng.random_range(0.0..0.9f64)).exp()).collect();
    let units: Vec<(usize, f64, UnitLabel, f64)> = (0..width)
        .map(|_| {
            let irrep = rng.random_range(1..n_irreps);
            let end = match rng.random_range(0..100) {
                0..86 => UnitLabel::Generalizing,
                86..93 => UnitLabel::Memorizing,
                93..97 => UnitLabel::Undecided,
                _ => UnitLabel::Dead,
            };
            (irrep, arrival[irrep] * rng.random_range(1.0..1.5f64), end, rng.random_range(-1.0..1.0f64))
        })
        .collect();
    let mut taken: Vec<u64> = (0..n_frames)
        .map(|i| ((steps as f64).ln_1p() * i as f64 / (n_frames.max(2) - 1) as f64).exp_m1().round() as u64)
        .collect();
    if n_frames == 1 {
        taken = vec![steps];
    }
    taken.dedup();
    let frames = taken.into_iter().map(|step| frame(step, n_irreps, &units)).collect();
    let span = |name, from, to, evidence: &str| StageSpan { name, from, to, evidence: evidence.into() };
    Opened {
        expectation: dunwu::theory::Expectation::Generalizes { critical: 832.0 },
        spec: spec(width, steps),
        origin: None,
        task: "cyclic:71".into(),
        n_labels: 71,
        n_train: 2016,
        n_population: 5041,
        operation: dunwu::operation::Operation {
            n_operands: 2,
            n_tokens: 71,
            is_group: true,
            commuting: Some(1.0),
            closing: Some(1.0),
        },
        irreps: Some(irreps),
        scalars,
        frames,
        knowledge: known(Some(62), Some(138)),
        improving: false,
        stages: vec![
            span(Stage::Lazy, 0, 41, "the hidden weights are as they were drawn (cosine 1.00 with the first snapshot)"),
            span(Stage::Independent, 41, 118, "a tenth of the hidden weights' power has turned (cosine 0.90)"),
            span(Stage::Interactive, 118, 400, "half of the irreps are covered, and G_F points at the others (0.71)"),
        ],
        outcome: Outcome::Grokked { step: 138 },
        story: vec![
            "It memorized its 2,016 training samples by step 62, when test accuracy was 1.8 %.".into(),
            "It generalized at step 138: test accuracy went from 10 % to 99 % within 60 steps.".into(),
            "86 % of the 2,048 units hold a feature that carries over to unseen samples; 7 % serve the training sample only."
                .into(),
            "All 35 frequencies are covered; none is missing.".into(),
            "Theory expected grokking here: 40 % of the table is 2.4 times the critical share of 16.5 %, and so it was."
                .into(),
        ],
    }
}

#[expect(clippy::too_many_lines, reason = "one made-up value for each measure")]
fn frame(step: u64, n_irreps: usize, units: &[(usize, f64, UnitLabel, f64)]) -> Frame {
    let t = step as f64;
    let mut labels = Vec::new();
    let (mut train, mut population, mut purity, mut irrep, mut norm) = (vec![], vec![], vec![], vec![], vec![]);
    let mut pure_units = vec![0.0; n_irreps];
    let mut power = vec![0.0; n_irreps];
    for &(k, when, end, luck) in units {
        let grown = rise(t, when, 0.12);
        let early = rise(t, 45.0, 0.3);
        let spread = (0.5 * luck).exp();
        let (label, energy_train, energy_population, p) = match end {
            UnitLabel::Generalizing => {
                let label = if grown > 0.5 { end } else { UnitLabel::Undecided };
                let energy = spread * (0.02 + 0.1 * early + 3.0 * grown);
                (label, energy, spread * (0.02 + 17.0 * grown), 0.06 + 0.93 * grown)
            }
            UnitLabel::Memorizing => {
                let label = if early > 0.5 { end } else { UnitLabel::Undecided };
                (label, spread * (0.02 + 8.0 * early), spread * (0.02 + 0.4 * early), 0.06 + 0.08 * (luck + 1.0))
            }
            UnitLabel::Dead => {
                let left = 1.0 - rise(t, 150.0, 0.05);
                let label = if left < 1e-3 { end } else { UnitLabel::Undecided };
                (label, spread * 0.02 * left.powi(4), spread * 0.02 * left.powi(4), 0.1)
            }
            UnitLabel::Undecided => (end, spread * 0.05, spread * 0.04, 0.1 + 0.2 * early),
        };
        labels.push(label);
        train.push(Some(energy_train));
        population.push(Some(energy_population));
        let is_dead = label == UnitLabel::Dead;
        purity.push((!is_dead).then_some(p));
        irrep.push((!is_dead).then_some(k as f64));
        norm.push(Some(spread * (1.0 + grown)));
        if p > 0.9 {
            pure_units[k] += 1.0;
        }
        power[k] += p / units.len() as f64;
    }
    let fits: Vec<(f64, f64)> = units
        .iter()
        .zip(&labels)
        .map(|(&(_, when, _, luck), label)| {
            let noise = 1e-4 * (when * 7.3).sin();
            match label {
                UnitLabel::Generalizing => (5e-4 + 1.5e-4 * luck, 5e-4 + 1.4e-4 * luck + noise),
                UnitLabel::Memorizing => (1.2e-3 + 4e-4 * luck, noise - 2e-4),
                UnitLabel::Undecided => (5e-5 * luck + 5e-5, 0.3 * noise),
                UnitLabel::Dead => (0.0, 0.0),
            }
        })
        .collect();
    let grokked = rise(t, 100.0, 0.1);
    let spectrum = |n: usize, flat: f64| (0..n).map(|i| 3.0 * (-(i as f64) * (0.002 + 0.03 * flat)).exp()).collect();
    let per_irrep = |values: Vec<f64>| Some(Quantity::PerIrrep(values.into_iter().map(Some).collect()));
    let bump = 25.7 + 46.0 * rise(t, 70.0, 0.15) - 65.0 * rise(t, 160.0, 0.12);
    let updates =
        (step >= 20).then(|| Quantity::Spectrum((0..20).map(|i| (-f64::from(i) * (0.2 + grokked)).exp()).collect()));
    let mut values = vec![None; MEASURES.len()];
    let named = [
        (measure::GRADIENT_NORM.index(), Some(Quantity::Scalar(bump))),
        (
            measure::GRADIENT_ALIGNMENT.index(),
            Some(Quantity::Scalar(0.1 + 0.8 * rise(t, 25.0, 0.3) - 0.6 * rise(t, 110.0, 0.15))),
        ),
        (measure::REPULSION.index(), Some(Quantity::Scalar(0.02 + 0.5 * grokked))),
        (measure::KERNEL_DISTANCE.index(), Some(Quantity::Scalar(0.9 - 0.6 * grokked))),
        (measure::UNIT_ENERGY_TRAIN.index(), Some(Quantity::PerUnit(train))),
        (measure::UNIT_ENERGY_POPULATION.index(), Some(Quantity::PerUnit(population))),
        (measure::UNIT_PURITY.index(), Some(Quantity::PerUnit(purity))),
        (measure::UNIT_IRREP.index(), Some(Quantity::PerUnit(irrep))),
        (measure::UNIT_NORM.index(), Some(Quantity::PerUnit(norm))),
        (measure::IRREP_UNITS.index(), per_irrep(pure_units)),
        (measure::IRREP_POWER.index(), per_irrep(power)),
        (measure::HIDDEN_SPECTRUM.index(), Some(Quantity::Spectrum(spectrum(142, grokked)))),
        (measure::UPDATE_SPECTRUM.index(), updates),
        (measure::EFFECTIVE_RANK.index(), Some(Quantity::Scalar(140.0 - 100.0 * grokked))),
        (measure::UPDATE_LEADING_SHARE.index(), (step >= 20).then_some(Quantity::Scalar(0.33 + 0.5 * grokked))),
        (measure::HIDDEN_NORM.index(), Some(Quantity::Scalar(12.0 + 3.0 * grokked))),
        (measure::TOP_NORM.index(), Some(Quantity::Scalar(4.0))),
        (measure::UNIT_FIT_TRAIN.index(), Some(Quantity::PerUnit(fits.iter().map(|f| Some(f.0)).collect()))),
        (measure::UNIT_FIT_HELD_OUT.index(), Some(Quantity::PerUnit(fits.iter().map(|f| Some(f.1)).collect()))),
        (measure::RESTRICTED_LOSS.index(), Some(Quantity::Scalar(0.986 * (1.0 - rise(t, 95.0, 0.1)) + 1e-3))),
        (
            measure::EXCLUDED_LOSS.index(),
            Some(Quantity::Scalar(0.986 - 0.5 * rise(t, 40.0, 0.25) + 2.0 * rise(t, 95.0, 0.1))),
        ),
        (measure::KEY_FREQUENCIES.index(), Some(Quantity::Scalar(3.0))),
        (
            measure::LOGIT_FREQUENCY_SHARE.index(),
            per_irrep(
                (0..n_irreps).map(|k| if (1..4).contains(&k) { 0.3 * rise(t, 95.0, 0.1) } else { 0.0 }).collect(),
            ),
        ),
        (measure::EMBEDDING_GINI.index(), Some(Quantity::Scalar(0.1 + 0.3 * grokked))),
        (measure::NEURON_LOGIT_GINI.index(), Some(Quantity::Scalar(0.1 + 0.6 * grokked))),
        (measure::TRAIN_LOSS.index(), Some(Quantity::Scalar(0.986 * (1.0 - rise(t, 40.0, 0.25)) + 4e-4))),
        (measure::TEST_LOSS.index(), Some(Quantity::Scalar(0.986 * (1.0 - rise(t, 112.0, 0.16)) + 3e-3))),
    ];
    for (index, value) in named {
        values[index] = value;
    }
    Frame { step, values, sample_labels: labels.clone(), labels }
}

/// Settings as a spec lists them.
pub(super) fn settings() -> Vec<Fact> {
    [
        ("task", "cyclic:71"),
        ("data.fraction", "0.4"),
        ("model.width", "2048"),
        ("model.activation", "square"),
        ("loss", "mse"),
        ("optimizer", "adam"),
        ("optimizer.learning_rate", "0.001"),
        ("optimizer.weight_decay", "0.0002"),
        ("steps", "400"),
        ("seed", "0"),
    ]
    .map(|(key, value)| Fact::new(key, value))
    .into()
}
