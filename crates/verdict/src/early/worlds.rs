//! Runs that verdicts are learned from and judged on, drawn from a seed.
//!
//! A family is a kind of world: what is learned, by which network, by which method. Whole families can be left out of learning, so that
//! what is said of them is said of something new.

mod drafts;

use crate::draw::Draw;

/// A run, as `dunwu run` is asked for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct World {
    /// Its family, a place in [`FAMILIES`].
    pub family: usize,
    /// Its words for `dunwu run`.
    pub words: Vec<String>,
}

/// A kind of world.
pub struct Family {
    /// Its name in rows.
    pub name: &'static str,
    /// What it holds, for the model card.
    pub tells: &'static str,
    draft: fn(&mut Draw) -> Draft,
}

/// Every family. New ones are added at the end: a world is drawn by its family's place.
pub const FAMILIES: [Family; 22] = [
    Family {
        name: "square_mse",
        tells: "sums modulo M, two layers, x², squared error",
        draft: |draw| drafts::cyclic(draw, "square", false),
    },
    Family {
        name: "square_cross_entropy",
        tells: "the same with cross-entropy",
        draft: |draw| drafts::cyclic(draw, "square", true),
    },
    Family {
        name: "relu_mse",
        tells: "sums modulo M, two layers, ReLU, squared error",
        draft: |draw| drafts::cyclic(draw, "relu", false),
    },
    Family {
        name: "relu_cross_entropy",
        tells: "the same with cross-entropy",
        draft: |draw| drafts::cyclic(draw, "relu", true),
    },
    Family {
        name: "activations", tells: "sums modulo M with x³, ReLU², SiLU, GELU, |x|", draft: drafts::activations
    },
    Family { name: "products", tells: "products of cyclic groups", draft: drafts::products },
    Family {
        name: "not_abelian",
        tells: "dihedral, dicyclic, affine, symmetric and Heisenberg groups",
        draft: drafts::not_abelian,
    },
    Family {
        name: "multiplication",
        tells: "products modulo p, and the groups of their units",
        draft: drafts::multiplication,
    },
    Family {
        name: "polynomials",
        tells: "polynomials of two variables modulo p, learnable and not",
        draft: drafts::polynomials,
    },
    Family { name: "parity", tells: "the parity of a few bits among many", draft: drafts::parity },
    Family { name: "descent", tells: "gradient descent with and without momentum", draft: drafts::descent },
    Family { name: "coupled_decay", tells: "Adam whose decay is part of the gradient", draft: drafts::coupled },
    Family {
        name: "schedules",
        tells: "cosine, exponential, stepwise and warm-up schedules, mini-batches",
        draft: drafts::schedules,
    },
    Family { name: "scales", tells: "initial weights from 0.1 to 8 times the usual", draft: drafts::scales },
    Family { name: "corrupted", tells: "wrong training labels, from few to all", draft: drafts::corrupted },
    Family { name: "summed", tells: "one table that both operands are looked up in and added", draft: drafts::summed },
    Family {
        name: "deep",
        tells: "MLPs of two and three hidden layers, with embeddings and residuals",
        draft: drafts::deep,
    },
    Family { name: "transformers", tells: "transformers of one and two blocks", draft: drafts::transformers },
    Family { name: "three_operands", tells: "sums of three operands", draft: drafts::three },
    Family { name: "muon", tells: "sums modulo M by Muon", draft: drafts::muon },
    Family {
        name: "mixed_groups",
        tells: "products of groups, of which one does not commute",
        draft: drafts::mixed_groups,
    },
    Family {
        name: "normalized",
        tells: "MLPs of one to three hidden layers with layer norm or RMS norm",
        draft: drafts::normalized,
    },
];

/// Of five runs of a costly family two are made, and of the youngest families three.
pub fn is_made(family: usize, index: u64) -> bool {
    let of_five = match FAMILIES[family].name {
        "transformers" => 2,
        "muon" | "mixed_groups" | "normalized" => 3,
        _ => 5,
    };
    index % 5 < of_five
}

