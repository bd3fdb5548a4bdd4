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
pub mod comparison;
pub mod data;
pub mod draw;
mod figures;
pub mod landscape;
pub mod law;
pub mod listing;
mod page;
pub mod pair;
pub mod passkey;
pub mod phase;
mod plot;
pub mod reference;
pub mod skin;
pub mod stream;
mod svg;
pub mod sweep;
mod terminal;
mod terrain;
mod timeline;
pub mod verbs;
mod view;
mod words;

#[cfg(test)]
mod drawing_checks;
#[cfg(test)]
mod sample;
#[cfg(test)]
mod tests;

pub use figures::Figure;
pub use landscape::{climbing, peaks, race};

use dunwu::Opened;
use view::View;

/// The whole report as one self-contained HTML page; `settings` are the spec's rows as `(key, value)`, `landscape` the figures of
/// [`climbing::drawn_run_figures`].
pub fn html(opened: &Opened, landscape: &[Figure], settings: &[(String, String)]) -> String {
    page::html(&View::of(opened), landscape, settings)
}

/// Every figure but those of the landscape, in reading order.
pub fn figures(opened: &Opened) -> Vec<Figure> {
    figures::all(&View::of(opened))
}

/// The run as plain text for a terminal of 80 columns.
pub fn text(opened: &Opened) -> String {
    terminal::text(&View::of(opened))
}

/// How the run ended, as one plain sentence.
pub fn outcome_sentence(opened: &Opened) -> String {
    words::outcome(opened)
}
