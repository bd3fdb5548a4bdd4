//! What can be assumed of a tensor, a group or a representation, by name, and how a random tensor is made to meet it.

use crate::group::{Group, Irrep};
use crate::linalg;
use crate::tensor::Tensor;

/// What can be assumed of a tensor.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Assumption {
    CentredColumns,
    CentredRows,
    Symmetric,
    Antisymmetric,
    Diagonal,
    Traceless,
    OrthonormalColumns,
    OrthonormalRows,
    UnitNorm,
    UnitColumns,
    UnitRows,
    Nonnegative,
    Positive,
    Negative,
    UnitInterval,
    Small,
    RowsSumToOne,
    OneHotRows,
    EqualRows,
    PositiveSemidefinite,
    PositiveDefinite,
    Projector,
    RankOne,
    FullColumnRank,
    FullRowRank,
    CommutesWith(String),
    OrthogonalTo(String),
    Equals(String),
}

/// The assumptions without a second tensor: words, meaning.
pub(crate) const ASSUMPTIONS: &[(&str, Assumption, &str)] = &[
    ("centred columns", Assumption::CentredColumns, "every column sums to 0"),
    ("centred rows", Assumption::CentredRows, "every row sums to 0"),
    ("symmetric", Assumption::Symmetric, "A' = A"),
    ("antisymmetric", Assumption::Antisymmetric, "A' = -A"),
    ("diagonal", Assumption::Diagonal, "0 off the diagonal"),
    ("traceless", Assumption::Traceless, "trace 0"),
    ("orthonormal columns", Assumption::OrthonormalColumns, "A'*A = I"),
    ("orthonormal rows", Assumption::OrthonormalRows, "A*A' = I"),
    ("unit norm", Assumption::UnitNorm, "Frobenius norm 1"),
    ("unit columns", Assumption::UnitColumns, "every column of norm 1"),
    ("unit rows", Assumption::UnitRows, "every row of norm 1"),
    ("nonnegative", Assumption::Nonnegative, "no entry below 0"),
    ("positive", Assumption::Positive, "every entry above 0"),
    ("negative", Assumption::Negative, "every entry below 0"),
    ("unit interval", Assumption::UnitInterval, "every entry between 0 and 1"),
    ("small", Assumption::Small, "entries of size 0.001; what `up to O(eps^k)` shrinks"),
    ("rows sum to one", Assumption::RowsSumToOne, "nonnegative, every row sums to 1"),
    ("one-hot rows", Assumption::OneHotRows, "one 1 in each row, else 0"),
    ("equal rows", Assumption::EqualRows, "all rows are the same"),
    ("positive semidefinite", Assumption::PositiveSemidefinite, "symmetric, no eigenvalue below 0"),
    ("positive definite", Assumption::PositiveDefinite, "symmetric, every eigenvalue above 0"),
    ("projector", Assumption::Projector, "symmetric, A*A = A"),
    ("rank one", Assumption::RankOne, "an outer product of two vectors"),
    ("full column rank", Assumption::FullColumnRank, "independent columns"),
    ("full row rank", Assumption::FullRowRank, "independent rows"),
];

/// An assumption once the name of the second tensor is known.
type MadeFrom = fn(String) -> Assumption;

/// Assumptions that name a second tensor: the words before the name, meaning.
pub(crate) const RELATIVE: &[(&str, MadeFrom, &str)] = &[
    ("commutes with", Assumption::CommutesWith, "A*B = B*A"),
    ("orthogonal to", Assumption::OrthogonalTo, "inner(A, B) = 0"),
    ("equal to", Assumption::Equals, "A = B"),
];

impl Assumption {
    /// The assumption of its words.
    pub(crate) fn named(words: &str) -> Option<Self> {
        let plain = ASSUMPTIONS.iter().find(|(known, ..)| *known == words).map(|(_, found, _)| found.clone());
        plain.or_else(|| {
            RELATIVE.iter().find_map(|(known, make, _)| {
                let rest = words.strip_prefix(known)?;
                rest.starts_with(' ').then(|| make(rest.trim().to_owned()))
            })
        })
    }

