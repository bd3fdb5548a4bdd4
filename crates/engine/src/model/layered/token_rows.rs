//! The row of a table at which a token of an operand stands: [`OperandTables`].

use crate::spec::OperandTables;
use crate::task::Problem;

/// Where the tokens of every operand stand in one table.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct TokenRows {
    /// Row of an operand's first token, `[operands]`.
    pub(crate) offsets: Vec<usize>,
    /// Tokens of an operand, `[operands]`.
    sizes: Vec<usize>,
    /// Rows of the table.
    pub(crate) n_rows: usize,
}

impl TokenRows {
    /// The rows that these tables have for the tokens of a problem, none where its inputs are numbers.
    ///
    /// In one table a token's row is the number that it stands for, which is its own where an operand begins at 0.
    pub(crate) fn of(problem: &Problem, tables: OperandTables) -> Self {
        let sizes = problem.operand_sizes.clone();
        let mut offsets: Vec<usize> = match tables {
            OperandTables::Separate => (0..sizes.len()).map(|operand| problem.input_offset(operand)).collect(),
            OperandTables::Shared | OperandTables::Summed => {
                problem.operand_firsts.iter().map(|&first| first as usize).collect()
            }
        };
        if tables != OperandTables::Separate && !problem.several.is_empty() {
            // What names a problem is no number: its tokens stand behind those of the numbers.
            offsets[0] = offsets.iter().zip(&sizes).skip(1).map(|(offset, size)| offset + size).max().unwrap_or(0);
        }
        let n_rows = offsets.iter().zip(&sizes).map(|(offset, size)| offset + size).max().unwrap_or(0);
        Self { offsets, sizes, n_rows }
    }

    /// Operand and row of every token of every operand, one operand after the other.
    pub(crate) fn of_each_token(&self) -> impl Iterator<Item = (usize, usize)> + '_ {
        let operands = self.offsets.iter().zip(&self.sizes).enumerate();
        operands.flat_map(|(operand, (&offset, &size))| (0..size).map(move |token| (operand, offset + token)))
    }
}
