//! Finite groups as tables, and their irreducible representations, found numerically from the table alone.
//!
//! A random Hermitian combination of right translations commutes with all left translations, and its eigenspaces are irreducible
//! under them (Dixon 1970). So one eigenvalue problem gives every representation as unitary matrices, whatever the group.

use crate::linalg;
use crate::random::Stream;
use crate::tensor::Tensor;

/// A group of `order` elements, counted from 0, of which the first is neutral.
#[derive(Debug)]
pub(crate) struct Group {
    pub(crate) name: String,
    pub(crate) order: usize,
    table: Vec<usize>,
    inverses: Vec<usize>,
    pub(crate) irreps: Vec<Irrep>,
}

/// One irreducible unitary representation out of each class.
#[derive(Debug)]
pub(crate) struct Irrep {
    pub(crate) dim: usize,
    /// Frobenius and Schur's indicator: 1 real, 0 complex, -1 quaternionic.
    pub(crate) indicator: i32,
    /// One matrix for each element.
    pub(crate) matrices: Vec<Tensor>,
}

impl Irrep {
    /// The character at an element, real and imaginary part.
    pub(crate) fn character(&self, element: usize) -> (f64, f64) {
        let matrix = &self.matrices[element];
        (0..self.dim).fold((0.0, 0.0), |sum, at| {
            let entry = matrix.entry(at, at);
            (sum.0 + entry.0, sum.1 + entry.1)
        })
    }

    /// Whether every element is represented by 1.
    pub(crate) fn is_trivial(&self) -> bool {
        self.dim == 1 && self.matrices.iter().all(|matrix| (matrix.first() - 1.0).abs() < 1e-6)
    }

    /// The type in a word.
    pub(crate) fn kind(&self) -> &'static str {
        match self.indicator {
            1 => "real",
            0 => "complex",
            _ => "quaternionic",
        }
    }
}

/// Groups that have names, and the sizes that the names take.
pub(crate) const FAMILIES: [(&str, &str); 8] = [
    ("cyclic n", "n elements, 1 to 24"),
    ("dihedral n", "symmetries of the n-gon, 2 n elements, n from 2 to 12"),
    ("dicyclic n", "4 n elements, n from 2 to 6"),
    ("quaternion", "the 8 elements of dicyclic 2"),
    ("symmetric n", "permutations of n things, n up to 4"),
    ("alternating n", "even permutations of n things, n up to 4"),
    ("frobenius", "the 21 elements of Z7 with Z3 acting on it"),
    ("a x b", "the direct product of two of these"),
];

/// The largest group: its table and representations are found anew in every check.
const MOST_ELEMENTS: usize = 24;

/// Groups by a name such as `cyclic 3..8` or `cyclic 2 x cyclic 4`; what is wrong with it otherwise.
pub(crate) fn names(text: &str) -> Result<Vec<String>, String> {
    let expanded = match text.split_once("..") {
        Some((head, last)) if !text.contains(" x ") => {
            let (family, first) = head.trim().rsplit_once(' ').ok_or_else(|| unknown(text))?;
            let whole = |word: &str| word.trim().parse::<usize>().map_err(|_error| unknown(text));
            let (first, last) = (whole(first)?, whole(last)?);
            if first > last || last > MOST_ELEMENTS {
                return Err(unknown(text));
            }
            (first..=last).map(|n| format!("{} {n}", family.trim())).collect()
        }
        _ => vec![text.trim().to_owned()],
    };
    for name in &expanded {
        let (order, _) = law(name).ok_or_else(|| unknown(name))?;
        if order > MOST_ELEMENTS {
            return Err(format!("the group `{name}` has {order} elements; at most {MOST_ELEMENTS} are tried"));
        }
    }
    Ok(expanded)
}

fn unknown(name: &str) -> String {
    let families: Vec<&str> = FAMILIES.iter().map(|(family, _)| *family).collect();
    format!("`{name}` is no group that has a name here; there are {}", families.join(", "))
}

type Law = Box<dyn Fn(usize, usize) -> usize>;

