//! Sixteen numbers at a time: one source for AVX-512, AVX2 and portable, with the same bits on all three.
//!
//! A kernel is a [`Job`] over any [`Simd`]; [`dispatch`] runs it on the best one here. Every operation below rounds once and
//! the same way everywhere (a product that is added is always fused), so that a sum's bits depend on its order alone.

#![expect(unsafe_code, reason = "vector instructions; a machine's token exists only where its instructions do")]

use half::f16;

/// Numbers in a vector.
pub(crate) const LANES: usize = 16;

/// The operations that kernels are written in.
pub(crate) trait Simd: Copy {
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
    fn max(self, a: Self::V, b: Self::V) -> Self::V;
    /// a·b + c, rounded once.
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// 2ⁿ of whole numbers −126 ≤ n ≤ 127.
    fn exp2_whole(self, n: Self::V) -> Self::V;
}

/// A kernel, written once for all machines. `run` must be `#[inline(always)]`, or it is not vector code.
pub(crate) trait Job {
    type Output;

    fn run<M: Simd>(self, machine: M) -> Self::Output;
}

/// Runs a kernel on the best instructions here.
#[inline]
pub(crate) fn dispatch<J: Job>(job: J) -> J::Output {
    #[cfg(target_arch = "x86_64")]
    {
        if x86::has_avx512() {
            // SAFETY: the machine has the instructions.
            return unsafe { x86::avx512(job) };
        }
        if x86::has_avx2() {
            // SAFETY: the machine has the instructions.
            return unsafe { x86::avx2(job) };
        }
    }
    job.run(Portable)
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

/// Plain arrays.
#[derive(Clone, Copy)]
pub(crate) struct Portable;

impl Simd for Portable {
    type V = [f32; LANES];

    #[inline(always)]
    fn splat(self, value: f32) -> Self::V {
        [value; LANES]
    }
    #[inline(always)]
    fn load(self, values: &[f32; LANES]) -> Self::V {
        *values
    }
    #[inline(always)]
    fn store(self, v: Self::V, values: &mut [f32; LANES]) {
        *values = v;
    }
    #[inline(always)]
    fn load_f16(self, values: &[f16; LANES]) -> Self::V {
        values.map(f16::to_f32)
    }
    #[inline(always)]
    fn load_i8(self, values: &[i8; LANES]) -> Self::V {
        values.map(f32::from)
    }
    #[inline(always)]
    fn add(self, a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| a[i] + b[i])
    }
    #[inline(always)]
    fn sub(self, a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| a[i] - b[i])
    }
    #[inline(always)]
    fn mul(self, a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| a[i] * b[i])
    }
    #[inline(always)]
    fn div(self, a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| a[i] / b[i])
    }
    #[inline(always)]
    fn max(self, a: Self::V, b: Self::V) -> Self::V {
        // As x86 does it: the second where they do not compare.
        std::array::from_fn(|i| if a[i] > b[i] { a[i] } else { b[i] })
    }
    #[inline(always)]
    fn mul_add(self, a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        std::array::from_fn(|i| a[i].mul_add(b[i], c[i]))
    }
    #[inline(always)]
    fn exp2_whole(self, n: Self::V) -> Self::V {
        n.map(|n| f32::from_bits(((n as i32 + 127) as u32) << 23))
    }
}

#[cfg(target_arch = "x86_64")]
pub(crate) mod x86 {
    use super::{Job, LANES, Simd};
    use half::f16;
    use std::arch::x86_64::{
        __m256, __m512, _mm_cvtsi64_si128, _mm_loadu_si128, _mm256_add_epi32, _mm256_add_ps, _mm256_castsi256_ps,
        _mm256_cvtepi8_epi32, _mm256_cvtepi32_ps, _mm256_cvtph_ps, _mm256_cvtps_epi32, _mm256_div_ps, _mm256_fmadd_ps,
        _mm256_loadu_ps, _mm256_loadu_si256, _mm256_max_ps, _mm256_mul_ps, _mm256_set1_epi32, _mm256_set1_ps,
        _mm256_slli_epi32, _mm256_storeu_ps, _mm256_sub_ps, _mm512_add_epi32, _mm512_add_ps, _mm512_castsi512_ps,
        _mm512_cvtepi8_epi32, _mm512_cvtepi32_ps, _mm512_cvtph_ps, _mm512_cvtps_epi32, _mm512_div_ps, _mm512_fmadd_ps,
        _mm512_loadu_ps, _mm512_max_ps, _mm512_mul_ps, _mm512_set1_epi32, _mm512_set1_ps, _mm512_slli_epi32,
        _mm512_storeu_ps, _mm512_sub_ps,
    };

