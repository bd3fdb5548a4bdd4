//! The cases: networks, faults with strength, time and place drawn at random, a harmless oddity beside each, decoys, clean runs.

use super::Size;
use crate::doctor::Place;
use crate::doctor::reason::Reason;
use crate::doctor::switches::Clue;
use dunwu_engine::random::{Stream, nth_rng};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::RngCore;

/// What a case is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Nothing is wrong.
    Clean,
    /// A fault, drawn so that it should do harm.
    Plant,
    /// A fault too small, too short or too late to do harm.
    Decoy,
}

impl Class {
    /// Its name in a row.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Plant => "plant",
            Self::Decoy => "decoy",
        }
    }
}

/// A network with the problem that it learns.
pub struct Network {
    /// Its name.
    pub name: &'static str,
    /// Its settings, for `dunwu run`.
    pub words: &'static str,
    /// Its customary learning rate.
    pub rate: f64,
    /// Arrays of biases that can be shifted so that a layer dies.
    biases: &'static [&'static str],
    /// Arrays of weights that can be frozen.
    parts: &'static [&'static str],
    /// Blocks with attention.
    blocks: usize,
    /// Whether its inputs are numbers.
    has_values: bool,
    /// Whether no constant of a rule was set on it.
    pub is_left_out: bool,
}

/// Every network of the bench. No constant of a rule was set on `embedded`.
pub const NETWORKS: [Network; 4] = [
    Network {
        name: "mlp",
        words: "small task=digits data.fraction=0.5 model.architecture=mlp model.depth=4 model.width=40 model.activation=relu \
                loss=cross_entropy optimizer=adamw optimizer.learning_rate=0.003 optimizer.weight_decay=0.01 data.batch_size=32",
        rate: 0.003,
        biases: &["hidden.0", "hidden.1", "hidden.2", "hidden.3"],
        parts: &["hidden.0", "hidden.1", "hidden.2", "hidden.3", "top"],
        blocks: 0,
        has_values: true,
        is_left_out: false,
    },
    Network {
        name: "square",
        words: "small task=cyclic:23 data.fraction=0.7 model.width=128 loss=cross_entropy optimizer=adamw \
                optimizer.learning_rate=0.005 optimizer.weight_decay=0.01 data.batch_size=64",
        rate: 0.005,
        biases: &[],
        parts: &["hidden", "top"],
        blocks: 0,
        has_values: false,
        is_left_out: false,
    },
    Network {
        name: "transformer",
        words: "small task=cyclic:23 data.fraction=0.7 model.architecture=transformer model.depth=2 model.dimension=32 \
                model.heads=2 model.width=64 model.activation=relu loss=cross_entropy optimizer=adamw \
                optimizer.learning_rate=0.003 optimizer.weight_decay=0.01 data.batch_size=64",
        rate: 0.003,
        biases: &[],
        parts: &["embedding", "block.0.mlp", "block.1.mlp", "top"],
        blocks: 2,
        has_values: false,
        is_left_out: false,
    },
    Network {
        name: "embedded",
        words: "small task=symmetric:4 data.fraction=0.7 model.architecture=mlp model.embedding=16 model.depth=2 model.width=64 \
                model.activation=silu loss=cross_entropy optimizer=adamw optimizer.learning_rate=0.003 \
                optimizer.weight_decay=0.01 data.batch_size=48",
        rate: 0.003,
        biases: &[],
        parts: &["embedding", "hidden.0", "hidden.1", "top"],
        blocks: 0,
        has_values: false,
        is_left_out: true,
    },
];

/// Steps of every run of the bench.
const STEPS: u64 = 400;

/// Presets whose clean runs are looked at: words beside the preset, and how many for each hundred of a network's.
const PRESETS: &[(&str, &str, u64)] = &[
    ("small", "steps=400", 40),
    ("unordered", "steps=400", 20),
    ("common-and-rare", "steps=300", 10),
    ("division", "steps=60 data.batch_size=128", 2),
    ("gromov-2023", "steps=60 model.width=128", 4),
    ("liu-2022", "steps=300", 10),
    ("tian-2025", "steps=40 model.width=256", 4),
    ("nanda-2023", "steps=30 data.batch_size=256", 2),
    ("power-2022", "steps=30", 2),
];

/// One case.
#[derive(Clone, Debug)]
pub struct Case {
    /// What it is for.
    pub class: Class,
    /// The network, or the preset.
    pub network: String,
    /// How `dunwu run` is asked for it.
    pub words: Vec<String>,
    /// The same without the fault.
    pub twin: Vec<String>,
    /// The fault; `None` for clean runs.
    pub truth: Option<Clue>,
}

/// Draws of one case.
struct Draw(ChaCha8Rng);

impl Draw {
    fn unit(&mut self) -> f64 {
        (self.0.next_u64() >> 11) as f64 * 2.0_f64.powi(-53)
    }

    fn log(&mut self, low: f64, high: f64) -> f64 {
        let exponent = low.log10() + self.unit() * (high / low).log10();
        // Three digits, so that the words are short and exact.
        format!("{:.2e}", 10.0_f64.powf(exponent)).parse().unwrap_or(low)
    }

