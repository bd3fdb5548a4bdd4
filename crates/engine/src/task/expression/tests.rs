//! Formulas against arithmetic of other kinds.

use super::*;
use proptest::prelude::*;

fn value(text: &str, values: [u32; 4], modulus: u32) -> u32 {
    let expression = Expression::parse(text, u64::from(modulus)).unwrap();
    expression.program.evaluate(&values, modulus, &mut Vec::new()).unwrap()
}

#[test]
fn precedence_is_that_of_mathematics() {
    let check = |text, expected: i64| {
        assert_eq!(i64::from(value(text, [3, 5, 7, 11], 97)), expected.rem_euclid(97), "{text}");
    };
    check("x - y - z", 3 - 5 - 7);
    check("x - (y - z)", 3 - (5 - 7));
    check("x + y*z", 3 + 5 * 7);
    check("(x+y)*z", (3 + 5) * 7);
    check("-x^2", -9);
    check("(-x)^2", 9);
    check("x*-y", -15);
    check("--x", 3);
    check("2*x^3 - 4*y + w", 2 * 27 - 20 + 11);
    check("x^0 + 18446744073709551615", 1 + (u64::MAX % 97) as i64);
    check("x^96", 1);
}

#[test]
fn operands_are_the_variables_that_occur() {
    let operands = |text| Expression::parse(text, 5).unwrap().n_operands();
    assert_eq!([operands("x^2"), operands("y*x"), operands("x+z"), operands("w+z*y-x")], [1, 2, 2, 4]);
    let problem = Expression::parse("z - x", 5).unwrap().problem(String::new()).unwrap();
    // x is the slow operand although z is written first.
    assert!((0..25).all(|i| problem.labels[i] == ((i % 5 + 5 - i / 5) % 5) as u32));
}

#[test]
fn mistakes_are_told_with_their_column() {
    let check = |text: &str, expected: &str| {
        assert_eq!(Expression::parse(text, 7).unwrap_err().to_string(), expected, "{text}");
    };
    check("", "column 1: expected a number, x, y, z, w, `-` or `(`, found the end");
    check("x +", "column 4: expected a number, x, y, z, w, `-` or `(`, found the end");
    check("2x", "column 2: expected an operator, `if` or the end, found `x`");
    check("x y", "column 3: expected an operator, `if` or the end, found `y`");
    check("x + a", "column 5: expected a number, x, y, z, w, `-` or `(`, found `a`");
    check("(x + y", "column 7: expected an operator, `if` or `)`, found the end");
    check("x)", "column 2: expected an operator, `if` or the end, found `)`");
    check("x^y", "column 3: expected a whole number as exponent, found `y`");
    check("x^-1", "column 3: expected a whole number as exponent, found `-`");
    check("x^2^3", "column 4: a power of a power needs parentheses");
    check("x+18446744073709551616", "column 3: the number does not fit 64 bits");
    check("1 + 2", "has no variable; the variables are x, y, z and w");
    check(&format!("{}x{}", "(".repeat(51), ")".repeat(51)), "column 51: nested deeper than 50 levels");
    check(&"-".repeat(300), "column 51: nested deeper than 50 levels");
    check(&"x+".repeat(300), "600 characters long, more than 400");
}

/// A tree that knows its text and its value; reduced at every node, so that i128 is exact.
#[derive(Clone, Debug)]
enum Tree {
    Number(u64),
    Variable(usize),
    Negative(Box<Tree>),
    Binary(char, Box<Tree>, Box<Tree>),
    Power(Box<Tree>, u32),
}

impl Tree {
    fn text(&self) -> String {
        match self {
            Self::Number(n) => n.to_string(),
            Self::Variable(v) => VARIABLES[*v].to_string(),
            Self::Negative(a) => format!("(-{})", a.text()),
            Self::Binary(operator, a, b) => format!("({} {operator} {})", a.text(), b.text()),
            Self::Power(a, n) => format!("({})^{n}", a.text()),
        }
    }

    fn value(&self, values: &[u32; 4], modulus: i128) -> i128 {
        let reduced = match self {
            Self::Number(n) => i128::from(*n),
            Self::Variable(v) => i128::from(values[*v]),
            Self::Negative(a) => -a.value(values, modulus),
            Self::Binary(operator, a, b) => {
                let (a, b) = (a.value(values, modulus), b.value(values, modulus));
                match operator {
                    '+' => a + b,
                    '-' => a - b,
                    _ => a * b,
                }
            }
            Self::Power(a, n) => {
                let a = a.value(values, modulus);
                (0..*n).fold(1, |product, _| product * a % modulus)
            }
        };
        reduced.rem_euclid(modulus)
    }
}

