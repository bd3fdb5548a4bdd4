//! How often the labels of units are right, on networks of which the truth is known, and how well cheap scores of samples follow what
//! retraining thousands of networks says. What needs no other program is here; what needs `PyTorch` is in the Python package.

mod banks;
mod counterfactual;
mod digits;
mod grokked;
mod peers;
mod planted;
mod rank;
mod rows;
mod run;
mod sequences;
mod shuffled;
mod small_net;
#[cfg(test)]
mod tests;

pub use rows::{BenchFigure, BenchPart, BenchRow, UnitsBench};
pub use run::UnitsBenchRequest;
