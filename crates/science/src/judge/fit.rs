//! Curves through rows by weighted least squares (Levenberg and Marquardt), with priors in natural units.

use super::row::{Row, Seen};

/// A curve with parameters: where a row is expected, `None` outside of its domain.
pub(super) trait Curve {
    /// How many parameters it has.
    fn len(&self) -> usize;
    /// Where it expects the row.
    fn at(&self, row: &Row, parameters: &[f64]) -> Option<f64>;
    /// What each parameter is thought to be before anything is seen: a middle and a standard deviation.
    fn prior(&self, parameter: usize) -> (f64, f64);
    /// Where the search begins.
    fn starts(&self) -> Vec<Vec<f64>>;
    /// The parameter that scales the whole, where the curve is of odds and has one.
    fn scaling(&self) -> Option<usize> {
        None
    }
}

/// A curve that was fitted.
#[derive(Clone, Debug)]
pub(super) struct Fitted {
    pub(super) parameters: Vec<f64>,
    /// The width of what is left, with the loss of freedom by the parameters.
    pub(super) scale: f64,
    /// The inverse of the normal equations' matrix, times which scale² is the parameters' covariance.
    inverse: Vec<f64>,
    /// The weighted sum of squares, by which fits from several starts are compared.
    loss: f64,
}

/// How what is left of the rows is thought to be spread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tails {
    /// Normally.
    Normal,
    /// As Student's t with three degrees of freedom.
    Heavy,
}

impl Tails {
    pub(super) const BOTH: [Self; 2] = [Self::Normal, Self::Heavy];

    pub(super) const fn freedom(self) -> f64 {
        match self {
            Self::Normal => f64::INFINITY,
            Self::Heavy => 3.0,
        }
    }
}

const N_ITERATIONS: usize = 30;
const N_ITERATIONS_WARM: usize = 4;
const N_ITERATIONS_COARSE: usize = 3;
/// How many starts are followed.
const N_FOLLOWED: usize = 4;

/// Fits a curve to the rows; `None` where it has a value for fewer rows than it has parameters. `warm` is where an earlier fit ended.
pub(super) fn fit(
    curve: &dyn Curve,
    rows: &[Row],
    tails: Tails,
    least_scale: f64,
    warm: Option<&Fitted>,
) -> Option<Fitted> {
    if let Some(warm) = warm {
        return descend(curve, rows, tails, least_scale, warm.parameters.clone(), warm.scale, N_ITERATIONS_WARM);
    }
    let scale = spread(rows).max(least_scale);
    // A coarse look at every start, then the best few are followed.
    let starts = curve.starts();
    let mut begun: Vec<(f64, Vec<f64>)> = if starts.len() <= N_FOLLOWED {
        starts.into_iter().map(|start| (0.0, start)).collect()
    } else {
        starts
            .into_iter()
            .filter_map(|start| descend(curve, rows, tails, least_scale, start, scale, N_ITERATIONS_COARSE))
            .map(|fitted| (fitted.loss, fitted.parameters))
            .collect()
    };
    begun.sort_by(|a, b| a.0.total_cmp(&b.0));
    let followed = begun.into_iter().take(N_FOLLOWED).map(|(_, start)| start);
    let fits = followed.filter_map(|start| descend(curve, rows, tails, least_scale, start, scale, N_ITERATIONS));
    fits.min_by(|a, b| a.loss.total_cmp(&b.loss))
}

/// The width of the rows without a curve.
fn spread(rows: &[Row]) -> f64 {
    let seen: Vec<f64> = rows
        .iter()
        .filter_map(|row| match row.seen {
            Seen::Number(z) | Seen::Above(z) => Some(z),
            Seen::Event(_) => None,
        })
        .collect();
    let mean = seen.iter().sum::<f64>() / seen.len().max(1) as f64;
    (seen.iter().map(|z| (z - mean).powi(2)).sum::<f64>() / seen.len().max(2) as f64).sqrt()
}

/// What is left of a row. One that lies above its value has nothing left where it is expected there.
fn residual(row: &Row, expected: f64) -> f64 {
    match row.seen {
        Seen::Number(z) => z - expected,
        Seen::Above(z) => (z - expected).max(0.0),
        Seen::Event(happened) => f64::from(u8::from(happened)) - expected,
    }
}

fn descend(
    curve: &dyn Curve,
    rows: &[Row],
    tails: Tails,
    least_scale: f64,
    start: Vec<f64>,
    scale: f64,
    iterations: usize,
) -> Option<Fitted> {
    let n = curve.len();
    let (mut parameters, mut scale, mut damping) = (start, scale, 1e-3);
    let mut equations = Equations::at(curve, rows, tails, scale, &parameters)?;
    for _ in 0..iterations {
        let mut matrix = equations.matrix.clone();
        for i in 0..n {
            matrix[i * n + i] *= 1.0 + damping;
        }
        let step = inverse(&matrix, n).map(|inverse| times(&inverse, &equations.gradient, n));
        let next = step.map(|step| parameters.iter().zip(&step).map(|(a, b)| a + b).collect::<Vec<f64>>());
        let tried = next.and_then(|next| Some((Equations::at(curve, rows, tails, scale, &next)?, next)));
        match tried.filter(|(tried, _)| tried.loss <= equations.loss) {
            Some((tried, next)) => {
                let gained = equations.loss - tried.loss;
                (parameters, equations, damping) = (next, tried, damping * 0.2);
                scale = equations.scale.max(least_scale);
                let is_still = gained <= 1e-10 * equations.loss.max(1e-300);
                equations = Equations::at(curve, rows, tails, scale, &parameters)?;
                if is_still {
                    break;
                }
            }
            None if damping > 1e6 => break,
            None => damping *= 8.0,
        }
    }
    // Two constants that do the same leave a direction open, which is closed by a little.
    let closed = || {
        let mut matrix = equations.matrix.clone();
        (0..n).for_each(|i| matrix[i * n + i] *= 1.0 + 1e-9);
        inverse(&matrix, n)
    };
    let inverse = inverse(&equations.matrix, n).or_else(closed)?;
    Some(Fitted { parameters, scale, inverse, loss: equations.loss })
}

