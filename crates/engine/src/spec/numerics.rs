//! The words for rounding: what a multiply-add rounds to: as the machine does it best, or the same on every machine.

/// How sums of products are rounded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Numerics {
    /// Multiply and add are fused where the machine can: one rounding instead of two, and twice the speed. The bits depend
    /// on the instruction set, which [`crate::kernel::instruction_set`] names, and on nothing else.
    #[default]
    Fast,
    /// Every product is rounded and then added, in a fixed order, and exponentials, logarithms and powers are computed by
    /// this crate or by `libm`: the same bits on any machine.
    Exact,
    /// Weights, gradients and moments are f64 instead of f32, in plain loops: a tenth of the speed, and the same bits on any machine.
    Double,
}
