//! `window:RECENT`: the last keys alone (sliding-window attention, Beltagy et al. 2020, arXiv:2004.05150).
//!
//! It has no far keys and so nothing to choose. It is not a model that was trained with a window: here a window is laid over a model
//! that learned to attend to everything, and it fails as soon as the first keys leave (Xiao et al. 2023, arXiv:2309.17453).

use super::Form;

/// How it is written, for example, and what it keeps.
pub(super) const FORM: Form = ("window:RECENT", "window:1024", "the last keys alone");
