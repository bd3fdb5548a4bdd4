//! Problems: which label belongs to which operands. One family a file.

/// A problem as written: `cyclic:71`, `product:cyclic:2,cyclic:3`, `expression:x^2+x*y:97`, `table:FILE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    text: String,
}

/// Why a task cannot be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TaskError {
    /// No family in front of a colon.
    #[error("task {text:?} names no family: write one such as cyclic:71")]
    NoFamily {
        /// As written.
        text: String,
    },
}

impl Task {
    /// Reads a task as written.
    pub fn parse(text: &str) -> Result<Self, TaskError> {
        match text.split_once(':') {
            Some((family, rest)) if !family.is_empty() && !rest.is_empty() => Ok(Self { text: text.to_owned() }),
            _ => Err(TaskError::NoFamily { text: text.to_owned() }),
        }
    }

    /// The same family with another number; `None` for a family that has not exactly one.
    pub fn with_order(&self, order: u64) -> Option<Self> {
        let (family, number) = self.text.split_once(':')?;
        number.parse::<u64>().ok()?;
        Some(Self { text: format!("{family}:{order}") })
    }
}

impl std::fmt::Display for Task {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}", self.text)
    }
}

/// A problem resolved: every label known.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Canonical spelling of the task.
    pub name: String,
    /// Number of labels M.
    pub n_labels: usize,
    /// Tokens of each operand; two operands of M tokens for a group of order M.
    pub operand_sizes: Vec<usize>,
    /// What is known about the operation.
    pub structure: Structure,
    /// Label of every tuple of operands, last operand fastest, `[∏ operand_sizes]`.
    pub labels: Vec<u32>,
}

/// What is known about the operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Structure {
    /// A group of order M; every operand and the label are its elements.
    Group(CayleyTable),
    /// A Latin square that is not associative or has no identity.
    Quasigroup(CayleyTable),
    /// Any other function.
    Function,
}

/// A multiplication table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CayleyTable {
    /// Number of elements M.
    pub order: usize,
    /// `product[a * order + b]` = a·b.
    pub product: Vec<u32>,
}

/// Operand tuples with their labels.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Samples {
    /// Token of operand `o` in sample `i`: `operands[o][i]`, counted within the operand.
    pub operands: Vec<Vec<u32>>,
    /// Label of sample `i`.
    pub labels: Vec<u32>,
}

/// The whole population divided into what is trained on and what is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// Training samples with the labels as given (some may be corrupted), sorted by population index.
    pub train: Samples,
    /// True labels of the training samples.
    pub train_true_labels: Vec<u32>,
    /// Positions in `train` whose label is corrupted, ascending.
    pub corrupted: Vec<u32>,
    /// The samples that are not trained on, with their true labels, sorted by population index.
    pub test: Samples,
}
