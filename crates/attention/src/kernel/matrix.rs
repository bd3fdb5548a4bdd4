//! A weight matrix times activations.
//!
//! ```text
//! y[t][r] = Σ_c W[r][c] x[t][c]
//! ```
//!
//! A panel of 16 rows is read once and meets every tile of x while it is in the first-level cache. y[t][r] is summed over
//! columns in one order, whatever the tile, the thread and the instructions are, so that its bits depend on W[r] and x[t] alone.

use super::activations::{Activations, Tile, tiles};
use super::line::Line;
use super::machine::Machine;
use super::panel::{LANES, Layout, pack, unpack};
use crate::file::RawTensor;

/// What one thread does in 2 to 3 µs, which is what handing a part to another costs: bytes of weights from memory, …
const PART_BYTES: usize = 1 << 16;
/// … or multiply-adds of a batch.
const PART_PRODUCTS: usize = 1 << 20;

/// A weight matrix W, packed for the machine.
pub struct Matrix {
    layout: Layout,
    n_rows: usize,
    n_columns: usize,
    panel_lines: usize,
    lines: Vec<Line>,
}

/// Some panels of a matrix, and where their products go.
struct Part<'a> {
    matrix: &'a Matrix,
    panels: &'a [Line],
    /// `outputs[t]` begins with the first panel's first row.
    outputs: Vec<&'a mut [f32]>,
}

/// Several products of the same x: `multiply_all(x, [(query, q), (key, k), (value, v)])` is [`Matrix::multiply`] of each, but
/// hands work to other threads once instead of three times.
pub fn multiply_all<'a>(x: &Activations, products: impl IntoIterator<Item = (&'a Matrix, &'a mut [f32])>) {
    let parts: Vec<_> = products.into_iter().map(|(matrix, y)| Part::new(matrix, x, y)).collect();
    let n_threads = if rayon::current_thread_index().is_some() { rayon::current_num_threads() } else { 1 };
    let n_bytes: usize = parts.iter().map(|part| size_of_val(part.panels)).sum();
    let n_products: usize = parts.iter().map(|part| x.n_rows() * part.matrix.n_rows * x.n_columns()).sum();
    split(n_threads.min((n_bytes / PART_BYTES).max(n_products / PART_PRODUCTS)), parts, x);
}

/// Does parts of equal bytes on so many threads.
fn split(n_threads: usize, mut parts: Vec<Part>, x: &Activations) {
    if n_threads < 2 {
        return parts.iter_mut().for_each(|part| part.multiply(Machine::here(), x));
    }
    let n_lines: usize = parts.iter().map(|part| part.panels.len()).sum();
    let mut n_missing = n_lines * (n_threads / 2) / n_threads;
    let (mut first, mut last) = (Vec::new(), Vec::new());
    for part in parts {
        let n_panels = (n_missing / part.matrix.panel_lines).min(part.n_panels());
        n_missing = if n_panels < part.n_panels() { 0 } else { n_missing - part.panels.len() };
        let (head, tail) = part.split_at(n_panels);
        first.push(head);
        last.push(tail);
    }
    rayon::join(|| split(n_threads / 2, first, x), || split(n_threads - n_threads / 2, last, x));
}

impl Matrix {
    /// Packs a tensor; output row r is the tensor's row `row_order(r)`.
    pub fn pack(tensor: &RawTensor, row_order: impl Fn(usize) -> usize) -> Self {
        let layout = Layout::of(tensor.format);
        Self {
            layout,
            n_rows: tensor.n_rows,
            n_columns: tensor.n_columns,
            panel_lines: layout.panel_lines(tensor.n_columns),
            lines: pack(tensor, row_order),
        }
    }

    /// Outputs.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Inputs.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Bytes that a multiplication reads.
    pub fn bytes(&self) -> usize {
        size_of_val(self.lines.as_slice())
    }

    /// `y[t][r] = Σ_c W[r][c] x[t][c]`; each `y[t]` has the same bits whatever other rows and threads there are.
    ///
    /// Runs on all threads of the rayon pool that it is called in, and on its own outside of any.
    pub fn multiply(&self, x: &Activations, y: &mut [f32]) {
        multiply_all(x, [(self, y)]);
    }

