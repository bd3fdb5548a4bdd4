//! What a world of each family is drawn from.

use super::{Draft, log};
use crate::draw::Draw;

fn order(draw: &mut Draw, low: f64, high: f64) -> u64 {
    log(draw, low, high + 0.99) as u64
}

pub(super) fn cyclic(draw: &mut Draw, activation: &'static str, is_cross_entropy: bool) -> Draft {
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

pub(super) fn activations(draw: &mut Draw) -> Draft {
    let activation = draw.of_list(&["cube", "relu_squared", "silu", "gelu", "abs"]);
    Draft { activation, ..sum(draw) }
}

pub(super) fn products(draw: &mut Draw) -> Draft {
    let (a, b) = (draw.whole(3, 7) as u64, draw.whole(3, 7) as u64);
    let (text, m) = if a * b <= 12 && draw.is(0.5) {
        (format!("product:cyclic:{a},cyclic:{b},cyclic:2"), 2 * a * b)
    } else {
        (format!("product:cyclic:{a},cyclic:{b}"), a * b)
    };
    Draft::of(draw, text, m.max(4), m * m)
}

pub(super) fn not_abelian(draw: &mut Draw) -> Draft {
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

pub(super) fn multiplication(draw: &mut Draw) -> Draft {
    let p = draw.of_list(&PRIMES);
    if draw.is(0.5) {
        Draft::of(draw, format!("multiplicative:{p}"), p - 1, (p - 1) * (p - 1))
    } else {
        Draft::of(draw, format!("expression:x*y:{p}"), p, p * p)
    }
}

pub(super) fn polynomials(draw: &mut Draw) -> Draft {
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

pub(super) fn parity(draw: &mut Draw) -> Draft {
    let (bits, relevant) = (draw.whole(8, 30) as u64, draw.whole(2, 3) as u64);
    let pool = if bits <= 11 { 1 << bits } else { 2_048_u64 };
    let task =
        if bits <= 11 { format!("parity:{bits}:{relevant}") } else { format!("parity:{bits}:{relevant}:{pool}") };
    let draft = Draft::of(draw, task, bits, pool);
    Draft { activation: "relu", sample: (1.0, 30.0), work: 0.3, ..draft }
}

pub(super) fn descent(draw: &mut Draw) -> Draft {
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

pub(super) fn coupled(draw: &mut Draw) -> Draft {
    let draft = sum(draw);
    let decay = if draw.is(0.1) { 0.0 } else { log(draw, 1e-5, 3e-3) };
    Draft { optimizer: "adam", decay, ..draft }
}

pub(super) fn schedules(draw: &mut Draw) -> Draft {
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

pub(super) fn scales(draw: &mut Draw) -> Draft {
    let (hidden, top) = (log(draw, 0.1, 8.0), if draw.is(0.5) { 1.0 } else { log(draw, 0.1, 8.0) });
    let further = vec![format!("model.hidden_scale={hidden}"), format!("model.top_scale={top}")];
    Draft { further, ..sum(draw) }
}

pub(super) fn corrupted(draw: &mut Draw) -> Draft {
    let share = if draw.is(0.2) { 1.0 } else { log(draw, 0.01, 1.0) };
    Draft { further: vec![format!("data.corrupted={share}")], ..sum(draw) }
}

pub(super) fn summed(draw: &mut Draw) -> Draft {
    Draft { further: vec!["model.tables=summed".to_owned()], ..sum(draw) }
}

pub(super) fn deep(draw: &mut Draw) -> Draft {
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

pub(super) fn transformers(draw: &mut Draw) -> Draft {
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

pub(super) fn three(draw: &mut Draw) -> Draft {
    let m = order(draw, 3.0, 9.0);
    let draft = Draft::of(draw, format!("operands:3:cyclic:{m}"), m.max(3), m * m * m);
    let activation = draw.of_list(&["cube", "relu", "square", "gelu"]);
    Draft { activation, sample: (4.0, 60.0), ..draft }
}

pub(super) fn muon(draw: &mut Draw) -> Draft {
    let draft = sum(draw);
    let decay = if draw.is(0.1) { 0.0 } else { log(draw, 5e-3, 0.6) };
    Draft { optimizer: "muon", rate: log(draw, 5e-3, 0.2), decay, ..draft }
}

pub(super) fn mixed_groups(draw: &mut Draw) -> Draft {
    let (group, m) = match draw.whole(0, 3) {
        0 => ("symmetric:3".to_owned(), 6),
        1 => ("dihedral:4".to_owned(), 8),
        2 => ("dicyclic:2".to_owned(), 8),
        _ => {
            let n = draw.whole(5, 7) as u64;
            (format!("dihedral:{n}"), 2 * n)
        }
    };
    let n = draw.whole(2, 5) as u64;
    let m = m * n;
    let draft = Draft::of(draw, format!("product:{group},cyclic:{n}"), m, m * m);
    Draft { sample: (3.0, 20.0), effort: 2.0, ..draft }
}

pub(super) fn normalized(draw: &mut Draw) -> Draft {
    let draft = deep(draw);
    let norm = draw.of_list(&["pre_layer_norm", "pre_rms_norm"]);
    let depth = draw.whole(1, 3);
    let keeps = |word: &String| !word.starts_with("model.depth=");
    let further = draft.further.into_iter().filter(keeps);
    let further = further.chain([format!("model.depth={depth}"), format!("model.normalization={norm}")]).collect();
    Draft { further, ..draft }
}