fn trees() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![(0u64..5000).prop_map(Tree::Number), (0usize..4).prop_map(Tree::Variable)];
    leaf.prop_recursive(4, 16, 2, |inner| {
        prop_oneof![
            inner.clone().prop_map(|a| Tree::Negative(Box::new(a))),
            (prop_oneof![Just('+'), Just('-'), Just('*')], inner.clone(), inner.clone())
                .prop_map(|(operator, a, b)| Tree::Binary(operator, Box::new(a), Box::new(b))),
            (inner, 0u32..9).prop_map(|(a, n)| Tree::Power(Box::new(a), n)),
        ]
    })
}

proptest! {
    #[test]
    fn any_tree_is_evaluated_as_it_is_read(tree in trees(), values in prop::array::uniform4(0u32..4096), modulus in 2u32..=4096) {
        let text = format!("{}+0*x", tree.text());
        prop_assume!(text.len() <= LENGTH_LIMIT);
        let values = values.map(|v| v % modulus);
        prop_assert_eq!(i128::from(value(&text, values, modulus)), tree.value(&values, i128::from(modulus)));
    }

    #[test]
    fn no_text_makes_the_parser_panic(text in "([xyzw0-9+*/%^() -]|if|else|[<>=!]=?){0,40}|.{0,20}") {
        if let Ok(expression) = Expression::parse(&text, 11) {
            let again = Expression::parse(&expression.text, 11).unwrap();
            prop_assert_eq!(again, expression);
        }
    }
}

fn resolved(formula: &str, modulus: u64) -> Problem {
    Expression::parse(formula, modulus).unwrap().problem(String::new()).unwrap()
}

/// Quotients by search instead of by Euclid's algorithm.
#[test]
fn division_leaves_out_zero_and_undoes_multiplication() {
    for p in [2_u32, 3, 5, 7, 13, 97] {
        let problem = resolved("x/y", p.into());
        assert_eq!((problem.n_labels, problem.operand_firsts.as_slice()), (p as usize, [0, 1].as_slice()));
        assert_eq!(problem.operand_sizes, [p as usize, p as usize - 1]);
        assert_eq!(problem.n_population() as u32, p * (p - 1));
        assert_eq!(problem.structure, Structure::Function);
        for (index, &label) in (0..).zip(&problem.labels) {
            let (x, y) = (index / (p - 1), index % (p - 1) + 1);
            let quotient = (0..p).find(|quotient| quotient * y % p == x).unwrap();
            assert_eq!(label, quotient, "{x}/{y} mod {p}");
        }
    }
}

#[test]
fn operands_begin_at_one_where_their_zero_alone_is_in_the_way() {
    let firsts = |formula: &str| resolved(formula, 7).operand_firsts;
    assert_eq!(firsts("x/y"), [0, 1]);
    assert_eq!(firsts("1/x"), [1]);
    assert_eq!(firsts("x/y + y/x"), [1, 1]);
    assert_eq!(firsts("z/(x*y)"), [1, 1, 0]);
    assert_eq!(firsts("x%y + z"), [0, 1, 0]);
    assert_eq!(firsts("x/y if y%2 else x-y"), [0, 0]);
    assert_eq!(firsts("x/y if y else 0"), [0, 0]);
    assert_eq!(firsts("x*y"), [0, 0]);
    // Units of a modulus that is no prime: nothing else is divided by.
    assert_eq!(firsts("x/(2*y+1)  if y < 2 else x/3"), [0, 0]);
    assert_eq!(resolved("x/3", 8).labels, [0, 3, 6, 1, 4, 7, 2, 5]);
}

#[test]
fn quotients_and_remainders_are_those_of_whole_numbers() {
    let quotient = resolved("x//y", 11);
    let remainder = resolved("x%y", 11);
    for (index, (&q, &r)) in (0..).zip(quotient.labels.iter().zip(&remainder.labels)) {
        let (x, y) = (index / 10, index % 10 + 1);
        assert!(q * y + r == x && r < y, "{x} by {y}: {q}, {r}");
    }
    // A number behind the operator stays as it is written, past the modulus too; anything else is below it.
    assert_eq!(resolved("x%100", 11).labels, (0..11).collect::<Vec<_>>());
    assert_eq!(resolved("x//100", 11).labels, [0; 11]);
    assert_eq!(resolved("x%(13)", 11).labels, (0..11).collect::<Vec<_>>());
    assert_eq!(resolved("x%(12+1)", 11).labels, (0..11).map(|x| x % 2).collect::<Vec<_>>());
    assert_eq!(value("x+y%2", [3, 5, 0, 0], 97), 4);
    assert_eq!(value("(x+y)%2", [3, 5, 0, 0], 97), 0);
    assert_eq!(value("x*y//4%2", [3, 5, 0, 0], 97), 1);
    assert_eq!(value("(x-4)%10", [3, 5, 0, 0], 97), 6); // 96 mod 10
    assert_eq!(value("x - y//2*2", [3, 5, 0, 0], 97), 96);
}