    pub(crate) fn has_avx512() -> bool {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
    }

    pub(crate) fn has_avx2() -> bool {
        is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") && is_x86_feature_detected!("f16c")
    }

    #[target_feature(enable = "avx512f,avx512bw,avx512vl,avx2,fma,f16c")]
    pub(crate) fn avx512<J: Job>(job: J) -> J::Output {
        job.run(Avx512(()))
    }

    #[target_feature(enable = "avx2,fma,f16c")]
    pub(crate) fn avx2<J: Job>(job: J) -> J::Output {
        job.run(Avx2(()))
    }

    /// Made by [`avx512`] alone.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx512(());

    /// Made by [`avx2`] alone.
    #[derive(Clone, Copy)]
    pub(crate) struct Avx2(());

    /// The body of an operation.
    macro_rules! vector {
        ($body:expr) => {
            // SAFETY: the token exists only where the machine has the instructions, and every pointer is that of an array of
            // the length that is read or written.
            unsafe { $body }
        };
    }

    impl Simd for Avx512 {
        type V = __m512;

        #[inline(always)]
        fn splat(self, value: f32) -> __m512 {
            vector!(_mm512_set1_ps(value))
        }
        #[inline(always)]
        fn load(self, values: &[f32; LANES]) -> __m512 {
            vector!(_mm512_loadu_ps(values.as_ptr()))
        }
        #[inline(always)]
        fn store(self, v: __m512, values: &mut [f32; LANES]) {
            vector!(_mm512_storeu_ps(values.as_mut_ptr(), v));
        }
        #[inline(always)]
        fn load_f16(self, values: &[f16; LANES]) -> __m512 {
            vector!(_mm512_cvtph_ps(_mm256_loadu_si256(values.as_ptr().cast())))
        }
        #[inline(always)]
        fn load_i8(self, values: &[i8; LANES]) -> __m512 {
            vector!(_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128(values.as_ptr().cast()))))
        }
        #[inline(always)]
        fn add(self, a: __m512, b: __m512) -> __m512 {
            vector!(_mm512_add_ps(a, b))
        }
        #[inline(always)]
        fn sub(self, a: __m512, b: __m512) -> __m512 {
            vector!(_mm512_sub_ps(a, b))
        }
        #[inline(always)]
        fn mul(self, a: __m512, b: __m512) -> __m512 {
            vector!(_mm512_mul_ps(a, b))
        }
        #[inline(always)]
        fn div(self, a: __m512, b: __m512) -> __m512 {
            vector!(_mm512_div_ps(a, b))
        }
        #[inline(always)]
        fn max(self, a: __m512, b: __m512) -> __m512 {
            vector!(_mm512_max_ps(a, b))
        }
        #[inline(always)]
        fn mul_add(self, a: __m512, b: __m512, c: __m512) -> __m512 {
            vector!(_mm512_fmadd_ps(a, b, c))
        }
        #[inline(always)]
        fn exp2_whole(self, n: __m512) -> __m512 {
            vector!(_mm512_castsi512_ps(_mm512_slli_epi32::<23>(_mm512_add_epi32(
                _mm512_cvtps_epi32(n),
                _mm512_set1_epi32(127)
            ))))
        }
    }

    /// Both halves.
    type Pair = [__m256; 2];

    impl Simd for Avx2 {
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
    let mut outputs = vec![("portable", job.clone().run(Portable))];
    #[cfg(target_arch = "x86_64")]
    {
        if x86::has_avx2() {
            // SAFETY: the machine has the instructions.
            outputs.push(("avx2", unsafe { x86::avx2(job.clone()) }));
        }
        if x86::has_avx512() {
            // SAFETY: the machine has the instructions.
            outputs.push(("avx512", unsafe { x86::avx512(job.clone()) }));
        }
    }
    outputs
}
