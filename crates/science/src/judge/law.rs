//! Laws and boundaries as curves: an expression with what its free constants are.

use super::fit::Curve;
use super::row::{Row, Scale};
use crate::expression::{Expression, Program};

/// The value of an expression with free constants, on the scale of the observable.
#[derive(Clone)]
pub(super) struct Law {
    program: Program,
    constants: Constants,
    scale: Scale,
}

/// What the free constants of an expression are.
#[derive(Clone)]
pub(super) struct Constants(Vec<Role>);

/// What a constant does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// It multiplies the whole, and is found as a logarithm.
    Factor,
    /// It is a power.
    Power,
    /// It stands somewhere else and carries a unit.
    Other,
}

/// Powers are about 1.
const POWER_WIDTH: f64 = 5.0;
/// Factors carry units, so that nothing is known of them.
const FACTOR_WIDTH: f64 = 1e3;
/// So do other constants.
const OTHER_WIDTH: f64 = 1e6;

impl Constants {
    /// Those of a claim in these expressions, whose product or ratio is `programs`.
    pub(super) fn of(
        names: &[String],
        expressions: &[&Expression],
        programs: &[&Program],
        may_be_factor: bool,
        rows: &[Row],
    ) -> Self {
        let role = |(place, name): (usize, &String)| {
            if may_be_factor && programs.iter().any(|program| multiplies(program, names.len(), place, rows)) {
                Role::Factor
            } else if expressions.iter().any(|expression| expression.has_power(name)) {
                Role::Power
            } else {
                Role::Other
            }
        };
        Self(names.iter().enumerate().map(role).collect())
    }

    fn len(&self) -> usize {
        self.0.len()
    }

    /// Constants from parameters, of which those of factors are logarithms.
    fn values(&self, parameters: &[f64]) -> Vec<f64> {
        self.0
            .iter()
            .zip(parameters)
            .map(|(role, value)| if *role == Role::Factor { libm::exp(*value) } else { *value })
            .collect()
    }

    fn prior(&self, parameter: usize) -> (f64, f64) {
        match self.0[parameter] {
            Role::Factor => (0.0, FACTOR_WIDTH),
            Role::Power => (0.0, POWER_WIDTH),
            Role::Other => (0.0, OTHER_WIDTH),
        }
    }

    /// Where searches begin: factors at 1, the first two other constants at several values each.
    fn starts(&self) -> Vec<Vec<f64>> {
        let first = self.0.iter().map(|role| if *role == Role::Factor { 0.0 } else { 1.0 }).collect::<Vec<f64>>();
        let mut starts = vec![first];
        for place in (0..self.len()).filter(|place| self.0[*place] != Role::Factor).take(2) {
            let values: &[f64] =
                if self.0[place] == Role::Power { &[1.0, -1.0, 0.3] } else { &[1.0, 1e-3, 0.03, 30.0, 1e3] };
            let with = |value: &f64| {
                let value = *value;
                starts.iter().map(move |start| {
                    let mut start = start.clone();
                    start[place] = value;
                    start
                })
            };
            starts = values.iter().flat_map(with).collect();
        }
        starts
    }

    /// The first factor.
    fn factor(&self) -> Option<usize> {
        self.0.iter().position(|role| *role == Role::Factor)
    }
}

impl Law {
    pub(super) fn new(program: Program, constants: Constants, scale: Scale) -> Self {
        Self { program, constants, scale }
    }
}

/// Whether a constant multiplies or divides the whole: twice the constant is twice or half the value, for all rows.
fn multiplies(program: &Program, n: usize, place: usize, rows: &[Row]) -> bool {
    let constants: Vec<f64> = (0..n).map(|i| 0.7 + 0.31 * i as f64).collect();
    let mut twice = constants.clone();
    twice[place] *= 2.0;
    let ratios =
        rows.iter().take(16).filter_map(|row| Some(program.at(&row.x, &twice)? / program.at(&row.x, &constants)?));
    let ratios: Vec<f64> = ratios.collect();
    [2.0, 0.5].iter().any(|by| !ratios.is_empty() && ratios.iter().all(|ratio| (ratio - by).abs() < 1e-9))
}

impl Curve for Law {
    fn len(&self) -> usize {
        self.constants.len()
    }

    fn at(&self, row: &Row, parameters: &[f64]) -> Option<f64> {
        self.scale.scaled(self.program.at(&row.x, &self.constants.values(parameters))?)
    }

    fn prior(&self, parameter: usize) -> (f64, f64) {
        self.constants.prior(parameter)
    }

    fn starts(&self) -> Vec<Vec<f64>> {
        self.constants.starts()
    }
}

/// Where an event becomes likely: slope × ln(left / right), and what is foretold is its logistic function.
#[derive(Clone)]
pub(super) struct Margin {
    left: Program,
    right: Program,
    constants: Constants,
}

/// Slopes of boundaries over the logarithm of a ratio: from 1 (a decade from unlikely to likely) to 25 lies within a standard deviation.
const SLOPE: (f64, f64) = (1.6, 1.6);

impl Margin {
    pub(super) fn new(left: Program, right: Program, constants: Constants) -> Self {
        Self { left, right, constants }
    }
}

impl Curve for Margin {
    fn len(&self) -> usize {
        self.constants.len() + 1
    }

    fn at(&self, row: &Row, parameters: &[f64]) -> Option<f64> {
        let (slope, rest) = parameters.split_last()?;
        let constants = self.constants.values(rest);
        let ratio = self.left.at(&row.x, &constants)? / self.right.at(&row.x, &constants)?;
        // One that is not positive has no logarithm: the claim says nothing there.
        let margin = libm::log(ratio);
        margin.is_finite().then(|| libm::exp(slope.clamp(-5.0, 7.0)) * margin)
    }

    fn scaling(&self) -> Option<usize> {
        Some(self.constants.len())
    }

    fn prior(&self, parameter: usize) -> (f64, f64) {
        if parameter == self.constants.len() { SLOPE } else { self.constants.prior(parameter) }
    }

    fn starts(&self) -> Vec<Vec<f64>> {
        // A logistic function is flat far from its middle, so that a factor is looked for over many orders of magnitude.
        let factor = self.constants.factor();
        let shifts: Vec<f64> =
            if factor.is_none() { vec![0.0] } else { (-6..=12).map(|k| f64::from(k) * 1.5).collect() };
        let with_slope = |start: &Vec<f64>, shift: f64| {
            let mut start = start.clone();
            if let Some(factor) = factor {
                start[factor] = shift;
            }
            start.push(SLOPE.0);
            start
        };
        let starts = self.constants.starts();
        starts.iter().flat_map(|start| shifts.iter().map(|shift| with_slope(start, *shift))).collect()
    }
}
