//! What a measure is and what it returns.

use super::Scene;

/// One measured quantity.
pub struct Measure {
    /// Name in tables: `unit_purity`.
    pub name: &'static str,
    /// What the number tells, in one line.
    pub tells: &'static str,
    /// Formula in Unicode.
    pub formula: &'static str,
    /// What it is indexed by.
    pub shape: Shape,
    /// Unit, with the meaning of its ends where it helps.
    pub unit: &'static str,
    /// Where the definition comes from.
    pub source: &'static str,
    /// When there is no value.
    pub undefined: &'static str,
    /// Its value in one snapshot; `None` where it is undefined, never NaN.
    pub compute: fn(&Scene<'_>) -> Option<Quantity>,
}

/// What a quantity is indexed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
pub enum Shape {
    /// One number.
    Scalar,
    /// One number a hidden unit.
    PerUnit,
    /// One number an irrep.
    PerIrrep,
    /// One number a problem, of several that one network learns.
    PerProblem,
    /// One number a hidden unit and irrep.
    PerUnitAndIrrep,
    /// Numbers in descending order.
    Spectrum,
}

/// A value of one of the shapes; `None` inside where a single entry is undefined (the purity of a dead unit).
#[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize)]
pub enum Quantity {
    /// One number.
    Scalar(f64),
    /// One number a hidden unit.
    PerUnit(Vec<Option<f64>>),
    /// One number an irrep, in the decomposition's order.
    PerIrrep(Vec<Option<f64>>),
    /// One number a problem, in the order in which the task names them.
    PerProblem(Vec<Option<f64>>),
    /// One number a hidden unit and irrep, `[units][irreps]` row-major; in f32, since there are so many.
    PerUnitAndIrrep(Vec<f32>),
    /// Numbers in descending order.
    Spectrum(Vec<f64>),
}

/// Measures build their values here, and here alone it is decided that what is not finite is undefined.
impl Quantity {
    pub(super) fn scalar(value: f64) -> Option<Self> {
        value.is_finite().then_some(Self::Scalar(value))
    }

    #[expect(clippy::unnecessary_wraps, reason = "what every measure returns")]
    pub(super) fn per_unit(values: impl Iterator<Item = Option<f64>>) -> Option<Self> {
        Some(Self::PerUnit(values.map(|value| value.filter(|x| x.is_finite())).collect()))
    }

    #[expect(clippy::unnecessary_wraps, reason = "what every measure returns")]
    pub(super) fn per_irrep(values: impl Iterator<Item = Option<f64>>) -> Option<Self> {
        Some(Self::PerIrrep(values.map(|value| value.filter(|x| x.is_finite())).collect()))
    }

    #[expect(clippy::unnecessary_wraps, reason = "what every measure returns")]
    pub(super) fn per_problem(values: impl Iterator<Item = Option<f64>>) -> Option<Self> {
        Some(Self::PerProblem(values.map(|value| value.filter(|x| x.is_finite())).collect()))
    }

    pub(super) fn per_unit_and_irrep(values: Vec<f32>) -> Option<Self> {
        values.iter().all(|x| x.is_finite()).then_some(Self::PerUnitAndIrrep(values))
    }

    pub(super) fn spectrum(values: Vec<f64>) -> Option<Self> {
        values.iter().all(|x| x.is_finite()).then_some(Self::Spectrum(values))
    }
}

/// `numerator / denominator` where the denominator is positive.
pub(super) fn ratio(numerator: f64, denominator: f64) -> Option<f64> {
    (denominator > 0.0).then(|| numerator / denominator)
}
