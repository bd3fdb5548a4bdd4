//! Derivations are tried on random tensors: which step is false, with an example and what would mend it.
//!
//! A derivation is a chain of statements about matrices, `E0 = E1 <= E2 …`, with what is assumed of the names in them. Every step is
//! tried on random tensors that meet the assumptions, at several sizes, in double precision, and on tensors of real runs where there are
//! any. A step that holds on every draw *stands*. That is evidence and no proof. A step that fails is *false*, and the report then has
//! the smallest example that was found, the factor if only a factor is wrong, and further assumptions under which the step would stand.
//!
//! # An example
//!
//! ```
//! use dunwu_derive::{Derivation, Options, check};
//!
//! let derivation = Derivation::parse(r#"
//!     title = "The square of a sum, with its 2 dropped"
//!
//!     [sizes]
//!     n = "2..6"
//!
//!     [declare]
//!     u = { shape = "n" }
//!     v = { shape = "n" }
//!
//!     [define]
//!     rest = "square(u) + square(v)"
//!
//!     [[step]]
//!     says = "written out"
//!     from = "square(u + v) - rest"
//!     relation = "="
//!     to = "u .* v"
//!
//!     [[step]]
//!     says = "commutes"
//!     relation = "="
//!     to = "v .* u"
//! "#)?;
//! let report = check(&derivation, &Options::default());
//! assert_eq!(report.first_false, Some(1));
//! assert_eq!(report.factor, Some(2.0));
//! assert_eq!(report.witness.unwrap().sizes["n"], 2);
//! # Ok::<(), dunwu_derive::ParseError>(())
//! ```
//!
//! # A file
//!
//! A file is TOML. Expressions stand in quotes.
//!
//! - `title`: what the derivation is about.
//! - `[sizes]`: `n = "2..6"` is drawn, ends included, and may depend on other sizes, as in `k = "2..n-1"`. `M = "order(G)"` follows from
//!   something else.
//! - `[declare]`: what is drawn.
//!   - `A = { shape = ["n", "m"], assumptions = ["centred columns"] }` is a matrix of normal numbers, moved until it meets the
//!     assumptions; `shape = "n"` is a column; `complex = true` draws complex numbers. `within = "P"` keeps it in the image of a
//!     projector. `maximises = "E(w)"` makes a column `w` a local maximum of a number over the unit sphere.
//!   - `eta = "positive"` is a number; so are `"real"`, `"negative"`, `"unit interval"` and `"small"`.
//!   - `s = { activation = ["relu", "tanh"] }` gives the functions `s(A)` and `ds(A)`, its slope.
//!   - `G = { group = ["cyclic 3..8", "quaternion"], assumptions = ["abelian"] }` is a finite group.
//!   - `k = { irrep = "G", assumptions = ["nontrivial", "real"] }` is an irreducible representation of it. Every group and every
//!     representation has its turn.
//! - `[define]`: abbreviations, `Yt = "center(Y)"`, and functions, `"E(w)" = "sumsq(Yt'*s(X*w))/2"`. They may be in any order and not
//!   in a circle.
//! - `[[step]]`: `from`, `relation`, `to`, and `says` for people. Without `from`, a step goes on from the `to` before it.
//!
//! # Expressions
//!
//! `+ - *` are those of matrices, a number times a matrix included; `'` is the conjugate transpose; `.* ./ .^` work entry by entry; `/`
//! and `^` take numbers. `A[i, j]`, `A[:, 1]` and `w[1..M]` select, counted from 1. `[u; v]` and `[A, B]` put blocks together.
//! `sum(i in 1..n: …)` runs over a range, `sum(g in G: …)` over a group, `sum(k in irreps(G): …)` and `sum(k in nontrivial(G): …)` over
//! representations; `prod`, `mean`, `max`, `min` and `stack` do likewise, and `max(w on sphere(n): …)` is the maximum over unit vectors.
//! All functions are in [`FUNCTIONS`], all relations in [`RELATIONS`]; `LANGUAGE.md` beside this crate has both as tables.
//!
//! The language has no loops but these, no recursion and no way out to the machine: every file ends. Shapes are checked as polynomials
//! in the sizes before anything is drawn.
//!
//! # How a step is judged
//!
//! Every value carries a bound on how far rounding may have moved it. Two sides that differ by less agree; by 1000 times more, and
//! again with another seed, they differ; what is between stays open, as [`Standing::CannotTell`]. If both sides are zero in every draw
//! the step is [`Standing::Vacuous`]: it says nothing. If no draw meets the assumptions, [`Report::empty`] names the assumption.
//! Inequalities are attacked by gradient ascent within the assumptions. An order `O(eps^2)` is the slope of log difference against log
//! `eps`; a limit asks that the relative difference falls like a power.

mod ascent;
mod assumption;
mod attack;
mod call;
mod check;
mod compare;
mod derivation;
mod draw;
mod entrywise;
mod evaluate;
mod expr;
mod file;
mod functions;
mod group;
mod infer;
mod linalg;
mod parse;
pub mod q4;
mod random;
mod report;
mod rescue;
mod show;
mod size;
mod state;
mod tape;
mod tensor;
mod trend;
mod witness;

#[cfg(test)]
mod tests;

pub use check::{Options, check};
pub use derivation::{Derivation, RELATIONS};
pub use file::ParseError;
pub use functions::{FUNCTIONS, Function};
pub use parse::SyntaxError;
pub use report::{Report, Shown, Standing, StateReport, StepReport, Witness};
pub use state::State;
pub use tensor::Tensor;
