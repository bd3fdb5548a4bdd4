//! What would mend a false step: an assumption more, or a factor.

use crate::assumption::{ASSUMPTIONS, Assumption, GROUP_ASSUMPTIONS, IRREP_ASSUMPTIONS, RELATIVE};
use crate::check::{Context, Trial};
use crate::compare::{Outcome, compare, factor};
use crate::derivation::{Derivation, Relation, Step};
use crate::draw::{Choice, Drawn, Groups, Recipe};
use crate::expr::{Expr, Kind, Operator};
use crate::infer::Type;
use crate::report::Standing;
use crate::tensor::Tensor;
use std::collections::BTreeSet;

/// Draws in which a step has to stand once an assumption is added.
const DRAWS: u64 = 10;
/// The same for an order or a limit, where every draw is a series.
const DRAWS_OF_TRENDS: u64 = 8;
/// How nearly constant a factor has to be, relative to itself.
const CONSTANT: f64 = 1e-7;

/// Further assumptions under which a step stands and is not vacuous, each in words.
pub(crate) fn saving(context: &Context, at: usize) -> Vec<String> {
    let mut groups = Groups::new();
    for choice in &context.choices {
        groups.extend(choice.groups.values().map(|group| (group.name.clone(), std::rc::Rc::clone(group))));
    }
    let mut helps = |found: Vec<(String, Derivation)>| -> Vec<String> {
        let helping = found.into_iter().filter(|(_, derivation)| stands(context, derivation, at, &mut groups));
        helping.map(|(words, _)| words).collect()
    };
    let single = helps(candidates(context.derivation, at));
    if single.is_empty() { helps(shared(context.derivation, at)) } else { single }
}

/// The derivation with one assumption more on all tensors that it fits.
fn shared(derivation: &Derivation, at: usize) -> Vec<(String, Derivation)> {
    let used = used(derivation, at);
    let mut found = Vec::new();
    for (words, assumption, _) in ASSUMPTIONS {
        let mut changed = derivation.clone();
        let mut names = Vec::new();
        for (at, declared) in derivation.tensors.iter().enumerate() {
            let drawn = used.contains(&declared.name) && declared.maximises.is_none() && !declared.complex;
            if drawn && !declared.scalar && tensor_candidates(derivation, at).iter().any(|(_, a)| a == assumption) {
                changed.tensors[at].assumptions.push(assumption.clone());
                names.push(declared.name.as_str());
            }
        }
        if names.len() > 1 {
            found.push((format!("{}: {words}", names.join(" and ")), changed));
        }
    }
    found
}

fn stands(context: &Context, derivation: &Derivation, at: usize, groups: &mut Groups) -> bool {
    let choices = Choice::all(derivation, groups);
    if choices.is_empty() {
        return false;
    }
    let inner = Context { derivation, choices, seed: context.seed ^ 0x5eed };
    let step = &derivation.steps[at];
    let trends = matches!(step.relation, Relation::UpTo { .. } | Relation::Limit { .. });
    let n_draws = if trends { DRAWS_OF_TRENDS } else { DRAWS.max(inner.choices.len() as u64).min(40) };
    let (mut drawn, mut refused) = (Vec::new(), 0);
    for draw in 0..n_draws {
        let Ok((recipe, mut found)) = inner.attempt(draw) else {
            refused += 1;
            if refused > 3 && drawn.is_empty() {
                return false;
            }
            continue;
        };
        // Most candidates do not help, and the first draw says so.
        if !trends && !compare(step, &mut found).is_ok_and(|found| found.outcome == Outcome::Holds) {
            return false;
        }
        drawn.push((recipe, found));
    }
    drawn.len() >= 2 && Trial::run(&inner, step, &mut drawn).standing == Standing::Stands
}

