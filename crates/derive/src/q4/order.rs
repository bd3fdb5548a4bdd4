//! Templates of inequalities and of limits.

use crate::q4::chain::{Context, Draft, FaultKind as K, range};
use crate::random::Stream;

pub(super) const TEMPLATES: &[fn(&mut Stream) -> Draft] = &[
    cauchy_schwarz,
    operator_norms,
    muon,
    traces,
    rayleigh,
    jensen,
    ridgeless,
    strong_decay,
    saturation,
    wide_features,
];

fn cauchy_schwarz(s: &mut Stream) -> Draft {
    Draft::new("Cauchy and Schwarz", Context::Ordered, "inner(W*V, D)")
        .sizes(&[range(s, "n", 2), range(s, "m", 2)])
        .declare(&[
            "W = { shape = [\"n\", \"n\"] }",
            "V = { shape = [\"n\", \"m\"] }",
            "D = { shape = [\"n\", \"m\"] }",
        ])
        .names(&["W", "V", "D"])
        .equals("inner(V, W'*D)")
        .step("<=", "norm(V)*norm(W'*D)")
        .step("<=", "norm(V)*norm(W)*norm(D)")
        .step("<=", "norm(W)*(sumsq(V) + sumsq(D))/2")
        .relation(K::Inequality, 3, ">=")
        .relation(K::Inequality, 4, ">=")
        // Only near parallel matrices is this too small: an ascent has to find them.
        .wrong(K::Inequality, 2, "0.8*norm(V)*norm(W'*D)")
        .wrong(K::Transpose, 1, "inner(V, W*D)")
        .wrong(K::Factor, 4, "norm(W)*(sumsq(V) + sumsq(D))/4")
}

fn operator_norms(s: &mut Stream) -> Draft {
    Draft::new("norms", Context::Ordered, "minsv(W)*norm(V)")
        .sizes(&["n = \"2..5\"".to_owned(), range(s, "m", 2)])
        .declare(&["W = { shape = [\"n\", \"n\"] }", "V = { shape = [\"n\", \"m\"] }"])
        .names(&["W", "V"])
        .step("<=", "norm(W*V)")
        .step("<=", "maxsv(W)*norm(V)")
        .step("<=", "norm(W)*norm(V)")
        .step("<=", "nuclear(W)*norm(V)")
        .step("<=", "sqrt(n)*norm(W)*norm(V)")
        .relation(K::Inequality, 1, ">=")
        .relation(K::Inequality, 2, ">=")
        .relation(K::Inequality, 4, ">=")
        .wrong(K::Inequality, 2, "maxsv(W)*maxsv(V)")
        .wrong(K::Inequality, 5, "0.9*sqrt(n)*norm(W)*norm(V)")
}

fn muon(s: &mut Stream) -> Draft {
    Draft::new("Muon", Context::Ordered, "trace(polar(D)'*D)")
        .sizes(&["n = \"2..5\"".to_owned(), range(s, "m", 2)])
        .declare(&["D = { shape = [\"n\", \"m\"] }"])
        .names(&["D"])
        .equals("inner(polar(D), D)")
        .equals("nuclear(D)")
        .step(">=", "norm(D)")
        .step(">=", "maxsv(D)")
        .step(">=", "0")
        .relation(K::Inequality, 3, "<=")
        .relation(K::Inequality, 4, "<=")
        .carried(K::Sign, 1, &["-inner(polar(D), D)", "-nuclear(D)"])
        .wrong(K::Factor, 2, "2*nuclear(D)")
        .wrong(K::Inequality, 3, "1.1*norm(D)")
}

fn traces(s: &mut Stream) -> Draft {
    Draft::new("traces of positive matrices", Context::Ordered, "trace(P*W)")
        .sizes(&[format!("n = \"2..{}\"", 4 + s.whole(0, 1))])
        .declare(&[
            "P = { shape = [\"n\", \"n\"], assumptions = [\"positive semidefinite\"] }",
            "W = { shape = [\"n\", \"n\"], assumptions = [\"positive definite\"] }",
        ])
        .names(&["P", "W"])
        .equals("trace(W*P)")
        .step("<=", "maxeig(W)*trace(P)")
        .step("<=", "trace(W)*trace(P)")
        .step("<=", "(trace(W) + trace(P))^2/4")
        .relation(K::Inequality, 2, ">=")
        .wrong(K::Inequality, 2, "mineig(W)*trace(P)")
        .wrong(K::Inequality, 4, "(trace(W) + trace(P))^2/5")
        .relation(K::Inequality, 3, ">=")
        .wrong(K::Sign, 4, "(trace(W) - trace(P))^2/4")
}

fn rayleigh(s: &mut Stream) -> Draft {
    Draft::new("Rayleigh quotient", Context::Ordered, "inner(x, P*x)")
        .sizes(&[format!("n = \"2..{}\"", 4 + s.whole(0, 1))])
        .declare(&[
            "P = { shape = [\"n\", \"n\"], assumptions = [\"symmetric\"] }",
            "x = { shape = \"n\", assumptions = [\"unit norm\"] }",
        ])
        .names(&["P", "x"])
        .step("<=", "maxeig(P)")
        .equals("max(y on sphere(n): inner(y, P*y))")
        .step("<=", "maxsv(P)")
        .step("<=", "norm(P)")
        .relation(K::Inequality, 1, ">=")
        .relation(K::Inequality, 4, ">=")
        .wrong(K::Index, 2, "max(y on sphere(n): inner(y, P*x))")
        .wrong(K::Sign, 2, "-min(y on sphere(n): inner(y, P*y))")
        .wrong(K::Inequality, 3, "maxsv(P)/2")
        .wrong(K::Inequality, 1, "mineig(P)")
}

