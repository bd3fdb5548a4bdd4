//! Arithmetic modulo a prime: roots of unity, the shortest recurrence of a sequence, the roots of a polynomial.
//!
//! Polynomials are their coefficients, lowest first, without leading zeros; the empty one is 0.

/// The integers modulo a prime p, as `u64` in 0..p.
#[derive(Clone, Copy, Debug)]
pub(super) struct PrimeField {
    p: u64,
}

/// p lies between this bound and its double. So p² leaves room in 64 bits for a sum of sixteen products, and a random
/// element meets one of a thousand others about once in a million draws.
const LEAST: u64 = 1 << 29;

/// Shifts that are tried to split a polynomial. Each fails for about half of all pairs of roots.
const SHIFTS: u64 = 200;

impl PrimeField {
    /// The least prime p ≡ 1 mod n above 2²⁹: the field has all n-th roots of unity.
    pub(super) fn with_roots_of_unity(n: u64) -> Self {
        let first = (LEAST / n + 1) * n + 1;
        let p = (first..).step_by(n as usize).find(|&p| is_prime(p)).expect("Dirichlet: there are infinitely many");
        assert!(p < 2 * LEAST, "the room for sums of products was reckoned for smaller primes");
        Self { p }
    }

    /// n mod p.
    pub(super) fn of(self, n: u64) -> u64 {
        n % self.p
    }

    pub(super) fn add(self, a: u64, b: u64) -> u64 {
        (a + b) % self.p
    }

    pub(super) fn negative(self, a: u64) -> u64 {
        (self.p - a) % self.p
    }

    pub(super) fn times(self, a: u64, b: u64) -> u64 {
        a * b % self.p
    }

    pub(super) fn power(self, base: u64, mut exponent: u64) -> u64 {
        let (mut square, mut power) = (base, 1);
        while exponent > 0 {
            if exponent & 1 == 1 {
                power = self.times(power, square);
            }
            square = self.times(square, square);
            exponent >>= 1;
        }
        power
    }

    /// 1/a, for a ≠ 0.
    pub(super) fn inverse(self, a: u64) -> u64 {
        self.power(a, self.p - 2)
    }

    /// Σᵢ aᵢ bᵢ, reduced once in eight products.
    pub(super) fn dot(self, a: &[u64], b: &[u64]) -> u64 {
        a.chunks(8).zip(b.chunks(8)).fold(0, |sum, (a, b)| {
            let products: u64 = a.iter().zip(b).map(|(&a, &b)| a * b).sum();
            (sum + products) % self.p
        })
    }

    /// 1, z, z², …, zⁿ⁻¹ for a z of order n, where p ≡ 1 mod n.
    pub(super) fn roots_of_unity(self, n: u64) -> Vec<u64> {
        let has_order = |z: u64| prime_factors(n).iter().all(|&q| self.power(z, n / q) != 1);
        let z = (2..self.p).map(|x| self.power(x, (self.p - 1) / n)).find(|&z| has_order(z));
        let z = z.expect("the multiplicative group is cyclic");
        std::iter::successors(Some(1), |&power| Some(self.times(power, z))).take(n as usize).collect()
    }

    /// The monic polynomial of least degree that annihilates a sequence: Σᵢ fᵢ s₍ₙ₊ᵢ₎ = 0 for all n.
    ///
    /// It is the one for all continuations if its degree is at most half the length.
    ///
    /// - Source: Massey 1969, doi:10.1109/TIT.1969.1054260
    pub(super) fn recurrence(self, sequence: &[u64]) -> Vec<u64> {
        // `current` and `previous` hold the coefficients highest first, with 1 leading.
        let (mut current, mut previous) = (vec![1], vec![1]);
        let (mut length, mut since, mut previous_discrepancy) = (0, 1, 1);
        for n in 0..sequence.len() {
            let discrepancy = current.iter().zip(sequence[..=n].iter().rev()).take(length + 1);
            let discrepancy = discrepancy.fold(0, |sum, (&c, &s)| self.add(sum, self.times(c, s)));
            if discrepancy == 0 {
                since += 1;
                continue;
            }
            let before = (2 * length <= n).then(|| current.clone());
            let scale = self.negative(self.times(discrepancy, self.inverse(previous_discrepancy)));
            current.resize(current.len().max(previous.len() + since), 0);
            for (cell, &value) in current[since..].iter_mut().zip(&previous) {
                *cell = self.add(*cell, self.times(scale, value));
            }
            since += 1;
            if let Some(before) = before {
                (length, previous, previous_discrepancy, since) = (n + 1 - length, before, discrepancy, 1);
            }
        }
        current.resize(length + 1, 0);
        current.reverse();
        current
    }

    /// The roots of a monic polynomial that is a product of different linear factors, unordered; `None` where it did not
    /// come apart, which means that it is none.
    ///
    /// Half of the elements of the field are squares, so gcd(f, (x + a)^((p − 1)/2) − 1) keeps about half of the factors.
    ///
    /// - Source: Cantor & Zassenhaus 1981, doi:10.1090/S0025-5718-1981-0606517-5
    pub(super) fn roots(self, polynomial: &[u64]) -> Option<Vec<u64>> {
        if let [constant, 1] = *polynomial {
            return Some(vec![self.negative(constant)]);
        }
        if polynomial.len() <= 1 {
            return Some(Vec::new());
        }
        for shift in 0..SHIFTS {
            let mut squares = self.linear_power(shift, (self.p - 1) / 2, polynomial);
            squares.resize(squares.len().max(1), 0);
            squares[0] = self.add(squares[0], self.p - 1);
            trim(&mut squares);
            let factor = self.gcd(polynomial.to_vec(), squares);
            if factor.len() > 1 && factor.len() < polynomial.len() {
                let (cofactor, _) = self.divide(polynomial, &factor);
                let mut roots = self.roots(&factor)?;
                roots.extend(self.roots(&cofactor)?);
                return Some(roots);
            }
        }
        None
    }

