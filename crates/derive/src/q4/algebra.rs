//! Templates of matrix algebra: ridge regression, centring, expansions, inverses, Kronecker products.

use crate::q4::chain::{Context, Draft, FaultKind as K, range};
use crate::random::Stream;

pub(super) const TEMPLATES: &[fn(&mut Stream) -> Draft] =
    &[ridge, squared_distance, centred_norm, scatter, woodbury, vectorised, projection, units, commutator, determinant];

fn ridge(s: &mut Stream) -> Draft {
    Draft::new("ridge", Context::Matrix("n", "k"), "(Y - F*inv(F'*F + eta*I(k))*F'*Y)*(inv(F'*F + eta*I(k))*F'*Y)'")
        .sizes(&[range(s, "n", 3), range(s, "k", 2), range(s, "m", 2)])
        .declare(&["F = { shape = [\"n\", \"k\"] }", "Y = { shape = [\"n\", \"m\"] }", "eta = \"positive\""])
        .names(&["F", "Y"])
        .equals("(I(n) - F*inv(F'*F + eta*I(k))*F')*Y*Y'*F*inv(F'*F + eta*I(k))")
        .equals("eta*inv(F*F' + eta*I(n))*Y*Y'*F*inv(F'*F + eta*I(k))")
        .equals("eta*inv(F*F' + eta*I(n))*Y*Y'*inv(F*F' + eta*I(n))*F")
        .wrong(K::Sign, 1, "(I(n) + F*inv(F'*F + eta*I(k))*F')*Y*Y'*F*inv(F'*F + eta*I(k))")
        .carried(
            K::Factor,
            2,
            &["inv(F*F' + eta*I(n))*Y*Y'*F*inv(F'*F + eta*I(k))", "inv(F*F' + eta*I(n))*Y*Y'*inv(F*F' + eta*I(n))*F"],
        )
        .wrong(K::Commuted, 3, "eta*Y*Y'*inv(F*F' + eta*I(n))*inv(F*F' + eta*I(n))*F")
        .wrong(K::Index, 2, "eta/n*inv(F*F' + eta*I(n))*Y*Y'*F*inv(F'*F + eta*I(k))")
}

fn squared_distance(s: &mut Stream) -> Draft {
    Draft::new("squared distance", Context::Number, "sumsq(D - W*V)")
        .sizes(&[range(s, "n", 3), range(s, "k", 2)])
        .declare(&[
            "D = { shape = [\"n\", \"k\"] }",
            "W = { shape = [\"n\", \"n\"] }",
            "V = { shape = [\"n\", \"k\"] }",
        ])
        .names(&["D", "W", "V"])
        .equals("sumsq(D) - 2*inner(D, W*V) + sumsq(W*V)")
        .equals("trace(D'*D) - 2*trace(D'*W*V) + trace(V'*W'*W*V)")
        .equals("trace(D*D') - 2*trace(W*V*D') + trace(W'*W*V*V')")
        .equals("sumsq(D) - 2*inner(W'*D, V) + inner(W'*W, V*V')")
        .carried(K::CrossTerm, 1, &["sumsq(D) + sumsq(W*V)", "trace(D'*D) + trace(V'*W'*W*V)"])
        .carried(
            K::Factor,
            1,
            &[
                "sumsq(D) - inner(D, W*V) + sumsq(W*V)",
                "trace(D'*D) - trace(D'*W*V) + trace(V'*W'*W*V)",
                "trace(D*D') - trace(W*V*D') + trace(W'*W*V*V')",
                "sumsq(D) - inner(W'*D, V) + inner(W'*W, V*V')",
            ],
        )
        .wrong(K::Sign, 2, "trace(D'*D) + 2*trace(D'*W*V) + trace(V'*W'*W*V)")
        .wrong(K::Transpose, 4, "sumsq(D) - 2*inner(W*D, V) + inner(W'*W, V*V')")
        .wrong(K::Commuted, 3, "trace(D*D') - 2*trace(W*V*D') + trace(W*W'*V*V')")
}

fn centred_norm(s: &mut Stream) -> Draft {
    Draft::new("centred norm", Context::Number, "sumsq(center(D))")
        .sizes(&[range(s, "n", 3), range(s, "m", 2)])
        .declare(&["D = { shape = [\"n\", \"m\"] }"])
        .names(&["D"])
        .equals("inner(center(D), D)")
        .equals("trace(D'*(I(n) - ones(n)*ones(n)'/n)*D)")
        .equals("sumsq(D) - sumsq(ones(n)'*D)/n")
        .equals("sumsq(D) - n*sumsq(colsums(D)/n)")
        .equals("sum(i in 1..n: sumsq(D[i, :] - colsums(D)/n))")
        .wrong(K::Centring, 1, "inner(D, D)")
        .wrong(K::Index, 3, "sumsq(D) - sumsq(ones(n)'*D)/(n+1)")
        .wrong(K::Sign, 3, "sumsq(D) + sumsq(ones(n)'*D)/n")
        .carried(
            K::Factor,
            4,
            &["sumsq(D) - sumsq(colsums(D)/n)", "sum(i in 1..n: sumsq(D[i, :])) - sumsq(colsums(D)/n)"],
        )
        .wrong(K::Centring, 5, "sum(i in 1..n: sumsq(D[i, :]))")
}

