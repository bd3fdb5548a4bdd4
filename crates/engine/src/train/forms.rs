//! Which learner a network gets, and how many threads it is worth.

use super::{Setting, TrainError};
use crate::kernel::Workers;
use crate::loss::Objective;
use crate::model::layered::TableForm;
use crate::spec::{Architecture, Numerics, OperandTables, RunSpec};
use crate::task::Problem;

/// Multiply-adds of a step below which a second thread costs more than it saves: two barriers take about 10 µs.
const WORTH_A_THREAD: usize = 15_000_000;

/// Whether the fused two-layer kernel trains it.
pub(super) fn is_fused(spec: &RunSpec, problem: &Problem) -> bool {
    spec.numerics != Numerics::Double && has_fused_form(spec, problem)
}

/// Whether it is a network that the fused two-layer kernel knows, so that its snapshots have W and V and nothing else.
pub(super) fn has_fused_form(spec: &RunSpec, problem: &Problem) -> bool {
    spec.model.architecture == Architecture::TwoLayer
        && spec.model.tables == OperandTables::Separate
        && problem.n_features == 0
        && matches!(spec.loss, Objective::Outputs(_))
}

/// The tables through which it is trained, where that pays. Tables do not know single scores, which QK-clip looks at.
pub(super) fn table_form(setting @ Setting { spec, problem, .. }: Setting<'_>) -> Option<TableForm> {
    let is_known = spec.numerics != Numerics::Double && matches!(spec.model.architecture, Architecture::Transformer(_));
    let form = is_known.then(|| TableForm::new(&spec.model, problem).filter(|form| form.pays(batch_size(setting))))?;
    form.filter(|_| spec.optimizer.qk_clip == 0.0)
}

/// The threads that a network is worth whose sample passes through so many multiply-adds forward.
pub(super) fn workers(setting: Setting<'_>, threads: usize, multiply_adds: usize) -> Result<Workers, TrainError> {
    let threads = if 3 * batch_size(setting) * multiply_adds < WORTH_A_THREAD { 1 } else { threads };
    Workers::new(threads).map_err(|source| TrainError::Threads { threads, source })
}

/// Samples that an update sees.
pub(super) fn batch_size(Setting { spec, split, .. }: Setting<'_>) -> usize {
    match spec.data.batch_size as usize {
        0 => split.train.len(),
        size => size.min(split.train.len()),
    }
}
