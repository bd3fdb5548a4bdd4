//! Templates of Fourier analysis on groups.

use crate::q4::chain::{Context, Draft, FaultKind as K};
use crate::random::Stream;

pub(super) const TEMPLATES: &[fn(&mut Stream) -> Draft] =
    &[pair_energy, plancherel, convolution, orthogonality, isotypic, translations, counting, two_representations];

/// A declaration of groups, some abelian and some not.
fn any_group(s: &mut Stream) -> String {
    let abelian = ["cyclic 3..6", "cyclic 2 x cyclic 2", "cyclic 5"][s.whole(0, 2)];
    let other = ["symmetric 3", "dihedral 4", "dihedral 5", "quaternion"][s.whole(0, 3)];
    format!("G = {{ group = [\"{abelian}\", \"symmetric 3\", \"{other}\"] }}")
}

fn sizes() -> Vec<String> {
    vec!["M = \"order(G)\"".to_owned()]
}

fn sizes_with_dimension() -> Vec<String> {
    vec!["M = \"order(G)\"".to_owned(), "d = \"dim(k)\"".to_owned()]
}

fn pair_energy(s: &mut Stream) -> Draft {
    Draft::new("energy of a pair", Context::Number, "sumsq(center(products(G))'*square(pairs(G)*[u; v]))/2")
        .sizes(&sizes())
        .declare(&[&any_group(s), "u = { shape = \"M\" }", "v = { shape = \"M\" }"])
        .names(&["u", "v"])
        .equals("sumsq(center(products(G))'*(2*(pairs(G)[:, 1..M]*u) .* (pairs(G)[:, M+1..2*M]*v)))/2")
        .equals("2*sumsq(center(conv(G, u, v)))")
        .equals("2*(sumsq(conv(G, u, v)) - (sum(u)*sum(v))^2/M)")
        .equals("2/M*sum(k in nontrivial(G): dim(k)*sumsq(fourier(k, u)*fourier(k, v)))")
        .carried(
            K::Factor,
            1,
            &[
                "sumsq(center(products(G))'*((pairs(G)[:, 1..M]*u) .* (pairs(G)[:, M+1..2*M]*v)))/2",
                "sumsq(center(conv(G, u, v)))/2",
            ],
        )
        .wrong(
            K::CrossTerm,
            1,
            "sumsq(center(products(G))'*(square(pairs(G)[:, 1..M]*u) + square(pairs(G)[:, M+1..2*M]*v)))/2",
        )
        .wrong(K::Commuted, 2, "2*sumsq(center(conv(G, u, v) - conv(G, v, u)/2))")
        .wrong(K::Centring, 2, "2*sumsq(conv(G, u, v))")
        .wrong(K::Centring, 4, "2/M*sum(k in irreps(G): dim(k)*sumsq(fourier(k, u)*fourier(k, v)))")
        .wrong(K::Index, 4, "2/M*sum(k in nontrivial(G): sumsq(fourier(k, u)*fourier(k, v)))")
        .wrong(K::Sign, 3, "2*(sumsq(conv(G, u, v)) + (sum(u)*sum(v))^2/M)")
}

fn plancherel(s: &mut Stream) -> Draft {
    Draft::new("Plancherel", Context::Number, "inner(u, v)")
        .sizes(&sizes())
        .declare(&[&any_group(s), "u = { shape = \"M\" }", "v = { shape = \"M\" }"])
        .names(&["u", "v"])
        .equals("sum(g in G: u[g]*v[g])")
        .equals("sum(k in irreps(G): dim(k)*inner(fourier(k, u), fourier(k, v)))/M")
        .equals("sum(k in irreps(G): dim(k)*re(trace(fourier(k, u)'*fourier(k, v))))/M")
        .equals("sum(k in irreps(G): inner(projector_one(k)*u, projector_one(k)*v))")
        .wrong(K::Index, 2, "sum(k in irreps(G): dim(k)^2*inner(fourier(k, u), fourier(k, v)))/M")
        .wrong(K::Index, 2, "sum(k in irreps(G): inner(fourier(k, u), fourier(k, v)))/M")
        .wrong(K::Transpose, 3, "sum(k in irreps(G): dim(k)*re(trace(fourier(k, u)*fourier(k, v))))/M")
        .wrong(K::Index, 1, "sum(g in G: u[g]*v[ginv(g)])")
        .carried(K::Factor, 2, &["sum(k in irreps(G): dim(k)*inner(fourier(k, u), fourier(k, v)))"])
        .wrong(K::Centring, 4, "sum(k in nontrivial(G): inner(projector_one(k)*u, projector_one(k)*v))")
}

