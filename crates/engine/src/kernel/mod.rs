//! The fused hot path.