    pub(crate) fn words(&self) -> String {
        match self {
            Self::CommutesWith(other) => format!("commutes with {other}"),
            Self::OrthogonalTo(other) => format!("orthogonal to {other}"),
            Self::Equals(other) => format!("equal to {other}"),
            plain => {
                let found = ASSUMPTIONS.iter().find(|(_, known, _)| known == plain);
                found.map_or("", |(words, ..)| *words).to_owned()
            }
        }
    }

    /// The name of the second tensor.
    pub(crate) fn other(&self) -> Option<&str> {
        match self {
            Self::CommutesWith(other) | Self::OrthogonalTo(other) | Self::Equals(other) => Some(other),
            _ => None,
        }
    }

    /// Whether only square matrices can meet it.
    pub(crate) fn needs_square(&self) -> bool {
        matches!(
            self,
            Self::Symmetric
                | Self::Antisymmetric
                | Self::Diagonal
                | Self::Traceless
                | Self::PositiveSemidefinite
                | Self::PositiveDefinite
                | Self::Projector
                | Self::CommutesWith(_)
        )
    }

    /// Whether imposing or testing it takes a factorisation.
    pub(crate) fn factorises(&self) -> bool {
        matches!(
            self,
            Self::OrthonormalColumns
                | Self::OrthonormalRows
                | Self::PositiveSemidefinite
                | Self::PositiveDefinite
                | Self::Projector
                | Self::RankOne
                | Self::FullColumnRank
                | Self::FullRowRank
                | Self::CommutesWith(_)
        )
    }

    /// A tensor near this one that meets the assumption, as far as there is one.
    pub(crate) fn impose(&self, x: &Tensor, other: Option<&Tensor>) -> Tensor {
        let (rows, cols) = (x.rows(), x.cols());
        let halves = |sign: f64| x.plus(&x.adjoint(), sign).scaled(0.5);
        match self {
            Self::CentredColumns => x.plus(&Tensor::filled(rows, rows, 1.0 / rows as f64).matmul(x), -1.0),
            Self::CentredRows => x.plus(&x.matmul(&Tensor::filled(cols, cols, 1.0 / cols as f64)), -1.0),
            Self::Symmetric => halves(1.0),
            Self::Antisymmetric => halves(-1.0),
            Self::Diagonal => x.hadamard(&Tensor::identity(rows)),
            Self::Traceless => {
                let trace = x.hadamard(&Tensor::identity(rows)).total().scaled(1.0 / rows as f64);
                x.plus(&Tensor::identity(rows).times_number(&trace), -1.0)
            }
            Self::OrthonormalColumns | Self::OrthonormalRows => linalg::polar(x),
            Self::UnitNorm => {
                if x.norm() > 1e-12 {
                    x.scaled(1.0 / x.norm())
                } else {
                    x.clone()
                }
            }
            Self::UnitColumns => scaled_rows(&x.transposed()).transposed(),
            Self::UnitRows => scaled_rows(x),
            Self::Nonnegative => x.map(f64::abs),
            Self::Positive => x.map(|x| x.abs().max(0.05)),
            Self::Negative => x.map(|x| -x.abs().max(0.05)),
            Self::UnitInterval => x.map(|x| x.abs().clamp(0.02, 0.98)),
            Self::Small => x.map(|x| x.abs().clamp(1e-4, 1e-2)),
            Self::RowsSumToOne => {
                let x = x.map(|x| x.abs().max(1e-9));
                let sums = x.matmul(&Tensor::filled(cols, cols, 1.0));
                x.hadamard(&sums.map(|sum| 1.0 / sum))
            }
            Self::OneHotRows => {
                let best: Vec<usize> = (0..rows)
                    .map(|row| (0..cols).max_by(|&i, &j| x.entry(row, i).0.total_cmp(&x.entry(row, j).0)).unwrap_or(0))
                    .collect();
                Tensor::from_fn(rows, cols, |row, col| f64::from(u8::from(best[row] == col)))
            }
            Self::EqualRows => Tensor::filled(rows, rows, 1.0 / rows as f64).matmul(x),
            Self::PositiveSemidefinite => with_eigenvalues(x, |value, _| value.max(0.0)),
            Self::PositiveDefinite => with_eigenvalues(x, |value, most| value.abs().max(0.2 * most)),
            Self::Projector => with_eigenvalues(x, |value, most| f64::from(u8::from(value > 1e-6 * most))),
            Self::RankOne => {
                let wide = cols > rows;
                let found = linalg::svd(&if wide { x.adjoint() } else { x.clone() });
                let (tall, short) =
                    (found.u.block((0, found.u.rows()), (0, 1)), found.v.block((0, found.v.rows()), (0, 1)));
                let outer = if wide { short.matmul(&tall.adjoint()) } else { tall.matmul(&short.adjoint()) };
                outer.scaled(found.values[0])
            }
            Self::FullColumnRank | Self::FullRowRank => x.clone(),
            Self::CommutesWith(_) => other.map_or_else(|| x.clone(), |other| commuting_part(x, other)),
            Self::OrthogonalTo(_) => match other {
                Some(other) if other.norm() > 0.0 => x.plus(other, -x.inner(other) / other.inner(other)),
                _ => x.clone(),
            },
            Self::Equals(_) => other.unwrap_or(x).clone(),
        }
    }