/// The derivation with one assumption more, for every assumption that makes sense.
fn candidates(derivation: &Derivation, at: usize) -> Vec<(String, Derivation)> {
    let used = used(derivation, at);
    let mut found = Vec::new();
    let mut add = |words: String, change: &dyn Fn(&mut Derivation)| {
        let mut changed = derivation.clone();
        change(&mut changed);
        found.push((words, changed));
    };
    for (at, choice) in derivation.groups.iter().enumerate().filter(|(_, choice)| used.contains(&choice.name)) {
        for (words, assumption) in GROUP_ASSUMPTIONS.iter().filter(|(_, a)| !choice.assumptions.contains(a)) {
            add(format!("{} is {words}", choice.name), &|changed| changed.groups[at].assumptions.push(*assumption));
        }
    }
    for (at, choice) in derivation.irreps.iter().enumerate().filter(|(_, choice)| used.contains(&choice.name)) {
        for (words, assumption) in IRREP_ASSUMPTIONS.iter().filter(|(_, a)| !choice.assumptions.contains(a)) {
            add(format!("{} is {words}", choice.name), &|changed| changed.irreps[at].assumptions.push(*assumption));
        }
    }
    for (at, (name, activations)) in derivation
        .activations
        .iter()
        .enumerate()
        .filter(|(_, (name, _))| used.contains(name) || used.contains(&format!("d{name}")))
    {
        for activation in activations.iter().filter(|_| activations.len() > 1) {
            add(format!("{name} is {activation}"), &|changed| changed.activations[at].1 = vec![activation]);
        }
    }
    for (at, declared) in derivation.tensors.iter().enumerate() {
        if !used.contains(&declared.name) || declared.maximises.is_some() || declared.complex {
            continue;
        }
        for (words, assumption) in tensor_candidates(derivation, at) {
            add(words, &|changed| {
                changed.tensors[at].assumptions.push(assumption.clone());
                // A tensor that is tied to another is drawn after it.
                if assumption.other().is_some() {
                    let moved = changed.tensors.remove(at);
                    changed.tensors.push(moved);
                }
            });
        }
    }
    size_candidates(derivation, &used, &mut add);
    found
}

/// The names that the two sides of a step lead to.
fn used(derivation: &Derivation, at: usize) -> BTreeSet<String> {
    let step = &derivation.steps[at];
    let mut used = BTreeSet::new();
    derivation.scope.everything_used(&step.from, &mut used);
    derivation.scope.everything_used(&step.to, &mut used);
    for declared in derivation.tensors.iter().rev() {
        if !used.contains(&declared.name) {
            continue;
        }
        for expr in declared.maximises.iter().chain(&declared.within) {
            derivation.scope.everything_used(expr, &mut used);
        }
    }
    used
}

fn tensor_candidates(derivation: &Derivation, at: usize) -> Vec<(String, Assumption)> {
    let declared = &derivation.tensors[at];
    let Some(Type::Matrix { rows, cols, .. }) = derivation.scope.types.get(&declared.name) else { return Vec::new() };
    let number = rows.is_one() && cols.is_one();
    let column = cols.is_one();
    let fits = |assumption: &Assumption| {
        let of_numbers = matches!(
            assumption,
            Assumption::Nonnegative
                | Assumption::Positive
                | Assumption::Negative
                | Assumption::UnitInterval
                | Assumption::UnitNorm
        );
        let of_matrices = matches!(
            assumption,
            Assumption::CentredRows
                | Assumption::OrthonormalColumns
                | Assumption::OrthonormalRows
                | Assumption::UnitColumns
                | Assumption::UnitRows
                | Assumption::RowsSumToOne
                | Assumption::OneHotRows
                | Assumption::RankOne
                | Assumption::FullColumnRank
                | Assumption::FullRowRank
        );
        !declared.assumptions.contains(assumption)
            && *assumption != Assumption::Small
            && (!assumption.needs_square() || (rows == cols && !number))
            && (!number || of_numbers)
            && (!column || !of_matrices)
    };
    let mut found: Vec<(String, Assumption)> = ASSUMPTIONS
        .iter()
        .filter(|(_, assumption, _)| fits(assumption))
        .map(|(words, assumption, _)| (format!("{}: {words}", declared.name), assumption.clone()))
        .collect();
    let tied = |other: &str| derivation.tensors.iter().any(|t| t.assumptions.iter().any(|a| a.other() == Some(other)));
    if number || tied(&declared.name) {
        return found;
    }
    for other in &derivation.tensors {
        let same = derivation.scope.types.get(&other.name) == derivation.scope.types.get(&declared.name);
        if other.name == declared.name || !same {
            continue;
        }
        for (words, make, _) in RELATIVE {
            let assumption = make(other.name.clone());
            // Commuting and orthogonal are mutual and said once.
            let once = declared.name < other.name;
            if once && (!assumption.needs_square() || rows == cols) {
                found.push((format!("{} {words} {}", declared.name, other.name), assumption));
            }
        }
    }
    found
}

