//! What can be set: settings of the engine under the field's names, each with its range.

use super::groups::GroupTask;
use super::interventions::{INTERVENTIONS, Words};
use dunwu_engine::RunSpec;
use dunwu_engine::spec::{Activation, Value, apply, parse_interventions, presets, settings};
use dunwu_science::lab::{Domain, Knob, LabCard, Point, Setting};
use dunwu_science::unit::Unit;

/// How the number of training samples is said.
///
/// One knob says it, never two: a point that leaves one of two out would still show its default. A share has a run at every point, and its
/// default, a half, generalizes for groups of every order; 264 samples are too few from M = 41 on and more than the table up to M = 16.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SampleKnob {
    /// `fraction`: their share of the table, so that there are ⌊fraction · M²⌋. Every point has a run.
    #[default]
    Fraction,
    /// `samples`: how many. Some points have more than their table; no run is made there, and it costs no steps.
    Samples,
}

/// A setting of the engine that is a number.
struct NumberKnob {
    name: &'static str,
    key: &'static str,
    unit: fn() -> Unit,
    range: [f64; 2],
    whole: bool,
    logarithmic: bool,
    default: f64,
}

const SAMPLES: NumberKnob = NumberKnob {
    name: "samples",
    key: "data.count",
    unit: || Unit::base("sample"),
    // The largest table has 16,129.
    range: [20.0, 16_000.0],
    whole: true,
    logarithmic: true,
    default: 264.0,
};

const FRACTION: NumberKnob = NumberKnob {
    name: "fraction",
    key: "data.fraction",
    unit: Unit::pure,
    range: [0.02, 0.95],
    whole: false,
    logarithmic: false,
    default: 0.5,
};

/// The other numbers, in reading order. Outputs are pure numbers and quadratic in W and linear in V, so that weights and norms are pure
/// numbers too, and a learning rate is one a step.
const NUMBERS: &[NumberKnob] = &[
    NumberKnob {
        name: "width",
        key: "model.width",
        unit: Unit::pure,
        range: [16.0, 1024.0],
        whole: true,
        logarithmic: true,
        default: 256.0,
    },
    NumberKnob {
        name: "learning_rate",
        key: "optimizer.learning_rate",
        unit: || Unit::base("step").to_the(-1.0),
        range: [1e-4, 0.1],
        whole: false,
        logarithmic: true,
        default: 0.01,
    },
    NumberKnob {
        name: "weight_decay",
        key: "optimizer.weight_decay",
        unit: Unit::pure,
        // Below 10⁻⁶ it changes nothing within 20,000 steps; above 6·10⁻³ no run generalizes (docs/findings.md, 2026-11-29).
        range: [1e-6, 1e-2],
        whole: false,
        logarithmic: true,
        default: 2e-4,
    },
    NumberKnob {
        name: "steps",
        key: "steps",
        unit: || Unit::base("step"),
        range: [50.0, 20_000.0],
        whole: true,
        logarithmic: true,
        default: 2_000.0,
    },
    NumberKnob {
        name: "stop_after",
        key: "events.stop_after",
        unit: || Unit::base("step"),
        range: [0.0, 20_000.0],
        whole: true,
        logarithmic: false,
        default: 100.0,
    },
    NumberKnob {
        name: "hidden_scale",
        key: "model.hidden_scale",
        unit: Unit::pure,
        range: [0.1, 16.0],
        whole: false,
        logarithmic: true,
        default: 1.0,
    },
    NumberKnob {
        name: "top_scale",
        key: "model.top_scale",
        unit: Unit::pure,
        range: [0.01, 10.0],
        whole: false,
        logarithmic: true,
        default: 1.0,
    },
    NumberKnob {
        name: "corrupted",
        key: "data.corrupted",
        unit: Unit::pure,
        range: [0.0, 0.5],
        whole: false,
        logarithmic: false,
        default: 0.0,
    },
];

/// Steps between two evaluations. Every step costs a third more at M = 71, and the earliest arrival that matters is near step 6.
pub(super) const EVALUATE_EVERY: u64 = 2;

/// Activations that are homogeneous, with their degree: σ(a x) = aᵏ σ(x) for a > 0.
const ACTIVATIONS: &[(&str, Activation, f64)] = &[
    ("square", Activation::Square, 2.0),
    ("cube", Activation::Cube, 3.0),
    ("relu", Activation::Relu, 1.0),
    ("relu_squared", Activation::ReluSquared, 2.0),
    ("abs", Activation::Abs, 1.0),
];

pub(super) const TASK: &str = "task";
pub(super) const ACTIVATION: &str = "activation";
pub(super) const INTERVENTION: &str = "intervention";
const DEFAULT_TASK: &str = "cyclic:23";

