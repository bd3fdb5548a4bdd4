//! The reference verbs: what there is to choose from, walked from the tables that define it, and what a task is.
//!
//! ```text
//! PRESETS, SETTINGS, MEASURES, FAMILIES ─▶ presets, settings, measures, task ─▶ Answer
//! ```

mod characters;
mod data;
mod lists;
mod task;

pub use data::{MeasuresData, PresetsData, SettingsData, TaskData};
pub use lists::{measures, presets, settings};
pub use task::task;