/// Two sizes the same, or one of them 1.
fn size_candidates(
    derivation: &Derivation,
    used: &BTreeSet<String>,
    add: &mut impl FnMut(String, &dyn Fn(&mut Derivation)),
) {
    let mut sizes = BTreeSet::new();
    for declared in derivation.tensors.iter().filter(|declared| used.contains(&declared.name)) {
        declared.rows.free_names(&mut |name| {
            sizes.insert(name.to_owned());
        });
        declared.cols.free_names(&mut |name| {
            sizes.insert(name.to_owned());
        });
    }
    let ranged: Vec<usize> = (0..derivation.sizes.len())
        .filter(|&at| derivation.sizes[at].last.is_some())
        .filter(|&at| sizes.contains(&derivation.sizes[at].name) || used.contains(&derivation.sizes[at].name))
        .collect();
    for &at in &ranged {
        let name = &derivation.sizes[at].name;
        let to = |changed: &mut Derivation, expr: Expr| {
            changed.sizes[at].first = expr;
            changed.sizes[at].last = None;
        };
        add(format!("{name} = 1"), &|changed| to(changed, Expr { at: 0, kind: Kind::Number(1.0) }));
        for &earlier in ranged.iter().filter(|earlier| **earlier < at) {
            let other = &derivation.sizes[earlier].name;
            add(format!("{other} = {name}"), &|changed| to(changed, Expr::name(other)));
        }
    }
}

/// What could be written instead.
pub(crate) struct Correction {
    pub(crate) factor: Option<f64>,
    pub(crate) words: Option<String>,
}

/// Looks for one factor over all draws, for a factor that is a power of a size, for a transpose and for the reversed inequality.
pub(crate) fn correction(context: &Context, step: &Step, drawn: &mut [(Recipe, Drawn)], trial: &Trial) -> Correction {
    let none = Correction { factor: None, words: None };
    match &step.relation {
        Relation::UpTo { name, .. } => {
            let words = trial.slope.map(|slope| format!("the difference shrinks like {name}^{slope:.2}"));
            return Correction { words, ..none };
        }
        Relation::Limit { .. } => {
            let words = format!("the relative difference goes to {:.3}", trial.last);
            return Correction { words: Some(words), ..none };
        }
        Relation::AtMost | Relation::AtLeast => {
            let relation = if step.relation == Relation::AtMost { Relation::AtLeast } else { Relation::AtMost };
            let reversed = Step { relation, ..step.clone() };
            let holds = drawn
                .iter_mut()
                .all(|(_, drawn)| compare(&reversed, drawn).is_ok_and(|found| found.outcome == Outcome::Holds));
            let words = holds.then(|| "the reversed inequality holds on every draw".to_owned());
            return Correction { words, ..none };
        }
        Relation::Equal => {}
        Relation::Proportional | Relation::LocalMaximum => return none,
    }
    let mut factors = Vec::new();
    let mut transposed = true;
    for (_, drawn) in drawn.iter_mut() {
        let Ok(found) = compare(step, drawn) else { return none };
        if found.zero || found.left.rows() * found.left.cols() != found.right.rows() * found.right.cols() {
            continue;
        }
        transposed &= is_transpose(&found.left, &found.right);
        let Some(by) = factor(&found.left, &found.right) else { return none };
        let rest = found.left.plus(&found.right, -by).norm();
        let sizes = drawn.sizes.clone();
        factors.push((by, rest <= 1e-8 * found.left.norm().max(1e-300) && by != 0.0, sizes));
    }
    if factors.is_empty() {
        return none;
    }
    if factors.iter().all(|(_, parallel, _)| *parallel) {
        let first = factors[0].0;
        if factors.iter().all(|(by, ..)| (by - first).abs() <= CONSTANT * first.abs()) {
            let words = format!("the left side is {} times the right side on every draw", plain(first));
            return Correction { factor: Some(tidy(first)), words: Some(words) };
        }
        for size in context.derivation.sizes.iter().map(|size| &size.name) {
            for power in [1, -1, 2, -2] {
                let scaled: Vec<f64> =
                    factors.iter().map(|(by, _, sizes)| by / (sizes[size] as f64).powi(power)).collect();
                if scaled.iter().all(|by| (by - scaled[0]).abs() <= CONSTANT * scaled[0].abs()) {
                    let times = if tidy(scaled[0]) == 1.0 { String::new() } else { format!("{} ", plain(scaled[0])) };
                    let shown = if power == 1 { size.clone() } else { format!("{size}^{power}") };
                    let words = format!("the left side is {times}{shown} times the right side on every draw");
                    return Correction { factor: None, words: Some(words) };
                }
            }
        }
    }
    let words = transposed.then(|| "the left side is the transpose of the right side on every draw".to_owned());
    Correction { words: words.or_else(|| weighted_terms(step, drawn)), ..none }
}

