//! Sixteen numbers at a time: one source for AVX-512, AVX2 and portable, with the same bits on all three.
//!
//! A kernel is a [`Job`] over any [`Lanes`]; [`dispatch`] runs it on the best one here. Every operation below rounds once and
//! the same way everywhere (a product that is added is always fused), so that a sum's bits depend on its order alone.
//!
//! The instructions are [`pulp`]'s. Added to them are vectors of one length on every machine, since the order of sums depends on
//! it ([`Vectors`]), and loads of numbers of fewer bits ([`Machine`]). `pulp` 0.22 lacks two instructions, which are the `unsafe`
//! here: AVX2 machines' conversion of half precision (F16C), and asking for a cache line ahead.

#![expect(unsafe_code, reason = "two instructions that pulp does not have")]

use half::f16;
use pulp::{Scalar, Simd};

/// Numbers in a vector.
pub(crate) const LANES: usize = 16;

/// The operations that kernels are written in.
pub(crate) trait Lanes: Copy {
    /// Sixteen numbers.
    type V: Copy;

    fn splat(self, value: f32) -> Self::V;
    fn load(self, values: &[f32; LANES]) -> Self::V;
    fn store(self, v: Self::V, values: &mut [f32; LANES]);
    fn load_f16(self, values: &[f16; LANES]) -> Self::V;
    fn load_i8(self, values: &[i8; LANES]) -> Self::V;
    fn add(self, a: Self::V, b: Self::V) -> Self::V;
    fn sub(self, a: Self::V, b: Self::V) -> Self::V;
    fn mul(self, a: Self::V, b: Self::V) -> Self::V;
    fn div(self, a: Self::V, b: Self::V) -> Self::V;
    /// The larger one; b where they do not compare.
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// a·b + c, rounded once.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// 2ⁿ of whole numbers −126 ≤ n ≤ 127.
    fn exp2_whole(self, n: Self::V) -> Self::V;
}

/// A kernel, written once for all machines. `run` must be `#[inline(always)]`, or it is not vector code.
pub(crate) trait Job {
    type Output;

    fn run<M: Lanes>(self, machine: M) -> Self::Output;
}

/// Runs a kernel on the best instructions here.
#[inline]
pub(crate) fn dispatch<J: Job>(job: J) -> J::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if let Some(machine) = x86::V4::try_new() {
            return x86::run_on_avx512(machine, job);
        }
        if let Some(machine) = x86::Avx2::try_new() {
            return machine.run(job);
        }
    }
    job.run(PORTABLE)
}

