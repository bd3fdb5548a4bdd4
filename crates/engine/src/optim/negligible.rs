//! When a number is as good as zero; how small that is depends on the kind of numbers ([`Real::NEGLIGIBLE`]).

use crate::kernel::Real;

/// Zero for what is negligible.
#[inline(always)]
pub(super) fn flush<R: Real>(value: R, negligible: R) -> R {
    if value.abs() < negligible { R::default() } else { value }
}
