//! Fast arithmetic that knows no network: products in register tiles, σ and σ′ in vector code, sums of table rows, threads.
//!
//! One source serves AVX-512, AVX2, Neon, WebAssembly and portable: `pulp` picks at run time and [`instruction_set`] names it. With
//! [`Numerics::Exact`] all of them give the same bits. Which products a network is made of is in [`crate::model`]: the two-layer
//! network and the transformer of tables have their passes in [`crate::model::fused`], everything else multiplies with
//! [`product()`], which takes any shape and stride. Of the rest of the engine only the words of a spec are known here.

mod activate;
mod activation;
mod buffer;
pub(crate) mod double;
mod elementwise;
mod features;
mod matrix;
mod product;
mod real;
mod scalar;
mod workers;

pub(crate) use activate::Arithmetic;
pub use buffer::Buffer;
pub(crate) use elementwise::{activate, activation_gradient};
pub(crate) use features::{
    Scatter, Sums, activate_in_place, activate_in_place_with_slopes, gather, gather_with_slopes,
};
pub use matrix::product;
pub(crate) use product::{LANES, multiply, multiply_into};
pub use product::{Shape, Strided};
pub(crate) use real::Real;
pub(crate) use scalar::{Dual, Scalar};
pub use workers::{Refusal, Workers};

// How every product is rounded; the word is the spec's.
pub use crate::spec::Numerics;

/// The instructions that the kernel runs on here: `avx512`, `avx2`, `neon`, `simd128` (WebAssembly) or `portable`.
pub fn instruction_set() -> &'static str {
    match pulp::Arch::new() {
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V4(_) => "avx512",
        #[cfg(target_arch = "x86_64")]
        pulp::Arch::V3(_) => "avx2",
        #[cfg(target_arch = "aarch64")]
        pulp::Arch::Neon(_) => "neon",
        #[cfg(target_arch = "wasm32")]
        pulp::Arch::Simd128(_) => "simd128",
        _ => "portable",
    }
}

/// What identifies the bits of a run beside its spec: `exact`, `double`, or else the instruction set.
pub fn kernel_name(numerics: Numerics) -> &'static str {
    match numerics {
        Numerics::Fast => instruction_set(),
        Numerics::Exact => "exact",
        Numerics::Double => "double",
    }
}

/// Every instruction set that this machine has, by name.
#[cfg(test)]
pub(crate) fn machines() -> Vec<(&'static str, pulp::Arch)> {
    let mut machines = vec![("portable", pulp::Arch::Scalar)];
    #[cfg(target_arch = "x86_64")]
    {
        machines.extend(pulp::x86::V3::try_new().map(|simd| ("avx2", pulp::Arch::V3(simd))));
        machines.extend(pulp::x86::V4::try_new().map(|simd| ("avx512", pulp::Arch::V4(simd))));
    }
    #[cfg(target_arch = "aarch64")]
    machines.extend(pulp::aarch64::Neon::try_new().map(|simd| ("neon", pulp::Arch::Neon(simd))));
    machines
}
