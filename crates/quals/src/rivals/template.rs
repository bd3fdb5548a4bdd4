//! The family of laws that every rival searches: what the scientist's own search has, so that none is beaten for want of words.
//!
//! ```text
//! c · P        c · P + k · Q        c · P / (1 + k · x)        P, Q = Π xᵢ^powerᵢ · ln(xᵢ)^logᵢ        samples > c · P
//! ```

use super::data::Data;
use crate::world::Case;
use dunwu_science::claim::Claim;

/// A product of powers and logarithms.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Product {
    pub(crate) powers: Vec<f64>,
    pub(crate) logs: Vec<i8>,
}

/// What stands beside the product.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Beside {
    /// Nothing.
    Nothing,
    /// A second product, added.
    Plus(Product),
    /// One and a quantity of this place times a constant, by which it is divided.
    Over(usize),
}

/// A law with free constants.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Template {
    pub(crate) product: Product,
    pub(crate) beside: Beside,
}

/// How well a template fits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fit {
    /// The mean squared error of the logarithm, or the mean log loss of an event in nats.
    pub(crate) loss: f64,
    /// ln c: of a number what multiplies the whole.
    ln_c: f64,
    /// ln of k over c, where there is a second constant; of an event its slope.
    second: f64,
}

impl Product {
    pub(crate) fn one(n: usize) -> Self {
        Self { powers: vec![0.0; n], logs: vec![0; n] }
    }

    fn ln_at(&self, data: &Data, row: usize) -> f64 {
        let mut sum = 0.0;
        for (place, power) in self.powers.iter().enumerate() {
            if *power != 0.0 {
                sum += power * data.ln[place][row];
            }
            if self.logs[place] != 0
                && let Some(column) = &data.lnln[place]
            {
                sum += f64::from(self.logs[place]) * column[row];
            }
        }
        sum
    }

    pub(super) fn column(&self, data: &Data) -> Vec<f64> {
        (0..data.len()).map(|row| self.ln_at(data, row)).collect()
    }

    pub(crate) fn is_one(&self) -> bool {
        self.powers.iter().all(|power| *power == 0.0) && self.logs.iter().all(|log| *log == 0)
    }

    /// Symbols that it has: a name, and two more where it has a power, a join each.
    fn size(&self) -> usize {
        let powers = self.powers.iter().map(|power| {
            if *power == 0.0 {
                0
            } else if power.abs() == 1.0 {
                2
            } else {
                4
            }
        });
        powers.sum::<usize>() + self.logs.iter().map(|log| if *log == 0 { 0 } else { 3 }).sum::<usize>()
    }

    fn text(&self, constant: &str, names: &[String]) -> String {
        let (mut above, mut below) = (vec![constant.to_owned()], Vec::new());
        for (place, name) in names.iter().enumerate() {
            let power = self.powers[place];
            let written = if power.abs() == 1.0 { name.clone() } else { format!("{name}^{}", power.abs()) };
            match power {
                0.0 => {}
                power if power > 0.0 => above.push(written),
                _ => below.push(written),
            }
            match self.logs[place] {
                0 => {}
                log if log > 0 => above.push(format!("ln({name})")),
                _ => below.push(format!("ln({name})")),
            }
        }
        let above = above.join(" * ");
        match below.len() {
            0 => above,
            1 => format!("{above} / {}", below[0]),
            _ => format!("{above} / ({})", below.join(" * ")),
        }
    }
}

fn ln_one_more(x: f64) -> f64 {
    if x > 30.0 { x } else { libm::log1p(libm::exp(x)) }
}

impl Template {
    /// The constant.
    pub(crate) fn constant(n: usize) -> Self {
        Self { product: Product::one(n), beside: Beside::Nothing }
    }

    /// How many constants the data find.
    pub(crate) fn n_constants(&self) -> usize {
        if self.beside == Beside::Nothing { 1 } else { 2 }
    }

    /// How many symbols it has, as `PySR` counts them.
    pub(crate) fn complexity(&self) -> usize {
        1 + self.product.size()
            + match &self.beside {
                Beside::Nothing => 0,
                Beside::Plus(other) => 2 + other.size(),
                Beside::Over(_) => 6,
            }
    }