fn convolution(s: &mut Stream) -> Draft {
    Draft::new("convolution", Context::Factor, "fourier(k, conv(G, u, v))")
        .sizes(&sizes())
        .declare(&[&any_group(s), "k = { irrep = \"G\" }", "u = { shape = \"M\" }", "v = { shape = \"M\" }"])
        .names(&["u", "v"])
        .equals("sum(g in G: sum(h in G: u[g]*v[h]*rho(k, op(g, h))))")
        .equals("sum(g in G: u[g]*rho(k, g))*sum(h in G: v[h]*rho(k, h))")
        .equals("fourier(k, u)*fourier(k, v)")
        .equals("(fourier(k, v)'*fourier(k, u)')'")
        .wrong(K::Commuted, 1, "sum(g in G: sum(h in G: u[g]*v[h]*rho(k, op(h, g))))")
        .wrong(K::Commuted, 3, "fourier(k, v)*fourier(k, u)")
        .wrong(K::Transpose, 4, "fourier(k, v)'*fourier(k, u)'")
        .scaled(K::Index, 3, "dim(k)")
        .wrong(K::Transpose, 2, "sum(g in G: u[g]*rho(k, g)')*sum(h in G: v[h]*rho(k, h))")
        .scaled(K::Factor, 2, "1/M")
}

fn orthogonality(s: &mut Stream) -> Draft {
    Draft::new("Schur's orthogonality", Context::Factor, "sum(h in G: vec(rho(k, h))*vec(rho(k, h))')")
        .sizes(&sizes_with_dimension())
        .declare(&[&any_group(s), "k = { irrep = \"G\" }"])
        .equals("M/d*I(d^2)")
        .equals("M/d*kron(I(d), I(d))")
        .equals("sum(h in G: abs2(chi(k, h)))/d*kron(I(d), I(d))")
        .equals("sum(h in G: kron(conj(rho(k, h)), rho(k, h)*rho(k, h)')*kron(conj(rho(k, h)), I(d))')/d")
        .carried(K::Index, 1, &["M*d*I(d^2)", "M*d*kron(I(d), I(d))"])
        .wrong(K::CrossTerm, 1, "M/d*vec(I(d))*vec(I(d))'")
        .carried(K::Factor, 1, &["M*I(d^2)", "M*kron(I(d), I(d))"])
        .scaled(K::Sign, 2, "-1")
        .wrong(K::Index, 3, "sum(h in G: abs2(chi(k, h)))*kron(I(d), I(d))")
}

fn isotypic(s: &mut Stream) -> Draft {
    Draft::new("projector of a representation", Context::Factor, "projector_one(k)*u")
        .sizes(&sizes_with_dimension())
        .declare(&[&any_group(s), "k = { irrep = \"G\" }", "u = { shape = \"M\" }"])
        .names(&["u"])
        .equals("d/M*stack(a in G: sum(h in G: chi(k, op(ginv(a), h))*u[h]))")
        .equals("d/M*stack(a in G: sum(h in G: conj(chi(k, op(ginv(h), a)))*u[h]))")
        .equals("d/M*sum(h in G: conj(chi(k, h))*left(G, h)*u)")
        .equals("projector_one(k)*projector_one(k)*u")
        .carried(
            K::Index,
            1,
            &[
                "stack(a in G: sum(h in G: chi(k, op(ginv(a), h))*u[h]))/M",
                "stack(a in G: sum(h in G: conj(chi(k, op(ginv(h), a)))*u[h]))/M",
            ],
        )
        .wrong(K::CrossTerm, 1, "d/M*stack(a in G: sum(h in G: chi(k, h)*conj(chi(k, a))*u[h]))")
        .wrong(K::Factor, 3, "d/2/M*sum(h in G: conj(chi(k, h))*left(G, h)*u)")
        .wrong(K::Index, 2, "d/M*stack(a in G: sum(h in G: conj(chi(k, op(h, a)))*u[h]))")
}