/// The number of elements and the product of a group by its name.
fn law(name: &str) -> Option<(usize, Law)> {
    if let Some((left, right)) = name.split_once(" x ") {
        let ((n, first), (m, second)) = (law(left.trim())?, law(right.trim())?);
        return Some((n.checked_mul(m)?, Box::new(move |a, b| first(a / m, b / m) * m + second(a % m, b % m))));
    }
    let mut words = name.split_whitespace();
    let family = words.next()?;
    let n = words.next().map(str::parse::<usize>);
    if words.next().is_some() {
        return None;
    }
    match (family, n) {
        ("cyclic", Some(Ok(n))) if (1..=24).contains(&n) => Some((n, Box::new(move |a, b| (a + b) % n))),
        ("dihedral", Some(Ok(n))) if (2..=12).contains(&n) => Some((2 * n, Box::new(move |a, b| dihedral(n, a, b)))),
        ("dicyclic", Some(Ok(n))) if (2..=6).contains(&n) => Some((4 * n, Box::new(move |a, b| dicyclic(n, a, b)))),
        ("quaternion", None) => Some((8, Box::new(|a, b| dicyclic(2, a, b)))),
        ("symmetric", Some(Ok(n))) if (1..=4).contains(&n) => Some(permuting(n, false)),
        ("alternating", Some(Ok(n))) if (3..=4).contains(&n) => Some(permuting(n, true)),
        ("frobenius", None) => Some((
            21,
            Box::new(|a, b| {
                let turn = [1, 2, 4][a / 7];
                (a % 7 + turn * (b % 7)) % 7 + 7 * ((a / 7 + b / 7) % 3)
            }),
        )),
        _ => None,
    }
}

/// Element `a < n` is a rotation, `n + a` the rotation after the reflection.
fn dihedral(n: usize, a: usize, b: usize) -> usize {
    let (turn, mirrored) = (a % n, a / n);
    let (other, other_mirrored) = (b % n, b / n);
    let turn = if mirrored == 1 { turn + n - other } else { turn + other };
    turn % n + n * ((mirrored + other_mirrored) % 2)
}

/// Elements `a^k x^j` at `k + 2 n j`, with `a^(2n) = 1`, `x^2 = a^n`, `x a = a^-1 x`.
fn dicyclic(n: usize, a: usize, b: usize) -> usize {
    let period = 2 * n;
    let (k, j) = (a % period, a / period);
    let (l, i) = (b % period, b / period);
    let turned = if j == 1 { k + period - l } else { k + l };
    let carried = if i + j == 2 { turned + n } else { turned };
    carried % period + period * ((i + j) % 2)
}

fn permuting(n: usize, even: bool) -> (usize, Law) {
    let mut all: Vec<Vec<usize>> = vec![Vec::new()];
    for _ in 0..n {
        all = all
            .iter()
            .flat_map(|head| (0..n).filter(|at| !head.contains(at)).map(|at| [head.as_slice(), &[at]].concat()))
            .collect();
    }
    let inversions = |p: &[usize]| (0..n).map(|i| (i + 1..n).filter(|&j| p[i] > p[j]).count()).sum::<usize>();
    all.retain(|p| !even || inversions(p).is_multiple_of(2));
    let order = all.len();
    let product = move |a: usize, b: usize| {
        let composed: Vec<usize> = all[b].iter().map(|&at| all[a][at]).collect();
        all.iter().position(|p| *p == composed).expect("permutations are closed")
    };
    (order, Box::new(product))
}

impl Group {
    /// The group of a name that [`names`] took.
    pub(crate) fn named(name: &str) -> Self {
        let (order, product) = law(name).expect("the name was checked when it was read");
        let table: Vec<usize> = (0..order * order).map(|at| product(at / order, at % order)).collect();
        let inverses = (0..order)
            .map(|a| (0..order).find(|&b| table[a * order + b] == 0).expect("every element has an inverse"))
            .collect();
        let mut group = Self { name: name.to_owned(), order, table, inverses, irreps: Vec::new() };
        group.irreps = (0..).find_map(|attempt| group.decompose(attempt)).expect("almost every combination separates");
        group
    }

