//! Values of expressions against closed forms, and errors that name what is wrong.

use crate::functions::FUNCTIONS;
use crate::{Derivation, Options, ParseError, Standing, check};
use std::fmt::Write;

/// One step without anything declared stands.
fn holds(from: &str, relation: &str, to: &str) {
    let header = "[sizes]\nn = \"2..5\"\nm = \"2..4\"\n[declare]\nA = { shape = [\"n\", \"m\"] }\n\
        S = { shape = [\"n\", \"n\"] }\nx = { shape = \"n\" }\nG = { group = [\"cyclic 4\", \"symmetric 3\", \"quaternion\"] }\n\
        k = { irrep = \"G\" }\nu = { shape = \"order(G)\" }\nv = { shape = \"order(G)\" }\n\
        C = { shape = [\"n\", \"n\"], complex = true }\n";
    let step = format!("[[step]]\nfrom = \"{from}\"\nrelation = \"{relation}\"\nto = \"{to}\"\n");
    let derivation = Derivation::parse(&format!("{header}{step}")).unwrap_or_else(|error| panic!("{error}: {from}"));
    let report = check(&derivation, &Options { draws: 12, ..Options::default() });
    assert_eq!(report.steps[0].standing, Standing::Stands, "{from} {relation} {to}: {report:#?}");
}

#[test]
fn functions_have_the_values_of_their_definitions() {
    for (from, to) in [
        ("trace(I(n))", "n"),
        ("sum(ones(n, m))", "n*m"),
        ("sum(zeros(n)) + 1", "1"),
        ("onehot(2, n)'*x", "x[2]"),
        ("sum(i in 1..n: delta(i, 2)*x[i])", "x[2]"),
        ("S*inv(S)", "I(n)"),
        ("C*inv(C)", "I(n)"),
        ("det(S*S)", "det(S)^2"),
        ("norm(A)^2", "sum(A .* A)"),
        ("inner(A, A)", "trace(A'*A)"),
        ("diag(x)*ones(n)", "x"),
        ("sum(diag(S))", "trace(S)"),
        ("vec(A)'*vec(A)", "sumsq(A)"),
        ("kron(A, S)*kron(A', S')", "kron(A*A', S*S')"),
        ("center(A)", "(I(n) - ones(n)*ones(n)'/n)*A"),
        ("softmax(A)*ones(m)", "ones(n)"),
        ("softmax(A)", "exp(A) ./ (rowsums(exp(A))*ones(m)')"),
        ("polar(A)*polar(A)'*polar(A)", "polar(A)"),
        ("re(C) + 0*im(C)", "(C + conj(C))/2"),
        ("sum(abs2(C))", "sumsq(C)"),
        ("mean(A)", "sum(colsums(A))/(n*m)"),
        ("max(A)", "-min(-A)"),
        ("maxeig(S + S')", "-mineig(-S - S')"),
        ("maxsv(S)^2", "maxeig(S'*S)"),
        ("minsv(S)", "1/maxsv(inv(S))"),
        ("nuclear(A)", "inner(polar(A), A)"),
        ("rank(x*x')", "1"),
        ("nullity(I(n) - x*x'/sumsq(x))", "1"),
        ("ln(exp(A))", "A"),
        ("sqrt(square(A))", "abs(A)"),
        ("tanh(A)", "2*sigmoid(2*A) - ones(n, m)"),
        ("relu(A) - relu(-A)", "A"),
        ("step(A) - step(-A)", "sign(A)"),
        ("square(sin(A)) + square(cos(A))", "ones(n, m)"),
        ("silu(A)", "A .* sigmoid(A)"),
        ("gelu(A) - gelu(-A)", "A"),
        ("softplus(A) - softplus(-A)", "A"),
        ("prod(i in 1..n: exp(x[i]))", "exp(sum(x))"),
        ("mean(i in 1..n: x[i])", "mean(x)"),
        ("stack(i in 1..n: x[i])", "x"),
        ("max(y on sphere(n): inner(y, S*y))", "maxeig(S + S')/2"),
        ("max(y on sphere(n): inner(y, x))", "norm(x)"),
        ("min(y on sphere(n): inner(y, x))", "-norm(x)"),
        ("[x; x][n+1..2*n]", "x"),
        ("[A, A][:, m+1..2*m]", "A"),
    ] {
        holds(from, "=", to);
    }
}

