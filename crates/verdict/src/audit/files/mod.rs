//! Two files of samples: what is trained on, and what is held out.

mod duplicates;
mod judge;
mod label;
mod mirrored;
mod normaliser;
mod samples;
#[cfg(test)]
mod tests;

pub use judge::of_files;
pub use samples::SamplesError;
