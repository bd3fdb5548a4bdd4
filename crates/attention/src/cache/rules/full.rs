//! `full`: every key, and nothing is ever forgotten. Memory and time a token grow with the text.
//!
//! The reference that all other rules are judged by; there are no far keys and so nothing to choose.

use super::Form;

/// How it is written, for example, and what it keeps.
pub(super) const FORM: Form = ("full", "full", "every key; memory and time grow with the text");