impl SampleKnob {
    const fn knob(self) -> &'static NumberKnob {
        match self {
            Self::Fraction => &FRACTION,
            Self::Samples => &SAMPLES,
        }
    }
}

/// The setting's own words.
fn tells(key: &str) -> String {
    settings::find(key).map(|setting| setting.doc.to_owned()).unwrap_or_default()
}

fn numbers(samples: SampleKnob) -> impl Iterator<Item = &'static NumberKnob> {
    std::iter::once(samples.knob()).chain(NUMBERS)
}

/// Every knob.
pub(super) fn knobs(samples: SampleKnob, groups: &[GroupTask]) -> Vec<Knob> {
    let level = |name: &str| Setting::Level(name.to_owned());
    let task = Knob {
        name: TASK.to_owned(),
        tells: "the group whose multiplication table is learned; M is its order, d the largest degree of an irrep, irreps how many there \
                are but the trivial one (a complex pair once), classes its conjugacy classes, d4 the sum of d^4 over all but the trivial \
                irrep"
            .to_owned(),
        domain: Domain::Levels {
            attributes: GroupTask::attributes(),
            levels: groups.iter().map(|group| (group.spelling.to_owned(), group.numbers())).collect(),
        },
        default: level(DEFAULT_TASK),
    };
    let activation = Knob {
        name: ACTIVATION.to_owned(),
        tells: format!("{}; degree k is σ(a x) = a^k σ(x)", tells("model.activation")),
        domain: Domain::Levels {
            attributes: vec![("degree".to_owned(), Unit::pure())],
            levels: ACTIVATIONS.iter().map(|(name, _, degree)| ((*name).to_owned(), vec![*degree])).collect(),
        },
        default: level("square"),
    };
    let told: Vec<String> = INTERVENTIONS.iter().map(|one| format!("{}: {}", one.name, one.tells)).collect();
    let intervention = Knob {
        name: INTERVENTION.to_owned(),
        tells: format!("what is done to the run while it trains; {}", told.join("; ")),
        domain: Domain::Levels {
            attributes: Vec::new(),
            levels: INTERVENTIONS.iter().map(|one| (one.name.to_owned(), Vec::new())).collect(),
        },
        default: level("none"),
    };
    let number = |knob: &NumberKnob| Knob {
        name: knob.name.to_owned(),
        tells: tells(knob.key),
        domain: Domain::Numbers {
            unit: (knob.unit)(),
            least: knob.range[0],
            most: knob.range[1],
            whole: knob.whole,
            logarithmic: knob.logarithmic,
        },
        default: Setting::Number(knob.default),
    };
    std::iter::once(task).chain(numbers(samples).map(number)).chain([activation, intervention]).collect()
}

/// The spec of a point that has no fault.
pub(super) fn spec(card: &LabCard, samples: SampleKnob, point: &Point, seed: u32) -> Result<RunSpec, String> {
    let setting = |name: &str| card.knob(name).map(|knob| card.setting(point, knob));
    let level = |name: &str| match setting(name) {
        Some(Setting::Level(level)) => level.as_str(),
        _ => "",
    };
    let mut words = vec![
        (TASK.to_owned(), Value::Text(level(TASK).to_owned())),
        ("model.activation".to_owned(), Value::Text(level(ACTIVATION).to_owned())),
        ("seed".to_owned(), Value::Int(seed.into())),
    ];
    for knob in numbers(samples) {
        if let Some(Setting::Number(value)) = setting(knob.name) {
            let value = if knob.whole { Value::Int(*value as i64) } else { Value::Float(*value) };
            words.push((knob.key.to_owned(), value));
        }
    }
    let refused = |error: &dyn std::error::Error| error.to_string();
    let mut spec = apply(&base(), &words).map_err(|(_, error)| refused(&error))?;
    let wanted = level(INTERVENTION);
    if let Some(intervention) = INTERVENTIONS.iter().find(|one| one.name == wanted) {
        let Words { interventions, begins_without_decay } = (intervention.change)(&spec);
        spec.interventions = parse_interventions(&interventions).map_err(|error| refused(&error))?;
        if begins_without_decay {
            spec.optimizer.weight_decay = 0.0;
        }
    }
    Ok(spec)
}

/// The paper's setting scaled down (`small`), with the same bits on every machine and without what only a reader of the record needs.
fn base() -> RunSpec {
    let mut spec = presets::find("small").map_or_else(|_| RunSpec::default(), |preset| (preset.spec)());
    spec.numerics = dunwu_engine::spec::Numerics::Exact;
    spec.threads = 1;
    spec.record.evaluate_every = EVALUATE_EVERY;
    spec.record.snapshots_per_decade = 0;
    spec.record.snapshot_at_events = false;
    spec
}