/// World `index` of a family.
pub fn draw(family: usize, seed: u64, index: u64) -> World {
    let mut draw = Draw::of(family, seed.wrapping_mul(1 << 32).wrapping_add(index));
    let draft = (FAMILIES[family].draft)(&mut draw);
    World { family, words: draft.words(&mut draw, index) }
}

/// Worlds of a family that share one task and differ in how it is learned: pool `place` of so many runs.
pub fn pool(family: usize, seed: u64, place: u64, runs: usize) -> Vec<World> {
    // Far from the worlds that are drawn one by one, and a pool's own.
    let first = (place + 1) * 1_000_000;
    let task = |world: &World| world.words[1].clone();
    let wanted = task(&draw(family, seed, first));
    (first..).map(|index| draw(family, seed, index)).filter(|world| task(world) == wanted).take(runs).collect()
}

/// A world before its words.
struct Draft {
    task: String,
    /// Labels M, and tokens of an operand or numbers of an input.
    tokens: f64,
    population: f64,
    width: u64,
    activation: &'static str,
    is_cross_entropy: bool,
    optimizer: &'static str,
    rate: f64,
    decay: f64,
    /// Least and largest sample as a multiple of D ln D.
    sample: (f64, f64),
    /// Work of a sample in a step against that of two layers.
    work: f64,
    /// How much longer than others it may take.
    effort: f64,
    further: Vec<String>,
}

/// Multiply-adds that a run may take.
const WORK: f64 = 6e9;

fn log(draw: &mut Draw, low: f64, high: f64) -> f64 {
    let value = libm::exp(draw.between(libm::log(low), libm::log(high)));
    // Three digits, so that the words are short and exact.
    format!("{value:.2e}").parse().unwrap_or(value)
}

impl Draft {
    fn of(draw: &mut Draw, task: String, tokens: u64, population: u64) -> Self {
        let is_cross_entropy = draw.is(0.5);
        let activation = if draw.is(0.5) { "square" } else { "relu" };
        let has_decay = !draw.is(0.06);
        Self {
            task,
            tokens: tokens as f64,
            population: population as f64,
            width: draw.of_list(&[24, 32, 48, 64, 64, 96, 128, 256]),
            activation,
            is_cross_entropy,
            optimizer: "adamw",
            rate: log(draw, 4e-3, 5e-2),
            decay: if has_decay { log(draw, 0.06, 6.0) } else { 0.0 },
            sample: if activation == "square" { (2.0, 9.0) } else { (4.0, 16.0) },
            work: 1.0,
            effort: 1.0,
            further: Vec::new(),
        }
    }

    fn words(self, draw: &mut Draw, index: u64) -> Vec<String> {
        let unit = self.tokens * libm::log(self.tokens);
        let most = 0.97 * self.population;
        let mut n = log(draw, self.sample.0 * unit, self.sample.1 * unit);
        if draw.is(0.5) {
            n = n.max(log(draw, self.sample.0 * unit, self.sample.1 * unit));
        }
        if n > most {
            n = most * draw.between(0.6, 1.0);
        }
        let n = (n as u64).max(4);
        let wanted = log(draw, 300.0, 3_000.0);
        let step_work = n as f64 * self.width as f64 * self.tokens * 6.0 * self.work;
        let steps = wanted.min(self.effort * WORK / step_work).max(120.0) as u64;
        let looks = draw.of_list(&[60, 100, 200]);
        let loss = if self.is_cross_entropy { "cross_entropy" } else { "mse" };
        let mut words = vec![
            "small".to_owned(),
            format!("task={}", self.task),
            format!("data.count={n}"),
            format!("model.width={}", self.width),
            format!("model.activation={}", self.activation),
            format!("loss={loss}"),
            format!("optimizer={}", self.optimizer),
            format!("optimizer.learning_rate={}", self.rate),
            format!("optimizer.weight_decay={}", self.decay),
            format!("steps={steps}"),
            format!("seed={index}"),
            format!("record.evaluate_every={}", (steps / looks).max(1)),
            "record.snapshots_per_decade=0".to_owned(),
            "record.snapshot_at_events=false".to_owned(),
            "events.stop_after=0".to_owned(),
        ];
        words.extend(self.further.into_iter().map(|word| word.replace("STEPS", &steps.to_string())));
        words
    }
}
