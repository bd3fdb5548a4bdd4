//! Templates of gradients and of expansions in a small number.

use crate::q4::chain::{Context, Draft, FaultKind as K, range};
use crate::random::Stream;

pub(super) const TEMPLATES: &[fn(&mut Stream) -> Draft] = &[
    energy,
    back_propagation,
    cross_entropy,
    softmax_curvature,
    descent,
    neumann,
    early,
    perturbed_norm,
    ridge_gradient,
];

const SMOOTH: &str = "s = { activation = [\"square\", \"tanh\", \"sigmoid\", \"silu\", \"gelu\"] }";

fn energy(s: &mut Stream) -> Draft {
    Draft::new("energy of a unit", Context::Matrix("m", "1"), "grad(sumsq(center(Y)'*s(X*w))/2, w)")
        .sizes(&[range(s, "n", 3), range(s, "m", 2), range(s, "c", 2)])
        .declare(&["X = { shape = [\"n\", \"m\"] }", "Y = { shape = [\"n\", \"c\"] }", "w = { shape = \"m\" }", SMOOTH])
        .names(&["X", "Y", "w"])
        .equals("X'*(ds(X*w) .* (center(Y)*(center(Y)'*s(X*w))))")
        .equals("X'*diag(ds(X*w))*center(Y)*center(Y)'*s(X*w)")
        .equals("X'*diag(ds(X*w))*center(Y)*(Y'*center(s(X*w)))")
        .equals("X'*diag(ds(X*w))*center(Y*(Y'*center(s(X*w))))")
        .scaled(K::Factor, 1, "2")
        .wrong(K::Centring, 3, "X'*diag(ds(X*w))*center(Y)*(Y'*s(X*w))")
        .wrong(K::Centring, 4, "X'*diag(ds(X*w))*Y*(Y'*center(s(X*w)))")
        .wrong(K::Centring, 1, "X'*(ds(X*w) .* (Y*(Y'*s(X*w))))")
        .wrong(K::Sign, 2, "-X'*diag(ds(X*w))*center(Y)*center(Y)'*s(X*w)")
}

fn back_propagation(s: &mut Stream) -> Draft {
    Draft::new("back-propagation", Context::Matrix("m", "k"), "grad(sumsq(Y - s(X*W)*V)/2, W)")
        .sizes(&[range(s, "n", 2), range(s, "m", 2), range(s, "k", 2)])
        .declare(&[
            "X = { shape = [\"n\", \"m\"] }",
            "Y = { shape = [\"n\", \"k\"] }",
            "W = { shape = [\"m\", \"k\"] }",
            "V = { shape = [\"k\", \"k\"] }",
            SMOOTH,
        ])
        .define(&["R = \"Y - s(X*W)*V\""])
        .names(&["X", "Y", "W", "V", "R"])
        .equals("-X'*(ds(X*W) .* (R*V'))")
        .equals("X'*(ds(X*W) .* ((s(X*W)*V - Y)*V'))")
        .equals("X'*(ds(X*W) .* (s(X*W)*V*V')) - X'*(ds(X*W) .* (Y*V'))")
        .carried(K::Sign, 1, &["X'*(ds(X*W) .* (R*V'))", "-X'*(ds(X*W) .* ((s(X*W)*V - Y)*V'))"])
        .wrong(K::Transpose, 1, "-X'*(ds(X*W) .* (R*V))")
        .scaled(K::Factor, 1, "2")
        .wrong(K::Commuted, 3, "X'*(ds(X*W) .* (s(X*W)*V'*V)) - X'*(ds(X*W) .* (Y*V'))")
        .wrong(K::CrossTerm, 3, "X'*(ds(X*W) .* (s(X*W)*V*V'))")
}

fn cross_entropy(s: &mut Stream) -> Draft {
    Draft::new("cross entropy", Context::Matrix("m", "c"), "grad(-inner(Y, ln(softmax(X*W))), W)")
        .sizes(&[range(s, "n", 2), range(s, "m", 2), range(s, "c", 2)])
        .declare(&[
            "X = { shape = [\"n\", \"m\"] }",
            "Y = { shape = [\"n\", \"c\"], assumptions = [\"one-hot rows\"] }",
            "W = { shape = [\"m\", \"c\"] }",
        ])
        .names(&["X", "Y", "W"])
        .equals("X'*(diag(rowsums(Y))*softmax(X*W) - Y)")
        .equals("X'*(softmax(X*W) - Y)")
        .equals("X'*softmax(X*W) - X'*Y")
        .equals("X'*softmax(X*W - X*W[:, 1]*ones(c)') - X'*Y")
        .scaled(K::Sign, 1, "-1")
        .wrong(K::Sign, 2, "X'*(softmax(X*W) + Y)")
        .carried(K::CrossTerm, 2, &["X'*softmax(X*W)"])
        .wrong(K::Index, 4, "X'*softmax(X*W - X*W[:, 1]*onehot(1, c)') - X'*Y")
        .wrong(K::Factor, 4, "X'*softmax(2*X*W - X*W[:, 1]*ones(c)') - X'*Y")
}