    fn between(&mut self, low: u64, high: u64) -> u64 {
        low + (self.unit() * (high - low + 1) as f64) as u64
    }

    fn one<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.between(0, of.len() as u64 - 1) as usize]
    }
}

/// Every case: clean runs before the others.
pub(super) fn all(size: &Size) -> Vec<Case> {
    let mut cases = Vec::new();
    for network in &NETWORKS {
        cases.extend((0..size.clean).map(|seed| clean(network, size.seed, seed)));
    }
    for (preset, words, share) in PRESETS {
        for seed in 0..(size.clean * share).div_ceil(100) {
            let words = format!("{preset} {words} seed={seed}");
            let words: Vec<String> = words.split_whitespace().map(str::to_owned).collect();
            cases.push(Case {
                class: Class::Clean,
                network: (*preset).to_owned(),
                twin: words.clone(),
                words,
                truth: None,
            });
        }
    }
    for (class, n) in [(Class::Plant, size.plants), (Class::Decoy, size.decoys)] {
        for (number, reason) in (0_u64..).zip(Reason::NAMED) {
            for (place, network) in (0_u64..).zip(&NETWORKS) {
                for nth in 0..n {
                    let number = nth + 1000 * (place + 10 * (number + 100 * u64::from(class == Class::Decoy)));
                    let draw = Draw(nth_rng(size.seed, Stream::Probe, 1_000_000 + number));
                    cases.extend(planted(network, class, reason, draw));
                }
            }
        }
    }
    cases
}

fn base(network: &Network, seed: u64) -> Vec<String> {
    let words = format!("{} steps={STEPS} seed={seed} record.evaluate_every=50 events.stop_after=never", network.words);
    words.split_whitespace().map(str::to_owned).collect()
}

/// Adds settings, each in the place of the value that it had.
fn set(words: &mut Vec<String>, more: &[String]) {
    let key = |word: &str| word.split('=').next().unwrap_or_default().to_owned();
    words.retain(|word| !word.contains('=') || more.iter().all(|new| key(new) != key(word)));
    words.extend_from_slice(more);
}

fn clean(network: &Network, from: u64, seed: u64) -> Case {
    let mut draw = Draw(nth_rng(from, Stream::Probe, seed));
    let mut words = base(network, 10_000 + seed);
    set(&mut words, &oddity(&mut draw, network));
    Case { class: Class::Clean, network: network.name.to_owned(), twin: words.clone(), words, truth: None }
}

/// Something unusual that does no harm, in half of the cases.
fn oddity(draw: &mut Draw, network: &Network) -> Vec<String> {
    if draw.unit() < 0.5 {
        return Vec::new();
    }
    let odd = match draw.between(0, 6) {
        0 => "optimizer.beta1=0.95".to_owned(),
        1 => "optimizer.beta2=0.98".to_owned(),
        2 => "optimizer.epsilon=1e-6".to_owned(),
        3 => "model.top_scale=0.7".to_owned(),
        4 => format!("optimizer.learning_rate={}", network.rate * 0.6),
        5 => "data.corrupted=0.02".to_owned(),
        _ => "optimizer.weight_decay=0.05".to_owned(),
    };
    vec![odd]
}

/// A fault of this kind in this network; `None` where the network cannot have it.
fn planted(network: &Network, class: Class, reason: Reason, mut draw: Draw) -> Option<Case> {
    let seed = draw.between(0, 1 << 20);
    let odd = oddity(&mut draw, network);
    let is_plant = class == Class::Plant;
    let at = draw.between(40, 200);
    let fault = fault(network, reason, is_plant, at, &mut draw)?;
    let mut twin = base(network, seed);
    set(&mut twin, &odd);
    // An oddity in the setting of the fault would be part of it.
    if fault.words.iter().any(|word| odd.iter().any(|odd| odd.split('=').next() == word.split('=').next())) {
        twin = base(network, seed);
    }
    let mut words = twin.clone();
    set(&mut words, &fault.words);
    if !fault.interventions.is_empty() {
        words.push(format!("interventions={}", fault.interventions));
    }
    let truth = Some(Clue { reason, onset: fault.onset, place: fault.place });
    Some(Case { class, network: network.name.to_owned(), words, twin, truth })
}

#[derive(Default)]
struct Fault {
    words: Vec<String>,
    interventions: String,
    onset: u64,
    place: Place,
}

fn of_part(part: &str) -> Place {
    Place { part: Some(part.to_owned()), ..Place::default() }
}