#[test]
fn functions_of_groups_have_the_values_of_their_definitions() {
    for (from, to) in [
        ("sum(l in irreps(G): dim(l)^2)", "order(G)"),
        ("sum(l in nontrivial(G): dim(l)^2) + 1", "order(G)"),
        ("sum(g in G: re(chi(k, op(g, g))))", "order(G)*indicator(k)"),
        ("sum(g in G: rho(k, g)*rho(k, ginv(g)))", "order(G)*I(dim(k))"),
        ("fourier(k, conv(G, u, v))", "fourier(k, u)*fourier(k, v)"),
        ("conv(G, u, v)", "sum(g in G: u[g]*left(G, g)*v)"),
        ("conv(G, u, v)", "stack(h in G: sum(g in G: u[g]*v[op(ginv(g), h)]))"),
        ("flip(G)*u", "stack(g in G: u[ginv(g)])"),
        ("products(G)'*((pairs(G)*[u; 0*v]) .* (pairs(G)*[0*u; v]))", "conv(G, u, v)"),
        ("sum(l in irreps(G): projector_one(l)*u)", "u"),
        ("projector(k)*projector(k)", "projector(k)"),
        ("sum(g in G: left(G, g)*right(G, g)*u)", "sum(g in G: right(G, g)*left(G, g)*u)"),
    ] {
        holds(from, "=", to);
    }
}

#[test]
fn every_function_is_in_the_guide() {
    let guide = include_str!("../../LANGUAGE.md");
    for function in FUNCTIONS {
        assert!(guide.contains(&format!("| `{}` | {} |", function.form, function.meaning)), "{}", function.form);
    }
    for (words, meaning) in crate::RELATIONS {
        assert!(guide.contains(&format!("| `{words}` | {meaning} |")), "{words}");
    }
    for (words, _, meaning) in crate::assumption::ASSUMPTIONS {
        assert!(guide.contains(&format!("| `{words}` | {meaning} |")), "{words}");
    }
    for (words, _, meaning) in crate::assumption::RELATIVE {
        assert!(guide.contains(&format!("| `{words} B` | {meaning} |")), "{words}");
    }
    for (words, meaning) in crate::group::FAMILIES {
        assert!(guide.contains(&format!("| `{words}` | {meaning} |")), "{words}");
    }
}

fn error(text: &str) -> ParseError {
    Derivation::parse(text).expect_err("the file is wrong")
}

const STEP: &str = "[[step]]\nfrom = \"A\"\nrelation = \"=\"\nto = \"A\"\n";

#[test]
fn errors_name_the_offender_its_line_and_the_remedy() {
    let declare = "[sizes]\nn = \"2..4\"\nm = \"2..4\"\n[declare]\nA = { shape = [\"n\", \"m\"] }\n";
    let said = |text: &str| error(text).to_string();
    let wrong = format!("{declare}[[step]]\nfrom = \"A*A\"\nrelation = \"=\"\nto = \"A\"\n");
    assert_eq!(
        said(&wrong),
        "line 7: `from` of step 1: `*` between n x m and n x m: the inner sizes m and n differ, at character 2"
    );
    let wrong = format!("{declare}[[step]]\nfrom = \"A\"\nrelation = \"=\"\nto = \"A'\"\n");
    assert_eq!(said(&wrong), "line 9: `to` of step 1: n x m on the left, m x n here");
    let wrong = format!("{declare}B = {{ shape = [\"n\", \"m\"], assumptions = [\"centered columns\"] }}\n{STEP}");
    assert_eq!(
        said(&wrong),
        "line 6: declaration of B: `centered columns` is no assumption; is `centred columns` meant?"
    );
    let wrong = format!("{declare}[define]\nB = \"centre(A)\"\n{STEP}");
    assert_eq!(said(&wrong), "line 7: definition of B: `centre` is not a function; is `center` meant?, at character 1");
    let wrong = format!("{declare}[define]\nB = \"C\"\nC = \"B\"\n{STEP}");
    assert_eq!(said(&wrong), "line 7: definition of B: B is defined by itself");
    let wrong = format!("{declare}[[step]]\nfrom = \"A\"\nrelation = \"~\"\nto = \"A\"\n");
    assert!(said(&wrong).starts_with("line 8: `relation` of step 1: `~` is none of =, <="));
    assert!(said("[[step]]\nfrom = \"1\"\nrelation = \"=\"\ntoo = \"1\"\n").starts_with("line "));
    assert_eq!(said("title = \"\""), "line 1: the file: there is no [[step]]; a derivation has at least one");
    let wrong = format!("{declare}[[step]]\nfrom = \"A + \"\nrelation = \"=\"\nto = \"A\"\n");
    assert_eq!(
        said(&wrong),
        "line 7: `from` of step 1: the end where a number, a name or `(` is expected at character 5"
    );
}

#[test]
fn definitions_that_grow_without_bound_are_refused() {
    let mut define = String::from("\"f0(x)\" = \"x + x\"\n");
    for at in 1..60 {
        let before = at - 1;
        writeln!(define, "\"f{at}(x)\" = \"f{before}(x) + f{before}(x)\"").unwrap();
    }
    let text = format!(
        "[declare]\nA = \"real\"\n[define]\n{define}[[step]]\nfrom = \"f59(A)\"\nrelation = \"=\"\nto = \"A\"\n"
    );
    assert!(error(&text).to_string().contains("too long"));
}