#[test]
fn a_condition_chooses_and_the_other_side_is_not_asked() {
    let check = |text: &str, expected: fn(u32, u32) -> u32| {
        let labels = resolved(text, 7).labels;
        let cells = (0..7).flat_map(|x| (0..7).map(move |y| expected(x, y) % 7));
        assert_eq!(labels, cells.collect::<Vec<_>>(), "{text}");
    };
    check("x + y if y%2 else x + 7 - y", |x, y| if y % 2 == 1 { x + y } else { x + 7 - y });
    check("x + y if y%2==1 else x - y", |x, y| if y % 2 == 1 { x + y } else { x + 7 - y });
    check("x if x < y else y", Ord::min);
    check("x if x>=y else y", Ord::max);
    check("(1 if x == y else 0)", |x, y| u32::from(x == y));
    check("1 if x != y else 2 if x <= 3 else 3", |x, y| {
        if x != y {
            1
        } else if x <= 3 {
            2
        } else {
            3
        }
    });
    check("x*(y if x > y else 2) + 1", |x, y| x * if x > y { y } else { 2 } + 1);
    check("x/y if y else x", |x, y| (0..7).find(|q| q * y % 7 == x).unwrap_or(x));
}

#[test]
fn one_formula_has_one_spelling() {
    let text = |text: &str| Expression::parse(text, 7).unwrap().text;
    assert_eq!(text(" x ** 2+y**3"), "x^2+y^3");
    assert_eq!(text("x/y  if y%2==1\telse x - y"), "x/y if y%2==1 else x-y");
    assert_eq!(text("x/yify%2elsex-y"), "x/y if y%2 else x-y");
    assert_eq!(text("x // y % 2"), "x//y%2");
}

#[test]
fn what_cannot_be_divided_is_told_with_a_remedy() {
    let check = |formula: &str, modulus: u64, expected: &str| {
        let refused = Expression::parse(formula, modulus).and_then(|e| e.problem(String::new())).unwrap_err();
        assert_eq!(refused.to_string(), expected, "{formula}");
    };
    check("x/y", 6, "column 2: 2 has no inverse modulo 6 (at x = 0, y = 2); 6 is no prime: take one, such as 5");
    check(
        "x/(x+y)",
        7,
        "column 2: 0 has no inverse modulo 7 (at x = 0, y = 0); write what holds there, as in `x/y if y else 0`",
    );
    check("x%(x+y)", 7, "column 2: divides by 0 (at x = 0, y = 0); write what holds there, as in `x%y if y else 0`");
    check("x/7", 7, "column 2: 0 has no inverse modulo 7 (at x = 1); write what holds there, as in `x/y if y else 0`");
    check("x%0", 7, "column 2: divides by 0; write what holds there, as in `x%y if y else 0`");
    let remedy = "a condition is written `A if C else B`, as in `x/y if y%2 else x-y`";
    check("if(y%2, x/y, x-y)", 7, &format!("column 1: {remedy}"));
    check("y%2 ? x/y : x-y", 7, &format!("column 5: {remedy}"));
    check("x if y", 7, "column 7: expected an operator or `else`, found the end");
    check("x if x<y<z else y", 7, "column 9: one comparison a condition; write a condition within the other");
    check("x<y", 7, "column 2: expected an operator, `if` or the end, found `<`");
    check("x^2**3", 7, "column 4: a power of a power needs parentheses");
    check("x = y", 7, "column 3: expected an operator, `if` or the end, found `=`");
    let nested = "x if y else ".repeat(33) + "x";
    assert!(Expression::parse(&nested, 7).is_ok());
}

/// Tables that Python computed, `testdata/tasks/formulas.py`.
#[test]
fn every_cell_is_pythons() {
    let mut n_formulas = 0;
    for line in include_str!("../../../../../testdata/tasks/formulas.txt").lines().filter(|line| !line.starts_with('#'))
    {
        let [formula, modulus, sizes, labels] = line.split('|').map(str::trim).collect::<Vec<_>>()[..] else {
            panic!("{line}");
        };
        let numbers = |text: &str| text.split(' ').map(|number| number.parse().unwrap()).collect::<Vec<u32>>();
        let problem = resolved(formula, modulus.parse().unwrap());
        let found: Vec<u32> = problem.operand_sizes.iter().map(|&size| size as u32).collect();
        assert_eq!(found, numbers(sizes), "{formula}");
        assert_eq!(problem.labels, numbers(labels), "{formula}");
        n_formulas += 1;
    }
    assert_eq!(n_formulas, 12);
}
