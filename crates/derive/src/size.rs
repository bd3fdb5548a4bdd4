//! Sizes as polynomials in named whole numbers, so that `2*M` and `M + M` are the same size whatever `M` is.

use std::collections::BTreeMap;

/// A polynomial with whole coefficients in named sizes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Size(BTreeMap<Vec<String>, i64>);

impl Size {
    pub(crate) fn whole(value: i64) -> Self {
        let mut terms = BTreeMap::new();
        if value != 0 {
            terms.insert(Vec::new(), value);
        }
        Self(terms)
    }

    pub(crate) fn named(name: &str) -> Self {
        Self(BTreeMap::from([(vec![name.to_owned()], 1)]))
    }

    pub(crate) fn is_one(&self) -> bool {
        *self == Self::whole(1)
    }

    pub(crate) fn plus(&self, other: &Self, by: i64) -> Self {
        let mut terms = self.0.clone();
        for (term, count) in &other.0 {
            let sum = terms.entry(term.clone()).or_insert(0);
            *sum = sum.saturating_add(count.saturating_mul(by));
        }
        terms.retain(|_, count| *count != 0);
        Self(terms)
    }

    pub(crate) fn times(&self, other: &Self) -> Self {
        let mut product = Self::whole(0);
        for (a, m) in &self.0 {
            for (b, n) in &other.0 {
                let mut term: Vec<String> = a.iter().chain(b).cloned().collect();
                term.sort();
                product = product.plus(&Self(BTreeMap::from([(term, m.saturating_mul(*n))])), 1);
            }
        }
        product
    }
}

impl std::fmt::Display for Size {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.0.is_empty() {
            return write!(f, "0");
        }
        // Named terms first, the plain number last, as one writes `n+1`.
        for (at, (term, count)) in self.0.iter().rev().enumerate() {
            let sign = if *count < 0 {
                "-"
            } else if at > 0 {
                "+"
            } else {
                ""
            };
            let count = count.unsigned_abs();
            let name = term.join("*");
            match (count, name.as_str()) {
                (count, "") => write!(f, "{sign}{count}")?,
                (1, name) => write!(f, "{sign}{name}")?,
                (count, name) => write!(f, "{sign}{count}*{name}")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_the_same_whatever_way_they_are_written() {
        let n = Size::named("n");
        let twice = n.plus(&n, 1);
        assert_eq!(twice, Size::whole(2).times(&n));
        assert_eq!(twice.plus(&Size::whole(1), 1).to_string(), "2*n+1");
        assert_eq!(n.plus(&n, -1), Size::whole(0));
        assert_eq!(n.times(&Size::named("m")), Size::named("m").times(&n));
    }
}
