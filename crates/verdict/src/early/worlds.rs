//! Runs that verdicts are learned from and judged on, drawn from a seed.
//!
//! A family is a kind of world: what is learned, by which network, by which method. Whole families can be left out of learning, so that
//! what is said of them is said of something new.

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
pub const FAMILIES: [Family; 19] = [
    Family {
        name: "square_mse",
        tells: "sums modulo M, two layers, x², squared error",
        draft: |draw| cyclic(draw, "square", false),
    },
    Family {
        name: "square_cross_entropy",
        tells: "the same with cross-entropy",
        draft: |draw| cyclic(draw, "square", true),
    },
    Family {
        name: "relu_mse",
        tells: "sums modulo M, two layers, ReLU, squared error",
        draft: |draw| cyclic(draw, "relu", false),
    },
    Family {
        name: "relu_cross_entropy",
        tells: "the same with cross-entropy",
        draft: |draw| cyclic(draw, "relu", true),
    },
    Family { name: "activations", tells: "sums modulo M with x³, ReLU², SiLU, GELU, |x|", draft: activations },
    Family { name: "products", tells: "products of cyclic groups", draft: products },
    Family {
        name: "not_abelian",
        tells: "dihedral, dicyclic, affine, symmetric and Heisenberg groups",
        draft: not_abelian,
    },
    Family { name: "multiplication", tells: "products modulo p, and the groups of their units", draft: multiplication },
    Family {
        name: "polynomials",
        tells: "polynomials of two variables modulo p, learnable and not",
        draft: polynomials,
    },
    Family { name: "parity", tells: "the parity of a few bits among many", draft: parity },
    Family { name: "descent", tells: "gradient descent with and without momentum", draft: descent },
    Family { name: "coupled_decay", tells: "Adam whose decay is part of the gradient", draft: coupled },
    Family {
        name: "schedules",
        tells: "cosine, exponential, stepwise and warm-up schedules, mini-batches",
        draft: schedules,
    },
    Family { name: "scales", tells: "initial weights from 0.1 to 8 times the usual", draft: scales },
    Family { name: "corrupted", tells: "wrong training labels, from few to all", draft: corrupted },
    Family { name: "summed", tells: "one table that both operands are looked up in and added", draft: summed },
    Family { name: "deep", tells: "MLPs of two and three hidden layers, with embeddings and residuals", draft: deep },
    Family { name: "transformers", tells: "transformers of one and two blocks", draft: transformers },
    Family { name: "three_operands", tells: "sums of three operands", draft: three },
];