#[expect(clippy::too_many_lines, reason = "a table of faults, one an arm")]
fn fault(network: &Network, reason: Reason, is_plant: bool, at: u64, draw: &mut Draw) -> Option<Fault> {
    // A plant's range, or a decoy's.
    let mut strength = |plant: (f64, f64), decoy: (f64, f64)| {
        let (low, high) = if is_plant { plant } else { decoy };
        draw.log(low, high)
    };
    let set = |key: &str, value: f64| format!("at {at} set {key} {value:?}");
    let later = |interventions: String| Fault { interventions, onset: at, ..Fault::default() };
    let rate = network.rate;
    Some(match reason {
        Reason::Rate => {
            let value = rate * strength((10.0, 200.0), (1.5, 2.5));
            Fault { words: vec![format!("optimizer.learning_rate={value:?}")], ..Fault::default() }
        }
        Reason::Restart => later(set("optimizer.learning_rate", rate * strength((10.0, 100.0), (1.5, 2.9)))),
        Reason::RepeatedRows => {
            let end = if is_plant { String::new() } else { format!("from {at} to {} ", at + draw.between(2, 5)) };
            let begin = if is_plant { format!("at {at} ") } else { end };
            later(format!("{begin}repeat {} rows", draw.between(1, 4)))
        }
        Reason::DeadUnits => {
            if network.biases.is_empty() {
                return None;
            }
            let by = strength((5.0, 50.0), (0.05, 0.2));
            let layer = *draw.one(network.biases);
            Fault { place: of_part(layer), ..later(format!("at {at} shift {layer}.bias by -{by:?}")) }
        }
        Reason::Initialization => {
            let value = if draw.unit() < 0.5 {
                strength2(draw, is_plant, (4.0, 30.0), (1.3, 1.6))
            } else {
                1.0 / strength2(draw, is_plant, (10.0, 200.0), (1.3, 1.6))
            };
            Fault { words: vec![format!("model.hidden_scale={value:.4}")], ..Fault::default() }
        }
        Reason::LargeEpsilon => later(set("optimizer.epsilon", strength((0.1, 100.0), (1e-7, 1e-5)))),
        Reason::FastSecondMoment => {
            let value = if is_plant { draw.between(5, 60) } else { draw.between(85, 97) } as f64 / 100.0;
            later(set("optimizer.beta2", value))
        }
        Reason::Decay => {
            let value = strength((0.03, 0.5), (1e-4, 4e-4)) / rate;
            later(set("optimizer.weight_decay", (value * 100.0).round() / 100.0))
        }
        Reason::AttentionGrowth => {
            if network.blocks == 0 {
                return None;
            }
            let block = draw.between(0, network.blocks as u64 - 1);
            let growth = 1.0 + strength2(draw, is_plant, (0.05, 0.15), (0.001, 0.003));
            let part = format!("block.{block}.attention");
            let end = (at + 120).min(STEPS);
            let grow = |map: &str| format!("from {at} to {end} scale {part}.{map} by {growth:.4}");
            let interventions = ["query", "key"].map(grow).join("; ");
            Fault { place: of_part(&part), ..later(interventions) }
        }
        Reason::PoisonedRows => {
            if !network.has_values {
                return None;
            }
            let factor = strength((50.0, 1000.0), (1.05, 1.2));
            let mut rows: Vec<u64> = (0..draw.between(1, 4)).map(|_| draw.between(0, 800)).collect();
            rows.sort_unstable();
            rows.dedup();
            let list = rows.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
            let rows: Vec<u32> = rows.iter().map(|row| *row as u32).collect();
            let interventions = format!("at 0 magnify rows {list} by {factor:?}; at 0 corrupt rows {list}");
            Fault { interventions, onset: 0, place: Place { rows, ..Place::default() }, ..Fault::default() }
        }
        Reason::LabelBurst => {
            let (share, length) = if is_plant {
                (draw.between(90, 100), draw.between(20, 60))
            } else {
                (draw.between(2, 10), draw.between(1, 2))
            };
            later(format!("from {at} to {} corrupt {:?} of rows", (at + length).min(STEPS), share as f64 / 100.0))
        }
        Reason::Overflow => {
            let every = if is_plant { draw.between(8, 25) } else { draw.between(2000, 4000) };
            let words = vec![
                "fault.gradient=half".to_owned(),
                "fault.loss_scale=256".to_owned(),
                format!("fault.loss_scale_doubling={every}"),
            ];
            Fault { words, ..Fault::default() }
        }
        Reason::Frozen => {
            let part = *draw.one(network.parts);
            let from = if is_plant { draw.between(1, 15) } else { STEPS - draw.between(10, 40) };
            Fault {
                interventions: format!("at {from} freeze {part}"),
                onset: from,
                place: of_part(part),
                ..Fault::default()
            }
        }
        Reason::SoftmaxCollapse => {
            let bits = if is_plant { draw.between(1, 2) } else { draw.between(12, 20) };
            Fault { words: vec![format!("fault.softmax_bits={bits}")], ..Fault::default() }
        }
        // After an outlier β₂ heals nothing, and the outlier itself is another reason: the rule only remarks.
        Reason::SlowSecondMoment | Reason::Unknown => return None,
    })
}

fn strength2(draw: &mut Draw, is_plant: bool, plant: (f64, f64), decoy: (f64, f64)) -> f64 {
    let (low, high) = if is_plant { plant } else { decoy };
    draw.log(low, high)
}
