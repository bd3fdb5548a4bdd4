//! When a number is as good as zero.

/// Magnitudes below which a number is set to zero after an update. A dying unit's weights and moments otherwise pass through
/// the subnormal numbers, where each operation costs a hundred times as much. A weight of 10⁻¹² is 10⁻¹⁰ of a live one; a
/// first moment of 10⁻³⁰ or a second of 10⁻³⁶ moves an update by less than 10⁻¹⁰ of ε = 10⁻⁸.
pub(super) const NEGLIGIBLE_WEIGHT: f32 = 1e-12;
pub(super) const NEGLIGIBLE_MOMENT1: f32 = 1e-30;
pub(super) const NEGLIGIBLE_MOMENT2: f32 = 1e-36;

#[inline(always)]
pub(super) fn flush(value: f32, negligible: f32) -> f32 {
    if value.abs() < negligible { 0.0 } else { value }
}
