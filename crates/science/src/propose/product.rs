//! Products of powers and logarithms.

use super::search::Quantity;
use crate::claim::Statement;
use crate::expression::{Expression, Function, Operator};

/// Names of constants, in the order in which they are taken; those that a laboratory uses itself are refused by the check of claims.
pub(super) const CONSTANTS: [&str; 6] = ["c", "a", "b", "k", "p", "q"];

/// A product of powers: a constant times, for each quantity, a power and perhaps its logarithm.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Sketch {
    /// For each quantity its power; `None` where the data find it.
    pub(super) powers: Vec<Option<f64>>,
    /// For each quantity the power of its logarithm.
    pub(super) logarithms: Vec<i8>,
    /// For events, the quantity that stands alone on the left side, whose power is 0 here.
    pub(super) left: Option<usize>,
    /// Whether the event happens where the left side is small.
    pub(super) is_turned: bool,
    /// What it earned in the quick fit, less what it costs.
    pub(super) bits: f64,
}

const POWERS: [Option<f64>; 12] = [
    Some(1.0),
    Some(-1.0),
    Some(2.0),
    Some(-2.0),
    Some(0.5),
    Some(-0.5),
    Some(1.5),
    Some(-1.5),
    Some(3.0),
    Some(-3.0),
    Some(0.0),
    None,
];
/// Of three quantities at once, only the usual powers are tried.
const USUAL: [Option<f64>; 7] = [Some(1.0), Some(-1.0), Some(2.0), Some(-2.0), Some(0.5), Some(-0.5), None];

/// Every product of up to three quantities.
pub(super) fn products(quantities: &[Quantity], is_event: bool) -> Vec<Sketch> {
    if !is_event {
        return of_others(quantities, None);
    }
    // The knobs by themselves stand on the left; where the question has none, every number does.
    let mut lefts: Vec<usize> = (0..quantities.len()).filter(|place| quantities[*place].is_knob).collect();
    if lefts.is_empty() {
        lefts = (0..quantities.len()).collect();
    }
    lefts.into_iter().flat_map(|left| of_others(quantities, Some(left))).collect()
}

fn of_others(quantities: &[Quantity], left: Option<usize>) -> Vec<Sketch> {
    let n = quantities.len();
    let blank = Sketch { powers: vec![Some(0.0); n], logarithms: vec![0; n], left, is_turned: false, bits: 0.0 };
    let mut all = vec![blank.clone()];
    let others: Vec<usize> = (0..n).filter(|place| Some(*place) != left).collect();
    let factors = |place: usize, powers: &[Option<f64>]| -> Vec<(Option<f64>, i8)> {
        // A logarithm wants a pure number that is above 1, so that it is positive.
        let has_logarithm = quantities[place].unit.is_pure() && quantities[place].least > 1.0;
        let logarithms: &[i8] = if has_logarithm { &[0, 1, -1] } else { &[0] };
        let pairs = powers.iter().flat_map(|power| logarithms.iter().map(|logarithm| (*power, *logarithm)));
        pairs
            .filter(|(power, logarithm)| (*power, *logarithm) != (Some(0.0), 0) && (power.is_some() || *logarithm == 0))
            .collect()
    };
    let with = |sketch: &Sketch, place: usize, (power, logarithm): (Option<f64>, i8)| {
        let mut sketch = sketch.clone();
        sketch.powers[place] = power;
        sketch.logarithms[place] = logarithm;
        sketch
    };
    for (i, &first) in others.iter().enumerate() {
        for factor in factors(first, &POWERS) {
            let one = with(&blank, first, factor);
            for (j, &second) in others.iter().enumerate().skip(i + 1) {
                for factor in factors(second, &POWERS) {
                    all.push(with(&one, second, factor));
                }
                for &third in &others[j + 1..] {
                    if !USUAL.contains(&factor.0) || factor.1 != 0 {
                        continue;
                    }
                    for two in USUAL.iter().map(|power| with(&one, second, (*power, 0))) {
                        all.extend(USUAL.iter().map(|power| with(&two, third, (*power, 0))));
                    }
                }
            }
            all.push(one);
        }
    }
    all.retain(|sketch| sketch.n_free() <= 2);
    all
}