    /// The best constants.
    pub(crate) fn fit(&self, data: &Data) -> Fit {
        let product = self.product.column(data);
        if data.left.is_some() {
            return fit_event(data, &product);
        }
        let (mut left, shift, sign): (Vec<f64>, Vec<f64>, f64) = match &self.beside {
            Beside::Nothing => {
                let left: Vec<f64> = data.z.iter().zip(&product).map(|(z, p)| z - p).collect();
                let (ln_c, loss) = mean_and_variance(&left);
                return Fit { loss, ln_c, second: 0.0 };
            }
            Beside::Plus(other) => {
                (Vec::new(), other.column(data).iter().zip(&product).map(|(q, p)| q - p).collect(), 1.0)
            }
            Beside::Over(place) => (Vec::new(), data.ln[*place].clone(), -1.0),
        };
        let mut at = |ln_ratio: f64| {
            left.clear();
            left.extend(
                data.z.iter().zip(&product).zip(&shift).map(|((z, p), d)| z - p - sign * ln_one_more(ln_ratio + d)),
            );
            mean_and_variance(&left)
        };
        let (least, most) = shift.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), d| (a.min(-d), b.max(-d)));
        let second = least_of(|x| at(x).1, least - 3.0, most + 3.0);
        let (ln_c, loss) = at(second);
        Fit { loss, ln_c, second }
    }

    /// What a fit makes of other rows: its loss there.
    pub(crate) fn loss_on(&self, fit: &Fit, data: &Data) -> f64 {
        let product = self.product.column(data);
        let losses = product.iter().enumerate().map(|(row, p)| {
            let z = data.z[row];
            if let Some(place) = data.left {
                let odds = fit.second * (data.ln[place][row] - p - fit.ln_c);
                return ln_one_more(if z > 0.5 { -odds } else { odds });
            }
            let beside = match &self.beside {
                Beside::Nothing => 0.0,
                Beside::Plus(other) => ln_one_more(fit.second + other.ln_at(data, row) - p),
                Beside::Over(place) => -ln_one_more(fit.second + data.ln[*place][row]),
            };
            (z - p - beside - fit.ln_c).powi(2)
        });
        losses.sum::<f64>() / data.len().max(1) as f64
    }

    /// Bayes' information criterion in nats: the fit and half a logarithm for each constant and each symbol's worth.
    pub(crate) fn criterion(&self, fit: &Fit, data: &Data) -> f64 {
        let n = data.len() as f64;
        let misfit = if data.left.is_some() { n * fit.loss } else { 0.5 * n * libm::log(fit.loss.max(1e-5)) };
        misfit + 0.5 * (self.n_constants() as f64 + 0.5 * self.complexity() as f64) * libm::log(n)
    }

    /// It as a claim; `None` where units are mixed or it is otherwise refused.
    pub(crate) fn claim(&self, case: &Case, data: &Data) -> Option<Claim> {
        let mut value = self.product.text("c", &data.names);
        let mut constants = "c".to_owned();
        match &self.beside {
            Beside::Nothing => {}
            Beside::Plus(other) => {
                value = format!("{value} + {}", other.text("k", &data.names));
                constants.push_str(" and k");
            }
            Beside::Over(place) => {
                value = format!("{value} / (1 + k * {})", data.names[*place]);
                constants.push_str(" and k");
            }
        }
        let statement = match data.left {
            None => format!("{} = {value}", data.target),
            Some(left) => format!("{} happens when {} > {value}", data.target, data.names[left]),
        };
        case.claim(&format!("{statement}, for some {constants}"))
    }
}

fn mean_and_variance(values: &[f64]) -> (f64, f64) {
    let n = values.len().max(1) as f64;
    let mean = values.iter().sum::<f64>() / n;
    (mean, values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n)
}

/// Where a function of one number is least: a coarse look, then thirds.
fn least_of(mut f: impl FnMut(f64) -> f64, least: f64, most: f64) -> f64 {
    const N: usize = 12;
    let step = (most - least) / N as f64;
    let at = |place: usize| least + step * place as f64;
    let looked: Vec<f64> = (0..=N).map(|place| f(at(place))).collect();
    let best = (0..=N).min_by(|a, b| looked[*a].total_cmp(&looked[*b])).expect("there are places");
    let (mut low, mut high) = (at(best) - step, at(best) + step);
    for _ in 0..14 {
        let (a, b) = (low + (high - low) / 3.0, high - (high - low) / 3.0);
        if f(a) <= f(b) { high = b } else { low = a }
    }
    f64::midpoint(low, high)
}

