//! The tasks that the laboratory offers: finite groups, with the numbers that theories speak of.

use crate::LabError;
use dunwu::group::{Decomposition, IrrepKind};
use dunwu_engine::Problem;
use dunwu_engine::task::Task;
use dunwu_science::unit::Unit;

/// Spellings of the tasks, by kind of group: orders 11 to 127, with irreps of degree 1 to 6.
pub const GROUPS: &[&str] = &[
    "cyclic:11",
    "cyclic:13",
    "cyclic:16",
    "cyclic:17",
    "cyclic:19",
    "cyclic:23",
    "cyclic:24",
    "cyclic:29",
    "cyclic:31",
    "cyclic:36",
    "cyclic:41",
    "cyclic:47",
    "cyclic:48",
    "cyclic:53",
    "cyclic:59",
    "cyclic:60",
    "cyclic:64",
    "cyclic:71",
    "cyclic:79",
    "cyclic:89",
    "cyclic:97",
    "cyclic:100",
    "cyclic:107",
    "cyclic:113",
    "cyclic:127",
    "product:cyclic:2,cyclic:2,cyclic:2,cyclic:2",
    "product:cyclic:5,cyclic:5",
    "product:cyclic:3,cyclic:3,cyclic:3",
    "product:cyclic:7,cyclic:7",
    "product:cyclic:4,cyclic:16",
    "product:cyclic:9,cyclic:9",
    "product:cyclic:11,cyclic:11",
    "dihedral:8",
    "dihedral:10",
    "dihedral:15",
    "dihedral:24",
    "dihedral:41",
    "dihedral:60",
    "dicyclic:4",
    "dicyclic:6",
    "dicyclic:15",
    "dicyclic:25",
    "alternating:4",
    "alternating:5",
    "symmetric:4",
    "symmetric:5",
    "affine:5",
    "affine:7",
    "affine:11",
    "heisenberg:3",
    "heisenberg:5",
    "product:symmetric:3,cyclic:5",
    "product:symmetric:3,symmetric:3",
];

/// A group with its table and its irreps.
#[derive(Clone, Debug)]
pub struct GroupTask {
    /// How the task is spelled, which is the level's name.
    pub spelling: &'static str,
    /// Its table.
    pub problem: Problem,
    /// Its irreps.
    pub decomposition: Decomposition,
}

/// A number that belongs to a group.
struct Attribute {
    name: &'static str,
    of: fn(&GroupTask) -> f64,
}

/// The numbers of every task, in the order of the card. All are pure.
///
/// `M`: order; `d`: largest degree of an irrep; `irreps`: irreps but the trivial one, a complex pair counted once; `classes`: conjugacy
/// classes, which is the number of complex irreps; `d4`: Σ d⁴ over all complex irreps but the trivial one, half of the units that suffice
/// (Theorem 3); `abelian`: 1 or 0.
const ATTRIBUTES: &[Attribute] = &[
    Attribute { name: "M", of: |group| group.decomposition.order as f64 },
    Attribute {
        name: "d",
        of: |group| group.decomposition.irreps.iter().map(|irrep| irrep.degree).max().unwrap_or(1) as f64,
    },
    Attribute { name: "irreps", of: |group| group.decomposition.irreps.len().saturating_sub(1) as f64 },
    Attribute { name: "classes", of: |group| group.over_complex_irreps(|_| 1.0) },
    Attribute { name: "d4", of: |group| group.over_complex_irreps(|degree| degree.powi(4)) - 1.0 },
    Attribute { name: "abelian", of: |group| f64::from(u8::from(group.over_complex_irreps(|_| 1.0) == group.order())) },
];

impl GroupTask {
    /// All of [`GROUPS`].
    pub(super) fn all() -> Result<Vec<Self>, LabError> {
        GROUPS.iter().map(|spelling| Self::new(spelling)).collect()
    }

    fn new(spelling: &'static str) -> Result<Self, LabError> {
        let refused = |why: String| LabError::Task { task: spelling.to_owned(), why };
        let task = Task::parse(spelling).map_err(|error| refused(error.to_string()))?;
        let problem = task.resolve(None).map_err(|error| refused(error.to_string()))?;
        let table = problem.group().ok_or_else(|| refused("it is no group".to_owned()))?;
        let decomposition = Decomposition::of(table).map_err(|error| refused(error.to_string()))?;
        Ok(Self { spelling, problem, decomposition })
    }

    /// Names and units of the numbers of every task.
    pub(super) fn attributes() -> Vec<(String, Unit)> {
        ATTRIBUTES.iter().map(|attribute| (attribute.name.to_owned(), Unit::pure())).collect()
    }

    /// Its numbers, in the order of [`Self::attributes`].
    pub(super) fn numbers(&self) -> Vec<f64> {
        ATTRIBUTES.iter().map(|attribute| (attribute.of)(self)).collect()
    }

    fn order(&self) -> f64 {
        self.decomposition.order as f64
    }

    /// Σ over the irreps over ℂ of a function of their degrees.
    fn over_complex_irreps(&self, of: impl Fn(f64) -> f64) -> f64 {
        let times = |kind: IrrepKind| if kind == IrrepKind::Complex { 2.0 } else { 1.0 };
        self.decomposition.irreps.iter().map(|irrep| times(irrep.kind) * of(irrep.degree as f64)).sum()
    }
}
