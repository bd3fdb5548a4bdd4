//! Dense matrices of real or complex numbers, row by row. A number is a matrix of one entry, a vector one of one column.
//!
//! The imaginary parts are absent as long as every entry is real, so that real work costs what real work costs.

/// A matrix of real or complex numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    rows: usize,
    cols: usize,
    re: Vec<f64>,
    im: Option<Vec<f64>>,
}

impl Tensor {
    /// A real matrix from its entries, row by row.
    pub fn real(rows: usize, cols: usize, re: Vec<f64>) -> Self {
        assert_eq!(re.len(), rows * cols, "a {rows} x {cols} matrix has {} entries", rows * cols);
        Self { rows, cols, re, im: None }
    }

    /// A complex matrix from its real and imaginary parts, row by row.
    pub fn complex(rows: usize, cols: usize, re: Vec<f64>, im: Vec<f64>) -> Self {
        assert_eq!(re.len(), rows * cols, "a {rows} x {cols} matrix has {} entries", rows * cols);
        assert_eq!(im.len(), re.len(), "as many imaginary as real parts");
        Self { rows, cols, re, im: Some(im) }
    }

    /// A matrix of one entry.
    pub fn number(value: f64) -> Self {
        Self::real(1, 1, vec![value])
    }

    /// A matrix whose entries are all the same.
    pub fn filled(rows: usize, cols: usize, value: f64) -> Self {
        Self::real(rows, cols, vec![value; rows * cols])
    }

    /// A real matrix whose entries are a function of row and column, counted from 0.
    pub fn from_fn(rows: usize, cols: usize, entry: impl Fn(usize, usize) -> f64) -> Self {
        let re = (0..rows * cols).map(|at| entry(at / cols, at % cols)).collect();
        Self::real(rows, cols, re)
    }

    /// The identity matrix of `n` rows.
    pub fn identity(n: usize) -> Self {
        Self::from_fn(n, n, |row, col| f64::from(u8::from(row == col)))
    }

    /// The number of rows.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// The number of columns.
    pub fn cols(&self) -> usize {
        self.cols
    }

    /// The real parts, row by row.
    pub fn re(&self) -> &[f64] {
        &self.re
    }

    /// The imaginary parts, row by row, unless every entry is real.
    pub fn im(&self) -> Option<&[f64]> {
        self.im.as_deref()
    }

    pub(crate) fn re_mut(&mut self) -> &mut [f64] {
        &mut self.re
    }

    pub(crate) fn is_complex(&self) -> bool {
        self.im.is_some()
    }

    /// Real and imaginary part of one entry.
    pub(crate) fn entry(&self, row: usize, col: usize) -> (f64, f64) {
        let at = row * self.cols + col;
        (self.re[at], self.im.as_ref().map_or(0.0, |im| im[at]))
    }

    pub(crate) fn is_number(&self) -> bool {
        self.rows == 1 && self.cols == 1
    }

    /// The real part of the first entry.
    pub(crate) fn first(&self) -> f64 {
        self.re[0]
    }

    /// `sqrt(sum |a_ij|^2)`.
    pub fn norm(&self) -> f64 {
        let im = self.im.as_ref().map_or(0.0, |im| sum_of_squares(im));
        (sum_of_squares(&self.re) + im).sqrt()
    }

    /// The largest absolute value of an entry.
    pub(crate) fn largest(&self) -> f64 {
        let im = self.im.as_deref().unwrap_or(&[]);
        if im.is_empty() {
            return self.re.iter().fold(0.0, |most: f64, x| most.max(x.abs()));
        }
        self.re.iter().zip(im).fold(0.0, |most: f64, (x, y)| most.max(x.hypot(*y)))
    }

    pub(crate) fn is_finite(&self) -> bool {
        self.re.iter().all(|x| x.is_finite()) && self.im.as_ref().is_none_or(|im| im.iter().all(|x| x.is_finite()))
    }

    /// Both parts through one linear function of real slices.
    fn linear(&self, rows: usize, cols: usize, map: impl Fn(&[f64]) -> Vec<f64>) -> Self {
        Self { rows, cols, re: map(&self.re), im: self.im.as_deref().map(map) }
    }

    pub(crate) fn scaled(&self, by: f64) -> Self {
        self.linear(self.rows, self.cols, |part| part.iter().map(|x| x * by).collect())
    }

    /// `a + by b`.
    pub(crate) fn plus(&self, other: &Self, by: f64) -> Self {
        assert_eq!((self.rows, self.cols), (other.rows, other.cols), "a sum is of matrices of one shape");
        let re = self.re.iter().zip(&other.re).map(|(a, b)| a + by * b).collect();
        let im = match (&self.im, &other.im) {
            (None, None) => None,
            (Some(a), None) => Some(a.clone()),
            (None, Some(b)) => Some(b.iter().map(|b| by * b).collect()),
            (Some(a), Some(b)) => Some(a.iter().zip(b).map(|(a, b)| a + by * b).collect()),
        };
        Self { rows: self.rows, cols: self.cols, re, im }
    }

    /// The product entry by entry.
    pub(crate) fn hadamard(&self, other: &Self) -> Self {
        assert_eq!(
            (self.rows, self.cols),
            (other.rows, other.cols),
            "an entrywise product is of matrices of one shape"
        );
        self.bilinear(other, self.rows, self.cols, |a, b| a.iter().zip(b).map(|(a, b)| a * b).collect())
    }

