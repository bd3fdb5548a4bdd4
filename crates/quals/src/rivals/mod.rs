//! Who else could have found the law from as many runs. None of them knows when it is done, so that the examination is kind to them: what
//! counts is from when on their answer stays right, which only somebody who knows the law can say.
//!
//! ```text
//! random design   our proposer and our judge, runs at random points                                    (what the design is worth)
//! grid            our proposer and our judge, runs at the ends and middles of all knobs in random order
//! greedy loop     random runs; a random law of the pool is kept if it has the smaller loss on runs that are held back
//! PySR's rule     random runs; all of the pool is fitted; the best score among those with a loss below 1.5 × the least,
//!                 once with usual powers alone, once with free ones, which are rounded where a usual one is near
//! CMA-ES          random runs; minimises a criterion over powers as real numbers of one template, then rounds them
//! TPE             random runs; minimises the same criterion over powers and forms as choices
//! ```

mod by_data;
mod cma_es;
mod data;
mod design;
mod greedy;
mod optimiser;
mod pysr;
mod template;
mod tpe;

pub(crate) use by_data::{Answered, BY_DATA, by_data, stages};
pub(crate) use data::Data;
pub(crate) use design::{Design, by_design};
pub(crate) use template::{Template, pool};
