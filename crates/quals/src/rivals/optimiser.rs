//! CMA-ES and TPE as finders of laws: both minimise the same criterion with as many evaluations.

use super::data::Data;
use super::template::{Beside, POWERS, Product, Template};
use super::{cma_es, tpe};
use crate::draws::Draws;
use crate::world::Case;

/// Evaluations that each has at every stage.
const N_EVALUATIONS: usize = 600;

/// CMA-ES over real powers: z = ln c + Σ pᵢ ln xᵢ + Σ lⱼ ln ln xⱼ + τ ln(1 + e^ρ Π xᵢ^eᵢ). The point is rounded to usual powers in a few
/// ways, of which the one with the least criterion is the answer.
pub(super) fn by_cma_es(_case: &Case, data: &Data, draws: &mut Draws) -> Template {
    let n = data.names.len();
    let is_event = data.left.is_some();
    let with_logs: Vec<usize> = (0..n).filter(|place| data.lnln[*place].is_some()).collect();
    let n_begun = n + with_logs.len();
    let n_all = if is_event { n_begun } else { n_begun + n + 2 };
    let rows = data.len() as f64;
    let free = |place: usize| Some(place) != data.left;
    let cost = |point: &[f64]| {
        let sparse: f64 = point.iter().take(n_begun).map(|x| libm::tanh(4.0 * x.abs())).sum::<f64>()
            + if is_event { 0.0 } else { 2.0 * libm::tanh(4.0 * point[n_all - 1].abs()) };
        let column: Vec<f64> = (0..data.len())
            .map(|row| {
                let mut sum: f64 =
                    (0..n).filter(|place| free(*place)).map(|place| point[place] * data.ln[place][row]).sum();
                sum += with_logs
                    .iter()
                    .enumerate()
                    .map(|(k, place)| point[n + k] * data.lnln[*place].as_ref().map_or(0.0, |column| column[row]))
                    .sum::<f64>();
                if !is_event {
                    let inner: f64 = point[n_all - 2]
                        + (0..n).map(|place| point[n_begun + place] * data.ln[place][row]).sum::<f64>();
                    sum += point[n_all - 1] * if inner > 30.0 { inner } else { libm::log1p(libm::exp(inner)) };
                }
                sum
            })
            .collect();
        let misfit = misfit(data, &column);
        misfit + 0.75 * sparse * libm::log(rows)
    };
    let (point, _) = cma_es::minimise(&vec![0.0; n_all], 0.7, N_EVALUATIONS, draws, cost);
    let usual = |x: f64| {
        POWERS
            .iter()
            .copied()
            .chain([0.0])
            .min_by(|a, b| (x - a).abs().total_cmp(&(x - b).abs()))
            .expect("there are powers")
    };
    let product = |logs: bool| {
        let mut product = Product::one(n);
        for place in (0..n).filter(|place| free(*place)) {
            product.powers[place] = usual(point[place]);
        }
        if logs {
            with_logs
                .iter()
                .enumerate()
                .for_each(|(k, place)| product.logs[*place] = point[n + k].round().clamp(-1.0, 1.0) as i8);
        }
        product
    };
    let mut rounded = vec![Template::constant(n)];
    for logs in [false, true] {
        let first = product(logs);
        rounded.push(Template { product: first.clone(), beside: Beside::Nothing });
        if is_event {
            continue;
        }
        let mut second = first.clone();
        (0..n).for_each(|place| {
            second.powers[place] = (first.powers[place] + usual(point[n_begun + place])).clamp(-3.0, 3.0);
        });
        rounded.push(Template { product: first.clone(), beside: Beside::Plus(second) });
        let most = (0..n)
            .max_by(|a, b| point[n_begun + a].abs().total_cmp(&point[n_begun + b].abs()))
            .expect("there are quantities");
        rounded.push(Template { product: first, beside: Beside::Over(most) });
    }
    best_of(rounded, data)
}

/// TPE over choices: for each quantity a power and whether its logarithm stands there, and what stands beside the product.
pub(super) fn by_tpe(_case: &Case, data: &Data, draws: &mut Draws) -> Template {
    let n = data.names.len();
    let is_event = data.left.is_some();
    // Powers, logarithms, what is beside, the quantity and the power of the second product.
    let mut sizes = vec![POWERS.len() + 1; n];
    sizes.extend(vec![3; n]);
    sizes.extend([if is_event { 1 } else { 3 + n }, n, POWERS.len()]);
    let power = |level: usize| if level == 0 { 0.0 } else { POWERS[level - 1] };
    let template = |point: &[usize]| {
        let mut product = Product::one(n);
        for place in (0..n).filter(|place| Some(*place) != data.left) {
            product.powers[place] = power(point[place]);
            product.logs[place] = if data.lnln[place].is_some() { [0, 1, -1][point[n + place]] } else { 0 };
        }
        let beside = match point[2 * n] {
            0 => Beside::Nothing,
            1 => Beside::Plus(Product::one(n)),
            2 => {
                let mut second = Product::one(n);
                second.powers[point[2 * n + 1]] = POWERS[point[2 * n + 2]];
                Beside::Plus(second)
            }
            level => Beside::Over(level - 3),
        };
        Template { product, beside }
    };
    let (point, _) = tpe::minimise(&sizes, N_EVALUATIONS, draws, |point| {
        let template = template(point);
        template.criterion(&template.fit(data), data)
    });
    best_of(vec![Template::constant(n), template(&point)], data)
}

/// The misfit of a column in nats, with the best constants.
fn misfit(data: &Data, column: &[f64]) -> f64 {
    let n = data.len() as f64;
    if data.left.is_some() {
        return n * super::template::fit_event(data, column).loss;
    }
    let left: Vec<f64> = data.z.iter().zip(column).map(|(z, p)| z - p).collect();
    let mean = left.iter().sum::<f64>() / n;
    let variance = left.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n;
    if variance.is_finite() { 0.5 * n * libm::log(variance.max(1e-5)) } else { 1e12 }
}

fn best_of(templates: Vec<Template>, data: &Data) -> Template {
    let rated = templates.into_iter().map(|template| (template.criterion(&template.fit(data), data), template));
    rated.min_by(|a, b| a.0.total_cmp(&b.0)).expect("there is the constant").1
}
