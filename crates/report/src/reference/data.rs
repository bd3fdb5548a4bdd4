//! What programs read of the reference verbs.

use dunwu::group::IrrepKind;
use dunwu::measure::Shape;
use schemars::JsonSchema;
use serde::Serialize;

/// The named starting points of runs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PresetsData {
    /// Every preset, the default first.
    pub presets: Vec<PresetFacts>,
}

/// A named starting point.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct PresetFacts {
    /// How it is called: `nanda-2023`.
    pub name: String,
    /// Where the setting is from.
    pub paper: String,
    /// What a run of it shows.
    pub promises: String,
}

/// The settings of runs.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SettingsData {
    /// Every setting, in the order of files.
    pub settings: Vec<SettingFacts>,
}

/// A setting.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct SettingFacts {
    /// Dotted name: `model.width`.
    pub key: String,
    /// What it is, with its unit.
    pub tells: String,
    /// Which values are allowed, in words.
    pub allowed: String,
    /// Its value in the default spec as it is written in files; `null` where the default spec does not have it.
    pub default: Option<String>,
    /// Whether two runs that differ in it alone are different runs.
    pub identifies: bool,
}

/// The measures.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct MeasuresData {
    /// Every measure that was asked for, in reading order.
    pub measures: Vec<MeasureFacts>,
    /// Every quantity of an evaluation that was asked for: losses and accuracies, which are known between snapshots, too.
    pub scalars: Vec<ScalarFacts>,
}

/// A quantity of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ScalarFacts {
    /// Name in tables: `test_accuracy`.
    pub name: String,
    /// What the number says.
    pub tells: String,
    /// Its unit, with the meaning of its ends where it helps.
    pub unit: String,
    /// When there is no value.
    pub undefined: String,
}

/// A measure.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct MeasureFacts {
    /// Name in tables: `unit_purity`.
    pub name: String,
    /// What the number says.
    pub tells: String,
    /// Its formula in Unicode; line feeds part its lines.
    pub formula: String,
    /// What it is indexed by.
    pub shape: Shape,
    /// Its unit, with the meaning of its ends where it helps.
    pub unit: String,
    /// Where the definition comes from.
    pub source: String,
    /// When there is no value.
    pub undefined: String,
}

/// The families of tasks, or one task.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum TaskData {
    /// Where no task was named.
    Families(FamiliesData),
    /// Where one was.
    Problem(Box<ProblemData>),
}

/// The families of tasks.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FamiliesData {
    /// Every family.
    pub families: Vec<FamilyFacts>,
}

/// A family of tasks.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct FamilyFacts {
    /// The word before the first colon: `cyclic`.
    pub name: String,
    /// How a member is written: `cyclic:ORDER`.
    pub spelling: String,
    /// What it is.
    pub tells: String,
    /// A member.
    pub example: String,
}

/// A task.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct ProblemData {
    /// Its spelling.
    pub task: String,
    /// What its table is.
    pub structure: TableStructure,
    /// Number of labels M; of a group its order.
    pub order: usize,
    /// Operands of an input; 0 where an input is numbers.
    pub operands: usize,
    /// Tokens of each operand.
    pub operand_sizes: Vec<usize>,
    /// The number that each operand's tokens begin at: 1 where something is divided by it, else 0.
    pub operand_firsts: Vec<u32>,
    /// Numbers of an input; 0 where an input is operands.
    pub features: usize,
    /// Different inputs.
    pub population: usize,
    /// Inputs of each label.
    pub label_counts: Vec<usize>,
    /// Whether the table is symmetric; `null` of a function.
    pub abelian: Option<bool>,
    /// Conjugacy classes; `null` where it is no group.
    pub classes: Option<usize>,
    /// Elements of each class.
    pub class_sizes: Option<Vec<usize>>,
    /// An element of each class.
    pub class_representatives: Option<Vec<usize>>,
    /// Irreducible representations over ℂ; `null` where it is no group, or one too large to decompose.
    pub irreps: Option<Vec<IrrepFacts>>,
    /// The character table of a group of at most 256 classes, a row an irrep in the order of `irreps`.
    pub characters: Option<Vec<CharacterRow>>,
    /// The largest error of the decomposition's orthogonality.
    pub residual: Option<f64>,
}

/// What the table of a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum TableStructure {
    /// A group.
    Group,
    /// A Latin square that is no group.
    Quasigroup,
    /// Anything else.
    Function,
}

/// An irreducible representation over ℂ.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct IrrepFacts {
    /// Its name: `degree 3 #1`.
    pub name: String,
    /// Its degree d.
    pub degree: usize,
    /// Its Frobenius–Schur type.
    #[serde(rename = "type")]
    pub kind: IrrepKind,
}

/// A row of a character table.
#[derive(Clone, Debug, PartialEq, Serialize, JsonSchema)]
pub struct CharacterRow {
    /// Degree of the irrep.
    pub degree: usize,
    /// Its Frobenius–Schur type.
    #[serde(rename = "type")]
    pub kind: IrrepKind,
    /// The character's value in each class, real and imaginary part.
    pub values: Vec<[f64; 2]>,
}
