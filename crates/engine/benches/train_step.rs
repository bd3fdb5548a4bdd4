//! One training step, each fused path beside the plain loops that say what it computes.
//!
//! ```text
//! A  M=71  K=2048 n=2016 x² MSE Adam     B  M=127 K=512 n=4838 x² cross-entropy Adam     C  M=23 K=256 n=211 x² MSE Adam
//! ```
//!
//! Items are multiply-adds, of a step those of its three products, 3nMK: items/s over those of `fma_peak` in the same run
//! is the share of what the machine can do. `memory` makes a run and its first steps inside the measured call, so its `max
//! alloc` is the peak of all that a run holds; one array over samples and units would be 16.5 MB for A, 9.9 MB for B.

use divan::counter::ItemsCount;
use divan::{AllocProfiler, Bencher, black_box};
use dunwu_engine::kernel::{Numerics, Shape, Strided, product};
use dunwu_engine::model::Activation;
use dunwu_engine::model::fused::plain;
use dunwu_engine::spec::{apply, parse_value};
use dunwu_engine::{Problem, RunSpec, Split, Training};
use pulp::{Arch, Simd, WithSimd};

#[global_allocator]
static ALLOCATOR: AllocProfiler = AllocProfiler::system();

fn main() {
    divan::main();
}

/// Multiply-adds of chains that depend on nothing but themselves: what the ports can do without any memory.
struct Peak {
    rounds: usize,
}

/// Chains in flight: two ports times a latency of up to five cycles, and some to spare.
const CHAINS: usize = 12;

impl WithSimd for Peak {
    type Output = f32;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f32 {
        let (half, quarter) = (simd.splat_f32s(black_box(0.5)), simd.splat_f32s(black_box(0.25)));
        let mut chains = [simd.splat_f32s(1.0); CHAINS];
        for _ in 0..self.rounds {
            for chain in &mut chains {
                *chain = simd.mul_add_e_f32s(*chain, half, quarter);
            }
        }
        chains.iter().map(|&chain| simd.reduce_sum_f32s(chain)).sum()
    }
}

struct Lanes;

impl WithSimd for Lanes {
    type Output = usize;

    #[inline(always)]
    fn with_simd<S: Simd>(self, _: S) -> usize {
        S::F32_LANES
    }
}

#[divan::bench(sample_size = 1)]
fn fma_peak(bencher: Bencher<'_, '_>) {
    let (arch, rounds) = (Arch::new(), 100_000);
    let items = ItemsCount::new(rounds * CHAINS * arch.dispatch(Lanes));
    bencher.counter(items).bench_local(|| black_box(arch.dispatch(Peak { rounds })));
}

const A: &[&str] = &["task=cyclic:71", "model.width=2048", "data.count=2016", "loss=mse"];
const B: &[&str] = &["task=cyclic:127", "model.width=512", "data.count=4838", "loss=cross_entropy"];
const C: &[&str] = &["task=cyclic:23", "model.width=256", "data.count=211", "loss=mse"];

fn setting(words: &[&str], activation: &str) -> (RunSpec, Problem, Split) {
    let activation = format!("model.activation={activation}");
    let training_only = ["steps=1000000000", "record.evaluate_every=1000000000", "record.snapshots_per_decade=0"];
    let words = words.iter().copied().chain(training_only).chain([activation.as_str()]);
    let assignments: Vec<_> = words
        .map(|word| word.split_once('=').expect("key=value"))
        .map(|(key, value)| (key.to_owned(), parse_value(value)))
        .collect();
    let spec = apply(&RunSpec::default(), &assignments).expect("a valid spec");
    let problem = spec.task.resolve(None).expect("a problem");
    let split = Split::draw(&problem, &spec.data, spec.seed, None).expect("a split");
    (spec, problem, split)
}

fn multiply_adds(spec: &RunSpec, problem: &Problem, split: &Split) -> ItemsCount {
    ItemsCount::new(3 * split.train.len() * problem.n_labels * spec.model.width)
}

