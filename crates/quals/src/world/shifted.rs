//! Laws of physics with their powers shifted and their names taken away, so that nobody recalls them.

use super::card::Case;
use crate::draws::Draws;
use dunwu_lab::world::World;
use dunwu_science::claim::claim_from_sentence;
use dunwu_science::ledger::Question;

/// Laws: what they were shifted from, the value with numbers, and the law with free constants.
pub(crate) const LAWS: [(&str, &str, &str); 12] = [
    ("gravitation with the distance to the power of 1.5", "6.7 * x1 * x2 / x3^1.5", "c * x1 * x2 / x3^1.5"),
    ("Coulomb's law with one charge squared", "9 * x1^2 * x2 / x3^2", "c * x1^2 * x2 / x3^2"),
    ("Hooke's law with a hard spring", "2.5 * x1 * x2^1.5", "c * x1 * x2^1.5"),
    ("a pendulum whose period is as its length", "2 * x1 / x2^0.5", "c * x1 / x2^0.5"),
    ("conduction of heat with a thickness squared", "0.8 * x1 * x2 / x3^2", "c * x1 * x2 / x3^2"),
    ("radiation to the third power", "0.057 * x1 * x2^3", "c * x1 * x2^3"),
    ("cooling with a rest", "3 * x1 + 40", "c * x1 + k"),
    ("an enzyme that is saturated", "20 * x1 / (1 + 0.1 * x2)", "c * x1 / (1 + k * x2)"),
    ("decay with the square of time taken as time", "90 * x1 * exp(-0.02 * x2)", "c * x1 * exp(-k * x2)"),
    ("drag of two kinds", "2 * x1 + 0.2 * x1^2", "c * x1 + k * x1^2"),
    ("Kepler's third law with a square", "1.3 * x1^2 / x2", "c * x1^2 / x2"),
    ("capillary rise with a logarithm", "5 * x1 * ln(x2)", "c * x1 * ln(x2)"),
];

/// The `law` with errors of this share, in knobs that are called x1 to x6.
pub(crate) fn shifted(seed: u64, law: usize, noise: f64, nth: usize) -> Case {
    let (name, value, free) = LAWS[law];
    let mut draws = Draws::of(seed, &format!("shifted {law} {nth}"));
    // Which knob stands where is drawn, so that the first is not always the one that counts.
    let mut order = [1, 2, 3, 4, 5, 6];
    for place in (1..6).rev() {
        order.swap(place, draws.below(place + 1));
    }
    let renamed = |text: &str| {
        (1..=3)
            .fold(text.to_owned(), |text, k| text.replace(&format!("x{k}"), &format!("y{}", order[k - 1])))
            .replace('y', "x")
    };
    let knobs: Vec<String> =
        (1..=6).map(|k| format!("[knobs.x{k}]\nleast = 2\nmost = 400\nlogarithmic = true\ndefault = 20\n")).collect();
    let noise_line =
        if noise > 0.0 { format!("noise = {{ family = \"normal\", size = {noise} }}\n") } else { String::new() };
    let text = format!(
        "name = \"shifted {law} {nth}\"\nsteps = 100\n\n{}\n[observables.y]\nvalue = \"{}\"\nresolution = 0.001\nlogarithmic = true\n{noise_line}",
        knobs.join("\n"),
        renamed(value)
    );
    let world = World::read(&text, name).unwrap_or_else(|error| panic!("a world of ours is bent: {error}\n{text}"));
    let scope = "x1 <= 100 and x2 <= 100 and x3 <= 100 and x4 <= 100 and x5 <= 100 and x6 <= 100";
    let constants = if free.contains('k') { "c and k" } else { "c" };
    let parse = |sentence: &str| {
        claim_from_sentence(sentence).unwrap_or_else(|error| panic!("a truth of ours is bent: {error}"))
    };
    let truth = parse(&format!("y = {}, for some {constants}, where {scope}", renamed(free)));
    let sealed = parse("x = 1, where x1 >= 100 and x2 >= 100 and x3 >= 100").scope;
    let knobs = ["x1", "x2", "x3", "x4", "x5", "x6"].map(str::to_owned).into();
    let question = Question { text: name.to_owned(), target: "y".to_owned(), knobs, scope: scope.to_owned() };
    Case {
        name: format!("{name}, {:.0} % noise", 100.0 * noise),
        kind: "shifted",
        world,
        question,
        truth: Some(truth),
        sealed,
    }
}
