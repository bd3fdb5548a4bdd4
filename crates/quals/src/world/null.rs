//! Worlds in which nothing depends on anything that can be set.

use super::card::Case;
use crate::draws::Draws;

/// Families of noise; the first part of a name is what it is called in results.
pub(crate) const FAMILIES: [&str; 14] = [
    "normal",
    "heavy tails, three degrees of freedom",
    "heavy tails, one degree of freedom",
    "double exponential",
    "lognormal",
    "skewed",
    "discrete",
    "wide and narrow by chance",
    "two heaps",
    "censored by chance",
    "event, 1 in 20",
    "event, 1 in 5",
    "event, 1 in 2",
    "event, 9 in 10",
];

/// The `nth` null world; families take turns.
pub(crate) fn null(seed: u64, nth: usize) -> Case {
    let family = FAMILIES[nth % FAMILIES.len()];
    let mut draws = Draws::of(seed, &format!("null {nth}"));
    let size = libm::exp(draws.between(-2.5, 1.0));
    let middle = draws.between(10.0, 5000.0).round();
    let number = |name: &str, noise: &str, more: &str, resolution: &str| {
        format!(
            "[observables.{name}]\nvalue = {middle}\nunit = \"step\"\nresolution = {resolution}\nlogarithmic = true\n{noise}\n{more}\n"
        )
    };
    let noise = |family: &str, size: &str| format!("noise = {{ family = \"{family}\", size = {size} }}");
    let plain = |family: &str| number("t_gen", &noise(family, &format!("{size:.4}")), "", "0.01");
    let hidden = "[hidden.mood]\nvalue = 0\nnoise = { family = \"normal\", size = 1 }\n\n";
    let (hidden, t_gen) = match family {
        "heavy tails, three degrees of freedom" => ("", plain("student:3")),
        "heavy tails, one degree of freedom" => ("", plain("student:1")),
        "double exponential" => ("", plain("laplace")),
        "lognormal" => ("", plain("lognormal")),
        "skewed" => ("", plain("skewed")),
        "discrete" => ("", number("t_gen", &noise("normal", &format!("{size:.4}")), "", "1.0")),
        "wide and narrow by chance" => {
            (hidden, number("t_gen", &noise("normal", &format!("\"{size:.4} * exp(mood)\"")), "", "0.01"))
        }
        "two heaps" => (
            hidden,
            number("t_gen", &noise("normal", "0.1"), "", "0.01").replacen(
                &format!("value = {middle}"),
                &format!("value = \"{middle} * exp({size:.4} * tanh(50 * mood))\""),
                1,
            ),
        ),
        "censored by chance" => (
            hidden,
            number(
                "t_gen",
                &noise("normal", &format!("{size:.4}")),
                &format!("horizon = \"{middle} * exp({size:.4} * mood)\""),
                "0.01",
            ),
        ),
        _ => ("", plain("normal")),
    };
    let odds = match family {
        "event, 1 in 20" => -2.944,
        "event, 1 in 5" => -1.386,
        "event, 9 in 10" => 2.197,
        _ => 0.0,
    };
    let target = if family.starts_with("event") { "generalized" } else { "t_gen" };
    let rest = format!(
        "{hidden}{t_gen}\n{}\n[observables.generalized]\nevent = {odds}\n",
        number("t_mem", &noise("normal", "0.5"), "", "0.01")
    );
    Case::new(format!("null {nth}"), family, 1, target, &rest, None)
}