fn jensen(s: &mut Stream) -> Draft {
    Draft::new("Jensen", Context::Ordered, "exp(inner(p, x))")
        .sizes(&[range(s, "n", 2)])
        .declare(&["y = { shape = \"n\" }", "x = { shape = \"n\" }"])
        .define(&["p = \"softmax(y')'\""])
        .names(&["x", "y", "p"])
        .equals("prod(i in 1..n: exp(p[i]*x[i]))")
        .step("<=", "inner(p, exp(x))")
        .step("<=", "max(exp(x))")
        .step("<=", "sum(exp(x))")
        .relation(K::Inequality, 2, ">=")
        .relation(K::Inequality, 4, ">=")
        .wrong(K::Index, 1, "prod(i in 1..n: exp(p[1]*x[i]))")
        .wrong(K::Factor, 3, "max(exp(x))/2")
        .wrong(K::Sign, 1, "prod(i in 1..n: exp(-p[i]*x[i]))")
}

fn ridgeless(s: &mut Stream) -> Draft {
    Draft::new("ridgeless limit", Context::Factor, "inv(F'*F + eta*I(k))*F'*Y")
        .sizes(&["k = \"2..3\"".to_owned(), format!("n = \"5..{}\"", 7 + s.whole(0, 2)), range(s, "m", 1)])
        .declare(&["F = { shape = [\"n\", \"k\"] }", "Y = { shape = [\"n\", \"m\"] }", "eta = \"positive\""])
        .names(&["F", "Y"])
        .equals("F'*inv(F*F' + eta*I(n))*Y")
        .equals("inv(F'*F + eta*I(k))*F'*Y")
        .step("~ as eta -> 0", "inv(F'*F)*F'*Y")
        .relation(K::Limit, 3, "~ as eta -> inf")
        .wrong(K::Limit, 3, "F'*Y/eta")
        .wrong(K::Commuted, 1, "inv(F'*F + eta*I(k))*inv(F'*F + eta*I(k))*F'*F*F'*Y")
        .wrong(K::Sign, 1, "F'*inv(F*F' - eta*I(n))*Y")
        .carried(K::Factor, 3, &["2*inv(F'*F)*F'*Y"])
}

fn strong_decay(s: &mut Stream) -> Draft {
    Draft::new("strong decay", Context::Factor, "eta*inv(F'*F + eta*I(k))*F'*Y")
        .sizes(&["k = \"2..4\"".to_owned(), range(s, "n", 3), range(s, "m", 1)])
        .declare(&["F = { shape = [\"n\", \"k\"] }", "Y = { shape = [\"n\", \"m\"] }", "eta = \"positive\""])
        .names(&["F", "Y"])
        .equals("(I(k) - inv(F'*F + eta*I(k))*F'*F)*F'*Y")
        .equals("F'*Y - inv(F'*F + eta*I(k))*F'*F*F'*Y")
        .step("~ as eta -> inf", "F'*Y")
        .relation(K::Limit, 3, "~ as eta -> 0")
        .wrong(K::Sign, 1, "(I(k) + inv(F'*F + eta*I(k))*F'*F)*F'*Y")
        .wrong(K::CrossTerm, 2, "F'*Y")
        .scaled(K::Factor, 3, "2")
        .wrong(K::Commuted, 2, "F'*Y - F'*F*inv(F'*F + 2*eta*I(k))*F'*Y")
}

fn saturation(s: &mut Stream) -> Draft {
    let power = 1 + s.whole(0, 1);
    let first = format!("x*b^{power}/(a^{power} + b^{power})");
    Draft::new("saturation", Context::Factor, &first)
        .sizes(&[range(s, "n", 2)])
        .declare(&["x = { shape = \"n\" }", "a = \"positive\"", "b = \"positive\""])
        .names(&["x"])
        .equals(&format!("x - x*a^{power}/(a^{power} + b^{power})"))
        .step("~ as b -> inf", "x")
        .equals("x .* ones(n)")
        .step("~ as a -> 0", &first)
        .relation(K::Limit, 2, "~ as a -> inf")
        .relation(K::Limit, 2, "~ as b -> 0")
        .relation(K::Limit, 4, "~ as a -> inf")
        .relation(K::Limit, 4, "~ as b -> 0")
        .wrong(K::Sign, 1, &format!("x + x*a^{power}/(a^{power} + b^{power})"))
        .wrong(K::Factor, 1, &format!("x - 2*x*a^{power}/(a^{power} + b^{power})"))
}

fn wide_features(s: &mut Stream) -> Draft {
    let (kernel, wrong) = [("square(X*W)*square(X*W)'/K", "4"), ("(X*W)*(X*W)'/K", "1")][s.whole(0, 1)];
    let goal = if wrong == "4" { "r*r' + 2*square(X*X')" } else { "X*X'" };
    let lost = if wrong == "4" { "r*r'" } else { "X*X'/2" };
    Draft::new("wide features", Context::Factor, kernel)
        .sizes(&["n = \"3..5\"".to_owned(), "m = \"2..3\"".to_owned(), "K = \"8..20\"".to_owned()])
        .declare(&["X = { shape = [\"n\", \"m\"] }", "W = { shape = [\"m\", \"K\"] }"])
        .define(&["r = \"rowsums(square(X))\""])
        .names(&["X", "W"])
        .step("~ as K -> inf", goal)
        .equals(&format!("({goal})'"))
        .relation(K::Limit, 1, "~ as n -> inf")
        .carried(K::CrossTerm, 1, &[lost, &format!("({lost})'")])
}
