//! Whether an equality of matrices holds on the arrays of a run, in the language of derivations.

use dunwu_derive::{Derivation, Options, Standing, State, Tensor};
use std::collections::BTreeMap;

/// Arrays of a run: name, columns, values row by row.
pub(super) type Arrays = [(String, usize, Vec<f64>)];

/// Shapes of the arrays by the names of sizes: n samples, i inputs, k units, c labels.
const SHAPES: [(&str, [&str; 2]); 14] = [
    ("X", ["n", "i"]),
    ("Y", ["n", "c"]),
    ("W", ["i", "k"]),
    ("V", ["k", "c"]),
    ("W0", ["i", "k"]),
    ("V0", ["k", "c"]),
    ("Z", ["n", "k"]),
    ("F", ["n", "k"]),
    ("D", ["n", "k"]),
    ("Yhat", ["n", "c"]),
    ("Ft", ["n", "k"]),
    ("Yt", ["n", "c"]),
    ("G_F", ["n", "k"]),
    ("G_W", ["i", "k"]),
];

/// Whether the left side is the right side; `None` where the equality cannot be read, has no array in it, or cannot be told.
pub(super) fn holds(arrays: &Arrays, left: &str, right: &str) -> Option<bool> {
    let is_in = |name: &str| [left, right].iter().any(|side| words(side).any(|word| word == name));
    let used: Vec<(&str, [&str; 2])> = SHAPES.into_iter().filter(|(name, _)| is_in(name)).collect();
    let shape =
        |(name, [rows, columns]): &(&str, [&str; 2])| format!("{name} = {{ shape = [\"{rows}\", \"{columns}\"] }}\n");
    let shapes = used.iter().map(shape).collect::<Vec<_>>().concat();
    let side = |text: &str| toml::Value::String(text.to_owned()).to_string();
    let sizes = "n = \"2..4\"\ni = \"2..4\"\nk = \"2..4\"\nc = \"2..4\"\n";
    let step = format!("from = {}\nrelation = \"=\"\nto = {}\n", side(left), side(right));
    let text = format!("title = \"an identity\"\n[sizes]\n{sizes}[declare]\n{shapes}[[step]]\n{step}");
    let derivation = Derivation::parse(&text).ok()?;
    let tensors: BTreeMap<String, Tensor> = arrays
        .iter()
        .filter(|(name, ..)| used.iter().any(|(used, _)| used == name))
        .map(|(name, columns, values)| (name.clone(), Tensor::real(values.len() / columns, *columns, values.clone())))
        .collect();
    if tensors.is_empty() || tensors.len() < used.len() {
        return None;
    }
    let states = [State { name: "the run".to_owned(), tensors, precision: 0.0, group: None }];
    let report = dunwu_derive::check(&derivation, &Options { draws: 1, states: &states, ..Options::default() });
    match report.steps.first()?.states.first()?.standing {
        Standing::Stands => Some(true),
        Standing::False => Some(false),
        Standing::Vacuous | Standing::CannotTell => None,
    }
}

/// Names in an expression.
fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter: char| !letter.is_alphanumeric() && letter != '_').filter(|word| !word.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// F is the square of Z, which is X W; the outputs are F V.
    #[test]
    fn what_holds_holds_and_what_does_not_does_not() {
        let x = vec![1.0, 0.0, 0.0, 1.0, 1.0, 1.0];
        let w = vec![0.5, -2.0, 3.0, 0.25];
        let z = vec![0.5, -2.0, 3.0, 0.25, 3.5, -1.75];
        let f: Vec<f64> = z.iter().map(|z: &f64| z * z).collect();
        let arrays =
            [("X", 2, x), ("W", 2, w), ("Z", 2, z), ("F", 2, f)].map(|(name, n, values)| (name.to_owned(), n, values));
        assert_eq!(holds(&arrays, "Z", "X*W"), Some(true));
        assert_eq!(holds(&arrays, "F", "square(X * W)"), Some(true));
        assert_eq!(holds(&arrays, "F", "relu(X*W)"), Some(false));
        assert_eq!(holds(&arrays, "F'*F", "W'*X'*X*W"), Some(false));
        // No such array, no array at all, and nothing that can be read.
        assert_eq!(holds(&arrays, "Yhat", "F*V"), None);
        assert_eq!(holds(&arrays, "1", "1"), None);
        assert_eq!(holds(&arrays, "F =", "("), None);
    }
}