fn softmax_curvature(s: &mut Stream) -> Draft {
    Draft::new("curvature of log-sum-exp", Context::Ordered, "v'*hess(ln(sum(exp(x))), x)*v")
        .sizes(&[range(s, "n", 2)])
        .declare(&["x = { shape = \"n\" }", "v = { shape = \"n\" }"])
        .define(&["p = \"softmax(x')'\""])
        .names(&["x", "v", "p"])
        .equals("v'*(diag(p) - p*p')*v")
        .equals("sum(p .* square(v)) - inner(p, v)^2")
        .equals("sum(p .* square(v - inner(p, v)*ones(n)))")
        .step("<=", "sum(p .* square(v))")
        .step("<=", "sumsq(v)")
        .wrong(K::CrossTerm, 1, "v'*diag(p)*v")
        .carried(K::Sign, 1, &["v'*(diag(p) + p*p')*v", "sum(p .* square(v)) + inner(p, v)^2"])
        .wrong(K::Factor, 2, "sum(p .* square(v)) - inner(p, v)^2/2")
        .relation(K::Inequality, 4, ">=")
        .relation(K::Inequality, 5, ">=")
        .wrong(K::Centring, 3, "sum(p .* square(v))")
}

fn descent(s: &mut Stream) -> Draft {
    let activation = ["tanh", "square", "sigmoid"][s.whole(0, 2)];
    let e = format!("sumsq(Y - {activation}(X*W))/2");
    let g = format!("grad({e}, W)");
    Draft::new("one step of descent", Context::Factor, &format!("sumsq(Y - {activation}(X*(W - t*{g})))/2"))
        .sizes(&[range(s, "n", 2), range(s, "m", 2), range(s, "c", 2)])
        .declare(&[
            "X = { shape = [\"n\", \"m\"] }",
            "Y = { shape = [\"n\", \"c\"] }",
            "W = { shape = [\"m\", \"c\"] }",
            "t = \"small\"",
        ])
        .names(&["X", "Y", "W"])
        .step("= up to O(t^2)", &format!("{e} - t*inner({g}, {g})"))
        .equals(&format!("{e} - t*sumsq({g})"))
        .equals(&format!("{e} - dir({e}, W, t*{g})"))
        .relation(K::Order, 1, "= up to O(t^3)")
        .carried(
            K::Sign,
            1,
            &[
                &format!("{e} + t*inner({g}, {g})"),
                &format!("{e} + t*sumsq({g})"),
                &format!("{e} + dir({e}, W, t*{g})"),
            ],
        )
        .wrong(K::Factor, 2, &format!("{e} - t*sumsq({g})/2"))
        .wrong(K::CrossTerm, 3, &e)
}

fn neumann(s: &mut Stream) -> Draft {
    Draft::new("Neumann series", Context::Factor, "inv(I(n) + t*W)*V")
        .sizes(&[range(s, "n", 2)])
        .declare(&["W = { shape = [\"n\", \"n\"] }", "V = { shape = [\"n\", \"n\"] }", "t = \"small\""])
        .names(&["W", "V"])
        .step("= up to O(t^3)", "(I(n) - t*W + t^2*W*W)*V")
        .equals("V - t*W*V + t^2*W*W*V")
        .step("= up to O(t^2)", "V - t*W*V")
        .step("= up to O(t^2)", "inv(I(n) + t*W)*V")
        .relation(K::Order, 1, "= up to O(t^4)")
        .relation(K::Order, 3, "= up to O(t^3)")
        .wrong(K::Sign, 1, "(I(n) + t*W + t^2*W*W)*V")
        .carried(K::CrossTerm, 1, &["(I(n) - t*W)*V", "V - t*W*V"])
        .wrong(K::Commuted, 2, "V - t*V*W + t^2*W*W*V")
        .wrong(K::Transpose, 2, "V - t*W'*V + t^2*W*W*V")
        .wrong(K::Factor, 3, "V - 2*t*W*V")
}