    /// How far a tensor is from the assumption, relative to its size.
    pub(crate) fn missed_by(&self, x: &Tensor, other: Option<&Tensor>) -> f64 {
        match self {
            Self::FullColumnRank => return f64::from(u8::from(linalg::rank(x) < x.cols())),
            Self::FullRowRank => return f64::from(u8::from(linalg::rank(x) < x.rows())),
            Self::UnitNorm => return (x.norm() - 1.0).abs(),
            Self::OrthonormalColumns => return x.adjoint().matmul(x).plus(&Tensor::identity(x.cols()), -1.0).norm(),
            Self::OrthonormalRows => return x.matmul(&x.adjoint()).plus(&Tensor::identity(x.rows()), -1.0).norm(),
            Self::Positive | Self::Negative | Self::UnitInterval => {
                let sign = if *self == Self::Negative { -1.0 } else { 1.0 };
                let within = |x: f64| sign * x > 0.0 && (*self != Self::UnitInterval || x < 1.0);
                return f64::from(u8::from(!x.re().iter().all(|x| within(*x))));
            }
            Self::PositiveDefinite => {
                let (values, _) = linalg::eigen(x);
                let lopsided = x.plus(&x.adjoint(), -1.0).norm() / x.norm().max(1.0);
                return lopsided.max(f64::from(u8::from(values.last().is_some_and(|least| *least <= 0.0))));
            }
            Self::Small => return 0.0,
            _ => {}
        }
        if matches!(self, Self::Equals(_)) && other.is_none_or(|o| (o.rows(), o.cols()) != (x.rows(), x.cols())) {
            return 1.0;
        }
        x.plus(&self.impose(x, other), -1.0).norm() / x.norm().max(1.0)
    }
}

fn scaled_rows(x: &Tensor) -> Tensor {
    let sizes: Vec<f64> = (0..x.rows()).map(|row| x.block((row, row + 1), (0, x.cols())).norm().max(1e-12)).collect();
    x.hadamard(&Tensor::from_fn(x.rows(), x.cols(), |row, _| 1.0 / sizes[row]))
}

/// The symmetric part with its eigenvalues changed; the function is given the largest absolute one as well.
fn with_eigenvalues(x: &Tensor, change: impl Fn(f64, f64) -> f64) -> Tensor {
    let (values, vectors) = linalg::eigen(x);
    let most = values.iter().fold(0.0, |most: f64, value| most.max(value.abs()));
    let changed = Tensor::from_fn(x.rows(), x.rows(), |r, c| if r == c { change(values[r], most) } else { 0.0 });
    let whole = vectors.matmul(&changed).matmul(&vectors.adjoint());
    whole.plus(&whole.adjoint(), 1.0).scaled(0.5)
}