fn scatter(s: &mut Stream) -> Draft {
    Draft::new("scatter of labels", Context::Matrix("k", "k"), "F'*center(Y)*center(Y)'*F")
        .sizes(&[range(s, "n", 3), range(s, "k", 2), range(s, "m", 2)])
        .declare(&["F = { shape = [\"n\", \"k\"] }", "Y = { shape = [\"n\", \"m\"] }"])
        .names(&["F", "Y"])
        .equals("center(F)'*Y*(F'*center(Y))'")
        .equals("center(F)'*Y*Y'*center(F)")
        .equals("(F - ones(n)*colsums(F)/n)'*Y*Y'*(F - ones(n)*colsums(F)/n)")
        .equals("(F'*Y - colsums(F)'*colsums(Y)/n)*(F'*Y - colsums(F)'*colsums(Y)/n)'")
        .wrong(K::Centring, 1, "F'*Y*(F'*center(Y))'")
        .carried(K::Centring, 2, &["F'*Y*Y'*F"])
        .wrong(K::Factor, 3, "(F - ones(n)*colsums(F))'*Y*Y'*(F - ones(n)*colsums(F))")
        .wrong(K::Sign, 4, "(F'*Y + colsums(F)'*colsums(Y)/n)*(F'*Y + colsums(F)'*colsums(Y)/n)'")
        .wrong(K::CrossTerm, 4, "F'*Y*Y'*F + colsums(F)'*colsums(Y)*colsums(Y)'*colsums(F)/n^2")
}

fn woodbury(s: &mut Stream) -> Draft {
    Draft::new("Woodbury", Context::Matrix("n", "n"), "inv(P + W*W')")
        .sizes(&[range(s, "n", 3), range(s, "k", 2)])
        .declare(&[
            "P = { shape = [\"n\", \"n\"], assumptions = [\"positive definite\"] }",
            "W = { shape = [\"n\", \"k\"] }",
        ])
        .define(&["Pi = \"inv(P)\""])
        .names(&["P", "W", "Pi"])
        .equals("Pi - Pi*W*inv(I(k) + W'*Pi*W)*W'*Pi")
        .equals("(I(n) - Pi*W*inv(I(k) + W'*Pi*W)*W')*Pi")
        .equals("(I(n) - inv(I(n) + Pi*W*W')*Pi*W*W')*Pi")
        .equals("inv(I(n) + Pi*W*W')*Pi")
        .carried(K::Sign, 1, &["Pi + Pi*W*inv(I(k) + W'*Pi*W)*W'*Pi", "(I(n) + Pi*W*inv(I(k) + W'*Pi*W)*W')*Pi"])
        .wrong(K::Sign, 1, "Pi - Pi*W*inv(I(k) - W'*Pi*W)*W'*Pi")
        .wrong(K::Commuted, 4, "Pi*inv(I(n) + Pi*W*W')")
        .scaled(K::Factor, 4, "2")
}

fn vectorised(s: &mut Stream) -> Draft {
    Draft::new("vec and Kronecker", Context::Number, "sumsq(W*D*V)")
        .sizes(&[range(s, "n", 2), range(s, "m", 2)])
        .declare(&[
            "W = { shape = [\"n\", \"n\"] }",
            "D = { shape = [\"n\", \"m\"] }",
            "V = { shape = [\"m\", \"m\"] }",
        ])
        .names(&["W", "D", "V"])
        .equals("sumsq(vec(W*D*V))")
        .equals("sumsq(kron(V', W)*vec(D))")
        .equals("vec(D)'*kron(V, W')*kron(V', W)*vec(D)")
        .equals("vec(D)'*kron(V*V', W'*W)*vec(D)")
        .equals("inner(D, W'*W*D*V*V')")
        .wrong(K::Transpose, 2, "sumsq(kron(V, W)*vec(D))")
        .wrong(K::Commuted, 4, "vec(D)'*kron(V'*V, W'*W)*vec(D)")
        .wrong(K::Transpose, 5, "inner(D, W*W'*D*V*V')")
        .scaled(K::Factor, 3, "0.5")
}

