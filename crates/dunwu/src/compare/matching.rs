//! Which feature of one network is which of the other: pairs of units with the largest |correlation|.

use super::alignment::cross;
use serde::Serialize;

/// Units of the smaller side up to which the best of all assignments is found; its cost grows with their cube, and at 1024 it
/// is some seconds.
const LARGEST_EXACT: usize = 1024;
/// |correlation| from which two units count as one feature: at 0.9 the one says 81 % of the other's variance.
pub const MATCHED: f64 = 0.9;

/// A unit whose standard deviation is below this share of the largest in its network is left out: correlation has no scale, and
/// what has decayed to nothing would count as much as a feature. The share at which labels call a unit's weights dead.
const SILENT: f64 = 0.01;

/// Units paired one to one, those that hardly vary left out.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, schemars::JsonSchema)]
pub struct Matching {
    /// Units of each network that vary.
    pub n_units: [usize; 2],
    /// Pairs: as many as the network with fewer such units has of them.
    pub n_pairs: usize,
    /// Pairs whose |correlation| is at least [`MATCHED`].
    pub n_matched: usize,
    /// Mean |correlation| of the pairs.
    pub mean: f64,
    /// How the pairs were found.
    pub method: Method,
}

/// How pairs are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Method {
    /// The assignment with the largest sum (Kuhn 1955, by shortest augmenting paths).
    Optimal,
    /// The largest |correlation| first, then the largest of what is left.
    Greedy,
}

impl Matching {
    /// Pairs the columns of two arrays over the same n samples; `None` where no column of one varies or an entry is not finite.
    pub(super) fn of(x: &[f32], x_columns: usize, y: &[f32], y_columns: usize) -> Option<Self> {
        let n = x.len() / x_columns.max(1);
        if n == 0 || y_columns == 0 || y.len() / y_columns != n || x.iter().chain(y).any(|v| !v.is_finite()) {
            return None;
        }
        let ((x, x_columns), (y, y_columns)) = (standardised(x, x_columns), standardised(y, y_columns));
        if x_columns == 0 || y_columns == 0 {
            return None;
        }
        let (n_rows, n_columns, mut table) = if x_columns <= y_columns {
            (x_columns, y_columns, cross(&x, x_columns, &y, y_columns, n))
        } else {
            (y_columns, x_columns, cross(&y, y_columns, &x, x_columns, n))
        };
        table.iter_mut().for_each(|c| *c = c.abs());
        let method = if n_rows <= LARGEST_EXACT { Method::Optimal } else { Method::Greedy };
        let columns = match method {
            Method::Optimal => optimal(&table, n_rows, n_columns),
            Method::Greedy => greedy(&table, n_rows, n_columns),
        };
        let pairs: Vec<f64> =
            columns.iter().enumerate().map(|(row, &column)| f64::from(table[row * n_columns + column])).collect();
        Some(Self {
            n_units: [x_columns, y_columns],
            n_pairs: n_rows,
            n_matched: pairs.iter().filter(|&&c| c >= MATCHED).count(),
            mean: pairs.iter().sum::<f64>() / n_rows as f64,
            method,
        })
    }
}

/// The columns that vary, centred and of length 1, and how many they are.
fn standardised(x: &[f32], n_columns: usize) -> (Vec<f32>, usize) {
    let n = (x.len() / n_columns) as f64;
    let mut means = vec![0.0; n_columns];
    for row in x.chunks_exact(n_columns) {
        means.iter_mut().zip(row).for_each(|(mean, &x)| *mean += f64::from(x) / n);
    }
    let mut sums = vec![(0.0_f64, 0.0_f64); n_columns];
    for row in x.chunks_exact(n_columns) {
        for (((variation, power), &x), mean) in sums.iter_mut().zip(row).zip(&means) {
            *variation += (f64::from(x) - mean).powi(2);
            *power += f64::from(x).powi(2);
        }
    }
    let largest = sums.iter().fold(0.0_f64, |largest, &(variation, _)| largest.max(variation));
    // What varies by less than the rounding of f32 entries, (4ε)² of their power, does not vary.
    let rounding = 16.0 * f64::from(f32::EPSILON).powi(2);
    let varies =
        |&(variation, power): &(f64, f64)| variation > rounding * power && variation >= SILENT.powi(2) * largest;
    let kept: Vec<usize> = (0..n_columns).filter(|&column| varies(&sums[column])).collect();
    let scaled = |row: &[f32], c: usize| ((f64::from(row[c]) - means[c]) / sums[c].0.sqrt()) as f32;
    let values = x.chunks_exact(n_columns).flat_map(|row| kept.iter().map(move |&c| scaled(row, c))).collect();
    (values, kept.len())
}