/// The normal equations around given parameters, in units of the scale.
struct Equations {
    matrix: Vec<f64>,
    gradient: Vec<f64>,
    loss: f64,
    /// The scale that the residuals have.
    scale: f64,
}

impl Equations {
    fn at(curve: &dyn Curve, rows: &[Row], tails: Tails, scale: f64, parameters: &[f64]) -> Option<Self> {
        let n = curve.len();
        let (mut matrix, mut gradient) = (vec![0.0; n * n], vec![0.0; n]);
        let (mut loss, mut squares, mut seen) = (0.0, 0.0, 0_usize);
        let mut moved = parameters.to_vec();
        let mut slope = vec![0.0; n];
        for row in rows {
            let Some(expected) = curve.at(row, parameters) else { continue };
            let left = residual(row, expected);
            // Weights of the t distribution with ν degrees of freedom: (ν + 1) / (ν + r²/s²).
            let ratio = (left / scale).powi(2);
            let weight = match tails {
                Tails::Normal => 1.0,
                Tails::Heavy => 4.0 / (3.0 + ratio),
            };
            seen += 1;
            squares += weight * left * left;
            loss += match tails {
                Tails::Normal => ratio,
                Tails::Heavy => 4.0 * libm::log1p(ratio / 3.0),
            };
            if left == 0.0 && matches!(row.seen, Seen::Above(_)) {
                continue;
            }
            for (place, slope) in slope.iter_mut().enumerate() {
                let by = 1e-6 * parameters[place].abs().max(1e-3);
                moved[place] = parameters[place] + by;
                *slope = curve.at(row, &moved).map_or(0.0, |there| (there - expected) / by);
                moved[place] = parameters[place];
            }
            for i in 0..n {
                gradient[i] += weight * slope[i] * left / (scale * scale);
                for j in 0..n {
                    matrix[i * n + j] += weight * slope[i] * slope[j] / (scale * scale);
                }
            }
        }
        if seen < n {
            return None;
        }
        // Rows outside of the curve's domain count as missed by three widths: a domain that shrinks is no better fit.
        loss += 9.0 * (rows.len() - seen) as f64;
        for place in 0..n {
            let (middle, width) = curve.prior(place);
            let off = (parameters[place] - middle) / width;
            loss += off * off;
            gradient[place] -= off / width;
            matrix[place * n + place] += 1.0 / (width * width);
        }
        let scale = (squares / (seen as f64 - n as f64).max(1.0)).sqrt();
        loss.is_finite().then_some(Self { matrix, gradient, loss, scale })
    }
}

impl Fitted {
    /// How much wider a forecast for the row is than the rows themselves, by what is unknown of the parameters: √(1 + J C Jᵀ).
    pub(super) fn widening(&self, curve: &dyn Curve, row: &Row) -> f64 {
        let n = self.parameters.len();
        let Some(expected) = curve.at(row, &self.parameters) else { return 1.0 };
        let mut moved = self.parameters.clone();
        let slope: Vec<f64> = (0..n)
            .map(|place| {
                let by = 1e-6 * self.parameters[place].abs().max(1e-3);
                moved[place] += by;
                let slope = curve.at(row, &moved).map_or(0.0, |there| (there - expected) / by);
                moved[place] = self.parameters[place];
                slope
            })
            .collect();
        let through = times(&self.inverse, &slope, n);
        let variance: f64 = slope.iter().zip(&through).map(|(a, b)| a * b).sum();
        (1.0 + variance.max(0.0) / (self.scale * self.scale)).sqrt()
    }
}

/// The solution of a symmetric positive system; `None` where it has none.
pub(crate) fn solve(matrix: &[f64], right: &[f64], n: usize) -> Option<Vec<f64>> {
    inverse(matrix, n).map(|inverse| times(&inverse, right, n))
}

/// A matrix times a vector.
pub(super) fn times(matrix: &[f64], vector: &[f64], n: usize) -> Vec<f64> {
    (0..n).map(|i| (0..n).map(|j| matrix[i * n + j] * vector[j]).sum()).collect()
}

/// The inverse of a symmetric positive matrix by Gauss and Jordan; `None` where it has none.
pub(super) fn inverse(matrix: &[f64], n: usize) -> Option<Vec<f64>> {
    let mut left = matrix.to_vec();
    let mut right = vec![0.0; n * n];
    (0..n).for_each(|i| right[i * n + i] = 1.0);
    for column in 0..n {
        let pivot = (column..n).max_by(|a, b| left[a * n + column].abs().total_cmp(&left[b * n + column].abs()))?;
        if left[pivot * n + column].abs() < 1e-300 {
            return None;
        }
        for k in 0..n {
            left.swap(column * n + k, pivot * n + k);
            right.swap(column * n + k, pivot * n + k);
        }
        let by = 1.0 / left[column * n + column];
        for k in 0..n {
            left[column * n + k] *= by;
            right[column * n + k] *= by;
        }
        for row in (0..n).filter(|row| *row != column) {
            let by = left[row * n + column];
            if by != 0.0 {
                for k in 0..n {
                    left[row * n + k] -= by * left[column * n + k];
                    right[row * n + k] -= by * right[column * n + k];
                }
            }
        }
    }
    right.iter().all(|value| value.is_finite()).then_some(right)
}