    /// Row r as numbers: the embedding of a token.
    pub fn row(&self, r: usize, values: &mut [f32]) {
        assert!(r < self.n_rows, "row {r} of {}", self.n_rows);
        assert_eq!(values.len(), self.n_columns, "a row has as many numbers as the matrix columns");
        unpack(self.layout, &self.lines[r / LANES * self.panel_lines..][..self.panel_lines], r % LANES, values);
    }
}

impl<'a> Part<'a> {
    fn new(matrix: &'a Matrix, x: &Activations, y: &'a mut [f32]) -> Self {
        assert_eq!(x.n_columns(), matrix.n_columns, "activations are as wide as the matrix");
        assert_eq!(y.len(), x.n_rows() * matrix.n_rows, "there is an output for each row of x and of the matrix");
        // Has x make the form that this matrix takes, so that no thread waits for another to do it.
        let nothing = Tile { first: 0, n_rows: 0 };
        match matrix.layout {
            Layout::Codes(_) => drop(x.groups(nothing)),
            _ => drop(x.numbers(nothing)),
        }
        Self { matrix, panels: &matrix.lines, outputs: y.chunks_exact_mut(matrix.n_rows).collect() }
    }

    fn n_panels(&self) -> usize {
        self.panels.len() / self.matrix.panel_lines
    }

    fn split_at(self, n_panels: usize) -> (Self, Self) {
        let (head, tail) = self.panels.split_at(n_panels * self.matrix.panel_lines);
        // The last panel may have fewer rows than lanes.
        let at = self.outputs.first().map_or(0, |output| output.len().min(n_panels * LANES));
        let (heads, tails) = self.outputs.into_iter().map(|output| output.split_at_mut(at)).unzip();
        let part = |panels, outputs| Self { matrix: self.matrix, panels, outputs };
        (part(head, heads), part(tail, tails))
    }

