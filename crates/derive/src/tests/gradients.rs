//! Exact derivatives against central differences.

use crate::evaluate::{Bound, Evaluator};
use crate::infer::Definition;
use crate::parse::expression;
use crate::random::Stream;
use crate::tensor::Tensor;
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::rc::Rc;

/// Numbers made of a column `w` of 4 entries, a matrix `X` of 5 x 4 and a square one `S` of 4 x 4.
const NUMBERS: [&str; 16] = [
    "sumsq(X*w)",
    "sum(tanh(X*w) .* square(X*w))",
    "ln(sum(exp(X*w)))",
    "sum(silu(w)) + sum(gelu(w)) + sum(softplus(w))",
    "norm(w)^3/(1 + sumsq(w))",
    "trace(inv(I(4) + w*w')*S)",
    "det(I(4) + w*w' + S/10)",
    "maxeig(diag(w) + S + S')",
    "nuclear([w[1..2], w[3..4]])",
    "inner(vec(kron(w, w')), vec(kron(S, ones(4)*ones(4)'/4)[1..4, 1..4]))",
    "sum(softmax(w'*S))*sum(softmax(w') .* (w'*S))",
    "prod(i in 1..4: 1 + w[i]^2)",
    "sum(i in 1..4: sigmoid(w[i])*sin(w[i]) - cos(w[i]))",
    "max(y on sphere(4): inner(y, diag(w)*y))",
    "sumsq(center(X*diag(w)))/2",
    "inner(grad(sumsq(square(X*w)), w), w)",
];

fn evaluator(seed: u64) -> Evaluator {
    let mut evaluator = Evaluator::new(Rc::new(BTreeMap::<String, Definition>::new()), seed);
    for (name, rows) in [("X", 5), ("S", 4)] {
        let node = evaluator.tape.constant(Stream::new(seed, 0, name).gaussian(rows, 4));
        evaluator.names.insert(name.to_owned(), Bound::Value(node));
    }
    evaluator
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn gradients_are_those_of_central_differences(seed in 0_u64..10_000, which in 0..NUMBERS.len()) {
        let mut evaluator = evaluator(seed);
        let expr = expression(NUMBERS[which]).unwrap();
        let w = Stream::new(seed, 0, "w").gaussian(4, 1);
        let (_, gradient) = evaluator.value_and_gradient("w", &w, &expr).unwrap();
        // The error of a central difference is h^2 f'''/6 + eps f/h: about 1e-9 of the size at h = 1e-5, times what f''' is larger.
        let h = 1e-5;
        for at in 0..4 {
            let mut value = |by: f64| {
                let moved = Tensor::from_fn(4, 1, |row, _| w.re()[row] + if row == at { by } else { 0.0 });
                evaluator.value_and_gradient("w", &moved, &expr).unwrap().0
            };
            let central = (value(h) - value(-h)) / (2.0 * h);
            let scale = 1.0 + gradient.norm() + value(0.0).abs();
            prop_assert!((central - gradient.re()[at]).abs() < 2e-5 * scale, "{}: {central} {}", NUMBERS[which], gradient.re()[at]);
        }
    }
}

#[test]
fn second_derivatives_and_directions_are_exact() {
    let check = |from: &str, to: &str| {
        let mut evaluator = evaluator(7);
        let w = evaluator.tape.constant(Stream::new(7, 0, "w").gaussian(4, 1));
        evaluator.names.insert("w".to_owned(), Bound::Value(w));
        let value = |evaluator: &mut Evaluator, text: &str| {
            let node = evaluator.value(&expression(text).unwrap()).unwrap();
            evaluator.tape.value(node).as_ref().clone()
        };
        let (left, right) = (value(&mut evaluator, from), value(&mut evaluator, to));
        assert!(left.plus(&right, -1.0).norm() < 1e-12 * (1.0 + left.norm()), "{from}");
    };
    check("hess(sumsq(X*w)/2, w)", "X'*X");
    check("hess(sum(square(square(w))), w)", "12*diag(square(w))");
    check("dir(square(X*w), w, S[:, 1])", "2*(X*w) .* (X*S[:, 1])");
    check("dir(inv(S + w*w'), w, S[:, 1])", "-inv(S + w*w')*(S[:, 1]*w' + w*S[:, 1]')*inv(S + w*w')");
}