/// Asks for the cache line of a number that will be wanted soon; beyond the end it asks for nothing that anybody reads.
#[inline(always)]
pub(crate) fn prefetch<T>(numbers: &[T], at: usize) {
    #[cfg(target_arch = "x86_64")]
    // SAFETY: every machine of this architecture has the instruction, and it reads nothing, wherever the address leads.
    unsafe {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        _mm_prefetch::<_MM_HINT_T0>(numbers.as_ptr().wrapping_add(at).cast());
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = (numbers, at);
}

/// What differs between machines: one register's loads, and a comparison with what is not a number.
pub(crate) trait Machine: Copy {
    /// The machine's instructions.
    type S: Simd;

    fn simd(self) -> Self::S;
    /// A register of half-precision numbers: as many as it has lanes.
    fn load_f16(self, values: &[f16]) -> <Self::S as Simd>::f32s;
    /// The same of bytes.
    fn load_i8(self, values: &[i8]) -> <Self::S as Simd>::f32s;
    /// The larger one; b where they do not compare.
    #[inline(always)]
    fn max(self, a: <Self::S as Simd>::f32s, b: <Self::S as Simd>::f32s) -> <Self::S as Simd>::f32s {
        self.simd().max_f32s(a, b)
    }
}

/// Sixteen lanes in N registers of a machine.
#[derive(Clone, Copy)]
pub(crate) struct Vectors<M, const N: usize>(M);

/// Plain numbers, one in a register.
pub(crate) const PORTABLE: Vectors<Portable, LANES> = Vectors(Portable);

/// No instructions in particular.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

impl Machine for Portable {
    type S = Scalar;

    #[inline(always)]
    fn simd(self) -> Scalar {
        Scalar::new()
    }
    #[inline(always)]
    fn load_f16(self, values: &[f16]) -> f32 {
        values[0].to_f32()
    }
    #[inline(always)]
    fn load_i8(self, values: &[i8]) -> f32 {
        f32::from(values[0])
    }
    #[inline(always)]
    fn max(self, a: f32, b: f32) -> f32 {
        if a > b { a } else { b }
    }
}

/// Each register by itself. A loop and no closure: a closure is compiled without the caller's instructions, and then calls them.
macro_rules! each_register {
    (|$a:ident $(, $other:ident)*| $body:expr) => {{
        let mut registers = $a;
        for i in 0..N {
            let ($a, $($other,)*) = ($a[i], $($other[i],)*);
            registers[i] = $body;
        }
        registers
    }};
}

impl<M: Machine, const N: usize> Lanes for Vectors<M, N> {
    type V = [<M::S as Simd>::f32s; N];

    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        [self.0.simd().splat_f32s(value); N]
    }
    #[inline(always)]
    fn load(self, values: &[f32; LANES]) -> Self::V {
        let registers = M::S::as_simd_f32s(values).0;
        *registers.first_chunk().expect("N registers hold sixteen numbers")
    }
    #[inline(always)]
    fn store(self, v: Self::V, values: &mut [f32; LANES]) {
        M::S::as_mut_simd_f32s(values).0.copy_from_slice(&v);
    }
    #[inline(always)]
    fn load_f16(self, values: &[f16; LANES]) -> Self::V {
        let mut registers = self.splat(0.0);
        for (register, values) in registers.iter_mut().zip(values.chunks_exact(LANES / N)) {
            *register = self.0.load_f16(values);
        }
        registers
    }
    #[inline(always)]
    fn load_i8(self, values: &[i8; LANES]) -> Self::V {
        let mut registers = self.splat(0.0);
        for (register, values) in registers.iter_mut().zip(values.chunks_exact(LANES / N)) {
            *register = self.0.load_i8(values);
        }
        registers
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        each_register!(|a, b| self.0.simd().add_f32s(a, b))
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        each_register!(|a, b| self.0.simd().sub_f32s(a, b))
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        each_register!(|a, b| self.0.simd().mul_f32s(a, b))
    }
    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        each_register!(|a, b| self.0.simd().div_f32s(a, b))
    }
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        each_register!(|a, b| self.0.max(a, b))
    }
    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        each_register!(|a, b, c| self.0.simd().mul_add_f32s(a, b, c))
    }
    #[inline(always)]
    fn exp2_whole(self, n: Self::V) -> Self::V {
        /// 1.5 · 2²³: in its neighbourhood f32s are the integers, whose low bits are then those of the sum.
        const ROUND: f32 = 12_582_912.0;
        let simd = self.0.simd();
        // n + 127 are the exponent's bits, at the end of the sum's; the shift takes them to their place and all others away.
        each_register!(|n| {
            let sum = simd.transmute_u32s_f32s(simd.add_f32s(n, simd.splat_f32s(ROUND + 127.0)));
            simd.transmute_f32s_u32s(simd.wrapping_dyn_shl_u32s(sum, simd.splat_u32s(23)))
        })
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) mod x86 {
    use super::{Job, Machine, Vectors};
    use half::f16;
    use pulp::NullaryFnOnce;
    pub(crate) use pulp::x86::V4;
    use pulp::{Simd, x86::V3};
    use std::arch::x86_64::{__m128i, _mm256_cvtph_ps};

    /// Runs a kernel with AVX-512.
    #[inline]
    pub(crate) fn run_on_avx512<J: Job>(machine: V4, job: J) -> J::Output {
        struct Run<J>(V4, J);

        impl<J: Job> NullaryFnOnce for Run<J> {
            type Output = J::Output;

            #[inline(always)]
            fn call(self) -> J::Output {
                self.1.run(Vectors::<V4, 1>(self.0))
            }
        }
        machine.vectorize(Run(machine, job))
    }

    impl Machine for V4 {
        type S = Self;

        #[inline(always)]
        fn simd(self) -> Self {
            self
        }
        #[inline(always)]
        fn load_f16(self, values: &[f16]) -> <Self as Simd>::f32s {
            let values: [f16; 16] = *values.first_chunk().expect("a register has sixteen lanes");
            pulp::cast(self.avx512f._mm512_cvtph_ps(pulp::cast(values)))
        }
        #[inline(always)]
        fn load_i8(self, values: &[i8]) -> <Self as Simd>::f32s {
            let values: [i8; 16] = *values.first_chunk().expect("a register has sixteen lanes");
            let wide = self.avx512f._mm512_cvtepi8_epi32(pulp::cast(values));
            pulp::cast(self.avx512f._mm512_cvtepi32_ps(wide))
        }
    }

    /// AVX2 with F16C.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx2(V3);

    impl Avx2 {
        pub(crate) fn try_new() -> Option<Self> {
            V3::try_new().filter(|_| is_x86_feature_detected!("f16c")).map(Self)
        }

        /// Runs a kernel; `pulp`'s own entry leaves F16C out.
        #[inline]
        pub(crate) fn run<J: Job>(self, job: J) -> J::Output {
            #[target_feature(enable = "avx2,fma,f16c")]
            fn with_halves<J: Job>(machine: Avx2, job: J) -> J::Output {
                job.run(Vectors::<Avx2, 2>(machine))
            }
            // SAFETY: a value exists only where the machine has the instructions.
            unsafe { with_halves(self, job) }
        }
    }

    impl Machine for Avx2 {
        type S = V3;

        #[inline(always)]
        fn simd(self) -> V3 {
            self.0
        }
        #[inline(always)]
        fn load_f16(self, values: &[f16]) -> <V3 as Simd>::f32s {
            let values: [f16; 8] = *values.first_chunk().expect("a register has eight lanes");
            let values: __m128i = pulp::cast(values);
            // SAFETY: a value exists only where the machine has the instructions.
            pulp::cast(unsafe { _mm256_cvtph_ps(values) })
        }
        #[inline(always)]
        fn load_i8(self, values: &[i8]) -> <V3 as Simd>::f32s {
            let values: [i8; 8] = *values.first_chunk().expect("a register has eight lanes");
            let low: i64 = pulp::cast(values);
            let wide = self.0.avx2._mm256_cvtepi8_epi32(pulp::cast([low, 0]));
            pulp::cast(self.0.avx._mm256_cvtepi32_ps(wide))
        }
    }
}

/// The kernel on every machine that is here, by name: for tests that hold them against each other.
#[cfg(test)]
pub(crate) fn on_each_machine<J: Job + Clone>(job: &J) -> Vec<(&'static str, J::Output)> {
    let mut outputs = vec![("portable", job.clone().run(PORTABLE))];
    #[cfg(target_arch = "x86_64")]
    {
        outputs.extend(x86::Avx2::try_new().map(|machine| ("avx2", machine.run(job.clone()))));
        outputs.extend(x86::V4::try_new().map(|machine| ("avx512", x86::run_on_avx512(machine, job.clone()))));
    }
    outputs
}
