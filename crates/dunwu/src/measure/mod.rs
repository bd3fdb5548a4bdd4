//! Everything that is measured. [`MEASURES`] lists it in reading order; the command line, the report, exports and docs walk
//! that list.

pub mod label;
pub mod stage;

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
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub enum Shape {
    /// One number.
    Scalar,
    /// One number a hidden unit.
    PerUnit,
    /// One number an irrep.
    PerIrrep,
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
    /// Numbers in descending order.
    Spectrum(Vec<f64>),
}

pub struct Setup<'a> {
    pub problem: &'a dunwu_engine::Problem,
    pub split: &'a dunwu_engine::Split,
    pub decomposition: Option<&'a crate::group::Decomposition>,
    pub activation: dunwu_engine::model::Activation,
    pub loss: dunwu_engine::loss::Loss,
    pub eta: f64,
    pub initial: &'a dunwu_engine::model::Weights,
}
pub struct Scene<'a> {
    pub setup: Setup<'a>,
    pub snapshot: &'a dunwu_engine::Snapshot,
}
impl<'a> Scene<'a> {
    pub fn new(setup: Setup<'a>, snapshot: &'a dunwu_engine::Snapshot) -> Self {
        Self { setup, snapshot }
    }
}
pub fn measure_all(_s: &Scene<'_>) -> Vec<Option<Quantity>> {
    Vec::new()
}
pub static MEASURES: &[Measure] = &[];
