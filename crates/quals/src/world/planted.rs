//! Worlds with a law: half for whoever builds the tool, half that no builder tunes on, each from a stream of the caller's seed.

use super::card::Case;
use crate::draws::Draws;
use std::fmt::Write as _;

/// Kinds of laws; of ten worlds one has none.
pub(crate) const KINDS: [&str; 10] = [
    "power law",
    "M log M",
    "offset",
    "saturation",
    "crossover",
    "boundary",
    "censored first passage",
    "hidden confounder",
    "decoys",
    "null",
];

/// The `nth` planted world of the development half or of the half that is held out; kinds take turns.
pub(crate) fn planted(seed: u64, held_out: bool, nth: usize) -> Case {
    let half = if held_out { "held out" } else { "development" };
    let mut draws = Draws::of(seed, &format!("planted {half} {nth}"));
    let kind = KINDS[nth % KINDS.len()];
    let name = format!("{kind} {nth} {half}");
    let noise = *draws.one_of(&[0.02, 0.05, 0.1, 0.2]);
    let n_decoys = if kind == "decoys" { 3 } else { draws.below(2) };
    let [m, samples, rate] = [10.0, 150.0, 0.01];
    let power = |draws: &mut Draws, of: &str| {
        let (power, written) = *draws.one_of(&[(1.0, ""), (2.0, "^2"), (0.5, "^0.5"), (1.5, "^1.5")]);
        (power, format!("{of}{written}"))
    };
    // What is planted, with its constants as they are and with free ones.
    let size = libm::exp(draws.between(1.0, 4.0));
    let mut rest = String::new();
    let law = |rest: &mut String, value: &str, size: f64, more: &str| {
        // A String takes everything.
        let _ = write!(
            rest,
            "[observables.t_gen]\nvalue = \"{value}\"\nunit = \"step\"\nresolution = 0.01\nlogarithmic = true\nnoise = {{ family = \"normal\", size = {size} }}\n{more}\n"
        );
    };
    let mut target = "t_gen";
    let truth = match kind {
        "power law" | "hidden confounder" | "decoys" => {
            let (_, above) = power(&mut draws, if is_even_round(nth) { "M" } else { "samples" });
            let (_, below) = power(&mut draws, "rate");
            if kind == "hidden confounder" {
                rest.push_str("[hidden.mood]\nvalue = 0\nnoise = { family = \"normal\", size = 1 }\n\n");
                rest.push_str(
                    "[observables.norm]\nvalue = \"3 * exp(0.5 * mood)\"\nresolution = 0.01\nlogarithmic = true\n\n",
                );
                law(&mut rest, &format!("{size:.3} * {above} / {below} * exp(0.2 * mood)"), noise, "");
            } else {
                law(&mut rest, &format!("{size:.3} * {above} / {below}"), noise, "");
            }
            Some(format!("t_gen = c * {above} / {below}, for some c"))
        }
        "M log M" => {
            law(&mut rest, &format!("{size:.3} * M * ln(M) / rate"), noise, "");
            Some("t_gen = c * M * ln(M) / rate, for some c".to_owned())
        }
        "offset" => {
            // Both parts are of one size in the middle of the scope.
            let (power, of) = power(&mut draws, "samples");
            let k = size * libm::pow(samples, power) * draws.between(0.5, 2.0);
            law(&mut rest, &format!("{size:.3} * {of} + {k:.3}"), noise, "");
            Some(format!("t_gen = c * {of} + k, for some c and k"))
        }
        "saturation" => {
            let k = draws.between(0.5, 2.0) / samples;
            law(&mut rest, &format!("{size:.3} * M / (1 + {k:.5} * samples)"), noise, "");
            Some("t_gen = c * M / (1 + k * samples), for some c and k".to_owned())
        }
        "crossover" => {
            let k = draws.between(0.5, 2.0) * size * m / samples;
            law(&mut rest, &format!("{size:.3} * M + {k:.4} * samples"), noise, "");
            Some("t_gen = c * M + k * samples, for some c and k".to_owned())
        }
        "boundary" => {
            target = "generalized";
            let (value, of) = *draws.one_of(&[(2.75, "M * ln(M)"), (2.0, "M"), (1.5, "M^1.5")]);
            let slope = draws.between(5.0, 12.0);
            // A String takes everything.
            let _ =
                write!(rest, "[observables.generalized]\nevent = \"{slope:.2} * ln(samples / ({value} * {of}))\"\n");
            Some(format!("generalized happens when samples > c * {of}, for some c"))
        }
        "censored first passage" => {
            let horizon = size * m * libm::log(m) / rate * 30.0;
            law(&mut rest, &format!("{size:.3} * M * ln(M) / rate"), noise, &format!("horizon = {horizon:.0}"));
            Some("t_gen = c * M * ln(M) / rate, for some c".to_owned())
        }
        _ => {
            law(&mut rest, &format!("{:.0}", size * 10.0), 5.0 * noise, "");
            None
        }
    };
    Case::new(name, kind, n_decoys, target, &rest, truth.as_deref())
}

fn is_even_round(nth: usize) -> bool {
    (nth / KINDS.len()).is_multiple_of(2)
}

/// A world of which the law is `M ln M`, whose logarithm has `ratio` times the deviation of its noise. For the power curve.
pub(crate) fn effect(seed: u64, ratio: f64, nth: usize) -> Case {
    // The deviation of ln(M ln M) over the orders from 5 to 97.
    const DEVIATION: f64 = 1.23;
    let value = Draws::of(seed, &format!("effect {nth}")).between(3.0, 30.0);
    let rest = format!(
        "[observables.t_gen]\nvalue = \"{value:.3} * M * ln(M)\"\nunit = \"step\"\nresolution = 0.01\nlogarithmic = true\nnoise = {{ family = \"normal\", size = {:.5} }}\n",
        DEVIATION / ratio
    );
    Case::new(format!("effect {ratio} {nth}"), "M log M", 0, "t_gen", &rest, Some("t_gen = c * M * ln(M), for some c"))
}
