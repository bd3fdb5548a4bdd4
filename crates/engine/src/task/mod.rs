//! Problems: which label belongs to which operands. One family a file.

/// A problem as written: `cyclic:71`, `product:cyclic:2,cyclic:3`, `expression:x^2+x*y:97`, `table:FILE`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    /// How it is written, in canonical form.
    pub text: String,
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
