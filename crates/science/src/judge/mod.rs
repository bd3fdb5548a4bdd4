//! How much the runs say for a claim, in bits.
//!
//! ```text
//! net        = Σ log₂ q(y | before) − max_θ Σ log₂ p_θ(y) − bits to state the claim
//! registered = the same over the runs after its registration, without the last term
//! ```
//!
//! q is what the claim foretells of each outcome from those before it alone; `p_θ` runs over everything that a reference can say: the
//! constant, or the opposite of the claim. Under any `p_θ` the ratio has expectation at most 1, and the shares 2^−bits of all claims add
//! up to at most 1, so that the probability that any claim whatever, chosen after seeing anything, ever reaches log₂(1/α) is at most α
//! (Ville 1939; Kraft 1949; universal inference). Outcomes are counted at the instrument's resolution. The first few runs in a claim's
//! scope are not scored: they are what it begins with.
//!
//! Beside it stand, as forecasts from the past like the claim's own: R0 a constant, R1 a power law of everything that was varied, R2 what
//! near runs came to.

mod density;
mod event;
mod expect;
mod fit;
mod law;
mod likelihood;
mod memory;
mod number;
mod reference;

mod rivals;
mod row;
mod sameness;
mod score;
mod share;
mod trial;
mod verdict;

#[cfg(test)]
mod tests;

pub(crate) use density::log2_sum;
pub use expect::{Expectation, Rival, expectation};
pub(crate) use fit::solve;
pub use memory::Memory;
pub use rivals::{ahead_of, is_same};
pub use row::{Axes, Row, Scale, Seen};
pub use score::{RunRecord, Score, WARM_UP, judge};
pub(crate) use score::{earned_bits, in_sample_bits};
pub(crate) use trial::held;
pub use verdict::{ALPHA, ENOUGH_BITS, Judged, Registered, Verdict, judge_all, judge_all_with};