/// World `index` of a family.
pub fn draw(family: usize, seed: u64, index: u64) -> World {
    let mut draw = Draw::of(family, seed.wrapping_mul(1 << 32).wrapping_add(index));
    let draft = (FAMILIES[family].draft)(&mut draw);
    World { family, words: draft.words(&mut draw, index) }
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

fn order(draw: &mut Draw, low: f64, high: f64) -> u64 {
    log(draw, low, high + 0.99) as u64
}

fn cyclic(draw: &mut Draw, activation: &'static str, is_cross_entropy: bool) -> Draft {
    let is_hard = (activation, is_cross_entropy) == ("relu", true);
    let m = if is_hard { order(draw, 19.0, 41.0) } else { order(draw, 13.0, 47.0) };
    let draft = Draft::of(draw, format!("cyclic:{m}"), m, m * m);
    let sample = match (activation, is_cross_entropy) {
        ("square", _) => (2.0, 8.0),
        (_, false) => (4.0, 16.0),
        (_, true) => (6.0, 18.0),
    };
    let effort = if is_hard { 3.0 } else { 1.0 };
    Draft { activation, is_cross_entropy, sample, effort, ..draft }
}

fn sum(draw: &mut Draw) -> Draft {
    let m = order(draw, 13.0, 37.0);
    Draft::of(draw, format!("cyclic:{m}"), m, m * m)
}

fn activations(draw: &mut Draw) -> Draft {
    let activation = draw.of_list(&["cube", "relu_squared", "silu", "gelu", "abs"]);
    Draft { activation, ..sum(draw) }
}

fn products(draw: &mut Draw) -> Draft {
    let (a, b) = (draw.whole(3, 7) as u64, draw.whole(3, 7) as u64);
    let (text, m) = if a * b <= 12 && draw.is(0.5) {
        (format!("product:cyclic:{a},cyclic:{b},cyclic:2"), 2 * a * b)
    } else {
        (format!("product:cyclic:{a},cyclic:{b}"), a * b)
    };
    Draft::of(draw, text, m.max(4), m * m)
}

fn not_abelian(draw: &mut Draw) -> Draft {
    let kind = draw.whole(0, 4);
    let (task, m) = match kind {
        0 => {
            let n = draw.whole(5, 18) as u64;
            (format!("dihedral:{n}"), 2 * n)
        }
        1 => {
            let n = draw.whole(3, 9) as u64;
            (format!("dicyclic:{n}"), 4 * n)
        }
        2 => {
            let p = draw.of_list(&[5_u64, 7]);
            (format!("affine:{p}"), p * (p - 1))
        }
        3 => (("symmetric:4").to_owned(), 24),
        _ => (("heisenberg:3").to_owned(), 27),
    };
    let draft = Draft::of(draw, task, m, m * m);
    Draft { sample: (4.0, 20.0), effort: 2.0, ..draft }
}

const PRIMES: [u64; 9] = [11, 13, 17, 19, 23, 29, 31, 37, 41];

fn multiplication(draw: &mut Draw) -> Draft {
    let p = draw.of_list(&PRIMES);
    if draw.is(0.5) {
        Draft::of(draw, format!("multiplicative:{p}"), p - 1, (p - 1) * (p - 1))
    } else {
        Draft::of(draw, format!("expression:x*y:{p}"), p, p * p)
    }
}

fn polynomials(draw: &mut Draw) -> Draft {
    let formula = draw.of_list(&[
        "x-y",
        "2*x+3*y",
        "x^2+y^2",
        "x^2+x*y+y^2",
        "x^2-y",
        "x^3+x*y",
        "x^3+y^3",
        "x^2*y+x",
        "x*y+x",
        "x^2+y",
        "x*y^2",
    ]);
    let p = draw.of_list(&PRIMES);
    let draft = Draft::of(draw, format!("expression:{formula}:{p}"), p, p * p);
    Draft { sample: (2.0, 16.0), ..draft }
}

fn parity(draw: &mut Draw) -> Draft {
    let (bits, relevant) = (draw.whole(8, 30) as u64, draw.whole(2, 3) as u64);
    let pool = if bits <= 11 { 1 << bits } else { 2_048_u64 };
    let task =
        if bits <= 11 { format!("parity:{bits}:{relevant}") } else { format!("parity:{bits}:{relevant}:{pool}") };
    let draft = Draft::of(draw, task, bits, pool);
    Draft { activation: "relu", sample: (1.0, 30.0), work: 0.3, ..draft }
}

fn descent(draw: &mut Draw) -> Draft {
    let momentum = draw.of_list(&["0", "0.9"]);
    let draft = sum(draw);
    let rate = if momentum == "0" { log(draw, 0.5, 12.0) } else { log(draw, 0.1, 3.0) };
    let decay = if draw.is(0.2) { 0.0 } else { log(draw, 1e-6, 1e-3) };
    let scale = draw.of_list(&["1", "2", "3"]);
    let is_cross_entropy = draw.is(0.25);
    let further = vec![format!("optimizer.momentum={momentum}"), format!("model.hidden_scale={scale}")];
    let activation = if draw.is(0.8) { "square" } else { "relu" };
    Draft {
        optimizer: "sgd",
        rate,
        decay,
        activation,
        is_cross_entropy,
        effort: 2.0,
        sample: (3.0, 9.0),
        further,
        ..draft
    }
}

fn coupled(draw: &mut Draw) -> Draft {
    let draft = sum(draw);
    let decay = if draw.is(0.1) { 0.0 } else { log(draw, 1e-5, 3e-3) };
    Draft { optimizer: "adam", decay, ..draft }
}

fn schedules(draw: &mut Draw) -> Draft {
    let further = match draw.whole(0, 4) {
        0 => vec!["optimizer.schedule=cosine".to_owned()],
        1 => vec![
            "optimizer.schedule=exponential".to_owned(),
            format!("optimizer.schedule_factor={}", 1.0 - log(draw, 5e-4, 1e-2)),
        ],
        2 => vec!["optimizer.schedule=warmup".to_owned(), format!("optimizer.warmup_steps={}", draw.whole(5, 100))],
        3 => vec![
            "optimizer.schedule=step".to_owned(),
            format!("optimizer.schedule_every={}", draw.whole(20, 200)),
            format!("optimizer.schedule_factor={}", draw.of_list(&["0.3", "0.5", "0.8"])),
        ],
        _ => vec![format!("data.batch_size={}", draw.of_list(&[16, 32, 64, 128]))],
    };
    Draft { further, ..sum(draw) }
}

fn scales(draw: &mut Draw) -> Draft {
    let (hidden, top) = (log(draw, 0.1, 8.0), if draw.is(0.5) { 1.0 } else { log(draw, 0.1, 8.0) });
    let further = vec![format!("model.hidden_scale={hidden}"), format!("model.top_scale={top}")];
    Draft { further, ..sum(draw) }
}

fn corrupted(draw: &mut Draw) -> Draft {
    let share = if draw.is(0.2) { 1.0 } else { log(draw, 0.01, 1.0) };
    Draft { further: vec![format!("data.corrupted={share}")], ..sum(draw) }
}

fn summed(draw: &mut Draw) -> Draft {
    Draft { further: vec!["model.tables=summed".to_owned()], ..sum(draw) }
}

fn deep(draw: &mut Draw) -> Draft {
    let depth = draw.whole(2, 3);
    let m = order(draw, 11.0, 31.0);
    let draft = Draft::of(draw, format!("cyclic:{m}"), m, m * m);
    let activation = draw.of_list(&["relu", "gelu", "silu", "square"]);
    let mut further = vec!["model.architecture=mlp".to_owned(), format!("model.depth={depth}")];
    if draw.is(0.5) {
        let tables = draw.of_list(&["separate", "shared", "summed"]);
        further.extend([format!("model.embedding={}", draw.of_list(&[16, 32, 64])), format!("model.tables={tables}")]);
    }
    if draw.is(0.3) {
        further.push("model.residual=true".to_owned());
    }
    let width = draw.of_list(&[24, 32, 48, 64, 96]);
    let rate = log(draw, 1.5e-3, 2e-2);
    Draft { activation, width, rate, sample: (4.0, 14.0), work: 4.0, further, ..draft }
}

fn transformers(draw: &mut Draw) -> Draft {
    let m = order(draw, 13.0, 29.0);
    let draft = Draft::of(draw, format!("cyclic:{m}"), m, m * m);
    let (dimension, depth) = (draw.of_list(&[16, 32, 48]), draw.whole(1, 2));
    let further = vec![
        "model.architecture=transformer".to_owned(),
        format!("model.dimension={dimension}"),
        format!("model.heads={}", draw.of_list(&[1, 2, 4])),
        format!("model.depth={depth}"),
    ];
    let width = draw.of_list(&[32, 48, 64]);
    let (rate, decay) = (log(draw, 3e-3, 2e-2), log(draw, 0.2, 6.0));
    Draft {
        activation: "relu",
        is_cross_entropy: true,
        width,
        rate,
        decay,
        sample: (4.5, 10.0),
        work: 12.0,
        effort: 2.5,
        further,
        ..draft
    }
}

fn three(draw: &mut Draw) -> Draft {
    let m = order(draw, 3.0, 9.0);
    let draft = Draft::of(draw, format!("operands:3:cyclic:{m}"), m.max(3), m * m * m);
    let activation = draw.of_list(&["cube", "relu", "square", "gelu"]);
    Draft { activation, sample: (4.0, 60.0), ..draft }
}
