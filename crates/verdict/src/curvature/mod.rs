//! How sharply the loss is curved where a run stands, beside the curvature at which its optimizer stops being stable.
//!
//! ```text
//! run, every ─▶ trained again ─▶ at every N-th step: w, m, v ─▶ H v exactly, in f64 ─▶ λ_max(H), λ_max(P^(−1/2) H P^(−1/2)), uᵀHu/uᵀPu
//! ```
//!
//! H is the Hessian of the mean loss over the whole training sample; where weight decay λ is coupled to the gradient it is that of
//! what is descended, H + λI. P is what the next update divides by, √v̂ + ε for Adam and `AdamW` and 1 for SGD; u is that update.

mod along_run;
mod lanczos;
mod law;

pub use along_run::{Curvature, CurvaturePoint, curvature};
pub use lanczos::{Eigenpair, largest_eigenpair};
pub use law::edge_times_rate;

#[cfg(test)]
mod tests;
