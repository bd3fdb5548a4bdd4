//! Sixteen numbers at a time: one source for AVX-512, AVX2 and portable, with the same bits on all three.
//!
//! A kernel is a [`Job`] over any [`Lanes`]; [`dispatch`] runs it on the best one here. Every operation below rounds once and
//! the same way everywhere (a product that is added is always fused), so that a sum's bits depend on its order alone.
//!
//! AVX-512 and portable are [`pulp`]'s instructions, on vectors of one length ([`Vectors`]), since the order of sums depends on it.
//! Against instructions written out by hand, in CPU time of a pinned thread (61 alternated pairs, Zen 4; median of the ratios and
//! its quartiles): scores of three queries over 1024 half-precision keys 0.99 (0.98 to 1.00), mixtures 0.98 (0.98 to 0.99), of 48
//! queries 0.95 and 0.99, over bytes 0.94 to 1.02, softmax 1.02, norm and gate 0.98. Dearer is one case: scores of three queries over
//! f32 keys, 1.07 and 1.15 in two builds (quartiles 1.04 to 1.17).
//!
//! AVX2 stays written out, and with a prefetch is all the `unsafe` here. `pulp` 0.22 has no conversion of half precision for it
//! (F16C), and in two registers of `pulp` mixtures of half-precision values took 2.63 (three queries) and 1.69 (48) times as long,
//! of f32 values 1.11 and 1.22.

#![cfg_attr(
    target_arch = "x86_64",
    expect(
        unsafe_code,
        reason = "AVX2 by hand, and a prefetch; a machine's token exists only where its instructions do"
    )
)]

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
    use super::{Job, LANES, Lanes, Machine, Vectors};
    use half::f16;
    pub(crate) use pulp::x86::V4;
    use pulp::{NullaryFnOnce, Simd};
    use std::arch::x86_64::{
        __m256, _mm_cvtsi64_si128, _mm_loadu_si128, _mm256_add_epi32, _mm256_add_ps, _mm256_castsi256_ps,
        _mm256_cvtepi8_epi32, _mm256_cvtepi32_ps, _mm256_cvtph_ps, _mm256_cvtps_epi32, _mm256_div_ps, _mm256_fmadd_ps,
        _mm256_loadu_ps, _mm256_max_ps, _mm256_mul_ps, _mm256_set1_epi32, _mm256_set1_ps, _mm256_slli_epi32,
        _mm256_storeu_ps, _mm256_sub_ps,
    };

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

    /// AVX2 with F16C, written out by hand; see the head of the file.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx2(());

    impl Avx2 {
        pub(crate) fn try_new() -> Option<Self> {
            let has_all =
                is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c");
            has_all.then_some(Self(()))
        }

        /// Runs a kernel.
        #[inline]
        pub(crate) fn run<J: Job>(self, job: J) -> J::Output {
            #[target_feature(enable = "avx2,fma,f16c")]
            fn with_avx2<J: Job>(machine: Avx2, job: J) -> J::Output {
                job.run(machine)
            }
            // SAFETY: a value exists only where the machine has the instructions.
            unsafe { with_avx2(self, job) }
        }
    }

    /// The body of an operation.
    macro_rules! vector {
        ($body:expr) => {
            // SAFETY: the token exists only where the machine has the instructions, and every pointer is that of an array of
            // the length that is read or written.
            unsafe { $body }
        };
    }

    /// Both halves.
    type Pair = [__m256; 2];

    impl Lanes for Avx2 {
        type V = Pair;

        #[inline(always)]
        fn splat(self, value: f32) -> Pair {
            vector!([_mm256_set1_ps(value); 2])
        }
        #[inline(always)]
        fn load(self, values: &[f32; LANES]) -> Pair {
            let (low, high) = values.split_at(8);
            vector!([_mm256_loadu_ps(low.as_ptr()), _mm256_loadu_ps(high.as_ptr())])
        }
        #[inline(always)]
        fn store(self, v: Pair, values: &mut [f32; LANES]) {
            let (low, high) = values.split_at_mut(8);
            vector!(_mm256_storeu_ps(low.as_mut_ptr(), v[0]));
            vector!(_mm256_storeu_ps(high.as_mut_ptr(), v[1]));
        }
        #[inline(always)]
        fn load_f16(self, values: &[f16; LANES]) -> Pair {
            let (low, high) = values.split_at(8);
            vector!([
                _mm256_cvtph_ps(_mm_loadu_si128(low.as_ptr().cast())),
                _mm256_cvtph_ps(_mm_loadu_si128(high.as_ptr().cast())),
            ])
        }
        #[inline(always)]
        fn load_i8(self, values: &[i8; LANES]) -> Pair {
            let (low, high) = values.split_at(8);
            let eight = |values: &[i8]| -> __m256 {
                vector!(_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_cvtsi64_si128(
                    values.as_ptr().cast::<i64>().read_unaligned()
                ))))
            };
            [eight(low), eight(high)]
        }
        #[inline(always)]
        fn add(self, a: Pair, b: Pair) -> Pair {
            vector!([_mm256_add_ps(a[0], b[0]), _mm256_add_ps(a[1], b[1])])
        }
        #[inline(always)]
        fn sub(self, a: Pair, b: Pair) -> Pair {
            vector!([_mm256_sub_ps(a[0], b[0]), _mm256_sub_ps(a[1], b[1])])
        }
        #[inline(always)]
        fn mul(self, a: Pair, b: Pair) -> Pair {
            vector!([_mm256_mul_ps(a[0], b[0]), _mm256_mul_ps(a[1], b[1])])
        }
        #[inline(always)]
        fn div(self, a: Pair, b: Pair) -> Pair {
            vector!([_mm256_div_ps(a[0], b[0]), _mm256_div_ps(a[1], b[1])])
        }
        #[inline(always)]
        fn max(self, a: Pair, b: Pair) -> Pair {
            vector!([_mm256_max_ps(a[0], b[0]), _mm256_max_ps(a[1], b[1])])
        }
        #[inline(always)]
        fn mul_add(self, a: Pair, b: Pair, c: Pair) -> Pair {
            vector!([_mm256_fmadd_ps(a[0], b[0], c[0]), _mm256_fmadd_ps(a[1], b[1], c[1])])
        }
        #[inline(always)]
        fn exp2_whole(self, n: Pair) -> Pair {
            n.map(|n| {
                vector!(_mm256_castsi256_ps(_mm256_slli_epi32::<23>(_mm256_add_epi32(
                    _mm256_cvtps_epi32(n),
                    _mm256_set1_epi32(127)
                ))))
            })
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
