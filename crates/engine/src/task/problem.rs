//! A problem with every label known, and its samples.

use super::cayley::CayleyTable;

/// A problem resolved: every label known.
#[derive(Clone, Debug, PartialEq)]
pub struct Problem {
    /// Canonical spelling of the task.
    pub name: String,
    /// Number of labels M.
    pub n_labels: usize,
    /// Tokens of each operand; two operands of M tokens for a group of order M. Empty where the inputs are numbers.
    pub operand_sizes: Vec<usize>,
    /// What the first token of each operand stands for, the others counting on: 1 where something is divided by the operand, else 0.
    pub operand_firsts: Vec<u32>,
    /// What is known about the operation.
    pub structure: Structure,
    /// The problems that the tokens of the first operand name, in their order; empty where there is one problem.
    pub several: Vec<SharedProblem>,
    /// Label of every tuple of operands, last operand fastest, `[∏ operand_sizes]`; of every input of the pool where the inputs
    /// are numbers.
    pub labels: Vec<u32>,
    /// Numbers of an input; 0 where the inputs are tokens.
    pub n_features: usize,
    /// The pool of inputs where they are numbers, `[labels][n_features]`; else empty.
    pub values: Vec<f32>,
}

/// What is known about the operation.
#[derive(Clone, Debug, PartialEq)]
pub enum Structure {
    /// A group of order M; every operand and the label are its elements, the label being the operands' product from left
    /// to right.
    Group(CayleyTable),
    /// The same with a Latin square that is not associative or has no identity.
    Quasigroup(CayleyTable),
    /// Any other function.
    Function,
}

/// One of several problems that are learned at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SharedProblem {
    /// Canonical spelling of its task.
    pub name: String,
    /// Its share of the training sample, as numerator and denominator.
    pub share: (u64, u64),
}

/// Inputs with their labels. An input is a tuple of tokens or a row of numbers, never both.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Samples {
    /// Token of operand `o` in sample `i`: `operands[o][i]`, counted within the operand. Empty where the inputs are numbers.
    pub operands: Vec<Vec<u32>>,
    /// Numbers of every sample, `[n][n_features]`. Empty where the inputs are tokens.
    pub values: Vec<f32>,
    /// Label of sample `i`.
    pub labels: Vec<u32>,
}

impl Problem {
    /// The problem whose label is the product of `n_operands` elements, taken from left to right. The table is Latin.
    pub(super) fn from_table(name: String, table: CayleyTable, n_operands: usize) -> Self {
        let order = table.order;
        let mut labels: Vec<u32> = (0..order as u32).collect();
        for _ in 1..n_operands {
            labels = labels.iter().flat_map(|&product| table.row(product)).copied().collect();
        }
        Self {
            name,
            n_labels: order,
            operand_sizes: vec![order; n_operands],
            operand_firsts: vec![0; n_operands],
            structure: Structure::of_latin(table),
            several: Vec::new(),
            labels,
            n_features: 0,
            values: Vec::new(),
        }
    }

    /// The problem whose inputs are the rows of `values`, `[labels][n_features]`.
    pub(super) fn from_pool(
        name: String,
        n_labels: usize,
        structure: Structure,
        n_features: usize,
        values: Vec<f32>,
        labels: Vec<u32>,
    ) -> Self {
        let (operand_sizes, operand_firsts) = (Vec::new(), Vec::new());
        let several = Vec::new();
        Self { name, n_labels, operand_sizes, operand_firsts, structure, several, labels, n_features, values }
    }

    /// The problem whose `n_operands` operands and labels have M tokens each, whatever its labels are.
    ///
    /// Two operands whose table is a Latin square make a group or a quasigroup, everything else is a function.
    pub(super) fn from_labels(name: String, n_labels: usize, n_operands: usize, labels: Vec<u32>) -> Self {
        let table = (n_operands == 2).then(|| CayleyTable { order: n_labels, product: labels.clone() });
        let structure =
            table.filter(|table| table.latin_fault().is_none()).map_or(Structure::Function, Structure::of_latin);
        let (operand_sizes, operand_firsts) = (vec![n_labels; n_operands], vec![0; n_operands]);
        let several = Vec::new();
        let (n_features, values) = (0, Vec::new());
        Self { name, n_labels, operand_sizes, operand_firsts, structure, several, labels, n_features, values }
    }

    /// Operands of the operation; none where the inputs are numbers.
    pub fn n_operands(&self) -> usize {
        self.operand_sizes.len()
    }

    /// Tuples of operands, or inputs in the pool.
    pub fn n_population(&self) -> usize {
        self.labels.len()
    }

    /// Row of the hidden weights at which the tokens of `operand` begin.
    pub fn input_offset(&self, operand: usize) -> usize {
        self.operand_sizes[..operand].iter().sum()
    }

    /// Rows of the hidden weights: the tokens of all operands.
    pub fn n_inputs(&self) -> usize {
        self.operand_sizes.iter().sum()
    }

    /// Every input with its label, in population order (last operand fastest).
    pub fn population(&self) -> Samples {
        self.samples(0..self.n_population() as u32)
    }

    /// The group's multiplication table, where there is a group.
    pub fn group(&self) -> Option<&CayleyTable> {
        match &self.structure {
            Structure::Group(table) => Some(table),
            Structure::Quasigroup(_) | Structure::Function => None,
        }
    }

    /// Tuples of operands of each of several problems, which stand one after the other; all of them where there is one.
    pub fn n_tuples_each(&self) -> usize {
        self.n_population() / self.several.len().max(1)
    }

    /// The inputs at these population indices, with their labels.
    pub(crate) fn samples(&self, indices: impl Iterator<Item = u32> + Clone) -> Samples {
        let mut stride = self.n_population();
        let mut operands = Vec::with_capacity(self.n_operands());
        for &size in &self.operand_sizes {
            stride /= size;
            operands.push(indices.clone().map(|index| (index as usize / stride % size) as u32).collect());
        }
        let row = |index: u32| &self.values[index as usize * self.n_features..][..self.n_features];
        let values = indices.clone().flat_map(row).copied().collect();
        Samples { operands, values, labels: indices.map(|index| self.labels[index as usize]).collect() }
    }
}

impl Structure {
    /// A group where the Latin square `table` is one, else a quasigroup.
    pub(super) fn of_latin(table: CayleyTable) -> Self {
        if table.identity().is_some() && table.is_associative() { Self::Group(table) } else { Self::Quasigroup(table) }
    }
}

impl Samples {
    /// Number of samples.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// The samples at these positions, in their order.
    #[must_use]
    pub fn select(&self, positions: &[u32]) -> Self {
        let n_values = self.values.len() / self.len().max(1);
        let row = |&i: &u32| &self.values[i as usize * n_values..][..n_values];
        let pick = |tokens: &Vec<u32>| positions.iter().map(|&i| tokens[i as usize]).collect();
        Self {
            operands: self.operands.iter().map(pick).collect(),
            values: positions.iter().flat_map(row).copied().collect(),
            labels: pick(&self.labels),
        }
    }

    /// Puts others behind these.
    pub(crate) fn append(&mut self, others: &Self) {
        self.operands.iter_mut().zip(&others.operands).for_each(|(tokens, more)| tokens.extend(more));
        self.values.extend(&others.values);
        self.labels.extend(&others.labels);
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }
}