    /// A product with a matrix of one entry.
    pub(crate) fn times_number(&self, number: &Self) -> Self {
        self.bilinear(number, self.rows, self.cols, |a, b| a.iter().map(|a| a * b[0]).collect())
    }

    /// The matrix product.
    pub(crate) fn matmul(&self, other: &Self) -> Self {
        assert_eq!(self.cols, other.rows, "the inner sizes of a product agree");
        let (n, k, m) = (self.rows, self.cols, other.cols);
        self.bilinear(other, n, m, |a, b| product(a, b, n, k, m))
    }

    /// A product of complex matrices from one of real ones.
    fn bilinear(&self, other: &Self, rows: usize, cols: usize, map: impl Fn(&[f64], &[f64]) -> Vec<f64>) -> Self {
        let mut re = map(&self.re, &other.re);
        let im = match (&self.im, &other.im) {
            (None, None) => None,
            (Some(im), None) => Some(map(im, &other.re)),
            (None, Some(im)) => Some(map(&self.re, im)),
            (Some(a), Some(b)) => {
                map(a, b).iter().zip(&mut re).for_each(|(less, re)| *re -= less);
                let mut im = map(&self.re, b);
                map(a, &other.re).iter().zip(&mut im).for_each(|(more, im)| *im += more);
                Some(im)
            }
        };
        Self { rows, cols, re, im }
    }

    pub(crate) fn conj(&self) -> Self {
        Self { im: self.im.as_ref().map(|im| im.iter().map(|x| -x).collect()), ..self.clone() }
    }

    pub(crate) fn real_part(&self) -> Self {
        Self::real(self.rows, self.cols, self.re.clone())
    }

    /// The transposed matrix, not conjugated.
    pub(crate) fn transposed(&self) -> Self {
        let (rows, cols) = (self.rows, self.cols);
        self.linear(cols, rows, |part| (0..rows * cols).map(|at| part[(at % rows) * cols + at / rows]).collect())
    }

    /// The conjugate transpose.
    pub(crate) fn adjoint(&self) -> Self {
        self.conj().transposed()
    }

    /// The sum of all entries, a matrix of one entry.
    pub(crate) fn total(&self) -> Self {
        self.linear(1, 1, |part| vec![part.iter().sum()])
    }

    /// Rows `rows.0..rows.1` and columns `cols.0..cols.1`, counted from 0.
    pub(crate) fn block(&self, rows: (usize, usize), cols: (usize, usize)) -> Self {
        let width = self.cols;
        self.linear(rows.1 - rows.0, cols.1 - cols.0, |part| {
            (rows.0..rows.1).flat_map(|row| part[row * width + cols.0..row * width + cols.1].to_vec()).collect()
        })
    }

    /// This matrix as a block, its first entry at `at`, of a larger matrix of zeros.
    pub(crate) fn padded(&self, at: (usize, usize), rows: usize, cols: usize) -> Self {
        let (height, width) = (self.rows, self.cols);
        self.linear(rows, cols, |part| {
            let mut whole = vec![0.0; rows * cols];
            for row in 0..height {
                let start = (at.0 + row) * cols + at.1;
                whole[start..start + width].copy_from_slice(&part[row * width..(row + 1) * width]);
            }
            whole
        })
    }

    /// The same entries, column by column, in another shape.
    pub(crate) fn reshaped(&self, rows: usize, cols: usize) -> Self {
        assert_eq!(rows * cols, self.re.len(), "a reshaped matrix keeps its entries");
        let turned = self.transposed();
        Self { rows: cols, cols: rows, ..turned }.transposed()
    }

    /// Every real entry through a function. Complex entries are not expected here.
    pub(crate) fn map(&self, f: impl Fn(f64) -> f64) -> Self {
        Self::real(self.rows, self.cols, self.re.iter().map(|x| f(*x)).collect())
    }

    /// Every complex entry through a function.
    pub(crate) fn map_complex(&self, f: impl Fn(f64, f64) -> (f64, f64)) -> Self {
        let (re, im) = (0..self.re.len()).map(|at| f(self.re[at], self.im.as_ref().map_or(0.0, |im| im[at]))).unzip();
        Self::complex(self.rows, self.cols, re, im)
    }

    /// `Re sum conj(a_ij) b_ij`.
    pub(crate) fn inner(&self, other: &Self) -> f64 {
        let re: f64 = self.re.iter().zip(&other.re).map(|(a, b)| a * b).sum();
        let im: f64 = match (&self.im, &other.im) {
            (Some(a), Some(b)) => a.iter().zip(b).map(|(a, b)| a * b).sum(),
            _ => 0.0,
        };
        re + im
    }
}

fn sum_of_squares(part: &[f64]) -> f64 {
    part.iter().map(|x| x * x).sum()
}

fn product(a: &[f64], b: &[f64], n: usize, k: usize, m: usize) -> Vec<f64> {
    let mut c = vec![0.0; n * m];
    for row in 0..n {
        let out = &mut c[row * m..(row + 1) * m];
        for inner in 0..k {
            let factor = a[row * k + inner];
            if factor != 0.0 {
                out.iter_mut().zip(&b[inner * m..(inner + 1) * m]).for_each(|(out, b)| *out += factor * b);
            }
        }
    }
    c
}
