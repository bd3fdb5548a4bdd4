//! Sparse attention in real language models: where it is sparse, which keys a cache may forget, and how a decoder then reads
//! millions of tokens in constant memory.
//!
//! ```text
//! file ──▶ ModelFile ──▶ Model ─┐
//!                               ├─▶ Decoder ──▶ logits, surprise, what attention looked at
//! policy ──▶ Assignment ──▶ Cache ┘
//! ```
//!
//! A policy is what keys a cache keeps; it is written as people write it:
//!
//! ```
//! use dunwu_attention::cache::Policy;
//!
//! let policy: Policy = "sinks:4+1020".parse()?;
//! assert_eq!(policy.to_string(), "sinks:4+1020");
//! assert!("sinks:4".parse::<Policy>().is_err(), "it says how many first keys are kept, and not how many recent ones");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The model never changes; a cache is all that a sequence leaves behind. Files of other makers are read in [`mod@file`], text is
//! cut into tokens in [`tokenizer`]; the arithmetic is in [`kernel`], the only room with `unsafe`.

pub mod assign;
pub mod cache;
pub mod constrain;
pub mod decoder;
pub mod file;
pub mod kernel;
pub mod model;
pub mod passkey;
mod rotary;
pub mod sample;
pub mod sparsity;
pub mod speak;
pub mod streaming;
pub mod template;
pub mod text_kind;
pub mod tokenizer;