/// The terms of a sum, with the subtracted ones negated.
fn terms(expr: &Expr) -> Vec<Expr> {
    match &expr.kind {
        Kind::Binary(Operator::Plus, a, b) => [terms(a), terms(b)].concat(),
        Kind::Binary(Operator::Minus, a, b) => {
            let negative = |b: Expr| Expr { at: b.at, kind: Kind::Negative(Box::new(b)) };
            [terms(a), terms(b).into_iter().map(negative).collect()].concat()
        }
        _ => vec![expr.clone()],
    }
}

/// Whether the left side is the sum on the right with other factors before its terms, the same in every draw.
fn weighted_terms(step: &Step, drawn: &mut [(Recipe, Drawn)]) -> Option<String> {
    let terms = terms(&step.to);
    if !(2..=6).contains(&terms.len()) {
        return None;
    }
    let mut gram = Tensor::filled(terms.len(), terms.len(), 0.0);
    let mut against = Tensor::filled(terms.len(), 1, 0.0);
    let mut values = Vec::new();
    for (_, drawn) in drawn.iter_mut() {
        let left = drawn.evaluator.value(&step.from).ok()?;
        let left = drawn.evaluator.tape.value(left).clone();
        let mut parts = Vec::new();
        for term in &terms {
            let node = drawn.evaluator.value(term).ok()?;
            parts.push(drawn.evaluator.tape.value(node).clone());
        }
        let size = left.norm();
        if size == 0.0 || parts.iter().any(|part| (part.rows(), part.cols()) != (left.rows(), left.cols())) {
            continue;
        }
        let inner = Tensor::from_fn(terms.len(), terms.len(), |i, j| parts[i].inner(&parts[j]));
        gram = gram.plus(&inner, 1.0 / (size * size));
        against = against.plus(&Tensor::from_fn(terms.len(), 1, |i, _| parts[i].inner(&left)), 1.0 / (size * size));
        values.push((left, parts));
    }
    if values.len() < 2 || crate::linalg::rank(&gram) < terms.len() {
        return None;
    }
    let weights = crate::linalg::inverse(&gram).0?.matmul(&against);
    let fits = values.iter().all(|(left, parts)| {
        let sum = parts.iter().zip(weights.re()).fold(left.scaled(0.0), |sum, (part, weight)| sum.plus(part, *weight));
        left.plus(&sum, -1.0).norm() <= 1e-7 * left.norm()
    });
    let shown =
        terms.iter().zip(weights.re()).map(|(term, weight)| format!("{} times `{term}`", plain(round_weight(*weight))));
    fits.then(|| format!("the left side is the sum of {} on every draw", shown.collect::<Vec<_>>().join(", ")))
}

fn round_weight(x: f64) -> f64 {
    if (x - x.round()).abs() < 1e-6 { x.round() } else { x }
}

fn is_transpose(left: &Tensor, right: &Tensor) -> bool {
    left.rows() == right.cols()
        && left.cols() == right.rows()
        && left.plus(&right.adjoint(), -1.0).norm() <= 1e-9 * left.norm().max(1e-300)
}

/// A number without the dust of rounding.
fn tidy(x: f64) -> f64 {
    let rounded = (x * 5040.0).round() / 5040.0;
    if (x - rounded).abs() <= 1e-9 * x.abs() { rounded } else { x }
}

fn plain(x: f64) -> String {
    let x = tidy(x);
    for below in 1..=12_u8 {
        let above = x * f64::from(below);
        if (above - above.round()).abs() < 1e-9 * above.abs().max(1.0) {
            let above = above.round();
            return if below == 1 { format!("{above}") } else { format!("{above}/{below}") };
        }
    }
    format!("{x:.6}")
}
