//! What an operation is, in numbers that mean the same for every task.

use dunwu_engine::Problem;
use dunwu_engine::task::Structure;

/// Quadruples that [`Operation::closing`] looks at.
const QUADRUPLES: usize = 256;

/// What is known of a problem's operation before any run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Operation {
    /// Operands; 0 where inputs are numbers.
    pub n_operands: usize,
    /// Tokens of the largest operand; where inputs are numbers, how many there are in an input.
    pub n_tokens: usize,
    /// Whether it is a group.
    pub is_group: bool,
    /// Share of pairs (a, b) for which a∘b = b∘a; `None` where there are not two operands of equally many tokens.
    pub commuting: Option<f64>,
    /// Share of quadruples in which the quadrangle criterion holds, that is, in which
    ///
    /// ```text
    /// a∘b = a′∘b′,  a∘d = a′∘d′,  c∘b = c′∘b′   ⇒   c∘d = c′∘d′
    /// ```
    ///
    /// It is 1 exactly where a Latin square is the table of a group up to names (Dénes and Keedwell 1974, theorem 1.2.1), and near 1/M
    /// where the table has no structure. 256 quadruples are looked at, drawn by a fixed rule. `None` where there are not two operands, or
    /// no quadruple fulfils the premise.
    pub closing: Option<f64>,
}

impl Operation {
    /// That of `problem`.
    pub fn of(problem: &Problem) -> Self {
        let sizes = &problem.operand_sizes;
        let table = match (&problem.structure, sizes.as_slice()) {
            (Structure::Group(table) | Structure::Quasigroup(table), _) => {
                Some((table.order, table.product.as_slice()))
            }
            (Structure::Function, [rows, columns]) if rows == columns => Some((*rows, problem.labels.as_slice())),
            _ => None,
        };
        Self {
            n_operands: sizes.len(),
            n_tokens: sizes.iter().copied().max().unwrap_or(problem.n_features),
            is_group: matches!(problem.structure, Structure::Group(_)),
            commuting: table.map(|(order, product)| commuting(order, product)),
            closing: table.and_then(|(order, product)| closing(order, product)),
        }
    }
}

fn commuting(order: usize, product: &[u32]) -> f64 {
    let pairs = (0..order).flat_map(|a| (0..order).map(move |b| (a, b)));
    let equal = pairs.filter(|&(a, b)| product[a * order + b] == product[b * order + a]).count();
    equal as f64 / (order * order) as f64
}

fn closing(order: usize, product: &[u32]) -> Option<f64> {
    let at = |a: usize, b: usize| product[a * order + b];
    // Multiples of an odd number modulo 2⁶⁴ whose upper bits are taken (Knuth's MMIX generator).
    let mut state = 1_u64;
    let mut draw = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as usize) % order
    };
    let (mut seen, mut closed) = (0_usize, 0_usize);
    for _ in 0..QUADRUPLES {
        let [a, b, c, d, other] = std::array::from_fn(|_| draw());
        let (first_column, first_row) = (draw(), draw());
        let column_of = |row: usize, value: u32| {
            (0..order).map(|shift| (first_column + shift) % order).find(|&column| at(row, column) == value)
        };
        let Some(column) = column_of(other, at(a, b)) else { continue };
        let Some(second) = column_of(other, at(a, d)) else { continue };
        let rows = (0..order).map(|shift| (first_row + shift) % order);
        let Some(row) = rows.into_iter().find(|&row| at(row, column) == at(c, b)) else { continue };
        // A quadruple that is mapped to itself says nothing.
        if other == a || row == c && second == d {
            continue;
        }
        seen += 1;
        closed += usize::from(at(c, d) == at(row, second));
    }
    (seen > 0).then(|| closed as f64 / seen as f64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use dunwu_engine::spec::presets;

    fn of(task: &str) -> Operation {
        let words = vec![format!("task={task}")];
        let spec = crate::spec_file::read_overrides(&(presets::find("small").unwrap().spec)(), &words).unwrap();
        Operation::of(&spec.task.resolve(None).unwrap())
    }

    /// The theorem: the criterion holds in every quadruple of a group's table, under any names, and of no other Latin square.
    #[test]
    fn only_tables_of_groups_close() {
        for group in ["cyclic:23", "dihedral:7", "symmetric:4", "heisenberg:3"] {
            assert_eq!(of(group).closing, Some(1.0), "{group}");
        }
        // A group whose operands are renamed: 2 x + 3 y.
        assert_eq!(of("expression:2*x+3*y:23").closing, Some(1.0));
        let cubic = of("expression:x^3+x*y:23").closing.unwrap();
        assert!(cubic < 0.3, "{cubic}");
    }

    #[test]
    fn what_commutes_is_counted() {
        assert_eq!(of("cyclic:11").commuting, Some(1.0));
        // A group of order M with k classes of conjugates has k M pairs that commute: k = 5 of symmetric:4.
        assert_eq!(of("symmetric:4").commuting, Some(5.0 / 24.0));
        assert_eq!(of("expression:x-y:11").commuting, Some(1.0 / 11.0));
        let parity = of("parity:12:3");
        assert_eq!((parity.n_operands, parity.n_tokens, parity.commuting, parity.closing), (0, 12, None, None));
    }
}
