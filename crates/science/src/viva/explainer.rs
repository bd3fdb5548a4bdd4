//! Whoever explains. For tests, one that shortens a claim step by step.

use super::glossary::Glossary;
use crate::claim::{Claim, Statement};
use crate::expression::{Expression, Operator};

/// What is asked of whoever explains.
#[derive(Clone, Copy, Debug)]
pub struct ExplainAsk<'a> {
    /// The claim.
    pub claim: &'a Claim,
    /// What the listener knows.
    pub glossary: &'a Glossary,
    /// Bytes that the text may have.
    pub most_bytes: usize,
    /// What the listener did not get, in sentences.
    pub failed: &'a [String],
    /// Texts that were tried before.
    pub tried: &'a [String],
}

/// Whoever explains a claim.
pub trait Explainer {
    /// What it is called.
    fn name(&self) -> &str;
    /// A text of at most so many bytes that was not tried before; `None` where it has none.
    fn explain(&mut self, ask: &ExplainAsk<'_>) -> Option<String>;
}

/// A text that somebody wrote, said once.
#[derive(Clone, Debug)]
pub struct Given(pub String);

impl Explainer for Given {
    fn name(&self) -> &'static str {
        "given"
    }

    fn explain(&mut self, ask: &ExplainAsk<'_>) -> Option<String> {
        Some(self.0.clone()).filter(|text| !ask.tried.contains(text))
    }
}

/// Says the claim, then less and less of it: without its reasons, its list of constants, its scope, its constant, its form.
#[derive(Clone, Copy, Debug, Default)]
pub struct Shortening;

impl Explainer for Shortening {
    fn name(&self) -> &'static str {
        "shortening"
    }

    fn explain(&mut self, ask: &ExplainAsk<'_>) -> Option<String> {
        let fits = |text: &String| text.len() <= ask.most_bytes && !ask.tried.contains(text);
        shorter(ask.claim).into_iter().find(fits)
    }
}

/// Texts that say the claim or less, the longest first.
fn shorter(claim: &Claim) -> Vec<String> {
    let bare = Claim { because: Vec::new(), ..claim.clone() };
    let mut all = vec![bare.sentence()];
    let mut scoped = bare.clone();
    loop {
        all.push(without_list(&scoped));
        if let Statement::Law { target, value } = &scoped.statement
            && let Some((shape, is_over)) = shape(&scoped, value)
        {
            let scope = if scoped.scope.0.is_empty() { String::new() } else { format!(", where {}", scoped.scope) };
            let verb = if is_over { "falls as" } else { "grows as" };
            all.push(format!("{target} {verb} {shape}{scope}"));
            if !is_over {
                all.push(format!("{target}~{}{scope}", shape.to_string().replace(' ', "")));
            }
        }
        if scoped.scope.0.pop().is_none() {
            break;
        }
    }
    if let Statement::Law { target, value } = &bare.statement {
        for name in
            value.names().into_iter().filter(|name| !bare.constants.iter().any(|constant| constant.name == *name))
        {
            if let Some(rises) = rises_with(value, name) {
                all.push(format!("{target} {} with {name}", if rises { "rises" } else { "falls" }));
            }
        }
    }
    if let Statement::Cause { change, raises, of, .. } = &bare.statement
        && let (crate::lab::Setting::Number(from), crate::lab::Setting::Number(to)) = (&change.from, &change.to)
    {
        all.push(format!("{of} {} with {}", if (to > from) == *raises { "rises" } else { "falls" }, change.knob));
    }
    all.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
    all.dedup();
    all
}

/// The sentence without its list of free constants, which the reader finds by itself.
fn without_list(claim: &Claim) -> String {
    let fixed = claim.constants.iter().filter(|constant| constant.fixed.is_some()).cloned().collect();
    Claim { constants: fixed, ..claim.clone() }.sentence()
}

/// What a free constant multiplies, or what stands under it alone.
fn shape(claim: &Claim, value: &Expression) -> Option<(Expression, bool)> {
    let is_constant =
        |expression: &Expression| matches!(expression, Expression::Name(name) if claim.free_constants().contains(name));
    match value {
        Expression::Join(Operator::Times, left, right) if is_constant(left) => Some(((**right).clone(), false)),
        Expression::Join(Operator::Over, left, right) if is_constant(left) => Some(((**right).clone(), true)),
        Expression::Join(operator @ (Operator::Times | Operator::Over), left, right) => match shape(claim, left)? {
            (inner, false) => Some((Expression::join(*operator, inner, (**right).clone()), false)),
            (inner, true) if *operator == Operator::Over => {
                Some((Expression::join(Operator::Times, inner, (**right).clone()), true))
            }
            (inner, true) => Some((Expression::join(Operator::Over, (**right).clone(), inner), false)),
        },
        _ => None,
    }
}

/// Whether a product of powers rises with one of its names, where that can be read off.
fn rises_with(expression: &Expression, name: &str) -> Option<bool> {
    match expression {
        Expression::Name(of) if of == name => Some(true),
        Expression::Join(Operator::Times, left, right) => rises_with(left, name).or_else(|| rises_with(right, name)),
        Expression::Join(Operator::Over, left, right) => {
            rises_with(left, name).or_else(|| rises_with(right, name).map(|rises| !rises))
        }
        Expression::Join(Operator::Power, base, exponent) => match (&**exponent, rises_with(base, name)) {
            (Expression::Number(power), Some(rises)) => Some(rises == (*power > 0.0)),
            _ => None,
        },
        Expression::Of(crate::expression::Function::Ln | crate::expression::Function::Sqrt, argument) => {
            rises_with(argument, name)
        }
        _ => None,
    }
}
