//! Claims about a limit or an order of smallness: the same draw at a series of values.

use crate::assumption::Assumption;
use crate::compare::Outcome;
use crate::derivation::{Derivation, Relation, Step};
use crate::draw::{Fixed, Recipe};
use crate::tensor::Tensor;
use std::collections::BTreeSet;

/// How a difference behaves along a series.
#[derive(Debug, Clone)]
pub(crate) struct Trend {
    pub(crate) outcome: Outcome,
    /// Whether both sides are zero everywhere.
    pub(crate) zero: bool,
    /// The slope of log difference against log value; none where the difference is rounding alone.
    pub(crate) slope: Option<f64>,
    /// The relative difference at the end of the series.
    pub(crate) last: f64,
}

/// One point of a series: the value, the difference, the size of the sides, the bound on rounding.
#[derive(Debug, Clone, Copy)]
struct Point {
    value: f64,
    difference: f64,
    size: f64,
    rounding: f64,
}

/// Values of a small number, from 0.2 down to where a first order is rounding: what is large in the tensors may need that.
fn small() -> Vec<f64> {
    (0..22).map(|at| 0.2 * 0.4_f64.powi(at)).collect()
}

/// Numbers in the computation at one point beyond which a size grows no further.
const MOST_ENTRIES: usize = 100_000;
/// Points at the end of a series through which a line is laid.
const TAIL: usize = 7;

/// The slope has to be this near to the claimed order, or better.
const ORDER_MISSED: f64 = 0.15;
const ORDER_WRONG: f64 = 0.5;
/// A relative difference vanishes if it falls on average at least like this power, and does not if it falls slower than that one.
/// Averages over random features fall like 0.5, with a scatter between draws of about 0.3.
const FALLS: f64 = 0.25;
const STAYS: f64 = 0.15;
/// A quarter of the draws that does not fall at all refutes a claim about every draw, unless the others fall faster than this.
const SCATTERED: f64 = 0.35;

/// The trend of a step over several draws.
pub(crate) fn trend(derivation: &Derivation, step: &Step, recipes: &[Recipe]) -> Option<Trend> {
    match &step.relation {
        Relation::UpTo { name, order } => {
            let mut slopes = Vec::new();
            let mut tried = 0;
            let (mut zero, mut last) = (true, 0.0_f64);
            for recipe in recipes {
                let points = series(derivation, step, recipe, name, &small(), false);
                if points.len() < 4 {
                    continue;
                }
                tried += 1;
                zero &= points.iter().all(|point| point.size <= point.rounding);
                last = last.max(points.last().map_or(0.0, |point| point.difference));
                slopes.extend(order_of(&points));
            }
            if tried == 0 {
                return None;
            }
            // A claim on every draw is as good as its worst draw; the median of the lower half is not moved by one odd draw.
            slopes.sort_by(f64::total_cmp);
            let slope = if slopes.is_empty() { None } else { Some(slopes[slopes.len() / 4]) };
            let outcome = match slope {
                None => Outcome::Holds,
                Some(slope) if slope >= order - ORDER_MISSED => Outcome::Holds,
                Some(slope) if slope <= order - ORDER_WRONG => Outcome::Fails,
                Some(_) => Outcome::Unclear,
            };
            Some(Trend { outcome, zero, slope, last })
        }
        Relation::Limit { name, to_zero } => limit(derivation, step, recipes, name, *to_zero),
        _ => None,
    }
}

/// The slope at the small end of a series, where the difference is still more than rounding.
fn order_of(points: &[Point]) -> Option<f64> {
    let clear: Vec<&Point> = points.iter().filter(|point| point.difference > 100.0 * point.rounding).collect();
    let tail = &clear[clear.len().saturating_sub(4)..];
    if tail.len() < 2 {
        return None;
    }
    fitted(&tail.iter().map(|point| (point.value.ln(), point.difference.ln())).collect::<Vec<_>>())
}

