//! Matrices of a 135M model (576 wide, MLP 1536, 30 layers, 49152 tokens) against what the machine can do at all.
//!
//! ```text
//! decode    one row through 210 matrices of Q4_1 (66 MB) and the output of Q8_0 (30 MB), against a plain read of as many bytes
//! prefill   16 and 32 rows through one layer again and again, against `vpdpbusd` without any memory
//! ```
//!
//! The machine is shared, so each round measures both sides one after the other, and what counts is the median of the
//! rounds' ratios. `cargo bench -p dunwu-attention --bench matrix [-- THREADS]`; with `--test` it runs one short round.

#![expect(unsafe_code, reason = "the peak is measured with the instruction itself, which is asked for first")]
#![expect(clippy::print_stdout, reason = "a table is what a bench is for")]

use dunwu_attention::file::{Format, RawTensor};
use dunwu_attention::kernel::{Activations, Matrix, multiply_all};
use half::f16;
use std::hint::black_box;
use std::time::Instant;

/// Rows and columns of a layer's matrices: query, key, value, output, gate, up, down.
const LAYER: [(usize, usize); 7] =
    [(576, 576), (192, 576), (192, 576), (576, 576), (1536, 576), (1536, 576), (576, 1536)];

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let is_test = arguments.iter().any(|argument| argument == "--test");
    let n_threads = arguments.iter().find_map(|argument| argument.parse().ok()).unwrap_or(1);
    let (n_layers, n_vocab, n_rounds) = if is_test { (1, 256, 1) } else { (30, 49_152, 101) };
    let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads can be started");
    pool.install(|| {
        println!("{n_threads} thread(s), median of {n_rounds} rounds");
        decode(n_layers, n_vocab, n_rounds);
        for format in [Format::Q4_1, Format::Q4_0, Format::Q8_0] {
            for n_rows in [16, 32] {
                prefill(format, n_rows, n_rounds, if is_test { 1 } else { 3 });
            }
        }
        call(n_rounds, if is_test { 1 } else { 200 });
    });
}

fn decode(n_layers: usize, n_vocab: usize, n_rounds: usize) {
    let mut matrices: Vec<_> =
        (0..n_layers).flat_map(|_| LAYER).map(|(n_rows, n_columns)| matrix(Format::Q4_1, n_rows, n_columns)).collect();
    matrices.push(matrix(Format::Q8_0, n_vocab, 576));
    let n_bytes: usize = matrices.iter().map(Matrix::bytes).sum();
    let memory: Vec<u64> = (0..n_bytes as u64 / 8).collect();
    let inputs = [activations(1, 576), activations(1, 1536)];
    let mut y = vec![0.0; n_vocab.max(2 * 1536)];
    let one_by_one = rounds(
        n_rounds,
        || {
            for matrix in &matrices {
                let x = &inputs[usize::from(matrix.n_columns() == 1536)];
                matrix.multiply(x, &mut y[..matrix.n_rows()]);
            }
            black_box(&y);
        },
        || read(&memory),
    );
    one_by_one.report("decode", n_bytes, n_bytes, "GB/s of weights, read");
    let (layers, vocabulary) = matrices.split_at(7 * n_layers);
    // Query, key and value; output; gate and up; down.
    let mut groups: Vec<_> =
        layers.chunks(7).flat_map(|layer| [&layer[..3], &layer[3..4], &layer[4..6], &layer[6..]]).collect();
    groups.push(vocabulary);
    let together = rounds(
        n_rounds,
        || {
            for now in &groups {
                let x = &inputs[usize::from(now[0].n_columns() == 1536)];
                let (mut y, mut products) = (y.as_mut_slice(), Vec::new());
                for matrix in *now {
                    let (output, after) = y.split_at_mut(matrix.n_rows());
                    products.push((matrix, output));
                    y = after;
                }
                multiply_all(x, products);
            }
            black_box(&y);
        },
        || read(&memory),
    );
    together.report("decode, together", n_bytes, n_bytes, "GB/s of weights, read");
}

/// Sums that nothing else can be got from: on as many threads as there are.
fn read(memory: &[u64]) {
    let sum = |part: &[u64]| {
        let mut sums = [0_u64; 32];
        for values in part.as_chunks::<32>().0 {
            for (sum, value) in sums.iter_mut().zip(values) {
                *sum = sum.wrapping_add(*value);
            }
        }
        black_box(sums);
    };
    if rayon::current_num_threads() == 1 {
        sum(memory);
    } else {
        let (a, b) = memory.split_at(memory.len() / 2);
        rayon::join(|| sum(a), || sum(b));
    }
}

