//! Figures and the one-file report: pure functions from an opened run to text.
//!
//! ```text
//! Opened ─▶ View ─▶ figures (SVG) ─▶ html: one file, no script, nothing fetched
//!                └▶ text: the same run in a terminal
//! ```
//!
//! No number is measured here: figures draw [`dunwu::measure::MEASURES`] and captions quote them. What a figure needs and a
//! run does not have is said in its caption, `not defined here: …`.

mod alluvial;
pub mod attend;
pub mod compare;
pub mod data;
pub mod draw;
mod figures;
pub mod landscape;
pub mod law;
pub mod listing;
pub mod pair;
pub mod passkey;
pub mod phase;
mod plot;
pub mod reference;
pub mod run;
pub mod skin;
pub mod stream;
mod svg;
pub mod sweep;
mod terrain;
mod timeline;
pub mod verbs;
mod view;
mod words;

#[cfg(test)]
mod drawing_checks;
#[cfg(test)]
mod sample;

pub use landscape::{climbing, peaks, race};