    /// Panels times every row of x.
    fn multiply(&mut self, machine: Machine, x: &Activations) {
        let mut lanes = [[0.0; LANES]; 8];
        for (panel_idx, panel) in self.panels.chunks_exact(self.matrix.panel_lines).enumerate() {
            for tile in tiles(x.n_rows()) {
                match self.matrix.layout {
                    Layout::Codes(codes) => {
                        machine.multiply_codes(codes, tile.n_rows, panel, x.groups(tile), &mut lanes);
                    }
                    layout => machine.multiply_numbers(layout, tile.n_rows, panel, x.numbers(tile), &mut lanes),
                }
                for (output, lanes) in self.outputs[tile.first..].iter_mut().zip(&lanes[..tile.n_rows]) {
                    let output = &mut output[panel_idx * LANES..];
                    let n = output.len().min(LANES);
                    output[..n].copy_from_slice(&lanes[..n]);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::file::Format;
    use half::{bf16, f16};
    use proptest::prelude::*;

    /// Every format: numbers and bytes of a block, and where its f16 scales are.
    const FORMATS: [(Format, usize, usize, &[usize]); 13] = [
        (Format::F32, 1, 4, &[]),
        (Format::F16, 1, 2, &[]),
        (Format::Bf16, 1, 2, &[]),
        (Format::Q4_0, 32, 18, &[0]),
        (Format::Q4_1, 32, 20, &[0, 2]),
        (Format::Q5_0, 32, 22, &[0]),
        (Format::Q5_1, 32, 24, &[0, 2]),
        (Format::Q8_0, 32, 34, &[0]),
        (Format::Q2K, 256, 84, &[80, 82]),
        (Format::Q3K, 256, 110, &[108]),
        (Format::Q4K, 256, 144, &[0, 2]),
        (Format::Q5K, 256, 176, &[0, 2]),
        (Format::Q6K, 256, 210, &[208]),
    ];

    /// Numbers of a fixed sequence between −1 and 1.
    fn noise(seed: u64) -> impl FnMut() -> f32 {
        let mut state = seed;
        move || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f32 / (1 << 23) as f32 - 1.0
        }
    }

    /// Any bytes are codes; scales and numbers are such as a model has.
    fn tensor(format: Format, n_rows: usize, n_columns: usize, seed: u64) -> RawTensor {
        let &(_, block_len, block_bytes, scales) = FORMATS.iter().find(|row| row.0 == format).unwrap();
        let mut noise = noise(seed);
        let mut bytes = Vec::new();
        for _ in 0..n_rows * n_columns / block_len {
            let mut block: Vec<u8> = match format {
                Format::F32 => noise().to_le_bytes().to_vec(),
                Format::F16 => f16::from_f32(noise()).to_le_bytes().to_vec(),
                Format::Bf16 => bf16::from_f32(noise()).to_le_bytes().to_vec(),
                _ => (0..block_bytes).map(|_| (128.0 * noise()) as i32 as u8).collect(),
            };
            for &at in scales {
                block[at..at + 2].copy_from_slice(&f16::from_f32(0.01 * noise()).to_le_bytes());
            }
            bytes.extend(block);
        }
        RawTensor { format, n_rows, n_columns, bytes }
    }

    /// x as the integers of the module's formula stand for it, from scratch.
    fn quantized(x: &[f32]) -> Vec<f64> {
        x.chunks(32)
            .flat_map(|x| {
                let largest = x.iter().fold(0.0_f32, |largest, x| largest.max(x.abs()));
                let inverse = 127.0 / largest;
                x.iter().map(move |x| f64::from((x * inverse).round_ties_even()) * f64::from(largest / 127.0))
            })
            .collect()
    }

    fn multiply_with(machine: Machine, matrix: &Matrix, x: &[f32]) -> Vec<f32> {
        let mut activations = Activations::default();
        activations.set(x, matrix.n_columns);
        let mut y = vec![f32::NAN; x.len() / matrix.n_columns * matrix.n_rows];
        Part::new(matrix, &activations, &mut y).multiply(machine, &activations);
        y
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn a_product_is_the_plain_one_on_every_machine_and_each_row_is_the_same_alone(
            which in 0..FORMATS.len(), n_rows in 1_usize..50, n_blocks in 1_usize..4, t in 1_usize..40, seed: u64,
        ) {
            let (format, block_len, ..) = FORMATS[which];
            let n_columns = block_len * n_blocks * if block_len == 1 { 13 } else { 1 };
            let matrix = Matrix::pack(&tensor(format, n_rows, n_columns, seed), |r| n_rows - 1 - r);
            let mut noise = noise(!seed);
            let x: Vec<f32> = (0..t * n_columns).map(|_| 3.0 * noise()).collect();
            let y = multiply_with(Machine::here(), &matrix, &x);
            for machine in Machine::all() {
                prop_assert_eq!(&y, &multiply_with(machine, &matrix, &x), "{:?}", machine);
            }
            let mut weights = vec![0.0; n_columns];
            for (x, y) in x.chunks(n_columns).zip(y.chunks(n_rows)) {
                prop_assert_eq!(y, &*multiply_with(Machine::here(), &matrix, x));
                let x = if block_len == 1 { x.iter().map(|&x| f64::from(x)).collect() } else { quantized(x) };
                for (r, &y) in y.iter().enumerate() {
                    matrix.row(r, &mut weights);
                    let plain: f64 = weights.iter().zip(&x).map(|(&w, x)| f64::from(w) * x).sum();
                    // Each of n additions of a group or a column, and the products of scales before it, errs by ε/2 of what
                    // is summed; d·code and m, which cancel, are at most 32 times the largest of these weights apart.
                    let largest = weights.iter().fold(0.0_f64, |largest, &w| largest.max(f64::from(w.abs())));
                    let summed = x.iter().map(|x| x.abs()).sum::<f64>() * largest * if block_len == 1 { 1.0 } else { 32.0 };
                    let n_sums = if block_len == 1 { n_columns } else { n_columns / 8 };
                    let tolerance = summed * (n_sums + 4) as f64 * f64::from(f32::EPSILON) / 2.0;
                    prop_assert!((f64::from(y) - plain).abs() <= tolerance, "{y} for {plain} ± {tolerance}, {format:?}");
                }
            }
        }
    }

    #[test]
    fn rows_are_the_numbers_that_the_file_reader_decodes() {
        for (format, block_len, _, scales) in FORMATS {
            let n_columns = 3 * block_len;
            let tensor = tensor(format, 20, n_columns, 5);
            let matrix = Matrix::pack(&tensor, |r| (r * 7) % 20);
            let (mut row, mut expected) = (vec![0.0; n_columns], vec![0.0; n_columns]);
            for r in 0..20 {
                matrix.row(r, &mut row);
                let row_bytes = tensor.bytes.len() / 20;
                format.decode(&tensor.bytes[r * 7 % 20 * row_bytes..][..row_bytes], &mut expected);
                // The scales of K-quants are products that f16 rounds by 2⁻¹¹ of themselves; they multiply codes up to 32, or
                // cancel with a minimum of at most 64 times 0.01.
                let tolerance = match block_len {
                    256 if scales.len() == 2 => 2.0 * 0.64 * 32.0 / 2048.0,
                    256 => 0.01 * 128.0 * 32.0 / 2048.0,
                    _ => f32::EPSILON,
                };
                for (c, (value, expected)) in row.iter().zip(&expected).enumerate() {
                    assert!((value - expected).abs() <= tolerance, "{format:?} [{r}][{c}]: {value} for {expected}");
                }
            }
        }
    }

    #[test]
    fn the_number_of_threads_changes_no_bit() {
        for (format, n_rows, t) in [(Format::Q4_1, 3001, 1), (Format::Q8_0, 331, 21), (Format::F32, 500, 5)] {
            let matrix = Matrix::pack(&tensor(format, n_rows, 576, 4), |r| r);
            let mut noise = noise(6);
            let x: Vec<f32> = (0..t * 576).map(|_| noise()).collect();
            let expected = multiply_with(Machine::here(), &matrix, &x);
            for n_threads in [1, 2, 3, 5] {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
                let mut activations = Activations::default();
                activations.set(&x, 576);
                let mut y = vec![0.0; t * n_rows];
                pool.install(|| matrix.multiply(&activations, &mut y));
                assert_eq!(y, expected, "{format:?}, {n_threads} threads");
            }
        }
    }

    #[test]
    fn several_products_at_once_are_each_the_same_on_any_threads() {
        let shapes = [(Format::Q4_1, 3), (Format::F32, 800), (Format::Q8_0, 1000), (Format::Q6K, 17)];
        let matrices = shapes.map(|(format, n_rows)| Matrix::pack(&tensor(format, n_rows, 512, 7), |r| r));
        let mut noise = noise(8);
        let x: Vec<f32> = (0..6 * 512).map(|_| noise()).collect();
        for t in [1, 6] {
            let mut activations = Activations::default();
            activations.set(&x[..t * 512], 512);
            for n_threads in 1..6 {
                let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().unwrap();
                let mut outputs = shapes.map(|(_, n_rows)| vec![f32::NAN; t * n_rows]);
                let products = matrices.iter().zip(outputs.iter_mut().map(Vec::as_mut_slice));
                pool.install(|| multiply_all(&activations, products));
                for (matrix, output) in matrices.iter().zip(&outputs) {
                    assert_eq!(output, &multiply_with(Machine::here(), matrix, &x[..t * 512]));
                }
            }
        }
    }

    #[test]
    fn activations_that_are_set_again_forget_the_old_ones() {
        let [codes, numbers] =
            [Format::Q8_0, Format::F32].map(|format| Matrix::pack(&tensor(format, 16, 64, 1), |r| r));
        let mut noise = noise(2);
        let mut kept = Activations::default();
        for t in [3, 9, 1, 4] {
            let x: Vec<f32> = (0..t * 64).map(|_| noise()).collect();
            kept.set(&x, 64);
            for matrix in [&codes, &numbers] {
                let mut y = vec![0.0; t * 16];
                matrix.multiply(&kept, &mut y);
                assert_eq!(y, multiply_with(Machine::here(), matrix, &x));
            }
        }
    }

    #[test]
    fn a_number_that_is_none_makes_every_output_nan() {
        for format in [Format::Q4_0, Format::Q4_1, Format::Q6K] {
            let matrix = Matrix::pack(&tensor(format, 16, 256, 3), |r| r);
            for bad in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
                let mut x = [1.0; 256];
                x[40] = bad;
                for machine in Machine::all() {
                    assert!(
                        multiply_with(machine, &matrix, &x).iter().all(|y| y.is_nan()),
                        "{format:?} {bad} {machine:?}"
                    );
                }
            }
        }
    }

    #[test]
    fn zeros_and_tiny_numbers_give_zeros() {
        let matrix = Matrix::pack(&tensor(Format::Q4_1, 16, 64, 3), |r| r);
        for tiny in [0.0, 1e-38, 1e-44] {
            assert_eq!(multiply_with(Machine::here(), &matrix, &[tiny; 64]), [0.0; 16]);
        }
    }
}