/// A logistic function of ln(left) − ln P by Newton's steps, slightly held back so that what is separable has an end.
pub(super) fn fit_event(data: &Data, product: &[f64]) -> Fit {
    const HELD: f64 = 0.02;
    let left = &data.ln[data.left.expect("an event has a left side")];
    let x: Vec<f64> = left.iter().zip(product).map(|(l, p)| l - p).collect();
    let (middle, _) = mean_and_variance(&x);
    let (mut shift, mut slope) = (0.0, 0.0);
    let mut loss = std::f64::consts::LN_2;
    for _ in 0..10 {
        let (mut g0, mut g1, mut h00, mut h01, mut h11, mut sum) = (0.0, -HELD * slope, 1e-6, 0.0, HELD, 0.0);
        for (x, z) in x.iter().zip(&data.z) {
            let x = x - middle;
            let odds = (shift + slope * x).clamp(-30.0, 30.0);
            let p = 1.0 / (1.0 + libm::exp(-odds));
            sum += ln_one_more(if *z > 0.5 { -odds } else { odds });
            let weight = (p * (1.0 - p)).max(1e-4);
            g0 += z - p;
            g1 += (z - p) * x;
            h00 += weight;
            h01 += weight * x;
            h11 += weight * x * x;
        }
        loss = sum / x.len().max(1) as f64;
        let determinant = h00 * h11 - h01 * h01;
        if determinant.abs() < 1e-12 {
            break;
        }
        shift += ((h11 * g0 - h01 * g1) / determinant).clamp(-3.0, 3.0);
        slope += ((h00 * g1 - h01 * g0) / determinant).clamp(-3.0, 3.0);
    }
    let ln_c = if slope.abs() > 1e-9 { middle - shift / slope } else { middle };
    Fit { loss, ln_c, second: slope }
}

/// Powers that pools have.
pub(crate) const POWERS: [f64; 10] = [1.0, -1.0, 2.0, -2.0, 0.5, -0.5, 1.5, -1.5, 3.0, -3.0];

/// Every product of at most two factors, some of them with something beside: the pool of the rule of `PySR`, of greedy loops and of whoever
/// looks for a law after the event.
pub(crate) fn pool(data: &Data) -> Vec<Template> {
    let n = data.names.len();
    let places: Vec<usize> = (0..n).filter(|place| Some(*place) != data.left).collect();
    let factors = |place: usize| {
        let logs: &[i8] = if data.lnln[place].is_some() { &[0, 1, -1] } else { &[0] };
        let powers = POWERS.iter().copied().chain([0.0]);
        powers
            .flat_map(|power| logs.iter().map(move |log| (power, *log)))
            .filter(|factor| *factor != (0.0, 0))
            .collect::<Vec<(f64, i8)>>()
    };
    let with = |product: &Product, place: usize, (power, log): (f64, i8)| {
        let mut product = product.clone();
        product.powers[place] = power;
        product.logs[place] = log;
        product
    };
    let mut products = Vec::new();
    for (i, &first) in places.iter().enumerate() {
        for factor in factors(first) {
            let one = with(&Product::one(n), first, factor);
            for &second in &places[i + 1..] {
                products.extend(factors(second).into_iter().map(|factor| with(&one, second, factor)));
            }
            products.push(one);
        }
    }
    let mut all = vec![Template::constant(n)];
    if data.left.is_none() {
        let is_plain = |product: &&Product| {
            product.logs.iter().all(|log| *log == 0)
                && product.powers.iter().filter(|power| **power != 0.0).count() == 1
        };
        let plain: Vec<&Product> = products
            .iter()
            .filter(is_plain)
            .filter(|product| product.powers.iter().all(|power| power.abs() <= 2.0))
            .collect();
        for (i, first) in plain.iter().enumerate() {
            let mut push = |beside: Beside| all.push(Template { product: (*first).clone(), beside });
            push(Beside::Plus(Product::one(n)));
            plain[i + 1..].iter().for_each(|second| push(Beside::Plus((*second).clone())));
            places.iter().for_each(|place| push(Beside::Over(*place)));
        }
        all.extend(places.iter().map(|place| Template { product: Product::one(n), beside: Beside::Over(*place) }));
    }
    all.extend(products.into_iter().map(|product| Template { product, beside: Beside::Nothing }));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::draws::Draws;
    use crate::world::{planted, runs_of, spread};
    use dunwu_science::judge::is_same;

    /// Every kind of law that is planted is in the pool, and fits better than anything else of its size.
    #[test]
    fn the_pool_has_every_planted_law() {
        for nth in 0..10 {
            let case = planted(3, false, nth);
            let Some(truth) = &case.truth else { continue };
            let mut draws = Draws::of(1, "pool");
            let points = spread(case.card(), &case.frame(), &case.question.knobs, 40, &mut draws);
            let runs = runs_of(&case.world, points, 0, &mut draws);
            let data = Data::of(&case, &runs);
            let pool = pool(&data);
            let has = pool.iter().find(|template| {
                template
                    .claim(&case, &data)
                    .is_some_and(|claim| claim.statement == truth.statement || is_same(case.card(), &claim, truth))
            });
            let template = has.unwrap_or_else(|| panic!("{} is not in the pool", truth.sentence()));
            let constant = Template::constant(data.names.len()).fit(&data).loss;
            let fit = template.fit(&data);
            assert!(fit.loss < 0.8 * constant, "{}: {} {constant}", case.name, fit.loss);
            assert!((template.loss_on(&fit, &data) - fit.loss).abs() < 1e-3 * constant, "{}", case.name);
        }
    }
}
