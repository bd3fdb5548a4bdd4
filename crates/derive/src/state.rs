//! Tensors of real runs under declared names.

use crate::check::Options;
use crate::derivation::Derivation;
use crate::draw::{Choice, Fixed, Groups, Recipe};
use crate::expr::Kind;
use crate::tensor::Tensor;
use std::collections::BTreeMap;

/// The tensors of one moment of a real run. Names that a derivation declares and a state lacks are drawn.
#[derive(Debug, Clone)]
pub struct State {
    /// What the state is called in reports.
    pub name: String,
    /// Matrices by the names of the derivation.
    pub tensors: BTreeMap<String, Tensor>,
    /// The relative rounding of the numbers: 0 for f64, 6e-8 for numbers that were computed in f32.
    pub precision: f64,
    /// Groups, representations and activations are those of the first choice with this group; the first choice if `None`.
    pub group: Option<String>,
}

/// Recipes that bind the states, and those states that cannot be bound, with the reason.
pub(crate) fn bind(derivation: &Derivation, options: &Options) -> (Vec<(String, Recipe)>, Vec<String>) {
    let (mut bound, mut left_out) = (Vec::new(), Vec::new());
    if options.states.is_empty() {
        return (bound, left_out);
    }
    let choices = Choice::all(derivation, &mut Groups::new());
    for state in options.states {
        match recipe(derivation, state, options.seed, &choices) {
            Ok(recipe) => bound.push((state.name.clone(), recipe)),
            Err(reason) => left_out.push(format!("{}: {reason}", state.name)),
        }
    }
    (bound, left_out)
}

fn recipe(derivation: &Derivation, state: &State, seed: u64, choices: &[Choice]) -> Result<Recipe, String> {
    let fits = |choice: &&Choice| {
        state.group.as_ref().is_none_or(|name| choice.groups.values().any(|group| group.name == *name))
    };
    let choice = choices.iter().find(fits).ok_or("no choice has its group")?.clone();
    let mut sizes: BTreeMap<String, usize> = BTreeMap::new();
    let mut fixed = BTreeMap::new();
    for (name, tensor) in &state.tensors {
        let declared = derivation.tensors.iter().find(|declared| declared.name == *name);
        let declared = declared.ok_or_else(|| format!("`{name}` is not declared"))?;
        for (size, expr) in [(tensor.rows(), &declared.rows), (tensor.cols(), &declared.cols)] {
            let Kind::Name(size_name) = &expr.kind else { continue };
            match sizes.insert(size_name.clone(), size) {
                Some(before) if before != size => return Err(format!("`{size_name}` is {before} and {size}")),
                _ => {}
            }
        }
        fixed.insert(name.clone(), Fixed { tensor: tensor.clone(), error: state.precision, movable: false });
    }
    let recipe = Recipe { seed, draw: 0, choice, sizes, fixed };
    recipe.draw(derivation).map(|_| recipe).map_err(|error| error.to_string())
}
