//! Worlds of the examination: laboratories whose law is known, or of which there is none to be found.

mod card;
mod null;
mod planted;
mod shifted;

pub(crate) use card::{Case, STEPS, grid, runs_of, spread};
pub(crate) use null::{FAMILIES, null};
pub(crate) use planted::{effect, planted};
pub(crate) use shifted::{LAWS, shifted};
