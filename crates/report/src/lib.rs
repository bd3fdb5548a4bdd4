//! Answers for people and programs: a room a verb, with its sentences, tables, figures and data; and the skins that show them.
//!
//! ```text
//! request ─▶ verb (dunwu, dunwu-streams) ─▶ result ─▶ Answer ─▶ skin::{terminal, page, json}
//!                                                       └─▶ figures as data ─▶ draw: SVG
//! ```
//!
//! No number is measured here: figures show [`dunwu::measure::MEASURES`] and captions quote them. What a figure needs and a run does
//! not have is said in its caption, `not defined here: …`. The peaks of a small landscape, as a terminal shows them:
//!
//! ```
//! use dunwu::landscape::PeaksRequest;
//! use dunwu::verb::Watcher;
//! use dunwu_report::{peaks, skin};
//! use std::sync::atomic::AtomicBool;
//!
//! let words = ["cyclic:7", "n=30", "energy=raw", "restarts=50"].map(str::to_owned);
//! let request = PeaksRequest::from_words(&words).expect("a task, and keys that there are");
//! let stop = AtomicBool::new(false);
//! let answer = peaks::answer(&request, &mut Watcher::new(&mut |_| {}, &stop)).expect("an answer");
//! assert!(skin::terminal(&answer).starts_with(&answer.headline[..20]));
//! assert!(skin::page(&answer).contains("<svg"));
//! assert_eq!(skin::json(&answer)["headline"], answer.headline.as_str());
//! ```

mod alluvial;
pub mod attend;
pub mod audit;
pub mod compare;
pub mod coordinates;
pub mod curvature;
pub mod data;
pub mod derive;
pub mod doctor;
pub mod draw;
mod figures;
pub mod forecast;
pub mod foreign;
pub mod fork;
pub mod landscape;
pub mod law;
pub mod league;
pub mod listing;
pub mod next;
pub mod packed;
pub mod pair;
pub mod passkey;
pub mod phase;
mod plot;
pub mod quals;
pub mod reach;
pub mod reference;
pub mod run;
pub mod run_doctor;
pub mod samples;
pub mod science;
pub mod site;
pub mod skin;
pub mod stream;
mod svg;
pub mod sweep;
mod terrain;
mod timeline;
mod two_curves;
pub mod unit;
pub mod units;
pub mod verbs;
pub mod verdict_log;
mod view;
mod words;

#[cfg(test)]
mod drawing_checks;
#[cfg(test)]
mod sample;

pub use landscape::{climbing, peaks, race};
