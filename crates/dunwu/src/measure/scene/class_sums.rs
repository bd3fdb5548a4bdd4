//! Sums of activations over the samples of each label, in f64: all that per-unit statistics need of the samples.

use pulp::Arch;

/// Counts and sums by label.
#[derive(Clone)]
pub(crate) struct ClassSums {
    pub(crate) n_units: usize,
    /// Samples of each label, `[label]`.
    pub(crate) counts: Vec<f64>,
    /// Σ f over the samples of a label, `[label][unit]`.
    pub(crate) sums: Vec<f64>,
}

impl ClassSums {
    pub(crate) fn zeros(n_labels: usize, n_units: usize) -> Self {
        Self { n_units, counts: vec![0.0; n_labels], sums: vec![0.0; n_labels * n_units] }
    }

    /// Adds one sample's activations `weight` times: 1 to add, −1 to take away.
    pub(crate) fn add(&mut self, label: u32, activations: &[f32], weight: f64) {
        let label = label as usize;
        self.counts[label] += weight;
        let row = &mut self.sums[label * self.n_units..][..self.n_units];
        for (sum, &f) in row.iter_mut().zip(activations) {
            *sum += weight * f64::from(f);
        }
    }

    /// Samples.
    pub(crate) fn n(&self) -> f64 {
        self.counts.iter().sum()
    }

    /// The sums of units whose activations are `factors` times these, `[unit]`.
    pub(crate) fn scaled(&self, factors: &[f64]) -> Self {
        let scaled = |row: &[f64]| row.iter().zip(factors).map(|(sum, factor)| sum * factor).collect::<Vec<_>>();
        Self { sums: self.sums.chunks_exact(self.n_units).flat_map(scaled).collect(), ..self.clone() }
    }

    /// Adds another table.
    pub(crate) fn merge(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(a, b)| *a += b);
        self.sums.iter_mut().zip(&other.sums).for_each(|(a, b)| *a += b);
    }

    /// Mean activation of each unit, `[unit]`.
    pub(crate) fn means(&self) -> Vec<f64> {
        let n = self.n();
        let mut means = vec![0.0; self.n_units];
        for row in self.sums.chunks_exact(self.n_units) {
            means.iter_mut().zip(row).for_each(|(mean, sum)| *mean += sum);
        }
        for mean in &mut means {
            *mean /= n;
        }
        means
    }

    /// Ỹᵀσ of one unit: `Σ_{yᵢ = h} (fᵢ − f̄)` for each label h.
    pub(crate) fn centred(&self, unit: usize, mean: f64) -> impl Iterator<Item = f64> + '_ {
        self.counts.iter().enumerate().map(move |(label, count)| self.sums[label * self.n_units + unit] - count * mean)
    }
}

/// [`ClassSums`] with the sums of squares.
#[derive(Clone)]
pub(crate) struct ClassMoments {
    pub(crate) first: ClassSums,
    /// Σ f² over the samples of a label, `[label][unit]`.
    pub(crate) squares: Vec<f64>,
    /// Sums and sums of squares once more, `[unit][label]`, so that what is asked of one unit lies together.
    by_unit: Vec<[f64; 2]>,
}

/// Units whose sums over all labels are added to together: those of 71 labels stay in the second-level cache.
const UNITS: usize = 256;

impl ClassMoments {
    pub(crate) fn zeros(n_labels: usize, n_units: usize) -> Self {
        Self { first: ClassSums::zeros(n_labels, n_units), squares: vec![0.0; n_labels * n_units], by_unit: Vec::new() }
    }

    /// Adds the activations of these samples, `[sample][unit]`.
    pub(crate) fn add_block(&mut self, labels: &[u32], activations: &[f32]) {
        let n_units = self.first.n_units;
        assert_eq!(activations.len(), labels.len() * n_units, "a row of activations a sample");
        labels.iter().for_each(|&label| self.first.counts[label as usize] += 1.0);
        let (sums, squares) = (&mut self.first.sums, &mut self.squares);
        Arch::new().dispatch(
            #[inline(always)]
            || {
                for first in (0..n_units).step_by(UNITS) {
                    let width = UNITS.min(n_units - first);
                    for (row, &label) in activations.chunks_exact(n_units).zip(labels) {
                        let at = label as usize * n_units + first;
                        let (sums, squares) = (&mut sums[at..][..width], &mut squares[at..][..width]);
                        for ((sum, square), &f) in sums.iter_mut().zip(squares).zip(&row[first..][..width]) {
                            let f = f64::from(f);
                            *sum += f;
                            *square += f * f;
                        }
                    }
                }
            },
        );
    }

    /// After the last sample: makes [`Self::of_unit`] possible.
    pub(crate) fn order_by_unit(&mut self) {
        let (n_units, n_labels) = (self.first.n_units, self.first.counts.len());
        self.by_unit = vec![[0.0; 2]; n_units * n_labels];
        for label in 0..n_labels {
            let sums = self.first.sums[label * n_units..].iter().zip(&self.squares[label * n_units..]);
            for (unit, (&sum, &square)) in sums.take(n_units).enumerate() {
                self.by_unit[unit * n_labels + label] = [sum, square];
            }
        }
    }

    /// Count, sum and sum of squares of one unit for each label that occurs.
    pub(crate) fn of_unit(&self, unit: usize) -> impl Iterator<Item = Cell> + '_ {
        let n_labels = self.first.counts.len();
        let cells = self.first.counts.iter().zip(&self.by_unit[unit * n_labels..][..n_labels]).enumerate();
        cells.filter(|(_, (count, _))| **count > 0.0).map(|(label, (&count, &[sum, square]))| Cell {
            label,
            count,
            sum,
            square,
        })
    }
}

/// One unit over the samples of one label.
#[derive(Clone, Copy)]
pub(crate) struct Cell {
    pub(crate) label: usize,
    pub(crate) count: f64,
    pub(crate) sum: f64,
    pub(crate) square: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `Ỹᵀ F` by the n×M definition of Ỹ = (I − 11ᵀ/n) Y.
    #[test]
    fn class_sums_are_the_dense_product() {
        let labels = [0_u32, 2, 2, 1, 0, 2, 2];
        let f: Vec<f32> = (0..labels.len() * 2).map(|i| ((i * 37 % 11) as f32 - 4.0) / 3.0).collect();
        let mut moments = ClassMoments::zeros(4, 2);
        moments.add_block(&labels[..3], &f[..6]);
        moments.add_block(&labels[3..], &f[6..]);
        moments.order_by_unit();
        let n = labels.len() as f64;
        let means = moments.first.means();
        for unit in 0..2 {
            let centred: Vec<f64> = moments.first.centred(unit, means[unit]).collect();
            for label in 0..4_u32 {
                let share = labels.iter().filter(|&&y| y == label).count() as f64 / n;
                let dense: f64 = (0..labels.len())
                    .map(|i| (f64::from(u8::from(labels[i] == label)) - share) * f64::from(f[i * 2 + unit]))
                    .sum();
                assert!((centred[label as usize] - dense).abs() < 1e-13);
            }
        }
        assert_eq!(moments.of_unit(0).count(), 3);
        let second: f64 = moments.of_unit(1).map(|cell| cell.square).sum();
        let dense: f64 = f.iter().skip(1).step_by(2).map(|&x| f64::from(x) * f64::from(x)).sum();
        assert!((second - dense).abs() < 1e-13);
    }
}