/// The nearest matrix that commutes with another: the part of `x` in the null space of `X -> BX - XB`.
fn commuting_part(x: &Tensor, b: &Tensor) -> Tensor {
    let n = b.rows();
    let at = |row: usize, col: usize| col * n + row;
    let mut bracket = Tensor::filled(n * n, n * n, 0.0);
    for row in 0..n {
        for col in 0..n {
            for inner in 0..n {
                bracket.re_mut()[at(row, col) * n * n + at(inner, col)] += b.entry(row, inner).0;
                bracket.re_mut()[at(row, col) * n * n + at(row, inner)] -= b.entry(inner, col).0;
            }
        }
    }
    let found = linalg::svd(&bracket);
    let floor = 1e-9 * found.values[0].max(1e-300);
    let column = x.reshaped(n * n, 1);
    let mut part = Tensor::filled(n * n, 1, 0.0);
    for (at, _) in found.values.iter().enumerate().filter(|(_, value)| **value <= floor) {
        let vector = found.v.block((0, n * n), (at, at + 1));
        part = part.plus(&vector, vector.inner(&column));
    }
    part.reshaped(n, n)
}

/// What can be assumed of a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum GroupAssumption {
    Abelian,
    NotAbelian,
    OddOrder,
    EvenOrder,
}

/// The assumptions on groups by their words.
pub(crate) const GROUP_ASSUMPTIONS: [(&str, GroupAssumption); 4] = [
    ("abelian", GroupAssumption::Abelian),
    ("not abelian", GroupAssumption::NotAbelian),
    ("odd order", GroupAssumption::OddOrder),
    ("even order", GroupAssumption::EvenOrder),
];

impl GroupAssumption {
    pub(crate) fn holds(self, group: &Group) -> bool {
        match self {
            Self::Abelian => group.is_abelian(),
            Self::NotAbelian => !group.is_abelian(),
            Self::OddOrder => group.order % 2 == 1,
            Self::EvenOrder => group.order.is_multiple_of(2),
        }
    }
}

/// What can be assumed of an irreducible representation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum IrrepAssumption {
    Nontrivial,
    Real,
    Complex,
    Quaternionic,
    RealCharacter,
    OneDimensional,
    SeveralDimensions,
}

/// The assumptions on representations by their words.
pub(crate) const IRREP_ASSUMPTIONS: [(&str, IrrepAssumption); 7] = [
    ("nontrivial", IrrepAssumption::Nontrivial),
    ("real", IrrepAssumption::Real),
    ("complex", IrrepAssumption::Complex),
    ("quaternionic", IrrepAssumption::Quaternionic),
    ("of real character", IrrepAssumption::RealCharacter),
    ("of one dimension", IrrepAssumption::OneDimensional),
    ("of several dimensions", IrrepAssumption::SeveralDimensions),
];

impl IrrepAssumption {
    pub(crate) fn holds(self, irrep: &Irrep) -> bool {
        match self {
            Self::Nontrivial => !irrep.is_trivial(),
            Self::Real => irrep.indicator == 1,
            Self::Complex => irrep.indicator == 0,
            Self::Quaternionic => irrep.indicator == -1,
            Self::RealCharacter => irrep.indicator != 0,
            Self::OneDimensional => irrep.dim == 1,
            Self::SeveralDimensions => irrep.dim > 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Stream;

    #[test]
    fn every_assumption_is_met_once_it_is_imposed() {
        for (words, assumption, _) in ASSUMPTIONS {
            for draw in 0..5 {
                let x = Stream::new(5, draw, words).gaussian(4, 4);
                let met = assumption.impose(&x, None);
                assert!(assumption.missed_by(&met, None) < 1e-12, "{words}");
                assert_eq!(Assumption::named(words).as_ref(), Some(assumption));
                assert_eq!(assumption.words(), *words);
            }
        }
        let b = Stream::new(6, 0, "b").gaussian(4, 4);
        for (words, make, _) in RELATIVE {
            let assumption = make("B".to_owned());
            let met = assumption.impose(&Stream::new(6, 1, "a").gaussian(4, 4), Some(&b));
            assert!(assumption.missed_by(&met, Some(&b)) < 1e-9, "{words}");
            assert!(met.norm() > 0.1, "{words}");
        }
    }
}