    pub(crate) fn product(&self, a: usize, b: usize) -> usize {
        self.table[a * self.order + b]
    }

    pub(crate) fn inverse(&self, a: usize) -> usize {
        self.inverses[a]
    }

    pub(crate) fn is_abelian(&self) -> bool {
        (0..self.order).all(|a| (0..a).all(|b| self.product(a, b) == self.product(b, a)))
    }

    /// The permutation matrix of `h -> g h`.
    pub(crate) fn left(&self, g: usize) -> Tensor {
        Tensor::from_fn(self.order, self.order, |row, col| f64::from(u8::from(row == self.product(g, col))))
    }

    /// The permutation matrix of `h -> h g^-1`.
    pub(crate) fn right(&self, g: usize) -> Tensor {
        let back = self.inverse(g);
        Tensor::from_fn(self.order, self.order, |row, col| f64::from(u8::from(row == self.product(col, back))))
    }

    /// The orthogonal projector onto all copies of a representation; of both of a complex pair where `merged`.
    pub(crate) fn projector(&self, irrep: usize, merged: bool) -> Tensor {
        let rho = &self.irreps[irrep];
        let size = rho.dim as f64 / self.order as f64;
        let weights: Vec<(f64, f64)> = (0..self.order).map(|g| rho.character(g)).collect();
        let element = |row: usize, col: usize| self.product(row, self.inverse(col));
        let re = Tensor::from_fn(self.order, self.order, |row, col| size * weights[element(row, col)].0);
        match (rho.indicator, merged) {
            (0, true) => re.scaled(2.0),
            (0, false) => {
                let im = Tensor::from_fn(self.order, self.order, |row, col| -size * weights[element(row, col)].1);
                Tensor::complex(self.order, self.order, re.re().to_vec(), im.re().to_vec())
            }
            _ => re,
        }
    }

    /// One representation of each class, or nothing where a random combination did not tell two apart.
    fn decompose(&self, attempt: u64) -> Option<Vec<Irrep>> {
        let n = self.order;
        let mut stream = Stream::new(0, attempt, "irreps");
        let free: Vec<(f64, f64)> = (0..n).map(|_| (stream.normal(), stream.normal())).collect();
        let mut weights = Tensor::complex(n, n, vec![0.0; n * n], vec![0.0; n * n]);
        for (g, weight) in free.iter().enumerate() {
            let back = free[self.inverse(g)];
            let (re, im) = (weight.0 + back.0, weight.1 - back.1);
            let right = self.right(g);
            let turned = Tensor::complex(n, n, right.scaled(re).re().to_vec(), right.scaled(im).re().to_vec());
            weights = weights.plus(&turned, 1.0);
        }
        let (values, vectors) = linalg::eigen(&weights);
        let mut found: Vec<Irrep> = Vec::new();
        let mut start = 0;
        while start < n {
            let end = (start + 1..n).find(|&at| (values[at] - values[start]).abs() > 1e-7 * n as f64).unwrap_or(n);
            let basis = vectors.block((0, n), (start, end));
            let irrep = self.restricted(&basis)?;
            if found.iter().all(|other| self.overlap(other, &irrep) < 0.5) {
                found.push(irrep);
            }
            start = end;
        }
        if found.iter().map(|irrep| irrep.dim * irrep.dim).sum::<usize>() != n {
            return None;
        }
        let rounded = |irrep: &Irrep, g: usize| {
            let (re, im) = irrep.character(g);
            ((re * 1e6).round() as i64, (im * 1e6).round() as i64)
        };
        found.sort_by_cached_key(|irrep| {
            let characters: Vec<(i64, i64)> = (0..n).map(|g| rounded(irrep, g)).collect();
            (!irrep.is_trivial(), irrep.dim, -irrep.indicator.abs(), -irrep.indicator, characters)
        });
        Some(found)
    }

