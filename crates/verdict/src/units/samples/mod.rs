//! How much each training sample of anybody's network is memorized, and by which units, if by any.

mod influence;
mod judge;
mod kernel;

pub use influence::self_influence;
pub use judge::{JudgedSample, SampleScore, SamplesVerdict, by_kernel, inner_products, softmaxed};
pub use kernel::{LeftOut, MOST_SAMPLES, leave_one_out, relu_tangent_kernel};
