//! What is left of the best products: an offset, a saturation, a crossover, an exponential, a second product.

use super::product::{CONSTANTS, Sketch};
use super::search::Quantity;
use crate::claim::{Scope, Statement};
use crate::expression::{Expression, Function, Operator};
use crate::judge::{RunRecord, in_sample_bits};
use crate::lab::{LabCard, Observable};

/// A product with something more, as an expression.
pub(super) struct Extended {
    sketch: Sketch,
    left: Option<Expression>,
    value: Expression,
}

/// How many of the best products are extended.
const N_EXTENDED: usize = 8;
/// How many of them are joined in pairs.
const N_JOINED: usize = 10;

/// Every extension of the best products, and of the constant alone.
pub(super) fn extended(quantities: &[Quantity], is_event: bool, best: &[Sketch]) -> Vec<Extended> {
    let mut all = Vec::new();
    let constants = super::product::products(quantities, is_event).into_iter().filter(Sketch::is_constant);
    let mut bases: Vec<Sketch> = best.iter().take(N_EXTENDED).filter(|sketch| sketch.n_free() <= 1).cloned().collect();
    bases.extend(
        constants
            .filter(|constant| {
                !best.iter().take(N_EXTENDED).any(|sketch| sketch.is_constant() && sketch.left == constant.left)
            })
            .collect::<Vec<_>>(),
    );
    for sketch in &bases {
        let left = sketch.left.map(|left| Expression::name(&quantities[left].name));
        let value = sketch.expression(quantities);
        let mut push = |value: Expression| all.push(Extended { sketch: sketch.clone(), left: left.clone(), value });
        let k = || Expression::name(CONSTANTS[3]);
        push(Expression::join(Operator::Plus, value.clone(), k()));
        for (_, quantity) in quantities.iter().enumerate().filter(|(place, _)| Some(*place) != sketch.left) {
            let scaled = || Expression::join(Operator::Times, k(), Expression::name(&quantity.name));
            let one_more = || Expression::join(Operator::Plus, Expression::Number(1.0), scaled());
            push(Expression::join(Operator::Times, value.clone(), one_more()));
            push(Expression::join(Operator::Over, value.clone(), one_more()));
            push(Expression::join(Operator::Times, value.clone(), Expression::of(Function::Exp, scaled())));
            push(Expression::join(Operator::Times, value.clone(), Expression::of(Function::Tanh, scaled())));
            let less = Expression::of(Function::Exp, Expression::of(Function::Minus, scaled()));
            push(Expression::join(
                Operator::Times,
                value.clone(),
                Expression::join(Operator::Less, Expression::Number(1.0), less),
            ));
        }
    }
    let fixed: Vec<&Sketch> = best.iter().filter(|sketch| sketch.n_free() == 0).take(N_JOINED).collect();
    for (i, a) in fixed.iter().enumerate() {
        for b in fixed.iter().skip(i + 1).filter(|b| b.left == a.left && b.is_turned == a.is_turned) {
            let second = renamed(&b.expression(quantities), CONSTANTS[0], CONSTANTS[3]);
            let left = a.left.map(|left| Expression::name(&quantities[left].name));
            all.push(Extended {
                sketch: (*a).clone(),
                left,
                value: Expression::join(Operator::Plus, a.expression(quantities), second),
            });
        }
    }
    all
}

fn renamed(expression: &Expression, from: &str, to: &str) -> Expression {
    match expression {
        Expression::Name(name) if name == from => Expression::name(to),
        Expression::Name(_) | Expression::Number(_) => expression.clone(),
        Expression::Of(function, argument) => Expression::of(*function, renamed(argument, from, to)),
        Expression::Join(operator, left, right) => {
            Expression::join(*operator, renamed(left, from, to), renamed(right, from, to))
        }
    }
}

/// The extensions that fit the runs best, as statements.
pub(super) fn statements(
    card: &LabCard,
    question: &Scope,
    target: &Observable,
    runs: &[RunRecord],
    extended: Vec<Extended>,
    n: usize,
) -> Vec<Statement> {
    let of = |extended: Extended| match extended.left {
        None => Statement::Law { target: target.name.clone(), value: extended.value },
        Some(left) => extended.sketch.boundary(&target.name, left, extended.value),
    };
    let mut rated: Vec<(f64, String, Statement)> = extended
        .into_iter()
        .map(of)
        .filter_map(|statement| {
            let claim = super::search::claim_of(statement, &Scope::default());
            claim.check(card).ok()?;
            let bits = in_sample_bits(card, question, &claim, runs)? - claim.statement_bits(card, question);
            Some((bits, claim.sentence(), claim.statement))
        })
        .collect();
    rated.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    rated.into_iter().take(n).map(|(_, _, statement)| statement).collect()
}
