//! Anybody's simulator as a laboratory: a program that answers one line of JSON for each that it is sent.
//!
//! ```text
//! to it    {"do":"describe"}
//! from it  {"name":"spring 1.0","knobs":[…],"observables":[…],"most_steps":1000,"answer_within_secs":60}
//! to it    {"do":"run","point":{"mass":2.0,"shape":"cube"},"seed":7}
//! from it  {"outcomes":{"period":6.28,"broke":false,"settled":{"censored":1000.0}},"steps":1000}
//! ```
//!
//! What it describes is a [`LabCard`](dunwu_science::lab::LabCard) as JSON; `most_steps` (1 where it is left out) and `answer_within_secs`
//! (600) are its own. A point has every knob. An outcome is a number, true or false, or one of `{"value":1.5}`, `{"event":true}`,
//! `{"censored":100}`, `{"undefined":"why"}`, `{"missing":"why"}`; `{"error":"why"}` instead of outcomes says that the run failed. What it
//! prints on standard error passes through. It runs in the folder that relative paths start at, and ends when its input does.
//!
//! It is started once. Where it dies during a run it is started again and asked again, once; where it is late or its answer is bent, the
//! run's outcomes are missing, with the reason, and the next run finds it started anew.

mod command;
mod laboratory;
mod process;
#[cfg(test)]
mod tests;
mod wire;

pub use laboratory::{ProgramError, ProgramLab};