fn limit(derivation: &Derivation, step: &Step, recipes: &[Recipe], name: &str, to_zero: bool) -> Option<Trend> {
    let is_size = derivation.sizes.iter().any(|size| size.name == name);
    let values: Vec<f64> = match (is_size, to_zero) {
        (true, _) => {
            let doublings = if is_cubic(derivation, step) { 5 } else { 9 };
            (1..doublings).map(|at| 3.0 * 2.0_f64.powi(at)).collect()
        }
        (false, false) => (2..11).map(|at| 4.0_f64.powi(at)).collect(),
        (false, true) => (2..11).map(|at| 4.0_f64.powi(-at)).collect(),
    };
    let (mut slopes, mut lasts) = (Vec::new(), Vec::new());
    let (mut zero, mut exact, mut tried) = (true, true, 0);
    for recipe in recipes {
        let points = series(derivation, step, recipe, name, &values, is_size);
        if points.len() < 4 {
            continue;
        }
        tried += 1;
        zero &= points.iter().all(|point| point.size <= point.rounding);
        exact &= points.iter().all(|point| point.difference <= point.rounding);
        let relative = |point: &Point| point.difference / point.size.max(1e-300);
        lasts.extend(points.last().map(relative));
        // Rounding ends the fall of what falls fast.
        let clear: Vec<(f64, f64)> = points
            .iter()
            .filter(|point| point.difference > 100.0 * point.rounding)
            .map(|point| (point.value.ln(), relative(point).ln()))
            .collect();
        let slope = fitted(&clear[clear.len().saturating_sub(TAIL)..]);
        slopes.extend(slope.map(|slope| if to_zero { slope } else { -slope }));
    }
    if tried == 0 {
        return None;
    }
    lasts.sort_by(f64::total_cmp);
    slopes.sort_by(f64::total_cmp);
    let last = lasts[lasts.len() / 2];
    let slope = if slopes.is_empty() { None } else { Some(slopes.iter().sum::<f64>() / slopes.len() as f64) };
    let slowest = slopes.get(slopes.len() / 4).copied().unwrap_or(0.0);
    let outcome = match slope {
        _ if zero || exact => Outcome::Holds,
        None => Outcome::Holds,
        Some(slope) if slope <= STAYS || (slowest <= 0.0 && slope <= SCATTERED) => Outcome::Fails,
        Some(slope) if slope >= FALLS && last < 0.7 => Outcome::Holds,
        Some(_) => Outcome::Unclear,
    };
    Some(Trend { outcome, zero, slope, last })
}

/// Whether factorisations take part, whose cost grows with the cube of a size.
fn is_cubic(derivation: &Derivation, step: &Step) -> bool {
    const FACTORISE: [&str; 11] =
        ["inv", "det", "polar", "maxeig", "mineig", "maxsv", "minsv", "nuclear", "rank", "nullity", "kron"];
    let mut used = BTreeSet::new();
    derivation.scope.everything_used(&step.from, &mut used);
    derivation.scope.everything_used(&step.to, &mut used);
    let imposed = derivation.tensors.iter().flat_map(|declared| &declared.assumptions).any(Assumption::factorises);
    imposed || FACTORISE.iter().any(|name| used.contains(*name))
}

fn series(
    derivation: &Derivation,
    step: &Step,
    recipe: &Recipe,
    name: &str,
    values: &[f64],
    is_size: bool,
) -> Vec<Point> {
    let mut points = Vec::new();
    // Sizes stay what they are while another one grows.
    let Ok(base) = recipe.draw(derivation) else { return points };
    let mut entries = 0;
    for &value in values {
        let mut next = recipe.clone();
        next.sizes = base.sizes.clone();
        if is_size {
            next.sizes.insert(name.to_owned(), value as usize);
        } else {
            let fixed = Fixed { tensor: Tensor::number(value), error: 0.0, movable: false };
            next.fixed.insert(name.to_owned(), fixed);
        }
        if is_size && 4 * entries > MOST_ENTRIES {
            break;
        }
        let Ok(mut drawn) = next.draw(derivation) else { continue };
        let evaluator = &mut drawn.evaluator;
        let (Ok(left), Ok(right)) = (evaluator.value(&step.from), evaluator.value(&step.to)) else { continue };
        let tape = &evaluator.tape;
        let (x, y) = (tape.value(left), tape.value(right));
        if !x.is_finite() || !y.is_finite() || (x.rows(), x.cols()) != (y.rows(), y.cols()) {
            continue;
        }
        entries = tape.n_entries();
        let size = x.norm().max(y.norm());
        let rounding = 4.0 * (tape.error(left) + tape.error(right) + f64::EPSILON * size);
        points.push(Point { value, difference: x.plus(y, -1.0).norm(), size, rounding });
    }
    points
}

/// The slope of a line through points.
fn fitted(points: &[(f64, f64)]) -> Option<f64> {
    let n = points.len() as f64;
    if points.len() < 2 {
        return None;
    }
    let (x, y) = (points.iter().map(|p| p.0).sum::<f64>() / n, points.iter().map(|p| p.1).sum::<f64>() / n);
    let across: f64 = points.iter().map(|p| (p.0 - x) * (p.0 - x)).sum();
    let up: f64 = points.iter().map(|p| (p.0 - x) * (p.1 - y)).sum();
    (across > 0.0).then_some(up / across)
}