fn step(bencher: Bencher<'_, '_>, words: &[&str], activation: &str, threads: usize) {
    let (spec, problem, split) = setting(words, activation);
    let mut training = Training::new(&spec, &problem, &split, threads).expect("a run");
    training.advance(); // the first step also evaluates the test sample
    bencher.counter(multiply_adds(&spec, &problem, &split)).bench_local(|| black_box(training.advance()));
}

#[divan::bench(args = [1, 2])]
fn a(bencher: Bencher<'_, '_>, threads: usize) {
    step(bencher, A, "square", threads);
}

#[divan::bench(args = [1, 2])]
fn b(bencher: Bencher<'_, '_>, threads: usize) {
    step(bencher, B, "square", threads);
}

#[divan::bench(sample_size = 100)]
fn c(bencher: Bencher<'_, '_>) {
    step(bencher, C, "square", 1);
}

#[divan::bench(args = ["cube", "relu", "relu_squared", "silu", "gelu", "abs"])]
fn a_activation(bencher: Bencher<'_, '_>, activation: &str) {
    step(bencher, A, activation, 1);
}

fn with<'a>(words: &[&'a str], more: &'a str) -> Vec<&'a str> {
    words.iter().copied().chain([more]).collect()
}

#[divan::bench]
fn a_muon(bencher: Bencher<'_, '_>) {
    step(bencher, &with(A, "optimizer.name=muon"), "square", 1);
}

#[divan::bench(args = ["A", "B", "C"], sample_count = 5, sample_size = 1)]
fn memory(bencher: Bencher<'_, '_>, name: &str) {
    let words = match name {
        "A" => A,
        "B" => B,
        _ => C,
    };
    let (spec, problem, split) = setting(words, "square");
    bencher.bench_local(|| {
        let mut training = Training::new(&spec, &problem, &split, 1).expect("a run");
        (training.advance(), training.advance())
    });
}

/// A layer of 128 in and 512 out on 1024 samples.
const LAYER: Shape = Shape { rows: 1024, depth: 128, columns: 512 };

fn layer(bencher: Bencher<'_, '_>, multiply: impl Fn(Strided<'_>, Strided<'_>, &mut [f32])) {
    let draw = |len: usize| (0..len).map(|i| (i % 17) as f32 / 17.0 - 0.5).collect::<Vec<f32>>();
    let (a, b) = (draw(LAYER.rows * LAYER.depth), draw(LAYER.depth * LAYER.columns));
    let a = Strided { values: &a, row: LAYER.depth, column: 1 };
    let b = Strided { values: &b, row: LAYER.columns, column: 1 };
    let mut c = vec![0.0; LAYER.rows * LAYER.columns];
    bencher
        .counter(ItemsCount::new(LAYER.rows * LAYER.depth * LAYER.columns))
        .bench_local(|| multiply(black_box(a), black_box(b), black_box(&mut c)));
}

#[divan::bench(args = [Numerics::Fast, Numerics::Exact])]
fn layer_product(bencher: Bencher<'_, '_>, numerics: Numerics) {
    layer(bencher, |a, b, c| product(numerics, LAYER, a, b, (c, LAYER.columns), false));
}

#[divan::bench(sample_count = 3)]
fn layer_product_plain(bencher: Bencher<'_, '_>) {
    layer(bencher, |a, b, c| {
        for (i, row) in c.chunks_exact_mut(LAYER.columns).enumerate() {
            for (j, entry) in row.iter_mut().enumerate() {
                *entry = (0..LAYER.depth)
                    .map(|k| a.values[i * a.row + k * a.column] * b.values[k * b.row + j * b.column])
                    .sum();
            }
        }
    });
}

#[divan::bench(sample_count = 3)]
fn c_plain(bencher: Bencher<'_, '_>) {
    let (spec, problem, split) = setting(C, "square");
    let weights = Training::new(&spec, &problem, &split, 1).expect("a run").weights();
    let offsets = [0, problem.n_labels];
    bencher.counter(multiply_adds(&spec, &problem, &split)).bench_local(|| {
        black_box(plain::loss_and_gradient(
            &weights,
            &split.train,
            &offsets,
            Activation::Square,
            spec.loss.of_outputs(),
        ))
    });
}