fn early(s: &mut Stream) -> Draft {
    Draft::new("early signal", Context::Factor, "center(Y - F*(t*F'*center(Y)))*(t*F'*center(Y))'")
        .sizes(&[range(s, "n", 3), range(s, "k", 2), range(s, "m", 2)])
        .declare(&["F = { shape = [\"n\", \"k\"] }", "Y = { shape = [\"n\", \"m\"] }", "t = \"small\""])
        .names(&["F", "Y"])
        .equals("(center(Y) - t*center(F)*F'*center(Y))*(t*F'*center(Y))'")
        .equals("t*center(Y)*center(Y)'*F - t^2*center(F)*F'*center(Y)*center(Y)'*F")
        .step("= up to O(t^2)", "t*center(Y)*center(Y)'*F")
        .equals("t*center(Y)*Y'*center(F)")
        .carried(K::Centring, 1, &["(Y - t*F*F'*center(Y))*(t*F'*center(Y))'"])
        .wrong(K::Centring, 4, "t*Y*Y'*center(F)")
        .relation(K::Order, 3, "= up to O(t^3)")
        .wrong(K::Sign, 2, "t*center(Y)*center(Y)'*F + t^2*center(F)*F'*center(Y)*center(Y)'*F")
        .wrong(K::Factor, 2, "t*center(Y)*center(Y)'*F - t*center(F)*F'*center(Y)*center(Y)'*F")
}

fn perturbed_norm(s: &mut Stream) -> Draft {
    Draft::new("perturbed length", Context::Factor, "norm(x + t*v)")
        .sizes(&[range(s, "n", 2)])
        .declare(&["x = { shape = \"n\", assumptions = [\"unit norm\"] }", "v = { shape = \"n\" }", "t = \"small\""])
        .names(&["x", "v"])
        .equals("sqrt(1 + 2*t*inner(x, v) + t^2*sumsq(v))")
        .step("= up to O(t^3)", "1 + t*inner(x, v) + t^2*(sumsq(v) - inner(x, v)^2)/2")
        .step("= up to O(t^2)", "1 + t*inner(x, v)")
        .step("= up to O(t)", "1")
        .wrong(K::Factor, 1, "sqrt(1 + t*inner(x, v) + t^2*sumsq(v))")
        .wrong(K::CrossTerm, 1, "sqrt(1 + t^2*sumsq(v))")
        .wrong(K::CrossTerm, 2, "1 + t*inner(x, v) + t^2*sumsq(v)/2")
        .relation(K::Order, 2, "= up to O(t^4)")
        .relation(K::Order, 3, "= up to O(t^3)")
        .relation(K::Order, 4, "= up to O(t^2)")
        .wrong(K::Sign, 3, "1 - t*inner(x, v)")
}

fn ridge_gradient(s: &mut Stream) -> Draft {
    let j = "sumsq(center(Y - F*V))/2 + eta/2*sumsq(V)";
    Draft::new("gradient of ridge regression", Context::Matrix("k", "m"), &format!("grad({j}, V)"))
        .sizes(&[range(s, "n", 3), range(s, "k", 2), range(s, "m", 2)])
        .declare(&[
            "F = { shape = [\"n\", \"k\"] }",
            "Y = { shape = [\"n\", \"m\"] }",
            "V = { shape = [\"k\", \"m\"] }",
            "eta = \"positive\"",
        ])
        .names(&["F", "Y", "V"])
        .equals("-F'*center(Y - F*V) + eta*V")
        .equals("-center(F)'*(Y - F*V) + eta*V")
        .equals("(center(F)'*F + eta*I(k))*V - center(F)'*Y")
        .equals("(center(F)'*center(F) + eta*I(k))*V - center(F)'*center(Y)")
        .wrong(K::Sign, 1, "F'*center(Y - F*V) + eta*V")
        .wrong(K::Factor, 1, "-F'*center(Y - F*V) + eta/2*V")
        .wrong(K::Centring, 1, "-F'*(Y - F*V) + eta*V")
        .wrong(K::Centring, 3, "(F'*F + eta*I(k))*V - center(F)'*Y")
        .carried(K::CrossTerm, 2, &["-center(F)'*Y + eta*V"])
}
