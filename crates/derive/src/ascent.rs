//! Maxima over unit spheres, by gradient steps of Barzilai and Borwein's length from random starts.

use crate::evaluate::{Bound, Evaluator, NoValue};
use crate::expr::{Expr, Kind};
use crate::random::Stream;
use crate::tape::Node;
use crate::tensor::Tensor;

/// Starts of a global maximum.
const STARTS: u64 = 12;
/// Steps of one ascent.
const STEPS: usize = 600;
/// The tangential gradient, relative to the gradient, at which an ascent has arrived. A value is then right to its square.
const ARRIVED: f64 = 1e-9;

/// Where an ascent ended.
pub(crate) struct Summit {
    pub(crate) at: Tensor,
    pub(crate) value: f64,
    /// The tangential gradient relative to the gradient.
    pub(crate) residual: f64,
}

impl Evaluator {
    /// The largest value over unit vectors, as a value on the tape at the best vector found, so that its gradient by what else stands
    /// in the expression is right as well.
    pub(crate) fn over_sphere(&mut self, largest: bool, name: &str, n: usize, body: &Expr) -> Result<Node, NoValue> {
        let turned;
        let objective = if largest {
            body
        } else {
            turned = Expr { at: body.at, kind: Kind::Negative(Box::new(body.clone())) };
            &turned
        };
        self.prepare(objective, name)?;
        let mut best: Option<Summit> = None;
        for start in 0..STARTS {
            let from = Stream::new(self.seed, start, name).gaussian(n, 1);
            let found = self.ascend(name, objective, &from, None)?;
            if best.as_ref().is_none_or(|best| found.value > best.value) {
                best = Some(found);
            }
        }
        let best = best.expect("there is a start");
        let error = best.residual.max(1e-12);
        let at = self.tape.given(best.at, error);
        self.with(name, Bound::Value(at), |evaluator| evaluator.value(body))
    }

    /// Climbs from a start, within the image of a projector if there is one.
    pub(crate) fn ascend(
        &mut self,
        name: &str,
        objective: &Expr,
        start: &Tensor,
        within: Option<&Tensor>,
    ) -> Result<Summit, NoValue> {
        let onto = |x: Tensor| within.map_or(x.clone(), |projector| projector.matmul(&x));
        let unit = |x: Tensor| {
            let x = onto(x);
            let size = x.norm();
            if size > 0.0 { x.scaled(1.0 / size) } else { x }
        };
        let mut at = unit(start.clone());
        let (mut value, mut gradient) = self.value_and_gradient(name, &at, objective)?;
        let mut size = onto(gradient.clone()).norm();
        let mut tangent = tangential(&onto(gradient.clone()), &at);
        let mut length = 0.3 / size.max(1e-300);
        let mut recent = vec![value];
        for _ in 0..STEPS {
            if tangent.norm() <= ARRIVED * size || size < 1e-12 {
                break;
            }
            let floor = recent.iter().copied().fold(f64::INFINITY, f64::min) - 1e-13 * value.abs();
            let next = unit(at.plus(&tangent, length));
            let (next_value, next_gradient) = self.value_and_gradient(name, &next, objective)?;
            if next_value.is_nan() || next_value < floor {
                length *= 0.25;
                if length * size < 1e-14 {
                    break;
                }
                continue;
            }
            gradient = onto(next_gradient);
            let next_tangent = tangential(&gradient, &next);
            let (moved, bent) = (next.plus(&at, -1.0), next_tangent.plus(&tangent, -1.0));
            let curvature = -moved.inner(&bent);
            let longest = 10.0 / size.max(1e-300);
            length = if curvature > 0.0 {
                (moved.inner(&moved) / curvature).min(longest)
            } else {
                (length * 2.0).min(longest)
            };
            (at, value, tangent) = (next, next_value, next_tangent);
            size = gradient.norm();
            recent.push(value);
            if recent.len() > 5 {
                recent.remove(0);
            }
        }
        let residual = if size > 0.0 { tangent.norm() / size } else { 0.0 };
        Ok(Summit { at, value, residual })
    }
}

/// What of a vector is orthogonal to a unit vector.
fn tangential(x: &Tensor, unit: &Tensor) -> Tensor {
    x.plus(unit, -x.inner(unit))
}