/// The column of each row, no column twice, with the largest sum of entries; `n_rows ≤ n_columns`.
///
/// Rows join one at a time along the shortest augmenting path (Jonker & Volgenant 1987), with prices that keep reduced costs
/// non-negative: O(`n_rows`² · `n_columns`).
fn optimal(table: &[f32], n_rows: usize, n_columns: usize) -> Vec<usize> {
    const FREE: usize = usize::MAX;
    let cost = |row: usize, column: usize| -f64::from(table[row * n_columns + column]);
    let (mut row_price, mut column_price) = (vec![0.0; n_rows], vec![0.0; n_columns]);
    let mut row_of = vec![FREE; n_columns];
    for new_row in 0..n_rows {
        let mut distance = vec![f64::INFINITY; n_columns];
        let mut reached_from = vec![FREE; n_columns];
        let mut is_done = vec![false; n_columns];
        let (mut row, mut through, mut length) = (new_row, FREE, 0.0);
        let end = loop {
            let mut nearest = FREE;
            for column in 0..n_columns {
                if is_done[column] {
                    continue;
                }
                let reduced = length + cost(row, column) - row_price[row] - column_price[column];
                if reduced < distance[column] {
                    (distance[column], reached_from[column]) = (reduced, through);
                }
                if nearest == FREE || distance[column] < distance[nearest] {
                    nearest = column;
                }
            }
            length = distance[nearest];
            is_done[nearest] = true;
            if row_of[nearest] == FREE {
                break nearest;
            }
            (row, through) = (row_of[nearest], nearest);
        };
        row_price[new_row] += length;
        for column in (0..n_columns).filter(|&column| is_done[column] && column != end) {
            row_price[row_of[column]] += length - distance[column];
            column_price[column] -= length - distance[column];
        }
        let mut column = end;
        while reached_from[column] != FREE {
            row_of[column] = row_of[reached_from[column]];
            column = reached_from[column];
        }
        row_of[column] = new_row;
    }
    let mut column_of = vec![0; n_rows];
    for (column, &row) in row_of.iter().enumerate().filter(|&(_, &row)| row != FREE) {
        column_of[row] = column;
    }
    column_of
}

/// The column of each row, the largest entries first; `n_rows ≤ n_columns`.
fn greedy(table: &[f32], n_rows: usize, n_columns: usize) -> Vec<usize> {
    let mut entries: Vec<usize> = (0..table.len()).collect();
    entries.sort_by(|&a, &b| table[b].total_cmp(&table[a]).then(a.cmp(&b)));
    let (mut column_of, mut is_taken) = (vec![None; n_rows], vec![false; n_columns]);
    for entry in entries {
        let (row, column) = (entry / n_columns, entry % n_columns);
        if column_of[row].is_none() && !is_taken[column] {
            (column_of[row], is_taken[column]) = (Some(column), true);
        }
    }
    column_of.into_iter().map(|column| column.expect("there are as many columns as rows")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sum(table: &[f32], n_columns: usize, columns: &[usize]) -> f64 {
        columns.iter().enumerate().map(|(row, column)| f64::from(table[row * n_columns + column])).sum()
    }

    /// The largest sum over all assignments of the rows from `row` on.
    fn best(table: &[f32], n_rows: usize, n_columns: usize, row: usize, taken: u32) -> f64 {
        if row == n_rows {
            return 0.0;
        }
        let free = (0..n_columns).filter(|column| taken & (1 << column) == 0);
        free.map(|c| f64::from(table[row * n_columns + c]) + best(table, n_rows, n_columns, row + 1, taken | 1 << c))
            .fold(f64::NEG_INFINITY, f64::max)
    }

    proptest! {
        #[test]
        fn the_optimal_assignment_is_the_best_of_all(
            (n_rows, n_columns, table) in (1_usize..6, 0_usize..3).prop_flat_map(|(n_rows, more)| {
                let n_columns = n_rows + more;
                // Few different values, so that there are ties.
                let table = proptest::collection::vec((0_u8..6).prop_map(|v| f32::from(v) / 5.0), n_rows * n_columns);
                (Just(n_rows), Just(n_columns), table)
            })
        ) {
            for (columns, is_best) in [(optimal(&table, n_rows, n_columns), true), (greedy(&table, n_rows, n_columns), false)] {
                let mut distinct = columns.clone();
                distinct.sort_unstable();
                distinct.dedup();
                prop_assert_eq!(distinct.len(), n_rows);
                let (found, most) = (sum(&table, n_columns, &columns), best(&table, n_rows, n_columns, 0, 0));
                // Sums of at most 5 f32 values in f64 are exact to 1e-15.
                prop_assert!(found <= most + 1e-12 && (!is_best || found >= most - 1e-12));
                // Greedy is at least half of the best.
                prop_assert!(2.0 * found >= most - 1e-12);
            }
        }
    }

    /// Columns dealt anew, with other signs, scales and shifts, and some more.
    #[test]
    fn a_permutation_is_recovered() {
        let (n, k) = (40, 7);
        let x: Vec<f32> = (0..n * k).map(|e| ((e * e * 31 + e * 17) % 101) as f32 / 50.0 - 1.0).collect();
        let mut y = Vec::new();
        for row in x.chunks_exact(k) {
            y.extend((0..k).map(|c| (if c % 2 == 0 { -2.0 } else { 0.5 }) * row[(c * 3 + 2) % k] + 1.0));
            // One that nothing corresponds to, and two that hardly vary or do not at all.
            y.extend([row[0] * row[1], 1e-3 * row[2], 0.25]);
        }
        let matching = Matching::of(&x, k, &y, k + 3).unwrap();
        assert_eq!((matching.n_units, matching.n_pairs, matching.n_matched), ([7, 8], 7, 7));
        assert_eq!(matching.method, Method::Optimal);
        assert!((matching.mean - 1.0).abs() < 1e-5, "{matching:?}");
        assert_eq!(Matching::of(&y, k + 3, &x, k).map(|m| m.n_matched), Some(7), "either way around");
        assert_eq!(Matching::of(&x, k, &vec![3.0; n], 1), None, "nothing varies");
        assert_eq!(Matching::of(&x, k, &[], 0), None);
        assert_eq!(Matching::of(&x, k, &[f32::NAN; 40], 1), None);
    }
}
