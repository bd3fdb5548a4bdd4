//! Handles: which measure somebody asks for, checked by the compiler.
//!
//! A handle of a measure that was renamed or taken out of the table does not compile, and one that is asked for as another shape
//! does not either: `frame.scalar(measure::GRADIENT_NORM)`.

use super::{MEASURES, Measure};
use std::marker::PhantomData;

/// Shapes as types, so that a handle knows what its values are indexed by; the variants of [`super::Shape`].
pub mod shape {
    /// One number.
    #[derive(Clone, Copy, Debug)]
    pub enum Scalar {}
    /// One number a hidden unit.
    #[derive(Clone, Copy, Debug)]
    pub enum PerUnit {}
    /// One number an irrep.
    #[derive(Clone, Copy, Debug)]
    pub enum PerIrrep {}
    /// One number a problem, of several.
    #[derive(Clone, Copy, Debug)]
    pub enum PerProblem {}
    /// One number a hidden unit and irrep.
    #[derive(Clone, Copy, Debug)]
    pub enum PerUnitAndIrrep {}
    /// Numbers in descending order.
    #[derive(Clone, Copy, Debug)]
    pub enum Spectrum {}

    /// Shapes with one entry a unit, an irrep or a problem, any of which may be undefined.
    pub trait Entries {}
    impl Entries for PerUnit {}
    impl Entries for PerIrrep {}
    impl Entries for PerProblem {}
}

/// One measure of [`MEASURES`], whose values have shape `S`.
#[derive(Clone, Copy, Debug)]
pub struct Handle<S> {
    index: usize,
    shape: PhantomData<S>,
}

impl<S> Handle<S> {
    /// The `index`th measure; the macro that makes the table checks its shape.
    pub(super) const fn at(index: usize) -> Self {
        Self { index, shape: PhantomData }
    }

    /// Its place in [`MEASURES`] and in the values of a frame.
    pub fn index(self) -> usize {
        self.index
    }

    /// The measure.
    pub fn measure(self) -> &'static Measure {
        &MEASURES[self.index]
    }

    /// Its name in tables.
    pub fn name(self) -> &'static str {
        self.measure().name
    }
}

/// Where the measure of this name stands in `table`; compilation fails where it does not.
pub(super) const fn position(table: &[Measure], name: &str) -> usize {
    let mut index = 0;
    while !is_same(table[index].name, name) {
        index += 1;
    }
    index
}

const fn is_same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    let mut i = 0;
    while i < a.len() && i < b.len() && a[i] == b[i] {
        i += 1;
    }
    i == a.len() && i == b.len()
}
