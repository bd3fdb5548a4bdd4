//! Isotypic components of any group, without a character table.
//!
//! Convolution with a class function c is a scalar on each isotypic component, and it is symmetric where c(g) = c(g⁻¹). A
//! random c separates the components as eigenspaces. Their number is known exactly, the number of classes with C and C⁻¹
//! counted once, so the spectrum is cut at its largest gaps without a tolerance. These first components may have been split
//! at narrow gaps and carry their rounding errors; so their own class functions are combined to an operator whose eigenvalues
//! are 0, 1, 2, …, and that one is decomposed once more.

use super::decomposition::{Decomposition, DecompositionError, Irrep, IrrepKind};
use crate::measure::dense::eigen;
use dunwu_engine::random::{Stream, rng};
use dunwu_engine::task::CayleyTable;
use faer::linalg::matmul::matmul;
use faer::{Accum, Mat, MatRef, Par};
use rand_chacha::rand_core::RngCore;
use std::cmp::Reverse;

/// Random combinations that are tried before giving up. One has been enough for every group in the tests.
const ATTEMPTS: usize = 8;

/// A larger deviation means that something was not separated, not that it was rounded.
const RESIDUAL_LIMIT: f64 = 1e-8;

/// What the algorithm needs of a group.
struct Group<'a> {
    table: &'a CayleyTable,
    identity: u32,
    inverses: Vec<u32>,
    generators: Vec<u32>,
    /// For each element, the number of its class, C and C⁻¹ counted once.
    class_of: Vec<usize>,
    n_classes: usize,
}

/// A component with what was read off it.
struct Component {
    degree: usize,
    kind: IrrepKind,
    /// Real part of the character on each class, times 10⁶, rounded: the sort key.
    character: Vec<i64>,
    /// Basis vectors, one a row.
    rows: Vec<f64>,
}

/// The decomposition of a table that is a group.
pub(super) fn decomposition(table: &CayleyTable) -> Result<Decomposition, DecompositionError> {
    let group = Group::new(table);
    let mut rng = rng(0, Stream::Decomposition);
    let mut best = f64::INFINITY;
    for _ in 0..ATTEMPTS {
        let random: Vec<f64> = (0..group.n_classes).map(|_| unit_interval(&mut rng) - 0.5).collect();
        let Some(components) = group.components(&random) else { continue };
        let decomposition = group.assemble(components);
        if decomposition.residual <= RESIDUAL_LIMIT {
            return Ok(decomposition);
        }
        best = best.min(decomposition.residual);
    }
    Err(DecompositionError::NotSeparated { order: table.order, residual: best })
}

impl<'a> Group<'a> {
    fn new(table: &'a CayleyTable) -> Self {
        const GROUP: &str = "the caller has checked that the table is a group";
        let inverses = table.inverses().expect(GROUP);
        let mut class_of = vec![usize::MAX; table.order];
        let mut n_classes = 0;
        for class in table.classes().expect(GROUP) {
            if class_of[class[0] as usize] != usize::MAX {
                continue; // the inverse of an earlier class
            }
            for &g in &class {
                class_of[g as usize] = n_classes;
                class_of[inverses[g as usize] as usize] = n_classes;
            }
            n_classes += 1;
        }
        let identity = table.identity().expect(GROUP);
        let generators = table.generators().expect(GROUP);
        Self { table, identity, inverses, generators, class_of, n_classes }
    }

    /// The isotypic components, unordered; `None` where this combination did not separate them.
    fn components(&self, random: &[f64]) -> Option<Vec<Component>> {
        let order = self.table.order;
        let (eigenvalues, vectors) = self.eigenspaces(random)?;
        let mut by_gap: Vec<usize> = (1..order).collect();
        by_gap
            .sort_by(|&i, &j| (eigenvalues[j] - eigenvalues[j - 1]).total_cmp(&(eigenvalues[i] - eigenvalues[i - 1])));
        let mut cuts = by_gap[..self.n_classes - 1].to_vec();
        cuts.sort_unstable();
        // Component number `i` counted from the lowest eigenvalue gets eigenvalue i.
        let mut spaced = vec![0.0; self.n_classes];
        for (row, number) in (0..order).map(|row| (row, cuts.partition_point(|&cut| cut <= row))) {
            let vector = vectors.col(row);
            let scale = number as f64 * vector[self.identity as usize];
            (0..order).for_each(|g| spaced[self.class_of[g]] += scale * vector[g]);
        }
        let mut class_sizes = vec![0.0; self.n_classes];
        self.class_of.iter().for_each(|&class| class_sizes[class] += 1.0);
        spaced.iter_mut().zip(&class_sizes).for_each(|(sum, size)| *sum /= size);

        let (eigenvalues, vectors) = self.eigenspaces(&spaced)?;
        let mut rows_of = vec![Vec::new(); self.n_classes];
        for (row, &eigenvalue) in eigenvalues.iter().enumerate() {
            let number = eigenvalue.round();
            if (eigenvalue - number).abs() > 0.01 || number < 0.0 || number >= self.n_classes as f64 {
                return None;
            }
            rows_of[number as usize].extend(vectors.col(row).iter());
        }
        rows_of.into_iter().map(|rows| self.component(rows)).collect()
    }

    /// Eigenvalues, ascending, and eigenvectors of the convolution with a class function: `A[h, k] = c(h k⁻¹)`.
    fn eigenspaces(&self, of_class: &[f64]) -> Option<(Vec<f64>, Mat<f64>)> {
        let order = self.table.order;
        let quotient = |h: usize, k: usize| self.table.times(h as u32, self.inverses[k]) as usize;
        let operator = Mat::from_fn(order, order, |h, k| of_class[self.class_of[quotient(h, k)]]);
        eigen(operator.as_ref())
    }