    /// The left translations within an invariant subspace, if it is irreducible.
    fn restricted(&self, basis: &Tensor) -> Option<Irrep> {
        let dual = basis.adjoint();
        let matrices: Vec<Tensor> = (0..self.order).map(|g| dual.matmul(&self.left(g)).matmul(basis)).collect();
        let mut irrep = Irrep { dim: basis.cols(), indicator: 0, matrices };
        if (self.overlap(&irrep, &irrep) - 1.0).abs() > 1e-6 {
            return None;
        }
        let squares: f64 = (0..self.order).map(|g| irrep.character(self.product(g, g)).0).sum();
        irrep.indicator = (squares / self.order as f64).round() as i32;
        Some(irrep)
    }

    /// The absolute value of the inner product of two characters.
    fn overlap(&self, a: &Irrep, b: &Irrep) -> f64 {
        let sum = (0..self.order).fold((0.0, 0.0), |sum: (f64, f64), g| {
            let (x, y) = (a.character(g), b.character(g));
            (sum.0 + x.0 * y.0 + x.1 * y.1, sum.1 + x.0 * y.1 - x.1 * y.0)
        });
        sum.0.hypot(sum.1) / self.order as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Dimensions and types of the representations of groups, from books.
    #[test]
    fn representations_are_those_of_the_character_tables() {
        let check = |name: &str, expected: &[(usize, i32)]| {
            let group = Group::named(name);
            let mut found: Vec<(usize, i32)> = group.irreps.iter().map(|k| (k.dim, k.indicator)).collect();
            let mut expected = expected.to_vec();
            found.sort_unstable();
            expected.sort_unstable();
            assert_eq!(found, expected, "{name}");
            assert!(group.irreps[0].is_trivial());
        };
        check("cyclic 1", &[(1, 1)]);
        check("cyclic 5", &[(1, 1), (1, 0), (1, 0), (1, 0), (1, 0)]);
        check("cyclic 2 x cyclic 2", &[(1, 1); 4]);
        check("symmetric 3", &[(1, 1), (1, 1), (2, 1)]);
        check("dihedral 4", &[(1, 1), (1, 1), (1, 1), (1, 1), (2, 1)]);
        check("quaternion", &[(1, 1), (1, 1), (1, 1), (1, 1), (2, -1)]);
        check("dicyclic 3", &[(1, 1), (1, 1), (1, 0), (1, 0), (2, 1), (2, -1)]);
        check("alternating 4", &[(1, 1), (1, 0), (1, 0), (3, 1)]);
        check("symmetric 4", &[(1, 1), (1, 1), (2, 1), (3, 1), (3, 1)]);
        check("frobenius", &[(1, 1), (1, 0), (1, 0), (3, 0), (3, 0)]);
    }

    #[test]
    fn representations_are_unitary_and_multiply_as_the_group_does() {
        for name in ["cyclic 6", "dihedral 5", "quaternion", "alternating 4", "frobenius"] {
            let group = Group::named(name);
            for irrep in &group.irreps {
                let identity = Tensor::identity(irrep.dim);
                for a in 0..group.order {
                    let unitary = irrep.matrices[a].adjoint().matmul(&irrep.matrices[a]);
                    assert!(unitary.plus(&identity, -1.0).norm() < 1e-11, "{name}");
                    for b in 0..group.order {
                        let product = irrep.matrices[a].matmul(&irrep.matrices[b]);
                        let rest = product.plus(&irrep.matrices[group.product(a, b)], -1.0);
                        assert!(rest.norm() < 1e-11, "{name}");
                    }
                }
            }
        }
    }

    #[test]
    fn tables_are_groups() {
        for name in ["cyclic 7", "dihedral 6", "dicyclic 3", "symmetric 4", "frobenius", "cyclic 2 x symmetric 3"] {
            let (n, product) = law(name).unwrap();
            for a in 0..n {
                assert_eq!((product(0, a), product(a, 0)), (a, a), "{name}");
                for b in 0..n {
                    let ab = product(a, b);
                    assert!(ab < n);
                    assert!((0..n).step_by(5).all(|c| product(ab, c) == product(a, product(b, c))), "{name}");
                }
            }
        }
        assert!(names("cyclic 3..8").unwrap().len() == 6 && names("monster").unwrap_err().contains("cyclic n"));
    }
}
