//! Memory or generalization, unit by unit, from the arrays of one layer of anybody's network.
//!
//! ```text
//! arrays ─▶ LayerSamples ─▶ readout of held-out samples ─▶ flagged training samples, each with its twins
//!        └▶ Contributions ─▶ Evidence a unit: H, U, X, E, leaning samples ─▶ two claims ─▶ a label
//!                         └▶ Soundness: reasons to say nothing           ┘     ├▶ where the layer's memory sits
//!                                                                              └▶ Stability: how often a label is luck
//! ```
//!
//! The samples that only memory explains are found without being told which: a readout of held-out samples contradicts them. What a unit
//! does for them is held against what it does for their twins, samples of the same kind that were not trained on, and not against zero:
//! a unit that has memorized nothing hinders a wrong label.

mod arrays;
pub mod bench;
mod confirmation;
mod evidence;
mod flags;
mod judge;
mod label;
mod layer;
mod layer_samples;
mod located;
mod matrix;
mod refusal;
mod ridge;
pub mod samples;
mod shift;
mod stability;
#[cfg(test)]
mod tests;

pub use arrays::{Arrays, ArraysError, read_bytes};
pub use confirmation::{Confirmation, Confirmed};
pub use evidence::{Estimate, Evidence, LayerEvidence, evidence};
pub use flags::{Flagged, Flags};
pub use judge::{JudgedUnit, LayerVerdict};
pub use label::{Claim, FEWEST_FLAGGED, Standing, UnitLabel, UnitRole};
pub use layer::{Ablation, Contributions, Measured};
pub use layer_samples::{Answers, LayerSamples, Samples, accuracy, margins};
pub use located::{Located, RoleShare};
pub use matrix::Matrix;
pub use refusal::{Refusal, RefusalKind, Soundness};
pub use ridge::Ridge;
pub use shift::{auc, shift_auc};
pub use stability::{Halved, Stability};
