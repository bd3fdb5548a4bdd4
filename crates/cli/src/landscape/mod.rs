//! `dunwu peaks` and `dunwu race`: the landscape before anything is trained, and where a trained network stands on it.

mod axis;
mod of_run;
mod peaks;
mod race;
mod request;
mod training;

pub(crate) use crate::drawn::Drawn;
pub(crate) use of_run::peaks_of_run;
pub(crate) use peaks::peaks;
pub(crate) use race::race;
pub(crate) use request::{Key, PEAKS_KEYS, RACE_KEYS};
