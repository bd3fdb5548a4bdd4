//! One directory a run.