fn projection(s: &mut Stream) -> Draft {
    let k = 1 + s.whole(0, 1);
    Draft::new("projection", Context::Number, "sumsq(Y - P*Y)")
        .sizes(&[range(s, "n", 4), format!("k = \"{k}..{}\"", k + 1), range(s, "m", 2)])
        .declare(&["W = { shape = [\"n\", \"k\"] }", "Y = { shape = [\"n\", \"m\"] }"])
        .define(&["P = \"W*inv(W'*W)*W'\""])
        .names(&["W", "Y", "P"])
        .equals("trace(Y'*(I(n) - P)*(I(n) - P)*Y)")
        .equals("trace(Y'*(I(n) - P)*Y)")
        .equals("sumsq(Y) - sumsq(P*Y)")
        .equals("sumsq(Y) - sumsq(P*Y) + trace(P) - k")
        .wrong(K::Sign, 3, "sumsq(Y) + sumsq(P*Y)")
        .wrong(K::Index, 4, "sumsq(Y) - sumsq(P*Y) + trace(P) - n")
        .carried(K::CrossTerm, 1, &["trace(Y'*Y) + trace(Y'*P*Y)", "trace(Y'*(I(n) + P)*Y)", "sumsq(Y) + sumsq(P*Y)"])
        .wrong(K::Factor, 2, "2*trace(Y'*(I(n) - P)*Y)")
}

fn units(s: &mut Stream) -> Draft {
    Draft::new("units that repel", Context::Number, "F[:, 1]'*P*F[:, 2]")
        .sizes(&[range(s, "n", 3), range(s, "k", 3)])
        .declare(&["F = { shape = [\"n\", \"k\"] }", "eta = \"positive\""])
        .define(&["B = \"inv(F'*F + eta*I(k))\"", "P = \"I(n) - F*B*F'\""])
        .names(&["F", "B", "P"])
        .equals("eta*F[:, 1]'*inv(F*F' + eta*I(n))*F[:, 2]")
        .equals("eta*onehot(1, k)'*F'*F*B*onehot(2, k)")
        .equals("eta*onehot(1, k)'*(I(k) - eta*B)*onehot(2, k)")
        .equals("-eta^2*B[1, 2]")
        .scaled(K::Sign, 4, "-1")
        .wrong(K::Factor, 4, "-eta*B[1, 2]")
        .wrong(K::Index, 4, "-eta^2*B[1, 3]")
        .wrong(K::Index, 2, "eta*onehot(1, k)'*F'*F*B*onehot(3, k)")
        .wrong(K::Sign, 3, "eta*onehot(1, k)'*(I(k) + eta*B)*onehot(2, k)")
}

fn commutator(s: &mut Stream) -> Draft {
    let commuting = s.whole(0, 1) == 1;
    let other = if commuting {
        "V = { shape = [\"n\", \"n\"], assumptions = [\"commutes with W\"] }"
    } else {
        "V = { shape = [\"n\", \"n\"] }"
    };
    let draft = Draft::new("commutator", Context::Number, "sumsq(W*V - V*W)")
        .sizes(&["n = \"2..4\"".to_owned()])
        .declare(&["W = { shape = [\"n\", \"n\"] }", other])
        .names(&["W", "V"]);
    if commuting {
        // Here the step to products in another order is right.
        return Draft { first: "trace(W*V*W*V)".to_owned(), ..draft }
            .equals("trace(W*W*V*V)")
            .equals("trace(V*V*W*W)")
            .equals("trace(W*V*V*W)")
            .scaled(K::Factor, 2, "2")
            .wrong(K::Transpose, 1, "trace(W*W'*V*V)");
    }
    draft
        .equals("trace((W*V - V*W)'*(W*V - V*W))")
        .equals("sumsq(W*V) + sumsq(V*W) - 2*trace(V'*W'*V*W)")
        .equals("sumsq(W*V) + sumsq(V*W) - 2*inner(W*V, V*W)")
        .wrong(K::CrossTerm, 2, "sumsq(W*V) + sumsq(V*W)")
        .wrong(K::Commuted, 2, "sumsq(W*V) + sumsq(V*W) - 2*trace(V'*W'*W*V)")
        .wrong(K::Commuted, 3, "2*sumsq(W*V) - 2*inner(W*V, V*W)")
        .wrong(K::Sign, 2, "sumsq(W*V) + sumsq(V*W) + 2*trace(V'*W'*V*W)")
}

fn determinant(s: &mut Stream) -> Draft {
    Draft::new("determinant", Context::Number, "det(c*W*V)")
        .sizes(&["n = \"2..4\"".to_owned()])
        .declare(&["W = { shape = [\"n\", \"n\"] }", "V = { shape = [\"n\", \"n\"] }", "c = \"positive\""])
        .names(&["W", "V"])
        .equals("c^n*det(W*V)")
        .equals("c^n*det(W)*det(V)")
        .equals("c^n*det(V*W)")
        .equals(if s.whole(0, 1) == 0 { "c^n*det(V'*W)" } else { "c^n*det(W')*det(V')" })
        .carried(K::Factor, 1, &["c*det(W*V)", "c*det(W)*det(V)", "c*det(V*W)", "c*det(V'*W)"])
        .carried(K::Index, 1, &["c^(n+1)*det(W*V)", "c^(n+1)*det(W)*det(V)"])
        .wrong(K::Sign, 2, "-c^n*det(W)*det(V)")
}