fn translations(s: &mut Stream) -> Draft {
    let all = |e: &str| format!("sum(a in G: sum(b in G: v[a]*v[op(a, b)]*({e})))");
    Draft::new("translations", Context::Matrix("M", "1"), &all("left(G, a)*right(G, b)*u"))
        .sizes(&sizes())
        .declare(&[&any_group(s), "u = { shape = \"M\" }", "v = { shape = \"M\" }"])
        .names(&["u", "v"])
        .equals(&all("right(G, b)*left(G, a)*u"))
        .equals(&all("right(G, b)*flip(G)*right(G, a)*flip(G)*u"))
        .equals(&all("flip(G)*left(G, b)*right(G, a)*flip(G)*u"))
        .wrong(K::Commuted, 2, &all("right(G, a)*flip(G)*right(G, b)*flip(G)*u"))
        .wrong(K::Index, 2, &all("right(G, b)*right(G, a)*u"))
        .wrong(K::Transpose, 1, &all("right(G, b)'*left(G, a)*u"))
}

fn counting(s: &mut Stream) -> Draft {
    Draft::new("the regular character", Context::Number, "sum(g in G: sum(h in G: u[g]*u[h]*trace(left(G, op(g, h)))))")
        .sizes(&sizes())
        .declare(&[&any_group(s), "u = { shape = \"M\" }"])
        .names(&["u"])
        .equals("sum(k in irreps(G): dim(k)*sum(g in G: sum(h in G: u[g]*u[h]*re(chi(k, op(g, h))))))")
        .equals("sum(k in irreps(G): dim(k)*re(trace(fourier(k, u)*fourier(k, u))))")
        .equals("M*sum(g in G: u[g]*u[ginv(g)])")
        .equals("M*inner(u, flip(G)*u)")
        .wrong(K::Index, 1, "sum(k in irreps(G): sum(g in G: sum(h in G: u[g]*u[h]*re(chi(k, op(g, h))))))")
        .wrong(K::Transpose, 2, "sum(k in irreps(G): dim(k)*re(trace(fourier(k, u)*fourier(k, u)')))")
        .carried(K::Factor, 3, &["sum(g in G: u[g]*u[ginv(g)])", "inner(u, flip(G)*u)"])
        .wrong(K::Index, 3, "M*sum(g in G: u[g]*u[g])")
        .wrong(K::Centring, 2, "sum(k in nontrivial(G): dim(k)*re(trace(fourier(k, u)*fourier(k, u))))")
}

fn two_representations(s: &mut Stream) -> Draft {
    Draft::new("two representations", Context::Number, "sumsq(projector(k)*u + projector(l)*u)")
        .sizes(&sizes())
        .declare(&[
            &any_group(s),
            "k = { irrep = \"G\" }",
            "l = { irrep = \"G\", assumptions = [\"apart from k\"] }",
            "u = { shape = \"M\" }",
        ])
        .names(&["u"])
        .equals("sumsq(projector(k)*u) + 2*inner(projector(k)*u, projector(l)*u) + sumsq(projector(l)*u)")
        .equals("sumsq(projector(k)*u) + sumsq(projector(l)*u)")
        .equals("inner(u, projector(k)*u) + inner(u, projector(l)*u)")
        .equals("inner(u, (projector(k) + projector(l))*u)")
        .wrong(K::Sign, 4, "inner(u, (projector(k) - projector(l))*u)")
        .carried(K::CrossTerm, 2, &["sumsq(projector(k)*u)", "inner(u, projector(k)*u)"])
        .wrong(K::Index, 3, "inner(u, projector(k)*u) + inner(u, projector(k)*u)")
        .scaled(K::Factor, 2, "2")
}
