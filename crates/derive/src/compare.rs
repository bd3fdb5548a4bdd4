//! Whether two values stand in a relation, given how far rounding may have moved them.

use crate::derivation::{Relation, Step};
use crate::draw::Drawn;
use crate::evaluate::{Bound, NoValue};
use crate::expr::Expr;
use crate::linalg;
use crate::tensor::Tensor;
use std::rc::Rc;

/// How a step fared on one draw.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Holds,
    Fails,
    /// The difference is larger than rounding explains, but not clearly so, or rounding may explain anything.
    Unclear,
}

/// The two sides of a step on one draw, compared.
#[derive(Debug, Clone)]
pub(crate) struct Comparison {
    pub(crate) outcome: Outcome,
    /// Whether both sides are zero up to rounding.
    pub(crate) zero: bool,
    /// The difference relative to the larger side; for an inequality, what it is missed by.
    pub(crate) relative: f64,
    /// The largest difference of two entries.
    pub(crate) largest: f64,
    pub(crate) left: Rc<Tensor>,
    pub(crate) right: Rc<Tensor>,
    pub(crate) note: Option<String>,
}

/// A difference has to exceed the bound on rounding by this factor to count.
const CLEARLY: f64 = 1000.0;
/// Where the bound on rounding exceeds this part of the values, nothing is concluded.
const BLURRED: f64 = 1e-3;
/// A bound on rounding above this part of what a value was computed from says nothing about whether the value is zero.
const ZERO: f64 = 1e-5;

/// Evaluates both sides of a step and compares them.
pub(crate) fn compare(step: &Step, drawn: &mut Drawn) -> Result<Comparison, NoValue> {
    if step.relation == Relation::LocalMaximum {
        return local_maximum(step, drawn);
    }
    let evaluator = &mut drawn.evaluator;
    let (left, right) = (evaluator.value(&step.from)?, evaluator.value(&step.to)?);
    let tape = &evaluator.tape;
    let (x, y) = (Rc::clone(tape.value(left)), Rc::clone(tape.value(right)));
    // A claim that a matrix is 0 may be written with the number.
    let y = if x.rows() * x.cols() == y.rows() * y.cols() { y } else { Rc::new(x.scaled(0.0)) };
    let rounded =
        Rounded { left: tape.error(left), right: tape.error(right), peak: tape.peak(left).max(tape.peak(right)) };
    Ok(judge(&step.relation, x, y, &rounded))
}

/// How far rounding may have moved the two sides, and the largest norm of what they were computed from.
struct Rounded {
    left: f64,
    right: f64,
    peak: f64,
}

fn judge(relation: &Relation, left: Rc<Tensor>, right: Rc<Tensor>, rounded: &Rounded) -> Comparison {
    let size = left.norm().max(right.norm());
    let factor = if *relation == Relation::Proportional { factor(&left, &right).unwrap_or(0.0) } else { 1.0 };
    let rounding = 4.0 * (rounded.left + factor.abs() * rounded.right + f64::EPSILON * size);
    let difference = left.plus(&right, -factor);
    let (missed, scale) = match relation {
        Relation::AtMost => (difference.re().iter().copied().fold(f64::NEG_INFINITY, f64::max), size),
        Relation::AtLeast => (difference.re().iter().map(|x| -x).fold(f64::NEG_INFINITY, f64::max), size),
        Relation::Proportional => (difference.norm(), left.norm()),
        _ => (difference.norm(), size),
    };
    let largest = difference.largest();
    let finite = left.is_finite() && right.is_finite() && rounding.is_finite();
    let sharp = rounding <= ZERO * rounded.peak || rounding < f64::MIN_POSITIVE;
    let zero = size <= rounding && sharp;
    let inequality = matches!(relation, Relation::AtMost | Relation::AtLeast);
    let vanished = *relation == Relation::Proportional && (left.norm() <= rounding) != (right.norm() <= rounding);
    let outcome = if !finite {
        Outcome::Unclear
    } else if zero {
        Outcome::Holds
    } else if missed > CLEARLY * rounding || vanished {
        Outcome::Fails
    } else if missed > rounding || (rounding > BLURRED * size && !(inequality && (sharp || missed < -rounding))) {
        Outcome::Unclear
    } else {
        Outcome::Holds
    };
    let relative = if finite && scale > 0.0 && !zero { (missed / scale).max(0.0) } else { 0.0 };
    let note = match outcome {
        Outcome::Unclear if !finite => Some("a value is infinite or undefined".to_owned()),
        Outcome::Unclear => Some("rounding blurs the comparison".to_owned()),
        _ => None,
    };
    Comparison { outcome, zero, relative, largest: if finite { largest } else { 0.0 }, left, right, note }
}

/// The number `c` that brings `c right` nearest to `left`.
pub(crate) fn factor(left: &Tensor, right: &Tensor) -> Option<f64> {
    let size = right.inner(right);
    (size > 0.0).then(|| right.inner(left) / size)
}

/// The first and second derivative along the unit sphere at the left side.
fn local_maximum(step: &Step, drawn: &mut Drawn) -> Result<Comparison, NoValue> {
    const POINT: &str = "the point";
    let evaluator = &mut drawn.evaluator;
    let crate::expr::Kind::Name(function) = &step.to.kind else {
        return Err(NoValue::Kind("the right side".to_owned()));
    };
    let point = evaluator.value(&step.from)?;
    let x = Rc::clone(evaluator.tape.value(point));
    let objective = Expr::call(function, vec![Expr::name(POINT)]);
    let of_point = |name: &str| Expr::call(name, vec![objective.clone(), Expr::name(POINT)]);
    let (gradient, curvature) = evaluator.with(POINT, Bound::Value(point), |evaluator| {
        Ok::<_, NoValue>((evaluator.value(&of_point("grad"))?, evaluator.value(&of_point("hess"))?))
    })?;
    let error = evaluator.tape.error(point);
    let (gradient, curvature) = (evaluator.tape.value(gradient), evaluator.tape.value(curvature));
    let radial = x.inner(gradient);
    let tangent = gradient.plus(&x, -radial);
    let n = x.rows();
    let project = Tensor::identity(n).plus(&x.matmul(&x.transposed()), -1.0);
    let along = project.matmul(&curvature.plus(&Tensor::identity(n), -radial)).matmul(&project);
    let top = linalg::eigen(&along).0.first().copied().unwrap_or(0.0);
    let scale = gradient.norm().max(curvature.norm());
    let off = (x.norm() - 1.0).abs();
    let slope = if scale > 0.0 { tangent.norm() / scale } else { 0.0 };
    let bend = if scale > 0.0 { top / scale } else { 0.0 };
    let worst = off.max(slope).max(bend);
    let allowed = 1e-7 + 10.0 * error;
    let zero = scale < 1e-12;
    let (outcome, note) = if zero || worst <= allowed {
        (Outcome::Holds, None)
    } else if worst > 1e-4 {
        let why = if off > 1e-4 {
            format!("the point has length {:.6}, not 1", x.norm())
        } else if slope > 1e-4 {
            format!("the gradient along the sphere is {slope:.3e} of the whole, not 0")
        } else {
            format!("the function curves upwards along the sphere, by {bend:.3e} of its curvature")
        };
        (Outcome::Fails, Some(why))
    } else {
        (Outcome::Unclear, Some("the ascent was not exact enough".to_owned()))
    };
    let right = Rc::new(tangent);
    Ok(Comparison { outcome, zero, relative: worst.max(0.0), largest: worst.max(0.0), left: x, right, note })
}