    /// Degree, kind and character of the component that `rows` span; `None` where they span no component.
    fn component(&self, rows: Vec<f64>) -> Option<Component> {
        let order = self.table.order;
        let dimension = rows.len() / order;
        // The projector's column at the identity: (d/M) χ, or (d/M)(χ + χ̄) for a complex pair.
        let mut of_identity = vec![0.0; order];
        for row in rows.chunks_exact(order) {
            let scale = row[self.identity as usize];
            of_identity.iter_mut().zip(row).for_each(|(cell, &value)| *cell += scale * value);
        }
        // d² = 2d′² has no solution, so the dimension alone tells a pair from a single irrep.
        let (degree, is_pair) = if dimension == dimension.isqrt().pow(2) {
            (dimension.isqrt(), false)
        } else {
            ((dimension / 2).isqrt(), true)
        };
        if degree == 0 || dimension != degree * degree * if is_pair { 2 } else { 1 } {
            return None;
        }
        let d = degree as f64;
        // Σ_g (d/M) χ(g²) = d · (Frobenius–Schur indicator)
        let square = |g: u32| self.table.times(g, g) as usize;
        let indicator: f64 = (0..order as u32).map(|g| of_identity[square(g)]).sum::<f64>() / d;
        let (kind, expected) = match (is_pair, indicator > 0.0) {
            (true, _) => (IrrepKind::Complex, 0.0),
            (false, true) => (IrrepKind::Real, 1.0),
            (false, false) => (IrrepKind::Quaternionic, -1.0),
        };
        if (indicator - expected).abs() > 0.01 {
            return None;
        }
        let real_character = order as f64 / if is_pair { 2.0 * d } else { d };
        let mut character = vec![0; self.n_classes];
        for (&class, &value) in self.class_of.iter().zip(&of_identity) {
            character[class] = (1e6 * real_character * value).round() as i64;
        }
        Some(Component { degree, kind, character, rows })
    }

    /// The components in their canonical order, named, with the deviation of the whole.
    fn assemble(&self, mut components: Vec<Component>) -> Decomposition {
        components
            .sort_by(|a, b| (a.degree, a.kind, Reverse(&a.character)).cmp(&(b.degree, b.kind, Reverse(&b.character))));
        let n_linear: usize =
            components.iter().filter(|c| c.degree == 1).map(|c| c.rows.len() / self.table.order).sum();
        let mut irreps: Vec<Irrep> = Vec::with_capacity(components.len());
        let mut basis = Vec::with_capacity(self.table.order.pow(2));
        for (irrep_idx, Component { degree, kind, rows, .. }) in components.into_iter().enumerate() {
            let number = 1 + irreps.iter().filter(|irrep| irrep.degree == degree).count();
            let name = match (irrep_idx, degree) {
                (0, _) => "trivial".to_owned(),
                // The only other homomorphism to {1, −1} where there are two.
                (_, 1) if n_linear == 2 => "sign".to_owned(),
                _ => format!("degree {degree} #{number}"),
            };
            irreps.push(Irrep { name, degree, kind, dimension: rows.len() / self.table.order });
            basis.extend(rows);
        }
        let residual = self.residual(&irreps, &basis);
        Decomposition { order: self.table.order, irreps, basis, residual }
    }

    /// Largest entry of `BBᵀ − I`, and of `B L_g Bᵀ` and `B R_g Bᵀ` outside the components' blocks, g over generators: zero means
    /// orthogonal, complete, and invariant on both sides.
    fn residual(&self, irreps: &[Irrep], basis: &[f64]) -> f64 {
        let order = self.table.order;
        let basis = MatRef::from_row_major_slice(basis, order, order);
        let mut product = Mat::<f64>::zeros(order, order);
        matmul(product.as_mut(), Accum::Replace, basis, basis.transpose(), 1.0, Par::Seq);
        let mut residual = 0.0f64;
        for (row, column) in (0..order).flat_map(|row| (0..order).map(move |column| (row, column))) {
            let identity = f64::from(u8::from(row == column));
            residual = residual.max((product[(row, column)] - identity).abs());
        }
        let blocks = irreps.iter().enumerate();
        let block_of: Vec<usize> =
            blocks.flat_map(|(block, irrep)| std::iter::repeat_n(block, irrep.dimension)).collect();
        let left = |g: u32, h: usize| self.table.times(g, h as u32) as usize;
        let right = |g: u32, h: usize| self.table.times(h as u32, g) as usize;
        for &g in &self.generators {
            for shifted in [
                Mat::from_fn(order, order, |row, h| basis[(row, left(g, h))]),
                Mat::from_fn(order, order, |row, h| basis[(row, right(g, h))]),
            ] {
                matmul(product.as_mut(), Accum::Replace, shifted.as_ref(), basis.transpose(), 1.0, Par::Seq);
                for (row, column) in (0..order).flat_map(|row| (0..order).map(move |column| (row, column))) {
                    if block_of[row] != block_of[column] {
                        residual = residual.max(product[(row, column)].abs());
                    }
                }
            }
        }
        residual
    }
}

/// A uniform number in [0, 1) with 53 bits.
fn unit_interval(rng: &mut impl RngCore) -> f64 {
    (rng.next_u64() >> 11) as f64 / (1u64 << 53) as f64
}
