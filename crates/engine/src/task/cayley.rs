//! A multiplication table, and what can be read off it exactly.

use std::collections::VecDeque;

/// A multiplication table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CayleyTable {
    /// Number of elements M.
    pub order: usize,
    /// `product[a * order + b]` = a·b.
    pub product: Vec<u32>,
}

/// The first cell, in reading order, that keeps a table from being a Latin square.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatinFault {
    /// The value is no element.
    OutOfRange {
        /// Where: row.
        row: usize,
        /// Where: column.
        column: usize,
    },
    /// The value stands in the same row already.
    RepeatsInRow {
        /// Where: row.
        row: usize,
        /// Where: column.
        column: usize,
        /// The column that has it.
        earlier_column: usize,
    },
    /// The value stands in the same column already.
    RepeatsInColumn {
        /// Where: row.
        row: usize,
        /// Where: column.
        column: usize,
        /// The row that has it.
        earlier_row: usize,
    },
}

impl CayleyTable {
    /// The table of `product(a, b)` for a, b in 0..order.
    pub fn from_fn(order: usize, product: impl Fn(usize, usize) -> usize) -> Self {
        let cells = (0..order).flat_map(|a| (0..order).map(move |b| (a, b)));
        Self { order, product: cells.map(|(a, b)| product(a, b) as u32).collect() }
    }

    /// a·b.
    pub fn times(&self, a: u32, b: u32) -> u32 {
        self.product[a as usize * self.order + b as usize]
    }

    /// All b ↦ a·b.
    pub fn row(&self, a: u32) -> &[u32] {
        &self.product[a as usize * self.order..][..self.order]
    }

    /// The first cell in reading order whose value is no element or stands in its row or column already.
    pub fn latin_fault(&self) -> Option<LatinFault> {
        const NOWHERE: usize = usize::MAX;
        let order = self.order;
        let mut row_of = vec![NOWHERE; order * order]; // [column][value]
        let mut column_of = vec![NOWHERE; order]; // [value], of this row
        for row in 0..order {
            column_of.fill(NOWHERE);
            for column in 0..order {
                let value = self.product[row * order + column] as usize;
                if value >= order {
                    return Some(LatinFault::OutOfRange { row, column });
                }
                if column_of[value] != NOWHERE {
                    return Some(LatinFault::RepeatsInRow { row, column, earlier_column: column_of[value] });
                }
                let earlier_row = row_of[column * order + value];
                if earlier_row != NOWHERE {
                    return Some(LatinFault::RepeatsInColumn { row, column, earlier_row });
                }
                column_of[value] = column;
                row_of[column * order + value] = row;
            }
        }
        None
    }

    /// The element e with e·a = a·e = a for all a.
    pub fn identity(&self) -> Option<u32> {
        let elements = 0..self.order as u32;
        elements.clone().find(|&e| elements.clone().all(|a| self.times(e, a) == a && self.times(a, e) == a))
    }

    /// The b with a·b = identity.
    pub fn inverse(&self, a: u32) -> Option<u32> {
        let identity = self.identity()?;
        self.row(a).iter().position(|&product| product == identity).map(|b| b as u32)
    }

    /// Every element's inverse.
    pub fn inverses(&self) -> Option<Vec<u32>> {
        let identity = self.identity()?;
        let inverse = |a| self.row(a).iter().position(|&product| product == identity).map(|b| b as u32);
        (0..self.order as u32).map(inverse).collect()
    }

    /// Whether a·b = b·a throughout.
    pub fn is_abelian(&self) -> bool {
        (0..self.order as u32).all(|a| (0..a).all(|b| self.times(a, b) == self.times(b, a)))
    }

    /// Whether the table is Latin, associative and has an identity.
    pub fn is_group(&self) -> bool {
        self.order > 0 && self.latin_fault().is_none() && self.identity().is_some() && self.is_associative()
    }

    /// Elements such that every element is a product of them; `None` where more are needed than a group of this order
    /// can need, since each further generator at least doubles a subgroup.
    ///
    /// Every element must be in 0..order.
    pub fn generators(&self) -> Option<Vec<u32>> {
        let most = 1 + self.order.checked_ilog2().unwrap_or(0) as usize;
        let mut generators: Vec<u32> = Vec::new();
        let mut reached: Vec<u32> = Vec::new();
        let mut is_reached = vec![false; self.order];
        for candidate in 0..self.order as u32 {
            if is_reached[candidate as usize] {
                continue;
            }
            if generators.len() == most {
                return None;
            }
            generators.push(candidate);
            is_reached[candidate as usize] = true;
            // What was reached before is new to the candidate; what is reached now is new to every generator.
            let mut queue: VecDeque<u32> = std::mem::take(&mut reached).into();
            queue.push_back(candidate);
            while let Some(a) = queue.pop_front() {
                reached.push(a);
                for &generator in &generators {
                    let product = self.times(a, generator);
                    if !is_reached[product as usize] {
                        is_reached[product as usize] = true;
                        queue.push_back(product);
                    }
                }
            }
        }
        Some(generators)
    }

    /// Whether (a·b)·c = a·(b·c) throughout, for a Latin square.
    ///
    /// Light's test: it is enough that b runs over generators, so the cost is O(M² log M).
    pub fn is_associative(&self) -> bool {
        let Some(generators) = self.generators() else { return false };
        let elements = 0..self.order as u32;
        generators.iter().all(|&b| {
            let products_of_b = self.row(b);
            elements.clone().all(|a| {
                let (row_a, row_ab) = (self.row(a), self.row(self.times(a, b)));
                row_ab.iter().zip(products_of_b).all(|(&left, &bc)| left == row_a[bc as usize])
            })
        })
    }

    /// The least n ≥ 1 with aⁿ = identity; `None` where no power is the identity.
    pub fn element_order(&self, a: u32) -> Option<usize> {
        self.order_to(self.identity()?, a)
    }

    /// Conjugacy classes of a group, each ascending; ordered by element order, then size, then least member, so that the
    /// identity comes first. `None` where an element has no inverse.
    pub fn classes(&self) -> Option<Vec<Vec<u32>>> {
        let identity = self.identity()?;
        let inverses = self.inverses()?;
        let generators = self.generators()?;
        let mut is_seen = vec![false; self.order];
        let mut classes = Vec::new();
        for first in 0..self.order as u32 {
            if is_seen[first as usize] {
                continue;
            }
            is_seen[first as usize] = true;
            let mut class = vec![first];
            let mut next = 0;
            while next < class.len() {
                for &g in &generators {
                    let conjugate = self.times(self.times(g, class[next]), inverses[g as usize]);
                    if !is_seen[conjugate as usize] {
                        is_seen[conjugate as usize] = true;
                        class.push(conjugate);
                    }
                }
                next += 1;
            }
            class.sort_unstable();
            classes.push(class);
        }
        classes.sort_by_cached_key(|class| (self.order_to(identity, class[0]), class.len(), class[0]));
        Some(classes)
    }

    /// The least n ≥ 1 with aⁿ = `identity`.
    fn order_to(&self, identity: u32, a: u32) -> Option<usize> {
        let mut power = a;
        for n in 1..=self.order {
            if power == identity {
                return Some(n);
            }
            power = self.times(power, a);
        }
        None
    }
}