impl Sketch {
    /// How many powers the data find.
    pub(super) fn n_free(&self) -> usize {
        self.powers.iter().filter(|power| power.is_none()).count()
    }

    /// Whether nothing but the constant is in it.
    pub(super) fn is_constant(&self) -> bool {
        self.powers.iter().all(|power| *power == Some(0.0)) && self.logarithms.iter().all(|power| *power == 0)
    }

    /// ln of the product of a run without its constant and its free powers.
    pub(super) fn ln_at(&self, quantities: &[Quantity], run: usize) -> f64 {
        let powers = self.powers.iter().zip(quantities).map(|(power, quantity)| {
            power.map_or(0.0, |power| if power == 0.0 { 0.0 } else { power * libm::log(quantity.values[run]) })
        });
        let logarithms = self.logarithms.iter().zip(quantities).map(|(power, quantity)| {
            if *power == 0 { 0.0 } else { f64::from(*power) * libm::log(libm::log(quantity.values[run])) }
        });
        powers.sum::<f64>() + logarithms.sum::<f64>()
    }

    /// About how many bits the factors cost; the exact cost comes with the claim.
    pub(super) fn rough_bits(&self) -> f64 {
        let powers = self.powers.iter().map(|power| match power {
            Some(0.0) => 0.0,
            Some(1.0 | -1.0) => 8.0,
            Some(_) => 20.0,
            None => 14.0,
        });
        powers.sum::<f64>() + self.logarithms.iter().map(|power| if *power == 0 { 0.0 } else { 12.0 }).sum::<f64>()
    }

    /// The product as an expression.
    pub(super) fn expression(&self, quantities: &[Quantity]) -> Expression {
        let mut above = Expression::name(CONSTANTS[0]);
        let mut below: Option<Expression> = None;
        let mut constants = CONSTANTS[1..].iter();
        let mut put = |factor: Expression, is_below: bool| {
            if is_below {
                below =
                    Some(below.take().map_or(factor.clone(), |below| Expression::join(Operator::Times, below, factor)));
            } else {
                above = Expression::join(Operator::Times, above.clone(), factor);
            }
        };
        for (quantity, (power, logarithm)) in quantities.iter().zip(self.powers.iter().zip(&self.logarithms)) {
            let name = || Expression::name(&quantity.name);
            match power {
                Some(0.0) => {}
                Some(power) => put(raised(name(), power.abs()), *power < 0.0),
                None => {
                    let constant = constants.next().expect("two powers are free at most");
                    put(Expression::join(Operator::Power, name(), Expression::name(constant)), false);
                }
            }
            if *logarithm != 0 {
                put(Expression::of(Function::Ln, name()), *logarithm < 0);
            }
        }
        match below {
            Some(below) => Expression::join(Operator::Over, above, below),
            None => above,
        }
    }

    /// What it says.
    pub(super) fn statement(&self, target: &str, quantities: &[Quantity]) -> Statement {
        let value = self.expression(quantities);
        match self.left {
            None => Statement::Law { target: target.to_owned(), value },
            Some(left) => self.boundary(target, Expression::name(&quantities[left].name), value),
        }
    }

    /// A boundary with these two sides, turned where the event happens at small values.
    pub(super) fn boundary(&self, target: &str, left: Expression, right: Expression) -> Statement {
        let (left, right) = if self.is_turned { (right, left) } else { (left, right) };
        Statement::Boundary { event: target.to_owned(), left, right }
    }
}

fn raised(base: Expression, power: f64) -> Expression {
    if power == 1.0 {
        base
    } else if power == 0.5 {
        Expression::of(Function::Sqrt, base)
    } else {
        Expression::join(Operator::Power, base, Expression::Number(power))
    }
}
