//! Storage on cache-line boundaries: a 64-byte vector never straddles two lines, and never shares one with something else.

/// A cache line.
#[derive(Clone, Copy, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C, align(64))]
pub(super) struct Line(pub [u8; 64]);

/// `n` lines of zeros.
pub(super) fn zeros(n: usize) -> Vec<Line> {
    vec![Line([0; 64]); n]
}
