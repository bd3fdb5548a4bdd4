//! What was measured of a language model's attention, in words, tables, figures and one page.

mod heat;
mod maps;
mod onset;
mod passkey;
mod passkey_chart;
mod patterns;
#[cfg(test)]
mod sample;
mod sparsity;

pub use passkey::{PasskeyRun, passkey_page, passkey_sentences, passkey_text};
pub use sparsity::{Reading, sparsity_page, sparsity_sentences, sparsity_text};