fn prefill(format: Format, n_rows: usize, n_rounds: usize, n_times: usize) {
    let matrices = LAYER.map(|(n_rows, n_columns)| matrix(format, n_rows, n_columns));
    let inputs = [activations(n_rows, 576), activations(n_rows, 1536)];
    let mut y = vec![0.0; n_rows * 1536];
    let n_products: usize = LAYER.iter().map(|(n_outputs, n_inputs)| n_times * n_rows * n_outputs * n_inputs).sum();
    let n_threads = rayon::current_num_threads();
    let n_peak_rounds = n_products / n_threads / (64 * 16);
    let rounds = rounds(
        n_rounds,
        || {
            for matrix in (0..n_times).flat_map(|_| &matrices) {
                let x = &inputs[usize::from(matrix.n_columns() == 1536)];
                matrix.multiply(x, &mut y[..n_rows * matrix.n_rows()]);
            }
            black_box(&y);
        },
        || {
            if n_threads == 1 {
                peak(n_peak_rounds);
            } else {
                rayon::join(|| peak(n_peak_rounds), || peak(n_peak_rounds));
            }
        },
    );
    let n_peak = n_peak_rounds * 64 * 16 * n_threads;
    rounds.report(&format!("prefill {format:?} x{n_rows}"), n_products, n_peak, "G multiply-adds/s, peak");
}

/// What a call costs: a matrix in the first-level cache.
fn call(n_rounds: usize, n_times: usize) {
    let (small, x) = (matrix(Format::Q4_1, 192, 576), activations(1, 576));
    let mut y = vec![0.0; 192];
    let rounds = rounds(
        n_rounds,
        || {
            for _ in 0..n_times {
                small.multiply(&x, &mut y);
            }
        },
        || (),
    );
    let numbers: Vec<_> = (0..64 * 576).map(|i| (i * 37 % 101) as f32 / 50.0 - 1.0).collect();
    let mut x = activations(64, 576);
    matrix(Format::Q4_1, 16, 576).multiply(&x, &mut vec![0.0; 64 * 16]);
    let set = self::rounds(n_rounds, || x.set(&numbers, 576), || ());
    println!("64 × 576 numbers to integers: {:.2} ns each", 1e9 * median(&set.ours) / numbers.len() as f64);
    println!("call of 192 × 576: {:.2} µs", 1e6 * median(&rounds.ours) / n_times as f64);
}

/// Multiply-adds that depend on nothing but themselves, 16 chains of 64: what the ports can do.
fn peak(n_rounds: usize) {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx512vnni") {
        // SAFETY: the instructions are there.
        unsafe { vnni_peak(n_rounds) }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vnni")]
fn vnni_peak(n_rounds: usize) {
    use std::arch::x86_64::{_mm512_dpbusd_epi32, _mm512_set1_epi8};
    let (a, b) = (black_box(_mm512_set1_epi8(3)), black_box(_mm512_set1_epi8(-5)));
    let mut chains = [_mm512_set1_epi8(0); 16];
    for _ in 0..n_rounds {
        for chain in &mut chains {
            *chain = _mm512_dpbusd_epi32(*chain, a, b);
        }
    }
    black_box(chains);
}

struct Rounds {
    ours: Vec<f64>,
    limit: Vec<f64>,
}

/// Seconds of both, alternating, after one round that is not counted.
fn rounds(n: usize, mut ours: impl FnMut(), mut limit: impl FnMut()) -> Rounds {
    let secs = |run: &mut dyn FnMut()| {
        let start = Instant::now();
        run();
        start.elapsed().as_secs_f64()
    };
    let mut rounds = Rounds { ours: Vec::new(), limit: Vec::new() };
    for round in 0..=n {
        let pair = (secs(&mut ours), secs(&mut limit));
        if round > 0 {
            rounds.ours.push(pair.0);
            rounds.limit.push(pair.1);
        }
    }
    rounds
}

impl Rounds {
    fn report(&self, name: &str, n_ours: usize, n_limit: usize, unit: &str) {
        let speeds = |secs: &[f64], n: usize| secs.iter().map(|secs| n as f64 / secs / 1e9).collect::<Vec<_>>();
        let (ours, limit) = (speeds(&self.ours, n_ours), speeds(&self.limit, n_limit));
        let shares: Vec<_> = ours.iter().zip(&limit).map(|(ours, limit)| 100.0 * ours / limit).collect();
        let best = |speeds: &[f64]| speeds.iter().copied().fold(0.0, f64::max);
        println!(
            "{name:18} {:6.1} of {:6.1} {unit}: {:3.0} %; best {:.1} of {:.1}: {:3.0} %",
            median(&ours),
            median(&limit),
            median(&shares),
            best(&ours),
            best(&limit),
            100.0 * best(&ours) / best(&limit),
        );
    }
}

fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Codes of some pattern with plain scales: speed does not depend on them.
fn matrix(format: Format, n_rows: usize, n_columns: usize) -> Matrix {
    let (d, m) = (f16::from_f32(0.01).to_le_bytes(), f16::from_f32(-0.07).to_le_bytes());
    let (header, n_codes) = match format {
        Format::Q4_1 => ([d, m].concat(), 16),
        Format::Q4_0 => (d.to_vec(), 16),
        _ => (d.to_vec(), 32),
    };
    let mut bytes = Vec::new();
    for block in 0..n_rows * n_columns / 32 {
        bytes.extend_from_slice(&header);
        bytes.extend((0..n_codes).map(|i| (block * 31 + i * 57) as u8));
    }
    Matrix::pack(&RawTensor { format, n_rows, n_columns, bytes }, |r| r)
}

fn activations(n_rows: usize, n_columns: usize) -> Activations {
    let mut x = Activations::default();
    x.set(&(0..n_rows * n_columns).map(|i| (i * 37 % 101) as f32 / 50.0 - 1.0).collect::<Vec<_>>(), n_columns);
    x
}