    /// f(x)/(x − root) and f′(root), for a simple root of f.
    pub(super) fn without_root(self, polynomial: &[u64], root: u64) -> (Vec<u64>, u64) {
        let mut quotient = vec![0; polynomial.len() - 1];
        let mut carried = 0;
        for (cell, &coefficient) in quotient.iter_mut().zip(&polynomial[1..]).rev() {
            carried = self.add(self.times(carried, root), coefficient);
            *cell = carried;
        }
        let derivative = quotient.iter().rev().fold(0, |sum, &c| self.add(self.times(sum, root), c));
        (quotient, derivative)
    }

    /// (x + shift)^exponent mod `modulus`, which is monic of degree 2 or more.
    fn linear_power(self, shift: u64, exponent: u64, modulus: &[u64]) -> Vec<u64> {
        let mut power = vec![1];
        for bit in (0..=exponent.ilog2()).rev() {
            power = self.product(&power, &power);
            if exponent >> bit & 1 == 1 {
                power = self.product(&power, &[shift, 1]);
            }
            power = self.divide(&power, modulus).1;
        }
        power
    }

    fn product(self, a: &[u64], b: &[u64]) -> Vec<u64> {
        if a.is_empty() || b.is_empty() {
            return Vec::new();
        }
        let mut product = vec![0; a.len() + b.len() - 1];
        for (i, &left) in a.iter().enumerate() {
            for (cell, &right) in product[i..].iter_mut().zip(b) {
                *cell = (*cell + left * right) % self.p;
            }
        }
        product
    }

    /// Quotient and remainder by a monic polynomial.
    fn divide(self, dividend: &[u64], divisor: &[u64]) -> (Vec<u64>, Vec<u64>) {
        let degree = divisor.len() - 1;
        let mut rest = dividend.to_vec();
        let mut quotient = vec![0; dividend.len().saturating_sub(degree)];
        for (position, cell) in quotient.iter_mut().enumerate().rev() {
            *cell = rest[position + degree];
            let scale = self.negative(*cell);
            for (below, &coefficient) in rest[position..].iter_mut().zip(divisor) {
                *below = (*below + scale * coefficient) % self.p;
            }
        }
        rest.truncate(degree);
        trim(&mut rest);
        (quotient, rest)
    }

    /// The monic greatest common divisor.
    fn gcd(self, mut a: Vec<u64>, mut b: Vec<u64>) -> Vec<u64> {
        while let Some(&leading) = b.last() {
            let scale = self.inverse(leading);
            b.iter_mut().for_each(|cell| *cell = self.times(*cell, scale));
            let rest = self.divide(&a, &b).1;
            (a, b) = (b, rest);
        }
        a
    }
}

/// The primes that divide n, ascending.
pub(super) fn prime_factors(mut n: u64) -> Vec<u64> {
    let mut factors = Vec::new();
    let mut factor = 2;
    while factor * factor <= n {
        if n.is_multiple_of(factor) {
            factors.push(factor);
            while n.is_multiple_of(factor) {
                n /= factor;
            }
        }
        factor += 1;
    }
    if n > 1 {
        factors.push(n);
    }
    factors
}

fn is_prime(n: u64) -> bool {
    n >= 2 && (2..=n.isqrt()).all(|q| !n.is_multiple_of(q))
}

fn trim(polynomial: &mut Vec<u64>) {
    while polynomial.last() == Some(&0) {
        polynomial.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_field_has_the_roots_of_unity() {
        for n in 1..=300 {
            let field = PrimeField::with_roots_of_unity(n);
            assert!(field.p % n == 1 % n && field.p > LEAST, "{n}");
            let mut roots = field.roots_of_unity(n);
            assert!(roots.iter().all(|&root| field.power(root, n) == 1), "{n}");
            roots.sort_unstable();
            roots.dedup();
            assert_eq!(roots.len() as u64, n);
        }
    }

    #[test]
    fn a_product_of_linear_factors_has_its_roots() {
        let field = PrimeField::with_roots_of_unity(1);
        for n in 0..60u64 {
            let expected: Vec<u64> = (0..n).map(|i| field.of(i * i * i * 7_777_777)).collect();
            let polynomial =
                expected.iter().fold(vec![1], |product, &root| field.product(&product, &[field.negative(root), 1]));
            let mut roots = field.roots(&polynomial).unwrap();
            roots.sort_unstable();
            let mut sorted = expected.clone();
            sorted.sort_unstable();
            assert_eq!(roots, sorted);
            for &root in &expected {
                let (quotient, derivative) = field.without_root(&polynomial, root);
                assert_eq!(field.product(&quotient, &[field.negative(root), 1]), polynomial);
                let others = expected.iter().filter(|&&other| other != root);
                let product = others.fold(1, |p, &other| field.times(p, field.add(root, field.negative(other))));
                assert_eq!(derivative, product);
            }
        }
    }

    #[test]
    fn a_sum_of_powers_has_its_recurrence() {
        let field = PrimeField::with_roots_of_unity(1);
        for n in 0..20usize {
            let bases: Vec<u64> = (0..n as u64).map(|i| i * 12345 + 6).collect();
            let term = |exponent| bases.iter().fold(0, |sum, &base| field.add(sum, field.power(base, exponent)));
            let recurrence = field.recurrence(&(0..2 * n as u64).map(term).collect::<Vec<_>>());
            let expected =
                bases.iter().fold(vec![1], |product, &base| field.product(&product, &[field.negative(base), 1]));
            assert_eq!(recurrence, expected);
        }
    }
}
