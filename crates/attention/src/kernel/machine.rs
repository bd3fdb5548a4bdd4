//! Which instructions there are, and the kernels made of them.

#![expect(unsafe_code, reason = "calls of functions whose instructions were found to be there at run time")]

use super::activations::{self, Group};
use super::line::Line;
use super::panel::{Codes, LANES, Layout};
use super::portable;
#[cfg(target_arch = "x86_64")]
use super::{avx2, avx512};

/// A tile of integers times a panel: y [row of the tile][lane].
type CodesKernel = unsafe fn(&[Line], &[Group], &mut [[f32; LANES]]);
/// The same for numbers.
type NumbersKernel = unsafe fn(&[Line], &[f32], &mut [[f32; LANES]]);

/// A set of instructions that this process may use: a value exists only where they do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Machine(Instructions);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Instructions {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

macro_rules! by_tile {
    ($kernel:ident, $n_rows:expr, $module:ident $(, $argument:expr)*) => {
        match $n_rows {
            8 => $module::$kernel::<$($argument,)* 8>,
            4 => $module::$kernel::<$($argument,)* 4>,
            2 => $module::$kernel::<$($argument,)* 2>,
            _ => $module::$kernel::<$($argument,)* 1>,
        }
    };
}

macro_rules! codes_kernel {
    ($module:ident, $codes:expr, $n_rows:expr) => {
        match ($codes.nibbles, $codes.halves, $codes.mins) {
            (true, 1, false) => by_tile!(codes, $n_rows, $module, true, 1, false),
            (true, 1, true) => by_tile!(codes, $n_rows, $module, true, 1, true),
            (true, 2, true) => by_tile!(codes, $n_rows, $module, true, 2, true),
            (false, 1, false) => by_tile!(codes, $n_rows, $module, false, 1, false),
            (false, 1, true) => by_tile!(codes, $n_rows, $module, false, 1, true),
            (false, 2, false) => by_tile!(codes, $n_rows, $module, false, 2, false),
            _ => unreachable!("no format is held so"),
        }
    };
}

macro_rules! numbers_kernel {
    ($module:ident, $layout:expr, $n_rows:expr) => {
        match $layout {
            Layout::F32 => by_tile!(f32s, $n_rows, $module),
            Layout::F16 => by_tile!(f16s, $n_rows, $module),
            Layout::Bf16 => by_tile!(bf16s, $n_rows, $module),
            Layout::Codes(_) => unreachable!("codes are multiplied with integers"),
        }
    };
}

impl Machine {
    /// The best of [`Self::all`].
    pub(super) fn here() -> Self {
        #[cfg(target_arch = "x86_64")]
        if has_avx512() {
            return Self(Instructions::Avx512);
        }
        #[cfg(target_arch = "x86_64")]
        if has_avx2() {
            return Self(Instructions::Avx2);
        }
        Self(Instructions::Portable)
    }

    /// Every one that there is here.
    #[cfg(test)]
    pub(super) fn all() -> Vec<Self> {
        let mut all = vec![Self(Instructions::Portable)];
        #[cfg(target_arch = "x86_64")]
        all.extend(has_avx2().then_some(Self(Instructions::Avx2)));
        #[cfg(target_arch = "x86_64")]
        all.extend(has_avx512().then_some(Self(Instructions::Avx512)));
        all
    }

    /// y [row of the tile][lane] of a panel of codes.
    pub(super) fn multiply_codes(
        self,
        codes: Codes,
        n_rows: usize,
        panel: &[Line],
        x: &[Group],
        y: &mut [[f32; LANES]],
    ) {
        let kernel: CodesKernel = match self.0 {
            Instructions::Portable => codes_kernel!(portable, codes, n_rows),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => codes_kernel!(avx2, codes, n_rows),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => codes_kernel!(avx512, codes, n_rows),
        };
        // SAFETY: the kernels are safe but for their instructions, which are there where this machine's value is.
        unsafe { kernel(panel, x, y) }
    }

    /// y [row of the tile][lane] of a panel of numbers.
    pub(super) fn multiply_numbers(
        self,
        layout: Layout,
        n_rows: usize,
        panel: &[Line],
        x: &[f32],
        y: &mut [[f32; LANES]],
    ) {
        let kernel: NumbersKernel = match self.0 {
            Instructions::Portable => numbers_kernel!(portable, layout, n_rows),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => numbers_kernel!(avx2, layout, n_rows),
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => numbers_kernel!(avx512, layout, n_rows),
        };
        // SAFETY: as above.
        unsafe { kernel(panel, x, y) }
    }

    /// Writes the integers of a row to every `stride`-th group.
    pub(super) fn quantize(self, values: &[f32], groups: &mut [Group], stride: usize) {
        match self.0 {
            Instructions::Portable => activations::quantize(values, groups, stride),
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx2 => unsafe { avx2::quantize(values, groups, stride) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Instructions::Avx512 => unsafe { avx512::quantize(values, groups, stride) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vnni")
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c")
}
