//! Cheats by where a claim is meant to hold.

use crate::q0::scene::{Fate, Scene};
use dunwu_science::lab::Outcome;

const LAWS: [&str; 4] = ["M", "1 / M", "samples", "M / rate"];

pub(super) fn before_seeing(scene: &mut Scene) -> Fate {
    let runs = scene.runs(60);
    let mut sentences = Vec::new();
    for scope in ["M in 5..23", "rate <= 0.01", "rate >= 0.01", "samples >= 300"] {
        sentences.extend(LAWS.iter().map(|law| format!("t_gen = c * {law}, for some c, where {scope}")));
    }
    scene.judged_sentences(&sentences, &runs)
}

/// Of all windows along the rate those in which a law fits best.
pub(super) fn after_seeing(scene: &mut Scene) -> Fate {
    let runs = scene.runs(60);
    let card = scene.case.card();
    let mut seen: Vec<(f64, f64, f64)> = runs
        .iter()
        .filter_map(|run| match run.outcomes.get("t_gen") {
            Some(Outcome::Value(y)) if *y > 0.0 => {
                let numbers = card.numbers(&run.point);
                Some((numbers["rate"], libm::log(numbers["M"]), libm::log(*y)))
            }
            _ => None,
        })
        .collect();
    seen.sort_by(|a, b| a.0.total_cmp(&b.0));
    let mut windows: Vec<(f64, String)> = Vec::new();
    for width in [10, 14, 20] {
        for window in seen.windows(width) {
            let n = width as f64;
            let mean = |of: fn(&(f64, f64, f64)) -> f64| window.iter().map(of).sum::<f64>() / n;
            let (x, z) = (mean(|row| row.1), mean(|row| row.2));
            let sum = |f: &dyn Fn(f64, f64) -> f64| window.iter().map(|row| f(row.1 - x, row.2 - z)).sum::<f64>();
            let (xx, xz, zz) = (sum(&|x, _| x * x), sum(&|x, z| x * z), sum(&|_, z| z * z));
            let fit = xz * xz / (xx * zz).max(1e-12);
            let power = xz / xx.max(1e-12);
            let power = if power.abs() < 0.75 { 0.5 * power.signum() } else { power.round().clamp(-3.0, 3.0) };
            windows.push((
                -n * libm::log(1.0 - fit.min(0.999)),
                format!("t_gen = c * M^({power}), for some c, where rate in {}..{}", window[0].0, window[width - 1].0),
            ));
        }
    }
    windows.sort_by(|a, b| b.0.total_cmp(&a.0));
    let sentences: Vec<String> = windows.into_iter().take(6).map(|(_, sentence)| sentence).collect();
    scene.judged_sentences(&sentences, &runs)
}

pub(super) fn without_points(scene: &mut Scene) -> Fate {
    scene.all_refused(&[
        "t_gen = c * M, for some c, where M in 300..400",
        "t_gen = c * M, for some c, where rate in 0.5..0.1",
        "t_gen = c * M, for some c, where M in 12..16",
        "t_gen = c * M, for some c, where task = g24",
    ])
}
